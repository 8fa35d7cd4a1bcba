"""Footnotes: smaller lines at the foot of a column that begin with a mark which stands raised in the page's text."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.formats.pdf_lines import Stretch, joined, line_of, rows_of, shown
from rag.formats.pdf_tables import PageTable

_SMALLER = 0.93
_MARK = r"\d{1,3}|[①-⑳]|[*†‡§]{1,3}"
_BEGINNING = re.compile(rf"[\[(（〔［]?({_MARK})[\])）〕］]?[.、．]?\s*(?=\S)")
_WHOLE_MARK = re.compile(rf"[\[(（〔［]?({_MARK})[\])）〕］]?")
_EXPONENT = re.compile(r"(?:(?<!\d)10|(?<![A-Za-z])[kcdmμ]?m)$")
_CIRCLED = {chr(0x2460 + number): str(number + 1) for number in range(20)}

Row = list[Stretch]


def notes_of(
    columns: Sequence[Sequence[Stretch]], tables: Sequence[PageTable], body_size: float
) -> tuple[list[list[Stretch]], list[str]]:
    """The columns of a page without its footnotes, their marks as ``[^1]``; and the notes, as ``[^1]: …``.

    Args:
        columns: the parts of each column.
        tables: the page's ruled tables, in whose cells the marks are written as such.
        body_size: the size of the document's text, in points.
    """
    rows = [rows_of(column) for column in columns]
    begins = [_beginning_of_notes(column, body_size) for column in rows]
    body = [part for column, begin in zip(rows, begins, strict=True) for row in column[:begin] for part in row]
    raised = [text for part in body for text, height in part.pieces if height == 1]
    marks = {_mark(text) for text in [*raised, *(text for table in tables for text in table.raised)]} - {""}
    notes: list[tuple[str, str]] = []
    for number, (column, begin) in enumerate(zip(rows, begins, strict=True)):
        found = _notes(column[begin:], marks)
        if found:
            notes += found
            rows[number] = column[:begin]
    there = {mark for mark, _ in notes}
    kept = [[_marked(part, there) for row in column for part in row] for column in rows]
    for table in tables:
        _mark_cells(table, there)
    return kept, [f"[^{mark}]: {text}" for mark, text in notes]


def _mark_cells(table: PageTable, marks: set[str]) -> None:
    for written in {text for text in table.raised if _mark(text) in marks}:
        pattern = re.compile(rf"(?<!10)(?<!m){re.escape(shown(written, 1))}")
        table.rows = [
            [replace(cell, text=pattern.sub(f"[^{_mark(written)}]", cell.text)) for cell in row] for row in table.rows
        ]


def _mark(text: str) -> str:
    found = _WHOLE_MARK.fullmatch(text.strip())
    return _CIRCLED.get(found[1], found[1]) if found else ""


def _beginning_of_notes(rows: Sequence[Row], body_size: float) -> int:
    begin = len(rows)
    while begin and all(part.size < _SMALLER * body_size for part in rows[begin - 1]):
        begin -= 1
    return begin


def _notes(rows: Sequence[Row], marks: set[str]) -> list[tuple[str, str]]:
    """The notes of small lines; none unless the first begins with a mark of the text."""
    notes: list[tuple[str, str]] = []
    for row in rows:
        line = line_of(row)
        text = "".join(piece for piece, _ in line.pieces) if line.pieces[0][1] == 1 else line.text
        found = _BEGINNING.match(text)
        mark = _CIRCLED.get(found[1], found[1]) if found else ""
        if found and mark in marks and mark not in {known for known, _ in notes}:
            notes.append((mark, text[found.end() :]))
        elif notes:
            notes[-1] = (notes[-1][0], joined(notes[-1][1], line.text))
        else:
            return []
    return notes


def _marked(part: Stretch, marks: set[str]) -> Stretch:
    if not marks:
        return part
    pieces: list[tuple[str, int]] = []
    for text, height in part.pieces:
        mark = _mark(text) if height == 1 else ""
        before = pieces[-1][0] if pieces else ""
        if mark in marks and not (_EXPONENT.search(before) and mark.isdigit()):
            pieces.append((f"[^{mark}]", 0))
        else:
            pieces.append((text, height))
    return replace(part, pieces=pieces)
