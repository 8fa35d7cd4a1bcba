"""What the assistant said to one question, in the form that metrics and files take."""

from dataclasses import asdict, dataclass
from typing import Any

from eval.questions import Question, Span


@dataclass(frozen=True, slots=True)
class CitedSpan:
    """A citation of an answer.

    Attributes:
        span: where it stands.
        exact: whether ``document.text[start:end] == quote``.
        quote: the characters cited.
    """

    span: Span
    exact: bool
    quote: str


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one question.

    Attributes:
        question: what was asked, and what is true.
        answer: the answer's text; empty where there was an error.
        abstained: whether the assistant said that the documents do not answer.
        hits: spans of the passages retrieved, best first.
        evidence: spans of the sentences the answer was written from, best first.
        citations: all citations of the answer.
        claims: for each claim whether it passed its three checks.
        evidence_seconds, seconds: from the question to the evidence, and to the end.
        language_model: what wrote the answer.
        usage: numbers of prompt and generated tokens, where the language model gives them.
        error: why there is no answer; empty where there is one.
    """

    question: Question
    answer: str = ""
    abstained: bool = False
    hits: tuple[Span, ...] = ()
    evidence: tuple[Span, ...] = ()
    citations: tuple[CitedSpan, ...] = ()
    claims: tuple[bool, ...] = ()
    evidence_seconds: float = 0.0
    seconds: float = 0.0
    language_model: str = ""
    usage: tuple[tuple[str, int], ...] = ()
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, the question's id, kind and split beside the results."""
        values = asdict(self)
        question = values.pop("question")
        kept = {name: question[name] for name in ("id", "kind", "split", "question", "answerable")}
        return {**kept, **values, "usage": dict(self.usage)}
