"""A language-model endpoint that misbehaves: bounded in time, length and memory; then the sources are quoted, and why."""

from __future__ import annotations

import datetime
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from misbehaving import STREAMS, Misbehaving, misbehaving
from pydantic import PrivateAttr
from waiting import LONGEST, until
from youju_process import run

from embeddings.exchange import BoundedClient, Cutoff, follow
from rag.answers import Answer
from rag.assistant import Assistant, Finished
from rag.errors import LanguageModelError, UsageError
from rag.language_models import choose
from rag.language_models.calls import Calls, StoppedError
from rag.language_models.limits import ModelLimits
from rag.text.documents import Document

KEY = "sk-never-to-be-shown-1234"
TEXT = "青岚市统计局2月18日发布公报。截至2024年底，全市建成公共充电桩3.2万个，同比增长41%。"
QUESTION = "截至2024年底青岚市建成了多少个公共充电桩？"
LIMITS = ModelLimits(seconds=LONGEST, silence=LONGEST, characters=3000)
"""So long that only characters are met, whatever else the machine does."""

SHORT = {"0.7 秒": replace(LIMITS, silence=0.7), "1.5 秒": replace(LIMITS, seconds=1.5)}
"""For what hangs, by the limit that is told: short, so that the tests are; an endpoint is given up after it and not sooner."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Misbehaving]:
    with misbehaving() as server:
        yield server


@pytest.fixture(scope="module")
def opened(embedder: Any, endpoint: Misbehaving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("index")
    with Assistant.open(folder, embedder=embedder, language_model="extractive") as assistant:
        assistant.add(Document(TEXT, "bulletin.txt", "公报", datetime.date(2025, 2, 18)))
        assistant.ask(
            QUESTION, language_model=f"{endpoint.url}#404"
        )  # what is imported at the first call takes no part
        yield assistant


@pytest.fixture
def assistant(opened: Assistant, monkeypatch: pytest.MonkeyPatch) -> Assistant:
    monkeypatch.setenv("YOUJU_API_KEY", KEY)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.05)
    opened.limits = LIMITS
    return opened


def ask(assistant: Assistant, endpoint: Misbehaving, behaviour: str, **options: Any) -> Answer:
    endpoint.requests.clear()
    return assistant.ask(QUESTION, language_model=f"{endpoint.url}#{behaviour}", **options)


def assert_quoted(answer: Answer, why: str = "") -> None:
    assert "3.2万个" in answer.text and answer.supported and not answer.abstained
    assert answer.language_model == "extractive"
    assert answer.notice.endswith("这次改由原文摘录作答。") and why in answer.notice, answer.notice
    assert KEY not in repr(answer.to_dict())
    for citation in answer.citations:
        assert citation.document.text[citation.start : citation.end] == citation.quote


def no_thread_is_left() -> bool:
    return not [each for each in threading.enumerate() if each.name == "language-model"]


FAILURES = {
    "401": "YOUJU_API_KEY",
    "404": "没有模型",
    "429": "额度",
    "429-later": "额度",
    "429-soon": "额度",
    "500": "500",
    "503": "503",
    "hangs": "0.7 秒内没有回应",
    "hangs-in-headers": "0.7 秒内没有回应",
    "hangs-in-the-middle": "0.7 秒内没有回应",
    "keepalives": "0.7 秒内没有回应",
    "empty-deltas": "1.5 秒还没有写完",
    "drips": "1.5 秒还没有写完",
    "drips-headers": "0.7 秒内没有回应",
    "never-ends": "3,000 字",
    "ten-megabytes": "3,000 字",
    "closes-at-once": "断开了连接",
    "reset": "无法连接",
    "closes-in-the-middle": "断开了连接",
    "half-json": "断开了连接",
    "gzip-bomb": "压缩",
    "no-http": "断开了连接",
}


@pytest.mark.parametrize("behaviour", sorted({*FAILURES, *STREAMS}))
def test_the_sources_are_quoted_and_the_reason_is_told(
    assistant: Assistant, endpoint: Misbehaving, behaviour: str
) -> None:
    why = FAILURES.get(behaviour, "")
    assistant.limits = SHORT.get(why[:5], LIMITS)
    answer = ask(assistant, endpoint, behaviour)
    assert_quoted(answer, why)
    until(no_thread_is_left)
    until(lambda: endpoint.open == 0)


@pytest.mark.parametrize("behaviour", ["huge-token", "comments-fast", "never-ends", "gzip-bomb", "ten-megabytes"])
def test_no_more_is_kept_in_memory_than_a_response_may_have(
    assistant: Assistant, endpoint: Misbehaving, behaviour: str
) -> None:
    ask(assistant, endpoint, "404")  # everything is imported and loaded
    tracemalloc.start()
    try:
        assert_quoted(ask(assistant, endpoint, behaviour))
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("behaviour", ["good-at-second", "reset-once"])
def test_what_may_be_over_in_a_moment_is_tried_once_more(
    assistant: Assistant, endpoint: Misbehaving, behaviour: str
) -> None:
    answer = ask(assistant, endpoint, behaviour)
    assert endpoint.requests == [behaviour] * 2
    assert answer.notice == "" and answer.language_model.startswith(behaviour)
    assert answer.text == "截至2024年底，青岚市建成公共充电桩3.2万个。"


@pytest.mark.parametrize(
    ("behaviour", "requests"), [("401", 1), ("404", 1), ("429", 2), ("429-soon", 2), ("429-later", 1), ("hangs", 1)]
)
def test_only_what_helps_is_tried_again(
    assistant: Assistant, endpoint: Misbehaving, behaviour: str, requests: int
) -> None:
    assistant.limits = replace(LIMITS, silence=2) if behaviour == "hangs" else LIMITS  # the request arrives within them
    ask(assistant, endpoint, behaviour)
    assert [each for each in endpoint.requests if each == behaviour] == [behaviour] * requests


def test_after_a_failure_the_endpoint_is_left_alone(assistant: Assistant, endpoint: Misbehaving) -> None:
    history = [("2023年青岚市有多少辆公交车？", "资料没有说。")]
    endpoint.requests.clear()
    question = "截至2024年底青岚市建成了多少个公共充电桩，同比增长多少？这个呢？"
    answer = assistant.ask(question, history=history, language_model=f"{endpoint.url}#404")
    assert len(endpoint.requests) <= 1 and "没有模型" in answer.notice


def test_a_key_is_not_sent_on_to_where_an_endpoint_redirects(assistant: Assistant, endpoint: Misbehaving) -> None:
    with misbehaving() as other:
        endpoint.elsewhere = other.url
        assert_quoted(ask(assistant, endpoint, "redirects"), "转到了别的网址")
        assert not other.requests


def test_a_certificate_that_nobody_vouches_for_is_told(assistant: Assistant, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "certificate.pem"))
    with misbehaving() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        setting = f"{server.url.replace('http:', 'https:')}#good"
        assert_quoted(assistant.ask(QUESTION, language_model=setting), "TLS")
        assert not server.requests


def self_signed(file: Path) -> Path:
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now.replace(year=2099)
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem) + secret)
    return file


def test_an_endpoint_that_does_not_tell_its_models_is_one_that_fails(
    assistant: Assistant, endpoint: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.language_models.endpoint.LISTING_SECONDS", 0.3)
    assert_quoted(assistant.ask(QUESTION, language_model=endpoint.url), "没有回应")
    with pytest.raises(LanguageModelError):
        assistant.ask(QUESTION, language_model=endpoint.url, fall_back=False)


def test_where_nothing_may_stand_in_the_failure_is_raised(assistant: Assistant, endpoint: Misbehaving) -> None:
    with pytest.raises(LanguageModelError, match="没有模型"):
        ask(assistant, endpoint, "404", fall_back=False)


def test_an_english_question_is_told_why_in_english(assistant: Assistant, endpoint: Misbehaving) -> None:
    asked = "How many public chargers did 青岚市 have at the end of 2024?".replace("青岚市", "Qinglan")
    answer = assistant.ask(asked, language_model=f"{endpoint.url}#401", caution="lenient")
    assert answer.notice == "" or ("YOUJU_API_KEY" in answer.notice and "。" not in answer.notice)


class Failing(GenericFakeChatModel):
    """A caller's own model, which says a few words and then fails, or goes on for ever."""

    error: Any = None
    words: int = 3
    _said: int = PrivateAttr(default=0)

    def _stream(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        from langchain_core.messages import AIMessageChunk
        from langchain_core.outputs import ChatGenerationChunk

        while self.error is None or self._said < self.words:
            self._said += 1
            yield ChatGenerationChunk(message=AIMessageChunk("截至2024年底，青岚市"))
        raise self.error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (RuntimeError(f"the key {KEY} is wrong\nand more"), "RuntimeError"),
        (LanguageModelError(zh="模型坏了。", en="It is broken."), "模型坏了。"),
        (UsageError(zh="模型不支持。", en="It does not."), "模型不支持。"),
        (MemoryError(), "MemoryError"),
        (RecursionError("too deep"), "RecursionError"),
        (None, "3,000 字"),
    ],
)
def test_a_model_of_the_callers_that_fails_in_the_middle(assistant: Assistant, error: Any, why: str) -> None:
    model = Failing(messages=iter(()), error=error)
    events = list(assistant.stream(QUESTION, language_model=model))
    assert isinstance(events[-1], Finished)
    assert_quoted(events[-1].answer, why)
    assert "\n" not in events[-1].answer.notice


