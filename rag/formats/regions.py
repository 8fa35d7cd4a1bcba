"""Tables within a sheet: where each begins and ends, the lines above and below it, and its cells in our notation.

A sheet is a plane on which people place what they like. Empty rows and columns part its tables; a row above a table
that holds one text (its title) or labels (``单位：万元``) is a line, and so is a note below.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rag.formats.grids import GridCell, table_text
from rag.formats.lines import one_line
from rag.text.tables import MOST_COLUMNS

_LONGEST_HEAD = 3  # rows
_MOST_PLACES = 2_000_000
"""Rows times columns beyond which a table is written as lines: so sparse a one is none that a person made."""

_NUMBER = re.compile(r"[^\w\s]{0,2}[-+−(]?[^\w\s]{0,2}\d[\d,，.\s]*[)%％‰]?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LABEL = re.compile(r"[^\d：:\s][^：:]{0,30}[：:](?!//)")
_SENTENCE = re.compile(r"[。；：:]|^[*※★①-⑳（(\[注]")


@dataclass(slots=True)
class Plane:
    """The cells of a sheet that hold something, by row and column.

    Attributes:
        rows: row → column → text.
        spans: (row, column) of a cell → how many rows and columns it spans, where that is more than one.
        heads: rows that the file itself says are the last of a table's head.
    """

    rows: Mapping[int, Mapping[int, str]]
    spans: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    heads: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines above, a table, lines below; each may be missing. Its cells as row → columns, in order."""

    above: list[str]
    cells: dict[int, list[int]]
    below: list[str]


def plane_text(plane: Plane) -> str:
    """The text of a sheet: its lines and tables from above to below, a blank line behind what holds a table."""
    parts: list[str] = []
    for block in _blocks(plane):
        table = _table(plane, block.cells)
        lines = [*block.above, *([table] if table else []), *block.below]
        if lines:
            parts.append("\n".join(lines) + ("\n" if block.cells else ""))
    return "\n".join(parts).rstrip("\n")


def _blocks(plane: Plane) -> Iterator[_Block]:
    """The blocks of the sheet: its bands between empty rows, and those beside each other in a band."""
    waiting: _Block | None = None
    for band in _bands(plane, {row: sorted(columns) for row, columns in sorted(plane.rows.items())}):
        if waiting and _is_head_of(plane, waiting, band):
            joined = _with_lines(plane, waiting.cells | band)
            waiting = _Block(waiting.above + joined.above, joined.cells, joined.below)
            continue
        block = _with_lines(plane, band)
        if waiting and _goes_on(plane, waiting, band):
            rows = list(band)[: len(band) - len(block.below)]
            waiting = _Block(waiting.above, waiting.cells | {row: band[row] for row in rows}, block.below)
            continue
        if waiting:
            yield from _beside(plane, waiting)
        waiting = block
    if waiting:
        yield from _beside(plane, waiting)


def _bands(plane: Plane, cells: dict[int, list[int]]) -> Iterator[dict[int, list[int]]]:
    """Runs of rows without an empty one between them; a cell that spans rows fills them."""
    band: dict[int, list[int]] = {}
    end = 0
    for row, columns in cells.items():
        if band and row > end + 1:
            yield band
            band, end = {}, 0
        band[row] = columns
        end = max(end, row, *(row + _rows(plane, row, column) - 1 for column in columns))
    if band:
        yield band


def _with_lines(plane: Plane, band: dict[int, list[int]]) -> _Block:
    """A band, its rows above and below that are lines taken from its table."""
    rows = list(band)
    first = min(columns[0] for columns in band.values())
    last = max(column + _columns(plane, row, column) - 1 for row, columns in band.items() for column in columns)
    begin, end = 0, len(rows)
    while begin < end and _is_line_above(plane, rows[begin], band[rows[begin]], first, last):
        begin += 1
    while end > begin and _is_note(plane, rows[end - 1], band[rows[end - 1]], first):
        end -= 1
    if end - begin == 1 and len(band[rows[begin]]) == 1:
        begin = end  # one cell alone is no table
    return _Block(
        [_line(plane, row, band[row]) for row in rows[:begin]],
        {row: band[row] for row in rows[begin:end]},
        [_line(plane, row, band[row]) for row in rows[end:]],
    )


def _is_line_above(plane: Plane, row: int, columns: list[int], first: int, last: int) -> bool:
    """Whether a row above a table is a line: one text that is no head of some columns, or labels that leave gaps."""
    if any(_rows(plane, row, column) > 1 for column in columns):
        return False
    texts = [plane.rows[row][column] for column in columns]
    covered = sum(_columns(plane, row, column) for column in columns)
    if len(columns) == 1:
        return columns[0] == first or covered == 1 or bool(_LABEL.match(texts[0]))
    return covered <= last - first and any(_LABEL.match(text.strip()) for text in texts)


def _is_note(plane: Plane, row: int, columns: list[int], first: int) -> bool:
    """Whether a row at a table's end is a line: labels, or one text that spans columns or reads as a sentence."""
    if len(columns) > 1:
        return all(_LABEL.match(plane.rows[row][column].strip()) for column in columns)
    if columns[0] != first:
        return False
    text = plane.rows[row][first].strip()
    return _columns(plane, row, first) > 1 or bool(_SENTENCE.search(text))


