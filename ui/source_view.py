"""A document as it reads, with spans of it highlighted: the exact place a claim rests on, and the text around it.

Headings, lists, tables, notes and the labels of speakers are shown as such.

Spans point into ``Document.text``; what is shown is the readable view of it (:mod:`rag.text.view`), in which each character
knows its place in the stored text, so a highlight covers exactly the characters of its span. Characters that were
recognised on an image and may be others are underlined.
"""

import re
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from rag.text.documents import Document
from rag.text.markup import is_bulleted, is_note
from rag.text.structure import turns_of
from rag.text.tables import Cell
from rag.text.turns import Turns
from rag.text.view import Paragraph, View, is_list_item, layout, line_view, view_of
from ui.html import Html, element
from ui.table_view import table
from ui.texts import Language, say

AROUND = 220
LONGEST_WHOLE = 60_000
DEEPEST = 3
_SENTENCE_ENDS = "。！？；!?;\n"
_HEADING_MARK = re.compile(r"#{1,6}(?=\s)")
_NOTE_MARK = re.compile(r"\[\^([^\[\]\s]{1,30})\]")
_BLANKS_BEFORE = re.compile(r"[ \t\u3000]*\Z")


@dataclass(frozen=True, slots=True)
class Highlight:
    """A span to mark.

    Attributes:
        start, end: in ``Document.text``.
        anchor: the id of the mark on the page.
        label: what stands before it, usually the number of a citation.
        back: the id of the place that refers to it; empty where there is none.
        back_label: what the way back is called, for screen readers.
    """

    start: int
    end: int
    anchor: str
    label: str = ""
    back: str = ""
    back_label: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph as it reads.

    Attributes:
        text: what is read.
        offsets: the place in the stored text of each of its characters.
        kind: that of :class:`rag.text.view.Paragraph`; in place of ``"text"`` also ``"item"`` (of a list, its bullet is not
            read), ``"numbered"`` (an item whose number is) or ``"footnote"``.
        level: of a heading, from 1, where its marks tell, else 0; of an item, how deep its list lies within others.
        rows: the lines of a table.
        speaker: how many of its first characters say who speaks.
        notes: places in ``text`` before which the mark of a note stands, which is not read, and these marks.
    """

    text: str
    offsets: "array[int]"
    kind: str
    level: int = 0
    rows: tuple[tuple[int, int], ...] = ()
    speaker: int = 0
    notes: tuple[tuple[int, str], ...] = ()

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The characters of this paragraph that show the stored span; equal numbers where there are none."""
        first, last = bisect_left(self.offsets, start), bisect_left(self.offsets, end)
        while last > first and self.text[last - 1].isspace():
            last -= 1
        return first, last


@lru_cache(maxsize=64)
def passages(text: str, speakers: tuple[str, ...] = ()) -> tuple[Passage, ...]:
    """The paragraphs of a document's text as they read, given the people known to speak in it."""
    found = layout(text)
    views = [view_of(text, (paragraph,)) for paragraph in found.paragraphs]
    turns = turns_of(found, views, speakers)
    seen = enumerate(zip(found.paragraphs, views, strict=True))
    return tuple(
        _passage(text, paragraph, view, turns, place) for place, (paragraph, view) in seen if view.text.strip()
    )


