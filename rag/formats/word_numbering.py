"""Automatic numbering of a Word document: what stands before a paragraph, such as ``一、``, ``（1）``, ``第三条`` or ``1.2``.

A ``w:num`` is a use of a list (``w:abstractNum``) and may change levels of it; all uses of a list go on counting where the
last one ended, unless they give a start of their own.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from rag.formats.ordinal_formats import shown
from rag.formats.word_elements import WORD, alternative, number, switch, value
from rag.formats.word_styles import Styles

BULLET = "- "

_LEVELS = 9
_LONGEST_LABEL = 100  # characters
_PLACE = re.compile(r"%([1-9])")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_CLOSES = re.compile(r"[\u3000-\u303f\uff00-\uff0f\uff1a-\uff1f\uff3d\u2460-\u24ff\u3220-\u3243\u3280-\u32bf—]$")
_WORD_LIKE = re.compile(r"[0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class _Level:
    number_format: str
    text: str
    start: int
    restart: int | None  # the level, from 1, whose use begins it anew; None for any above it, 0 for none
    is_legal: bool  # its own number and those of the levels above are shown in plain digits
    suffix: str  # tab, space or nothing
    style: str


@dataclass(slots=True)
class _Counts:
    """Where a list stands: the last number given at each level, None where it begins anew."""

    last: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)


class Numbering:
    """The numbering of one document; labels are given in the order in which they are asked for.

    Args:
        root: ``w:numbering``, or None where the document has none.
        styles: the document's styles; some lists stand there.
    """

    def __init__(self, root: Any, styles: Styles) -> None:
        self._styles = styles
        self._uses = _by_identifier(root, "num", "numId")
        self._lists = _by_identifier(root, "abstractNum", "abstractNumId")
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[str, _Counts] = {}
        self._begun: set[tuple[str, int]] = set()

    def label(self, properties: Any, style_identifier: str, text: str) -> str:
        """What stands before a paragraph with this text, ready to be joined to it; empty where it has no number.

        Args:
            properties: its ``w:pPr``, or None.
            style_identifier: its style.
            text: what the paragraph says, which tells whether a space parts the two.
        """
        style = self._styles.paragraph(style_identifier)
        own = value(properties, "numPr/numId")
        use = own or style.list_number
        if use not in self._uses:
            return ""  # 0 takes the number away that the style gives
        levels = self._levels_of(use)
        place = value(properties, "numPr/ilvl")
        if not place and not own:
            place = next((str(at) for at, level in levels.items() if level.style == style_identifier), style.list_level)
        at = min(number(place), _LEVELS - 1)
        if at not in levels:
            return ""
        self._count(use, at, levels)
        return self._written(use, at, levels, text)

    def _count(self, use: str, at: int, levels: dict[int, _Level]) -> None:
        last = self._counts_of(use).last
        if (use, at) not in self._begun and self._start_override(use, at) is not None:
            last[at] = None
        self._begun.add((use, at))
        last[at] = self._start(use, at, levels) if last[at] is None else (last[at] or 0) + 1
        for below in range(at + 1, _LEVELS):
            restart = levels[below].restart if below in levels else None
            if restart is None or at < restart:
                last[below] = None

    def _written(self, use: str, at: int, levels: dict[int, _Level], text: str) -> str:
        level = levels[at]
        if not level.text:
            return ""
        if level.number_format == "bullet":
            return BULLET
        last = self._counts_of(use).last

        def place(found: re.Match[str]) -> str:
            other = int(found[1]) - 1
            if other not in levels or other > at:
                return ""
            count = last[other]
            number_format = "decimal" if level.is_legal else levels[other].number_format
            return _shown(self._start(use, other, levels) if count is None else count, number_format)

        label = _PRIVATE.sub("", _PLACE.sub(place, level.text)).strip()[:_LONGEST_LABEL]
        if not label or not text:
            return label
        is_apart = level.suffix != "nothing" or bool(_WORD_LIKE.match(text))
        return label + (" " if is_apart and not _CLOSES.search(label) else "")

    def _start(self, use: str, at: int, levels: dict[int, _Level]) -> int:
        override = self._start_override(use, at)
        return levels[at].start if override is None else override

    def _start_override(self, use: str, at: int) -> int | None:
        for changed in self._uses[use].iterfind(WORD + "lvlOverride"):
            if changed.get(WORD + "ilvl") == str(at) and (start := value(changed, "startOverride")):
                return number(start, 1)
        return None

    def _counts_of(self, use: str) -> _Counts:
        return self._counts.setdefault(value(self._uses[use], "abstractNumId"), _Counts())

    def _levels_of(self, use: str) -> dict[int, _Level]:
        if use not in self._levels:
            levels = {int(place): _level(element) for place, element in self._level_elements(use, 0)}
            for changed in self._uses[use].iterfind(WORD + "lvlOverride"):
                element, place = changed.find(WORD + "lvl"), changed.get(WORD + "ilvl", "")
                if element is not None and number(place, _LEVELS) < _LEVELS:
                    levels[int(place)] = _level(element)
            self._levels[use] = levels
        return self._levels[use]

    def _level_elements(self, use: str, links: int) -> list[tuple[str, Any]]:
        """The levels of a use's list, which may be another one's that a style names."""
        abstract = self._lists.get(value(self._uses[use], "abstractNumId"))
        if abstract is None:
            return []
        linked = self._styles.paragraph(value(abstract, "numStyleLink")).list_number
        if value(abstract, "numStyleLink") and linked in self._uses and links < _LEVELS:
            return self._level_elements(linked, links + 1)
        found = ((element.get(WORD + "ilvl", ""), element) for element in abstract.iterfind(WORD + "lvl"))
        return [(place, element) for place, element in found if number(place, _LEVELS) < _LEVELS]


def _by_identifier(root: Any, name: str, attribute: str) -> dict[str, Any]:
    found = root.iterfind(WORD + name) if root is not None else ()
    return {element.get(WORD + attribute, ""): element for element in found}


def _level(element: Any) -> _Level:
    restart = value(element, "lvlRestart")
    return _Level(
        number_format=_number_format(element),
        text=value(element, "lvlText")[:_LONGEST_LABEL],
        start=number(start, 1) if (start := value(element, "start")) else 0,
        restart=number(restart) if restart else None,
        is_legal=bool(switch(element, "isLgl")),
        suffix=value(element, "suff"),
        style=value(element, "pStyle"),
    )


def _number_format(level: Any) -> str:
    """The name of a level's format; a custom one is the sample that it gives (``001, 002, …``)."""
    own = level.find(WORD + "numFmt")
    if own is None:
        for copies in level:
            chosen = alternative(copies) if str(copies.tag).endswith("}AlternateContent") else None
            own = chosen.find(WORD + "numFmt") if chosen is not None else own
    if own is None:
        return "decimal"
    written = value(own)
    return str(own.get(WORD + "format", "")) if written == "custom" else written


def _shown(count: int, number_format: str) -> str:
    if number_format == "none":
        return ""
    sample = number_format.partition(",")[0].strip()
    return str(count).zfill(min(len(sample), _LEVELS)) if sample.isdecimal() else shown(count, number_format)
