"""The OpenAI-compatible endpoints, through the official client and through plain HTTP, on a real server."""

import datetime
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("gradio")

import httpx
import openai

from rag.text.documents import Document
from tests.serving import SlowChatModel, begun, served
from tests.waiting import LONGEST, until

# Gradio makes event loops that it never closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUESTION = "截至2023年3月底我国建成了多少个5G基站？"
TEXT = "青山湖大桥全长1280米，2021年6月30日建成通车。大桥由王建国担任总工程师。"
ABOUT_THE_BRIDGE = "青山湖大桥全长多少米？"
SENTENCE = "青山湖大桥全长1280米。"


@pytest.fixture(scope="module")
def url(assistant: Any) -> Iterator[str]:
    with served(assistant, page=False) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=LONGEST) as opened:
        yield opened


@pytest.fixture
def bridge(make_assistant: Callable[..., Any]) -> Callable[[SlowChatModel], Any]:
    document = Document(TEXT, "bridge.txt", "青山湖大桥通车", datetime.date(2021, 7, 1))
    return lambda model: make_assistant(document, language_model=model)


def asked(question: str, **more: Any) -> dict[str, Any]:
    return {"model": "auto", "messages": [{"role": "user", "content": question}], **more}


def post(url: str, body: Any, **options: Any) -> httpx.Response:
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=LONGEST, **options)


def cited(annotation: Any) -> dict[str, Any]:
    found = annotation if isinstance(annotation, dict) else annotation.model_dump()
    assert found["type"] == "youju_citation"
    return found["youju_citation"]


# ------------------------------------------------------------------------------------------------ answers


def test_an_answer_carries_its_citations_for_the_official_client(client: openai.OpenAI, assistant: Any) -> None:
    answer = client.chat.completions.create(model="auto", messages=[{"role": "user", "content": QUESTION}])
    message = answer.choices[0].message
    assert message.content is not None and message.annotations
    assert answer.choices[0].finish_reason == "stop"
    for annotation in message.annotations:
        citation = cited(annotation)
        document = assistant.document(citation["document_id"])
        assert document.text[citation["start"] : citation["end"]] == citation["quote"]
        claim = message.content[citation["start_index"] : citation["end_index"]]
        assert "264万" in claim
        assert message.content[citation["end_index"] :].startswith("[1]")
        assert (citation["title"], citation["date"]) == (document.title, str(document.date))
        assert (citation["speaker"] == "赵志国") == ("264万" in citation["quote"]), "a date line is nobody's words"


def test_marks_and_sources_can_be_left_out(url: str) -> None:
    plain = post(url, asked(QUESTION, youju={"marks": False, "sources": False})).json()
    text = plain["choices"][0]["message"]["content"]
    assert "[1]" not in text and "出处" not in text
    whole = post(url, asked(QUESTION)).json()["choices"][0]["message"]["content"]
    assert whole.startswith(text.split("。")[0])
    assert "\n\n出处：\n[1] 《" in whole


def test_an_answer_tells_how_it_was_checked(url: str) -> None:
    account = post(url, asked(QUESTION)).json()["youju"]
    assert account["supported"] and not account["abstained"]
    assert account["claims"][0]["checks"]["facts_agree"]
    assert account["language_model"] == "extractive"


def test_what_the_documents_do_not_say_is_told(url: str) -> None:
    body = post(url, asked("火星上有多少家咖啡馆在营业？")).json()
    assert body["youju"]["abstained"]
    assert body["choices"][0]["message"]["content"]


def test_the_earlier_messages_are_the_conversation(url: str) -> None:
    first = post(url, asked(QUESTION)).json()["choices"][0]["message"]["content"]
    messages = [
        {"role": "system", "content": "你是一只海盗。"},
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": first},
        {"role": "user", "content": [{"type": "text", "text": "这是谁说的？"}]},
    ]
    body = post(url, {"model": "extractive", "messages": messages}).json()
    assert "基站" in body["youju"]["understood"]


def test_marks_and_sources_do_not_come_back_with_the_conversation(assistant: Any) -> None:
    from ui.openai_api import content_of, plain_answer

    answer = assistant.ask(QUESTION)
    assert content_of(answer).text != answer.text
    assert plain_answer(content_of(answer).text) == answer.text


