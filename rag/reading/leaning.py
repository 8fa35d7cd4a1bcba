"""How a question leans on the one before it, as the embedder's encoder sees the two together.

For each word of the question before whether it comes back, and for each word of the question whether it only points there:
QuReTeC (Voskarides et al. 2020) with a second side. The weights are small and of our own training
(``python -m training.follow_ups``).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from rag.questions.follow_ups import Leaning
from rag.reading.matching import joined_spans
from rag.reading.network import Logits, Network
from rag.reading.tokens import PairTokenizer

HEADS = 5
CARRIED, DROPPED, STANDS, LEANS, TALK = range(HEADS)
"""Which of the logits of a token is of which head; the last three count at the first token."""
KINDS: tuple[Literal["stands", "leans", "talk"], ...] = ("stands", "leans", "talk")
SURELY = -1.0
"""How much likelier, in logits, it must be that a question leans than that it does not; by what it does to dialogues of eight
genres, of which hardly a complete question may be touched (``docs/notebook.md``)."""
LONGEST_BEFORE = 300
"""Characters of the question before, from its end."""
REMEMBERED = 512
"""Pairs of questions of which it is kept how the one leans."""


class LeaningReader:
    """Tells how a question leans on the one before it. Safe to use from several threads.

    Args:
        network: with the heads above.
        tokenizer: makes its rows: the question, then the one before.
    """

    def __init__(self, network: Network, tokenizer: PairTokenizer) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._told = lru_cache(REMEMBERED)(self._tell)

    def __call__(self, question: str, before: str) -> Leaning:
        """As :data:`rag.questions.follow_ups.Leans` says."""
        return self._told(question, before)

    def _tell(self, question: str, before: str) -> Leaning:
        cut = max(len(before) - LONGEST_BEFORE, 0)
        (pair,) = self._tokenizer.pairs(question, [before[cut:]])
        logits = self._network.logits([pair])[0].copy()
        stands, leans, talk = logits[0, [STANDS, LEANS, TALK]].tolist()
        if not pair.first or leans < max(stands, talk) + SURELY:
            return Leaning("talk" if talk > stands else "stands")
        words = [place for place in pair.passage if any(map(str.isalnum, before[cut:][slice(*pair.spans[place])]))]
        left_out = _least_sure(logits[:, CARRIED], words)
        logits[left_out, CARRIED] = -1.0
        spans = [(start + cut, end + cut) for start, end in pair.spans]  # of the whole question before
        carried = joined_spans(spans[place] for place in pair.passage if logits[place, CARRIED] > 0)
        dropped = joined_spans(pair.spans[place] for place in pair.first if logits[place, DROPPED] > 0)
        replaced = (spans[left_out[0]][0], spans[left_out[-1]][1]) if left_out else None
        return Leaning("leans", carried, dropped, replaced)


def _least_sure(carried: Logits, words: Sequence[int]) -> list[int]:
    """The stretch of words that comes back least surely, which what is typed may stand in the place of.

    Where all come back, it is the one that does so least surely.
    """
    stretches: list[list[int]] = []
    for place in words:
        if carried[place] > 0:
            continue
        if stretches and stretches[-1][-1] == place - 1:
            stretches[-1].append(place)
        else:
            stretches.append([place])
    if not stretches:
        return [min(words, key=lambda place: carried[place])] if words else []
    return min(stretches, key=lambda stretch: float(carried[stretch].sum()))
