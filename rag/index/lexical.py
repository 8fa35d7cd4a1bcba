"""Lexical retrieval: BM25 over the terms of a text (:mod:`rag.text.terms`).

The index lives in the store's SQLite file as segments of postings; a query reads only the postings of its own terms.
"""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import DamageError
from rag.text.terms import Terms, query_terms, terms_of, terms_with_places

K1 = 1.5
B = 0.75
SEGMENT_CHUNKS = 16_384
MERGE_SEGMENTS = 32


def create_tables(connection: sqlite3.Connection) -> None:
    """Creates the tables of the index in a store, whose table ``chunks`` must have a column ``segment``."""
    connection.execute("CREATE TABLE segments (id INTEGER PRIMARY KEY AUTOINCREMENT, terms INTEGER NOT NULL)")
    connection.execute(
        "CREATE TABLE postings (segment INTEGER NOT NULL, term INTEGER NOT NULL,"
        " chunks BLOB NOT NULL, counts BLOB NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (segment, term))"
        " WITHOUT ROWID"
    )


def pending(connection: sqlite3.Connection) -> int:
    """Number of chunks of the store that are not in the index yet."""
    return int(connection.execute("SELECT count(*) FROM chunks WHERE segment IS NULL").fetchone()[0])


def catch_up(connection: sqlite3.Connection) -> None:
    """Indexes the chunks that are not in the index yet, in the caller's transaction.

    When many segments have gathered that are small, or of which removals have left little, their chunks are indexed
    again as few large ones; a segment of which nothing is left goes at once.
    """
    query = "SELECT id FROM segments s WHERE (SELECT count(*) FROM chunks c WHERE c.segment = s.id) < ?"
    _remove(connection, connection.execute(query, (1,)).fetchall())
    small = connection.execute(query, (SEGMENT_CHUNKS // 2,)).fetchall()
    if len(small) > MERGE_SEGMENTS:
        _remove(connection, small)
    while batch := connection.execute(
        "SELECT id, text FROM chunks WHERE segment IS NULL ORDER BY id LIMIT ?", (SEGMENT_CHUNKS,)
    ).fetchall():
        _write_segment(connection, batch)


def damaged(connection: sqlite3.Connection) -> int:
    """Number of chunks, segments and postings that are not as they were written (a full comparison)."""
    query = "SELECT count(*) FROM chunks WHERE segment IS NOT NULL AND segment NOT IN (SELECT id FROM segments)"
    lost = int(connection.execute(query).fetchone()[0])
    query = "SELECT count(*) FROM segments s WHERE s.terms <> (SELECT count(*) FROM postings p WHERE p.segment = s.id)"
    lost += int(connection.execute(query).fetchone()[0])
    rows = connection.execute("SELECT segment, term, chunks, counts, checksum FROM postings")
    return lost + sum(not is_posting(*row) for row in rows)


def clear(connection: sqlite3.Connection) -> None:
    """Empties the index; :func:`catch_up` makes it anew."""
    connection.execute("UPDATE chunks SET segment = NULL")
    connection.execute("DELETE FROM postings")
    connection.execute("DELETE FROM segments")


def _remove(connection: sqlite3.Connection, segments: list[Any]) -> None:
    connection.executemany("UPDATE chunks SET segment = NULL WHERE segment = ?", segments)
    connection.executemany("DELETE FROM postings WHERE segment = ?", segments)
    connection.executemany("DELETE FROM segments WHERE id = ?", segments)


def _write_segment(connection: sqlite3.Connection, rows: list[Any]) -> None:
    identifiers = np.array([row[0] for row in rows], dtype=np.int64)
    segment = int(connection.execute("INSERT INTO segments (terms) VALUES (0)").lastrowid or 0)
    connection.executemany("UPDATE chunks SET segment = ? WHERE id = ?", ((segment, row[0]) for row in rows))
    texts = [row[1] for row in rows]
    lengths = np.array([len(text) + 1 for text in texts], dtype=np.int64)
    terms, places = terms_with_places("\n".join(texts) + "\n")
    owners = np.repeat(np.arange(len(rows), dtype=np.int64), lengths)[places]
    # One sort brings equal (term, chunk) pairs together: first by chunk, then, stably, by term.
    order = np.lexsort((owners, terms))
    terms, owners = terms[order], owners[order]
    fresh = np.ones(terms.size, dtype=np.bool_)
    fresh[1:] = (terms[1:] != terms[:-1]) | (owners[1:] != owners[:-1])
    starts = np.flatnonzero(fresh)
    counts = np.minimum(np.diff(np.append(starts, terms.size)), 255).astype(np.uint8)
    terms, chunks = terms[starts], identifiers[owners[starts]].astype("<u4")
    boundaries = np.append(np.flatnonzero(np.diff(terms, prepend=~terms[:1])), terms.size)
    keys = terms.view(np.int64)
    order_of_keys = np.argsort(keys[boundaries[:-1]], kind="stable")
    chunk_bytes, count_bytes = chunks.tobytes(), counts.tobytes()
    spans = [(int(boundaries[i]), int(boundaries[i + 1])) for i in order_of_keys]
    connection.executemany(
        "INSERT INTO postings VALUES (?, ?, ?, ?, ?)",
        (
            (segment, int(keys[a]), owners, counted, posting_checksum(segment, int(keys[a]), owners, counted))
            for a, b in spans
            for owners, counted in [(chunk_bytes[4 * a : 4 * b], count_bytes[a:b])]
        ),
    )
    connection.execute("UPDATE segments SET terms = ? WHERE id = ?", (len(spans), segment))


def posting_checksum(segment: int, term: int, chunks: bytes, counts: bytes) -> int:
    """Checksum of a row of ``postings``: CRC-32, which begins with what the row is found by."""
    key = (segment * 0x9E3779B1 ^ term ^ term >> 32) & 0xFFFFFFFF
    return zlib.crc32(counts, zlib.crc32(chunks, key))


def is_posting(segment: Any, term: Any, chunks: Any, counts: Any, check: Any) -> bool:
    """Whether a row of ``postings`` is as it was written."""
    whole = (
        isinstance(segment, int) and isinstance(term, int) and isinstance(chunks, bytes) and isinstance(counts, bytes)
    )
    return whole and posting_checksum(segment, term, chunks, counts) == check


class LexicalIndex:
    """BM25 scores from the postings of a store (Robertson and Zaragoza, 2009, with k1 = 1.5 and b = 0.75).

    Made for one question: postings that were read are kept.
    """

    def __init__(self, connection: sqlite3.Connection, lengths: NDArray[np.int32]) -> None:
        """Takes the store's connection, and the length of each chunk at the place of its id (0 where there is none)."""
        self._connection = connection
        self._alive = lengths > 0
        self._number = int(self._alive.sum())
        average = float(lengths.sum()) / max(1, self._number)
        self._read: dict[int, tuple[NDArray[np.int64], NDArray[np.uint8]] | None] = {}
        self._norms = (K1 * (1 - B + B * lengths / max(1.0, average))).astype(np.float32)

    def search(
        self, question: str, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The best ``k`` chunks for a question, best first.

        Args:
            allowed: for each chunk id whether it may be returned; None allows all.

        Returns:
            chunk ids and BM25 scores, both of shape (at most k,); every score is above 0.
        """
        scores = np.zeros(self._norms.size, dtype=np.float32)
        for chunks, counts in self._postings(query_terms(question)).values():
            frequency = counts.astype(np.float32)
            inverse = self._inverse(chunks.size)
            scores[chunks] += inverse * frequency * np.float32(K1 + 1) / (frequency + self._norms[chunks])
        mask = self._alive
        if allowed is not None:
            # The store may have grown since the lengths were read, or since the filter was made.
            known = min(allowed.size, mask.size)
            mask = np.append(mask[:known] & allowed[:known], np.zeros(mask.size - known, dtype=np.bool_))
        scores[~mask] = 0
        found = np.flatnonzero(scores)
        if found.size > k:
            found = found[np.argpartition(-scores[found], k - 1)[:k]]
        # Equal scores are ordered by id, so that a search always gives the same list.
        order = np.lexsort((found, -scores[found]))
        found = found[order].astype(np.int64)
        return found, scores[found]

    def known(self, question: str) -> tuple[Terms, NDArray[np.float32]]:
        """Those of a question's terms that some chunk holds, and the weight of each: two arrays of shape (number of terms,)."""
        terms = query_terms(question)
        found = self._postings(terms)
        held = np.array(
            [key in found and found[key][0].size > 0 for key in terms.view(np.int64).tolist()], dtype=np.bool_
        )
        return terms[held], self.weights(terms[held])

    def scores(self, question: str, chunks: NDArray[np.int64], texts: Sequence[str]) -> NDArray[np.float32]:
        """The scores that :meth:`search` would give these chunks, computed from their texts: shape (number of chunks,)."""
        scores = np.zeros(chunks.size, dtype=np.float32)
        if not chunks.size:
            return scores
        terms, weights = self.known(question)
        counts = [
            dict(zip(*(part.tolist() for part in np.unique(terms_of(text), return_counts=True)), strict=True))
            for text in texts
        ]
        norms = self._norms[chunks]
        # In the order in which a search adds them up, so that equal scores stay equal.
        for place in np.argsort(terms.view(np.int64)).tolist():
            term = int(terms[place])
            frequency = np.array([min(count.get(term, 0), 255) for count in counts], dtype=np.float32)
            scores += weights[place] * frequency * np.float32(K1 + 1) / (frequency + norms)
        return scores

    def weights(self, terms: Terms) -> NDArray[np.float32]:
        """Inverse document frequency of each term, in [0, log(number of chunks + 1)]: shape (number of terms,)."""
        found = self._postings(terms)
        keys = terms.view(np.int64).tolist()
        frequencies = np.array([found[key][0].size if key in found else 0 for key in keys], dtype=np.float32)
        return np.log1p((self._number - frequencies + 0.5) / (frequencies + 0.5)).astype(np.float32)

    def frequencies(self, terms: Iterable[int]) -> dict[int, int]:
        """For each of these terms that is found, how many chunks hold it (removed ones may still be counted)."""
        found: dict[int, int] = {}
        for term, chunks, _ in self._rows(np.fromiter(terms, dtype=np.uint64)):
            key = term & 0xFFFFFFFFFFFFFFFF
            found[key] = found.get(key, 0) + len(chunks) // 4
        return found

    def gains(self, question: str, chunks: NDArray[np.int64], contexts: Sequence[Set[int]]) -> NDArray[np.float32]:
        """What each chunk's score gains when its context counts as part of it: shape (number of chunks,).

        A term of the question that stands in the context and not in the chunk counts as if it stood there once.

        Args:
            contexts: for each chunk the terms of what is known about its document (title, event…).
        """
        gains = np.zeros(chunks.size, dtype=np.float32)
        terms = query_terms(question)
        postings = self._postings(terms)
        nowhere = np.empty(0, np.int64)
        for term, key in zip(terms.tolist(), terms.view(np.int64).tolist(), strict=True):
            around = np.array([term in context for context in contexts], dtype=np.bool_)
            if around.any():
                owners = postings[key][0] if key in postings else nowhere
                gains[around & ~np.isin(chunks, owners)] += self._inverse(owners.size)
        return gains

    def known_share(self, question: str) -> float:
        """Share of the question's characters and words (pairs not counted) that some chunk holds, from 0 to 1.

        It is near 1 for a question in the language of the documents, and low for one in another language.
        """
        terms = query_terms(question)
        single = terms[(terms < (1 << 21)) | (terms >= np.uint64(1 << 63))]
        if not single.size:
            return 1.0
        return sum(chunks.size > 0 for chunks, _ in self._postings(single).values()) / single.size

    def _inverse(self, frequency: int) -> np.float32:
        """Inverse document frequency of a term that ``frequency`` chunks hold."""
        return np.float32(np.log1p((self._number - frequency + 0.5) / (frequency + 0.5)))

    def _rows(self, terms: Terms) -> list[tuple[int, bytes, bytes]]:
        keys = terms.view(np.int64).tolist()
        rows: list[tuple[int, int, bytes, bytes, int]] = []
        for position in range(0, len(keys), 500):
            part = keys[position : position + 500]
            marks = ",".join("?" * len(part))
            # One statement sees one state of the store, whatever another process merges meanwhile.
            query = (
                "SELECT p.segment, p.term, p.chunks, p.counts, p.checksum FROM segments s"  # noqa: S608
                f" CROSS JOIN postings p ON p.segment = s.id AND p.term IN ({marks})"
            )
            rows += self._connection.execute(query, part).fetchall()
        if not all(is_posting(*row) for row in rows):
            raise DamageError(
                zh="词法索引与写入时不同。请运行 youju doctor --repair --index 索引文件夹：它会由文档重新生成。",
                en="The lexical index is not what was written. Run 'youju doctor --repair --index FOLDER': it is made anew "
                "from the documents.",
            )
        return [(term, chunks, counts) for _, term, chunks, counts, _ in rows]

    def _postings(self, terms: Terms) -> dict[int, tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        """For each term that is found, its chunks and how often each holds it; removed chunks are left out."""
        keys = terms.view(np.int64)
        missing = np.array([key not in self._read for key in keys.tolist()], dtype=np.bool_)
        self._read |= dict.fromkeys(keys[missing].tolist())
        parts: dict[int, list[tuple[bytes, bytes]]] = {}
        for term, chunks, counts in self._rows(terms[missing]):
            parts.setdefault(term, []).append((chunks, counts))
        for term, found in sorted(parts.items()):
            owners = np.frombuffer(b"".join(part[0] for part in found), dtype="<u4").astype(np.int64)
            frequencies = np.frombuffer(b"".join(part[1] for part in found), dtype=np.uint8)
            known = owners < self._alive.size
            known[known] = self._alive[owners[known]]
            self._read[term] = (owners[known], frequencies[known])
        return {key: read for key in sorted(keys.tolist()) if (read := self._read[key]) is not None}
