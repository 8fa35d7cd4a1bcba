"""Indexing: what becomes of each file of a batch, and what is kept from one time to the next."""

from __future__ import annotations

import datetime
import hashlib
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder

from embeddings import load
from rag.errors import LoadError, StoreError, UsageError
from rag.index.changes import edit_document, remove_document
from rag.index.indexing import EXTRACTION, Progress, add, rebuild
from rag.index.store import Store
from rag.loading import load as load_document
from rag.settings import SEEDS
from rag.text.chunks import chunk
from rag.text.documents import Document
from rag.text.facts import facts_of
from rag.text.structure import sentences_of
from rag.text.terms import terms_of

TEXT = "一季度，全国规模以上工业增加值同比增长百分之三。5G基站总数超过264万个。" * 5


@pytest.fixture
def embedder() -> Any:
    return load(HashingEmbedder())


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with closing(Store.open(tmp_path / "index", embedder="hashing", dimension=DIMENSION)) as store:
        yield store


def written(folder: Path, name: str, text: str = TEXT) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_added_then_unchanged_then_replaced(tmp_path: Path, store: Store, embedder: Any) -> None:
    file = written(tmp_path, "a.txt")
    first = add(store, embedder, file)
    assert (len(first.added), first.replaced, first.unchanged, first.failed) == (1, [], [], [])
    generation = store.generation
    embedded = embedder.open().documents

    again = add(store, embedder, str(file))
    assert (again.added, again.replaced, again.unchanged) == ([], [], [str(file)])
    assert (store.generation, embedder.open().documents) == (generation, embedded)

    written(tmp_path, "a.txt", TEXT + "新的一句。")
    changed = add(store, embedder, [file])
    assert (changed.added, changed.unchanged, len(changed.replaced)) == ([], [], 1)
    assert [entry.id for entry in store.entries()] == changed.replaced


def test_changed_metadata_of_an_unchanged_text_is_taken_in(tmp_path: Path, store: Store, embedder: Any) -> None:
    file = written(tmp_path, "a.txt")
    add(store, embedder, file)
    (tmp_path / "documents.toml").write_text('["a.txt"]\ntitle = "新题"\ndate = 2023-04-21\n', encoding="utf-8")
    report = add(store, embedder, file)
    assert len(report.replaced) == 1
    (entry,) = store.entries()
    assert (entry.title, entry.date) == ("新题", datetime.date(2023, 4, 21))


def test_a_persons_edits_outlive_a_changed_file(tmp_path: Path, store: Store, embedder: Any) -> None:
    file = written(tmp_path, "a.txt")
    add(store, embedder, file)
    edit_document(
        store, store.entries()[0].id, {"title": "我的题目", "date": datetime.date(2020, 2, 29), "speakers": ("张三",)}
    )
    assert add(store, embedder, file).unchanged == [str(file)]
    written(tmp_path, "a.txt", TEXT + "新的一句。")
    add(store, embedder, file)
    (entry,) = store.entries()
    assert (entry.title, entry.date, entry.speakers) == ("我的题目", datetime.date(2020, 2, 29), ("张三",))


def test_equal_text_from_elsewhere_is_kept_and_linked_both_ways_until_removed(
    tmp_path: Path, store: Store, embedder: Any
) -> None:
    one, two = written(tmp_path, "a.txt"), written(tmp_path, "b.txt")
    other = written(tmp_path, "c.txt", "今天天气很好，我们一起去公园散步，看见了许多花。" * 5)
    report = add(store, embedder, [one, two, other])
    first, second, third = report.added
    assert report.duplicates == {second: (first,)}
    assert (store.links(first), store.links(second), store.links(third)) == ((second,), (first,), ())
    remove_document(store, second)
    assert store.links(first) == ()


def test_good_files_go_in_and_each_bad_one_has_one_reason(tmp_path: Path, store: Store, embedder: Any) -> None:
    good = [written(tmp_path, "good.txt"), written(tmp_path, "~$lock.txt", TEXT + "锁。"), written(tmp_path, "z.md")]
    empty = written(tmp_path, "empty.txt", "")
    binary = tmp_path / "binary.txt"
    binary.write_bytes(bytes(range(256)) * 10)
    folder = tmp_path / "nothing"
    folder.mkdir()
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    gone = tmp_path / "gone.txt"
    nul = Path("a\0b.txt")
    items = [good[0], gone, empty, folder, good[1], binary, pipe, nul, good[2]]
    report = add(store, embedder, items)
    assert sorted(entry.path for entry in store.entries()) == sorted(map(str, good))
    assert len(report.failed) == 6
    for bad in (gone, empty, folder, binary, pipe):
        (failure,) = [failure for failure in report.failed if failure.path == str(bad)]
        assert isinstance(failure.error, LoadError)
        assert str(bad) in failure.error.zh and str(bad) in failure.error.en


def test_unreadable_file_among_good_ones(tmp_path: Path, store: Store, embedder: Any, monkeypatch: Any) -> None:
    secret, good = written(tmp_path, "secret.txt"), written(tmp_path, "good.txt")
    real = Path.open

    def refusing(self: Path, *arguments: Any, **options: Any) -> Any:
        if self == secret:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refusing)
    report = add(store, embedder, [secret, good])
    assert len(report.added) == 1
    (failure,) = report.failed
    assert "权限" in failure.error.zh and "permission" in failure.error.en


