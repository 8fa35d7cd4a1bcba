"""What the assistant said to one question, in the form that metrics and files take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.questions import Gold, Question, Span
from rag.answers import Answer, Citation, Claim
from rag.checking.verification import verify
from rag.errors import UsageError
from rag.text.documents import Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.assistant import EvidenceFound

    Embed = Callable[[list[str]], NDArray[np.float32]]

VERSION = 1
"""Version of the written form of a row; a row of another version is refused."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved passage: where it stands, and its fused score from 0 to 1."""

    span: Span
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class CitedSpan:
    """A citation of an answer.

    Attributes:
        span: where it stands.
        exact: whether ``document.text[start:end] == quote``.
        quote: the characters cited.
        text: how they read; empty in a run made before tables were read with their heads.
    """

    span: Span
    exact: bool
    quote: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ClaimCitation:
    """One citation of one claim, and what it does for it (after ALCE).

    Attributes:
        number: its place in :attr:`Row.citations`, from 0.
        sufficient: whether this span alone supports the claim.
        needed: whether the claim's other spans together do not support it.
    """

    number: int
    sufficient: bool
    needed: bool


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """One sentence of an answer with its three checks: ``row.answer[start:end] == text``."""

    text: str
    start: int
    end: int
    exists: bool
    facts_agree: bool
    supports: bool
    support: float = 0.0
    missing_facts: tuple[str, ...] = ()
    citations: tuple[ClaimCitation, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether all three checks hold."""
        return self.exists and self.facts_agree and self.supports


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one question.

    Attributes:
        question: what was asked, and what is true.
        answer: the answer's text; empty where there was an error.
        abstained: whether the assistant said that the documents do not answer.
        confidence: how sure it was that the evidence answers, from 0 to 1 (:func:`rag.answering.silence.confidence`); None where
            an error came before that.
        hits: the passages retrieved, best first.
        evidence: spans of the sentences the answer was written from, best first.
        citations: all citations of the answer, each once.
        claims: the answer's sentences with their checks and citations.
        evidence_seconds, first_token_seconds, seconds: from the question to the evidence, to the first token (None
            where none was written), to the end.
        prompt_tokens, generated_tokens: None where the language model does not say.
        language_model: what wrote the answer.
        relevance: document name and grade, where a data set judges whole documents and not spans.
        error: why there is no answer; empty where there is one.
    """

    question: Question
    answer: str = ""
    abstained: bool = False
    confidence: float | None = None
    hits: tuple[Passage, ...] = ()
    evidence: tuple[Span, ...] = ()
    citations: tuple[CitedSpan, ...] = ()
    claims: tuple[JudgedClaim, ...] = ()
    evidence_seconds: float = 0.0
    first_token_seconds: float | None = None
    seconds: float = 0.0
    prompt_tokens: int | None = None
    generated_tokens: int | None = None
    language_model: str = ""
    relevance: tuple[tuple[str, int], ...] = ()
    error: str = ""

    @classmethod
    def of(
        cls,
        question: Question,
        found: "EvidenceFound",
        answer: Answer,
        embed: "Embed",
        relevance: Mapping[str, int] | None = None,
    ) -> "Row":
        """The row of an answer.

        Args:
            question: what was asked.
            found: the first event of the stream.
            answer: that of the last.
            embed: gives unit vectors of texts, to verify claims against single citations:
                ``assistant.retriever.embedder.documents``.
            relevance: judgements of whole documents.
        """
        return cls(
            question,
            answer=answer.text,
            abstained=answer.abstained,
            confidence=answer.confidence,
            hits=tuple(Passage(_span(hit.document, hit.start, hit.end), hit.score) for hit in found.hits),
            evidence=tuple(_span(part.document, part.sentence.start, part.sentence.end) for part in found.evidence),
            citations=tuple(map(_cited, answer.citations)),
            claims=tuple(_judged(claim, answer, embed) for claim in answer.claims),
            evidence_seconds=found.seconds,
            first_token_seconds=answer.timings.first_token,
            seconds=answer.timings.total,
            prompt_tokens=answer.usage.get("input_tokens"),
            generated_tokens=answer.usage.get("output_tokens"),
            language_model=answer.language_model,
            relevance=tuple((relevance or {}).items()),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form: ``{"version": …, "id": …, "question": {…}, "answer": …}``; spans as objects."""
        values: dict[str, Any] = _plain(asdict(self))
        return {"version": VERSION, "id": self.question.id, **values, "relevance": dict(self.relevance)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Row":
        """The row that :meth:`to_dict` wrote.

        Raises:
            UsageError: it is of another version, or lacks or garbles a field.
        """
        if values.get("version") != VERSION:
            found = values.get("version")
            raise UsageError(
                zh=f"这一行的版本是 {found}，这里读的是 {VERSION}。",
                en=f"The row has version {found}; this reads {VERSION}.",
            )
        try:
            return cls(**_read_fields(values))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            name = values.get("id", "?")
            raise UsageError(
                zh=f"读不了“{name}”的结果：{error}。", en=f"The result of '{name}' cannot be read: {error}."
            ) from error


def _read_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    known = {field.name for field in fields(Row)}
    read = {name: value for name, value in values.items() if name not in ("version", "id")}
    unknown = sorted(read.keys() - known)
    if unknown:
        raise ValueError(f"unknown field {unknown[0]}")
    read["question"] = _read_question(values["question"])
    read["hits"] = tuple(Passage(Span(**hit["span"]), hit["score"]) for hit in values["hits"])
    read["evidence"] = tuple(Span(**span) for span in values["evidence"])
    read["citations"] = tuple(CitedSpan(**{**cited, "span": Span(**cited["span"])}) for cited in values["citations"])
    read["claims"] = tuple(map(_read_claim, values["claims"]))
    read["relevance"] = tuple(values["relevance"].items())
    return read


def _read_question(values: Mapping[str, Any]) -> Question:
    gold = tuple(
        Gold(**{**_tuples(item), "spans": tuple(Span(**span) for span in item["spans"])}) for item in values["gold"]
    )
    return Question(**{**_tuples(values), "gold": gold})


def _read_claim(values: Mapping[str, Any]) -> JudgedClaim:
    citations = tuple(ClaimCitation(**citation) for citation in values["citations"])
    return JudgedClaim(**{**_tuples(values), "citations": citations})


def _tuples(value: Any) -> Any:
    """A JSON value with tuples for lists."""
    if isinstance(value, Mapping):
        return {name: _tuples(item) for name, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """A value of :func:`dataclasses.asdict` as JSON knows it."""
    if isinstance(value, Span):
        return value._asdict()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _judged(claim: Claim, answer: Answer, embed: "Embed") -> JudgedClaim:
    checks = claim.checks
    citations = []
    for place, citation in enumerate(claim.citations):
        others = claim.citations[:place] + claim.citations[place + 1 :]
        citations.append(
            ClaimCitation(
                number=answer.number_of(citation) - 1,
                sufficient=_holds(claim.text, (citation,), embed),
                needed=not _holds(claim.text, others, embed, checks.resolved),
            )
        )
    return JudgedClaim(
        text=claim.text,
        start=claim.start,
        end=claim.end,
        exists=checks.exists,
        facts_agree=checks.facts_agree,
        supports=checks.supports,
        support=checks.support,
        missing_facts=checks.missing_facts,
        citations=tuple(citations),
    )


def _holds(claim: str, citations: tuple[Citation, ...], embed: "Embed", resolved: Sequence[str] | None = None) -> bool:
    """Whether some citations bear a claim out, and with no more help of the day of publication than is allowed."""
    checks = verify(claim, citations, embed)
    told = resolved is None or len(checks.resolved) <= len(resolved)
    return checks.exists and checks.facts_agree and checks.supports and told


def _cited(citation: Citation) -> CitedSpan:
    start, end = citation.start, citation.end
    exact = citation.document.text[start:end] == citation.quote
    return CitedSpan(_span(citation.document, start, end), exact, citation.quote, citation.text)


def _span(document: Document, start: int, end: int) -> Span:
    return Span(Path(document.path).name, start, end)