def _passage(text: str, paragraph: Paragraph, view: View, turns: Turns, place: int) -> Passage:
    opening, length = paragraph.lines[0], len(view.text.rstrip("\n"))
    kind, level, speaker = paragraph.kind, 0, 0
    if kind == "heading" and turns.is_message(place):  # a short message below who wrote it
        kind = "text"
    rows = tuple((line.start, line.end) for line in paragraph.lines) if kind == "table" else ()
    if kind == "heading" and (marked := _HEADING_MARK.match(opening.text)):
        level = len(marked.group())
    elif kind == "text":
        if is_note(opening.text):
            kind = "footnote"
        elif is_bulleted(opening.text) or is_list_item(opening.text):
            kind = "item" if is_bulleted(opening.text) else "numbered"
            blanks = _BLANKS_BEFORE.search(text, max(0, opening.start - 4 * DEEPEST), opening.start)
            level = min(DEEPEST, len(blanks.group().expandtabs(4)) // 2) if blanks else 0
        speaker = min(turns.enter(place), length)
    offsets = view.offsets[:length]
    notes = [] if rows else _notes(text, offsets, opening.start, paragraph.lines[-1].end)
    return Passage(view.text[:length], offsets, kind, level, rows, speaker, tuple(notes))


def _notes(text: str, offsets: "array[int]", start: int, end: int) -> list[tuple[int, str]]:
    return [(bisect_left(offsets, found.start()), found[1]) for found in _NOTE_MARK.finditer(text, start, end)]


def excerpt(
    document: Document, highlights: Iterable[Highlight], around: int = AROUND, language: Language = "zh"
) -> Html:
    """The highlighted spans of a document with about ``around`` characters on either side; gaps are shown as ⋯."""
    shown = passages(document.text, document.speakers)
    marks = sorted(highlights, key=lambda mark: (mark.start, mark.end))
    windows: dict[int, tuple[int, int]] = {}
    for mark in marks:
        for number, first, last in _window(shown, mark, around):
            known = windows.get(number, (first, last))
            windows[number] = (min(first, known[0]), max(last, known[1]))
    parts: list[tuple[str, Html]] = []
    previous = -1
    for number in sorted(windows):
        first, last = windows[number]
        if parts and number > previous + 1:
            parts.append(("gap", element("p", "⋯", class_="gap", aria_hidden="true")))
        parts.append((shown[number].kind, _paragraph(document, shown[number], marks, first, last, language)))
        previous = number
    missing = [mark for mark in marks if not any(_shows(passage, mark) for passage in shown)]
    parts += [("unplaced", _unplaced(document, mark, language)) for mark in missing]
    return element("div", *_with_lists(parts), class_="excerpt")


def whole(document: Document, highlights: Iterable[Highlight] = (), language: Language = "zh") -> Html:
    """A document in full; of one longer than 60,000 characters as much around the first highlight."""
    marks = sorted(highlights, key=lambda mark: (mark.start, mark.end))
    shown = passages(document.text, document.speakers)
    if sum(len(passage.text) for passage in shown) > LONGEST_WHOLE:
        first = marks[:1] or [Highlight(0, 1, "")]
        return excerpt(document, marks[:1] or first, LONGEST_WHOLE // 2, language)
    return between(document, 0, len(document.text), marks, language)


def between(
    document: Document,
    start: int,
    end: int,
    highlights: Iterable[Highlight] = (),
    language: Language = "zh",
    dividers: Iterable[tuple[int, Html]] = (),
) -> Html:
    """All that reads in a span of a document. What reaches beyond it is cut there, a table under its heads.

    Args:
        dividers: what stands before the first paragraph that begins at a place in the text or after it, ascending.
    """
    marks = sorted(highlights, key=lambda mark: (mark.start, mark.end))
    waiting = deque(dividers)
    parts: list[tuple[str, Html]] = []
    for passage in passages(document.text, document.speakers):
        first, last = passage.place(start, end)
        if first < last:
            while waiting and waiting[0][0] <= passage.offsets[first]:
                parts.append(("divider", waiting.popleft()[1]))
            parts.append((passage.kind, _paragraph(document, passage, marks, first, last, language)))
    return element("div", *_with_lists(parts), class_="excerpt whole")


def _with_lists(parts: Iterable[tuple[str, Html]]) -> Iterator[Html]:
    """Paragraphs by their kinds, those that are items of a list put into one."""
    for kind, several in groupby(parts, key=itemgetter(0)):
        shown = [part for _, part in several]
        if kind in ("item", "numbered"):
            yield element("ul", *shown, class_="numbered" if kind == "numbered" else None)
        else:
            yield from shown


def _shows(passage: Passage, mark: Highlight) -> bool:
    first, last = passage.place(mark.start, mark.end)
    return first < last


def _window(shown: Sequence[Passage], mark: Highlight, around: int) -> list[tuple[int, int, int]]:
    """Paragraphs around a mark, each with the part of it to show: (number, first, last)."""
    holders = [number for number, passage in enumerate(shown) if _shows(passage, mark)]
    if not holders:
        return []
    found = []
    for number in holders:
        passage = shown[number]
        first, last = passage.place(mark.start, mark.end)
        found.append((number, _cut_before(passage.text, first - around), _cut_after(passage.text, last + around)))
    number, first, last = found[0]
    room = around - (shown[number].place(mark.start, mark.end)[0] - first)
    while first == 0 and number > 0 and room > 0:
        number -= 1
        length = len(shown[number].text)
        first = _cut_before(shown[number].text, length - room)
        found.insert(0, (number, first, length))
        room -= length - first
    number, _, last = found[-1]
    room = around - (last - shown[number].place(mark.start, mark.end)[1])
    while last == len(shown[number].text) and number + 1 < len(shown) and room > 0:
        number += 1
        last = _cut_after(shown[number].text, room)
        found.append((number, 0, last))
        room -= last
    return found


def _cut_before(text: str, place: int) -> int:
    """The nearest beginning of a sentence at or before a place; the paragraph's where it is not far."""
    if place <= 40:
        return 0
    for position in range(place, max(0, place - 120), -1):
        if text[position - 1] in _SENTENCE_ENDS:
            return position
    return place


def _cut_after(text: str, place: int) -> int:
    """The nearest end of a sentence at or after a place; the paragraph's where it is not far."""
    if place >= len(text) - 40:
        return len(text)
    for position in range(max(1, place), min(len(text), place + 120)):
        if text[position - 1] in _SENTENCE_ENDS:
            return position
    return max(1, place)


def _paragraph(
    document: Document, passage: Passage, marks: Sequence[Highlight], first: int, last: int, language: Language
) -> Html:
    """One paragraph, or a part of it, with its marks."""
    if passage.rows and first < last:

        def shown(cell: Cell) -> list[str]:
            view = line_view(document.text, cell.start, cell.end)
            notes = tuple(_notes(document.text, view.offsets, cell.start, cell.end))
            own = Passage(view.text, view.offsets, "text", notes=notes)
            return _marked(document, own, marks, 0, len(view.text), language)

        return table(document.text, passage.rows, passage.offsets[first], passage.offsets[last - 1] + 1, shown)
    parts = ["…"] if first > 0 else []
    parts += _marked(document, passage, marks, first, last, language)
    if last < len(passage.text):
        parts.append("…")
    level = f"level-{passage.level}" if passage.level else None
    if passage.kind in ("item", "numbered"):
        return element("li", *parts, class_=level)
    if passage.kind == "heading":
        return element("h4", *parts, class_=level)
    return element("p", *parts, class_=passage.kind if passage.kind != "text" else None)


def _marked(
    document: Document, passage: Passage, marks: Sequence[Highlight], first: int, last: int, language: Language
) -> list[str]:
    """A part of a paragraph with its marks. Marks that overlap follow each other, each with its number."""
    parts: list[str] = []
    position = first
    for mark in marks:
        start, end = passage.place(mark.start, mark.end)
        if start >= end or end <= first or start >= last:
            continue
        start, end = max(start, position), max(end, position)
        parts += _plain(document, passage, position, start, language)
        begins = passage.offsets[0] <= mark.start or start > 0
        parts.append(_mark(mark, _plain(document, passage, start, end, language), begins))
        position = end
    parts += _plain(document, passage, position, last, language)
    if last == len(passage.text):
        parts += [element("sup", label) for place, label in passage.notes if place == last]
    return parts


def _plain(document: Document, passage: Passage, first: int, last: int, language: Language) -> Iterator[str]:
    """A part of a paragraph in which nothing is marked: who speaks, what is read, and the marks of notes."""
    if first < min(last, passage.speaker):
        end = min(last, passage.speaker)
        yield element("strong", *_words(document, passage, first, end, language), class_="speaker")
        first = end
    for place, label in passage.notes:
        if first <= place < last:
            yield from _words(document, passage, first, place, language)
            yield element("sup", label)
            first = place
    yield from _words(document, passage, first, last, language)


def _words(document: Document, passage: Passage, first: int, last: int, language: Language) -> Iterator[str]:
    """Characters of a paragraph, the unsure ones underlined."""
    if first >= last:
        return
    position = first
    for span in document.unsure_within(passage.offsets[first], passage.offsets[last - 1] + 1):
        start, end = passage.place(*span)
        start, end = max(start, position), min(end, last)
        if start < end:
            yield passage.text[position:start]
            yield _unsure(passage.text[start:end], language)
            position = end
    yield passage.text[position:last]


def _unsure(shown: str, language: Language) -> Html:
    return element("span", shown, class_="unsure", title=say("unsure", language))


def _mark(mark: Highlight, shown: Iterable[str], begins: bool) -> Html:
    if not begins:  # the span goes on in another paragraph
        return element("mark", *shown)
    label: str = ""
    if mark.label and mark.back:
        label = element("a", mark.label, href=f"#{mark.back}", class_="number", aria_label=mark.back_label or None)
    elif mark.label:
        label = element("span", mark.label, class_="number")
    return element("mark", label, *shown, id=mark.anchor or None, tabindex="-1")


def _unplaced(document: Document, mark: Highlight, language: Language) -> Html:
    """A span that the readable view leaves out, such as a caption: shown as it stands."""
    shown = " ".join(document.text[mark.start : mark.end].split())
    is_unsure = bool(document.unsure_within(mark.start, mark.end))
    return element("p", _mark(mark, [_unsure(shown, language) if is_unsure else shown], True))
