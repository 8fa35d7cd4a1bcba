"""Requests that are not in order: refused with a reason, without a traceback, and without a word of them in the log."""

import json
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rag.tracing import logs as logging_setup

pytest.importorskip("gradio")

import httpx

from tests.serving import served
from tests.waiting import LONGEST

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*no_silent_downcasting"),  # Gradio's, of pandas, at the end of each event
    pytest.mark.filterwarnings("ignore:.*copy keyword"),
]
QUESTION = "截至2023年3月底我国建成了多少个5G基站？"
WORD = "不能进日志的话"
JSON = {"Content-Type": "application/json"}
MCP = {**JSON, "Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def url(assistant: Any) -> Iterator[str]:
    with served(assistant, page=True) as address:
        yield address


@pytest.fixture(scope="module")
def programs(assistant: Any) -> Iterator[str]:
    with served(assistant, page=False) as address:
        yield address


@pytest.fixture
def quiet(capfd: Any, caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """What was logged or printed, in which there is no traceback and no word of a client."""

    def looked_at() -> str:
        printed = capfd.readouterr()
        text = str(caplog.text + printed.out + printed.err)
        assert "Traceback" not in text, text
        assert WORD not in text and QUESTION not in text, text
        return text

    caplog.set_level(logging.DEBUG)
    return looked_at


# ------------------------------------------------------------------------------------------------ what can be reached

CLOSED = [
    "/gradio_api/dev/reload", "/gradio_api/vibe-edit", "/gradio_api/vibe-code", "/gradio_api/vibe-starter-queries/",
    "/gradio_api/undo-vibe-edit", "/gradio_api/file=/etc/passwd", "/gradio_api/file/etc/passwd",
    "/gradio_api/proxy=http://127.0.0.1:1/", "/gradio_api/token", "/gradio_api/user", "/gradio_api/login_check", "/login", "/logout",
    "/monitoring", "/monitoring/summary", "/monitoring/x", "/gradio_api/process_recording", "/gradio_api/component_server",
    "/gradio_api/deep_link?session_hash=x", "/gradio_api/runs", "/gradio_api/run-history/connect", "/pwa_icon",
    "/gradio_api/custom_component/x/client/component/style.css", "/gradio_api/stream/x", "/gradio_api/stream/a/b/1/playlist.m3u8",
    "/gradio_api/queue/status", "/gradio_api/mcp/sse", "/gradio_api/mcp/schema", "/gradio_api/mcp/messages/", "/docs",
    "/openapi.json", "/gradio_api/profiling/traces", "/gradio_api/anything", "/gradio_api//dev/reload", "/gradio_api/./dev/reload",
    "/%67radio_api/dev/reload", "//gradio_api/dev/reload", "/gradio_api/dev/reload/", "/GRADIO_API/dev/reload",
]  # fmt: skip


@pytest.mark.parametrize("path", CLOSED)
def test_what_nobody_needs_is_not_there(url: str, path: str) -> None:
    host = url.removeprefix("http://")
    for method in ("GET", "POST", "PUT", "DELETE"):
        with socket.create_connection((host.split(":")[0], int(host.split(":")[1])), timeout=LONGEST) as connection:
            head = (
                f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nContent-Type: application/json\r\n"
            )
            connection.sendall(f"{head}Connection: close\r\n\r\n{{}}".encode())
            answer = connection.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 404"), (method, answer)


def test_every_route_of_gradio_is_open_on_purpose(url: str) -> None:
    """A route that a new version of Gradio brings is closed; one that it takes away is noticed here."""
    import gradio as gr

    from ui.routes import Routes

    with gr.Blocks() as blocks:
        gr.Textbox()
    own = gr.routes.App.create_app(blocks).routes
    routers = [route.original_router for route in own if hasattr(route, "original_router")]
    paths = {
        route.path
        for route in [*own, *(route for router in routers for route in router.routes)]
        if hasattr(route, "path")
    }
    assert "/gradio_api/dev/reload" in paths, "these are all routes"
    routes = Routes(lambda *_: None, page=True)  # type: ignore[arg-type, return-value]
    filled = {path: re.sub(r"\{[^}]*\}", "x", path) for path in paths}
    reached = {path for path, example in filled.items() if routes.allowed(example)}
    assert {"/config", "/gradio_api/queue/join", "/gradio_api/upload", "/assets/{path:path}"} <= reached
    assert not [path for path in reached if re.search("dev|vibe|proxy|file|stream|monitor|log|token|component", path)]
    assert len(reached) < len(paths) * 0.7


def test_a_server_for_programs_takes_no_uploads(programs: str) -> None:
    assert httpx.post(f"{programs}/gradio_api/upload", files={"files": ("a.txt", b"x")}).status_code == 404
    assert httpx.get(f"{programs}/gradio_api/upload_progress?upload_id=x").status_code == 404


def test_another_method_is_told(url: str) -> None:
    assert httpx.get(f"{url}/gradio_api/queue/join").status_code == 405
    assert httpx.post(f"{url}/config").status_code == 405


# ------------------------------------------------------------------------------------------------ malformed calls

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "text": b"question",
    "not UTF-8": b'{"data": ["\xff\xfe"]}',
    "number": b"3",
    "null": b"null",
    "list": b"[]",
    "empty": b"{}",
    "no number": b'{"data": [NaN]}',
    "infinite": b'{"data": [Infinity]}',
    "data is text": b'{"data": "x"}',
    "data is null": b'{"data": null}',
    "data is an object": b'{"data": {"question": "x"}}',
    "no arguments": b'{"data": []}',
    "few arguments": json.dumps({"data": [WORD]}).encode(),
    "many arguments": json.dumps({"data": [WORD] * 60}).encode(),
    "numbers": b'{"data": [1, 2, 3, 4, 5, 6, 7, 8, 9]}',
    "objects": json.dumps({"data": [{"x": WORD}] * 9}).encode(),
    "lists": json.dumps({"data": [[WORD]] * 9}).encode(),
    "nulls": b'{"data": [null, null, null, null, null, null, null, null, null]}',
    "deep": b'{"data": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "very deep": b"[" * 900_000,
    "half a character": b'{"data": ["\\ud800"]}',
    "huge number": b'{"data": [' + b"9" * 5000 + b"]}",
    "unknown function": b'{"data": [], "fn_index": 99999, "session_hash": "abc"}',
    "negative function": b'{"data": [], "fn_index": -1, "session_hash": "abc"}',
    "function by name": b'{"data": [], "fn_index": "ask", "session_hash": "abc"}',
    "unknown trigger": b'{"data": [], "fn_index": 0, "trigger_id": 99999, "session_hash": "abc"}',
    "session is a number": b'{"data": [], "fn_index": 0, "session_hash": 7}',
    "unknown names": json.dumps({"nobody": WORD}).encode(),
    "question is a number": b'{"question": 7}',
    "batched": b'{"data": [], "fn_index": 0, "batched": true, "session_hash": "abc"}',
}  # fmt: skip
CALLS = [
    "run/ask", "run/ask/", "api/search", "run/documents", "run/read", "run/timeline", "run/nothing", "call/ask", "call/nothing",
    "call/v2/ask", "call/v2/nothing", "queue/join", "cancel", "reset",
]  # fmt: skip


@pytest.mark.parametrize("kind", BODIES)
def test_a_malformed_call_is_refused_in_a_sentence(url: str, kind: str, quiet: Callable[[], str]) -> None:
    with httpx.Client(base_url=url, timeout=LONGEST, headers=JSON) as client:
        for call in CALLS:
            answer = client.post(f"/gradio_api/{call}", content=BODIES[kind])
            assert answer.status_code < 500 and answer.status_code not in (404, 405), (call, answer.text)
            answer.json()
            if answer.status_code == 200 and "event_id" in answer.text:
                session = {"session_hash": "abc"}
                place = ("queue/data", session) if call == "queue/join" else (f"{call}/{answer.json()['event_id']}", {})
                told = client.get(f"/gradio_api/{place[0]}", params=place[1]).text
                assert "Traceback" not in told
        for place in ("/v1/chat/completions", "/v1/models", "/v1/x"):
            answer = client.post(place, content=BODIES[kind])
            assert 400 <= answer.status_code < 500, (place, answer.text)
            answer.json()
        answer = client.post("/gradio_api/mcp/", content=BODIES[kind], headers=MCP)
        assert answer.status_code < 500, answer.text
    quiet()


@pytest.mark.parametrize("name", ["ask", "search", "documents", "read", "timeline"])
def test_missing_arguments_are_told(url: str, name: str, quiet: Callable[[], str]) -> None:
    for data in ([], [WORD]):
        answer = httpx.post(f"{url}/gradio_api/run/{name}", json={"data": data}, headers={"Accept-Language": "en"})
        assert answer.status_code == 422
        assert "arguments" in answer.json()["error"]
    quiet()


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("ask", [{"x": 1}, "auto", None, "", "", "", "", False, False], "question"),
        ("ask", [QUESTION, "auto", [[1, 2]], "", "", "", "", False, False], "history"),
        ("search", [QUESTION, "ten", "", "", "", "", ""], "k"),
        ("search", [QUESTION, 10**400, "", "", "", "", ""], "k"),
        ("documents", ["", None, 0], "limit"),
        ("read", ["x", "a", 3], "start"),
    ],
)
def test_a_wrong_type_is_told(url: str, name: str, data: Any, word: str, quiet: Callable[[], str]) -> None:
    answer = httpx.post(f"{url}/gradio_api/run/{name}", json={"data": data})
    assert answer.status_code == 422 and word in answer.json()["error"], answer.text
    quiet()


