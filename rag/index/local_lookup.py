"""Lookup on this machine: BM25 over the store's own postings, FAISS over a file beside it."""

import contextlib
import threading

import numpy as np
from numpy.typing import NDArray

from rag.errors import StoreError
from rag.index.dense import FILE_NAME, DenseIndex
from rag.index.integrity import Finding
from rag.index.lexical import LexicalIndex
from rag.index.lookup import Counting, Lists
from rag.index.store import Filters, Store


class LocalLookup:
    """A :class:`~rag.index.lookup.Lookup` that needs nothing but the folder of the index."""

    def __init__(self) -> None:
        self._dense: DenseIndex | None = None
        self._lock = threading.Lock()

    def refresh(self, store: Store, counting: Counting | None = None) -> None:
        """Brings the vectors in memory, and their file, to the state of the store."""
        with self._lock:
            if self._dense is None:
                self._dense = DenseIndex.open(store)
            elif self._dense.generation < store.generation:
                self._dense.refresh(store)

    def search(
        self,
        store: Store,
        words: str,
        vector: NDArray[np.float32],
        k: int,
        filters: Filters | None,
        lexical: LexicalIndex,
    ) -> Lists:
        """The best ``k`` chunks for words, and for a vector; both lists are exact."""
        assert self._dense is not None
        allowed = store.allowed(filters) if filters else None
        return Lists(lexical.search(words, k, allowed), self._dense.search(vector, k, allowed))

    def finding(self, store: Store) -> Finding:
        """Whether the file of the vectors agrees with the record."""
        try:
            sound = DenseIndex.saved_is_sound(store)
        except StoreError as error:
            return Finding("faiss", False, error.zh, error.en)
        zh = "与记录一致" if sound else "缺失、过期或损坏（下次提问时会自动重建）"
        en = (
            "agrees with the record" if sound else "is missing, stale or damaged (it is made anew at the next question)"
        )
        return Finding("faiss", sound, f"{FILE_NAME} {zh}", f"{FILE_NAME} {en}")

    def renew(self, store: Store) -> None:
        """Makes the file of the vectors anew."""
        with contextlib.suppress(OSError):
            (store.folder / FILE_NAME).unlink()
        with self._lock:
            self._dense = DenseIndex.open(store)
