"""Traces, logs and spans: what an answer's way tells, and that questions stay out of logs unless they are let in."""

import datetime
import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from opentelemetry import trace as api
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from texts import document_of
from youju_process import environment

from rag.answering.silence import THRESHOLDS
from rag.assistant import Assistant, Finished
from rag.errors import LanguageModelError, LoadError, UsageError
from rag.index.indexing import Report
from rag.tracing import logs as logging_setup

TEXT = "火星基地共有宇航员42人。\n\n基地负责人赵志国表示，一季度用电量同比增长15.2%，供水保持稳定。"
QUESTION = "为什么说火星基地供水保持稳定？"
SECRET = ("火星", "供水", "宇航员", "赵志国")


@pytest.fixture
def written() -> Iterator[Callable[..., io.StringIO]]:
    """Sends the log to a text: ``written(as_json=…, questions=…)``; quiet again afterwards."""
    stderr = sys.stderr

    def set_up(**options: Any) -> io.StringIO:
        sys.stderr = io.StringIO()
        logging_setup.set_up(**{"verbose": True, **options})
        return sys.stderr

    yield set_up
    sys.stderr = stderr
    logging_setup.set_up()


@pytest.fixture(scope="session")
def provider() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    made = TracerProvider()
    made.add_span_processor(SimpleSpanProcessor(exporter))
    api.set_tracer_provider(made)
    return exporter


@pytest.fixture
def spans(provider: InMemorySpanExporter) -> InMemorySpanExporter:
    provider.clear()
    return provider


def steps(answer: Any, name: str) -> list[dict[str, Any]]:
    return [step for step in answer.trace.to_dict()["steps"] if step["step"] == name]


# -- traces -----------------------------------------------------------------------------------------------------------


def test_a_trace_tells_every_step_of_a_written_answer(make_assistant: Callable[..., Assistant]) -> None:
    wrong = "火星基地的用电量同比增长99.9%，供水已经中断。"
    opened = make_assistant(document_of(TEXT), language_model=FakeListChatModel(responses=[wrong]))
    answer = opened.ask(QUESTION, trace=True, caution="lenient")
    told = json.loads(json.dumps(answer.to_dict(), ensure_ascii=False))["trace"]["steps"]
    assert [step["step"] for step in told[:5]] == ["ask", "recognise", "understand", "retrieve", "evidence"]
    found = steps(answer, "retrieve")[0]["found"]
    assert [hit["score"] for hit in found] == [round(hit.score, 4) for hit in answer.hits]
    assert all(hit["found_by"] for hit in found)
    assert steps(answer, "evidence")[0]["chosen"][0]["text"] in TEXT
    (decided,) = steps(answer, "decide")
    assert decided["threshold"] == THRESHOLDS["lenient"] and decided["answered"] and decided["signals"]
    first, again = steps(answer, "write")[:2]
    assert first["output"] == again["output"] == wrong, "a claim that fails is written once more"
    assert "供水保持稳定" in first["prompt"][-1]["text"]
    (verdict,) = steps(answer, "check")[0]["verdicts"]
    assert verdict["text"] == wrong and not verdict["facts_agree"] and "99.9%" in verdict["missing_facts"]
    assert all(0 <= step["began"] <= told[0]["seconds"] and step["seconds"] >= 0 for step in told)


def test_what_stops_a_silence_is_told(make_assistant: Callable[..., Assistant]) -> None:
    document = document_of(TEXT, date=datetime.date(2023, 4, 21))
    answer = make_assistant(document).ask("2019年火星基地有多少宇航员？", trace=True)
    assert answer.abstained
    decided = steps(answer, "decide")[0]
    assert not decided["answered"] and decided["confidence"] < decided["threshold"]
    assert decided["signals"]["lacks_time"]


def test_nobody_is_told_who_did_not_ask(assistant: Assistant) -> None:
    answer = assistant.ask("算力总规模达到多少？")
    assert answer.trace is None and "trace" not in answer.to_dict()


def test_a_failure_of_the_model_is_told_with_its_step(
    make_assistant: Callable[..., Assistant], written: Callable[..., io.StringIO]
) -> None:
    class Broken(FakeListChatModel):
        def _stream(self, *_: Any, **__: Any) -> Any:
            raise LanguageModelError(zh=f"坏了：{QUESTION}", en=f"broken: {QUESTION}")

    opened = make_assistant(document_of(TEXT), language_model=Broken(responses=[""]))
    log = written()
    with pytest.raises(LanguageModelError):
        opened.ask(QUESTION, caution="lenient", fall_back=False)
    assert "write: model=" in log.getvalue() and "failure=LanguageModelError" in log.getvalue()
    assert QUESTION not in log.getvalue()


# -- spans ------------------------------------------------------------------------------------------------------------


def test_spans_stand_under_the_question_and_hold_no_text(
    make_assistant: Callable[..., Assistant], spans: InMemorySpanExporter
) -> None:
    model = FakeListChatModel(responses=["一季度供水保持稳定。"])
    opened = make_assistant(document_of(TEXT), language_model=model)
    with api.get_tracer("test").start_as_current_span("request") as request:
        opened.ask(QUESTION, caution="lenient")
    found = {span.name: span for span in spans.get_finished_spans()}
    wanted = {"youju.ask", "youju.retrieve", "youju.evidence", "youju.write", "youju.check"}
    assert wanted <= set(found)
    ask = found["youju.ask"]
    assert ask.parent is not None and ask.parent.span_id == request.get_span_context().span_id
    for name in wanted - {"youju.ask"}:
        parent = found[name].parent
        assert parent is not None and parent.span_id == ask.context.span_id, name
    assert found["youju.retrieve"].attributes["youju.hits"] >= 1
    assert found["youju.write"].attributes["youju.model"]
    text = json.dumps([json.loads(span.to_json()) for span in found.values()], ensure_ascii=False)
    assert not [word for word in SECRET if word in text]


