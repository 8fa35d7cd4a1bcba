"""The command ``youju`` in a process of its own, as a user runs it, with or without the hashing embedder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from waiting import LONGEST

COMMAND = [sys.executable, str(Path(__file__).with_name("hashing_embedder.py"))]
REAL_COMMAND = [sys.executable, "-c", "from rag.terminal.cli import main; main()"]


@dataclass(frozen=True)
class Outcome:
    code: int
    output: str
    errors: str

    def refuses(self, code: int, told: str, language: str) -> None:
        """It must have ended with this code and a message that holds ``told``, in one language alone where that is English."""
        assert self.code == code, self
        assert told in self.errors, self
        if language == "en":
            assert not any("\u4e00" <= character <= "\u9fff" for character in self.errors), self


def environment(language: str = "zh", **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YOUJU_") or name == "YOUJU_HOME"}
    return {**kept, "YOUJU_LANGUAGE": language, "YOUJU_READER": "none", "PYTHONWARNINGS": "default", **variables}


def start(*arguments: str | Path, language: str = "zh", real: bool = False, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*(REAL_COMMAND if real else COMMAND), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(language, **variables),
    )


def finish(process: subprocess.Popen[str], stdin: str | None = None, timeout: float = LONGEST) -> Outcome:
    """Waits for a process."""
    output, errors = process.communicate(stdin, timeout)
    return sound(Outcome(process.returncode, output, errors))


def sound(outcome: Outcome) -> Outcome:
    """The outcome; one with a traceback has a defect, whatever the test looks for."""
    assert "Traceback" not in outcome.output + outcome.errors, outcome.errors
    assert "ResourceWarning" not in outcome.errors, outcome.errors
    return outcome


def run(*arguments: str | Path, stdin: str | None = None, **options: object) -> Outcome:
    return finish(start(*arguments, **options), stdin)  # type: ignore[arg-type]


def refused(*arguments: str | Path, code: int, zh: str, en: str, **options: object) -> None:
    """Runs a command in both languages, which must end with ``code`` and a message that holds ``zh`` or ``en``."""
    processes = {language: start(*arguments, language=language, **options) for language in ("zh", "en")}  # type: ignore[arg-type]
    for language, outcome in [(language, finish(process)) for language, process in processes.items()]:
        outcome.refuses(code, {"zh": zh, "en": en}[language], language)
