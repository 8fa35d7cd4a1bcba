"""Runs BERT's encoder in onnxruntime, row by row: in eight bits where the processor multiplies so, else in float32.

A row is run alone, so that what comes out does not depend on which others were asked about with it. That costs nothing:
what is gained by a batch is lost again by filling its rows up to one length.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.eight_bits import in_eight_bits, multiplies_eight_bits
from embeddings.graph import INPUT, LEVELS, OUTPUT, STEPS, EncoderSizes, encoder_graph
from embeddings.runtime import open_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    States = NDArray[np.float32]
    """Shape (tokens, hidden)."""
    Tensors = Mapping[str, NDArray[np.float32]]
    """By their names in ``BertModel``."""

MODEL_FILE, SETTINGS_FILE = "model.safetensors", "config.json"


class RuntimeMissingError(Exception):
    """onnxruntime is not installed or does not run on this machine; its text says why."""


class Encoder:
    """An encoder of a sentence-transformers folder. Safe to use from several threads.

    Args:
        folder: with the model's settings.
        tensors: its weights; or others of the same names and shapes.

    Raises:
        RuntimeMissingError: onnxruntime does not run here.
    """

    def __init__(self, folder: Path, tensors: Tensors) -> None:
        settings = json.loads((folder / SETTINGS_FILE).read_text("utf-8"))
        names = ("num_hidden_layers", "num_attention_heads", "hidden_size", "intermediate_size", "layer_norm_eps")
        self._words = tensors["embeddings.word_embeddings.weight"]
        token_type = tensors["embeddings.token_type_embeddings.weight"][0]
        self._places = tensors["embeddings.position_embeddings.weight"] + token_type
        self._session = _session(EncoderSizes(*(settings[name] for name in names)), tensors)

    def states(self, ids: Sequence[int], added: States | None = None) -> States:
        """The states of the tokens of one row after the last layer.

        Args:
            ids: of the tokens.
            added: to the vector of each token.
        """
        vectors = self._words[list(ids)] + self._places[: len(ids)]
        if added is not None:
            vectors += added
        (states,) = self._session.run([OUTPUT], {INPUT: vectors})
        found: States = states
        return found


def _session(sizes: EncoderSizes, tensors: Tensors) -> Any:
    try:
        graph, names = encoder_graph(sizes, in_eight_bits=multiplies_eight_bits())
        weights: dict[str, NDArray[Any]] = {}
        for name in names:
            if name.endswith(LEVELS):
                matrix = name.removesuffix(LEVELS)
                weights |= in_eight_bits(matrix, tensors[matrix])
            elif not name.endswith(STEPS):
                weights[name] = np.ascontiguousarray(tensors[name])
        return open_model(graph, weights)
    except Exception as error:  # whatever stands in its way: torch runs the same model
        raise RuntimeMissingError(f"{type(error).__name__}: {error}") from error


def mapped_tensors(file: Path) -> dict[str, NDArray[np.float32]]:
    """The float32 tensors of a safetensors file, in its place on disk: only what is looked at is read into memory."""
    with file.open("rb") as source:  # the head: its length in eight bytes, then JSON
        length = int.from_bytes(source.read(8), "little")
        head = json.loads(source.read(length))
    head.pop("__metadata__", None)
    return {
        name: np.memmap(file, np.float32, "r", 8 + length + facts["data_offsets"][0], tuple(facts["shape"]))
        for name, facts in head.items()
    }
