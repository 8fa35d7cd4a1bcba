"""No file ends the program: what takes too much memory, time or text is refused, and the next file goes in."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder

from rag.assistant import Assistant
from rag.errors import LoadError, UsageError
from rag.loading import load, load_bytes, processes
from rag.loading.file_limits import FileLimits
from rag.text.documents import Document
from tests.breaking import hostile_files as hostile
from tests.waiting import LONGEST, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
SMALL = FileLimits(memory_mb=80, seconds=int(LONGEST), characters=200_000)
GROWTH = 60_000_000


@pytest.fixture(autouse=True)
def own_readers() -> Iterator[None]:
    """No reader is left over from another test, nor for another one."""
    processes._readers.end()
    yield
    processes._readers.end()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), language_model="extractive") as opened:
        yield opened


def peak() -> int:
    """Most memory that this process has had, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) * 1024


def reader_ids() -> list[int]:
    return [one.process.pid for one in processes._readers._all]


def is_running(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def hurried() -> FileLimits:
    """Lets the reader that has read a first file take no more than a second for the next one, for which these limits are."""
    (reader,) = processes._readers._all
    reader.limits = replace(reader.limits, seconds=1)
    return reader.limits


MEMORY, SIZE = "YOUJU_FILE_MEMORY_MB", "YOUJU_FILE_CHARACTERS"
TOO_LARGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "content.pdf": (lambda: hostile.pdf_of_much_content(4_000_000), MEMORY),
    "paragraphs.docx": (lambda: hostile.docx_of_empty_paragraphs(1_500_000), MEMORY),
    "elements.html": (lambda: hostile.html_of_many_elements(1_000_000), MEMORY),
    "long.txt": (lambda: ("字" * 200_001).encode(), SIZE),
    "table.docx": (lambda: hostile.docx_of_a_table(30_000), SIZE),
    "bomb.docx": (lambda: hostile.zip_bomb(201_000_000), "200 MB"),
    "overlapping.docx": (lambda: hostile.overlapping_zip(400, 1_000_000), "200 MB"),
    "deep.html": (lambda: hostile.html_of_deep_elements(100_000), "nest too deep"),
    "pages.pdf": (lambda: hostile.pdf_of_many_pages(6_000), "5000"),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_file_that_takes_too_much_is_refused_and_the_next_one_goes_in(name: str) -> None:
    make, told = TOO_LARGE[name]
    raw = make()
    load_bytes("先来一份。".encode(), "first.txt", limits=SMALL)
    before = peak()
    with pytest.raises(LoadError) as caught:
        load_bytes(raw, name, limits=SMALL)
    assert name in caught.value.en and told in caught.value.en
    assert caught.value.zh != caught.value.en
    assert peak() - before < GROWTH
    assert load_bytes("下一份。".encode(), "next.txt", limits=SMALL).text == "下一份。"


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("deep.pdf", hostile.pdf_of_deep_pages(2_000)),
        ("entities.docx", hostile.docx_of_entities(9)),
        ("deep.docx", hostile.docx_of_deep_elements(100_000)),
        ("tables.html", hostile.html_of_deep_tables(1_900)),
        ("title.html", hostile.html_of_long_title(150_000)),
    ],
)
def test_a_file_of_odd_shape_is_read_or_refused(name: str, raw: bytes) -> None:
    before = peak()
    refused = None
    try:
        document = load_bytes(raw, name, limits=SMALL)
        assert len(document.text) < SMALL.characters and len(document.title) <= 500
    except LoadError as error:
        refused = error
    assert refused is None or name in refused.en
    assert peak() - before < GROWTH
    assert load_bytes("下一份。".encode(), "next.txt", limits=SMALL).text == "下一份。"


def test_a_file_that_takes_too_long_is_refused() -> None:
    limits = FileLimits(memory_mb=4_000, seconds=int(LONGEST))
    load_bytes("先来一份。".encode(), "first.txt", limits=limits)
    first = reader_ids()
    with pytest.raises(LoadError) as caught:
        load_bytes(hostile.html_of_many_elements(3_000_000), "slow.html", limits=hurried())
    assert "1 s" in caught.value.en and "YOUJU_FILE_SECONDS" in caught.value.en and "1 秒" in caught.value.zh
    assert not any(map(is_running, first))
    assert load_bytes("下一份。".encode(), "next.txt", limits=limits).text == "下一份。"


