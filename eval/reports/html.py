"""The report for people: one HTML file with its style, script and charts inside, that asks nothing of any network.

Whatever comes from documents, questions and answers is escaped by Jinja2's autoescape and loses its control characters
(those that turn the direction of writing around among them); the page's own policy runs no script but ours.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.labels import label, pick
from eval.metrics import METRICS, Metric, stands_in
from eval.reports import charts
from eval.reports.charts import MissingPackageError
from eval.reports.marked import excerpts
from eval.reports.written import changed, interval_text, sentence, value_text
from eval.rows import JudgedClaim, Row
from eval.runs import Run
from eval.summary import CHIEF, operating_point, percentile_95, value_of
from eval.verdicts import OUTCOMES, verdict
from rag.errors import interface_language
from rag.text.display import plain

if TYPE_CHECKING:
    from jinja2 import Template

HERE = Path(__file__).parent
MOST_QUESTIONS = 2000
"""Questions that the page shows; the other files hold all."""
_FIRST = ("error", "wrong", "answered", "silent", "unjudged", "right")


@dataclass(frozen=True, slots=True)
class Page:
    """The page as text, and what is missing in it and why."""

    text: str
    missing: tuple[str, ...] = ()


def page(run: Run, report: Mapping[str, Any], baseline: Mapping[str, Any] | None = None) -> Page:
    """The report as HTML, in the user's language.

    Args:
        run: what was asked and answered.
        report: of :func:`eval.summary.report_of`.
        baseline: to show differences from.

    Raises:
        MissingPackageError: Jinja2 is not installed; the text holds the command that installs it.
    """
    from markupsafe import Markup

    template = _template()
    drawn, missing = _charts(run, report)
    script = (HERE / "report.js").read_text(encoding="utf-8")
    shown = run.rows[:MOST_QUESTIONS]
    text = template.render(
        t=pick,
        language="zh-CN" if interface_language() == "zh" else "en",
        title=f"{pick('有据评测', 'Youju evaluation')} · {report['settings'].get('language_model', '')}",
        report=report,
        verdict=sentence(report),
        facts=list(_facts(report)),
        tiles=[_tile(name, report, baseline) for name in CHIEF if value_of(report["summary"]["all"], name) is not None],
        baseline_name=(baseline or {}).get("name", ""),
        charts=[{**chart, "svg": Markup(chart["svg"])} for chart in drawn],
        missing_charts=missing,
        parts=[label("all"), *map(label, report["summary"]["split"])],
        metrics=[_metric(metric, report) for metric in METRICS.values() if metric.name in _measured(report)],
        judge=_judge(report),
        filters=_filters(shown),
        columns=[{"name": name, "label": title} for name, title in _columns()],
        items=[_item(row, run) for row in shown],
        left_out=_left_out(len(run.rows)),
        settings=list(_settings(report)),
        style=Markup((HERE / "report.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return Page(text, (missing,) if missing else ())


@cache
def _template() -> "Template":
    try:
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup
    except ModuleNotFoundError as error:
        if error.name not in ("jinja2", "markupsafe"):
            raise
        raise MissingPackageError(
            zh="report.html 需要软件包 jinja2。请运行：pip install 'youju[eval]'",
            en="report.html needs the package jinja2. Run: pip install 'youju[eval]'",
        ) from error

    def finalize(value: Any) -> Any:
        return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=finalize, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string((HERE / "report.html.jinja").read_text(encoding="utf-8"))


def _charts(run: Run, report: Mapping[str, Any]) -> tuple[list[dict[str, str]], str]:
    """The charts as SVG, and why there are none."""
    drawn = []
    for title, note, specification in _specifications(run, report):
        try:
            drawn.append({"title": title, "note": note, "svg": charts.draw(specification)})
        except MissingPackageError as error:
            return [], str(error)
    return drawn, ""


def _specifications(run: Run, report: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    kinds = list(_kind_points(report["summary"]["kind"]))
    if kinds:
        note = pick("可答：事实全对；不可答：拒答", "answerable: all facts given; unanswerable: silence kept")
        yield pick("各题型", "Quality by kind"), note, charts.by_kind(kinds)
    if report["risk_coverage"]:
        note = pick("把握大的先答；圆点是现在的门槛", "surest answered first; the dot is the present threshold")
        curve = charts.risk_coverage(report["risk_coverage"], operating_point(run.rows))
        yield pick("风险与覆盖", "Risk and coverage"), note, curve
    if report["calibration"]:
        note = pick("点在虚线上，把握就名副其实", "on the dashed line, confidence means what it says")
        yield pick("校准", "Calibration"), note, charts.calibration(report["calibration"])
    seconds = [row.seconds for row in run.rows if not row.error]
    if seconds:
        marks: list[dict[str, Any]] = [
            {"seconds": value_of(report["summary"]["all"], "seconds_median"), "name": pick("中位", "median")},
            {"seconds": percentile_95(seconds), "name": "p95"},
        ]
        note = pick("从提问到答完", "from the question to the end of the answer")
        yield pick("用时", "Latency"), note, charts.latency(seconds, marks)


def _kind_points(parts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, part in parts.items():
        answerable = "fact_accuracy" in part["metrics"]
        found = part["metrics"].get("fact_accuracy" if answerable else "rejection_rate")
        if found:
            yield {"kind": kind, "questions": part["questions"], "answerable": answerable, **found}


def _facts(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    settings, environment = report["settings"], report["environment"]
    yield pick("语言模型", "language model"), settings.get("language_model", "")
    yield pick("嵌入", "embedder"), settings.get("embedder", "")
    yield pick("题集", "set"), str(settings.get("set", pick("自带", "own")))
    yield pick("开始", "begun"), str(environment.get("began", ""))
    commit = environment.get("commit")
    yield pick("代码", "code"), f"{settings.get('youju', '')} {commit or ''}".strip()


def _tile(name: str, report: Mapping[str, Any], baseline: Mapping[str, Any] | None) -> dict[str, str]:
    metric, found = METRICS[name], report["summary"]["all"]["metrics"][name]
    before = value_of(baseline["summary"]["all"], name) if baseline else None
    difference, trend = changed(metric, before, found["value"])
    return {
        "name": label(name),
        "description": metric.description,
        "value": value_text(metric, found["value"]),
        "interval": interval_text(metric, found),
        "difference": difference,
        "trend": trend,
    }


def _measured(report: Mapping[str, Any]) -> set[str]:
    return set(report["summary"]["all"]["metrics"])


def _metric(metric: Metric, report: Mapping[str, Any]) -> dict[str, Any]:
    cells = []
    for part in (report["summary"]["all"], *report["summary"]["split"].values()):
        found = part["metrics"].get(metric.name)
        cells.append(
            {"value": value_text(metric, found["value"]), "interval": interval_text(metric, found)}
            if found
            else {"value": "–", "interval": ""}
        )
    return {
        "name": label(metric.name),
        "arrow": "↑" if metric.better == "higher" else "↓",
        "description": metric.description,
        "formula": metric.formula,
        "source": metric.source,
        "cells": cells,
    }


def _judge(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the judge said, if one was asked; never among the metrics."""
    judged = report.get("judge")
    if not judged:
        return []
    shares = ((label(name), judged[name]) for name in ("faithfulness", "relevance"))
    return [
        (pick("裁判", "judge"), judged["model"]),
        *((name, "–" if value is None else f"{value:.0%}") for name, value in shares),
        (pick("已判", "judged"), str(judged["judged"])),
        (pick("没看懂", "not understood"), str(judged["not_understood"])),
    ]


