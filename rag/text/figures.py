"""Figures in a text: numbers, percentages and parts of dates, in one form whatever way they are written.

``264万``, ``2,640,000``, ``２６４万`` and ``2.64 million`` are one figure; ``27.7%`` and ``百分之27.7`` another.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from rag.text.numerals import DIGITS, PLACES
from rag.text.periods import MONTHS
from rag.text.view import HALF_WIDTH, HAN_CHARACTER

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
_NUMBER = r"(?P<number>\d+(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
_GAP = r"[^\S\r\n]*"
_MULTIPLE = rf"(?:[多余]?(?P<multiple>万亿|百万|千万|十|百|千|万|亿)|{_GAP}(?P<english>thousand|million|billion|trillion)(?![A-Za-z]))"
_UNIT = r"(?P<unit>%|％|‰|percent(?![A-Za-z])|per cent(?![A-Za-z])|个百分点|percentage points?(?![A-Za-z])|年|月|日|号|季度|倍|成(?![员为立果本功熟长交绩都份品]))"
_FIGURE = re.compile(
    rf"(?P<hundredths>百分之)?(?<![\d.])(?<!\d,){_NUMBER}{_GAP}{_MULTIPLE}?{_GAP}{_UNIT}?", re.IGNORECASE
)
# The first number of a range has the unit of the second: 1至11月, 3—5%, 20—30万.
_RANGE = re.compile(rf"{_GAP}(?:至|到|或|[—–\-－~～]{{1,2}}){_GAP}(?=\d)")
_ISO_DAY = re.compile(
    r"(?<![\d.])(?P<年>(?:19|20)\d\d)(?P<between>[-/.])(?P<月>0?[1-9]|1[0-2])(?P=between)(?P<日>[0-3]?\d)(?![\d.])"
)
_LIST_NUMBER = re.compile(r"^[^\S\n]*(?:[（(]\d{1,2}[)）]|\d{1,2}(?:[、)）]|\.(?!\d)))", re.MULTILINE)
_MEASURES = re.compile(
    r"(?:[kcmnμ]?m[²³23]?|k?g|mg|[kMGT]?Wh?|[KkMGTPE]?(?:B|bps|Bps|FLOPS)|[kMG]?Hz|K|bn)(?![A-Za-z0-9])"
)
_NUMERAL = "[零〇一二两三四五六七八九十百千]"
# Chinese numerals count as figures where they surely are: 百分之二十七点七, 三成五, 两万亿, 第一 and 十大 are not.
_CHINESE = re.compile(
    f"百分之(?P<hundredths>{_NUMERAL}+)(?:点(?P<decimals>[零〇一二三四五六七八九]+))?|"
    f"(?<![零〇一二两三四五六七八九十百千第])(?:"
    f"(?P<tenths>[一二两三四五六七八九])成(?P<half>[一二三四五六七八九])?(?![员为立果本功熟长交绩都份品不])|"
    f"(?P<number>[一二两三四五六七八九十]{_NUMERAL}*)[多余]?(?P<multiple>万亿|亿|万)(?!一|事|般|里|分))"
)
_MONTH_NAMES = "|".join(MONTHS)
_ENGLISH_MONTH = re.compile(
    rf"(?P<before>(?<![\d.])[0-3]?\d(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?<![A-Za-z])(?P<month>{_MONTH_NAMES})(?![A-Za-z])(?P<after>\s+[0-3]?\d(?:st|nd|rd|th)?(?!\d))?",
    re.IGNORECASE,
)
_BEFORE_ENGLISH_YEAR = re.compile(r"[A-Za-z]+,? $|[A-Za-z] [0-3]?\d(?:st|nd|rd|th)?, $")
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
    "成": "%",
}
_HALF_WIDTH = HALF_WIDTH | {ord("．"): ord(".")}

DATES = frozenset({"年", "月", "日", "季度"})
"""Kinds of figures that are parts of dates."""


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

    def may_be(self, other: "Figure", text: str) -> bool:
        """Whether another figure may be meant with it.

        Args:
            text: in which it stands. A number that stands alone there agrees with any unit but a date's; one that counts
                something (``264万个``) does not.
        """
        alone = not self.kind and not HAN_CHARACTER.match(text, self.end)
        return self.value == other.value and (
            bool(self._kinds & other._kinds) or (alone and other.kind not in ("年", "月", "日"))
        )

    @property
    def _kinds(self) -> set[str]:
        """What it may be: a year without 年 (``in 2023``) may be a number as well."""
        return {self.kind, ""} if self.kind == "年" and "年" not in self.written else {self.kind}


def figures_in(text: str) -> list[Figure]:
    """The figures of a text in their order. Digits in Latin names (``5G``, ``IPv6``) and of lists are no figures."""
    folded = text.translate(_HALF_WIDTH)
    found = [*_english_days(folded), *_iso_days(folded)]
    taken = {place for figure in found for place in range(figure.start, figure.end)}
    taken |= {place for match in _LIST_NUMBER.finditer(folded) for place in range(*match.span())}
    found += [figure for figure in _numbers(folded) if figure.start not in taken]
    found += _chinese_numerals(folded)
    return [
        Figure(figure.value, figure.kind, figure.start, figure.end, text[figure.start : figure.end])
        for figure in sorted(found, key=lambda figure: figure.start)
    ]


def missing_figures(claim: str, cited: str) -> tuple[str, ...]:
    """The figures of a claim, as written there, that do not stand in the cited text."""
    present: dict[Decimal, list[Figure]] = {}
    for figure in figures_in(cited):
        present.setdefault(figure.value, []).append(figure)
    missing = [
        figure.written
        for figure in figures_in(claim)
        if not any(figure.may_be(other, claim) for other in present.get(figure.value, []))
    ]
    return tuple(dict.fromkeys(missing))


def _numbers(text: str) -> list[Figure]:
    """Numbers in digits, the first of a range with the unit and multiple of the second."""
    found: list[Figure] = []
    successor: tuple[int, str, int] | None = None  # start, kind and multiple of the number after this one
    for match in reversed(list(_FIGURE.finditer(text))):
        multiple = _MULTIPLES[(match["multiple"] or match["english"]).lower()] if _has_multiple(match) else 1
        kind = "%" if match["hundredths"] else _CLASSES.get((match["unit"] or "").lower(), "")
        end = match.start() + len(match.group().rstrip())
        if not kind and not _has_multiple(match):
            range_mark = _RANGE.match(text, end)
            if range_mark and successor and range_mark.end() == successor[0]:
                _, kind, multiple = successor
            elif _is_year_in_english(text, match):
                kind = "年"
        successor = (match.start("number"), kind, multiple)
        if not _is_part_of_name(text, match):
            value = Decimal(match["number"].replace(",", "")) * multiple * (10 if match["unit"] == "成" else 1)
            found.append(Figure(value, kind, match.start(), end, ""))
    return found


def _has_multiple(match: re.Match[str]) -> bool:
    return bool(match["multiple"] or match["english"])


def _english_days(text: str) -> list[Figure]:
    """Months by their English names, with the day beside them (``April 21``, ``21st of April``)."""
    found = []
    for match in _ENGLISH_MONTH.finditer(text):
        beside = match["before"] or match["after"]
        # "may" and "march" are words of their own; as months they have a capital, and a day or "in" beside them.
        if match["month"].lower() in ("may", "march") and not beside and not _names_a_month(text, match):
            continue
        month = Decimal(MONTHS.index(match["month"].lower()) + 1)
        found.append(Figure(month, "月", *match.span("month"), ""))
        if beside:
            side = "before" if match["before"] else "after"
            day = re.search(r"\d+", beside)
            assert day is not None
            start = match.start(side) + day.start()
            found.append(Figure(Decimal(day.group()), "日", start, start + len(day.group()), ""))
    return found


def _names_a_month(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start("month")][-12:], text[match.end("month") :][:6]
    return match["month"][0].isupper() and bool(
        re.search(r"\b(?:in|of|by|since|until|from|to|late|early|last|this|next|and)\s+$", before, re.IGNORECASE)
        or re.match(r",?\s+(?:19|20)\d\d", after)
    )


def _iso_days(text: str) -> list[Figure]:
    """Days as ``2023-04-21``: three figures."""
    return [
        Figure(Decimal(match[part]), part, *match.span(part), "")
        for match in _ISO_DAY.finditer(text)
        for part in ("年", "月", "日")
    ]


def _chinese_numerals(text: str) -> list[Figure]:
    found = []
    for match in _CHINESE.finditer(text):
        if match["hundredths"]:
            decimals = "".join(str(DIGITS[character]) for character in match["decimals"] or "")
            value, kind = Decimal(f"{_chinese_value(match['hundredths'])}.{decimals}"), "%"
        elif match["tenths"]:
            value, kind = Decimal(10 * DIGITS[match["tenths"]] + DIGITS.get(match["half"] or "", 0)), "%"
        else:
            value, kind = Decimal(_chinese_value(match["number"]) * _MULTIPLES[match["multiple"]]), ""
        found.append(Figure(value, kind, match.start(), match.end(), ""))
    return found


def _chinese_value(numeral: str) -> int:
    """Value of a numeral below ten thousand: ``二十七`` is 27, ``三百零五`` 305, ``二〇二三`` 2023."""
    if not set(numeral) & set(PLACES):
        return int("".join(str(DIGITS[character]) for character in numeral))
    total = digit = 0
    for character in numeral:
        if character in PLACES:
            total += (digit or 1) * PLACES[character]
            digit = 0
        else:
            digit = DIGITS[character]
    return total + digit


def _is_part_of_name(text: str, match: re.Match[str]) -> bool:
    """Whether a number belongs to a Latin name: ``5G``, ``IPv6``, ``IMT-2030``; not before a measure (``100km``)."""
    start, end = match.span("number")
    before = text[start - 1] if start else ""
    after = text[end] if end < len(text) else ""
    if before.isascii() and (before.isalpha() or (before == "-" and start > 1 and _is_latin(text[start - 2]))):
        return True
    named = _is_latin(after) and not _has_multiple(match) and not text[end:].startswith(("percent", "per cent"))
    return named and not _MEASURES.match(text, end)


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _is_year_in_english(text: str, match: re.Match[str]) -> bool:
    """Whether a bare number is a year of an English sentence (``in 2023``)."""
    if not _ENGLISH_YEAR.fullmatch(match["number"]):
        return False
    before, after = text[max(0, match.start() - 12) : match.start()], text[match.end() : match.end() + 12]
    return (before + after).isascii() or bool(_BEFORE_ENGLISH_YEAR.search(before))
