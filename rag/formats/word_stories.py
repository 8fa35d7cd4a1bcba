"""A part of a Word document as lines: paragraphs with their numbers, headings, tables, text boxes, embedded files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rag.formats.archives import Archive
from rag.formats.grids import table_text
from rag.formats.word_chunks import chunk_text
from rag.formats.word_elements import COMPATIBILITY, GONE, WORD, alternative, switch, value
from rag.formats.word_notes import Notes
from rag.formats.word_numbering import BULLET, Numbering
from rag.formats.word_omissions import Omissions
from rag.formats.word_paragraphs import Paragraphs, deleted_length
from rag.formats.word_styles import Styles, heading_level
from rag.formats.word_tables import Row, grid, shown_rows

_TABLE = "|"
_NO_BLOCKS = frozenset(WORD + name for name in ("sdtPr", "sdtEndPr", "sectPr", "tcPr", "trPr", "tblPr", "tblGrid"))


@dataclass(frozen=True, slots=True)
class Source:
    """What the stories of one document share.

    Attributes:
        archive: its parts.
        styles, numbering, notes: what they are named for.
        omissions: where what is left out is counted.
        read_word: reads an embedded Word document; None where this is one.
    """

    archive: Archive
    styles: Styles
    numbering: Numbering
    notes: Notes
    omissions: Omissions
    read_word: Callable[[bytes], str] | None


class Story:
    """Reads one part from its beginning to its end.

    Args:
        source: the document.
        part: the part's path.
        in_margin: whether it is a header or footer.
    """

    def __init__(self, source: Source, part: str, in_margin: bool = False) -> None:
        self._source = source
        self._part = part
        self._in_margin = in_margin
        self._paragraphs = Paragraphs(source.styles, source.notes, source.omissions, in_margin)

    def text(self, container: Any) -> str:
        """What stands in a container, lines separated by newlines; several empty ones in a row are one."""
        kept: list[str] = []
        for block in self.lines(container):
            if not block and not (kept and kept[-1]):
                continue
            if block.startswith(_TABLE) and kept and kept[-1].startswith(_TABLE):
                kept.append("")  # or one table would go on from the other
            kept.append(block)
        return "\n".join(kept).strip("\n")

    def lines(self, container: Any, in_cell: bool = False) -> Iterator[str]:
        """The paragraphs and tables in a container, in order, through content controls and insertions.

        A paragraph is a line, unless lines end within it; an empty one is an empty line. A table is one text of several
        lines.

        Args:
            container: the element whose blocks are read.
            in_cell: whether they stand in a cell, where nothing is a heading or a table.
        """
        carried = ""  # what a paragraph says whose end was deleted goes on in the next one
        for child in container:
            if child.tag == WORD + "p":
                text, boxes = self._paragraphs.read(child)
                carried += text
                if not self._has_lost_its_end(child, carried):
                    yield self._line(child, carried, in_cell)
                    carried = ""
                for box in boxes:
                    yield from self.lines(box, in_cell)
                continue
            if carried and isinstance(child.tag, str):
                yield carried.strip()
                carried = ""
            yield from self._other_block(child, in_cell)
        if carried:
            yield carried.strip()

    def _other_block(self, element: Any, in_cell: bool) -> Iterator[str]:
        if element.tag == WORD + "tbl":
            yield from self._table(element, in_cell)
        elif element.tag == WORD + "altChunk":
            source = self._source
            if text := chunk_text(element, self._part, source.archive, source.omissions, source.read_word):
                yield text
        elif element.tag == COMPATIBILITY + "AlternateContent":
            if (chosen := alternative(element)) is not None:
                yield from self.lines(chosen, in_cell)
        elif element.tag == WORD + "del":
            self._source.omissions.count("deleted", deleted_length(element))
        elif isinstance(element.tag, str) and element.tag not in GONE and element.tag not in _NO_BLOCKS:
            yield from self.lines(element, in_cell)

    def _has_lost_its_end(self, paragraph: Any, text: str) -> bool:
        """Whether a paragraph goes on in the next one, by tracked changes or as a large initial, or is hidden altogether."""
        frame, mark = (paragraph.find(f"{WORD}pPr/{WORD}{name}") for name in ("framePr", "rPr"))
        if frame is not None and frame.get(WORD + "dropCap", "none") != "none":
            return True
        if mark is None:
            return False
        return any(mark.find(gone) is not None for gone in GONE) or (not text and bool(switch(mark, "vanish")))

    def _line(self, paragraph: Any, text: str, in_cell: bool) -> str:
        properties = paragraph.find(WORD + "pPr")
        style = value(properties, "pStyle")
        text = "\n".join(line.strip() for line in text.split("\n")).strip("\n")
        label = self._source.numbering.label(properties, style, text)
        if not text:  # a column of numbers in a table has nothing but these
            return label if in_cell and label != BULLET else ""
        level = heading_level(properties, self._source.styles.paragraph(style))
        if level is None or in_cell:
            return label + text
        return "#" * level + " " + " ".join((("" if label == BULLET else label) + text).split())

    def _table(self, table: Any, in_cell: bool) -> Iterator[str]:
        rows = shown_rows(table, self._source.omissions)
        if all(len(cells) < 2 for _, cells in rows):  # it arranges text, as a frame does
            for _, cells in rows:
                for cell in cells:
                    yield from self.lines(cell, in_cell)
        elif in_cell or self._in_margin:
            yield from self._rows_as_text(rows)
        else:
            cells = grid(rows, self._cell_text)
            if any(cell.text for line in cells for cell in line):
                yield table_text(cells)

    def _rows_as_text(self, rows: list[Row]) -> Iterator[str]:
        for _, cells in rows:
            yield " ".join(" ".join(self._cell_text(cell).split()) for cell in cells)

    def _cell_text(self, cell: Any) -> str:
        return "\n".join(line for line in self.lines(cell, in_cell=True) if line)
