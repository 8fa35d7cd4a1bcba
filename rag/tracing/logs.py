"""Logs: where what the modules say goes to. Quiet unless asked for; one rule for what a log may hold.

Modules say things with ``logging.getLogger(__name__)``. A program that uses Youju as a library sets up logging as it
likes; the command line does it here (``--verbose``, ``--log-file``, ``--log-json``, ``--log-questions``).

Questions, answers and text of documents are in no log unless ``--log-questions`` was given: whoever wants to log one
passes it through :func:`loggable`. Errors of other libraries are told by their kind and the lines of code they came
through, and so are those of language models, whose servers may repeat what they were sent. Line breaks and control characters are escaped, so that a
file name or a header cannot write lines of its own into a log.
"""

import datetime
import json
import logging
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from rag.errors import LanguageModelError, UsageError, YoujuError

PACKAGES = ("rag", "embeddings", "ui", "eval")
_HANDLER = "youju"
# What could end a line, drive a terminal or turn the writing, and halves of characters.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_questions_allowed = False


def set_up(*, verbose: bool = False, file: Path | None = None, as_json: bool = False, questions: bool = False) -> None:
    """Sends what our packages say to standard error, a file, or both; replaces what an earlier call set up.

    Args:
        verbose: to standard error, without the code that an error came through.
        file: to the end of this file, with it.
        as_json: one JSON object a line; without ``file``, on standard error.
        questions: logs may hold questions and text of documents.

    Raises:
        UsageError: the file cannot be opened for writing.
    """
    global _questions_allowed
    handlers: list[logging.Handler] = []
    if file is not None:
        handlers.append(_opened(file))
        handlers[-1].setFormatter(_formatter(as_json, with_stack=True))
    if verbose or (as_json and file is None):
        handlers.append(logging.StreamHandler(sys.stderr))
        handlers[-1].setFormatter(_formatter(as_json, with_stack=False))
    _questions_allowed = questions
    for package in PACKAGES:
        logger = logging.getLogger(package)
        for handler in [each for each in logger.handlers if each.name == _HANDLER]:
            logger.removeHandler(handler)
            handler.close()
        for handler in handlers:
            handler.name = _HANDLER
            logger.addHandler(handler)
        logger.setLevel(logging.INFO if handlers else logging.NOTSET)


def set_up_for_server(*, questions: bool = False) -> None:
    """What a server logs where no log was asked for: what goes wrong, to standard error, and questions if they are wanted."""
    global _questions_allowed
    _questions_allowed = _questions_allowed or questions
    if any(handler.name == _HANDLER for handler in logging.getLogger(PACKAGES[0]).handlers):
        return
    set_up(verbose=True, questions=_questions_allowed)
    for package in PACKAGES if not _questions_allowed else ():
        logging.getLogger(package).setLevel(logging.WARNING)


def allows_questions() -> bool:
    """Whether logs and spans may hold questions and text of documents."""
    return _questions_allowed


def loggable(text: str) -> str:
    """A question, an answer or text of a document as a log may hold it: its length, unless more is allowed."""
    return text if _questions_allowed else f"({len(text)} characters)"


def escaped(text: str) -> str:
    """A text on one line, its control characters, direction marks and halves of characters written as numbers."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _opened(file: Path) -> logging.Handler:
    try:
        return _FileHandler(file.expanduser(), encoding="utf-8", errors="backslashreplace")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            zh=f"--log-file：不能写入日志文件 {file}（{reason}）。请换一个可写的文件。",
            en=f"--log-file: the log file {file} cannot be written ({reason}). Name one that can.",
        ) from error


class _FileHandler(logging.FileHandler):
    """A log that can no longer be written (a full disk) says so once and never stands in the way of the work."""

    _complained = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (named by logging)
        if not self._complained:
            self._complained = True
            sys.stderr.write(f"youju: {self.baseFilename}: {type(sys.exc_info()[1]).__name__}\n")


def _formatter(as_json: bool, with_stack: bool) -> logging.Formatter:
    return _JsonLines(with_stack) if as_json else _Lines(with_stack)


class _Lines(logging.Formatter):
    """A line for a person: time, level, module, message; the code of an error on lines after it."""

    def __init__(self, with_stack: bool) -> None:
        super().__init__()
        self._with_stack = with_stack

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_time(record)} {record.levelname} {record.name}: {record.getMessage()}"
        if kind := _kind(record):
            line += f" [{kind}]"
        stack = _stack(record) if self._with_stack else []
        return "\n".join([escaped(line), *(f"    {escaped(each)}" for each in stack)])


class _JsonLines(_Lines):
    """The same as one JSON object a line; what a message counts stands under names of its own."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if kind := _kind(record):
            told["error"] = kind
        if self._with_stack and (stack := _stack(record)):
            told["stack"] = stack
        return escaped(json.dumps(told, ensure_ascii=False, default=str))


def _time(record: logging.LogRecord) -> str:
    moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _kind(record: logging.LogRecord) -> str:
    """The kind of the error that a record tells of, and its text where that is ours or may be told."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return ""
    name = type(error).__name__
    if _questions_allowed:
        return f"{name}: {error.en if isinstance(error, YoujuError) else error}"
    return (
        f"{name}: {error.en}" if isinstance(error, YoujuError) and not isinstance(error, LanguageModelError) else name
    )


def _stack(record: logging.LogRecord) -> list[str]:
    """Where an error came from, and what it was raised from: files, lines and functions, no values."""
    lines: list[str] = []
    error = record.exc_info[1] if record.exc_info else None
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if lines:
            lines.append(f"raised from {type(error).__name__}")
        frames = traceback.extract_tb(error.__traceback__)
        lines += [f"{frame.filename}:{frame.lineno} {frame.name}: {frame.line or ''}" for frame in frames]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines
