"""Structure of a document: sentences that know who says them (:mod:`rag.text.turns`) and under which heading."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.text.turns import Turns
from rag.text.view import CLOSING, TERMINAL, View, layout, view_of

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
        paragraph: number of its paragraph, from 0.
    """

    start: int
    end: int
    text: str
    speaker: str
    heading: str
    kind: str
    paragraph: int


def sentences_of(text: str, speakers: tuple[str, ...] = ()) -> list[Sentence]:
    """The sentences of a stored text, in order.

    Args:
        text: a document's text.
        speakers: the people known to speak in it; where there is one only, ``答：`` is taken to be that person.
    """
    found = layout(text)
    views = [view_of(text, (paragraph,)) for paragraph in found.paragraphs]
    turns = Turns((view.text for view in views), speakers)
    sentences: list[Sentence] = []
    heading = ""
    for number, (paragraph, view) in enumerate(zip(found.paragraphs, views, strict=True)):
        if paragraph.kind == "heading":
            # Headings that a hard-wrapped text carries between its lines are pull quotes, out of their place.
            heading = "" if found.hard_wrapped else view.text.strip()
            turns.end_at_heading()
            sentences += _whole(view, heading, "heading", number)
        elif paragraph.kind == "note":
            turns.end()
            sentences += _whole(view, heading, "note", number)
        else:
            for start, end in split_sentences(view.text, turns.enter(view.text)):
                speaker, kind = turns.speaker_of(view.text[start:end])
                for first, last in _pieces(view.text, start, end):
                    place = view.span(first, last)
                    sentences.append(Sentence(*place, view.text[first:last], speaker, heading, kind, number))
    return sentences


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


def _whole(view: View, heading: str, kind: str, number: int) -> list[Sentence]:
    first, last = view.span(0, len(view.text))
    return [Sentence(first, last, view.text.strip(), "", heading, kind, number)] if last > first else []
