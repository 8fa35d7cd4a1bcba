"""Tables with rules: the grid that level and upright lines form, cells that span others included.

A table is a set of rules that touch. Where a rule is missing between two places of the grid, they are one cell; an outer
rule may be missing. One row or one column within a frame holds text, not a table.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rag.formats.grids import GridCell
from rag.formats.pdf_glyphs import Glyph
from rag.formats.pdf_lines import Stretch, first_word, joined, line_of, rows_of, stretches_of
from rag.formats.pdf_rules import Box

MOST_RULES = 4_000
"""Rules beyond which a page is a drawing."""

_NEAR = 3.0
"""Rules within so many points of each other are one, and touch."""

_COVERED = 0.6
_LEAST_FILLED = 0.3
_MOST_PLACES = 10_000


@dataclass(slots=True)
class PageTable:
    """A table of a page.

    Attributes:
        rows: its cells, a spanning cell where it begins.
        box: its place.
        edges: x of its columns' edges.
        raised: what stands raised in its cells.
    """

    rows: list[list[GridCell]]
    box: Box
    edges: list[float] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)


def ruled_tables(glyphs: Sequence[Glyph], rules: Sequence[Box]) -> tuple[list[PageTable], list[Glyph]]:
    """The tables that a page's rules form, and the characters outside them."""
    if len(rules) > MOST_RULES:
        return [], list(glyphs)
    tables: list[PageTable] = []
    rest = list(glyphs)
    for group in sorted(_touching(rules), key=len, reverse=True):
        found = _table(rest, group)
        if found is not None:
            table, rest = found
            tables.append(table)
    return tables, rest


def _touching(rules: Sequence[Box]) -> list[list[Box]]:
    """Rules that touch each other directly or through others, each set with two levels and an upright rule at least."""
    owner = list(range(len(rules)))

    def root(index: int) -> int:
        while owner[index] != index:
            owner[index] = owner[owner[index]]
            index = owner[index]
        return index

    order = sorted(range(len(rules)), key=lambda index: rules[index].top)
    active: list[int] = []
    for index in order:
        rule = rules[index]
        active = [other for other in active if rules[other].bottom >= rule.top - _NEAR]
        for other in active:
            beside = rules[other]
            if beside.left <= rule.right + _NEAR and rule.left <= beside.right + _NEAR:
                owner[root(index)] = root(other)
        active.append(index)
    groups: dict[int, list[Box]] = {}
    for index, rule in enumerate(rules):
        groups.setdefault(root(index), []).append(rule)
    return [
        group for group in groups.values()
        if sum(_is_level(rule) for rule in group) >= 2 and not all(map(_is_level, group))
    ]  # fmt: skip


def _is_level(rule: Box) -> bool:
    return rule.top == rule.bottom


def _places(values: Sequence[float]) -> list[float]:
    places: list[list[float]] = []
    for value in sorted(values):
        if places and value - places[-1][-1] <= _NEAR:
            places[-1].append(value)
        else:
            places.append([value])
    return [sum(group) / len(group) for group in places]


def _table(glyphs: Sequence[Glyph], rules: Sequence[Box]) -> tuple[PageTable, list[Glyph]] | None:
    level = [rule for rule in rules if _is_level(rule)]
    upright = [rule for rule in rules if not _is_level(rule)]
    box = Box(
        min(rule.left for rule in rules), min(rule.top for rule in rules),
        max(rule.right for rule in rules), max(rule.bottom for rule in rules),
    )  # fmt: skip
    xs = _places([box.left, box.right, *(rule.left for rule in upright)])
    ys = _places([box.top, box.bottom, *(rule.top for rule in level)])
    columns, rows = len(xs) - 1, len(ys) - 1
    if columns < 2 or rows < 1 or columns * rows > _MOST_PLACES:
        return None
    inside: dict[tuple[int, int], list[int]] = {}
    rest: list[Glyph] = []
    for number, glyph in enumerate(glyphs):
        x, y = (glyph.left + glyph.right) / 2, (glyph.top + glyph.bottom) / 2
        column, row = bisect_right(xs, x) - 1, bisect_right(ys, y) - 1
        if 0 <= column < columns and 0 <= row < rows:
            inside.setdefault((row, column), []).append(number)
        else:
            rest.append(glyph)
    spans = _spans(xs, ys, level, upright)
    cells: list[list[GridCell]] = [[] for _ in range(rows)]
    raised: list[str] = []
    filled = 0
    for (row, column), (height, width) in sorted(spans.items()):
        content = sorted(
            number
            for down in range(row, row + height)
            for across in range(column, column + width)
            for number in inside.get((down, across), ())
        )
        lines = [line_of(part) for part in rows_of(stretches_of([glyphs[number] for number in content]))]
        raised += [text for line in lines for text, lifted in line.pieces if lifted == 1]
        filled += bool(lines)
        numbers = tuple(number for line in lines for number in line.numbers)
        cells[row].append(GridCell(_cell_text(lines, xs[column], xs[column + width]), height, width, numbers=numbers))
    if filled < 2 or filled < _LEAST_FILLED * len(spans) or len({column for _, column in spans}) < 2:
        return None
    return PageTable(cells, box, xs, raised), rest


def _spans(
    xs: Sequence[float], ys: Sequence[float], level: Sequence[Box], upright: Sequence[Box]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Where each cell begins, and how many rows and columns it spans."""
    columns, rows = len(xs) - 1, len(ys) - 1
    beside = _drawn(xs, ys, [(rule.left, rule.top, rule.bottom) for rule in upright])
    below = _drawn(ys, xs, [(rule.top, rule.left, rule.right) for rule in level])
    taken: set[tuple[int, int]] = set()
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for row in range(rows):
        for column in range(columns):
            if (row, column) in taken:
                continue
            width = 1
            while column + width < columns and not beside(column + width, row) and (row, column + width) not in taken:
                width += 1
            height = 1
            while row + height < rows and not any(
                below(row + height, across) or (row + height, across) in taken
                for across in range(column, column + width)
            ):
                height += 1
            taken |= {(row + down, column + across) for down in range(height) for across in range(width)}
            spans[row, column] = (height, width)
    return spans


def _drawn(
    lines: Sequence[float], places: Sequence[float], rules: Sequence[tuple[float, float, float]]
) -> Callable[[int, int], bool]:
    """A test whether the line with a number is drawn along the place with a number."""
    covered: dict[tuple[int, int], float] = {}
    for at, start, end in rules:
        line = min(range(len(lines)), key=lambda number: abs(lines[number] - at))
        for place in range(max(0, bisect_right(places, start) - 1), len(places) - 1):
            if places[place] >= end:
                break
            length = min(end, places[place + 1]) - max(start, places[place])
            covered[line, place] = covered.get((line, place), 0.0) + max(0.0, length)
    return lambda line, place: covered.get((line, place), 0.0) > _COVERED * (places[place + 1] - places[place])


def _cell_text(lines: Sequence[Stretch], left: float, right: float) -> str:
    """The text of a cell between two edges: its lines joined where the next word would not have fitted."""
    if not lines:
        return ""
    margin = max(0.0, min(min(line.left for line in lines) - left, right - max(line.right for line in lines)))
    text, last = lines[0].text, lines[0]
    for line in lines[1:]:
        room = right - left - 2 * margin - (last.right - last.left)
        fits = room > first_word(line) + 0.5 * last.size
        text = f"{text}\n{line.text}" if fits else joined(text, line.text)
        last = line
    return text
