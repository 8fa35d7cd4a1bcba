"""Tables of Word as cells of a grid, with what tracked changes took away left out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rag.formats.grids import GridCell
from rag.formats.word_elements import GONE, WORD, length, number, switch, through_wrappers, value
from rag.formats.word_omissions import Omissions
from rag.formats.word_paragraphs import deleted_length
from rag.text.tables import MOST_COLUMNS

Row = tuple[Any, list[Any]]
"""A row's element and its cells."""


def shown_rows(table: Any, omissions: Omissions) -> list[Row]:
    """The rows of a table with their cells, without those that were deleted or are hidden, which are counted."""
    rows: list[Row] = []
    for row in through_wrappers(table, "tr"):
        properties = row.find(WORD + "trPr")
        if _is_gone(properties):
            omissions.count("deleted", deleted_length(row))
        elif switch(properties, "hidden"):
            omissions.count("hidden", sum(length(text.text or "") for text in row.iter(WORD + "t")))
        else:
            rows.append((row, _shown_cells(row, omissions)))
    return rows


def grid(rows: list[Row], text_of: Callable[[Any], str]) -> list[list[GridCell]]:
    """The cells of each row, those that span others in the first row and column that they span only.

    Args:
        rows: what :func:`shown_rows` gives.
        text_of: gives the text of a cell.
    """
    cells: list[list[GridCell]] = []
    open_above: dict[int, tuple[int, int]] = {}  # column → where the cell stands that may go on below
    is_head = True
    for row, elements in rows:
        properties = row.find(WORD + "trPr")
        is_head = is_head and bool(switch(properties, "tblHeader"))
        before = number(value(properties, "gridBefore"))
        line = [GridCell("", columns=_columns(before), is_head=is_head)] if before else []
        column, still_open = before, {}
        for element in elements:
            own = element.find(WORD + "tcPr")
            text, span = text_of(element), max(1, number(value(own, "gridSpan"), 1))
            merged = _merged(own)
            if merged == "continue" and column in open_above:
                at, place = still_open[column] = open_above[column]
                above = cells[at][place]
                cells[at][place] = replace(above, rows=above.rows + 1, text=f"{above.text}\n{text}".strip())
            elif value(own, "hMerge") == "continue" and line:
                line[-1] = replace(line[-1], columns=line[-1].columns + _columns(span))
            else:
                if merged:
                    still_open[column] = (len(cells), len(line))
                line.append(GridCell(text, columns=_columns(span), is_head=is_head))
            column += span
        if after := number(value(properties, "gridAfter")):
            line.append(GridCell("", columns=_columns(after), is_head=is_head))
        open_above = still_open
        cells.append(line)
    return cells


def _shown_cells(row: Any, omissions: Omissions) -> list[Any]:
    cells = []
    for cell in through_wrappers(row, "tc"):
        if cell.find(f"{WORD}tcPr/{WORD}cellDel") is not None:
            omissions.count("deleted", deleted_length(cell))
        else:
            cells.append(cell)
    return cells


def _is_gone(properties: Any) -> bool:
    return properties is not None and any(properties.find(gone) is not None for gone in GONE)


def _merged(properties: Any) -> str:
    """``restart`` where a cell may go on in the row below, ``continue`` where it goes on from above, else empty."""
    if properties is None:
        return ""
    own = properties.find(WORD + "vMerge")
    if own is not None:
        return "restart" if value(own) == "restart" else "continue"
    tracked = properties.find(WORD + "cellMerge")
    written = tracked.get(WORD + "vMerge", "") if tracked is not None else ""
    return {"rest": "restart", "cont": "continue"}.get(written, "")


def _columns(written: int) -> int:
    return min(written, MOST_COLUMNS)
