"""Footnotes of a page: links from a mark in the text to a note further down, and the way back."""

import re
import unicodedata
from collections import Counter
from typing import Any

_MARK = re.compile(
    r"[\[［〔【(（]?\s*((?:注释?|note|nb|N|参)?\s*[0-9０-９]{1,4}|[a-zA-Z*†‡§]|[①-⑳㉑-㉟]|[ivx]{1,6})\s*[\]］〕】)）]?",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[\[［〔【].+[\]］〕】]|[①-⑳㉑-㉟]|[(（]\d{1,3}[)）]")
_BACK = re.compile(r"\W*|\W*(?:\d+\.\d+|[a-z]|返回.{0,6}|回到.{0,6}|跳转.{0,6}|back)\W*", re.IGNORECASE)
_ARROWS = re.compile(r"^[\s↑^↩⏎]+")
_BLOCKS = frozenset({"p", "li", "div", "dd", "td", "dt", "section", "aside"})
_AFTER_LABEL = re.compile(r"[.．、:：](?!\d)")
_LONGEST_NOTE = 20_000  # characters; of a block that holds several, too
_MOST_LINKS = 20_000


class Notes:
    """The notes of a page.

    Attributes:
        marks: the elements that are marks (``<a>``, or the ``<sup>`` around it), each with its label.
        bodies: the blocks that hold the text of one note, each with its label.
        starts: the elements that begin a note where a block holds several, each with its label.
        backs: the links within notes that lead back to the text.
    """

    def __init__(self, root: Any) -> None:
        self.marks: dict[Any, str] = {}
        self.bodies: dict[Any, str] = {}
        self.starts: dict[Any, str] = {}
        self.backs: set[Any] = set()
        links = [link for link in root.iter("a") if "#" in link.get("href", "")][: _MOST_LINKS + 1]
        if links and len(links) <= _MOST_LINKS:
            self._find(root, links)

    def _find(self, root: Any, links: list[Any]) -> None:
        order, targets = _places(root, {_fragment(link) for link in links})
        labels = _Labels()
        blocks: dict[Any, Any] = {}
        fit: dict[Any, bool] = {}
        backwards: list[Any] = []
        for link in links:
            target = targets.get(_fragment(link))
            if target is None:
                continue
            if order[target] < order[link]:
                backwards.append(link)
            elif said := _label(link):
                if target not in blocks:
                    block = _block(target)
                    if block not in fit:
                        fit[block] = _holds_only_notes(block)
                    blocks[target] = block if fit[block] else None
                if blocks[target] is not None and blocks[target] not in link.iterancestors():
                    self.marks[_whole_mark(link)] = labels.label(target, said)
        held = Counter(blocks[target] for target in labels.given)
        for target, label in labels.given.items():
            if held[blocks[target]] > 1:
                self.starts[target] = label
            else:
                self.bodies[blocks[target]] = label
        for link in backwards:
            text = "".join(link.itertext()).strip()
            is_back = (_BACK.fullmatch(text) or _label(link)) and link not in self.starts
            if is_back and any(one in held for one in link.iterancestors()):
                self.backs.add(link)


class _Labels:
    """Gives each note the label that the page shows, with a number behind it where another note has it."""

    def __init__(self) -> None:
        self.given: dict[Any, str] = {}
        self._uses: Counter[str] = Counter()

    def label(self, target: Any, said: str) -> str:
        if target not in self.given:
            self._uses[said] += 1
            self.given[target] = said if self._uses[said] == 1 else f"{said}-{self._uses[said]}"
        return self.given[target]


def without_back_marks(note: str, label: str) -> str:
    """A note's text without what leads back to its mark: arrows, and its label in brackets."""
    note = _ARROWS.sub("", note.strip()).strip()
    found = _MARK.match(note)
    if (
        found
        and _as_label(found[1]) == label
        and (_BRACKETED.fullmatch(found[0].strip()) or _AFTER_LABEL.match(note, found.end()))
    ):
        note = note[found.end() :]
    return note.lstrip(" \u3000.．、:：")


def _places(root: Any, wanted: set[str]) -> tuple[dict[Any, int], dict[str, Any]]:
    """Where links and elements with names stand, counted from the page's beginning, and those with a wanted name."""
    order: dict[Any, int] = {}
    targets: dict[str, Any] = {}
    for place, element in enumerate(root.iter()):
        if isinstance(element.tag, str) and (element.tag == "a" or element.get("id")):
            order[element] = place
            for name in (element.get("id"), element.get("name") if element.tag == "a" else None):
                if name in wanted:
                    targets.setdefault(name, element)
    return order, targets


def _fragment(link: Any) -> str:
    return str(link.get("href")).rpartition("#")[2]


def _label(link: Any) -> str:
    """The label of a link that is a mark: it is raised, in brackets or in a circle; else empty."""
    text = "".join(link.itertext()).strip()
    found = _MARK.fullmatch(text) if len(text) <= 12 else None
    if found is None:
        return ""
    parent = link.getparent()
    is_raised = link.find("sup") is not None or (parent is not None and parent.tag == "sup")
    if not (
        is_raised or _BRACKETED.fullmatch(text) or "footnote" in (link.get("class") or "") + (link.get("role") or "")
    ):
        return ""
    return _as_label(found[1])


def _as_label(text: str) -> str:
    return unicodedata.normalize("NFKC", "".join(text.split()))  # ① and １ are 1


def _block(target: Any) -> Any:
    """The block that holds a note, of which ``target`` is the whole or a part."""
    return target if target.tag in _BLOCKS else next(target.iterancestors(*_BLOCKS), None)


def _holds_only_notes(block: Any) -> bool:
    if block is None or next(block.iterdescendants("h1", "h2"), None) is not None:
        return False
    return sum(map(len, block.itertext())) <= _LONGEST_NOTE


def _whole_mark(link: Any) -> Any:
    parent = link.getparent()
    if (
        parent is not None
        and parent.tag == "sup"
        and "".join(parent.itertext()).strip() == "".join(link.itertext()).strip()
    ):
        return parent
    return link
