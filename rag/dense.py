"""Dense retrieval: a FAISS index of the chunks' vectors, derived from the store and saved beside it.

The file is one header line (JSON: the store's generation, the embedder, a checksum) and FAISS's own bytes, written to
a temporary file and moved into place. It is a cache: when it is missing, damaged or of another embedder it is made
anew from the store's vectors, when it is stale the missing vectors are added and the removed ones taken out.
"""

import contextlib
import json
import os
import tempfile
import threading
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store import Store

FILE_NAME = "vectors.faiss"
_FORMAT = 1


class DenseIndex:
    """Exact inner-product search over half-precision vectors, in memory."""

    def __init__(self, index: Any, generation: int) -> None:
        self._index = index
        self.generation = generation
        # FAISS allows many readers or one writer; a search takes milliseconds, so one at a time is simplest.
        self._lock = threading.Lock()

    @classmethod
    def open(cls, store: Store) -> "DenseIndex":
        """The index of a store, brought up to the store's generation."""
        generation = store.generation
        found = _load(store.folder / FILE_NAME, store.embedder, store.dimension)
        dense = cls(*found) if found else cls(_empty(store.dimension), -1)
        dense.refresh(store, generation)
        return dense

    def refresh(self, store: Store, generation: int) -> None:
        """Adds the vectors that the store has gained since, takes out those it has lost, and saves the file."""
        if self.generation == generation:
            return
        import faiss

        identifiers = store.chunk_ids()
        indexed = faiss.vector_to_array(self._index.id_map)
        removed = np.setdiff1d(indexed, identifiers)
        added = np.setdiff1d(identifiers, indexed)
        with self._lock:
            if removed.size:
                self._index.remove_ids(removed)
            for part in np.array_split(added, max(1, added.size // 8192)):
                if part.size:
                    self._index.add_with_ids(store.vectors(part), part)
        self.generation = generation
        if store.writable:
            _save(self._index, store.folder / FILE_NAME, store.embedder, generation)

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
            scores, identifiers = self._index.search(vector[None, :].astype(np.float32), k, params=parameters)
        found = identifiers[0] >= 0
        return identifiers[0][found], scores[0][found]

    @classmethod
    def saved_is_sound(cls, store: Store) -> bool:
        """Whether the saved file is of the store's generation and holds exactly its vectors (a full comparison)."""
        import faiss

        generation = store.generation
        found = _load(store.folder / FILE_NAME, store.embedder, store.dimension)
        if found is None or found[1] != generation:
            return False
        index = found[0]
        identifiers = np.sort(faiss.vector_to_array(index.id_map))
        if not np.array_equal(identifiers, store.chunk_ids()):
            return False
        parts = np.array_split(identifiers, max(1, identifiers.size // 8192))
        return all(
            np.allclose(index.reconstruct_batch(part), store.vectors(part), atol=2e-3) for part in parts if part.size
        )


def _empty(dimension: int) -> Any:
    import faiss

    flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    return faiss.IndexIDMap2(flat)


def _load(path: Path, embedder: str, dimension: int) -> tuple[Any, int] | None:
    """The saved index and its generation; None where there is no sound one for this embedder."""
    import faiss

    try:
        with path.open("rb") as file:
            header = json.loads(file.readline(10_000))
            content = file.read()
        if (header["format"], header["embedder"], header["dimension"]) != (_FORMAT, embedder, dimension):
            return None
        # FAISS trusts the bytes it is given, so they are checked before.
        if header["checksum"] != _checksum(content):
            return None
        return faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8)), int(header["generation"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _save(index: Any, path: Path, embedder: str, generation: int) -> None:
    """Writes the index beside the store. A disk that is full or read-only costs a rebuild later, never an answer now."""
    import faiss

    content = faiss.serialize_index(index).tobytes()
    header = {
        "format": _FORMAT,
        "embedder": embedder,
        "dimension": int(index.d),
        "generation": generation,
        "checksum": _checksum(content),
    }
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".vectors-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(header).encode() + b"\n")
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _checksum(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
