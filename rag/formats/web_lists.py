"""What stands before a list's item: its bullet, or its number as a browser shows it."""

import re
from typing import Any

_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*?(?<![\w-])([a-z-]+)", re.IGNORECASE)
_TYPES = {"a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman", "1": "decimal"}
_BULLETS = frozenset({"disc", "circle", "square"})
_CHINESE = frozenset(
    {"cjk-ideographic", "simp-chinese-informal", "trad-chinese-informal", "cjk-decimal", "japanese-informal"}
)
_NUMBERED = frozenset(
    {"decimal", "decimal-leading-zero", "lower-alpha", "upper-alpha", "lower-latin", "upper-latin", "lower-roman"}
    | {"upper-roman"}
    | _CHINESE
)
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_DIGITS = "〇一二三四五六七八九"
_LARGEST = 9_999


class ListNumbers:
    """Counts the items of the lists of a page."""

    def __init__(self) -> None:
        self._next: dict[Any, int] = {}

    def opening(self, item: Any) -> str:
        """What stands before the text of ``<li>``, with the blank behind it; empty where nothing does."""
        parent = item.getparent()
        style = _style(parent)
        if parent is None or (parent.tag != "ol" and style not in _NUMBERED):
            return "- "
        if parent not in self._next:
            self._next[parent] = _first(parent)
        number = _whole(item.get("value"), self._next[parent])
        self._next[parent] = number + (-1 if "reversed" in parent.attrib else 1)
        if style == "none":
            return ""
        if style in _BULLETS:
            return "- "
        return f"{_numeral(number, style)}、" if style in _CHINESE else f"{_numeral(number, style)}. "


def _style(parent: Any) -> str:
    if parent is None:
        return ""
    if named := _STYLE.search(parent.get("style", "")[:500]):
        return named[1].lower()
    return _TYPES.get(parent.get("type", ""), "decimal" if parent.tag == "ol" else "")


def _first(parent: Any) -> int:
    backwards = "reversed" in parent.attrib
    return _whole(parent.get("start"), sum(1 for _ in parent.iterchildren("li")) if backwards else 1)


def _whole(value: str | None, otherwise: int) -> int:
    found = re.fullmatch(r"\s*(-?\d{1,6})\s*", value or "", re.ASCII)
    return int(found[1]) if found else otherwise


def _numeral(number: int, style: str) -> str:
    if not 0 < number <= _LARGEST or style.startswith("decimal"):
        return str(number)
    if style in _CHINESE:
        return _in_chinese(number)
    numeral = _in_roman(number) if "roman" in style else _in_letters(number)
    return numeral.upper() if style.startswith("upper") else numeral


def _in_chinese(number: int) -> str:
    numeral = ""
    for digit, unit in zip(f"{number:04d}", ("千", "百", "十", ""), strict=True):
        numeral += _DIGITS[int(digit)] + (unit if digit != "0" else "")
    numeral = re.sub("〇+", "零", numeral).strip("零")
    return numeral.removeprefix("一") if numeral.startswith("一十") else numeral


def _in_roman(number: int) -> str:
    numeral = ""
    for value, letters in _ROMAN:
        numeral += letters * (number // value)
        number %= value
    return numeral


def _in_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters
