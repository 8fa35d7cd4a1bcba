"""How much is written by hand: regular expressions, Chinese words of rules, lines, and the way of one question.

    python benchmarks/gauge.py          # the code alone
    python benchmarks/gauge.py --ask    # also what one question enters

A regular expression is a call of ``re`` with a pattern. A rule word is a run of Chinese characters, each counted once for
all of ``rag/``, in a pattern or in a constant of a module (a table, a set); docstrings and messages are none. What a
question enters are the functions and modules of ``rag/`` that a second, new question runs, asked of the sample documents.
"""

import argparse
import ast
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from benchmarks.results import ROOT, Table

RAG = ROOT / "rag"
QUESTIONS = ("截至2023年3月底我国建成了多少个5G基站？", "2023年一季度软件业收入增长多少？")
_HAN = re.compile("[\u4e00-\u9fff]+")
_PATTERNS = {"compile", "search", "match", "fullmatch", "sub", "subn", "findall", "finditer", "split"}
_MESSAGES = {"messages.py", "index/doctor.py"}
"""Modules whose Chinese is said to the user, beside those of the command line."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a module holds: its lines, its regular expressions, and the words of its rules."""

    lines: int
    expressions: int
    words: frozenset[str]


def written(path: Path) -> Written:
    """What stands in a module."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    calls = [node for node in ast.walk(tree) if _is_pattern(node)]
    rules = [*calls, *_constants(tree)]
    words = {word for rule in rules for string in _strings(rule) for word in _HAN.findall(string)}
    name = path.relative_to(RAG).as_posix()
    said = name in _MESSAGES or name.startswith("terminal/")
    return Written(text.count("\n"), len(calls), frozenset() if said else frozenset(words))


def _is_pattern(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _PATTERNS:
        return False
    return isinstance(node.func.value, ast.Name) and node.func.value.id == "re"


def _constants(tree: ast.Module) -> Iterator[ast.AST]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield node.value


def _strings(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def entered() -> tuple[Counter[str], set[str]]:
    """How often each function of ``rag/`` is entered for one question, and the modules that hold them."""
    from rag.assistant import Assistant

    calls: Counter[str] = Counter()
    modules: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        code: CodeType = frame.f_code
        if event == "call" and code.co_filename.startswith(str(RAG)) and not code.co_name.startswith("<"):
            module = Path(code.co_filename).relative_to(RAG).as_posix()
            calls[f"{module}:{code.co_qualname}"] += 1
            modules.add(module)

    with tempfile.TemporaryDirectory() as folder, Assistant.open(folder, language_model="extractive") as assistant:
        assistant.add(sorted((ROOT / "seeds").glob("*.txt")))
        assistant.ask(QUESTIONS[0])
        sys.setprofile(note)
        try:
            assistant.ask(QUESTIONS[1])
        finally:
            sys.setprofile(None)
    return calls, modules


def main() -> None:
    """Prints the gauge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ask", action="store_true", help="ask a question and count what it enters")
    parser.add_argument("--most", type=int, default=15, help="how many modules to list")
    arguments = parser.parse_args()
    found = {path.relative_to(RAG).as_posix(): written(path) for path in sorted(RAG.rglob("*.py"))}
    every = frozenset[str]().union(*(each.words for each in found.values()))
    totals = [
        ["modules", len(found)],
        ["lines", sum(each.lines for each in found.values())],
        ["regular expressions", sum(each.expressions for each in found.values())],
        ["rule words", len(every)],
    ]
    if arguments.ask:
        calls, modules = entered()
        totals += [["functions entered for one question", len(calls)], ["modules on its way", len(modules)]]
    print(Table(["rag/", "count"], [[name, f"{count:,}"] for name, count in totals]))
    print()
    worst = sorted(found.items(), key=lambda each: -len(each[1].words))[: arguments.most]
    rows = [[name, f"{each.lines:,}", f"{each.expressions}", f"{len(each.words)}"] for name, each in worst]
    print(Table(["module", "lines", "regular expressions", "rule words"], rows))


if __name__ == "__main__":
    main()
