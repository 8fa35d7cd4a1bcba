"""What of Gradio can be reached, and what a call may hold.

Gradio serves far more than a page and its clients need: the reloading of developers, a proxy, files by path, recordings.
:class:`Routes` lets through what is listed here and nothing else, so that a new version of Gradio opens no new door. The
calls among them are JSON; one that is not, or that names a file which was not uploaded, never reaches Gradio.
"""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import UsageError
from ui.blocks import STATUS
from ui.guard import BodyError, refused
from ui.logs import told_where
from ui.pictures import PATH
from ui.uploads import uploaded

UPLOAD_PATH = "/gradio_api/upload"
MCP_PATH = "/gradio_api/mcp"
LONGEST_NAME = 255
"""Bytes of one part of a path; where it names a file, the system knows no longer one."""
DEEPEST = 50
"""Most arrays and objects within each other that a call may have; those of the page and of clients have about five."""

_READING = ("GET", "HEAD")
_ALL = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SHOWN = (
    r"/|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/(?:assets|static|svelte)/.+"
    r"|/gradio_api/(?:info/?|openapi\.json|app_id/?|theme\.css|startup-events|queue/data|heartbeat/[^/]+)"
    r"|/gradio_api/call/(?:v2/)?[^/]+/[^/]+"
)
_CALLED = r"/gradio_api/(?:queue/join|cancel|reset/?|(?:run|api|call|call/v2)/[^/]+/?)"
_OF_PROGRAMS = r"/v1(?:/.*)?"
_OF_MCP = rf"{MCP_PATH}/?"
_OF_THE_PAGE = rf"/gradio_api/upload_progress|{PATH}/[^/]+/[1-9][0-9]{{0,5}}"

logger = logging.getLogger(__name__)


class Routes:
    """The ASGI application between the guard and Gradio: known routes, well-formed calls, errors without a traceback.

    Args:
        app: Gradio, and the endpoints that are not its own.
        page: whether there is a page, with a tab of sources: files can be uploaded, and pages of documents seen.
        metrics: whether there are counts to read (:mod:`ui.metrics`).
    """

    def __init__(self, app: ASGIApp, *, page: bool, metrics: bool = False) -> None:
        self._app = app
        shown, sent = (f"{_SHOWN}|{_OF_THE_PAGE}", rf"{UPLOAD_PATH}/?") if page else (_SHOWN, "(?!)")
        shown = f"{shown}|/metrics" if metrics else shown
        self._shown, self._called, self._sent = map(re.compile, (shown, rf"{_CALLED}|{_OF_MCP}", sent))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it with 400, 404, 405, 413, 422 or 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if refusal := self._refusal(scope):
            await refusal(scope, receive, send)
            return
        calls = scope["method"] == "POST" and bool(self._called.fullmatch(scope["path"]))
        if calls:
            body = await _whole(Request(scope, receive))
            if body is None:
                return
            if problem := _problem(body):
                await refused(*problem)(scope, receive, send)
                return
            receive = _again(body, receive)
        await self._answered(scope, receive, send, calls)

    def allowed(self, path: str) -> tuple[str, ...]:
        """The methods with which a path can be requested; none where there is nothing."""
        if re.fullmatch(rf"{_OF_PROGRAMS}|{_OF_MCP}", path):
            return _ALL
        shown = _READING if self._shown.fullmatch(path) else ()
        return (*shown, "POST") if self._called.fullmatch(path) or self._sent.fullmatch(path) else shown

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        possible = all(len(part.encode("utf-8", "replace")) <= LONGEST_NAME for part in scope["path"].split("/"))
        allowed = self.allowed(scope["path"]) if possible else ()
        if not allowed:
            return refused(404, "There is nothing at this address.", "not_found")
        if scope["method"] not in allowed:
            return refused(405, f"Only {', '.join(allowed)} is possible here.", "method_not_allowed")
        return None

    async def _answered(self, scope: Scope, receive: Receive, send: Send, calls: bool) -> None:
        """Has a request answered; what breaks down over it is answered in a sentence and logged in a line."""
        sending = _Sending(scope, send)
        failure: Exception | None = None
        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            return
        except BodyError:
            raise
        except Exception as error:  # noqa: BLE001 (logged without its text)
            failure = error
        if sending.started:
            if failure is not None:
                logger.error("A response broke off. %s", told_where(failure))
                await sending.end()
            return
        if failure is not None and calls:  # what functions raise has been dealt with: it is the call that is odd
            logger.info("A call was refused. %s", told_where(failure))
            answer = refused(
                422, "There is no such function, or the call has not the form that it takes.", "invalid_call"
            )
        else:
            logger.error("A request failed. %s", told_where(failure) if failure else "No reason was given.")
            answer = refused(500, "This request could not be carried out.", "server_error")
        await answer(scope, receive, send)


class _Sending:
    """Sends responses on: with the status that a failed call was given, without Gradio's own words for a breakdown."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.started = False
        self._tells_events = False
        self._told: dict[str, int] = {}
        scope[STATUS] = self._told
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == 500:
                if "json" not in Headers(raw=message["headers"]).get("content-type", ""):
                    return
                message = {**message, "status": self._told.get("status", 500)}
            self.started = True
            self._tells_events = Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
        if self.started:
            await self._send(message)

    async def end(self) -> None:
        """Ends a stream of events that broke off (that of a call which never was, say) with an event that says so."""
        if self._tells_events:
            await self._send({"type": "http.response.body", "body": b"event: error\ndata: null\n\n"})


async def _whole(request: Request) -> bytes | None:
    """The body of a request; None if its client leaves before it is there."""
    try:
        return await request.body()
    except ClientDisconnect:
        return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Receives a body once more that has been read, and then what follows it."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving


def _problem(body: bytes) -> tuple[int, str, str] | None:
    """What is wrong with the body of a call: status, sentence and code."""
    try:
        call = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return 400, "The body of the request must be JSON.", "invalid_json"
    if not isinstance(call, dict | list):
        return 422, "The body of the request must be an object.", "invalid_call"
    try:
        for value in _within(call):
            if isinstance(value, dict) and "path" in value:
                uploaded(value["path"])
            elif isinstance(value, str):
                value.encode("utf-8")
    except UnicodeEncodeError:
        return 400, "A text of the request holds half a character (a lone surrogate).", "invalid_text"
    except RecursionError:
        return 400, f"Arrays and objects may lie {DEEPEST} deep within each other.", "too_deep"
    except UsageError:
        return 422, "Only files that were uploaded to this server can be named.", "not_uploaded"
    return None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _within(value: Any, depth: int = 0) -> Iterator[Any]:
    """A value and all that it holds, keys too.

    Raises:
        RecursionError: it is deeper than calls are.
    """
    if depth > DEEPEST:
        raise RecursionError
    yield value
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _within(each, depth + 1)
