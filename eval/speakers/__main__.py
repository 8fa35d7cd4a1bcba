"""``python -m eval.speakers [--half tune|test|all] [--list]``: how many sentences are given to who says them."""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from eval.speakers import compared, documents, shares
from rag.errors import UsageError
from rag.text.display import one_line


def main(half: str, every: bool) -> None:
    """Prints precision and recall of each kind of document, and with ``every`` what was wrong and what was missed."""
    console = Console()
    chosen = documents(half)
    results = [compared(document) for document in chosen]
    shown = Table("kind", "attributed", "precision", "quotes", "recall")
    for kind, share in shares(results).items():
        counts = f"{share['attributed']:.0f}", f"{share['quotes']:.0f}"
        shown.add_row(kind, counts[0], f"{share['precision']:.3f}", counts[1], f"{share['recall']:.3f}")
    console.print(shown)
    if not every:
        return
    for document, result in zip(chosen, results, strict=True):
        lines = [f"wrong: {each.speaker}: {each.text}" for each in result.wrong]
        lines += [f"missed: {each['speaker']}: {each['quote']}" for each in result.missed]
        for line in lines:
            console.print(one_line(f"{document['id']}: {line}"), markup=False, highlight=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m eval.speakers")
    parser.add_argument("--half", default="tune", help="tune, test or all")
    parser.add_argument("--list", action="store_true", help="list what was wrong and what was missed")
    options = parser.parse_args()
    try:
        main(options.half, options.list)
    except UsageError as error:
        sys.exit(str(error))
