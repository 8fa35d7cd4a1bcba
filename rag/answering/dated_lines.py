"""Dated values in words: one line a value, in Chinese or English."""

import re
from collections.abc import Iterable
from datetime import timedelta

from rag.answering.timeline import Point
from rag.text.facts import Fact
from rag.text.periods import PARTS_OF_YEAR, Period


def written(points: Iterable[Point], language: str) -> str:
    """The points as sentences, one a line.

    Args:
        language: ``"zh"`` or ``"en"``.
    """
    line = _chinese_line if language == "zh" else _english_line
    return "\n".join(line(point.fact) for point in points)


def origin(point: Point, language: str) -> str:
    """What to say before the sentence of a point that names no time: the day of its document; empty where it names one.

    Args:
        language: ``"zh"`` or ``"en"``.
    """
    if point.fact.dated or not point.as_of.is_day:
        return ""
    if language == "zh":
        return f"{_chinese_origin(point.as_of)}："
    return f"A document of {point.as_of.last:%-d %B %Y} says: "


def _chinese_origin(period: Period) -> str:
    day = period.last
    return f"据{day.year}年{day.month}月{day.day}日的资料"


def _chinese_line(fact: Fact) -> str:
    scope = " ".join(word for word in fact.scope.split() if word not in fact.subject and word not in ("占比", "首次"))
    if fact.status == "plan":
        change = fact.change if fact.change != "百分点" else "变化"
        verb = f"{'计划' if not change else '预计'}{scope}{change or '达到' if not scope or change else ''}"
    elif fact.change == "百分点":
        verb = "变化"
    else:
        verb = (
            f"{scope}{fact.change}"
            if fact.change
            else f"{scope}{'' if fact.qualifier in ('超过', '不到', '近') else '为'}"
        )
    qualifier = "" if re.search("[多余]", fact.written) and fact.qualifier == "超过" else fact.qualifier
    speaker = f"（{fact.speaker}）" if fact.speaker else ""
    if fact.dated or not fact.period.is_day:
        when = f"{'截至' if fact.period.is_day and fact.status == 'actual' else ''}{_chinese_date(fact.period)}"
    else:
        when = _chinese_origin(fact.period)
    return f"{when}，{fact.subject}{verb}{qualifier}{fact.written}{speaker}。"


def _english_line(fact: Fact) -> str:
    qualifier = {"超过": "over ", "近": "nearly ", "约": "about ", "不到": "less than "}.get(fact.qualifier, "")
    status = "planned " if fact.status == "plan" else ""
    change = {"": "", "百分点": "a change of "}.get(
        fact.change, "down " if fact.change[:1] in "下降减回收缩" else "up "
    )
    first, last = fact.period.first, fact.period.last
    is_year = fact.period.is_years and first.year == last.year
    when = f"{last:%Y}" if is_year else f"{last:%-d %B %Y}"
    if not (is_year or fact.period.is_day):
        when = f"{first:%-d %B %Y} to {when}"
    speaker = f" ({fact.speaker})" if fact.speaker else ""
    opening = "As of " if fact.period.is_day else "In " if is_year else ""
    return f"{opening}{when}, {fact.subject}: {status}{change}{qualifier}{fact.written}{speaker}."


def _chinese_date(period: Period) -> str:
    first, last = period.first, period.last
    if period.is_day and (last + timedelta(days=1)).day == 1:
        return f"{last.year}年底" if last.month == 12 else f"{last.year}年{last.month}月底"
    if period.is_day:
        return f"{last.year}年{last.month}月{last.day}日"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return f"{first.year}年" if first.year == last.year else f"{first.year}年至{last.year}年"
    if first.year == last.year and first.day == 1:
        if first.month == last.month:
            return f"{first.year}年{first.month}月"
        if (first.month, last.month) in PARTS_OF_YEAR:
            return f"{first.year}年{PARTS_OF_YEAR[first.month, last.month]}"
        return f"{first.year}年{first.month}月至{last.month}月"
    return f"{_chinese_date(Period(first, first))}至{_chinese_date(Period(last, last))}"
