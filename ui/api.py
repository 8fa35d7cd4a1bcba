"""The named endpoints of the Gradio app: plain functions that ``gradio_client``, HTTP and MCP clients call as tools.

What they return is ready for JSON; the path of a document, relative to what was added, stands under ``file``. Their docstrings and types are what an MCP client is told about them.
"""

import json
import re
from contextlib import aclosing
from typing import Any, TypeVar, cast

import gradio as gr

from rag.answering.events import Finished
from rag.answers import Answer, hit_to_dict, unsure_to_dicts
from rag.errors import UsageError, YoujuError
from rag.questions.inputs import checked_filter, checked_history
from ui.blocks import Refusal, connection_of
from ui.logs import asked
from ui.paths import shown_path, with_shown_paths
from ui.service import AUTO, ClientGoneError, Service, client_of, while_connected

Result = TypeVar("Result")

MOST_PASSAGES = 50
MOST_DOCUMENTS = 200
MOST_CHARACTERS = 20_000

_IS_MCP = re.compile("/gradio_api/mcp(?:/|$)")
_WAITS = re.compile("/gradio_api/(?:(?:run|api)/[a-z]+/?$|mcp(?:/|$))")
"""Paths of requests that are answered in place; those of Gradio's queue end at once, and their end tells nothing."""


