"""A server on this machine that speaks OpenAI's interface as badly as the name of the model asks for."""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from waiting import LONGEST

COMMON = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
STATUSES = {"401": 401, "404": 404, "429": 429, "429-later": 429, "429-soon": 429, "500": 500, "503": 503}


def event(delta: Any, **more: Any) -> bytes:
    """One chunk of a stream."""
    return data({**COMMON, "choices": [{"index": 0, "delta": delta, "finish_reason": None, **more}]})


def data(chunk: Any) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


TEXT = {"role": "assistant", "content": "字"}
STREAMS: dict[str, list[bytes]] = {
    "half-json": [event(TEXT), b'data: {"id": "1", "choi'],
    "not-json": [b"data: this is no JSON\n\n"],
    "html": [b"<html>hello</html>"],
    "nothing": [],
    "only-done": [b"data: [DONE]\n\n"],
    "empty-choices": [data({**COMMON, "choices": []})] * 3 + [b"data: [DONE]\n\n"],
    "no-choices": [data(COMMON)],
    "no-delta": [data({**COMMON, "choices": [{"index": 0, "finish_reason": None}]})],
    "null-delta": [event(None), b"data: [DONE]\n\n"],
    "no-content": [event({"role": "assistant"}), b"data: [DONE]\n\n"],
    "null-content": [event({"role": "assistant", "content": None}), b"data: [DONE]\n\n"],
    "blank": [event({"role": "assistant", "content": " \n"}), b"data: [DONE]\n\n"],
    "number": [event({"role": "assistant", "content": 7}), b"data: [DONE]\n\n"],
    "list": [event({"role": "assistant", "content": [["x"]]}), b"data: [DONE]\n\n"],
    "choices-text": [data({**COMMON, "choices": "text"})],
    "array": [b"data: [1, 2]\n\n"],
    "null": [b"data: null\n\n"],
    "tool-calls": [
        event(
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"index": 0, "id": "1", "type": "function", "function": {"name": "delete_all", "arguments": "{"}}
                ],
            }
        ),
        b"data: [DONE]\n\n",
    ],
    "error-event": [event(TEXT), data({"error": {"message": "the model fell over", "code": 500}})],
    "invalid-utf-8": [b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n'],
    "deep": [b"data: " + b"[" * 100_000 + b"\n\n"],
    "huge-number": [b'data: {"created": ' + b"9" * 10_000 + b"}\n\n"],
}


class Misbehaving(ThreadingHTTPServer):
    """Counts the requests for each model, and the connections that are open; stops everything when it is closed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[str] = []
        self.keys: list[str] = []
        self.open = 0
        self.ending = threading.Event()
        self.elsewhere = ""
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: Any) -> None:
        """A client that leaves is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    server: Misbehaving

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.requests.append("GET")
        self.server.keys.append(self.headers.get("Authorization", ""))
        self._hangs()

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = request["model"]
        with self.server.lock:
            self.server.requests.append(model)
            self.server.keys.append(self.headers.get("Authorization", ""))
            self.server.open += 1
        try:
            self._behave(model)
        finally:
            with self.server.lock:
                self.server.open -= 1

    def _behave(self, model: str) -> None:
        if model in STATUSES:
            self._refuse(model)
        elif model in STREAMS:
            self._send(b"".join(STREAMS[model]))
        else:
            getattr(self, "_" + model.replace("-", "_"))()

    def _refuse(self, model: str) -> None:
        body = json.dumps({"error": {"message": f"refused with {self.headers.get('Authorization')}"}}).encode()
        self.send_response(STATUSES[model])
        if model.endswith(("later", "soon")):
            self.send_header("Retry-After", "3600" if model.endswith("later") else "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _begin(self, kind: str = "text/event-stream", **headers: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _send(self, content: bytes) -> None:
        self._begin()
        self.wfile.write(content)

    def _forever(self, make: Callable[[], bytes], pause: float = 0.0) -> None:
        while not self.server.ending.wait(pause) if pause else not self.server.ending.is_set():
            self.wfile.write(make())

    def _good(self) -> None:
        sentence = "截至2024年底，青岚市建成公共充电桩3.2万个。"
        self._send(b"".join(event({"role": "assistant", "content": each}) for each in sentence) + b"data: [DONE]\n\n")

    def _good_at_second(self) -> None:
        if self.server.requests.count("good-at-second") == 1:
            self._refuse("503")
        else:
            self._good()

    def _reset_once(self) -> None:
        if self.server.requests.count("reset-once") == 1:
            self._reset()
        else:
            self._good()

    def _never_ends(self) -> None:
        self._begin()
        self._forever(lambda: event(TEXT) * 50)

    def _ten_megabytes(self) -> None:
        self._send(event({"role": "assistant", "content": "字" * 10_000}) * 350)

    def _huge_token(self) -> None:
        self._begin()
        self.wfile.write(b'data: {"choices": [{"delta": {"content": "')
        self._forever(lambda: b"x" * 65_536)

    def _keepalives(self) -> None:
        self._begin()
        self._forever(lambda: b": still here\n\n", 0.02)

    def _empty_deltas(self) -> None:
        self._begin()
        self._forever(lambda: event({"content": ""}), 0.02)

    def _comments_fast(self) -> None:
        self._begin()
        self._forever(lambda: b": still here\n\n" * 5000)

    def _hangs(self) -> None:
        """Says nothing as long as the client stays."""
        while not self.server.ending.wait(0.02):
            readable, _, _ = select.select([self.connection], [], [], 0)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def _hangs_in_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/ev")
        self._hangs()

    def _drips_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._forever(lambda: b"x", 0.05)

    def _hangs_in_the_middle(self) -> None:
        self._send(event(TEXT))
        self._hangs()

    def _drips(self) -> None:
        self._begin()
        piece = iter(event(TEXT) * 1000)
        self._forever(lambda: bytes([next(piece)]), 0.05)

    def _closes_at_once(self) -> None:
        pass

    def _closes_in_the_middle(self) -> None:
        self._begin(Content_Length="100000")
        self.wfile.write(event(TEXT))

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _gzip_bomb(self) -> None:
        self._begin(Content_Encoding="gzip")
        packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        for _ in range(200):
            self.wfile.write(packer.compress(b" " * 1_000_000))
        self.wfile.write(packer.flush())

    def _redirects(self) -> None:
        self.send_response(307)
        self.send_header("Location", f"{self.server.elsewhere}/chat/completions")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _no_http(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


@contextmanager
def misbehaving() -> Iterator[Misbehaving]:
    server = Misbehaving()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        with suppress(OSError):
            server.server_close()
        thread.join(LONGEST)
