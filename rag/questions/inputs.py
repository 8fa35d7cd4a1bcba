"""What is handed in with a question: made fit where that is possible, else refused with what is wrong.

Everything that comes from outside passes here before anything works with it: questions, conversations, filters, numbers.
Clean text has no half characters (lone surrogates), which no encoding can write and no database keeps.
"""

import datetime
import operator
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from rag.errors import UsageError
from rag.settings import Caution
from rag.text.surrogates import is_storable, without_surrogates

LONGEST_QUESTION = 2000
LONGEST_FILTER = 500
LONGEST_EARLIER_ANSWER = 10_000
"""Characters of an earlier answer that are looked at; the rest of it is left out."""

REMEMBERED_TURNS = 20
"""Turns of a conversation that are looked at, the last ones."""

TERMINAL_ENCODINGS = ("utf-8-sig", "gb18030")
"""What a Chinese terminal may send, tried strictly in this order."""


def checked_question(question: str) -> str:
    """A question as clean text without the blanks around it.

    Raises:
        UsageError: it is no text, is empty, has no letter or digit, or is longer than 2,000 characters.
    """
    question = _text("问题", "The question", question).strip()
    if not any(character.isalnum() for character in question):
        raise UsageError(zh="问题是空的。请写出要问什么。", en="The question is empty. Write what you want to ask.")
    if len(question) > LONGEST_QUESTION:
        raise UsageError(
            zh=f"问题有 {len(question):,} 字，最长可以有 {LONGEST_QUESTION:,} 字。请缩短问题；要查阅的材料请用 youju add 加入索引。",
            en=f"The question has {len(question):,} characters; {LONGEST_QUESTION:,} is the most. Shorten it; material to "
            "consult goes into the index with 'youju add'.",
        )
    return question


def checked_history(history: Any) -> list[tuple[str, str]]:
    """A conversation as (question, answer) pairs, oldest first: the last `REMEMBERED_TURNS`, overlong texts cut.

    Raises:
        UsageError: it is something else than pairs of texts.
    """
    if history is None:
        return []
    if not isinstance(history, Sequence) or isinstance(history, str | bytes):
        raise _no_pairs(history)
    turns = []
    for turn in history[-REMEMBERED_TURNS:]:
        is_pair = isinstance(turn, list | tuple) and len(turn) == 2
        if not is_pair or not all(isinstance(text, str) for text in turn):
            raise _no_pairs(turn)
        asked, answered = map(without_surrogates, turn)
        turns.append((asked[:LONGEST_QUESTION], answered[:LONGEST_EARLIER_ANSWER]))
    return turns


def checked_filter(name: str, value: Any) -> str | None:
    """A part of a name, or an id, that limits a search; None for no limit.

    Raises:
        UsageError: it is no text, or longer than 500 characters.
    """
    if value is None:
        return None
    text = _text(name, name, value)
    if len(text) > LONGEST_FILTER:
        raise UsageError(
            zh=f"{name} 有 {len(text):,} 字，最长可以有 {LONGEST_FILTER} 字。",
            en=f"{name} has {len(text):,} characters; {LONGEST_FILTER} is the most.",
        )
    return text


def checked_ids(name: str, value: Any) -> tuple[str, ...]:
    """Ids that limit a search, each once; none for no limit.

    Raises:
        UsageError: they are no list of texts.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise UsageError(zh=f"{name} 应是一列编号。", en=f"{name} must be a list of ids.")
    return tuple(dict.fromkeys(checked_filter(name, each) or "" for each in value))


def checked_count(name: str, value: Any) -> int:
    """How many of something are wanted, at least 1.

    Raises:
        UsageError: it is no whole number, or below 1.
    """
    try:
        count = operator.index(value)
    except TypeError:
        raise UsageError(
            zh=f"{name} 应是整数，而不是 {_shown(value)}。", en=f"{name} must be a whole number, not {_shown(value)}."
        ) from None
    if count < 1:
        raise UsageError(zh=f"结果数 {name} 至少是 1，而不是 {count}。", en=f"{name} must be at least 1, not {count}.")
    return count


def checked_caution(value: Caution) -> Caution:
    """How sure the documents must be of an answer.

    Raises:
        UsageError: there is no such degree.
    """
    if value not in get_args(Caution):
        allowed = ", ".join(get_args(Caution))
        raise UsageError(
            zh=f"caution 应是 {allowed} 之一，而不是 {_shown(value)}。",
            en=f"caution must be one of {allowed}, not {_shown(value)}.",
        )
    return value


def parsed_day(value: str | datetime.date | None, field_name: str) -> datetime.date | None:
    """A day given as a date or as ``2023``, ``2023-04`` or ``2023-04-21``; an ``before`` day means the period's last day.

    Raises:
        UsageError: it is not a day.
    """
    if isinstance(value, datetime.datetime):
        return value.date()
    if value is None or isinstance(value, datetime.date):
        return value
    try:
        numbers = [int(part) for part in value.strip().split("-")]
        if len(numbers) > 3:
            raise ValueError(value)
        if len(numbers) == 3:
            return datetime.date(*numbers)
        year, month = [*numbers, 12 if field_name == "before" else 1][:2]
        if field_name == "before":
            following = datetime.date(year + month // 12, month % 12 + 1, 1)
            return following - datetime.timedelta(days=1)
        return datetime.date(year, month, 1)
    except (AttributeError, OverflowError, ValueError, TypeError) as error:
        raise UsageError(
            zh=f"{_shown(value)} 不是日期；请写成 2023、2023-04 或 2023-04-21。",
            en=f"{_shown(value)} is not a date; write 2023, 2023-04 or 2023-04-21.",
        ) from error


def decoded(data: bytes) -> str:
    """Text that was typed or piped in, in UTF-8 or in GB18030 as Chinese terminals send it.

    Raises:
        UsageError: it is in neither.
    """
    for encoding in TERMINAL_ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(
        zh="输入既不是 UTF-8，也不是 GB18030/GBK 编码。请把终端或文件改为 UTF-8 再试。",
        en="The input is neither in UTF-8 nor in GB18030/GBK. Set the terminal, or save the file, to UTF-8.",
    )


def typed(text: str) -> str:
    """An argument or a line of standard input, whose bytes Python has hidden in surrogates where it could not read them.

    Raises:
        UsageError: its bytes are neither UTF-8 nor GB18030.
    """
    if is_storable(text):
        return text
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # halves of a character, as Windows can pass them
        return without_surrogates(text)
    return decoded(data)


def _text(zh: str, en: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(zh=f"{zh}应是文字，而不是 {_shown(value)}。", en=f"{en} must be text, not {_shown(value)}.")
    return without_surrogates(value)


def _shown(value: Any) -> str:
    """A value in a message: short, on one line, in quotes if it is text."""
    shown = f"“{without_surrogates(value)}”" if isinstance(value, str) else without_surrogates(repr(value))
    shown = " ".join(shown.split())
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


def _no_pairs(value: Any) -> UsageError:
    return UsageError(
        zh=f"history 应是若干 (问题, 回答)，而不是 {_shown(value)}。",
        en=f"history must be a list of (question, answer) pairs, not {_shown(value)}.",
    )
