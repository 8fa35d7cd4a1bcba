"""Dates in texts, those without a year worked out from the day of publication."""

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.dates import dates_in

PUBLISHED = datetime.date(2024, 4, 18)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023年3月底", "2023-03-31", "2023-03-31"),
        ("截至2024年2月，", "2024-02-29", "2024-02-29"),
        ("２０２３年３月底", "2023-03-31", "2023-03-31"),
        ("二〇二三年三月底", "2023-03-31", "2023-03-31"),
        ("23年3月", "2023-03-01", "2023-03-31"),
        ("2023-04-21", "2023-04-21", "2023-04-21"),
        ("2024年1—5月", "2024-01-01", "2024-05-31"),
        ("2023年一季度", "2023-01-01", "2023-03-31"),
        ("“十四五”期间", "2021-01-01", "2025-12-31"),
        ("2012年至2022年", "2012-01-01", "2022-12-31"),
        ("2022年3月至2023年6月", "2022-03-01", "2023-06-30"),
        ("2023年三季度末", "2023-09-30", "2023-09-30"),
        ("by the end of March 2023", "2023-03-31", "2023-03-31"),
        ("Q1 2023", "2023-01-01", "2023-03-31"),
        ("March 31, 2023", "2023-03-31", "2023-03-31"),
        ("in the first five months of 2024", "2024-01-01", "2024-05-31"),
    ],
)
def test_absolute_date_needs_no_publication(text: str, first: str, last: str) -> None:
    (mention,) = dates_in(text)
    assert (mention.period.first.isoformat(), mention.period.last.isoformat()) == (first, last)
    assert not mention.resolved


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("去年底", "2023-12-31", "2023-12-31"),
        ("前年", "2022-01-01", "2022-12-31"),
        ("上月末", "2024-03-31", "2024-03-31"),
        ("3月底", "2024-03-31", "2024-03-31"),
        ("截至目前", "2024-04-18", "2024-04-18"),
        ("截至12月底，已建成10座", "2023-12-31", "2023-12-31"),
        ("到12月底，将建成10座", "2024-12-31", "2024-12-31"),
        ("last year", "2023-01-01", "2023-12-31"),
    ],
)
def test_relative_date_is_worked_out_from_publication(text: str, first: str, last: str) -> None:
    (mention,) = dates_in(text, PUBLISHED)
    assert (mention.period.first.isoformat(), mention.period.last.isoformat()) == (first, last)
    assert mention.resolved
    assert dates_in(text) == []


@pytest.mark.parametrize(
    "text", ["12月的会议", "每年3月", "10年来", "十月革命", "a total of 2,023 units", "It may rise"]
)
def test_what_is_not_sure_is_left_out(text: str) -> None:
    assert dates_in(text, PUBLISHED) == []


def test_year_named_before_holds_for_what_follows() -> None:
    assert [str(mention.period.last) for mention in dates_in("2022年起步，6月底建成", PUBLISHED)] == [
        "2022-12-31",
        "2022-06-30",
    ]


def test_comparison_is_marked() -> None:
    assert [mention.compared for mention in dates_in("一季度比上年同期增长5%", PUBLISHED)] == [False, True]


@given(st.text(alphabet="0123456789年月日底初至到—-今去上半季度一二三十〇Q May20", max_size=30))
def test_spans_are_in_order_and_within_the_text(text: str) -> None:
    mentions = dates_in(text, PUBLISHED)
    for one, other in itertools.pairwise(mentions):
        assert one.end <= other.start
    assert all(0 <= mention.start < mention.end <= len(text) for mention in mentions)
