"""The OpenAI-compatible endpoints: ``POST /v1/chat/completions`` and ``GET /v1/models``, for any chat client.

The last user message is the question, the messages before it are the conversation. Answers carry their citations twice:
as marks ``[1]`` with a list of sources in the text, for clients that show text only, and as ``annotations`` of the
message, for those that read them. docs/api.md says what is added to OpenAI's format and what of it has no effect here.
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from rag.answering.events import Event, Finished, Token
from rag.answers import Answer, Claim
from rag.checking.citations import without_marks
from rag.errors import LanguageModelError, UsageError, YoujuError
from rag.language_models import PromptTooLongError
from rag.questions.follow_ups import History
from rag.text.script import is_chinese
from ui.logs import for_others
from ui.paths import with_shown_paths
from ui.service import BusyError, ClientGoneError, Service, UnknownModelError, client_of, language_for, while_connected
from ui.texts import Language, shown_day

PREFIX = "/v1"
MOST_TURNS = 20
SECONDS_TO_RETRY = 2
CLIENT_CLOSED_REQUEST = 499
"""The status that nobody receives: the client has left."""

_SOURCES = {"zh": "\n\n出处：\n", "en": "\n\nSources:\n"}
_CHECKED = {"zh": "\n\n核对后的回答：\n", "en": "\n\nThe answer after it was checked:\n"}
_UNSUPPORTED = {"zh": "（未证实）", "en": " (not borne out)"}
_UNSURE = {"zh": "（部分字从图片识别，可能有误）", "en": " (partly recognised on an image; may be wrong)"}
_QUOTED = 80


class Part(BaseModel):
    """One part of a message; only text is understood."""

    type: str
    text: str = ""


class Message(BaseModel):
    """A message of the conversation. Those of other roles than user and assistant have no effect."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """What it says.

        Raises:
            UsageError: it holds something else than text.
        """
        if isinstance(self.content, list):
            other = sorted({part.type for part in self.content} - {"text", "refusal"})
            if other:
                raise UsageError(
                    zh=f"消息里只能有文字，不能有 {'、'.join(other)}。",
                    en=f"Messages may hold text only, not {', '.join(other)}.",
                )
            return "".join(part.text for part in self.content)
        return self.content or ""


class Options(BaseModel):
    """What Youju adds to a request, under the key ``youju``."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = None
    before: str | None = None
    speaker: str | None = None
    source: str | None = None
    document_id: str | None = None
    strict: bool | None = None
    marks: bool = True
    sources: bool = True
    live: bool | None = None

    def of_the_question(self) -> dict[str, Any]:
        """Those that ``Assistant.stream`` takes."""
        return self.model_dump(exclude={"marks", "sources", "live"}, exclude_none=True)


class StreamOptions(BaseModel):
    """OpenAI's options of a stream."""

    include_usage: bool = False


