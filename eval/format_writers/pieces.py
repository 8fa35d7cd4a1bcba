"""Pieces: what of a content a file of a format holds, word for word, and so what must come out when it is loaded."""

from collections.abc import Iterator
from dataclasses import dataclass

from eval.format_writers.comma import table_of
from eval.format_writers.content import Content, Table, readable, runs_of

_CONTEXT = 4
"""Characters before a deletion by which it is known: what is deleted may be a single digit."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of its own in a file.

    Attributes:
        kind: that of the block, or ``caption``, ``unit``, ``cell``, ``note`` (below a table), ``footnote``.
        text: as it reads, without marks of notes.
    """

    kind: str
    text: str


def pieces(content: Content, form: str) -> Iterator[Piece]:
    """What a file of the format holds, in order; footnotes come last, and the labels of a workbook."""
    if form == "csv":
        yield from _of_table(table_of(content))
        return
    for block in content.blocks:
        if block.table:
            yield from _of_table(block.table)
        elif block.text and (form != "xlsx" or block.kind == "title"):
            yield Piece(block.kind, readable(block.text).removeprefix("- "))
    if form == "xlsx":
        yield from (Piece(block.kind, readable(block.text)) for block in content.blocks if block.kind == "label")
    else:
        yield from (Piece("footnote", readable(note)) for note in content.footnotes)


def tables(content: Content, form: str) -> tuple[Table, ...]:
    """The tables that a file of the format holds."""
    return (table_of(content),) if form == "csv" else content.tables


def deletions(content: Content) -> Iterator[str]:
    """What is deleted, each with the characters before it, as it would read if it were still there."""
    for block in content.blocks:
        before = ""
        for run in runs_of(block.text):
            if run.kind == "deleted":
                yield before[-_CONTEXT:] + run.text
            else:
                before += run.text


def filled(table: Table) -> list[list[str]]:
    """The readable texts of a table's rows, a spanning cell's in every row and column that it spans."""
    grid = [[""] * len(row) for row in table.rows]
    for number, row in enumerate(table.rows):
        for column, cell in enumerate(row):
            if cell:
                for below in range(number, number + cell.rows):
                    grid[below][column : column + cell.columns] = [readable(cell.text)] * cell.columns
    return grid


def _of_table(table: Table) -> Iterator[Piece]:
    yield from (
        Piece(kind, readable(text)) for kind, text in (("caption", table.caption), ("unit", table.unit)) if text
    )
    cells = (cell for row in table.rows for cell in row if cell and cell.text)
    yield from (Piece("cell", readable(cell.text)) for cell in cells)
    yield from (Piece("note", readable(note)) for note in table.notes)
