"""Addresses: speeches and letters, whose words are all one person's, named in the title, below it or at the end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.person_names import NAME, People, is_full_name
from rag.text.turn_labels import Paragraph
from rag.text.view import HAN

_OCCASION = re.compile(
    "(?:讲话|致辞|致词|发言|演讲|演说|答谢词|贺词|献词|开幕词|闭幕词|寄语|公开信|一封信)稿?(?:[（(][^（()）]{1,10}[）)])?"
)
_NAMED = re.compile(f"(?P<who>[^，。：]{{0,24}}?{NAME})(?:同志|先生|女士)?在.*")
_SALUTATION = re.compile(f"[{HAN}、，]{{2,20}}[：:]")
_OF_THE_EDITOR = re.compile("[（(].*[）)]")
_FIRST_PERSON = re.compile("我(?![国省市区县镇乡村公司局院校厂方单位部行会社所厅站])")
_SPOKEN = re.compile("我|同志们|大家|各位|你们|您")
_LONGEST_LINE = 20
_OPENING_LINES = 4
_CLOSING_LINES = 3


@dataclass(frozen=True, slots=True)
class Address:
    """Whose words a text is, and which of its paragraphs are his: from ``first`` on, before ``end``."""

    who: str
    first: int
    end: int


def address_of(paragraphs: Sequence[Paragraph], people: People) -> Address | None:
    """The speech or letter that a text is; None where it is none, or does not name its author."""
    if not paragraphs:
        return None
    title = paragraphs[0].text.strip()
    occasion = list(_OCCASION.finditer(title))
    is_speech = bool(occasion) and occasion[-1].end() == len(title)
    opening = range(1, min(_OPENING_LINES + 1, len(paragraphs)))
    salutation = next((place for place in opening if _SALUTATION.fullmatch(paragraphs[place].text.strip())), 0)
    if not (is_speech or salutation):
        return None
    named = _NAMED.match(title) if is_speech else None
    who = _name_in(named["who"], people) if named else ""
    byline = next((place for place in opening if _signature(paragraphs[place], people)), 0)
    first = salutation or max(byline + 1, 1)
    ending = range(max(first + 1, len(paragraphs) - _CLOSING_LINES), len(paragraphs))
    signed = next((place for place in reversed(ending) if _signature(paragraphs[place], people)), len(paragraphs))
    if not who and is_speech and byline and byline < first:
        who = _signature(paragraphs[byline], people)
    if not who and signed < len(paragraphs):
        who = _signature(paragraphs[signed], people)
    body = " ".join(each.text for each in paragraphs[first:signed])
    is_somebodys = (_SPOKEN if is_speech else _FIRST_PERSON).search(body)
    return Address(who, first, signed) if who and is_somebodys else None


def is_of_the_editor(paragraph: str) -> bool:
    """Whether a paragraph stands in brackets as a whole."""
    return bool(_OF_THE_EDITOR.fullmatch(paragraph.strip()))


def _signature(paragraph: Paragraph, people: People) -> str:
    """The name that a line consists of, with or without an office before it (``县长陆建川``); empty for another line."""
    line = paragraph.text.strip()
    return _name_in(line, people) if len(line) <= _LONGEST_LINE and "：" not in line else ""


def _name_in(words: str, people: People) -> str:
    """The name at the end of words; empty without one."""
    return words if is_full_name(words) else people.introduced_by(words)
