"""XLSX: a sheet a table with title, unit and notes as rows; figures are numbers with a format, days are days."""

import datetime
import io
import re
from typing import Any

from eval.format_writers.content import Cell, Content, Table, readable

_FIGURE = re.compile(r"-?(?:0|[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d*)(?:\.(\d+))?(%?)")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TEXT = "@"
ABOUT = "说明"
"""The sheet for lines of label and value."""


def write(content: Content) -> bytes:
    """The content's title, labels and tables as .xlsx."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    book: Any = Workbook(file, {"in_memory": True})
    book.set_properties({"created": datetime.datetime.combine(content.date, datetime.time())})
    for number, table in enumerate(content.tables, 1):
        sheet = book.add_worksheet(f"表{number}" if len(content.tables) > 1 else "Sheet1")
        _fill(book, sheet, content.title if number == 1 else "", table)
    labels = [readable(block.text).partition("：") for block in content.blocks if block.kind == "label"]
    if labels:
        sheet = book.add_worksheet(ABOUT)
        for line, (label, _, value) in enumerate(labels):
            sheet.write_row(line, 0, [label, value])
    book.close()
    return file.getvalue()


def _fill(book: Any, sheet: Any, title: str, table: Table) -> None:
    width = len(table.rows[0])
    above = [text for text in (title, table.caption, table.unit) if text]
    for line, text in enumerate(above):
        _put(book, sheet, line, 0, Cell(text, columns=width), is_head=line == 0)
    for line, row in enumerate(table.rows, len(above)):
        for column, cell in enumerate(row):
            if cell:
                _put(book, sheet, line, column, cell, is_head=line - len(above) < table.heads)
    for line, note in enumerate(table.notes, len(above) + len(table.rows)):
        sheet.write_string(line, 0, readable(note))


def _put(book: Any, sheet: Any, line: int, column: int, cell: Cell, *, is_head: bool) -> None:
    value, number_format = (readable(cell.text), _TEXT) if is_head else _value(readable(cell.text))
    look = book.add_format({"num_format": number_format, "bold": is_head})
    if cell.rows > 1 or cell.columns > 1:
        sheet.merge_range(line, column, line + cell.rows - 1, column + cell.columns - 1, value, look)
    elif value != "":
        sheet.write(line, column, value, look)


def _value(text: str) -> tuple[Any, str]:
    """What a spreadsheet program makes of a cell's text, and the format that shows it so."""
    if day := _DAY.fullmatch(text):
        return datetime.date(*map(int, day.groups())), "yyyy-mm-dd"
    figure = _FIGURE.fullmatch(text)
    if not figure:
        return text, _TEXT
    decimals, percent = figure[1] or "", figure[2]
    value = float(text.replace(",", "").rstrip("%")) / (100 if percent else 1)
    whole = "#,##0" if "," in text else "0"
    return value, whole + ("." + "0" * len(decimals) if decimals else "") + percent
