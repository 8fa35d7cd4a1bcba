"""Killed, interrupted, in several processes and threads at once: nothing that was finished is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from waiting import LONGEST, until
from youju_process import finish, run, start

import rag.index.store
from embeddings import load
from rag.assistant import Assistant
from rag.index import doctor
from rag.index.indexing import add
from rag.index.store import FILE_NAME, Store
from rag.text.documents import Document

NUMBER = 60


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(NUMBER):
        text = (
            f"编号{number}的文档。" + "".join(chr(0x4E00 + (number * 977 + 31 * i) % 20_000) for i in range(60)) + "。"
        )
        (folder / f"{number:03}.txt").write_text(text, encoding="utf-8")
    return folder


def documents_in(index: Path) -> int:
    """How many documents another process has put in so far."""
    if not (index / FILE_NAME).exists():
        return 0
    try:
        with closing(Store.open_as_it_is(index)) as store:
            return len(store.entries())
    except Exception:
        return 0


def wait_for(index: Path, number: int, process: subprocess.Popen[str]) -> None:
    """Waits until another process has put in so many documents."""
    until(lambda: documents_in(index) >= number or process.poll() is not None)


def holds(folder: Path, number: int) -> dict[str, str]:
    """Has a process hold once it has embedded so many passages, until the file ``holding`` is taken away."""
    return {"HASHING_HOLDS": f"{number} {folder / 'holding'}"}


def assert_whole(index: Path) -> int:
    """After one question everything is in step, and every document in the index is found."""
    with Assistant.open(index, embedder=HashingEmbedder(), language_model="extractive") as assistant:
        entries = assistant.documents()
        for entry in entries[:: max(1, len(entries) // 10)]:
            text = assistant.document(entry.id).text
            hits = assistant.retrieve(text[:40], 3)
            assert entry.id in {hit.document.id for hit in hits}
            assert {"lexical", "dense"} == set(next(hit for hit in hits if hit.document.id == entry.id).found_by)
        if not entries:
            assert assistant.retrieve("文档") == []
    findings = doctor.examine(index)
    assert all(finding.sound for finding in findings), findings
    return len(entries)


@pytest.mark.parametrize("moment", [0, 1, 20, 45])
def test_killed_while_adding(tmp_path: Path, documents: Path, moment: int) -> None:
    index = tmp_path / "index"
    process = start("add", documents, "--index", index, **holds(tmp_path, moment + 10))
    wait_for(index, moment, process)
    time.sleep(random.Random(moment).random() * 0.02)
    process.kill()
    process.communicate()
    committed = documents_in(index)
    assert moment <= committed < NUMBER
    if (index / FILE_NAME).exists():
        assert assert_whole(index) == committed
    outcome = run("add", documents, "--index", index)
    assert outcome.code == 0
    assert assert_whole(index) == NUMBER


def test_killed_while_rebuilding_leaves_the_old_index(tmp_path: Path, documents: Path) -> None:
    index = tmp_path / "index"
    assert run("add", documents, "--index", index).code == 0
    with closing(Store.open_as_it_is(index)) as store:
        before = store.chunk_ids().tolist(), store.chunk_size, store.generation
    process = start("rebuild", "--chunk-size", "60", "--index", index, **holds(tmp_path, 40))
    until((tmp_path / "holding").exists)
    assert process.poll() is None
    process.kill()
    process.communicate()
    with closing(Store.open_as_it_is(index)) as store:
        assert (store.chunk_ids().tolist(), store.chunk_size, store.generation) == before
    assert assert_whole(index) == NUMBER


def test_ctrl_c_while_adding(tmp_path: Path, documents: Path) -> None:
    index = tmp_path / "index"
    process = start("add", documents, "--index", index, **holds(tmp_path, 20))
    wait_for(index, 5, process)
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert outcome.code == 130
    assert "已中断" in outcome.errors and "再次运行" in outcome.errors
    added = documents_in(index)
    assert f"新增 {added} 份" in outcome.output and 5 <= added < NUMBER
    assert assert_whole(index) == added
    assert run("add", documents, "--index", index).code == 0
    assert assert_whole(index) == NUMBER


def test_ctrl_c_elsewhere(tmp_path: Path, documents: Path) -> None:
    index = tmp_path / "index"
    run("add", documents / "000.txt", "--index", index)
    process = start("rebuild", "--index", index, language="en", **holds(tmp_path, 0))
    until((tmp_path / "holding").exists)
    process.send_signal(signal.SIGINT)
    outcome = finish(process)
    assert outcome.code == 130 and "Interrupted" in outcome.errors


def test_two_processes_add_the_same_and_different_files_at_once(tmp_path: Path, documents: Path) -> None:
    index = tmp_path / "index"
    files = sorted(documents.iterdir())
    parts = [files[:40], files[20:]]
    signs = [tmp_path / name for name in ("one", "other")]
    processes = [
        start("add", *part, "--index", index, HASHING_HOLDS=f"10 {sign}")
        for part, sign in zip(parts, signs, strict=True)
    ]
    until(lambda: all(sign.exists() for sign in signs))  # both are in the midst of it
    for sign in signs:
        sign.unlink()
    outcomes = [finish(process) for process in processes]
    assert [outcome.code for outcome in outcomes] == [0, 0], outcomes
    assert assert_whole(index) == NUMBER


def test_reader_while_a_writer_writes(tmp_path: Path, documents: Path) -> None:
    index = tmp_path / "index"
    run("add", documents / "000.txt", "--index", index)
    text = (documents / "000.txt").read_text(encoding="utf-8")
    holding = tmp_path / "holding"
    with Assistant.open(index, embedder=HashingEmbedder(), language_model="extractive") as assistant:
        asked, counts = 0, {len(assistant.documents())}
        process = start("add", documents, "--index", index, **holds(tmp_path, 30))
        while process.poll() is None:
            hits = assistant.retrieve(text, 5)
            assert hits[0].document.path.endswith("000.txt")
            counts.add(len(assistant.documents()))
            asked += 1
            if holding.exists() and asked > 3 and len(counts) > 1:
                holding.unlink()
        assert finish(process).code == 0
        counts.add(len(assistant.documents()))
        assert len(counts) > 2
        last = (documents / "059.txt").read_text(encoding="utf-8")
        assert assistant.retrieve(last, 1)[0].document.path.endswith("059.txt")
    assert assert_whole(index) == NUMBER


def test_threads_ask_one_assistant_while_another_adds_and_removes(tmp_path: Path) -> None:
    errors: list[BaseException] = []
    with Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), language_model="extractive") as assistant:
        assistant.add([Document(f"编号{n}的文档，讲第{n}件事情。", str(n), f"题{n}") for n in range(20)])
        finished = threading.Event()

        def ask(number: int) -> None:
            try:
                while not finished.is_set():
                    hits = assistant.retrieve(f"编号{number}的文档", 3)
                    assert hits[0].document.path == str(number), hits[0].document.path
                    assert assistant.ask(f"编号{number}讲什么？").text
            except BaseException as error:
                errors.append(error)
            finally:
                assistant.close()

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            for number in range(100, 130):
                report = assistant.add(Document(f"新来的{number}号。", str(number), "新"))
                assistant.remove(report.added[0])
        finally:
            finished.set()
            for thread in threads:
                thread.join()
    assert errors == []


def test_writer_waits_for_another(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as store:
        done = threading.Event()

        def write() -> None:
            with closing(Store.open_as_it_is(tmp_path)) as other:
                add(other, load(HashingEmbedder()), Document("今天天气很好。", "a", "甲"))
            done.set()

        thread = threading.Thread(target=write)
        with store.transaction():
            thread.start()
            assert not done.wait(0.3)
        thread.join(LONGEST)
        assert done.is_set() and len(store.entries()) == 1


def test_writer_that_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.errors import StoreError
    from rag.index import database

    monkeypatch.setattr(database, "WAIT_SECONDS", 0.1)
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as store:
        with (
            store.transaction(),
            closing(Store.open_as_it_is(tmp_path)) as other,
            pytest.raises(StoreError) as told,
        ):
            add(other, load(HashingEmbedder()), Document("今天天气很好。", "a", "甲"))
        assert "另一个进程" in told.value.zh and "Another process" in told.value.en
        add(store, load(HashingEmbedder()), Document("今天天气很好。", "a", "甲"))
        assert len(store.entries()) == 1


def test_adding_does_not_wait_for_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.index.database.WAIT_SECONDS", 0.0)
    with (
        closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as store,
        closing(Store.open_as_it_is(tmp_path)) as reader,
        reader.snapshot(),
    ):
        assert reader.entries() == []
        add(store, load(HashingEmbedder()), Document("今天天气很好。", "a", "甲"))  # else it waits, and is refused
        assert reader.entries() == []


def test_a_document_replaced_while_it_is_read_is_read_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    old, new = Document("旧的正文共12人。", "a.txt", "题"), Document("新的正文共34人。", "a.txt", "题")
    options: dict[str, Any] = {"embedder": HashingEmbedder(), "language_model": "extractive"}
    read_parts, replacements = rag.index.store.parts_of, []
    with Assistant.open(index, **options) as reader, Assistant.open(index, **options) as writer:
        writer.add(old)
        identifier = reader.documents()[0].id

        def parts_of_what_is_replaced(*arguments: Any) -> bytes:
            if not replacements:
                replacements.append(writer.add(new))
            return read_parts(*arguments)

        monkeypatch.setattr("rag.index.store.parts_of", parts_of_what_is_replaced)
        assert reader.document(identifier).text == old.text
        assert replacements and reader.documents()[0].id
        assert [reader.document(each.id).text for each in reader.documents()] == [new.text]
