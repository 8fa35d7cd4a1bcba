"""The doctor: finds each kind of damage, and mends it without losing what can be read."""

from __future__ import annotations

import datetime
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from waiting import until
from youju_process import run, start

from embeddings import load
from rag.assistant import Assistant
from rag.errors import DamageError, StoreError
from rag.index import doctor
from rag.index.changes import edit_document
from rag.index.conversations import Turn
from rag.index.database import connect_damaged
from rag.index.dense import FILE_NAME as VECTOR_FILE
from rag.index.indexing import add
from rag.index.saved_conversations import SavedConversations
from rag.index.seals import seal_settings
from rag.index.store import FILE_NAME, Store
from rag.search.retrieval import Retriever
from rag.text.documents import Document

TEXTS = {str(number): f"第{number}份文档，讲{chr(0x4E00 + 37 * number) * 4}的情况。" * 40 for number in range(30)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    embedder = load(HashingEmbedder())
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION, chunk_size=200)) as store:
        add(store, embedder, [Document(text, path, f"题{path}") for path, text in TEXTS.items()])
        edited = next(entry for entry in store.entries() if entry.path == "7")
        edit_document(store, edited.id, {"title": "改过的题", "date": datetime.date(2023, 4, 21)})
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
    assert [finding.check for finding in findings] == [
        *("file", "texts", "parts", "vectors", "lexical", "conversations", "faiss", "files")
    ]
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
    "posting altered": (
        executed("UPDATE postings SET counts = zeroblob(length(counts)) WHERE term = (SELECT max(term) FROM postings)"),
        {"lexical"},
    ),
    "vector of another text": (executed("UPDATE chunks SET vector = 1 WHERE id = 7"), {"vectors", "faiss"}),
    "chunk altered": (
        executed("UPDATE chunks SET text = replace(text, '情况', '况情') WHERE id = 9"),
        {"parts", "vectors", "faiss"},
    ),
    "chunk no text": (
        executed("UPDATE chunks SET text = CAST(x'fffe' AS TEXT) WHERE id = 9"),
        {"parts", "vectors", "faiss"},
    ),
    "chunk missing": (executed("DELETE FROM chunks WHERE id = 9"), {"parts", "faiss"}),
    "span outside": (executed("UPDATE chunks SET end = end + 100000 WHERE id < 5"), {"parts"}),
    "empty span": (executed("UPDATE chunks SET end = start WHERE id = 3"), {"parts"}),
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


def test_chunks_that_wait_to_be_indexed_are_no_damage(folder: Path) -> None:
    executed("UPDATE chunks SET segment = NULL WHERE id < 5")(folder)
    (notice,) = [finding for finding in doctor.examine(folder) if finding.notice]
    assert notice.check == "lexical" and notice.sound
    with closing(Store.open_as_it_is(folder)) as store:
        Retriever(store, load(HashingEmbedder())).retrieve("文档")
    assert not [finding for finding in doctor.examine(folder) if finding.notice]


@pytest.mark.parametrize(
    "change",
    [
        "title = '假的题'",
        "date = '2021-01-01'",
        "source = '别处'",
        "speakers = '[\"别人\"]'",
        "path = '99'",
        "title = CAST(x'fffe' AS TEXT)",
        "date = 'garbage'",
        "speakers = 'garbage'",
        "seal = x''",
        "date_is_guessed = 1",
        "unsure = '[[0, 1]]'",
        "unsure = 'garbage'",
    ],
)
def test_altered_metadata_is_never_shown(folder: Path, change: str) -> None:
    """One who asks is told; what nobody can vouch for any more is read from the text again, the rest is rescued."""
    executed(f"UPDATE documents SET {change} WHERE path = '3'")(folder)
    with closing(Store.open_as_it_is(folder)) as store:
        with pytest.raises(DamageError, match="doctor --repair"):
            store.entries()
        with pytest.raises(DamageError, match="doctor --repair"):
            Retriever(store, load(HashingEmbedder())).retrieve("第3份文档")
    assert unsound(folder) >= {"texts"}
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    with closing(Store.open_as_it_is(folder)) as store:
        entries = {entry.path: entry for entry in store.entries()}
        assert entries.keys() >= TEXTS.keys() - {"3"}
        assert all(store.document(entry.id).text == TEXTS[path] for path, entry in entries.items())
        if "3" in entries:
            assert entries["3"].title != "假的题" and entries["3"].date != datetime.date(2021, 1, 1)


