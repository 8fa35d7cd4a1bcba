"""Figures in a text: numbers, percentages and parts of dates, in one form whatever way they are written.

``264万``, ``2,640,000``, ``２６４万`` and ``2.64 million`` are one figure; ``27.7%`` and ``百分之27.7`` another.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

_MULTIPLES = {
    "十": 10,
    "百": 100,
    "千": 1000,
    "万": 10**4,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "万亿": 10**12,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_NUMBER = r"(?P<number>\d+(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
_FIGURE = re.compile(
    rf"(?P<hundredths>百分之)?(?<![\d.])(?<!\d,){_NUMBER}\s*"
    r"(?P<multiple>万亿|百万|千万|十|百|千|万|亿|thousand\b|million\b|billion\b|trillion\b)?\s*"
    r"(?P<unit>%|％|‰|percent\b|per cent\b|个百分点|percentage points?\b|年|月|日|号|季度|倍)?",
    re.IGNORECASE,
)
_ENGLISH_MONTH = re.compile(rf"\b(?P<month>{'|'.join(_MONTHS)})\b", re.IGNORECASE)
_ENGLISH_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CLASSES = {
    "%": "%",
    "％": "%",
    "percent": "%",
    "per cent": "%",
    "‰": "‰",
    "个百分点": "百分点",
    "percentage point": "百分点",
    "percentage points": "百分点",
    "年": "年",
    "月": "月",
    "日": "日",
    "号": "日",
    "季度": "季度",
    "倍": "倍",
}


_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()} | {
    ord("．"): ord("."),
    ord("％"): ord("%"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what kind of number it is.

    Attributes:
        value: the number, multiples such as 万 multiplied out.
        kind: ``"%"``, ``"‰"``, ``"百分点"``, ``"年"``, ``"月"``, ``"日"``, ``"季度"``, ``"倍"``; empty for any other.
        start, end: where it stands in the text.
        written: how it is written there.
    """

    value: Decimal
    kind: str
    start: int
    end: int
    written: str

    @property
    def key(self) -> tuple[Decimal, str]:
        """What two ways of writing the same figure have in common."""
        return self.value, self.kind


def figures_in(text: str) -> list[Figure]:
    """The figures of a text in their order. Digits inside Latin names (``5G``, ``IPv6``) are no figures."""
    folded = text.translate(_HALF_WIDTH)
    found = []
    for match in _FIGURE.finditer(folded):
        if _is_part_of_name(folded, match.start("number"), match.end("number"), match["multiple"]):
            continue
        value = Decimal(match["number"].replace(",", ""))
        if match["multiple"]:
            value *= _MULTIPLES[match["multiple"].lower()]
        unit = "%" if match["hundredths"] else _CLASSES.get((match["unit"] or "").lower(), "")
        kind = unit
        if not unit and not match["multiple"] and _is_year_in_english(folded, match):
            kind = "年"
        end = match.start() + len(match.group().rstrip())
        found.append(Figure(value.normalize(), kind, match.start(), end, text[match.start() : end]))
    for match in _ENGLISH_MONTH.finditer(folded):
        value = Decimal(_MONTHS.index(match["month"].lower()) + 1)
        found.append(Figure(value, "月", match.start(), match.end(), text[match.start() : match.end()]))
    return sorted(found, key=lambda figure: figure.start)


def years_in(text: str) -> set[int]:
    """The years that a text names."""
    return {int(figure.value) for figure in figures_in(text) if figure.kind == "年" and 1900 <= figure.value <= 2100}


def missing_figures(claim: str, cited: str) -> tuple[str, ...]:
    """The figures of a claim, as written there, that do not stand in the cited text."""
    present = {figure.key for figure in figures_in(cited)}
    values = {value for value, _ in present}
    missing = []
    for figure in figures_in(claim):
        # A number without a unit agrees with any unit but a date's; one with a unit must have that unit.
        loosely = not figure.kind and any(
            kind not in ("年", "月", "日") for value, kind in present if value == figure.value
        )
        if figure.key not in present and not (figure.value in values and loosely):
            missing.append(figure.written)
    return tuple(dict.fromkeys(missing))


def _is_part_of_name(text: str, start: int, end: int, multiple: str | None) -> bool:
    before = text[start - 1] if start else ""
    after = text[end] if end < len(text) else ""
    if before.isascii() and (before.isalpha() or (before == "-" and start > 1 and text[start - 2].isalpha())):
        return True
    return after.isascii() and after.isalpha() and not multiple and not text[end:].startswith(("percent", "per cent"))


def _is_year_in_english(text: str, match: re.Match[str]) -> bool:
    """Whether a bare number is a year of an English sentence (``in 2023``)."""
    if not _ENGLISH_YEAR.fullmatch(match["number"]):
        return False
    around = text[max(0, match.start() - 12) : match.end() + 12]
    return sum(character.isascii() for character in around) == len(around)
