"""What importing and the light commands may cost: nothing heavy before it is used; imports point one way."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from youju_process import environment

ROOT = Path(__file__).resolve().parent.parent
HEAVY = (
    "torch",
    "sentence_transformers",
    "transformers",
    "faiss",
    "langchain",
    "langchain_core",
    "gradio",
    "xllamacpp",
    "opencc",
    "pymilvus",
    "grpc",
)
QUESTION = "截至2023年3月底我国建成了多少个5G基站？"
STARTS_THEM_ALL = ("cli.py", "question_commands.py", "server_commands.py")
"""Modules of the command line that start the page and the evaluation."""
BELOW = {"embeddings": {"embeddings"}, "rag": {"embeddings", "rag", "seeds"}}


def loaded_by(code: str, **variables: str) -> set[str]:
    """The heavy packages that a fresh process has loaded when ``code`` has run."""
    script = f"{code}\nimport sys\nprint('LOADED', *(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, encoding="utf-8", env=environment(**variables)
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


def command(*arguments: str) -> str:
    return (
        "from rag.terminal.cli import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit as ended:\n    assert not ended.code, ended.code"
    )


def test_this_test_can_see_a_heavy_import() -> None:
    assert loaded_by("import faiss") == {"faiss"}


@pytest.mark.parametrize(
    "code",
    [
        "import rag, rag.terminal.cli, rag.index.store, rag.index.doctor",
        "import embeddings",
        "import ui.terminal",
        "import rag; rag.Assistant",
    ],
)
def test_importing_is_light(code: str) -> None:
    assert loaded_by(code) == set()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["add", "--help"], ["ask", "--help"], ["model", "list"], ["model", "list", "--json"]],
    ids=" ".join,
)
def test_light_commands_load_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(command(*arguments)) == set()


def test_listing_loads_nothing_heavy(tmp_path: Path) -> None:
    from contextlib import closing

    from hashing_embedder import DIMENSION, HashingEmbedder

    from embeddings import load
    from rag.index.indexing import add
    from rag.index.store import Store
    from rag.text.documents import Document

    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as store:
        add(store, load(HashingEmbedder()), Document("今天天气很好。", "a", "甲"))
    identifier = Document("今天天气很好。", "a", "甲").id
    assert loaded_by(command("list", "--index", str(tmp_path))) == set()
    assert loaded_by(command("edit", identifier, "--title", "乙", "--index", str(tmp_path))) == set()
    assert loaded_by(command("remove", identifier, "--index", str(tmp_path))) == set()


def test_listing_the_sample_documents_loads_nothing_heavy_once_they_are_indexed() -> None:
    prepare = subprocess.run([sys.executable, "-c", command("list")], capture_output=True, text=True, env=environment())
    assert prepare.returncode == 0, prepare.stderr
    assert loaded_by(command("list")) == set()


@pytest.mark.parametrize(
    "code",
    [
        command("search", QUESTION),
        command("ask", "--model", "extractive", QUESTION),
        f"import rag\nwith rag.Assistant.open(language_model='extractive') as opened:\n"
        f"    print(opened.ask('那上海呢？', history=[({QUESTION!r}, '264万个')]))",
    ],
    ids=["search", "ask", "follow-up"],
)
def test_a_question_is_answered_without_torch(code: str) -> None:
    assert loaded_by(code) <= {"faiss", "opencc"}


def packages_imported(path: Path) -> set[str]:
    """Top-level packages of ours that a module imports, wherever in the module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names & {"rag", "embeddings", "ui", "eval", "tests", "benchmarks"}


@pytest.mark.parametrize("package", BELOW)
def test_imports_point_one_way(package: str) -> None:
    files = [path for path in (ROOT / package).rglob("*.py") if path.name not in STARTS_THEM_ALL]
    assert len(files) > 5
    for path in files:
        assert packages_imported(path) <= BELOW[package], path


def modules_named(node: ast.ImportFrom) -> set[str]:
    """The modules that ``from package import name`` reads: the names that are modules, else the package."""
    folder = ROOT.joinpath(*(node.module or "").split("."))
    submodules = {f"{node.module}.{alias.name}" for alias in node.names if (folder / f"{alias.name}.py").exists()}
    return submodules or {node.module or ""}


def test_there_are_no_import_cycles() -> None:
    graph: dict[str, set[str]] = {}
    for path in (ROOT / "rag").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        graph[module] = {
            name
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.ImportFrom)
            for name in modules_named(node)
        }
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " → ".join((*above, module))
        if module in done:
            return
        for imported in graph.get(module, set()):
            if imported in graph:
                visit(imported, (*above, module))
        done.add(module)

    for module in graph:
        visit(module, ())
