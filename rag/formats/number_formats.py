"""Numbers of a spreadsheet as their number format shows them: ``0.125`` with ``0.0%`` is ``12.5%``.

A format has up to four sections, for positive and negative numbers, zero and text (ECMA-376, part 1, 18.8.31). What only
concerns the look is left away: colours, padding, Chinese numerals (``[DBNum1]``) of plain numbers.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache

from rag.formats.serial_dates import shown_date

_LONGEST_FORMAT = 1_000  # characters; Excel itself allows 255
_BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: "¥#,##0;¥-#,##0", 6: "¥#,##0;¥-#,##0",
    7: "¥#,##0.00;¥-#,##0.00", 8: "¥#,##0.00;¥-#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"',
    30: "yyyy-mm-dd", 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"', 34: '上午/下午h"时"mm"分"',
    35: '上午/下午h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"', 37: "#,##0;-#,##0", 38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 41: '#,##0;-#,##0;"-"', 42: '¥#,##0;¥-#,##0;"-"',
    43: '#,##0.00;-#,##0.00;"-"', 44: '¥#,##0.00;¥-#,##0.00;"-"', 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
    48: "##0.0E+0", 49: "@", 50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"',
    54: 'm"月"d"日"', 55: '上午/下午h"时"mm"分"', 56: '上午/下午h"时"mm"分"ss"秒"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
"""The formats that a file names by number only, as a Chinese Excel shows them; the short date unambiguously."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)[^\]]*\]'
    r"|\[(?P<condition>[<>=]+-?[\d.]+)\]|\[(?P<elapsed>h+|m+|s+)\]|\[(?P<other>[^\]]*)\]|(?P<general>General|G/通用格式)"
    r"|(?P<exponent>E[+-])|(?P<noon>AM/PM|A/P|上午/下午)|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|a{3,4}|e+)|(?P<digit>[0#?])"
    r"|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<value>@)|(?P<fraction>/)|(?P<plain>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"([<>=]+)(-?[\d.]+)")
_PRECISE = Context(prec=40)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a format: its kind (a group of the pattern, ``text`` for what stands in it literally), its text."""

    kind: str
    text: str


_SHOWN = frozenset({"text", "percent"})


@dataclass(frozen=True, slots=True)
class _Digits:
    """How a section writes a number: computed once, as a sheet has thousands of numbers of one format.

    Attributes:
        first: place of the first digit's token.
        point: place of the decimal point's, or behind the last token.
        decimals: the digits behind it, ``0``, ``#`` or ``?`` each.
        factor: what the number is multiplied by, for per cent signs and commas behind the digits.
        grouped: whether thousands are parted.
        exponent: how many digits the exponent has; 0 for none.
    """

    first: int
    point: int
    decimals: tuple[str, ...]
    factor: Decimal
    grouped: bool
    exponent: int


@dataclass(frozen=True, slots=True)
class _Section:
    tokens: tuple[Token, ...]
    condition: tuple[str, Decimal] | None
    is_date: bool
    is_text: bool
    is_general: bool
    digits: _Digits | None


def _section(tokens: list[Token], condition: tuple[str, Decimal] | None) -> _Section:
    kinds = {token.kind for token in tokens}
    # A fraction (# ?/?) is shown as the decimal that it stands for.
    return _Section(
        tuple(tokens), condition, bool(kinds & {"date", "elapsed"}), "value" in kinds,
        bool(kinds & {"general", "fraction", "value"}), _digits(tokens),
    )  # fmt: skip


def _digits(tokens: list[Token]) -> _Digits | None:
    places = [place for place, token in enumerate(tokens) if token.kind == "digit"]
    if not places:
        return None
    at = next((place for place, token in enumerate(tokens) if token.kind == "exponent"), len(tokens))
    point = next((place for place, token in enumerate(tokens[:at]) if token.kind == "point"), at)
    whole_end = max((place for place in places if place < point), default=-1)
    # Commas behind the last digit, or behind the last one before the point, divide by a thousand each.
    scale = 0
    for place in {whole_end, max(place for place in places if place < at or at == len(tokens))}:
        beyond = place + 1
        while beyond < len(tokens) and tokens[beyond].kind == "comma":
            scale, beyond = scale + 1, beyond + 1
    return _Digits(
        first=places[0],
        point=point,
        decimals=tuple(tokens[place].text for place in places if point < place < at),
        factor=Decimal(10) ** (2 * sum(token.kind == "percent" for token in tokens) - 3 * scale),
        grouped=any(token.kind == "comma" and places[0] < place < whole_end for place, token in enumerate(tokens)),
        exponent=sum(place > at for place in places),
    )


def built_in(number: int) -> str:
    """The format that a file names by this number only; ``General`` where there is none."""
    return _BUILT_IN.get(number, "General")


def shown_number(value: str, format_code: str, *, from_1904: bool = False) -> str:
    """A number as its format shows it; empty where the format hides it.

    Args:
        value: the number as the file spells it (``0.125``, ``45356``).
        format_code: the format, such as ``#,##0.00`` or ``yyyy"年"m"月"d"日"``.
        from_1904: whether days are counted from 1904 on, else from 1900.
    """
    try:
        number = Decimal(repr(float(value))) if len(value) > 15 else Decimal(value)
        number = Context(prec=15).plus(number)  # what a spreadsheet shows of a binary fraction
    except (InvalidOperation, ValueError, OverflowError):
        return value.strip()
    if not number.is_finite() or abs(number.adjusted()) > 60:
        return value.strip()
    sections = _sections(format_code)
    section, number = _section_for(number, sections)
    if section.is_date:
        return shown_date(float(number), section.tokens, from_1904) or _general(number)
    return _shown(number, section)


def shown_text(value: str, format_code: str) -> str:
    """A text as its cell's format shows it; almost always unchanged."""
    sections = _sections(format_code)
    section = sections[3] if len(sections) > 3 else sections[-1]
    if not section.is_text:
        return value if len(sections) < 4 else _literals(section)
    return "".join(value if token.kind == "value" else token.text for token in section.tokens)


