"""How the results of an evaluation look: a table on the terminal, a JSON file for machines."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.metrics import METRICS
from eval.rows import Row
from rag import __version__
from rag.errors import UsageError, interface_language

_LABELS = {
    "questions": ("题数", "questions"),
    "errors": ("出错", "errors"),
    "median_seconds": ("用时中位数（秒）", "median seconds"),
    "fact_accuracy": ("事实全对", "fact accuracy"),
    "fact_recall": ("事实召回", "fact recall"),
    "recall_at_5": ("前 5 段召回", "recall@5"),
    "recall_at_10": ("前 10 段召回", "recall@10"),
    "evidence_recall": ("证据召回", "evidence recall"),
    "citation_precision": ("引用精确", "citation precision"),
    "citation_recall": ("引用召回", "citation recall"),
    "exact_span_rate": ("逐字引用", "exact spans"),
    "unsupported_claim_rate": ("未证实的句子", "unsupported claims"),
    "rejection_rate": ("拒答（不可答）", "rejection"),
    "false_rejection_rate": ("误拒（可答）", "false rejection"),
    "all": ("全部", "all"),
    "kind": ("题型", "kind"),
}
_BY_KIND = (
    "questions",
    "fact_accuracy",
    "evidence_recall",
    "citation_precision",
    "rejection_rate",
    "false_rejection_rate",
)


def show(console: Console, summary: dict[str, Any], rows: Sequence[Row]) -> None:
    """Prints the metrics by split, the chief ones by kind, and the questions that failed with an error."""
    parts = {_label("all"): summary["all"], **summary["split"]}
    table = _table("", *parts)
    for name in ("questions", "errors", "median_seconds", *METRICS):
        table.add_row(_label(name), *(_written(part[name]) for part in parts.values()))
    console.print(table)
    console.print()
    table = _table(_label("kind"), *map(_label, _BY_KIND))
    for kind, part in summary["kind"].items():
        table.add_row(kind, *(_written(part[name]) for name in _BY_KIND))
    console.print(table)
    for row in rows:
        if row.error:
            console.print(Text(f"{row.question.id}: {row.error}", style="red"))


def to_dict(summary: dict[str, Any], rows: Sequence[Row], language_model: str) -> dict[str, Any]:
    """JSON-ready results: version, language model, summary, and one object a question."""
    return {
        "version": __version__,
        "language_model": language_model,
        "summary": summary,
        "rows": [row.to_dict() for row in rows],
    }


def write(path: Path, results: dict[str, Any]) -> None:
    """Writes results to a JSON file.

    Raises:
        UsageError: the file cannot be written.
    """
    text = json.dumps(results, ensure_ascii=False, indent=1)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(zh=f"写不了 {path}：{error.strerror}", en=f"Cannot write {path}: {error.strerror}") from error


def _table(first: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _label(name: str) -> str:
    return _LABELS[name][0 if interface_language() == "zh" else 1]


def _written(value: float | int | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
