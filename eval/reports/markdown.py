"""The summary of a run or of a comparison as Markdown, to paste into a pull request."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eval.compare import Comparison
from eval.labels import label, pick
from eval.metrics import METRICS
from eval.reports.written import changed, interval_text, sentence, value_text
from eval.summary import CHIEF, value_of
from rag.text.display import one_line

_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>#|~&"})


def summary(report: Mapping[str, Any], baseline: Mapping[str, Any] | None = None) -> str:
    """The chief metrics of a run with their intervals, by split and by kind, and the questions that went wrong."""
    part = report["summary"]["all"]
    heading = pick("有据评测", "Youju evaluation")
    partial = pick("（未完成）", " (partial)") if report["partial"] else ""
    lines = [f"## {heading}{partial}: {_safe(str(report['settings'].get('language_model', '')))}", ""]
    lines += [_safe(sentence(report)), "", *_metrics(report, baseline), "", *_kinds(report), ""]
    wrong = [row for row in report["rows"] if report["outcomes"][row["id"]] not in ("right", "unjudged")]
    if wrong:
        title = pick(f"没有答对的 {len(wrong)} 题", f"{len(wrong)} questions not right")
        lines += ["<details>", f"<summary>{title}</summary>", ""]
        lines += [_question(row, report["outcomes"][row["id"]]) for row in wrong]
        lines += ["", "</details>", ""]
    asked = pick("题数", "questions")
    commit = _safe(str(report["environment"].get("commit", "")))
    return "\n".join([*lines, f"<sub>{asked}: {part['questions']} · {commit}</sub>", ""])


def comparison(compared: Comparison, names: tuple[str, str], reasons: Sequence[str] = ()) -> str:
    """What was won and lost, and how the metrics moved."""
    won, lost = len(compared.won), len(compared.lost)
    lines = [
        f"## {_safe(names[0])} → {_safe(names[1])}",
        "",
        pick(
            f"赢 {won} 题，丢 {lost} 题（p = {compared.p_value:.3f}）。",
            f"{won} questions won, {lost} lost (p = {compared.p_value:.3f}).",
        ),
        "",
        _line(label("metric"), names[0], names[1], pick("差", "difference"), "p"),
        _line("---", "--:", "--:", "--:", "--:"),
    ]
    for name, difference in compared.differences.items():
        metric = METRICS[name]
        moved, _ = changed(metric, difference.first, difference.second)
        values = (value_text(metric, difference.first), value_text(metric, difference.second))
        lines.append(_line(label(name), *values, moved, f"{compared.adjusted.get(name, difference.p_value):.3f}"))
    for title, listed in ((pick("赢", "won"), compared.won), (pick("丢", "lost"), compared.lost)):
        if listed:
            lines += ["", f"**{title}** {', '.join(map(_safe, listed))}"]
    return "\n".join([*lines, *(f"\n- ✗ {_safe(reason)}" for reason in reasons), ""])


def _metrics(report: Mapping[str, Any], baseline: Mapping[str, Any] | None) -> Iterable[str]:
    splits = report["summary"]["split"]
    titles = [label("metric"), label("all"), pick("95 % 区间", "95 % interval"), *map(label, splits)]
    before = [pick("与基线比", "against the baseline")] if baseline else []
    yield _line(*titles, *before)
    yield _line("---", *("--:" for _ in (*titles[1:], *before)))
    for name in CHIEF:
        metric, found = METRICS[name], report["summary"]["all"]["metrics"].get(name)
        if found:
            cells = [value_text(metric, found["value"]), interval_text(metric, found)]
            cells += [value_text(metric, value_of(part, name)) for part in splits.values()]
            if baseline:
                cells.append(changed(metric, value_of(baseline["summary"]["all"], name), found["value"])[0] or "–")
            yield _line(label(name), *cells)


def _kinds(report: Mapping[str, Any]) -> Iterable[str]:
    yield _line(label("kind"), label("questions"), label("fact_accuracy"), label("rejection_rate"))
    yield _line("---", "--:", "--:", "--:")
    for kind, part in report["summary"]["kind"].items():
        shares = (value_text(METRICS[name], value_of(part, name)) for name in ("fact_accuracy", "rejection_rate"))
        yield _line(_safe(label(kind)), str(part["questions"]), *shares)


def _question(row: Mapping[str, Any], outcome: str) -> str:
    asked = _safe(one_line(row["question"]["question"]))
    return f"- {_safe(row['id'])} ({label(f'outcome_{outcome}')}): {asked}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _safe(text: str) -> str:
    """Text that Markdown takes for text."""
    return one_line(text).translate(_SPECIAL)
