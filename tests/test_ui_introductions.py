"""What introduces documents in a real browser: two lines below each title, and questions that an empty conversation offers."""

from collections.abc import Iterator
from typing import Any

import pytest

from rag.text.documents import Document
from tests.browsing import MARKS, Visit, finished, keep, open_tab, overflows, serious
from tests.serving import served

pytest.importorskip("gradio")
pytestmark = MARKS
SAID = "首次使用前加水至最高刻度，煮沸后倒掉，重复两次，以去除壶内气味。"
MANUAL = f"小熊牌电热水壶使用说明\n\n一、首次使用\n\n{SAID}\n\n二、技术参数\n\n额定功率：1800瓦\n容量：1.7升\n"
NOTICE = "泳池开放通知\n\n泳池自六月起每天开放，雷雨天气关闭。\n\n开放地点：北区会所一层\n\n联系电话：0573-82119046\n"
OFFERED = ".examples button"


@pytest.fixture(scope="module")
def library(embedder: Any, tmp_path_factory: Any) -> Iterator[tuple[str, Any]]:
    """A page over documents of its own, read by the reader that ships, and its assistant."""
    from rag.assistant import Assistant

    folder = tmp_path_factory.mktemp("index")
    with Assistant.open(folder, embedder=embedder, language_model="extractive", reader="default") as opened:
        opened.add(Document(MANUAL, "manual.txt", "小熊牌电热水壶使用说明"))
        with served(opened) as address:
            yield address, opened


def test_an_empty_conversation_offers_questions_that_the_documents_answer(
    visit: Visit, library: tuple[str, Any]
) -> None:
    page = visit(library[0])
    page.locator(OFFERED).nth(2).wait_for()
    keep(page, "chat-offered")
    asked = page.locator(OFFERED).all_inner_texts()
    (known,) = library[1].introductions().values()
    assert tuple(asked) == known.questions
    assert not serious(page)
    page.locator(OFFERED).last.focus()
    page.keyboard.press("Enter")
    answer = finished(page)
    assert answer.locator(".asked").inner_text() == asked[-1]
    assert answer.locator(".cite").count() and not answer.locator(".abstention").count()
    assert not page.locator("#offered").is_visible()
    page.click("#new-conversation")
    page.locator(OFFERED).first.wait_for()


def test_a_document_that_is_added_is_introduced(visit: Visit, library: tuple[str, Any], tmp_path: Any) -> None:
    (tmp_path / "泳池.txt").write_text(NOTICE, "utf-8")
    page = visit(library[0])
    open_tab(page, "sources")
    page.locator("p.short", has_text="首次使用前加水").wait_for()
    page.locator("#upload input[type=file]").set_input_files(tmp_path / "泳池.txt")
    row = page.locator("table.documents tr", has_text="泳池开放通知")
    row.locator("p.short", has_text="雷雨天气关闭").wait_for()
    assert not row.locator("details").is_visible()
    keep(page, "sources-short")
    open_tab(page, "chat")
    page.locator(OFFERED, has_text="泳池开放通知").first.wait_for()
    library[1].remove(next(each.id for each in library[1].documents() if each.title == "泳池开放通知"))


def test_on_a_phone_what_a_document_says_is_folded(visit: Visit, library: tuple[str, Any]) -> None:
    page = visit(library[0], width=390, height=844)
    page.locator(OFFERED).first.wait_for()
    keep(page, "chat-offered-phone")
    assert not overflows(page)
    open_tab(page, "sources")
    folded = page.locator("details.short summary").first
    folded.wait_for()
    assert not page.get_by_text(SAID).first.is_visible() and not page.locator("details.short[open]").count()
    folded.focus()
    page.keyboard.press("Enter")
    page.locator("details.short[open]", has_text=SAID).wait_for()
    keep(page, "sources-short-phone")
    assert not overflows(page) and not serious(page)


def test_an_english_reader_is_offered_english_questions(visit: Visit, library: tuple[str, Any]) -> None:
    page = visit(library[0], locale="en-US")
    page.locator(OFFERED).first.wait_for()
    assert page.locator("#offered h3").inner_text() == "You might ask"
    assert page.locator(OFFERED).all_inner_texts() == ["What is 《小熊牌电热水壶使用说明》 about?"]
    page.locator(OFFERED).first.click()
    assert SAID in finished(page).locator(".answer").inner_text()
