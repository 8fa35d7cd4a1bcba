"""The dense index: exact, in step with the store, and its file never trusted unless it is whole and its own."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hashing_embedder import DIMENSION, HashingEmbedder

from embeddings import load
from rag.index import dense
from rag.index.changes import remove_document
from rag.index.dense import FILE_NAME, DenseIndex
from rag.index.indexing import add
from rag.index.store import Store
from rag.text.documents import Document

EMBEDDER = load(HashingEmbedder())
DOCUMENTS = [
    Document(f"第{number}份文档，讲的是{chr(0x4E00 + 31 * number) * 6}。", str(number), "甲") for number in range(40)
]


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as store:
        add(store, EMBEDDER, DOCUMENTS)
        yield store


def assert_exact(index: DenseIndex, store: Store) -> None:
    """Every search gives what multiplying by all the store's vectors gives."""
    identifiers = store.chunk_ids()
    matrix = store.vectors(identifiers)
    assert index.size == len(identifiers)
    for query in EMBEDDER.queries(["第3份", "文档", "全不相干"]):
        found, scores = index.search(query, 7)
        expected = matrix @ query
        assert scores == pytest.approx(np.sort(expected)[::-1][:7], abs=2e-3)
        assert expected[np.searchsorted(identifiers, found)] == pytest.approx(scores, abs=2e-3)


def flipped(file: Path) -> None:
    raw = bytearray(file.read_bytes())
    raw[-40] ^= 4
    file.write_bytes(raw)


def with_header(**changes: Any) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        header, _, content = file.read_bytes().partition(b"\n")
        file.write_bytes(json.dumps({**json.loads(header), **changes}).encode() + b"\n" + content)

    return change


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "one bit": flipped,
    "noise": lambda file: file.write_bytes(bytes(range(256)) * 50),
    "header is no object": lambda file: file.write_bytes(b"[1]\n" + file.read_bytes()),
    "header is too deep": lambda file: file.write_bytes(b"[" * 9000 + b"\n"),
    "other embedder": with_header(embedder="other"),
    "other dimension": with_header(dimension=8),
    "other index": with_header(index="0" * 16),
    "other format": with_header(format=0),
    "a later generation": with_header(generation=10**6),
    "a generation that is no number": with_header(generation="x"),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_or_foreign_file_is_made_anew(store: Store, damage: Callable[[Path], object]) -> None:
    DenseIndex.open(store)
    file = store.folder / FILE_NAME
    assert DenseIndex.saved_is_sound(store)
    damage(file)
    assert not DenseIndex.saved_is_sound(store)
    assert_exact(DenseIndex.open(store), store)
    if file.is_file():
        assert DenseIndex.saved_is_sound(store)


def test_whole_file_is_used_as_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    DenseIndex.open(store)
    monkeypatch.setattr(Store, "vectors", lambda *_: pytest.fail("the vectors were read again"))
    assert DenseIndex.open(store).size == len(store.chunk_ids())


def test_stale_file_is_caught_up_reading_only_what_is_new(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    DenseIndex.open(store)
    removed = [entry.id for entry in store.entries()][:5]
    for identifier in removed:
        remove_document(store, identifier)
    add(store, EMBEDDER, [Document("新来的一份文档。", "new", "新")])
    read: list[int] = []
    vectors = Store.vectors
    monkeypatch.setattr(Store, "vectors", lambda self, ids: (read.append(len(ids)), vectors(self, ids))[1])
    index = DenseIndex.open(store)
    assert read == [1]
    assert_exact(index, store)


def test_vectors_of_a_deleted_index_are_not_taken_for_those_of_a_new_one(tmp_path: Path, store: Store) -> None:
    DenseIndex.open(store)
    store.close()
    (tmp_path / "youju.sqlite").unlink()
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as fresh:
        add(fresh, EMBEDDER, [Document(f"全新的内容{number}。", str(number), "乙") for number in range(40)])
        assert_exact(DenseIndex.open(fresh), fresh)


def test_saving_leaves_no_temporary_file_and_clears_those_of_killed_processes(store: Store) -> None:
    old, recent = store.folder / ".vectors-1-1", store.folder / ".vectors-2-2"
    for file in (old, recent):
        file.touch()
    os.utime(old, (1, 1))
    DenseIndex.open(store)
    assert sorted(path.name for path in store.folder.glob(".vectors*")) == [recent.name]


def test_full_disk_while_saving_costs_only_the_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    DenseIndex.open(store)
    before = (store.folder / FILE_NAME).read_bytes()
    add(store, EMBEDDER, [Document("新来的一份文档。", "new", "新")])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dense.os, "fsync", full)
    assert_exact(DenseIndex.open(store), store)
    assert (store.folder / FILE_NAME).read_bytes() == before
    assert list(store.folder.glob(".vectors*")) == []


def test_allowed_mask_of_any_length_and_any_k(store: Store) -> None:
    index = DenseIndex.open(store)
    query = EMBEDDER.queries(["文档"])[0]
    chosen = store.chunk_ids()[[3, 8]]
    mask = np.zeros(int(chosen.max()) + 1, dtype=np.bool_)
    mask[chosen] = True
    assert set(index.search(query, 10**9, mask)[0].tolist()) == set(chosen.tolist())
    longer = np.append(mask, np.zeros(500, np.bool_))
    longer[-1] = True
    assert set(index.search(query, 5, longer)[0].tolist()) == set(chosen.tolist())
    assert index.search(query, 5, np.zeros(1, np.bool_))[0].size == 0
    assert index.search(query, 1)[0].shape == (1,)


def test_empty_index_finds_nothing(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path / "empty", embedder="hashing", dimension=DIMENSION)) as store:
        identifiers, scores = DenseIndex.open(store).search(EMBEDDER.queries(["文档"])[0], 5)
    assert (identifiers.size, scores.size) == (0, 0)


def test_read_only_copy_is_searched_without_being_written(store: Store, tmp_path: Path, monkeypatch: Any) -> None:
    store.fold_journal()
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(store.folder / "youju.sqlite", copy)
    monkeypatch.setattr("rag.index.index_file.is_writable", lambda file: False)
    with closing(Store.open_as_it_is(copy)) as read_only:
        assert not read_only.writable
        assert_exact(DenseIndex.open(read_only), read_only)
    assert [path.name for path in copy.iterdir()] == ["youju.sqlite"]
