"""Columns: the cells below one head of a table, for a question which of its rows has the most or the least.

A table counts only where all that the question says stands in it or above it: its column is headed by what is measured, its
rows are what is asked for, and its caption or its document names the rest.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.answering.operands import Operand, operand_at
from rag.questions.computations import Computation
from rag.reading.evidence import Evidence
from rag.search.retrieval import Hit
from rag.text.cells import heads_in
from rag.text.dates import dates_in
from rag.text.documents import Document
from rag.text.quantities import quantities_in
from rag.text.structure import Sentence
from rag.text.tables import rows_around, table_of
from rag.text.terms import letters_of

MOST_CELLS = 30
"""Cells that are compared; of more nobody checks each."""
LOOKED_AT = 5
"""Hits whose tables are looked at."""
_TOTAL = re.compile(r"合计|总计|小计|共计|总和|平均|均值|全部|total|sum|average|mean|all", re.IGNORECASE)
"""How the rows of a table are named that sum others up."""
_FILLING = "的在中里内各个是"
"""What says nothing between the words of a question."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        head: what it is headed by.
        operands: its cells, by the names of their rows.
        blanks: how many rows have no figure.
    """

    head: str
    operands: tuple[Operand, ...]
    blanks: int


def column_of(
    asked: Computation, hits: Sequence[Hit], structure: Callable[[Document], Sequence[Sentence]]
) -> Column | None:
    """The column that a question asks about; None where none is, or several are.

    Args:
        asked: of the kind ``column``.
        hits: best first.
        structure: gives the sentences of a document.
    """
    found: dict[tuple[str, ...], Column] = {}
    for hit, cells, heads in _tables(hits, structure):
        columns = _columns(cells)
        named = {name for rows in columns.values() for name, _ in rows if not _TOTAL.search(name)}
        for head, rows in columns.items():
            if _is_asked(asked, head, rows, heads, hit.document) and (column := _with_operands(head, rows, hit, named)):
                found.setdefault(tuple(f"{each.name} {each.quantity.text}" for each in column.operands), column)
    return next(iter(found.values())) if len(found) == 1 else None


def _tables(
    hits: Sequence[Hit], structure: Callable[[Document], Sequence[Sentence]]
) -> Iterator[tuple[Hit, list[Sentence], str]]:
    """The cells of each table that a hit reaches into, and the heads of its first column."""
    seen = set()
    for hit in hits[:LOOKED_AT]:
        for sentence in structure(hit.document):
            if not sentence.lead or sentence.end <= hit.start or sentence.start >= hit.end:
                continue
            rows = rows_around(hit.document.text, sentence.start)
            if rows and (place := (hit.document.id, rows[0][0])) not in seen:
                seen.add(place)
                first, last = rows[0][0], rows[-1][1]
                cells = [each for each in structure(hit.document) if first <= each.start and each.end <= last]
                text, table = hit.document.text, table_of(hit.document.text, rows)
                firsts = [row[0] for row in table.rows[: table.heads] if row]
                heads = " ".join(text[cell.start : cell.end] for cell in firsts)
                yield hit, [each for each in cells if each.lead], heads


def _columns(cells: Sequence[Sentence]) -> dict[str, list[tuple[str, Sentence]]]:
    """The columns of a table by their heads, each with the cells by the names of their rows."""
    columns: dict[str, list[tuple[str, Sentence]]] = {}
    for cell in cells:
        heads = heads_in(cell.text, cell.lead)
        if len(heads) == 2:  # more are groups or heads of several rows: what is a row there cannot be told
            columns.setdefault(heads[1], []).append((heads[0], cell))
    return columns


def _is_asked(
    asked: Computation, head: str, rows: Sequence[tuple[str, Sentence]], heads: str, document: Document
) -> bool:
    """Whether a column is of what is measured, its rows are what is asked for, and all else stands above the table.

    Args:
        heads: of the columns that name the rows.
    """
    if not letters_of(head) or not letters_of(asked.measure).endswith(letters_of(head)):
        return False
    above = f"{rows[0][1].heading}\n{document.title}"
    times = dates_in(f"{asked.words} {asked.rows}")
    if any(not any(time.period == other.period for other in dates_in(above)) for time in times):
        return False
    names = [letters_of(name) for name, _ in rows if not _TOTAL.search(name)]

    def names_rows(word: str) -> bool:
        return word in letters_of(heads) or all(name.endswith(word) for name in names)

    of_table = _words(asked.words, head)
    return all(map(names_rows, _words(asked.rows, head))) and all(
        word in letters_of(above) or names_rows(word) for word in of_table
    )


def _words(text: str, head: str) -> list[str]:
    """The words of a part of a question but for its times, what a column is headed by, and what says nothing."""
    for mention in reversed(dates_in(text)):
        text = f"{text[: mention.start]} {text[mention.end :]}"
    kept = text.replace(head, " ") if head in text else letters_of(text).replace(letters_of(head), " ")
    return [word for each in re.split(f"[{_FILLING}\\s]+", kept) if (word := letters_of(each))]


def _with_operands(head: str, rows: Sequence[tuple[str, Sentence]], hit: Hit, named: set[str]) -> Column | None:
    """A column with its figures; None where they are too few, too many, unclear, or seem to sum each other up.

    Args:
        named: the rows of the table; those that have nothing in this column are told.
    """
    operands: list[Operand] = []
    for name, cell in rows:
        if _TOTAL.search(name):
            continue
        own = cell.text[cell.lead :]
        if not any(map(str.isdigit, own)):
            continue
        quantities = [each for each in quantities_in(cell.text) if each.start >= cell.lead]
        if len(quantities) != 1 or quantities[0].text.replace(",", "") != own.replace(",", "").replace(" ", ""):
            return None
        operand = operand_at(name, quantities[0], Evidence(hit.document, cell, hit.reprints, 1.0, None, 1.0), 1.0)
        if operand is None:
            return None
        operands.append(operand)
    values = [each.quantity.value for each in operands]
    is_clear = len({each.quantity.kind for each in operands}) == 1 and len({each.name for each in operands}) == len(
        operands
    )
    if not 2 <= len(operands) <= MOST_CELLS or not is_clear:
        return None
    may_be_total = len(values) > 2 and max(values) >= sum(values) - max(values)
    return None if may_be_total else Column(head, tuple(operands), len(named) - len(operands))
