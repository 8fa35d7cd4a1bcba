"""Verification: three checks of a claim against the spans it cites, each reported apart."""

from typing import TYPE_CHECKING

from rag.agreement import disagreements
from rag.answers import Checks, Citation
from rag.support import SUPPORT_THRESHOLD, support

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


def verify(claim: str, citations: tuple[Citation, ...], embed: "Callable[[list[str]], NDArray[np.float32]]") -> Checks:
    """Checks a claim.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites.
        embed: gives unit vectors of texts, shape (number of texts, dimension).
    """
    agreement = disagreements(claim, citations)
    supported = support(claim, citations, embed)
    return Checks(
        exists=bool(citations),
        facts_agree=not agreement.missing,
        missing_facts=agreement.missing,
        supports=supported >= SUPPORT_THRESHOLD,
        support=round(supported, 4),
        resolved=agreement.resolved,
    )
