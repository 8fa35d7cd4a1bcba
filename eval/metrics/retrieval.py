"""Retrieval: are the passages that hold the answer found, and how far up do they stand?

Recall, MRR and nDCG are computed by ``ir-measures``, which calls NIST's ``trec_eval``. What is to be found are the gold
quotes of a question. The ranking is made of the passages in their order: a passage stands for the gold quotes that are
covered (≥ 50 % of characters) for the first time when it is read after those before it; one that brings none is
noise. Where a data set judges whole documents instead of spans, its documents and grades are taken as they are, and a
document stands where its first passage stands.
"""

import logging
from functools import cache
from importlib import import_module
from types import ModuleType

from eval.metrics.base import metric
from eval.metrics.spans import ENOUGH, covered, covers_all
from eval.rows import Row

TREC = "trec_eval through ir-measures (MacAvaney et al., ECIR 2022)"


@metric(formula="|gold quotes covered by the first passage| / |gold quotes|, mean over questions", source=TREC)
def recall_at_1(row: Row) -> float | None:
    """Share of what is to be found that the first passage holds."""
    return _measured(row, "R@1000", 1)


@metric(formula="|gold quotes covered by the first 3 passages| / |gold quotes|, mean over questions", source=TREC)
def recall_at_3(row: Row) -> float | None:
    """Share of what is to be found that the first 3 passages hold."""
    return _measured(row, "R@1000", 3)


@metric(formula="|gold quotes covered by the first 5 passages| / |gold quotes|, mean over questions", source=TREC)
def recall_at_5(row: Row) -> float | None:
    """Share of what is to be found that the first 5 passages hold."""
    return _measured(row, "R@1000", 5)


@metric(formula="|gold quotes covered by the first 10 passages| / |gold quotes|, mean over questions", source=TREC)
def recall_at_10(row: Row) -> float | None:
    """Share of what is to be found that the first 10 passages hold."""
    return _measured(row, "R@1000", 10)


@metric(formula="1 / rank of the first relevant passage, 0 if it is not among 10; mean over questions", source=TREC)
def mrr_at_10(row: Row) -> float | None:
    """How far up the first passage stands that holds something to be found."""
    return _measured(row, "RR", 10)


@metric(
    formula="Σ gain(rank) / log2(rank + 1) over 10 passages, divided by that of the best order; mean over questions",
    source=f"Järvelin and Kekäläinen 2002; {TREC}",
)
def ndcg_at_10(row: Row) -> float | None:
    """How far up all that is to be found stands."""
    return _measured(row, "nDCG@10", 10)


@metric(
    formula="|questions all of whose gold quotes the evidence covers (≥ 50 %)| / |questions with gold|",
    source="ours",
)
def evidence_recall(row: Row) -> float | None:
    """Share of questions whose gold sentences were all among what the answer was written from."""
    return float(covers_all(row, row.evidence)) if row.question.gold else None


def _measured(row: Row, measure: str, passages: int) -> float | None:
    """A measure of ``ir-measures`` over the first passages of a row; None where nothing is judged."""
    grades = {f"gold {place}": 1 for place in range(len(row.question.gold))} or dict(row.relevance)
    library = _library()
    if not grades or library is None:
        return None
    names = _ranking(row, passages)
    scores = {name: float(len(names) - place) for place, name in enumerate(names)}
    return float(
        library.calc_aggregate([library.parse_measure(measure)], {"row": grades}, {"row": scores}).popitem()[1]
    )


def _ranking(row: Row, passages: int) -> list[str]:
    """What the first passages stand for, best first."""
    spans = [hit.span for hit in row.hits[:passages]]
    if not row.question.gold:
        return list(dict.fromkeys(span.document for span in spans))
    names: list[str] = []
    found: set[int] = set()
    for count in range(1, len(spans) + 1):
        now = {place for place, gold in enumerate(row.question.gold) if covered(gold, spans[:count]) >= ENOUGH}
        names += [f"gold {place}" for place in sorted(now - found)] or [f"noise {count}"]
        found = now
    return names


@cache
def _library() -> ModuleType | None:
    try:
        return import_module("ir_measures")
    except ModuleNotFoundError as error:
        if error.name != "ir_measures":
            raise
        logging.getLogger(__name__).warning("recall, MRR and nDCG are not measured: pip install ir-measures")
        return None
