"""``python -m eval.format_writers [FOLDER]``: writes every file (into a folder, if given), loads it, and tells what came out."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.format_writers import FORMATS, file_name, written
from eval.format_writers.check import Checked, checked, table
from eval.format_writers.content import contents_in
from rag.errors import LoadError, UsageError
from rag.loading import load_bytes

_CONTENTS = Path(__file__).parents[1] / "formats" / "contents"


def main(folder: str = "") -> None:
    """Prints what is missing, and a table by format."""
    console = Console()
    results: dict[str, list[Checked]] = {form: [] for form in FORMATS}
    for content in contents_in(_CONTENTS).values():
        for form in content.formats:
            name = file_name(content, form)
            raw = written(content, form)
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_bytes(raw)
            try:
                result = checked(content, form, load_bytes(raw, name).text)
            except LoadError as error:
                console.print(f"{name}: {error}", markup=False)
                continue
            results[form].append(result)
            for kind, text in result.missing:
                console.print(f"{name}: {kind}: {text}", markup=False, highlight=False)
    shown = Table("format", "files", "pieces", "found", "in order", "deletions kept")
    for row in table(results):
        shown.add_row(*row)
    console.print(shown)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2])
    except UsageError as error:
        sys.exit(str(error))
