"""A service of one's own in FastAPI: a question in, an answer with its citations out.

    YOUJU_INDEX=my-index uvicorn --app-dir examples fastapi_service:app
    curl -s http://127.0.0.1:8000/answers -H 'Content-Type: application/json' -d '{"question": "市图书馆周几闭馆？"}'

It shows the way from an HTTP request to an answer and no more: no login, no limits. `youju serve` has both
(docs/api.md). FastAPI comes with ``pip install 'youju[ui]'``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

import rag


class Asked(BaseModel):
    """The body of a request."""

    question: str
    after: str | None = None
    before: str | None = None


@asynccontextmanager
async def opened(app: FastAPI) -> AsyncIterator[None]:
    """Keeps one assistant open as long as the service runs; its threads share it."""
    with rag.Assistant.open() as app.state.assistant:
        yield


app = FastAPI(title="Answers", lifespan=opened)


@app.post("/answers")
def answer(asked: Asked, request: Request) -> dict[str, Any]:
    """The answer; 400 with a sentence for people where the question or a filter is not in order.

    No ``async``: an answer takes its time, and so has a thread of its own.
    """
    assistant: rag.Assistant = request.app.state.assistant
    try:
        found = assistant.ask(asked.question, after=asked.after, before=asked.before)
    except rag.YoujuError as error:
        raise HTTPException(400, str(error)) from error
    told = found.to_dict()
    return {name: told[name] for name in ("text", "abstained", "supported", "confidence", "claims", "citations")}
