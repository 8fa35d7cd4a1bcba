"""A run keeps every answer as it comes: killed, interrupted or out of disk, it goes on where it stopped."""

import errno
import itertools
import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from waiting import LONGEST, until
from youju_process import finish, start
from youju_process import run as run_process

import eval as evaluation
from eval.folder import RunFolder
from eval.questions import Question, load_questions
from eval.rows import Row
from eval.running import Step, run
from eval.runs import Run
from eval.summary import report_of, summarise, value_of
from rag.assistant import Assistant
from rag.errors import UsageError, YoujuError
from rag.reading.evidence import Evidence
from rag.text.documents import Document

QUESTIONS = load_questions()
BASE_STATIONS = [question for question in QUESTIONS if question.id in ("dat-01", "dat-02", "dat-03", "dat-04")]
OUTSIDE = ("out-01", "out-06")
FEW = [*BASE_STATIONS, *(question for question in QUESTIONS if question.id in ("nea-01", "out-01"))]


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers take no time and no memory, so that two runs can be the same to the letter."""
    of = Row.of

    def timeless(*arguments: Any) -> Row:
        return replace(of(*arguments), evidence_seconds=0.1, first_token_seconds=None, seconds=0.2)

    monkeypatch.setattr(Row, "of", timeless)
    monkeypatch.setattr("eval.running.peak_memory", lambda: 1000)
    monkeypatch.setattr("eval.running.environment_of", lambda *_: {"began": "2024-01-01T00:00:00+00:00"})


@pytest.fixture(autouse=True)
def without_pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has tests of its own; here it would only take time."""
    if "processes" not in request.node.name:
        from eval.reports import html

        monkeypatch.setattr(html, "page", lambda *_: html.Page("<!doctype html>"))


class Stopped(BaseException):
    """The process was killed."""


def stopping_after(count: int, error: BaseException) -> Any:
    def progress(step: Step) -> None:
        if step.done == count and not step.taken_up:
            raise error

    return progress


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


# -- asking -----------------------------------------------------------------------------------------------------------


def test_small_run_gives_sane_numbers(assistant: Assistant) -> None:
    asked = [question for question in QUESTIONS if question in BASE_STATIONS or question.id in OUTSIDE]
    seen: list[tuple[int, int]] = []
    done = evaluation.run(assistant, asked, progress=lambda step: seen.append((step.done, step.total)))
    assert seen == [(n, len(asked)) for n in range(1, len(asked) + 1)]
    assert not done.partial and done.folder is None
    summary = summarise(done.rows)
    assert summary["all"]["errors"] == 0
    assert (value_of(summary["kind"]["date"], "fact_accuracy") or 0) >= 0.75
    assert value_of(summary["kind"]["date"], "evidence_recall") == 1
    assert (value_of(summary["kind"]["outside"], "rejection_rate") or 0) >= 0.75
    assert value_of(summary["kind"]["outside"], "fact_accuracy") is None
    assert set(summary["split"]) == {"tune", "test"}
    assert summary["all"]["questions"] == sum(part["questions"] for part in summary["split"].values())
    accuracy = summary["all"]["metrics"]["fact_accuracy"]
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]


