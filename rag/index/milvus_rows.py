"""What Milvus holds of an index: a row for each chunk, made from the record alone, and conditions on rows.

A row holds numbers only. Names of speakers and sources are in it as hashes, so that no text of a document and none of a
filter ever becomes part of an expression that Milvus reads.
"""

import datetime
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.index.lexical import K1, B
from rag.index.rows import Filters
from rag.index.store import Store
from rag.text.terms import Terms, fold, terms_of

Row = dict[str, Any]
"""A row by its fields: numbers, the chunk's ``vector``, and its ``terms`` as a sparse vector."""

NUMBERS = ("chunk", "state", "document", "day", "source", "speakers")
FIELDS = (*NUMBERS, "vector", "terms")
MARKER = 0
"""Key of the row that tells which state of the index a collection holds. No chunk has this id."""
NOTHING = 1 << 31
"""The dimension after those of the terms: for rows that have none, so that no sparse vector is empty."""
PASSAGES = "chunk > 0"

_VECTOR_TOLERANCE = 2e-3
_TERM_TOLERANCE = 1e-4
_VALUES_PER_QUERY = 500
_SOURCES = "FROM chunks c JOIN documents d ON d.id = c.document_id LEFT JOIN vectors v ON v.id = c.vector"
_STATED = "c.id, v.content, d.number, d.date, d.date_is_guessed, d.source, c.speakers"


@dataclass(frozen=True, slots=True)
class Content:
    """What a collection has to hold for an index at one moment.

    Attributes:
        generation: the store's generation.
        chunks: ids of all chunks, ascending.
        states: for each of them, what its row is made of, as a number.
        digest: all of these as one number, never 0.
    """

    generation: int
    chunks: NDArray[np.int64]
    states: NDArray[np.int64]
    digest: int

    @classmethod
    def of(cls, store: Store) -> "Content":
        """What the record says now, in the caller's snapshot."""
        rows = store.connection.execute(f"SELECT {_STATED} {_SOURCES} ORDER BY c.id").fetchall()
        chunks = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
        states = np.fromiter((_state(row) for row in rows), dtype=np.int64, count=len(rows))
        return cls(
            store.generation, chunks, states, _number(store.embedder.encode() + chunks.tobytes() + states.tobytes())
        )


def last_chunk(store: Store) -> int:
    """The highest id that a chunk of this index has ever had."""
    row = store.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").fetchone()
    return int(row[0]) if row else 0


def states_of(store: Store, chunks: Sequence[int], filters: Filters | None) -> dict[int, int]:
    """The states of those of the given chunks that the record holds and the filters let through, by their ids."""
    conditions = filters.conditions() if filters else {}
    found: dict[int, int] = {}
    for start in range(0, len(chunks), _VALUES_PER_QUERY):
        part = [*chunks[start : start + _VALUES_PER_QUERY]]
        where = " AND ".join([f"c.id IN ({','.join('?' * len(part))})", *conditions])
        query = f"SELECT {_STATED} {_SOURCES} WHERE {where}"
        found |= {row[0]: _state(row) for row in store.connection.execute(query, [*part, *conditions.values()])}
    return found


def rows_of(store: Store, chunks: NDArray[np.int64]) -> list[Row]:
    """The rows of the given chunks, at most some hundreds.

    Raises:
        DamageError: a chunk has no vector.
    """
    marks = ",".join("?" * len(chunks))
    query = f"SELECT {_STATED}, c.text {_SOURCES} WHERE c.id IN ({marks}) ORDER BY c.id"
    read = store.connection.execute(query, chunks.tolist()).fetchall()
    vectors = store.vectors(np.array([row[0] for row in read], dtype=np.int64))
    return [
        {
            "chunk": row[0],
            "state": _state(row),
            "document": row[2],
            "day": _day(row[3], row[4]),
            "source": _name(row[5]),
            "speakers": _name(row[6]),
            "vector": vector.tolist(),
            "terms": _weighted(row[7], store.chunk_size),
        }
        for row, vector in zip(read, vectors, strict=True)
    ]


def marker(digest: int, dimension: int) -> Row:
    """The row that says which state of an index a collection holds."""
    vector = [1.0, *[0.0] * (dimension - 1)]
    return {**dict.fromkeys(NUMBERS, 0), "chunk": MARKER, "state": digest, "vector": vector, "terms": {NOTHING: 1.0}}


