"""The layout of the code is the one that docs/architecture.md draws: its folders, what each imports, every module once."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = (ROOT / "docs" / "architecture.md").read_text("utf-8")
FOLDERS = re.findall(r"^\| `rag/(\w+)/` \|[^|]*\|([^|]*)\|$", DOCS, re.MULTILINE)
"""Folders of rag/ in the order of the table, each with those it is said to import."""


def imports(folder: str) -> set[str]:
    """The folders of rag/ that a folder's modules import when they run; those only named in types are none."""
    found: set[str] = set()
    for path in (ROOT / "rag" / folder).rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for_types = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and id(node) not in for_types:
                parts = node.module.split(".")
                if parts[0] == "rag":
                    found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return {name for name in found if (ROOT / "rag" / name).is_dir()} - {folder}


def test_the_table_has_every_folder() -> None:
    packages = {path.parent.name for path in (ROOT / "rag").glob("*/__init__.py")}
    assert [folder for folder, _ in FOLDERS] and {folder for folder, _ in FOLDERS} == packages


@pytest.mark.parametrize(("folder", "said"), FOLDERS)
def test_a_folder_imports_what_the_table_says_and_only_from_above(folder: str, said: str) -> None:
    named = {name.strip() for name in said.split(",") if name.strip()}
    above = [name for name, _ in FOLDERS[: [name for name, _ in FOLDERS].index(folder)]]
    assert imports(folder) == named
    assert named <= set(above)


def test_every_module_has_one_place_in_the_table_of_modules() -> None:
    table = DOCS[DOCS.index("## Module by module") : DOCS.index("## What holds everywhere")]
    named = re.findall(r"`(rag/\w+/\w+\.py)`", table)
    there = [path.relative_to(ROOT).as_posix() for path in (ROOT / "rag").glob("*/*.py") if path.name != "__init__.py"]
    assert sorted(named) == sorted(there)


def test_no_two_modules_of_rag_share_a_name() -> None:
    names = [path.stem for path in (ROOT / "rag").rglob("*.py") if path.name != "__init__.py"]
    assert sorted(names) == sorted(set(names))