@pytest.mark.parametrize(
    "change", ["value = '7'", "value = 'garbage'", "unit = '万'", "first = '1900-01-01'", "subject = '假'"]
)
def test_altered_fact_is_never_told(tmp_path: Path, change: str) -> None:
    text = "截至2023年3月底，我国已建成5G基站264万个。" + "各地持续推进网络建设。" * 5
    with Assistant.open(tmp_path, embedder=HashingEmbedder()) as assistant:
        assistant.add(Document(text, "a", "甲"))
        (point,) = assistant.timeline("5G基站").points
        assistant.store.fold_journal()
    executed(f"UPDATE facts SET {change}")(tmp_path)
    with pytest.raises(DamageError, match="doctor --repair"):
        Assistant.open(tmp_path, embedder=HashingEmbedder())
    with closing(Store.open_as_it_is(tmp_path)) as store:
        (entry,) = store.entries()
        with pytest.raises(DamageError, match="doctor --repair"):
            store.document(entry.id)
    assert "parts" in unsound(tmp_path)
    assert all(finding.sound for finding in doctor.repair(tmp_path, load(HashingEmbedder())))
    with Assistant.open(tmp_path, embedder=HashingEmbedder()) as assistant:
        assert assistant.timeline("5G基站").points == (point,)
    assert list(tmp_path.glob("*damaged*")) == []


def test_altered_conversation_is_never_shown(folder: Path) -> None:
    with closing(Store.open_as_it_is(folder)) as store:
        for number in range(3):
            SavedConversations(store).save("甲", f"c{number}", Turn("t", f"第{number}问？", status="failed", text="错"))
    executed("UPDATE turns SET text = '对' WHERE number = 2")(folder)
    with closing(Store.open_as_it_is(folder)) as store, pytest.raises(DamageError, match="doctor --repair"):
        SavedConversations(store).open("甲", "c1")
    assert unsound(folder) == {"conversations"}
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    with closing(Store.open_as_it_is(folder)) as store:
        assert {each.title for each in SavedConversations(store).list("甲")} == {"第0问？", "第2问？"}
        assert len(store.entries()) == len(TEXTS)


def test_what_a_rescue_could_not_save_is_named_until_it_is_there_again(folder: Path) -> None:
    executed("UPDATE documents SET text = replace(text, '情况', '况情') WHERE path IN ('3', '5')")(folder)
    found = doctor.repair(folder, load(HashingEmbedder()))
    (kept,) = folder.glob("youju.damaged-*.sqlite")
    (notice,) = [finding for finding in found if finding.notice]
    assert kept.name in notice.zh and "2 份" in notice.zh and "：3、5；" in notice.zh and "3, 5; " in notice.en
    with closing(Store.open_as_it_is(folder)) as store:
        add(store, load(HashingEmbedder()), [Document(TEXTS[path], path, f"题{path}") for path in ("3", "5")])
    (notice,) = [finding for finding in doctor.examine(folder) if finding.notice]
    assert "都在索引里" in notice.zh
    kept.unlink()
    assert not [finding for finding in doctor.examine(folder) if finding.notice]


def test_rescue_with_the_disk_full_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overwritten(0.5, 4096)(folder)
    broken = (folder / FILE_NAME).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rag.index.replacement.shutil.copyfile", full)
    with pytest.raises(StoreError, match="No space left"):
        doctor.repair(folder, load(HashingEmbedder()))
    assert (folder / FILE_NAME).read_bytes() == broken
    assert list(folder.glob("youju.damaged-*")) == []


