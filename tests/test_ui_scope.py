"""The sources in the left column as the scope of the next question, in a real browser."""

from typing import Any

import pytest

from tests.browsing import MARKS, QUESTION, Visit, ask, finished, keep

pytest.importorskip("gradio")
pytestmark = MARKS


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_a_question_is_put_to_the_chosen_sources(visit: Visit, assistant: Any, width: int, height: int) -> None:
    cited = assistant.ask(QUESTION).citations[0].document
    others = [entry for entry in assistant.documents() if entry.id != cited.id]
    page = visit(width=width, height=height)
    if width < 1200:
        page.click("#open-rail")
    page.locator("#chosen label").nth(len(others) + 1).wait_for()  # each document, and their folder
    page.fill("#find-source input, #find-source textarea", others[0].title)
    page.wait_for_function("document.querySelectorAll('#chosen label').length === 1")
    page.locator("#chosen input").first.check()
    page.wait_for_selector(".limits li")
    page.fill("#find-source input, #find-source textarea", "")
    page.wait_for_function("n => document.querySelectorAll('#chosen label').length === n", arg=len(others) + 2)
    keep(page, f"scope-{width}")
    page.keyboard.press("Escape")
    assert others[0].title in page.locator(".limits").inner_text()
    answer = ask(page)
    assert others[0].title in answer.locator(".limited-to").inner_text()
    assert cited.title not in page.locator("#pane").inner_text()
    page.reload()
    page.wait_for_selector(".limits li")
    page.click("[data-action=retry]")
    page.wait_for_selector(".underway, .turn")
    assert cited.title not in finished(page).inner_text()
    page.click(".limits button")
    page.wait_for_selector(".limits li", state="detached")
    assert "264万" in ask(page, turns=2).inner_text()