def test_file_whose_name_is_not_unicode_goes_in(tmp_path: Path, store: Store, embedder: Any) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"\xb9\xa4\xd2\xb5.txt", b"\xb9\xa4.txt"):  # names in GBK, as unpacked from a ZIP made on Windows
        with open(os.path.join(folder, name), "wb") as file:
            file.write(TEXT.encode())
    report = add(store, embedder, tmp_path)
    assert (len(report.added), report.failed) == (2, [])
    assert len({entry.path for entry in store.entries()}) == 2
    assert len(add(store, embedder, tmp_path).unchanged) == 2


def test_text_with_half_a_character_is_refused_and_the_next_goes_in(store: Store, embedder: Any) -> None:
    report = add(store, embedder, [Document("坏\ud800。", "a", "甲"), Document("好的文档。", "b", "乙")])
    assert [failure.path for failure in report.failed] == ["'a'"]
    assert [entry.path for entry in store.entries()] == ["b"]


def test_document_without_anything_to_search_is_refused(store: Store, embedder: Any) -> None:
    report = add(store, embedder, Document(" \n\u200b\n", "a", "甲"))
    assert len(report.failed) == 1 and store.entries() == []


def test_folder_given_twice_and_its_file_go_in_once(tmp_path: Path, store: Store, embedder: Any) -> None:
    file = written(tmp_path / "folder", "a.txt")
    report = add(store, embedder, [file.parent, file, file.parent])
    assert (len(report.added), report.unchanged) == (1, [str(file)] * 2)


def test_progress_names_each_file_with_the_number_behind_it(tmp_path: Path, store: Store, embedder: Any) -> None:
    files = [written(tmp_path, f"{number}.txt", TEXT + str(number)) for number in range(3)]
    seen: list[Progress] = []
    add(store, embedder, files, seen.append)
    assert seen == [Progress(str(file), number, 3) for number, file in enumerate(files)]


def test_interrupted_adding_keeps_what_was_finished_and_goes_on(tmp_path: Path, store: Store, embedder: Any) -> None:
    files = [written(tmp_path, f"{number}.txt", TEXT + str(number)) for number in range(5)]

    def interrupt(progress: Progress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(store, embedder, files, interrupt)
    assert len(store.entries()) == 3
    from rag.index import lexical

    assert lexical.pending(store.connection) == 0
    report = add(store, embedder, files)
    assert (len(report.added), len(report.unchanged)) == (2, 3)


def test_vectors_of_equal_chunks_are_computed_once(store: Store, embedder: Any) -> None:
    add(store, embedder, Document("今天天气很好。", "a", "甲"))
    before = embedder.open().documents
    add(store, embedder, Document("今天天气很好。", "b", "乙"))
    assert embedder.open().documents == before


def test_vectors_of_another_embedder_are_never_mixed_in(store: Store) -> None:
    with pytest.raises(UsageError, match="other"):
        add(store, load(HashingEmbedder("other")), Document("今天天气很好。", "a", "甲"))
    assert store.entries() == []


def test_full_store_stops_the_batch_and_keeps_what_is_in(store: Store, embedder: Any) -> None:
    add(store, embedder, Document("今天天气很好。", "a", "甲"))
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError) as full:
        add(store, embedder, [Document(TEXT * 200 + str(n), str(n), "乙") for n in range(20)])
    assert "磁盘已满" in full.value.zh and "full" in full.value.en
    assert "a" in {entry.path for entry in store.entries()}
    assert store.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.mark.parametrize("size", [0, 5, 49, 5001])
def test_impossible_chunk_sizes_are_refused(tmp_path: Path, store: Store, embedder: Any, size: int) -> None:
    with pytest.raises(UsageError, match=str(size)):
        rebuild(store, embedder, size)
    with pytest.raises(UsageError, match=str(size)):
        Store.open(tmp_path / "other", embedder="hashing", dimension=DIMENSION, chunk_size=size)
    assert not (tmp_path / "other").exists()


def test_rebuild_with_other_size_and_embedder_keeps_documents_and_edits(store: Store, embedder: Any) -> None:
    add(store, embedder, [Document(TEXT, "a", "甲"), Document(TEXT, "b", "乙")])
    edit_document(store, store.entries()[0].id, {"title": "改过"})
    before = store.entries()
    rebuild(store, load(HashingEmbedder("other", 8)), 60)
    assert store.entries() == before
    assert (store.embedder, store.dimension, store.chunk_size) == ("other", 8, 60)
    lengths = store.chunk_lengths()
    assert 0 < lengths.max() <= 75
    assert store.vectors(store.chunk_ids()).shape == (len(store.chunk_ids()), 8)


def test_a_reader_that_breaks_down_costs_only_its_own_file(
    tmp_path: Path, store: Store, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rag.loading

    load = rag.loading.load

    def fragile(path: Path, **_: Any) -> Document:
        if path.name == "b.txt":
            raise RuntimeError("parser")
        return load(path)

    files = [written(tmp_path, name, f"{name}的内容各不相同。" * 5) for name in ("a.txt", "b.txt", "c.txt")]
    monkeypatch.setattr(rag.loading, "load", fragile)
    report = add(store, embedder, files)
    assert len(report.added) == 2
    assert [failure.path for failure in report.failed] == [str(files[1])]
    assert "RuntimeError: parser" in report.failed[0].error.en


def test_what_is_made_of_a_document_has_a_number() -> None:
    """Where the hash changes, raise EXTRACTION: indexes of the sample documents in users' caches are then made anew."""
    document = load_document(sorted(SEEDS.glob("*.txt"))[0])
    sentences = sentences_of(document.text, document.speakers)
    made = [chunk(sentences), terms_of(document.text).tolist(), facts_of(document, sentences)]
    assert (EXTRACTION, hashlib.sha256(repr(made).encode()).hexdigest()[:12]) == (3, "17da0372f8b0")
