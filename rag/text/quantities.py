"""Quantities: figures with their units and bounds, as one can calculate with them, exactly.

``1.2亿元`` and ``8000万元`` are of one kind and can be subtracted; ``3台`` and ``5个`` cannot. A bound holds on: what is more than
one number and exactly another together is more than their sum.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from rag.text.dates import dates_in
from rag.text.figures import Figure
from rag.text.measures import Measure, is_unit, measures_in
from rag.text.numerals import in_digits_with_places

Qualifier = Literal["", "超过", "至少", "近", "不到", "不超过", "约"]
"""What a quantity is told to be: just so much, or more, no less, nearly, less, no more, about so much."""

LONGEST_UNIT = 8
# Of one kind are units that differ by a factor that is exact as a decimal; of any other unit a quantity is its own kind.
_KINDS: dict[str, dict[str, str]] = {
    "元": {"元": "1", "人民币": "1", "yuan": "1", "rmb": "1"},
    "人": {"人": "1", "名": "1", "位": "1", "people": "1"},
    "克": {
        "毫克": "0.001",
        "mg": "0.001",
        "克": "1",
        "g": "1",
        "斤": "500",
        "公斤": "1000",
        "千克": "1000",
        "kg": "1000",
        "吨": "1000000",
        "t": "1000000",
        "ton": "1000000",
        "tonne": "1000000",
    },
    "米": {
        "毫米": "0.001",
        "mm": "0.001",
        "厘米": "0.01",
        "cm": "0.01",
        "米": "1",
        "m": "1",
        "公里": "1000",
        "千米": "1000",
        "km": "1000",
        "kilometre": "1000",
        "kilometer": "1000",
    },
    "平方米": {"平方米": "1", "m²": "1", "公顷": "10000", "ha": "10000", "平方公里": "1000000", "平方千米": "1000000"},
    "升": {"毫升": "0.001", "mL": "0.001", "ml": "0.001", "升": "1", "L": "1", "立方米": "1000", "m³": "1000"},
    "瓦": {"瓦": "1", "W": "1", "千瓦": "1000", "kW": "1000", "兆瓦": "1000000", "MW": "1000000"},
    "瓦时": {"瓦时": "1", "Wh": "1", "千瓦时": "1000", "kWh": "1000", "兆瓦时": "1000000", "MWh": "1000000"},
    "秒": {"秒": "1", "s": "1", "分钟": "60", "min": "60", "小时": "3600", "h": "3600"},
    "个月": {"个月": "1", "年": "12"},
}
_OF_KIND = {unit: (kind, Decimal(factor)) for kind, units in _KINDS.items() for unit, factor in units.items()}
_LONGEST_TIME = 100
"""Years; more of them are a year of the calendar."""
_SIGNS = frozenset("$€£¥￥")
_SYMBOL = "kWh"
"""As long as symbols of units are; longer ones in Latin letters are words."""
_NOT_ADDED = frozenset(["%", "‰", "个百分点", "倍", "度", "岁", "摄氏度", "℃", "°C", "pH"])
"""Shares, ratios, temperatures and ages: two of them differ, but make no sum."""
_MULTIPLE = re.compile(r"(万亿|百万|千万|[十百千万亿])$|(thousand|million|billion|trillion)$", re.IGNORECASE)
_MULTIPLES = {
    "十": Decimal(10),
    "百": Decimal(100),
    "千": Decimal(1000),
    "万": Decimal(10**4),
    "百万": Decimal(10**6),
    "千万": Decimal(10**7),
    "亿": Decimal(10**8),
    "万亿": Decimal(10**12),
    "thousand": Decimal(10**3),
    "million": Decimal(10**6),
    "billion": Decimal(10**9),
    "trillion": Decimal(10**12),
}
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
_GLUED = re.compile(r"(?<![A-Za-z\d.,-])(\d[\d,]*(?:\.\d+)?)((?:[A-Za-zμ°/]{2,}|[tgLW])(?![A-Za-z\d]))")
"""A number with a symbol right behind it; of one letter only those that name nothing else (``5G``, ``4K``)."""
_LATIN = re.compile("[A-Za-z]")
_PER = re.compile(r"/[^\s，。；、,;.()（）\d]{1,5}")
_ENGLISH_UNIT = re.compile(
    r"[ -](?!(?:thousand|million|billion|and|or|in|of|for|to|by|at|per|more|less)\b)([A-Za-z]{2,})"
)
_CURRENCY = re.compile(r"(?:US|HK|CN)?[$€£¥￥]\s?$|\b(?:RMB|CNY|USD|EUR)\s?$")
_RANGE_BEFORE, _RANGE_AFTER = (
    re.compile(r"\d\s*(?:至|到|[—–\-－~～])\s*$"),
    re.compile(r"\s*(?:至|到|[—–\-－~～±])\s*\d"),
)
_BOUNDS: dict[Qualifier, int] = {"超过": 1, "至少": 1, "近": -1, "不到": -1, "不超过": -1}
_OPPOSITE: dict[Qualifier, Qualifier] = {
    "超过": "不到",
    "至少": "不超过",
    "近": "超过",
    "不到": "超过",
    "不超过": "至少",
}
_ENGLISH: dict[Qualifier, str] = {
    "": "",
    "超过": "more than ",
    "至少": "at least ",
    "近": "nearly ",
    "不到": "less than ",
    "不超过": "at most ",
    "约": "about ",
}
# 超过 is more, 至少 may be just so much; rag.text.measures tells them as one.
_NO_LESS = re.compile(r"不[低少]于|至少|at least", re.IGNORECASE)
_NO_MORE = re.compile(r"不超过|不高于|不多于|不大于|at most", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and bound.

    Attributes:
        amount: the number as it is written before its multiple: ``383.7`` of ``383.7万元``.
        multiple: ``万``, ``亿``, ``million``, …; empty for none.
        unit: ``元``, ``kg``, ``元/吨``, …; empty where none is told.
        qualifier: of :data:`Qualifier`.
        start, end: where it stands in the text that it was read in, with the words that bound it.
    """

    amount: Decimal
    multiple: str = ""
    unit: str = ""
    qualifier: Qualifier = ""
    start: int = 0
    end: int = 0

    @property
    def kind(self) -> str:
        """What units of the same can be turned into each other."""
        return _of_kind(self.unit)[0]

    @property
    def size(self) -> Decimal:
        """How much one of its unit with its multiple is."""
        return _of_kind(self.unit)[1] * _MULTIPLES.get(self.multiple.lower(), Decimal(1))

    @property
    def value(self) -> Decimal:
        """How much it is, in the smallest unit of its kind."""
        return self.amount * self.size

    @property
    def is_additive(self) -> bool:
        """Whether such quantities make a sum."""
        return self.kind not in _NOT_ADDED and "/" not in self.unit and not self.unit.startswith("每")

    @property
    def text(self) -> str:
        """Number and unit, without the bound: ``383.7万元``, ``1.2 billion yuan``."""
        if self.unit in _SIGNS:
            return f"{self.unit}{shown(self.amount)}{_word(self.multiple)}"
        return f"{shown(self.amount)}{_word(self.multiple)}{_word(self.unit)}"

    def in_unit_of(self, other: "Quantity") -> "Quantity":
        """The same quantity in the unit and multiple of another one of its kind.

        Raises:
            ValueError: it is of another kind, or has no exact number there.
        """
        if self.kind != other.kind:
            raise ValueError(f"{self.text} is not of the kind of {other.text}")
        if (self.multiple, self.unit) == (other.multiple, other.unit):
            return self
        if self.size == other.size:
            return replace(self, multiple=other.multiple, unit=other.unit)
        amount = self.value / other.size
        if amount * other.size != self.value:
            raise ValueError(f"{self.text} is no exact number of {other.multiple}{other.unit}")
        return replace(self, amount=_plain(amount), multiple=other.multiple, unit=other.unit)

    @property
    def bound(self) -> int:
        """1 where it may be more than its number, −1 where it may be less, else 0."""
        return _BOUNDS.get(self.qualifier, 0)

    def told(self, language: Literal["zh", "en"]) -> str:
        """The quantity with the words that bound it."""
        return f"{self.qualifier if language == 'zh' else _ENGLISH[self.qualifier]}{self.text}"

    def same_as(self, other: "Quantity") -> bool:
        """Whether another is as much of the same kind, under the same bound."""
        return (self.value, self.kind, self.qualifier) == (other.value, other.kind, other.qualifier)


