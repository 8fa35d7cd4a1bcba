"""Introductions: two sentences and questions kept with a document in the index, and made anew when it changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from youju_process import run

from embeddings import load
from rag.assistant import Assistant
from rag.index import doctor
from rag.index.changes import edit_document, remove_document
from rag.index.indexing import add
from rag.index.introductions import Introduction, Introductions
from rag.index.store import FILE_NAME, Store
from rag.text.documents import Document

BRIDGE = "青溪大桥全长1280米，由县交通局负责养护。每年汛期前要检查一次桥墩。"
LAKE = "白鹭湖水面四百公顷，沿岸住着六个村子。湖里禁止电鱼和围网。"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with opened(tmp_path) as store:
        put(store, "bridge.txt", BRIDGE)
        put(store, "lake.txt", LAKE)
    return tmp_path


def opened(folder: Path) -> closing[Store]:
    return closing(Store.open(folder, embedder="hashing", dimension=DIMENSION, chunk_size=200))


def put(store: Store, path: str, text: str) -> None:
    add(store, load(HashingEmbedder()), [Document(text, path, path)])


def id_of(store: Store, path: str) -> str:
    return next(entry.id for entry in store.entries() if entry.path == path)


def never() -> list[str]:
    pytest.fail("what is kept is not made again")


def test_what_was_made_is_there_when_the_index_is_opened_again(folder: Path) -> None:
    sound = doctor.examine(folder)
    with opened(folder) as store:
        bridge, generation = id_of(store, "bridge.txt"), store.generation
        introductions = Introductions(store)
        assert introductions.known() == {}
        short = introductions.short(bridge)
        assert "1280米" in short
        assert introductions.questions(bridge, lambda: ["大桥多长？"]) == ("大桥多长？",)
        assert store.generation == generation, "nothing that is searched has changed"
    with opened(folder) as store:
        again = Introductions(store)
        assert again.known() == {bridge: Introduction(short, ("大桥多长？",))}
        assert again.questions(bridge, never) == ("大桥多长？",)
    assert doctor.examine(folder) == sound


def test_that_there_is_no_question_is_kept_too(folder: Path) -> None:
    with opened(folder) as store:
        assert Introductions(store).questions(id_of(store, "lake.txt"), list) == ()
        assert Introductions(store).questions(id_of(store, "lake.txt"), never) == ()


def test_what_belonged_to_an_older_text_is_made_anew(folder: Path) -> None:
    with opened(folder) as store:
        introductions = Introductions(store)
        introductions.questions(id_of(store, "bridge.txt"), lambda: ["大桥多长？"])
        assert "1280米" in introductions.short(id_of(store, "bridge.txt"))
        put(store, "bridge.txt", BRIDGE.replace("1280", "1300"))
        bridge = id_of(store, "bridge.txt")
        assert introductions.known() == {}
        assert "1300米" in introductions.short(bridge)
        assert introductions.questions(bridge, lambda: ["大桥有多长？"]) == ("大桥有多长？",)
        edit_document(store, bridge, {"title": "大桥概况"})
        assert introductions.questions(bridge, lambda: ["《大桥概况》说了什么？"]) == ("《大桥概况》说了什么？",)


def test_they_go_with_their_document(folder: Path) -> None:
    with opened(folder) as store:
        introductions = Introductions(store)
        for path in ("bridge.txt", "lake.txt"):
            introductions.short(id_of(store, path))
        lake = id_of(store, "lake.txt")
        remove_document(store, id_of(store, "bridge.txt"))
        assert introductions.known().keys() == {lake}
        assert store.connection.execute("SELECT document_id FROM introductions").fetchall() == [(lake,)]
        assert not [row for row in store.connection.execute("SELECT short FROM introductions") if "大桥" in row[0]]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE introductions SET short = '\"桥已经拆了。\"'",
        "UPDATE introductions SET questions = '[\"桥拆了吗？\"]'",
        "UPDATE introductions SET short = 'no JSON'",
        "UPDATE introductions SET document = x'00'",
    ],
)
def test_what_is_not_as_it_was_written_is_never_shown(folder: Path, change: str) -> None:
    with opened(folder) as store:
        bridge = id_of(store, "bridge.txt")
        short = Introductions(store).short(bridge)
        Introductions(store).questions(bridge, lambda: ["大桥多长？"])
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute(change)
    with opened(folder) as store:
        introductions = Introductions(store)
        assert introductions.known() == {}
        assert introductions.short(bridge) == short
        assert introductions.questions(bridge, lambda: ["大桥多长？"]) == ("大桥多长？",)


def test_of_an_index_that_cannot_be_written_they_are_remembered(folder: Path) -> None:
    with opened(folder) as store:
        store.writable = False
        bridge = id_of(store, "bridge.txt")
        introductions = Introductions(store)
        assert "1280米" in introductions.short(bridge)
        assert introductions.questions(bridge, lambda: ["大桥多长？"]) == ("大桥多长？",)
        assert introductions.questions(bridge, never) == ("大桥多长？",)
        assert introductions.known()[bridge].questions == ("大桥多长？",)
        assert store.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'introductions'").fetchone() is None


def test_while_another_writes_nothing_waits(folder: Path) -> None:
    with opened(folder) as store, closing(sqlite3.connect(folder / FILE_NAME)) as other:
        other.execute("BEGIN IMMEDIATE")
        introductions = Introductions(store)
        assert "1280米" in introductions.short(id_of(store, "bridge.txt"))
        assert len(introductions.known()) == 1
        other.execute("ROLLBACK")


def test_the_list_shows_what_is_kept(make_assistant: Callable[..., Any]) -> None:
    made: Assistant = make_assistant(Document(BRIDGE, "bridge.txt", "大桥"))
    short = made.in_short(made.documents()[0].id)
    listed = run("list", "--summaries", "--index", str(made.store.folder)).output
    assert short[:8] in listed.replace("\n", "")
    assert made.introductions()[made.documents()[0].id].short == short
