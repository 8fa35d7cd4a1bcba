"""Tables without upright rules: rows whose parts stand in the same columns.

Three rows at least with parts apart from each other, and every column aligned at its left, its right or its middle. A
row that has nothing in the first column and follows closely goes on with the cells above.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from rag.formats.grids import GridCell
from rag.formats.pdf_lines import Stretch, joined, rows_of
from rag.formats.pdf_rules import Box
from rag.formats.pdf_tables import PageTable

MOST_ROWS = 300
"""Rows beyond which none are looked at; no page for readers has as many."""

_LEAST_ROWS = 3
_ALIGNED = 0.7
"""Share of a column's cells that share an edge or their middle."""

_FAR = 2.6
"""Distance of rows in font sizes beyond which a table ends."""

_FARTHER = 1.6
_CLOSE = 1.45
_OFFSET = 1.1
_MARK = re.compile(r"[^\w\s]?[(（]?(?:\d{1,2}|[a-zA-Z]|[ivx]+|[一二三四五六七八九十]+)?[.)）、．]?|\W")

Row = list[Stretch]
_Columns = Sequence[tuple[float, float]]


def aligned_tables(parts: Sequence[Stretch]) -> list[PageTable | Row]:
    """The rows of a column of the page from top to bottom, those of tables as tables."""
    rows = rows_of(parts)
    if len(rows) > MOST_ROWS:
        return list(rows)
    found: list[PageTable | Row] = []
    index = 0
    while index < len(rows):
        end = _end_of(rows, index) if len(rows[index]) > 1 else index
        table = _table(rows[index:end]) if end - index >= _LEAST_ROWS else None
        if table is None:
            found.append(rows[index])
            index += 1
            continue
        heads = _rows_above(found)
        if heads and _add_spanning_heads(table, [part for row in heads for part in row], rows[index]):
            del found[-len(heads) :]
        found.append(table)
        index = end
    return found


def _rows_above(found: Sequence[PageTable | Row]) -> list[Row]:
    """The row above a table, and the one before it if they are too near to be rows: cells set at different heights."""
    rows = [row for row in found[-2:] if isinstance(row, list)]
    if len(rows) == 2 and (
        not isinstance(found[-1], list) or rows[1][0].base - rows[0][0].base > _OFFSET * rows[1][0].size
    ):
        return rows[1:] if isinstance(found[-1], list) else []
    return rows if found and isinstance(found[-1], list) else []


def _add_spanning_heads(table: PageTable, heads: Row, below: Row) -> bool:
    """Whether the row above a table is of heads, each over columns of its own and one of them over several.

    Then it has been added; where it has none, the head below stands for both rows. A single part is none: it may as well
    be the table's caption.
    """
    if len(heads) < 2 or below[0].base - heads[0].base > _FAR * below[0].size:
        return False
    spans = _spans(heads, table)
    if not any(last > first for first, last in spans.values()):
        return False
    first_row = table.rows[0]
    begins: dict[int, GridCell] = {}
    free = set(range(len(table.edges) - 1))
    down: set[int] = set()
    for number, (first, last) in spans.items():
        columns = set(range(first, last + 1))
        if not free >= columns:
            return False
        free -= columns
        reaches_down = not any(first_row[column].text for column in columns)
        begins[first] = replace(_cell(heads[number]), rows=1 + reaches_down, columns=len(columns))
        down |= columns if reaches_down else set()
    begins |= {column: replace(first_row[column], rows=2) for column in free}
    below_heads = [cell for column, cell in enumerate(first_row) if column not in free | down]
    table.rows[:1] = [[begins[column] for column in sorted(begins)], below_heads]
    table.box.top = min(part.top for part in heads)
    return True


def _spans(heads: Row, table: PageTable) -> dict[int, tuple[int, int]]:
    """The first and the last column that each head stands over, by its number.

    Those that it reaches, and those on its right that no head reaches if there are heads of a lower row below it.
    """
    inner = table.edges[1:-1]
    spans = {
        number: (bisect_right(inner, part.left), bisect_right(inner, part.right)) for number, part in enumerate(heads)
    }
    begins = sorted(first for first, _ in spans.values())
    for number, (first, last) in spans.items():
        end = next((begin for begin in begins if begin > first), len(table.edges) - 1)
        if any(table.rows[0][column].text for column in range(first, last + 1)):
            spans[number] = (first, max(last, end - 1))
    return spans


