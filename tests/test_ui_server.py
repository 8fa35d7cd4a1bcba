"""The server: who may ask, from where and how much; the named endpoints through gradio_client, HTTP and MCP."""

import asyncio
import base64
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("gradio")

import httpx
from youju_process import start

from rag.assistant import Assistant
from rag.text.documents import Document
from tests.serving import SlowChatModel, begun, served
from tests.waiting import LONGEST, until

# Gradio makes event loops that it never closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUESTION = "截至2023年3月底我国建成了多少个5G基站？"
PASSWORD = "correct horse 电池"
ALL_PATHS = ["/", "/v1/models", "/config", "/gradio_api/info", "/gradio_api/mcp/", "/gradio_api/startup-events", "/x"]


@pytest.fixture(scope="module")
def url(assistant: Any) -> Iterator[str]:
    with served(assistant, page=False) as address:
        yield address


@pytest.fixture(scope="module")
def locked(assistant: Any) -> Iterator[str]:
    from ui.throttle import Throttle

    patient = Throttle(free=1000)  # these tests give many wrong logins; test_ui_requests.py has the waiting
    with served(assistant, page=False, logins={"anna": PASSWORD, "ben": "second"}, throttle=patient) as address:
        yield address


@pytest.fixture(scope="module")
def gradio(url: str) -> Any:
    from gradio_client import Client

    return Client(url, verbose=False)


def ask(url: str, **options: Any) -> httpx.Response:
    body = {"model": "extractive", "messages": [{"role": "user", "content": QUESTION}]}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=LONGEST, **options)


# ------------------------------------------------------------------------------------------------ other sites


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost:1", "http://127.0.0.1:1", "null", "http://["]
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/gradio_api/run/ask", "/gradio_api/queue/join"])
def test_other_sites_are_refused(url: str, origin: str, path: str) -> None:
    answer = httpx.post(f"{url}{path}", json={}, headers={"Origin": origin})
    assert answer.status_code == 403
    asked = httpx.options(f"{url}{path}", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert asked.status_code == 403
    for each in (answer, asked):
        assert not [name for name in each.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ALL_PATHS)
def test_no_response_lets_other_sites_read_it(url: str, path: str) -> None:
    for origin in ("https://evil.example", url):
        answer = httpx.get(f"{url}{path}", headers={"Origin": origin})
        assert answer.status_code == 403 or origin == url
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_our_own_page_and_programs_are_let_in(url: str) -> None:
    assert ask(url).status_code == 200
    assert ask(url, headers={"Origin": url, "Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_link_from_another_site_may_be_followed_but_nothing_may_be_embedded(url: str) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert httpx.get(url, headers=followed).status_code == 200
    assert httpx.get(url, headers=embedded).status_code == 403
    assert httpx.post(f"{url}/v1/chat/completions", json={}, headers=followed).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "localhost.evil.example", "", "[", "127.0.0.1.nip.example"]
)
def test_a_foreign_name_for_this_machine_is_refused(url: str, host: str) -> None:
    assert httpx.get(f"{url}/v1/models", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:7860", "127.0.0.1", "[::1]:7860", "192.168.1.7:7860", "app.localhost"]
)
def test_names_that_only_this_machine_has_are_taken(url: str, host: str) -> None:
    assert httpx.get(f"{url}/v1/models", headers={"Host": host}).status_code == 200


def test_more_names_can_be_allowed(assistant: Any) -> None:
    with served(assistant, page=False, hosts=["rag.example"]) as url:
        proxied = {"Host": "rag.example", "Origin": "https://rag.example"}
        assert ask(url, headers=proxied).status_code == 200
        assert ask(url, headers={**proxied, "Origin": "https://other.example"}).status_code == 403


# ------------------------------------------------------------------------------------------------ login


@pytest.mark.parametrize("path", [*ALL_PATHS, "/gradio_api/upload", "/gradio_api/file=/etc/passwd"])
def test_nothing_is_shown_without_a_login(locked: str, path: str) -> None:
    for method in ("GET", "POST"):
        answer = httpx.request(method, f"{locked}{path}")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")


def test_a_login_opens_every_door(locked: str) -> None:
    basic = "Basic " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
    bearer = f"Bearer anna:{PASSWORD}".encode()
    for authorization in (basic, bearer):
        assert ask(locked, headers={"Authorization": authorization}).status_code == 200
        assert httpx.get(f"{locked}/config", headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        "anna", "anna:", f"ben:{PASSWORD}", f"anna:{PASSWORD} ", f"anna:{PASSWORD}x", ":", "", f":{PASSWORD}", "anna:second",
        f"ANNA:{PASSWORD}",
    ],
)  # fmt: skip
def test_a_wrong_login_is_refused(locked: str, given: str) -> None:
    encoded = base64.b64encode(given.encode()).decode()
    for authorization in (
        f"Basic {encoded}",
        f"Basic {given}!".encode(),
        f"Digest {given}".encode(),
        b"Bearer x" + given.encode(),
    ):
        answer = httpx.get(f"{locked}/v1/models", headers={b"Authorization": authorization.strip()})
        assert answer.status_code in (400, 401), authorization


