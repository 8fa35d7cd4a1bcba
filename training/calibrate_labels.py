"""``python -m training.calibrate_labels FILE``: fits what the heads of a table's cells add, and writes it into a reader's file.

The documents of ``training/written/tables_*`` are in one index; of those kept apart from training, one in eight, some questions
about cells, about other lines, and without an answer are asked. Run it after ``training.calibrate``, with ``YOUJU_READER`` unset.
"""

import argparse
import hashlib
import json
import lzma
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from rag.answering.silence import CONFIDENT
from rag.assistant import Assistant
from rag.reading.adapters import read
from rag.reading.calibration import Calibration, logit_of
from rag.reading.choice import NONE, choose_reader
from rag.reading.evidence import CHANCE_WEIGHT, read_of
from rag.reading.findings import find
from rag.reading.labels import FEATURES, NO_LABELS, LabelWeights, shares_named
from rag.reading.reader import Reader
from rag.reading.weighing import FARTHEST, shared_out
from rag.text.cells import BETWEEN_HEADS
from rag.text.documents import Document
from rag.text.terms import fold
from training import sisters
from training.documents import FOLDER
from training.make_pairs import WRITTEN_KEPT_APART, is_kept
from training.swapping import Swapper
from training.table_documents import questions_of

SISTER = "sister"
ASKED = {"cell": 8, "line": 3, "none": 4, SISTER: 4}
"""Questions of each kind about a document; sisters are questions about cells with a word of a head put for another."""
UNANSWERED = ("none", SISTER)
FOLDS = 5
BEFORE_CELL = "："
REJECTED = 0.88
"""Share of the questions without an answer, sisters among them, that are to be rejected."""
DECAY = 0.01


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the sentences read for it.

    Attributes:
        document: number of the document it is about.
        kind: of ``ASKED``.
        scores: without labels, shape (sentences,).
        named: of :func:`rag.reading.labels.shares_named`.
        words: what they are chosen by beside that.
        said: what each says.
        right: which answer.
    """

    document: int
    kind: str
    scores: NDArray[np.float32]
    named: NDArray[np.float32]
    words: NDArray[np.float64]
    said: Sequence[str]
    right: NDArray[np.bool_]


class Chosen(NamedTuple):
    """What is chosen for a question: of which kind that is, how likely it answers, whether it does."""

    kind: str
    chance: float
    is_right: bool


def documents_with_tables() -> Iterator[dict[str, Any]]:
    """The documents, as they were written."""
    for file in sorted(FOLDER.glob("tables_*")):
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def kind_of(asked: dict[str, Any]) -> str:
    """Whether a question is about a cell, about another line, or has no answer."""
    if asked["a"] is None:
        return "none"
    return "cell" if BETWEEN_HEADS in (asked.get("in") or "") else "line"


def some_of(line: dict[str, Any], swapper: Swapper) -> Iterator[dict[str, Any]]:
    """Some questions of a document, of each kind, with their kinds."""
    every = [asked | {"kind": kind_of(asked)} for asked in questions_of(line)]
    every += [sister for asked in every if (sister := sister_of(asked, line["markdown"], swapper))]
    swapper.chance.shuffle(every)
    for kind, most in ASKED.items():
        yield from [asked for asked in every if asked["kind"] == kind][:most]


def sister_of(asked: dict[str, Any], text: str, swapper: Swapper) -> dict[str, Any] | None:
    """A question about a cell asked of what its document does not name; None where no word of a head can be put for another."""
    if asked["kind"] != "cell":
        return None
    question, heads = asked["q"], asked["in"].partition(BEFORE_CELL)[0]
    swaps = [swap for swap in swapper.swaps(question) if question[swap.start : swap.end] in heads]
    made = swapper.apply(question, swapper.chance.choice(swaps), text) if swaps else None
    return asked | {"q": made[0], "a": None, "kind": SISTER} if made else None


def asked_of(reader: Reader, one: Assistant, document: int, asked: dict[str, Any]) -> Asked | None:
    """A question with what is read for it; None where nothing is."""
    question, selector = asked["q"], one._selector
    hits = one.retrieve(question)
    findings = find(reader, question, hits, selector.structure)
    evidence = selector.compared(question, hits, None, findings)
    places, seen = read_of(question, evidence, findings)
    if not places:
        return None
    found = [evidence[place] for place in places]
    kind = asked["kind"]
    right = [
        kind not in UNANSWERED
        and part.document.path == f"{document}.md"
        and (part.sentence.text == asked["in"] if kind == "cell" else asked["a"] in part.sentence.text)
        for part in found
    ]
    return Asked(
        document,
        kind,
        findings.weighing.scores(seen),
        shares_named(question, [part.sentence for part in found]),
        np.array([part.score for part in found]),
        [fold(part.sentence.text) for part in found],
        np.array(right),
    )


def fitted(every: Sequence[Asked]) -> LabelWeights:
    """Weights with which most of the distribution goes to what answers, or to nothing."""
    most = max(len(each.scores) for each in every)

    def padded(rows: list[NDArray[Any]], filling: float) -> torch.Tensor:
        return torch.tensor(
            np.stack(
                [
                    np.pad(row, [(0, most - len(row))] + [(0, 0)] * (row.ndim - 1), constant_values=filling)
                    for row in rows
                ]
            )
        )

    scores = padded([each.scores for each in every], -99.0).float()
    named = padded([each.named for each in every], 0.0).float()
    right = padded([each.right for each in every], 0.0)
    is_there = scores > -90
    scale, weights = torch.ones(1, requires_grad=True), torch.zeros(FEATURES, requires_grad=True)
    optimizer = torch.optim.LBFGS([scale, weights], max_iter=100, line_search_fn="strong_wolfe")
    nothing = torch.zeros(len(every), 1)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        told = torch.where(named[..., 0] > 0, scale * scores, scores) + named @ weights
        told = told.clamp(-FARTHEST, FARTHEST).masked_fill(~is_there, -1e9)
        answering = torch.logsumexp(told.masked_fill(~right, -1e9), 1)
        answering = torch.where(right.any(1), answering, torch.zeros_like(answering))
        lost = (torch.logsumexp(torch.cat([told, nothing], 1), 1) - answering).mean() + DECAY * (weights**2).sum()
        lost.backward()  # type: ignore[no-untyped-call]
        return lost

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return LabelWeights(scale.item(), weights.detach().numpy())


def chosen(labels: LabelWeights, asked: Asked) -> Chosen:
    """What is chosen for a question."""
    chances = shared_out(labels.added(asked.scores, asked.named), asked.said)
    of_each = dict(zip(asked.said, chances.tolist(), strict=True))
    best = int(np.argmax(asked.words + CHANCE_WEIGHT * chances / sum(of_each.values())))
    return Chosen(asked.kind, float(chances[best]), bool(asked.right[best]))


def told(every: Sequence[Chosen], rejected: float) -> str:
    """Right and wrong answers by kind, where as many questions without an answer are rejected."""
    from_on = threshold(every, rejected)
    counts = Counter((one.kind, one.is_right) for one in every if one.chance > from_on)
    of = Counter(one.kind for one in every)
    shown = (f"{kind} {counts[kind, True]} / {counts[kind, False]} of {of[kind]}" for kind in of)
    return f"from {from_on:.2f} on, {rejected} rejected, right / wrong: {', '.join(shown)}"


def threshold(every: Sequence[Chosen], rejected: float) -> float:
    """How likely an answer must be for a share of the questions without one to be rejected."""
    return float(np.quantile([one.chance for one in every if one.kind in UNANSWERED], rejected))


def lowered(labels: LabelWeights, beside: Sequence[Chosen], calibration: Calibration) -> LabelWeights:
    """Labels with which a cell is answered from the product's threshold on, which was fitted on sentences, as ``REJECTED`` is."""
    lower = logit_of(threshold(beside, REJECTED)) - (logit_of(CONFIDENT) - calibration.constant)
    return replace(labels, weights=labels.weights - lower * np.eye(FEATURES, dtype=np.float32)[0])


