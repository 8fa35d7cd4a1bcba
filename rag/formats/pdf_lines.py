"""Lines of a page: characters that stand beside each other, with those that are raised or lowered.

A part of a line (:class:`Stretch`) ends where the gap before the next character is too wide for a blank; parts of the
same height may be a line of one column, two columns, or cells of a table. Which they are is decided elsewhere.
"""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.formats.character_forms import lowered, raised
from rag.formats.pdf_glyphs import Glyph
from rag.text.view import HAN

_SAME_BASE = 0.3
"""Heights within so many font sizes of each other are the same line's."""

_WIDEST_BLANK = 1.2
_WIDEST_JUMP = 0.6
"""Widest gaps in font sizes within a line: to the character that is drawn next, and to one drawn at another time."""

MOST_PARTS = 3_000
"""Parts of lines beyond which raised characters are not looked for, as each is compared with those near it."""

_SMALL = 0.82
_BLANK_GAP = 0.22
_SEEN_GAP = 0.35
_FULL_WIDTH = re.compile(f"[{HAN}\u2e80-\u30ff\uff00-\uffef]")
_PERHAPS_FULL_WIDTH = "\u2018\u2019\u201c\u201d\u2026\u2014\u00b7"
_HYPHENATED = re.compile(r"[a-zà-ÿ]-$")
_COMPOUND = re.compile(r"\w-\w+-$")


@dataclass(slots=True)
class Stretch:
    """Characters beside each other.

    Attributes:
        pieces: the texts and how each stands: 0 on the line, 1 raised, -1 lowered.
        left, top, right, bottom, base: its place in points.
        size: of most of its characters, in points.
        face, is_bold: their font.
        numbers: of its characters on their page, as they are read.
    """

    pieces: list[tuple[str, int]]
    left: float
    top: float
    right: float
    bottom: float
    base: float
    size: float
    face: str
    is_bold: bool
    after_blank: bool = False
    numbers: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        """What it says, raised and lowered characters as such."""
        return "".join(shown(*piece) for piece in self.pieces)

    @property
    def weight(self) -> int:
        """How many characters it has."""
        return sum(len(text) for text, _ in self.pieces)


def shown(text: str, height: int) -> str:
    """A piece of text as it is written: raised, lowered or on the line."""
    return {0: text, 1: raised(text), -1: lowered(text)}[height]


def joined(one: str, other: str) -> str:
    """Two texts that follow each other, the second on a new line: a word that was divided is whole again."""
    if not one or not other:
        return one + other
    if is_divided(one, other):
        return (one if _COMPOUND.search(one) else one[:-1]) + other
    return one + ("" if _meets_full_width(one[-1], other[0]) else " ") + other


def is_divided(one: str, other: str) -> bool:
    """Whether a word was divided with a hyphen between two lines: lower-case letters stand on both sides of it."""
    return bool(_HYPHENATED.search(one)) and other[:1].islower()


def _meets_full_width(one: str, other: str) -> bool:
    return one == "-" or _full_width(one, other) > 0


def _full_width(one: str, other: str) -> int:
    """How many of two neighbours are as wide as a Chinese character; quotes and dashes are beside one that is."""
    return sum(
        bool(_FULL_WIDTH.match(it))
        or (it in _PERHAPS_FULL_WIDTH and bool(_FULL_WIDTH.match(beside) or beside in _PERHAPS_FULL_WIDTH))
        for it, beside in ((one, other), (other, one))
    )


def stretches_of(glyphs: Sequence[Glyph]) -> list[Stretch]:
    """The parts of lines that characters form, given in the order of drawing."""
    parts: list[list[Glyph]] = []
    for glyph in glyphs:
        if parts and _continues(parts[-1][-1], glyph):
            parts[-1].append(glyph)
        else:
            parts.append([glyph])
    drawn = [_stretch(part) for part in parts]
    if len(drawn) <= MOST_PARTS:
        _lift(drawn)
    return [part for row in rows_of(drawn) for part in _merged(row)]


def _continues(last: Glyph, glyph: Glyph) -> bool:
    size = max(last.size, glyph.size)
    return (
        abs(glyph.base - last.base) < 0.05 * size
        and min(last.size, glyph.size) > 0.9 * size
        and glyph.is_bold == last.is_bold
        and -0.5 * size < glyph.left - last.right < _WIDEST_BLANK * size
    )


