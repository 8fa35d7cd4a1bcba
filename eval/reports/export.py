"""The rows of a run for other programs: a table as CSV, and JSON lines as Ragas and Hugging Face ``datasets`` read."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from eval.metrics import METRICS
from eval.questions import Span
from eval.rows import Row
from eval.runs import Run
from eval.verdicts import verdict
from rag.errors import UsageError

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_table(run: Run) -> str:
    """One line a question: what was asked and said, what became of it, and every metric.

    The file begins with a byte order mark, without which Excel garbles Chinese. A text that a spreadsheet would take
    for a formula gets an apostrophe before it.
    """
    table = io.StringIO(newline="")
    table.write("\ufeff")
    fields = ("id", "kind", "split", "question", "facts", "answer", "outcome", "reason", "confidence", "language_model")
    writer = csv.DictWriter(table, [*fields, *METRICS])
    writer.writeheader()
    for row in run.rows:
        question, found = row.question, verdict(row)
        texts = {
            "id": question.id,
            "kind": question.kind,
            "split": question.split,
            "question": question.question,
            "facts": "; ".join("|".join(forms) for forms in question.facts),
            "answer": row.answer,
            "outcome": found.outcome,
            "reason": found.reason,
            "language_model": row.language_model,
        }
        values = {name: metric.per_row(row) for name, metric in METRICS.items()}
        writer.writerow({**{k: _cell(v) for k, v in texts.items()}, "confidence": row.confidence, **values})
    return table.getvalue()


def ragas_lines(run: Run) -> str:
    """JSON lines with the columns of a Ragas ``EvaluationDataset``; every line has the same ones."""
    return "".join(json.dumps(_sample(row, run), ensure_ascii=False) + "\n" for row in run.rows)


FORMATS: dict[str, tuple[str, Callable[[Run], str]]] = {
    "csv": ("rows.csv", csv_table),
    "ragas": ("ragas.jsonl", ragas_lines),
}
"""Name → usual file name and function."""


def exported(run: Run, name: str) -> str:
    """A run in one of :data:`FORMATS`.

    Raises:
        UsageError: there is no such format; the message lists the known ones.
    """
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise UsageError(zh=f"没有导出格式“{name}”；可以是 {known}。", en=f"Unknown format '{name}'; known: {known}.")
    return FORMATS[name][1](run)


def _sample(row: Row, run: Run) -> dict[str, Any]:
    question = row.question
    return {
        "id": question.id,
        "user_input": question.question,
        "response": row.answer,
        "retrieved_contexts": list(_texts((hit.span for hit in row.hits), run)),
        "reference": "；".join(forms[0] for forms in question.facts),
        "reference_contexts": [gold.quote for gold in question.gold],
        "kind": question.kind,
        "split": question.split,
        "answerable": question.answerable,
    }


def _texts(spans: Iterator[Span], run: Run) -> Iterator[str]:
    for span in spans:
        source = run.sources.get(span.document)
        if source:
            yield source.text[span.start : span.end]


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
