"""Backups, restoring them, and indexes of the formats before: nothing is lost, nothing is half done."""

from __future__ import annotations

import datetime
import lzma
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from youju_process import refused, run

from embeddings import load
from rag.errors import StoreError, UsageError
from rag.index import doctor
from rag.index.backup import backup, restore
from rag.index.conversations import Turn
from rag.index.indexing import add
from rag.index.saved_conversations import SavedConversations
from rag.index.store import FILE_NAME, VERSION, Filters, Store
from rag.search.retrieval import Retriever
from rag.text.documents import Document

DATA = Path(__file__).parent / "data"
TEXTS = {f"{number}.txt": f"第{number}份，讲{chr(0x4E00 + 37 * number) * 4}的事。" * 30 for number in range(12)}


def opened(folder: Path) -> Store:
    return Store.open(folder, embedder="hashing", dimension=DIMENSION, chunk_size=200)


def filled(folder: Path, texts: dict[str, str] = TEXTS) -> Path:
    with closing(opened(folder)) as store:
        add(store, load(HashingEmbedder()), [Document(text, path, f"题{path}") for path, text in texts.items()])
        SavedConversations(store).save("甲", "c", Turn("t", "问？", status="failed", text="错"))
        store.fold_journal()
    return folder


def texts(folder: Path) -> dict[str, str]:
    with closing(Store.open_as_it_is(folder)) as store:
        return {entry.path: store.document(entry.id).text for entry in store.entries()}


def is_sound(folder: Path) -> bool:
    with closing(opened(folder)) as store:
        Retriever(store, load(HashingEmbedder())).retrieve("讲的事")
    return all(finding.sound for finding in doctor.examine(folder))


def test_backup_comes_back_whole(tmp_path: Path) -> None:
    folder, file = filled(tmp_path / "index"), tmp_path / "backup.sqlite"
    assert backup(folder, file) == len(TEXTS)
    assert restore(file, tmp_path / "other") == len(TEXTS)
    assert texts(tmp_path / "other") == TEXTS
    assert is_sound(tmp_path / "other")
    with closing(Store.open_as_it_is(tmp_path / "other")) as store:
        assert [turn.question for turn in SavedConversations(store).open("甲", "c").turns] == ["问？"]
        assert store.identity != Store.open_as_it_is(folder).identity
    assert {path.name for path in tmp_path.iterdir()} == {"index", "other", "backup.sqlite"}


