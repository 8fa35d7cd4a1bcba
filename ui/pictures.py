"""Pages of documents as pictures: for the page, and under ``/pages/ID/NUMBER``.

Whoever may read a document's text may see its pages: the index knows the file, a client names the document only.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from rag.assistant import Assistant
from rag.errors import LoadError, OriginalError, UsageError, YoujuError
from rag.loading.base import Place
from rag.loading.pictures import page_picture, places_on_page
from rag.text.documents import Document, Span
from ui.guard import refused
from ui.logs import for_others
from ui.service import Admission, BusyError, client_of, language_for

PATH = "/pages"
PER_CLIENT, WAITING = 4, 12
"""Pages of one client, and of all, that may be drawn or wait for it; each takes a thread of the server."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as PNG, and the places on it to mark."""

    picture: bytes
    places: Sequence[Place]


class Pictures:
    """Draws pages, not too many at once. Safe to use from several threads."""

    def __init__(self) -> None:
        self._admission = Admission(PER_CLIENT, WAITING)

    def page(self, document: Document, number: int, client: str) -> bytes:
        """A page as PNG.

        Args:
            client: who asks for it; see :func:`ui.service.client_of`.

        Raises:
            BusyError: too many are wanted at once.
            UsageError, LoadError: as for :func:`rag.loading.pictures.page_picture`.
        """
        with self._admitted(client):
            return page_picture(document, number)

    def page_or_reason(self, document: Document, number: int, spans: Sequence[Span], client: str) -> Drawn | YoujuError:
        """A page with the places of spans of the document's text on it, or why there is none."""
        try:
            with self._admitted(client):
                picture = page_picture(document, number)
                try:
                    return Drawn(picture, places_on_page(document, number, spans))
                except YoujuError:
                    return Drawn(picture, [])
        except YoujuError as error:
            return error

    @contextmanager
    def _admitted(self, client: str) -> Iterator[None]:
        try:
            self._admission.enter(client)
        except BusyError:
            raise BusyError(
                zh="正在打开的原页太多，请稍候再试。", en="Too many pages are being opened; try again in a moment."
            ) from None
        try:
            yield
        finally:
            self._admission.leave(client)


def address_of(document: Document, number: int) -> str:
    """Where the picture of a page is, seen from the page."""
    return f"{PATH[1:]}/{quote(document.id, safe='')}/{number}"


def add_route(app: FastAPI, assistant: Assistant, pictures: Pictures) -> None:
    """Adds ``GET /pages/ID/NUMBER``: 200 with a PNG, else 404, 410, 422, 429 or 500 with the reason."""

    @app.api_route(f"{PATH}/{{document_id}}/{{number}}", methods=["GET", "HEAD"])
    def page(document_id: str, number: int, request: Request) -> Response:
        try:
            picture = pictures.page(assistant.document(document_id), number, client_of(request.scope))
        except YoujuError as error:
            status, code = _status(error)
            told = for_others(error)
            return refused(status, told.zh if language_for(request) == "zh" else told.en, code)
        # The file may change or go, and the document too: it is asked for anew each time.
        return Response(picture, media_type="image/png", headers={"Cache-Control": "private, no-store"})


def _status(error: YoujuError) -> tuple[int, str]:
    match error:
        case UsageError():
            return 404, "not_found"
        case OriginalError():
            return 410, "original_gone"
        case BusyError():
            return 429, "busy"
        case LoadError():
            return 422, "not_drawn"
        case _:
            return 500, "server_error"
