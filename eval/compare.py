"""Two runs over the same questions: what was won and lost, how much each metric moved, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.metrics import METRICS, Metric, is_right, metric_named
from eval.rows import Row
from eval.statistics import Difference, holm, mcnemar, paired_difference
from rag.errors import UsageError, interface_language

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from a first run to a second.

    Attributes:
        won, lost: questions that only the second, only the first run dealt with rightly (all facts said, or silence
            kept).
        both_right, both_wrong: ties.
        unjudged: questions that nothing is known to judge by.
        p_value: McNemar's exact test on won and lost.
        differences: the metrics that both runs have, over the questions that both have.
        adjusted: p-values of the quality metrics (unit ``share``), adjusted for their number by Holm's method.
        values: the metrics of the second run over the same questions; None where there is nothing to measure.
        only_first, only_second: questions that the other run lacks, or has in other words or with other gold.
    """

    won: tuple[str, ...]
    lost: tuple[str, ...]
    both_right: tuple[str, ...]
    both_wrong: tuple[str, ...]
    unjudged: tuple[str, ...]
    p_value: float
    differences: Mapping[str, Difference]
    adjusted: Mapping[str, float]
    values: Mapping[str, float | None]
    only_first: tuple[str, ...] = ()
    only_second: tuple[str, ...] = ()

    @property
    def tied(self) -> tuple[str, ...]:
        """Questions that both runs got right, then those that both got wrong."""
        return self.both_right + self.both_wrong

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def compare(rows_a: Sequence[Row], rows_b: Sequence[Row], names: Sequence[str] | None = None) -> Comparison:
    """Compares two runs on the questions that both have.

    Args:
        rows_a, rows_b: the first run and the second, in any order.
        names: metrics to compare; None means all.

    Raises:
        UsageError: a metric is unknown, or the runs have no question in common.
    """
    metrics = list(METRICS.values()) if names is None else [metric_named(name) for name in names]
    first, second = _paired(rows_a, rows_b)
    if not first:
        raise UsageError(
            zh="这两次运行没有共同的题，无法比较。", en="The runs have no question in common; they cannot be compared."
        )
    shared = {row.question.id for row in first}
    outcomes = _outcomes(first, second)
    differences = _differences(first, second, metrics)
    quality = [name for name in differences if METRICS[name].unit == "share"]
    adjusted = dict(zip(quality, holm([differences[name].p_value for name in quality]), strict=True))
    return Comparison(
        won=outcomes[False, True],
        lost=outcomes[True, False],
        both_right=outcomes[True, True],
        both_wrong=outcomes[False, False],
        unjudged=outcomes[None, None],
        p_value=mcnemar(len(outcomes[True, False]), len(outcomes[False, True])),
        differences=differences,
        adjusted=adjusted,
        values={metric.name: metric(second) for metric in metrics},
        only_first=tuple(row.question.id for row in rows_a if row.question.id not in shared),
        only_second=tuple(row.question.id for row in rows_b if row.question.id not in shared),
    )


def regressions(comparison: Comparison, fail_under: Mapping[str, float], fail_on_regression: bool) -> list[str]:
    """Why the second run must not pass, one line a reason; empty where it may.

    Args:
        comparison: of the run that stands and the run that is judged.
        fail_under: metric and threshold: the least that will do, or the most where lower is better.
        fail_on_regression: also refuse a run that got significantly worse: more questions lost than won with
            McNemar's p < 0.05, or a quality metric worse with p < 0.05 after Holm's adjustment.

    Raises:
        UsageError: a metric is unknown.
    """
    reasons = [_missed(metric_named(name), comparison.values.get(name), least) for name, least in fail_under.items()]
    if fail_on_regression:
        reasons.append(_more_lost(comparison))
        reasons += [_worse(METRICS[name], comparison) for name in comparison.adjusted]
    return [reason for reason in reasons if reason]


def _paired(rows_a: Sequence[Row], rows_b: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of either run whose questions the other has too, unchanged, in the order of the first."""
    others = {row.question.id: row for row in rows_b}
    pairs = [
        (row, others[row.question.id])
        for row in rows_a
        if row.question.id in others and _is_same(row, others[row.question.id])
    ]
    return [row for row, _ in pairs], [row for _, row in pairs]


def _is_same(one: Row, other: Row) -> bool:
    """Whether two rows are of one question; notes and splits are for people."""
    a, b = one.question, other.question
    return (a.question, a.history, a.answerable, a.facts, a.gold) == (
        b.question,
        b.history,
        b.answerable,
        b.facts,
        b.gold,
    )


def _outcomes(first: Sequence[Row], second: Sequence[Row]) -> dict[tuple[bool | None, bool | None], tuple[str, ...]]:
    """Ids of questions by whether the first and the second run dealt with them rightly."""
    judged = [(row.question.id, (is_right(row), is_right(other))) for row, other in zip(first, second, strict=True)]
    keys: list[tuple[bool | None, bool | None]] = [(a, b) for a in (False, True) for b in (False, True)]
    return {key: tuple(name for name, outcome in judged if outcome == key) for key in [*keys, (None, None)]}


def _differences(first: Sequence[Row], second: Sequence[Row], metrics: Sequence[Metric]) -> dict[str, Difference]:
    found = {metric.name: paired_difference(metric, first, second) for metric in metrics}
    return {name: difference for name, difference in found.items() if difference is not None}


def _missed(metric: Metric, value: float | None, threshold: float) -> str:
    if value is None:
        return _said(
            f"{metric.name} 没有测到，无法与 {threshold:g} 比较",
            f"{metric.name} was not measured against {threshold:g}",
        )
    if metric.better == "higher" and value < threshold:
        return _said(
            f"{metric.name} 是 {value:.3f}，低于 {threshold:g}", f"{metric.name} is {value:.3f}, under {threshold:g}"
        )
    if metric.better == "lower" and value > threshold:
        return _said(
            f"{metric.name} 是 {value:.3f}，高于 {threshold:g}", f"{metric.name} is {value:.3f}, over {threshold:g}"
        )
    return ""


def _more_lost(comparison: Comparison) -> str:
    won, lost, p_value = len(comparison.won), len(comparison.lost), comparison.p_value
    if lost <= won or p_value >= SIGNIFICANT:
        return ""
    return _said(
        f"丢了 {lost} 题，赢了 {won} 题（p = {p_value:.3f}）", f"{lost} questions lost, {won} won (p = {p_value:.3f})"
    )


def _worse(metric: Metric, comparison: Comparison) -> str:
    difference, p_value = comparison.differences[metric.name], comparison.adjusted[metric.name]
    moved = difference.interval.value * (1 if metric.better == "higher" else -1)
    if moved >= 0 or p_value >= SIGNIFICANT:
        return ""
    numbers = f"{difference.first:.3f} → {difference.second:.3f}"
    return _said(
        f"{metric.name} 变差：{numbers}（p = {p_value:.3f}）", f"{metric.name} got worse: {numbers} (p = {p_value:.3f})"
    )


def _said(zh: str, en: str) -> str:
    return zh if interface_language() == "zh" else en
