"""Dates of a claim beside those of its sources, where the sources have the values that the claim gives for them."""

import re
from collections.abc import Sequence

from rag.checking.compared_texts import Span, Text, widest
from rag.checking.figure_agreement import Figures
from rag.text.mentions import DateMention
from rag.text.periods import Period, month_of

_MONTH = 31
_YEAR = 366
_ONE_YEAR = re.compile(r"(?:in )?\d{4}\s?年?度?|[今去前上明本]年度?|(?:last|this|next) year")
_A_DAY = re.compile("[日号底末初]|end")
_RIGHT_AFTER = re.compile("[的为是达至约有]{0,2}")


def wrong_dates(said: Text, sources: Sequence[Text], figures: Figures) -> tuple[set[Span], list[str]]:
    """Dates that no source of their value bears out; and what the day of publication had to tell."""
    wrong: set[Span] = set()
    resolved: list[str] = []
    mentions = widest({(date.start, date.end) for source in sources for date in said.dates_beside(source)})
    for place, span in enumerate(mentions):
        after = mentions[place + 1][0] if place + 1 < len(mentions) else len(said.text)
        before = mentions[place - 1][1] if place else 0
        following = [figure for figure in figures.values if span[1] <= figure.start < after]
        preceding = [figure for figure in figures.values if before <= figure.start < span[0]]
        candidates = figures.holders(following or preceding) or list(sources)
        borne_out = [
            note
            for source in candidates
            if (note := _bears_out(said, span, source, figures.places(following or preceding, source))) is not None
        ]
        if not borne_out:
            wrong.add(span)
        elif all(borne_out):
            resolved.append(borne_out[0])
    return wrong, resolved


def _bears_out(said: Text, span: Span, source: Text, values: list[int]) -> str | None:
    """Whether a source names a date of the claim: empty where it does, a note where its day of publication must help.

    Where the source names dates beside the values that the claim gives for the date, it must be one of those.

    Args:
        values: where the source has those values.

    Returns:
        None where it does not.
    """
    mention = next((date for date in said.dates_beside(source) if (date.start, date.end) == span), None)
    if mention is None:
        return None
    period = mention.period
    written = said.text[span[0] : span[1]]
    if period.is_day and not _A_DAY.search(written):
        period = month_of(period.last.year, period.last.month)
    length = (period.last - period.first).days
    dates = source.dates
    own = [date for date in dates if date.compared == mention.compared] or (dates if mention.compared else [])
    if parts := {source.part(value) for value in values}:
        own = [date for date in own if source.part(date.start) in parts] or own
        own = [date for date in own if any(_is_beside(source, date, value) for value in values)] or own
    notes = []
    is_year = length > 360 and bool(_ONE_YEAR.fullmatch(written.strip()))
    for date in own:
        if is_year and date.period.first.year != date.period.last.year:
            if period.first.year in _ends(date.period, source, values):
                notes.append("")
        elif date.period == period or ((is_year or length <= _MONTH) and period.holds(date.period)):
            notes.append(_note(source, date) if date.resolved and not mention.resolved else "")
    if notes:
        return min(notes)
    published = source.published
    if published and not own and length <= _YEAR and period.first <= published <= period.last:
        return f"{said.as_given(*span)}（资料发布于{published}）"
    return None


def _is_beside(source: Text, date: DateMention, value: int) -> bool:
    """Whether a value stands right after a date (2018年的15%)."""
    return date.end <= value and bool(_RIGHT_AFTER.fullmatch(source.text, date.end, value))


def _ends(period: Period, source: Text, values: list[int]) -> set[int]:
    """The years at either end of a period; where a value is said to be at one end (由…到…), that one."""
    before = [source.text[max(0, value - 4) : value] for value in values]
    ends = set()
    if not any(text.removesuffix("了").endswith(("到", "至", "为")) for text in before):
        ends.add(period.first.year)
    if not any(text.endswith(("由", "从")) for text in before):
        ends.add(period.last.year)
    return ends


def _note(source: Text, date: DateMention) -> str:
    """What the day of publication had to tell of a date, for the reader."""
    first, last = date.period.first, date.period.last
    days = f"{last}" if first == last else f"{first}—{last}"
    return f"{source.cased[date.start : date.end]}＝{days}（资料发布于{source.published}）"