def test_a_model_that_fails_only_at_mending_leaves_what_it_wrote(assistant: Assistant) -> None:
    wrong = "截至2024年底，青岚市建成公共充电桩5.7万个。"
    model = GenericFakeChatModel(messages=iter([AIMessage(wrong)]))  # a second call raises
    answer = assistant.ask(QUESTION, language_model=model)
    assert "3.2万个" in answer.text and answer.supported
    assert answer.notice and "摘录" not in answer.notice


def test_the_command_line_shows_the_reason(endpoint: Misbehaving, tmp_path: Path) -> None:
    (tmp_path / "bulletin.txt").write_text(TEXT, encoding="utf-8")
    assert run("add", tmp_path / "bulletin.txt", "--index", tmp_path / "index").code == 0
    for behaviour, why in (("404", "没有模型"), ("closes-in-the-middle", "断开了连接")):
        outcome = run("ask", QUESTION, "-m", f"{endpoint.url}#{behaviour}", "--index", tmp_path / "index")
        assert outcome.code == 0, outcome
        assert why in outcome.output and "改由原文摘录" in outcome.output and "3.2万个" in outcome.output


def test_whoever_waits_is_free_at_once_when_it_is_cancelled(assistant: Assistant, endpoint: Misbehaving) -> None:
    assistant.limits = ModelLimits()
    left = threading.Event()
    endpoint.requests.clear()
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            list(assistant.stream(QUESTION, language_model=f"{endpoint.url}#hangs", cancelled=left))
        except StoppedError as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: endpoint.requests == ["hangs"])
    left.set()
    thread.join(LONGEST)
    assert not thread.is_alive() and ended
    until(no_thread_is_left)


def test_an_answer_of_200_000_characters_is_stopped_at_the_limit(assistant: Assistant) -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage("充电桩有3.2万个。" * 20_000)]))
    assert_quoted(assistant.ask(QUESTION, language_model=model), "YOUJU_ANSWER_CHARACTERS")


@pytest.mark.parametrize(
    "text", ["一。" * 1000, "充电桩有3.2万个，" * 200, "。\n" + "万亿" * 1000, "1" * 2900, "3万个，" * 190]
)
def test_what_is_too_much_to_check_is_not_checked(assistant: Assistant, text: str) -> None:
    assert_quoted(assistant.ask(QUESTION, language_model=GenericFakeChatModel(messages=iter([AIMessage(text)]))))


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf", "1e99"])
@pytest.mark.parametrize("name", ["YOUJU_ENDPOINT_SECONDS", "YOUJU_ENDPOINT_SILENCE", "YOUJU_ANSWER_CHARACTERS"])
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=name):
        ModelLimits.from_environment()


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_ENDPOINT_SECONDS", "7.5")
    assert ModelLimits.from_environment() == ModelLimits(seconds=7.5)


def test_calls_outside_of_questions_are_bounded_too(endpoint: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUJU_ENDPOINT_SECONDS", "0.6")
    model = choose(f"{endpoint.url}#drips-headers").chat_model
    assert model is not None
    for call in (lambda: model.invoke("你好"), lambda: list(model.stream("你好"))):
        with pytest.raises(LanguageModelError, match="没有回应"):
            call()
    monkeypatch.delenv("YOUJU_ENDPOINT_SECONDS")
    endpoint.elsewhere = endpoint.url
    model = choose(f"{endpoint.url}#redirects").chat_model
    assert model is not None
    with pytest.raises(LanguageModelError, match="转到了别的网址"):
        model.invoke("你好")


def test_a_call_that_nobody_reads_to_the_end_is_stopped(endpoint: Misbehaving) -> None:
    model = choose(f"{endpoint.url}#never-ends").chat_model
    assert model is not None
    pieces = Calls(model, "m", ModelLimits()).stream("你好")
    next(pieces)
    pieces.close()
    until(no_thread_is_left)
    until(lambda: endpoint.open == 0)


def test_a_connection_is_freed_though_somebody_still_holds_its_response(endpoint: Misbehaving) -> None:
    cutoff, client = Cutoff(), BoundedClient(seconds=60)
    body = {"model": "never-ends", "messages": [], "stream": True}

    def exchange() -> httpx.Response:
        follow(cutoff)
        return client.send(client.build_request("POST", f"{endpoint.url}/chat/completions", json=body), stream=True)

    held = copy_context().run(exchange)
    until(lambda: endpoint.open == 1)
    time.sleep(1)  # until the server waits for a reader: then the end of the conversation alone does not reach it
    cutoff.close()
    until(lambda: endpoint.open == 0)
    assert not held.is_closed
    held.close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("way", ["v1", "v1 streaming", "gradio"])
def test_clients_that_leave_free_their_threads_while_the_endpoint_hangs(
    assistant: Assistant, endpoint: Misbehaving, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    pytest.importorskip("gradio")
    from tests.serving import begun, served

    assistant.limits = ModelLimits()
    monkeypatch.setenv("YOUJU_ENDPOINT", f"{endpoint.url}#hangs")
    endpoint.requests.clear()
    message = {"messages": [{"role": "user", "content": QUESTION}]}
    place, body = "/v1/chat/completions", {**message, "model": "endpoint", "stream": way == "v1 streaming"}
    if way == "gradio":
        place, body = "/gradio_api/run/ask", {"data": [QUESTION, "endpoint", None, "", "", "", "", False, False]}
    from ui.service import Admission, Service

    service = Service(assistant, at_once=4, admission=Admission(per_client=8))
    with served(assistant, page=False, service=service) as url:
        clients = [begun(url, place, body) for _ in range(4)]
        until(lambda: endpoint.open == 4)
        for client in clients:
            client.close()
        until(lambda: endpoint.open == 0)
        until(no_thread_is_left)
        answer = httpx.post(f"{url}/v1/chat/completions", json={**message, "model": "extractive"})
        assert "3.2万个" in answer.json()["choices"][0]["message"]["content"]


def test_a_reader_who_stops_an_answer_frees_its_thread(assistant: Assistant, endpoint: Misbehaving) -> None:
    pytest.importorskip("gradio")
    from ui.conversations import Turn
    from ui.runs import Runs

    assistant.limits = ModelLimits()
    endpoint.requests.clear()
    runs, kept = Runs(at_once=1), list[Turn]()

    def ask_endpoint(stopped: threading.Event) -> Any:
        return assistant.stream(QUESTION, language_model=f"{endpoint.url}#hangs", cancelled=stopped)

    runs.start("c", Turn("1", QUESTION), ask_endpoint, kept.append, "zh")
    until(lambda: endpoint.open == 1)
    runs.stop("c")
    quoting = runs.start("c", Turn("2", QUESTION), lambda _: assistant.stream(QUESTION), kept.append, "zh")
    until(lambda: quoting.over)
    assert [turn.status for turn in kept] == ["stopped", "finished"]
    until(lambda: endpoint.open == 0)
    runs.close()
