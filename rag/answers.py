"""Answers: claims with citations, each an exact span of a document, and what was checked about them."""

import datetime
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rag.search.retrieval import Hit
from rag.text.documents import Document, Span
from rag.text.doubts import doubtful_figures
from rag.text.structure import reading_at
from rag.text.view import readable

if TYPE_CHECKING:
    from rag.answering.series import Series
    from rag.messages import Language
    from rag.records.provenance import Provenance
    from rag.text.calculations import Calculation
    from rag.tracing.trace import Trace

CATALOGUE = "catalogue"
"""What stands for the language model of an answer that the program itself gives from its catalogue."""


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact span of a document: ``document.text[start:end] == quote``, always.

    Attributes:
        document: the document cited.
        start, end: the span in ``document.text``, in characters.
        quote: the characters of the span, unchanged.
        speaker: who says it; empty for the narrator.
        heading: the section it stands under; empty where there is none.
        reprints: other documents that carry the same passage.

    Raises:
        ValueError: the quote is not what stands at the span.
    """

    document: Document
    start: int
    end: int
    quote: str
    speaker: str = ""
    heading: str = ""
    reprints: tuple[Document, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end or self.document.text[self.start : self.end] != self.quote:
            raise ValueError(f"the quote is not what stands at {self.start}:{self.end} of {self.document.path}")

    @property
    def date(self) -> datetime.date | None:
        """Day of publication of the cited document."""
        return self.document.date

    @property
    def date_is_guessed(self) -> bool:
        """Whether nothing but the name of the file tells that day."""
        return self.document.date_is_guessed

    @property
    def unsure(self) -> tuple[Span, ...]:
        """The spans of the quote, in the document's text, that were recognised on an image and may be something else."""
        return self.document.unsure_within(self.start, self.end)

    @property
    def page(self) -> int | None:
        """Page that the span begins on, for formats with pages."""
        return self.document.page(self.start)

    @property
    def text(self) -> str:
        """The quote as it reads: lines joined, stray spaces and captions left out; a table's cell with its heads."""
        return reading_at(self.document.text, self.start, self.end)

    @property
    def quotation(self) -> str:
        """How it reads, in quotation marks what stands in the span: the heads of a table's cell are outside them."""
        own, text = readable(self.quote), self.text
        before, _, after = text.rpartition(own) if own in text else ("", own, "")
        return f"{before}“{own}”{after}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, without the document's text."""
        return {
            "document_id": self.document.id,
            "path": self.document.path,
            "title": self.document.title,
            "date": self.document.date.isoformat() if self.document.date else None,
            "date_is_guessed": self.document.date_is_guessed,
            "source": self.document.source,
            "speaker": self.speaker,
            "heading": self.heading,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "text": self.text,
            "unsure": unsure_to_dicts(self.document, self.start, self.end),
            "reprints": [
                {"document_id": other.id, "path": other.path, "title": other.title} for other in self.reprints
            ],
        }


