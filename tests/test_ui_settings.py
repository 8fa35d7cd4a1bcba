"""The settings in a real browser: what answers, how strictly, and a key that is nowhere but in memory."""

from typing import Any

import pytest

from rag.errors import LanguageModelError
from tests.browsing import MARKS, Visit, ask, keep, open_tab, overflows

pytest.importorskip("gradio")
pytestmark = MARKS
KEY = "sk-secret-4711"


def choose(page: Any, name: str) -> None:
    page.locator(f"#settings-model input[value={name}]").check()


def test_an_endpoint_answers_once_it_was_tried_and_its_key_is_shown_nowhere(
    visit: Visit, window: str, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    page = visit()
    open_tab(page, "settings")
    choose(page, "endpoint")
    page.get_by_role("textbox", name="网址").fill("http://127.0.0.1:9/v1")
    page.get_by_role("textbox", name="密钥").fill(KEY)
    page.click("#settings-try")
    page.wait_for_selector(".answers-now .problem")
    assert "无法连接" in page.locator("#settings-status").inner_text()
    assert "原文摘录" in page.locator(".answers-now .now").inner_text(), "until then, answers are quoted"
    keep(page, "settings-broken-endpoint")
    page.get_by_role("textbox", name="网址").fill(f"{window}/v1")
    page.get_by_role("textbox", name="模型名").fill("extractive")
    page.get_by_role("textbox", name="密钥").fill(KEY)
    page.keyboard.press("Enter")
    page.wait_for_selector(".answers-now .tried")
    assert page.get_by_role("textbox", name="密钥").input_value() == ""
    assert KEY not in page.content() + page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    printed = capfd.readouterr()
    assert KEY not in caplog.text + printed.out + printed.err


def test_a_missing_model_says_how_to_get_it(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.language_models import choose as choosing

    def missing(setting: Any) -> Any:
        if setting == "local":
            raise LanguageModelError(zh="请先 pip install 'youju[local]'。", en="First pip install 'youju[local]'.")
        return choosing(setting)

    monkeypatch.setattr("ui.settings.choose", missing)
    page = visit(locale="en-US", width=390, height=844)
    open_tab(page, "settings")
    choose(page, "local")
    page.wait_for_selector(".answers-now .problem")
    assert "pip install 'youju[local]'" in page.locator("#settings-status").inner_text()
    assert not overflows(page)
    open_tab(page, "chat")
    assert "quotation" in page.locator("#answering").inner_text()
    assert "quotation" in ask(page).locator(".colophon").inner_text()


def test_the_choices_speak_the_language_of_the_interface(visit: Visit) -> None:
    page = visit()
    open_tab(page, "settings")
    page.locator("#language label").nth(1).click()
    page.wait_for_function("document.querySelector('#settings-model').textContent.includes('Quotation')")
    assert page.evaluate("document.documentElement.lang") == "en"
    open_tab(page, "evaluation")
    assert "Tuning half" in page.locator("#evaluation-start").inner_text()
    assert page.locator("#evaluation-start input[value=extractive]").is_checked()


def test_a_word_that_names_a_text_stays_the_word(visit: Visit) -> None:
    page = visit()
    ask(page, "copy")
    page.locator("#conversations label", has_text="copy").wait_for()
