"""Settings: arguments before the environment before the defaults; nothing mistyped passes in silence."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hashing_embedder import HashingEmbedder

from rag.assistant import Assistant
from rag.errors import UsageError
from rag.settings import Settings
from rag.text.documents import Document

ROOT = Path(__file__).resolve().parent.parent


def test_defaults() -> None:
    assert Settings.from_environment() == Settings(
        "", "default", "auto", 300, reranker="", reader="none", strict=False, caution="balanced", store="local"
    )


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_INDEX", "/somewhere")
    monkeypatch.setenv("YOUJU_EMBEDDER", "some/model")
    monkeypatch.setenv("YOUJU_LANGUAGE_MODEL", "extractive")
    monkeypatch.setenv("YOUJU_CHUNK_SIZE", "200")
    monkeypatch.setenv("YOUJU_RERANKER", "some/reranker")
    monkeypatch.setenv("YOUJU_READER", "/a/reader")
    monkeypatch.setenv("YOUJU_STRICT", "Yes")
    monkeypatch.setenv("YOUJU_CAUTION", "strict")
    monkeypatch.setenv("YOUJU_STORE", "milvus:http://host:19530")
    assert Settings.from_environment() == Settings(
        "/somewhere",
        "some/model",
        "extractive",
        200,
        reranker="some/reranker",
        reader="/a/reader",
        strict=True,
        caution="strict",
        store="milvus:http://host:19530",
    )


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in fields(Settings):
        monkeypatch.setenv(f"YOUJU_{field.name.upper()}", "")
    assert Settings.from_environment() == Settings()


def test_arguments_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_CHUNK_SIZE", "200")
    monkeypatch.setenv("YOUJU_INDEX", str(tmp_path / "environment"))
    with Assistant.open(tmp_path / "argument", embedder=HashingEmbedder(), chunk_size=100) as assistant:
        assert (assistant.store.folder, assistant.store.chunk_size) == (tmp_path / "argument", 100)
    with Assistant.open(embedder=HashingEmbedder()) as assistant:
        assert (assistant.store.folder, assistant.store.chunk_size) == (tmp_path / "environment", 200)


@pytest.mark.parametrize("value", ["big", "-5", "3.5", " 300 x", "²"])
def test_chunk_size_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("YOUJU_CHUNK_SIZE", value)
    with pytest.raises(UsageError) as refused:
        Settings.from_environment()
    assert value in refused.value.zh and value in refused.value.en


@pytest.mark.parametrize(("name", "value"), [("YOUJU_STRICT", "perhaps"), ("YOUJU_CAUTION", "careful")])
def test_a_choice_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError) as refused:
        Settings.from_environment()
    for text in (refused.value.zh, refused.value.en):
        assert name in text and value in text


@pytest.mark.parametrize(
    ("value", "strict"), [("no", False), ("FALSE", False), ("0", False), ("true", True), ("1", True)]
)
def test_strict_may_be_said_in_several_ways(monkeypatch: pytest.MonkeyPatch, value: str, strict: bool) -> None:
    monkeypatch.setenv("YOUJU_STRICT", value)
    assert Settings.from_environment().strict is strict


def test_what_is_set_reaches_the_assistant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_STRICT", "yes")
    monkeypatch.setenv("YOUJU_CAUTION", "strict")
    with Assistant.open(tmp_path / "a", embedder=HashingEmbedder()) as assistant:
        assert (assistant.strict, assistant.caution) == (True, "strict")
    with Assistant.open(tmp_path / "a", embedder=HashingEmbedder(), strict=False, caution="lenient") as assistant:
        assert (assistant.strict, assistant.caution) == (False, "lenient")


def test_a_reranker_is_loaded_only_when_it_ranks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "no-reranker"
    missing.mkdir()
    monkeypatch.setenv("YOUJU_RERANKER", str(missing))
    with Assistant.open(tmp_path / "a", embedder=HashingEmbedder()) as assistant:
        assistant.add(Document("全市共有桥梁128座。", "a", "甲"))
        with pytest.raises(UsageError, match="YOUJU_RERANKER"):
            assistant.retrieve("有多少座桥梁？")
    with Assistant.open(tmp_path / "a", embedder=HashingEmbedder(), reranker="") as assistant:
        assert [hit.document.path for hit in assistant.retrieve("有多少座桥梁？")] == ["a"]


@pytest.mark.parametrize("value", ["0", "49", "5001"])
def test_chunk_size_out_of_range_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("YOUJU_CHUNK_SIZE", value)
    with pytest.raises(UsageError, match=value):
        Assistant.open(tmp_path / "index", embedder=HashingEmbedder())
    with pytest.raises(UsageError, match="0"):
        Assistant.open(tmp_path / "index", embedder=HashingEmbedder(), chunk_size=0)


def test_mistyped_variable_is_named_with_those_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_INDX", "x")
    with pytest.raises(UsageError) as refused:
        Settings.from_environment()
    for text in (refused.value.zh, refused.value.en):
        assert "YOUJU_INDX" in text and "YOUJU_INDEX" in text


def test_every_variable_that_the_code_reads_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [path for package in ("rag", "embeddings", "ui", "eval") for path in (ROOT / package).rglob("*.py")]
    names = {name for path in sources for name in re.findall(r"YOUJU_[A-Z_]*[A-Z]", path.read_text("utf-8"))}
    assert "YOUJU_ENDPOINT" in names
    values = {"YOUJU_STRICT": "yes", "YOUJU_CAUTION": "lenient"}
    for name in names:
        monkeypatch.setenv(name, values.get(name, "300"))
    Settings.from_environment()


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "９", "1" * 10])
@pytest.mark.parametrize("variable", ["YOUJU_UPLOAD_FILES", "YOUJU_UPLOAD_MB"])
def test_a_limit_of_uploads_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    from ui.uploads import Limits

    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable):
        Limits.from_environment()
