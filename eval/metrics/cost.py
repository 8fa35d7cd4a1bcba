"""Cost: seconds, tokens and memory."""

import sys

from eval.metrics.base import metric, quantile
from eval.rows import Row

MEDIAN = quantile(0.5)
P95 = quantile(0.95)


def _seconds(row: Row, value: float | None) -> float | None:
    return None if row.error else value


@metric(formula="median of the seconds to the evidence", source="ours", better="lower", unit="seconds", combine=MEDIAN)
def evidence_seconds_median(row: Row) -> float | None:
    """Seconds from the question to the first evidence."""
    return _seconds(row, row.evidence_seconds)


@metric(formula="95th percentile of the same", source="ours", better="lower", unit="seconds", combine=P95)
def evidence_seconds_p95(row: Row) -> float | None:
    """Seconds from the question to the first evidence, of the slow ones."""
    return _seconds(row, row.evidence_seconds)


@metric(
    formula="median of the seconds to the first token", source="ours", better="lower", unit="seconds", combine=MEDIAN
)
def first_token_seconds_median(row: Row) -> float | None:
    """Seconds from the question to the first token of the answer."""
    return _seconds(row, row.first_token_seconds)


@metric(formula="95th percentile of the same", source="ours", better="lower", unit="seconds", combine=P95)
def first_token_seconds_p95(row: Row) -> float | None:
    """Seconds from the question to the first token of the answer, of the slow ones."""
    return _seconds(row, row.first_token_seconds)


@metric(formula="median of the seconds to the end", source="ours", better="lower", unit="seconds", combine=MEDIAN)
def seconds_median(row: Row) -> float | None:
    """Seconds from the question to the whole answer."""
    return _seconds(row, row.seconds)


@metric(formula="95th percentile of the same", source="ours", better="lower", unit="seconds", combine=P95)
def seconds_p95(row: Row) -> float | None:
    """Seconds from the question to the whole answer, of the slow ones."""
    return _seconds(row, row.seconds)


@metric(formula="Σ prompt tokens / |answers whose model counts them|", source="ours", better="lower", unit="tokens")
def prompt_tokens(row: Row) -> float | None:
    """Tokens that the language model read for an answer."""
    return row.prompt_tokens


@metric(formula="Σ generated tokens / |answers whose model counts them|", source="ours", better="lower", unit="tokens")
def generated_tokens(row: Row) -> float | None:
    """Tokens that the language model wrote for an answer."""
    return row.generated_tokens


def peak_memory() -> int | None:
    """Most memory that this process has held so far, in bytes; None where the system does not say."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
