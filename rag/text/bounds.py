"""Bounds: whether a figure is told as at least or at most so much (``超过264万个``, ``不到10%``), in Chinese and English."""

import re

_MORE = re.compile(
    "(?:超过|超出|突破|逾|超|高达|不低于|不少于|至少|(?<!no )(?<!not )(?:more|higher|greater) than|over|exceed(?:s|ed|ing)?|above|at least|surpass(?:es|ed|ing)?)(?:了|到)?[约近]?(?:[^\\W\\d_a-z]{0,5}的)?\\s*$",
    re.IGNORECASE,
)
_LESS = re.compile(
    "(?:不到|不足|将近|接近|(?<![附最邻临靠])近|未达到?|不超过|不高于|至多|最多|(?:less|fewer|lower) than|under|below|nearly|almost|at most|up to|not exceeding|(?:no|not) (?:more|higher|greater) than)(?:了)?(?:[^\\W\\d_a-z]{0,5}的)?\\s*$",
    re.IGNORECASE,
)
_OR_MORE = re.compile("(?:[多余]|[^\\s，。、；,;\\d]{0,4}?(?:以上|之上|开外))")
_OR_LESS = re.compile("[^\\s，。、；,;\\d]{0,4}?(?:以下|以内|之下|之内)")


def bound_of(before: str, after: str) -> int:
    """How a figure bounds the value: 1 for at least (``超过``), −1 for at most (``不到``, ``近``), 0 where nothing is said.

    Args:
        before, after: the text on either side of the figure.
    """
    if _LESS.search(before) or _OR_LESS.match(after):
        return -1
    return 1 if _MORE.search(before) or _OR_MORE.match(after) else 0


def with_bound(text: str, start: int, end: int) -> tuple[int, int]:
    """The characters of a figure with the words beside it that set its bound: ``不超过3000元`` for ``3000元``."""
    before = _LESS.search(text, 0, start) or _MORE.search(text, 0, start)
    after = _OR_LESS.match(text, end) or _OR_MORE.match(text, end)
    return before.start() if before else start, after.end() if after else end
