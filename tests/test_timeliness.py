"""Timeliness: whether a document of a day tells of the time that a question asks about."""

import datetime

import pytest

from rag.reading.timeliness import is_of
from rag.text.dates import dates_in

PUBLISHED = datetime.date(2024, 7, 5)


@pytest.mark.parametrize(
    ("asked", "told", "holds"),
    [
        ("到2024年7月", "建成300家工厂", True),  # a document of that month, no other date
        ("到2024年7月", "按照2021—2025年的计划，建成300家工厂", True),
        ("到2024年7月", "截至6月底，建成300家工厂", False),
        ("到2024年8月", "建成300家工厂", False),
        ("2024年7月", "建成300家工厂", True),
        ("2023年底", "截至去年年底，建成200家工厂", True),
        ("2022年底", "截至去年年底，建成200家工厂", False),
    ],
)
def test_time_of_a_sentence(asked: str, told: str, holds: bool) -> None:
    (date,) = dates_in(asked)
    assert is_of(date, PUBLISHED, dates_in(told, PUBLISHED)) is holds
