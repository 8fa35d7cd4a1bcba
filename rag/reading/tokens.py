"""Texts as the reader's tokens, and tokens as places in the texts."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.reading.matching import Span, matches

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

LONGEST_PAIR = 320
"""Tokens of a question or claim with a passage, as in training; what of the passage is beyond is not read."""
LONGEST_FIRST = 120
"""Tokens of a question or claim; what is beyond is not read."""


@dataclass(frozen=True, slots=True)
class PairTokens:
    """A question or claim and a passage as tokens.

    Attributes:
        ids: what the network reads.
        first, passage: places of the tokens of each text among ``ids``.
        spans: for each token the characters of its own text, ``(start, end)``.
        matches: for each token how much of the other text holds it (:func:`rag.reading.matching.matches`).
    """

    ids: tuple[int, ...]
    first: range
    passage: range
    spans: tuple[Span, ...]
    matches: tuple[int, ...]


class PairTokenizer:
    """The embedder's tokenizer for two texts in one row, loaded when first used. Safe to use from several threads.

    Args:
        file: ``tokenizer.json``.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._file))

    def pairs(self, first: str, passages: Sequence[str]) -> list[PairTokens]:
        """A question or claim with each of some passages."""
        with self._lock:
            self._tokenizer.no_padding()
            self._tokenizer.no_truncation()
            alone = self._tokenizer.encode(first, add_special_tokens=False)
            if len(alone.ids) > LONGEST_FIRST:
                first = first[: alone.offsets[LONGEST_FIRST - 1][1]]
            self._tokenizer.enable_truncation(LONGEST_PAIR, strategy="only_second")
            encoded = self._tokenizer.encode_batch([(first, passage) for passage in passages])
        return [_pair(each, first, passage) for each, passage in zip(encoded, passages, strict=True)]


def _pair(encoded: "Encoding", first_text: str, passage_text: str) -> PairTokens:
    texts = encoded.sequence_ids
    first = [place for place, text in enumerate(texts) if text == 0]
    passage = [place for place, text in enumerate(texts) if text == 1]
    matched = matches(first_text, passage_text, encoded.offsets, texts)
    return PairTokens(tuple(encoded.ids), _range(first), _range(passage), tuple(encoded.offsets), tuple(matched))


def _range(places: list[int]) -> range:
    return range(places[0], places[-1] + 1) if places else range(0)
