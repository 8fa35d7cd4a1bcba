"""What commands write to: the terminal, JSON for other programs, and progress bars on standard error."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from rag.index.indexing import Progress

UNLIMITED_WIDTH = 10_000
INTERRUPTED = 130
"""Exit code after Ctrl-C."""


@contextmanager
def file_progress(title: str, *, quiet: bool = False) -> "Iterator[Callable[[Progress], None]]":
    """A progress bar on standard error that appears with the first file, and tells which page is recognised."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from rag.messages import say
    from rag.text.display import one_line

    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[path]}", markup=False),
    )
    bar = Bar(*columns, console=Console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty())
    task = None
    with bar:

        def show(progress: "Progress") -> None:
            nonlocal task
            if task is None:
                task = bar.add_task(title, total=progress.total, path="")
                if not quiet and not sys.stderr.isatty():
                    typer.echo(f"{title} ({progress.total})…", err=True)
            behind = (progress.page - 1) / progress.pages if progress.pages else 0.0
            named = one_line(Path(progress.path).name)[-40:]
            if progress.pages:
                named = f"{say('recognising', page=progress.page, pages=progress.pages)}  {named}"
            bar.update(task, completed=progress.done + behind, total=progress.total, path=named)

        yield show


@contextmanager
def counted_progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error for a known number of things."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def byte_progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error for something of a known number of bytes."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def console() -> "Console":
    """Standard output; where it is no terminal, lines are as long as they are, for other programs to read."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    width = None if terminal else UNLIMITED_WIDTH
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=not terminal, width=width)


def print_json(value: Any, indent: int | None = 2) -> None:
    """Prints a value as JSON, control characters escaped; what JSON does not know as text."""
    from rag.text.display import escaped

    typer.echo(escaped(json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)))


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str | list | dict | None) else str(value)
