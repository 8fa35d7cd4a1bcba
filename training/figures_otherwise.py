"""Figures of a text written another way, with the same value or with another.

``45.6万吨`` is ``四十五万六千吨`` and ``456,000吨``, and not ``54.6万吨`` nor ``四百五十六万吨``. These rules make training
data; nothing of them runs in an answer.
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from rag.text.figures import DATES, Figure, figures_in

DIGITS = "零一二三四五六七八九"
PLACES = (("亿", 10**8), ("万", 10**4))
MOST_DIGITS_SPOKEN = 4
"""Figures with more digits than that are not written in characters."""
WORDS = (("公里", "千米"), ("公斤", "千克"), ("平方米", "平米"), ("毫升", "ml"), ("毫克", "mg"), ("摄氏度", "℃"))
"""Units, each with what it is called as well."""
CLOCK = re.compile(
    r"(?<![\d:：])(上午|下午|晚上|早上|凌晨|晚|早)?([01]?\d|2[0-3])(?:[:：]|时|点)(?:([0-5]\d)分?|整)?(?![\d个间段以])"
)
AT_LEAST = re.compile(r"(?:不低于|不少于|至少)(?:为|要|需)?([\d.,]+(?:[%％万亿千百]|[一-鿿]{1,2}(?=[，。；、,;]))*)")
AT_MOST = re.compile(r"(?:不超过|不高于|最多)(?:为)?([\d.,]+(?:[%％万亿千百]|[一-鿿]{1,2}(?=[，。；、,;]))*)")
AND_MORE = re.compile(r"([\d.,]+[%％万亿千百]?[一-鿿]{0,2}?)及?以上")
AND_LESS = re.compile(r"([\d.,]+[%％万亿千百]?[一-鿿]{0,2}?)及?以[下内]")
OTHER_BOUNDS = {
    "超过": "不足",
    "逾": "不足",
    "不足": "超过",
    "不到": "超过",
    "至少": "最多",
    "不低于": "不超过",
    "不少于": "不超过",
    "不超过": "不低于",
    "以上": "以下",
    "以下": "以上",
    "以内": "以上",
}
"""Bounds, each with one that says the opposite."""
BOUND = re.compile("|".join(OTHER_BOUNDS))


def told_otherwise(text: str, chance: random.Random, share: float = 0.7) -> str:
    """The text with its figures, times, bounds and units written another way and their values kept.

    Args:
        share: of what can be written otherwise.
    """
    for figure in reversed(_figures(text)):
        if chance.random() < share:
            # Two in three in another way than they are.
            ways = [way for way in _writings(figure) if way != figure.written or chance.random() < 0.3]
            text = text[: figure.start] + chance.choice(ways or [figure.written]) + text[figure.end :]
    rewritten: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
        (CLOCK, lambda match: _clock(match, chance)),
        (AT_LEAST, lambda match: f"{match[1]}以上"),
        (AT_MOST, lambda match: match[1] + chance.choice(("以内", "以下"))),
        (AND_MORE, lambda match: chance.choice(("不低于", "不少于", "至少")) + match[1]),
        (AND_LESS, lambda match: "不超过" + match[1]),
    )
    bounds = chance.choice((rewritten[1:3], rewritten[3:]))  # not there and back
    for pattern, write in (rewritten[0], *bounds):
        if chance.random() < share / 2:
            text = pattern.sub(write, text)
    for words in WORDS:
        for one, other in (words, words[::-1]):
            if one in text and chance.random() < share / 2:
                text = re.sub(rf"(?<=[\d万亿])\s*{one}(?![A-Za-z])", other, text)
                break
    return text


def with_another_value(text: str, chance: random.Random) -> tuple[str, tuple[int, int]] | None:
    """The text with one figure of another value, written in any way, and where it stands; None where it has none."""
    figures = _figures(text)
    if not figures:
        return None
    figure = chance.choice(figures)
    value = _another(figure, chance)
    writings = list(_writings(replace(figure, value=value)))
    if value == figure.value or not writings:
        return None
    written = chance.choice(writings)
    return text[: figure.start] + written + text[figure.end :], (figure.start, figure.start + len(written))


def with_another_bound(text: str, chance: random.Random) -> tuple[str, tuple[int, int]] | None:
    """``不足40%`` in place of ``超过40%``, and where the bound stands; None where there is none beside a figure."""
    bounds = [
        match
        for match in BOUND.finditer(text)
        if re.match(r"\d", text[match.end() :]) or re.search(r"\d[%％万亿千百]?[一-鿿]{0,2}及?$", text[: match.start()])
    ]
    if not bounds:
        return None
    match = chance.choice(bounds)
    other = OTHER_BOUNDS[match[0]]
    return text[: match.start()] + other + text[match.end() :], (match.start(), match.start() + len(other))


def _figures(text: str) -> list[Figure]:
    """Those that stand for a count or measure, none within another."""
    found: list[Figure] = []
    for figure in sorted(figures_in(text), key=lambda each: each.start):
        after, before = text[figure.end : figure.end + 1], text[max(figure.start - 1, 0) : figure.start]
        is_named = before and (before in "第-/.:：—~～至到点时" or (before.isascii() and before.isalpha()))
        goes_on = after and after in "-/.:：—~～时点分至到多余"
        if not is_named and not goes_on and (not found or figure.start >= found[-1].end) and figure.kind != "季度":
            found.append(figure)
    return found


def _writings(figure: Figure) -> Iterator[str]:
    """Ways to write a figure. Ways in digits come twice: they are commoner."""
    value = figure.value
    if figure.kind == "年" and 1900 <= value < 2100:
        yield f"{value:f}年"
        yield "".join("〇一二三四五六七八九"[int(digit)] for digit in f"{value:f}") + "年"
        return
    spoken = spoken_of(value)
    if figure.kind in DATES:
        unit = _unit(figure)
        yield f"{value:f}{unit}"
        if figure.kind == "日":
            yield f"{value:f}{'号' if unit == '日' else '日'}"
        if spoken:
            yield f"{spoken}{unit}"
        return
    if figure.kind == "%":
        yield f"{_plain(value)}%"
        yield f"百分之{_plain(value)}"
        if spoken:
            yield f"百分之{spoken}"
        if value % 10 == 0 and 10 <= value <= 90:
            yield f"{DIGITS[int(value) // 10]}成"
        return
    unit = {"百分点": "个百分点", "倍": "倍", "‰": "‰"}.get(figure.kind, "")
    if value < 10**9:
        yield f"{_plain(value)}{unit}"
        if value >= 1000:
            whole, point, decimals = _plain(value).partition(".")
            yield f"{int(whole):,}{point}{decimals}{unit}"
    for name, size in PLACES:
        if value >= size and len(_plain(value / size)) <= 7:
            yield f"{_plain(value / size)}{name}{unit}"
            yield f"{_plain(value / size)}{name}{unit}"
    if spoken:
        yield f"{spoken}{unit}"


def spoken_of(value: Decimal) -> str:
    """A number in characters, ``四十五万六千``; empty for one with many digits."""
    if len(_plain(value).replace(".", "").strip("0")) > MOST_DIGITS_SPOKEN or value >= 10**12:
        return ""
    whole, _, decimals = _plain(value).partition(".")
    told = _spoken_whole(int(whole))
    return told + ("点" + "".join(DIGITS[int(digit)] for digit in decimals) if decimals else "")


def _spoken_whole(value: int) -> str:
    for name, size in PLACES:
        if value >= size:
            rest = value % size
            gap = "零" if rest and rest < size // 10 else ""
            return _spoken_whole(value // size) + name + gap + (_spoken_whole(rest) if rest else "")
    told = ""
    for name, size in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit = value // size % 10
        if digit:
            told += DIGITS[digit] + name
        elif told and value % size and not told.endswith("零"):
            told += "零"
    return (told[1:] if told.startswith("一十") else told) or "零"


def _another(figure: Figure, chance: random.Random) -> Decimal:
    """A value near this one: a digit changed, two changed about, another scale."""
    digits = f"{figure.value:f}"
    places = [
        place
        for place, character in enumerate(digits)
        if character.isdigit() and (character != "0" or len(digits) == 1)
    ]
    way = chance.random()
    if figure.kind in DATES:
        most = {"月": 12, "日": 28}.get(figure.kind)
        value = figure.value + chance.choice((-2, -1, 1, 2, 3))
        return Decimal((int(value) - 1) % most + 1) if most else value
    if way < 0.2 and figure.kind != "%":
        return figure.value * chance.choice((10, 100)) if way < 0.1 else figure.value / 10
    if way < 0.4 and len(places) > 1:
        one = chance.randrange(len(places) - 1)
        first, second = places[one], places[one + 1]
        turned = list(digits)
        turned[first], turned[second] = turned[second], turned[first]
        return Decimal("".join(turned))
    if not places:
        return figure.value + 1
    place = chance.choice(places)
    return Decimal(digits[:place] + chance.choice("123456789") + digits[place + 1 :])


def _plain(value: Decimal) -> str:
    """Without an exponent and without zeros at the end of its decimals."""
    told = f"{value:f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def _clock(match: re.Match[str], chance: random.Random) -> str:
    """A time of day another way: ``14:30``, ``14时30分``, ``下午2点半``."""
    part, hour, minute = match[1] or "", int(match[2]), int(match[3] or 0)
    if part in ("下午", "晚上", "晚") and hour < 12:
        hour += 12
    named = ("凌晨", "上午", "下午", "晚上")[(hour >= 6) + (hour >= 12) + (hour >= 18)]
    of_twelve = hour - 12 if hour > 12 else hour
    minutes = "" if not minute else "半" if minute == 30 else f"{minute}分"
    in_words = spoken_of(Decimal(of_twelve)) if of_twelve != 2 else "两"
    return chance.choice(
        (
            f"{hour}:{minute:02}",
            f"{hour}时{f'{minute}分' if minute else ''}",
            f"{named}{of_twelve}点{minutes}",
            f"{named}{in_words}点{minutes}",
        )
    )


def _unit(figure: Figure) -> str:
    """The unit of a part of a date as it is written."""
    return figure.written[-1] if figure.written[-1] in "年月日号" else figure.kind
