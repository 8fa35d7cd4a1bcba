"""The pages of the documentation for users (docs/zh, docs/en) and the blocks of code on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n)?^```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A block of code: what it is of, the file that it is to be saved as, and why it is not run, each where there is one."""

    kind: str
    code: str
    title: str = ""
    reason: str = ""


def pages(language: str) -> dict[str, str]:
    """The pages of a language by their names."""
    return {path.stem: path.read_text("utf-8") for path in sorted((DOCS / language).glob("*.md"))}


def blocks(text: str) -> list[Block]:
    """The blocks of a page, in order."""
    return [
        Block(found["kind"], found["code"], found["title"] or "", found["reason"] or "")
        for found in _BLOCK.finditer(text)
    ]
