"""The order in which a page is read: columns one after the other, what goes across them in between.

A gutter is a line down the page with text on both sides that reaches the width of a column; short pieces side by side
are cells of a table or a label and what it says, and stay together. What crosses the gutter (a heading, a figure's
caption) ends the columns above it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from rag.formats.pdf_lines import Stretch, rows_of

_NARROWEST = 8.0
"""Narrowest column in font sizes."""

_FULL = 0.75
_FULL_SHARE = 0.6
"""Most of the text of a column is in lines at least three quarters as wide as its widest."""

_LEAST_ROWS = 3
_MOST_CANDIDATES = 24
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the page that text may not be read across: its place, and the table in it by number."""

    left: float
    top: float
    right: float
    bottom: float
    number: int


Item = Stretch | Region


def columns_of(items: Sequence[Item], depth: int = 0) -> list[list[Item]]:
    """What stands on a page (or a part of it) as columns in the order of reading, each as it was given."""
    parts = [item for item in items if isinstance(item, Stretch)]
    gutter = _gutter(items, parts) if len(parts) >= 2 * _LEAST_ROWS and depth < _DEEPEST else None
    if gutter is None:
        return [list(items)] if items else []
    columns: list[list[Item]] = []
    flowing: list[Item] = []
    for crossing, left, right in _bands(items, gutter):
        flowing += crossing
        if _are_columns(left, right, least_rows=1):
            columns += [flowing] if flowing else []
            flowing = []
            columns += columns_of(left, depth + 1) + columns_of(right, depth + 1)
        else:
            flowing += left + right
    return columns + ([flowing] if flowing else [])


def _gutter(items: Sequence[Item], parts: Sequence[Stretch]) -> float | None:
    """The x at which the columns on its right begin, of all such lines the one with most text in columns beside it."""
    size = median(part.size for part in parts)
    starts: dict[int, list[float]] = {}
    for part in parts:
        starts.setdefault(round(part.left / size), []).append(part.left)
    often = sorted(starts.values(), key=len, reverse=True)[:_MOST_CANDIDATES]
    best, most = None, 0
    for candidate in (min(group) for group in often if len(group) >= _LEAST_ROWS):
        weight = 0
        for _, left, right in _bands(items, candidate):
            if _are_columns(left, right, least_rows=_LEAST_ROWS):
                weight += sum(item.weight for item in left + right if isinstance(item, Stretch))
        if weight > most:
            best, most = candidate, weight
    return best


def _bands(items: Iterable[Item], gutter: float) -> list[tuple[list[Item], list[Item], list[Item]]]:
    """Bands from top to bottom: what crosses the gutter above the band, what is left of it, what is right of it."""
    crossing: list[Item] = []
    left: list[Item] = []
    right: list[Item] = []
    for item in items:
        if item.right <= gutter:
            left.append(item)
        elif item.left >= gutter - 1:
            right.append(item)
        else:
            crossing.append(item)
    crossing.sort(key=_middle)
    heights = [_middle(item) for item in crossing]
    bands: list[tuple[list[Item], list[Item], list[Item]]] = [([], [], [])]
    bands += [([item], [], []) for item in crossing]
    for side, found in ((1, left), (2, right)):
        for item in found:
            bands[bisect_right(heights, _middle(item))][side].append(item)
    return _drawn_together(bands)


def _drawn_together(
    bands: list[tuple[list[Item], list[Item], list[Item]]],
) -> list[tuple[list[Item], list[Item], list[Item]]]:
    together: list[tuple[list[Item], list[Item], list[Item]]] = []
    for crossing, left, right in bands:
        if together and not together[-1][1] and not together[-1][2]:
            together[-1] = (together[-1][0] + crossing, left, right)
        else:
            together.append((crossing, left, right))
    return together


def _middle(item: Item) -> float:
    return (item.top + item.bottom) / 2


def _are_columns(left: Sequence[Item], right: Sequence[Item], least_rows: int) -> bool:
    sides = [[item for item in side if isinstance(item, Stretch)] for side in (left, right)]
    if not all(sides):
        return False
    overlap = min(max(part.bottom for part in side) for side in sides) - max(
        min(part.top for part in side) for side in sides
    )
    return overlap > 0 and all(_is_column(side, least_rows) for side in sides)


def _is_column(parts: Sequence[Stretch], least_rows: int) -> bool:
    """Whether text runs down a side: most of it in lines wide enough, which reach the width of the first column in it."""
    edge = min(part.left for part in parts)
    size = median(part.size for part in parts)
    first = [part for part in parts if part.left < edge + 4 * size]
    widest = max(part.right - part.left for part in first)
    narrow = sum(part.weight for part in parts if part.right - part.left < _NARROWEST / 2 * size)
    if widest < _NARROWEST * size or narrow > 0.5 * sum(part.weight for part in parts):
        return False
    if least_rows == 1:
        return True
    full = sum(part.weight for part in first if part.right - part.left > _FULL * widest)
    return full >= _FULL_SHARE * sum(part.weight for part in first) and len(rows_of(first)) >= least_rows
