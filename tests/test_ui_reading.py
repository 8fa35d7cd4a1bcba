"""From a claim to its evidence in a real browser: the card at a number, the cited span in view, the sheet of a phone."""

import pytest

from tests.browsing import MARKS, Visit, ask, come_into_view, keep, overflows

pytest.importorskip("gradio")
pytestmark = MARKS
TWO_OF_ONE_DOCUMENT = "2023年一季度新能源汽车产量增长多少？"
"""Its second citation stands before the first in their document."""


@pytest.mark.parametrize("width", [1440, 1024])
def test_an_answer_shows_its_first_citation(visit: Visit, width: int) -> None:
    page = visit(width=width)
    ask(page, TWO_OF_ONE_DOCUMENT)
    come_into_view(page, "#pane mark[id$='-1']")
    keep(page, f"reading-first-citation-{width}")
    page.locator(".cite .number").nth(1).click()
    page.wait_for_selector("mark[id$='-2']:target")
    ask(page, "我国互联网上网人数有多少？", turns=2)
    page.wait_for_function("document.querySelector('#pane .sources:last-of-type mark').checkVisibility()")
    come_into_view(page, "#pane .sources:last-of-type mark[id$='-1']")
    page.locator(".turn").first.locator(".cite .number").nth(1).click()
    page.wait_for_selector("mark[id$='-2']:target")
    come_into_view(page, "mark[id$='-2']:target")
    page.reload()
    page.wait_for_selector("mark[id$='-2']:target")
    come_into_view(page, "mark[id$='-2']:target")


def test_the_card_stands_at_its_number_and_is_reached_with_the_pointer(visit: Visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    answer = ask(page, TWO_OF_ONE_DOCUMENT)
    for place in (0, 1):
        number, card = answer.locator(".cite .number").nth(place), answer.locator(".card").nth(place)
        page.mouse.move(5, 500)
        number.hover()
        at, shown = number.bounding_box(), card.bounding_box()
        assert abs(shown["y"] - (at["y"] + at["height"])) < 12, "right below its number"
        assert shown["x"] <= at["x"] <= shown["x"] + shown["width"]
    keep(page, "reading-card")
    button = card.locator("button")
    to = button.bounding_box()
    page.mouse.move(to["x"] + 5, to["y"] + 5, steps=12)
    assert card.is_visible()
    page.mouse.down()
    page.mouse.up()
    page.get_by_text("已复制").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "智能制造工程" in copied and "《工信部" in copied and "第" in copied
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('.cite:hover')")  # what was under the pointer is gone
    assert card.is_hidden(), "Escape puts it away without the pointer"
    number.hover()
    page.mouse.move(5, 500)
    number.hover()
    card.locator("a.open").click()
    page.wait_for_selector("mark[id$='-2']:target")
    assert card.is_hidden()


def test_the_whole_document_opens_at_the_quote_the_first_time_too(visit: Visit) -> None:
    page = visit()
    ask(page, TWO_OF_ONE_DOCUMENT)
    page.locator("#pane [data-action=read]").click()
    page.wait_for_selector("#reading-mark")
    come_into_view(page, "#reading-mark")
    assert "27.7%" in page.locator("#reading-mark").inner_text()


def test_on_a_phone_the_sources_are_a_sheet(visit: Visit) -> None:
    page = visit(width=390, height=844, has_touch=True)
    answer = ask(page, TWO_OF_ONE_DOCUMENT)
    assert page.locator("#evidence").is_hidden()
    keep(page, "reading-phone-answer")
    answer.locator(".cite .number").first.tap()
    come_into_view(page, "mark[id$='-1']:target")
    assert answer.locator(".asked").bounding_box()["y"] >= 0, "the question stays in view"
    assert not overflows(page)
    keep(page, "reading-phone-sheet")
    page.keyboard.press("Escape")
    page.locator("#evidence").wait_for(state="hidden")
    page.locator("#open-sources").tap()
    page.locator("#evidence").wait_for()
    page.touchscreen.tap(200, 150)
    page.locator("#evidence").wait_for(state="hidden")
    answer.locator(".chips a").first.tap()
    page.locator("#close-sources").tap()
    page.locator("#evidence").wait_for(state="hidden")


@pytest.mark.parametrize("width", [1024, 390])
def test_the_drawer_is_put_away_by_escape_and_by_a_click_outside(visit: Visit, width: int) -> None:
    page = visit(width=width)
    page.click("#open-rail")
    page.locator("#rail").wait_for()
    page.keyboard.press("Escape")
    page.locator("#rail").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.id") == "open-rail"
    page.keyboard.press("Enter")
    page.locator("#rail").wait_for()
    page.mouse.click(width - 20, 400)
    page.locator("#rail").wait_for(state="hidden")
