"""The store: what goes in comes out, whatever the order of changes."""

from __future__ import annotations

import datetime
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from embeddings import load
from rag.errors import StoreError, UsageError
from rag.index import doctor
from rag.index.changes import catch_up, edit_document, put_document, remove_document
from rag.index.dense import DenseIndex
from rag.index.duplicates import signature
from rag.index.indexing import Report, add, rebuild
from rag.index.lexical import LexicalIndex
from rag.index.store import FILE_NAME, Filters, Store
from rag.text.chunks import chunk
from rag.text.documents import Document
from rag.text.structure import sentences_of

EMBEDDER = load(HashingEmbedder())
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def opened(folder: Path, **options: Any) -> Store:
    return Store.open(folder, embedder="hashing", dimension=DIMENSION, **options)


def put(store: Store, document: Document) -> None:
    chunks = chunk(sentences_of(document.text, document.speakers), store.chunk_size)
    vectors = EMBEDDER.documents([part.text for part in chunks])
    put_document(store, document, chunks, vectors, signature("\n".join(part.text for part in chunks)))


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with closing(opened(tmp_path)) as store:
        yield store


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=TEXTS,
    title=TEXTS,
    source=st.one_of(st.just(""), TEXTS),
    speakers=st.lists(TEXTS, max_size=3).map(tuple),
    date=st.none() | st.dates(),
    pages=st.lists(st.integers(0, 10_000), max_size=3).map(tuple),
)
def test_any_document_comes_back_equal(
    store: Store,
    text: str,
    title: str,
    source: str,
    speakers: tuple[str, ...],
    date: datetime.date | None,
    pages: tuple[int, ...],
) -> None:
    document = Document(text, "a", title, date, source, title, speakers, pages, "utf-8", "00")
    put(store, document)
    assert store.document(document.id) == document
    (entry,) = store.entries()
    assert (entry.title, entry.date, entry.speakers, entry.characters) == (title, date, speakers, len(text))
    for stored in store.chunks(store.chunk_ids()).values():
        assert 0 <= stored.start < stored.end <= len(text)
    assert store.holds(document)
    assert not store.holds(Document(text + "。", "a", title, date, source, title, speakers, pages, "utf-8", "00"))


SENTENCES = [
    "今天天气很好。",
    "工业增加值增长百分之三。",
    "我们去公园散步吧。",
    "5G基站达到264万个。",
    "\0带空字符的句子。",
    "１２３ＡＢＣ。",
]


class StoreAgainstModel(RuleBasedStateMachine):
    """Random changes to a store and to a dictionary of documents by path; both must say the same."""

    @initialize()
    def start(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.store = opened(Path(self.folder.name))
        self.dense = DenseIndex.open(self.store)
        self.documents: dict[str, Document] = {}
        self.edited: dict[str, dict[str, Any]] = {}
        self.used_chunks: set[int] = set()
        self.chunks_of: dict[str, set[int]] = {}
        self.generation = self.store.generation

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    @rule(path=st.sampled_from("abcd"), sentences=st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=40))
    def put(self, path: str, sentences: list[str]) -> None:
        document = Document("".join(sentences), path, f"题{path}")
        put(self.store, document)
        self.documents[path] = document
        chunks = self._chunks(document)
        assert not chunks & self.used_chunks, "the id of a chunk was used again"
        self.used_chunks |= chunks

    @rule(path=st.sampled_from("abcd"))
    def remove(self, path: str) -> None:
        document = self.documents.pop(path, None)
        self.edited.pop(path, None)
        if document:
            remove_document(self.store, document.id)
        else:
            with pytest.raises(UsageError):
                remove_document(self.store, path)

    @rule(path=st.sampled_from("abcd"), title=st.text("甲乙丙", max_size=3), date=st.none() | st.dates())
    def edit(self, path: str, title: str, date: datetime.date | None) -> None:
        if path in self.documents:
            edit_document(self.store, self.documents[path].id, {"title": title, "date": date})
            self.edited[path] = {"title": title, "date": date}

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = opened(Path(self.folder.name))
        self.dense = DenseIndex.open(self.store)

    @rule(size=st.sampled_from([50, 300]))
    def rebuild(self, size: int) -> None:
        rebuild(self.store, EMBEDDER, size)
        fresh = set(self.store.chunk_ids().tolist())
        assert not fresh & self.used_chunks
        self.used_chunks |= fresh

    def _chunks(self, document: Document) -> set[int]:
        mask = self.store.allowed(Filters(document_id=document.id))
        assert mask is not None
        return set(np.flatnonzero(mask).tolist())

    @invariant()
    def store_says_what_the_model_says(self) -> None:
        if not hasattr(self, "store"):
            return
        entries = {entry.path: entry for entry in self.store.entries()}
        assert entries.keys() == self.documents.keys()
        for path, document in self.documents.items():
            stored = self.store.document(document.id)
            assert stored.text == document.text
            assert stored.title == self.edited.get(path, {}).get("title", document.title)
            assert stored.date == self.edited.get(path, {}).get("date")
        links = {entry.id: set(entry.near_duplicates) for entry in entries.values()}
        assert all(one in links[other] for one, others in links.items() for other in others)
        texts = [document.text for document in self.documents.values()]
        for one in self.documents.values():
            assert bool(links[one.id]) >= (texts.count(one.text) > 1)

    @invariant()
    def searches_name_only_chunks_that_are_there(self) -> None:
        if not hasattr(self, "store"):
            return
        catch_up(self.store)
        self.dense.refresh(self.store)
        present = set(self.store.chunk_ids().tolist())
        lexical = LexicalIndex(self.store.connection, self.store.chunk_lengths())
        for question in ("天气", "5G 基站", "abc"):
            found, scores = lexical.search(question, 1000)
            assert set(found.tolist()) <= present
            holding = {i for i, c in self.store.chunks(present).items() if question in c.text}
            assert holding <= set(found.tolist())
            assert (np.diff(scores) <= 0).all()
        near, _ = self.dense.search(EMBEDDER.queries(["天气"])[0], 10_000)
        assert set(near.tolist()) == present
        assert DenseIndex.saved_is_sound(self.store)
        assert self.store.generation >= self.generation
        self.generation = self.store.generation


