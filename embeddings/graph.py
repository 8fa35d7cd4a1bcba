"""BERT's encoder as an ONNX model without weights, for one row of tokens: what onnxruntime runs.

The weights keep the names that they have in ``BertModel`` and are given when the model is opened. Matrices are taken as they
lie in a safetensors file, ``(outputs, inputs)``, or in eight bits (:mod:`embeddings.eight_bits`), by their name with
``LEVELS`` and ``STEPS``. The operators of the domain ``com.microsoft`` are onnxruntime's own.

ONNX is a protocol buffer, of which a graph like this needs three kinds of fields; so no library for writing ONNX is needed.
The numbers of the fields are those of ``onnx.proto`` (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

INPUT, OUTPUT = "embedded", "states"
"""What goes in, the sum of the vectors of each token, and what comes out; float32 (tokens, hidden)."""
IR_VERSION, OPERATORS, OWN_OPERATORS = 9, 18, 1
"""Versions of the format and of the two sets of operators: of 2023, and known to every onnxruntime that may be installed."""
OWN = "com.microsoft"
FLOAT, UINT8, INT64 = 1, 2, 7
"""Types of elements."""
BLOCK = 32
"""Neighbouring inputs of a matrix in eight bits that have one step. Smaller blocks are nearer to the matrix and slower."""
LEVELS, STEPS = ".levels", ".steps"
"""Ends of the names of what a matrix in eight bits is given as."""
EXTERNAL = 1


@dataclass(frozen=True, slots=True)
class EncoderSizes:
    """The encoder's dimensions; ``epsilon`` is that of its layer normalisations."""

    layers: int
    heads: int
    hidden: int
    feed_forward: int
    epsilon: float


def encoder_graph(sizes: EncoderSizes, *, in_eight_bits: bool = False) -> tuple[bytes, list[str]]:
    """The model, and the names of the weights to be given.

    Args:
        in_eight_bits: whether matrices are multiplied so, as far as their inputs make whole blocks.
    """
    graph = _Graph(sizes, in_eight_bits)
    states = graph.normed("embeddings", INPUT, None, "embeddings.normed")
    for layer in range(sizes.layers):
        states = graph.layer(f"encoder.layer.{layer}", states)
    return graph.model(states), list(graph.weights)


def product_graph(inputs: int, outputs: int) -> tuple[bytes, list[str]]:
    """A model that only multiplies by one matrix in eight bits and adds to that, and the names of its weights."""
    graph = _Graph(EncoderSizes(0, 0, inputs, 0, 0.0), in_eight_bits=True)
    return graph.model(graph.linear("product", INPUT, inputs, outputs), outputs), list(graph.weights)


