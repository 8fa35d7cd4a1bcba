"""Fits how surely words and vectors answer where no reader reads: ``python -m training.calibrate_words``.

On documents kept apart from the reader's training, each of their questions goes the way of a question without a reader; a
logistic regression over what speaks for and against an answer (:class:`rag.answering.silence.Signals`) is fitted to whether
its document answers it. What it prints stands in ``rag/answering/silence.py``.
"""

import tempfile
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.answering.silence import WEIGHTS, Signals, Weights, signals_of
from rag.assistant import Assistant
from rag.reading.choice import NONE
from rag.text.documents import Document
from training import documents
from training.calibrate import is_indexed
from training.measure import area

SILENCED = 0.15
"""Share of the questions that are answered which may fall below even chance."""
PENALTY, STEPS = 0.3, 30
EVERY = 3
"""Of so many documents kept apart, one is taken."""


def asked_on_kept() -> tuple[list[Signals], NDArray[np.bool_]]:
    """What speaks for and against an answer to each question, and whether its document answers it."""
    kept = [each for each in documents.documents() if each.kind in documents.KEPT_KINDS][::EVERY]
    found, answered = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, language_model="extractive", reader=NONE) as one,
    ):
        indexed = [
            Document(text=each.text, path=f"{number}.txt", title=each.title)
            for number, each in enumerate(kept)
            if is_indexed(number)
        ]
        one.add(indexed)
        for number, document in enumerate(kept):
            for asked in document.questions:
                evidence = one._selector.select(asked["q"], one.retrieve(asked["q"]))
                if evidence:
                    found.append(signals_of(asked["q"], evidence))
                    answered.append(is_indexed(number) and asked["a"] is not None)
    return found, np.array(answered)


def fitted(rows: NDArray[np.float64], answered: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The weights of a logistic regression by Newton's method, both kinds counting alike; shape (features,).

    Args:
        rows: the first feature is 1, shape (questions, features).
        answered: shape (questions,).
    """
    wanted = answered.astype(float)
    counts = np.where(wanted == 1, 0.5 / wanted.mean(), 0.5 / (1 - wanted.mean()))
    weights = np.zeros(rows.shape[1])
    penalty = np.diag([0.0, *[PENALTY] * (rows.shape[1] - 1)])
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (counts * (wanted - likely)) - penalty @ weights
        bend = (rows * (counts * likely * (1 - likely))[:, None]).T @ rows + penalty
        weights += np.linalg.solve(bend, slope)
    return weights


def told(title: str, signals: Sequence[Signals], answered: NDArray[np.bool_], similar: bool, worded: bool) -> None:
    """Fits and prints the weights of some questions.

    Args:
        similar, worded: whether the similarity, and the share uncovered, count.
    """
    origin = WEIGHTS.origin
    rows = np.array([(1.0, similar * 100 * (each.similarity - origin), worded * each.uncovered) for each in signals])
    weights = fitted(
        rows[[not each.lacks_time for each in signals]], answered[[not each.lacks_time for each in signals]]
    )
    unshifted = Weights(origin, *map(float, weights))
    scores = np.array([unshifted.score(each) for each in signals])
    constant = unshifted.constant - float(np.quantile(scores[answered], SILENCED))
    rejected = float(np.mean(scores[~answered] + constant - unshifted.constant < 0))
    print(f"{title}: {len(signals)}, area {area(scores.tolist(), answered.tolist()):.3f}, rejected {rejected:.3f}")
    print(f"  {Weights(origin, constant, unshifted.similarity, unshifted.uncovered)}")


def main() -> None:
    """Fits and prints."""
    signals, answered = asked_on_kept()
    for title, is_foreign, similar, worded in (
        ("in one language", False, True, True),
        ("by words alone", False, False, True),
        ("in another language", True, True, False),
    ):
        own = [number for number, each in enumerate(signals) if each.is_foreign == is_foreign]
        told(title, [signals[number] for number in own], answered[own], similar, worded)


if __name__ == "__main__":
    main()
