r"""Tables in a text: which lines are one, and where each of its cells stands.

The notation is Markdown's, with ``||`` for a cell that spans the next column and ``^^`` for one that the row above reaches
into (MultiMarkdown); several rows above the line of dashes are heads, and a table may begin with that line and have none
(:mod:`rag.formats.grids` writes it). ``\|`` is a bar within a cell. Plain text parts columns by tabs, full-width bars or
wide gaps; that is a table where several lines have as many columns.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.text.table_heads import first_row_is_head, goes_on, is_number

MOST_COLUMNS = 200
"""Cells of a row beyond which it is no table's."""

LEAST_PARTED_ROWS = 3
"""Lines with as many columns parted by gaps that make a table."""
LONGEST_PARTED_CELL = 40

_GAP = re.compile(r"[ \t\u3000]*(?:\t|｜|[ \u3000]{2})[ \t\u3000]*")
_BAR = re.compile(r"(?<!\\)\|")
_DASHES = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_FROM_ABOVE = "^^"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what stands in it is ``text[start:end]`` of the document, without the blanks around it.

    Attributes:
        start, end: equal where nothing stands in it.
        row, column: its first ones, from 0; the line of dashes is no row.
        rows, columns: how many it spans.
    """

    start: int
    end: int
    row: int
    column: int
    rows: int = 1
    columns: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it."""
        return self.start == self.end


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a table.

    Attributes:
        rows: the cells that begin in each row.
        heads: how many rows are heads.
        columns: how many columns there are.
    """

    rows: tuple[tuple[Cell, ...], ...]
    heads: int
    columns: int

    def by_place(self) -> dict[tuple[int, int], Cell]:
        """The cell at each row and column; one that spans several stands at each of them."""
        return {
            (row, column): cell
            for cells in self.rows
            for cell in cells
            for row in range(cell.row, cell.row + cell.rows)
            for column in range(cell.column, cell.column + cell.columns)
        }


def tables_among(lines: Sequence[str], after_blank: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First line of each table, and the line after its last; its rows follow each other, one of them is of dashes.

    Args:
        lines: those that are not blank, in order, without the blanks at their ends.
        after_blank: whether a blank line stands before each, which ends a table.
    """
    place = 0
    while place < len(lines):
        is_row = _is_row if _is_row(lines[place]) else _is_parted
        end = place
        while end < len(lines) and is_row(lines[end]) and (end == place or not after_blank[end]):
            end += 1
        if end - place > 1 and any(map(_is_dashes, lines[place:end])):
            yield place, end
        elif is_row is _is_parted:
            yield from _parted_tables(lines, place, end)
        place = max(end, place + 1)


def _parted_tables(lines: Sequence[str], first: int, end: int) -> Iterator[tuple[int, int]]:
    """Of lines in which gaps part something, those next to each other that have as many columns."""
    counts = [len(_GAP.split(line)) for line in lines[first:end]]
    place = 0
    for count, group in itertools.groupby(counts):
        size = len(list(group))
        rows = lines[first + place : first + place + size]
        if size >= LEAST_PARTED_ROWS and (count > 2 or any(is_number(_GAP.split(row)[1]) for row in rows)):
            yield first + place, first + place + size
        place += size


def rows_around(text: str, place: int) -> tuple[tuple[int, int], ...]:
    """The spans of the lines of the table that a place stands in; empty where it is in none."""

    def may_be_row(line: tuple[int, int]) -> bool:
        row = text[slice(*line)].strip()
        return _is_row(row) or _is_parted(row)

    lines = [line_at(text, place)]
    if not may_be_row(lines[0]):
        return ()
    own = 0
    while lines[0][0] > 0 and may_be_row(above := line_at(text, lines[0][0] - 1)):
        lines.insert(0, above)
        own += 1
    while lines[-1][1] < len(text) and may_be_row(below := line_at(text, lines[-1][1] + 1)):
        lines.append(below)
    rows = [_stripped(text, start, end) for start, end in lines]
    found = tables_among([text[start:end] for start, end in rows], [False] * len(rows))
    return next((tuple(rows[first:end]) for first, end in found if first <= own < end), ())


def lines_above(text: str, place: int, count: int) -> list[str]:
    """The lines above a place in which anything stands, without heading marks, the nearest last, as far as a table."""
    found: list[str] = []
    place, _ = line_at(text, place)
    while place > 0 and len(found) < count:
        place, end = line_at(text, place - 1)
        above = text[slice(*line_at(text, place - 1))] if place else ""
        if _is_row(text[place:end]) or all(_is_parted(line.strip()) for line in (text[place:end], above)):
            break  # of another table
        if line := text[place:end].strip().lstrip("#").strip():
            found.insert(0, line)
    return found


