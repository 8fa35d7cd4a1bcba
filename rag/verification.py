"""Verification: three checks of a claim against the spans it cites, each reported apart."""

from typing import TYPE_CHECKING

from rag.agreement import disagreements
from rag.answers import Checks, Citation, UnsupportedWord
from rag.support import SUPPORT_THRESHOLD, support

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from rag.reading.reader import Support

READ_THRESHOLD = 0.5
"""The probability from which on the reader's word bears a claim out."""
IN_DOUBT = 0.1
"""How likely the reader must hold it that a fact is not borne out for the rules to decide about it."""


def verify(
    claim: str,
    citations: tuple[Citation, ...],
    embed: "Callable[[list[str]], NDArray[np.float32]]",
    read: "Support | None" = None,
) -> Checks:
    """Checks a claim.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites.
        embed: gives unit vectors of texts, shape (number of texts, dimension).
        read: what the reader holds of the claim beside what it cites; without it, words and vectors decide.
    """
    agreement = disagreements(claim, citations)
    words: tuple[UnsupportedWord, ...] = ()
    if read is None:
        held = support(claim, citations, embed)
        supports, missing = held >= SUPPORT_THRESHOLD, agreement.missing
    else:
        held = read.probability if citations else 0.0
        supports = held >= READ_THRESHOLD
        missing = tuple(fact for fact in agreement.missing if _is_in_doubt(fact, claim, read))
        words = tuple(UnsupportedWord(start, end, claim[start:end]) for start, end in read.unsupported)
    return Checks(
        exists=bool(citations),
        facts_agree=not missing,
        missing_facts=missing,
        supports=supports,
        support=round(held, 4),
        resolved=agreement.resolved,
        unsupported_words=words,
    )


def _is_in_doubt(fact: str, claim: str, read: "Support") -> bool:
    """Whether the reader leaves it open that the claim's fact is not borne out."""
    start = claim.find(fact)
    return start < 0 or read.lack(start, start + len(fact)) >= IN_DOUBT
