"""Tables for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.compare import SIGNIFICANT, Comparison
from eval.labels import label, pick
from eval.metrics import METRICS
from eval.reports.written import changed, interval_text, sentence, value_text
from eval.summary import value_of
from rag.text.display import one_line

_BY_KIND = ("fact_accuracy", "evidence_recall", "claim_citation_recall", "rejection_rate", "false_rejection_rate")


def show_report(console: Console, report: Mapping[str, Any]) -> None:
    """Prints every metric with its interval by split, the chief ones by kind, and the questions that failed."""
    summary = report["summary"]
    parts = {label("all"): summary["all"], **{label(name): part for name, part in summary["split"].items()}}
    table = _table(label("metric"), *parts)
    table.add_row(label("questions"), *(str(part["questions"]) for part in parts.values()))
    for name, metric in METRICS.items():
        if name in summary["all"]["metrics"]:
            cells = []
            for part in parts.values():
                found = part["metrics"].get(name)
                cell = f"{value_text(metric, found['value'])} ({interval_text(metric, found)})" if found else "–"
                cells.append(cell)
            table.add_row(label(name), *cells)
    console.print(table)
    console.print()
    table = _table(label("kind"), label("questions"), *map(label, _BY_KIND))
    for kind, part in summary["kind"].items():
        values = (value_text(METRICS[name], value_of(part, name)) for name in _BY_KIND)
        table.add_row(one_line(label(kind)), str(part["questions"]), *values)
    console.print(table)
    for row in report["rows"]:
        if row["error"]:
            console.print(Text(f"{one_line(row['id'])}: {one_line(row['error'])}", style="red"))
    console.print()
    console.print(Text(sentence(report), style="bold"))


def show_comparison(
    console: Console, compared: Comparison, names: tuple[str, str], asked: Mapping[str, str], reasons: Sequence[str]
) -> None:
    """Prints what was won and lost question by question, how the metrics moved, and what forbids the second run.

    Args:
        names: what to call the runs.
        asked: question id → what was asked.
    """
    for title, style, listed in (
        (pick("赢", "won"), "green", compared.won),
        (pick("丢", "lost"), "red", compared.lost),
    ):
        for identifier in listed:
            console.print(Text(f"{title} {one_line(identifier)}: {one_line(asked.get(identifier, ''))}", style=style))
    table = _table(
        label("metric"), names[0], names[1], pick("差", "difference"), pick("95 % 区间", "95 % interval"), "p"
    )
    for name, difference in compared.differences.items():
        metric, interval = METRICS[name], difference.interval
        moved, trend = changed(metric, difference.first, difference.second)
        p_value = compared.adjusted.get(name, difference.p_value)
        sure = p_value < SIGNIFICANT and trend != "same"
        table.add_row(
            label(name),
            value_text(metric, difference.first),
            value_text(metric, difference.second),
            Text(moved, style={"better": "green", "worse": "red"}.get(trend, "") if sure else ""),
            interval_text(metric, {"low": interval.low, "high": interval.high}),
            f"{p_value:.3f}",
        )
    console.print(table)
    console.print()
    show_counts(console, len(compared.won), len(compared.lost), len(compared.tied), compared.p_value)
    show_reasons(console, reasons)


def show_counts(console: Console, won: int, lost: int, tied: int, p_value: float) -> None:
    """Prints how many questions were won, lost and tied, and whether that may be chance."""
    console.print(
        Text(
            pick(
                f"赢 {won} 题，丢 {lost} 题，{tied} 题不变（McNemar p = {p_value:.3f}）。",
                f"{won} questions won, {lost} lost, {tied} unchanged (McNemar's p = {p_value:.3f}).",
            ),
            style="bold",
        )
    )


def show_reasons(console: Console, reasons: Sequence[str]) -> None:
    """Prints why a run must not pass."""
    for reason in reasons:
        console.print(Text(f"✗ {one_line(reason)}", style="red"))


def _table(first: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table
