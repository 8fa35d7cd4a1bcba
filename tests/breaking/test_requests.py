"""Requests that nobody should send, to a real server: each is answered in time, with sense, and leaves no traceback."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from corpus import make_index
from effort import Effort, Figures
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from server_process import Server

pytest.importorskip("gradio")

import httpx
import schemathesis
from schemathesis import GenerationMode

SECONDS_TO_ANSWER = 120.0
SECONDS_OF_STREAM = 0.3
SECRET = "机密的口令是芝麻开门"


class Faults:
    """What was wrong with answers, each kind once, with the first request that showed it."""

    def __init__(self, server: Server, figures: Figures) -> None:
        self._server = server
        self._figures = figures
        self.found: dict[str, str] = {}

    def check(self, name: str, request: str, status: int, kind: str, body: str) -> None:
        """Looks at an answer and at what the server wrote meanwhile.

        Args:
            name: the route, by which faults are told apart.
            kind: the content type.
            body: as much of the body as was read.
        """
        self._figures.counts["requests"] += 1
        self._figures.counts[f"status {status // 100}xx"] += 1
        if status >= 500 and status != 503:
            self.note(f"{name}: {status}", request, body)
        if SECRET in body:
            self.note(f"{name}: a file of the server is shown", request, body)
        if "Traceback (most recent" in body:
            self.note(f"{name}: a traceback in the answer", request, body)
        if kind.startswith("application/json") and body and not _is_json(body):
            self.note(f"{name}: no JSON", request, body)
        if name.startswith("/v1") and status >= 400 and not _is_error(body):
            self.note(f"{name}: {status} without an error", request, body)
        written = self._server.new_output()
        if "Traceback (most recent" in written:
            last = [line for line in written.splitlines() if line and not line.startswith(" ")][-1]
            self.note(f"{name}: traceback, {last[:100]}", request, written[-1500:])
        assert self._server.is_alive, request

    def note(self, fault: str, request: str, shown: str) -> None:
        self._figures.counts["faults"] += 1
        self.found.setdefault(fault, f"{fault}\n  {request[:600]}\n  {shown[-600:]}")

    def assert_none(self) -> None:
        assert not self.found, "\n".join(self.found.values())


def _is_json(body: str) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _is_error(body: str) -> bool:
    """Whether an answer is an error in OpenAI's form."""
    if not _is_json(body):
        return False
    error = json.loads(body).get("error")
    return isinstance(error, dict) and isinstance(error.get("message"), str) and isinstance(error.get("type"), str)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    make_index(folder / "index")
    running = Server(folder / "index", folder)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of this machine that no request may show."""
    file = tmp_path_factory.mktemp("secret") / "secret.txt"
    file.write_text(SECRET * 3, encoding="utf-8")
    return file


@pytest.fixture
def faults(server: Server, figures: Figures) -> Faults:
    return Faults(server, figures)


def test_v1_by_its_schema(server: Server, faults: Faults, effort: Effort, figures: Figures) -> None:
    schema = schemathesis.openapi.from_dict(server.schema)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 4
    for operation in operations:
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            _try_operation(server, faults, effort, figures, operation, mode)
    faults.assert_none()


def _try_operation(
    server: Server, faults: Faults, effort: Effort, figures: Figures, operation: Any, mode: GenerationMode
) -> None:
    def asked(case: Any) -> None:
        response = figures.timed("v1", lambda: case.call(base_url=server.url, timeout=SECONDS_TO_ANSWER))
        name = f"{operation.path} {operation.method}"
        kind = response.headers.get("content-type", [""])[0]
        faults.check(
            name, f"{case.method} {case.formatted_path} {case.body!r}", response.status_code, kind, response.text
        )

    chats = operation.path.endswith("completions")
    examples = effort.of(12 if chats else 3, 100)
    try:
        strategy = operation.as_strategy(generation_mode=mode)
        effort.explore(asked, strategy, examples=examples, seconds=effort.of(0.0, 20.0 if chats else 2.0))
    except Unsatisfiable:  # an operation without parameters cannot be asked wrongly
        assert mode is GenerationMode.NEGATIVE


# -- Gradio and MCP ---------------------------------------------------------------------------------------------------

_NAMES = st.sampled_from(
    ["ask", "search", "documents", "read", "timeline", "upload", "predict", "0", "999", "-1", "lambda", "__class__"]
)
_WORDS = st.one_of(
    st.sampled_from(
        [
            "",
            "5G基站",
            "万亿" * 1000,
            "\0",
            "\ud800",
            "../" * 8 + "etc/passwd",
            "/etc/passwd",
            "http://127.0.0.1:1/",
            "9" * 400,
        ]
    ),
    st.text(max_size=20),
)


def _files(secret: Path) -> st.SearchStrategy[Any]:
    """Files as a client names them: what is not his, among them."""
    paths = st.sampled_from(
        [
            str(secret),
            "/proc/self/environ",
            f"../../../../..{secret}",
            f"file://{secret}",
            "http://127.0.0.1:1/x",
            "",
            "\0",
        ]
    )
    kinds = st.sampled_from(["gradio.FileData", "gradio.fileData", "x", None])
    return st.fixed_dictionaries(
        {"path": paths | _WORDS},
        optional={
            "meta": kinds.map(lambda kind: {"_type": kind}),
            "url": paths,
            "size": st.integers(),
            "orig_name": _WORDS,
        },
    )


def _values(secret: Path) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS | _files(secret)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3), max_leaves=6
    )


def _bodies(secret: Path) -> st.SearchStrategy[Any]:
    """Bodies in the forms that Gradio's queue, its named endpoints and MCP take, and in no form at all."""
    values = _values(secret)
    call = st.fixed_dictionaries(
        {},
        optional={
            "data": st.lists(values, max_size=12) | values,
            "fn_index": st.integers(-2, 130) | values,
            "session_hash": st.sampled_from(["abc", ""]) | values,
            "trigger_id": st.integers(-1, 500),
            "event_data": values,
            "event_id": values,
            "api_name": _NAMES,
            "simple_format": values,
        },
    )
    named = st.dictionaries(
        st.sampled_from(
            [
                "question",
                "model",
                "history",
                "after",
                "before",
                "k",
                "limit",
                "offset",
                "document_id",
                "start",
                "end",
                "topic",
                "strict",
            ]
        ),
        values,
        max_size=6,
    )
    methods = st.sampled_from(
        [
            "initialize",
            "tools/list",
            "tools/call",
            "resources/read",
            "prompts/get",
            "ping",
            "notifications/initialized",
            "x",
        ]
    )
    tool = st.fixed_dictionaries({"name": _NAMES}, optional={"arguments": named | values})
    rpc = st.fixed_dictionaries(
        {"jsonrpc": st.sampled_from(["2.0", "1.0"]), "method": methods},
        optional={"id": values, "params": tool | values},
    )
    return call | call | named | rpc | values