def is_same(row: Row, found: Row) -> bool:
    """Whether a row that Milvus gives back is the one that was written."""
    terms, held = row["terms"], {int(key): float(value) for key, value in dict(found["terms"]).items()}
    return (
        all(int(found[name]) == row[name] for name in NUMBERS)
        and np.allclose(found["vector"], row["vector"], atol=_VECTOR_TOLERANCE)
        and terms.keys() == held.keys()
        and all(abs(held[key] - value) <= _TERM_TOLERANCE for key, value in terms.items())
    )


def query_of(terms: Terms, weights: NDArray[np.float32]) -> dict[int, float]:
    """Terms of a question with their weights as a sparse vector; its product with a chunk's is a BM25 score."""
    return dict(zip(_dimensions(terms).tolist(), weights.tolist(), strict=True))


def expression_of(store: Store, filters: Filters | None) -> str | None:
    """What the filters let through, as an expression of Milvus, made of names of fields and of numbers alone.

    Returns:
        the expression, or None where they let nothing through.
    """
    parts = [PASSAGES]
    if filters is None:
        return PASSAGES
    if filters.after:
        parts.append(f"day >= {filters.after.toordinal()}")
    if filters.before:
        parts.append(f"day > 0 and day <= {filters.before.toordinal()}")
    named = {"source": filters.source, "speakers": filters.speaker}
    queries = {
        "source": "SELECT source FROM (SELECT DISTINCT source FROM documents) WHERE instr(fold(source), ?)",
        "speakers": "SELECT speakers FROM (SELECT DISTINCT speakers FROM chunks) WHERE instr(fold(speakers), ?)",
    }
    lists: list[tuple[str, list[int]]] = []
    for field, name in named.items():
        if folded := fold((name or "").strip()):
            lists.append((field, [_name(row[0]) for row in store.connection.execute(queries[field], (folded,))]))
    for ids in ([filters.document_id] if filters.document_id else [], filters.document_ids):
        if ids:
            query = "SELECT number FROM documents WHERE id IN (SELECT value FROM json_each(?))"
            lists.append(("document", [int(row[0]) for row in store.connection.execute(query, (json.dumps(ids),))]))
    if not all(numbers for _, numbers in lists):
        return None
    return " and ".join([*parts, *(f"{field} in {_listed(numbers)}" for field, numbers in lists)])


def _listed(numbers: Iterable[int]) -> str:
    return f"[{', '.join(str(int(number)) for number in numbers)}]"


def _state(row: tuple[Any, ...]) -> int:
    """What the row of a chunk is made of, as a number; the content of its vector is its text and embedder."""
    return _number(repr(row[1:7]).encode("utf-8", "surrogatepass"))


def _name(text: str) -> int:
    return _number(text.encode("utf-8", "surrogatepass"))


def _number(raw: bytes) -> int:
    """A hash from 1 to 2⁶³ - 1."""
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "little") >> 1 or 1


def _day(date: str | None, is_guessed: int) -> int:
    """The day of publication as a number, 0 where none can be trusted."""
    if date and not is_guessed:
        with suppress(ValueError, TypeError):
            return datetime.date.fromisoformat(date).toordinal()
    return 0


def _weighted(text: str, size: int) -> dict[int, float]:
    """The terms of a chunk with what each adds to a BM25 score, but for the weight that depends on the whole index.

    A chunk of the size that the index was made with counts as one of average length, so that rows need not be written
    anew when the average changes.
    """
    terms, counts = np.unique(terms_of(text), return_counts=True)
    if not terms.size:
        return {NOTHING: 1.0}
    frequency = np.minimum(counts, 255).astype(np.float32)
    norm = np.float32(K1 * (1 - B + B * len(text) / size))
    weights = frequency * np.float32(K1 + 1) / (frequency + norm)
    return dict(zip(_dimensions(terms).tolist(), weights.tolist(), strict=True))


def _dimensions(terms: Terms) -> NDArray[np.uint64]:
    """A dimension below 2³¹ for each term; that two of a question share one with others is rare, and costs a rank at most."""
    return (terms * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)
