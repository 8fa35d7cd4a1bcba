"""HTTP with servers that are not trusted to behave: bounded in time and size, and cut off from another thread.

A server may hang before its headers or in the middle, drip a byte a second, never end, send gigabytes, compress them, or
send the client elsewhere. A `BoundedClient` ends each of these with an `ExchangeError`, never later than it was told.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Literal

import httpx

MOST_BYTES = 8 * 2**20
"""Bytes of a response; an answer of 20,000 words streamed word by word has about as many."""

CONNECT_SECONDS = 10.0
_RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Linger, for no time: what is closed is gone."""

Reason = Literal["slow", "large", "compressed", "cut"]


class ExchangeError(Exception):
    """A server did not keep to the bounds, or whoever asked has left. No error of the HTTP library: nobody tries again.

    ``reason``: ``slow``, ``large``, ``compressed`` (it was asked not to), or ``cut`` by this side.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Cutoff:
    """Ends the exchange that another thread is in, whatever it waits for there. Safe to use from several threads."""

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def cut(self, reason: Reason = "cut") -> None:
        """Ends the exchange now, and each that would begin later."""
        with self._lock:
            self.reason = self.reason or reason
            self._shut()

    def close(self) -> None:
        """Frees the connection, whoever still holds it. Only for the thread of the exchange, when it is done with it.

        A stream that is left in the middle may hang in a traceback until garbage is collected; its server would wait.
        """
        with self._lock:
            if self._socket is not None:
                self._shut()
                self._socket.close()
                self._socket = None

    def note(self, event: str, details: dict[str, Any]) -> None:
        """Takes in what the HTTP library tells of an exchange (its ``trace`` extension): the connection it has opened."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        with self._lock:
            self._socket = details["return_value"].get_extra_info("socket")
            if self.reason:
                self._shut()

    def check(self) -> None:
        """Raises `ExchangeError` once it is cut."""
        if self.reason:
            raise ExchangeError(self.reason)

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # Its end must reach the server though that waits for a reader: it is reset when it is closed.
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                # Not close(): the thread that reads would go on waiting. Not SSLSocket.shutdown(): it is not thread-safe.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


_followed: ContextVar[Cutoff | None] = ContextVar("followed", default=None)


def follow(cutoff: Cutoff) -> None:
    """From here on the exchanges of this context (of this thread, mostly) end when ``cutoff`` is cut."""
    _followed.set(cutoff)


class BoundedClient(httpx.Client):
    """An HTTP client that follows no redirects, wants nothing compressed, and opens a connection for each request.

    Args:
        seconds: the longest exchange, from the request to the last byte.
        most_bytes: the largest response.
        options: as for ``httpx.Client``.

    Raises:
        ExchangeError: where a response is not within the bounds, or silent for longer than the timeout.
    """

    def __init__(self, *, seconds: float, most_bytes: int = MOST_BYTES, **options: Any) -> None:
        # A connection that is used again would not tell its socket, so none could be cut off.
        super().__init__(limits=httpx.Limits(max_keepalive_connections=0), **options)
        self.seconds = seconds
        self.most_bytes = most_bytes

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """As ``httpx.Client.send``, within the bounds."""
        cutoffs = [Cutoff()]
        if followed := _followed.get():
            followed.check()
            cutoffs.append(followed)
        request.headers["Accept-Encoding"] = "identity"

        def trace(event: str, details: dict[str, Any]) -> None:
            for cutoff in cutoffs:
                cutoff.note(event, details)

        request.extensions = {**request.extensions, "trace": trace}
        if waits := request.extensions.get("timeout"):  # until there is a connection, there is nothing to cut
            waits = {**waits, "connect": min(waits.get("connect") or CONNECT_SECONDS, CONNECT_SECONDS)}
            request.extensions["timeout"] = waits
        timer = threading.Timer(self.seconds, cutoffs[0].cut, ["slow"])
        timer.daemon = True
        timer.start()
        bounds = _Bounds(cutoffs, timer, self.most_bytes)
        response: httpx.Response | None = None
        try:
            with bounds:
                response = super().send(request, stream=True, **{**options, "follow_redirects": False})
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise ExchangeError("compressed")
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = _BoundedStream(response.stream, bounds)
            if not stream:
                response.read()
            return response
        except BaseException:
            timer.cancel()
            if response is not None:
                response.close()
            raise


class _Bounds:
    """What an exchange is held to; around each step of it, failures of the connection are told by their cause."""

    def __init__(self, cutoffs: list[Cutoff], timer: threading.Timer, most_bytes: int) -> None:
        self.cutoffs = cutoffs
        self.timer = timer
        self.left = most_bytes

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, httpx.TransportError):
            for cutoff in self.cutoffs:
                cutoff.check()  # a connection that was cut looks like one that has ended
        if isinstance(error, httpx.TimeoutException):
            raise ExchangeError("slow") from error

    def take(self, piece: bytes) -> None:
        self.left -= len(piece)
        if self.left < 0:
            raise ExchangeError("large")


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, bounds: _Bounds) -> None:
        self._stream = stream
        self._bounds = bounds
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        with self._bounds:
            for piece in self._stream:
                self._bounds.take(piece)
                yield piece
        self._ended = True

    def close(self) -> None:
        self._bounds.timer.cancel()
        if not self._ended:  # left in the middle
            self._bounds.cutoffs[0].cut()
        self._stream.close()
