"""The server: the page and the endpoints for programs behind one guard, on this machine unless told otherwise.

Every request passes :class:`~ui.guard.Guard`: it must name a host that is ours, come from our own page or from no page at
all, carry a valid login where there is one, and be of a size that a question can have. Then :class:`~ui.routes.Routes`
lets through what is documented or what the page needs. No other site may read an answer: no response carries a CORS
header.
"""

import ipaddress
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from starlette.types import ASGIApp

from rag.assistant import Assistant
from rag.errors import UsageError, YoujuError
from ui.guard import Guard
from ui.service import USER, Admission, Service
from ui.throttle import Throttle

if TYPE_CHECKING:
    import uvicorn

    from ui.metrics import Metrics
    from ui.runs import Runs

logger = logging.getLogger(__name__)

HOST, PORT = "127.0.0.1", 7860
AUTH_VARIABLE = "YOUJU_AUTH"
SECONDS_TO_SHUT_DOWN = 3
SECONDS_TO_WARM_UP = 20
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


_MOUNTED: dict[str, Any] = {
    "footer_links": [],
    "show_error": False,
    "ssr_mode": False,
    "mcp_server": True,
    "run_history": False,
    "enable_monitoring": False,
    "pwa": False,
}
"""How Gradio is mounted: with tools for other assistants, and without its own links, error texts, history and watching."""


def create(
    assistant: Assistant,
    *,
    page: bool = True,
    conversations: Any = None,
    logins: Mapping[str, str] | None = None,
    hosts: Collection[str] = (),
    service: Service | None = None,
    max_upload: int | None = None,
    names_endpoints: bool = True,
    throttle: Throttle | None = None,
    metrics: bool = False,
) -> ASGIApp:
    """The whole web application: ``/v1``, the Gradio endpoints, MCP and, unless it is left out, the page at ``/``.

    Args:
        assistant: answers and holds the documents.
        page: whether there is a page.
        conversations: keeps what was asked on the page; without it the assistant's index does.
        logins: password of each name; empty lets in whoever reaches the host.
        hosts: names of this machine; see :class:`Guard`.
        service: what answers programs; one of its own if none is given. It is closed with the application.
        max_upload: the largest file that the page takes, in bytes; None means ``YOUJU_UPLOAD_MB``.
        names_endpoints: whether visitors of the page may name an endpoint of a language model, which this server then
            sends requests to.
        throttle: how often an address may give a wrong login.
        metrics: whether counts for Prometheus stand at ``/metrics``; who may ask may read them.

    Raises:
        UsageError: metrics are wanted, and ``prometheus-client`` is not installed.
    """
    from ui.uploads import Limits, upload_folder

    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before Gradio is imported; it would ask its makers for news
    upload_folder()  # before any component is made, each of which notes where it is
    import gradio as gr

    from ui import api
    from ui.blocks import Blocks
    from ui.routes import Routes
    from ui.runs import Runs

    service = service or Service(assistant)
    runs = Runs(admission=service.admission)
    counts = _metrics(assistant, service.admission) if metrics else None
    app = _application(service, runs, counts)
    looks: dict[str, Any] = {}
    if page:
        from ui import app as window
        from ui.pictures import Pictures, add_route
        from ui.theme import stylesheet, theme

        pictures = Pictures()
        add_route(app, assistant, pictures)
        blocks, interface = window.build(
            assistant, conversations, runs=runs, pictures=pictures, names_endpoints=names_endpoints
        )
        looks = {"i18n": interface.i18n, "theme": theme(), "css": stylesheet()}
    else:
        blocks = Blocks(title="Youju", analytics_enabled=False)
        app.get("/")(lambda: {"name": "Youju", "endpoints": ENDPOINTS})
    api.add_endpoints(blocks, service)
    blocks.queue(default_concurrency_limit=8, max_size=64)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth_dependency=_logged_in if logins else None,
        max_file_size=max_upload or Limits.from_environment().file_bytes,
        **_MOUNTED,
        **looks,
    )
    blocks.guard_files()
    routes = Routes(app, page=page, metrics=metrics)
    guard = Guard(routes, logins=logins, hosts=hosts, headers=HEADERS, throttle=throttle)
    return counts.counting(guard) if counts else guard


def _application(service: Service, runs: "Runs", counts: "Metrics | None") -> FastAPI:
    """The application that the page is mounted in, with the routes that are not Gradio's; what it closes with itself."""
    from ui import openai_api

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        yield
        runs.close()
        service.close()
        if counts:
            counts.close()

    app = FastAPI(title="Youju", docs_url=None, redoc_url=None, openapi_url=None, lifespan=living)
    openai_api.add_routes(app, service)
    if counts:
        counts.add_route(app)
    return app


def _metrics(assistant: Assistant, admission: Admission) -> "Metrics":
    try:
        from ui.metrics import Metrics
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        raise UsageError(
            zh="--metrics 需要软件包 prometheus-client，请运行：pip install prometheus-client",
            en="--metrics needs the package prometheus-client. Run: pip install prometheus-client",
        ) from error
    return Metrics(assistant, admission)


def serve(
    assistant: Assistant,
    *,
    page: bool = True,
    host: str = HOST,
    port: int = PORT,
    hosts: Sequence[str] = (),
    allow_endpoints: bool = False,
    started: Callable[[str], None] = lambda url: None,
    **options: Any,
) -> None:
    """Serves until it is interrupted.

    Args:
        assistant, page, options: as for :func:`create`.
        host: address to listen on; ``0.0.0.0`` for all of this machine.
        port: port to listen on; 0 for any that is free.
        hosts: more names by which this machine is called. They are taken for those of a proxy: where there is one on
            this machine, clients' addresses are those that it names in ``X-Forwarded-For``.
        allow_endpoints: lets visitors name endpoints although others can reach the server.
        started: told the address when connections are taken.

    Raises:
        UsageError: the address cannot be listened on.
    """
    listening = listen(host, port)
    url = address(listening)
    names = {host, socket.gethostname(), *hosts}
    options["names_endpoints"] = allow_endpoints or not is_open_to_others(host)
    warming = threading.Thread(target=_warm_up, args=(assistant,), name="warm-up", daemon=True)
    warming.start()
    try:
        with listening:
            server = server_of(create(assistant, page=page, hosts=names, **options), behind_proxy=bool(hosts))
            logger.info("serving: url=%s page=%s", url, page)
            started(url)
            server.run(sockets=[listening])
    finally:
        warming.join(SECONDS_TO_WARM_UP)  # a process that ends under what it still loads is aborted


def server_of(app: ASGIApp, *, behind_proxy: bool = False) -> "uvicorn.Server":
    """The HTTP server that runs an application. It logs no requests: questions are nobody else's business.

    Args:
        behind_proxy: whether what a proxy on this machine says of its clients is believed; else anyone here could say it.
    """
    import uvicorn

    from ui.connections import Connection

    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            proxy_headers=behind_proxy,
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


def _logged_in(request: Request) -> str | None:
    """The name that the guard has let in, for Gradio."""
    return request.scope.get(USER)


def _warm_up(assistant: Assistant) -> None:
    """Loads what the first question would wait for; should it fail, that question will say why."""
    with suppress(YoujuError):
        if documents := assistant.documents():
            assistant.ask(f"{documents[0].title}？"[:100], language_model="extractive")
