"""What a page keeps over a reload, each tab for itself, in a real browser."""

from typing import Any

import pytest

from tests.browsing import MARKS, QUESTION, TABS, Visit, ask, keep, open_tab

pytest.importorskip("gradio")
pytestmark = MARKS


def loaded_again(page: Any) -> None:
    page.reload()
    page.wait_for_selector(".welcome, .turn", state="attached")


def test_two_tabs_of_one_browser_keep_apart(visit: Visit) -> None:
    one = visit()
    ask(one)
    other = one.context.new_page()
    other.goto(one.url)
    other.wait_for_selector(".welcome")
    ask(other, "我国互联网上网人数有多少？")
    one.fill("#question textarea", "只在这一页")
    for page, word in ((one, "5G基站"), (other, "上网人数")):
        loaded_again(page)
        page.wait_for_selector(".turn")
        assert page.locator(".turn").count() == 1 and word in page.locator(".asked").inner_text()
        page.wait_for_function("document.querySelectorAll('#conversations label').length === 2")
    one.wait_for_function("document.querySelector('#question textarea').value === '只在这一页'")
    assert other.input_value("#question textarea") == ""


def test_the_draft_and_the_scope_are_there_after_a_reload(visit: Visit) -> None:
    page = visit()
    page.click("#filters > button")
    page.locator("#filters input[type=date]").first.fill("2023-01-01")
    page.wait_for_selector(".limits li")
    page.fill("#question textarea", QUESTION)
    loaded_again(page)
    page.wait_for_function("text => document.querySelector('#question textarea').value === text", arg=QUESTION)
    page.wait_for_selector(".limits li")
    assert "2023-01-01" in page.locator(".limits").inner_text()
    keep(page, "returning-draft-and-scope")
    page.locator("#question textarea").press("Enter")
    page.wait_for_selector(".turn .colophon")
    assert "2023-01-01" in page.locator(".limited-to").inner_text()
    loaded_again(page)
    page.wait_for_selector(".turn .colophon")
    assert page.input_value("#question textarea") == "", "what was asked is no draft any more"


def test_a_reload_returns_to_the_tab_and_the_place(visit: Visit) -> None:
    page, sent = visit(height=500), list[int]()
    page.on("request", lambda request: sent.append(len(request.post_data or "")))
    for turns in (1, 2, 3):
        ask(page, turns=turns)
    assert max(sent) < 1000, "no request grows with the conversation"
    page.evaluate("document.querySelector('#scroll').scrollTop = 300")
    loaded_again(page)
    page.wait_for_function("document.querySelector('#scroll').scrollTop === 300")
    open_tab(page, "timeline")
    loaded_again(page)
    page.locator("#timeline").wait_for()
    assert (
        page.locator("#tabs [role=tab][aria-selected=true]").inner_text()
        == page.locator("#tabs [role=tab]").nth(TABS.index("timeline")).inner_text()
    )


def test_settings_are_kept_in_the_browser_and_no_key(visit: Visit) -> None:
    page = visit()
    open_tab(page, "settings")
    page.get_by_label("原文摘录：不用模型").check()
    page.get_by_label("不写进回答").check()
    page.wait_for_function("!!localStorage.getItem('youju-settings')")
    loaded_again(page)
    page.locator("#settings").wait_for()
    page.wait_for_function("[...document.querySelectorAll('#settings input:checked')].some(e => e.value === 'strict')")
    assert page.get_by_label("原文摘录：不用模型").is_checked() and page.get_by_label("不写进回答").is_checked()
    keep(page, "returning-settings")
    page.locator("#settings-model input[value=endpoint]").check()
    page.fill("#settings-url input, #settings-url textarea", "http://127.0.0.1:9/v1")
    page.fill("#settings-key input", "sehr-geheim")
    loaded_again(page)
    page.wait_for_function(
        "document.querySelector('#settings-url input, #settings-url textarea')?.value === 'http://127.0.0.1:9/v1'"
    )
    assert page.input_value("#settings-key input") == ""
