"""Metrics: each a function of one row with its formula and source, all listed in :data:`METRICS`. See docs/evaluation.md.

``fact_accuracy(rows)`` gives a number or None; so does ``METRICS["fact_accuracy"](rows)``.
"""

from eval.metrics.answers import (
    character_f1,
    exact_match,
    fact_accuracy,
    fact_recall,
    found_facts,
    is_right,
    rouge_l,
    stands_in,
)
from eval.metrics.base import Metric
from eval.metrics.citations import (
    citation_precision,
    citation_recall,
    claim_citation_precision,
    claim_citation_recall,
    exact_span_rate,
    numeric_consistency_rate,
    sentence_accuracy,
    unsupported_claim_rate,
)
from eval.metrics.cost import (
    evidence_seconds_median,
    evidence_seconds_p95,
    first_token_seconds_median,
    first_token_seconds_p95,
    generated_tokens,
    peak_memory,
    prompt_tokens,
    seconds_median,
    seconds_p95,
)
from eval.metrics.retrieval import (
    evidence_recall,
    mrr_at_10,
    ndcg_at_10,
    recall_at_1,
    recall_at_3,
    recall_at_5,
    recall_at_10,
)
from eval.metrics.silence import (
    RiskPoint,
    aurc,
    excess_aurc,
    false_rejection_rate,
    is_silent,
    rejection_rate,
    risk_coverage,
)
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

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        recall_at_1,
        recall_at_3,
        recall_at_5,
        recall_at_10,
        mrr_at_10,
        ndcg_at_10,
        evidence_recall,
        fact_accuracy,
        fact_recall,
        character_f1,
        exact_match,
        rouge_l,
        claim_citation_recall,
        claim_citation_precision,
        citation_precision,
        citation_recall,
        sentence_accuracy,
        exact_span_rate,
        numeric_consistency_rate,
        unsupported_claim_rate,
        rejection_rate,
        false_rejection_rate,
        aurc,
        excess_aurc,
        evidence_seconds_median,
        evidence_seconds_p95,
        first_token_seconds_median,
        first_token_seconds_p95,
        seconds_median,
        seconds_p95,
        prompt_tokens,
        generated_tokens,
    )
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
