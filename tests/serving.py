"""A real server on a free port of this machine, in a thread, and a language model that writes as slowly as told."""

import asyncio
import gc
import json
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from tests.waiting import LONGEST, until


@contextmanager
def served(assistant: Any, *, behind_proxy: bool = False, **options: Any) -> Iterator[str]:
    """The URL of a server over the assistant, without a slash at its end."""
    from ui import server

    listening = server.listen("127.0.0.1", 0)
    running = server.server_of(server.create(assistant, **options), behind_proxy=behind_proxy)
    _forget_loops()
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        until(lambda: running.started)
        yield server.address(listening).rstrip("/")
    finally:
        running.should_exit = True
        thread.join(LONGEST)
        listening.close()
    assert not thread.is_alive(), _standing(running, thread)
    _forget_loops()


def begun(url: str, path: str, body: Any) -> HTTPConnection:
    """A request that is sent and not yet answered; closing the connection leaves it."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=LONGEST)
    connection.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    return connection


def _standing(running: Any, thread: threading.Thread) -> str:
    """Where a server that does not end stands: its thread and all others, what it waits for, and the tasks of its loop."""
    where = [
        f"{each.name}\n" + "".join(traceback.format_stack(frame)[-12:])
        for each in (thread, *threading.enumerate())
        if (frame := sys._current_frames().get(each.ident or 0))
    ]
    state = running.server_state
    told = f"connections: {state.connections}\ntasks: {state.tasks}\n"
    told += f"lifespan: failed {running.lifespan.error_occurred}, ended {running.lifespan.shutdown_event.is_set()}\n"
    loops = {each.get_loop() for each in running.servers}
    for task in (task for loop in loops for task in asyncio.all_tasks(loop)):
        told += f"\n{task.get_name()}\n"
        inner: Any = task.get_coro()
        while frame := getattr(inner, "cr_frame", getattr(inner, "ag_frame", None)):
            told += f"  {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}\n"
            inner = getattr(inner, "cr_await", getattr(inner, "ag_await", None))
    return "".join(where) + told


def _forget_loops() -> None:
    """Collects the event loops that Gradio makes and never closes, so that no later test is blamed for them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


class SlowChatModel(BaseChatModel):
    """Writes one text word by word, with a pause before each; counts who began and who was stopped or came to the end.

    After the first word it says nothing more until ``go_on`` is set, so that a test finds an answer on its way however
    slow the machine is; it can be stopped meanwhile.
    """

    words: list[str]
    pause: float = 0.05
    go_on: Any = None
    _begun: int = PrivateAttr(default=0)
    _ended: int = PrivateAttr(default=0)
    _finished: int = PrivateAttr(default=0)

    @property
    def _llm_type(self) -> str:
        return "slow"

    @property
    def model_name(self) -> str:
        return "slow"

    @property
    def counts(self) -> dict[str, int]:
        return {"begun": self._begun, "ended": self._ended, "finished": self._finished}

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> Iterator[Any]:
        self._begun += 1
        try:
            for place, word in enumerate(self.words):
                time.sleep(self.pause)
                while place and self.go_on and not self.go_on.wait(0.25):
                    yield ChatGenerationChunk(message=AIMessageChunk(content=""))
                yield ChatGenerationChunk(message=AIMessageChunk(content=word))
            self._finished += 1
        finally:
            self._ended += 1

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        from langchain_core.language_models.chat_models import generate_from_stream

        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))
