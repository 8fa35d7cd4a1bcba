"""docs/adding.md is true: its code, put where it says into a copy of the project, adds what it says."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docx import Document as WordDocument

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", (ROOT / "docs/adding.md").read_text("utf-8"), re.M | re.S))
PLACE = re.compile(r"# (?P<file>\S+\.py)(?:, (?P<table>\w+))?\n")
ANALYSIS = ("text", "questions", "search", "reading", "checking", "answering")
"""Folders of rag/ whose modules tell from words what a text or a question says."""
MANY = 60
"""A module with more Chinese characters than this knows words that another language would need."""


def blocks(section: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", SECTIONS[section], re.DOTALL)


def into_table(file: Path, table: str, line: str) -> None:
    text, tables = re.subn(rf"^({table}: .* = \{{\n)", rf"\1    {line}\n", file.read_text("utf-8"), flags=re.MULTILINE)
    assert tables == 1, f"{file} has {tables} tables of the name {table}"
    file.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with one file and one line more for everything that docs/adding.md adds."""
    copy = tmp_path_factory.mktemp("project")
    for package in ("embeddings", "eval", "rag"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for block in (block for section in SECTIONS for block in blocks(section)):
        place = PLACE.match(block)
        if place and place["table"]:
            line = block[place.end() :].strip()
            assert "\n" not in line
            into_table(copy / place["file"], place["table"], line)
        elif place:
            assert not (copy / place["file"]).exists()
            (copy / place["file"]).write_text(block, "utf-8")
    return copy


def run(code: str, project: Path, folder: Path, **settings: str) -> str:
    """What a program prints that has the copy of the project, and a folder of its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("YOUJU_") or name == "YOUJU_HOME"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder, env=own | settings | {"PYTHONPATH": str(project)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("section", "printed"),
    [
        ("A file format", "我国累计建成5G基站超过264万个。"),
        ("An embedder", "汽车 ('lexical', 'dense')"),
        ("A language model", "为了防止污染，两个部门建立了电池回收的协调机制"),
        ("A metric", "{'value': 0.0, 'low': 0.0, 'high': 0.0}"),
        ("A language", "2,64 millions de stations 5G"),
    ],
    ids=["format", "embedder", "language_model", "metric", "language"],
)
def test_what_is_added_works(section: str, printed: str, project: Path, tmp_path: Path) -> None:
    # What needs no meaning of words takes the embedder that was added, which is ready at once.
    embedder = "default" if section == "A language" else "pairs"
    (used,) = [block for block in blocks(section) if not PLACE.match(block)]
    output = run(used, project, tmp_path, YOUJU_EMBEDDER=embedder)
    assert printed in output
    for comment in re.findall(r"^ *print\(.*  # (.*?)…?$", used, re.MULTILINE):
        assert comment in output


@pytest.mark.parametrize("section", ["A file format", "An embedder", "A language model", "A metric"])
def test_it_is_one_file_and_one_line(section: str) -> None:
    places = [place for block in blocks(section) if (place := PLACE.match(block))]
    assert [bool(place["table"]) for place in places] == [False, True]


def test_a_folder_takes_the_new_format(project: Path, tmp_path: Path) -> None:
    (tmp_path / "讲话.srt").write_text("1\r\n00:00:01,000 --> 00:00:04,000\r\n第一句。\r\n\r\n", "gb18030")
    code = "from rag.loading import find_files, load\nprint([load(file).text for file in find_files(['.'])])"
    assert run(code, project, tmp_path) == "['第一句。']\n"


def test_a_binary_format_is_one_line_too(project: Path, tmp_path: Path) -> None:
    with_macros = '".docm": Format("rag.formats.docx:extract", ("ZIP",)),'
    into_table(project / "rag/loading/formats.py", "FORMATS", with_macros)
    document = WordDocument()
    document.add_paragraph("第一段。")
    document.save(str(tmp_path / "文件.docm"))
    (tmp_path / "坏.docm").write_text("只是文字", "utf-8")
    code = (
        "import rag\nfrom rag.loading import load\nprint(load('文件.docm').text)\n"
        "try:\n    load('坏.docm')\nexcept rag.YoujuError as error:\n    print(error.en)"
    )
    text, refusal = run(code, project, tmp_path).splitlines()
    assert text == "第一段。"
    assert "no DOCM" in refusal


def chinese_in(module: Path) -> int:
    """How many Chinese characters stand in a module's own strings: no documentation, no message of an error."""
    tree = ast.parse(module.read_text("utf-8"))
    left_out = {
        id(inner)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.keyword) and node.arg == "zh")
        for inner in ast.walk(node)
    }
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out
    ]
    return sum(len(re.findall("[\u3400-\u9fff]", string)) for string in strings)


def test_modules_that_another_language_would_need_hold_chinese() -> None:
    named = set(re.findall(r"`((?:rag|ui|eval|training)/\w+(?:/\w+)?\.py)`", SECTIONS["A language"]))
    assert len(named) > 20
    assert {name for name in named if name.startswith("rag/") and not chinese_in(ROOT / name)} == set()
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_no_module_with_many_chinese_words_is_left_out() -> None:
    modules = [path for folder in ANALYSIS for path in (ROOT / "rag" / folder).glob("*.py")]
    full = {path.relative_to(ROOT).as_posix() for path in modules if chinese_in(path) > MANY}
    assert full - set(re.findall(r"`(rag/\w+/\w+\.py)`", SECTIONS["A language"])) == set()
