r"""Tables of every format in one notation: Markdown's, with what MultiMarkdown adds for cells that span others.

::

    | 地区 | 产量（万吨） ||
    | ^^ | 2022年 | 2023年 |
    | --- | --- | --- |
    | 沙洲县 | 10.2 | 12.5 |

Each row is a line. The rows above the line of dashes are heads; a table without heads begins with that line. ``||``
lets a cell span the next column, ``^^`` the row above. A line end within a cell is ``<br>``, a bar ``\|``.
:mod:`rag.text.tables` reads the notation.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag.text.table_heads import goes_on, is_form, is_number, may_head
from rag.text.tables import MOST_COLUMNS

_NOTE_MARK = re.compile(r"\[\^[^\[\]\s]{1,30}\]")
_BLANKS = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell as its format has it.

    Attributes:
        text: what stands in it; lines are separated by newlines.
        rows, columns: how many it spans, from 1.
        is_head: whether the format marks it as a head (``<th>``, a header row).
        numbers: of its characters on a page of a PDF.
    """

    text: str
    rows: int = 1
    columns: int = 1
    is_head: bool = False
    numbers: tuple[int, ...] = field(default=(), compare=False)


def table_text(rows: Sequence[Sequence[GridCell]], header_rows: int | None = None) -> str:
    """A table in our notation, its rows separated by newlines, without one at the end; empty where nothing stands in it.

    A table of one column arranges text and holds no data: it becomes lines of text.

    Args:
        rows: the cells of each row in order, a spanning cell in the first row and column that it spans only.
        header_rows: how many rows are heads; None lets marked cells and, without any, the kind of what stands in the
            rows tell.
    """
    grid = _placed(rows)
    used = [place for place in range(_width(grid)) if any(isinstance(row.get(place), GridCell) for row in grid)]
    shown = [row for row in grid if any(isinstance(cell, GridCell) and cell.text.strip() for cell in row.values())]
    if not shown or len(used) < 2 or len(used) > MOST_COLUMNS:
        return "\n".join(
            " ".join(cell.text.strip() for cell in row.values() if isinstance(cell, GridCell)) for row in shown
        )
    # A row that is left out, as nothing stands in it, may still be spanned from above.
    heads = _header_rows(shown) if header_rows is None else min(header_rows, len(shown))
    lines = [_row(row, used) for row in shown]
    lines.insert(heads, "|" + " --- |" * len(used))
    return "\n".join(lines)


_ABOVE, _LEFT = "above", "left"
_Row = dict[int, GridCell | str]


def _placed(rows: Sequence[Sequence[GridCell]]) -> list[_Row]:
    """The cells at their columns, and where a cell of the row above or to the left reaches; as HTML places them."""
    grid: list[_Row] = [{} for _ in rows]
    for number, row in enumerate(rows):
        column = 0
        for cell in row:
            while column in grid[number]:
                column += 1
            columns = max(1, min(cell.columns, MOST_COLUMNS))
            for below in range(number, min(number + max(1, cell.rows), len(rows))):
                for beside in range(column, column + columns):
                    grid[below].setdefault(beside, _LEFT if beside > column else _ABOVE)
            grid[number][column] = cell
            column += columns
    return grid


def _width(grid: Sequence[_Row]) -> int:
    return 1 + max((place for row in grid for place in row), default=-1)


def _header_rows(rows: Sequence[_Row]) -> int:
    """How many rows are heads: those of marked cells, else the first rows, if they hold words above numbers.

    A row whose first cell alone is marked (``<th>`` at its beginning) is none.
    """
    marked = 0
    for row in rows:
        cells = [cell for cell in row.values() if isinstance(cell, GridCell) and cell.text.strip()]
        if not all(cell.is_head for cell in cells):
            break
        marked += 1
    if marked:
        return min(marked, len(rows) - 1) if len(rows) > 1 else 0
    if any(cell.is_head for row in rows for cell in row.values() if isinstance(cell, GridCell)):
        return 0  # heads stand at the beginning of rows
    return _first_words(rows)


def _first_words(rows: Sequence[_Row]) -> int:
    """How many rows at the beginning are heads by what stands in them and below them.

    Heads are words, one above each column, without a colon, and rows of one shape stand below: in a form a label stands
    before each thing, and the things are of many widths. Of two columns the second must hold numbers, or they are labels
    and what they say.
    """
    heads = 1
    while heads < len(rows) and _ABOVE in rows[heads].values():
        heads += 1  # a cell of the first row reaches down: the rows beside it are heads too
    columns = _width(rows)
    texts = [[_text(row, place) for place in range(columns)] for row in rows]
    while heads + 1 < len(rows) and (
        goes_on(texts[heads - 1], texts[heads])
        or (_all_are_wide(rows[heads - 1]) and not any(map(is_number, texts[heads])))
    ):
        heads += 1
    first, below = rows[:heads], rows[heads:]
    words = [word for row in texts[:heads] for word in row if word]
    named = [any(row.get(place) in (_ABOVE, _LEFT) or _text(row, place) for row in first) for place in range(columns)]
    if not below or not all(named[1:]) or not all(map(may_head, words)):
        return 0
    is_ragged = any(_LEFT in list(row.values())[_first_width(row) :] for row in below)
    if is_ragged and is_form([[_text(row, place) for place in row if row[place] != _LEFT] for row in rows]):
        return 0
    numbers = any(all(is_number(row[place]) for row in texts[heads:]) for place in range(columns))
    return heads if columns > 2 or numbers else 0


def _all_are_wide(row: _Row) -> bool:
    """Whether every cell of a row spans columns, but not all of them as a title does: the heads proper stand below it."""
    cells = list(row.values())
    begins = [place for place, cell in enumerate(cells) if cell != _LEFT]
    return len(begins) > 1 and all(cells[place + 1 : place + 2] == [_LEFT] for place in begins)


def _first_width(row: _Row) -> int:
    """How many columns the first cell of a row spans: ``合计`` stands over several, and so does the head of a group."""
    cells = list(row.values())
    return next((place for place in range(1, len(cells)) if cells[place] != _LEFT), len(cells))


def _text(row: _Row, place: int) -> str:
    cell = row.get(place, "")
    return _NOTE_MARK.sub("", cell.text).strip() if isinstance(cell, GridCell) else ""


def _row(row: _Row, used: Sequence[int]) -> str:
    line = "|"
    for place in used:
        cell = row.get(place, "")
        if isinstance(cell, GridCell):
            line += f" {_cell_text(cell.text)} |"
        else:
            line += {_ABOVE: " ^^ |", _LEFT: "|"}.get(cell, "  |")
    return line


def _cell_text(text: str) -> str:
    lines = (_BLANKS.sub(" ", line).strip() for line in text.splitlines())
    return "<br>".join(line for line in lines if line).replace("|", "\\|")
