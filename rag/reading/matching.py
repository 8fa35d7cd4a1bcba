"""Matching: how long a stretch of each word of a question or claim stands in the passage word for word, and the reverse.

A small network is slow to learn whether two words are the same or only alike (``一期``, ``二期``); so it is told (exact
match as a feature of the input, as in DrQA, Chen et al. 2017). Characters are compared as search compares them:
simplified, half-width, lower case.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.text.terms import fold

LEVELS = (1, 2, 3, 4, 6)
"""Characters of a stretch from which on the next level counts; below the first there is no match."""
NO_TEXT = 0
"""Of tokens that are of neither text."""
STEPS = len(LEVELS) + 1
KINDS = 1 + 2 * STEPS**2
"""Different numbers in what :func:`matches` gives."""

Span = tuple[int, int]
Lengths = NDArray[np.int64]


def joined_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in the order of a text, those that touch made one; empty ones are left out."""
    found: list[Span] = []
    for start, end in spans:
        if start == end:
            continue
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


def stretches(first: str, second: str) -> tuple[Lengths, Lengths]:
    """For each character of two texts, of how many characters the longest stretch is that it is in and that both texts hold.

    Shapes: (characters,) of each text.
    """
    one, other = _codes(first), _codes(second)
    if not len(one) or not len(other):
        return np.zeros(len(one), np.int64), np.zeros(len(other), np.int64)
    alike = one[:, None] == other[None, :]
    ending, beginning = _runs(alike), _runs(alike[::-1, ::-1])[::-1, ::-1]
    whole = np.where(alike, ending + beginning - 1, 0)
    return whole.max(axis=1), whole.max(axis=0)


def _runs(alike: NDArray[np.bool_]) -> Lengths:
    """How many characters before and with each pair of places are alike."""
    found = np.zeros((alike.shape[0] + 1, alike.shape[1] + 1), np.int64)
    for row, (before, is_alike) in enumerate(zip(found[:-1], alike, strict=True), 1):
        found[row, 1:] = (before[:-1] + 1) * is_alike
    return found[1:, 1:]


def matches(first: str, second: str, spans: Sequence[Span], texts: Sequence[int | None]) -> list[int]:
    """For each token a number below ``KINDS``: its text and the levels of its best and of its worst matched character.

    Args:
        first, second: the texts.
        spans: the characters of each token in its text.
        texts: whether a token is of the first text, 0, of the second, 1, or of neither.
    """
    levels = [np.searchsorted(LEVELS, lengths, side="right") for lengths in stretches(first, second)]
    found = []
    for (start, end), text in zip(spans, texts, strict=True):
        if text is None or start == end:
            found.append(NO_TEXT)
            continue
        own = levels[text][start:end]
        found.append(1 + (text * STEPS + int(own.max())) * STEPS + int(own.min()))
    return found


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(fold(text).encode("utf-32-le"), np.uint32)