def test_a_stopped_reader_is_given_up() -> None:
    load_bytes("先来一份。".encode(), "first.txt")
    os.kill(reader_ids()[0], signal.SIGSTOP)
    with pytest.raises(LoadError, match="YOUJU_FILE_SECONDS"):
        load_bytes("字".encode() * 200_000, "a.txt", limits=hurried())  # more than the pipe holds
    assert load_bytes("下一份。".encode(), "next.txt").text == "下一份。"


def test_a_batch_loses_only_the_hostile_files(
    tmp_path: Path, library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUJU_FILE_MEMORY_MB", "80")
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"第{number}座桥长{number + 3}20米，去年建成通车。" * 3, encoding="utf-8")
    (folder / "1a.pdf").write_bytes(hostile.pdf_of_much_content(4_000_000))
    (folder / "3a.docx").write_bytes(hostile.docx_of_empty_paragraphs(1_500_000))
    report = library.add(folder)
    assert len(report.added) == 6
    assert sorted(Path(failure.path).name for failure in report.failed) == ["1a.pdf", "3a.docx"]
    assert all("YOUJU_FILE_MEMORY_MB" in failure.error.en for failure in report.failed)


def test_an_upload_of_a_hostile_file_leaves_the_server_working(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui.uploads import Limits, take_in, upload_folder

    tmp_path = upload_folder() / "hash"
    tmp_path.mkdir()
    monkeypatch.setenv("YOUJU_FILE_MEMORY_MB", "80")
    (tmp_path / "a.pdf").write_bytes(hostile.pdf_of_much_content(4_000_000))
    (tmp_path / "b.txt").write_text("青山湖大桥全长1280米。", encoding="utf-8")
    (tmp_path / "c.docx").write_bytes(hostile.docx_of_a_table(1_000))
    monkeypatch.setenv("YOUJU_FILE_FACTS", "100")
    *_, last = take_in(library, [str(tmp_path / name) for name in ("a.pdf", "b.txt", "c.docx")], Limits())
    assert [upload.state for upload in last] == ["refused", "added", "added"]
    assert last[0].error is not None and "80 MB" in last[0].error.en
    assert library.retrieve("青山湖大桥全长多少米？")[0].document.path == "b.txt"


def test_of_too_many_facts_the_first_are_kept_and_the_report_says_so(
    library: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "\n\n".join(f"截至2023年{month}月底，全国累计建成5G基站超过{200 + month}万个。" for month in range(1, 10))
    monkeypatch.setenv("YOUJU_FILE_FACTS", "9")
    assert library.add(Document(lines, "a", "甲")).shortened == []
    monkeypatch.setenv("YOUJU_FILE_FACTS", "4")
    report = library.add(Document(lines + "\n\n完。", "b", "乙"))
    assert report.shortened == report.added
    (found,) = library.store.connection.execute(
        "SELECT count(*) FROM facts WHERE document_id = ?", (report.added[0],)
    ).fetchone()
    assert found == 4


@pytest.mark.parametrize("value", ["much", "-1", "1.5", "٣", "9" * 30, "31"])
def test_impossible_limits_are_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_FILE_MEMORY_MB", value)
    with pytest.raises(UsageError, match="YOUJU_FILE_MEMORY_MB"):
        load_bytes(b"a", "a.txt")


def test_a_reader_that_was_killed_costs_no_file() -> None:
    load_bytes("一".encode(), "a.txt")
    os.kill(reader_ids()[0], signal.SIGKILL)
    assert load_bytes("二".encode(), "b.txt").text == "二"


def test_a_reader_is_used_again_and_replaced_when_it_has_grown() -> None:
    load_bytes("一".encode(), "a.txt")
    first = reader_ids()
    for number in range(20):
        load_bytes(f"第{number}篇".encode(), "b.txt")
    assert reader_ids() == first
    assert len(load_bytes(hostile.pdf_of_much_content(400_000), "a.pdf").text) == 400_000  # takes about 250 MB
    assert reader_ids() == [] and not any(map(is_running, first))


def test_nothing_is_left_behind() -> None:
    load_bytes("一".encode(), "a.txt", limits=SMALL)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(2):
        with pytest.raises(LoadError):
            load_bytes(hostile.docx_of_empty_paragraphs(1_500_000), "a.docx", limits=SMALL)
        load_bytes("一".encode(), "a.txt", limits=SMALL)
    assert len(os.listdir("/proc/self/fd")) == before
    ids = reader_ids()
    processes._readers.end()
    assert not any(Path(f"/proc/{process_id}").exists() for process_id in ids)


def test_several_threads_each_get_their_own_file() -> None:
    wrong: list[str] = []

    def read(number: int) -> None:
        for part in range(30):
            text = f"第{number}条线第{part}篇" * (1 + part * 300)
            if load_bytes(text.encode(), f"{number}.txt").text != text:
                wrong.append(text[:20])

    threads = [threading.Thread(target=read, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert 1 <= len(reader_ids()) <= processes.READERS


def test_a_reader_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_API_KEY", "secret-1")
    monkeypatch.setenv("OPENAI_API_KEY", "secret-2")
    load_bytes("一".encode(), "a.txt")
    assert b"secret" not in Path(f"/proc/{reader_ids()[0]}/environ").read_bytes()
    limits = Path(f"/proc/{reader_ids()[0]}/limits").read_text(encoding="ascii")
    rows = {line[:25].strip(): line[25:].split()[:2] for line in limits.splitlines()[1:]}
    assert rows["Max file size"] == rows["Max core file size"] == rows["Max processes"] == ["0", "0"]
    assert rows["Max address space"][0].isdecimal()


def script(body: str, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    """A process of its own that runs Python code with our packages."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "YOUJU_LANGUAGE": "en"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(body), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )


AGAIN = """
from rag.loading import worker
done = worker._done
def again(request, *arguments):
    while request["name"] == "slow.html":
        done(request, *arguments)
    return done(request, *arguments)
worker._done = again
"""
SLOW = """
    import sys, threading
    from rag.loading import file_process, load_bytes, processes
    start = file_process._START
    file_process._START = start.replace("from rag.loading.worker", f"exec({sys.argv[1]!r}); from rag.loading.worker")
    load_bytes(b"a", "a.txt")
    print(*(one.process.pid for one in processes._readers._all), flush=True)
    raw = b"<html><body>" + b"<p>" * 1_000_000
    print("reading", flush=True)
    load_bytes(raw, "slow.html")
"""


def started_slow(**options: Any) -> "tuple[subprocess.Popen[str], int]":
    """A program whose reader is at a file that it reads again and again, and the id of that reader."""
    process = script(SLOW, AGAIN, **options)
    assert process.stdout is not None
    reading_process = int(process.stdout.readline())
    assert process.stdout.readline() == "reading\n"
    before = processor_time(reading_process)
    until(lambda: processor_time(reading_process) > before + 0.2)  # it is at it
    return process, reading_process


def processor_time(process_id: int) -> float:
    """The seconds of a processor that a process has taken."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_killed_program_takes_its_readers_along() -> None:
    process, reading_process = started_slow()
    process.kill()
    process.communicate()
    until(lambda: not is_running(reading_process))


def test_ctrl_c_interrupts_the_program_and_says_nothing_of_its_readers() -> None:
    process, reading_process = started_slow(start_new_session=True)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=LONGEST)
    assert errors.count("Traceback") == 1 and errors.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT
    until(lambda: not is_running(reading_process))


def test_a_forked_process_has_readers_of_its_own() -> None:
    process = script("""
        import os, sys
        from rag.loading import load_bytes, processes
        load_bytes(b"a", "a.txt")
        before = [one.process.pid for one in processes._readers._all]
        child = os.fork()
        for number in range(50):
            text = f"{child == 0} {number}" * 100
            assert load_bytes(text.encode(), "a.txt").text == text
        after = [one.process.pid for one in processes._readers._all]
        if child == 0:
            assert before != after
            processes._readers.end()
            os._exit(0)
        assert before == after
        assert os.waitpid(child, 0)[1] == 0
    """)
    _, errors = process.communicate(timeout=LONGEST)
    assert (process.returncode, errors) == (0, "")


def test_files_are_read_from_any_folder_whatever_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "rag.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    (tmp_path / "a.txt").write_text("正文", encoding="utf-8")
    program = tmp_path / "programs" / "program.py"
    program.parent.mkdir()
    program.write_text("from rag.loading import load\nprint(len(load('a.txt').text))\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "2\n", "")


def test_without_an_interpreter_the_refusal_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(LoadError, match="无法启动"):
        load_bytes(b"a", "a.txt")


def test_a_sidecar_is_limited_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("正文", encoding="utf-8")
    (tmp_path / "documents.toml").write_text("a = " + "[" * 50_000, encoding="utf-8")
    with pytest.raises(LoadError, match=r"documents\.toml"):
        load(tmp_path / "a.txt")
    with (tmp_path / "documents.toml").open("wb") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(LoadError, match="5 MB"):
        load(tmp_path / "a.txt")
