"""Verification: three checks of a claim against the spans it cites, each reported apart."""

from typing import TYPE_CHECKING

from rag.answers import Checks, Citation
from rag.figures import missing_in_sources
from rag.lexical import terms_of
from rag.view import HAN

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

import re

SUPPORT_THRESHOLD = 0.35
_HAN = re.compile(f"[{HAN}]")
_SIMILARITY_FLOOR = 0.80
_SIMILARITY_CEILING = 0.92


def verify(claim: str, citations: tuple[Citation, ...], embed: "Callable[[list[str]], NDArray[np.float32]]") -> Checks:
    """Checks a claim.

    Support is the share of the claim's characters, character pairs and words that the cited spans hold. A claim in
    another script than its sources shares no characters with them; there the embedder's cosine similarity decides.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites.
        embed: gives unit vectors of texts, shape (number of texts, dimension).
    """
    exists = bool(citations)
    cited = "\n".join(citation.text for citation in citations)
    missing = missing_in_sources(claim, _by_document(citations))
    support = _support(claim, cited, embed) if exists else 0.0
    return Checks(exists, not missing, missing, support >= SUPPORT_THRESHOLD, round(support, 4))


def _by_document(citations: tuple[Citation, ...]) -> list[str]:
    """What is cited of each document."""
    texts: dict[str, list[str]] = {}
    for citation in citations:
        texts.setdefault(citation.document.id, []).append(citation.text)
    return ["\n".join(parts) for parts in texts.values()]


def _support(claim: str, cited: str, embed: "Callable[[list[str]], NDArray[np.float32]]") -> float:
    wanted = set(terms_of(claim).tolist())
    if bool(_HAN.search(claim)) == bool(_HAN.search(cited)):
        return len(wanted & set(terms_of(cited).tolist())) / max(1, len(wanted))
    vectors = embed([claim, cited])
    similarity = float(vectors[0] @ vectors[1])
    return min(1.0, max(0.0, (similarity - _SIMILARITY_FLOOR) / (_SIMILARITY_CEILING - _SIMILARITY_FLOOR)))
