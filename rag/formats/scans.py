"""Pages that are pictures: their recognised lines as parts of a page, and what is told of how sure they are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from rag.errors import LoadError
from rag.formats.pdf_layout import PageParts
from rag.formats.pdf_lines import Stretch
from rag.formats.pdf_rules import Box
from rag.formats.recognition import OutOfTimeError, WrittenLine, WrittenPage, written_page
from rag.loading import reading_time
from rag.loading.base import refusal
from rag.loading.file_limits import VARIABLES

if TYPE_CHECKING:
    from rag.formats.recognition import Picture

SURE = 0.9
"""Sureness of a character below which it is told as unsure."""

_MOST_NUMBERS = 20  # page numbers named one by one
_LINE_HEIGHT = 1.06  # of a line's box in font sizes
_SAME_SIZE = 0.3  # the height of a box depends on the letters in it: so much about the usual one is the usual one


@dataclass(slots=True)
class Scans:
    """The pages of a file that are pictures, numbers from 1.

    Attributes:
        recognised: the lines of those that were recognised.
        without_text: those on which there is no writing.
        given_up: those for which there was not enough of what a file may take, by the environment variable that allows more.
    """

    recognised: dict[int, list[WrittenLine]] = field(default_factory=dict)
    without_text: list[int] = field(default_factory=list)
    given_up: dict[str, list[int]] = field(default_factory=dict)

    def add(self, number: int, pages: int, draw: Callable[[], "Picture"], points: float) -> PageParts | None:
        """The parts of a page that is a picture; None where nothing was recognised.

        Args:
            number: of the page.
            pages: how many the file has.
            draw: makes the picture, blue, green, red.
            points: length of its longest side.
        """
        reading_time.begin_page(number, pages)
        try:
            if reading_time.seconds_left() <= 0:
                raise OutOfTimeError
            page = written_page(draw())
        except OutOfTimeError:
            self.given_up.setdefault(VARIABLES[reading_time.shortest()], []).append(number)
            return None
        except MemoryError:
            self.given_up.setdefault(VARIABLES["memory_mb"], []).append(number)
            return None
        if not page.lines:
            self.without_text.append(number)
            return None
        self.recognised[number] = page.lines
        return _parts(page, points / max(page.width, page.height))

    def refused(self, name: str) -> LoadError:
        """The refusal of a file of which no page was recognised because all were given up."""
        variable = next(iter(self.given_up))
        zh, en = _lacking(variable)
        return refusal(
            name,
            f"{zh}不够，一页文字都没有识别完。请调高 {variable}，或拆分后再试。",
            f"there was not enough {en} to recognise the text of a page; raise {variable}, or split it.",
        )

    def told(self, *, in_image: bool = False) -> Iterator[tuple[str, str]]:
        """What was recognised and what was not, a line each in Chinese and English; ``in_image``: of no PDF."""
        if self.recognised:
            sureness = [one for lines in self.recognised.values() for line in lines for one in _of_characters(line)]
            unsure = sum(one < SURE for one in sureness)
            zh, en = page_numbers(list(self.recognised))
            many = len(self.recognised) > 1
            count = f"（共 {len(sureness)} 字{f'，其中 {unsure} 字不太确定' if unsure else ''}）"
            count_en = f"({len(sureness)} characters{f', {unsure} of them unsure' if unsure else ''})"
            if in_image:
                yield f"图片里的文字是识别出来的{count}", f"the text was recognised in the image {count_en}"
            else:
                yield (
                    f"{zh}没有文字层，已识别文字{count}",
                    f"{en} {'have' if many else 'has'} no text layer; recognised {count_en}",
                )
        if self.without_text:
            zh, en = page_numbers(self.without_text)
            count = str(len(self.without_text))
            if in_image:
                yield f"没有识别出文字的页 {count} 页（{zh}）", f"pages on which no text was recognised: {count} ({en})"
            else:
                yield f"没有文字层的页 {count} 页（{zh}）", f"pages without a text layer: {count} ({en})"
        for variable, pages in self.given_up.items():
            zh, en = page_numbers(pages)
            lacking_zh, lacking_en = _lacking(variable)
            yield (
                f"{lacking_zh}不够，没有识别的页 {len(pages)} 页（{zh}）；可调高 {variable} 后重新加入",
                f"pages not recognised for lack of {lacking_en}: {len(pages)} ({en}); raise {variable} and add it again",
            )

    def unsure_in(self, text: str, starts: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Where characters that are unsure stand in the text of all pages, whose offsets are ``starts``; ascending.

        A line is found by what it says without blanks, which a paragraph may add or take out at its ends.
        """
        spans: list[tuple[int, int]] = []
        for number, lines in self.recognised.items():
            begin = starts[number - 1]
            end = starts[number] if number < len(starts) else len(text)
            places = [place for place in range(begin, end) if not text[place].isspace()]
            written = "".join(text[place] for place in places)
            taken: set[int] = set()
            for line in lines:
                sureness = list(_of_characters(line))
                if min(sureness) < SURE:
                    characters = "".join(line.text.split())
                    at = _found(written, characters, taken)
                    taken.update(range(at, at + len(characters)) if at >= 0 else ())
                    if at >= 0:
                        spans += [
                            (places[at + index], places[at + index] + 1)
                            for index, one in enumerate(sureness)
                            if one < SURE
                        ]
        return _merged(spans)


def _lacking(variable: str) -> tuple[str, str]:
    """What there is more of where an environment variable is raised."""
    return ("内存", "memory") if variable == VARIABLES["memory_mb"] else ("时间", "time")


def page_numbers(pages: Sequence[int]) -> tuple[str, str]:
    """Page numbers as text, the first of them if there are many."""
    listed = list(map(str, pages[:_MOST_NUMBERS]))
    more = len(pages) > _MOST_NUMBERS
    return (
        f"第 {'、'.join(listed)} {'等' if more else ''}页",
        f"page{'s' if len(listed) > 1 else ''} {', '.join(listed)}{' and others' if more else ''}",
    )


def _of_characters(line: WrittenLine) -> Iterator[float]:
    """The sureness of each character that is no blank."""
    return (one for character, one in zip(line.text, line.sureness, strict=True) if not character.isspace())


def _found(text: str, line: str, taken: set[int]) -> int:
    at = text.find(line)
    while at >= 0 and at in taken:
        at = text.find(line, at + 1)
    return at


def _merged(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(set(spans)):
        if merged and merged[-1][1] == begin:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((begin, end))
    return tuple(merged)


def _parts(page: WrittenPage, scale: float) -> PageParts:
    """The lines of a page as parts of it, in points."""
    usual = median(line.bottom - line.top for line in page.lines for _ in line.text)
    parts = [_stretch(line, usual, scale) for line in page.lines]
    return PageParts(parts, [], [], Box(0.0, 0.0, page.width * scale, page.height * scale))


def _stretch(line: WrittenLine, usual: float, scale: float) -> Stretch:
    height = line.bottom - line.top
    if abs(height - usual) <= _SAME_SIZE * usual:
        height = usual
    middle, size = (line.top + line.bottom) / 2 * scale, height / _LINE_HEIGHT * scale
    return Stretch(
        pieces=[(line.text, 0)],
        left=line.left * scale,
        top=middle - size / 2,
        right=line.right * scale,
        bottom=middle + size / 2,
        base=middle + size / 2,
        size=size,
        face="",
        is_bold=False,
    )
