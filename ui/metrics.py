"""What a server counts for whoever watches it, in Prometheus's form at ``/metrics``: never a question, a text or a name.

The values of a label are few and fixed, so no client can make them more: steps are those of :mod:`rag.tracing.trace`, a
path counts under what it belongs to, and language models are not told apart by their names.
"""

from contextlib import suppress

from fastapi import FastAPI
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.assistant import Assistant
from rag.errors import StoreError
from rag.language_models import EXTRACTIVE
from rag.tracing.trace import Step, watch
from ui.service import Admission

PATH = "/metrics"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
"""Upper ends of the histograms' classes: a search takes milliseconds, a model on this machine may write for a minute."""

_PARTS = (("/v1", "openai"), ("/gradio_api/mcp", "mcp"), ("/gradio_api", "gradio"), (PATH, "metrics"))


class Metrics:
    """The counts of one server. Safe to use from several threads.

    Args:
        assistant: whose documents are counted.
        admission: who is being answered now.
    """

    def __init__(self, assistant: Assistant, admission: Admission) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._answers = Counter(
            "youju_answers",
            "Questions by how they ended, and whether a language model wrote",
            ["outcome", "written"],
            registry=registry,
        )
        self._claims = Counter(
            "youju_claims",
            "Claims by verdict before they were mended",
            ["supported"],
            registry=registry,
        )
        self._steps = Histogram(
            "youju_step_seconds",
            "Seconds of each step of an answer; ask is the whole",
            ["step"],
            buckets=SECONDS,
            registry=registry,
        )
        self._requests = Counter(
            "youju_http_requests",
            "Requests by what they were for and how they ended",
            ["to", "status"],
            registry=registry,
        )
        under_way = Gauge(
            "youju_questions_under_way", "Questions that are worked on or wait for their turn", registry=registry
        )
        under_way.set_function(admission.total)
        self._documents = Gauge("youju_documents", "Documents of the index", registry=registry)
        self._chunks = Gauge("youju_chunks", "Chunks of the index", registry=registry)
        self._store = assistant.store
        self._end = watch(self._take)

    def close(self) -> None:
        """Stops counting steps."""
        self._end()

    def add_route(self, app: FastAPI) -> None:
        """Adds ``/metrics`` to a web application."""
        app.get(PATH)(lambda: Response(self.page(), media_type=CONTENT_TYPE_LATEST))

    def counting(self, app: ASGIApp) -> ASGIApp:
        """An application whose responses are counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._answered(scope["path"], message["status"])
                await send(message)

            await app(scope, receive, sending)

        return counted

    def page(self) -> bytes:
        """All counts as text, for Prometheus to read."""
        with suppress(StoreError):  # what is wrong with the index, its questions tell; the other counts are still good
            documents, chunks = self._store.sizes()
            self._documents.set(documents)
            self._chunks.set(chunks)
        return generate_latest(self._registry)

    def _answered(self, path: str, status: int) -> None:
        to = next((name for prefix, name in _PARTS if path == prefix or path.startswith(f"{prefix}/")), "page")
        self._requests.labels(to, str(status)).inc()

    def _take(self, step: Step) -> None:
        self._steps.labels(step.name).observe(step.seconds)
        if step.name == "ask":
            written = step.attributes.get("model", EXTRACTIVE) != EXTRACTIVE
            self._answers.labels(_outcome(step), str(written).lower()).inc()
        elif step.name == "check" and not step.failure:
            supported = int(step.attributes["supported"])
            self._claims.labels("true").inc(supported)
            self._claims.labels("false").inc(int(step.attributes["claims"]) - supported)


def _outcome(step: Step) -> str:
    if step.failure:
        return "stopped" if step.failure in ("stopped", "StoppedError") else "failed"
    return "silent" if step.attributes["abstained"] else "answered"
