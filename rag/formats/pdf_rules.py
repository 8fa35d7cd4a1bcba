"""What a page has besides text: the rules of tables, areas of colour, images."""

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

MOST_OBJECTS = 20_000
"""Objects of a page beyond which no more are looked at: a drawing, not a table."""

_DEEPEST_FORM = 4
_THIN = 3.0
"""Thickest area, in points, that counts as a rule."""

_SHORTEST = 6.0
_LIGHT = 245
_NO_WIDTH = 0.01
STROKES = 1
STROKES_UNSEEN = 5
PAINTS_NOTHING = (3, 7)
"""Text rendering modes, ISO 32000-1 table 106; :data:`STROKES_UNSEEN` is used here for text that paints nothing."""


@dataclass(slots=True)
class Box:
    """A rectangle, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom


@dataclass(slots=True)
class Drawing:
    """Attributes: ``rules`` without thickness, each level or upright; ``coloured`` areas, images too; ``images``."""

    rules: list[Box] = field(default_factory=list)
    coloured: list[Box] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    is_blank: bool = True

    def turn(self, turn: Callable[[float, float], tuple[float, float]]) -> None:
        """Turns all of it."""
        for boxes in (self.rules, self.coloured, self.images):
            boxes[:] = [turned_box(turn, box.left, box.top, box.right, box.bottom) for box in boxes]


def turned_box(
    turn: Callable[[float, float], tuple[float, float]], left: float, top: float, right: float, bottom: float
) -> Box:
    """A rectangle after each of its points was turned by quarters."""
    (x, y), (other_x, other_y) = turn(left, top), turn(right, bottom)
    return Box(min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))


def _give_width(item: Any) -> None:
    import pypdfium2.raw as pdfium

    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    if min(right.value - left.value, top.value - bottom.value) > _NO_WIDTH:
        return
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(item, matrix)
    mode = pdfium.FPDFTextObj_GetTextRenderMode(item)
    # A stroke has a width, which is reckoned when the matrix is set.
    pdfium.FPDFTextObj_SetTextRenderMode(item, STROKES_UNSEEN if mode in PAINTS_NOTHING else STROKES)
    pdfium.FPDFPageObj_SetStrokeWidth(item, 1.0)
    pdfium.FPDFPageObj_SetMatrix(item, matrix)


_Matrix = tuple[float, float, float, float, float, float]


def drawing_of(page: Any) -> Drawing:
    """The rules, areas and images of pypdfium2's page; to be called before its text page is made.

    Text without width is given one: PDFium takes a single character of a font that is neither in the file nor on this
    system for nothing, and leaves it out of the text page.
    """
    import pypdfium2.raw as pdfium

    drawing = Drawing()
    for number, (item, matrix) in enumerate(_objects(page)):
        drawing.is_blank = False
        kind = pdfium.FPDFPageObj_GetType(item)
        if number >= MOST_OBJECTS:
            break
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            _give_width(item)
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            _add_path(drawing, item, matrix)
        elif kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING):
            box = _bounds(item, matrix)
            drawing.coloured.append(box)
            drawing.images.append(box)
    return drawing


def _objects(page: Any) -> Iterator[tuple[Any, _Matrix | None]]:
    """The objects of a page and of the forms on it, with the matrix of the form that each is in."""
    import pypdfium2.raw as pdfium

    for index in range(pdfium.FPDFPage_CountObjects(page.raw)):
        yield from _within(pdfium.FPDFPage_GetObject(page.raw, index), None, 0)


def _within(item: Any, matrix: _Matrix | None, depth: int) -> Iterator[tuple[Any, _Matrix | None]]:
    import pypdfium2.raw as pdfium

    if pdfium.FPDFPageObj_GetType(item) != pdfium.FPDF_PAGEOBJ_FORM:
        yield item, matrix
    elif depth < _DEEPEST_FORM:
        own = pdfium.FS_MATRIX()
        pdfium.FPDFPageObj_GetMatrix(item, own)
        inner = _product((own.a, own.b, own.c, own.d, own.e, own.f), matrix)
        for index in range(pdfium.FPDFFormObj_CountObjects(item)):
            yield from _within(pdfium.FPDFFormObj_GetObject(item, index), inner, depth + 1)


def _product(first: _Matrix, then: _Matrix | None) -> _Matrix:
    if then is None:
        return first
    a, b, c, d, e, f = first
    ta, tb, tc, td, te, tf = then
    return (
        a * ta + b * tc, a * tb + b * td, c * ta + d * tc, c * tb + d * td, e * ta + f * tc + te, e * tb + f * td + tf,
    )  # fmt: skip


def _bounds(item: Any, matrix: _Matrix | None) -> Box:
    import pypdfium2.raw as pdfium

    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    corners = [_moved(x, y, matrix) for x, y in ((left.value, bottom.value), (right.value, top.value))]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Box(min(xs), -max(ys), max(xs), -min(ys))


def _moved(x: float, y: float, matrix: _Matrix | None) -> tuple[float, float]:
    if matrix is None:
        return x, y
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _add_path(drawing: Drawing, item: Any, matrix: _Matrix | None) -> None:
    import pypdfium2.raw as pdfium

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(item, fill, stroke)
    if not fill.value and not stroke.value:
        return
    if fill.value and _is_coloured(item):
        box = _bounds(item, matrix)
        if min(box.right - box.left, box.bottom - box.top) <= _THIN:
            _add_rule(drawing, box.left, box.top, box.right, box.bottom)
            return
        drawing.coloured.append(box)
    if not stroke.value:
        return
    own = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(item, own)
    inner = _product((own.a, own.b, own.c, own.d, own.e, own.f), matrix)
    first = last = None
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(min(pdfium.FPDFPath_CountSegments(item), 1000)):
        segment = pdfium.FPDFPath_GetPathSegment(item, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        across, up = _moved(x.value, y.value, inner)
        point = (across, -up)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO and last is not None:
            _add_rule(drawing, *last, *point)
        last = point
        if first is not None and pdfium.FPDFPathSegment_GetClose(segment):
            _add_rule(drawing, *last, *first)
            last = first


def _add_rule(drawing: Drawing, left: float, top: float, right: float, bottom: float) -> None:
    """Adds a line if it is level or upright and not too short; its thickness is dropped."""
    width, height = abs(right - left), abs(bottom - top)
    if min(width, height) > _THIN or max(width, height) < _SHORTEST:
        return
    if width > height:
        middle = (top + bottom) / 2
        drawing.rules.append(Box(min(left, right), middle, max(left, right), middle))
    else:
        middle = (left + right) / 2
        drawing.rules.append(Box(middle, min(top, bottom), middle, max(top, bottom)))


def _is_coloured(item: Any) -> bool:
    import pypdfium2.raw as pdfium

    parts = [ctypes.c_uint() for _ in range(4)]
    if pdfium.FPDFPageObj_GetFillColor(item, *parts) != 1:
        return True
    return parts[3].value > 0 and any(part.value < _LIGHT for part in parts[:3])
