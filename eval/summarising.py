"""``python -m eval.summarising [--list] [--seed 1]``: what summaries are made of, over documents nobody tuned them for.

The documents are those of the tune half of the genres and of the formats, and one of each kind that was written for training.
Each is summarised without a language model. Told are how many of the sentences are whole, how many hold, how many of a
document's sections are covered, and how many the same length from the document's beginning would cover.
"""

import argparse
import json
import lzma
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.datasets import load_dataset
from rag.answers import Answer
from rag.assistant import Assistant
from rag.text.display import one_line
from rag.text.documents import Document
from rag.text.gist import whole_sentences
from rag.text.lengths import written_length
from rag.text.structure import Sentence, sentences_of
from rag.text.view import CLOSING, TERMINAL

EVAL = Path(__file__).parent
ASKED = "总结一下这份文件"
OF_SET = 24
"""Documents of a set at most."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the summary of a document is made of.

    Attributes:
        sentences, whole, verified: how many it has, and how many of these are whole sentences of the document, and hold.
        sections, covered, covered_by_lead: how many the document has that state something, how many of these the summary
            takes something from, and how many the same length from the document's beginning.
        length: of the summary.
        seconds: it took.
    """

    document: Document
    answer: Answer
    sentences: int
    whole: int
    verified: int
    sections: int
    covered: int
    covered_by_lead: int
    length: int
    seconds: float


def sets(seed: int) -> Iterator[tuple[str, list[Document]]]:
    """The documents of each set."""
    chance = random.Random(seed)
    for name in ("genres", "formats"):
        found = load_dataset(name, EVAL / name)
        splits: dict[str, set[str]] = {}
        for question in found.questions:
            for gold in question.gold:
                for span in gold.spans:
                    splits.setdefault(span.document, set()).add(question.split)
        tuned = [document for document in found.documents if splits.get(document.path) == {"tune"}]
        yield name, chance.sample(tuned, min(OF_SET, len(tuned)))
    kinds = []
    for path in sorted((EVAL.parent / "training" / "written").glob("*.jsonl.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            found_lines = [line for line in map(json.loads, lines) if "text" in line]
        if found_lines:
            line = chance.choice(found_lines)
            kinds.append(Document(line["text"], path.name.replace(".jsonl.xz", ".txt"), line["title"]))
    yield "written", kinds[:OF_SET]


def measured(assistant: Assistant, document: Document) -> Measured | None:
    """What the summary of a document is made of; None where it has no whole sentence."""
    began = time.perf_counter()
    answer = assistant.ask(ASKED, language_model="extractive", document_id=document.id)
    seconds = time.perf_counter() - began
    if not answer.claims:
        return None
    sentences = sentences_of(document.text, document.speakers)
    spans = {(each.start, each.end): each for each in sentences}
    cited = [[spans.get((one.start, one.end)) for one in claim.citations] for claim in answer.claims]
    whole = sum(bool(found) and all(map(_is_whole, found)) for found in cited)
    stated = [pieces for pieces, _ in whole_sentences(sentences)]
    sections = {pieces[0].heading for pieces in stated}
    length = written_length("".join(claim.text for claim in answer.claims))
    return Measured(
        document,
        answer,
        sentences=len(answer.claims),
        whole=whole,
        verified=sum(claim.supported for claim in answer.claims),
        sections=len(sections),
        covered=len(sections & {each.heading for found in cited for each in found if each}),
        covered_by_lead=len(set(_headings_of_lead(stated, length))),
        length=length,
        seconds=seconds,
    )


def _is_whole(sentence: Sentence | None) -> bool:
    return sentence is not None and sentence.text.rstrip(CLOSING)[-1:] in TERMINAL + "."


def _headings_of_lead(stated: Sequence[tuple[Sentence, ...]], length: int) -> Iterator[str]:
    for pieces in stated:
        if length <= 0:
            return
        yield pieces[0].heading
        length -= sum(written_length(piece.text) for piece in pieces)


def main(every: bool, seed: int) -> None:
    """Prints the table, and with ``every`` each summary."""
    console = Console(width=150)
    columns = ("documents", "without", "sentences", "whole", "verified", "sections", "covered", "by the beginning")
    shown = Table("set", *columns, "length", "seconds")
    for name, documents in sets(seed):
        with tempfile.TemporaryDirectory() as folder, Assistant.open(folder, reader="none") as assistant:
            assistant.add(documents)
            found = [measured(assistant, document) for document in documents]
        told = [each for each in found if each]
        counts = [
            sum(getattr(each, field) for each in told) for field in ("sentences", "whole", "verified", "sections")
        ]
        shares = [f"{counts[1] / counts[0]:.3f}", f"{counts[2] / counts[0]:.3f}", str(counts[3])]
        shares += [
            f"{sum(values) / counts[3]:.2f}"
            for values in zip(*((e.covered, e.covered_by_lead) for e in told), strict=True)
        ]
        middle = [
            f"{statistics.median(each.length for each in told):.0f}",
            f"{statistics.median(e.seconds for e in told):.1f}",
        ]
        shown.add_row(name, str(len(documents)), str(len(documents) - len(told)), str(counts[0]), *shares, *middle)
        for each in told if every else ():
            console.print(f"== {name} {each.document.path}", markup=False, highlight=False)
            for line in each.answer.text.splitlines():
                console.print(f"   {one_line(line)}", markup=False, highlight=False)
    console.print(shown)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m eval.summarising", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print each summary")
    parser.add_argument("--seed", type=int, default=1, help="which documents are taken where a set has many")
    options = parser.parse_args()
    main(options.list, options.seed)