StoreAgainstModel.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestStoreAgainstModel = StoreAgainstModel.TestCase


def test_generation_grows_with_every_change(store: Store) -> None:
    seen = [store.generation]
    document = Document("今天天气很好。", "a", "甲")
    for change in (
        lambda: put(store, document),
        lambda: edit_document(store, document.id, {"title": "乙"}),
        lambda: catch_up(store),
        lambda: remove_document(store, document.id),
    ):
        change()
        seen.append(store.generation)
    assert seen == sorted(set(seen))


def test_whoever_comes_second_to_catch_up_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, Document("今天天气很好。", "a", "甲"))
    monkeypatch.setattr("rag.index.changes.lexical.pending", lambda _: 1)  # as it looked before the first was through
    catch_up(store)
    generation = store.generation
    catch_up(store)
    assert store.generation == generation


def test_edit_keeps_what_another_process_has_edited_meanwhile(tmp_path: Path, store: Store) -> None:
    document = Document("今天天气很好。", "a", "甲")
    put(store, document)
    assert store.document(document.id).title == "甲"  # read, and remembered
    with closing(opened(tmp_path)) as other:
        edit_document(other, document.id, {"title": "乙"})
    assert store.document(document.id).title == "乙"
    edit_document(store, document.id, {"date": datetime.date(2023, 4, 21)})
    assert store.document(document.id).title == "乙"


def test_a_moment_as_date_is_stored_as_its_day(store: Store) -> None:
    document = Document("今天天气很好。", "a", "甲", datetime.datetime(2023, 4, 21, 10, 30))
    put(store, document)
    edit_document(store, document.id, {"date": datetime.datetime(2024, 1, 2, 3, 4)})
    assert store.entries()[0].date == datetime.date(2024, 1, 2)


@pytest.mark.parametrize(
    "changes", [{"text": "x"}, {"title": None}, {"title": 5}, {"date": "2023"}, {"speakers": "甲"}]
)
def test_impossible_edits_are_refused_and_change_nothing(store: Store, changes: dict[str, Any]) -> None:
    document = Document("今天天气很好。", "a", "甲")
    put(store, document)
    with pytest.raises(UsageError):
        edit_document(store, document.id, changes)
    assert store.document(document.id) == document


def test_two_documents_cannot_have_one_id(store: Store) -> None:
    put(store, Document("今天天气很好。", "a", "甲", id="same"))
    with pytest.raises(UsageError, match="same"):
        put(store, Document("明天下雨。", "b", "乙", id="same"))
    assert [entry.path for entry in store.entries()] == ["a"]


def test_speakers_with_line_breaks_stay_apart(store: Store) -> None:
    document = Document("今天天气很好。", "a", "甲", speakers=("张\n三", "", "李四"))
    put(store, document)
    assert store.document(document.id).speakers == ("张\n三", "", "李四")


