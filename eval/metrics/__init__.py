"""Metrics: each a function of one row with its formula and source, all in :data:`METRICS`. See docs/evaluation.md.

``fact_accuracy(rows)`` gives a number or None; so does ``METRICS["fact_accuracy"](rows)``.
"""

from importlib import import_module

from eval.metrics.answers import fact_accuracy, found_facts, is_right, stands_in
from eval.metrics.base import Metric
from eval.metrics.cost import peak_memory
from eval.metrics.silence import RiskPoint, is_silent, risk_coverage
from eval.metrics.spans import covered
from rag.errors import UsageError

__all__ = [
    "METRICS",
    "Metric",
    "RiskPoint",
    "covered",
    "fact_accuracy",
    "found_facts",
    "is_right",
    "is_silent",
    "metric_named",
    "peak_memory",
    "risk_coverage",
    "stands_in",
]

_LISTED: dict[str, list[str]] = {
    "eval.metrics.retrieval": [
        "recall_at_1", "recall_at_3", "recall_at_5", "recall_at_10", "mrr_at_10", "ndcg_at_10", "evidence_recall",
    ],
    "eval.metrics.answers": ["fact_accuracy", "fact_recall", "character_f1", "exact_match", "rouge_l"],
    "eval.metrics.citations": [
        "claim_citation_recall", "claim_citation_precision", "citation_precision", "citation_recall",
        "sentence_accuracy", "exact_span_rate", "numeric_consistency_rate", "unsupported_claim_rate",
    ],
    "eval.metrics.silence": ["rejection_rate", "false_rejection_rate", "aurc", "excess_aurc"],
    "eval.metrics.cost": [
        "evidence_seconds_median", "evidence_seconds_p95", "first_token_seconds_median", "first_token_seconds_p95",
        "seconds_median", "seconds_p95", "prompt_tokens", "generated_tokens",
    ],
}  # fmt: skip
"""Module → its metrics, in the order of reports. One line adds those of a module (docs/adding.md)."""

METRICS: dict[str, Metric] = {
    name: getattr(import_module(module), name) for module, names in _LISTED.items() for name in names
}


def metric_named(name: str) -> Metric:
    """The metric of a name.

    Raises:
        UsageError: there is none; the message lists the known ones.
    """
    if name not in METRICS:
        known = ", ".join(METRICS)
        raise UsageError(
            zh=f"没有名为“{name}”的指标；已知的有：{known}。", en=f"Unknown metric '{name}'; known: {known}."
        )
    return METRICS[name]
