"""One sheet of a workbook: its part of the archive, read in one pass, becomes the cells that a person sees."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rag.errors import LoadError
from rag.formats.archives import Archive
from rag.formats.number_formats import shown_number, shown_text
from rag.formats.raised_characters import lowered, raised
from rag.formats.regions import Plane
from rag.loading.base import MAX_XML_BYTES, refusal

MAX_CELLS = 200_000
"""Most filled cells of a file. What holds more is a database's dump and is refused, not cut: without its end every sum,
largest value and latest date read out of it would be wrong, and nobody would see it."""

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PARTS = ("sheetView", "col", "row", "mergeCell", "autoFilter")


@dataclass(slots=True)
class Book:
    """What the sheets of a workbook share, and what was counted over all of them.

    Attributes:
        archive: the file.
        strings: the shared texts.
        formats: the number format of each style of cells.
        from_1904: whether days are counted from 1904 on.
        is_uncalculated: whether the file asks to be calculated when opened: a formula's 0 is then no result.
        cells, characters: how many filled cells, how many characters in them.
        unknown: formulas without a result.
        unshown: cells that their number format hides.
        hidden_rows, hidden_columns: those with something in them.
    """

    archive: Archive
    strings: list[str]
    formats: list[str]
    from_1904: bool = False
    is_uncalculated: bool = False
    cells: int = 0
    characters: int = 0
    unknown: int = 0
    unshown: int = 0
    hidden_rows: int = 0
    hidden_columns: int = 0

    def count(self, text: str) -> None:
        """Count a filled cell.

        Raises:
            LoadError: there are too many, or too much stands in them.
        """
        self.cells += 1
        self.characters += len(text)
        if self.cells > MAX_CELLS or self.characters > MAX_XML_BYTES:
            raise too_many_cells(self.archive.name)


@dataclass(slots=True)
class _Sheet:
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    heads: set[int] = field(default_factory=set)
    row: int = 0

    def is_hidden(self, column: int) -> bool:
        return any(first <= column <= last for first, last in self.hidden_columns)


def too_many_cells(name: str) -> LoadError:
    """The refusal of a table too large to be a document."""
    return refusal(
        name,
        f"表格过大：超过 {MAX_CELLS} 个有内容的单元格。请按年份或类别拆成几份，或只留汇总表后再试。",
        f"it is too large: more than {MAX_CELLS} filled cells; split it, or keep only the tables of results.",
    )


def plane_of(path: str, book: Book) -> Plane:
    """The cells of a sheet that are shown, with what they span.

    Raises:
        LoadError: the sheet breaks the format's rules, or holds too much.
    """
    sheet = _Sheet()
    for element in book.archive.elements(path, *_PARTS):
        kind = element.tag.rpartition("}")[2]
        if kind == "row":
            _read_row(element, sheet, book)
        elif kind == "col" and _is_true(element.get("hidden")):
            first, last = element.get("min", ""), element.get("max", "")
            if first.isdecimal() and last.isdecimal() and len(sheet.hidden_columns) < _LAST_COLUMN:
                sheet.hidden_columns.append((int(first), int(last)))
        elif kind == "mergeCell" and (area := _area(element.get("ref", ""))) and _is_filled(sheet, area):
            sheet.merged.append(area)
        elif kind == "autoFilter" and (area := _area(element.get("ref", ""))):
            sheet.heads.add(area[0])
        elif kind == "sheetView":
            sheet.heads.update(_frozen(element))
    sheet.heads.update(_heads_of_tables(path, book))
    return _shown(sheet, book)


def _read_row(row: Any, sheet: _Sheet, book: Book) -> None:
    number = row.get("r", "")
    sheet.row = int(number) if number.isdecimal() and len(number) < 8 else sheet.row + 1
    if not 1 <= sheet.row <= _LAST_ROW:
        raise book.archive.damaged()
    column = 0
    found: dict[int, str] = {}
    for cell in row.iterfind("{*}c"):
        place = _REFERENCE.fullmatch(cell.get("r", ""))
        column = _column(place[1]) if place else column + 1
        if not 1 <= column <= _LAST_COLUMN:
            raise book.archive.damaged()
        text = _cell(cell, book)
        if text.strip():
            book.count(text)
            found[column] = text
    if found:
        sheet.rows[sheet.row] = found
        if _is_true(row.get("hidden")):
            sheet.hidden_rows.add(sheet.row)


def _cell(cell: Any, book: Book) -> str:
    """What a cell shows."""
    kind = cell.get("t", "n")
    style = cell.get("s", "0")
    number_format = book.formats[int(style)] if style.isdecimal() and int(style) < len(book.formats) else "General"
    if kind == "inlineStr":
        inline = cell.find("{*}is")
        return shown_text(rich_text(inline), number_format) if inline is not None else ""
    value = cell.findtext("{*}v") or ""
    if cell.find("{*}f") is not None and kind != "str" and (not value or (book.is_uncalculated and value == "0")):
        book.unknown += 1
        return ""
    if not value:
        return ""
    if kind == "s":
        if not value.strip().isdecimal() or int(value) >= len(book.strings):
            raise book.archive.damaged()
        shown = shown_text(book.strings[int(value)], number_format)
    elif kind == "b":
        shown = "TRUE" if value.strip() == "1" else "FALSE"
    elif kind == "str":
        shown = shown_text(unescaped(value), number_format)
    elif kind == "n":
        shown = shown_number(value, number_format, from_1904=book.from_1904)
    else:  # an error, or a day in ISO 8601
        shown = value.removesuffix("T00:00:00")
    if value.strip() and not shown.strip():
        book.unshown += 1
    return shown


def rich_text(element: Any) -> str:
    """The text of a string element: its runs one behind the other, without the readings above them (``rPh``)."""
    pieces = []
    for child in element:
        kind = str(child.tag).rpartition("}")[2]
        if kind == "t":
            pieces.append(unescaped(child.text or ""))
        elif kind == "r":
            text = unescaped(child.findtext("{*}t") or "")
            shifted = child.find("{*}rPr/{*}vertAlign")
            shift = {"superscript": raised, "subscript": lowered}.get("" if shifted is None else shifted.get("val", ""))
            pieces.append((shift and shift(text)) or text)
    return "".join(pieces)


def unescaped(text: str) -> str:
    """Characters that XML cannot hold, or that a file writes as ``_x000D_``, as themselves."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).replace("\r\n", "\n").replace("\r", "\n")


