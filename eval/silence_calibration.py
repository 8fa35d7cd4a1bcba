"""Calibrates silence: ``python -m eval.silence_calibration [FILE …]``.

Fits the weights of :mod:`rag.answering.silence` to the tune half of the set that ships, and to the questions of further files over
the sample documents. Prints the weights, and the risk-coverage table: what is rejected at each threshold when every
question is judged by weights that were fitted without it (5 folds). The test half is never read.
"""

import sys
from collections.abc import Iterable, Sequence

import numpy as np
import typer
from numpy.typing import NDArray

from eval.questions import Question, load_questions
from rag.answering.silence import FOREIGN_WEIGHTS, WEIGHTS, Signals, Weights, signals_of
from rag.assistant import Assistant, EvidenceFound

FOLDS = 5
PENALTY = 0.3
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
FALSE_REJECTION = 0.04
"""The share of answerable questions that may be rejected; the constant is chosen so that ``CONFIDENT`` gives it."""

Vector = NDArray[np.float64]


def signals_for(questions: Iterable[Question]) -> tuple[list[Signals], NDArray[np.bool_]]:
    """The signals of questions on the sample documents, and whether each is answerable; those without evidence left out."""
    signals, answerable = [], []
    with Assistant.open(language_model="extractive") as assistant:
        for question in questions:
            stream = assistant.stream(question.question, history=list(question.history))
            found = next(stream)
            stream.close()
            assert isinstance(found, EvidenceFound)
            if found.evidence:
                signals.append(signals_of(found.question, found.evidence))
                answerable.append(question.answerable)
    return signals, np.array(answerable, np.bool_)


def fit(signals: Sequence[Signals], answerable: NDArray[np.bool_]) -> Weights:
    """The weights of questions in the evidence's own script that lack nothing; both kinds count alike.

    Logistic regression by Newton's method, with a penalty on all but the constant. The constant is then set so that
    ``FALSE_REJECTION`` of the answerable questions are rejected.
    """
    kept = [number for number, each in enumerate(signals) if not each.foreign and not each.is_missing]
    rows = np.array([_row(signals[number]) for number in kept])
    wanted = answerable[kept].astype(np.float64)
    counts = np.where(wanted == 1, 0.5 / wanted.mean(), 0.5 / (1 - wanted.mean()))
    weights = np.zeros(rows.shape[1])
    penalty = np.diag([0.0, *[PENALTY] * (rows.shape[1] - 1)])
    for _ in range(30):
        probability = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (counts * (wanted - probability)) - penalty @ weights
        bend = (rows * (counts * probability * (1 - probability))[:, None]).T @ rows + penalty
        weights += np.linalg.solve(bend, slope)
    unshifted = Weights(WEIGHTS.origin, *map(float, weights))
    own = [unshifted.score(each) for each, good in zip(signals, answerable, strict=True) if good and not each.foreign]
    constant = float(weights[0] - np.quantile(own, FALSE_REJECTION))
    return Weights(WEIGHTS.origin, constant, *map(float, weights[1:]))


def judged_apart(signals: Sequence[Signals], answerable: NDArray[np.bool_]) -> Vector:
    """The confidence of each question by weights fitted to the other folds: shape (number of questions,)."""
    folds = np.random.default_rng(0).permutation(len(signals)) % FOLDS
    scores = np.zeros(len(signals))
    for fold in range(FOLDS):
        others = np.flatnonzero(folds != fold).tolist()
        weights = fit([signals[number] for number in others], answerable[others])
        for number in np.flatnonzero(folds == fold).tolist():
            scores[number] = (FOREIGN_WEIGHTS if signals[number].foreign else weights).score(signals[number])
    return 1 / (1 + np.exp(-np.clip(scores, -40, 40)))


def table(confidence: Vector, answerable: NDArray[np.bool_]) -> str:
    """Rejection and false rejection, share answered and risk (share of the answered that should not be), as Markdown."""
    lines = ["| least confidence | rejected | falsely rejected | answered | risk |", "|---|---|---|---|---|"]
    for threshold in THRESHOLDS:
        answered = confidence >= threshold
        risk = (~answerable[answered]).mean() if answered.any() else 0.0
        rates = ((~answered)[~answerable].mean(), (~answered)[answerable].mean(), answered.mean(), risk)
        lines.append(f"| {threshold} | " + " | ".join(f"{rate:.3f}" for rate in rates) + " |")
    return "\n".join(lines)


def _row(signals: Signals) -> list[float]:
    tight, loose = (0.0, signals.uncovered) if signals.loose else (signals.uncovered, 0.0)
    return [1.0, 100 * (signals.similarity - WEIGHTS.origin), tight, loose]


def main(files: Sequence[str]) -> None:
    """Fits and prints."""
    questions = [question for question in load_questions() if question.split == "tune"]
    for file in files:
        questions += load_questions(file)
    signals, answerable = signals_for(questions)
    typer.echo(f"{len(signals)} questions, {int(answerable.sum())} of them answerable")
    typer.echo(fit(signals, answerable))
    typer.echo(table(judged_apart(signals, answerable), answerable))


if __name__ == "__main__":
    main(sys.argv[1:])
