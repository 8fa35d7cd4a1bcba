"""Times told in full: ``3月底`` of a text that was published in April 2023 is read as ``2023年3月底``, ``去年`` as ``2022年``.

The reader compares words; which year a text means is a matter of its date (:mod:`rag.text.dates`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from rag.reading.matching import Span
from rag.text.dates import dates_in

_YEAR_WORD = re.compile("今年|去年|前年|上年|明年|后年|本年度?")
_WITHOUT_YEAR = re.compile(r"(?!\d{2,4}年)[\d一二三四五六七八九十前头首第上下全年]")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)年")


@dataclass(frozen=True, slots=True)
class Told:
    """A text with its times in full.

    Attributes:
        text: as it is read.
        places: for each character of it, the characters of the text as it stands that it is or stands for.
        year: the last that is named, other than to compare with it; else the one that was told of its surroundings.
    """

    text: str
    places: tuple[Span, ...]
    year: int | None = None

    def with_note(self, end: int, note: str) -> "Told":
        """The same with words put in that stand nowhere, behind a character of ``text``; they are at its place.

        Args:
            end: where that character ends.
        """
        place = self.places[end - 1][1]
        places = (*self.places[:end], *[(place, place)] * len(note), *self.places[end:])
        return replace(self, text=self.text[:end] + note + self.text[end:], places=places)

    def span(self, start: int, end: int) -> Span:
        """Where characters of ``text`` stand in the text itself."""
        return (self.places[start][0], self.places[end - 1][1]) if start < end else (0, 0)


def in_full(text: str, published: date | None, year: int | None = None) -> Told:
    """A text with the years that its times leave out.

    Args:
        text: a sentence.
        published: its day of publication; None where it is not known.
        year: that the text is about, where what stands around it tells.
    """
    told, places, done = "", list[Span](), 0
    for mention in dates_in(text, published, year):
        named = text[mention.start : mention.end]
        if _YEAR.match(named) and not mention.compared:
            year = mention.period.last.year
        word = _YEAR_WORD.match(named)
        if mention.word or not (word or _WITHOUT_YEAR.match(named)):
            continue
        number = f"{mention.period.first.year}{'' if named.startswith('年') else '年'}"
        places += [(place, place + 1) for place in range(done, mention.start)]
        places += [(mention.start, mention.end)] * len(number)
        told += text[done : mention.start] + number
        done = mention.start + (word.end() if word else 0)
    places += [(place, place + 1) for place in range(done, len(text))]
    return Told(told + text[done:], tuple(places), year)


def each_in_full(texts: Sequence[str], published: date | None, title: str = "") -> Iterator[Told]:
    """Sentences of one paragraph with their times in full; a year that one names, or the title, holds on.

    Args:
        texts: from the first of the paragraph on.
        published: the day of publication.
        title: of the document.
    """
    years = _YEAR.findall(title)
    year = int(years[0]) if years else None
    for text in texts:
        told = in_full(text, published, year)
        year = told.year
        yield told
