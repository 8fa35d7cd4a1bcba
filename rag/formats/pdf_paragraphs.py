"""Paragraphs and headings out of the lines of a column, by their geometry.

A paragraph goes on with the next line where that line's first word had no room at the end of this one, and neither the
distance, nor an indent, nor the type says that something else begins.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.formats.pdf_lines import Stretch, first_word, is_divided, joined
from rag.text.view import HAN, HAN_CHARACTER

_LONGEST_HEADING = 60
_MOST_HEADING_LINES = 3
_LARGER = 1.12
_SAME_SIZE = 0.08
_INDENT = 0.8
_FARTHER = 1.3
_WIDEST_LEADING = 2.4
_LEAST_FULL = 3
_NARROW = 0.55
_SLACK = 1.25
_SLACK_AT_SENTENCE_END = 0.6
"""How much of a line, in font sizes, may be left although the next word did not fit: programs break lines unevenly."""

_ENDS_SENTENCE = re.compile(r"[。！？；…!?;：:，,.][”’」』）)\]\"']*$")
_ENDS_CLAUSE = re.compile(r"[。；，,;.]$")
_ENDS_TEXT = re.compile(r"[。！？…!?.：:][”’」』）)\]\"']*(?:\[\^[^\]]+\])?$")
_BULLET = re.compile(rf"[•●■◆▪◦‣∙○□➢✓]\s*|[·–—-]\s+|[·–-](?=[{HAN}])")
_LIST_MARK = re.compile(
    r"[•●■◆▪◦‣∙○□➢✓]|[·–—-]\s|[·–-](?=[^\W\d_])|[（(](?:\d{1,3}|[a-z]|[一二三四五六七八九十]{1,3})[）)]|\d{1,3}(?:[、)）]|[.．](?!\d))"
    r"|[一二三四五六七八九十]{1,3}[、.．]|第[一二三四五六七八九十百\d]{1,5}[章节条编部款]"
)
_FORMS = (
    ("chapter", re.compile(r"第[一二三四五六七八九十百\d]{1,5}[编部]")),
    ("section", re.compile(r"第[一二三四五六七八九十百\d]{1,5}章")),
    ("part", re.compile(r"第[一二三四五六七八九十百\d]{1,5}节")),
    ("一、", re.compile(r"[一二三四五六七八九十]{1,3}[、.．]")),
    ("（一）", re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]")),
    ("1.1.1", re.compile(r"\d{1,2}(?:[.．]\d{1,2}){2,}")),
    ("1.1", re.compile(r"\d{1,2}[.．]\d{1,2}(?!\d|[.．%％])")),
    ("1.", re.compile(r"\d{1,2}(?:[.．、](?!\d)|\s+(?=\D))")),
    ("(1)", re.compile(r"[（(]\d{1,2}[）)]")),
)
_LEADS_TO_PAGE = re.compile(r"(?:[.．·…]\s*){4,}\d{1,4}$")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Type:
    """The type of most of a document's text: its size in points, its face, whether it is bold."""

    size: float
    face: str
    is_bold: bool


@dataclass(slots=True)
class Paragraph:
    """A paragraph of a page.

    Attributes:
        text: what it says, on one line.
        lines: its lines.
        is_full: whether its last line leaves no room for a word, so that it may go on elsewhere.
        is_indented: whether its first line stands farther right than the column's others.
        heading: what headings of the same rank have in common: their size in points, or 0 and how they are numbered.
    """

    text: str
    lines: list[Stretch]
    is_full: bool = False
    is_indented: bool = False
    heading: tuple[float, str] | None = None

    def add(self, other: "Paragraph") -> None:
        """Takes in another that it runs over into."""
        self.text = joined(self.text, other.text)
        self.lines = self.lines + other.lines
        self.is_full = other.is_full


def paragraphs_of(lines: Sequence[Stretch], left: float, right: float, body: Type) -> list[Paragraph]:
    """The paragraphs of lines that stand below each other.

    Args:
        lines: from top to bottom.
        left, right: the edges of their column.
        body: the type of the document's text.
    """
    found: list[Paragraph] = []
    leading = _leading(lines)
    for number, line in enumerate(lines):
        after = lines[number + 1] if number + 1 < len(lines) else None
        if found and _goes_on(found[-1].lines, line, after, left, right, leading):
            found[-1].lines.append(line)
            found[-1].text = joined(found[-1].text, line.text)
        else:
            found.append(Paragraph(line.text, [line]))
    for paragraph in found:
        last = paragraph.lines[-1]
        paragraph.is_full = last.right > right - 2.2 * last.size
        paragraph.is_indented = paragraph.lines[0].left > left + _INDENT * last.size
        paragraph.heading = _heading(paragraph, body)
        if paragraph.heading is None:
            paragraph.text = (
                _BULLET.sub("- ", paragraph.text, count=1) if _BULLET.match(paragraph.text) else paragraph.text
            )
    return found


