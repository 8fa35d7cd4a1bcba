"""Structure of a document: sentences that know who says them (:mod:`rag.text.turns`) and under which heading."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag.text.cells import cell_readings, is_tick
from rag.text.markup import is_bulleted, is_note
from rag.text.official_lines import lead_of
from rag.text.table_captions import LINES_OF_CAPTION, caption_of
from rag.text.tables import Cell, line_at, lines_above, rows_around, table_of
from rag.text.turn_labels import Paragraph
from rag.text.turns import Turns
from rag.text.view import CLOSING, TERMINAL, Layout, View, layout, line_view, places_of, readable, view_of

LONGEST_SENTENCE = 500

_ABBREVIATIONS = [
    "Mr",
    "Mrs",
    "Ms",
    "Dr",
    "Prof",
    "St",
    "vs",
    "No",
    "Fig",
    "Inc",
    "Ltd",
    "Co",
    "Corp",
    "Jr",
    "Sr",
    "Gen",
    "Sen",
    "Rep",
    "Gov",
    "Lt",
    "Col",
    "cf",
    "al",
    "etc",
    "pp",
    "Nr",
    "approx",
]
_ABBREVIATED = "|".join(f"(?<=\\b{word})" for word in [*_ABBREVIATIONS, "[A-Z]"])
# Brackets and book titles are taken whole; a full stop ends a sentence before a capital, unless it abbreviates a word.
_SENTENCE = re.compile(
    r"(?:\s*[（(]?\d{1,3}[.)]\s+(?=\S))?"
    "(?:"
    f"(?>[（(][^（()）\n]{{0,120}}[)）]|《[^《》\n]{{0,80}}》|[^{TERMINAL}.\n])"
    f'|(?:{_ABBREVIATED})[.](?!\\s*$)|[.](?![{CLOSING}]*\\s+["“‘(]?[A-Z]|[{CLOSING}]*\\s*$)'
    ")*+"
    f"(?:[。！？；!?;｡]+|…+|[.])?[{TERMINAL}{CLOSING}]*"
)
_SENTENCE_END = re.compile("[。！？；]")
_DAY_BELOW = 60
"""Characters below a line within which the day stands that shows it to be who signs."""
_PAUSE = re.compile("[，,、：:）)》” ]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a document.

    Attributes:
        start, end: its exact span in ``Document.text``, in characters.
        text: how it reads (the view's text: joined lines, no stray spaces).
        speaker: who says it; empty for the narrator.
        heading: the section heading it stands under; empty where there is none.
        kind: ``"statement"``, ``"question"`` (asked by a reporter or interviewer), ``"heading"`` or ``"note"``
            (byline, date line, source).
        paragraph: number of its paragraph, from 0; each cell of a table is one.
        lead, tail: characters at the beginning and the end of ``text`` that do not stand in the span: the heads of a
            table's cell, and its unit.
        is_bulleted: whether it opens an item of a list that a bullet marks, which is not read.
    """

    start: int
    end: int
    text: str
    speaker: str
    heading: str
    kind: str
    paragraph: int
    lead: int = 0
    tail: int = 0
    is_bulleted: bool = False

    def places(self, text: str) -> Sequence[int]:
        """Where each character of the sentence stands in its document's text, that of a head at the cell's beginning.

        Empty where they cannot be matched.
        """
        own = places_of(self.text[self.lead : len(self.text) - self.tail], text, self.start, self.end)
        if not own or not (self.lead or self.tail):
            return own
        return [self.start] * self.lead + [*own] + [self.end - 1] * self.tail


def sentences_of(text: str, speakers: tuple[str, ...] = (), found: Layout | None = None) -> list[Sentence]:
    """The sentences of a stored text, in order; of a table its cells, each with its heads.

    Args:
        text: a document's text.
        speakers: the people known to speak in it; where there is one only, ``答：`` is taken to be that person.
        found: how the text is laid out, where that is known already.
    """
    found = found or layout(text)
    views = [view_of(text, (paragraph,)) for paragraph in found.paragraphs]
    turns = turns_of(found, views, speakers)
    sentences: list[Sentence] = []
    heading = ""
    number = -1
    has_sentences = False
    for place, (paragraph, view) in enumerate(zip(found.paragraphs, views, strict=True)):
        number += 1
        below = views[place + 1].text if place + 1 < len(views) else ""
        has_sentences = has_sentences or (place > 0 and bool(_SENTENCE_END.search(views[place - 1].text)))
        if lead := lead_of(view.text.strip(), below.strip(), after_sentences=has_sentences):
            turns.end()
            sentences += _led(lead, view, heading, number)
        elif turns.is_head(place):
            turns.enter(place)
            heading = view.text.strip()
            sentences += _whole(view, heading, "heading", number)
        elif paragraph.kind == "heading" and not turns.is_message(place):
            # Headings that a hard-wrapped text carries between its lines are pull quotes, out of their place.
            heading = "" if found.hard_wrapped else view.text.strip()
            turns.end_at_heading(is_pull_quote=found.hard_wrapped)
            sentences += _whole(view, heading, "heading", number)
        elif paragraph.kind == "note":
            turns.end()
            sentences += _whole(view, heading, "note", number)
        elif paragraph.kind == "table":
            turns.end()
            cells = _cells(text, tuple((line.start, line.end) for line in paragraph.lines))
            sentences += [
                replace(cell, heading=cell.heading or heading, paragraph=number + cell.paragraph) for cell in cells
            ]
            number += max((cell.paragraph for cell in cells), default=0)
        else:
            begins = is_bulleted(paragraph.lines[0].text)
            spans = list(split_sentences(view.text, turns.enter(place)))
            for (start, end), (speaker, kind) in zip(spans, turns.speakers_of(place, spans), strict=True):
                for first, last in _pieces(view.text, start, end):
                    told = Sentence(*view.span(first, last), view.text[first:last], speaker, heading, kind, number)
                    sentences.append(replace(told, is_bulleted=begins))
                    begins = False
    return sentences


