"""The folder of a run: its settings, one line per answer, and the reports. It can be killed at any moment.

| file | what it holds |
|---|---|
| `settings.json` | what decides the answers (``settings``), and what else was so (``environment``); written first |
| `questions.jsonl` | the ids of what is asked, in order; the questions themselves stand in the rows |
| `documents.jsonl` | the text of every document that an answer, a hit or a gold span points into |
| `rows.jsonl` | one line per question as it is answered, each on disk before the next is asked |
| `judge.jsonl` | what a judge said of the answers, where one was asked |
| `memory.jsonl` | the most memory the process held, one line a start |
| `report.json`, `.html`, `.md`, `junit.xml` | made from those; each replaced as a whole |
"""

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rag.errors import UsageError, YoujuError

FORMAT = 1
SETTINGS = "settings.json"
QUESTIONS = "questions.jsonl"
DOCUMENTS = "documents.jsonl"
ROWS = "rows.jsonl"
JUDGE = "judge.jsonl"
MEMORY = "memory.jsonl"
_LOCK = ".lock"

Settings = Mapping[str, Any]
"""JSON-ready, such as it is after a round through a file: text keys, lists, no tuples."""


class RunFolder:
    """Reads and writes the files of a run; what they mean is the business of :mod:`eval.runs`.

    Attributes:
        path: the folder.
        settings: what decides the answers; a run is resumed with the same only.
        environment: what else was so when the run began: versions, hardware.
        dropped: names of the files whose last line was half-written and was dropped.
    """

    def __init__(self, path: Path, settings: Settings, environment: Settings) -> None:
        """Use :meth:`begin` or :meth:`read`."""
        self.path = path
        self.settings = settings
        self.environment = environment
        self.dropped: list[str] = []

    @classmethod
    def begin(cls, path: Path, settings: Settings, environment: Settings, *, restart: bool = False) -> "RunFolder":
        """Makes the folder of a new run, or takes up the one that is there.

        Args:
            settings: what decides the answers.
            environment: kept for the reader; that of the first start stays.
            restart: begin anew; what was there is moved into a folder beside its files, named by the time.

        Raises:
            UsageError: the folder holds a run with other settings or of another version, or something else.
            YoujuError: the folder cannot be written.
        """
        if path.exists() and not path.is_dir():
            raise UsageError(zh=f"{path} 不是文件夹。", en=f"{path} is not a folder.")
        with _told(path):
            path.mkdir(parents=True, exist_ok=True)
        if (path / SETTINGS).is_file():
            if not restart:
                found = cls.read(path)
                _refuse_difference(path, found.settings, settings)
                return found
            _move_aside(path)
        elif any(entry.name != _LOCK for entry in path.iterdir() if not entry.name.startswith("earlier-")):
            raise UsageError(
                zh=f"文件夹 {path} 里有别的东西，不会覆盖；请换一个 --out。",
                en=f"The folder {path} holds something else, which is not overwritten; give another --out.",
            )
        folder = cls(path, settings, environment)
        folder.write(SETTINGS, _pretty({"format": FORMAT, "settings": settings, "environment": environment}))
        return folder

    @classmethod
    def read(cls, path: Path) -> "RunFolder":
        """The folder of a run that was begun.

        Raises:
            UsageError: there is no run, it was made by another version, or its settings cannot be read.
        """
        file = path / SETTINGS
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            version, settings, environment = values["format"], values["settings"], values["environment"]
        except FileNotFoundError:
            raise UsageError(zh=f"{path} 里没有评测结果。", en=f"{path} holds no evaluation run.") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UsageError(zh=f"读不了 {file}：{error}", en=f"Cannot read {file}: {error}") from error
        if version != FORMAT:
            raise UsageError(
                zh=f"{path} 是另一版本的评测结果（格式 {version}，这里用 {FORMAT}）；请换一个文件夹。",
                en=f"{path} was made by another version (format {version}, this one writes {FORMAT}); use another folder.",
            )
        return cls(path, settings, environment)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from writing into the folder.

        Raises:
            UsageError: another process does already.
        """
        try:
            with FileLock(self.path / _LOCK, timeout=0):
                yield
        except Timeout:
            raise UsageError(
                zh=f"另一个进程正在 {self.path} 里评测。", en=f"Another process is running in {self.path}."
            ) from None

    def lines(self, name: str, *, mend: bool = False) -> list[dict[str, Any]]:
        """The lines of one of the ``.jsonl`` files; none where the file is missing.

        A last line without its end is what a killed process leaves: it is left out and noted in :attr:`dropped`.

        Args:
            mend: also cut it off the file, so that lines can be appended.

        Raises:
            UsageError: another line is damaged; the message names file and line.
        """
        file = self.path / name
        if not file.is_file():
            return []
        whole, _, rest = file.read_bytes().rpartition(b"\n")
        if rest:
            self.dropped.append(name)
            if mend:
                with _told(file):
                    os.truncate(file, len(whole) + 1 if whole else 0)
        return [_parsed(file, number, line) for number, line in enumerate(whole.split(b"\n"), 1) if line.strip()]

    def append(self, name: str, *values: Mapping[str, Any]) -> None:
        """Appends lines to one of the ``.jsonl`` files; they are on disk when this returns.

        Raises:
            YoujuError: the disk is full or fails. What stood in the file before still does.
        """
        append_lines(self.path / name, *values)

    def write(self, name: str, text: str) -> None:
        """Writes a file as a whole: the one that was there stays until the new one is on disk.

        Raises:
            YoujuError: the disk is full or fails.
        """
        write_whole(self.path / name, text)


def append_lines(file: Path, *values: Mapping[str, Any]) -> None:
    """Appends lines of JSON to a file, on a line of their own; they are on disk when this returns.

    Raises:
        YoujuError: the disk is full or fails. What stood in the file before still does, and nothing else.
    """
    lines = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    with _told(file), file.open("a+b", buffering=0) as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 1))
        joint = "\n" if stream.read(1) not in (b"", b"\n") else ""
        try:
            _write_all(stream.fileno(), (joint + lines).encode("utf-8", "surrogatepass"))
        except OSError:
            stream.truncate(size)
            raise


def write_whole(file: Path, text: str) -> None:
    """Writes a file as a whole: the one that was there stays until the new one is on disk.

    Raises:
        YoujuError: it cannot be written.
    """
    beginning = file.with_name(f".{file.name}.{os.getpid()}")
    with _told(file):
        try:
            with beginning.open("wb", buffering=0) as stream:
                _write_all(stream.fileno(), text.encode("utf-8", "replace"))
            os.replace(beginning, file)
        finally:
            beginning.unlink(missing_ok=True)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Turns what the system says about a file into an error for the user."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise YoujuError(
                zh=f"磁盘已满，写不了 {file}。已有的回答都在；腾出空间后用同样的命令继续。",
                en=f"The disk is full: cannot write {file}. What was answered is kept; make room and run the same command.",
            ) from error
        reason = error.strerror or str(error)
        raise YoujuError(zh=f"写不了 {file}：{reason}", en=f"Cannot write {file}: {reason}") from error


def _refuse_difference(path: Path, before: Settings, now: Settings) -> None:
    differing = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if not differing:
        return
    listed = [f"{name}: {_short(before.get(name))} → {_short(now.get(name))}" for name in differing]
    raise UsageError(
        zh=f"{path} 里的评测用的是别的设置（{'；'.join(listed)}）。请用同样的设置继续、换一个 --out，或加 --restart 重新开始。",
        en=f"The run in {path} has other settings ({'; '.join(listed)}). Go on with the same ones, give another --out, "
        "or begin anew with --restart.",
    )


def _short(value: Any) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return written if len(written) <= 60 else f"{written[:57]}…"


def _move_aside(path: Path) -> None:
    """Moves the files of the run into a folder of their own, so that nothing is lost."""
    target = path / f"earlier-{datetime.now():%Y%m%d-%H%M%S-%f}"
    with _told(path):
        target.mkdir()
        for entry in list(path.iterdir()):
            if entry.is_file() and entry.name != _LOCK:
                entry.rename(target / entry.name)


def _parsed(file: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line.decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise UsageError(
            zh=f"{file} 第 {number} 行已损坏，不是 JSON：{error}",
            en=f"{file}, line {number}: damaged, not JSON: {error}",
        ) from error
    if not isinstance(values, dict):
        raise UsageError(
            zh=f"{file} 第 {number} 行不是 JSON 对象。", en=f"{file}, line {number}: is not a JSON object."
        )
    return values


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
