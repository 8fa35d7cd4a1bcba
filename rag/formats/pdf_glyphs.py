"""The characters of a PDF's page with their places, as PDFium gives them, turned so that one reads from left to right.

Coordinates are points (1/72 inch); x grows to the right, y downwards. A page that was drawn turned by a quarter is turned
back. Vertical lines (Chinese, from right to left) are turned as well: afterwards they are lines from top to bottom.
"""

import ctypes
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from rag.formats.character_forms import usual_form
from rag.formats.pdf_rules import PAINTS_NOTHING, STROKES_UNSEEN, Box, Drawing, drawing_of, turned_box

MOST_GLYPHS = 20_000
"""Characters of a page beyond which its geometry is not looked at; no page for readers has as many."""

_FILLS_AND_STROKES = 2  # text rendering mode
_WHITE = 250
_BOLD = 600
_STRAIGHT = math.radians(4)
_VERTICAL_AT_LEAST = 8


@dataclass(slots=True)
class Glyph:
    """One character as it is drawn.

    Attributes:
        text: the character; several for a ligature.
        left, top, right, bottom: its box from ascent to descent, whatever its shape.
        start, base: where it was begun, on its baseline.
        size: of its font, in points.
        face: the name of its font.
        is_bold: whether the font, or how it is drawn, is bold.
        after_blank: whether a blank stands before it.
        number: PDFium's, on its page.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    start: float
    base: float
    size: float
    face: str
    is_bold: bool
    after_blank: bool
    number: int


@dataclass(slots=True)
class PageContent:
    """What is drawn on a page.

    Attributes:
        plain: the text in PDFium's own order.
        box: what of the page is shown.
        glyphs: characters in the direction of most of the page's text, in the order of drawing.
        askew: characters in other directions: watermarks, notes along the edge.
        drawing: its rules and areas.
        unseen: how many characters were left out as nobody sees them: white on white, or beside the page.
        unmapped: how many characters were left out as the file does not say which they are.
        in_order: whether the geometry can be used; else only ``plain`` holds text.
    """

    plain: str
    box: Box
    glyphs: list[Glyph] = field(default_factory=list)
    askew: list[Glyph] = field(default_factory=list)
    drawing: Drawing = field(default_factory=Drawing)
    unseen: int = 0
    unmapped: int = 0
    in_order: bool = False


@dataclass(slots=True)
class _Style:
    """What all characters of one text object have in common."""

    size: float
    face: str
    is_bold: bool
    angle: float
    is_painted: bool
    is_white: bool


def content_of(page: Any, with_geometry: bool) -> PageContent:
    """What stands on a page.

    Args:
        page: pypdfium2's page.
        with_geometry: whether to look at the characters' places at all.
    """
    import pypdfium2.raw as pdfium

    drawing = drawing_of(page)
    left, bottom, right, top = page.get_bbox()
    text_page = page.get_textpage()
    try:
        content = PageContent(text_page.get_text_range(), Box(left, -top, right, -bottom), drawing=drawing)
        count = pdfium.FPDFText_CountChars(text_page.raw)
        if with_geometry and count <= MOST_GLYPHS:
            read = _Reader(text_page, content)
            for index in range(count):
                read.character(index)
            _turn(content, read.angles)
            content.in_order = math.isfinite(sum(map(_sum, content.glyphs)))
    finally:
        text_page.close()
    return content


def _sum(glyph: Glyph) -> float:
    return glyph.left + glyph.top + glyph.right + glyph.bottom + glyph.base + glyph.size


class _Reader:
    """Takes the characters off a text page one by one."""

    def __init__(self, text_page: Any, content: PageContent) -> None:
        import pypdfium2.raw as pdfium

        self._pdfium, self._page, self._content = pdfium, text_page.raw, content
        self._styles: dict[int, _Style] = {}
        self._blank = False
        self.angles: list[float] = []
        self._rectangle, self._x, self._y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()

    def character(self, index: int) -> None:
        pdfium = self._pdfium
        code = pdfium.FPDFText_GetUnicode(self._page, index)
        if (code <= 0x20 and code not in (0, 2)) or code in (0xA0, 0x3000):
            self._blank = self._blank or code not in (10, 13)
            return
        if pdfium.FPDFText_IsGenerated(self._page, index) == 1:
            return
        character = "-" if code in (2, 0xFFFE) else usual_form(chr(code))  # PDFium's marks for a hyphen at a line's end
        if not character:
            if code == 0 and pdfium.FPDFText_HasUnicodeMapError(self._page, index) != 1:
                return
            self._content.unmapped += 1
            return
        style = self._style(index)
        if style is None:
            return
        pdfium.FPDFText_GetLooseCharBox(self._page, index, self._rectangle)
        pdfium.FPDFText_GetCharOrigin(self._page, index, self._x, self._y)
        box = self._rectangle
        glyph = Glyph(
            character, box.left, -box.top, box.right, -box.bottom, self._x.value, -self._y.value,
            style.size, style.face, style.is_bold, self._blank, index,
        )  # fmt: skip
        self._blank = False
        if self._is_seen(glyph, style):
            self._content.glyphs.append(glyph)
            self.angles.append(style.angle)
        else:
            self._content.unseen += len(character.strip())

    def _is_seen(self, glyph: Glyph, style: _Style) -> bool:
        x, y = (glyph.left + glyph.right) / 2, (glyph.top + glyph.bottom) / 2
        if not self._content.box.holds(x, y):
            return False
        if style.is_painted and not style.is_white:
            return True
        # Text that paints nothing over an image is what text recognition found there; white text on colour is read.
        under = self._content.drawing.images if not style.is_painted else self._content.drawing.coloured
        return any(box.holds(x, y) for box in under)

    def _style(self, index: int) -> _Style | None:
        pdfium = self._pdfium
        text_object = pdfium.FPDFText_GetTextObject(self._page, index)
        if not text_object:
            return None
        key = ctypes.addressof(text_object.contents)
        if key not in self._styles:
            self._styles[key] = self._style_of(index, text_object)
        return self._styles[key]

    def _style_of(self, index: int, text_object: Any) -> _Style:
        pdfium = self._pdfium
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(self._page, index, matrix)
        size = pdfium.FPDFText_GetFontSize(self._page, index) * math.hypot(matrix.c, matrix.d)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(text_object)
        name = ctypes.create_string_buffer(128)
        flags = ctypes.c_int()
        pdfium.FPDFText_GetFontInfo(self._page, index, name, 128, flags)
        face = name.value.decode("utf-8", "replace").rpartition("+")[2]
        is_bold = "bold" in face.lower() or pdfium.FPDFText_GetFontWeight(self._page, index) >= _BOLD
        parts = [ctypes.c_uint() for _ in range(4)]
        painted = pdfium.FPDFText_GetFillColor(self._page, index, *parts) != 1 or parts[3].value > 0
        white = painted and all(part.value >= _WHITE for part in parts)
        return _Style(
            size=abs(size) or 1.0,
            face=face,
            is_bold=is_bold or mode == _FILLS_AND_STROKES,
            angle=math.atan2(matrix.b, matrix.a),
            is_painted=painted and mode not in (*PAINTS_NOTHING, STROKES_UNSEEN),
            is_white=white and mode != _FILLS_AND_STROKES,
        )


_Turn = Callable[[float, float], tuple[float, float]]
_TURNS: tuple[_Turn, ...] = (
    lambda x, y: (x, y),
    lambda x, y: (-y, x),  # drawn upwards
    lambda x, y: (-x, -y),
    lambda x, y: (y, -x),  # drawn downwards
)


def _turn(content: PageContent, angles: list[float]) -> None:
    """Turns the page so that most of its text runs from left to right, and sets aside what does not."""
    quarters = [round(angle / (math.pi / 2)) % 4 for angle in angles]
    straight = [abs(math.remainder(angle, math.pi / 2)) < _STRAIGHT for angle in angles]
    common = Counter(quarter for quarter, is_straight in zip(quarters, straight, strict=True) if is_straight)
    most = common.most_common(1)[0][0] if common else 0
    glyphs, content.glyphs = content.glyphs, []
    for glyph, quarter, is_straight in zip(glyphs, quarters, straight, strict=True):
        (content.glyphs if is_straight and quarter == most else content.askew).append(glyph)
    if most:
        _apply(content, _TURNS[most], upright=True)
    if _is_vertical(content.glyphs):
        _apply(content, _TURNS[3], upright=False)


def _apply(content: PageContent, turn: _Turn, upright: bool) -> None:
    for glyph in [*content.glyphs, *content.askew]:
        glyph.start, glyph.base = turn(glyph.start, glyph.base)
        box = turned_box(turn, glyph.left, glyph.top, glyph.right, glyph.bottom)
        glyph.left, glyph.top, glyph.right, glyph.bottom = box.left, box.top, box.right, box.bottom
        if not upright:
            glyph.base = glyph.bottom
    content.box = turned_box(turn, content.box.left, content.box.top, content.box.right, content.box.bottom)
    content.drawing.turn(turn)


def _is_vertical(glyphs: list[Glyph]) -> bool:
    """Whether most characters stand below the one before them."""
    beside = below = 0
    for one, other in pairwise(glyphs):
        across, down = abs(other.left - one.left) / one.size, (other.top - one.top) / one.size
        beside += abs(down) < 0.3 and 0.3 < across < 3
        below += across < 0.3 and 0.5 < down < 3
    return below >= _VERTICAL_AT_LEAST and below > 1.5 * beside