@lru_cache(maxsize=512)
def _sections(format_code: str) -> tuple[_Section, ...]:
    sections: list[_Section] = []
    tokens: list[Token] = []
    condition: tuple[str, Decimal] | None = None
    for match in _TOKEN.finditer(format_code[:_LONGEST_FORMAT] + ";"):
        kind, text = match.lastgroup or "", match[match.lastgroup] if match.lastgroup else ""
        if kind == "plain" and text == ";":
            sections.append(_section(tokens, condition))
            tokens, condition = [], None
        elif kind == "condition" and (found := _CONDITION.fullmatch(text)):
            try:
                condition = found[1], Decimal(found[2])
            except InvalidOperation:
                continue
        elif kind == "other" and text.upper().startswith("DBNUM"):
            tokens.append(Token("numerals", text[5:]))
        elif kind in ("quoted", "escaped", "currency", "plain"):
            tokens.append(Token("text", text))
        elif kind not in ("", "other"):
            tokens.append(Token(kind, text))
    return tuple(sections[:4])


def _section_for(number: Decimal, sections: tuple[_Section, ...]) -> tuple[_Section, Decimal]:
    """The section that shows a number, and the number without the sign that the section itself writes."""
    numeric = sections[:3]
    if any(section.condition for section in numeric):
        compare = {"<": number.__lt__, "<=": number.__le__, ">": number.__gt__, ">=": number.__ge__}
        compare |= {"=": number.__eq__, "<>": number.__ne__}
        for section in numeric:
            if not section.condition or compare.get(section.condition[0], bool)(section.condition[1]):
                return section, number
        return numeric[-1], number
    if number < 0 and len(numeric) > 1:
        return numeric[1], abs(number)
    if number == 0 and len(numeric) > 2:
        return numeric[2], number
    return numeric[0], number


def _shown(number: Decimal, section: _Section) -> str:
    digits = section.digits
    if section.is_general:
        around = [token.text if token.kind == "text" else "\0" for token in section.tokens]
        before, _, after = "".join(around).partition("\0")
        return f"{before}{_general(number)}{after.replace(chr(0), '')}".strip()
    if digits is None:
        return _literals(section)
    if digits.exponent:
        shown, _, power = f"{number:.{len(digits.decimals)}E}".partition("E")
        return f"{shown}E{power[0]}{power[1:].zfill(digits.exponent)}"
    number = _PRECISE.multiply(number, digits.factor)
    rounded = number.quantize(Decimal(1).scaleb(-len(digits.decimals)), ROUND_HALF_UP, _PRECISE)
    whole, _, fraction = f"{abs(rounded):f}".partition(".")
    kept = len(fraction)
    while kept and fraction[kept - 1] == "0" and digits.decimals[kept - 1] != "0":
        kept -= 1
    sign = "-" if rounded < 0 else ""
    return (sign + _filled(section.tokens, digits, whole, fraction[:kept])).strip()


def _filled(tokens: tuple[Token, ...], digits: _Digits, whole: str, fraction: str) -> str:
    """The section with digits in its places: those before the point from the right, the first place takes the rest."""
    pieces: list[str] = []
    rest = "" if whole == "0" else whole
    count = 0
    for place in range(digits.point - 1, -1, -1):
        token = tokens[place]
        if token.kind in _SHOWN:
            pieces.append(token.text)
        elif token.kind == "digit":
            wanted = len(rest) if place == digits.first else 1
            taken = rest[len(rest) - wanted :] if rest and wanted else ""
            rest = rest[: len(rest) - len(taken)]
            for digit in reversed(taken or ("0" if token.text == "0" else "")):
                pieces.append("," if digits.grouped and count and count % 3 == 0 else "")
                pieces.append(digit)
                count += 1
    shown = "".join(reversed(pieces))
    position = 0
    for token in tokens[digits.point :]:
        if token.kind in _SHOWN:
            shown += token.text
        elif token.kind == "point" and fraction:
            shown += "."
        elif token.kind == "digit":
            shown += fraction[position : position + 1]
            position += 1
    return shown


def _literals(section: _Section) -> str:
    return "".join(token.text for token in section.tokens if token.kind == "text").strip()


def _general(number: Decimal) -> str:
    """A number without a format: no exponent within the sizes that people write out."""
    plain = number.normalize()
    return f"{plain:f}" if -10 < plain.adjusted() < 21 or not plain else f"{plain:E}"
