"""The pages of a document's file as pictures: what was read can be compared with what stands there.

The file may have changed since, and is untrusted: it is drawn where files are read, and only while its bytes are the very
ones that the document was made of.
"""

import struct
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from rag.errors import LoadError, UsageError
from rag.loading import processes
from rag.loading.base import MOST_PICTURE_PIXELS, Place, refusal
from rag.loading.contents import suffix_of
from rag.loading.file_limits import FileLimits
from rag.loading.formats import FORMATS
from rag.loading.originals import check_original, original_of
from rag.text.documents import Document, Span

MOST_KEPT_BYTES = 64_000_000
"""Most bytes of pictures that are kept, so that turning pages back and forth draws none twice."""

MOST_CHARACTERS = 40_000
"""Characters of a page beyond which no place on it is looked for; no page for readers has as many."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct("!8sI4sII")  # the signature, then length and name of the first chunk, width and height
_LEAST, _END = 45, b"IEND\xaeB`\x82"


def page_picture(document: Document, page: int, *, limits: FileLimits | None = None) -> bytes:
    """A page of the file that a document came from, as PNG of at most about 2.8 million pixels.

    Args:
        document: one with pages, of a PDF or an image.
        page: its number, from 1.
        limits: what drawing it may take; those of the environment unless given.

    Raises:
        UsageError: the document has no pages, or none of that number; the environment sets a limit that is no number.
        OriginalError: its file was not kept, is gone, has changed or cannot be read.
        LoadError: drawing the page exceeds a limit, or breaks down.
    """
    name = Path(document.path).name
    _check_page(document, page)
    check_original(document)
    kept = _pictures.get((document.digest, page))
    if kept is not None:
        return kept
    raw = original_of(document)
    suffix = suffix_of(raw, name, name)
    if not FORMATS[suffix].drawer:
        raise UsageError(zh=f"{suffix} 文件的页不能画成图。", en=f"Pages of {suffix} files cannot be drawn.")
    picture = processes.draw(raw, suffix, name, page, limits or FileLimits.from_environment())
    if not _is_picture(picture):
        raise _broken(name)
    _pictures.keep((document.digest, page), picture)
    return picture


def places_on_page(
    document: Document, page: int, spans: Sequence[Span], *, limits: FileLimits | None = None
) -> list[Place]:
    """Where spans of a document's text stand on a page of its file, a box for each line of it.

    Only what is certain is told: a span that may stand elsewhere has no box. Nor has one of a page that was recognised,
    or of an image, as the places of recognised characters are not kept.

    Args:
        document, page, limits: as for :func:`page_picture`.
        spans: in ``document.text``; what of them is not on the page is left out.

    Raises:
        UsageError, OriginalError: as for :func:`page_picture`.
        LoadError: looking for them exceeds a limit, or breaks down.
    """
    _check_page(document, page)
    start, end = (*document.page_starts, len(document.text))[page - 1 : page + 1]
    here = [(max(one, start) - start, min(other, end) - start) for one, other in spans if one < end and start < other]
    if not here or end - start > MOST_CHARACTERS:
        return []
    raw, name = original_of(document), Path(document.path).name
    suffix = suffix_of(raw, name, name)
    if not FORMATS[suffix].locator:
        return []
    text = document.text[start:end]
    return processes.locate(raw, suffix, name, page, text, here, limits or FileLimits.from_environment())


def _check_page(document: Document, page: int) -> None:
    name, pages = Path(document.path).name, len(document.page_starts)
    if not pages:
        raise UsageError(zh=f"{name} 没有分页，没有原页可看。", en=f"{name} has no pages to show.")
    if not 1 <= page <= pages:
        raise UsageError(
            zh=f"{name} 没有第 {page} 页，共 {pages} 页。", en=f"{name} has no page {page}; it has {pages}."
        )


def size_of(picture: bytes) -> tuple[int, int]:
    """Width and height in pixels of a picture that :func:`page_picture` gave."""
    _, _, _, width, height = _HEAD.unpack_from(picture)
    return width, height


def _is_picture(picture: bytes) -> bool:
    """Whether it looks like a PNG of a size that is drawn: it comes from where untrusted files are read."""
    if len(picture) < _LEAST or not picture.endswith(_END):
        return False
    signature, length, kind, width, height = _HEAD.unpack_from(picture)
    return (signature, length, kind) == (_SIGNATURE, 13, b"IHDR") and 0 < width * height <= 2 * MOST_PICTURE_PIXELS


def _broken(name: str) -> LoadError:
    return refusal(
        name,
        "这一页画不出来，文件可能已损坏。",
        "this page could not be drawn; the file may be damaged.",
    )


class _Pictures:
    """Pictures that were drawn, the latest used of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, int]) -> bytes | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: tuple[str, int], picture: bytes) -> None:
        with self._lock:
            self._bytes += len(picture) - len(self._kept.pop(key, b""))
            self._kept[key] = picture
            while self._bytes > MOST_KEPT_BYTES:
                self._bytes -= len(self._kept.popitem(last=False)[1])


_pictures = _Pictures()
