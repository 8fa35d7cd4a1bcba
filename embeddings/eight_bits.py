"""Matrices in eight bits: a quarter of the memory, and 0.85 of the time where a processor multiplies them so.

Each run of ``BLOCK`` neighbouring inputs of an output has a step of its own, and so has each run of what is multiplied with
it, so that a large number costs only its neighbours their precision (Dettmers et al. 2022 on why that is needed). One
step for a whole row of tokens, as in onnxruntime's usual dynamic quantisation, made the reader know less.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.graph import BLOCK, INPUT, LEVELS, OUTPUT, STEPS, product_graph
from embeddings.runtime import open_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIDDLE = 128
"""The level that stands for nought."""
NEARLY = 0.02
"""How far the products of a processor that multiplies rightly may be from those in float32, of their spread."""
logger = logging.getLogger(__name__)


def in_eight_bits(name: str, matrix: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """A matrix (outputs, inputs) as a graph takes it, by names: levels of a byte, and the step between two of each block.

    Args:
        name: of the matrix.
        matrix: whose inputs make whole blocks.
    """
    blocks = matrix.reshape(len(matrix), -1, BLOCK)
    steps = np.maximum(blocks.max(axis=-1), -blocks.min(axis=-1)) / (MIDDLE - 1)
    steps = np.maximum(steps, np.finfo(np.float32).tiny)  # a block of noughts
    levels = np.rint(blocks / steps[..., None]) + MIDDLE
    return {name + LEVELS: levels.astype(np.uint8), name + STEPS: steps.astype(np.float32).reshape(-1)}


@cache
def multiplies_eight_bits() -> bool:
    """Whether onnxruntime multiplies in eight bits rightly on this processor: tried once a process, on a small product.

    Processors have several ways to do it, some of which can overflow; the numbers tried reach the ends of their range.

    Raises:
        Exception: as for :func:`embeddings.runtime.open_model`.
    """
    chance = np.random.default_rng(0)
    matrix = chance.standard_normal((16, 2 * BLOCK), np.float32)
    matrix[:4] = np.sign(matrix[:4])  # all at the ends
    rows = np.concatenate([chance.standard_normal((4, 2 * BLOCK), np.float32), np.sign(matrix[:4])])
    bias = chance.standard_normal(16, np.float32)
    expected = rows @ matrix.T + bias
    graph, _ = product_graph(2 * BLOCK, 16)
    model = open_model(graph, {**in_eight_bits("product.weight", matrix), "product.bias": bias})
    (found,) = model.run([OUTPUT], {INPUT: rows})
    apart = float(np.abs(found - expected).max() / expected.std())
    if apart > NEARLY:
        logger.warning("matrices stay in float32: in eight bits this processor is off by %.3f", apart)
    return apart <= NEARLY