def test_question_that_fails_is_recorded_and_the_others_are_asked(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    select = assistant._selector.select

    def failing(question: str, *arguments: Any) -> list[Evidence]:
        if question == BASE_STATIONS[1].question:
            raise YoujuError(zh="坏了", en="broken")
        return select(question, *arguments)

    monkeypatch.setattr(assistant._selector, "select", failing)
    done = run(assistant, BASE_STATIONS, folder=tmp_path / "run")
    assert [bool(row.error) for row in done.rows] == [False, True, False, False]
    assert done.rows[1].error == "YoujuError: 坏了"
    assert Run.read(tmp_path / "run").rows == done.rows
    assert report_of(done)["summary"]["all"]["errors"] == 1


def test_endpoints_are_asked_several_questions_at_once_and_rows_stay_in_order(assistant: Assistant) -> None:
    together = threading.Barrier(3, timeout=LONGEST)
    calls = itertools.count()

    class Slow(FakeListChatModel):
        def _stream(self, *arguments: Any, **options: Any) -> Iterator[Any]:
            if next(calls) < 3:  # a claim that fails is written once more
                together.wait()
            yield from super()._stream(*arguments, **options)

    asked = [question for question in load_questions() if question.kind == "reason"][:3]
    done = run(assistant, asked, language_model=Slow(responses=["传统产业是基底。"]), workers=3)
    assert [row.question.id for row in done.rows] == [question.id for question in asked]
    assert all(row.answer and not row.error for row in done.rows)


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_are_for_endpoints(workers: int, assistant: Assistant) -> None:
    with pytest.raises(UsageError, match="workers"):
        run(assistant, FEW, language_model="extractive", workers=workers)


def test_passages_of_a_data_set_take_the_place_of_retrieval(assistant: Assistant) -> None:
    shown = Document("本市今年新建了77座桥。其中跨江的有5座。", "bridges.txt", "桥")
    question = Question("b", "span", "test", "今年新建了多少座桥？", (), True, (("77",),), ())
    [row] = run(assistant, [question], passages={"b": [shown]}).rows
    assert {hit.span.document for hit in row.hits} == {"bridges.txt"}
    assert "77座桥" in row.answer


# -- the folder -------------------------------------------------------------------------------------------------------


def test_folder_holds_settings_and_one_line_per_answer(assistant: Assistant, tmp_path: Path) -> None:
    done = run(assistant, FEW, folder=tmp_path / "run", chosen={"set": "few"})
    assert {"settings.json", "rows.jsonl", "report.json", "report.html", "report.md", "junit.xml"} <= files(
        done.folder or tmp_path
    ).keys()
    assert [line["id"] for line in lines(tmp_path / "run" / "rows.jsonl")] == [question.id for question in FEW]
    written = json.loads((tmp_path / "run" / "settings.json").read_text("utf-8"))
    settings, environment = written["settings"], written["environment"]
    assert settings["language_model"] == "extractive" and settings["set"] == "few"
    assert settings["embedder"] == assistant.store.embedder
    assert {"youju", "code", "corpus", "questions", "chunk_size"} <= settings.keys()
    assert environment["index"]["generation"] == assistant.store.generation
    assert {"began", "commit", "hardware", "python", "packages"} <= environment.keys()
    again = Run.read(tmp_path / "run")
    assert replace(again, environment=done.environment) == done
    for row in again.rows:
        for citation in row.citations:
            text = again.sources[citation.span.document].text
            assert text[citation.span.start : citation.span.end] == citation.quote


@pytest.mark.usefixtures("frozen")
def test_killed_run_goes_on_where_it_stopped_and_gives_the_same_report(assistant: Assistant, tmp_path: Path) -> None:
    run(assistant, FEW, folder=tmp_path / "whole")
    with pytest.raises(Stopped):
        run(assistant, FEW, folder=tmp_path / "killed", progress=stopping_after(3, Stopped()))
    with (tmp_path / "killed" / "rows.jsonl").open("ab") as rows:
        rows.write('{"version": 1, "id": "dat-04", "answer": "半'.encode()[:-1])
    asked: list[str] = []
    done = run(
        assistant,
        FEW,
        folder=tmp_path / "killed",
        progress=lambda step: None if step.taken_up else asked.append(step.row.question.id),
    )
    assert asked == [question.id for question in FEW[3:]]
    assert done.dropped == ("rows.jsonl",)
    whole, killed = files(tmp_path / "whole"), files(tmp_path / "killed")
    assert {name: whole[name] for name in whole if name != ".lock"} == {
        name: killed[name] for name in killed if name != ".lock"
    }


def test_interrupted_run_is_a_valid_partial_one(assistant: Assistant, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(assistant, FEW, folder=tmp_path, progress=stopping_after(2, KeyboardInterrupt()))
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["partial"] and (report["asked"], report["questions"]) == (2, len(FEW))
    assert Run.read(tmp_path).partial
    assert "未完成" in (tmp_path / "report.md").read_text("utf-8")


def test_full_disk_keeps_what_was_answered(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    appended: list[int] = []

    def filling(descriptor: int, content: memoryview) -> int:
        if bytes(content[:20]).startswith(b'{"version": 1, "id"'):
            appended.append(descriptor)
            if len(appended) == 3:
                write(descriptor, content[:40])
                raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content)

    monkeypatch.setattr(os, "write", filling)
    with pytest.raises(YoujuError) as caught:
        run(assistant, FEW, folder=tmp_path)
    assert "磁盘已满" in caught.value.zh and "disk is full" in caught.value.en and caught.value.exit_code == 1
    assert len(lines(tmp_path / "rows.jsonl")) == 2
    monkeypatch.setattr(os, "write", write)
    assert len(run(assistant, FEW, folder=tmp_path).rows) == len(FEW)


def test_other_settings_are_refused_and_restart_moves_the_old_run_aside(assistant: Assistant, tmp_path: Path) -> None:
    run(assistant, FEW[:2], folder=tmp_path, chosen={"split": "all"})
    before = files(tmp_path)
    with pytest.raises(UsageError) as caught:
        run(assistant, FEW[:3], folder=tmp_path, chosen={"split": "tune"})
    assert "split: all → tune" in caught.value.zh and "split: all → tune" in caught.value.en
    assert "questions: " in caught.value.en and "--restart" in caught.value.en
    assert files(tmp_path) == before
    run(assistant, FEW[:3], folder=tmp_path, chosen={"split": "tune"}, restart=True)
    assert len(Run.read(tmp_path).rows) == 3
    [aside] = tmp_path.glob("earlier-*")
    assert files(aside) == {name: content for name, content in before.items() if name != ".lock"}


def test_folder_of_another_version_or_with_something_else_is_refused(assistant: Assistant, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "settings.json").write_text('{"format": 99, "settings": {}, "environment": {}}')
    with pytest.raises(UsageError, match="99"):
        run(assistant, FEW, folder=other)
    assert files(other).keys() == {"settings.json"}
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="mine"):
        run(assistant, FEW, folder=mine)
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        run(assistant, FEW, folder=mine / "thesis.txt")
    assert files(mine) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "damaged"),
        ("[]", "is not a JSON object"),
        ('{"version": 99, "id": "x"}', "version 99"),
        ('{"version": 1, "id": "x"}', "cannot be read"),
    ],
)
def test_damaged_line_is_named_and_nothing_is_overwritten(
    line: str, expected: str, assistant: Assistant, tmp_path: Path
) -> None:
    run(assistant, FEW[:2], folder=tmp_path)
    rows = tmp_path / "rows.jsonl"
    rows.write_text(f"{line}\n{rows.read_text('utf-8')}", "utf-8")
    before = files(tmp_path)
    for read in (lambda: Run.read(tmp_path), lambda: run(assistant, FEW[:2], folder=tmp_path)):
        with pytest.raises(UsageError) as caught:
            read()
        assert f"{rows}, line 1: " in caught.value.en and expected in caught.value.en
        assert f"{rows} 第 1 行" in caught.value.zh
    assert files(tmp_path) == before