def table_of(text: str, lines: Sequence[tuple[int, int]]) -> Table:
    """The table that stands on lines of a text.

    Args:
        lines: the span of each, as :func:`tables_among` found them.
    """
    dashes = next((number for number, (start, end) in enumerate(lines) if _is_dashes(text[start:end])), None)
    rows: list[list[Cell]] = []
    reaching: dict[int, tuple[int, int]] = {}  # column → row and place of the cell above
    for start, end in lines if dashes is None else (*lines[:dashes], *lines[dashes + 1 :]):
        cells: list[Cell] = []
        for column, (first, last) in enumerate(_cells(text, start, end)):
            if first > last and cells:  # ||
                cells[-1] = replace(cells[-1], columns=cells[-1].columns + 1)
                continue
            if text[first:last] == _FROM_ABOVE and column in reaching:
                row, place = reaching[column]
                rows[row][place] = replace(rows[row][place], rows=len(rows) - row + 1)
                continue
            cells.append(Cell(first, max(first, last), len(rows), column))
            reaching[column] = len(rows), len(cells) - 1
        rows.append(cells)
    columns = max((cell.column + cell.columns for row in rows for cell in row), default=0)
    heads = _heads(text, rows, dashes)
    return Table(tuple(map(tuple, rows)), heads, columns)


def _heads(text: str, rows: list[list[Cell]], told: int | None) -> int:
    """How many rows are heads; what heads span that are followed by blanks is filled in.

    Args:
        told: how many stand above the line of dashes; None where there is none. Markdown demands a head of a table that
            has none, and knows no cell over several columns: both leave blanks.
    """
    texts = [[text[cell.start : cell.end] for cell in row] for row in rows]
    blank = 0 if told is None else next((row for row in range(told) if any(texts[row])), told)
    heads = told or 0
    if told is None or 0 < told == blank:
        heads += first_row_is_head(texts[heads:])
    while 0 < heads < len(rows) - 1 and goes_on(*texts[heads - 1 : heads + 1]):
        heads += 1
    for row in range(1, heads):
        if goes_on(texts[row - 1], texts[row]):
            rows[row - 1] = _widened(rows[row - 1], rows[row])
    return heads if any(any(row) for row in texts[:heads]) else 0


def _widened(head: list[Cell], below: list[Cell]) -> list[Cell]:
    """A row of heads whose cells span the blank ones beside them, as far as the row below has heads of its own."""
    found = [head[0]]
    for cell, under, before in zip(head[1:], below[1:], below, strict=False):
        if cell.is_empty and not under.is_empty and not before.is_empty:
            found[-1] = replace(found[-1], columns=found[-1].columns + 1)
        else:
            found.append(cell)
    return found


def line_at(text: str, place: int) -> tuple[int, int]:
    """The line that a place stands in, without its end."""
    start, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    return start, len(text) if end < 0 else end


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    line = text[start:end]
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())


def _is_row(line: str) -> bool:
    return 1 <= len(_BAR.findall(line)) <= MOST_COLUMNS


def _is_parted(line: str) -> bool:
    cells = _GAP.split(line)
    return 2 <= len(cells) <= MOST_COLUMNS and max(map(len, cells)) <= LONGEST_PARTED_CELL and all(cells)


def _is_dashes(line: str) -> bool:
    return bool(_DASHES.fullmatch(line)) and "|" in line


def _cells(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each cell of a row stands; the end before the beginning for one that no blank parts from the bar before it."""
    bars = [start + match.start() for match in _BAR.finditer(text[start:end])]
    if not bars:
        edges = [start, *(start + place for gap in _GAP.finditer(text[start:end]) for place in gap.span()), end]
        yield from zip(edges[::2], edges[1::2], strict=True)
        return
    edges = [start - 1, *bars, end]
    if bars[0] == start:
        edges = edges[1:]
    if bars[-1] == end - 1 and len(edges) > 2:
        edges = edges[:-1]
    for before, after in itertools.pairwise(edges):
        first, last = before + 1, after
        if first == last:
            yield first, first - 1
            continue
        while first < last and text[first].isspace():
            first += 1
        while last > first and text[last - 1].isspace():
            last -= 1
        yield first, last
