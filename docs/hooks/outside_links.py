"""Links from docs/ to other files of the project, which the site does not hold, are shown as their words and their path.

A file that is not there keeps its link, so that ``mkdocs build --strict`` names it.
"""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"\[([^\]\n]+)\]\(((?:\.\./)+[^)#\s]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """The page without links that lead out of docs/ to a file that is there."""
    folder = Path(page.file.abs_src_path).parent

    def told(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        inside = target.is_relative_to(ROOT / "docs")
        if inside or not target.exists() or not target.is_relative_to(ROOT):
            return link[0]
        path = f"`{target.relative_to(ROOT).as_posix()}`"
        return link[1] if link[1].strip("`") in path else f"{link[1]} ({path})"

    return _LINK.sub(told, markdown)
