"""Text recognition: the lines of writing on a picture, by the models that the package rapidocr holds (PP-OCRv6).

Everything runs in this process, and neither the network nor the disk is used: the models are named by their paths, so
that nothing is looked for elsewhere. Each thread recognises one line at a time, as many at once would take the memory that
a file may have.
"""

import contextlib
import importlib.util
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from rag.loading.reading_threads import each
from rag.loading.reading_time import seconds_left

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

EXTRA = 'pip install "youju[ocr]"'
"""What installs the packages that recognition needs."""

MOST_PIXELS = 6_000_000
"""Most pixels of a picture: A4 at 250 dots per inch. Its memory and time are bounded by it."""

_LONGEST_SIDES = (1120, 736)
"""Longest side of the pictures on which lines are looked for, in pixels; they are read off the picture itself.

The larger one gives the better boxes but misses lines that stand apart, most of all short ones; these come from the other.
"""

_HIGHEST = 2.0  # height in widths of a picture on which lines are looked for at once
_NARROWEST = 100  # pixels; what is narrower is no page
_WIDEST = 64.0  # width of a line in heights, beyond which it is squeezed: about 60 Chinese characters
_UPRIGHT = 1.5  # height in widths from which a line is taken to run downwards
_TALLEST_CHARACTER = 1.6  # in heights of the page's lines: what is higher is no single character
_UPSIDE_DOWN = 0.75  # mean sureness below which a page is tried upside down

_NO_MEMORY = ("bad_alloc", "bad allocation", "allocate", "map segment", "insufficient memory", "out of memory")


class OutOfTimeError(Exception):
    """The file's time is over before the picture was recognised."""


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """A line of writing.

    Attributes:
        text: what it says.
        sureness: for each character how sure the model is of it, from 0 to 1.
        left, top, right, bottom: its place in pixels; of a line that is askew, that of a level one in its middle.
    """

    text: str
    sureness: tuple[float, ...]
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """The lines on a picture, in no order, and its size in pixels once it has been turned so that they are level."""

    lines: list[WrittenLine]
    width: int
    height: int


