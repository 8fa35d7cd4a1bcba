"""The server: the page and the endpoints for programs behind one guard, on this machine unless told otherwise.

Every request passes :class:`Guard`: it must name a host that is ours, come from our own page or from no page at all,
carry a valid login where there is one, and be of a size that a question can have. No other site may read an answer: no
response carries a CORS header.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from fastapi import FastAPI, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.assistant import Assistant
from rag.errors import UsageError, YoujuError
from ui.service import CLIENT, USER, Service

if TYPE_CHECKING:
    import uvicorn

    from ui.runs import Runs

logger = logging.getLogger(__name__)

HOST, PORT = "127.0.0.1", 7860
AUTH_VARIABLE = "YOUJU_AUTH"
BODY_BYTES = 2_000_000
UPLOAD_BYTES = 2_000_000_000
"""Largest request that holds a question, and one that uploads files; how large each file may be, Gradio checks."""

UPLOAD_PATH = "/gradio_api/upload"
SECONDS_TO_SHUT_DOWN = 3
ENDPOINTS = {
    "chat_completions": "/v1/chat/completions",
    "models": "/v1/models",
    "gradio": "/gradio_api/info",
    "mcp": "/gradio_api/mcp/",
}

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; worker-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Gradio's own scripts are inline and compile their templates; nothing may come from or go to another host."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}

_SAFE_SITES = ("same-origin", "none")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class TooLargeError(Exception):
    """A request's body is larger than a question can be."""


class Guard:
    """The ASGI application in front of all others: host, origin, login and size of each request.

    Args:
        app: what answers the requests let through.
        logins: password of each name; empty lets in whoever reaches the host.
        hosts: names by which this machine is called, besides IP addresses and ``localhost``. Another name in the
            ``Host`` header is that of a site that points its own name at us (DNS rebinding).
        headers: set on every response.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        logins: Mapping[str, str] | None = None,
        hosts: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._app = app
        self._logins = {_digest(f"{name}:{password}"): name for name, password in (logins or {}).items()}
        self._hosts = {host.lower() for host in hosts} | {"localhost"}
        self._headers = dict(headers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it with 400, 401, 403, 404 or 413."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        peer = scope.get("client")
        scope[CLIENT] = peer[0] if peer else ""
        sending = self._sending(send)
        if found := self._obstacle(scope, headers):
            await found(scope, receive, sending)
            return
        most = UPLOAD_BYTES if scope["path"].rstrip("/") == UPLOAD_PATH else BODY_BYTES
        await self._limited(scope, receive, sending, headers, most)

    def _obstacle(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        """The refusal of a request; None if nothing stands against it, its login then noted in the scope."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return _refused(400, "The Host header names no host of this server; see --allow-host.", "unknown_host")
        if _is_foreign(scope, headers, host):
            return _refused(403, "Requests from other sites are refused.", "foreign_origin")
        if self._logins:
            name = self._login(headers.get("authorization", ""))
            if name is None:
                challenge = {"WWW-Authenticate": 'Basic realm="Youju", charset="UTF-8"'}
                return _refused(401, "A valid login is required.", "invalid_api_key", challenge)
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

    def _login(self, authorization: str) -> str | None:
        """The name that a header logs in: ``Basic``, or ``Bearer name:password`` as clients send an API key.

        All logins are compared, digests of equal length in constant time, so time tells nothing about them.
        """
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given.strip(), validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                given = ""
        elif scheme.lower() == "bearer":
            given = given.strip(" ").encode("latin-1", "replace").decode("utf-8", "replace")
        else:
            given = ""
        digest, name = _digest(given), None
        for known, owner in self._logins.items():
            if hmac.compare_digest(known, digest):
                name = owner
        return name

    async def _limited(self, scope: Scope, receive: Receive, send: Send, headers: Headers, most: int) -> None:
        """Lets a request through, but no more of its body than ``most`` bytes."""
        length = headers.get("content-length", "0")
        too_large = _refused(413, f"A request may have {most:,} bytes.", "request_too_large")
        if not length.isdecimal() or int(length) > most:
            await too_large(scope, receive, send)
            return
        received = 0
        answered = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise TooLargeError
            return message

        async def replaced(message: Message) -> None:
            nonlocal answered
            if received <= most:
                answered = True
                await send(message)

        # What reads the body may turn the error into an answer of its own, which is left unsent.
        with suppress(TooLargeError):
            await self._app(scope, counted, replaced)
        if received > most and not answered:
            await too_large(scope, receive, send)

    def _sending(self, send: Send) -> Send:
        """Sends responses with our headers, and without those by which Gradio would let other sites read them."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in [name for name in headers if name.startswith("access-control-")]:
                    del headers[name]
                headers.update(self._headers)
            await send(message)

        return sending


def create(
    assistant: Assistant,
    *,
    page: bool = True,
    conversations: Any = None,
    logins: Mapping[str, str] | None = None,
    hosts: Collection[str] = (),
    service: Service | None = None,
    max_upload: int | None = None,
) -> Guard:
    """The whole web application: ``/v1``, the Gradio endpoints, MCP and, unless it is left out, the page at ``/``.

    Args:
        assistant: answers and holds the documents.
        page: whether there is a page.
        conversations: keeps what was asked on the page; without it the assistant's index does.
        logins: password of each name; empty lets in whoever reaches the host.
        hosts: names of this machine; see :class:`Guard`.
        service: what answers programs; one of its own if none is given. It is closed with the application.
        max_upload: the largest file that the page takes, in bytes; None means ``YOUJU_UPLOAD_MB``.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before Gradio is imported; it would ask its makers for news
    import gradio as gr

    from ui import api
    from ui.runs import Runs
    from ui.uploads import Limits

    service = service or Service(assistant)
    runs = Runs(admission=service.admission)
    app = _application(service, runs)
    looks: dict[str, Any] = {}
    if page:
        from ui import app as window
        from ui.theme import stylesheet, theme

        blocks, interface = window.build(assistant, conversations, runs=runs)
        looks = {"i18n": interface.i18n, "theme": theme(), "css": stylesheet()}
    else:
        blocks = gr.Blocks(title="Youju", analytics_enabled=False)
        app.get("/")(lambda: {"name": "Youju", "endpoints": ENDPOINTS})
    api.add_endpoints(blocks, service)
    blocks.queue(default_concurrency_limit=8, max_size=64)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth_dependency=_logged_in if logins else None,
        max_file_size=max_upload or Limits.from_environment().file_bytes,
        footer_links=[],
        show_error=False,
        ssr_mode=False,
        mcp_server=True,
        run_history=False,
        enable_monitoring=False,
        pwa=False,
        **looks,
    )
    return Guard(app, logins=logins, hosts=hosts, headers=HEADERS)


