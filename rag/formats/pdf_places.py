"""Where the characters of a text stand on the page of a PDF that it was laid out from.

The page is laid out anew, which gives its characters in the order of reading. The text has marks of its own between them,
the page has running heads besides. They are found again by sequences that each of the two has once, and by what is beside
these. What is not found so has no place: better none than a wrong one.
"""

import ctypes
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rag.formats.drawing import page_of
from rag.formats.pdf import opened_pdf
from rag.formats.pdf_glyphs import Glyph, PageContent, content_of
from rag.formats.pdf_layout import parts_of, reading_order
from rag.loading.base import Place
from rag.text.documents import Span

_LENGTH = 12
"""Characters of such a sequence. A shorter one might by chance also be formed by the ends of two lines or cells."""

_LEAST_FOUND = 0.8
"""Share of a span's characters that has to be found for it to have places: a small part of it would pass for all."""

_LINE = re.compile(r".+")
_NOTE_MARK = r"\[\^([^\[\]\s]{1,30})\]:?"
_MARK = re.compile(rf"^(?:#{{1,6}}|-) |{_NOTE_MARK}")
_MARK_IN_TABLE = re.compile(rf"^\|(?: --- \|)+$|(?<!\\)\||\\(?=\|)|\^\^|<br>|{_NOTE_MARK}")


def places_in_pdf(raw: bytes, name: str, number: int, text: str, spans: Sequence[Span]) -> list[Place]:
    """The places on a page of spans of its text, one for each line; none of a span that is not surely found.

    Raises:
        LoadError: the file is damaged or needs a password, or has no such page.
    """
    with opened_pdf(raw, name) as document:
        page = page_of(document, name, number)
        content = content_of(page, with_geometry=True)
        found = _found(text, _as_read(content)) if content.in_order else {}
        shown = _Shown(page)
        places: list[Place] = []
        for start, end in spans:
            wanted = [found[at] for at in range(start, end) if at in found]
            there = dict.fromkeys(each for each in wanted if each is not None)
            if there and len(wanted) - wanted.count(None) >= _LEAST_FOUND * len(wanted):
                places += shown.lines(there)
        return places


def _as_read(content: PageContent) -> list[Glyph]:
    """The characters of a page as they are read, then those of its notes and what stands askew."""
    rest = {glyph.number: glyph for glyph in (*content.glyphs, *content.askew)}
    return [rest.pop(number) for number in reading_order(parts_of(content))] + list(rest.values())


def _found(text: str, glyphs: Sequence[Glyph]) -> dict[int, int | None]:
    """For the place of each character of a text the number of the one on the page, if it is sure which that is."""
    written = list(_written(text))
    drawn = [(each, glyph.number) for glyph in glyphs for each in _characters(glyph.text)]
    found: dict[int, int | None] = {}
    for (_, at), place in zip(written, _aligned(_all(written), _all(drawn)), strict=True):
        found[at] = drawn[place][1] if place >= 0 else found.get(at)
    return found


def _characters(text: str) -> str:
    """Characters in the one form that text and page are compared in: of H₂O, ﬁ and ２ the letters and digits."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _written(text: str) -> Iterator[tuple[str, int]]:
    """The characters of a text, each with its place, without the marks that the page does not have."""
    for line in _LINE.finditer(text):
        own: set[int] = set()
        for mark in (_MARK_IN_TABLE if line[0].startswith("|") else _MARK).finditer(line[0]):
            own.update(range(*mark.span()))
            own.difference_update(range(*mark.span(1)) if mark[1] else ())
        for at, one in enumerate(line[0]):
            if at not in own:
                yield from ((each, line.start() + at) for each in _characters(one))


def _all(characters: Iterable[tuple[str, int]]) -> str:
    return "".join(one for one, _ in characters)


def _aligned(text: str, page: str) -> list[int]:
    """For each character of a text its place among those of the page, or -1.

    From the sequences that both have once, forwards and backwards, as far as they are equal. Where the orders part, the
    next characters may be equal by chance: what the two directions place differently, or at one place, has none.
    """
    length = min(_LENGTH, len(text), len(page))
    once, once_there = _once(text, length), _once(page, length)
    sure: dict[int, set[int]] = {}
    for sequence in once.keys() & once_there.keys():
        for more in range(length):
            sure.setdefault(once[sequence] + more, set()).add(once_there[sequence] + more)
    forwards = [min(sure[at]) if at in sure and len(sure[at]) == 1 else -1 for at in range(len(text))]
    backwards = forwards.copy()
    for at in range(1, len(text)):
        after = forwards[at - 1] + 1
        if forwards[at] < 0 < after < len(page) and page[after] == text[at]:
            forwards[at] = after
    for at in range(len(text) - 2, -1, -1):
        before = backwards[at + 1] - 1
        if backwards[at] < 0 <= before and page[before] == text[at]:
            backwards[at] = before
    placed = [
        max(one, other) if one == other or -1 in (one, other) else -1
        for one, other in zip(forwards, backwards, strict=True)
    ]
    taken = Counter(placed)
    return [place if taken[place] == 1 else -1 for place in placed]


def _once(text: str, length: int) -> dict[str, int]:
    """The sequences of a length that a text has once, and where they begin."""
    begins = [text[at : at + length] for at in range(len(text) - length + 1)] if length else []
    counts = Counter(begins)
    return {sequence: at for at, sequence in enumerate(begins) if counts[sequence] == 1}


class _Shown:
    """A page as it is shown: turned and cut as the file says. Lengths are hundredths of a point, whole numbers for PDFium."""

    def __init__(self, page: Any) -> None:
        width, height = page.get_size()
        self.width, self.height = max(1, round(100 * width)), max(1, round(100 * height))
        self._page, self._text = page, page.get_textpage()

    def box(self, number: int) -> Place:
        """The box of one of PDFium's characters, from ascent to descent."""
        import pypdfium2.raw as pdfium

        box, x, y = pdfium.FS_RECTF(), ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFText_GetLooseCharBox(self._text.raw, number, box)
        corners: list[tuple[int, int]] = []
        for across, up in ((box.left, box.top), (box.right, box.bottom)):
            pdfium.FPDF_PageToDevice(self._page.raw, 0, 0, self.width, self.height, 0, across, up, x, y)
            corners.append((min(self.width, max(0, x.value)), min(self.height, max(0, y.value))))
        (left, right), (top, bottom) = map(sorted, zip(*corners, strict=True))
        return left, top, right, bottom

    def lines(self, numbers: Iterable[int]) -> Iterator[Place]:
        """The boxes of characters, those of a line together, in parts of the page's width and height."""
        line: Place | None = None
        for box in map(self.box, numbers):
            if line and _is_beside(line, box):
                line = (min(line[0], box[0]), min(line[1], box[1]), max(line[2], box[2]), max(line[3], box[3]))
                continue
            yield from self._parts(line)
            line = box
        yield from self._parts(line)

    def _parts(self, line: Place | None) -> Iterator[Place]:
        if line and line[0] < line[2] and line[1] < line[3]:
            yield line[0] / self.width, line[1] / self.height, line[2] / self.width, line[3] / self.height


def _is_beside(line: Place, box: Place) -> bool:
    """Whether a character goes on with a line, level or upright: about as high, or as wide, and not far away."""
    for along, across in ((0, 1), (1, 0)):
        breadth = max(line[across + 2] - line[across], box[across + 2] - box[across])
        shared = min(line[across + 2], box[across + 2]) - max(line[across], box[across])
        gap = max(line[along], box[along]) - min(line[along + 2], box[along + 2])
        if shared > breadth / 2 and gap < 2 * breadth:
            return True
    return False
