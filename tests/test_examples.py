"""The programs in examples/ do what they say."""

from __future__ import annotations

import asyncio
import csv
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rag.assistant import Assistant
from rag.text.documents import Document
from tests.serving import served

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
BRIDGE = "青山湖大桥全长1280米，2021年6月30日建成通车。"
ASKED = "青山湖大桥全长多少米？"


def example(name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert found and found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def extractive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_LANGUAGE_MODEL", "extractive")
    monkeypatch.setenv("YOUJU_READER", "default")


@pytest.fixture(scope="module")
def index(embedder: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("examples") / "index")
    with Assistant.open(folder, embedder=embedder) as assistant:
        assistant.add(Document(BRIDGE, path="大桥.txt", title="大桥通车"))
    return folder


def test_chain_gives_a_line_for_each_question(index: str, capsys: pytest.CaptureFixture[str]) -> None:
    example("langchain_chain").main(index, ASKED, "明天北京的天气怎么样？")
    first, second = capsys.readouterr().out.splitlines()
    assert "1280米" in first and first.endswith("（大桥通车）")
    assert "大桥通车" not in second


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_batch_job_answers_what_it_can_and_goes_on(index: str, suffix: str, tmp_path: Path) -> None:
    questions, answers = tmp_path / "questions.csv", tmp_path / f"answers.{suffix}"
    questions.write_text(f"编号,问题\n1,{ASKED}\n2,\n3,大桥什么时候建成通车？\n", encoding="utf-8-sig")
    example("batch_job").main(index, str(questions), str(answers))
    text = answers.read_text("utf-8-sig")
    rows = (
        [json.loads(line) for line in text.splitlines()]
        if suffix == "jsonl"
        else list(csv.DictReader(text.splitlines(keepends=True)))
    )
    assert len(rows) == 3
    assert "1280米" in rows[0]["answer"] and "2021年6月30日" in rows[2]["answer"]
    assert rows[1]["error"] and not rows[0]["error"]
    (cited, *_) = rows[0]["citations"] if suffix == "jsonl" else rows[0]["citations"].splitlines()
    quote = cited["quote"] if suffix == "jsonl" else cited.partition(" ")[2]
    assert quote in BRIDGE and "1280米" in quote


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_service_answers_with_citations_and_refuses_in_words(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    monkeypatch.setenv("YOUJU_INDEX", index)
    with TestClient(example("fastapi_service").app) as client:
        told = client.post("/answers", json={"question": ASKED}).json()
        assert "1280米" in told["text"] and told["citations"]
        for citation in told["citations"]:
            assert BRIDGE[citation["start"] : citation["end"]] == citation["quote"]
        refused = client.post("/answers", json={"question": ASKED, "after": "gestern"})
        assert refused.status_code == 400 and "gestern" in refused.json()["detail"]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_mcp_client_shows_tools_answer_and_quotes(index: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gradio")
    with Assistant.open(index) as assistant, served(assistant, page=False) as url:
        asyncio.run(example("mcp_client").ask(url, ASKED, "extractive"))
    tools, answer, *quotes = capsys.readouterr().out.splitlines()
    assert {"ask", "search", "documents", "read", "timeline"} <= set(tools.split(", "))
    assert "1280米" in answer and any("大桥通车" in quote and "1280米" in quote for quote in quotes)


def test_every_example_is_run_here_and_named_in_the_documentation() -> None:
    here = Path(__file__).read_text("utf-8")
    for file in EXAMPLES.glob("*.py"):
        assert f'example("{file.stem}")' in here
        assert f"{file.name}`" in (EXAMPLES.parent / "docs/zh/index.md").read_text("utf-8")