@dataclass(slots=True)
class _Graph:
    sizes: EncoderSizes
    in_eight_bits: bool
    nodes: list[bytes] = field(default_factory=list)
    weights: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    """By name the type of their elements and their shape."""

    def layer(self, name: str, states: str) -> str:
        hidden, wide = self.sizes.hidden, self.sizes.feed_forward
        parts = [
            self.linear(f"{name}.attention.self.{part}", states, hidden, hidden) for part in ("query", "key", "value")
        ]
        rows = [self.node("Unsqueeze", [part, "first"], f"{part}.row") for part in parts]  # attention is over batches
        heads = {"num_heads": self.sizes.heads}
        mixed = self.node("MultiHeadAttention", rows, f"{name}.mixed.row", OWN, heads)
        mixed = self.node("Squeeze", [mixed, "first"], f"{name}.mixed")
        seen = self.linear(f"{name}.attention.output.dense", mixed, hidden, hidden)
        seen = self.normed(f"{name}.attention.output", seen, states, f"{name}.seen")
        inner = self.linear(f"{name}.intermediate.dense", seen, hidden, wide)
        inner = self.node("Gelu", [inner], f"{name}.inner", OWN)
        outer = self.linear(f"{name}.output.dense", inner, wide, hidden)
        return self.normed(f"{name}.output", outer, seen, f"{name}.end")

    def linear(self, name: str, states: str, inputs: int, outputs: int) -> str:
        matrix, added = f"{name}.weight", self.weight(f"{name}.bias", outputs)
        if not self.in_eight_bits or inputs % BLOCK:
            weights = [self.weight(matrix, outputs, inputs), added]
            return self.node("Gemm", [states, *weights], name, attributes={"transB": 1})
        blocks = inputs // BLOCK
        levels = self.weight(matrix + LEVELS, outputs, blocks, BLOCK, kind=UINT8)
        steps = self.weight(matrix + STEPS, outputs * blocks)
        # What goes in is put into eight bits too, block by block (accuracy_level 4).
        settings = {"K": inputs, "N": outputs, "bits": 8, "block_size": BLOCK, "accuracy_level": 4}
        return self.node("MatMulNBits", [states, levels, steps, "", "", added], name, OWN, settings)

    def normed(self, name: str, states: str, added: str | None, result: str) -> str:
        weights = [self.weight(f"{name}.LayerNorm.{kind}", self.sizes.hidden) for kind in ("weight", "bias")]
        epsilon: dict[str, int | float] = {"epsilon": self.sizes.epsilon}
        if added is None:
            return self.node("LayerNormalization", [states, *weights], result, attributes=epsilon)
        return self.node("SkipLayerNormalization", [states, added, *weights], result, OWN, epsilon)

    def weight(self, name: str, *shape: int, kind: int = FLOAT) -> str:
        self.weights[name] = kind, shape
        return name

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        output: str,
        domain: str = "",
        attributes: dict[str, int] | dict[str, int | float] | None = None,
    ) -> str:
        given = (_attribute(name, value) for name, value in (attributes or {}).items())
        written = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, kind)
        self.nodes.append(_part(1, written + b"".join(_part(5, each) for each in given) + _text(7, domain)))
        return output

    def model(self, states: str, wide: int = 0) -> bytes:
        """The graph as a model; ``wide`` is the width of ``states``, which it gives, where that is not the hidden one."""
        self.node("Identity", [states], OUTPUT)
        graph = b"".join(self.nodes) + _text(2, "encoder")
        first = _number(1, 1) + _number(2, INT64) + _text(8, "first") + _part(9, struct.pack("<q", 0))
        graph += _part(5, first) + b"".join(_part(5, _given(*each)) for each in self.weights.items())
        graph += _part(11, _row(INPUT, self.sizes.hidden)) + _part(12, _row(OUTPUT, wide or self.sizes.hidden))
        sets = ((_text(1, "") + _number(2, OPERATORS)), (_text(1, OWN) + _number(2, OWN_OPERATORS)))
        return _number(1, IR_VERSION) + _part(7, graph) + b"".join(_part(8, each) for each in sets)


def _attribute(name: str, value: int | float) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _number(20, 1)
    return _text(1, name) + _number(3, value) + _number(20, 2)


def _given(name: str, told: tuple[int, tuple[int, ...]]) -> bytes:
    """A weight that is not in the model; ``told`` is the type of its elements and its shape."""
    kind, shape = told
    place = _part(13, _text(1, "location") + _text(2, "given"))
    return (
        b"".join(_number(1, size) for size in shape) + _number(2, kind) + _text(8, name) + place + _number(14, EXTERNAL)
    )


def _row(name: str, wide: int) -> bytes:
    """An input or output, float32 (tokens, wide)."""
    shape = _part(1, _text(2, "tokens")) + _part(1, _number(1, wide))
    return _text(1, name) + _part(2, _part(1, _number(1, FLOAT) + _part(2, shape)))


# -- protocol buffers: each field is its number with the kind of its value, then the value ------------------------------


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _number(number: int, value: int) -> bytes:
    return _key(number, 0) + _varint(value)


def _part(number: int, content: bytes) -> bytes:
    return _key(number, 2) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _part(number, text.encode())
