"""What an answer tells while it comes about, one after another: what was found, what is written, the answer."""

from dataclasses import dataclass

from rag.answers import Answer
from rag.reading.evidence import Evidence
from rag.search.retrieval import Hit


@dataclass(frozen=True, slots=True)
class SectionRead:
    """A section was read for a summary; these come before everything else.

    Attributes:
        section, sections: its number in its document, from 1, and how many there are.
        document, documents: the number of the document, from 1, and how many there are.
    """

    section: int
    sections: int
    document: int
    documents: int


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """First event of a stream, but for a summary: the passages retrieved and the sentences chosen from them.

    Attributes:
        hits, evidence: the passages and the sentences, best first.
        seconds: from the question on.
        question: what was searched for: the question as understood, which stands alone.
    """

    hits: tuple[Hit, ...]
    evidence: tuple[Evidence, ...]
    seconds: float
    question: str


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer as it is written; not yet verified."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Last event of a stream: the answer with its claims, citations and checks.

    Its text is what counts: a claim that failed a check may have been replaced since it was written.
    """

    answer: Answer


Event = SectionRead | EvidenceFound | Token | Finished
