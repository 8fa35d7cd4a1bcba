"""Figures of answers as a table: each with its time, unit and bound, and the exact span that it stands in, for spreadsheets.

It is made from records (:mod:`rag.records.record`). Text from outside is visible, and no spreadsheet takes it for a formula.
"""

import csv
import datetime
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rag.exports.visible import one_line, visible
from rag.exports.wording import say
from rag.exports.workbook_file import Cell, workbook
from rag.messages import Language
from rag.text.dates import dates_in
from rag.text.quantities import Quantity, quantities_in

FIGURES = (
    "question_number", "question", "claim", "first", "last", "bound", "number", "unit", "written", "calculation", "supported",
    "source_number", "title", "published", "file", "figure_start", "figure_end",
)  # fmt: skip
SOURCES = (
    "question_number",
    "source_number",
    "title",
    "publisher",
    "published",
    "page",
    "file",
    "start",
    "end",
    "quote",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a figure stands: a citation, and the span in its document's text."""

    cited: dict[str, Any]
    start: int
    end: int

    @property
    def written(self) -> str:
        """Its characters there."""
        first = int(self.cited["start"])
        return str(self.cited["quote"])[self.start - first : self.end - first]


def figures_csv(records: Sequence[dict[str, Any]], language: Language) -> bytes:
    """The figures of answers as the content of a .csv file, which spreadsheets read as UTF-8."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(_heads(FIGURES, language))
    writer.writerows([_formula_safe(cell) for cell in row] for row in _figures(records, language))
    return stream.getvalue().encode("utf-8-sig")


def figures_workbook(records: Sequence[dict[str, Any]], language: Language) -> bytes:
    """The figures of answers and their sources as the content of an .xlsx file."""
    figures: list[list[Cell]] = [_heads(FIGURES, language), *_figures(records, language)]
    sources: list[list[Cell]] = [_heads(SOURCES, language), *_sources(records)]
    return workbook({say("figures", language): figures, say("sources", language): sources})


def _heads(columns: Sequence[str], language: Language) -> list[Cell]:
    return [say(f"column_{column}", language) for column in columns]


def _figures(records: Sequence[dict[str, Any]], language: Language) -> Iterator[list[Cell]]:
    for number, record in enumerate(records, 1):
        for claim in record["claims"]:
            cited = [record["citations"][each - 1] for each in claim["citations"]]
            calculation = claim.get("calculation")
            is_supported = say("yes" if claim["supported"] else "no", language)
            taken: set[tuple[int, int]] = set()
            for quantity in quantities_in(claim["text"]):
                place = None if calculation else _place(quantity, cited, taken)
                taken |= {(place.cited["number"], place.start)} if place else set()
                first, last = _time(claim["text"], quantity, place)
                yield [
                    number,
                    one_line(record["question"]["asked"]),
                    one_line(claim["text"]),
                    first,
                    last,
                    quantity.qualifier,
                    _number(quantity),
                    quantity.unit,
                    one_line(place.written if place else claim["text"][quantity.start : quantity.end]),
                    say("yes", language) if calculation else "",
                    is_supported,
                    *_told(place),
                ]


def _told(place: _Place | None) -> list[Cell]:
    if place is None:
        return [None] * 6
    cited = place.cited
    file = one_line(cited["path"])
    return [cited["number"], one_line(cited["title"]), cited["date"], file, place.start, place.end]


def _place(quantity: Quantity, cited: Sequence[dict[str, Any]], taken: set[tuple[int, int]]) -> _Place | None:
    """Where a figure of a claim stands in what it cites; None where that is not in one piece."""
    for each in cited:
        for found in quantities_in(each["quote"]):
            start, end = each["start"] + found.start, each["start"] + found.end
            # The cell of a table may have its unit and multiple from its heads.
            is_bare = not (found.unit or found.multiple) and found.amount == quantity.amount
            is_same = is_bare or (found.value, found.kind) == (quantity.value, quantity.kind)
            if is_same and (each["number"], start) not in taken:
                return _Place(each, start, end)
    return None


def _time(claim: str, quantity: Quantity, place: _Place | None) -> tuple[Cell, Cell]:
    """The days that a claim says its figure is of: those of the last time before it; none where it names none there."""
    day = place.cited["date"] if place and not place.cited.get("date_is_guessed") else None
    published = datetime.date.fromisoformat(day) if day else None
    before = [each for each in dates_in(claim, published) if each.end <= quantity.start and not each.compared]
    return (before[-1].period.first.isoformat(), before[-1].period.last.isoformat()) if before else (None, None)


def _number(quantity: Quantity) -> int | float:
    """The number with its multiple multiplied out, in its own unit."""
    bare = Quantity(quantity.amount, quantity.multiple)
    value: Decimal = bare.value
    return int(value) if value == value.to_integral_value() else float(value)


def _sources(records: Sequence[dict[str, Any]]) -> Iterator[list[Cell]]:
    for number, record in enumerate(records, 1):
        for each in record["citations"]:
            yield [
                number,
                each["number"],
                one_line(each["title"]),
                one_line(each["source"]),
                each["date"],
                each["page"],
                one_line(each["path"]),
                each["start"],
                each["end"],
                visible(each["quote"]),
            ]


def _formula_safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
