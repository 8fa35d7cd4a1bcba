"""Facts with figures: a sample labelled by hand, and spans."""

import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rag.loading import load
from rag.settings import SEEDS
from rag.text.documents import Document
from rag.text.facts import Fact, facts_of
from rag.text.terms import fold

PUBLISHED = datetime.date(2024, 4, 18)
LABELS = [
    line.split("\t")
    for line in (Path(__file__).parent / "facts.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


@cache
def extracted(source: str) -> tuple[Fact, ...]:
    document = (
        load(SEEDS / source)
        if source.endswith(".txt")
        else Document(path="a.txt", title="题", text=source, date=PUBLISHED)
    )
    return tuple(facts_of(document))


def is_right(fact: Fact, label: list[str]) -> bool:
    _, subject, value, unit, last, status = label
    named, found = fold(subject), fold(fact.subject)
    measured = (fact.value, fact.unit, fact.period.last.isoformat(), fact.status)
    return named in found and len(found) <= 2 * len(named) + 8 and measured == (Decimal(value), unit, last, status)


def test_precision_and_recall_of_the_labelled_sample() -> None:
    missed = [label for label in LABELS if not any(is_right(fact, label) for fact in extracted(label[0]))]
    facts = [(source, fact) for source in dict.fromkeys(label[0] for label in LABELS) for fact in extracted(source)]
    wrong = [
        (fact.subject, fact.written, fact.period)
        for source, fact in facts
        if not any(label[0] == source and is_right(fact, label) for label in LABELS)
    ]
    assert len(LABELS) >= 60
    assert 1 - len(missed) / len(LABELS) >= 0.9, missed
    assert 1 - len(wrong) / len(facts) >= 0.9, wrong


@given(
    st.lists(
        st.sampled_from([*"5G基站年月日底年超过约，。%亿万个 \n", "2023", "264", "截至", "计划", "增长", "（", "“"]),
        max_size=40,
    )
)
def test_spans_are_exact(pieces: list[str]) -> None:
    document = Document(path="a.txt", title="题", text="".join(pieces), date=PUBLISHED)
    for fact in facts_of(document):
        assert 0 <= fact.start <= fact.value_start < fact.value_end <= fact.end <= len(document.text)
        digits = [c for c in fact.written if c.isdigit()]
        assert [c for c in document.text[fact.value_start : fact.value_end] if c.isdigit()] == digits
