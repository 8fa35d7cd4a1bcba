"""The text of a document from the text of its pages: paragraphs and tables that run over a page's end are whole again.

Pages are separated by a form feed, the character that plain text has for it. What runs over has none; there the page
begins within the paragraph, or at a row of the table.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.formats.grids import GridCell, table_text
from rag.formats.pdf_paragraphs import Paragraph, runs_over
from rag.formats.pdf_tables import PageTable

PAGE_BREAK = "\f"

_SAME_EDGE = 6.0
_DEEPEST_HEADING = 6
_LOOKS_LIKE_HEADING = re.compile(r"^(#{1,6})[^\S\n]+", re.MULTILINE)

Element = Paragraph | PageTable


@dataclass(slots=True)
class PageText:
    """What a page says: its paragraphs and tables in the order of reading, and its footnotes, a line each."""

    elements: list[Element] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    """What stands on lines of its own: where it begins and ends, and for each later page in it where that begins.

    That is a place in a paragraph's text, and the number of a row in a table.
    """

    element: Element
    page: int
    last_page: int
    starts: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def whole_text(pages: Sequence[PageText]) -> tuple[str, tuple[int, ...]]:
    """The text of all pages, and the offset at which each begins."""
    blocks = _blocks(pages)
    levels = _levels(blocks)
    parts: list[str] = []
    starts: list[int] = []
    length = 0

    def write(text: str) -> None:
        nonlocal length
        parts.append(text)
        length += len(text)

    def begin_pages(until: int) -> None:
        while len(starts) < until:
            write(PAGE_BREAK if starts else "")
            starts.append(length)

    for block in blocks:
        if block.page < len(starts):
            write("\n")
        begin_pages(block.page + 1)
        text, offsets = _written(block, levels)
        starts += [length + offset for offset in offsets]
        write("\n".join([text, *block.notes] if text else block.notes))
    begin_pages(len(pages))
    return "".join(parts), tuple(starts)


def _blocks(pages: Sequence[PageText]) -> list[_Block]:
    blocks: list[_Block] = []
    for number, page in enumerate(pages):
        for place, element in enumerate(page.elements):
            last = blocks[-1] if blocks else None
            if place == 0 and last is not None and last.last_page == number - 1 and _grows(last, element):
                last.last_page = number
            else:
                blocks.append(_Block(element, number, number))
        if page.notes and not page.elements:
            blocks.append(_Block(Paragraph("", []), number, number))
        if page.notes:
            blocks[-1].notes += page.notes
    return blocks


def _grows(block: _Block, element: Element) -> bool:
    """Whether an element goes on with a block; then it has been added to it."""
    own = block.element
    if isinstance(own, Paragraph) and isinstance(element, Paragraph) and runs_over(own, element):
        own.add(element)
        block.starts.append(len(own.text) - len(element.text))
        return True
    if isinstance(own, PageTable) and isinstance(element, PageTable) and _same_columns(own, element):
        rows = _without_repeated_heads(own.rows, element.rows)
        block.starts.append(len(own.rows))
        own.rows = own.rows + rows
        return True
    return False


def _same_columns(one: PageTable, other: PageTable) -> bool:
    if len(one.edges) != len(other.edges):
        return False
    shift = other.edges[0] - one.edges[0]
    return one.rows[0] == other.rows[0] or all(
        abs(right - left - shift) < _SAME_EDGE for left, right in zip(one.edges, other.edges, strict=True)
    )


def _without_repeated_heads(rows: Sequence[list[GridCell]], more: Sequence[list[GridCell]]) -> list[list[GridCell]]:
    repeated = 0
    while repeated < min(len(rows), len(more)) and rows[repeated] == more[repeated]:
        repeated += 1
    return list(more[repeated:])


def _written(block: _Block, levels: dict[tuple[float, str], int]) -> tuple[str, list[int]]:
    """The text of a block, and where the later pages begin in it."""
    element = block.element
    if isinstance(element, PageTable):
        text = table_text(element.rows)
        lines = text.split("\n")
        offsets = []
        for start in block.starts:
            after = sum(any(cell.text.strip() for cell in row) for row in element.rows[start:])
            offsets.append(len(text) if not after else sum(len(line) + 1 for line in lines[:-after]))
        return text, offsets
    if element.heading is not None:
        return f"{'#' * levels[element.heading]} {element.text}", []
    # Only headings may look like some.
    return _LOOKS_LIKE_HEADING.sub(r"\1", element.text), block.starts


def _levels(blocks: Sequence[_Block]) -> dict[tuple[float, str], int]:
    """The level of each rank of headings: by size, then, for those of the text's size, in the order of appearance.

    The largest is the title's (level 1) if there is one of it, and it comes first.
    """
    ranks = [
        block.element.heading for block in blocks if isinstance(block.element, Paragraph) and block.element.heading
    ]
    sizes = sorted({rank for rank in ranks if rank[0]}, reverse=True)
    forms = list(dict.fromkeys(rank for rank in ranks if not rank[0]))
    has_title = bool(sizes) and ranks[0] == sizes[0] and Counter(ranks)[sizes[0]] == 1
    first = 1 if has_title else 2
    return {rank: min(first + number, _DEEPEST_HEADING) for number, rank in enumerate([*sizes, *forms])}