def test_every_route(server: Server, secret: Path, faults: Faults, effort: Effort, figures: Figures) -> None:
    routes = [(path, methods) for path, methods in server.routes if not path.startswith("/v1")]
    assert {"/gradio_api/queue/join", "/gradio_api/run/{api_name}", "/gradio_api/upload"} <= {
        path for path, _ in routes
    }
    pieces = _NAMES | _WORDS | st.just(str(secret))
    queries = st.dictionaries(
        st.sampled_from(["session_hash", "event_id", "path", "upload_id", "fn_index", "url"]), _WORDS, max_size=2
    )
    contents = st.sampled_from(
        [
            "application/json",
            "application/json",
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "",
        ]
    )
    bodies = st.none() | st.binary(max_size=80) | _bodies(secret) | _bodies(secret) | _bodies(secret)
    with httpx.Client(base_url=server.url, timeout=SECONDS_TO_ANSWER) as client:

        def asked(route: tuple[str, list[str]], data: Any) -> None:
            path, methods = route
            method = data.draw(st.sampled_from([*methods, *methods, "PUT", "DELETE", "OPTIONS"]))
            place = re.sub(r"\{[^}]*\}", lambda _: quote(data.draw(pieces).encode("utf-8", "replace"), safe="/"), path)
            body = data.draw(bodies)
            raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            headers = {
                "Content-Type": data.draw(contents),
                "Accept": data.draw(st.sampled_from(["*/*", "application/json, text/event-stream"])),
            }
            query = {key: value.encode("utf-8", "replace") for key, value in data.draw(queries).items()}
            request = f"{method} {place} {query} {headers} {raw!r}"
            try:
                answer = figures.timed("other routes", lambda: _answer(client, method, place, query, headers, raw))
            except httpx.InvalidURL:  # longer than a client sends
                return
            except httpx.TransportError as error:
                faults.note(f"{path}: {type(error).__name__}", request, f"{error}\n{server.new_output()[-1500:]}")
            else:
                faults.check(path, request, *answer)

        for route in routes:
            tried = effort.explore(
                asked, st.just(route), st.data(), examples=effort.of(3, 60), seconds=effort.of(0.0, 2.0)
            )
            figures.counts["routes"] += bool(tried)
    faults.assert_none()


def _answer(
    client: httpx.Client, method: str, place: str, query: Any, headers: dict[str, str], raw: bytes | None
) -> tuple[int, str, str]:
    """Status, content type and the beginning of an answer; streams may go on for ever and are left after a moment."""
    with client.stream(method, place, params=query, headers=headers, content=raw) as response:
        kind, body = response.headers.get("content-type", ""), b""
        end = time.monotonic() + SECONDS_OF_STREAM
        if "content-length" not in response.headers:  # it may be a stream: wait no longer for more of it
            response.request.extensions["timeout"]["read"] = SECONDS_OF_STREAM
        try:
            for piece in response.iter_bytes():
                body += piece
                if time.monotonic() > end:
                    kind = f"part of {kind}"
                    break
        except httpx.ReadTimeout:
            kind = f"part of {kind}"
        return response.status_code, kind, body.decode("utf-8", "replace")