def test_folder_without_a_run_is_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=folder.name):
            Run.read(folder)


def test_two_processes_cannot_write_into_one_folder(assistant: Assistant, tmp_path: Path) -> None:
    run(assistant, FEW[:1], folder=tmp_path)
    with RunFolder.read(tmp_path).locked(), pytest.raises(UsageError, match=tmp_path.name):
        run(assistant, FEW[:1], folder=tmp_path)


# -- real processes ---------------------------------------------------------------------------------------------------


def test_processes_killed_and_interrupted_go_on(tmp_path: Path) -> None:
    arguments = ("eval", "run", "--model", "extractive", "--limit", "6", "--out", tmp_path / "run")
    run_process("list")  # the sample documents are indexed
    holding, rows = tmp_path / "holding", tmp_path / "run" / "rows.jsonl"
    killed = start(*arguments, HASHING_HOLDS=f"80 {holding}")  # passages, of the third question or the fourth
    until(lambda: rows.exists() and rows.read_bytes().count(b"\n"))
    killed.kill()
    killed.communicate()
    holding.unlink(missing_ok=True)
    interrupted = start(*arguments, HASHING_HOLDS=f"5 {holding}")
    until(holding.exists)
    interrupted.send_signal(signal.SIGINT)
    outcome = finish(interrupted)
    assert outcome.code == 130, outcome
    assert "已中断" in outcome.errors and "--out" in outcome.errors
    assert json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))["partial"]
    outcome = run_process(*arguments)
    assert outcome.code == 0, outcome
    identifiers = [line["id"] for line in lines(tmp_path / "run" / "rows.jsonl")]
    assert len(identifiers) == len(set(identifiers)) == 6
    assert not json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))["partial"]
