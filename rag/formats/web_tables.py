"""Tables of a page: which hold data, and what their cells are."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from rag.formats.grids import GridCell, table_text
from rag.text.tables import MOST_COLUMNS

CellText = Callable[[Any], str | None]
"""Gives a cell's text, lines separated by newlines; None where the cell is left out."""

MOST_PLACES = 1_000_000
"""Places of a table, spanned ones included, beyond which cells count as spanning nothing."""

_SECTIONS = {"thead": 0, "tbody": 1, "tfoot": 2}
_LAYOUT = ("h1", "h2", "h3", "article", "section", "form", "pre")
_LONGEST_CELL = 500  # characters
_MOST_BLOCKS = 3
_NOTE = re.compile(
    r"\[\^|[*＊※]|(?:注释?|备注|说明|附注|资料来源|数据来源|来源|Notes?|Sources?)\s*[\d一二三]?\s*[:：.、]",
    re.IGNORECASE,
)

_Group = tuple[int, list[list[Any]]]
"""Rows that a cell may span together: the section's place in the table, and the cells of each row."""


def holds_data(table: Any) -> bool:
    """Whether a table holds data rather than arranging the page, as tables did on old sites."""
    if table.get("role") in ("presentation", "none"):
        return False
    rows = [row for _, rows in _groups(table) for row in rows]
    if max(map(len, rows), default=0) < 2:
        return False
    cells = [cell for row in rows for cell in row]
    if any(next(cell.iterdescendants(*_LAYOUT), None) is not None for cell in cells):
        return False
    if any(cell.tag == "th" for cell in cells) or table.find("caption") is not None:
        return True
    several = sum(len(row) > 1 for row in rows) > 1
    if next(table.iterdescendants("table"), None) is not None:
        return several and 2 * sum(map(_length, _inner_tables(cells))) < _length(table)
    if next(table.iterdescendants("p", "div", "ul", "ol"), None) is None:
        return True
    if not several:
        return False
    lengths = [_length(cell) for cell in cells]
    longest = max(lengths)
    blocks = sum(1 for _ in cells[lengths.index(longest)].iterdescendants("p", "div"))
    return not (longest > _LONGEST_CELL and 10 * longest > 6 * sum(lengths) and blocks >= _MOST_BLOCKS)


def lines_of(table: Any, cell_text: CellText) -> Iterator[str]:
    """A table that holds data: what stands above it, its rows in our notation, what stands below it.

    A row that is one cell across the whole table is its title or unit at the beginning, a note at the end.
    """
    caption = table.find("caption")
    if caption is not None and (text := cell_text(caption)):
        yield from text.split("\n")
    rows, heads = _rows(table, cell_text)
    width = max((sum(cell.columns for cell in row) for row in rows if len(row) > 1), default=0)
    while rows and _is_across(rows[0], width):
        yield from rows.pop(0)[0].text.split("\n")
        heads = max(0, heads - 1)
    below: list[str] = []
    while rows and _is_across(rows[-1], width) and _NOTE.match(rows[-1][0].text):
        below[:0] = rows.pop()[0].text.split("\n")
    if _is_regular(rows):
        has_labels = any(cell.text.endswith(("：", ":")) for cell in rows[0]) if rows else False
        yield from table_text(rows, heads or (0 if has_labels else None)).split("\n")
    else:
        yield from (" ".join(" ".join(cell.text.split()) for cell in row) for row in rows)
    yield from below


def _rows(table: Any, cell_text: CellText) -> tuple[list[list[GridCell]], int]:
    """The rows in the order in which they are shown, those of the foot last, and how many stand in ``<thead>``."""
    rows: list[list[GridCell]] = []
    heads = 0
    for section, group in sorted(_groups(table), key=lambda one: one[0]):
        for number, elements in enumerate(group):
            row = []
            for cell in elements:
                text = cell_text(cell)
                if text is not None:
                    spans = _span(cell, "rowspan", len(group) - number), _span(cell, "colspan", MOST_COLUMNS)
                    row.append(GridCell(text, *spans, is_head=cell.tag == "th" or section == 0))
            heads += section == 0 and any(cell.text for cell in row)
            rows.append(row)
    places = sum(
        sum(min(cell.rows, len(rows) - number) * cell.columns for cell in row) for number, row in enumerate(rows)
    )
    if places > MOST_PLACES:
        rows = [[replace(cell, rows=1, columns=1) for cell in row] for row in rows]
    return rows, heads


def _groups(table: Any) -> list[_Group]:
    """The table's own rows, those of tables within it left out, group by group."""
    groups: list[_Group] = []
    stack: list[tuple[int, Any]] = [(_SECTIONS["tbody"], table)]
    while stack:
        section, holder = stack.pop()
        loose: list[Any] | None = None  # cells that stand in no row
        groups.append((section, []))
        rows = groups[-1][1]
        inner = []
        for child in _elements_of(holder):
            if child.tag in ("td", "th"):
                if loose is None:
                    loose = []
                    rows.append(loose)
                loose.append(child)
                continue
            loose = None if child.tag == "tr" else loose
            if child.tag == "tr":
                rows.append([cell for cell in child if cell.tag in ("td", "th")])
            elif child.tag in _SECTIONS:
                inner.append((_SECTIONS[child.tag], child))
        stack.extend(reversed(inner))
    return [group for group in groups if group[1]]


def _elements_of(holder: Any) -> Iterator[Any]:
    """What stands in a table or a section of it, also within a form that old pages put around its rows."""
    for child in holder:
        if child.tag == "form":
            yield from child
        else:
            yield child


def _inner_tables(cells: list[Any]) -> Iterator[Any]:
    """The outermost tables within cells."""
    for cell in cells:
        stack = list(cell)
        while stack:
            element = stack.pop()
            if element.tag == "table":
                yield element
            else:
                stack.extend(element)


def _length(element: Any) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def _span(cell: Any, name: str, most: int) -> int:
    if name not in cell.attrib:
        return 1
    found = re.match(r"\s*(\d{1,9})", cell.get(name)[:20], re.ASCII)
    number = int(found[1]) if found else 1
    return most if number == 0 and name == "rowspan" else max(1, min(number, most))


def _is_across(row: list[GridCell], width: int) -> bool:
    return len(row) == 1 and width > 1 and row[0].columns >= width and row[0].rows == 1 and bool(row[0].text)


def _is_regular(rows: list[list[GridCell]]) -> bool:
    """Whether the rows make a grid that can be worked out in reasonable time."""
    width = max((sum(cell.columns for cell in row) for row in rows), default=0)
    return width * len(rows) <= 5 * MOST_PLACES
