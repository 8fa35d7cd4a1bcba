"""What an embedder is, and the one wrapper through which the project uses any of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from embeddings.errors import EmbeddingError, UsageError, YoujuError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    """Shape (texts, dimension), rows of unit length."""

Kind = Literal["query", "document"]
Progress = Callable[[int, int], None]
"""Called with (texts done, texts in all)."""

SMALLEST_LENGTH = 1e-12


@runtime_checkable
class Embedder(Protocol):
    """Two methods, named as in sentence-transformers, so that a ``SentenceTransformer`` is an ``Embedder``.

    Each takes a list of texts and returns one vector a text: anything ``numpy.asarray`` turns into floats of shape
    (texts, dimension). Prompts are the embedder's business; batching, checks and unit length are ours. An optional
    ``name`` (str) is the identity recorded in an index.
    """

    def encode_query(self, texts: list[str], /) -> Any:
        """Vectors of questions."""

    def encode_document(self, texts: list[str], /) -> Any:
        """Vectors of passages."""


class TextEmbedder:
    """An embedder as the rest of the project uses it: batched, checked, float32, rows of unit length.

    ``name`` is the identity recorded in an index. The embedder itself is opened on the first text, so that making a
    ``TextEmbedder`` costs nothing. Calls from several threads are taken one batch at a time (fast tokenizers cannot
    be shared), so that a question need not wait for a whole batch of documents.
    """

    def __init__(
        self,
        name: str,
        open_embedder: Callable[[], Embedder],
        *,
        dimension: int | None = None,
        batch_size: int = 16,
        threads: int | None = None,
    ) -> None:
        self.name = name
        self.batch_size = batch_size
        self.threads = threads
        self._open_embedder = open_embedder
        self._embedder: Embedder | None = None
        self._dimension = dimension
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"TextEmbedder({self.name!r})"

    @property
    def dimension(self) -> int:
        """Numbers in a vector. Known at once for the default model; any other is asked for one vector."""
        if self._dimension is None:
            self._encode_batch("document", ["有据"])
        assert self._dimension is not None
        return self._dimension

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of questions: float32 (texts, dimension), rows of unit length.

        Raises ``UsageError`` for anything but a list of texts, ``WeightsError`` or ``EmbeddingError`` if the model
        cannot be loaded or gives something that is not an embedding.
        """
        return self._encode("query", texts, None)

    def documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Vectors of passages, in the order given; otherwise as ``queries``."""
        return self._encode("document", texts, progress)

    def open(self) -> Embedder:
        """The embedder itself, opened now if it is not yet (to be ready before the first question)."""
        with self._lock:
            if self._embedder is None:
                if self.threads:
                    from embeddings.threads import limit_threads

                    limit_threads(self.threads)
                self._embedder = self._open_embedder()
            return self._embedder

    def _encode(self, kind: Kind, texts: Sequence[str], progress: Progress | None) -> Vectors:
        import numpy as np

        clean = checked_texts(texts)
        if not clean:
            return np.zeros((0, self.dimension), dtype=np.float32)
        longest_first = sorted(range(len(clean)), key=lambda index: -len(clean[index]))
        vectors: Vectors | None = None
        for start in range(0, len(clean), self.batch_size):
            rows = longest_first[start : start + self.batch_size]
            found = self._encode_batch(kind, [clean[row] for row in rows])
            if vectors is None:
                vectors = np.empty((len(clean), found.shape[1]), dtype=np.float32)
            vectors[rows] = found
            if progress:
                progress(start + len(rows), len(clean))
        assert vectors is not None
        return vectors

    def _encode_batch(self, kind: Kind, texts: list[str]) -> Vectors:
        with self._lock:
            embedder = self.open()
            try:
                found = embedder.encode_query(texts) if kind == "query" else embedder.encode_document(texts)
            except YoujuError:
                raise
            except Exception as error:  # somebody else's code: whatever it raises, the user must learn whose it was
                reason = f"{type(error).__name__}: {error}"
                raise EmbeddingError(
                    f"向量模型 {self.name} 出错：{reason}", f"The embedder {self.name} failed: {reason}"
                ) from error
            vectors = unit_vectors(found, len(texts), self._dimension, self.name)
            self._dimension = vectors.shape[1]
            return vectors


def checked_texts(texts: Sequence[object]) -> list[str]:
    """The texts as a list of valid Unicode: a lone surrogate becomes U+FFFD, a pair of them the one character meant.

    Raises ``UsageError`` for a single string or anything that is not text.
    """
    if isinstance(texts, str):
        raise UsageError(
            "请传入文本的列表，例如 embed([文本])，而不是单个字符串",
            "Pass a list of texts, such as embed([text]), not a single string",
        )
    clean = []
    for text in texts:
        if not isinstance(text, str):
            kind = type(text).__name__
            raise UsageError(f"只能为文本计算向量，不能为 {kind}", f"Only texts can be embedded, not {kind}")
        clean.append(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return clean


def unit_vectors(found: Any, count: int, dimension: int | None, name: str) -> Vectors:
    """What an embedder returned, as float32 (count, dimension) with rows of unit length.

    Raises ``EmbeddingError`` for a wrong shape, numbers that are not finite, or a vector without direction.
    """
    import numpy as np

    try:
        raw = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _nonsense(name, f"不是数值数组（{error}）", f"no array of numbers ({error})") from error
    expected = (count, dimension or (raw.shape[1] if raw.ndim == 2 else "n"))
    if raw.shape != expected or 0 in raw.shape:
        raise _nonsense(name, f"形状为 {raw.shape}，应为 {expected}", f"shape {raw.shape} instead of {expected}")
    if not np.isfinite(raw).all():
        raise _nonsense(name, "含有 NaN 或无穷大", "numbers that are not finite")
    raw = raw / np.maximum(np.abs(raw).max(axis=1, keepdims=True), SMALLEST_LENGTH)
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    if (lengths < SMALLEST_LENGTH).any():
        raise _nonsense(name, "含有零向量", "a vector of zeros")
    unit: Vectors = (raw / lengths).astype(np.float32)
    return unit


def _nonsense(name: str, zh: str, en: str) -> EmbeddingError:
    return EmbeddingError(
        f"向量模型 {name} 的返回值不是文本向量：{zh}", f"The embedder {name} returned no embeddings: {en}"
    )
