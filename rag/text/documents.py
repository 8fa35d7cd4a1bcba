"""Documents: one file's text, decoded once, and what is known about it."""

import datetime
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Document:
    """One file's text with its metadata. Every span of the project points into ``text``, which never changes.

    Attributes:
        text: the text as decoded or extracted, line ends and all; nothing is cleaned here.
        path: where the document came from: an absolute path, or a name such as ``stdin`` or ``seeds/000.txt``.
        title: title to show.
        date: day of publication, where known.
        date_is_guessed: whether nothing but the name of the file tells that day.
        source: who published it, where known (``新华社``).
        event: the occasion, where known (a press conference).
        speakers: people who speak in it.
        page_starts: for paged formats, the offset in ``text`` at which each page begins, ascending.
        encoding: for plain text, the encoding it was decoded with (``text`` encodes back to the file's bytes);
            otherwise the name of the format.
        digest: SHA-256 of the file's bytes, hexadecimal.
        unsure: spans of ``text`` whose characters were recognised on an image and may be others, ascending and apart.
        left_out: what of the file is not in ``text``, each a line in Chinese and in English; known while it is added.

    Raises:
        ValueError: a span of ``unsure`` does not lie in the text.
    """

    text: str
    path: str
    title: str
    date: datetime.date | None = None
    source: str = ""
    event: str = ""
    speakers: tuple[str, ...] = ()
    page_starts: tuple[int, ...] = ()
    encoding: str = ""
    digest: str = ""
    left_out: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    id: str = field(default="")
    date_is_guessed: bool = False
    unsure: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        if not are_spans_of(self.text, self.unsure):
            raise ValueError(f"unsure characters do not stand in the text of {self.path}")
        if not self.id:
            identity = hashlib.sha256(f"{self.path}\0{self.text}".encode("utf-8", "surrogatepass"))
            object.__setattr__(self, "id", identity.hexdigest()[:16])

    @property
    def trusted_date(self) -> datetime.date | None:
        """The day that may tell what ``3月底`` and ``去年`` mean; a guessed day is only shown and sorted by."""
        return None if self.date_is_guessed else self.date

    def unsure_within(self, start: int, end: int) -> tuple[Span, ...]:
        """The spans of unsure characters within a span of the text."""
        first = bisect_right(self.unsure, start, key=lambda span: span[1])
        last = bisect_left(self.unsure, end, key=lambda span: span[0])
        return tuple((max(begin, start), min(stop, end)) for begin, stop in self.unsure[first:last])

    def page(self, offset: int) -> int | None:
        """Number of the page (from 1) that holds the character at ``offset``; None for formats without pages."""
        if not self.page_starts:
            return None
        return max(1, sum(start <= offset for start in self.page_starts))


def are_spans_of(text: str, spans: Sequence[Span]) -> bool:
    """Whether spans lie in a text, in its order and apart from each other, none of them empty."""
    places = [place for span in spans for place in span]
    return all(one < other for one, other in spans) and all(
        one <= other for one, other in pairwise((0, *places, len(text)))
    )