def quantities_in(text: str) -> list[Quantity]:
    """The quantities of a text in their order: no dates, no numbers in names, no ranges."""
    told, places = in_digits_with_places(text)
    gaps = [match.end(1) for match in _GLUED.finditer(told) if is_unit(match[2])]
    for gap in reversed(gaps):  # 450mL is no name with a number in it
        told, places = f"{told[:gap]} {told[gap:]}", [*places[: gap + 1], *places[gap:]]
    found = []
    for measure in measures_in(told, dates_in(told), bare=True):
        quantity = _quantity(told, measure)
        if quantity:
            found.append(replace(quantity, start=places[quantity.start], end=places[quantity.end]))
    return found


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure with its unit, in the smallest unit of its kind: ``9公里`` and ``9000米`` are as much.

    Attributes:
        figure: the number.
        key: kind and value, which two that are as much have in common.
        end: where the unit ends.
    """

    figure: Figure
    key: tuple[str, Decimal]
    end: int


def amount_of(figure: Figure, text: str) -> Amount | None:
    """A figure of a text with its unit, of a range too; None where the unit cannot be turned into another.

    Args:
        figure: of the text.
        text: in half-width characters, numerals in digits.
    """
    unit, end = _unit_at(text, figure.end)
    if figure.kind == "年" and figure.value < _LONGEST_TIME:
        unit, end = figure.kind, figure.end
    elif figure.kind:
        return None
    if unit not in _OF_KIND:
        return None
    kind, factor = _OF_KIND[unit]
    return Amount(figure, (kind, figure.value * factor), end)


def in_one_unit(quantities: Sequence[Quantity]) -> list[Quantity]:
    """Quantities of one kind, all in the smallest unit that one of them has.

    Raises:
        ValueError: they are of several kinds.
    """
    smallest = min(quantities, key=lambda each: each.size)
    return [each.in_unit_of(smallest) for each in quantities]


def shown(number: Decimal) -> str:
    """A number in digits, never with an exponent."""
    return f"{number:f}"


def together(qualifiers: Sequence[Qualifier]) -> Qualifier:
    """What a sum of quantities that are told so is."""
    told = set(qualifiers) - {""}
    if len(told) < 2:
        return told.pop() if told else ""
    bounds = {_BOUNDS.get(each, 0) for each in told}
    if bounds == {1}:
        return "超过"
    return "不到" if bounds == {-1} else "约"


def opposite(qualifier: Qualifier) -> Qualifier:
    """What the rest is, where what is taken away is told so."""
    return _OPPOSITE.get(qualifier, qualifier)


def _of_kind(unit: str) -> tuple[str, Decimal]:
    """The kind of a unit and how much of the kind's smallest unit it is; a plural is no other unit."""
    singular = unit.removesuffix("s") if len(unit) > len(_SYMBOL) and unit.isascii() else unit
    return _OF_KIND.get(unit) or _OF_KIND.get(singular.lower() if singular != unit else unit) or (singular, Decimal(1))


