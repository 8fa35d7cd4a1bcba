"""Dense retrieval: a FAISS index of the chunks' vectors, derived from the store and saved beside it.

The file is one header line (JSON: the store's generation, the embedder, a checksum) and FAISS's own bytes, written to
a temporary file and moved into place. It is a cache: when it is missing, damaged or of another index it is made anew
from the store's vectors, when it is stale the missing vectors are added and the removed ones taken out.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.index.store import Store

FILE_NAME = "vectors.faiss"
_FORMAT = 1
_UNFINISHED = ".vectors-"
_UNFINISHED_SECONDS = 3600.0


class DenseIndex:
    """Exact inner-product search over half-precision vectors, in memory. Threads may share one."""

    def __init__(self, index: Any, generation: int) -> None:
        self._index = index
        self.generation = generation
        # FAISS allows many readers or one writer; a search takes milliseconds, so one at a time is simplest.
        self._lock = threading.Lock()

    @classmethod
    def open(cls, store: Store) -> "DenseIndex":
        """The index of a store, brought up to the store's generation."""
        found = _load(store)
        dense = cls(*found) if found else cls(_empty(store.dimension), -1)
        dense.refresh(store)
        return dense

    def refresh(self, store: Store) -> None:
        """Adds the vectors that the store has gained since, takes out those it has lost, and saves the file.

        Raises:
            StoreError: the store cannot be read, lacks vectors, or was rebuilt with another embedder.
        """
        with self._lock, store.snapshot():
            generation = store.generation
            if self.generation == generation:
                return
            self._follow(store)
            self.generation = generation
            if store.writable:
                _save(self._index, store, generation)

    def _follow(self, store: Store) -> None:
        import faiss

        identifiers = store.chunk_ids()
        indexed = faiss.vector_to_array(self._index.id_map)
        removed = np.setdiff1d(indexed, identifiers)
        added = np.setdiff1d(identifiers, indexed)
        if removed.size:
            self._index.remove_ids(removed)
        for part in np.array_split(added, max(1, added.size // 8192)):
            if part.size:
                self._index.add_with_ids(store.vectors(part), part)

    @property
    def size(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    def search(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The ``k`` chunks nearest to a unit vector of shape (dimension,), best first.

        Args:
            allowed: for each chunk id whether it may be returned; None allows all.

        Returns:
            chunk ids and cosine similarities, both of shape (at most k,).
        """
        import faiss

        parameters = None
        if allowed is not None:
            chosen = np.flatnonzero(allowed).astype(np.int64)
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(chosen))  # type: ignore[call-arg]
        with self._lock:
            depth = min(k, self.size)
            if depth < 1:
                return np.empty(0, np.int64), np.empty(0, np.float32)
            with _one_thread():
                scores, identifiers = self._index.search(vector[None, :].astype(np.float32), depth, params=parameters)
        found = identifiers[0] >= 0
        return identifiers[0][found], scores[0][found]

    @classmethod
    def saved_is_sound(cls, store: Store) -> bool:
        """Whether the saved file is of the store's generation and holds exactly its vectors (a full comparison)."""
        import faiss

        with store.snapshot():
            found = _load(store)
            if found is None or found[1] != store.generation:
                return False
            index = found[0]
            identifiers = np.sort(faiss.vector_to_array(index.id_map))
            if not np.array_equal(identifiers, store.chunk_ids()):
                return False
            parts = np.array_split(identifiers, max(1, identifiers.size // 8192))
            return all(
                np.allclose(index.reconstruct_batch(part), store.vectors(part), atol=2e-3)
                for part in parts
                if part.size
            )


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Lets FAISS use one thread: for a single query more gain nothing, and on a busy machine it waits 20 ms for them."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _empty(dimension: int) -> Any:
    import faiss

    flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap2(flat)


def _load(store: Store) -> tuple[Any, int] | None:
    """The saved index and its generation; None where there is no sound one for this store."""
    import faiss

    try:
        with (store.folder / FILE_NAME).open("rb") as file:
            header = json.loads(file.readline(10_000))
            content = file.read()
        if any(header[name] != value for name, value in _tags(store).items()):
            return None
        generation = int(header["generation"])
        if generation > store.generation:  # the store was put back to an earlier state
            return None
        # FAISS trusts the bytes it is given, so they are checked before.
        if header["checksum"] != _checksum(content):
            return None
        return faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8)), generation
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None


def _save(index: Any, store: Store, generation: int) -> None:
    """Writes the index beside the store. A disk that is full or read-only costs a rebuild later, never an answer now."""
    import faiss

    content = faiss.serialize_index(index).tobytes()
    header = {**_tags(store), "generation": generation, "checksum": _checksum(content)}
    temporary = store.folder / f"{_UNFINISHED}{os.getpid()}-{threading.get_ident()}"
    try:
        _clear_unfinished(store)
        try:
            with temporary.open("wb") as file:
                file.write(json.dumps(header).encode() + b"\n")
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(store.folder / FILE_NAME)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError:
        return


def _clear_unfinished(store: Store) -> None:
    """Deletes what a process that was killed while it saved has left."""
    for path in store.folder.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _UNFINISHED_SECONDS:
                path.unlink()


def _tags(store: Store) -> dict[str, Any]:
    """What a saved index must have in common with its store."""
    return {
        "format": _FORMAT,
        "index": store.identity,
        "embedder": store.embedder,
        "dimension": store.dimension,
    }


def _checksum(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
