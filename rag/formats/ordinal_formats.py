"""Numbers as a list shows them: ``3`` as 三, 叁, 〇三, ③, III, c and so on, by the names that Word's formats have."""

from collections.abc import Callable

_DIGITS = "〇一二三四五六七八九"
_CIRCLE_DIGITS = "○一二三四五六七八九"
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_LARGEST_ROMAN = 3999
_LARGEST_LETTER = 780  # thirty letters, as in Word
_LARGEST_COUNTED = 99_999_999


def shown(number: int, number_format: str) -> str:
    """A number from 0 in a format of Word (``chineseCounting``); plain digits where the format has no form of it."""
    write = _FORMATS.get(number_format)
    return (write(number) if write else "") or str(number)


def _counted(number: int, digits: str, units: str, zero: str, ten_alone: bool, one_written: bool = True) -> str:
    """A number in words.

    Args:
        number: from 0.
        digits: ten characters, from zero to nine.
        units: ten, hundred, thousand, ten thousand.
        zero: what stands for units that are skipped.
        ten_alone: whether 10 to 19 begin with ten itself (十一, not 一十一).
        one_written: whether one stands before hundred and thousand (一百, not 百).
    """
    if not 0 < number <= _LARGEST_COUNTED:
        return digits[0] if number == 0 else ""
    above, below = divmod(number, 10_000)
    text = _counted(above, digits, units, zero, ten_alone, one_written) + units[3] if above else ""
    skipped = bool(above) and below < 1000
    for place in (3, 2, 1, 0):
        digit = below // 10**place % 10
        if not digit:
            skipped = bool(text)
            continue
        text += zero if skipped and text else ""
        skipped = False
        is_bare = place > 0 and digit == 1 and (not one_written or (place == 1 and ten_alone and not text))
        text += ("" if is_bare else digits[digit]) + (units[place - 1] if place else "")
    return text


def _digit_by_digit(digits: str) -> Callable[[int], str]:
    return lambda number: "".join(digits[int(digit)] for digit in str(number))


def _below_hundred_counted(digits: str) -> Callable[[int], str]:
    """Tens are counted, and from a hundred on digits stand side by side, as Word does."""
    return lambda number: (
        _counted(number, digits, "十百千万", "", True) if number < 100 else _digit_by_digit(digits)(number)
    )


def _roman(number: int) -> str:
    if not 0 < number <= _LARGEST_ROMAN:
        return ""
    text = ""
    for size, letters in _ROMAN:
        text += letters * (number // size)
        number %= size
    return text


def _letter(number: int) -> str:
    """A to Z, then AA, BB and so on."""
    if not 0 < number <= _LARGEST_LETTER:
        return ""
    times, place = divmod(number - 1, 26)
    return chr(ord("A") + place) * (times + 1)


def _one_of(characters: str, first: int = 1) -> Callable[[int], str]:
    return lambda number: characters[number - first] if first <= number < first + len(characters) else ""


def _run(first: str, count: int) -> str:
    return "".join(chr(ord(first) + place) for place in range(count))


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_CIRCLED = _one_of("⓪" + _run("①", 20) + _run("㉑", 15) + _run("㊱", 15), first=0)
_SIMPLIFIED = "零一二三四五六七八九"
_FULL_WIDTH = "０１２３４５６７８９"


def _thousands(number: int) -> str:
    return _counted(number, _SIMPLIFIED, "十百千万", "零", True)


_FORMATS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "decimalFullWidth": _digit_by_digit(_FULL_WIDTH),
    "decimalFullWidth2": _digit_by_digit(_FULL_WIDTH),
    "decimalEnclosedCircle": _CIRCLED,
    "decimalEnclosedCircleChinese": _CIRCLED,
    "decimalEnclosedFullstop": _one_of(_run("⒈", 20)),
    "decimalEnclosedParen": _one_of(_run("⑴", 20)),
    "ideographEnclosedCircle": _one_of(_run("㊀", 10)),
    "ideographDigital": _digit_by_digit(_DIGITS),
    "japaneseDigitalTenThousand": _digit_by_digit(_DIGITS),
    "taiwaneseDigital": _digit_by_digit(_CIRCLE_DIGITS),
    "chineseCounting": _below_hundred_counted(_CIRCLE_DIGITS),
    "taiwaneseCounting": _below_hundred_counted(_CIRCLE_DIGITS),
    "chineseCountingThousand": _thousands,
    "taiwaneseCountingThousand": _thousands,
    "chineseLegalSimplified": lambda number: _counted(number, "零壹贰叁肆伍陆柒捌玖", "拾佰仟万", "零", False),
    "ideographLegalTraditional": lambda number: _counted(number, "零壹貳參肆伍陸柒捌玖", "拾佰仟萬", "零", False),
    "japaneseCounting": lambda number: _counted(number, _DIGITS, "十百千万", "", True, one_written=False),
    "japaneseLegal": lambda number: _counted(number, "〇壱弐参四伍六七八九", "拾百阡萬", "", False),
    "ideographTraditional": _one_of("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _one_of("子丑寅卯辰巳午未申酉戌亥"),
    "upperRoman": _roman,
    "lowerRoman": lambda number: _roman(number).lower(),
    "upperLetter": _letter,
    "lowerLetter": lambda number: _letter(number).lower(),
    "ordinal": _ordinal,
    "numberInDash": lambda number: f"- {number} -",
}
