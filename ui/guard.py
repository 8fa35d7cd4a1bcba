"""Who may ask: host, origin, login, size and patience of every request, before anything else sees it."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import math
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.service import CLIENT, USER
from ui.throttle import Throttle

BODY_BYTES = 2_000_000
UPLOAD_BYTES = 2_000_000_000
"""Largest request that holds a question, and one that uploads files; how large each file may be, Gradio checks."""

UPLOAD_PATH = "/gradio_api/upload"
BODY_SECONDS = 20.0
BODY_BYTES_A_SECOND = 500.0
"""A body has to arrive within these seconds, and one more for each so many bytes (as Apache's mod_reqtimeout has it)."""

DEVICE = "youju-device"
"""Cookie of a browser that has logged in: others' wrong logins at its address do not keep it waiting."""

_SAFE_SITES = ("same-origin", "none")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BodyError(Exception):
    """The body of a request is not waited for any longer."""


class TooLargeError(BodyError):
    """A request's body is larger than a question can be."""


class TooSlowError(BodyError):
    """A request's body does not come."""


class Guard:
    """The ASGI application in front of all others: host, origin, login and size of each request.

    Args:
        app: what answers the requests let through.
        logins: password of each name; empty lets in whoever reaches the host.
        hosts: names by which this machine is called, besides IP addresses and ``localhost``. Another name in the
            ``Host`` header is that of a site that points its own name at us (DNS rebinding).
        headers: set on every response.
        throttle: how often an address may give a wrong login; one of its own if none is given.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        logins: Mapping[str, str] | None = None,
        hosts: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        self._app = app
        self._throttle = throttle or Throttle()
        self._secret = secrets.token_bytes(32)
        self._logins = {_digest(f"{name}:{password}"): name for name, password in (logins or {}).items()}
        self._hosts = {host.lower() for host in hosts} | {"localhost"}
        self._headers = dict(headers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it with 400, 401, 403, 408, 413 or 429."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        peer = scope.get("client")
        scope[CLIENT] = peer[0] if peer else ""
        more: dict[str, str] = {}
        sending = self._sending(send, more)
        if found := self._obstacle(scope, headers, more):
            await found(scope, receive, sending)
            return
        most = UPLOAD_BYTES if scope["path"].rstrip("/") == UPLOAD_PATH else BODY_BYTES
        await self._limited(scope, receive, sending, headers, most)

    def _obstacle(self, scope: Scope, headers: Headers, more: dict[str, str]) -> JSONResponse | None:
        """The refusal of a request; None if nothing stands against it, its login then noted in the scope.

        Args:
            more: takes the headers that the response is to have besides.
        """
        host = headers.get("host", "")
        if not self._is_ours(host):
            return refused(400, "The Host header names no host of this server; see --allow-host.", "unknown_host")
        if _is_foreign(scope, headers, host):
            return refused(403, "Requests from other sites are refused.", "foreign_origin")
        return self._unknown(scope, headers, more) if self._logins else None

    def _unknown(self, scope: Scope, headers: Headers, more: dict[str, str]) -> JSONResponse | None:
        """The refusal of who is not logged in. While an address waits, no login of it is looked at.

        A browser that has logged in before is known by its cookie, which is good for that very login only.
        """
        authorization = headers.get("authorization", "")
        given = _given(authorization)
        device = hmac.new(self._secret, _digest(given), hashlib.sha256).hexdigest()
        is_known = hmac.compare_digest(_cookie(headers, DEVICE).encode(), device.encode())
        wait = self._throttle.wait(scope[CLIENT])
        if authorization and wait and not is_known:
            seconds = {"Retry-After": str(math.ceil(wait))}
            return refused(429, "Too many wrong logins; try again later.", "too_many_logins", seconds)
        name = self._login(given)
        if name is None:
            if authorization:
                self._throttle.failed(scope[CLIENT])
            challenge = {"WWW-Authenticate": 'Basic realm="Youju", charset="UTF-8"'}
            return refused(401, "A valid login is required.", "invalid_api_key", challenge)
        if not is_known and authorization[:6].lower() == "basic ":  # as browsers log in
            more["Set-Cookie"] = f"{DEVICE}={device}; Path=/; HttpOnly; SameSite=Strict"
        scope[USER], scope[CLIENT] = name, f"user:{name}"
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name in self._hosts or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _login(self, given: str) -> str | None:
        """The name that ``name:password`` logs in.

        All logins are compared, digests of equal length in constant time, so time tells nothing about them.
        """
        digest, name = _digest(given), None
        for known, owner in self._logins.items():
            if hmac.compare_digest(known, digest):
                name = owner
        return name

    async def _limited(self, scope: Scope, receive: Receive, send: Send, headers: Headers, most: int) -> None:
        """Lets a request through, but no more of its body than ``most`` bytes."""
        length = headers.get("content-length", "0")
        too_large = refused(413, f"A request may have {most:,} bytes.", "request_too_large")
        too_slow = refused(
            408, "The body of the request did not come in time.", "request_timeout", {"Connection": "close"}
        )
        if not length.isdecimal() or int(length) > most:
            await too_large(scope, receive, send)
            return
        body = _Body(receive, most)
        answered = False

        async def replaced(message: Message) -> None:
            nonlocal answered
            if body.error is None:
                answered = True
                await send(message)

        # What reads the body may turn the error into an answer of its own, which is left unsent.
        with suppress(BodyError):
            await self._app(scope, body.receive, replaced)
        if body.error is not None and not answered:
            await (too_large if isinstance(body.error, TooLargeError) else too_slow)(scope, receive, send)

    def _sending(self, send: Send, more: Mapping[str, str]) -> Send:
        """Sends responses with our headers and ``more``, and without those by which Gradio would let other sites read them."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in [name for name in headers if name.startswith("access-control-")]:
                    del headers[name]
                headers.update(self._headers)
                headers.update(more)
            await send(message)

        return sending


class _Body:
    """The body of a request as it is received, no larger and no slower than it may be.

    Attributes:
        error: why it is not received any longer.
    """

    def __init__(self, receive: Receive, most: int) -> None:
        self.error: BodyError | None = None
        self._receive, self._most = receive, most
        self._received = 0
        self._began = asyncio.get_running_loop().time()
        self._is_whole = False

    async def receive(self) -> Message:
        """The next piece. What comes after the last one, the client's leaving, may take as long as it takes.

        Raises:
            TooLargeError, TooSlowError: it is.
        """
        if self._is_whole:
            return await self._receive()
        if self.error is not None:
            raise self.error
        until = self._began + BODY_SECONDS + self._received / BODY_BYTES_A_SECOND
        try:
            async with asyncio.timeout_at(until):
                message = await self._receive()
        except TimeoutError:
            self.error = TooSlowError()
            raise self.error from None
        self._received += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._received > self._most:
            self.error = TooLargeError()
            raise self.error
        return message


def _given(authorization: str) -> str:
    """The ``name:password`` of a header: ``Basic``, or ``Bearer`` as clients send an API key; empty for another."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given.strip(), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return ""
    if scheme.lower() == "bearer":
        return given.strip(" ").encode("latin-1", "replace").decode("utf-8", "replace")
    return ""


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _is_foreign(scope: Scope, headers: Headers, host: str) -> bool:
    """Whether a page of another site sent a request; following a link to ours from there is allowed."""
    if (origin := headers.get("origin")) is not None:
        try:
            theirs = urlsplit(origin)
            ours = urlsplit(f"{theirs.scheme}://{host}")  # a proxy before us may speak https where we hear http
            return not theirs.hostname or _place(theirs) != _place(ours)
        except ValueError:
            return True
    site = headers.get("sec-fetch-site", "none")
    follows = scope["method"] in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
    return site not in _SAFE_SITES and not follows


def _place(url: SplitResult) -> tuple[str | None, int | None]:
    """Host and port of a URL. Raises ``ValueError`` for a port that is none."""
    return url.hostname, url.port or _DEFAULT_PORTS.get(url.scheme)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def refused(status: int, message: str, code: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A refusal in OpenAI's form, which all of the server's own have."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": message, "type": kind, "param": None, "code": code}
    return JSONResponse({"error": error}, status, headers)
