"""Lookup: where the passages for a question are looked up. Which place that is, the setting ``YOUJU_STORE`` says.

The record is the SQLite file in any case (:mod:`rag.index.store`). What is looked up in is derived from it and follows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import StoreError, UsageError
from rag.index.integrity import Finding
from rag.index.lexical import LexicalIndex
from rag.index.store import Filters, Store

LOCAL = "local"
MILVUS = "milvus:"

Found = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Ids of chunks and the score of each, best first: two arrays of shape (number of chunks,)."""

Counting = Callable[[int, int], None]
"""Called with how many passages are in place, and how many have to be."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What was found for a question in both ways.

    Attributes:
        matching: the chunks that have its words, with BM25 scores.
        nearest: the chunks nearest to its vector, with cosine similarities.
    """

    matching: Found
    nearest: Found


class Lookup(Protocol):
    """A place where passages are looked up. Threads may share one; a store is given by each with its own connection."""

    def refresh(self, store: Store, counting: Counting | None = None) -> None:
        """Brings the place to the state of the store, in the caller's snapshot; quick where nothing has changed.

        Raises:
            StoreError: the store cannot be read, or the place cannot be reached or written.
        """

    def search(
        self,
        store: Store,
        words: str,
        vector: NDArray[np.float32],
        k: int,
        filters: Filters | None,
        lexical: LexicalIndex,
    ) -> Lists:
        """The best ``k`` chunks for words, and for a unit vector of shape (dimension,).

        Args:
            store: the store, as it was when :meth:`refresh` was last called.
            words: what is looked up by its terms.
            vector: what is looked up by its meaning.
            k: how many chunks, of each.
            filters: what to limit both to.
            lexical: the store's lexical index, which knows how many chunks hold each term.

        Raises:
            StoreError: the place cannot be reached.
        """

    def finding(self, store: Store) -> Finding:
        """Whether the place holds what the store's chunks say, and nothing else (a full comparison)."""

    def renew(self, store: Store) -> None:
        """Makes anew what :meth:`finding` finds wrong.

        Raises:
            StoreError: the store cannot be read, or the place cannot be reached or written.
        """


def open_lookup(setting: str) -> Lookup:
    """The place that a setting names; nothing is reached yet.

    Args:
        setting: empty or ``local``: this machine, beside the index; or ``milvus:URI``.

    Raises:
        UsageError: the setting names no such place.
    """
    if setting in ("", LOCAL):
        from rag.index.local_lookup import LocalLookup

        return LocalLookup()
    if setting.startswith(MILVUS):
        from rag.index.milvus_lookup import MilvusLookup
        from rag.index.milvus_server import MilvusServer

        return MilvusLookup(MilvusServer(setting.removeprefix(MILVUS)))
    named = setting.partition(":")[0]
    raise UsageError(
        zh=f"YOUJU_STORE（store=、--to）应是 local 或 milvus:地址，而不是“{named}”。例：milvus:http://localhost:19530。",
        en=f"YOUJU_STORE (store=, --to) must be local or milvus:URI, not '{named}'. Example: milvus:http://localhost:19530.",
    )


def fill(store: Store, lookup: Lookup, counting: Counting | None = None) -> tuple[int, Finding]:
    """Fills a place with the passages of a store, as far as they are not there, and compares all of them.

    Returns:
        how many passages it holds, and what the comparison found.

    Raises:
        StoreError: the store cannot be read; the place cannot be reached or written, or does not hold what was written.
    """
    with store.snapshot():
        lookup.refresh(store, counting)
        finding = lookup.finding(store)
        number = store.chunk_ids().size
    if not finding.sound:
        raise StoreError(finding.zh, finding.en)
    return number, finding