def _stretch(glyphs: Sequence[Glyph]) -> Stretch:
    text = glyphs[0].text
    for last, glyph in itertools.pairwise(glyphs):
        text += (
            " "
            if _is_blank_between(last.text, glyph.text, glyph.after_blank, glyph.left - last.right, glyph.size)
            else ""
        ) + glyph.text
    size = Counter(round(glyph.size, 2) for glyph in glyphs).most_common(1)[0][0]
    return Stretch(
        pieces=[(text, 0)],
        left=min(glyph.left for glyph in glyphs),
        top=min(glyph.top for glyph in glyphs),
        right=max(glyph.right for glyph in glyphs),
        bottom=max(glyph.bottom for glyph in glyphs),
        base=glyphs[0].base,
        size=size,
        face=Counter(glyph.face for glyph in glyphs).most_common(1)[0][0],
        is_bold=glyphs[0].is_bold,
        after_blank=glyphs[0].after_blank,
        numbers=tuple(glyph.number for glyph in glyphs),
    )


def _is_blank_between(one: str, other: str, marked: bool, gap: float, size: float) -> bool:
    """Whether a blank stands between two characters of a line; between Chinese ones only if it is meant to be seen."""
    full_width = _full_width(one[-1], other[0])
    if full_width:
        return marked and gap > (_WIDEST_JUMP if full_width > 1 else _SEEN_GAP) * size
    return marked or gap > _BLANK_GAP * size


def _lift(stretches: list[Stretch]) -> None:
    """Finds the small parts that stand higher or lower than a line beside them, and puts them on it."""
    by_base: dict[int, list[Stretch]] = defaultdict(list)
    for part in stretches:
        by_base[int(part.base // 8)].append(part)
    for part in stretches:
        band = int(part.base // 8)
        near = (other for beside in (band, band - 1, band + 1, band + 2, band - 2) for other in by_base[beside])
        best: tuple[float, Stretch] | None = None
        for other in near:
            if part.size > _SMALL * other.size or len(part.pieces[0][0]) > 12:
                continue
            rise = (other.base - part.base) / other.size
            gap = min(abs(part.left - other.right), abs(other.left - part.right)) / other.size
            level = 0.18 < rise < 0.75 or -0.65 < rise < -0.06
            if level and gap < 0.4 and (best is None or gap < best[0]):
                best = (gap, other)
        if best is not None:
            other = best[1]
            part.pieces = [(part.pieces[0][0], 1 if other.base > part.base else -1)]
            part.base, part.size, part.face, part.is_bold = other.base, other.size, other.face, other.is_bold
            part.top, part.bottom = max(part.top, other.top), min(part.bottom, other.bottom)


def rows_of(stretches: Iterable[Stretch]) -> list[list[Stretch]]:
    """Parts of the same height together, from top to bottom, each row from left to right."""
    rows: list[list[Stretch]] = []
    for part in sorted(stretches, key=lambda part: part.base):
        if rows and part.base - rows[-1][0].base <= _SAME_BASE * min(part.size, rows[-1][0].size):
            rows[-1].append(part)
        else:
            rows.append([part])
    for row in rows:
        row.sort(key=lambda part: part.left)
    return rows


def _merged(row: list[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for part in row:
        if merged and part.left - merged[-1].right < _WIDEST_JUMP * max(part.size, merged[-1].size):
            merged[-1] = line_of([merged[-1], part])
        else:
            merged.append(part)
    return merged


def line_of(row: Sequence[Stretch]) -> Stretch:
    """The parts of a row as one."""
    pieces: list[tuple[str, int]] = []
    last: Stretch | None = None
    for part in row:
        own = list(part.pieces)
        if last is not None:
            gap, size = part.left - last.right, max(part.size, last.size)
            ends, begins = pieces[-1][0], own[0][0]
            level = pieces[-1][1] == own[0][1] == 0
            blank = _is_blank_between(ends, begins, part.after_blank, gap, size) if level else gap > 0.5 * size
            if gap > _WIDEST_JUMP * size:
                blank = True
            if blank:
                pieces.append((" ", 0))
        pieces += own
        last = part
    first = max(row, key=lambda part: part.weight)
    return Stretch(
        pieces=_simplified(pieces),
        left=min(part.left for part in row),
        top=min(part.top for part in row),
        right=max(part.right for part in row),
        bottom=max(part.bottom for part in row),
        base=first.base,
        size=first.size,
        face=first.face,
        is_bold=all(part.is_bold for part in row),
        after_blank=row[0].after_blank,
        numbers=tuple(number for part in row for number in part.numbers),
    )


def _simplified(pieces: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    simple: list[tuple[str, int]] = []
    for text, height in pieces:
        if simple and simple[-1][1] == height:
            simple[-1] = (simple[-1][0] + text, height)
        else:
            simple.append((text, height))
    return simple


def first_word(line: Stretch) -> float:
    """Width in points of what had to fit on the line before: a line's first word, or its first Chinese character."""
    text = line.text
    if _FULL_WIDTH.match(text[0]):
        count = 2 if len(text) > 1 and text[1] in "，。、；：！？）》”’】" else 1
    else:
        count = next((at for at, one in enumerate(text) if one == " " or _FULL_WIDTH.match(one)), len(text))
    return (line.right - line.left) * count / len(text)