def turns_of(found: Layout, views: Sequence[View], speakers: tuple[str, ...] = ()) -> Turns:
    """Who speaks in the paragraphs of a text; nothing has been entered.

    Args:
        found: the text's layout.
        views: the view of each of its paragraphs.
        speakers: as for :func:`sentences_of`.
    """
    paragraphs = zip(found.paragraphs, views, strict=True)
    return Turns([Paragraph(each.kind, view.text, each.lines[0].text) for each, view in paragraphs], speakers)


def parts_of(found: Layout) -> dict[str, int]:
    """How many tables and notes a text holds that is laid out so."""
    return {
        "tables": sum(paragraph.kind == "table" for paragraph in found.paragraphs),
        "notes": sum(is_note(paragraph.lines[0].text) for paragraph in found.paragraphs),
    }


def reading_at(text: str, start: int, end: int) -> str:
    """How a span of a stored text reads: lines joined, stray spaces and captions left out; of a table with its heads."""
    cells = [cell for cell in _cells(text, rows_around(text, start)) if cell.start < end and start < cell.end]
    if not cells:
        return f"{_lead_at(text, start, end)}{readable(text[start:end])}"
    readings = []
    for cell in cells:
        own = readable(text[max(start, cell.start) : min(end, cell.end)])
        readings.append(f"{cell.text[: cell.lead]}{own}{cell.text[len(cell.text) - cell.tail :]}")
    return "；".join(readings)


def _lead_at(text: str, start: int, end: int) -> str:
    """What is read before a span that is a line of its own; see :func:`rag.text.official_lines.lead_of`."""
    before, after = line_at(text, start)[0], line_at(text, end)[1]
    if text[before:start].strip() or text[end:after].strip():
        return ""
    below = next(filter(None, (each.strip() for each in text[after : after + _DAY_BELOW].splitlines())), "")
    has_sentences = bool(_SENTENCE_END.search(text, 0, start))
    return lead_of(readable(text[start:end]), readable(below), after_sentences=has_sentences)


@lru_cache(maxsize=64)
def _cells(text: str, rows: tuple[tuple[int, int], ...]) -> tuple[Sentence, ...]:
    """The cells of a table as sentences, each of a long cell's with its heads; their paragraphs count from 0.

    Their heading is the table's caption.

    Args:
        text: the document's.
        rows: the lines of the table.
    """
    if not rows:
        return ()
    caption = caption_of(lines_above(text, rows[0][0], LINES_OF_CAPTION))
    table = table_of(text, rows)
    views: dict[Cell, View] = {}

    def shown(cell: Cell) -> str:
        if cell not in views:
            views[cell] = line_view(text, cell.start, cell.end)
        return views[cell].text

    found = []
    for number, reading in enumerate(cell_readings(table, shown, caption)):
        view = line_view(text, reading.cell.start, reading.cell.end)
        kind = "heading" if reading.is_head else "statement"
        around = len(reading.lead), len(reading.tail)
        spans = list(split_sentences(view.text)) or [(0, len(view.text))] * bool(reading.lead and is_tick(view.text))
        for start, end in spans:
            for first, last in _pieces(view.text, start, end):
                words = f"{reading.lead}{view.text[first:last]}{reading.tail}"
                found.append(Sentence(*view.span(first, last), words, "", caption.title, kind, number, *around))
    return tuple(found)


def split_sentences(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of readable ``text`` from ``start`` on.

    A sentence ends at 。！？；… (or their half-width forms, or a full stop before a capital) and takes the closing
    quotes and brackets that follow; nothing ends inside brackets or book-title marks.
    """
    position = start
    quoting = False  # whether a straight quotation mark is open: it looks the same at both ends
    while position < len(text):
        match = _SENTENCE.match(text, position)
        end = match.end() if match and match.end() > position else position + 1
        if quoting == (text.count('"', position, end) % 2 == 0):
            quoting = True
            if text[end - 1] == '"' and end - 1 > position:  # it opens what follows
                end, quoting = end - 1, False
        else:
            quoting = False
        if any(character.isalnum() for character in text[position:end]):
            first = position + len(text[position:end]) - len(text[position:end].lstrip())
            yield first, position + len(text[position:end].rstrip())
        position = end


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence in pieces of at most ``LONGEST_SENTENCE`` characters, cut after a comma or blank where there is one.

    What is longer (a table, a text without punctuation) would not fit an embedder's window, nor serve as evidence.
    """
    while end - start > LONGEST_SENTENCE:
        pauses = list(_PAUSE.finditer(text, start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE))
        cut = pauses[-1].end() if pauses else start + LONGEST_SENTENCE
        yield start, start + len(text[start:cut].rstrip())
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip())
    if start < end:
        yield start, end


def _led(lead: str, view: View, heading: str, number: int) -> list[Sentence]:
    """A line that is read with what it is."""
    words = f"{lead}{view.text.strip()}"
    return [Sentence(*view.span(0, len(view.text)), words, "", heading, "statement", number, lead=len(lead))]


def _whole(view: View, heading: str, kind: str, number: int) -> list[Sentence]:
    first, last = view.span(0, len(view.text))
    return [Sentence(first, last, view.text.strip(), "", heading, kind, number)] if last > first else []
