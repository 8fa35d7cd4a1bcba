"""What the reference pages show: the real ``--help`` of every command, and the public names of the packages.

A page says where by ``<!-- commands -->`` or ``<!-- names of rag -->``.
"""

import json
import os
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("zh", "en")

_ALL_HELP = """
import json, sys
from typer.main import get_command
from rag.terminal.cli import app

def told(command, context_class, name, parent=None):
    context = context_class(command, info_name=name, parent=parent)
    yield context.command_path, command.get_help(context)
    for inner, found in getattr(command, "commands", {}).items():
        yield from told(found, context_class, inner, context)

command = get_command(app)
json.dump(list(told(command, command.context_class, "youju")), sys.stdout)
"""


@cache
def help_of_commands(language: str) -> list[tuple[str, str]]:
    """Each command with what ``--help`` says of it in a language, in the order of the command line."""
    settings = {"YOUJU_LANGUAGE": language, "COLUMNS": "100", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YOUJU_")}
    said = subprocess.run([sys.executable, "-c", _ALL_HELP], env=kept | settings, capture_output=True, check=True)
    return [(command, text) for command, text in json.loads(said.stdout)]


def public_names(package: str) -> list[str]:
    """The names that a package exports, constants of the interpreter (``__version__``) left out."""
    sys.path.insert(0, str(ROOT))
    try:
        return [name for name in import_module(package).__all__ if not name.startswith("__")]
    finally:
        sys.path.remove(str(ROOT))


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The page with what its marks stand for."""
    language = page.file.src_uri.partition("/")[0]
    if "<!-- commands -->" in markdown and language in LANGUAGES:
        sections = [f"## {command}\n\n```text\n{text}\n```" for command, text in help_of_commands(language)]
        markdown = markdown.replace("<!-- commands -->", "\n\n".join(sections))
    shown: set[str] = set()

    def listed(mark: re.Match[str]) -> str:
        """The names of a package; one that an earlier package of the page exports too is the same, and stands there."""
        names = [name for name in public_names(mark[1]) if name not in shown]
        shown.update(names)
        return "\n\n".join(f"::: {mark[1]}.{name}" for name in names)

    return re.sub(r"<!-- names of (\w+) -->", listed, markdown)
