"""Seals: checksums by which a row of the store shows that it is still what was written.

Each document carries three: of its text, of its chunks and facts (``parts``), and of everything else that is known about
it together with the first two (``seal``). Vectors, postings, settings and the turns of conversations carry one each. A
disk that changes a single bit is noticed before what it changed is shown.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

SEALED_COLUMNS = (
    "number, id, path, title, date, source, event, speakers, page_starts, encoding, digest, characters, checksum,"
    " signature, edited, added, date_is_guessed, unsure, parts"
)
"""Columns of a document that its seal covers: all but the text, which has a checksum of its own among them."""

FACT_COLUMNS = (
    "subject, value, unit, written, first, last, resolved, dated, status, change, scope, qualifier, speaker, heading,"
    " start, end, value_start, value_end"
)

SEALED_BEFORE_6 = (
    "number, id, path, title, date, source, event, speakers, page_starts, encoding, digest, characters, checksum,"
    " signature, edited, added, parts"
)
"""As :data:`SEALED_COLUMNS`, in an index of format 5."""

_CHUNKS = "SELECT id, start, end, length, speakers, text FROM chunks WHERE document_id = ? ORDER BY id"
_FACTS = f"SELECT {FACT_COLUMNS} FROM facts WHERE document_id = ? ORDER BY id"  # noqa: S608
_SEALED_SETTINGS = "SELECT key, value FROM settings WHERE key NOT IN ('generation', 'seal') ORDER BY key"
_SIZE = 16


def digest(rows: Iterable[Sequence[Any]]) -> bytes:
    """Checksum of rows as SQLite gives them, 16 bytes; their order, and the kind of each value, count."""
    written = json.dumps([*rows], ensure_ascii=False, default=bytes.hex)
    return blake2b(written.encode(), digest_size=_SIZE).digest()


def checksum(text: str) -> bytes:
    """Checksum of a text, 16 bytes."""
    return blake2b(text.encode(), digest_size=_SIZE).digest()


def cyclic(*values: bytes) -> int:
    """CRC-32 of values in a row, for the many small rows that bytes must not be spent on."""
    found = 0
    for value in values:
        found = zlib.crc32(value, zlib.crc32(len(value).to_bytes(8, "little"), found))
    return found


def parts_of(connection: sqlite3.Connection, document_id: str) -> bytes:
    """Checksum of the chunks and facts that a store holds of a document."""
    chunks = connection.execute(_CHUNKS, (document_id,)).fetchall()
    return digest([*chunks, *connection.execute(_FACTS, (document_id,)).fetchall()])


def seal_document(connection: sqlite3.Connection, document_id: str) -> None:
    """Writes the seals of a document as it now stands, in the caller's transaction that has changed it."""
    connection.execute("UPDATE documents SET parts = ? WHERE id = ?", (parts_of(connection, document_id), document_id))
    seal_known(connection, document_id)


def seal_known(connection: sqlite3.Connection, document_id: str) -> None:
    """Writes the seal of what is known about a document alone: those of its text, chunks and facts stay as they are."""
    row = connection.execute(f"SELECT {SEALED_COLUMNS} FROM documents WHERE id = ?", (document_id,)).fetchone()  # noqa: S608
    connection.execute("UPDATE documents SET seal = ? WHERE id = ?", (digest([row]), document_id))


def seal_settings(connection: sqlite3.Connection) -> None:
    """Writes the seal of the settings, in the caller's transaction that has changed them."""
    sealed = digest(connection.execute(_SEALED_SETTINGS).fetchall()).hex()
    connection.execute("INSERT OR REPLACE INTO settings VALUES ('seal', ?)", (sealed,))


def settings_are_sealed(settings: dict[str, str]) -> bool:
    """Whether settings are those that were written; the generation, which counts changes, stands for itself."""
    covered = sorted((key, value) for key, value in settings.items() if key not in ("generation", "seal"))
    return settings.get("seal") == digest(covered).hex()
