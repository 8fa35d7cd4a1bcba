"""The documentation site: what `make docs` puts together, looked at without building it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


SITE: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def hook(name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(f"hook_{name}", DOCS / "hooks" / f"{name}.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def page(path: str) -> Any:
    return SimpleNamespace(file=SimpleNamespace(src_uri=path, abs_src_path=str(DOCS / path)))


def in_menu(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    return [page for inner in (part.values() if isinstance(part, dict) else part) for page in in_menu(inner)]


def test_every_page_is_in_the_menu_once() -> None:
    assert sorted(in_menu(SITE["nav"])) == PAGES


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower())).strip("-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    text = re.sub(r"^```.*?^```$", "", (DOCS / name).read_text("utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text)):
        path, _, anchor = link.partition("#")
        assert not path.startswith("http"), link
        target = (DOCS / name).parent / path if path else DOCS / name
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


def test_reference_has_the_help_of_every_command_in_both_languages() -> None:
    shown = {
        language: hook("reference").on_page_markdown("<!-- commands -->", page=page(f"{language}/commands.md"))
        for language in ("zh", "en")
    }
    for text in shown.values():
        assert {"## youju", "## youju ask", "## youju eval run", "## youju model list"} <= set(text.splitlines())
        assert "--index" in text and "<!--" not in text
    assert "提问，回答附逐字出处" in shown["zh"] and "提问" not in shown["en"]


def test_reference_names_what_the_packages_export_and_nothing_twice() -> None:
    import eval
    import rag

    marks = "<!-- names of rag -->\n<!-- names of embeddings -->\n<!-- names of eval -->"
    shown = re.findall(r"^::: (\S+)$", hook("reference").on_page_markdown(marks, page=page("reference.md")), re.M)
    assert {f"rag.{name}" for name in rag.__all__ if name != "__version__"} <= set(shown)
    assert {f"eval.{name}" for name in eval.__all__} | {"embeddings.embed"} <= set(shown)
    names = [name.partition(".")[2] for name in shown]
    assert sorted(names) == sorted(set(names))


def test_links_out_of_the_site_become_paths_and_broken_ones_stay() -> None:
    told = hook("outside_links").on_page_markdown
    text = "[`rag/loading/base.py`](../rag/loading/base.py), [a manual](../training/README.md), [pages](zh/index.md)"
    assert told(text, page=page("adding.md")) == (
        "`rag/loading/base.py`, a manual (`training/README.md`), [pages](zh/index.md)"
    )
    broken = "[gone](../rag/gone.py) [etc](../../../../etc/hostname)"
    assert told(broken, page=page("adding.md")) == broken


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ('<script src="https://cdn.example/x.js"></script>', ["https://cdn.example/x.js"]),
        ('<link rel="stylesheet" href="//fonts.example/a.css">', ["//fonts.example/a.css"]),
        ('<img alt="x" src="http://img.example/a.png">', ["http://img.example/a.png"]),
        ("<style>@font-face{src:url(https://f.example/a.woff2)}</style>", ["https://f.example/a.woff2"]),
        ('<a href="https://example.org">x</a><script src="assets/a.js"></script><img src="a.png">', []),
    ],
)
def test_a_page_that_asks_another_host_is_noticed(text: str, asked: list[str], tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text, "utf-8")
    own_host = hook("own_host")
    assert own_host.asked_of_others(tmp_path) == [f"page.html: {address}" for address in asked]
    if asked:
        with pytest.raises(SystemExit, match="other hosts"):
            own_host.on_post_build(config=SimpleNamespace(site_dir=str(tmp_path)))


def test_the_site_is_told_to_take_nothing_from_elsewhere() -> None:
    assert SITE["theme"]["font"] is False
    assert [(DOCS / script).is_file() for script in SITE["extra"]["polyfills"]] == [True]
    assert "iframe-worker" in SITE["extra"]["polyfills"][0]  # or the offline plugin names another host for it
    assert {"offline", "search"} <= {next(iter(each)) if isinstance(each, dict) else each for each in SITE["plugins"]}
