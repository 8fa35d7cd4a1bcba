"""Labels: what the heads that a table's cell is read under tell of whether it is the one asked for.

In ``轮式拖拉机 · 补贴额 · 县级：3,800元`` the words before the colon name what the number is of, and a question names it too,
more or less in the same words. The reader was tuned on sentences and is unsure of cells, right and wrong ones alike; how
much of each head stands in the question tells them apart (``docs/notebook.md``). For sentences words tell nothing more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.text.cells import heads_in
from rag.text.structure import Sentence
from rag.text.terms import STOP_CHARACTERS, letters_of, terms_of

NAME = "labels"
"""Of the tensor in the file of the reader's weights."""
FEATURES = 6
HALF, MOST = 1 / 2, 2 / 3
Array = NDArray[np.float32]


def shares_named(question: str, sentences: Sequence[Sentence]) -> Array:
    """How much of the heads of each sentence a question names, shape (sentences, 6).

    One for a sentence that stands under heads; then of the shares of a head's terms that stand in the question the mean,
    the least and the most; then of a head that the question names all but for a part (:func:`share_but_for_a_part`) that
    share, and whether it is most of it. All noughts for any other.
    """
    asked, letters = set(terms_of(question).tolist()), letters_of(question)
    found = np.zeros((len(sentences), FEATURES), np.float32)
    for place, sentence in enumerate(sentences):
        heads = heads_in(sentence.text, sentence.lead)
        terms = [set(terms_of(head).tolist()) for head in heads]
        if shares := [len(head & asked) / len(head) for head in terms if head]:
            in_cell = letters_of("".join(heads))
            alike = max(share_but_for_a_part(letters_of(head), letters, in_cell) for head in heads)
            found[place] = 1, np.mean(shares), min(shares), max(shares), alike, alike >= MOST
    return found


def share_but_for_a_part(head: str, question: str, in_cell: str) -> float:
    """How much of a head stands in a question, each character in its place and others in place of the rest, from 0 to 1.

    ``釉下彩绘`` stands in ``釉上彩绘的费用`` but for a quarter: what is asked for is likely its sister. Nought where the question
    has the whole head, less than half of it, or in place of the rest what names nothing or what the cell's heads say.
    """
    if head in question:
        return 0.0
    best = 0.0
    for start in range(len(question) - len(head) + 1):
        others = [one for one, own in zip(question[start:], head, strict=False) if one != own]
        share = 1 - len(others) / len(head)
        if (
            share >= HALF
            and share > best
            and STOP_CHARACTERS.isdisjoint(others)
            and not any(map(in_cell.count, others))
        ):
            best = share
    return best


@dataclass(frozen=True, slots=True)
class LabelWeights:
    """What the heads add to the scores of sentences (:mod:`rag.reading.weighing`).

    Attributes:
        scale: by which the score of a sentence under heads is multiplied.
        weights: of what :func:`shares_named` tells, shape (features,).
    """

    scale: float
    weights: Array

    def added(self, scores: Array, named: Array) -> Array:
        """Scores with what the heads add, shape (sentences,).

        Args:
            scores: of the sentences.
            named: of :func:`shares_named`.
        """
        found: Array = np.where(named[:, 0] > 0, self.scale * scores, scores) + named @ self.weights
        return found

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Any]) -> "LabelWeights":
        """Of a file of weights; one that was made without adds nothing.

        Raises:
            ValueError: they are of another version.
        """
        if NAME not in tensors:
            return NO_LABELS
        told = np.asarray(tensors[NAME], np.float32)
        if told.shape != (1 + FEATURES,):
            raise ValueError(f"{NAME}: {told.shape} instead of ({1 + FEATURES},)")
        return cls(float(told[0]), told[1:])

    def to_tensors(self) -> dict[str, Array]:
        """As a file of weights holds it."""
        return {NAME: np.array([self.scale, *self.weights], np.float32)}


NO_LABELS = LabelWeights(1.0, np.zeros(FEATURES, np.float32))
"""Adds nothing."""
