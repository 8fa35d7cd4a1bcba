"""The contract of loading: what a loader takes and gives, and the limits that every file must keep.

A loader is a function ``(raw: bytes, name: str) -> Extracted``, one per format, each in a file of its own. It raises
:class:`~rag.errors.LoadError` for what it cannot read. ``name`` serves messages and format details only; a loader
never opens files. It runs in a process of its own (:mod:`rag.loading.worker`), where memory and time are limited, and
lets a ``MemoryError`` pass.
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.errors import LoadError

MAX_BYTES = 50_000_000
"""Largest file taken in, in bytes, unless the caller says otherwise."""

MAX_UNPACKED_BYTES = 200_000_000
"""Largest total size, in bytes, of what a packed format (.docx, .xlsx, .pptx, .epub) unpacks to."""

MAX_XML_BYTES = 64_000_000
"""Largest single XML part of a packed format, in bytes: parsed, it takes about ten times that in memory."""

MAX_PAGES = 5_000
"""Most pages that a paged format (.pdf) may have."""

NO_MEMORY = 2
"""What libxml2 calls a lack of memory (XML_ERR_NO_MEMORY); lxml raises it like an error of the file."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a loader reads out of one file.

    Attributes:
        text: the text; for plain text exactly what the file's bytes decode to, line ends and all.
        title: the title that the file's own metadata gives, else empty.
        date: the day of publication or making that the file's own metadata gives.
        source: who published it according to the file's own metadata, else empty.
        page_starts: for paged formats, the offset in ``text`` at which each page begins, ascending.
        encoding: for plain text a key of :data:`rag.loading.encodings.ENCODINGS`, otherwise the name of the format.
        left_out: what of the file is not in ``text`` and why, each a line in Chinese and in English without a full stop
            (``("批注 3 条", "3 comments")``).
        unsure: spans of ``text`` (begin, end) whose characters were recognised on a picture and may be others, ascending.
    """

    text: str
    title: str = ""
    date: datetime.date | None = None
    source: str = ""
    page_starts: tuple[int, ...] = ()
    encoding: str = ""
    left_out: tuple[tuple[str, str], ...] = ()
    unsure: tuple[tuple[int, int], ...] = ()


Loader = Callable[[bytes, str], Extracted]

Drawer = Callable[[bytes, str, int], bytes]
"""Takes a file's bytes, its name and the number of a page, from 1, and gives that page as PNG. It runs where loaders do."""

PageProgress = Callable[[int, int], None]
"""Is told, again and again while a file is read, which of its pages is being recognised, from 1, and how many it has; twice
0 before the first. What it raises ends the reading."""

Place = tuple[float, float, float, float]
"""A box on a page: left, top, right and bottom, in parts of its width and height, from its upper left corner."""

Locator = Callable[[bytes, str, int, str, Sequence[tuple[int, int]]], list[Place]]
"""Takes a file's bytes, its name, the number of a page, from 1, its text and spans of that, and gives the places where these
stand on the page as it is drawn; none for a span whose place is not certain. It runs where loaders do."""

MOST_PICTURE_PIXELS = 2_800_000
"""Most pixels of a drawn page: A4 at 170 dots per inch."""


def refusal(name: str, zh: str, en: str) -> LoadError:
    """The error that refuses a file: its name, then the reason and what to do, in both languages."""
    return LoadError(f"无法读入 {name}：{zh}", f"Cannot load {name}: {en}")