class Completion(BaseModel):
    """A request. What OpenAI's clients send besides (temperature, tools, …) is accepted and has no effect."""

    model: str = Field(max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=1000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: Literal[1, None] = 1
    youju: Options = Options()

    def question(self) -> str:
        """The last message, which the user must have written.

        Raises:
            UsageError: he has not.
        """
        if self.messages[-1].role != "user":
            raise UsageError(zh="最后一条消息应是用户的问题。", en="The last message must be the user's question.")
        return self.messages[-1].text()

    def history(self) -> History:
        """Earlier questions with their answers, oldest first, without the marks and sources that stood in them."""
        turns: list[tuple[str, str]] = []
        asked = ""
        for message in self.messages[:-1]:
            if message.role == "user":
                asked = message.text()
            elif message.role == "assistant" and asked:
                turns.append((asked, plain_answer(message.text())))
                asked = ""
        return turns[-MOST_TURNS:]


@dataclass(frozen=True, slots=True)
class Content:
    """The text of an answer as a client gets it, with the span of each claim in it.

    Attributes:
        text: with marks and list of sources where they are wanted.
        spans: ``text[start:end]`` is the claim, in the order of ``Answer.claims``.
    """

    text: str
    spans: tuple[tuple[int, int], ...]


def content_of(answer: Answer, *, marks: bool = True, sources: bool = True) -> Content:
    """The text of an answer with ``[1]`` after each claim for its citations, and a list of the sources at its end."""
    language = _language(answer)
    text, spans, at = "", [], 0
    for claim in answer.claims:
        text += answer.text[at : claim.start]
        spans.append((len(text), len(text) + len(claim.text)))
        text += claim.text + (_marks(answer, claim, language) if marks else "")
        at = claim.end
    text += answer.text[at:]
    return Content(text + (sources_of(answer) if sources else ""), tuple(spans))


def sources_of(answer: Answer) -> str:
    """The list of sources that stands below an answer: number, title, date, speaker and quote; empty without any."""
    if not answer.citations:
        return ""
    lines = []
    for number, citation in enumerate(answer.citations, 1):
        day = shown_day(citation.date, citation.date_is_guessed, _language(answer))
        quote = " ".join(citation.quotation.split())
        quote = quote if len(quote) <= _QUOTED else f"{quote[:_QUOTED]}…”"
        origin = "，".join(filter(None, (f"《{' '.join(citation.document.title.split())}》", day, citation.speaker)))
        doubt = _UNSURE[_language(answer)] if citation.unsure else ""
        lines.append(f"[{number}] {origin}：{quote}{doubt}")
    return _SOURCES[_language(answer)] + "\n".join(lines)


def plain_answer(text: str) -> str:
    """An answer of ours as an earlier message gives it back, without what :func:`content_of` added."""
    for introduction in _CHECKED.values():
        text = text.rpartition(introduction)[2]
    for introduction in _SOURCES.values():
        text = text.partition(f"{introduction}[1] ")[0]
    for mark in _UNSUPPORTED.values():
        text = text.replace(mark, "")
    return without_marks(text)


def annotations_of(answer: Answer, spans: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """One annotation for each citation of each claim, in OpenAI's form: a type, and its object under that name."""
    return [
        {
            "type": "youju_citation",
            "youju_citation": {
                "number": answer.number_of(citation),
                "start_index": start,
                "end_index": end,
                "supported": claim.supported,
                **citation.to_dict(),
            },
        }
        for claim, (start, end) in zip(answer.claims, spans, strict=True)
        for citation in claim.citations
    ]


def add_routes(app: FastAPI, service: Service) -> None:
    """Adds the endpoints to a web application."""
    began = int(time.time())

    def described(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": began, "owned_by": "youju"}

    @app.get(f"{PREFIX}/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [described(name) for name in service.models()]}

    @app.get(f"{PREFIX}/models/{{name:path}}")
    def model(name: str, request: Request) -> Response:
        try:
            service.model(name)
        except YoujuError as error:
            return refusal(error, request)
        return JSONResponse(described(name))

    @app.post(f"{PREFIX}/chat/completions")
    async def chat_completions(request: Request) -> Response:
        try:
            completion = Completion.model_validate_json(await request.body())
        except ValidationError as error:
            return _invalid(error)
        try:
            return await _respond(completion, request, service)
        except YoujuError as error:
            return refusal(error, request)
        except ClientGoneError:
            return Response(status_code=CLIENT_CLOSED_REQUEST)

    @app.api_route(f"{PREFIX}/{{path:path}}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def unknown(path: str) -> Response:
        return _error(404, f"There is no endpoint {PREFIX}/{path}.", "invalid_request_error", code="unknown_url")


def refusal(error: YoujuError, request: Request) -> JSONResponse:
    """An error of ours in OpenAI's format, in the language that the request asks for."""
    error = for_others(error)
    message = error.zh if language_for(request) == "zh" else error.en
    status, kind, parameter, code = _meaning(error)
    headers = {"Retry-After": str(SECONDS_TO_RETRY)} if status == 429 else None
    return _error(status, message, kind, parameter, code, headers)


async def _respond(completion: Completion, request: Request, service: Service) -> Response:
    options = completion.youju
    folders = service.assistant.store.folders()
    live = options.live
    if live is None:  # an endpoint may have to be asked for its models
        live = not await asyncio.to_thread(service.quotes, completion.model)
    events = service.events(
        client_of(request.scope),
        completion.question(),
        model=completion.model,
        history=completion.history(),
        **options.of_the_question(),
    )
    if not completion.stream:
        answer = await while_connected(request, _finished(events))
        return JSONResponse(with_shown_paths(_whole(completion, answer), folders))
    first = await while_connected(request, _next(events))  # what is wrong with the question is told before the stream
    return StreamingResponse(
        _stream(completion, first, events, live, request, folders),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _next(events: AsyncGenerator[Event, None]) -> Event:
    return await anext(events)


async def _finished(events: AsyncGenerator[Event, None]) -> Answer:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Finished):
                return event.answer
    raise LanguageModelError(zh="服务正在关闭。", en="The server is closing.")


def _whole(completion: Completion, answer: Answer) -> dict[str, Any]:
    """A ``chat.completion``."""
    content = content_of(answer, marks=completion.youju.marks, sources=completion.youju.sources)
    message = {
        "role": "assistant",
        "content": content.text,
        "refusal": None,
        "annotations": annotations_of(answer, content.spans),
    }
    return {
        **_head("chat.completion", completion.model),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": _usage(answer),
        "youju": _account(answer, content.spans),
    }


async def _stream(
    completion: Completion,
    first: Event,
    events: AsyncGenerator[Event, None],
    live: bool,
    request: Request,
    folders: Sequence[str],
) -> AsyncIterator[str]:
    """The lines of a stream of ``chat.completion.chunk``, the last of them with annotations.

    Live, words are sent as they are written; what the checks then changed follows as a text of its own. Otherwise the
    text is sent when it has been checked.
    """
    head = _head("chat.completion.chunk", completion.model)
    with_usage = bool(completion.stream_options and completion.stream_options.include_usage)

    def chunk(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _line({**head, "choices": [choice], **({"usage": None} if with_usage else {}), **more})

    yield chunk({"role": "assistant", "content": ""})
    written = ""
    event: Event | None = first
    try:
        async with aclosing(events):
            while event is not None:
                if isinstance(event, Token) and live:
                    written += event.text
                    yield chunk({"content": event.text})
                elif isinstance(event, Finished):
                    tail, spans = _ending(completion.youju, event.answer, written)
                    if tail:
                        yield chunk({"content": tail})
                    noted = with_shown_paths(annotations_of(event.answer, spans), folders)
                    yield chunk({"annotations": noted}, "stop", youju=_account(event.answer, spans))
                    if with_usage:
                        yield _line({**head, "choices": [], "usage": _usage(event.answer)})
                event = await anext(events, None)
    except YoujuError as error:
        yield _line(json.loads(bytes(refusal(error, request).body)))
    yield "data: [DONE]\n\n"


def _ending(options: Options, answer: Answer, written: str) -> tuple[str, list[tuple[int, int]]]:
    """What is still to be sent after the words written live, and the spans of the claims in the whole text."""
    content = content_of(answer, marks=options.marks, sources=options.sources)
    if not written:
        return content.text, list(content.spans)
    begins = len(written) - len(written.lstrip())
    if written.strip() == answer.text:
        tail = sources_of(answer) if options.sources else ""
        return tail, [(begins + claim.start, begins + claim.end) for claim in answer.claims]
    introduction = _CHECKED[_language(answer)]
    begins = len(written) + len(introduction)
    return introduction + content.text, [(begins + start, begins + end) for start, end in content.spans]


def _account(answer: Answer, spans: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """What Youju tells about an answer besides its text: its checks, and how it came about."""
    told = answer.to_dict()
    kept = ("abstained", "supported", "understood", "confidence", "withheld", "language_model", "notice", "timings")
    claims = [
        {**claim, "start_index": start, "end_index": end}
        for claim, (start, end) in zip(told["claims"], spans, strict=True)
    ]
    for claim in claims:
        del claim["start"], claim["end"]
    return {**{key: told[key] for key in kept}, "claims": claims}


def _head(kind: str, model: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": model,
    }


def _usage(answer: Answer) -> dict[str, int]:
    read, wrote = answer.usage.get("input_tokens", 0), answer.usage.get("output_tokens", 0)
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


def _marks(answer: Answer, claim: Claim, language: str) -> str:
    numbers = "".join(f"[{answer.number_of(citation)}]" for citation in claim.citations)
    return numbers + ("" if claim.supported or answer.abstained else _UNSUPPORTED[language])


def _language(answer: Answer) -> Language:
    return "zh" if is_chinese(answer.question) else "en"


def _line(data: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _meaning(error: YoujuError) -> tuple[int, str, str | None, str | None]:
    """Status, type, parameter and code of an error of ours."""
    match error:
        case UnknownModelError():
            return 404, "invalid_request_error", "model", "model_not_found"
        case BusyError():
            return 429, "rate_limit_error", None, "rate_limit_exceeded"
        case PromptTooLongError():
            return 400, "invalid_request_error", "messages", "context_length_exceeded"
        case UsageError():
            return 400, "invalid_request_error", "messages", None
        case LanguageModelError():
            return 503, "server_error", "model", "model_unavailable"
        case _:
            return 500, "server_error", None, None


def _invalid(error: ValidationError) -> JSONResponse:
    """What is wrong with the form of a request: the first thing, named by where it stands."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"])) or None
    text = f"{place}: {first['msg']}" if place else first["msg"]
    return _error(400, text, "invalid_request_error", place)


def _error(
    status: int,
    message: str,
    kind: str,
    parameter: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = {"error": {"message": message, "type": kind, "param": parameter, "code": code}}
    return JSONResponse(body, status, headers)