def test_mcp_clients_with_wrong_arguments_are_told(url: str, quiet: Callable[[], str]) -> None:
    for tool, arguments in (
        ("ask", {}), ("ask", {"question": 7}), ("ask", {"question": [WORD]}), ("search", {"question": WORD, "k": "x"}),
        ("nothing", {}), ("read", {"document_id": WORD, "start": -5}), ("ask", {"question": WORD, "unknown": 1}),
    ):  # fmt: skip
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        answer = httpx.post(f"{url}/gradio_api/mcp/", json=call, headers=MCP, timeout=LONGEST)
        assert answer.status_code < 500
        assert '"isError":true' in answer.text.replace(" ", "") or "error" in answer.text, (
            tool,
            arguments,
            answer.text,
        )
        assert "Traceback" not in answer.text
    quiet()


def test_a_function_that_breaks_down_is_logged_without_what_was_said(
    url: str, assistant: Any, monkeypatch: pytest.MonkeyPatch, quiet: Callable[[], str]
) -> None:
    def broken(question: str, *_: Any, **__: Any) -> Any:
        raise RuntimeError(f"cannot work out {question}")

    monkeypatch.setattr(assistant, "retrieve", broken)
    answer = httpx.post(f"{url}/gradio_api/run/search", json={"data": [WORD, 3, "", "", "", "", ""]})
    assert answer.status_code == 500
    assert WORD not in answer.text
    assert "RuntimeError at" in quiet()


