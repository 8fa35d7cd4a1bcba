"""Verification: three checks of a claim against the spans it cites, each reported apart.

Rules and vectors check each claim. A reader, where there is one that is good enough, weighs what they found with the very
words in which the claim departs from what it cites, and has the last word; but a quantity whose number stands in no cited
span is never borne out, for a reader sees that a number is another one, not that it is none of the source's.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.answers import Checks, Citation, UnsupportedWord
from rag.checking.agreement import disagreements, in_figures_of_sources, quantities_nowhere
from rag.checking.support import SUPPORT_THRESHOLD, support

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.reading.claim_reader import ClaimReader, Support
    from rag.text.documents import Document
    from rag.text.structure import Sentence

READ_THRESHOLD = 0.5
"""The probability from which on the reader's word bears a claim out."""
OPEN = (0.05, 0.97)
"""Between these probabilities the reader leaves open whether a claim is borne out, and who is asked besides may settle it."""
Opinion = Callable[[str, str], float]
"""Of a claim and the words it cites: what is added to the logit that it is borne out."""


def verify(claim: str, citations: tuple[Citation, ...], embed: "Callable[[list[str]], NDArray[np.float32]]") -> Checks:
    """Checks a claim by rules and vectors.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites.
        embed: gives unit vectors of texts, shape (number of texts, dimension).
    """
    agreement = disagreements(claim, citations)
    held = support(claim, citations, embed)
    return Checks(
        exists=bool(citations),
        facts_agree=not agreement.missing,
        missing_facts=agreement.missing,
        supports=held >= SUPPORT_THRESHOLD,
        support=round(held, 4),
        resolved=agreement.resolved,
    )


def verify_all(
    claims: Sequence[str],
    cited: Sequence[tuple[Citation, ...]],
    structure: "Callable[[Document], Sequence[Sentence]]",
    embed: "Callable[[list[str]], NDArray[np.float32]]",
    reader: "ClaimReader | None",
    opinion: Opinion | None = None,
) -> list[Checks]:
    """Checks claims, with a reader where there is one; what is quoted word for word needs no reading.

    Args:
        claims: sentences of an answer.
        cited: the spans that each cites.
        structure: gives the sentences of a document.
        embed: as for :func:`verify`.
        reader: weighs what the rules find; without one, that decides.
        opinion: is asked where the reader leaves a claim open.
    """
    by_rules = [verify(claim, citations, embed) for claim, citations in zip(claims, cited, strict=True)]
    if reader is None:
        return by_rules
    from rag.reading.claim_reader import VERBATIM
    from rag.reading.differences import ByRules
    from rag.reading.passages import cited_passage

    found = []
    for claim, citations, checks in zip(claims, cited, by_rules, strict=True):
        held = VERBATIM
        told = in_figures_of_sources(claim, citations)
        if told.text.strip() not in cited_passage(citations, structure, in_full=False):
            rules = ByRules(len(checks.missing_facts), checks.support)
            passage = cited_passage(citations, structure, told.text)
            held = reader.support(told.text, passage, rules)
            if opinion and citations and OPEN[0] <= held.probability <= OPEN[1]:
                held = held.shifted(opinion(told.text, passage))
            held = replace(held, doubts=tuple((told.span(*word), doubt) for word, doubt in held.doubts))
        nowhere = quantities_nowhere(claim, citations) if checks.missing_facts else ()
        found.append(as_read(claim, checks, held, nowhere))
    return found


def as_read(claim: str, by_rules: Checks, held: "Support", nowhere: Sequence[str] = ()) -> Checks:
    """What the checks of a claim come to with what the reader holds of it.

    Args:
        by_rules: what rules and vectors found.
        held: by the reader, which knows what they found.
        nowhere: quantities of the claim that stand in nothing it cites.
    """
    likely = held.probability if by_rules.exists and not nowhere else 0.0
    supports = likely >= READ_THRESHOLD
    return replace(
        by_rules,
        facts_agree=supports or by_rules.facts_agree,
        missing_facts=() if supports else by_rules.missing_facts,
        supports=supports,
        support=round(likely, 4),
        unsupported_words=tuple(UnsupportedWord(start, end, claim[start:end]) for start, end in held.unsupported),
    )
