"""Text embeddings: the embedded default, any sentence-transformers model, or a server.

>>> from embeddings import embed
>>> embed(["第一段", "第二段"]).shape  # doctest: +SKIP
(2, 384)

Importing this package is cheap: numpy, torch and the models come with the first text.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from embeddings.errors import EmbeddingError, UsageError, WeightsError, YoujuError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embeddings.base import Embedder, TextEmbedder
    from embeddings.cache import cache_folder
    from embeddings.loading import load

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet until somebody sets up logging

__all__ = [
    "Embedder",
    "EmbeddingError",
    "TextEmbedder",
    "UsageError",
    "WeightsError",
    "YoujuError",
    "cache_folder",
    "embed",
    "load",
]

LAZY = {
    "Embedder": "embeddings.base",
    "TextEmbedder": "embeddings.base",
    "cache_folder": "embeddings.cache",
    "load": "embeddings.loading",
}


def embed(
    texts: Sequence[str], *, kind: Literal["document", "query"] = "document", model: str | Embedder = "default"
) -> NDArray[np.float32]:
    """Vectors of texts: float32 (texts, dimension), rows of unit length, so that ``a @ b.T`` are cosines.

    ``kind`` says whether they are passages or questions, which many models embed differently; ``model`` is as in
    ``load``. Raises ``UsageError`` (a single string, an unknown kind), ``WeightsError``, ``EmbeddingError``.
    """
    from embeddings.loading import load

    if kind not in ("document", "query"):
        raise UsageError(f"kind 应为 document 或 query，不是 {kind}", f"kind is document or query, not {kind}")
    embedder = load(model)
    return embedder.queries(texts) if kind == "query" else embedder.documents(texts)


def __getattr__(name: str) -> Any:
    if name in LAZY:
        return getattr(import_module(LAZY[name]), name)
    raise AttributeError(f"module 'embeddings' has no attribute {name!r}")