def test_backup_while_others_write_is_of_one_moment(tmp_path: Path) -> None:
    folder = filled(tmp_path / "index")
    done = threading.Event()

    def write() -> None:
        with closing(opened(folder)) as store:
            number = 0
            while not done.is_set():
                number += 1
                text = f"新的第{number}份，说的是别的。" * 20
                add(store, load(HashingEmbedder()), Document(text, f"new-{number}", "新"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            backup(folder, tmp_path / f"{number}.sqlite")
    finally:
        done.set()
        writer.join()
    for number in range(5):
        restore(tmp_path / f"{number}.sqlite", tmp_path / str(number))
        held = texts(tmp_path / str(number))
        assert held.items() >= TEXTS.items()
        added = sorted(int(path.removeprefix("new-")) for path in held.keys() - TEXTS.keys())
        assert added == list(range(1, len(added) + 1)), "a document without those before it"
        assert is_sound(tmp_path / str(number))


def test_restored_index_keeps_what_it_replaces(tmp_path: Path) -> None:
    folder, file = filled(tmp_path / "index"), tmp_path / "backup.sqlite"
    backup(folder, file)
    with closing(opened(folder)) as store:
        add(store, load(HashingEmbedder()), Document("后来的一份，写着后来的事。", "later", "后来"))
        Retriever(store, load(HashingEmbedder())).retrieve("后来的事")
    with pytest.raises(UsageError, match="--replace"):
        restore(file, folder)
    assert "later" in texts(folder)
    restore(file, folder, replaces=True)
    assert texts(folder) == TEXTS
    (kept,) = folder.glob("youju.replaced-*.sqlite")
    (notice,) = [finding for finding in doctor.examine(folder) if finding.notice]
    assert notice.sound and kept.name in notice.zh and "later" in notice.zh and "later" in notice.en
    with closing(opened(folder)) as store:  # the vectors of the index that was there are not taken for its own
        hits = Retriever(store, load(HashingEmbedder())).retrieve("后来的事")
        assert hits and all(hit.document.path != "later" for hit in hits)


def test_index_that_others_have_open_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, file = filled(tmp_path / "index"), tmp_path / "backup.sqlite"
    backup(folder, file)
    monkeypatch.setattr("rag.index.replacement._SECONDS_TO_WAIT", 0.1)
    with closing(opened(folder)) as store:
        assert store.entries()
        with pytest.raises(StoreError, match="开着"):
            restore(file, folder, replaces=True)
    assert texts(folder) == TEXTS
    assert {path.name for path in folder.iterdir()} <= {FILE_NAME, "vectors.faiss", ".youju-lock"}


def test_store_whose_file_was_replaced_says_so(tmp_path: Path) -> None:
    folder = filled(tmp_path / "index")
    with closing(opened(folder)) as store:
        other = filled(tmp_path / "other", {"a": "别的索引里的一份。"})
        (other / FILE_NAME).replace(folder / FILE_NAME)
        with pytest.raises(StoreError, match="重新打开"):
            Retriever(store, load(HashingEmbedder())).retrieve("讲的事")
        with pytest.raises(StoreError, match="重新打开"):
            add(store, load(HashingEmbedder()), Document("不能丢的一份。", "lost", "丢"))


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_damaged_backup_is_refused_and_changes_nothing(tmp_path: Path, place: float) -> None:
    folder, file = filled(tmp_path / "index"), tmp_path / "backup.sqlite"
    backup(folder, file)
    raw = bytearray(file.read_bytes())
    start = int(len(raw) * place) // 4096 * 4096
    raw[start : start + 4096] = bytes((7 * i + 13) % 256 for i in range(4096))
    file.write_bytes(raw)
    with pytest.raises(StoreError, match="备份"):
        restore(file, folder, replaces=True)
    assert texts(folder) == TEXTS


def test_damaged_index_is_not_backed_up(tmp_path: Path) -> None:
    folder = filled(tmp_path / "index")
    with closing(Store.open_as_it_is(folder)) as store:
        store.connection.execute("UPDATE documents SET title = '假' WHERE path = '3.txt'")
    with pytest.raises(StoreError, match="doctor --repair"):
        backup(folder, tmp_path / "backup.sqlite")
    assert not (tmp_path / "backup.sqlite").exists()


def test_commands(tmp_path: Path) -> None:
    folder, file = filled(tmp_path / "index"), tmp_path / "backup.sqlite"
    assert "12" in run("backup", file, "--index", folder).output
    refused("backup", file, "--index", folder, code=2, zh="已经存在", en="exists and is not")
    refused("restore", file, "--index", folder, code=2, zh="--replace", en="--replace")
    refused("restore", tmp_path / "no", "--index", folder, code=2, zh="不是", en="no file that")
    refused("restore", __file__, "--index", tmp_path / "new", code=2, zh="不是", en="no file that")
    refused("backup", tmp_path / "no" / "b", "--index", folder, code=2, zh="没有文件夹", en="no folder")
    refused("backup", tmp_path / "c", "--index", tmp_path / "none", code=1, zh="没有索引", en="no index")
    assert run("restore", file, "--index", tmp_path / "new").code == 0
    assert texts(tmp_path / "new") == TEXTS


# -- the formats before -----------------------------------------------------------------------------------------------


@pytest.fixture(params=[4, 5])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An index that the program of that format has made."""
    packed = (DATA / f"index-version-{request.param}.sqlite.xz").read_bytes()
    (tmp_path / FILE_NAME).write_bytes(lzma.decompress(packed))
    return tmp_path


def documents_in(folder: Path) -> int:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])


def columns(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        return [row[1] for row in connection.execute("PRAGMA table_info(documents)")]


@pytest.mark.parametrize("older", [4], indirect=True)
def test_index_of_version_4_is_brought_up_to_date(older: Path) -> None:
    with closing(opened(older)) as store:
        assert store._read_settings()["version"] == str(VERSION)
        entries = {entry.path: entry for entry in store.entries()}
        assert len(entries) == 4
        edited = entries["/srv/材料/1.txt"]
        assert (edited.title, edited.source) == ("改过的题", "改过的来源")
        assert {len(entries[path].near_duplicates) for path in ("/srv/材料/0.txt", "/srv/转载/0.txt")} == {1} or any(
            entry.near_duplicates for entry in entries.values()
        )
        facts = store.facts(store.subjects(Filters()), Filters())
        assert {fact.written for _, fact in facts} >= {"1200个", "9000个"}
        (hit, *_) = Retriever(store, load(HashingEmbedder())).retrieve("充电桩有多少？")
        assert hit.document.text[hit.start : hit.end]
        turns = SavedConversations(store).open("甲", "c1").turns
        assert [(turn.question, turn.status) for turn in turns] == [
            ("充电桩有多少？", "finished"),
            ("软件呢？", "failed"),
        ]
        assert turns[0].feedback is not None and turns[0].feedback.good
    found = doctor.examine(older)
    assert all(finding.sound for finding in found)
    (kept,) = older.glob("youju.version4-*.sqlite")
    assert any(kept.name in finding.zh for finding in found if finding.notice)
    kept.unlink()
    assert "set aside" not in {finding.check for finding in doctor.examine(older)}


def test_index_of_an_older_version_that_cannot_be_written_is_refused_unchanged(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (older / FILE_NAME).read_bytes()
    monkeypatch.setattr("rag.index.migration.is_writable", lambda file: False)
    with pytest.raises(StoreError, match="旧格式"):
        opened(older)
    assert (older / FILE_NAME).read_bytes() == before


def test_damaged_index_of_an_older_version_is_rescued(older: Path) -> None:
    with closing(sqlite3.connect(older / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE documents SET text = replace(text, '软件', '硬件') WHERE path LIKE '%材料/1.txt'")
    with pytest.raises(StoreError, match="doctor --repair"):
        opened(older)
    before = documents_in(older)
    assert all(finding.sound for finding in doctor.repair(older, load(HashingEmbedder())))
    assert len(texts(older)) == before - 1


def test_backup_of_an_older_version_is_restored(older: Path, tmp_path: Path) -> None:
    assert restore(older / FILE_NAME, tmp_path / "new") == documents_in(older)
    assert is_sound(tmp_path / "new")


@pytest.mark.parametrize("older", [5], indirect=True)
def test_index_of_version_5_is_brought_up_to_date(older: Path, tmp_path: Path) -> None:
    names = ", ".join(columns(older))
    with closing(sqlite3.connect(older / FILE_NAME)) as connection:
        before = connection.execute(f"SELECT {names} FROM documents ORDER BY number").fetchall()
        last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'documents'").fetchone()
        facts = connection.execute("SELECT * FROM facts ORDER BY id").fetchall()
    with closing(opened(older)) as store:
        entries = {entry.path: entry for entry in store.entries()}
        documents = [store.document(entry.id) for entry in entries.values()]
        assert not any(document.date_is_guessed or document.unsure for document in documents)
        edited, long = entries["/srv/材料/1.txt"], store.document(entries["/srv/材料/长.pdf"].id)
        assert (edited.title, edited.source, edited.date) == ("改过的题", "改过的来源", datetime.date(2023, 12, 5))
        assert len(long.text) > 2500 and long.page_starts == (0, 900, 1800)
        assert entries["/srv/转载/0.txt"].near_duplicates == (entries["/srv/材料/0.txt"].id,)
        assert [turn.question for turn in SavedConversations(store).open("甲", "c1").turns] == ["充电桩有多少？"]
        (hit, *_) = Retriever(store, load(HashingEmbedder())).retrieve("充电桩有多少？")
        assert "充电桩" in hit.document.text[hit.start : hit.end]
        store.fold_journal()
    assert all(finding.sound for finding in doctor.examine(older))
    assert columns(older) == columns(filled(tmp_path / "new")), "as in a new index: rescue lays one over the other"
    with closing(sqlite3.connect(older / FILE_NAME)) as connection:
        seal = columns(older).index("seal")
        after = connection.execute(f"SELECT {names} FROM documents ORDER BY number").fetchall()
        assert [row[:seal] + row[seal + 1 :] for row in after] == [row[:seal] + row[seal + 1 :] for row in before]
        assert connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'documents'").fetchone() == last
        assert connection.execute("SELECT * FROM facts ORDER BY id").fetchall() == facts
    with closing(opened(older)) as store:  # what is not sure is told once the file is added again
        plan = Document(
            "2023年年底前，将再建成充电桩500个。", "/srv/材料/20230901.txt", "计划", datetime.date(2023, 9, 1)
        )
        add(store, load(HashingEmbedder()), replace(plan, date_is_guessed=True, unsure=((2, 4),)))
        (entry,) = [entry for entry in store.entries() if entry.path == plan.path]
        assert entry.date_is_guessed and store.document(entry.id).unsure == ((2, 4),)


@pytest.mark.parametrize("older", [5], indirect=True)
def test_altered_document_of_version_5_is_not_sealed_anew(older: Path) -> None:
    with closing(sqlite3.connect(older / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE documents SET date = '1999-01-01' WHERE path LIKE '%长.pdf'")
    with pytest.raises(StoreError, match=r"长\.pdf.*doctor --repair"):
        opened(older)
    assert all(finding.sound for finding in doctor.repair(older, load(HashingEmbedder())))
    with closing(opened(older)) as store:
        assert "1999-01-01" not in {str(entry.date) for entry in store.entries()}


@pytest.mark.parametrize("older", [5], indirect=True)
def test_index_of_version_5_whose_schema_is_damaged_is_rescued(older: Path) -> None:
    before = documents_in(older)
    raw = bytearray((older / FILE_NAME).read_bytes())
    raw[:4096] = bytes((7 * i + 13) % 256 for i in range(4096))
    (older / FILE_NAME).write_bytes(raw)
    assert all(finding.sound for finding in doctor.repair(older, load(HashingEmbedder())))
    assert len(texts(older)) == before
