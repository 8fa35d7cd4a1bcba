"""Labels: what the heads that a table's cell is read under tell of whether it is the one asked for.

In ``轮式拖拉机 · 补贴额 · 县级：3,800元`` the words before the colon name what the number is of, and a question names it too,
more or less in the same words. The reader was tuned on sentences and is unsure of cells, right and wrong ones alike; how
much of each head stands in the question tells them apart (``docs/evaluation.md``). For sentences words tell nothing more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.text.cells import heads_in
from rag.text.structure import Sentence
from rag.text.terms import terms_of

NAME = "labels"
"""Of the tensor in the file of the reader's weights."""
Array = NDArray[np.float32]


def shares_named(question: str, sentences: Sequence[Sentence]) -> Array:
    """How much of the heads of each sentence a question names, shape (sentences, 4).

    One for a sentence that stands under heads; then of the shares of a head's terms that stand in the question the mean,
    the least and the most. All noughts for any other.
    """
    asked = set(terms_of(question).tolist())
    found = np.zeros((len(sentences), 4), np.float32)
    for place, sentence in enumerate(sentences):
        terms = [set(terms_of(head).tolist()) for head in heads_in(sentence.text, sentence.lead)]
        if shares := [len(head & asked) / len(head) for head in terms if head]:
            found[place] = 1, np.mean(shares), min(shares), max(shares)
    return found


@dataclass(frozen=True, slots=True)
class LabelWeights:
    """What the heads add to the scores of sentences (:mod:`rag.reading.weighing`).

    Attributes:
        scale: by which the score of a sentence under heads is multiplied.
        weights: of what :func:`shares_named` tells, shape (4,).
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
        if told.shape != (5,):
            raise ValueError(f"{NAME}: {told.shape} instead of (5,)")
        return cls(float(told[0]), told[1:])

    def to_tensors(self) -> dict[str, Array]:
        """As a file of weights holds it."""
        return {NAME: np.array([self.scale, *self.weights], np.float32)}


NO_LABELS = LabelWeights(1.0, np.zeros(4, np.float32))
"""Adds nothing."""
