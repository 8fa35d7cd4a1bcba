"""Weighing: how likely each sentence that was read answers the question, from all that is known of it, and that none does.

A sentence is told by what the reader holds of it and by where it stands; what rules, words and vectors hold of it adds
nothing on documents of other kinds (``docs/notebook.md``). A small network with one layer of hidden units
scores each, and the scores with a nought for "none of them" make one distribution, fitted as a whole on documents that were
kept apart from the reader's training (``python -m training.calibrate``). So choosing a sentence and being silent are one
decision, and it does not depend on the embedder.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.reading.calibration import clipped, probability

SENTENCES, CLAIMS = "weighing.", "comparing."
"""Beginnings of the names of the tensors in the file of the reader's weights: of what weighs sentences, and claims."""
FARTHEST = 15.0
"""Scores beyond this, on either side, tell no more."""
Array = NDArray[np.float32]


class Echo(NamedTuple):
    """What a sentence holds of a question said back with an answer (:meth:`rag.reading.reader.Reader.echoes`), in logits.

    Attributes:
        question: how surely the likeliest word of the question is not borne out.
        answer: how surely the likeliest word of the answer is not.
        whole: how surely something of it all is not.
    """

    question: float
    answer: float
    whole: float


NOT_READ = Echo(0.0, 0.0, 0.0)


class Lacking(NamedTuple):
    """What a passage holds of a question, in logits.

    Attributes:
        word: how surely the likeliest word of the question is not borne out.
        whole: how surely something of the question is not.
    """

    word: float = 0.0
    whole: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a sentence that was read.

    Attributes:
        relevance: how surely the reader holds it to bear on the question, in logits.
        answer: the margin of the likeliest answer within it, in logits.
        is_likeliest: whether its passage has no likelier one.
        rank: of its passage, from 0.
        length: in characters.
        echo: what it holds of the question said back with its answer; None where that was not read.
    """

    relevance: float
    answer: float
    is_likeliest: bool
    rank: int
    length: int
    echo: Echo | None = None


def features(candidates: Sequence[Candidate], margin: float, lacking: Lacking, is_foreign: bool) -> Array:
    """What the network sees of each sentence, shape (candidates, features).

    Args:
        candidates: of one question; not empty.
        margin: of the likeliest answer in all that was read, in logits.
        lacking: what the passage of that answer holds of the question.
        is_foreign: whether the question is in another language than the documents, so that words tell little.
    """
    most = max(clipped(each.relevance) for each in candidates)
    margin = clipped(margin)
    return np.array(
        [
            (
                probability(clipped(each.relevance) / 2),
                clipped(each.relevance),
                clipped(each.relevance) - most,
                each.is_likeliest,
                probability(clipped(each.answer) / 2),
                clipped(each.answer),
                clipped(each.answer) - margin,
                1 / (1 + each.rank),
                each.length / 100,
                each.echo is None,
                *(clipped(logit) for logit in each.echo or NOT_READ),
                margin,
                *map(clipped, lacking),
                is_foreign,
            )
            for each in candidates
        ],
        np.float32,
    )


@dataclass(frozen=True, slots=True)
class Weighing:
    """The network.

    Attributes:
        origin, scale: what features are measured from and by, shape (features,).
        hidden, hidden_constant: shape (features, units) and (units,).
        output, constant: shape (units,) and (1,).
    """

    origin: Array
    scale: Array
    hidden: Array
    hidden_constant: Array
    output: Array
    constant: Array

    def scores(self, seen: Array) -> Array:
        """The score of each candidate beside the nought of "none of them", shape (candidates,)."""
        units = np.tanh((seen - self.origin) / self.scale @ self.hidden + self.hidden_constant)
        found: Array = np.clip(units @ self.output + self.constant, -FARTHEST, FARTHEST)
        return found

    def probabilities(self, seen: Array) -> Array:
        """How likely each candidate is the one that answers; what they lack to 1 is that none does."""
        return shared_out(self.scores(seen))

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Any], prefix: str, like: "Weighing") -> "Weighing":
        """Of a file of weights.

        Args:
            tensors: of the file.
            prefix: ``SENTENCES`` or ``CLAIMS``.
            like: one that sees as many features.

        Raises:
            ValueError: they are not there, do not fit together, or are of a version that saw other features.
        """
        missing = [name for name in cls.__dataclass_fields__ if prefix + name not in tensors]
        if missing:
            raise ValueError(f"not calibrated: {', '.join(missing)}")
        found = cls(*(np.asarray(tensors[prefix + name], np.float32) for name in cls.__dataclass_fields__))
        found.scores(np.zeros((1, len(found.origin)), np.float32))
        if len(found.origin) != len(like.origin):
            raise ValueError(f"calibrated for {len(found.origin)} features, not {len(like.origin)}")
        return found

    def to_tensors(self, prefix: str) -> dict[str, Array]:
        """As a file of weights holds it."""
        return {prefix + name: np.ascontiguousarray(getattr(self, name)) for name in self.__dataclass_fields__}


def shared_out(scores: Array, said: Sequence[Hashable] | None = None) -> Array:
    """How likely each candidate answers; what they lack to 1, each thing that is said counted once, is that none does.

    Args:
        scores: of the candidates.
        said: what each says. Of those that say the same the likeliest speaks for all: they are no rivals.
    """
    likely = np.exp(np.clip(scores, -FARTHEST, FARTHEST)).tolist()
    says = range(len(likely)) if said is None else said
    best: dict[Hashable, float] = {}
    for each, own in zip(says, likely, strict=True):
        best[each] = max(best.get(each, 0.0), own)
    return np.array([best[each] for each in says], np.float32) / np.float32(1 + sum(best.values()))


def linear_weighing(
    origin: NDArray[np.floating[Any]],
    scale: NDArray[np.floating[Any]],
    weights: NDArray[np.floating[Any]],
    constant: float,
) -> Weighing:
    """One hidden unit that hardly bends: its score is a sum of features.

    Args:
        origin, scale: what features are measured from and by, shape (features,).
        weights, constant: of the sum.
    """
    flat = 2 * FARTHEST  # the hyperbolic tangent of what is small beside 1 is the same
    arrays = (origin, scale, np.reshape(weights, (-1, 1)) / flat, [constant / flat], [flat], [0.0])
    return Weighing(*(np.asarray(each, np.float32) for each in arrays))


def unfitted() -> Weighing:
    """Takes the reader's relevance at its word, where nothing was fitted."""
    count = features([Candidate(0, 0, False, 0, 0)], 0, Lacking(), False).shape[1]
    relevance = np.eye(count)[1]
    return linear_weighing(np.zeros(count), np.ones(count), relevance, 0.0)
