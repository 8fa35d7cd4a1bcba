"""Bullets and numbers of a slide's paragraphs, which its layout and master define unless the paragraph does."""

from collections.abc import Iterator
from typing import Any

from rag.formats.archives import Archive

_PLAIN, _BULLET = "buNone", ("buChar", "buBlip")
_CHINESE_DIGITS = "〇一二三四五六七八九"
_NUMBERED = "buAutoNum"


class ListStyles:
    """Where the paragraphs of one slide find their list style.

    Args:
        archive: the file.
        path: that of the slide in it.
        trees: layouts and masters parsed for other slides, by path.
    """

    def __init__(self, archive: Archive, path: str, trees: dict[str, Any]) -> None:
        layout = next(iter(archive.related(path, "slideLayout")), "")
        master = next(iter(archive.related(layout, "slideMaster")), "") if layout else ""
        for path in (layout, master):
            if path and path not in trees:
                trees[path] = archive.tree(path)
        self._layout, self._master = trees.get(layout), trees.get(master)

    def of(self, shape: Any, placeholder: Any, paragraph: Any) -> Any:
        """The element that says how a paragraph is marked (``buChar`` and the like); None where nothing does."""
        level = _level(paragraph) + 1
        for properties in self._properties(shape, placeholder, paragraph, f"lvl{level}pPr"):
            for child in properties:
                if (kind := str(child.tag).rpartition("}")[2]) in (_PLAIN, _NUMBERED, *_BULLET):
                    return None if kind == _PLAIN else child
        return None

    def _properties(self, shape: Any, placeholder: Any, paragraph: Any, level: str) -> Iterator[Any]:
        """The properties of paragraphs that hold for this one, the nearest first."""
        sources = [paragraph.find("{*}pPr"), shape.find(f"{{*}}txBody/{{*}}lstStyle/{{*}}{level}")]
        if placeholder is not None:
            kind = placeholder.get("type", "obj")
            body = kind in ("obj", "body")
            for tree in (self._layout, self._master):
                held = _same_place(tree, placeholder, by_index=tree is self._layout)
                if held is not None:
                    sources.append(held.find(f"{{*}}txBody/{{*}}lstStyle/{{*}}{level}"))
            if body and self._master is not None:
                sources.append(self._master.find(f"{{*}}txStyles/{{*}}bodyStyle/{{*}}{level}"))
        yield from (source for source in sources if source is not None)


def item_mark(paragraph: Any, style: Any, numbers: dict[int, int]) -> str:
    """What stands before a paragraph: ``- ``, its number, or nothing. ``numbers`` keeps the last number of each level."""
    level = _level(paragraph)
    kind = "" if style is None else str(style.tag).rpartition("}")[2]
    for deeper in [each for each in numbers if each > level or (each == level and kind != _NUMBERED)]:
        del numbers[deeper]
    if kind != _NUMBERED:
        return "- " if kind else ""
    start = style.get("startAt", "1")
    first = int(start) if start.isdecimal() and len(start) < 6 else 1
    numbers[level] = numbers[level] + 1 if level in numbers else first
    return _numbered(numbers[level], style.get("type", "arabicPeriod"))


def _numbered(number: int, kind: str) -> str:
    shown = str(number)
    if kind.startswith("ea1") and number < 100:
        tens, ones = divmod(number, 10)
        shown = (
            (_CHINESE_DIGITS[tens] if tens > 1 else "") + "十" * bool(tens) + (_CHINESE_DIGITS[ones] if ones else "")
        )
        if "Db" in kind:  # 一、
            return f"{shown}、"
    if kind.startswith("alpha") and number <= 26:
        shown = chr((64 if "Uc" in kind else 96) + number)
    if kind.endswith("ParenBoth"):
        return f"({shown}) "
    if kind.endswith("Plain"):
        return f"{shown} "
    return f"{shown}) " if kind.endswith("ParenR") else f"{shown}. "


def _same_place(tree: Any, placeholder: Any, *, by_index: bool) -> Any:
    """The shape of a layout (by index) or master (by kind) whose place a slide's placeholder takes."""
    if tree is None:
        return None
    kind, index = placeholder.get("type", "obj"), placeholder.get("idx", "0")
    for shape in tree.iterfind("{*}cSld/{*}spTree/{*}sp"):
        held = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
        if held is None:
            continue
        if (
            (held.get("idx", "0") == index)
            if by_index
            else (held.get("type", "obj").replace("obj", "body") == kind.replace("obj", "body"))
        ):
            return shape
    return None


def _level(paragraph: Any) -> int:
    properties = paragraph.find("{*}pPr")
    level = properties.get("lvl", "0") if properties is not None else "0"
    return int(level) if level.isdecimal() and len(level) == 1 else 0