def is_installed() -> bool:
    """Whether the packages of the extra ``ocr`` are there."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


def written_page(picture: "Picture") -> WrittenPage:
    """What is written on a picture (blue, green, red; at most :data:`MOST_PIXELS`), turned if it lies on its side.

    Raises:
        OutOfTimeError: the file's time is over.
        MemoryError: there is not enough memory.
    """
    import numpy as np

    with _memory_errors():
        boxes = _boxes(picture)
        if _lies_on_its_side(boxes):
            picture = np.ascontiguousarray(np.rot90(picture))
            boxes = _boxes(picture)
        lines = _lines(picture, boxes)
        if lines and _mean(lines) < _UPSIDE_DOWN:
            turned = np.ascontiguousarray(np.rot90(picture, 2))
            other = _lines(turned, _boxes(turned))
            if other and _mean(other) > _mean(lines):
                lines = other
    return WrittenPage(lines, picture.shape[1], picture.shape[0])


@cache
def _engine() -> Any:
    """The models, loaded once in a process."""
    from embeddings.runtime import quiet_onnxruntime

    quiet_onnxruntime()  # before rapidocr opens it
    import cv2
    import rapidocr

    cv2.setNumThreads(1)
    models = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.min_side_len": 1,
            "Global.max_side_len": MOST_PIXELS,
            "Global.width_height_ratio": -1,
            "Global.model_root_dir": str(models),
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Det.limit_type": "max",
            "Det.limit_side_len": max(_LONGEST_SIDES),
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _boxes(picture: "Picture") -> "list[NDArray[np.float32]]":
    """The lines found on a picture, each by its four corners from the upper left clockwise."""
    boxes: list[NDArray[np.float32]] = []
    for begin, end in itertools.pairwise(_cuts(picture)):
        band = picture[begin:end]
        own: list[NDArray[np.float32]] = []
        for longest_side in _LONGEST_SIDES:
            own += [box for box in _found(band, longest_side) if not any(_touches(box, other) for other in own)]
        for box in own:
            box[:, 1] += begin
        boxes += own
    return boxes


def _cuts(picture: "Picture") -> list[int]:
    """The rows at which a picture that is much higher than wide (a long screenshot) is cut, first and last included.

    It is cut where least is drawn, which is between lines.
    """
    height, width = picture.shape[:2]
    cuts = [0]
    while width > _NARROWEST and height - cuts[-1] > _HIGHEST * width:
        last = cuts[-1] + int(_HIGHEST * width)
        first = last - width // 2
        cuts.append(first + int(picture[first:last].std(axis=(1, 2)).argmin()))
    return [*cuts, height]


def _found(picture: "Picture", longest_side: int) -> "list[NDArray[np.float32]]":
    import cv2
    import numpy as np

    _check_time()
    scale = min(1.0, longest_side / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    found = getattr(_engine()(small, use_det=True, use_cls=False, use_rec=False), "boxes", None)
    return [] if found is None else [np.asarray(box, dtype=np.float32) / np.float32(scale) for box in found]


def _touches(box: "NDArray[np.float32]", other: "NDArray[np.float32]") -> bool:
    """Whether the level boxes around two overlap."""
    return bool((box.min(axis=0) < other.max(axis=0)).all() and (other.min(axis=0) < box.max(axis=0)).all())


def _size(box: "NDArray[np.float32]") -> tuple[float, float]:
    """Width and height of a box."""
    across, down = box[1] - box[0] + box[2] - box[3], box[3] - box[0] + box[2] - box[1]
    return float((across @ across) ** 0.5 / 2), float((down @ down) ** 0.5 / 2)


def _lies_on_its_side(boxes: "list[NDArray[np.float32]]") -> bool:
    sizes = [_size(box) for box in boxes]
    upright = sum(width * height for width, height in sizes if height > _UPRIGHT * width)
    return upright > 0.5 * sum(width * height for width, height in sizes) and len(sizes) > 1


def _lines(picture: "Picture", boxes: "list[NDArray[np.float32]]") -> list[WrittenLine]:
    usual = median(min(_size(box)) for box in boxes) if boxes else 0.0

    def read(box: "NDArray[np.float32]") -> WrittenLine | None:
        return _line(picture, box, usual)

    try:
        with _memory_errors():
            found = each(read, boxes)  # the models, set to lines, serve several threads
    except MemoryError:  # several lines at once, very long ones perhaps, took too much
        found = [read(box) for box in boxes]
    return [line for line in found if line is not None]


def _line(picture: "Picture", box: "NDArray[np.float32]", usual: float) -> WrittenLine | None:
    """What is written in a box; None: nothing. ``usual`` is the height of the page's lines."""
    import cv2
    import numpy as np
    from rapidocr.utils.process_img import get_rotate_crop_image

    _check_time()
    width, height = _size(box)
    if min(width, height) < 2:
        return None
    crop = get_rotate_crop_image(picture, box)
    if height >= _UPRIGHT * width and height < _TALLEST_CHARACTER * usual and crop.shape[1] > crop.shape[0]:
        crop = np.rot90(crop, -1)  # a single narrow character, no line that runs downwards
    if crop.shape[1] > _WIDEST * crop.shape[0]:
        crop = cv2.resize(crop, (int(_WIDEST * crop.shape[0]), crop.shape[0]))
    found = _engine()(np.ascontiguousarray(crop), use_det=False, use_cls=False, use_rec=True, return_word_box=True)
    text = found.txts[0] if found.txts else ""
    if not text.strip():
        return None
    sureness = found.word_results[0].confs
    if len(sureness) != len(text):  # the model names some characters by several code points
        sureness = [found.scores[0]] * len(text)
    begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
    left, right = float(box[[0, 3], 0].mean()), float(box[[1, 2], 0].mean())
    top, bottom = float(box[[0, 1], 1].mean()), float(box[[2, 3], 1].mean())
    return WrittenLine(text[begin:end], tuple(map(float, sureness[begin:end])), left, top, right, bottom)


def _mean(lines: list[WrittenLine]) -> float:
    sureness = list(itertools.chain.from_iterable(line.sureness for line in lines))
    return sum(sureness) / len(sureness)


def _check_time() -> None:
    if seconds_left() <= 0:
        raise OutOfTimeError


@contextlib.contextmanager
def _memory_errors() -> Iterator[None]:
    """The libraries' errors that mean a lack of memory are one."""
    try:
        yield
    except (OutOfTimeError, MemoryError):
        raise
    except Exception as error:
        if any(words in str(error).lower() for words in _NO_MEMORY):
            raise MemoryError from error
        raise
