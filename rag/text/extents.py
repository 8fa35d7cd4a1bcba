"""Extents: words of a sentence widened until they cut no figure and no time in two, nor a figure from what bounds it."""

import re

from rag.text.bounds import with_bound
from rag.text.figures import DATES, figures_in
from rag.text.measures import measures_in
from rag.text.numerals import in_digits_with_places

Extent = tuple[int, int]

_PART_OF_DAY = "凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|晚间|夜间|深夜"
_CLOCK = re.compile(rf"(?:{_PART_OF_DAY})?\s?\d{{1,2}}(?:[时点]半?(?:\d{{1,2}}分)?|[:：]\d\d(?!\d))|{_PART_OF_DAY}")
_BETWEEN = re.compile(r"\s?(?:至|到|[—–\-－~～]{1,2})?\s?")
"""What stands between the parts of one time, or the two ends of a range."""


def whole(text: str, start: int, end: int) -> Extent:
    """The least that holds these words and all of each figure, range or time that they hold a part of, with its bound.

    ``3000元`` of ``不超过3000元`` gives ``不超过3000元``; ``6月17日凌晨`` of ``6月17日凌晨3时40分`` all of it.

    Args:
        text: a sentence as it reads.
        start, end: the words.
    """
    for first, last in _together(text):
        if first < end and start < last:
            start, end = min(start, first), max(end, last)
    return start, end


def _together(text: str) -> list[Extent]:
    """What is told as one: figures with their units and bounds, and times; joined where two are the ends of a range."""
    digits, places = in_digits_with_places(text)
    clocks = [match.span() for match in _CLOCK.finditer(digits)]
    times = [(figure.start, figure.end) for figure in figures_in(digits) if figure.kind in DATES]
    amounts = [(measure.figure.start, measure.end) for measure in measures_in(digits, [])]
    found = _joined(digits, times + clocks) + _joined(digits, amounts)
    return [(places[first], places[last]) for first, last in (with_bound(digits, *extent) for extent in found)]


def _joined(text: str, extents: list[Extent]) -> list[Extent]:
    """Extents in their order, those that overlap or stand side by side as one."""
    found: list[Extent] = []
    for extent in sorted(extents):
        if found and _BETWEEN.fullmatch(text, min(found[-1][1], extent[0]), extent[0]):
            found[-1] = (found[-1][0], max(found[-1][1], extent[1]))
        else:
            found.append(extent)
    return found