def _shown(sheet: _Sheet, book: Book) -> Plane:
    """The sheet without hidden rows and columns, and with what its cells span."""
    used = {column for columns in sheet.rows.values() for column in columns}
    hidden = {column for column in used if sheet.is_hidden(column)}
    book.hidden_rows += len(sheet.hidden_rows)
    book.hidden_columns += len(hidden)
    rows = {
        row: {column: text for column, text in columns.items() if column not in hidden}
        for row, columns in sheet.rows.items()
        if row not in sheet.hidden_rows
    }
    seen_rows, seen_columns = sorted(rows), sorted(used - hidden)
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for top, left, bottom, right in sheet.merged:
        text = sheet.rows[top][left]
        # Of a span whose first row or column is hidden, the text stands in what is left of it.
        row = next(iter(seen_rows[bisect_left(seen_rows, top) :][:1]), 0)
        column = next(iter(seen_columns[bisect_left(seen_columns, left) :][:1]), 0)
        if top <= row <= bottom and left <= column <= right:
            rows[row][column] = text
            spans[row, column] = (bottom - row + 1, right - column + 1)
    _drop_covered(rows, spans)
    return Plane({row: columns for row, columns in rows.items() if columns}, spans, frozenset(sheet.heads))


def _drop_covered(rows: dict[int, dict[int, str]], spans: dict[tuple[int, int], tuple[int, int]]) -> None:
    """Drop what stands in cells that another one covers; a sheet does not show it."""
    order = sorted(rows)
    budget = 4 * MAX_CELLS
    for (row, column), (high, wide) in spans.items():
        for below in order[bisect_left(order, row) : bisect_left(order, row + high)]:
            budget -= 1
            if budget < 0:
                return
            for beside in [each for each in rows[below] if column <= each < column + wide]:
                if (below, beside) != (row, column):
                    del rows[below][beside]


def _is_filled(sheet: _Sheet, area: tuple[int, int, int, int]) -> bool:
    return area[1] in sheet.rows.get(area[0], {})


def _frozen(view: Any) -> Iterator[int]:
    """The last of the rows that stay in view above a table."""
    pane = view.find("{*}pane")
    if pane is not None and pane.get("state", "").startswith("frozen"):
        height = pane.get("ySplit", "0").partition(".")[0]
        top = _REFERENCE.fullmatch(view.get("topLeftCell", "A1"))
        if height.isdecimal() and 0 < int(height) < _LAST_ROW:
            yield int(height) + (int(top[2]) - 1 if top else 0)


def _heads_of_tables(path: str, book: Book) -> Iterator[int]:
    """The head rows of the areas that the sheet declares to be tables."""
    for part in book.archive.related(path, "table"):
        table = book.archive.tree(part)
        area = _area(table.get("ref", ""))
        if area and table.get("headerRowCount", "1") == "1":
            yield area[0]


def _area(reference: str) -> tuple[int, int, int, int] | None:
    """First row, first column, last row and last column of a reference such as ``A1:C3``."""
    first, _, last = reference.partition(":")
    begin, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
    if not begin or not end:
        return None
    return int(begin[2]), _column(begin[1]), int(end[2]), _column(end[1])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _is_true(value: str | None) -> bool:
    return value in ("1", "true")
