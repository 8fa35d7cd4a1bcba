"""How numbers and the verdict of a run are written, the same in every report."""

from collections.abc import Mapping
from typing import Any

from eval.labels import pick
from eval.metrics import Metric
from eval.summary import value_of


def value_text(metric: Metric, value: float | None) -> str:
    """A value in its unit: ``78.6 %``, ``0.31 s``, ``412``."""
    if value is None:
        return "–"
    return {"share": f"{value * 100:.1f} %", "seconds": f"{value:.2f} s"}.get(metric.unit, f"{value:,.3g}")


def interval_text(metric: Metric, found: Mapping[str, float]) -> str:
    """Its 95 % interval, without the unit."""
    scale, form = (100, ".1f") if metric.unit == "share" else (1, ".2f" if metric.unit == "seconds" else ",.3g")
    return f"{found['low'] * scale:{form}} – {found['high'] * scale:{form}}"


def changed(metric: Metric, before: float | None, now: float | None) -> tuple[str, str]:
    """The difference from an earlier value, with its sign, and whether that is ``better``, ``worse`` or ``same``."""
    if before is None or now is None:
        return "", "same"
    difference = now - before
    written = f"{difference * 100:+.1f}" if metric.unit == "share" else f"{difference:+.2f}"
    if not any(character in "123456789" for character in written):
        return "±0", "same"
    return written, "better" if (difference > 0) == (metric.better == "higher") else "worse"


def sentence(report: Mapping[str, Any]) -> str:
    """What a run comes to, in one sentence or two."""
    part = report["summary"]["all"]
    outcomes = part["outcomes"]
    if not part["questions"]:
        return pick("还没有回答任何题。", "No question has been answered yet.")
    facts, silent = (value_of(part, name) for name in ("fact_accuracy", "rejection_rate"))
    said_zh, said_en = [], []
    if facts is not None:
        said_zh.append(f"可答的题事实全对 {facts:.0%}")
        said_en.append(f"{facts:.0%} of the answerable questions have all their facts right")
    if silent is not None:
        said_zh.append(f"不可答的题拒答 {silent:.0%}")
        said_en.append(f"{silent:.0%} of the unanswerable are declined")
    exact = value_of(part, "exact_span_rate")
    if exact is not None:
        said_zh.append("每条引文都与原文逐字一致" if exact == 1 else f"有引文与原文不符（{1 - exact:.1%}）")
        said_en.append(
            "every citation is what the document says"
            if exact == 1
            else f"{1 - exact:.1%} of the citations are not exact"
        )
    right = outcomes.get("right", 0)
    begun = f"{part['questions']} 题答对 {right} 题：", f"{right} of {part['questions']} questions right: "
    failed = outcomes.get("error", 0)
    end = (f"，{failed} 题出错", f", {failed} failed") if failed else ("", "")
    return pick(f"{begun[0]}{'，'.join(said_zh)}{end[0]}。", f"{begun[1]}{', '.join(said_en)}{end[1]}.")
