"""Vectors for benchmarks: made once by the embedded model and kept, or drawn like those.

Embedding 68,000 articles takes hours on two cores, and every contestant would spend them alike. So a sample of
passages, and all questions, get their real vectors, once; every other text gets a vector drawn from the normal
distribution with the sample's mean and covariance, from a seed that is the text's own hash. The same text has the same
vector in every contestant and every run.
"""

import sqlite3
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
RIDGE = 1e-6


class KeptEmbedder:
    """The embedded model; what it has embedded once is kept in a file. An ``embeddings.Embedder``."""

    def __init__(self, folder: Path) -> None:
        from embeddings import load

        self.model = load()
        self.name = self.model.name
        self._file = sqlite3.connect(folder / "vectors.sqlite", check_same_thread=False)
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    def encode_query(self, texts: list[str]) -> Vectors:
        """Vectors of questions, shape (number of texts, dimension)."""
        return self._encode("query", texts)

    def encode_document(self, texts: list[str]) -> Vectors:
        """Vectors of passages, shape (number of texts, dimension)."""
        return self._encode("document", texts)

    def _encode(self, kind: str, texts: list[str]) -> Vectors:
        keys = [blake2b(f"{self.name}\0{kind}\0{text}".encode(), digest_size=16).digest() for text in texts]
        found = {key: self._kept(key) for key in keys}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if found[key] is None}
        if missing:
            encode = self.model.queries if kind == "query" else self.model.documents
            found |= dict(zip(missing, encode(list(missing.values())), strict=True))
            rows = [(key, np.asarray(found[key], dtype="<f4").tobytes()) for key in missing]
            with self._file:
                self._file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
        return np.stack([np.asarray(found[key]) for key in keys])

    def _kept(self, key: bytes) -> Vectors | None:
        row = self._file.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return np.frombuffer(row[0], dtype="<f4") if row else None


def make_sample(file: Path, questions: Sequence[str], passages: Sequence[str], embedder: KeptEmbedder) -> None:
    """Writes the real vectors of questions and passages, and what is needed to draw others like the passages'."""
    vectors = np.concatenate(
        [embedder.encode_document(list(passages[i : i + 64])) for i in range(0, len(passages), 64)]
    )
    covariance = np.cov(vectors, rowvar=False) + RIDGE * np.eye(vectors.shape[1])
    np.savez(
        file,
        keys=np.array([_key("query", text) for text in questions] + [_key("document", text) for text in passages]),
        vectors=np.concatenate([embedder.encode_query(list(questions)), vectors]),
        mean=vectors.mean(axis=0).astype(np.float32),
        root=np.linalg.cholesky(covariance).T.astype(np.float32),
    )


class SampledEmbedder:
    """Real vectors for the texts of a sample, drawn ones for all others. An ``embeddings.Embedder``.

    Attributes:
        seconds: time spent here so far; contestants do not pay for it.
    """

    name = "sampled e5"

    def __init__(self, file: Path) -> None:
        with np.load(file) as sample:
            self._real = dict(zip(sample["keys"].tolist(), sample["vectors"], strict=True))
            self._mean, self._root = sample["mean"], sample["root"]
        self.seconds = 0.0

    def encode_query(self, texts: list[str]) -> Vectors:
        """Vectors of questions, shape (number of texts, dimension)."""
        return self._encode("query", texts)

    def encode_document(self, texts: list[str]) -> Vectors:
        """Vectors of passages, shape (number of texts, dimension)."""
        return self._encode("document", texts)

    def lists(self, kind: str, texts: list[str]) -> list[list[float]]:
        """Vectors as lists of numbers, as LangChain's embeddings give them."""
        began = time.perf_counter()
        found: list[list[float]] = self._vectors(kind, texts).tolist()
        self.seconds += time.perf_counter() - began
        return found

    def _encode(self, kind: str, texts: list[str]) -> Vectors:
        began = time.perf_counter()
        found = self._vectors(kind, texts)
        self.seconds += time.perf_counter() - began
        return found

    def _vectors(self, kind: str, texts: list[str]) -> Vectors:
        keys = [_key(kind, text) for text in texts]
        vectors: Vectors = np.stack([self._normal(key) for key in keys]) @ self._root + self._mean
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        for row, key in enumerate(keys):
            if key in self._real:
                vectors[row] = self._real[key]
        return vectors

    def _normal(self, key: str) -> Any:
        return np.random.default_rng(int(key, 16)).standard_normal(self._mean.size, dtype=np.float32)


def _key(kind: str, text: str) -> str:
    return blake2b(f"{kind}\0{text}".encode(), digest_size=8).hexdigest()
