"""A page's paragraphs, tables and footnotes in the order of reading, from what is drawn on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.formats.aligned_tables import aligned_tables
from rag.formats.pdf_columns import Region, columns_of
from rag.formats.pdf_glyphs import Glyph, PageContent
from rag.formats.pdf_lines import Stretch, line_of, stretches_of
from rag.formats.pdf_notes import notes_of
from rag.formats.pdf_paragraphs import Paragraph, Type, edges_of, paragraphs_of, runs_over
from rag.formats.pdf_rules import Box
from rag.formats.pdf_tables import PageTable, ruled_tables
from rag.formats.pdf_text import Element, PageText, whole_text
from rag.formats.running_heads import without_repeated, without_running_heads

_LONG = 15.0
"""Length, in font sizes, of lines that are a text's and no heading's, label's or cell's."""


@dataclass(slots=True)
class PageParts:
    """What a page consists of, before the other pages have told which of it is a running head.

    Attributes:
        parts: parts of lines outside tables.
        tables: tables with rules.
        askew: texts in other directions than the page's.
        box: what of the page is shown.
        plain: the text in PDFium's order, where the geometry cannot be used.
        has_image: whether there are images on it.
    """

    parts: list[Stretch]
    tables: list[PageTable]
    askew: list[str]
    box: Box
    plain: str = ""
    has_image: bool = False


def parts_of(content: PageContent) -> PageParts:
    """The parts of a page; its text in PDFium's order where they would not hold every character."""
    if not content.in_order:
        return PageParts([], [], [], content.box, content.plain)
    tables, rest = ruled_tables(content.glyphs, content.drawing.rules)
    parts = stretches_of(rest)
    return PageParts(parts, tables, _askew(content.askew), content.box, has_image=bool(content.drawing.images))


def text_of_pages(pages: Sequence[PageParts]) -> tuple[str, tuple[int, ...], int]:
    """The text of all pages, the offset at which each begins, and how many lines of running heads were taken out."""
    kept, dropped = without_running_heads(
        [(page.parts, page.box, bool(page.tables or page.has_image)) for page in pages]
    )
    askew, marks = without_repeated([page.askew for page in pages])
    for page, parts, texts in zip(pages, kept, askew, strict=True):
        page.parts, page.askew = parts, texts
    body = type_of_text(pages)
    text, starts = whole_text([laid_out(page, body) for page in pages])
    return text, starts, dropped + marks


def reading_order(page: PageParts) -> list[int]:
    """The numbers of a page's characters in the order in which they are read; of its notes and what stands askew none."""
    numbers: list[int] = []
    for element in laid_out(page, type_of_text([page])).elements:
        if isinstance(element, PageTable):
            numbers += [number for row in element.rows for cell in row for number in cell.numbers]
        else:
            numbers += [number for line in element.lines for number in line.numbers]
    return numbers


def type_of_text(pages: Sequence[PageParts]) -> Type:
    """The type that most of a document is in: of its long lines, or, without any, of all that it says."""
    parts = [part for page in pages for part in page.parts]
    long = [part for part in parts if part.right - part.left > _LONG * part.size]
    types: Counter[Type] = Counter()
    for part in long or parts:
        types[Type(round(part.size * 2) / 2, part.face, part.is_bold)] += part.weight
    sizes: Counter[float] = Counter()
    for kind, count in types.items():
        sizes[kind.size] += count
    if not sizes:
        return Type(10.0, "", False)
    size = sizes.most_common(1)[0][0]
    return max((kind for kind in types if kind.size == size), key=lambda kind: types[kind])


def laid_out(page: PageParts, body: Type) -> PageText:
    """The paragraphs, tables and footnotes of a page, whose running heads have been taken out."""
    if page.plain:
        return PageText([Paragraph(page.plain.strip("\n"), [])] if page.plain.strip() else [])
    regions = [
        Region(table.box.left, table.box.top, table.box.right, table.box.bottom, number)
        for number, table in enumerate(page.tables)
    ]
    columns = columns_of([*page.parts, *regions])
    parts, notes = notes_of(
        [[item for item in column if isinstance(item, Stretch)] for column in columns], page.tables, body.size
    )
    text = PageText(notes=notes)
    for column, own in zip(columns, parts, strict=True):
        tables = [page.tables[item.number] for item in column if isinstance(item, Region)]
        elements = _elements(own, tables, page.box, body, alone=len(columns) == 1)
        if text.elements and elements and _runs_over(text.elements[-1], elements[0]):
            elements.pop(0)
        text.elements += elements
    text.elements += [Paragraph(said, []) for said in page.askew]
    return text


def _runs_over(one: Element, other: Element) -> bool:
    """Whether the last paragraph of a column goes on with the first of the next; then it has been added."""
    if isinstance(one, Paragraph) and isinstance(other, Paragraph) and runs_over(one, other):
        one.add(other)
        return True
    return False


def _elements(
    parts: Sequence[Stretch], tables: Sequence[PageTable], box: Box, body: Type, alone: bool
) -> list[Element]:
    """The paragraphs and tables of one column from top to bottom."""
    placed: list[tuple[float, PageTable | list[Stretch]]] = [(table.box.top, table) for table in tables]
    for found in aligned_tables(parts):
        placed.append((found.box.top if isinstance(found, PageTable) else found[0].top, found))
    placed.sort(key=lambda one: one[0])
    lines = [line_of(found) for _, found in placed if not isinstance(found, PageTable)]
    if not lines:
        return [table for _, table in placed if isinstance(table, PageTable)]
    page_edges = (box.left, box.right) if alone else (lines[0].left, max(line.right for line in lines))
    elements: list[Element] = []
    left, right = edges_of(lines, *page_edges)
    for is_table, group in groupby((found for _, found in placed), key=lambda found: isinstance(found, PageTable)):
        if is_table:
            elements += [table for table in group if isinstance(table, PageTable)]
        else:
            rows = [line_of(row) for row in group if not isinstance(row, PageTable)]
            elements += paragraphs_of(rows, left, right, body)
    return elements


def _askew(glyphs: Sequence[Glyph]) -> list[str]:
    """Texts in other directions, each as it was drawn."""
    texts: list[str] = []
    last: Glyph | None = None
    for glyph in glyphs:
        near = last is not None and abs(glyph.start - last.start) + abs(glyph.base - last.base) < 3 * glyph.size
        if near:
            texts[-1] += (" " if glyph.after_blank and glyph.text.isascii() else "") + glyph.text
        else:
            texts.append(glyph.text)
        last = glyph
    return texts
