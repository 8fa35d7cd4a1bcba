"""Answers on their way: stopped, replaced, failed; the language model is free again each time."""

import threading
from collections.abc import Generator
from typing import Any

from rag.assistant import EvidenceFound, Token
from rag.errors import LanguageModelError
from tests.waiting import LONGEST, until
from ui.conversations import Turn
from ui.runs import Runs


class Script:
    """A stream that waits for a sign before it goes on, and tells whether it was closed."""

    def __init__(self, error: Exception | None = None) -> None:
        self.go_on = threading.Event()
        self.closed = threading.Event()
        self.error = error

    def __call__(self, stopped: threading.Event) -> Generator[Any, None, None]:
        try:
            yield EvidenceFound((), (), 0.0, "问")
            yield Token("一")
            if self.error:
                raise self.error
            while True:
                self.go_on.wait(LONGEST)
                yield Token("二")
        finally:
            self.closed.set()


def test_stopping_keeps_what_was_written_and_closes_the_stream() -> None:
    runs, script, kept = Runs(), Script(), list[Turn]()
    run = runs.start("c", Turn("1", "问"), script, kept.append, "zh")
    until(lambda: run.text == "一")
    assert runs.of("c") is run
    runs.stop("c")
    assert run.over and runs.of("c") is None
    assert [(turn.status, turn.text) for turn in kept] == [("stopped", "一")]
    script.go_on.set()
    assert script.closed.wait(LONGEST), "the model was not freed"
    assert len(kept) == 1
    runs.close()


def test_a_new_question_stops_the_one_before() -> None:
    runs, kept = Runs(), list[Turn]()
    first, second = Script(), Script()
    run = runs.start("c", Turn("1", "问"), first, kept.append, "zh")
    until(lambda: run.text)
    other = runs.start("c", Turn("2", "问"), second, kept.append, "zh")
    first.go_on.set()
    assert first.closed.wait(LONGEST) and runs.of("c") is other
    assert [turn.id for turn in kept] == ["1"]
    runs.close()
    second.go_on.set()


def test_a_question_waits_for_the_one_before_or_is_given_back() -> None:
    runs, kept, gate = Runs(), list[Turn](), threading.Event()

    def ask(stopped: threading.Event) -> Generator[Any, None, None]:
        yield EvidenceFound((), (), 0.0, "问")
        gate.wait(LONGEST)
        raise LanguageModelError(zh="完", en="end")

    first = runs.start("c", Turn("1", "一"), ask, kept.append, "zh", queues=True)
    second = runs.start("c", Turn("2", "二"), ask, kept.append, "zh", queues=True)
    assert runs.of("c") is first and [turn.id for turn in runs.queued("c")] == ["2"]
    gate.set()
    first.wait(first.wait(-1, LONGEST), LONGEST)
    until(lambda: first.over)
    assert runs.of("c") is second or second.over, "who learns that the first is over finds the second"
    until(lambda: second.over)
    assert [turn.id for turn in kept] == ["1", "2"] and not runs.queued("c")
    gate.clear()
    places = [runs.start("c", Turn(each, each), ask, kept.append, "zh", client="me", queues=True) for each in "345"]
    assert [turn.id for turn in runs.stop("c")] == ["4", "5"]
    gate.set()
    assert places[0].over and runs.of("c") is None and not any(place.over for place in places[1:])
    again = Script(LanguageModelError("x", "x"))
    until(lambda: runs._admission._under_way["me"] == 0)
    assert runs.start("c", Turn("6", "六"), again, kept.append, "zh", client="me").turn.id == "6"
    runs.close()


def test_an_error_becomes_a_failed_turn_in_the_readers_language() -> None:
    runs, kept = Runs(), list[Turn]()
    script = Script(LanguageModelError(zh="模型不见了", en="the model is gone"))
    run = runs.start("c", Turn("1", "问"), script, kept.append, "en")
    until(lambda: run.over)
    assert (run.turn.status, run.turn.text) == ("failed", "the model is gone")
    runs.close()


def test_a_stopped_question_that_waits_is_never_asked() -> None:
    runs, kept = Runs(at_once=1), list[Turn]()
    first, second = Script(), Script()
    run = runs.start("a", Turn("1", "问"), first, kept.append, "zh")
    until(lambda: run.text)
    waiting = runs.start("b", Turn("2", "问"), second, kept.append, "zh")
    runs.stop("b")
    runs.stop("a")
    first.go_on.set()
    third = runs.start("d", Turn("3", "问"), Script(LanguageModelError("x", "x")), kept.append, "zh")
    until(lambda: third.over)
    assert waiting.turn.status == "stopped" and waiting.found is None
    runs.close()
