"""Days and times of a spreadsheet, which it keeps as numbers: days since 1900 or 1904, times as parts of a day."""

import datetime
from collections.abc import Sequence
from typing import Any

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CHINESE_WEEKDAYS = "一二三四五六日"
_CHINESE_DIGITS = "〇一二三四五六七八九"
_MICROSECONDS = 86_400_000_000
_LAST_DAY = 2_958_465  # 9999-12-31


def shown_date(serial: float, tokens: Sequence[Any], from_1904: bool) -> str:
    """A day or time as its format shows it; empty where the number stands for none.

    A day that does not begin with the full year (``3/5/24``, ``5-Mar-24``) is written ``2024-03-05``, a month ``2024-03``:
    what is shown would not tell which number is which.

    Args:
        serial: days, and the time as part of a day.
        tokens: pieces of the format, each with ``kind`` and ``text`` (:class:`rag.formats.number_formats.Token`).
        from_1904: whether days are counted from 1904 on, else from 1900.
    """
    if not 0 <= serial <= _LAST_DAY:
        return ""
    finest = next((len(token.text) - token.text.find(".") - 1 for token in tokens if ".0" in token.text), 0)
    unit = 10 ** (6 - min(finest, 6))
    moment = round(serial * _MICROSECONDS / unit) * unit
    days, time = divmod(moment, _MICROSECONDS)
    day = _day(days, from_1904)
    kinds = [
        "h" if token.kind == "elapsed" else token.text[0].lower() if token.kind == "date" else "" for token in tokens
    ]
    if day is None:
        if set(kinds) & set("yde"):
            return ""
        day = datetime.date(1900, 1, 1)
    chinese = any(token.kind == "numerals" for token in tokens)
    half_day = any(token.kind == "noon" for token in tokens)
    dated = [place for place, kind in enumerate(kinds) if kind in ("y", "e", "m", "d") and not _minutes(kinds, place)]
    spelled = {}
    if _is_ambiguous(tokens, kinds, dated):
        spelled = dict.fromkeys(range(dated[0], dated[-1] + 1), "")
        spelled[dated[0]] = day.isoformat() if "d" in kinds else f"{day:%Y-%m}"
    shown = ""
    for place, token in enumerate(tokens):
        if place in spelled:
            shown += spelled[place]
        elif token.kind == "elapsed":
            seconds = moment // 1_000_000
            whole = seconds // {"h": 3600, "m": 60, "s": 1}[token.text[0].lower()]
            shown += str(whole).zfill(len(token.text))
        elif token.kind == "noon":
            morning, _, afternoon = token.text.partition("/")
            shown += morning if time < _MICROSECONDS // 2 else afternoon
        elif token.kind == "date":
            as_minutes = _minutes(kinds, place)
            shown += _part(token.text, day, time, as_minutes=as_minutes, half_day=half_day, chinese=chinese)
        elif token.kind in ("text", "point", "comma", "percent", "fraction", "digit"):
            shown += token.text
    return shown.strip()


def _day(days: int, from_1904: bool) -> datetime.date | None:
    """The day of a number of days; none for 0, and for 29 February 1900, which only spreadsheets know."""
    if from_1904:
        return datetime.date(1904, 1, 1) + datetime.timedelta(min(days, _LAST_DAY - 1462))
    if days in (0, 60):
        return None
    return datetime.date(1899, 12, 31 if days < 60 else 30) + datetime.timedelta(days)


def _minutes(kinds: Sequence[str], place: int) -> bool:
    """Whether an ``m`` means minutes: it stands behind hours or before seconds."""
    if kinds[place] != "m":
        return False
    before = next((kind for kind in reversed(kinds[:place]) if kind), "")
    after = next((kind for kind in kinds[place + 1 :] if kind), "")
    return before == "h" or after == "s"


def _is_ambiguous(tokens: Sequence[Any], kinds: Sequence[str], dated: Sequence[int]) -> bool:
    years = [len(tokens[place].text) for place in dated if kinds[place] == "y"]
    if len(years) != 1 or "m" not in {kinds[place] for place in dated}:
        return False
    if any("\u4e00" <= each <= "\u9fff" for token in tokens[dated[0] : dated[-1] + 2] for each in token.text):
        return False  # 24年3月5日
    named = any(len(tokens[place].text) > 2 for place in dated if kinds[place] in "md")
    in_order = kinds[dated[0]] == "y" or named or "d" not in kinds
    return years[0] < 3 or not in_order


def _part(code: str, day: datetime.date, time: int, *, as_minutes: bool, half_day: bool, chinese: bool) -> str:
    kind, length = code[0].lower(), len(code)
    seconds = time // 1_000_000
    if kind in "ye":
        year = str(day.year) if length > 2 or kind == "e" else f"{day.year % 100:02}"
        return "".join(_CHINESE_DIGITS[int(digit)] for digit in year) if chinese else year
    if kind == "a":
        return ("星期" if length > 3 else "") + _CHINESE_WEEKDAYS[day.weekday()]
    if kind == "s":
        fraction = code.partition(".")[2]
        behind = f".{time % 1_000_000:06}"[: 1 + len(fraction)] if fraction else ""
        return str(seconds % 60).zfill(length - len(behind)) + behind
    if kind == "m" and not as_minutes and length > 2:
        return _LONG_MONTHS[day.month - 1] if length == 4 else _MONTHS[day.month - 1][: 1 if length > 4 else 3]
    if kind == "d" and length > 2:
        return _WEEKDAYS[day.weekday()][: None if length > 3 else 3]
    hours = seconds // 3600
    value = {"d": day.day, "m": seconds // 60 % 60 if as_minutes else day.month, "h": hours}[kind]
    if kind == "h" and half_day:
        value = (hours + 11) % 12 + 1
    return _chinese_number(value) if chinese else str(value).zfill(length)


def _chinese_number(value: int) -> str:
    tens, ones = divmod(value, 10)
    if not tens:
        return _CHINESE_DIGITS[ones]
    return (_CHINESE_DIGITS[tens] if tens > 1 else "") + "十" + (_CHINESE_DIGITS[ones] if ones else "")