def _end_of(rows: Sequence[Row], start: int) -> int:
    """The row behind the last that keeps to the columns of the rows before it."""
    columns = _columns(rows[start : start + 1])
    gaps: list[float] = []
    end = start + 1
    for number in range(start + 1, len(rows)):
        row, above = rows[number], rows[number - 1]
        gap = row[0].base - above[0].base
        usual = median(gaps) if gaps else gap
        if gap > min(_FAR * row[0].size, _FARTHER * usual) or abs(row[0].size - above[0].size) > 0.2 * row[0].size:
            break
        together = _columns([row], columns)
        if len(together) < len(columns) or any(_bridges(part, columns) for part in row):
            break
        if len(row) == 1 and row[0].left > columns[0][1] and gap > _CLOSE * row[0].size:
            break  # a caption, or what stands under a table
        columns = together
        gaps.append(gap)
        if len(row) > 1:
            end = number + 1
        elif number - end >= 3:
            break
    # Rows that go on with the last row's cells.
    while end < len(rows) and _goes_on(rows[end - 1], rows[end], columns):
        end += 1
    return end


def _goes_on(above: Row, row: Row, columns: _Columns) -> bool:
    close = row[0].base - above[0].base < _CLOSE * row[0].size
    return (
        close and len(columns) > 1 and row[0].left > columns[0][1] and not any(_bridges(part, columns) for part in row)
    )


def _columns(rows: Sequence[Row], known: _Columns = ()) -> _Columns:
    """Where the parts of rows, and columns known before, leave no gap between them."""
    columns: list[tuple[float, float]] = []
    for left, right in sorted([*known, *((part.left, part.right) for row in rows for part in row)]):
        if columns and left <= columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _bridges(part: Stretch, columns: _Columns) -> bool:
    return sum(part.left < right and part.right > left for left, right in columns) > 1


def _table(rows: Sequence[Row]) -> PageTable | None:
    columns = _columns(rows)
    placed = [{_place(part, columns): part for part in row} for row in rows]
    if any(len(places) < len(row) for places, row in zip(placed, rows, strict=True)):
        return None  # parts of a row that others bridge
    columns, placed = _without_split_columns(columns, placed)
    whole = [row for row in placed if len(row) > 1]
    if len(columns) < 2 or len(whole) < _LEAST_ROWS or sum(map(len, whole)) < 0.6 * len(whole) * len(columns):
        return None
    firsts = [row[0].text for row in whole if 0 in row]
    if len(columns) == 2 and all(_MARK.fullmatch(text) for text in firsts):
        return None  # a list
    for number in range(len(columns)):
        cells = [row[number] for row in whole[1:] if number in row]
        if len(cells) > 1 and not _is_aligned(cells):
            return None
    parts = [part for row in rows for part in row]
    box = Box(
        min(part.left for part in parts), min(part.top for part in parts),
        max(part.right for part in parts), max(part.bottom for part in parts),
    )  # fmt: skip
    edges = [columns[0][0], *((one[1] + other[0]) / 2 for one, other in pairwise(columns)), columns[-1][1]]
    return PageTable(_cells(placed, len(columns)), box, edges)


def _place(part: Stretch, columns: _Columns) -> int:
    return next(number for number, (left, right) in enumerate(columns) if left <= part.left <= right)


def _without_split_columns(
    columns: _Columns, placed: list[dict[int, Stretch]]
) -> tuple[_Columns, list[dict[int, Stretch]]]:
    """Two columns beside each other that no row has both of are one: a head at the left over numbers at the right."""
    number = 0
    while number + 1 < len(columns):
        if any(number in row and number + 1 in row for row in placed):
            number += 1
            continue
        columns = [*columns[:number], (columns[number][0], columns[number + 1][1]), *columns[number + 2 :]]
        placed = [{place - (place > number): part for place, part in row.items()} for row in placed]
    return columns, placed


def _is_aligned(cells: Sequence[Stretch]) -> bool:
    size = median(cell.size for cell in cells)
    lefts, rights = [cell.left for cell in cells], [cell.right for cell in cells]
    for edges in (lefts, rights, [(left + right) / 2 for left, right in zip(lefts, rights, strict=True)]):
        middle = median(edges)
        if sum(abs(edge - middle) < 0.6 * size for edge in edges) >= _ALIGNED * len(cells):
            return True
    return False


def _cells(placed: Sequence[dict[int, Stretch]], columns: int) -> list[list[GridCell]]:
    gaps = [other[min(other)].base - one[min(one)].base for one, other in pairwise(placed)]
    whole = [gap for gap, row in zip(gaps, placed[1:], strict=True) if 0 in row]
    usual = median(whole) if whole else 0.0
    grid: list[list[GridCell]] = []
    for number, row in enumerate(placed):
        cells = [_cell(row.get(place)) for place in range(columns)]
        goes_on = number > 0 and 0 not in row and gaps[number - 1] < 0.95 * usual
        if goes_on:
            grid[-1] = [_cells_joined(above, below) for above, below in zip(grid[-1], cells, strict=True)]
        else:
            grid.append(cells)
    return grid


def _cell(part: Stretch | None) -> GridCell:
    return GridCell(part.text, numbers=part.numbers) if part else GridCell("")


def _cells_joined(above: GridCell, below: GridCell) -> GridCell:
    return GridCell(joined(above.text, below.text), numbers=above.numbers + below.numbers)
