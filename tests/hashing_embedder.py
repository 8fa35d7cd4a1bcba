"""A real embedder that needs no model: each pair of characters is a direction, a text the sum of its directions.

Run as a program, it is the command ``youju`` with this embedder in the place of the default one, so that a test of the
command line starts in a fraction of a second: ``python hashing_embedder.py list --index …``.
"""

from __future__ import annotations

import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.base import TextEmbedder

DIMENSION = 32


class HashingEmbedder:
    def __init__(self, name: str = "hashing", dimension: int = DIMENSION, seconds: float = 0.0) -> None:
        self.name = name
        self.dimension = dimension
        self.seconds = seconds
        self.documents = 0

    def encode_query(self, texts: list[str]) -> NDArray[np.float32]:
        return np.stack([self._vector(text) for text in texts])

    def encode_document(self, texts: list[str]) -> NDArray[np.float32]:
        time.sleep(self.seconds)
        self.documents += len(texts)
        return self.encode_query(texts)

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimension, 0.01, dtype=np.float32)
        for pair in zip(text, text[1:] + " ", strict=True):
            code = zlib.crc32("".join(pair).encode("utf-8", "surrogatepass"))
            vector[code % self.dimension] += 1 if code & 1 << 20 else -1
        return vector if np.abs(vector).max() > 0 else vector + 1


class HoldingEmbedder(HashingEmbedder):
    """Stands still once it has embedded ``most`` passages: makes the file ``sign``, and goes on when that is taken away.

    So a test finds a process in the midst of its work, however slow or busy the machine is.
    """

    def __init__(self, most: int, sign: Path) -> None:
        super().__init__()
        self.most = most
        self.sign = sign
        self.held = False

    def encode_document(self, texts: list[str]) -> NDArray[np.float32]:
        if self.documents >= self.most and not self.held:
            self.held = True
            self.sign.touch()
            while self.sign.exists():
                time.sleep(0.01)
        return super().encode_document(texts)


def stand_in(embedder: HashingEmbedder) -> Callable[[str, str], TextEmbedder]:
    """What stands in for ``embeddings.loading._shared``: this embedder, by its own name where the default one is wanted."""
    return lambda setting, name: TextEmbedder(
        embedder.name if setting == "default" else name, lambda: embedder, dimension=DIMENSION
    )


if __name__ == "__main__":
    import os

    from embeddings import loading
    from rag.terminal.cli import main

    most, _, sign = os.environ.get("HASHING_HOLDS", "").partition(" ")
    embedder = HoldingEmbedder(int(most), Path(sign)) if most else HashingEmbedder()
    loading._shared = stand_in(embedder)  # type: ignore[assignment]
    main(sys.argv[1:])
