"""What a run comes to: every metric with its interval, over all questions, by split and by kind; and the curves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from eval.judge import Judgement
from eval.judge import summarise as summarise_judgements
from eval.labels import in_order
from eval.metrics import METRICS, risk_coverage
from eval.metrics.cost import P95
from eval.questions import SPLITS
from eval.rows import Row
from eval.runs import Run
from eval.statistics import interval
from eval.verdicts import verdict
from rag import __version__

FORMAT = 1
BINS = 10
CHIEF = (
    "fact_accuracy",
    "rejection_rate",
    "false_rejection_rate",
    "evidence_recall",
    "claim_citation_recall",
    "claim_citation_precision",
    "exact_span_rate",
    "seconds_median",
)
"""The metrics a person looks at first."""


def report_of(run: Run) -> dict[str, Any]:
    """Everything about a run as JSON: made from the run alone, so that the same run gives the same report."""
    judged = judge_summary(run.judgements)
    return {
        "format": FORMAT,
        "youju": __version__,
        "partial": run.partial,
        "asked": len(run.rows),
        "questions": len(run.ids),
        "settings": dict(run.settings),
        "environment": dict(run.environment),
        "peak_memory": run.peak_memory,
        "summary": summarise(run.rows),
        "risk_coverage": [asdict(point) for point in risk_coverage(run.rows)],
        "calibration": calibration(run.rows),
        **({"judge": judged} if judged else {}),
        "outcomes": {row.question.id: verdict(row).outcome for row in run.rows},
        "rows": [row.to_dict() for row in run.rows],
    }


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """The metrics over all rows, by split and by kind: ``{"all": {…}, "split": {"tune": {…}, …}, "kind": {…}}``.

    Each part holds ``questions``, ``errors``, ``outcomes`` (how many of each) and ``metrics``: name →
    ``{"value", "low", "high"}``; a metric that no row counts for is left out.
    """
    kinds = in_order({row.question.kind for row in rows})
    splits = [split for split in SPLITS if any(row.question.split == split for row in rows)]
    return {
        "all": _part(rows),
        "split": _grouped(rows, splits, lambda row: row.question.split),
        "kind": _grouped(rows, kinds, lambda row: row.question.kind),
    }


def judge_summary(judgements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a judge said on the whole, kept apart from the metrics; empty where none was asked."""
    if not judgements:
        return {}
    said = [
        Judgement(one["id"], one["faithfulness"], one["relevance"], tuple(one["verdicts"]), tuple(one["questions"]))
        for one in judgements
    ]
    return {"model": judgements[0]["model"], **summarise_judgements(said)}


def calibration(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """By tenths of confidence: mean confidence, share answered right, and how many questions.

    Right is what costs nothing under :data:`~eval.metrics.silence.aurc`: an answer with all its facts.
    """
    values = METRICS["aurc"].values(rows)
    values = values[~np.isnan(values[:, 0])]
    places = np.minimum((values[:, 0] * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": float(values[places == place, 0].mean()),
            "accuracy": float(1 - values[places == place, 1].mean()),
            "questions": int((places == place).sum()),
        }
        for place in sorted(set(places.tolist()))
    ]


def operating_point(rows: Sequence[Row]) -> dict[str, float] | None:
    """Where on the risk-coverage curve the assistant stands with its present threshold; None without an answer."""
    answered = [row for row in rows if not row.abstained and not row.error]
    losses = METRICS["aurc"].values(answered)[:, 1]
    losses = losses[~np.isnan(losses)]
    return {"coverage": len(answered) / len(rows), "risk": float(losses.mean())} if losses.size else None


def percentile_95(seconds: Sequence[float]) -> float:
    """95th percentile, as the metrics take it."""
    return float(P95(np.array([[(value, np.nan) for value in seconds]], np.float64))[0])


def value_of(part: Mapping[str, Any], name: str) -> float | None:
    """A metric's value in a part of a summary; None where no row counts."""
    found = part["metrics"].get(name)
    return None if found is None else float(found["value"])


def _part(rows: Sequence[Row]) -> dict[str, Any]:
    values = {}
    for name, metric in METRICS.items():
        found = interval(metric, rows)
        if found is not None:
            values[name] = {"value": found.value, "low": found.low, "high": found.high}
    return {
        "questions": len(rows),
        "errors": sum(bool(row.error) for row in rows),
        "outcomes": _counted([verdict(row).outcome for row in rows]),
        "metrics": values,
    }


def _counted(outcomes: Sequence[str]) -> dict[str, int]:
    return {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(sorted(outcomes))}


def _grouped(rows: Sequence[Row], names: Sequence[str], name_of: Callable[[Row], str]) -> dict[str, Any]:
    return {name: _part([row for row in rows if name_of(row) == name]) for name in names}
