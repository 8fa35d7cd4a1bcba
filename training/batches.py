"""Pairs as tensors: tokens, and what is true of each of them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from rag.reading.matching import Span, matches
from rag.reading.tokens import LONGEST_PAIR
from training.pairs import Pair

UNKNOWN = -1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of one kind. Shapes: (pairs, tokens), but for ``start``, ``end`` and ``some`` (pairs).

    Attributes:
        token_ids, attention, matches: what the model reads.
        is_question: or claims.
        start, end: the tokens at which an answer begins and ends; 0 where there is none.
        relevant: 1 for tokens of sentences that bear on the question, 0 for others of the passage, else unknown.
        unsupported: 1 for tokens of the first text that lack support, 0 for others of it, else unknown.
        some: whether some token lacks support, where it is not known which; else unknown.
    """

    token_ids: Tensor
    attention: Tensor
    matches: Tensor
    is_question: bool
    start: Tensor
    end: Tensor
    relevant: Tensor
    unsupported: Tensor
    some: Tensor

    def to(self, device: str) -> "Batch":
        """The batch on a device."""
        moved: Any = {
            name: each.to(device)
            for name, each in ((each, getattr(self, each)) for each in self.__dataclass_fields__)
            if isinstance(each, Tensor)
        }
        return replace(self, **moved)


def encode(tokenizer: Tokenizer, pairs: Sequence[Pair]) -> list[Encoding]:
    """The tokens of pairs; a passage that is too long loses its end."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST_PAIR, strategy="only_second")
    encoded: list[Encoding] = tokenizer.encode_batch([(pair.first, pair.passage) for pair in pairs])
    return encoded


def batches(tokenizer: Tokenizer, pairs: Sequence[Pair], size: int, chance: random.Random) -> Iterator[Batch]:
    """Pairs of one kind in batches of like length, in an order of chance."""
    order = list(range(len(pairs)))
    chance.shuffle(order)
    for start in range(0, len(order), 40 * size):
        chunk = [pairs[number] for number in order[start : start + 40 * size]]
        encoded = encode(tokenizer, chunk)
        by_length = sorted(range(len(chunk)), key=lambda number: len(encoded[number].ids))
        groups = [by_length[first : first + size] for first in range(0, len(chunk), size)]
        chance.shuffle(groups)
        for group in groups:
            yield collate([chunk[number] for number in group], [encoded[number] for number in group])


def collate(pairs: Sequence[Pair], encoded: Sequence[Encoding]) -> Batch:
    """One batch."""
    shape = (len(pairs), max(len(each.ids) for each in encoded))
    token_ids = torch.zeros(shape, dtype=torch.long)
    attention = torch.zeros(shape, dtype=torch.long)
    matched = torch.zeros(shape, dtype=torch.long)
    relevant, unsupported = torch.full(shape, UNKNOWN), torch.full(shape, UNKNOWN)
    start, end = torch.zeros(len(pairs), dtype=torch.long), torch.zeros(len(pairs), dtype=torch.long)
    some = torch.full((len(pairs),), UNKNOWN)
    for row, (pair, tokens) in enumerate(zip(pairs, encoded, strict=True)):
        length = len(tokens.ids)
        token_ids[row, :length] = torch.tensor(tokens.ids)
        attention[row, :length] = 1
        matched[row, :length] = torch.tensor(matches(pair.first, pair.passage, tokens.offsets, tokens.sequence_ids))
        in_passage = [place for place, text in enumerate(tokens.sequence_ids) if text == 1]
        if pair.is_question:
            if pair.answer and (found := _touched(tokens, in_passage, [pair.answer])):
                start[row], end[row] = found[0], found[-1]
            relevant[row, in_passage] = 0.0
            relevant[row, _touched(tokens, in_passage, pair.relevant)] = 1.0
        in_first = [place for place, text in enumerate(tokens.sequence_ids) if text == 0]
        if pair.unsupported is not None:
            unsupported[row, in_first] = 0.0
            unsupported[row, _touched(tokens, in_first, pair.unsupported)] = 1.0
        elif pair.some_unsupported is not None:
            some[row] = float(pair.some_unsupported)
    return Batch(token_ids, attention, matched, pairs[0].is_question, start, end, relevant, unsupported, some)


def _touched(tokens: Encoding, places: Sequence[int], spans: Sequence[Span]) -> list[int]:
    """The tokens at ``places`` that share a character with a span."""
    offsets = tokens.offsets
    return [
        place for place in places if any(offsets[place][0] < end and start < offsets[place][1] for start, end in spans)
    ]
