"""Lookup in Milvus: a collection that follows the record, and is filled again from it whenever it is not what it should be.

One row, the marker, tells which state of the index the collection holds; it is compared before each question. While rows
are being written it tells none, so that whoever is killed there leaves no collection that passes for whole. Scores are
computed from the record's own text, and a row that is not of the record's present state is not believed.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import StoreError
from rag.index.integrity import Finding
from rag.index.lexical import LexicalIndex
from rag.index.lookup import Counting, Found, Lists
from rag.index.milvus_rows import (
    FIELDS,
    MARKER,
    NUMBERS,
    PASSAGES,
    Content,
    Row,
    expression_of,
    is_same,
    last_chunk,
    marker,
    query_of,
    rows_of,
    states_of,
)
from rag.index.milvus_server import MilvusServer, NotLoadedError
from rag.index.store import Filters, Store

logger = logging.getLogger(__name__)

FORMAT = 1
"""Number of the way in which rows are made; a collection of another is left alone."""
ROWS = 256
PAGE = 16_000
MOST = 16_384
"""What a server gives at most for one question."""
LOCK = ".youju-milvus-lock"
WAIT_SECONDS = 60.0
ROUNDS = 2

_NONE: Found = (np.empty(0, np.int64), np.empty(0, np.float32))


class MilvusLookup:
    """A :class:`~rag.index.lookup.Lookup` in one collection of a Milvus server."""

    def __init__(self, server: MilvusServer) -> None:
        self._server = server
        self._held: Content | None = None
        self._lock = threading.Lock()

    def refresh(self, store: Store, counting: Counting | None = None) -> None:
        """Sees that the collection holds what the store says, and writes what differs."""
        generation, held = store.generation, self._held
        if held and generation < held.generation:  # a snapshot of a moment ago
            return
        wanted = held if held and held.generation == generation else Content.of(store)
        found = self._marked(store)
        # A marker that was there before this process may stand on rows that somebody has deleted since.
        if found != wanted.digest or (held is None and self._count(store) != wanted.chunks.size):
            with self._lock, _alone(store.folder):
                self._fill(store, wanted, counting)
        self._held = wanted

    def search(
        self,
        store: Store,
        words: str,
        vector: NDArray[np.float32],
        k: int,
        filters: Filters | None,
        lexical: LexicalIndex,
    ) -> Lists:
        """The best ``k`` chunks for words, and for a vector.

        Similarities are exact. By its words a chunk is found among the ``2 k`` best of a BM25 in which all averages are
        fixed; their scores are the exact ones.
        """
        expression = expression_of(store, filters)
        if expression is None:
            return Lists(_NONE, _NONE)
        terms, weights = lexical.known(words)
        matching = _NONE
        if terms.size:
            found, _ = self._found(store, "terms", query_of(terms, weights), 2 * k, expression, filters)
            matching = _best(found, lexical.scores(words, found, _texts(store, found)), k)
        return Lists(matching, _best(*self._found(store, "vector", vector.tolist(), k, expression, filters), k))

    def finding(self, store: Store) -> Finding:
        """Whether the collection holds exactly the rows that the record gives."""
        try:
            with store.snapshot():
                wrong, extra = self._compared(store)
        except StoreError as error:
            return Finding("milvus", False, error.zh, error.en)
        name, place = _collection(store), self._server.place
        if wrong or extra:
            return Finding(
                "milvus",
                False,
                f"Milvus（{place}）的集合 {name} 与记录不一致：{wrong} 个片段缺失或不同，{extra} 个多余（可由记录重新填入）",
                f"the collection {name} of Milvus ({place}) differs from the record: {wrong} passages are missing or "
                f"different, {extra} are too many (it can be filled again from the record)",
            )
        return Finding(
            "milvus",
            True,
            f"Milvus（{place}）的集合 {name} 与记录一致",
            f"the collection {name} of Milvus ({place}) agrees with the record",
        )

    def renew(self, store: Store) -> None:
        """Writes the rows that differ, and takes out those that are too many."""
        with store.snapshot(), self._lock, _alone(store.folder):
            wanted = Content.of(store)
            if self._marked(store) is not None:
                self._mark(store, 0)
                self._delete(store, self._held_and_different(store, wanted)[1])
            self._held = None
            self._fill(store, wanted, None)
            self._held = wanted

    # -- what the collection holds ------------------------------------------------------------------------------------

    def _marked(self, store: Store) -> int | None:
        """The state that the collection says it holds; None where there is no such collection, 0 where it says none."""
        name = _collection(store)
        if not self._server.ask("has_collection", name):
            return None
        try:
            rows = self._server.ask("get", name, ids=[MARKER], output_fields=["state"])
        except NotLoadedError:
            self._server.load(name)
            rows = self._server.ask("get", name, ids=[MARKER], output_fields=["state"])
        with self._server.explained():
            return int(rows[0]["state"]) if rows else 0

    def _count(self, store: Store, which: str = PASSAGES) -> int:
        rows = self._server.ask("query", _collection(store), filter=which, output_fields=["count(*)"])
        with self._server.explained():
            return int(rows[0]["count(*)"])

    def _present(self, store: Store) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids and states of the rows that are there, of all ids that the record has ever given."""
        rows: list[Row] = []
        for first in range(1, last_chunk(store) + 1, PAGE):
            which = f"chunk >= {first} and chunk < {first + PAGE}"
            fields = ["chunk", "state"]
            rows += self._server.ask("query", _collection(store), filter=which, output_fields=fields, limit=PAGE)
        table = np.array([(int(row["chunk"]), int(row["state"])) for row in rows], dtype=np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def _compared(self, store: Store) -> tuple[int, int]:
        """How many passages are missing or different, and how many rows are too many."""
        wanted, marked = Content.of(store), self._marked(store)
        if marked is None:
            return wanted.chunks.size, 0
        held, different = self._held_and_different(store, wanted)
        wrong = wanted.chunks.size - held + len(different)
        extra = self._count(store) - held
        if marked != wanted.digest and not wrong and not extra:
            return wanted.chunks.size, 0  # all is there, but nothing says so, and the next question would look again
        return wrong, extra

    def _held_and_different(self, store: Store, wanted: Content) -> tuple[int, list[int]]:
        """How many of the wanted rows are there, and the ids of those that are not as the record gives them, field by field."""
        held, different = 0, []
        for part in _parts(wanted.chunks):
            which = f"chunk in {part.tolist()}"
            found = self._server.ask("query", _collection(store), filter=which, output_fields=list(FIELDS), limit=ROWS)
            rows = {row["chunk"]: row for row in rows_of(store, part)}
            held += len(found)
            different += [int(row["chunk"]) for row in found if not is_same(rows[int(row["chunk"])], row)]
        return held, different

    # -- filling it ---------------------------------------------------------------------------------------------------

    def _fill(self, store: Store, wanted: Content, counting: Counting | None) -> None:
        """Makes the collection hold what is wanted, writing only what differs; killed at any moment, it goes on there."""
        found = self._marked(store) if self._prepared(store) else 0
        if found == wanted.digest and self._count(store) == wanted.chunks.size:
            return  # another thread or process has done it meanwhile
        held = self._held
        present = (held.chunks, held.states) if held and found == held.digest else None
        for _ in range(ROUNDS):
            self._change(store, wanted, present or self._present(store), counting)
            if self._count(store) == wanted.chunks.size:
                self._mark(store, wanted.digest)
                return
            present = None
            self._server.write(
                "delete", _collection(store), filter=f"chunk > {last_chunk(store)}"
            )  # not of this record
        raise StoreError(
            zh=f"Milvus（{self._server.place}）的集合 {_collection(store)} 没有保留写入的内容，可能另有程序在改它。"
            "请确认只有这个索引用它，再运行 youju doctor --repair。",
            en=f"The collection {_collection(store)} of Milvus ({self._server.place}) did not keep what was written; another "
            "program may be changing it. See that only this index uses it, then run 'youju doctor --repair'.",
        )

    def _change(
        self,
        store: Store,
        wanted: Content,
        present: tuple[NDArray[np.int64], NDArray[np.int64]],
        counting: Counting | None,
    ) -> None:
        states = dict(zip(present[0].tolist(), present[1].tolist(), strict=True))
        pairs = zip(wanted.chunks.tolist(), wanted.states.tolist(), strict=True)
        missing = [chunk for chunk, state in pairs if states.pop(chunk, None) != state]
        removed = list(states)
        if not missing and not removed:
            return
        name = _collection(store)
        logger.info("milvus: collection=%s written=%d removed=%d", name, len(missing), len(removed))
        self._mark(store, 0)
        self._delete(store, removed)
        done = wanted.chunks.size - len(missing)
        for part in _parts(np.array(missing, dtype=np.int64)):
            if counting:
                counting(done, wanted.chunks.size)
            self._server.write("upsert", name, rows_of(store, part))
            done += part.size
        self._server.settle(name)
        if counting:
            counting(wanted.chunks.size, wanted.chunks.size)

    def _delete(self, store: Store, chunks: list[int]) -> None:
        for part in _parts(np.array(chunks, dtype=np.int64)):
            self._server.write("delete", _collection(store), ids=part.tolist())

    def _mark(self, store: Store, digest: int) -> None:
        self._server.write("upsert", _collection(store), [marker(digest, store.dimension)])

    def _prepared(self, store: Store) -> bool:
        """Makes the collection where there is none, or one for vectors of another size; returns whether it was there."""
        name = _collection(store)
        if self._server.ask("has_collection", name):
            fields = self._server.ask("describe_collection", name)["fields"]
            sizes = {int(field["params"]["dim"]) for field in fields if field["name"] == "vector"}
            if sizes == {store.dimension}:
                return True
            self._server.write("drop_collection", name)
        from pymilvus import DataType

        schema = self._server.schema()
        for number in NUMBERS:
            schema.add_field(number, DataType.INT64, is_primary=number == "chunk")
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=store.dimension)
        schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
        indexes = self._server.index_parameters()
        indexes.add_index("vector", index_type="FLAT", metric_type="IP")
        indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        self._server.write("create_collection", name, schema=schema, index_params=indexes, consistency_level="Strong")
        return False

    # -- searching ----------------------------------------------------------------------------------------------------

    def _found(self, store: Store, field: str, sought: Any, k: int, expression: str, filters: Filters | None) -> Found:
        """What a search gives, without what is not of the record's present state or not let through."""
        (hits,) = self._server.ask(
            "search",
            _collection(store),
            data=[sought],
            anns_field=field,
            limit=min(k, MOST),
            filter=expression,
            output_fields=["chunk", "state"],
        )
        with self._server.explained():
            told = {int(hit["entity"]["chunk"]): (int(hit["entity"]["state"]), float(hit["distance"])) for hit in hits}
        states = states_of(store, list(told), filters)
        sound = {chunk: score for chunk, (state, score) in told.items() if states.get(chunk) == state}
        if len(sound) < len(told):
            logger.warning("milvus: %d rows are not of the present state of the index", len(told) - len(sound))
            self._held = None  # the next question looks at the whole collection again
        chunks = np.fromiter(sound, dtype=np.int64, count=len(sound))
        return chunks, np.fromiter(sound.values(), dtype=np.float32, count=len(sound))


def _collection(store: Store) -> str:
    """Name of an index's collection: each index has one of its own."""
    return f"youju{FORMAT}_{store.identity}"


def _parts(chunks: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Ids, as many at a time as rows are written and read."""
    return (chunks[start : start + ROWS] for start in range(0, chunks.size, ROWS))


def _texts(store: Store, chunks: NDArray[np.int64]) -> list[str]:
    found = store.chunks(chunks)
    return [found[chunk].text if chunk in found else "" for chunk in chunks.tolist()]


def _best(chunks: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> Found:
    """The ``k`` best; equal scores are ordered by id, so that a search always gives the same list."""
    order = np.lexsort((chunks, -scores))[:k]
    return chunks[order], scores[order]


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lets one process at a time write the collection of an index; where its folder is read-only, nobody can be kept out."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreError(
            zh=f"另一个进程正在把索引 {folder} 填入 Milvus。请等它结束。",
            en=f"Another process is filling Milvus from the index {folder}. Wait until it is done.",
        ) from error
    except OSError:
        yield
        return
    try:
        yield
    finally:
        lock.release()
