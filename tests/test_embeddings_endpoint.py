"""The client of ``/v1/embeddings``, against a real server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from embeddings import EmbeddingError, UsageError, load
from embeddings.endpoint import EndpointEmbedder

KEY = "secret-key-of-the-test"


class Handler(BaseHTTPRequestHandler):
    """Answers with (length, number of vowels, 1) of each text, in reverse order; ``plan`` holds other answers."""

    plan: list[tuple[int, Any]]
    requests: list[tuple[str | None, dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.append((self.headers.get("Authorization"), body))
        rows = [
            {"index": index, "embedding": [float(len(text)), float(text.count("e")), 1.0]}
            for index, text in enumerate(body["input"])
        ]
        status, answer = self.plan.pop(0) if self.plan else (200, {"data": rows[::-1]})
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status if self.path == "/v1/embeddings" else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    Handler.plan, Handler.requests = [], []
    monkeypatch.setenv("YOUJU_EMBEDDING_KEY", KEY)
    monkeypatch.setattr("embeddings.endpoint.time.sleep", lambda seconds: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def setting(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/v1#small-model"


def test_vectors_in_order_of_the_texts(server: ThreadingHTTPServer) -> None:
    embedder = load(setting(server))
    texts = [f"{'e' * (number % 3)}{'x' * number}" for number in range(150)]
    found = embedder.documents(texts)
    expected = np.array([[len(text), text.count("e"), 1] for text in texts], dtype=np.float32)
    assert found.dtype == np.float32
    assert np.allclose(found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert [len(body["input"]) for _, body in Handler.requests] == [64, 64, 22]
    assert {(key, body["model"]) for key, body in Handler.requests} == {(f"Bearer {KEY}", "small-model")}
    assert embedder.dimension == 3


def test_prompts(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = load(setting(server)).name
    monkeypatch.setenv("YOUJU_EMBEDDING_QUERY_PROMPT", "query: ")
    monkeypatch.setenv("YOUJU_EMBEDDING_DOCUMENT_PROMPT", "passage: ")
    embedder = load(setting(server))
    embedder.queries(["问"])
    embedder.documents(["答"])
    assert [body["input"] for _, body in Handler.requests] == [["query: 问"], ["passage: 答"]]
    assert embedder.name != plain


@pytest.mark.parametrize("status", [429, 503])
def test_tried_again(server: ThreadingHTTPServer, status: int) -> None:
    Handler.plan = [(status, {"error": "busy"})] * 2
    assert load(setting(server)).queries(["a"]).shape == (1, 3)
    assert len(Handler.requests) == 3


@pytest.mark.parametrize(
    ("status", "answer", "requests"),
    [
        (401, {"error": f"bad key {KEY}"}, 1),
        (404, {"error": "no such model"}, 1),
        (500, {"error": "broken"}, 3),
        (200, b"<html>", 1),
        (200, {"data": []}, 1),
        (200, {"data": [{"index": 0}]}, 1),
        (200, {"data": [{"index": 0, "embedding": "AAAA"}]}, 1),
        (200, {"data": [{"index": 0, "embedding": [None, 1.0]}]}, 1),
        (200, {"data": [{"index": 0, "embedding": [0.0, 0.0]}]}, 1),
        (200, [1], 1),
    ],
)
def test_bad_answers(server: ThreadingHTTPServer, status: int, answer: Any, requests: int) -> None:
    Handler.plan = [(status, answer)] * 5
    embedder = load(setting(server))
    with pytest.raises(EmbeddingError) as caught:
        embedder.queries(["a"])
    assert len(Handler.requests) == requests
    for text in (caught.value.zh, caught.value.en, repr(caught.value), repr(embedder.open()), repr(embedder)):
        assert KEY not in text
    if status == 401:
        assert "YOUJU_EMBEDDING_KEY" in caught.value.zh


def test_server_out_of_reach(server: ThreadingHTTPServer) -> None:
    embedder = EndpointEmbedder("http://127.0.0.1:9/v1", "m", key=KEY, pause=0)
    with pytest.raises(EmbeddingError) as caught:
        embedder.encode_query(["a"])
    assert "无法连接" in caught.value.zh
    assert "http://127.0.0.1:9/v1" in caught.value.en


@pytest.mark.parametrize("wrong", ["http://host/v1", "http://#m", f"http://user:{KEY}@host/v1#m"])
def test_settings_that_are_refused(wrong: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(wrong)
    assert KEY not in caught.value.zh + caught.value.en
