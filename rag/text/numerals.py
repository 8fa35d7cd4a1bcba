"""Numbers written in Chinese, rewritten in digits, so that ``rag.text.figures`` reads them as the same figures.

``一万二千`` and ``1万2千`` become ``12000``, ``二〇二三年`` ``2023年``, ``百分之二十七点五`` ``百分之27.5``. Only what surely is a
number is rewritten: ``十分``, ``统一``, ``万一``, ``第一``, ``十四五`` and ``三四百`` stay as they are.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

LONGEST = 60
"""Characters beyond which a numeral is none: the longest in use has about 40."""

DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
"""What each Chinese digit stands for."""
PLACES = {"十": 10, "百": 100, "千": 1000}
"""What a digit is multiplied by before each of these."""
_MYRIADS = {"万": 10**4, "亿": 10**8}
_MULTIPLES = PLACES | _MYRIADS | {"百万": 10**6, "千万": 10**7, "万亿": 10**12}
_RUN = re.compile(
    "(?<![第几数零〇一二两三四五六七八九十百千万亿.\\d])[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?"
)
_BEFORE_UNIT = re.compile("年(?!代)|月|[日号](?!称)|季度|倍|个|家|座|项|户|辆|人次?|名|亿|万(?!一)|元|吨|公里|%")
_AFTER_HUNDREDTHS = re.compile("百分之$")
_PARTS = re.compile(
    r"(?<![\d.,])\d+(?:\.\d+)?(?:万亿|百万|千万|[亿万千百])(?:零?\d+(?:\.\d+)?(?:百万|千万|[亿万千百]))+(?!亿|万)"
)
_PART = re.compile(r"(\d+(?:\.\d+)?)(万亿|百万|千万|[亿万千百])")


def in_digits(text: str) -> str:
    """A text with its Chinese numerals in digits."""
    return _PARTS.sub(_summed, _RUN.sub(_rewritten, text))


def in_digits_with_places(text: str) -> tuple[str, list[int]]:
    """A text with its Chinese numerals in digits, and where each of its characters stood.

    Returns:
        The text, and one place more than it has characters: characters ``start`` to ``end`` of it stand at
        ``places[start]`` to ``places[end]`` of the text given; a rewritten numeral begins and ends where it did.
    """
    places = list(range(len(text) + 1))
    for pattern, rewrite in ((_RUN, _rewritten), (_PARTS, _summed)):
        pieces: list[str] = []
        kept: list[int] = []
        end = 0
        for match in pattern.finditer(text):
            written = rewrite(match)
            pieces += [text[end : match.start()], written]
            kept += places[end : match.start()] + [places[match.start()]] * len(written)
            end = match.end()
        text, places = "".join([*pieces, text[end:]]), kept + places[end:]
    return text, places


def value_of(numeral: str) -> Decimal | None:
    """Value of a well-formed Chinese numeral: ``一万二千`` is 12000; None for ``十四五``, ``三四百`` and the like."""
    if len(numeral) > LONGEST:
        return None
    whole, _, decimals = numeral.partition("点")
    if not set(whole) & (PLACES.keys() | _MYRIADS.keys()):
        value: int | None = int("".join(str(DIGITS[character]) for character in whole))
    else:
        value = _value(whole)
    if value is None or not decimals:
        return None if value is None else Decimal(value)
    return Decimal(f"{value}." + "".join(str(DIGITS[character]) for character in decimals))


def _value(numeral: str) -> int | None:
    """Value of a numeral with places: that of each stretch before a myriad, times it, and what stands behind."""
    return _stepped(numeral, "亿", lambda stretch: _stepped(stretch, "万", _below_ten_thousand))


def _stepped(numeral: str, myriad: str, value_of_stretch: Callable[[str], int | None]) -> int | None:
    first, *others = numeral.split(myriad)
    size, value = _MYRIADS[myriad], value_of_stretch(first)
    for stretch in others:
        behind = value_of_stretch(stretch.removeprefix("零")) if stretch else 0
        if value is None or behind is None or behind >= size:
            return None
        # 一万二 is 12,000: a digit alone behind a myriad counts its tenth.
        value = value * size + (behind * size // 10 if _is_digit(stretch) else behind)
    return value


def _below_ten_thousand(numeral: str) -> int | None:
    """Value of a numeral of 千, 百 and 十 in falling order: ``三百零五`` is 305, ``三百五`` 350, ``十五`` 15."""
    match = re.fullmatch(
        "(?:([一二两三四五六七八九])千)?(零)?(?:([一二两三四五六七八九])百)?(零)?(?:([一二三四五六七八九])?(十))?([一二两三四五六七八九])?",
        numeral,
    )
    if not match or not numeral:
        return None
    thousands, _, hundreds, zero, tens, ten, ones = match.groups()
    value = 1000 * DIGITS.get(thousands or "", 0) + 100 * DIGITS.get(hundreds or "", 0)
    value += 10 * (DIGITS[tens] if tens else 1) if ten else 0
    last = DIGITS.get(ones or "", 0)
    short = bool(ones) and not ten and not zero and not match[2]
    if short and (hundreds or thousands):
        return value + last * (10 if hundreds else 100)
    return value + last


def _is_digit(numeral: str) -> bool:
    return len(numeral) == 1 and numeral in DIGITS


def _rewritten(match: re.Match[str]) -> str:
    numeral = match[0]
    value = value_of(numeral)
    return numeral if value is None or not _is_surely_a_number(numeral, match) else f"{value:f}"


def _is_surely_a_number(numeral: str, match: re.Match[str]) -> bool:
    """Whether a numeral counts something: it has a decimal point or a unit, or is put together from digits and places."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    if "点" in numeral or _AFTER_HUNDREDTHS.search(before):
        return True
    digits, places = set(numeral) & DIGITS.keys(), set(numeral) & _MULTIPLES.keys()
    if not places:
        return bool(_BEFORE_UNIT.match(after)) if len(numeral) == 1 else len(numeral) == 4 and after.startswith("年")
    return bool(digits) if len(numeral) > 1 and numeral[0] in DIGITS else bool(_BEFORE_UNIT.match(after))


def _summed(match: re.Match[str]) -> str:
    """``3万5千`` as ``35000``, where each multiple is smaller than the one before it."""
    parts = [(Decimal(amount), _MULTIPLES[multiple]) for amount, multiple in _PART.findall(match[0])]
    if any(later >= earlier for (_, earlier), (_, later) in pairwise(parts)):
        return match[0]
    return f"{sum((amount * multiple for amount, multiple in parts), Decimal(0)).normalize():f}"
