"""Running the evaluation: every question asked, every answer kept, then the metrics by split and kind."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from eval.metrics import METRICS
from eval.questions import KINDS, SPLITS, Question, Span
from eval.rows import CitedSpan, Row
from rag.assistant import EvidenceFound, Finished
from rag.documents import Document

if TYPE_CHECKING:
    from rag.assistant import Assistant, LanguageModel

__all__ = ["Row", "run", "summarise"]

Progress = Callable[[int, int, Row], None]
"""Called after each question with the number done, the number in all, and the row."""


def run(
    assistant: "Assistant",
    questions: Iterable[Question],
    language_model: "LanguageModel | None" = None,
    progress: Progress | None = None,
) -> list[Row]:
    """Asks every question and records what was said. A question that fails is recorded with its error.

    Args:
        assistant: opened on documents with the file names that the questions name.
        questions: what to ask.
        language_model: what writes the answers; None means the assistant's own.
        progress: called after each question.
    """
    listed = list(questions)
    rows = []
    for number, question in enumerate(listed, 1):
        began = time.perf_counter()
        try:
            row = _asked(assistant, question, language_model)
        except Exception as error:  # noqa: BLE001 - whatever fails, the other questions are still asked
            row = Row(question, error=f"{type(error).__name__}: {error}", seconds=time.perf_counter() - began)
        rows.append(row)
        if progress:
            progress(number, len(listed), row)
    return rows


def summarise(rows: Sequence[Row]) -> dict[str, Any]:
    """The metrics over all rows, by split and by kind: ``{"all": {…}, "split": {"tune": {…}, …}, "kind": {…}}``.

    Each part also holds ``questions``, ``errors`` and ``median_seconds``; a metric that no row counts for is None.
    """
    return {
        "all": _metrics(rows),
        "split": _grouped(rows, SPLITS, lambda row: row.question.split),
        "kind": _grouped(rows, tuple(KINDS), lambda row: row.question.kind),
    }


def _metrics(rows: Sequence[Row]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "questions": len(rows),
        "errors": sum(bool(row.error) for row in rows),
        "median_seconds": median(row.seconds for row in rows) if rows else None,
    }
    return values | {name: metric(rows) for name, metric in METRICS.items()}


def _grouped(rows: Sequence[Row], names: Sequence[str], name_of: Callable[[Row], str]) -> dict[str, Any]:
    groups = {name: [row for row in rows if name_of(row) == name] for name in names}
    return {name: _metrics(group) for name, group in groups.items() if group}


def _asked(assistant: "Assistant", question: Question, language_model: "LanguageModel | None") -> Row:
    began = time.perf_counter()
    found: EvidenceFound | None = None
    for event in assistant.stream(question.question, history=list(question.history), language_model=language_model):
        if isinstance(event, EvidenceFound):
            found = event
        elif isinstance(event, Finished):
            assert found is not None, "a stream begins with EvidenceFound"
            answer = event.answer
            return Row(
                question,
                answer=answer.text,
                abstained=answer.abstained,
                hits=tuple(_span(hit.document, hit.start, hit.end) for hit in found.hits),
                evidence=tuple(_span(part.document, part.sentence.start, part.sentence.end) for part in found.evidence),
                citations=tuple(
                    CitedSpan(
                        _span(citation.document, citation.start, citation.end),
                        citation.document.text[citation.start : citation.end] == citation.quote,
                        citation.quote,
                    )
                    for citation in answer.citations
                ),
                claims=tuple(claim.supported for claim in answer.claims),
                evidence_seconds=found.seconds,
                seconds=time.perf_counter() - began,
                language_model=answer.language_model,
                usage=tuple(answer.usage.items()),
            )
    raise AssertionError("a stream ends with Finished")


def _span(document: Document, start: int, end: int) -> Span:
    return Span(Path(document.path).name, start, end)
