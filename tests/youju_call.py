"""The command ``youju`` in this process, with the hashing embedder unless it is ``real``: for what a command says and does.

Where a process has to be seen to start, to end, or to have limits of its own, it is run as one: tests/youju_process.py.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder, stand_in
from youju_process import Outcome, environment, sound

from embeddings import loading
from rag.terminal.cli import main
from rag.tracing.logs import PACKAGES


def run(*arguments: str | Path, stdin: str = "", language: str = "zh", real: bool = False, **variables: str) -> Outcome:
    """The code, output and errors of a command, in an environment with these variables."""
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - environment().keys():
            patch.delenv(name)
        for name, value in environment(language, **variables).items():
            patch.setenv(name, value)
        for name, stream in (("stdin", given), ("stdout", output), ("stderr", errors)):
            patch.setattr(sys, name, stream)
        for package in PACKAGES:  # pytest keeps every record, and with it an error and the files that its code had open
            patch.setattr(logging.getLogger(package), "propagate", False)
        if not real:
            patch.setattr(loading, "_shared", stand_in(HashingEmbedder()))
        with pytest.raises(SystemExit) as ended:
            main(list(map(str, arguments)))
    assert isinstance(ended.value.code, int)
    said, complained = (stream.buffer.getvalue().decode() for stream in (output, errors))  # type: ignore[attr-defined]
    return sound(Outcome(ended.value.code, said, complained))


def refused(*arguments: str | Path, code: int, zh: str, en: str, **variables: str) -> None:
    """Calls a command in both languages, which must end with ``code`` and a message that holds ``zh`` or ``en``."""
    for language, told in (("zh", zh), ("en", en)):
        run(*arguments, language=language, **variables).refuses(code, told, language)
