"""What the interfaces for programs share: the language models they offer, who may ask how much, and answers on the way.

An answer is worked out on a thread of a small pool; its events reach the event loop as an asynchronous iterator. Who
leaves before the end frees that thread at once, whatever the language model is at: closing or cancelling the iterator
stops the assistant's stream.
"""

import asyncio
import logging
import os
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.types import Scope

from rag.answering.events import Event
from rag.assistant import Assistant
from rag.errors import UsageError, YoujuError, interface_language
from rag.language_models import ENDPOINT_VARIABLE, EXTRACTIVE, EndpointError, choose, is_available
from rag.questions.follow_ups import History
from rag.text.surrogates import without_surrogates
from ui.logs import asked
from ui.texts import Language, preferred

logger = logging.getLogger(__name__)

AT_ONCE = 4
WAITING_PER_CLIENT = 3
WAITING = 32
SECONDS_BETWEEN_LOOKS = 0.2
AUTO, LOCAL, ENDPOINT = "auto", "local", "endpoint"
CLIENT = "youju.client"
USER = "youju.user"
"""Keys of an ASGI scope that the guard (:mod:`ui.guard`) sets: who asks, and the name that was logged in."""

Result = TypeVar("Result")


class UnknownModelError(UsageError):
    """The language model asked for is not among those offered."""


class BusyError(YoujuError):
    """Too many questions are waiting; ask again in a moment."""


class ClientGoneError(Exception):
    """Who asked has closed the connection; there is nobody to answer."""


class Admission:
    """Who may ask how much, on the page and through the interfaces together. Safe to use from several threads.

    Args:
        per_client: how many questions of one client may be under way, worked on or waiting.
        waiting: how many questions of all clients may be under way.
    """

    def __init__(self, per_client: int = WAITING_PER_CLIENT, waiting: int = WAITING) -> None:
        self.per_client = per_client
        self.waiting = waiting
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, client: str) -> None:
        """Takes one of the client's places.

        Raises:
            BusyError: this client, or all together, have too many questions under way.
        """
        with self._lock:
            if self._under_way[client] >= self.per_client:
                raise BusyError(
                    zh=f"您已有 {self.per_client} 个问题在等待回答，请稍候再问。",
                    en=f"{self.per_client} of your questions are waiting for answers; ask again in a moment.",
                )
            if self._under_way.total() >= self.waiting:
                raise BusyError(
                    zh="现在提问的人太多，请稍候再问。", en="Too many questions are waiting; ask again soon."
                )
            self._under_way[client] += 1

    def total(self) -> int:
        """How many questions of all clients are under way."""
        with self._lock:
            return self._under_way.total()

    def leave(self, client: str) -> None:
        """Gives the place back."""
        with self._lock:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]


class Service:
    """Answers the questions of programs with one assistant. Safe to use from several threads.

    One client can have fewer questions under way than are answered at once, so the others are never left waiting for
    him alone; the local language model takes the questions in the order in which they come.

    Args:
        assistant: answers and holds the documents.
        at_once: how many questions are worked on at the same time.
        admission: who may ask how much; one of its own if none is given.
    """

    def __init__(
        self,
        assistant: Assistant,
        *,
        at_once: int = AT_ONCE,
        admission: Admission | None = None,
    ) -> None:
        self.assistant = assistant
        self.admission = admission or Admission()
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="service")
        self._under_way: set[threading.Event] = set()

    def close(self) -> None:
        """Stops what is under way and takes no more questions."""
        for left in list(self._under_way):
            left.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- language models ----------------------------------------------------------------------------------------------

    def models(self) -> dict[str, Any]:
        """The language models on offer by name, each as ``Assistant.ask`` takes it; the first is the default.

        ``auto`` is the assistant's own; a client can choose among those configured here, never name a file or a URL.
        """
        offered: dict[str, Any] = {AUTO: None, EXTRACTIVE: EXTRACTIVE}
        if is_available():
            offered[LOCAL] = LOCAL
        if endpoint := os.environ.get(ENDPOINT_VARIABLE, "").strip():
            offered[ENDPOINT] = endpoint
        return offered

    def model(self, name: str) -> Any:
        """The language model of that name.

        Raises:
            UnknownModelError: it is not on offer.
        """
        offered, name = self.models(), without_surrogates(str(name))
        if name not in offered:
            names = "、".join(offered)
            raise UnknownModelError(
                zh=f"没有语言模型“{name[:80]}”。可用的有：{names}。",
                en=f"There is no language model '{name[:80]}'. On offer: {names.replace('、', ', ')}.",
            )
        return offered[name]

    def quotes(self, name: str) -> bool:
        """Whether answers of that model are quotations, at once complete, and not written word by word."""
        setting = self.model(name)
        own = self.assistant.language_model
        try:
            return choose(own if setting is None else setting).chat_model is None
        except EndpointError:  # the answer will be quoted, and tell why
            return True

    # -- answers ------------------------------------------------------------------------------------------------------

    async def events(
        self, client: str, question: str, *, model: str = AUTO, history: History | None = None, **options: Any
    ) -> AsyncGenerator[Event, None]:
        """The events of an answer as ``Assistant.stream`` gives them. Closing the iterator stops the language model.

        Args:
            client: who asks; see :func:`client_of`.
            question, history, options: as for ``Assistant.stream``.
            model: a name of :meth:`models`.

        Raises:
            BusyError: this client, or all together, have too many questions under way.
            UnknownModelError: the model is not on offer.
            UsageError, LanguageModelError: as for ``Assistant.stream``.
        """
        setting = self.model(model)
        asked(client, question)
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        left = threading.Event()

        def tell(item: Event | BaseException | None) -> None:
            with suppress(RuntimeError):  # the event loop has ended, and with it whoever listened
                loop.call_soon_threadsafe(arrived.put_nowait, item)

        def work() -> None:
            try:
                stream = self.assistant.stream(
                    question, history=history, language_model=setting, cancelled=left, **options
                )
                with closing(stream) as events:
                    for event in events:
                        if left.is_set():
                            break
                        tell(event)
            except BaseException as error:
                if not isinstance(error, YoujuError):
                    logger.exception("answering failed unexpectedly")
                tell(error)  # raised where it is listened for
            finally:
                tell(None)

        job = self._start(client, work)
        self._under_way.add(left)
        try:
            while (item := await arrived.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            left.set()
            job.cancel()
            self._under_way.discard(left)

    def _start(self, client: str, work: Any) -> "Future[None]":
        """Puts work into the pool; the client's place is free again when it is done or was never begun."""
        self.admission.enter(client)
        try:
            job = self._pool.submit(work)
        except RuntimeError:
            self.admission.leave(client)
            raise
        job.add_done_callback(lambda _: self.admission.leave(client))
        return job


def client_of(scope: Scope) -> str:
    """Who asks: the name he logged in with, else his address."""
    if name := scope.get(CLIENT):
        return str(name)
    peer = scope.get("client")
    return peer[0] if peer else ""


def language_for(request: Request) -> Language:
    """The language of messages: what the request asks for, else that of the server."""
    wanted = request.headers.get("accept-language")
    if wanted and wanted != "*":
        return preferred(wanted)
    return "zh" if interface_language() == "zh" else "en"


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Awaits ``work`` as long as the client stays; cancels it when he leaves.

    Raises:
        ClientGoneError: he left.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait([task], timeout=SECONDS_BETWEEN_LOOKS))[0]:
            if await request.is_disconnected():
                raise ClientGoneError
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
