"""Images: the text that is recognised on them, each picture a page (scans in TIFF have several)."""

import contextlib
import io
import math
import struct
import warnings
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from rag.errors import LoadError
from rag.formats.pdf_layout import PageParts, text_of_pages
from rag.formats.pdf_rules import Box
from rag.formats.recognition import EXTRA, MOST_PIXELS, is_installed
from rag.formats.scans import Scans
from rag.loading.base import MAX_PAGES, Extracted, refusal

if TYPE_CHECKING:
    from rag.formats.recognition import Picture

MOST_PIXELS_OF_IMAGE = 50_000_000
"""Most pixels of an image: A4 at 600 dots per inch has 35 million. Unpacked, each takes up to 4 bytes."""

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_LONGEST_SIDE = 842.0  # points of A4, whatever the image's own resolution
_EMPTY = Box(0.0, 0.0, _LONGEST_SIDE, _LONGEST_SIDE)
_WHITE = (255, 255, 255, 255)


def extract(raw: bytes, name: str) -> Extracted:
    """The text on all pictures of the file, with the offset at which each begins.

    Raises:
        LoadError: the file is damaged, has too many pixels or pictures, or nothing was recognised; or what recognises
            text is not installed.
    """
    if not is_installed():
        raise refusal(
            name,
            f"这是图片，文字要先识别出来。请先安装：{EXTRA}。",
            f"it is an image, whose text has to be recognised first: {EXTRA}.",
        )
    scans, pages = Scans(), []
    with opened_image(raw, name) as image:
        count = getattr(image, "n_frames", 1)
        moving = count - 1 if image.format != "TIFF" else 0
        for number in range(1, count - moving + 1):
            draw = partial(picture_of, image, number, name)
            parts = scans.add(number, count - moving, draw, _LONGEST_SIDE)
            pages.append(parts or PageParts([], [], [], _EMPTY))
    if scans.given_up and not scans.recognised:
        raise scans.refused(name)
    if not scans.recognised:
        raise refusal(
            name,
            "图片里没有识别出文字。请换一张更清晰的再试。",
            "no text was recognised in the image; try a clearer one.",
        )
    text, starts, heads = text_of_pages(pages)
    told = list(scans.told(in_image=True))
    if heads:
        told.insert(0, (f"页眉、页脚和页码 {heads} 行", f"running heads, footers and page numbers: {heads}"))
    if moving:
        told.append((f"动画的其他画面 {moving} 幅", f"other pictures of an animation: {moving}"))
    return Extracted(
        text=text,
        page_starts=starts,
        encoding="image",
        left_out=tuple(told),
        unsure=scans.unsure_in(text, starts),
    )


@contextlib.contextmanager
def opened_image(raw: bytes, name: str) -> Iterator[Any]:
    """Pillow's image; nothing of it has been unpacked. Its warning of many pixels says nothing, as they are counted here.

    Raises:
        LoadError: the file is damaged or has too many pictures.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Any = Image.open(io.BytesIO(raw), formats=_FORMATS)
            if image.format == "TIFF" and image.n_frames > MAX_PAGES:
                raise refusal(
                    name,
                    f"图片超过 {MAX_PAGES} 页。请拆分后再试。",
                    f"it has more than {MAX_PAGES} pictures; split it.",
                )
            yield image
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise refusal(
            name,
            "图片已损坏或不完整，无法打开。请重新下载，或用看图软件另存一份再试。",
            "this image is damaged or incomplete; download it again, or save a fresh copy in a viewer.",
        ) from error


def picture_of(image: Any, number: int, name: str, most_pixels: int = MOST_PIXELS) -> "Picture":
    """One of an image's pictures as a person sees it: upright, on white, and no larger than is wanted.

    Raises:
        LoadError: it has too many pixels.
    """
    import numpy as np
    from PIL import Image, ImageOps

    image.seek(number - 1)
    if image.width * image.height > MOST_PIXELS_OF_IMAGE:
        raise _too_large(name)
    reduced = math.sqrt(most_pixels / (image.width * image.height))
    if reduced < 1:
        image.draft("RGB", (int(image.width * reduced), int(image.height * reduced)))  # JPEG: less to unpack
    seen = ImageOps.exif_transpose(image)
    if seen.mode in ("P", "PA", "LA", "RGBA"):
        on_white = Image.new("RGBA", seen.size, _WHITE)
        on_white.alpha_composite(seen.convert("RGBA"))
        seen = on_white
    seen = seen.convert("RGB")
    reduced = math.sqrt(most_pixels / (seen.width * seen.height))
    if reduced < 1:
        seen = seen.resize((max(1, int(seen.width * reduced)), max(1, int(seen.height * reduced))), reducing_gap=2.0)
    return np.ascontiguousarray(np.asarray(seen)[:, :, ::-1])


def _too_large(name: str) -> LoadError:
    limit = MOST_PIXELS_OF_IMAGE // 1_000_000
    return refusal(
        name,
        f"图片超过 {limit * 100} 万像素。请缩小后再试。",
        f"the image has more than {limit} million pixels; make it smaller and try again.",
    )
