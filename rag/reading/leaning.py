"""How a question leans on the one before it, as the embedder's encoder sees the two together.

For each word of the question before whether it comes back, and for each word of the question whether it only points there:
QuReTeC (Voskarides et al. 2020) with a second side. The weights are small and of our own training
(``python -m training.follow_ups``).
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from rag.questions.follow_ups import Leaning
from rag.reading.matching import Span
from rag.reading.network import Logits, Network
from rag.reading.tokens import PairTokenizer

CARRIED, DROPPED, STANDS, LEANS, TALK = range(5)
"""Which of the logits of a token is of which head; the last three count at the first token."""
HEADS = 5
KINDS: tuple[Literal["stands", "leans", "talk"], ...] = ("stands", "leans", "talk")
SURELY = -1.0
"""How much likelier, in logits, it must be that a question leans than that it does not; by what it does to dialogues of eight
genres, of which hardly a complete question may be touched (``docs/evaluation.md``)."""
LONGEST_BEFORE = 300
"""Characters of the question before, from its end."""
REMEMBERED = 512


class LeaningReader:
    """Tells how a question leans on the one before it. Safe to use from several threads.

    Args:
        network: with the heads above.
        tokenizer: makes its rows: the question, then the one before.
    """

    def __init__(self, network: Network, tokenizer: PairTokenizer) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        self._told = lru_cache(REMEMBERED)(self._tell)

    def __call__(self, question: str, before: str) -> Leaning:
        """As :data:`rag.questions.follow_ups.Leans` says."""
        with self._lock:
            return self._told(question, before)

    def _tell(self, question: str, before: str) -> Leaning:
        cut = max(len(before) - LONGEST_BEFORE, 0)
        (pair,) = self._tokenizer.pairs(question, [before[cut:]])
        (logits,) = self._network.logits([pair])
        stands, leans, talk = logits[0, [STANDS, LEANS, TALK]].tolist()
        if not pair.first or leans < max(stands, talk) + SURELY:
            return Leaning("talk" if talk > stands else "stands")
        carried = _spans(_with_gap(logits[:, CARRIED], pair.passage), pair.passage, pair.spans)
        dropped = _spans(logits[:, DROPPED], pair.first, pair.spans)
        return Leaning("leans", tuple((start + cut, end + cut) for start, end in carried), dropped)


def _with_gap(carried: Logits, places: Sequence[int]) -> Logits:
    """Where all of the question before comes back, what comes back least surely does not: the question stands in its place."""
    own = carried[list(places)]
    if not len(own) or own.min() <= 0:
        return carried
    found = carried.copy()
    found[places[int(own.argmin())]] = -1.0
    return found


def _spans(logits: Logits, places: Sequence[int], spans: Sequence[Span]) -> tuple[Span, ...]:
    """The characters of the tokens that are likelier so than not; neighbours joined."""
    found: list[Span] = []
    for place in places:
        start, end = spans[place]
        if start == end or logits[place] <= 0:
            continue
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)
