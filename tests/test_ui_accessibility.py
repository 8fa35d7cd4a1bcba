"""Who cannot see, or uses no mouse: axe on every tab, and the keyboard through all of it."""

from typing import Any

import pytest

from tests.browsing import MARKS, TABS, Visit, ask, open_tab, serious

pytest.importorskip("gradio")
pytestmark = MARKS


@pytest.mark.parametrize(
    ("scheme", "width", "locale"), [("light", 1440, "zh-CN"), ("dark", 1440, "en-US"), ("light", 390, "zh-CN")]
)
def test_axe_finds_nothing_serious(visit: Visit, scheme: str, width: int, locale: str) -> None:
    page = visit(width=width, color_scheme=scheme, locale=locale)
    found = {"first": serious(page)}
    ask(page)
    ask(page, "2025年我国新能源汽车的销量是多少？", turns=2)
    page.click("[data-action=trace] >> nth=0")
    page.wait_for_selector(".trace")
    found["trace"] = serious(page)
    page.click("[data-action=bad] >> nth=0")
    page.wait_for_selector("#feedback")
    page.click("#filters > button")
    page.locator("#filters input[type=date]").first.fill("2023-01-01")
    page.wait_for_selector(".limits li")
    page.locator(".cite .number").first.hover()
    found["chat"] = serious(page)
    open_tab(page, "sources")
    page.locator("table.documents td.title > button").first.click()
    page.wait_for_selector("#document-text p")
    page.click("#document-header [data-action=edit]")
    page.wait_for_selector("#editing")
    found["sources"] = serious(page)
    open_tab(page, "timeline")
    page.locator("#suggested button").first.click()
    page.wait_for_selector("table.points")
    found["timeline"] = serious(page)
    open_tab(page, "evaluation")
    found["evaluation"] = serious(page)
    open_tab(page, "settings")
    page.locator("#settings-model input[value=endpoint]").check()
    page.wait_for_selector("#settings-url")
    found["settings"] = serious(page)
    assert not {name: problems for name, problems in found.items() if problems}


def test_every_tab_is_reached_and_used_with_the_keyboard(visit: Visit) -> None:
    page = visit()
    page.locator("#tabs [role=tab]").first.focus()
    for name in TABS[1:]:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.locator(f"#{name}").wait_for()
        assert outlined(page), name
    page.locator("#tabs [role=tab]").nth(1).focus()
    page.keyboard.press("Enter")
    page.locator("#sources").wait_for()
    reached = tabbed_to(page, "#upload button, #upload-folder, #search-documents *, table.documents button")
    assert reached
    until = tabbed_to(page, "table.documents td.title button")
    assert until and outlined(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("#document-text p")


def tabbed_to(page: Any, selector: str) -> bool:
    """Whether the focus comes to such an element within 40 steps."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return True
    return False


def outlined(page: Any) -> bool:
    """Whether what has the focus shows it."""
    return bool(page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'"))


def test_elements_have_names_for_screen_readers(visit: Visit) -> None:
    page = visit(locale="en-US")
    page.get_by_role("textbox", name="Question", exact=True).wait_for()
    assert page.get_by_role("tab").all_inner_texts() == ["Chat", "Sources", "Timeline", "Evaluation", "Settings"]
    answer = ask(page, "How many 5G base stations had China built by the end of March 2023?")
    assert answer.get_by_role("link", name="Source 1:").first.is_visible()
    assert answer.get_attribute("aria-labelledby")