@pytest.mark.slow
def test_repair_killed_at_any_moment_loses_nothing(folder: Path, tmp_path: Path) -> None:
    """A title altered: all documents can be read, so all of them must be there after any number of kills."""
    executed("UPDATE documents SET title = '假' WHERE path = '3'")(folder)
    sound = (folder / FILE_NAME).read_bytes()
    began = time.monotonic()
    assert run("doctor", "--repair", "--index", folder).code == 0
    whole = time.monotonic() - began  # machines differ: a fast one is through before a slow one has begun
    generator, holding = random.Random(11), tmp_path / "holding"
    for moment in (None, None, 0, 2):
        (folder / FILE_NAME).write_bytes(sound)
        holds = {} if moment is None else {"HASHING_HOLDS": f"{moment} {holding}"}
        process = start("doctor", "--repair", "--index", folder, **holds)
        if moment is None:
            time.sleep((0.3 + 0.65 * generator.random()) * whole)  # it may be through already
        else:
            until(holding.exists)  # in the midst of it, for sure
            assert process.poll() is None
        process.kill()
        holding.unlink(missing_ok=True)
        process.communicate()
        outcome = run("doctor", "--repair", "--index", folder)
        assert outcome.code == 0, outcome
        with closing(Store.open_as_it_is(folder)) as store:
            assert {entry.path: store.document(entry.id).text for entry in store.entries()} == TEXTS
        for left in folder.glob("youju.damaged-*"):
            left.unlink()


def test_altered_text_is_found_and_no_false_text_survives(folder: Path) -> None:
    executed("UPDATE documents SET text = replace(text, '情况', '况情') WHERE path = '3'")(folder)
    assert unsound(folder) == {"texts"}
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    with closing(Store.open_as_it_is(folder)) as store:
        assert {entry.path for entry in store.entries()} == TEXTS.keys() - {"3"}


FILE_DAMAGE: dict[str, tuple[Callable[[Path], object], int]] = {
    "a page in the middle": (overwritten(0.5, 4096), 15),
    "a page near the end": (overwritten(0.9, 4096), 15),
    "the schema": (overwritten(0.0, 4096), 15),
    "schema and tables": (overwritten(0.0, 40_960), 0),
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


def test_of_noise_no_more_rows_are_looked_for_than_it_has_room_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(file: Path) -> sqlite3.Connection:
        connection = connect_damaged(file)
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr("rag.index.rescue.connect_damaged", counted)
    (folder / FILE_NAME).write_bytes(random.Random(5).randbytes(50_000))
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    assert 0 < sum("rowid =" in statement for statement in asked) < 1000


def test_rows_far_beyond_the_damage_are_found_by_the_index_over_them(folder: Path) -> None:
    executed("UPDATE sqlite_sequence SET seq = 500000 WHERE name = 'documents'")(folder)
    with closing(Store.open_as_it_is(folder)) as store:
        add(
            store,
            load(HashingEmbedder()),
            [Document(f"后来的第{number}份。" * 9, f"新{number}", "新") for number in (1, 2)],
        )
        lost = next(entry for entry in store.entries() if entry.path == "3")
        (sequence,) = store.connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_sequence'"
        ).fetchone()
        store.fold_journal()
    raw = bytearray((folder / FILE_NAME).read_bytes())
    for page in (sequence - 1, raw.index(f"{lost.id}3题3".encode()) // 4096):
        raw[4096 * page : 4096 * (page + 1)] = random.Random(5).randbytes(4096)
    (folder / FILE_NAME).write_bytes(raw)
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    with closing(Store.open_as_it_is(folder)) as store:
        found = {entry.path for entry in store.entries()}
    assert {"新1", "新2"} <= found and "3" not in found and len(found) > 20


@pytest.mark.parametrize(("name", "becomes"), [("chunk_size", ""), ("embedder", "x"), ("seal", "")])
def test_a_setting_whose_name_is_damaged_ends_no_repair(folder: Path, name: str, becomes: str) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE settings SET key = ? WHERE key = ?", (becomes, name))
    assert all(finding.sound for finding in doctor.repair(folder, load(HashingEmbedder())))
    with closing(Store.open_as_it_is(folder)) as store:
        assert len(store.entries()) == len(TEXTS)
        assert store.chunk_size == 200


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
    with closing(Store.open_as_it_is(folder)) as store:
        store.connection.execute("UPDATE settings SET value = '99' WHERE key = 'version'")
        seal_settings(store.connection)
        store.fold_journal()
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