def main() -> None:
    """Fits, prints what it found and writes it into the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--questions", type=int, default=1000, help="at most")
    parser.add_argument(
        "--unseen", action="store_true", help="the reader was trained on no tables: ask about all documents"
    )
    options = parser.parse_args()
    reader = choose_reader(str(options.file.parent)).reader
    assert reader
    lines = list(documents_with_tables())
    chance = random.Random(7)
    swapper = Swapper(sisters.read("train"), chance)
    apart = [
        number for number, line in enumerate(lines) if options.unseen or is_kept(line["title"], WRITTEN_KEPT_APART)
    ]
    questions = [(number, asked) for number in apart for asked in some_of(lines[number], swapper)]
    chance.shuffle(questions)
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, language_model="extractive", reader=NONE) as one,
    ):
        one.add(
            [
                Document(text=line["markdown"], path=f"{number}.md", title=line["title"])
                for number, line in enumerate(lines)
            ]
        )
        found = [asked_of(reader, one, *each) for each in questions[: options.questions]]
    every = [each for each in found if each]
    folds = [[each for each in every if each.document % FOLDS == number] for number in range(FOLDS)]
    without, beside = NO_LABELS, list[Chosen]()
    for number, kept in enumerate(folds):
        labels = fitted([each for other, part in enumerate(folds) if other != number for each in part])
        beside += [chosen(labels, each) for each in kept]
    for rejected in (0.95, 0.9, 0.85):
        print("without", told([chosen(without, each) for each in every], rejected))
        print("with   ", told(beside, rejected))
    tensors, calibration = read(options.file)
    labels = lowered(fitted(every), beside, calibration)
    print(labels)
    save_file(tensors | labels.to_tensors(), options.file, calibration.to_metadata())
    print(options.file, hashlib.sha256(options.file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
