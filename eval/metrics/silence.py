"""Silence: does the assistant know when the documents do not answer?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.metrics.answers import found_facts, is_right
from eval.metrics.base import metric
from eval.rows import Row

_DECLINES = re.compile(
    "(?:没有|未|并未)(?:直接|明确|具体)?(?:提到|提及|提供|给出|说明|包含|涉及|找到)|"
    "(?:无法|不能)(?:回答|确定|得知|判断)|"
    r"\b(?:do(?:es)? not|doesn't|don't|not) (?:mention|provide|contain|state|specif)|\bcannot (?:answer|determine)|"
    r"\b(?:give|provide|contain|mention|state)s? (?:no|nothing)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """One threshold: questions at least as confident are answered.

    Attributes:
        threshold: the least confidence that is answered.
        coverage: share of all questions that are answered.
        risk: share of those that are not dealt with rightly.
    """

    threshold: float
    coverage: float
    risk: float


@metric(
    formula="|unanswerable questions, abstained or declined| / |unanswerable questions|", source="RGB's rejection rate"
)
def rejection_rate(row: Row) -> float | None:
    """Share of the unanswerable questions that are not answered."""
    return None if row.question.answerable else float(is_silent(row))


@metric(
    formula="|answerable questions, abstained or declined with facts missing| / |answerable questions|",
    source="ours",
    better="lower",
)
def false_rejection_rate(row: Row) -> float | None:
    """Share of the answerable questions that are not answered."""
    return float(is_silent(row)) if row.question.answerable else None


def _area(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area under the risk-coverage curve of each sample; values are confidence and loss."""
    return np.array([_one_area(sample[~np.isnan(sample[:, 0])]) for sample in values], np.float64)


def _excess_area(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same less the area of the best order: all that are right before all that are wrong."""
    best = np.stack([-values[..., 1], values[..., 1]], axis=-1)
    return _area(values) - _area(best)


@metric(
    formula="(1/n) Σ over k of the mean loss of the k most confident questions; equal confidences share their loss",
    source="Geifman and El-Yaniv, NeurIPS 2017; Geifman, Uziel and El-Yaniv, ICLR 2019",
    better="lower",
    combine=_area,
)
def aurc(row: Row) -> tuple[float, float] | None:
    """Mean share of wrong answers as the threshold of silence moves from answering one question to answering all.

    Loss is 1 for an answer without all its facts, for an answer to an unanswerable question that does not decline, and
    for a question that the assistant left unanswered (no answer to it is known); confidence is that of the evidence.
    """
    loss = _loss(row)
    return None if loss is None else (row.confidence or 0.0, loss)


@metric(
    formula="AURC − AURC of the same losses in the best order",
    source="Geifman, Uziel and El-Yaniv, ICLR 2019",
    better="lower",
    combine=_excess_area,
)
def excess_aurc(row: Row) -> tuple[float, float] | None:
    """What the confidence costs by its order alone: 0 where every right answer is surer than every wrong one."""
    loss = _loss(row)
    return None if loss is None else (row.confidence or 0.0, loss)


def risk_coverage(rows: Sequence[Row]) -> list[RiskPoint]:
    """The risk-coverage curve: one point for each confidence that occurs, highest first. Losses as for :data:`aurc`."""
    values = aurc.values(rows)
    judged = values[~np.isnan(values[:, 0])]
    points = []
    for threshold in sorted(set(judged[:, 0].tolist()), reverse=True):
        answered = judged[judged[:, 0] >= threshold]
        points.append(RiskPoint(threshold, len(answered) / len(judged), float(answered[:, 1].mean())))
    return points


def is_silent(row: Row) -> bool:
    """Whether the assistant abstained, or its model wrote that the documents do not say and gave not all the facts."""
    if row.abstained:
        return True
    knows = bool(row.question.facts) and found_facts(row) == len(row.question.facts)
    return bool(_DECLINES.search(row.answer)) and not knows


def _loss(row: Row) -> float | None:
    if row.abstained:
        return 1.0
    right = is_right(row)
    return None if right is None else float(not right)


def _one_area(sample: NDArray[np.float64]) -> float:
    if not len(sample):
        return np.nan
    _, places, counts = np.unique(-sample[:, 0], return_inverse=True, return_counts=True)
    losses = np.repeat(np.bincount(places, sample[:, 1]) / counts, counts)
    return float((losses.cumsum() / np.arange(1, len(losses) + 1)).mean())
