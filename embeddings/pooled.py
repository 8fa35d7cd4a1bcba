"""Vectors of texts without torch: the mean of the states of a text's tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embeddings.encoder import MODEL_FILE, Encoder, mapped_tensors
from embeddings.small_tokenizer import open_tokenizer

if TYPE_CHECKING:
    from embeddings.base import Vectors


class PooledEmbedder:
    """The embedder of a sentence-transformers folder with BERT, mean pooling, prompts and a table of pieces.

    Raises:
        RuntimeMissingError: onnxruntime does not run here.
    """

    def __init__(self, folder: Path) -> None:
        settings = {
            key: value
            for name in ("sentence_bert_config.json", "config_sentence_transformers.json")
            for key, value in json.loads((folder / name).read_text("utf-8")).items()
        }
        self._prompts: dict[str, str] = settings["prompts"]
        self._longest: int = settings["max_seq_length"]
        self._tokenizer = open_tokenizer(folder)
        self._encoder = Encoder(folder, mapped_tensors(folder / MODEL_FILE))

    def encode_query(self, texts: list[str], /) -> Vectors:
        """Vectors of questions."""
        return self._means("query", texts)

    def encode_document(self, texts: list[str], /) -> Vectors:
        """Vectors of passages."""
        return self._means("document", texts)

    def _means(self, kind: str, texts: list[str]) -> Vectors:
        rows = self._tokenizer.encode([self._prompts[kind] + text for text in texts], longest=self._longest)
        return np.stack([self._encoder.states(row.ids).mean(axis=0) for row in rows])
