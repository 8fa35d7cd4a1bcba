"""Trace: what happened on the way of one question, step by step, with what each step was given, found and took.

Each step is one entry of the trace, one line of the log and one OpenTelemetry span, so that the three tell the same;
whoever counts steps watches them (:func:`watch`). Numbers and names of a step (``attributes``) go to all of these;
questions, prompts and texts (``details``) stay in the trace, which only who asked for it gets.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rag.tracing import telemetry
from rag.tracing.logs import allows_questions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag.answers import Claim
    from rag.reading.evidence import Evidence
    from rag.search.retrieval import Hit

logger = logging.getLogger(__name__)

STEPS: dict[str, tuple[str, str]] = {
    "ask": ("提问", "The whole"),
    "recognise": ("辨认问题", "Recognising"),
    "catalogue": ("查文档目录", "Catalogue"),
    "summarise": ("选取概括用的句子", "Choosing what to summarise"),
    "understand": ("理解问题", "Understanding"),
    "rewrite": ("由模型改写问题", "Rewriting by the model"),
    "retrieve": ("检索", "Retrieval"),
    "evidence": ("证据", "Evidence"),
    "compute": ("计算", "Calculation"),
    "decide": ("是否作答", "Decision"),
    "doubt": ("问模型能否回答", "Asking the model whether it can"),
    "write": ("写作", "Writing"),
    "check": ("核对", "Checks"),
    "quote_instead": ("改为摘录", "Quoted instead"),
}
"""The steps of a question by name, as they are called in Chinese and English."""


Watcher = Callable[["Step"], None]
"""Is given each step as it ends, whoever asked; it runs on the answer's thread, so it is quick and raises nothing."""

_watchers: list[Watcher] = []


def watch(watcher: Watcher) -> Callable[[], None]:
    """Has a function told of every step of this process from now on; returns what ends that."""
    _watchers.append(watcher)
    return lambda: _watchers.remove(watcher)


@dataclass(slots=True)
class Step:
    """One step.

    Attributes:
        name: a key of :data:`STEPS`.
        began: seconds from the question on.
        seconds: how long it took.
        attributes: counts, scores and names; also in logs and spans.
        details: what it was given and found, ready for JSON; nowhere but here.
        failure: the kind of error that ended it, or ``stopped`` by who reads the answer; else empty.
        kept: whether somebody asked for its details.
    """

    name: str
    began: float
    seconds: float = 0.0
    attributes: telemetry.Attributes = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    failure: str = ""
    kept: bool = False

    def tell(self, **details: Callable[[], Any]) -> None:
        """Adds details that are costly to make, where somebody asked for them."""
        if self.kept:
            self.details |= {name: made() for name, made in details.items()}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        times = {"began": round(self.began, 4), "seconds": round(self.seconds, 4)}
        failure = {"failure": self.failure} if self.failure else {}
        return {"step": self.name, **times, **failure, **self.attributes, **self.details}


class Trace:
    """The steps of one question, in the order in which they began. Of one thread at a time.

    Args:
        kept: whether somebody asked for it.
    """

    def __init__(self, kept: bool = False) -> None:
        self.kept = kept
        self.steps: list[Step] = []
        self._began = time.perf_counter()
        self._spans: list[Any] = []

    @contextmanager
    def step(self, name: str, question: str = "") -> Iterator[Step]:
        """A step: what happens within. Steps may be within each other.

        Args:
            name: see :class:`Step`.
            question: what it works on; a detail, and an attribute only where logs may hold questions.
        """
        began = time.perf_counter()
        details = {"question": question} if question else {}
        step = Step(name, began - self._began, details=details, kept=self.kept)
        if question and allows_questions():
            step.attributes["question"] = question
        if self.kept:
            self.steps.append(step)
        with telemetry.span(f"youju.{name}", self._spans[-1] if self._spans else None) as span:
            self._spans.append(span)
            try:
                yield step
            except BaseException as error:
                step.failure = "stopped" if isinstance(error, GeneratorExit) else type(error).__name__
                raise
            finally:
                self._spans.pop()
                step.seconds = time.perf_counter() - began
                telemetry.describe(span, step.attributes)
                _log(step)
                for watcher in tuple(_watchers):
                    watcher(step)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"steps": [step.to_dict() for step in self.steps]}


def _log(step: Step) -> None:
    if logger.isEnabledFor(logging.INFO):
        told: dict[str, Any] = {**step.attributes, "seconds": round(step.seconds, 4)}
        if step.failure:
            told["failure"] = step.failure
        said = " ".join(f"{key}={value}" for key, value in told.items())
        logger.info("%s: %s", step.name, said, extra={"fields": {"step": step.name, **told}})


# -- details ----------------------------------------------------------------------------------------------------------


def hits_told(hits: "Sequence[Hit]") -> list[dict[str, Any]]:
    """Passages with the ways they were found and their scores, without their text: that stands in ``Answer.hits``."""
    return [
        {
            "document_id": hit.document.id,
            "title": hit.document.title,
            "start": hit.start,
            "end": hit.end,
            "found_by": list(hit.found_by),
            "score": round(hit.score, 4),
            "lexical_rank": hit.lexical_rank,
            "dense_rank": hit.dense_rank,
            "similarity": None if hit.similarity is None else round(hit.similarity, 4),
        }
        for hit in hits
    ]


def evidence_told(evidence: "Sequence[Evidence]") -> list[dict[str, Any]]:
    """Sentences with what they were chosen by."""
    return [
        {
            "document_id": part.document.id,
            "title": part.document.title,
            "start": part.sentence.start,
            "end": part.sentence.end,
            "speaker": part.sentence.speaker,
            "text": part.sentence.text,
            "score": round(part.score, 4),
            "coverage": round(part.coverage, 4),
            "similarity": None if part.similarity is None else round(part.similarity, 4),
        }
        for part in evidence
    ]


def claims_told(written: "Sequence[Claim]", mended: "Sequence[Claim | None]") -> list[dict[str, Any]]:
    """Claims as they were written, with each verdict and its reason, and what became of them."""
    told = []
    for before, after in zip(written, mended, strict=True):
        checks = before.checks
        became = "kept" if after is before else "left_out" if after is None else "replaced"
        told.append(
            {
                "text": before.text,
                "supported": before.supported,
                "exists": checks.exists,
                "facts_agree": checks.facts_agree,
                "missing_facts": list(checks.missing_facts),
                "supports": checks.supports,
                "support": checks.support,
                "resolved": list(checks.resolved),
                "spans": [
                    {"document_id": cited.document.id, "start": cited.start, "end": cited.end}
                    for cited in before.citations
                ],
                "became": became,
                **({"replacement": after.text} if after is not None and after is not before else {}),
            }
        )
    return told
