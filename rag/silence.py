"""Silence: whether the evidence answers the question at all."""

from rag.evidence import Evidence
from rag.prompts import is_chinese

COVERAGE_THRESHOLD = 0.35
SIMILARITY_THRESHOLD = 0.935
FOREIGN_SIMILARITY_THRESHOLD = 0.82


def is_answerable(question: str, evidence: list[Evidence]) -> bool:
    """Whether the best evidence holds enough of the question to be an answer to it.

    Enough is a third of the question's terms, weighted by rarity, in one sentence, or a very near meaning. A question
    in another script than the evidence shares no terms with it; there meaning alone decides.
    """
    if not evidence:
        return False
    coverage = max(part.coverage for part in evidence)
    similarity = max((part.similarity or 0.0) for part in evidence)
    if is_chinese(question) != is_chinese(evidence[0].sentence.text):
        return similarity >= FOREIGN_SIMILARITY_THRESHOLD
    return coverage >= COVERAGE_THRESHOLD or similarity >= SIMILARITY_THRESHOLD
