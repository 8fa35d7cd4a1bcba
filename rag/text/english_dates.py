"""Dates in English: ``the end of March 2023``, ``21st of April``, ``the first half of last year``, ``Q3``."""

import re

from rag.text.mentions import DateMention, Readers, Surroundings
from rag.text.periods import MONTHS, Period, day_of, half_of, month_of, quarter_of, year_of, years_of_plan

_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_YEARS_ON = {"last": -1, "this": 0, "next": 1}
_MONTH = rf"(?:{'|'.join(MONTHS)}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_YEAR = r"(?:19|20)\d\d(?!\d|[.,]\d)"
_OF_YEAR = rf"(?:,?\s+(?:of\s+|in\s+)?(?P<{{0}}>{_YEAR}|last year|this year|next year))?"
_ORDINAL = f"(?:{'|'.join(_ORDINALS)})"
_COUNT = rf"(?:{'|'.join(_COUNTS[1:])}|\d{{1,2}})"
_DATE = re.compile(
    r"(?<![A-Za-z\d])(?:"
    rf"(?P<e_end>(?:the\s+)?end[\s-](?:of\s+)?)?(?:"
    rf"(?P<e_month>{_MONTH})\s+(?P<e_day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|%|\.\d){_OF_YEAR.format('e_year')}"
    rf"|(?P<d_day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<d_month>{_MONTH}){_OF_YEAR.format('d_year')}"
    rf"|(?P<r_first>{_MONTH})\s*(?:to|through|until|[-–—])\s*(?P<r_last>{_MONTH}){_OF_YEAR.format('r_year')}"
    rf"|(?P<m_month>{_MONTH}){_OF_YEAR.format('m_year')}"
    rf"|(?:Q(?P<q_number>[1-4])|(?:the\s+)?(?P<q_word>{_ORDINAL})\s+quarter){_OF_YEAR.format('q_year')}"
    rf"|(?:H(?P<h_number>[12])|(?:the\s+)?(?P<h_word>first|second)\s+half){_OF_YEAR.format('h_year')}"
    rf"|(?:the\s+)?first\s+(?P<c_months>{_COUNT})\s+months{_OF_YEAR.format('c_year')}"
    rf"|(?:from\s+|between\s+)(?P<y_first>{_YEAR})\s+(?:to|and|until)\s+(?P<y_last>{_YEAR})"
    rf"|(?P<z_first>{_YEAR})\s?[-–—]\s?(?P<z_last>{_YEAR})"
    rf"|(?P<year_end>year-end)\s+(?P<n_year>{_YEAR})"
    rf"|(?P<w_year>last year|this year|next year)"
    rf"|(?P<b_year>{_YEAR})(?!\s*[-–—]\s*\d|\s*年)"
    r")"
    r"|(?P<e_now>currently|at present|to date|so far|now|today)|(?P<e_this_month>this month)|(?P<e_last_month>last month)"
    r"|(?P<e_plan>1[1-6]th)\s+Five-Year\s+Plan(?:\s+period)?"
    r")(?![A-Za-z])",
    re.IGNORECASE,
)
_NAMES_OF_YEARS = ("e_year", "d_year", "r_year", "m_year", "q_year", "h_year", "c_year", "n_year", "w_year", "b_year")
_BEFORE_YEAR = re.compile(r"[A-Za-z,(]\s*$")
_BEFORE_MAY = re.compile(r"\b(?:in|of|since|until|by|last|this|from|to)\s+$", re.IGNORECASE)


def _date(match: re.Match[str], around: Surroundings) -> DateMention | None:
    if match["e_now"]:
        return around.now(match)
    if match["e_this_month"] or match["e_last_month"]:
        return around.mention(match, around.month_beside(-1 if match["e_last_month"] else 0), True)
    if match["e_plan"]:
        return around.mention(match, years_of_plan(int(match["e_plan"][:2])), False)
    if match["y_first"] or match["z_first"]:
        first, last = int(match["y_first"] or match["z_first"]), int(match["y_last"] or match["z_last"])
        return around.mention(match, year_of(first, last) if first <= last else None, False)
    if not _is_surely_a_date(match):
        return None
    named = next((match[name] for name in _NAMES_OF_YEARS if match[name]), "")
    if not named:
        return around.without_year(match, lambda year: _part(match, year))
    is_relative = not named[0].isdigit()
    if not is_relative:
        year = int(named)
    elif around.published:
        year = around.published.year + _YEARS_ON[named.split()[0].lower()]
    else:
        return None
    around.remember(year, is_relative)
    return around.mention(match, _part(match, year), is_relative)


def _is_surely_a_date(match: re.Match[str]) -> bool:
    """Whether a number is a year, and a word a month: "may" and "march" are words of their own."""
    before = match.string[: match.start()]
    if match["b_year"]:
        return bool(_BEFORE_YEAR.search(before[-12:]))
    month = match["m_month"] or match["d_month"] or match["e_month"] or ""
    bare = match["m_month"] and not match["m_year"] and not match["e_end"]
    return not month[:1].islower() and not (month == "May" and bare and not _BEFORE_MAY.search(before))


def _part(match: re.Match[str], year: int) -> Period | None:
    """The part of a year that a match names, the year where it names none."""
    period: Period | None
    if match["e_month"] or match["d_month"]:
        day = day_of(year, _month(match["e_month"] or match["d_month"]), int(match["e_day"] or match["d_day"]))
        return Period(day, day) if day else None
    if match["r_first"]:
        first, last = _month(match["r_first"]), _month(match["r_last"])
        period = month_of(year, first, last) if first < last else None
    elif match["m_month"]:
        period = month_of(year, _month(match["m_month"]))
    elif match["q_number"] or match["q_word"]:
        period = quarter_of(year, int(match["q_number"] or _ORDINALS[match["q_word"].lower()]))
    elif match["h_number"] or match["h_word"]:
        period = half_of(year, int(match["h_number"] or _ORDINALS[match["h_word"].lower()]))
    elif match["c_months"]:
        months = _count(match["c_months"])
        period = month_of(year, 1, months) if 1 <= months <= 12 else None
    else:
        period = year_of(year)
    return period.end if period and (match["e_end"] or match["year_end"]) else period


def _month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, 1) if month.startswith(name[:3].lower()))


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS.index(word.lower()) + 1


ENGLISH: Readers = {_DATE: _date}
