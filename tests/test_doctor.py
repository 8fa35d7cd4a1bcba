"""The doctor: finds each kind of damage, and mends it without losing what can be read."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder

from embeddings import load
from rag import doctor
from rag.dense import FILE_NAME as VECTOR_FILE
from rag.documents import Document
from rag.errors import StoreError
from rag.indexing import add
from rag.retrieval import Retriever
from rag.store import FILE_NAME, Store

TEXTS = {str(number): f"第{number}份文档，讲{chr(0x4E00 + 37 * number) * 4}的情况。" * 40 for number in range(30)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    embedder = load(HashingEmbedder())
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION, chunk_size=200)) as store:
        add(store, embedder, [Document(text, path, f"题{path}") for path, text in TEXTS.items()])
        edited = next(entry for entry in store.entries() if entry.path == "7")
        store.edit(edited.id, {"title": "改过的题", "date": datetime.date(2023, 4, 21)})
        Retriever(store, embedder).retrieve("文档")
        store.fold_journal()
    return tmp_path


def unsound(folder: Path) -> set[str]:
    return {finding.check for finding in doctor.examine(folder) if not finding.sound}


def executed(*statements: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return change


def overwritten(start: float, length: int) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        raw = bytearray((folder / FILE_NAME).read_bytes())
        place = int(len(raw) * start) // 4096 * 4096
        raw[place : place + length] = bytes((7 * i + 13) % 256 for i in range(length))
        (folder / FILE_NAME).write_bytes(raw)

    return change


def test_sound_index_is_said_to_be_sound(folder: Path) -> None:
    findings = doctor.examine(folder)
    assert [finding.check for finding in findings] == ["file", "texts", "spans", "vectors", "lexical", "faiss", "files"]
    assert all(finding.sound for finding in findings)
    assert doctor.repair(folder, load(HashingEmbedder())) == findings


DERIVED: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "vector file missing": (lambda folder: (folder / VECTOR_FILE).unlink(), {"faiss"}),
    "vector file damaged": (lambda folder: (folder / VECTOR_FILE).write_bytes(b"noise"), {"faiss"}),
    "vectors missing": (executed("DELETE FROM vectors"), {"vectors", "faiss"}),
    "vectors short": (executed("UPDATE vectors SET vector = x'0000'"), {"vectors", "faiss"}),
    "vectors not of unit length": (
        executed("UPDATE vectors SET vector = zeroblob(length(vector))"),
        {"vectors", "faiss"},
    ),
    "postings missing": (
        executed("DELETE FROM postings WHERE term IN (SELECT term FROM postings LIMIT 3)"),
        {"lexical"},
    ),
    "segment missing": (executed("DELETE FROM segments"), {"lexical"}),
    "chunks not indexed": (executed("UPDATE chunks SET segment = NULL WHERE id < 5"), {"lexical"}),
    "span outside": (executed("UPDATE chunks SET end = end + 100000 WHERE id < 5"), {"spans"}),
    "empty span": (executed("UPDATE chunks SET end = start WHERE id = 3"), {"spans"}),
}


@pytest.mark.parametrize(("damage", "expected"), DERIVED.values(), ids=DERIVED)
def test_damage_to_what_is_derived_is_found_and_mended(
    folder: Path, damage: Callable[[Path], object], expected: set[str]
) -> None:
    damage(folder)
    assert unsound(folder) == expected
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    with closing(Store.open_as_it_is(folder)) as store:
        assert {entry.path: store.document(entry.id).text for entry in store.entries()} == TEXTS
        hits = Retriever(store, load(HashingEmbedder())).retrieve("第13份文档")
        assert any(hit.document.path == "13" for hit in hits)
    assert list(folder.glob("*damaged*")) == []


def test_altered_text_is_found_and_no_false_text_survives(folder: Path) -> None:
    executed("UPDATE documents SET text = replace(text, '情况', '况情') WHERE path = '3'")(folder)
    assert unsound(folder) == {"texts"}
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    with closing(Store.open_as_it_is(folder)) as store:
        assert {entry.path for entry in store.entries()} == TEXTS.keys() - {"3"}


FILE_DAMAGE: dict[str, tuple[Callable[[Path], object], int]] = {
    "a page in the middle": (overwritten(0.5, 4096), 15),
    "a page near the end": (overwritten(0.9, 4096), 15),
    "the schema": (overwritten(0.0, 4096), 0),
    "truncated": (lambda folder: (folder / FILE_NAME).write_bytes((folder / FILE_NAME).read_bytes()[:-40_960]), 15),
    "noise": (lambda folder: (folder / FILE_NAME).write_bytes(bytes(range(256)) * 400), 0),
}


@pytest.mark.parametrize(("damage", "fewest"), FILE_DAMAGE.values(), ids=FILE_DAMAGE)
def test_damaged_file_is_found_and_its_documents_rescued(
    folder: Path, damage: Callable[[Path], object], fewest: int
) -> None:
    damage(folder)
    broken = (folder / FILE_NAME).read_bytes()
    assert "file" in unsound(folder)
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    (kept,) = folder.glob("youju.damaged-*.sqlite")
    assert kept.read_bytes() == broken
    with closing(Store.open_as_it_is(folder)) as store:
        entries = {entry.path: entry for entry in store.entries()}
        assert len(entries) >= fewest
        for path, entry in entries.items():
            assert store.document(entry.id).text == TEXTS[path]
        if "7" in entries:
            assert (entries["7"].title, entries["7"].date) == ("改过的题", datetime.date(2023, 4, 21))
            # The edit is still known as one: it outlives a changed file.
            add(store, load(HashingEmbedder()), Document(TEXTS["7"] + "新的。", "7", "题7"))
            assert {entry.title for entry in store.entries() if entry.path == "7"} == {"改过的题"}
        if fewest:
            assert store.chunk_size == 200
        # What was lost comes back by adding it again.
        add(store, load(HashingEmbedder()), [Document(text, path, f"题{path}") for path, text in TEXTS.items()])
        assert len(store.entries()) == len(TEXTS)
        assert Retriever(store, load(HashingEmbedder())).retrieve("第13份文档")


def test_rescued_index_does_not_keep_the_vectors_of_the_old_one(folder: Path) -> None:
    overwritten(0.5, 4096)(folder)
    embedder = load(HashingEmbedder())
    doctor.repair(folder, embedder)
    with closing(Store.open_as_it_is(folder)) as store:
        retriever = Retriever(store, embedder)
        for hit in retriever.retrieve("文档", 20):
            if hit.similarity is not None:
                (vector,) = embedder.documents([hit.text])
                assert hit.similarity == pytest.approx(float(vector @ embedder.queries(["文档"])[0]), abs=5e-3)


def test_repair_with_another_embedder_is_refused(folder: Path) -> None:
    executed("DELETE FROM vectors")(folder)
    with pytest.raises(StoreError, match="other"):
        doctor.repair(folder, load(HashingEmbedder("other")))
    assert "vectors" in unsound(folder)


def test_what_is_no_index_is_refused_and_not_touched(tmp_path: Path, folder: Path) -> None:
    for check in (doctor.examine, lambda place: doctor.repair(place, load(HashingEmbedder()))):
        with pytest.raises(StoreError):
            check(tmp_path / "nothing")
    executed("UPDATE settings SET value = '99' WHERE key = 'version'")(folder)
    before = (folder / FILE_NAME).read_bytes()
    with pytest.raises(StoreError, match="99"):
        doctor.repair(folder, load(HashingEmbedder()))
    assert (folder / FILE_NAME).read_bytes() == before


def test_texts_with_nul_are_sound(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as store:
        add(store, load(HashingEmbedder()), Document("前半\0后半的文字很长很长。", "a", "甲"))
    assert unsound(tmp_path) <= {"faiss"}


def test_each_finding_is_said_in_both_languages(folder: Path) -> None:
    executed("DELETE FROM vectors")(folder)
    for finding in doctor.examine(folder):
        assert finding.zh and finding.en and finding.zh != finding.en
        assert not any("\u4e00" <= character <= "\u9fff" for character in finding.en)
