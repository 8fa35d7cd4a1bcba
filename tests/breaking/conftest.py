"""The knob of length, and the figures of each suite, which are written when it ends and shown when all have ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from effort import FOLDER, Effort, Figures

_began = time.time()


@pytest.fixture(scope="session")
def effort(pytestconfig: pytest.Config) -> Effort:
    return Effort(pytestconfig.getoption("--long"), pytestconfig.getoption("--seed"))


@pytest.fixture(scope="module")
def figures(request: pytest.FixtureRequest, effort: Effort) -> Iterator[Figures]:
    counted = Figures(Path(request.module.__file__).stem.removeprefix("test_"), effort)
    yield counted
    counted.write()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    written = [file for file in sorted(FOLDER.glob("*/*.json")) if file.stat().st_mtime >= _began]
    if written:
        terminalreporter.section(f"breaking, seed {config.getoption('--seed')}")
    for file in written:
        terminalreporter.write_line(f"{file.relative_to(FOLDER)}: {' '.join(file.read_text('utf-8').split())}")