def runs_over(one: Paragraph, other: Paragraph) -> bool:
    """Whether a paragraph at the end of a page or column goes on with the first of the next."""
    if not one.lines or not other.lines:
        return False
    first, last = other.lines[0], one.lines[-1]
    if one.heading or other.heading or other.is_indented or not one.is_full or not _same_type(last, first):
        return False
    if _LIST_MARK.match(first.text):
        return False
    return not _ENDS_TEXT.search(one.text) or one.is_indented


def edges_of(lines: Sequence[Stretch], page_left: float, page_right: float) -> tuple[float, float]:
    """The edges between which a column's lines stand.

    Where few lines reach the right edge, or that is far from the page's, the margins are taken to be equally wide: lines
    of a list may well be equally long.
    """
    left = min(line.left for line in lines)
    right = max(line.right for line in lines)
    reach = sum(line.right > right - 1.5 * line.size for line in lines)
    if reach < max(_LEAST_FULL, 0.3 * len(lines)) or right - left < _NARROW * (page_right - page_left):
        right = max(right, page_right - (left - page_left))
    return left, right


def _leading(lines: Sequence[Stretch]) -> float:
    """Distance of lines in font sizes: the usual one, as most are of the same paragraph as the one before."""
    distances = sorted(
        (other.base - one.base) / one.size
        for one, other in itertools.pairwise(lines)
        if _same_type(one, other) and other.base - one.base < _WIDEST_LEADING * one.size
    )
    return distances[len(distances) // 3] if distances else 1.5


def _same_type(one: Stretch, other: Stretch) -> bool:
    return abs(one.size - other.size) <= _SAME_SIZE * max(one.size, other.size)


def _goes_on(
    paragraph: Sequence[Stretch], line: Stretch, after: Stretch | None, left: float, right: float, leading: float
) -> bool:
    first, last = paragraph[0], paragraph[-1]
    size = last.size
    distance = (line.base - last.base) / size
    if not _same_type(last, line) or not 0.3 < distance <= min(_FARTHER * leading, _WIDEST_LEADING):
        return False
    if (
        last.is_bold != line.is_bold
        and (first.is_bold or line.is_bold)
        and len(paragraph) == 1
        and last.right < right - 3 * size
    ):
        return False
    if _LEADS_TO_PAGE.search(last.text):
        return False
    if is_divided(last.text, line.text):
        return True
    slack = _SLACK_AT_SENTENCE_END if _ENDS_TEXT.search(last.text) else _SLACK
    if last.right + first_word(line) < right - slack * size:
        return _is_centred(last, line, left, right) and distance < 1.6
    if (
        _LIST_MARK.match(line.text)
        and (_LIST_MARK.match(first.text) or _ENDS_TEXT.search(last.text))
        and line.left < first.left + size
    ):
        return False
    if line.left <= left + _INDENT * size:
        return True
    if len(paragraph) > 1 or _LIST_MARK.match(first.text):
        # An indent that the paragraph's own lines have; an item's lines stand behind its mark.
        return abs(line.left - last.left) < 0.5 * size or (len(paragraph) == 1 and line.left > first.left + 0.5 * size)
    # Two lines with the same indent: an indented block, unless each is a paragraph whose first line is all of it.
    return abs(line.left - last.left) < 0.5 * size and (
        not _ENDS_TEXT.search(last.text) or (after is not None and abs(after.left - line.left) < 0.5 * size)
    )


def _is_centred(one: Stretch, other: Stretch, left: float, right: float) -> bool:
    """Whether two lines are those of a title: in the middle, and both in type that is no text's."""
    middle = (left + right) / 2
    return (
        all(
            abs((line.left + line.right) / 2 - middle) < 0.6 * line.size and line.left > left + 2 * line.size
            for line in (one, other)
        )
        and _same_type(one, other)
        and one.face == other.face
        and not _ENDS_SENTENCE.search(one.text)
    )


def _heading(paragraph: Paragraph, body: Type) -> tuple[float, str] | None:
    """What ranks a heading: its size and how it is numbered; None for a paragraph that is none, or where it is unsure."""
    text, first = paragraph.text, paragraph.lines[0]
    if len(text) > _LONGEST_HEADING or len(paragraph.lines) > _MOST_HEADING_LINES or not _LETTER.search(text):
        return None
    form = next((name for name, pattern in _FORMS if pattern.match(text)), "")
    if first.size >= _LARGER * body.size and not _ENDS_CLAUSE.search(text):
        return (round(first.size * 2) / 2, "")
    # Latin text in a Chinese document has a face of its own; of Chinese text another face stands out.
    other_type = (first.is_bold and not body.is_bold) or (first.face != body.face and HAN_CHARACTER.search(text))
    if form and other_type and first.size > 0.95 * body.size and not _ENDS_SENTENCE.search(text):
        return (0.0, form)
    return None
