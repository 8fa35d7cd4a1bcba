"""Answers on their way: each is worked out on a thread of its own, so a page that is closed or loaded again loses nothing.

A page follows a run and may leave it; the run goes on and its turn is kept. Stopping one closes its stream, which frees
the language model for the next question.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

from rag.answering.events import Event
from rag.assistant import EvidenceFound, Finished, SectionRead, Token
from rag.errors import YoujuError
from ui.answer_view import from_answer
from ui.conversations import Turn
from ui.service import Admission
from ui.texts import Language

logger = logging.getLogger(__name__)

AT_ONCE = 4

Ask = Callable[[threading.Event], Generator[Event, None, None]]
"""Makes the events of an answer; it is stopped by setting the event."""

Keep = Callable[[Turn], None]


class Run:
    """One answer on its way.

    Attributes:
        owner: whose question it is.
        turn: the question; once the run is over, what came of it.
        read: the section that was read last, for a summary.
        found: the evidence, once it is there.
        text: what has been written so far, since the evidence.
        over: whether the turn is final.
    """

    def __init__(
        self, turn: Turn, keep: Keep, language: Language, owner: str = "", then: Callable[[], None] = lambda: None
    ) -> None:
        self.owner = owner
        self.turn = turn
        self.read: SectionRead | None = None
        self.found: EvidenceFound | None = None
        self.text = ""
        self.over = False
        self.stopped = threading.Event()
        self._keep = keep
        self._then = then
        self._language = language
        self._version = 0
        self._changed = threading.Condition()

    def wait(self, seen: int, timeout: float) -> int:
        """Waits until there is more than the caller has ``seen``, at most ``timeout`` seconds; what there is now."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > seen, timeout)
            return self._version

    def stop(self) -> None:
        """Ends the run now, whatever the model is at; its turn keeps what had been written."""
        self.stopped.set()
        self._finish(replace(self.turn, status="stopped", text=self.text))

    def work(self, ask: Ask) -> None:
        """Works the answer out; called on the run's thread."""
        try:
            with closing(ask(self.stopped)) as events:
                for event in events:
                    if not self._take(event):
                        return
        except YoujuError as error:
            logger.warning("a question was not answered", exc_info=error)
            self._finish(replace(self.turn, status="failed", text=error.zh if self._language == "zh" else error.en))
        except BaseException as error:
            logger.exception("answering failed unexpectedly")
            self._finish(replace(self.turn, status="failed", text=f"{type(error).__name__}: {error}"))
            raise

    def _take(self, event: Event) -> bool:
        """Takes an event in; False when the run is over."""
        with self._changed:
            if self.over:
                return False
            if isinstance(event, SectionRead):
                self.read = event
            elif isinstance(event, EvidenceFound):
                self.found, self.text = event, ""
            elif isinstance(event, Token):
                self.text += event.text
            self._version += 1
            self._changed.notify_all()
        if isinstance(event, Finished):
            self._finish(replace(self.turn, answer=from_answer(event.answer)))
        return not self.over

    def _finish(self, turn: Turn) -> None:
        with self._changed:
            if self.over:
                return
            self.over = True
            self.turn = turn
            try:
                self._keep(turn)
            finally:
                self._then()  # before anybody learns that this is over, so that who follows finds what comes next
                self._version += 1
                self._changed.notify_all()


class Runs:
    """The runs of all conversations, of each one at a time; a few at once, the others wait their turn.

    Args:
        at_once: how many are worked on at the same time.
        admission: who may ask how much; one of its own if none is given.
    """

    def __init__(self, at_once: int = AT_ONCE, admission: Admission | None = None) -> None:
        self._admission = admission or Admission()
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="answer")
        self._runs: dict[str, Run] = {}
        self._queues: dict[str, deque[tuple[Run, Ask, str]]] = {}
        self._lock = threading.Lock()

    def start(
        self,
        conversation_id: str,
        turn: Turn,
        ask: Ask,
        keep: Keep,
        language: Language,
        owner: str = "",
        client: str = "",
        prepare: Callable[[], None] = lambda: None,
        queues: bool = False,
    ) -> Run:
        """Begins to answer. An answer still on its way in the same conversation is stopped, or waited for.

        Args:
            conversation_id, turn, language, owner: whose answer to which question.
            ask: makes the stream of its events, on a thread of its own; see :data:`Ask`.
            keep: is given the turn once it is final.
            client: who takes a place in the queue.
            prepare: called once the question is admitted and the conversation has no other run; not where it is queued.
            queues: whether an answer on its way is waited for.

        Raises:
            BusyError: the client, or all together, have too many questions under way.
        """
        self._admission.enter(client)
        run = Run(turn, keep, language, owner, lambda: self._next(conversation_id))
        with self._lock:
            before = self._runs.get(conversation_id)
            if queues and before and not before.over:
                self._queues.setdefault(conversation_id, deque()).append((run, ask, client))
                return run
        self.stop(conversation_id)
        prepare()
        with self._lock:
            self._begin(conversation_id, run, ask, client)
        return run

    def _begin(self, conversation_id: str, run: Run, ask: Ask, client: str) -> None:
        """Puts a run to work; called with the lock."""
        self._runs = {key: each for key, each in self._runs.items() if not each.over}
        self._runs[conversation_id] = run
        self._pool.submit(self._work, run, ask).add_done_callback(lambda _: self._admission.leave(client))

    def _next(self, conversation_id: str) -> None:
        """Begins what waits for the end of a conversation's run."""
        with self._lock:
            if queue := self._queues.get(conversation_id):
                self._begin(conversation_id, *queue.popleft())
            if not queue:
                self._queues.pop(conversation_id, None)

    def queued(self, conversation_id: str) -> list[Turn]:
        """The questions of a conversation that wait for the end of its run, in their order."""
        with self._lock:
            return [run.turn for run, _, _ in self._queues.get(conversation_id, ())]

    def of(self, conversation_id: str) -> Run | None:
        """The run of a conversation that is not over yet."""
        with self._lock:
            run = self._runs.get(conversation_id)
        return run if run and not run.over else None

    def of_owner(self, owner: str) -> dict[str, Run]:
        """An owner's runs that are not over yet, by conversation."""
        with self._lock:
            return {key: run for key, run in self._runs.items() if run.owner == owner and not run.over}

    def stop(self, conversation_id: str) -> list[Turn]:
        """Stops a conversation's run, if there is one; gives back the questions that waited for it."""
        with self._lock:
            queue = self._queues.pop(conversation_id, ())
        for _, _, client in queue:
            self._admission.leave(client)
        if run := self.of(conversation_id):
            run.stop()
        return [each.turn for each, _, _ in queue]

    def close(self) -> None:
        """Stops all runs and takes no more."""
        with self._lock:
            runs = list(self._runs.values())
            self._queues.clear()
        for run in runs:
            run.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _work(run: Run, ask: Ask) -> None:
        if not run.over:
            run.work(ask)