def _application(service: Service, runs: "Runs") -> FastAPI:
    """The application that the page is mounted in, with the routes under ``/v1``; what it closes with itself."""
    from ui import openai_api

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        yield
        runs.close()
        service.close()

    app = FastAPI(title="Youju", docs_url=None, redoc_url=None, openapi_url=None, lifespan=living)
    openai_api.add_routes(app, service)
    return app


def serve(
    assistant: Assistant,
    *,
    page: bool = True,
    host: str = HOST,
    port: int = PORT,
    hosts: Sequence[str] = (),
    started: Callable[[str], None] = lambda url: None,
    **options: Any,
) -> None:
    """Serves until it is interrupted.

    Args:
        assistant, page, options: as for :func:`create`.
        host: address to listen on; ``0.0.0.0`` for all of this machine.
        port: port to listen on; 0 for any that is free.
        hosts: more names by which this machine is called.
        started: told the address when connections are taken.

    Raises:
        UsageError: the address cannot be listened on.
    """
    listening = listen(host, port)
    url = address(listening)
    names = {host, socket.gethostname(), *hosts}
    threading.Thread(target=_warm_up, args=(assistant,), name="warm-up", daemon=True).start()
    with listening:
        server = server_of(create(assistant, page=page, hosts=names, **options))
        logger.info("serving: url=%s page=%s", url, page)
        started(url)
        server.run(sockets=[listening])


def server_of(app: ASGIApp) -> "uvicorn.Server":
    """The HTTP server that runs an application. It logs no requests: questions are nobody else's business."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_SHUT_DOWN,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections.

    Raises:
        UsageError: the address is not one of this machine, or the port is taken.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise _not_listening(host, port, error) from error
    try:
        if os.name != "nt":  # there it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise _not_listening(host, port, error) from error
    return listening


def address(listening: socket.socket) -> str:
    """The URL to open in a browser of this machine."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_open_to_others(host: str) -> bool:
    """Whether other machines can reach a server that listens on ``host``."""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() != "localhost"


def logins_of(given: Sequence[str]) -> dict[str, str]:
    """Names with their passwords from ``name:password``; without any, from ``YOUJU_AUTH``.

    Raises:
        UsageError: a login lacks its name or its password. The message does not repeat it.
    """
    logins: dict[str, str] = {}
    for login in given or filter(None, [os.environ.get(AUTH_VARIABLE, "")]):
        name, _, password = login.partition(":")
        if not name or not password:
            raise UsageError(
                zh=f"--auth 和 {AUTH_VARIABLE} 应写成 用户名:密码。",
                en=f"--auth and {AUTH_VARIABLE} must be given as user:password.",
            )
        logins[name] = password
    return logins


def _not_listening(host: str, port: int, error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None) or str(error)
    return UsageError(
        zh=f"不能在 {host} 的端口 {port} 上提供服务：{reason}。可用 --port 换一个端口。",
        en=f"Cannot serve on port {port} of {host}: {reason}. Choose another with --port.",
    )


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


def _refused(status: int, message: str, code: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return JSONResponse({"error": error}, status, headers)


def _logged_in(request: Request) -> str | None:
    """The name that the guard has let in, for Gradio."""
    return request.scope.get(USER)


def _warm_up(assistant: Assistant) -> None:
    """Loads what the first question would wait for; should it fail, that question will say why."""
    with suppress(YoujuError):
        if documents := assistant.documents():
            assistant.ask(f"{documents[0].title}？"[:100], language_model="extractive")
