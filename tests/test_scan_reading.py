"""Scans read where files are read: as long as pages come, with progress, and given up at once when nobody waits any more."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder

from rag.assistant import Assistant
from rag.errors import LoadError, UsageError
from rag.formats import recognition
from rag.index.indexing import Progress
from rag.loading import load_bytes, processes, reading_threads
from rag.loading.file_limits import FileLimits
from tests.slow_recogniser import LINE, Recognise, scan, slow_recogniser
from tests.waiting import LONGEST
from ui.uploads import Limits, take_in, upload_folder

pytestmark = [
    pytest.mark.skipif(not recognition.is_installed(), reason="needs the extra ocr"),
    pytest.mark.skipif(sys.platform == "win32", reason="no pipe can be waited for"),
]


@pytest.fixture
def recognise() -> Iterator[Recognise]:
    with slow_recogniser() as set_to:
        yield set_to


def reader() -> Any:
    (one,) = processes._readers._all
    return one.process


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), language_model="extractive") as opened:
        yield opened


def test_a_scan_takes_longer_than_a_file_may_as_long_as_pages_come(
    recognise: Recognise, library: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recognise("0.75")
    monkeypatch.setenv("YOUJU_FILE_SECONDS", "4")
    (tmp_path / "a.pdf").write_bytes(scan(6))
    (tmp_path / "b.txt").write_text("青山湖大桥全长1280米。", "utf-8")
    told: list[Progress] = []
    report = library.add([tmp_path / "a.pdf", tmp_path / "b.txt"], told.append)
    assert len(report.added) == 2
    assert {entry.characters for entry in library.documents()} == {6 * len(LINE) + 5, 13}
    first, second = str(tmp_path / "a.pdf"), str(tmp_path / "b.txt")
    expected = [
        Progress(first, 0, 2),
        *(Progress(first, 0, 2, page, 6) for page in range(1, 7)),
        Progress(second, 1, 2),
    ]
    assert list(dict.fromkeys(told)) == expected


def test_a_reader_that_hangs_over_a_page_is_killed(recognise: Recognise) -> None:
    recognise("1000 if page == 3 else 0")
    told: list[tuple[int, int]] = []
    load_bytes(b"a", "a.txt")
    (waiting,) = processes._readers._all
    hanging, waiting.limits = waiting.process, FileLimits(seconds=3)
    with pytest.raises(LoadError, match="YOUJU_FILE_SECONDS"):
        processes.read(scan(5), ".pdf", "a.pdf", waiting.limits, lambda *at: told.append(at))
    assert told[-1] == (3, 5) and hanging.poll() is not None
    assert load_bytes("下一份。".encode(), "next.txt").text == "下一份。"


def test_when_the_time_for_all_pages_is_over_the_rest_is_told(recognise: Recognise) -> None:
    recognise("0 if page < 3 else 50")
    document = load_bytes(scan(5), "a.pdf", limits=FileLimits(recognition_seconds=4))
    assert document.text == f"{LINE}\f{LINE}\f\f\f"
    assert any("3 页（第 3、4、5 页）；可调高 YOUJU_RECOGNITION_SECONDS" in zh for zh, _ in document.left_out)


def test_a_reader_that_tells_of_pages_without_end_is_not_believed(recognise: Recognise) -> None:
    recognise("scans.reading_time.begin_page(1, 2) or 0")
    with pytest.raises(LoadError, match="意外终止"):
        load_bytes(scan(2), "a.pdf")


def test_very_many_unsure_characters_are_told(recognise: Recognise) -> None:
    recognise("0", sureness=0.5, times=10_000)
    document = load_bytes(scan(1), "a.pdf")
    assert document.text == LINE * 10_000
    assert document.unsure == tuple((at, at + 1) for at in range(0, len(document.text), 2))


def test_whoever_is_told_of_pages_can_stop_the_reading(recognise: Recognise) -> None:
    recognise("0 if page < 2 else 1000")
    load_bytes(b"a", "a.txt")
    working = reader()

    def stop(page: int, _: int) -> None:
        if page == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        processes.read(scan(3), ".pdf", "a.pdf", FileLimits(), stop)
    assert working.poll() is not None and not processes._readers._all


def test_pages_are_drawn_while_two_scans_are_recognised(recognise: Recognise) -> None:
    recognise("0.2")
    both, drawn = threading.Barrier(3), threading.Event()
    read: list[str] = []

    def one() -> None:
        waited = False

        def tell(page: int, _: int) -> None:
            nonlocal waited
            if page and not waited:
                waited = True
                both.wait(LONGEST)
                assert drawn.wait(LONGEST)

        read.append(processes.read(scan(3), ".pdf", "a.pdf", FileLimits(), tell).text)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    both.wait(LONGEST)
    assert processes.draw(scan(1), ".pdf", "b.pdf", 1, FileLimits()).startswith(b"\x89PNG")
    drawn.set()
    for thread in threads:
        thread.join()
    assert read == ["\f".join([LINE] * 3)] * 2


def uploaded(*files: tuple[str, bytes]) -> list[str]:
    paths = []
    for name, raw in files:
        folder = upload_folder() / name
        folder.mkdir()
        (folder / name).write_bytes(raw)
        paths.append(str(folder / name))
    return paths


def test_an_upload_tells_its_pages_and_can_be_stopped(recognise: Recognise, library: Assistant) -> None:
    recognise("0 if page < 2 else 1000")
    stopped = threading.Event()
    paths = uploaded(
        ("a.txt", "青山湖大桥全长1280米。".encode()), ("b.pdf", scan(3)), ("c.txt", "白云山隧道。".encode())
    )
    states = []
    for uploads in take_in(library, paths, Limits(), stopped):
        states.append([(one.state, one.page, one.pages) for one in uploads])
        if uploads[1].page == 2:
            stopped.set()
    assert [("added", 0, 0), ("reading", 2, 3), ("waiting", 0, 0)] in states
    assert [state for state, _, _ in states[-1]] == ["added", "stopped", "stopped"]
    assert [entry.path for entry in library.documents()] == ["a.txt"]
    assert not any(Path(path).exists() for path in paths) and not processes._readers._all


def test_whoever_leaves_off_an_upload_ends_the_reading(recognise: Recognise, library: Assistant) -> None:
    recognise("1000")
    (path,) = uploaded(("d.pdf", scan(3)))
    states = take_in(library, [path], Limits())
    while next(states)[0].page == 0:
        pass
    states.close()  # type: ignore[attr-defined]
    assert not Path(path).exists() and not processes._readers._all and not library.documents()


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "two hours"])
def test_an_impossible_time_for_all_pages_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_RECOGNITION_SECONDS", value)
    with pytest.raises(UsageError, match="YOUJU_RECOGNITION_SECONDS"):
        load_bytes(b"a", "a.txt")


def test_work_is_shared_among_threads_and_ends_with_its_first_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_threads, "_pool", None)
    assert reading_threads.each(lambda _: threading.get_ident(), [1, 2]) == [threading.get_ident()] * 2
    monkeypatch.setattr(reading_threads, "cores", lambda: 3)
    assert reading_threads.start() == 3
    together, under_way, begun = threading.Barrier(3), threading.Semaphore(0), []

    def work(number: int) -> int:
        together.wait(LONGEST)  # three are at work at once, or this breaks
        return number * number

    assert reading_threads.each(work, range(6)) == [number * number for number in range(6)]

    def fail(number: int) -> None:
        begun.append(number)
        if number == 1:
            raise MemoryError
        under_way.acquire(timeout=0.2)
        begun.remove(number)

    with pytest.raises(MemoryError):
        reading_threads.each(fail, range(50))
    assert begun == [1]
