"""The terminal chat, and how a streamed answer appears on a terminal."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from rag.answers import Answer
from rag.assistant import Event, EvidenceFound, Finished, SectionRead, Token
from rag.errors import YoujuError
from rag.messages import say
from rag.questions.inputs import typed
from rag.terminal.screen import show_answer, show_documents
from rag.text.display import plain

if TYPE_CHECKING:
    from rag.assistant import Assistant

REMEMBERED_TURNS = 4


def show_stream(console: Console, events: Iterator[Event]) -> Answer:
    """Prints an answer as it is written, then with its citations.

    On a terminal the words appear as they come and are replaced by the finished answer; elsewhere only that is printed.
    """
    answer: Answer | None = None
    written = ""
    with Live(console=console, transient=True, auto_refresh=False) as live:
        for event in events:
            if isinstance(event, SectionRead):
                shown = Text(say("section_read", **asdict(event)), style="dim")
            elif isinstance(event, EvidenceFound):
                shown = Text(say("evidence_in", n=len(event.evidence), seconds=event.seconds), style="dim")
            elif isinstance(event, Token):
                written += event.text
                shown = Text(plain(written))
            else:
                answer = event.answer
                continue
            if console.is_terminal:
                live.update(shown, refresh=True)
    assert answer is not None
    if answer.notice:
        console.print(Text(answer.notice, style="yellow"))
    show_answer(console, answer)
    return answer


def converse(console: Console, assistant: "Assistant", language_model: str | None, filters: dict[str, Any]) -> None:
    """Chats until ``/quit`` or the end of input. Ctrl-C stops an answer; at the prompt it ends the chat."""
    history: list[tuple[str, str]] = []
    console.print(say("chat_welcome"))
    while True:
        try:
            line = console.input(f"\n{say('chat_prompt')}> ").strip()
        except (EOFError, KeyboardInterrupt):
            break
        if line == "/quit":
            break
        if line == "/new":
            history.clear()
            console.print(say("chat_new"))
        elif line == "/sources":
            show_documents(console, assistant.documents())
        elif line.startswith("/"):
            console.print(say("chat_unknown", line=plain(line)))
        elif line:
            _turn(console, assistant, line, language_model, filters, history)
    console.print(say("goodbye"))


def _turn(
    console: Console,
    assistant: "Assistant",
    question: str,
    language_model: str | None,
    filters: dict[str, Any],
    history: list[tuple[str, str]],
) -> None:
    try:
        question = typed(question)
        events = assistant.stream(question, history=history, language_model=language_model, **filters)
        with closing(events):  # Ctrl-C stops the language model, too
            answer = show_stream(console, events)
    except KeyboardInterrupt:
        console.print(say("interrupted"))
        return
    except YoujuError as error:
        console.print(Text(str(error), style="red"))
        return
    history.append((question, answer.text))
    del history[:-REMEMBERED_TURNS]


__all__ = ["Finished", "converse", "show_stream"]