class Endpoints:
    """The endpoints over one service; ``add_endpoints`` puts them into a Gradio app."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._assistant = service.assistant

    async def ask(
        self,
        question: str,
        model: str = AUTO,
        history: list[list[str]] | None = None,
        after: str = "",
        before: str = "",
        speaker: str = "",
        source: str = "",
        strict: bool = False,
        passages: bool = False,
        request: gr.Request = None,  # type: ignore[assignment] # Gradio fills it in; the others are the caller's
    ) -> dict[str, Any]:
        """Answer a question from the documents. Every claim of the answer is cited by an exact span of a document.

        Args:
            question: what is asked, in Chinese or English, at most 2,000 characters
            model: what writes the answer: auto, extractive (the sources quoted verbatim), or local or endpoint where the server has them
            history: earlier [question, answer] pairs of the conversation, oldest first, so that a follow-up is understood
            after: only documents published on this day or later: 2023, 2023-04 or 2023-04-21
            before: only documents published on this day or earlier
            speaker: only what this person says
            source: only documents of this source
            strict: leave claims out that the documents do not bear out, instead of marking them
            passages: also return the passages that were searched (they are always there when nothing was found)

        Returns:
            text, abstained (true: the documents do not answer the question), claims with their checks and the numbers of their citations, citations (quote, document, title, date, speaker, start and end in the document), how the question was understood
        """
        options = {**_filters(after, before, speaker, source), **({"strict": True} if strict else {})}

        async def answer() -> Answer:
            turns = _turns(history)
            asked = self._service.events(_client(request), question, model=model, history=turns, **options)
            async with aclosing(asked) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        return event.answer
            raise RuntimeError("the server is closing")

        try:
            connection = connection_of(request)
            waits = connection and _WAITS.search(connection.url.path)
            found = await while_connected(connection, answer()) if connection and waits else await answer()
        except ClientGoneError as error:
            raise gr.Error("", print_exception=False) from error  # nobody is there to read it
        except YoujuError as error:
            raise Refusal(error, request) from error
        told = found.to_dict()
        return self._given(told if passages or found.abstained else {**told, "hits": []}, request)

    def search(
        self,
        question: str,
        k: int = 10,
        after: str = "",
        before: str = "",
        speaker: str = "",
        source: str = "",
        document_id: str = "",
        request: gr.Request = None,  # type: ignore[assignment]
    ) -> list[dict[str, Any]]:
        """Find the passages of the documents that serve a question or keywords, best first.

        Args:
            question: question or keywords
            k: number of passages, at most 50
            after: only documents published on this day or later: 2023, 2023-04 or 2023-04-21
            before: only documents published on this day or earlier
            speaker: only what this person says
            source: only documents of this source
            document_id: only this document

        Returns:
            passages with text, score, document_id, title, date, source, speakers, start and end in the document
        """
        asked(_client(request), question)
        try:
            filters = _filters(after, before, speaker, source, document_id)
            found = self._assistant.retrieve(question, _between("k", k, 1, MOST_PASSAGES), **filters)
        except YoujuError as error:
            raise Refusal(error, request) from error
        return self._given([hit_to_dict(hit) for hit in found], request)

    def documents(
        self,
        contains: str = "",
        limit: int = 100,
        offset: int = 0,
        request: gr.Request = None,  # type: ignore[assignment]
    ) -> dict[str, Any]:
        """List the documents that answers come from.

        Args:
            contains: only documents whose title, source or path contains this
            limit: how many at most, up to 200
            offset: how many to leave out first

        Returns:
            total, and documents with id, title, date, date_is_guessed (only the file's name tells it), source, event,
            speakers, file, number of characters, near_duplicates
        """
        try:
            wanted = (checked_filter("contains", contains) or "").strip().lower()
            _between("limit", limit, 1, MOST_DOCUMENTS)
            _between("offset", offset, 0, None)
        except YoujuError as error:
            raise Refusal(error, request) from error
        folders = self._assistant.store.folders()
        entries = [
            entry
            for entry in self._assistant.documents()
            if wanted in f"{entry.title}\n{entry.source}\n{shown_path(entry.path, folders)}".lower()
        ]
        listed = [
            {
                "id": entry.id,
                "title": entry.title,
                "date": entry.date.isoformat() if entry.date else None,
                "date_is_guessed": entry.date_is_guessed,
                "source": entry.source,
                "event": entry.event,
                "speakers": list(entry.speakers),
                "path": entry.path,
                "characters": entry.characters,
                "added": entry.added,
                "near_duplicates": list(entry.near_duplicates),
            }
            for entry in entries[offset : offset + limit]
        ]
        return self._given({"total": len(entries), "documents": listed}, request)

    def read(
        self,
        document_id: str,
        start: int = 0,
        end: int = 2000,
        request: gr.Request = None,  # type: ignore[assignment]
    ) -> dict[str, Any]:
        """Read a span of a document, for instance what stands around a citation.

        Args:
            document_id: as in a citation or in the list of documents
            start: first character
            end: character after the last; at most 20,000 characters are given at once

        Returns:
            text of the span, its start and end, title, date and number of characters of the document, and in unsure the
            characters of the span that were recognised on an image and may be wrong
        """
        try:
            _between("start", start, 0, None)
            _between("end", end, start, None)
            document = self._assistant.document(document_id)
        except YoujuError as error:
            raise Refusal(error, request) from error
        last = min(end, start + MOST_CHARACTERS, len(document.text))
        span = {
            "document_id": document.id,
            "title": document.title,
            "date": document.date.isoformat() if document.date else None,
            "date_is_guessed": document.date_is_guessed,
            "characters": len(document.text),
            "start": min(start, last),
            "end": last,
            "text": document.text[start:last],
            "unsure": unsure_to_dicts(document, min(start, last), last),
        }
        return self._given(span, request)

    def timeline(
        self,
        topic: str,
        after: str = "",
        before: str = "",
        speaker: str = "",
        source: str = "",
        request: gr.Request = None,  # type: ignore[assignment]
    ) -> dict[str, Any]:
        """List how much something was, or is planned to be, at all dates that the documents give, newest first.

        Args:
            topic: what is measured, such as 5G基站
            after: only documents published on this day or later: 2023, 2023-04 or 2023-04-21
            before: only documents published on this day or earlier
            speaker: only what this person says
            source: only documents of this source

        Returns:
            topic, and points with value, unit, first and last day, status (actual or plan), speaker and citation
        """
        asked(_client(request), topic)
        try:
            found = self._assistant.timeline(topic, **_filters(after, before, speaker, source))
        except YoujuError as error:
            raise Refusal(error, request) from error
        return self._given(found.to_dict(), request)

    def _given(self, value: Result, request: gr.Request | None) -> Result:
        """A result as its caller can read it; MCP carries text, which is to be JSON and not Python."""
        connection = connection_of(request)
        told = _without_paths(with_shown_paths(value, self._assistant.store.folders()))
        if connection and _IS_MCP.search(connection.url.path):
            told = json.dumps(told, ensure_ascii=False)
        return cast("Result", told)


def add_endpoints(page: gr.Blocks, service: Service) -> None:
    """Adds ``/ask``, ``/search``, ``/documents``, ``/read`` and ``/timeline`` to a page.

    They do not go through Gradio's queue: the service keeps one of its own, which counts the questions of each client.
    """
    endpoints = Endpoints(service)
    with page:
        for endpoint in (
            endpoints.ask,
            endpoints.search,
            endpoints.documents,
            endpoints.read,
            endpoints.timeline,
        ):
            gr.api(endpoint, api_name=endpoint.__name__, queue=False)  # type: ignore[attr-defined] # it has no stub


def _without_paths(value: Any) -> Any:
    """JSON with ``file`` for each ``path``: Gradio takes an object with a ``path`` for a file, and would hand it out."""
    if isinstance(value, dict):
        return {"file" if key == "path" else key: _without_paths(each) for key, each in value.items()}
    return [_without_paths(each) for each in value] if isinstance(value, list | tuple) else value


def _filters(
    after: str = "", before: str = "", speaker: str = "", source: str = "", document_id: str = ""
) -> dict[str, str]:
    given = {"after": after, "before": before, "speaker": speaker, "source": source, "document_id": document_id}
    return {name: value for name, value in given.items() if value}


def _turns(history: list[list[str]] | None) -> list[tuple[str, str]]:
    return checked_history(history)


def _between(name: str, value: Any, least: int, most: int | None) -> int:
    """``value`` where it lies between the two.

    Raises:
        UsageError: it does not.
    """
    if isinstance(value, int) and least <= value and (most is None or value <= most):
        return int(value)
    upper = ("", "") if most is None else (f"、至多 {most}", f" and at most {most}")
    raise UsageError(zh=f"{name} 应至少 {least}{upper[0]}。", en=f"{name} must be at least {least}{upper[1]}.")


def _client(request: gr.Request | None) -> str:
    connection = connection_of(request)
    return client_of(connection.scope) if connection else ""
