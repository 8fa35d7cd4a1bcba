"""Rebuilding while other processes add, replace and remove documents: it works on what was there and catches up."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from pathlib import Path

from hashing_embedder import DIMENSION, HashingEmbedder

from embeddings import load
from rag.errors import StoreError
from rag.index import doctor
from rag.index.changes import remove_document
from rag.index.indexing import add, rebuild
from rag.index.store import Store
from rag.search.retrieval import Retriever
from rag.text.documents import Document


def text_of(number: int, state: int) -> str:
    return f"第{number}份文档的第{state}稿，讲{chr(0x4E00 + 37 * number) * 4}的事情。" * 20


def document(number: int, state: int, identifier: str = "") -> Document:
    return Document(text_of(number, state), f"{number}.txt", f"题{number}", id=identifier)


def opened(folder: Path) -> Store:
    return Store.open(folder, embedder="hashing", dimension=DIMENSION, chunk_size=200)


def test_documents_that_change_while_the_index_is_rebuilt(tmp_path: Path) -> None:
    """Each document keeps its id while its text changes, so that only the text tells one state from the next."""
    with closing(opened(tmp_path)) as store:
        add(store, load(HashingEmbedder()), [document(number, 0, f"id{number}") for number in range(12)])
    done = threading.Event()
    states = dict.fromkeys(range(12), 0)

    def change() -> None:
        with closing(opened(tmp_path)) as store:
            turn = 0
            while not done.is_set():
                turn += 1
                number = turn % 12
                if turn % 3 == 0:
                    remove_document(store, f"id{number}") if number in states else None
                    states.pop(number, None)
                else:
                    states[number] = turn
                    add(store, load(HashingEmbedder()), document(number, turn, f"id{number}"))

    writer = threading.Thread(target=change)
    writer.start()
    try:
        with closing(opened(tmp_path)) as store:
            for size in (300, 100, 200):
                rebuild(store, load(HashingEmbedder(seconds=0.02)), size)
                assert store._read_settings()["chunk_size"] == str(size)
    finally:
        done.set()
        writer.join()
    with closing(Store.open_as_it_is(tmp_path)) as store:
        held = {entry.path: store.document(entry.id) for entry in store.entries()}
        assert {path: each.text for path, each in held.items()} == {
            f"{number}.txt": text_of(number, state) for number, state in states.items()
        }
        for hit in Retriever(store, load(HashingEmbedder())).retrieve("文档的事情", 40):
            assert hit.document.text[hit.start : hit.end].strip()
    assert all(finding.sound for finding in doctor.examine(tmp_path))


def test_embedder_changes_while_documents_come_and_go(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        add(store, load(HashingEmbedder()), [document(number, 0) for number in range(8)])
    removed = threading.Thread(target=_remove_all_but_one, args=(tmp_path,))
    removed.start()
    with closing(opened(tmp_path)) as store:
        rebuild(store, load(HashingEmbedder("other", seconds=0.05)))
    removed.join()
    with closing(Store.open(tmp_path, embedder="other", dimension=DIMENSION)) as store:
        assert "0.txt" in {entry.path for entry in store.entries()}
        Retriever(store, load(HashingEmbedder("other"))).retrieve("文档")
    assert all(finding.sound for finding in doctor.examine(tmp_path))


def _remove_all_but_one(folder: Path) -> None:
    with closing(opened(folder)) as store, suppress(StoreError):  # rebuilt by the other meanwhile, which is told
        for entry in store.entries():
            if entry.path != "0.txt":
                remove_document(store, entry.id)