def test_questions_are_logged_only_where_that_is_wanted(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], quiet: Callable[[], str]
) -> None:
    body = {"model": "extractive", "messages": [{"role": "user", "content": QUESTION}]}

    def ask() -> None:
        assert httpx.post(f"{url}/v1/chat/completions", json=body, timeout=LONGEST).status_code == 200
        assert (
            httpx.post(f"{url}/gradio_api/run/search", json={"data": [QUESTION, 3, "", "", "", "", ""]}).status_code
            == 200
        )

    ask()
    quiet()
    logging_setup.set_up_for_server(questions=True)
    try:
        ask()
    finally:
        logging_setup.set_up()
    assert caplog.text.count(f"asked: {QUESTION}") == 2
    assert capfd.readouterr().err.count(f"asked: {QUESTION}") == 2
    caplog.clear()
    ask()
    quiet()


# ------------------------------------------------------------------------------------------------ half-sent requests


def said_before_it_closed(connection: socket.socket) -> bytes:
    """What the server still says before it closes the connection; fails if it does not."""
    said = b""
    while piece := connection.recv(4096):
        said += piece
    return said


def crumble(connection: socket.socket, first: bytes, crumb: bytes) -> None:
    """Sends crumb after crumb until the connection is closed; fails if it is not."""
    with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012
        connection.sendall(first)
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            connection.sendall(crumb)
            time.sleep(0.02)


@pytest.mark.parametrize(
    "sent", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"POST /gradio_api/queue/join HTTP/1.1\r\n"]
)
def test_half_a_head_is_not_waited_for(url: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.connections import Connection

    monkeypatch.setattr(Connection, "head_seconds", 0.5)
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LONGEST) as connection:
        connection.sendall(sent)
        assert said_before_it_closed(connection).startswith(b"HTTP/1.1 408")


def test_a_head_in_crumbs_is_not_waited_for_nor_a_second_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.connections import Connection

    monkeypatch.setattr(Connection, "head_seconds", 2)  # the whole head has to come within it
    host, port = url.removeprefix("http://").split(":")
    whole = f"GET /robots.txt HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    for first in (b"", whole):
        with socket.create_connection((host, int(port)), timeout=LONGEST) as connection:
            connection.sendall(first)
            if first:
                assert connection.recv(4096).startswith(b"HTTP/1.1 200")
            crumble(connection, b"GET / HTTP/1.1\r\n", b"X-Crumb: 1\r\n")


