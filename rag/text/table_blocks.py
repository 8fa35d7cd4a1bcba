"""Tables that stand side by side in one: ``项目 | 金额 | 项目 | 金额``, a balance sheet."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from rag.text.table_heads import is_number
from rag.text.tables import Cell, Table


def side_by_side(table: Table, shown: Callable[[Cell], str]) -> tuple[Table, ...]:
    """The tables of as many columns whose heads come again, or the table itself.

    The first column of each names its rows, under the same head as the others or, above amounts, one of its own.

    Args:
        table: the cells.
        shown: how what stands in a cell reads.
    """
    cells = table.by_place()
    columns = [
        [shown(cell) if (cell := cells.get((row, column))) else "" for row in range(len(table.rows))]
        for column in range(table.columns)
    ]
    for width in range(2, table.columns // 2 + 1):
        if table.columns % width == 0 and table.heads and _come_again(columns, table.heads, width):
            firsts = range(0, table.columns, width)
            if not any(_bridges(cell, width, table.columns) for row in table.rows for cell in row):
                return tuple(_part(table, first, width) for first in firsts)
    return (table,)


def _come_again(columns: Sequence[Sequence[str]], heads: int, width: int) -> bool:
    """Whether every ``width`` columns begin a table: the first of them names rows, the others have the same heads."""
    named = [column[heads - 1] for column in columns]
    others = [place for place in range(len(columns)) if place % width]
    if not all(named) or any(named[place] != named[place % width] for place in others):
        return False
    if not all(_names_rows(column[heads:]) for column in columns[::width]):
        return False
    values = [[text for text in columns[place][heads:] if text] for place in others]
    has_amounts = any(texts and all(any(map(str.isdigit, text)) for text in texts) for texts in values)
    return has_amounts or len(set(named[::width])) == 1


def _names_rows(texts: Sequence[str]) -> bool:
    """Whether no cell holds a number, but for those that count the rows."""
    numbers = [text for text in texts if is_number(text)]
    return not numbers or (
        all(number.isdecimal() for number in numbers)
        and all(int(after) == int(before) + 1 for before, after in pairwise(numbers))
    )


def _bridges(cell: Cell, width: int, columns: int) -> bool:
    """Whether a cell reaches from one table into another, and is no title of all of them."""
    return cell.columns < columns and cell.column // width != (cell.column + cell.columns - 1) // width


def _part(table: Table, first: int, width: int) -> Table:
    """Columns of a table as one of its own; what spans all of them stands in the first."""
    rows = tuple(
        tuple(
            replace(cell, column=cell.column - first, columns=min(cell.columns, width))
            for cell in row
            if first <= cell.column < first + width and not (cell.row < table.heads and cell.columns > width)
        )
        for row in table.rows
    )
    return Table(rows, table.heads, width)
