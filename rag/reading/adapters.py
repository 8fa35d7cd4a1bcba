"""The reader's weights: what its training added to the embedder's encoder, kept small.

A weight matrix of the encoder is the embedder's own plus the product of two thin matrices (LoRA, Hu et al. 2022; here they
are the largest singular vectors of what training added to all of the matrix). Biases, normalisations and heads are kept
whole. Word vectors are the embedder's own, unchanged.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import WeightsError
from rag.reading.calibration import Calibration
from rag.reading.matching import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from rag.reading.model import ReaderModel

FILE_NAME = "reader.safetensors"
CLAIMS_FILE_NAME = "claims.safetensors"
"""Of weights of the same form that judge claims."""
LEFT, RIGHT = ".left", ".right"
"""Endings of the names of the two thin matrices of a weight matrix."""
NOT_KEPT = "encoder.embeddings."
OWN = ("matches.weight", "heads.weight", "heads.bias")
"""What the embedder's encoder has no part in."""

Kept = dict[str, NDArray[np.float16]]
"""What training added, as a file holds it; see :func:`factored`."""


def factored(added: dict[str, Tensor], rank: int) -> dict[str, Tensor]:
    """What training added to each tensor, in half precision; matrices of the encoder as products of two of this rank."""
    import torch

    kept: dict[str, Tensor] = {}
    for name, tensor in added.items():
        if tensor.ndim == 2 and name.startswith("encoder."):
            left, values, right = torch.linalg.svd(tensor.float(), full_matrices=False)
            root = values[:rank].sqrt()
            kept[name + LEFT] = (left[:, :rank] * root).half().contiguous()
            kept[name + RIGHT] = (root[:, None] * right[:rank]).half().contiguous()
        else:
            kept[name] = tensor.half().contiguous()
    return kept


def added_by_training(trained: dict[str, Tensor], model: ReaderModel) -> dict[str, Tensor]:
    """What training added to the tensors of a model as the embedder has it; heads as they are."""
    base = model.state_dict()
    return {
        name: tensor - base[name] if name.startswith("encoder.") else tensor
        for name, tensor in trained.items()
        if not name.startswith(NOT_KEPT)
    }


def apply(kept: Mapping[str, NDArray[np.float16] | Tensor], model: ReaderModel, where: str) -> None:
    """Adds what training added to a model's tensors, in place.

    Args:
        where: the file, for the message.

    Raises:
        WeightsError: it does not belong to this model.
    """
    import torch

    state = {name: tensor for name, tensor in model.state_dict().items() if not name.startswith(NOT_KEPT)}
    try:
        with torch.no_grad():
            for name, tensor in state.items():
                if name + LEFT in kept:
                    left, right = (torch.as_tensor(kept[name + end]).float() for end in (LEFT, RIGHT))
                    tensor += left @ right
                elif name.startswith("encoder."):
                    tensor += torch.as_tensor(kept[name]).float()
                else:
                    tensor.copy_(torch.as_tensor(kept[name]).float())
    except (KeyError, RuntimeError) as error:
        raise _of_another(where, error) from error


def tuned(
    kept: Kept, encoder: Mapping[str, NDArray[np.float32]], heads: int, where: str
) -> dict[str, NDArray[np.float32]]:
    """The tensors of a reader: the embedder's encoder with what training added, and those of ``OWN``. As :func:`apply`.

    Args:
        encoder: the embedder's tensors by their names in ``BertModel``, which are left as they are.
        heads: how many the reader has.
        where: the file, for the message.

    Raises:
        WeightsError: it does not belong to this encoder.
    """
    hidden = encoder["embeddings.LayerNorm.bias"].shape[0]
    shapes = dict(zip(OWN, ((KINDS, hidden), (heads, hidden), (heads,)), strict=True))
    changed = [name for name in encoder if not f"encoder.{name}".startswith(NOT_KEPT)]
    # In one piece, which goes back to the system when onnxruntime has packed it; many small ones would not.
    room = np.empty(sum(encoder[name].size for name in changed), np.float32)
    found, used = dict(encoder), 0
    try:
        for name in changed:
            tensor = encoder[name]
            found[name] = room[used : used + tensor.size].reshape(tensor.shape)
            np.add(tensor, _whole(kept, f"encoder.{name}", tensor.shape), out=found[name])
            used += tensor.size
        return found | {name: _whole(kept, name, shape) for name, shape in shapes.items()}
    except (KeyError, ValueError) as error:
        raise _of_another(where, error) from error


def _whole(kept: Kept, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A tensor of a file, put together again; raises ``KeyError`` or ``ValueError`` where it is not there or of another shape."""
    if name + LEFT in kept:
        whole = kept[name + LEFT].astype(np.float32) @ kept[name + RIGHT].astype(np.float32)
    else:
        whole = kept[name].astype(np.float32)
    if whole.shape != shape:
        raise ValueError(f"{name}: {whole.shape} instead of {shape}")
    return whole


def _of_another(where: str, error: Exception) -> WeightsError:
    return WeightsError(
        f"{where} 不是这个阅读器的权重（{error}）。请换一个文件",
        f"{where} does not hold weights of this reader ({error}). Use another file",
    )


def content_of(file: Path, sha256: str = "") -> bytes:
    """The content of a file of weights.

    Args:
        sha256: what the file must have; empty for any.

    Raises:
        WeightsError: it is not there, or another.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"读不到阅读器的权重 {file}（{error.strerror}）。请换一个文件",
            f"The reader's weights {file} cannot be read ({error.strerror}). Use another file",
        ) from error
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise WeightsError(
            f"{file} 与发布时的不同。请重新安装 youju",
            f"{file} is not what was published. Install youju again",
        )
    return content


def read(file: Path, sha256: str = "") -> tuple[Kept, Calibration]:
    """The tensors of a file, and what the reader's logits are worth.

    Args:
        sha256: what the file must have; empty for any.

    Raises:
        WeightsError: it is not there, not whole, or another.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    content = content_of(file, sha256)
    try:
        tensors: Kept = load(content)
        # The head: its length in eight bytes, then JSON; what it says besides the tensors is under one name.
        head = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        calibration = Calibration.from_metadata(head.get("__metadata__", {}))
    except (SafetensorError, ValueError, TypeError, KeyError) as error:  # the last: a type of number that numpy lacks
        raise WeightsError(
            f"{file} 不是完整的 safetensors 文件（{error}）。请换一个文件",
            f"{file} is not a whole safetensors file ({error}). Use another file",
        ) from error
    return tensors, calibration
