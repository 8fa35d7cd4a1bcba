"""What the pages for users show is so: their commands and their Python run, and print what they say."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import youju_call
from guide_pages import DOCS, Block, blocks, pages

from rag.assistant import Assistant
from tests.serving import served

# Gradio makes event loops that it never closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SETTINGS = {"YOUJU_READER": "default", "YOUJU_LANGUAGE_MODEL": "extractive"}
SERVER = "http://127.0.0.1:7860"
KINDS = {"python", "console", "json", "csv", "nginx", "text"}
RUN = [*(("zh", name) for name in pages("zh")), ("en", "tutorial")]
"""The pages in English have the blocks of those in Chinese, so one of them is enough to see that the language works."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the documents of the tutorial, and their index."""
    folder = tmp_path_factory.mktemp("guide")
    save(blocks(pages("zh")["tutorial"]), folder)
    with contextlib.chdir(folder):
        assert youju_call.run("add", "documents", "--index", "my-index", real=True, **SETTINGS).code == 0
    return folder


@pytest.fixture(scope="module")
def url(prepared: Path) -> Iterator[str]:
    pytest.importorskip("gradio")
    shutil.copytree(prepared / "my-index", prepared / "served-index")
    with (
        Assistant.open(prepared / "served-index", language_model="extractive", reader="default") as assistant,
        served(assistant, page=False) as address,
    ):
        yield address


def save(listed: list[Block], folder: Path) -> None:
    for block in listed:
        if block.title:
            (folder / block.title).parent.mkdir(exist_ok=True)
            (folder / block.title).write_text(block.code, "utf-8")


def run_python(code: str, names: dict[str, Any]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "<page>", "exec"), names)
    for comment in re.findall(r"^ *print\(.*\)  # (.+)$", code, re.MULTILINE):
        assert comment in said.getvalue()
    return said.getvalue()


def run_command(line: str, language: str) -> str:
    words = shlex.split(line)
    given = dict(words.pop(0).split("=", 1) for _ in range(sum("=" in word for word in words[:1])))
    if words[0] != "youju":
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout
    done = youju_call.run(*words[1:], language=language, real=True, **SETTINGS | given)
    assert done.code == 0, (line, done)
    return done.output


@pytest.mark.parametrize(("language", "name"), RUN)
def test_page_is_true(
    language: str,
    name: str,
    prepared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    listed = blocks(pages(language)[name])
    if not any(block.kind in ("python", "console") and not block.reason for block in listed):
        return
    folder = tmp_path / "guide"
    shutil.copytree(prepared, folder, ignore=shutil.ignore_patterns("served-index"))
    monkeypatch.chdir(folder)
    for variable, value in (SETTINGS | {"YOUJU_LANGUAGE": language}).items():
        monkeypatch.setenv(variable, value)
    save(listed, folder)
    names: dict[str, Any] = {"__name__": "page"}
    said = ""
    for block in listed:
        if block.reason or block.title:
            continue
        code = block.code
        if SERVER in code and block.kind in ("python", "console"):
            code = code.replace(SERVER, request.getfixturevalue("url"))
        if block.kind == "python":
            said = run_python(code, names)
        elif block.kind == "console":
            said = "".join(run_command(line, language) for line in code.splitlines())
        elif block.kind == "text":
            assert [line for line in code.splitlines() if line not in said] == [], said


@pytest.mark.parametrize("name", pages("zh"))
def test_what_is_not_run_can_be(name: str) -> None:
    for block in blocks(pages("zh")[name]):
        if block.kind == "json":
            json.loads(block.code)
        elif block.reason and block.kind == "python":
            ast.parse(block.code)
        elif block.reason:
            assert block.kind == "console"
            subprocess.run(["bash", "-n", "-c", block.code], check=True)
            for line in block.code.splitlines():
                check_options(shlex.split(line))


def check_options(words: list[str]) -> None:
    """A line that begins with ``youju`` names a command, with options and arguments that it takes."""
    from typer.main import get_command

    from rag.terminal.cli import app

    while "=" in words[0]:
        words.pop(0)
    if words.pop(0) == "youju":
        command: Any = get_command(app)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        command.make_context("youju", words)


def test_wrong_options_would_be_seen() -> None:
    with pytest.raises(Exception, match="--no-such-option"):
        check_options(["youju", "ask", "问", "--no-such-option"])


def test_both_languages_say_the_same() -> None:
    chinese, english = pages("zh"), pages("en")
    assert chinese.keys() == english.keys()
    for name in chinese:
        assert blocks(chinese[name]) == blocks(english[name]), name
        assert re.findall(r"^#+ ", chinese[name], re.M) == re.findall(r"^#+ ", english[name], re.M), name


def test_every_block_is_of_a_kind_that_is_looked_at() -> None:
    for name, text in pages("zh").items():
        assert len(blocks(text)) * 2 == len(re.findall(r"^```", text, re.MULTILINE)), name
        assert {block.kind for block in blocks(text)} <= KINDS, name


@pytest.mark.parametrize("language", ["zh", "en"])
def test_measured_figures_are_those_of_the_evaluation(language: str) -> None:
    known = "".join((DOCS / f"{name}.md").read_text("utf-8") for name in ("evaluation", "notebook", "benchmarks"))
    for name in ("verification", "silence", "limits", "large-collections"):
        figures = set(re.findall(r"(?<![\d.])(?:0\.\d+|1\.000|\d{1,3}(?:,\d{3})+)", pages(language)[name]))
        assert {figure for figure in figures if figure not in known} - {"5,000,000"} == set(), name


def test_curl_is_the_only_other_command() -> None:
    lines = [
        line
        for text in pages("zh").values()
        for b in blocks(text)
        if b.kind == "console"
        for line in b.code.splitlines()
    ]
    assert {word for line in lines if "=" not in (word := line.split()[0])} <= {"youju", "curl", "pip"}
