"""Glossary: an English question in the Chinese words that documents would use for it.

Chinese passages share no words with an English question except names and numbers. A small table of the vocabulary of
public affairs and economy, written for this project (``glossary.tsv``: an English word, a tab, its Chinese words),
gives lexical search something to find; it does not translate.
"""

import calendar
import re
from functools import cache
from pathlib import Path

from rag.text.dates import dates_in
from rag.text.mentions import DateMention
from rag.text.periods import PARTS_OF_YEAR, Period

LONGEST_PHRASE = 4
_HAN = re.compile("[\u3400-\u9fff]")
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[-.,'’][A-Za-z0-9]+)*")
_PLAN = re.compile(r"\b(?P<number>\d{1,2})(?:st|nd|rd|th) five-year plan", re.IGNORECASE)
_DAY = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)?\b")
_NUMERALS = "〇一二三四五六七八九"


def in_chinese_words(question: str) -> str:
    """What a question in English asks about, in Chinese words, with its names and numbers: ``2023年3月底 5G 基站``.

    Words that the glossary lacks are left out. A question with a Chinese character, or of which no word is known,
    gives an empty text.
    """
    if _HAN.search(question):
        return ""
    found = [_plan(match) for match in _PLAN.finditer(question)]
    rest = _PLAN.sub(" ", question)
    mentions = dates_in(rest)
    found += [written for mention in mentions if (written := _date(rest, mention))]
    for mention in mentions:
        rest = rest[: mention.start] + " " * (mention.end - mention.start) + rest[mention.end :]
    known, names = _words(_TOKEN.findall(rest))
    return " ".join(dict.fromkeys([*found, *names, *known])) if found or known else ""


def _words(tokens: list[str]) -> tuple[list[str], list[str]]:
    """The Chinese words of the longest phrases that the glossary knows, and the tokens with a digit or two capitals."""
    table = _glossary()
    words: list[str] = []
    names: list[str] = []
    start = 0
    while start < len(tokens):
        for length in range(min(LONGEST_PHRASE, len(tokens) - start), 0, -1):
            phrase = " ".join(tokens[start : start + length]).lower()
            if meanings := next((table[form] for form in _base_forms(phrase) if form in table), None):
                words += meanings
                start += length
                break
        else:
            if re.search("[0-9]|[A-Z].*[A-Z]", tokens[start]):
                names.append(tokens[start])
            start += 1
    return words, names


def _base_forms(phrase: str) -> list[str]:
    """The phrase as it is, then with what its last word may have been inflected from (factories, used, making)."""
    forms = [phrase, phrase.removesuffix("'s").removesuffix("’s")]
    for ending, base in (
        ("ies", "y"),
        ("es", ""),
        ("s", ""),
        ("ied", "y"),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
    ):
        if phrase.endswith(ending) and len(phrase) > len(ending) + 2:
            forms.append(phrase.removesuffix(ending) + base)
    return forms


def _plan(match: re.Match[str]) -> str:
    """``十四五`` for the 14th Five-Year Plan."""
    tens, ones = divmod(int(match["number"]), 10)
    return (
        ("" if not tens else "十" if tens == 1 else f"{_NUMERALS[tens]}十") + (_NUMERALS[ones] if ones else "") + "五"
    )


def _date(text: str, mention: DateMention) -> str:
    """A date as Chinese documents write it."""
    first, last = mention.period.first, mention.period.last
    year = f"{last.year}年"
    if mention.period.is_day:
        ends_month = last.day == calendar.monthrange(last.year, last.month)[1]
        if ends_month and not _DAY.search(text[mention.start : mention.end]):
            return f"{year}底" if last.month == 12 else f"{year}{last.month}月底"
        return f"{year}{last.month}月{last.day}日"
    if first.year != last.year or mention.period == Period(
        first.replace(month=1, day=1), last.replace(month=12, day=31)
    ):
        return year
    if first.day != 1 or last.day != calendar.monthrange(last.year, last.month)[1]:
        return f"{year}{last.month}月"
    span = (first.month, last.month)
    if span in PARTS_OF_YEAR:
        return f"{year}{PARTS_OF_YEAR[span]}"
    return f"{year}{last.month}月" if first.month == last.month else f"{year}{first.month}至{last.month}月"


@cache
def _glossary() -> dict[str, list[str]]:
    lines = Path(__file__).with_name("glossary.tsv").read_text(encoding="utf-8").splitlines()
    return {english: chinese.split(" ") for english, chinese in (line.split("\t") for line in lines)}
