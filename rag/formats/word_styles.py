"""Styles of a Word document: which are headings, which hide or raise their text, which number their paragraphs."""

import re
from dataclasses import dataclass
from typing import Any

from rag.formats.word_elements import WORD, number, switch, value

MOST_HEADING_MARKS = 6

_HEADING_NAME = re.compile(r"heading ([1-9])")
_DEEPEST = 50  # styles based on styles


@dataclass(frozen=True, slots=True)
class Look:
    """How a run is shown, as far as its text is concerned.

    Attributes:
        is_hidden: whether it is not shown at all.
        script: ``superscript``, ``subscript``, or anything else for a line's own height; None where it is not given.
        font: the font of its symbols.
    """

    is_hidden: bool | None = None
    script: str | None = None
    font: str | None = None

    def under(self, nearer: "Look") -> "Look":
        """This look where the nearer one gives nothing."""
        return Look(
            self.is_hidden if nearer.is_hidden is None else nearer.is_hidden,
            self.script if nearer.script is None else nearer.script,
            self.font if nearer.font is None else nearer.font,
        )


@dataclass(frozen=True, slots=True)
class Style:
    """What a style gives, with what it takes from the styles that it is based on.

    Attributes:
        heading: level of heading from 1; None for other text.
        look: how its runs are shown.
        list_number: the ``w:numId`` of its numbering, empty without one.
        list_level: the level within it, empty where the numbering itself tells.
    """

    heading: int | None = None
    look: Look = Look()
    list_number: str = ""
    list_level: str = ""


class Styles:
    """The styles of one document.

    Args:
        root: ``w:styles``, or None where the document has none.
    """

    def __init__(self, root: Any) -> None:
        found = root.findall(WORD + "style") if root is not None else []
        self._elements = {element.get(WORD + "styleId", ""): element for element in found}
        self._read: dict[str, Style] = {}
        default = root.find(f"{WORD}docDefaults/{WORD}rPrDefault/{WORD}rPr") if root is not None else None
        self._base = Style(look=look_of(default))
        self._default = next(
            (
                element.get(WORD + "styleId", "")
                for element in found
                if element.get(WORD + "type") == "paragraph" and element.get(WORD + "default") in ("1", "true", "on")
            ),
            "",
        )

    def paragraph(self, identifier: str) -> Style:
        """The style of a paragraph; without an identifier the one that paragraphs have by default."""
        return self._style(identifier or self._default, 0, self._base)

    def character(self, identifier: str) -> Style:
        """The style of a run, with nothing that a paragraph's would give."""
        return self._style(identifier, 0, Style())

    def _style(self, identifier: str, depth: int, base: Style) -> Style:
        if identifier in self._read:
            return self._read[identifier]
        element = self._elements.get(identifier)
        if element is None or depth > _DEEPEST:
            return base
        below = self._style(value(element, "basedOn"), depth + 1, base)
        style = Style(
            heading=_heading(element, below),
            look=below.look.under(look_of(element.find(WORD + "rPr"))),
            list_number=value(element, "pPr/numPr/numId") or below.list_number,
            list_level=value(element, "pPr/numPr/ilvl") or below.list_level,
        )
        self._read[identifier] = style
        return style


def look_of(properties: Any) -> Look:
    """How a run with these properties (``w:rPr``) is shown; nothing is given without them."""
    if properties is None:
        return Look()
    hidden = switch(properties, "vanish")
    if switch(properties, "webHidden"):
        hidden = True
    fonts = properties.find(WORD + "rFonts")
    font = fonts.get(WORD + "ascii") or fonts.get(WORD + "hAnsi") if fonts is not None else None
    return Look(hidden, value(properties, "vertAlign") or None, font)


def heading_level(properties: Any, style: Style) -> int | None:
    """The level of heading of a paragraph, from 1, by its own outline level or else its style; None for other text."""
    own = value(properties, "outlineLvl")
    return _outline(own) if own else style.heading


def _heading(element: Any, below: Style) -> int | None:
    """The level of a style: by its name, which is the same in every language of Word, its outline level, or its base."""
    name = " ".join(value(element, "name").lower().split())
    if name == "title":
        return 1
    if found := _HEADING_NAME.fullmatch(name):
        return min(int(found[1]), MOST_HEADING_MARKS)
    own = value(element, "pPr/outlineLvl")
    return _outline(own) if own else below.heading


def _outline(written: str) -> int | None:
    level = number(written, 9)
    return min(level + 1, MOST_HEADING_MARKS) if level < 9 else None  # 9 means body text
