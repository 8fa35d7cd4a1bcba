"""Milvus as the place where passages are looked up: the same answers, nothing lost, and told when it is away."""

from __future__ import annotations

import importlib
import importlib.util
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import youju_call
from hashing_embedder import DIMENSION, HashingEmbedder
from youju_process import finish, start

from embeddings import load
from rag.assistant import Assistant
from rag.errors import StoreError
from rag.index import doctor, milvus_server
from rag.index.lookup import fill, open_lookup
from rag.index.milvus_rows import MARKER, NOTHING
from rag.text.documents import Document

pytestmark = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("pymilvus", "milvus_lite")), reason="no milvus-lite here"
)

SUBJECTS = ["充电桩", "水电站", "图书馆", "高速公路", "污水处理厂", "养老院", "蔬菜大棚", "码头", "幼儿园", "风电场"]
PLACES = ["江南", "河西", "岭东", "关北", "海州", "云岭", "沙洲", "石桥", "竹溪", "白水", "金沟", "铁岭"]
DOCUMENTS = [
    Document(
        f"{place}去年新建{subject}{7 * number + 3}座，投资{number + 11}亿元。{place}的{subject}由当地负责。\n\n"
        f"今年{place}还要再建{number % 5 + 2}座{subject}，服务{place}居民。",
        f"{place}{subject}",
        f"{place}的{subject}",
    )
    for number, (place, subject) in enumerate((place, subject) for place in PLACES for subject in SUBJECTS)
]
QUESTIONS = [
    *("江南新建了多少座充电桩？", "谁负责养老院？", "云岭的码头投资多少亿元？", "今年还要再建几座图书馆"),
    *("居民", "水电站和风电场", "How many were built?", "石桥去年"),
]


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"milvus:{tmp_path_factory.mktemp('milvus')}/own.db"


@pytest.fixture
def assistant(tmp_path: Path, setting: str) -> Iterator[Assistant]:
    with opened(tmp_path / "index", setting) as opened_assistant:
        opened_assistant.add(DOCUMENTS[:12])
        yield opened_assistant


def opened(folder: Path, store: str) -> Assistant:
    return Assistant.open(folder, embedder=HashingEmbedder(), language_model="extractive", store=store)


def told(assistant: Assistant, question: str = "江南新建了多少座充电桩？") -> list[tuple[str, int]]:
    return [(hit.document.path, hit.start) for hit in assistant.retrieve(question)]


def collection(assistant: Assistant, setting: str) -> tuple[Any, str]:
    """A client of its own, and the name of the index's collection."""
    client = importlib.import_module("pymilvus").MilvusClient(setting.removeprefix("milvus:"))
    (name,) = [name for name in client.list_collections() if assistant.store.identity in name]
    return client, name


def test_passages_and_scores_are_those_of_this_machine(tmp_path: Path, setting: str) -> None:
    with opened(tmp_path, "local") as here, opened(tmp_path, setting) as there:
        here.add(DOCUMENTS)
        assert len(here.store.chunk_ids()) >= 120
        for question in QUESTIONS:
            ours, theirs = here.retrieve(question, 20), there.retrieve(question, 20)
            assert [hit.score for hit in theirs] == pytest.approx([hit.score for hit in ours], abs=1e-5)
            assert {(hit.document.path, hit.start) for hit in theirs[:5] if hit.score > ours[5].score + 1e-5} == {
                (hit.document.path, hit.start) for hit in ours[:5] if hit.score > ours[5].score + 1e-5
            }


def emptied(client: Any, name: str) -> None:
    client.drop_collection(name)


def partly_deleted(client: Any, name: str) -> None:
    client.delete(name, ids=[MARKER, 2, 3])


def row(chunk: int, state: int) -> dict[str, Any]:
    numbers = {"chunk": chunk, "state": state, "document": 1, "day": 0, "source": 0, "speakers": 0}
    return {**numbers, "vector": [1.0] + [0.0] * (DIMENSION - 1), "terms": {NOTHING: 1.0}}


def rewritten(client: Any, name: str) -> None:
    """Rows as another program would leave them: of other states, and of chunks that were never there."""
    client.upsert(name, [row(1, 5), row(4, 6), row(9_000_000, 7), row(MARKER, 0)])


@pytest.mark.parametrize("harm", [emptied, partly_deleted, rewritten])
def test_what_is_lost_there_is_filled_again_before_the_next_answer(
    assistant: Assistant, setting: str, harm: Callable[[Any, str], None]
) -> None:
    before = told(assistant)
    harm(*collection(assistant, setting))
    assert told(assistant) == before
    (finding,) = [f for f in doctor.examine(assistant.store.folder, setting) if f.check == "milvus"]
    assert finding.sound


def test_rows_that_differ_behind_a_marker_that_stands_are_not_believed_and_mended_by_the_doctor(
    assistant: Assistant, setting: str
) -> None:
    assistant.retrieve("江南")
    client, name = collection(assistant, setting)
    (held,) = client.get(name, ids=[1])
    forged = {**held, "vector": (-np.array(held["vector"])).tolist(), "terms": dict(held["terms"])}
    # Another state, and the very vector of the question: believed, it would be the nearest of all.
    nearest = {**row(2, 5), "vector": assistant.retriever.query_vector("江南").tolist()}
    client.upsert(name, [forged, nearest])
    hits = assistant.retrieve("江南", 20)
    assert hits and max(hit.similarity or 0.0 for hit in hits) < 0.999
    finding = {f.check: f for f in doctor.examine(assistant.store.folder, setting)}["milvus"]
    assert not finding.sound and "2 个片段" in finding.zh and "2 passages" in finding.en
    after = doctor.repair(assistant.store.folder, load(HashingEmbedder()), setting)
    assert all(finding.sound for finding in after)


