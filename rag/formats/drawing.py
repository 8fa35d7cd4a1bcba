"""Pages as pictures, for whoever compares what was read with what stands there: PNG of a bounded size."""

import math
import struct
import zlib
from typing import TYPE_CHECKING, Any

from rag.formats.images import opened_image, picture_of
from rag.formats.pdf import opened_pdf
from rag.loading.base import MOST_PICTURE_PIXELS, refusal

if TYPE_CHECKING:
    from rag.errors import LoadError
    from rag.formats.recognition import Picture

_DOTS = 300  # per inch: small pages are not drawn larger
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _COLOURS = 0, 2  # colour types of PNG


def draw_pdf(raw: bytes, name: str, number: int) -> bytes:
    """A page of a PDF as a viewer shows it, with annotations and what is filled into forms.

    Raises:
        LoadError: the file is damaged or needs a password, or has no such page.
    """
    with opened_pdf(raw, name) as document:
        document.init_forms()
        page = page_of(document, name, number)
        width, height = page.get_size()
        scale = min(_DOTS / 72, math.sqrt(MOST_PICTURE_PIXELS / max(width * height, 1.0)))
        # Sides are rounded up to whole pixels, of which a very narrow page would have too many.
        scale = min(scale, MOST_PICTURE_PIXELS / max(width, height, 1.0))
        return _png(page.render(scale=scale).to_numpy()[:, :, :3])


def draw_image(raw: bytes, name: str, number: int) -> bytes:
    """A picture of an image's: upright and on white.

    Raises:
        LoadError: the file is damaged or has too many pixels, or has no such picture.
    """
    with opened_image(raw, name) as image:
        if not 1 <= number <= getattr(image, "n_frames", 1):
            raise _no_page(name, number)
        return _png(picture_of(image, number, name, MOST_PICTURE_PIXELS))


def page_of(document: Any, name: str, number: int) -> Any:
    """PDFium's page.

    Raises:
        LoadError: there is none of that number.
    """
    if not 1 <= number <= len(document):
        raise _no_page(name, number)
    return document[number - 1]


def _png(picture: "Picture") -> bytes:
    """A picture (blue, green, red) as PNG; one without colours takes a third of the room."""
    import numpy as np

    height, width = picture.shape[:2]
    red = picture[:, :, 2]
    is_grey = bool((red == picture[:, :, 0]).all() and (red == picture[:, :, 1]).all())
    rows = (red if is_grey else picture[:, :, ::-1]).reshape(height, -1)
    lines = np.zeros((height, rows.shape[1] + 1), np.uint8)  # each begins with the number of its filter, 0 for none
    lines[:, 1:] = rows
    head = struct.pack("!IIBBBBB", width, height, 8, _GREY if is_grey else _COLOURS, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body)) for kind, body in parts
    )


def _no_page(name: str, number: int) -> "LoadError":
    return refusal(name, f"没有第 {number} 页。", f"there is no page {number}.")