def test_a_whole_head_and_a_slow_answer_have_their_time(
    make_assistant: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.text.documents import Document
    from tests.serving import SlowChatModel
    from ui.connections import Connection

    monkeypatch.setattr(Connection, "head_seconds", 1)
    model = SlowChatModel(words=["青山湖大桥全长1280米。"], pause=1.5)
    opened = make_assistant(Document("青山湖大桥全长1280米。", "a", "桥"), language_model=model)
    body = {"model": "auto", "messages": [{"role": "user", "content": "青山湖大桥全长多少米？"}]}
    with served(opened, page=False) as url:
        assert httpx.post(f"{url}/v1/chat/completions", json=body, timeout=LONGEST).status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/gradio_api/queue/join", "/gradio_api/upload", "/gradio_api/mcp/"]
)
def test_half_a_body_is_not_waited_for(
    assistant: Any, path: str, monkeypatch: pytest.MonkeyPatch, quiet: Callable[[], str]
) -> None:
    monkeypatch.setattr("ui.guard.BODY_SECONDS", 0.5)
    with served(assistant) as url:
        host, port = url.removeprefix("http://").split(":")
        for crumbs in (False, True):
            with socket.create_connection((host, int(port)), timeout=LONGEST) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9000\r\n"
                head += "Accept: application/json, text/event-stream\r\n"
                kind = "multipart/form-data; boundary=x" if "upload" in path else "application/json"
                connection.sendall(f"{head}Content-Type: {kind}\r\n\r\n--x\r\n".encode())
                if crumbs:
                    crumble(connection, b"-", b"-")
                else:
                    assert said_before_it_closed(connection).startswith(b"HTTP/1.1 408")
    quiet()