def test_filters_limit_the_answer(url: str) -> None:
    body = post(url, asked(QUESTION, youju={"before": "1990"})).json()
    assert body["youju"]["abstained"]


# ------------------------------------------------------------------------------------------------ streaming


def test_a_quoted_answer_streams_checked_and_with_marks(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": QUESTION}]
    text, annotations, finish, usage = "", [], None, None
    options: Any = {"include_usage": True}
    for chunk in client.chat.completions.create(model="auto", messages=messages, stream=True, stream_options=options):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            annotations += getattr(choice.delta, "annotations", None) or []
            finish = choice.finish_reason or finish
    assert finish == "stop" and usage is not None
    citation = cited(annotations[0])
    assert "264万" in text[citation["start_index"] : citation["end_index"]]
    whole = client.chat.completions.create(model="auto", messages=messages)
    assert text == whole.choices[0].message.content


def test_words_arrive_while_they_are_written(bridge: Any) -> None:
    go_on = threading.Event()
    model = SlowChatModel(words=list(SENTENCE), pause=0.05, go_on=go_on)
    seen: list[str] = []
    first_before_the_end = False
    with (
        served(bridge(model), page=False) as url,
        httpx.stream(
            "POST", f"{url}/v1/chat/completions", json=asked(ABOUT_THE_BRIDGE, stream=True), timeout=LONGEST
        ) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("data: {"):
                chunk = json.loads(line.removeprefix("data: "))
                for choice in chunk["choices"]:
                    if choice["delta"].get("content"):
                        first_before_the_end |= model.counts["finished"] == 0
                        go_on.set()
                        seen.append(choice["delta"]["content"])
                account = chunk.get("youju")
                last = line
                if account:
                    noted = chunk["choices"][0]["delta"]["annotations"]
    text = "".join(seen)
    assert last and first_before_the_end
    assert SENTENCE in text
    for annotation in noted:
        span = cited(annotation)
        assert text[span["start_index"] : span["end_index"]] in (SENTENCE, SENTENCE.rstrip("。"))


def test_a_claim_that_the_checks_changed_is_told_after_the_words(bridge: Any) -> None:
    model = SlowChatModel(words=["青山湖大桥", "全长9999米。"], pause=0)
    with served(bridge(model), page=False) as url:
        lines = post(url, asked(ABOUT_THE_BRIDGE, stream=True)).text.splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    text = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
    account = next(chunk["youju"] for chunk in chunks if "youju" in chunk)
    assert lines[-2] == "data: [DONE]" or lines[-1] == "data: [DONE]"
    for claim in account["claims"]:
        assert text[claim["start_index"] : claim["end_index"]] == claim["text"]
    told = text[account["claims"][0]["end_index"] :] if account["claims"] else text
    assert "核对后的回答" in text or not account["supported"] or account["abstained"], told


# ------------------------------------------------------------------------------------------------ who leaves, who waits


@pytest.mark.parametrize("stream", [True, False], ids=["streaming", "whole"])
def test_who_leaves_frees_the_language_model(bridge: Any, stream: bool) -> None:
    model = SlowChatModel(words=["字"] * 2, go_on=threading.Event())
    with served(bridge(model), page=False) as url:
        asking = begun(url, "/v1/chat/completions", asked(ABOUT_THE_BRIDGE, stream=stream))
        until(lambda: model.counts["begun"] == 1)
        if stream:
            answer = asking.getresponse()
            while '"字"'.encode() not in answer.readline():
                pass
        asking.close()
        until(lambda: model.counts["ended"] == 1)
        assert model.counts["begun"] == 1 and model.counts["finished"] == 0
        model.words = [SENTENCE]
        assert SENTENCE in post(url, asked(ABOUT_THE_BRIDGE)).json()["choices"][0]["message"]["content"]


def test_one_client_cannot_fill_the_queue(bridge: Any) -> None:
    from ui.service import Admission, Service

    go_on = threading.Event()
    model = SlowChatModel(words=["字"] * 20, pause=0.02, go_on=go_on)
    opened = bridge(model)
    with served(opened, page=False, service=Service(opened, admission=Admission(per_client=2))) as url:
        answers: list[httpx.Response] = []
        threads = [
            threading.Thread(target=lambda: answers.append(post(url, asked(ABOUT_THE_BRIDGE)))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        until(lambda: model.counts["begun"] == 2)
        refused = post(url, asked(ABOUT_THE_BRIDGE), headers={"Accept-Language": "en"})
        assert refused.status_code == 429
        assert refused.headers["retry-after"].isdecimal()
        assert refused.json()["error"]["code"] == "rate_limit_exceeded"
        assert "waiting" in refused.json()["error"]["message"]
        go_on.set()
        for thread in threads:
            thread.join(LONGEST)
        assert [answer.status_code for answer in answers] == [200, 200]
        model.words = [SENTENCE]
        assert post(url, asked(ABOUT_THE_BRIDGE)).status_code == 200


def test_two_clients_at_once_get_their_own_answers(url: str) -> None:
    questions = [QUESTION, "火星上有多少家咖啡馆在营业？"] * 3
    answers: dict[int, Any] = {}

    def ask(number: int) -> None:
        body = asked(questions[number], stream=bool(number % 2), model="extractive")
        answers[number] = post(url, body).text

    for start in (0, 2, 4):
        threads = [threading.Thread(target=ask, args=(start + number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONGEST)
    assert len(answers) == 6
    for number, text in answers.items():
        assert ("264万" in text) == (questions[number] == QUESTION), text


# ------------------------------------------------------------------------------------------------ models and errors


def test_models_are_those_configured(client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [model.id for model in client.models.list()]
    assert names[:2] == ["auto", "extractive"] and "endpoint" not in names
    monkeypatch.setenv("YOUJU_ENDPOINT", "http://127.0.0.1:1/v1#some")
    assert "endpoint" in [model.id for model in client.models.list()]
    assert client.models.retrieve("extractive").owned_by == "youju"


@pytest.mark.parametrize("name", ["gpt-4o", "/etc/passwd", "http://127.0.0.1:1/v1#m", "local:nothing", "anthropic:x"])
def test_no_other_model_can_be_named(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model=name, messages=[{"role": "user", "content": QUESTION}])
    assert refused.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "JSON"),
        ({"model": "auto"}, "messages"),
        ({"model": "auto", "messages": []}, "messages"),
        (asked(""), "问题是空的"),
        (asked("问" * 2001), "2,001"),
        (asked(QUESTION, n=2), "n"),
        (asked(QUESTION, youju={"afer": "2023"}), "afer"),
        (asked(QUESTION, youju={"after": "昨天"}), "昨天"),
        ({"model": "auto", "messages": [{"role": "assistant", "content": "好"}]}, "最后一条消息"),
        (
            {"model": "auto", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "image_url",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_in_the_format_of_openai(url: str, body: Any, word: str, stream: bool) -> None:
    content = body if isinstance(body, bytes) else json.dumps({**body, "stream": stream}).encode()
    answer = httpx.post(
        f"{url}/v1/chat/completions", content=content, headers={"Accept-Language": "zh-CN"}, timeout=LONGEST
    )
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error" and word in error["message"]
    assert set(error) == {"message", "type", "param", "code"}


def test_a_model_that_cannot_answer_is_told_and_the_sources_are_quoted(bridge: Any) -> None:
    opened = bridge(SlowChatModel(words=[]))
    opened.language_model = "http://127.0.0.1:1/v1#nothing"
    with served(opened, page=False) as url:
        answer = post(url, asked(ABOUT_THE_BRIDGE)).json()
        assert "1280米" in answer["choices"][0]["message"]["content"]
        assert "无法连接" in answer["youju"]["notice"] and answer["youju"]["language_model"] == "extractive"
        streamed = post(url, asked(ABOUT_THE_BRIDGE, stream=True)).text
        assert "1280米" in streamed and "无法连接" in streamed and '"error"' not in streamed


def test_a_model_that_is_not_here_is_an_error(bridge: Any, tmp_path: Any) -> None:
    opened = bridge(SlowChatModel(words=[]))
    opened.language_model = str(tmp_path / "nothing.gguf")
    with served(opened, page=False) as url:
        answer = post(url, asked(ABOUT_THE_BRIDGE))
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "model_unavailable"
        assert post(url, asked(ABOUT_THE_BRIDGE, model="extractive")).status_code == 200


def test_there_are_no_other_endpoints(url: str) -> None:
    answer = httpx.post(f"{url}/v1/embeddings", json={})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_url"
