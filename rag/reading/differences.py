"""Differences: where the words of a claim depart from its evidence, as numbers that a small network judges by.

A claim that is right says what its evidence says, in the same words or in others; one that is wrong by a word has that word
in another's place. Which of the two a difference is shows in how much else is the same, in what stands around it, and in
what the reader and the rules hold of it. The network (:class:`rag.reading.weighing.Weighing`) is fitted on claims about documents
kept apart from the reader's training (``python -m training.calibrate``).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.reading.calibration import REACH, clipped
from rag.reading.designators import is_of_a_sister
from rag.reading.matching import Span, stretches
from rag.reading.weighing import Array, Weighing, linear_weighing
from rag.text.terms import fold

EDGE = "\n"
"""Stands for where a clause begins or ends."""
SAME = 2
"""Characters of a stretch from which on its words count as the same; a single character is of many words."""
PLACE = 8
"""Characters, at most, of what a piece stands in place of."""
LIKELIEST = (1, 2, 4)
"""Of how many of the likeliest words the mean of the reader's logits is taken."""
MOST_MISSING = 2
"""Facts that rules miss beyond which more tell no more."""
LONG = (2, 3, 5)
"""Lengths of stretches of which the share is taken."""
LITTLE = 0.2
"""Share of a claim in such stretches below which its evidence likely speaks of something else. A sum of shares alone cannot tell
that: where much is the same, what differs weighs the more, too."""

_CLAUSE_ENDS = re.compile("[，。；：！？,;:!?]")


class ByRules(NamedTuple):
    """What rules hold of a claim.

    Attributes:
        missing: how many of its facts they do not find in the evidence.
        support: how far the evidence bears out its words, from 0 to 1 (:mod:`rag.checking.support`).
    """

    missing: int
    support: float


def pieces(claim: str, lengths: NDArray[np.int64]) -> list[Span]:
    """The runs of letters and digits of a claim that its evidence does not hold.

    Args:
        lengths: of the stretch that each character is in, shape (characters,).
    """
    found: list[Span] = []
    for place, (character, length) in enumerate(zip(claim, lengths, strict=True)):
        if length >= SAME or not character.isalnum():
            continue
        if found and found[-1][1] == place:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found


def stands_for(claim: str, evidence: str, piece: Span) -> int | None:
    """Of how many characters that is which a piece stands in place of; None where its neighbours do not stand together.

    Neighbours are the characters before and after it; where a clause begins or ends there, its edge.
    """
    claim, evidence = (_CLAUSE_ENDS.sub(EDGE, f"{EDGE}{text}{EDGE}") for text in (claim, evidence))
    start, end = piece[0] + 1, piece[1] + 1
    left, right = claim[max(0, start - SAME) : start], claim[end : end + SAME]
    left, right = EDGE if left.endswith(EDGE) else left, EDGE if right.startswith(EDGE) else right
    found: list[int] = []
    place = evidence.find(left)
    while place >= 0:
        found.append(evidence.find(right, place + len(left)) - place - len(left))
        place = evidence.find(left, place + 1)
    return min((between for between in found if 0 <= between <= PLACE), default=None)


def differences(
    claim: str, evidence: str, lacking: Sequence[tuple[Span, float]], whole: float, by_rules: ByRules
) -> Array:
    """What the network sees of a claim, shape (features,).

    Args:
        claim, evidence: the texts.
        lacking: of each word of the claim, by its characters, how surely the reader holds it to be not borne out, in logits;
            not empty.
        whole: how surely it holds something of the claim to be not borne out, in logits.
        by_rules: what rules hold of it.
    """
    claim, evidence = fold(claim).rstrip("。.!！ "), fold(evidence)
    lengths = stretches(claim, evidence)[0] if claim else np.zeros(1, np.int64)
    apart = pieces(claim, lengths) if claim else []
    sizes = [end - start for start, end in apart] or [0]
    shares = [float(np.mean(lengths >= least)) for least in LONG]
    replaced = {piece: size for piece in apart if (size := stands_for(claim, evidence, piece)) is not None}
    surest = sorted((clipped(logit) for _, logit in lacking), reverse=True)
    inside, elsewhere = _apart_and_not(lacking, apart)
    return np.array(
        [
            *(np.mean(surest[:count]) for count in LIKELIEST),
            np.mean(surest),
            np.mean([logit > 0 for logit in surest]),
            max(map(clipped, inside), default=-REACH),
            max(map(clipped, elsewhere), default=-REACH),
            clipped(whole),
            *shares,
            max(0.0, LITTLE - shares[0]),
            np.mean(lengths == 0),
            np.sum(lengths == 0),
            np.mean(lengths),
            np.max(lengths) / len(lengths),
            len(apart),
            max(sizes),
            min(sizes),
            len(replaced),
            min((abs(size - end + start) for (start, end), size in replaced.items()), default=PLACE),
            sum(claim[start:end] in evidence for start, end in apart),
            any(character.isdigit() for start, end in apart for character in claim[start:end]),
            claim in evidence,
            is_of_a_sister(claim, evidence, evidence, evidence),
            len(lengths),
            len(evidence),
            min(by_rules.missing, MOST_MISSING),
            by_rules.support,
        ],
        np.float32,
    )


def _apart_and_not(lacking: Sequence[tuple[Span, float]], apart: Sequence[Span]) -> tuple[list[float], list[float]]:
    """The logits of words that share a character with a piece, and of all others."""
    inside: list[float] = []
    elsewhere: list[float] = []
    for (start, end), logit in lacking:
        is_apart = any(start < piece_end and piece_start < end for piece_start, piece_end in apart)
        (inside if is_apart else elsewhere).append(logit)
    return inside, elsewhere


def unfitted_comparing() -> Weighing:
    """Takes the likeliest word at the reader's word, where nothing was fitted."""
    count = len(differences("", "", [((0, 0), 0.0)], 0.0, ByRules(0, 1.0)))
    return linear_weighing(np.zeros(count), np.ones(count), np.eye(count)[0], 0.0)
