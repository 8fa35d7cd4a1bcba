"""Files that were damaged, bit by bit and value by value: damage is told or mended, and never passed on as an answer."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from corpus import document, make_index, open_assistant
from effort import Effort, Figures
from judging import Truth, copy_of, judge

from rag.index.dense import FILE_NAME as VECTOR_FILE
from rag.index.store import FILE_NAME

BLOCK = 4096
JOURNAL = f"{FILE_NAME}-wal"


@dataclass(frozen=True)
class Sample:
    """A sound index and what is true of it."""

    folder: Path
    truth: Truth


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """An index all of which lies in its file."""
    made, truth = tmp_path_factory.mktemp("folded"), Truth()
    make_index(made / "made")
    with open_assistant(made / "made") as assistant:
        truth.learn(assistant)
        assistant.store.fold_journal()
    return Sample(copy_of(made / "made", made / "index"), truth)


@pytest.fixture(scope="module")
def journalled(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """An index whose last commits lie in SQLite's journal, as a killed process leaves it."""
    made, truth = tmp_path_factory.mktemp("journalled"), Truth()
    make_index(made / "made")
    with open_assistant(made / "made") as assistant, closing(sqlite3.connect(made / "made" / FILE_NAME)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM documents").fetchone()  # whoever reads keeps the journal from being folded
        truth.learn(assistant)
        for late in (document("20"), document("21"), document("2", version=1)):
            assistant.add(late)
            truth.given.append(late)
            truth.learn(assistant)
        folder = copy_of(made / "made", made / "index")
    assert (folder / JOURNAL).stat().st_size > 10 * BLOCK
    return Sample(folder, truth)


@pytest.fixture(params=["folded", "journalled"])
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.getfixturevalue(request.param)
    return found


def _spoiled(chance: Random, raw: bytes) -> bytes:
    block = chance.choice([bytes(BLOCK), b"\xff" * BLOCK, chance.randbytes(BLOCK), None])
    start = chance.randrange(len(raw))
    if block is None:  # another block of the same file
        other = chance.randrange(len(raw)) // BLOCK * BLOCK
        block = raw[other : other + BLOCK]
    start = start // BLOCK * BLOCK if chance.random() < 0.7 else start
    return (raw[:start] + block + raw[start + BLOCK :])[: len(raw)]


def _flipped(chance: Random, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.choice([1, 1, 1, 2, 8])):
        changed[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(chance: Random, raw: bytes) -> bytes:
    place = chance.randrange(len(raw))
    return raw[: place // BLOCK * BLOCK if chance.random() < 0.5 else place]


RAW: dict[str, tuple[Callable[[Random, bytes], bytes], int, int]] = {
    "flips": (_flipped, 5, 200),
    "blocks": (_spoiled, 4, 100),
    "truncations": (_cut, 3, 50),
}
"""What is done to a file's bytes, and how often in a short and in a long run, for each of the two samples."""


@pytest.mark.parametrize("damage", RAW)
def test_damaged_bytes(sample: Sample, effort: Effort, figures: Figures, tmp_path: Path, damage: str) -> None:
    change, short, long = RAW[damage]
    chance = effort.random(f"{damage} {sample.folder.parent.name.rstrip('0123456789')}")
    files = [
        FILE_NAME,
        FILE_NAME,
        FILE_NAME,
        VECTOR_FILE,
        *([JOURNAL] * 3 if (sample.folder / JOURNAL).exists() else []),
    ]
    faults = []
    for number in range(effort.of(short, long)):
        folder = copy_of(sample.folder, tmp_path / "index")
        file = folder / chance.choice(files)
        file.write_bytes(change(chance, file.read_bytes()))
        faults += _judged(folder, sample.truth, figures, damage, f"{damage} {number} of {file.name}")
    assert not faults, "\n".join(faults)


def _judged(folder: Path, truth: Truth, figures: Figures, damage: str, name: str) -> list[str]:
    case = figures.timed(damage, lambda: judge(folder, truth))
    figures.counts[damage] += 1
    figures.counts[f"{damage}: {case.outcome}"] += 1
    for kind in ("wrong", "raised", "unclear", "untold", "unmended"):
        figures.counts[f"faults: {kind}"] += any(kind == one for one, _ in case.faults)
    return [f"{name}: {kind}: {text}" for kind, text in case.faults]


# -- values -----------------------------------------------------------------------------------------------------------


SHOWN = [("documents", "title"), ("documents", "date"), ("documents", "text"), ("facts", "value"), ("chunks", "text")]
"""Columns that every run changes; the short ones take some of the others beside them."""


def columns(folder: Path) -> list[tuple[str, str]]:
    """Every column of every table that has rows, read from the index itself so that none is forgotten."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            if connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()
        ]
        return [(table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")]


def _other_values(value: Any, chance: Random) -> Iterator[tuple[str, Any]]:
    """A value as damage or a hand could leave it, most likely first."""
    match value:
        case str():
            at = chance.randrange(len(value)) if value else 0
            old = value[at : at + 1]
            new = str((int(old) + 1) % 10) if old.isdecimal() and old.isascii() else "改" if old > "\x7f" else "Z"
            yield "a character changed", value[:at] + new + value[at + 1 :]
            yield "invalid UTF-8", value[:at].encode() + b"\xe4\xff" + value[at + 1 :].encode()
            yield "emptied", ""
        case int():
            yield "one more", value + 1
            yield "far too large", 10**15
            yield "a text", "x"
        case float():
            yield "another", value / 2
        case bytes():
            at = chance.randrange(len(value))
            yield "a byte changed", value[:at] + bytes([value[at] ^ 0x41]) + value[at + 1 :]
            yield "zeroed", bytes(len(value))
            yield "cut", value[: len(value) // 2]
        case None:
            yield "filled", "1"


def _change(folder: Path, table: str, column: str, chance: Random, variant: int) -> str:
    """Changes one value of a column; says how, or nothing where the table does not allow it."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
        (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        row = connection.execute(
            f"SELECT {', '.join(f'{key}' for key in [column, *keys])} FROM {table}"
            f" ORDER BY {', '.join(keys)} LIMIT 1 OFFSET {chance.randrange(number)}"
        ).fetchone()
        changes = list(_other_values(row[0], chance))
        if variant >= len(changes):
            return ""
        how, new = changes[variant]
        given = "CAST(? AS TEXT)" if how == "invalid UTF-8" else "?"
        where = " AND ".join(f"{key} = ?" for key in keys)
        try:
            with connection:
                connection.execute(f"UPDATE {table} SET {column} = {given} WHERE {where}", (new, *row[1:]))
        except sqlite3.IntegrityError:
            return ""
    return f"{table}.{column} of {row[1:]}: {how}"


def test_changed_values(folded: Sample, effort: Effort, figures: Figures, tmp_path: Path) -> None:
    found = columns(folded.folder)
    chosen = set(effort.random("columns").sample(found, effort.of(16, len(found)))) | set(SHOWN)
    faults = []
    for table, column in sorted(chosen):
        for variant in range(effort.of(1, 3)):
            for number in range(effort.of(1, 3)):
                folder = copy_of(folded.folder, tmp_path / "index")
                chance = effort.random(f"{table} {column} {variant} {number}")
                if how := _change(folder, table, column, chance, variant):
                    faults += _judged(folder, folded.truth, figures, "values", how)
    assert not faults, "\n".join(faults)


def test_changed_settings(folded: Sample, effort: Effort, figures: Figures, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folded.folder / FILE_NAME)) as connection:
        names = [name for (name,) in connection.execute("SELECT key FROM settings")]
    faults = []
    for name, value in itertools.product(names, effort.of(("x",), ("", "x", "7", None))):
        folder = copy_of(folded.folder, tmp_path / "index")
        with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
            if value is None:
                connection.execute("DELETE FROM settings WHERE key = ?", (name,))
            else:
                connection.execute("UPDATE settings SET value = ? WHERE key = ?", (value, name))
        faults += _judged(folder, folded.truth, figures, "settings", f"settings.{name} = {value!r}")
    assert not faults, "\n".join(faults)