def _word(text: str) -> str:
    """A multiple or unit as it stands behind a number: English words after a blank."""
    return f" {text}" if len(text) > len(_SYMBOL) and text.isascii() and text.isalpha() else text


def _plain(number: Decimal) -> Decimal:
    """A number without noughts behind its decimals."""
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()


def _quantity(text: str, measure: Measure) -> Quantity | None:
    figure = measure.figure
    before, after = text[: figure.start], text[measure.end :]
    if _RANGE_BEFORE.search(before) or _RANGE_AFTER.match(text[figure.end :]) or _RANGE_AFTER.match(after):
        return None
    match = _MULTIPLE.search(figure.written.strip()) if not figure.kind else None
    multiple = match[0] if match else ""
    digits = _DIGITS.search(figure.written)
    amount = Decimal(digits[0].replace(",", "").replace("，", "")) if digits else figure.value
    if amount * _MULTIPLES.get(multiple.lower(), 1) != figure.value:  # 三成五
        amount, multiple = figure.value, ""
    unit, end = f"个{figure.kind}" if figure.kind == "百分点" else measure.unit, measure.end
    if not figure.kind:
        unit, end = _unit_at(text, figure.end)
        if currency := _CURRENCY.search(before):
            unit = {"RMB": "元", "CNY": "元", "￥": "元"}.get(currency[0].strip(), currency[0].strip())
    start, end = min(measure.start, figure.start), max(end, measure.rest if measure.qualifier else end)
    return Quantity(amount, multiple, unit, _qualifier(measure.qualifier, text[start:end]), start, end)


def _qualifier(found: str, written: str) -> Qualifier:
    """How a quantity is bounded, of which the kind of bound is known."""
    if found == "超过":
        return "至少" if _NO_LESS.search(written) or written.endswith("以上") else "超过"
    if found == "不到":
        return "不超过" if _NO_MORE.search(written) or written.endswith(("以内", "以下")) else "不到"
    return "近" if found == "近" else "约" if found else ""


def _unit_at(text: str, place: int) -> tuple[str, int]:
    """The unit that follows a number, the longest that is one, and where it ends."""
    first = place + (text.startswith(" ", place))
    first += text[first : first + 1] in ("多", "余") and bool(text[first : first + 1])
    for length in range(LONGEST_UNIT, 0, -1):
        unit, end = text[first : first + length], first + length
        is_cut = unit[-1:].isascii() and bool(_LATIN.match(text, end))
        if len(unit) == length and is_unit(unit) and unit[0] != "/" and not is_cut:
            if unit == "个" and text.startswith("月", end):
                return "个月", end + 1
            per = _PER.match(text, end)
            return (unit + per[0], per.end()) if per else (unit, end)
    match = _ENGLISH_UNIT.match(text, place)
    return (match[1], match.end()) if match else ("", place)
