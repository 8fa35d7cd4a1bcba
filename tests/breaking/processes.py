"""Processes of ours that start at once (forked from one that has everything loaded) and can be stopped at any step.

A step is what a killed process could leave half done: a statement of SQLite, a part of a long one, a file opened for
writing, renamed or removed. So the same step is the same moment in every run, however busy the machine is.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.waiting import LONGEST

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "pytest",
        "hypothesis",
        "faiss",
        "rich.progress",
        "rag.terminal.cli",
        "rag.assistant",
        "rag.index.doctor",
        "rag.index.indexing",
        "rag.formats.plain",
        "rag.language_models",
        "embeddings.loading",
    ]
)
_FILE_EVENTS = {"os.rename", "os.remove", "os.truncate", "os.link", "os.mkdir", "shutil.copyfile"}
_INSTRUCTIONS = 500


@dataclass
class Child:
    """A process with what it wrote to its terminal."""

    process: BaseProcess
    output: Path

    @property
    def written(self) -> str:
        return self.output.read_text("utf-8", "replace") if self.output.exists() else ""

    @property
    def steps(self) -> int:
        """How many steps it took; only of one that came to its end."""
        return int(self.output.with_suffix(".steps").read_text())

    def ended(self) -> int:
        """Waits for the end: the exit code, negative for a signal."""
        self.process.join(LONGEST)
        assert self.process.exitcode is not None, f"it did not end: {self.written}"
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def left_behind(self) -> list[int]:
        """Processes that it started and that do not end with it."""
        end = time.monotonic() + LONGEST
        while (found := _in_session(self.process.pid or 0)) and time.monotonic() < end:
            time.sleep(0.05)
        return found


def start(target: Callable[..., None], *arguments: Any, output: Path, stop_at: int | None = None) -> Child:
    """Calls a function of a module in a process of its own.

    Args:
        output: where standard output and errors go.
        stop_at: the step before which the process kills itself.
    """
    process = _CONTEXT.Process(target=_run, args=(target, arguments, output, stop_at), daemon=False)
    process.start()
    return Child(process, output)


def youju(*arguments: str | Path, output: Path, stop_at: int | None = None) -> Child:
    """The command ``youju`` with the hashing embedder."""
    return start(_youju, [str(argument) for argument in arguments], output=output, stop_at=stop_at)


def _youju(arguments: Sequence[str]) -> None:
    from hashing_embedder import DIMENSION, HashingEmbedder

    from embeddings import loading
    from embeddings.base import TextEmbedder
    from rag.terminal.cli import main

    embedder = HashingEmbedder()
    loading._shared = lambda setting, name: TextEmbedder(  # type: ignore[assignment]
        embedder.name if setting == "default" else name, lambda: embedder, dimension=DIMENSION
    )
    main(list(arguments))


def _run(target: Callable[..., None], arguments: tuple[Any, ...], output: Path, stop_at: int | None) -> None:
    os.setsid()
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for standard in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.dup2(descriptor, standard)
    os.environ["YOUJU_LANGUAGE"] = "zh"
    steps = _Steps(stop_at)
    sqlite3.connect = steps.watched(sqlite3.connect)  # type: ignore[assignment]
    sys.addaudithook(steps.audit)
    try:
        target(*arguments)
    finally:
        steps.stop_at = None
        output.with_suffix(".steps").write_text(str(steps.taken))


class _Steps:
    def __init__(self, stop_at: int | None) -> None:
        self.taken = 0
        self.stop_at = stop_at

    def step(self, *_: object) -> int:
        self.taken += 1
        if self.taken == self.stop_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def watched(self, connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection = connect(*arguments, **options)
            connection.set_trace_callback(self.step)
            connection.set_progress_handler(self.step, _INSTRUCTIONS)
            return connection

        return connected

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FILE_EVENTS or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
            self.step()


def _in_session(leader: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(folder.name))
    return found
