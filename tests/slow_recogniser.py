"""Scans for the real reader of files, with a recogniser that waits for as long as is told instead of looking at pictures."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from PIL import Image

from rag.loading import file_process, processes

LINE = "共有三千人参加了这次会议。"
RECOGNISER = f"""
import itertools, time
from rag.formats import scans
from rag.formats.recognition import OutOfTimeError, WrittenLine, WrittenPage
from rag.loading.reading_time import seconds_left

def recognised(picture, numbers=itertools.count(1)):
    seconds = SECONDS(next(numbers))
    time.sleep(min(seconds, max(0, seconds_left())) if seconds < 100 else seconds)
    if seconds_left() <= 0:
        raise OutOfTimeError
    line = {LINE!r} * TIMES
    sureness = tuple(1.0 if at % 2 else SURENESS for at in range(len(line)))
    return WrittenPage([WrittenLine(line, sureness, 0, 40, 100, 50)], 100, 100)

scans.written_page = recognised
"""
Recognise = Callable[..., None]


@contextmanager
def slow_recogniser() -> Iterator[Recognise]:
    """Gives what sets how long a page takes in readers that are started from then on.

    It takes an expression of the page's number in seconds; from 100 on nothing but the end of the reader ends it. Every
    other character of a page, :data:`LINE` so many times, is as sure as is told.
    """

    def set_to(seconds: str, sureness: float = 1.0, times: int = 1) -> None:
        code = RECOGNISER.replace("SECONDS", f"(lambda page: {seconds})").replace("TIMES", str(times))
        code = code.replace("SURENESS", str(sureness))
        start = f"exec({code!r}); from rag.loading.worker"
        patched.setattr(file_process, "_START", file_process._START.replace("from rag.loading.worker", start))
        processes._readers.end()

    with pytest.MonkeyPatch.context() as patched:
        yield set_to
    processes._readers.end()


def scan(pages: int) -> bytes:
    """A PDF of pages without a text layer."""
    file = io.BytesIO()
    pictures = [Image.new("1", (20, 20))] * pages
    pictures[0].save(file, "PDF", save_all=True, append_images=pictures[1:])
    return file.getvalue()