def _is_head_of(plane: Plane, above: _Block, band: dict[int, list[int]]) -> bool:
    """Whether a block is only the head of a table, whose rows follow behind an empty one."""
    if not _fits(above.cells, band) or above.below:
        return False
    if any(_is_number(plane.rows[row][column]) for row, columns in above.cells.items() for column in columns):
        return False
    head = {column for columns in above.cells.values() for column in columns}
    return len(above.cells) <= _LONGEST_HEAD and any(
        set(columns) == head and any(_is_number(plane.rows[row][column]) for column in columns)
        for row, columns in band.items()
    )


def _goes_on(plane: Plane, above: _Block, band: dict[int, list[int]]) -> bool:
    """Whether a band goes on with the table above an empty row: it has its columns, and data where its head would be.

    It may begin with the name of a group (``三、服务业``), where the table above has such rows too.
    """
    if above.below or not _fits(above.cells, band) or sum(map(len, band.values())) < 2:
        return False
    first = min(columns[0] for columns in above.cells.values())
    groups = [row for row, columns in above.cells.items() if _names_group(plane, row, columns, first)]
    for row, columns in band.items():
        if not (groups and _names_group(plane, row, columns, first)):
            return any(_is_number(plane.rows[row][column]) for column in columns)
    return False


def _names_group(plane: Plane, row: int, columns: list[int], first: int) -> bool:
    return columns == [first] and (row, first) not in plane.spans and not _is_number(plane.rows[row][first])


def _fits(above: dict[int, list[int]], below: dict[int, list[int]]) -> bool:
    if not above or not below:
        return False
    columns = {column for row in above.values() for column in row}
    own = {column for row in below.values() for column in row}
    return own <= columns and min(own) == min(columns)


def _beside(plane: Plane, block: _Block) -> Iterator[_Block]:
    """The block's tables beside each other, parted by empty columns, each with lines of its own."""
    parts = _parts(plane, block.cells)
    if len(parts) < 2:
        yield block
        return
    if block.above:
        yield _Block(block.above, {}, [])
    for part in parts:
        for band in _bands(plane, part):
            yield _with_lines(plane, band)
    if block.below:
        yield _Block(block.below, {}, [])


def _parts(plane: Plane, cells: dict[int, list[int]]) -> list[dict[int, list[int]]]:
    """The cells on either side of empty columns, where each side is a table: its first column holds labels.

    An empty column before numbers only spaces out one table.
    """
    reach: dict[int, int] = {}
    for row, columns in cells.items():
        for column in columns:
            reach[column] = max(reach.get(column, 0), column + _columns(plane, row, column))
    starts: list[int] = []
    end = -1
    for column in sorted(reach):
        if column > end and (not starts or _begins_table(plane, cells, column, reach)):
            starts.append(column)
        end = max(end, reach[column])
    if len(starts) < 2:
        return [cells]
    parts: list[dict[int, list[int]]] = [{} for _ in starts]
    for row, columns in cells.items():
        for column in columns:
            parts[bisect_right(starts, column) - 1].setdefault(row, []).append(column)
    whole = all(len(part) > 1 and len({column for row in part.values() for column in row}) > 1 for part in parts)
    return parts if whole else [cells]


def _begins_table(plane: Plane, cells: dict[int, list[int]], column: int, reach: Mapping[int, int]) -> bool:
    if column - 1 in reach:
        return False
    texts = [plane.rows[row][column] for row in cells if column in plane.rows[row]]
    labels = sum(not _is_number(text) for text in texts[1:])
    return 2 * labels > len(texts[1:])


def _table(plane: Plane, cells: dict[int, list[int]]) -> str:
    """The cells as a table. Only rows and columns that hold something count, whatever a cell spans."""
    if not cells:
        return ""
    rows = list(cells)
    used = sorted({column for columns in cells.values() for column in columns})
    if len(used) > MOST_COLUMNS or len(rows) * len(used) > _MOST_PLACES:
        return "\n".join(_line(plane, row, columns) for row, columns in cells.items())
    head = max((row for row in plane.heads if rows[0] <= row < rows[-1]), default=-1)
    covered: set[tuple[int, int]] = set()
    table: list[list[GridCell]] = []
    for number, row in enumerate(rows):
        line: list[GridCell] = []
        for place, column in enumerate(used):
            if (number, place) in covered:
                continue
            text = plane.rows[row].get(column, "") if column in plane.rows[row] else ""
            high, wide = plane.spans.get((row, column), (1, 1)) if text else (1, 1)
            down = bisect_left(rows, row + high) - number
            right = bisect_left(used, column + wide) - place
            covered |= {(number + below, place + beside) for below in range(down) for beside in range(right)}
            line.append(GridCell(text, down, right, is_head=row <= head))
        table.append(line)
    return table_text(table)


def _line(plane: Plane, row: int, columns: Sequence[int]) -> str:
    return one_line(" ".join(plane.rows[row][column] for column in columns))


def _rows(plane: Plane, row: int, column: int) -> int:
    return plane.spans.get((row, column), (1, 1))[0]


def _columns(plane: Plane, row: int, column: int) -> int:
    return plane.spans.get((row, column), (1, 1))[1]


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text.strip())) and not _YEAR.fullmatch(text.strip())
