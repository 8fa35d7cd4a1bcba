"""The site asks no other host for anything: a build whose pages would is a failed one."""

import re
from pathlib import Path
from typing import Any

_ASKED_FOR = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*?\bsrc=[\"']?((?:https?:)?//[^\"'\s>]+)"
    r"|<link\b[^>]*?\bhref=[\"']?((?:https?:)?//[^\"'\s>]+)"
    r"|url\([\"']?((?:https?:)?//[^\"')]+)"
)


def asked_of_others(folder: Path) -> list[str]:
    """What the pages and style sheets of a folder would fetch from other hosts, each with its file."""
    files = [file for suffix in ("html", "css") for file in sorted(folder.rglob(f"*.{suffix}"))]
    return [
        f"{file.relative_to(folder).as_posix()}: {next(filter(None, found.groups()))}"
        for file in files
        for found in _ASKED_FOR.finditer(file.read_text(encoding="utf-8"))
    ]


def on_post_build(*, config: Any) -> None:
    """Ends the build where a page asks another host.

    Raises:
        SystemExit: there is one.
    """
    if found := asked_of_others(Path(config.site_dir)):
        raise SystemExit("the site would ask other hosts:\n" + "\n".join(found[:20]))
