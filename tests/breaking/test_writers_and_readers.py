"""Writers and readers of one index at once, each a process: every reader sees whole documents, and no one fails."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import taking_part
from corpus import document, open_assistant, text_of, texts_in
from effort import Effort, Figures
from processes import Child, start

from rag.index import doctor

MEMBERS = {"writer": taking_part.write, "reader": taking_part.read}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    with open_assistant(folder) as assistant:
        assistant.add([document(name) for name in taking_part.LASTING])
        assistant.retrieve("基站")
    return folder


def _ended(child: Child, report: Path, figures: Figures) -> dict[str, Any]:
    """Waits for a process, which must have failed in nothing, and takes over what it counted.

    One that waits for others longer than a writer may wait for another fails by itself.
    """
    assert child.ended() == 0, child.written
    assert "Traceback" not in child.written and "database is locked" not in child.written, child.written
    told: dict[str, Any] = json.loads(report.read_text())
    for what, number in told["counts"].items():
        figures.counts[what] += number
        figures.took(what, told["slowest"][what])
    return told


def _together(index: Path, effort: Effort, figures: Figures, members: dict[str, int], seconds: float) -> dict[str, str]:
    """Runs so many writers and readers for some seconds; what the writers have left, as texts by path."""
    until = time.time() + seconds
    running = []
    for kind, number in members.items():
        for member in range(number):
            report = index.parent / f"{kind}{member}.json"
            arguments = (index, member, effort.seed, until, report)
            running.append((start(MEMBERS[kind], *arguments, output=report.with_suffix(".txt")), report))
    for child, report in running:
        _ended(child, report, figures)
    left = {name: text_of(name) for name in taking_part.LASTING}
    for report in index.parent.glob("writer*.mine"):
        left |= {name: text_of(name, version) for name, version in json.loads(report.read_text()).items()}
    return left


def _assert_sound(index: Path, expected: dict[str, str]) -> None:
    assert texts_in(index) == expected
    with open_assistant(index) as assistant:
        assistant.retrieve("基站")
    findings = doctor.examine(index)
    assert all(finding.sound for finding in findings), findings


def test_four_writers_and_eight_readers(index: Path, effort: Effort, figures: Figures) -> None:
    left = _together(index, effort, figures, {"writer": 4, "reader": 8}, effort.of(4.0, 60.0))
    _assert_sound(index, left)
    assert figures.counts["replaced"] and figures.counts["removed"] and figures.counts["ask"]


def test_rebuild_beside_writers_and_readers(index: Path, effort: Effort, figures: Figures) -> None:
    seconds = effort.of(3.0, 40.0)
    report = index.parent / "rebuilder.json"
    rebuilder = start(
        taking_part.rebuild, index, effort.seed, time.time() + seconds, report, output=report.with_suffix(".txt")
    )
    left = _together(index, effort, figures, {"writer": 2, "reader": 2}, seconds)
    _ended(rebuilder, report, figures)
    _assert_sound(index, left)
    assert figures.counts["rebuilt"]