def _filters(rows: Sequence[Row]) -> list[dict[str, Any]]:
    outcomes = {verdict(row).outcome for row in rows}
    kinds = dict.fromkeys(row.question.kind for row in rows)
    splits = dict.fromkeys(row.question.split for row in rows)
    options: dict[str, list[tuple[str, str]]] = {
        "outcome": [(name, label(f"outcome_{name}")) for name in OUTCOMES if name in outcomes],
        "kind": [(name, label(name)) for name in kinds],
        "split": [(name, label(name)) for name in splits],
    }
    return [{"name": name, "label": label(name), "options": listed} for name, listed in options.items()]


def _columns() -> list[tuple[str, str]]:
    return [
        ("place", pick("编号", "id")),
        ("outcome", label("outcome")),
        ("kind", label("kind")),
        ("split", label("split")),
        ("question", label("question")),
        ("confidence", label("confidence")),
        ("seconds", pick("秒", "seconds")),
    ]


def _item(row: Row, run: Run) -> dict[str, Any]:
    question, found = row.question, verdict(row)
    return {
        "id": question.id,
        "outcome": found.outcome,
        "outcome_label": label(f"outcome_{found.outcome}"),
        "rank": _FIRST.index(found.outcome),
        "reason": found.reason,
        "kind": question.kind,
        "kind_label": label(question.kind),
        "split": question.split,
        "question": question.question,
        "history": question.history,
        "answerable": question.answerable,
        "note": question.note,
        "facts": [
            {"forms": " / ".join(forms), "given": any(stands_in(form, row.answer) for form in forms)}
            for forms in question.facts
        ],
        "confidence": "" if row.confidence is None else f"{row.confidence:.4f}",
        "confidence_shown": "–" if row.confidence is None else f"{row.confidence:.2f}",
        "seconds": f"{row.seconds:.4f}",
        "seconds_shown": f"{row.seconds:.2f}",
        "language_model": row.language_model,
        "error": row.error,
        "claims": list(_claims(row)),
        "excerpts": excerpts(row, run.sources),
    }


def _claims(row: Row) -> Iterator[dict[str, Any]]:
    """The answer in pieces: its claims with the numbers of their citations, and what stands between them."""
    at = 0
    for claim in sorted(row.claims, key=lambda one: one.start):
        if claim.start > at:
            yield {"kind": "", "text": row.answer[at : claim.start], "numbers": (), "why": ""}
        yield {
            "kind": "supported" if claim.supported else "unsupported",
            "text": row.answer[claim.start : claim.end],
            "numbers": [citation.number + 1 for citation in claim.citations],
            "why": _why(claim),
        }
        at = claim.end
    if at < len(row.answer):
        yield {"kind": "", "text": row.answer[at:], "numbers": (), "why": ""}


def _why(claim: JudgedClaim) -> str:
    if claim.supported:
        return ""
    if not claim.exists:
        return pick("没有找到出处", "no source was found")
    if not claim.facts_agree:
        facts = "、".join(claim.missing_facts)
        return pick(f"引文中没有 {facts}", f"{facts} not in the cited text")
    return pick("引文与这句话不够一致", "the cited text says something else")


def _left_out(total: int) -> str:
    if total <= MOST_QUESTIONS:
        return ""
    return pick(
        f"只列出前 {MOST_QUESTIONS} 题，共 {total} 题；全部在 rows.jsonl 和 report.json 里。",
        f"Only the first {MOST_QUESTIONS} of {total} questions are listed; rows.jsonl and report.json hold all.",
    )


def _settings(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    peak = report["peak_memory"]
    memory = {"peak_memory": f"{peak / 1e6:,.0f} MB"} if peak else {}
    for name, value in (report["settings"] | report["environment"] | memory).items():
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
