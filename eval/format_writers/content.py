"""Contents: what a document says, without the format that it is written in.

A content is a TOML file with ``name`` (of its files), ``date``, ``formats`` and ``blocks``, each a table of one kind::

    { title = "…" }  { issuer = "…" }  { number = "文号" }  { dateline = "…" }  { h1 = "一、…" }  { h2 = "（一）…" }
    { p = "…" }  { label = "报名截止：6月15日" }  { list = ["…"], marks = "1." }  { box = "…" }  { break = true }
    { signature = ["…", "2024年3月1日"] }
    { table = "…", caption = "表1", unit = "单位：万元", notes = ["注：…"] }

Within texts ``^{2}`` is raised, ``_{2}`` lowered, ``{-…-}`` deleted, ``{+…+}`` inserted and ``[^1]`` the mark of the first of
``footnotes``. A table is a row a line, its cells between bars; ``<`` joins a cell to the one on its left, ``^`` to the one
above, ``//`` is a line end, and a line ``===`` ends the heads.
"""

import datetime
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import UsageError

HEADS_END = "==="
_TEXTS = ("title", "issuer", "number", "dateline", "p", "label", "box", "h1", "h2")
_RUN = re.compile(
    r"\^\{(?P<raised>.+?)\}|_\{(?P<lowered>.+?)\}|\{-(?P<deleted>.+?)-\}|\{\+(?P<inserted>.+?)\+\}|\[\^(?P<note>\d+)\]"
)
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
CHINESE = "一二三四五六七八九十"
_MARKS = {"1.": "{}. ", "（1）": "（{}）", "①": "{}", "（一）": "（{}）", "一、": "{}、", "-": "- "}


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text: ``plain``, ``raised``, ``lowered``, ``deleted``, ``inserted``, or the number of a ``note``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table, with how many rows and columns it spans."""

    text: str
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        rows: each row by column; None where a cell of the row above or to the left reaches.
        heads: how many rows are heads.
        caption, unit: the lines above it, or empty.
        notes: the lines below it.
    """

    rows: tuple[tuple[Cell | None, ...], ...]
    heads: int
    caption: str = ""
    unit: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a content: its kind as in TOML (a list becomes ``item`` by ``item``) with its text or its table."""

    kind: str
    text: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A document without a format; see the module.

    Attributes:
        key: the name of its TOML file.
        name: what its files are called, without suffix.
        date: when it was made, as the files' metadata says.
        formats: those it is written in.
        blocks, footnotes: what it says.
        automatic: whether .docx numbers headings and articles itself.
        header: whether .docx has the 文号 in the header of its pages.
        encoding: of .csv and .txt.
    """

    key: str
    name: str
    date: datetime.date
    formats: tuple[str, ...]
    blocks: tuple[Block, ...]
    footnotes: tuple[str, ...] = ()
    automatic: bool = False
    header: bool = False
    encoding: str = "utf-8"

    @property
    def title(self) -> str:
        """Its title, or its name where it has none."""
        return next((readable(block.text) for block in self.blocks if block.kind == "title"), self.name)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables, in order."""
        return tuple(block.table for block in self.blocks if block.table)


def contents_in(folder: Path) -> dict[str, Content]:
    """The contents in a folder, by key.

    Raises:
        UsageError: there are none, or one cannot be read.
    """
    found = {file.stem: content_of(file) for file in sorted(folder.glob("*.toml"))}
    if not found:
        raise UsageError(zh=f"{folder} 里没有 .toml 文件。", en=f"{folder} holds no .toml file.")
    return found


def content_of(file: Path) -> Content:
    """The content in a TOML file.

    Raises:
        UsageError: it cannot be read or is malformed.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        return Content(
            key=file.stem,
            name=values["name"],
            date=values["date"],
            formats=tuple(values["formats"].split()),
            blocks=tuple(block for each in values["blocks"] for block in _blocks(each)),
            footnotes=tuple(values.get("footnotes", ())),
            automatic=values.get("automatic", False),
            header=values.get("header", False),
            encoding=values.get("encoding", "utf-8"),
        )
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(zh=f"读不了 {file}：{error}。", en=f"Cannot read {file}: {error}.") from error


def runs_of(text: str) -> Iterator[Run]:
    """A text in runs, in order."""
    at = 0
    for found in _RUN.finditer(text):
        if found.start() > at:
            yield Run("plain", text[at : found.start()])
        kind = found.lastgroup or ""
        yield Run(kind, found[kind])
        at = found.end()
    if at < len(text):
        yield Run("plain", text[at:])


def readable(text: str, notes: str = "") -> str:
    """A text as it reads: raised and lowered digits in Unicode, nothing deleted; ``notes`` is how marks of notes look."""
    return "".join(_shown(run, notes) for run in runs_of(text)).replace("//", "\n")


def deleted_in(text: str) -> list[str]:
    """What is deleted in a text."""
    return [run.text for run in runs_of(text) if run.kind == "deleted"]


def _shown(run: Run, notes: str) -> str:
    if run.kind == "note":
        return notes.format(run.text)
    if run.kind == "raised":
        return run.text.translate(_RAISED)
    if run.kind == "lowered":
        return run.text.translate(_LOWERED)
    return "" if run.kind == "deleted" else run.text


def _blocks(values: Mapping[str, Any]) -> Iterator[Block]:
    kind = next(iter(values))
    if kind in _TEXTS:
        yield Block(kind, values[kind])
    elif kind == "list":
        for number, text in enumerate(values[kind], 1):
            yield Block("item", _mark(values.get("marks", "-"), number) + text)
    elif kind == "signature":
        for line in values[kind]:
            yield Block(kind, line)
    elif kind == "table":
        yield Block(kind, table=_table(values))
    elif kind == "break":
        yield Block(kind)
    else:
        raise ValueError(f"block {kind}")


def _mark(marks: str, number: int) -> str:
    shown = chr(ord("①") + number - 1) if marks == "①" else str(number) if "1" in marks else CHINESE[number - 1]
    return _MARKS[marks].format(shown)


def _table(values: Mapping[str, Any]) -> Table:
    lines = [line.strip() for line in values["table"].strip().splitlines()]
    heads = lines.index(HEADS_END) if HEADS_END in lines else 0
    grid = [[cell.strip() for cell in line.split("|")] for line in lines if line != HEADS_END]
    if len({len(row) for row in grid}) != 1:
        raise ValueError(f"rows of unlike length: {[row for row in grid if len(row) != len(grid[0])]}")
    rows = tuple(tuple(_cell(grid, row, column) for column in range(len(grid[0]))) for row in range(len(grid)))
    return Table(rows, heads, values.get("caption", ""), values.get("unit", ""), tuple(values.get("notes", ())))


def _cell(grid: list[list[str]], row: int, column: int) -> Cell | None:
    text = grid[row][column]
    if text in ("<", "^"):
        return None
    columns = 1
    while column + columns < len(grid[row]) and grid[row][column + columns] == "<":
        columns += 1
    rows = 1
    while row + rows < len(grid) and grid[row + rows][column] == "^":
        rows += 1
    return Cell(text, rows, columns)
