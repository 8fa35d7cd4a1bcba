"""How sure a number is: bootstrap intervals, and the paired comparison of two runs.

The unit that is drawn is the question. Draws are seeded, so that a report made twice is the same report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from eval.metrics import Metric
from eval.rows import Row

RESAMPLES = 2000
SEED = 20260
LEVEL = 0.95
_AT_ONCE = 2_000_000
"""Values of rows that are gathered at a time, which bounds memory."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with the interval that holds it at the level asked for: 95 % unless said otherwise."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric in two runs over the same questions.

    Attributes:
        first, second: the metric in either run.
        interval: second − first with its interval.
        p_value: of the hypothesis that there is no difference, two-sided.
    """

    first: float
    second: float
    interval: Interval
    p_value: float


def interval(
    metric: Metric, rows: Sequence[Row], *, resamples: int = RESAMPLES, seed: int = SEED, level: float = LEVEL
) -> Interval | None:
    """Percentile bootstrap interval of a metric over rows (Efron and Tibshirani 1993, chapter 13).

    Questions are drawn with replacement, as many as there are, ``resamples`` times. The interval is widened to the
    value itself where that lies outside, which happens for quantiles of few rows.

    Returns:
        None where no row counts for the metric.
    """
    value = metric(rows)
    if value is None:
        return None
    drawn = _drawn([metric.values(rows)], metric, resamples, seed)[0]
    return _interval(value, drawn, level)


def paired_difference(
    metric: Metric,
    first: Sequence[Row],
    second: Sequence[Row],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    level: float = LEVEL,
) -> Difference | None:
    """Paired bootstrap of the difference of a metric between two runs (Koehn, EMNLP 2004; Berg-Kirkpatrick 2012).

    Each draw takes the same questions from both runs. The p-value is twice the smaller share of draws on either side of
    no difference, each counted with one more, and at most 1.

    Args:
        first, second: rows of the same questions in the same order.

    Returns:
        None where the metric has no value in one of the runs.

    Raises:
        ValueError: the rows are not of the same questions in the same order.
    """
    if [row.question.id for row in first] != [row.question.id for row in second]:
        raise ValueError("both runs must give the same questions in the same order")
    before, after = metric(first), metric(second)
    if before is None or after is None:
        return None
    one, other = _drawn([metric.values(first), metric.values(second)], metric, resamples, seed)
    differences = other - one
    known = differences[~np.isnan(differences)]
    tail = min((known <= 0).sum(), (known >= 0).sum())
    p_value = min(1.0, 2.0 * (float(tail) + 1) / (len(known) + 1))
    return Difference(before, after, _interval(after - before, differences, level), p_value)


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact test, two-sided: could a coin have decided which run was right where only one was?

    p = min(1, 2 Σ C(n, i) / 2ⁿ for i from 0 to the smaller count), n both counts together (McNemar 1947; Fagerland 2013).

    Args:
        only_first, only_second: numbers of questions that only the first, or only the second run got right.
    """
    both = only_first + only_second
    tail = sum(comb(both, count) for count in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / (1 << both))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number (Holm 1979): the smallest times n, the next times n − 1, never falling."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = highest
    return adjusted


def _drawn(runs: Sequence[NDArray[np.float64]], metric: Metric, resamples: int, seed: int) -> list[NDArray[np.float64]]:
    """The metric of each draw, for each run; the same questions are drawn from every run."""
    count = len(runs[0])
    generator = np.random.default_rng(seed)
    block = max(1, _AT_ONCE // max(1, count))
    found: list[list[NDArray[np.float64]]] = [[] for _ in runs]
    for begun in range(0, resamples, block):
        chosen = generator.integers(0, count, (min(block, resamples - begun), count))
        for values, blocks in zip(runs, found, strict=True):
            blocks.append(metric.combine(values[chosen]))
    return [np.concatenate(blocks) for blocks in found]


def _interval(value: float, drawn: NDArray[np.float64], level: float) -> Interval:
    known = drawn[~np.isnan(drawn)]
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2]) if len(known) else (value, value)
    return Interval(value, min(value, float(low)), max(value, float(high)))
