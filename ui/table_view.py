"""A table of a document as a table, with spans of its cells marked."""

from collections.abc import Callable, Sequence

from rag.text.tables import Cell, table_of
from ui.html import Html, element

Span = tuple[int, int]


def table(text: str, rows: Sequence[Span], first: int, last: int, shown: Callable[[Cell], Sequence[str]]) -> Html:
    """The rows that a part of a table touches, under its heads; gaps between them are shown as ⋯.

    Args:
        text: the document's.
        rows: the lines of the table.
        first, last: the part, as a span of the text.
        shown: what stands in a cell, as HTML and plain text.
    """
    found = table_of(text, rows)
    cells = found.by_place()
    spans = [(row[0].start, row[-1].end) for row in found.rows]
    kept = [number for number, (start, end) in enumerate(spans) if end > first and start < last]
    heads = range(found.heads)
    lines: list[Html] = []
    before = found.heads - 1
    for number in (*heads, *(number for number in kept if number not in heads)):
        if number not in heads and number > before + 1:
            lines.append(element("tr", element("td", "⋯", colspan=str(found.columns), class_="gap")))
        before = max(before, number)
        parts = []
        for column in range(found.columns):
            cell = cells.get((number, column))
            if cell is None:
                parts.append(element("td"))
            elif cell.column == column and (cell.row == number or (number not in heads and number == kept[0])):
                parts.append(_cell(cell, number in heads, number, kept or [number], shown))
        lines.append(element("tr", *parts))
    if kept and kept[-1] < len(spans) - 1:
        lines.append(element("tr", element("td", "⋯", colspan=str(found.columns), class_="gap")))
    return element("table", element("tbody", *lines))


def _cell(cell: Cell, is_head: bool, row: int, kept: Sequence[int], shown: Callable[[Cell], Sequence[str]]) -> Html:
    end = cell.row + cell.rows
    rows = end - row if is_head else sum(row <= number < end for number in kept)
    return element(
        "th" if is_head else "td",
        *shown(cell),
        colspan=str(cell.columns) if cell.columns > 1 else None,
        rowspan=str(rows) if rows > 1 else None,
        scope="col" if is_head else None,
    )
