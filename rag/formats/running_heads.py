"""Running heads, footers, page numbers and watermarks: what several pages have at the same place.

Two lines are the same if they differ only in numbers and stand at about the same height. Lines are taken from the edge
inwards; the first that no other page has ends that, so text of the body is never reached.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rag.formats.pdf_lines import Stretch, line_of, rows_of
from rag.formats.pdf_rules import Box

_DEEPEST_ROWS = 4
_EDGE = 0.14
"""Share of the page's height at its top and at its foot that can hold them."""

_NUMBER_EDGE = 0.1
_LEAST_PAGES = 3
_NUMBERS = re.compile(r"[0-9０-９]+|[一二三四五六七八九十百零〇]+|(?<![a-z])[ivxlc]+(?![a-z])|\b[IVXLC]+\b")
_PAGE_NUMBER = re.compile(
    r"[^\w\s]{0,3}\s*(?:第|Page|PAGE|page|p\.|P\.)?\s*(?:\d{1,4}|[ivxlc]{1,7}|[一二三四五六七八九十百零〇]{1,5})\s*页?\s*"
    r"(?:[,，/|/]?\s*(?:共|of|OF)?\s*\d{1,4}\s*页?)?\s*[^\w\s]{0,3}"
)

_APART = 1.15
_STEP = 6.0
"""Heights within about so many points are the same."""

_Key = tuple[str, bool, int]
Row = list[Stretch]


def without_running_heads(pages: Sequence[tuple[Sequence[Stretch], Box, bool]]) -> tuple[list[list[Stretch]], int]:
    """The parts of each page without running heads, footers and page numbers, and how many lines those were.

    Args:
        pages: for each page its parts, what of it is shown, and whether it has more than these parts.
    """
    rows = [rows_of(parts) for parts, _, _ in pages]
    boxes = [box for _, box, _ in pages]
    seen: Counter[_Key] = Counter()
    for page, box in zip(rows, boxes, strict=True):
        edges = [(row, is_top) for is_top in (True, False) for row in _edge_rows(page, box, is_top)]
        seen.update({key for row, is_top in edges for key in _keys(row, box, is_top)})
    least = min(_LEAST_PAGES, max(2, sum(map(bool, rows))))
    dropped = 0
    kept: list[list[Stretch]] = []
    for page, (_, box, has_more) in zip(rows, pages, strict=True):
        heads = [_heads(page, box, is_top, seen, least) for is_top in (True, False)]
        out = {
            id(row)
            for is_top, (found, sure) in zip((True, False), heads, strict=True)
            for row in _dropped(page, found, sure, is_top, has_more)
        }
        dropped += len(out)
        kept.append([part for row in page if id(row) not in out for part in row])
    return kept, dropped


def without_repeated(pages: Sequence[Sequence[str]]) -> tuple[list[list[str]], int]:
    """Texts that stand askew on each page without those that several pages have (watermarks), and how many those were."""
    seen = Counter(text for texts in pages for text in set(texts))
    kept = [[text for text in texts if seen[text] < _LEAST_PAGES] for texts in pages]
    return kept, sum(map(len, pages)) - sum(map(len, kept))


def _heads(page: Sequence[Row], box: Box, is_top: bool, seen: Counter[_Key], least: int) -> tuple[list[Row], int]:
    """The lines at one edge of a page that others have too, or that are its number; and how many are up to its number."""
    found: list[Row] = []
    sure = 0
    for row in _edge_rows(page, box, is_top):
        is_number = _is_page_number(row, box, is_top)
        if not is_number and max(seen[key] for key in _keys(row, box, is_top)) < least:
            break
        found.append(row)
        sure = len(found) if is_number else sure
    return found, sure


def _dropped(page: Sequence[Row], found: list[Row], sure: int, is_top: bool, has_more: bool) -> list[Row]:
    """Those of the outermost lines that are none of the body's.

    They are farther from the next than lines of the page are from each other; what is all of a page is its text.
    """
    bases = [row[0].base for row in (page if is_top else page[::-1])]
    count = len(found)
    if count in (0, len(bases)):
        return found if has_more else []
    gaps = [abs(other - one) for one, other in pairwise(bases)]
    inner = sorted(gaps[count:])
    usual = inner[len(inner) // 4] if inner else 2 * page[0][0].size
    return found if gaps[count - 1] > _APART * usual else found[:sure]


def _edge_rows(page: Sequence[Row], box: Box, is_top: bool) -> Iterator[Row]:
    """The rows near the edge, the outermost first."""
    height = box.bottom - box.top
    for row in (page if is_top else page[::-1])[:_DEEPEST_ROWS]:
        place = (row[0].base - box.top) / height if height > 0 else 0.5
        if place > _EDGE if is_top else place < 1 - _EDGE:
            return
        yield row


def _keys(row: Row, box: Box, is_top: bool) -> list[_Key]:
    """What a line is recognised by: its words, and its distance from the edge, which may fall on either side of a step."""
    words = _NUMBERS.sub("#", "".join(line_of(row).text.split()))
    distance = (row[0].base - box.top if is_top else box.bottom - row[0].base) / _STEP
    return [(words, is_top, 2 * int(distance)), (words, is_top, 2 * int(distance + 0.5) + 1)]


def _is_page_number(row: Row, box: Box, is_top: bool) -> bool:
    place = (row[0].base - box.top) / max(1.0, box.bottom - box.top)
    near = place < _NUMBER_EDGE if is_top else place > 1 - _NUMBER_EDGE
    return near and bool(_PAGE_NUMBER.fullmatch(line_of(row).text.strip()))