def test_a_gradio_client_logs_in_by_header(locked: str) -> None:
    from gradio_client import Client

    header = "Basic " + base64.b64encode(b"ben:second").decode()
    client = Client(locked, headers={"Authorization": header}, verbose=False)
    assert client.predict(api_name="/documents")["total"] == 5


def test_a_password_is_in_no_message(locked: str, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    from rag.errors import UsageError
    from ui.server import logins_of

    with caplog.at_level(logging.DEBUG):
        ask(locked, headers={"Authorization": b"Bearer anna:" + PASSWORD.encode()})
        ask(locked, headers={"Authorization": b"Bearer anna:not-" + PASSWORD.encode()})
        with pytest.raises(UsageError) as refused:
            logins_of([PASSWORD])
    printed = capfd.readouterr()
    for text in (caplog.text, printed.out, printed.err, refused.value.zh, refused.value.en):
        assert PASSWORD not in text


def test_logins_come_from_the_command_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.settings import Settings
    from ui.server import logins_of

    assert logins_of([]) == {}
    monkeypatch.setenv("YOUJU_AUTH", "anna:with:colon")
    assert Settings.from_environment() == Settings(reader=os.environ["YOUJU_READER"])
    assert logins_of([]) == {"anna": "with:colon"}
    assert logins_of(["ben:x"]) == {"ben": "x"}


# ------------------------------------------------------------------------------------------------ sizes


def test_a_large_request_is_refused_before_it_is_read(url: str) -> None:
    answer = httpx.post(f"{url}/v1/chat/completions", content=b"x" * 3_000_000)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"


def test_a_large_request_that_hides_its_size_is_refused(url: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(30):
            yield b" " * 100_000

    answer = httpx.post(f"{url}/v1/chat/completions", content=pieces())
    assert answer.status_code == 413


# ------------------------------------------------------------------------------------------------ named endpoints


def test_gradio_clients_ask(gradio: Any, assistant: Any) -> None:
    answer = gradio.predict(QUESTION, api_name="/ask")
    assert "264万" in answer["text"] and answer["hits"] == []
    citation = answer["citations"][0]
    assert assistant.document(citation["document_id"]).text[citation["start"] : citation["end"]] == citation["quote"]
    follow_up = gradio.predict("这是谁说的？", history=[[QUESTION, answer["text"]]], api_name="/ask")
    assert "基站" in follow_up["understood"]


def test_gradio_clients_search_list_read_and_follow_figures(gradio: Any) -> None:
    hits = gradio.predict("5G基站", k=3, api_name="/search")
    assert len(hits) == 3
    listed = gradio.predict(limit=2, offset=1, api_name="/documents")
    assert listed["total"] == 5 and len(listed["documents"]) == 2
    span = gradio.predict(hits[0]["document_id"], hits[0]["start"], hits[0]["end"], api_name="/read")
    assert span["end"] == hits[0]["end"] and span["text"]
    points = gradio.predict("5G基站", api_name="/timeline")["points"]
    assert len({point["value"] for point in points}) > 1


@pytest.mark.parametrize(
    ("arguments", "endpoint", "word"),
    [
        ({"question": " "}, "/ask", "空"),
        ({"question": QUESTION, "model": "/etc/passwd"}, "/ask", "没有语言模型"),
        ({"question": QUESTION, "history": [["只有问题"]]}, "/ask", "history"),
        ({"question": QUESTION, "k": 1000}, "/search", "至多 50"),
        ({"question": QUESTION, "after": "昨天"}, "/search", "昨天"),
        ({"limit": 0}, "/documents", "至少 1"),
        ({"document_id": "../../etc/passwd"}, "/read", "etc"),
    ],
)
def test_gradio_clients_are_told_what_is_wrong(gradio: Any, arguments: Any, endpoint: str, word: str) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=word):
        gradio.predict(**arguments, api_name=endpoint)


def test_plain_http_asks_by_names(url: str) -> None:
    begun = httpx.post(f"{url}/gradio_api/call/v2/ask", json={"question": QUESTION}, timeout=LONGEST).json()
    told = httpx.get(f"{url}/gradio_api/call/ask/{begun['event_id']}", timeout=LONGEST).text
    assert "event: complete" in told
    answer = json.loads(told.split("event: complete\ndata: ", 1)[1].strip())[
        0
    ]  # a slow answer has heartbeats before it
    assert "264万" in answer["text"]


def test_mcp_clients_use_the_same_tools(url: str) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def use() -> None:
        async with (
            streamable_http_client(f"{url}/gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            assert set(tools) == {"ask", "search", "documents", "read", "timeline"}
            for tool in tools.values():
                assert tool.description
                for argument in tool.inputSchema["properties"].values():
                    assert argument["description"]
                assert "request" not in tool.inputSchema["properties"]
            answered = await session.call_tool("ask", {"question": QUESTION})
            assert "264万" in json.loads(answered.content[0].text)["text"]
            refused = await session.call_tool("ask", {"question": ""})
            assert refused.isError and "空" in refused.content[0].text

    asyncio.run(use())


def test_a_plain_request_that_is_left_frees_the_language_model(make_assistant: Callable[..., Any]) -> None:
    model = SlowChatModel(words=["字"] * 2, go_on=threading.Event())
    opened = make_assistant(Document("青山湖大桥全长1280米。", "a", "桥"), language_model=model)
    values = ["青山湖大桥全长多少米？", "auto", None, "", "", "", "", False, False]
    with served(opened, page=False) as url:
        asking = begun(url, "/gradio_api/run/ask", {"data": values})
        until(lambda: model.counts["begun"] == 1)
        asking.close()
        until(lambda: model.counts["ended"] == 1)
        assert model.counts["begun"] == 1 and model.counts["finished"] == 0


# ------------------------------------------------------------------------------------------------ the page


def test_the_page_stands_beside_the_endpoints(assistant: Any) -> None:
    with served(assistant, page=True, logins={"anna": "x"}) as url:
        with httpx.Client(base_url=url, auth=("anna", "x"), timeout=LONGEST) as client:
            shown = client.get("/")
            assert "gradio" in shown.text and "text/html" in shown.headers["content-type"]
            assert "default-src 'self'" in shown.headers["content-security-policy"]
            assert set(client.get("/gradio_api/info").json()["named_endpoints"]) == {
                "/ask", "/search", "/documents", "/read", "/timeline",
            }  # fmt: skip
        assert ask(url, headers={"Authorization": "Bearer anna:x"}).status_code == 200
        assert httpx.get(url).status_code == 401


def test_without_the_page_there_is_none(url: str) -> None:
    assert httpx.get(url).json()["endpoints"]["models"] == "/v1/models"


# ------------------------------------------------------------------------------------------------ the commands


def test_a_taken_port_is_told() -> None:
    from rag.errors import UsageError
    from ui.server import listen

    with listen("127.0.0.1", 0) as taken, pytest.raises(UsageError, match="--port"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "open_to_others"),
    [
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("localhost", False),
        ("::1", False),
        ("0.0.0.0", True),
        ("::", True),
        ("box", True),
    ],
)
def test_which_addresses_let_others_in(host: str, open_to_others: bool) -> None:
    from ui.server import is_open_to_others

    assert is_open_to_others(host) == open_to_others


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C reaches a process of its own differently there")
def test_serve_answers_until_it_is_interrupted(tmp_path: Any, embedder: Any) -> None:
    with Assistant.open(tmp_path, embedder=embedder, language_model="extractive") as opened:
        opened.add(Document("截至2023年3月底，我国建成了264万个5G基站。", "a.txt", "甲"))
    process = start("serve", "--port", "0", "--model", "extractive", "--index", tmp_path, real=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        assert "/v1" in line, (line, process.stderr.read() if process.stderr else "")
        address = line.split("/v1")[0].split()[-1].removeprefix("接口在")
        assert ask(address).status_code == 200
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))):
            pass
    finally:
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=LONGEST)
    assert process.returncode in (0, 130), errors
    assert "Traceback" not in output + errors, errors


def test_serve_warns_when_others_are_let_in_without_a_login(tmp_path: Any) -> None:
    options = ("--port", "0", "--host", "0.0.0.0", "--model", "extractive")
    process = start("serve", *options, XDG_DATA_HOME=str(tmp_path))  # where the window's documents lie, on Linux
    assert process.stderr is not None and process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=LONGEST)
    assert "--auth" in errors