@dataclass(frozen=True, slots=True)
class UnsupportedWord:
    """Words of a claim that its cited spans do not bear out: ``claim.text[start:end] == text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Checks:
    """What was checked about a claim, each apart.

    Attributes:
        exists: it has citations, and each is an exact span.
        facts_agree: the figures and dates of the claim are those of the cited spans.
        missing_facts: those that do not, as the claim writes them.
        supports: the cited spans say what the claim says: by the reader, else as far as words and meaning show.
        support: how surely or, without a reader, how much of it, from 0 to 1.
        resolved: dates that only the day of publication of the cited document bears out.
        unsupported_words: the very words that the reader finds not borne out, in the order of the claim.
    """

    exists: bool
    facts_agree: bool
    missing_facts: tuple[str, ...]
    supports: bool
    support: float
    resolved: tuple[str, ...] = ()
    unsupported_words: tuple[UnsupportedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer: ``answer.text[start:end] == text``; with the spans it rests on.

    Attributes:
        calculation: what it was calculated by, from the spans in their order; its checks are then that this comes out
            again (:mod:`rag.checking.recomputation`). None where it says what a source says.
    """

    text: str
    start: int
    end: int
    citations: tuple[Citation, ...]
    checks: Checks
    calculation: "Calculation | None" = None

    @property
    def supported(self) -> bool:
        """Whether all three checks hold."""
        return self.checks.exists and self.checks.facts_agree and self.checks.supports

    @property
    def unsure_figures(self) -> tuple[str, ...]:
        """Its figures, as it writes them, that its citations have only in characters recognised unsurely on an image."""
        return doubtful_figures(self.text, ((each.document, each.start, each.end) for each in self.citations))


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds from the question on; None where that point was not reached."""

    evidence: float
    first_token: float | None
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What an assistant says to a question.

    Attributes:
        question: the question as asked.
        text: the answer; for an abstention the sentence that says so.
        abstained: nothing was found that answers the question; ``hits`` are the nearest passages.
        claims: the answer's sentences with their citations; empty for an abstention.
        hits: the passages retrieved, best first.
        language_model: what wrote the answer; :data:`CATALOGUE` where it is a statement of the program's own, about itself or
            the documents it holds: that claims nothing of their text, so it has no claims and no citations.
        notice: a line for the user about how the answer was made; empty where there is nothing to say.
        timings: seconds to the evidence, to the first token, to the end.
        usage: numbers of prompt and generated tokens, where the language model gives them.
        understood: the question as it was searched for: a follow-up rewritten to stand alone, else as asked.
        confidence: how surely the documents answer, from 0 to 1 (:mod:`rag.answering.silence`); 1 from the catalogue.
        withheld: claims that were left out because they failed a check (strict answers only).
        series: the figures that it gives at several dates, each with what changed.
        provenance: what :meth:`to_record` tells besides; None for an answer that no assistant gave.
        trace: what happened on the way, where that was asked for.
    """

    question: str
    text: str
    abstained: bool
    claims: tuple[Claim, ...]
    hits: tuple[Hit, ...]
    language_model: str
    timings: Timings
    notice: str = ""
    usage: dict[str, int] = field(default_factory=dict)
    understood: str = ""
    confidence: float = 0.0
    withheld: tuple[Claim, ...] = ()
    series: "tuple[Series, ...]" = ()
    provenance: "Provenance | None" = field(default=None, repr=False, compare=False)
    trace: "Trace | None" = field(default=None, repr=False, compare=False)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations of all claims, in order, each once."""
        seen: dict[tuple[str, int, int], Citation] = {}
        for claim in self.claims:
            for citation in claim.citations:
                seen.setdefault((citation.document.id, citation.start, citation.end), citation)
        return tuple(seen.values())

    @property
    def is_from_catalogue(self) -> bool:
        """Whether it is a statement of the program's own, which is neither quoted nor checked."""
        return self.language_model == CATALOGUE

    @property
    def supported(self) -> bool:
        """Whether every claim is supported; True for an abstention or from the catalogue, where nothing is claimed."""
        return all(claim.supported for claim in self.claims)

    def number_of(self, citation: Citation) -> int:
        """Number of a citation in this answer, from 1."""
        return [(c.document.id, c.start, c.end) for c in self.citations].index(
            (citation.document.id, citation.start, citation.end)
        ) + 1

    def to_record(self, *, full_paths: bool = True) -> dict[str, Any]:
        """A record that can be verified later (docs/record.md); see :func:`rag.records.record.record_of`."""
        from rag.records.record import record_of

        return record_of(self, full_paths=full_paths)

    def to_markdown(self, language: "Language" = "zh") -> str:
        """The answer with its sources, references and what verifies them, as Markdown.

        This and the next two raise ``ValueError`` where :meth:`to_record` does; ``language`` is that of what stands
        there besides the answer.
        """
        return self._exported(".md", language).decode()

    def to_html(self, language: "Language" = "zh") -> str:
        """The same as one web page, which prints well."""
        return self._exported(".html", language).decode()

    def to_word(self, language: "Language" = "zh") -> bytes:
        """The same as the content of a .docx file."""
        return self._exported(".docx", language)

    def _exported(self, suffix: str, language: "Language") -> bytes:
        from rag.exports.saving import exported

        return exported([self.to_record()], suffix, language)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form. Claims name their citations by the numbers of the list ``citations``, from 1.

        ``trace`` is there where it was asked for.
        """
        return {
            "question": self.question,
            "text": self.text,
            "abstained": self.abstained,
            "supported": self.supported,
            "understood": self.understood,
            "confidence": round(self.confidence, 4),
            "claims": [
                {
                    "text": claim.text,
                    "start": claim.start,
                    "end": claim.end,
                    "supported": claim.supported,
                    "checks": asdict(claim.checks),
                    "unsure_figures": list(claim.unsure_figures),
                    "citations": [self.number_of(citation) for citation in claim.citations],
                    "calculation": claim.calculation.to_dict() if claim.calculation else None,
                }
                for claim in self.claims
            ],
            "withheld": [{"text": claim.text, "checks": asdict(claim.checks)} for claim in self.withheld],
            "citations": [{"number": n, **citation.to_dict()} for n, citation in enumerate(self.citations, 1)],
            "series": [each.to_dict(self.number_of) for each in self.series],
            "hits": [hit_to_dict(hit) for hit in self.hits],
            "language_model": self.language_model,
            "notice": self.notice,
            "timings": asdict(self.timings),
            "usage": self.usage,
            **({"trace": self.trace.to_dict()} if self.trace else {}),
        }


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """JSON-ready form of a retrieved passage, without the document's text."""
    return {
        "document_id": hit.document.id,
        "path": hit.document.path,
        "title": hit.document.title,
        "date": hit.document.date.isoformat() if hit.document.date else None,
        "date_is_guessed": hit.document.date_is_guessed,
        "source": hit.document.source,
        "speakers": list(hit.speakers),
        "start": hit.start,
        "end": hit.end,
        "text": hit.text,
        "unsure": unsure_to_dicts(hit.document, hit.start, hit.end),
        "score": round(hit.score, 6),
        "found_by": list(hit.found_by),
        "lexical_rank": hit.lexical_rank,
        "dense_rank": hit.dense_rank,
        "similarity": hit.similarity,
        "reprints": [{"document_id": other.id, "path": other.path, "title": other.title} for other in hit.reprints],
    }


def unsure_to_dicts(document: Document, start: int, end: int) -> list[dict[str, Any]]:
    """JSON-ready form of the unsure characters within a span of a document: where they stand in its text, and which."""
    return [
        {"start": first, "end": last, "text": document.text[first:last]}
        for first, last in document.unsure_within(start, end)
    ]
