"""Documents with tables and labelled lines, written for training in Markdown: what is asked of a row is made for all of them.

A line of ``training/written/tables_*.jsonl.xz`` is a document as JSON: ``title``, ``markdown``, ``questions`` and ``claims`` as
in :mod:`training.documents` (they speak of the text as the product reads it, a cell under its heads), and ``tables``: for each
table that is asked about its number in the document (``table``, from 0), what a person calls each row below the heads
(``rows``, null for one that is not asked about), and ``columns``: ``column`` (its head, as in the table), ``questions`` with
``{row}`` in the place of a row's name, and ``unknown``, names of rows that the table does not have, each alone or with the
part of it that the table lacks (``{"name": …, "lacks": …}``).
"""

from collections.abc import Iterator
from typing import Any

from rag.text.cells import cell_readings
from rag.text.structure import Sentence, sentences_of
from rag.text.tables import Table, table_of
from rag.text.view import layout, line_view


def text_of(markdown: str) -> str:
    """A document as the product reads it: sentences by paragraphs, a cell on a line of its own."""
    text = ""
    before: Sentence | None = None
    for sentence in sentences_of(markdown):
        between = "" if before is None else "\n" if sentence.paragraph != before.paragraph else ""
        text += between + sentence.text
        before = sentence
    return text


def questions_of(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All questions of a document: those that stand there, and one for each row and column that is asked about.

    Raises:
        ValueError: a table, a row or a column is not there.
    """
    yield from line["questions"]
    for asked in line.get("tables", []):
        yield from _of_table(line["markdown"], asked)


def _of_table(markdown: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    table, shown = _table(markdown, asked["table"])
    rows = range(table.heads, len(table.rows))
    if len(asked["rows"]) != len(rows):
        raise ValueError(f"table {asked['table']} has {len(rows)} rows below its heads, named are {len(asked['rows'])}")
    readings = {(each.cell.row, each.cell.column): each for each in cell_readings(table, shown)}
    cells = [sentence for sentence in sentences_of(markdown) if sentence.lead or sentence.tail]
    by_start = {cell.start: cell for cell in cells}
    for place, column in enumerate(asked["columns"]):
        number = _column(table, shown, column["column"])
        told = []
        for turn, (row, name) in enumerate(zip(rows, asked["rows"], strict=True)):
            reading = readings.get((row, number))
            cell = by_start.get(reading.cell.start) if reading else None
            if name is None or cell is None:
                continue
            answer = cell.text[cell.lead :]
            told.append((answer, cell.text))
            template = column["questions"][(turn + place) % len(column["questions"])]
            yield {"q": template.format(row=name), "a": answer, "in": cell.text, "last": True}
        for turn, name in enumerate(column.get("unknown", [])):
            template = column["questions"][turn % len(column["questions"])]
            near, sentence = told[turn % len(told)] if told else (None, None)
            unknown, lacks = (name, name) if isinstance(name, str) else (name["name"], name["lacks"])
            found = {"q": template.format(row=unknown), "a": None, "lacks": lacks}
            yield found | ({"near": near, "in": sentence, "last": True} if near else {})


def _table(markdown: str, number: int) -> tuple[Table, Any]:
    tables = [paragraph for paragraph in layout(markdown).paragraphs if paragraph.kind == "table"]
    if number >= len(tables):
        raise ValueError(f"there are {len(tables)} tables, not {number + 1}")
    table = table_of(markdown, [(line.start, line.end) for line in tables[number].lines])
    return table, lambda cell: line_view(markdown, cell.start, cell.end).text


def _column(table: Table, shown: Any, head: str) -> int:
    for row in reversed(table.rows[: table.heads]):
        for cell in row:
            if shown(cell) == head:
                return int(cell.column)
    raise ValueError(f"no head of a column is {head!r}")
