"""What a page sends and gets for a question, counted in a real browser."""

from typing import Any

import pytest

from tests.browsing import MARKS, QUESTION, Visit, ask

pytest.importorskip("gradio")
pytestmark = MARKS
MOST = 30_000
"""Bytes of a turn, there and back."""
OTHERS = ("2023年一季度电信业务总量同比增长多少？", "截至2023年3月底移动物联网用户有多少？")


def counted(page: Any) -> list[int]:
    """The bytes that the page sends and gets from now on, as they come."""
    bytes_seen: list[int] = []
    network = page.context.new_cdp_session(page)
    network.on("Network.dataReceived", lambda event: bytes_seen.append(event["dataLength"]))
    network.on(
        "Network.requestWillBeSent", lambda event: bytes_seen.append(len(event["request"].get("postData", "").encode()))
    )
    network.send("Network.enable")
    return bytes_seen


def test_what_is_sent_for_a_question_does_not_grow_with_the_conversation(visit: Visit) -> None:
    page = visit()
    ask(page)
    seen, turns = counted(page), []
    for number in range(8):
        ask(page, (QUESTION, *OTHERS)[number % 3], turns=number + 2)
        page.wait_for_timeout(500)
        turns.append(sum(seen))
        seen.clear()
    assert 0 < max(turns) <= MOST, turns
    assert turns[6] < turns[3] + 3 * 600, turns  # the same question, three turns later: a line for each
    # What stands there is whole, though it was not sent again.
    assert [each.inner_text() for each in page.locator(".asked").all()][:2] == [QUESTION, QUESTION]
    assert page.locator(".turn .answer").count() == 9 and page.locator("#pane .source").count() >= 9
    assert page.locator(".turn .actions button[data-action=retry]:visible").count() == 1, "the last one is asked again"
    page.locator(".turn").first.locator(".cite .number").first.click()
    page.wait_for_selector("mark:target")


def test_what_a_page_has_lost_is_sent_once_more(visit: Visit) -> None:
    page = visit()
    ask(page)
    page.evaluate("window.youjuHeld = {}")
    ask(page, OTHERS[0], turns=2)
    page.wait_for_function("document.querySelectorAll('.turn .answer').length === 2")
    page.wait_for_function("document.querySelectorAll('#pane .sources .source').length >= 2")