def test_many_half_sent_requests_keep_nobody_waiting(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    held = [socket.create_connection((host, int(port)), timeout=LONGEST) for _ in range(200)]
    try:
        for connection in held:
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
        assert httpx.get(f"{url}/v1/models", timeout=LONGEST).status_code == 200
    finally:
        for connection in held:
            connection.close()


# ------------------------------------------------------------------------------------------------ logins


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_wrong_logins_wait_ever_longer_and_each_address_for_itself() -> None:
    from ui.throttle import Throttle

    clock = Clock()
    throttle = Throttle(free=3, longest_wait=10, forgotten_after=100, clock=clock)
    waits = []
    for _ in range(8):
        throttle.failed("10.0.0.1")
        waits.append(throttle.wait("10.0.0.1"))
        clock.now += waits[-1]
    assert waits == [0, 0, 0, 1, 2, 4, 8, 10]
    assert throttle.wait("10.0.0.2") == 0
    clock.now += 101
    throttle.failed("10.0.0.1")
    assert throttle.wait("10.0.0.1") == 0, "it is forgotten"


def test_addresses_of_one_network_are_one_and_few_are_remembered() -> None:
    from ui.throttle import Throttle

    throttle = Throttle(free=1, addresses=100, clock=Clock())
    for number in range(5):
        throttle.failed(f"2001:db8:0:1::{number}")
    assert throttle.wait("2001:db8:0:1::ffff") > 0 and throttle.wait("2001:db8:0:2::1") == 0
    throttle.failed("10.0.0.1")
    throttle.failed("::ffff:10.0.0.1")
    assert throttle.wait("10.0.0.1") > 0
    for number in range(1000):
        throttle.failed(f"10.1.{number // 250}.{number % 250}")
    assert len(throttle._failures) == 100


def test_guessing_is_slowed_down_and_logged(assistant: Any, caplog: pytest.LogCaptureFixture) -> None:
    from ui.throttle import Throttle

    clock = Clock()
    logins = {"anna": "correct horse"}
    with (
        caplog.at_level(logging.DEBUG),
        served(assistant, page=False, logins=logins, throttle=Throttle(free=3, clock=clock)) as url,
    ):

        def attempt(password: str, **options: Any) -> httpx.Response:
            return httpx.get(f"{url}/v1/models", auth=("anna", password), **options)

        known = attempt("correct horse")
        assert known.status_code == 200
        assert [attempt(f"guess-{n}").status_code for n in range(6)] == [401] * 4 + [429] * 2
        waiting = attempt("correct horse")
        assert waiting.status_code == 429, "else guessing would go on behind the refusals"
        assert waiting.headers["retry-after"] == "1" and waiting.json()["error"]["code"] == "too_many_logins"
        assert attempt("guess-7", headers={"X-Forwarded-For": "10.9.9.9"}).status_code == 429, (
            "who says so is not believed"
        )
        cookies = {"Cookie": f"youju-device={known.cookies['youju-device']}"}
        assert attempt("correct horse", headers=cookies).status_code == 200, "this browser has been here before"
        assert attempt("guess-8", headers=cookies).status_code == 429
        assert httpx.get(f"{url}/v1/models").status_code == 401, "nothing was tried"
        clock.now += 1
        assert attempt("correct horse").status_code == 200
        assert attempt("guess-9").status_code == 401
        assert attempt("correct horse").headers["retry-after"] == "2"
    lines = [record.getMessage() for record in caplog.records if record.name == "ui.throttle"]
    assert len(lines) == 5 and "127.0.0.1" in lines[-1] and "number 5" in lines[-1]
    assert "guess" not in caplog.text and "horse" not in caplog.text and "anna" not in caplog.text


def test_behind_a_proxy_each_client_is_known_by_his_own_address(assistant: Any) -> None:
    from ui.throttle import Throttle

    throttle = Throttle(free=1, clock=Clock())
    with served(assistant, page=False, logins={"anna": "x"}, throttle=throttle, behind_proxy=True) as url:
        for _ in range(3):
            httpx.get(f"{url}/v1/models", auth=("anna", "no"), headers={"X-Forwarded-For": "10.0.0.1"})
        blocked = httpx.get(f"{url}/v1/models", auth=("anna", "x"), headers={"X-Forwarded-For": "10.0.0.1"})
        other = httpx.get(f"{url}/v1/models", auth=("anna", "x"), headers={"X-Forwarded-For": "10.0.0.2"})
    assert (blocked.status_code, other.status_code) == (429, 200)


# ------------------------------------------------------------------------------------------------ endpoints


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """A place in this machine's network that no visitor is to reach through the server."""
    from tests.test_ui_files import counting

    with counting() as site:
        yield site


@pytest.mark.parametrize("allowed", [False, True])
def test_visitors_name_endpoints_only_where_that_is_allowed(
    assistant: Any, endpoint: tuple[str, list[str]], allowed: bool
) -> None:
    site, visits = endpoint
    with served(assistant, names_endpoints=allowed) as url, httpx.Client(base_url=url, timeout=LONGEST) as client:
        config = client.get("/config").json()
        labels = json.dumps(config["components"])
        assert ("settings-model" in labels) and ('"endpoint"]' in labels.replace(" ", "")) == allowed
        trials = [
            each for each in config["dependencies"] if len(each["inputs"]) == 6 and "submit" in str(each["targets"])
        ]
        assert trials, "the function that tries an endpoint"
        for function in trials:
            data = ["endpoint", f"{site}/v1", "", "", None, {}]
            session = {"session_hash": "abc"}
            body = {"data": data, "fn_index": function["id"], **session}
            assert client.post("/gradio_api/queue/join", json=body).status_code == 200
            client.get("/gradio_api/queue/data", params=session)
    assert bool(visits) == allowed


@pytest.mark.parametrize(
    ("host", "option", "named"), [("0.0.0.0", False, False), ("0.0.0.0", True, True), ("127.0.0.1", False, True)]
)
def test_who_serves_others_lets_them_name_none_unless_told(
    assistant: Any, monkeypatch: pytest.MonkeyPatch, host: str, option: bool, named: bool
) -> None:
    from ui import server

    made: dict[str, Any] = {}
    listen = server.listen

    class Ended(Exception):  # noqa: N818
        pass

    def create(_: Any, **options: Any) -> Any:
        made.update(options)
        raise Ended

    monkeypatch.setattr(server, "create", create)
    monkeypatch.setattr(server, "listen", lambda *_: listen("127.0.0.1", 0))
    monkeypatch.setattr(server, "_warm_up", lambda _: None)
    with pytest.raises(Ended):
        server.serve(assistant, host=host, port=0, allow_endpoints=option)
    assert made["names_endpoints"] == named


@pytest.mark.parametrize("command", ["ui", "serve"])
def test_the_commands_have_the_options(command: str) -> None:
    from typer.testing import CliRunner

    from rag.terminal.cli import app

    told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
    assert "--allow-endpoints" in told and "--log-questions" in told
