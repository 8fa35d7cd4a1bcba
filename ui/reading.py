"""A document to read in full, with search inside it: long ones in parts, each find a mark with a place of its own."""

import re
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from rag.text.documents import Document
from ui.html import Html, anchor, element, join
from ui.source_view import Highlight, between, passages
from ui.texts import Language

PART = 30_000
"""Length of a part of a long document, in characters: what a browser shows at once without delay."""

MOST_FINDS = 1000

Span = tuple[int, int]


def parts(document: Document, size: int = PART) -> list[Span]:
    """The spans of its text that are shown one at a time, cut between paragraphs wherever these are shorter than one."""
    text = document.text
    starts = [passage.offsets[0] for passage in passages(text, document.speakers)]
    found: list[Span] = []
    start = 0
    while len(text) - start > size * 3 // 2:
        place = bisect_right(starts, start + size) - 1
        end = starts[place] if place >= 0 and starts[place] > start + size // 2 else start + size
        found.append((start, end))
        start = end
    return [*found, (start, len(text))]


def find(document: Document, query: str) -> list[Span]:
    """Where a document's text reads like ``query``, whatever the case, blanks and line breaks: spans of it.

    At most the first ``MOST_FINDS`` are found.
    """
    words = query.split()
    if not words:
        return []
    pattern = re.compile(r"\s*".join(map(re.escape, words)), re.IGNORECASE)
    found: list[Span] = []
    for passage in passages(document.text, document.speakers):
        for match in pattern.finditer(passage.text):
            found.append((passage.offsets[match.start()], passage.offsets[match.end() - 1] + 1))
            if len(found) == MOST_FINDS:
                return found
    return found


def holding(spans: Sequence[Span], place: int) -> int:
    """The number, from 0, of the part that holds a place in the text."""
    return max(0, bisect_right([start for start, _ in spans], place) - 1)


def part_of(
    document: Document,
    span: Span,
    finds: Sequence[Span],
    query: str,
    language: Language,
    dividers: Iterable[tuple[int, Html]] = (),
) -> Html:
    """A part of a document with what was found in it marked; each mark leads on to the next.

    Args:
        dividers: as for :func:`ui.source_view.between`.
    """
    start, end = span
    here = [number for number, (first, last) in enumerate(finds) if start <= first and last <= end]
    token = zlib.crc32(query.encode("utf-8", "replace"))
    names = {number: anchor("find", f"{token:x}", number + 1) for number in here}
    marks = []
    for place, number in enumerate(here):
        following = names[here[(place + 1) % len(here)]]
        first, last = finds[number]
        label = f"{number + 1}/{len(finds)}"
        marks.append(Highlight(first, last, names[number], label, following, label))
    return between(document, start, end, marks, language, dividers)


def part_buttons(spans: Sequence[Span], current: int, finds: Sequence[Span], named: str) -> Html:
    """Buttons that turn to each part of a long document, with how much was found there; nothing for a short one.

    Args:
        named: what a part is called, with a place for its number ``n``.
    """
    if len(spans) < 2:
        return Html("")
    counts = [0] * len(spans)
    for first, _ in finds:
        counts[holding(spans, first)] += 1
    buttons = [
        element(
            "button",
            str(number + 1),
            element("sup", str(count)) if count else Html(""),
            type="button",
            data_action="part",
            data_part=str(number),
            aria_label=named.format(n=number + 1),
            aria_current="true" if number == current else None,
        )
        for number, count in enumerate(counts)
    ]
    return element("nav", join(buttons), class_="parts")
