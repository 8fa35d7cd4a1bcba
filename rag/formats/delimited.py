"""Tables as text (.csv, .tsv): one row a line, cells parted by a character that the file itself tells."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rag.formats.regions import Plane, plane_text
from rag.formats.sheets import MAX_CELLS, too_many_cells
from rag.loading.base import Extracted, refusal
from rag.loading.encodings import decode

_DELIMITERS = "\t,;|，"
"""In the order in which they are preferred where several fit: what stands least in the cells themselves comes first."""

_NONE = "\x1f"
_LEAST_SHARE = 0.3
_SAMPLE = 200  # lines
_LONGEST_CELL = 1_000_000  # characters


def extract(raw: bytes, name: str) -> Extracted:
    """The file's tables; lines above and below them stay lines. Its title is the file's name.

    Raises:
        LoadError: the file decodes under no supported encoding, is a web page, or holds too many cells.
    """
    text, _ = decode(raw, name)
    if text[:200].lstrip().lower().startswith(("<!doctype html", "<html")):
        raise refusal(
            name,
            "内容是网页（HTML），不是表格，可能是下载时的出错页。请重新下载；若确是网页，请把后缀改为 .html。",
            "its content is a web page (HTML), no table, perhaps an error page; download it again, or rename it to .html.",
        )
    text, delimiter = _told(text)
    rows: dict[int, dict[int, str]] = {}
    count = 0
    for number, cells in enumerate(_rows(text, delimiter or _delimiter(text))):
        filled = {column: cell for column, cell in enumerate(cells) if cell.strip()}
        count += len(filled)
        if count > MAX_CELLS:
            raise too_many_cells(name)
        if filled:
            rows[number] = filled
    return Extracted(text=plane_text(Plane(rows)), title=Path(name).stem, encoding="csv")


def _told(text: str) -> tuple[str, str]:
    """The text behind a first line such as ``sep=;``, by which Excel is told the delimiter, and that delimiter."""
    first, _, rest = text.partition("\n")
    first = first.strip("\r\ufeff ")
    return (rest, first[4]) if len(first) == 5 and first.lower().startswith("sep=") else (text, "")


def _delimiter(text: str) -> str:
    """The character that gives the most rows the same number of cells; one that no text holds where none does."""
    sample = "".join(islice(io.StringIO(text), _SAMPLE))
    best, best_share = _NONE, _LEAST_SHARE
    for delimiter in _DELIMITERS:
        widths = [len(row) for row in _rows(sample, delimiter, is_cut=True) if row]
        usual = Counter(width for width in widths if width > 1).most_common(1)
        share = round(usual[0][1] / len(widths), 1) if usual else 0.0
        if share > best_share:
            best, best_share = delimiter, share
    return best


def _rows(text: str, delimiter: str, *, is_cut: bool = False) -> Iterator[list[str]]:
    """The rows of cells. Quotes that do not fit, such as one that is never closed, are characters like any other."""
    csv.field_size_limit(_LONGEST_CELL)
    quoting: int = csv.QUOTE_MINIMAL
    if not is_cut:
        try:
            for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
                pass
        except csv.Error:
            quoting = csv.QUOTE_MINIMAL if text.count('"') % 2 == 0 else csv.QUOTE_NONE
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    except csv.Error:  # a cell beyond all measure: a quote that opens and closes somewhere else
        for line in text.splitlines():
            yield line.split(delimiter)
