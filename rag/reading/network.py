"""What runs the reader's network: onnxruntime."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rag.reading.adapters import Kept
    from rag.reading.tokens import PairTokens

HEADS = 4
START, END, SENTENCE, UNSUPPORTED = range(HEADS)
"""Which of the logits of a token is of which head; see ``rag.reading.model``."""

REMEMBERED = 1024
"""Pairs of texts of which the logits are kept, about 10 KB each."""

Logits = NDArray[np.float32]
"""Shape (tokens, heads), of a reader in that order."""


class Network(Protocol):
    """Runs pairs of texts through the network."""

    def logits(self, pairs: "Sequence[PairTokens]") -> list[Logits]:
        """The logits of each pair of texts."""


class DeferredNetwork:
    """A network that is made when it is first used, once.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], Network]) -> None:
        self._make = make
        self._made: Network | None = None
        self._lock = threading.Lock()

    def logits(self, pairs: "Sequence[PairTokens]") -> list[Logits]:
        """As the protocol says."""
        with self._lock:
            self._made = self._made or self._make()
        return self._made.logits(pairs)


class RememberingNetwork:
    """A network that does not read again what it read lately.

    Args:
        network: what reads.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: OrderedDict[tuple[tuple[int, ...], tuple[int, ...]], Logits] = OrderedDict()
        self._lock = threading.Lock()

    def logits(self, pairs: "Sequence[PairTokens]") -> list[Logits]:
        """As the protocol says."""
        keys = [(pair.ids, pair.matches) for pair in pairs]
        with self._lock:
            known = {key: self._known[key] for key in keys if key in self._known}
        missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
        if missing:
            made = dict(zip(missing, self._network.logits(list(missing.values())), strict=True))
            known |= made
            with self._lock:
                self._known |= made
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return [known[key] for key in keys]


class EncoderNetwork:
    """The network in onnxruntime, in eight bits where the processor multiplies so, else in float32.

    Args:
        folder: of the embedder, whose encoder was tuned.
        kept: what training added (:func:`rag.reading.adapters.read`).
        heads: how many there are.
        where: the file that this is from, for the message.

    Raises:
        WeightsError: it does not belong to this encoder.
        RuntimeMissingError: onnxruntime does not run here.
    """

    def __init__(self, folder: Path, kept: "Kept", heads: int, where: str) -> None:
        from embeddings.encoder import MODEL_FILE, Encoder, mapped_tensors
        from rag.reading.adapters import OWN, tuned

        tensors = tuned(kept, mapped_tensors(folder / MODEL_FILE), heads, where)
        self._matches, self._heads, self._constants = (tensors.pop(name) for name in OWN)
        self._encoder = Encoder(folder, tensors)

    def logits(self, pairs: "Sequence[PairTokens]") -> list[Logits]:
        """As the protocol says."""
        states = [self._encoder.states(pair.ids, self._matches[list(pair.matches)]) for pair in pairs]
        return [each @ self._heads.T + self._constants for each in states]
