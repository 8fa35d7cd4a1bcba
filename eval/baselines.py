"""Baselines: what is committed of a run, small enough to read in a diff: its metrics, and what became of each question."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.compare import Comparison
from eval.folder import write_whole
from eval.labels import label, pick
from eval.metrics import METRICS
from eval.provenance import digest
from eval.reports.written import interval_text, value_text
from eval.statistics import mcnemar
from rag.errors import UsageError

FOLDER = Path(__file__).with_name("baselines")
FORMAT = 1
ROUNDING = 1e-4
_RIGHT = "right"
_KEPT = ("began", "commit", "hardware", "python")


def baseline_of(report: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The baseline of a report: settings, metrics with intervals, and by question its digest and outcome."""
    return {
        "format": FORMAT,
        "name": name,
        "settings": report["settings"],
        "environment": {key: report["environment"][key] for key in _KEPT if key in report["environment"]},
        "summary": report["summary"],
        "outcomes": {row["id"]: [_identity(row["question"]), report["outcomes"][row["id"]]] for row in report["rows"]},
    }


def write_baseline(baseline: Mapping[str, Any], file: Path, *, replace: bool = False) -> None:
    """Writes a baseline, one question a line.

    Raises:
        UsageError: the file is there and is not to be replaced.
        YoujuError: it cannot be written.
    """
    if file.exists() and not replace:
        raise UsageError(
            zh=f"{file} 已存在；加 --replace 替换。", en=f"{file} is there already; --replace replaces it."
        )
    outcomes = [
        f"  {json.dumps(key, ensure_ascii=False)}: {json.dumps(value)}" for key, value in baseline["outcomes"].items()
    ]
    rest = {key: _rounded(value) for key, value in baseline.items() if key != "outcomes"}
    lines = [f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False, indent=1)}" for key, value in rest.items()]
    lines.append(' "outcomes": {\n' + ",\n".join(outcomes) + "\n }")
    write_whole(file, "{\n" + ",\n".join(lines) + "\n}\n")


def read_baseline(name: str | Path) -> dict[str, Any]:
    """A baseline by its name in ``eval/baselines/``, or by its path.

    Raises:
        UsageError: there is none (the known ones are listed), or the file is none of this version.
    """
    file = Path(name).expanduser()
    if not file.is_file() and (FOLDER / f"{name}.json").is_file():
        file = FOLDER / f"{name}.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(sorted(each.stem for each in FOLDER.glob("*.json"))) or "–"
        raise UsageError(
            zh=f"读不了基线 {name}（自带的有：{known}）：{error.strerror}",
            en=f"Cannot read the baseline {name} (those that ship: {known}): {error.strerror}",
        ) from error
    except ValueError as error:
        raise UsageError(zh=f"{file} 不是 JSON：{error}", en=f"{file} is not JSON: {error}") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT or not {"outcomes", "summary"} <= values.keys():
        raise UsageError(
            zh=f"{file} 不是这个版本的基线或 report.json。", en=f"{file} is no baseline or report.json of this version."
        )
    return values


def against(before: Mapping[str, Any], now: Mapping[str, Any]) -> Comparison:
    """Two baselines question by question, over the questions that both have unchanged.

    A baseline holds no rows, so that the metrics have no paired test; :func:`fallen` compares them with intervals.

    Raises:
        UsageError: they have no question in common.
    """
    first, second = before["outcomes"], now["outcomes"]
    shared = [name for name in first if name in second and first[name][0] == second[name][0]]
    if not shared:
        raise UsageError(
            zh="与基线没有共同的题，无法比较。", en="The baseline has no question in common; they cannot be compared."
        )
    judged = [name for name in shared if "unjudged" not in (first[name][1], second[name][1])]
    groups: dict[tuple[bool, bool], list[str]] = {(a, b): [] for a in (False, True) for b in (False, True)}
    for name in judged:
        groups[first[name][1] == _RIGHT, second[name][1] == _RIGHT].append(name)
    return Comparison(
        won=tuple(groups[False, True]),
        lost=tuple(groups[True, False]),
        both_right=tuple(groups[True, True]),
        both_wrong=tuple(groups[False, False]),
        unjudged=tuple(name for name in shared if name not in judged),
        p_value=mcnemar(len(groups[True, False]), len(groups[False, True])),
        differences={},
        adjusted={},
        values={name: now["summary"]["all"]["metrics"].get(name, {}).get("value") for name in METRICS},
        only_first=tuple(name for name in first if name not in shared),
        only_second=tuple(name for name in second if name not in shared),
    )


def fallen(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The quality metrics that are now worse than the whole interval of the baseline, one line each."""
    lines = []
    for name, found in before["summary"]["all"]["metrics"].items():
        metric, value = METRICS.get(name), now["summary"]["all"]["metrics"].get(name, {}).get("value")
        if metric is None or metric.unit != "share" or value is None:
            continue
        if value < found["low"] - ROUNDING if metric.better == "higher" else value > found["high"] + ROUNDING:
            was = f"{value_text(metric, found['value'])} ({interval_text(metric, found)})"
            text = value_text(metric, value)
            lines.append(pick(f"{label(name)} 变差：{was} → {text}", f"{label(name)} got worse: {was} → {text}"))
    return lines


def _identity(question: Mapping[str, Any]) -> str:
    """Digest of what a question asks and demands; notes and splits are for people."""
    kept = {key: question[key] for key in ("question", "history", "answerable", "facts", "gold")}
    return digest([json.dumps(kept, ensure_ascii=False, sort_keys=True)])


def _rounded(value: Any) -> Any:
    """Numbers with four decimals, which is more than they mean."""
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value
