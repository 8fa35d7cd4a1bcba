"""Recomputation: whether a calculated claim follows from what it cites.

What is calculated stands in no source, so it is not compared with one: each operand is read again in the span that is
cited for it, the calculation is carried out again, and the claim must say what comes out.
"""

from collections.abc import Sequence

from rag.answers import Checks, Citation
from rag.text.calculations import Calculation, calculated
from rag.text.quantities import Quantity, quantities_in


def recomputed(claim: str, calculation: Calculation, citations: Sequence[Citation]) -> Checks:
    """The checks of a claim that rests on a calculation.

    Args:
        claim: what is said.
        calculation: what it rests on.
        citations: for each operand the span in which it stands; of a comparison for the first alone.
    """
    needed = calculation.operands[:1] if calculation.operation == "comparison" else calculation.operands
    exists = len(citations) == len(needed)
    pairs = zip(needed, citations, strict=False)
    missing = [own.told("zh") for own, citation in pairs if not _says(citation, own)]
    if not missing and not _agrees(claim, calculation):
        missing = [calculation.result.told("zh")]
    holds = exists and not missing
    return Checks(exists, not missing, tuple(missing), holds, float(holds))


def _says(citation: Citation, operand: Quantity) -> bool:
    return any(operand.same_as(other) for other in quantities_in(citation.text))


def _agrees(claim: str, calculation: Calculation) -> bool:
    """Whether the calculation comes out again, and the claim names its result."""
    try:
        again = calculated(calculation.operation, calculation.operands)
    except ValueError:
        return False
    result = calculation.result
    comes_out = again.result.same_as(result) and again.is_rounded == calculation.is_rounded
    return comes_out and any((each.value, each.kind) == (result.value, result.kind) for each in quantities_in(claim))
