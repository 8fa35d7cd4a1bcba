"""Texts as the reader's tokens, and tokens as places in the texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rag.reading.matching import Span, matches

if TYPE_CHECKING:
    from embeddings.small_tokenizer import SmallTokenizer, TokenRow

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
        folder: of the embedder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _tokenizer(self) -> "SmallTokenizer":
        from embeddings.small_tokenizer import open_tokenizer

        return open_tokenizer(self._folder)

    def ends(self, text: str) -> list[int]:
        """Where the tokens of a text end, in characters."""
        (row,) = self._tokenizer.encode([text], special_tokens=False)
        return [end for _, end in row.encoding.offsets]

    def pairs(self, first: str, passages: Sequence[str]) -> list[PairTokens]:
        """A question or claim with each of some passages."""
        (alone,) = self._tokenizer.encode([first], special_tokens=False)
        if len(alone.ids) > LONGEST_FIRST:
            first = first[: alone.encoding.offsets[LONGEST_FIRST - 1][1]]
        both = [(first, passage) for passage in passages]
        rows = self._tokenizer.encode(both, longest=LONGEST_PAIR, cut="only_second")
        return [_pair(row, *texts) for row, texts in zip(rows, both, strict=True)]


def _pair(row: "TokenRow", first_text: str, passage_text: str) -> PairTokens:
    texts, spans = row.encoding.sequence_ids, row.encoding.offsets
    first = [place for place, text in enumerate(texts) if text == 0]
    passage = [place for place, text in enumerate(texts) if text == 1]
    matched = matches(first_text, passage_text, spans, texts)
    return PairTokens(tuple(row.ids), _range(first), _range(passage), tuple(spans), tuple(matched))


def _range(places: list[int]) -> range:
    return range(places[0], places[-1] + 1) if places else range(0)