def test_other_embedder_is_refused_with_both_names_and_the_remedy(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreError) as refused:
        Store.open(tmp_path, embedder="other", dimension=8)
    for text in (refused.value.zh, refused.value.en):
        assert "hashing" in text and "other" in text and f"youju rebuild --index {tmp_path}" in text


def test_open_store_notices_that_another_process_has_rebuilt_with_another_embedder(
    tmp_path: Path, store: Store
) -> None:
    put(store, Document("今天天气很好。", "a", "甲"))
    with closing(Store.open_as_it_is(tmp_path)) as other:
        rebuild(other, load(HashingEmbedder("other", 8)))
    with pytest.raises(StoreError, match="other"):
        _ = store.generation
    with pytest.raises(StoreError, match="other"):
        put(store, Document("明天下雨。", "b", "乙"))
    with closing(Store.open(tmp_path, embedder="other", dimension=8)) as again:
        assert [entry.path for entry in again.entries()] == ["a"]


def test_rebuild_takes_along_a_document_that_comes_in_meanwhile(tmp_path: Path, store: Store) -> None:
    put(store, Document("今天天气很好。", "a", "甲"))

    class Slow(HashingEmbedder):
        def encode_document(self, texts: list[str]) -> Any:
            if not store.knows("b"):
                put(store, Document("明天会下大雨。", "b", "乙"))
                remove_document(
                    store, store.entries()[0].id if store.entries()[0].path == "a" else store.entries()[1].id
                )
            return super().encode_document(texts)

    with closing(Store.open_as_it_is(tmp_path)) as other:
        rebuild(other, load(Slow()), 100)
    (entry,) = store.entries()
    assert entry.path == "b"
    assert [c.text for c in store.chunks(store.chunk_ids()).values()] == ["明天会下大雨。"]
    assert all(finding.sound for finding in doctor.examine(tmp_path) if finding.check != "faiss")


def test_failed_rebuild_leaves_everything_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, Document("今天天气很好。", "a", "甲"))
    before = store.chunk_ids().tolist(), store.embedder, store.generation
    from rag.index import lexical

    def full(connection: sqlite3.Connection) -> None:
        raise OSError("no space")

    monkeypatch.setattr(lexical, "catch_up", full)
    with pytest.raises(OSError, match="no space"):
        rebuild(store, load(HashingEmbedder("other", 8)))
    assert (store.chunk_ids().tolist(), store.embedder, store.generation) == before


def test_making_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    with closing(opened(tmp_path)) as store:
        assert store.entries() == []


def test_several_threads_make_one_index_at_once(tmp_path: Path) -> None:
    errors: list[BaseException] = []
    barrier = threading.Barrier(6)

    def make(number: int) -> None:
        try:
            barrier.wait()
            with closing(opened(tmp_path / "new")) as store:
                put(store, Document(f"第{number}份文档。", str(number), "甲"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with closing(opened(tmp_path / "new")) as store:
        assert len(store.entries()) == 6


def test_thousands_of_chunks_can_be_asked_for_at_once(store: Store) -> None:
    store.chunks(range(50_000))
    assert store.cached_vectors([str(number) for number in range(2000)]) == {}


def test_filters_name_exactly_their_chunks(store: Store) -> None:
    put(store, Document("今天天气很好。", "a", "甲", datetime.date(2023, 1, 2), "新华社"))
    put(store, Document("明天会下大雨。", "b", "乙", None, "央视"))

    def chosen(**filters: Any) -> list[str]:
        mask = store.allowed(Filters(**filters))
        assert mask is not None
        return [c.text for c in store.chunks(np.flatnonzero(mask)).values()]

    assert chosen(source="华社") == ["今天天气很好。"]
    assert chosen(after=datetime.date(2023, 1, 2), before=datetime.date(2023, 1, 2)) == ["今天天气很好。"]
    assert chosen(after=datetime.date(2023, 1, 3)) == []
    assert chosen(before=datetime.date(2030, 1, 1)) == ["今天天气很好。"]
    assert chosen(source="%") == []
    assert store.allowed(Filters(speaker="  ")) is None


def test_one_snapshot_sees_one_state(tmp_path: Path, store: Store) -> None:
    put(store, Document("今天天气很好。", "a", "甲"))
    with closing(opened(tmp_path)) as other, store.snapshot():
        before = store.generation, store.chunk_ids().tolist()
        add(other, EMBEDDER, [Document("明天会下大雨。", "b", "乙")], report=Report())
        assert (store.generation, store.chunk_ids().tolist()) == before
    assert store.generation > before[0]