def test_an_index_that_was_opened_when_rows_were_missing_fills_them(tmp_path: Path, setting: str) -> None:
    with opened(tmp_path, setting) as one:
        one.add(DOCUMENTS[:12])
        before = told(one)
        client, name = collection(one, setting)
        client.delete(name, ids=[1, 2])  # the marker stands
    with opened(tmp_path, setting) as other:
        assert told(other) == before


def test_filling_that_is_broken_off_goes_on_where_it_ended(
    tmp_path: Path, setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.index import milvus_lookup

    monkeypatch.setattr(milvus_lookup, "ROWS", 3)
    with opened(tmp_path, "local") as assistant:
        assistant.add(DOCUMENTS[:12])
        total = len(assistant.store.chunk_ids())
        seen: list[int] = []

        def interrupted(done: int, _: int) -> None:
            seen.append(done)
            if done >= 6:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fill(assistant.store, open_lookup(setting), interrupted)
        assert not {f.check: f for f in doctor.examine(assistant.store.folder, setting)}["milvus"].sound
        again: list[int] = []
        number, _ = fill(assistant.store, open_lookup(setting), lambda done, _: again.append(done))
    assert (seen[0], again[0], again[-1], number) == (0, 6, total, total)


def test_migrate_fills_compares_and_says_what_to_set(tmp_path: Path, setting: str) -> None:
    with opened(tmp_path, "local") as assistant:
        assistant.add(DOCUMENTS[:3])
        number = len(assistant.store.chunk_ids())
    outcome = youju_call.run("migrate", "--to", setting, "--index", tmp_path, language="en")
    assert outcome.code == 0 and f"{number} passages are in place" in outcome.output and "YOUJU_STORE" in outcome.output
    found = youju_call.run("search", "充电桩", "--index", tmp_path, YOUJU_STORE=setting)
    assert found.code == 0 and "江南的充电桩" in found.output
    assert youju_call.run("doctor", "--index", tmp_path, YOUJU_STORE=setting).code == 0


@pytest.mark.parametrize(("language", "says"), [("zh", "没有丢失"), ("en", "none is lost")])
def test_a_server_that_is_away_is_told_with_what_to_do_and_no_password(
    tmp_path: Path, language: str, says: str
) -> None:
    with opened(tmp_path, "local") as assistant:
        assistant.add(DOCUMENTS[:2])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    away = f"milvus:http://root:secret-word@127.0.0.1:{port}"
    outcome = youju_call.run("search", "充电桩", "--index", tmp_path, language=language, YOUJU_STORE=away)
    outcome.refuses(1, says, language)
    assert f"127.0.0.1:{port}" in outcome.errors and "secret-word" not in outcome.errors + outcome.output
    assert youju_call.run("list", "--index", tmp_path, YOUJU_STORE=away).code == 0
    checked = youju_call.run("doctor", "--index", tmp_path, language=language, YOUJU_STORE=away)
    assert checked.code == 1 and says in checked.output


def test_a_server_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_server, "CONNECT_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with opened(tmp_path, f"milvus:http://127.0.0.1:{silent.getsockname()[1]}") as assistant:
            assistant.add(DOCUMENTS[0])
            with pytest.raises(StoreError, match="连不上 Milvus"):
                assistant.retrieve("充电桩")


def test_too_slow_an_answer_is_told(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    assistant.retrieve("充电桩")
    pymilvus = importlib.import_module("pymilvus")

    def late(*_: object, **__: object) -> None:
        raise pymilvus.MilvusException(message="[has_collection] Retry timeout: 15.0s")

    monkeypatch.setattr(pymilvus.MilvusClient, "has_collection", late)
    with pytest.raises(StoreError, match="没有在规定时间内回答"):
        assistant.retrieve("充电桩")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("OLDEST", {"milvus_lite": (99, 0)}, "至少需要 99.0"), ("CLIENT", 99, "需要 99.x")],
)
def test_other_versions_are_refused(
    tmp_path: Path, setting: str, monkeypatch: pytest.MonkeyPatch, name: str, value: object, says: str
) -> None:
    monkeypatch.setattr(milvus_server, name, value)
    with opened(tmp_path, setting) as assistant, pytest.raises(StoreError, match=says):
        assistant.retrieve("充电桩")


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    away = opened(tmp_path, f"milvus:{tmp_path}/nowhere/own.db")
    with away as assistant, pytest.raises(StoreError, match="打不开 Milvus Lite"):
        assistant.retrieve("充电桩")


@pytest.mark.slow
def test_two_processes_share_a_server(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = ["-m", "milvus_lite", "server", "--data-dir", str(tmp_path / "data"), "--port", port]
    server = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        index, store = tmp_path / "index", f"milvus:http://127.0.0.1:{port}"
        for name in ("one", "two"):
            (tmp_path / f"{name}.txt").write_text(f"{DOCUMENTS[len(name)].text}{name}", encoding="utf-8")
        waiting = [
            start("add", tmp_path / f"{name}.txt", "--index", index, YOUJU_STORE=store) for name in ("one", "two")
        ]
        assert [finish(process).code for process in waiting] == [0, 0]
        asking = [start("search", "投资多少亿元", "--json", "--index", index, YOUJU_STORE=store) for _ in range(2)]
        outcomes = [finish(process) for process in asking]
        assert all(outcome.code == 0 and "one.txt" in outcome.output for outcome in outcomes), outcomes
        assert outcomes[0].output == outcomes[1].output
    finally:
        server.terminate()
        server.wait()