def test_a_stream_that_is_left_ends_its_spans_and_leaks_none(
    make_assistant: Callable[..., Assistant], spans: InMemorySpanExporter
) -> None:
    opened = make_assistant(document_of(TEXT))
    stream = opened.stream(QUESTION, caution="lenient")
    next(stream)
    assert not api.get_current_span().get_span_context().is_valid
    stream.close()
    assert "youju.ask" in {span.name for span in spans.get_finished_spans()}


def test_an_error_is_told_by_its_kind(spans: InMemorySpanExporter) -> None:
    from rag.tracing.telemetry import span

    with pytest.raises(ValueError, match="宇航员"), span("youju.ask"):
        raise ValueError("宇航员42人")
    (ended,) = spans.get_finished_spans()
    assert ended.status.description == "ValueError" and not ended.events


def test_without_opentelemetry_nothing_changes() -> None:
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from rag.tracing.telemetry import describe, span\n"
        "with span('youju.ask', hits=1) as opened: describe(opened, {'hits': 2})\n"
        "print(opened)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert (done.returncode, done.stdout.strip()) == (0, "None"), done.stderr


# -- logs -------------------------------------------------------------------------------------------------------------


def test_logs_tell_what_was_done_and_no_question(
    make_assistant: Callable[..., Assistant], written: Callable[..., io.StringIO]
) -> None:
    log = written(as_json=True)
    opened = make_assistant(document_of(TEXT))
    opened.ask(QUESTION, caution="lenient")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    said = [line["message"] for line in lines]
    assert any(message.startswith("index opened: ") for message in said)
    assert any(message.startswith("document added: ") for message in said)
    (asked,) = [line for line in lines if line.get("step") == "ask"]
    assert asked["model"] == "extractive" and asked["seconds"] > 0 and asked["level"] == "INFO"
    assert not [word for word in SECRET if word in log.getvalue()]


def test_logs_hold_questions_where_they_are_let_in(
    make_assistant: Callable[..., Assistant], written: Callable[..., io.StringIO]
) -> None:
    log = written(questions=True)
    make_assistant(document_of(TEXT)).ask(QUESTION)
    assert QUESTION in log.getvalue()
    assert logging_setup.loggable("火星") == "火星"
    written()
    assert logging_setup.loggable("火星") == "(2 characters)"


def test_nothing_is_said_unasked(make_assistant: Callable[..., Assistant], capfd: pytest.CaptureFixture[str]) -> None:
    logging_setup.set_up()
    make_assistant(document_of(TEXT)).ask(QUESTION)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("as_json", [False, True])
def test_nothing_that_comes_from_outside_writes_a_line_of_its_own(
    written: Callable[..., io.StringIO], as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = written(as_json=as_json)
    monkeypatch.setattr(logging.getLogger("ui"), "propagate", False)  # a report of pytest cannot hold half a character
    logging.getLogger("ui.test").warning("host=%s", "a\nINFO forged\r\x1b[31m\u2028b\u202e\ud800\u200b")
    shown = log.getvalue()
    assert shown.count("\n") == 1 and shown.isprintable() is False
    assert shown.rstrip("\n").isprintable(), "nothing in it drives a terminal"
    if as_json:
        assert json.loads(shown)["message"].startswith("host=a\nINFO forged")


def test_an_error_is_logged_with_its_code_in_the_file_alone(
    tmp_path: Path, written: Callable[..., io.StringIO]
) -> None:
    log = written(file=tmp_path / "log")
    logger, quoted = logging.getLogger("rag.test"), f"宇航员{6 * 7}人"
    try:
        try:
            raise ValueError(quoted)
        except ValueError as error:
            raise LoadError(zh="读不了 a.txt", en="a.txt cannot be read") from error
    except LoadError:
        logger.exception("failed")
    kept = (tmp_path / "log").read_text("utf-8")
    assert "failed [LoadError: a.txt cannot be read]" in kept and "failed [LoadError" in log.getvalue()
    assert "raised from ValueError" in kept and "test_trace.py" in kept
    assert "test_trace.py" not in log.getvalue()
    assert quoted not in kept + log.getvalue(), "the text of another's error may quote a document"


def test_a_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none" / "log", Path("a\0b")):
        with pytest.raises(UsageError) as caught:
            logging_setup.set_up(file=place)
        assert caught.value.exit_code == 2 and "--log-file" in caught.value.en


def test_a_refused_document_is_logged_with_its_reason(
    make_assistant: Callable[..., Assistant], written: Callable[..., io.StringIO], tmp_path: Path
) -> None:
    opened = make_assistant()
    log = written()
    (tmp_path / "x\ny.pdf").write_bytes(b"no pdf")
    report = opened.add([tmp_path / "x\ny.pdf"], report=Report())
    assert len(report.failed) == 1
    assert "document refused: " in log.getvalue() and log.getvalue().count("\n") == log.getvalue().count("Z ")


def test_the_steps_of_a_stream_are_logged_in_order(assistant: Assistant, written: Callable[..., io.StringIO]) -> None:
    log = written()
    assert isinstance(list(assistant.stream("算力总规模达到多少？"))[-1], Finished)
    order = [
        line.split("rag.tracing.trace: ")[1].split(":")[0]
        for line in log.getvalue().splitlines()
        if "rag.tracing.trace" in line
    ]
    assert order[:4] == ["recognise", "understand", "retrieve", "evidence"] and order[-1] == "ask"
