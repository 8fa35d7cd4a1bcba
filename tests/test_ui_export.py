"""Answers and conversations taken away as files, in a real browser."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.loading import load
from tests.browsing import MARKS, QUESTION, Visit, ask, come_into_view, finished, keep, overflows
from tests.serving import SlowChatModel, served

pytest.importorskip("gradio")
pytestmark = MARKS
OTHER = "2023年一季度电信业务总量同比增长多少？"


def taken(page: Any, press: Any, folder: Path) -> tuple[str, str]:
    """Presses what gives a file; its name, and its text as our own loader reads it."""
    with page.expect_download() as download:
        press()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file.name, load(file).text


def test_an_answer_is_taken_away_with_the_keyboard(visit: Visit, assistant: Any, tmp_path: Path) -> None:
    page = visit()
    answer = ask(page)
    folded = answer.locator("details.export")
    assert not folded.locator("button").first.is_visible()
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.format") == "docx"
    keep(page, "chat-export")
    name, text = taken(page, lambda: page.keyboard.press("Enter"), tmp_path)
    assert name.startswith("youju-") and name.endswith(".docx")
    assert QUESTION in text and assistant.ask(QUESTION).citations[-1].quote in text
    assert page.evaluate("document.activeElement.matches('details.export:not([open]) > summary')")
    for kind in ("md", "html"):
        folded.locator("summary").click()
        name, text = taken(page, folded.locator(f"[data-format={kind}]").click, tmp_path)
        assert name.endswith(f".{kind}") and assistant.ask(QUESTION).citations[-1].quote in text
    folded.locator("summary").click()
    name, text = taken(page, folded.locator("[data-format=xlsx]").click, tmp_path)
    assert name.endswith(".xlsx") and "264" in text
    assert not overflows(page)
    page.emulate_media(media="print")
    assert page.locator(".turn .answer").first.is_visible()
    assert not any(
        page.locator(each).first.is_visible() for each in ("#rail", "#composer", "#evidence", ".turn .actions")
    )
    assert page.evaluate("getComputedStyle(document.querySelector('#scroll')).overflowY") == "visible"


def test_a_conversation_is_taken_away_in_english_on_a_phone(visit: Visit, tmp_path: Path) -> None:
    page = visit(width=390, height=844, locale="en-US")
    ask(page)
    ask(page, OTHER, turns=2)
    page.click("#open-rail")
    page.click("#rail-actions button >> text=Export")
    page.locator("#exporting").wait_for()
    come_into_view(page, "#exporting")
    keep(page, "chat-export-conversation")
    name, text = taken(page, page.locator("#exporting button >> text=Markdown").click, tmp_path)
    assert name.endswith("-conversation.md")
    assert text.index(QUESTION) < text.index(OTHER) < text.index("## Sources") < text.index("## References")
    page.locator("#exporting").wait_for(state="hidden")


@pytest.fixture
def slow_window(assistant: Any) -> Iterator[tuple[str, threading.Event]]:
    """The page with a language model that stops after its first words where it may not go on, and what lets it."""
    from rag.assistant import Assistant
    from ui.conversations import RememberedConversations

    go_on = threading.Event()
    go_on.set()
    words = ["截至2023年3月底，", "我国累计建成5G基站超过264万个。"]
    slow = Assistant(assistant.retriever, SlowChatModel(words=words, pause=0.02, go_on=go_on))
    with served(slow, conversations=RememberedConversations()) as address:
        yield address, go_on


def test_of_a_conversation_being_answered_the_finished_turns_are_taken(
    visit: Visit, slow_window: tuple[str, threading.Event], tmp_path: Path
) -> None:
    address, go_on = slow_window
    page = visit(address)
    ask(page)
    go_on.clear()
    page.fill("#question textarea", OTHER)
    page.keyboard.press("Enter")
    page.wait_for_selector(".underway .streamed")
    page.click("#rail-actions button >> text=导出")
    _, text = taken(page, page.locator("#exporting button >> text=Word").click, tmp_path)
    assert page.locator(".underway").count() == 1, "it is still being answered"
    assert QUESTION in text and OTHER not in text
    page.click("#stop")
    finished(page, 2)
