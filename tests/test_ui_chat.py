"""The chat in a real browser: ask, read, check."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rag.records.recheck import verify_record
from rag.text.view import readable
from tests.browsing import MARKS, Visit, ask, come_into_view, finished, keep, overflows
from tests.serving import SlowChatModel, served

pytest.importorskip("gradio")
pytestmark = MARKS
WHY = "为什么说传统产业不能当成低端产业简单退出？"
QUESTION = "截至2023年3月底我国建成了多少个5G基站？"
GO_ON = threading.Event()
"""Set where the slow language model may go on after its first words."""
SLOW_BEGINNING = "截至2023年3月底，"
SLOW_ANSWER = SLOW_BEGINNING + "我国累计建成5G基站超过264万个。" + "这是很长很长的一段话。" * 30


@pytest.fixture
def slow_window(assistant: Any) -> Iterator[str]:
    """The page with a language model that writes a character every 20 ms, after its first words only while it may."""
    from rag.assistant import Assistant
    from ui.conversations import RememberedConversations

    words = [SLOW_BEGINNING, *SLOW_ANSWER.removeprefix(SLOW_BEGINNING)]
    slow = Assistant(assistant.retriever, SlowChatModel(words=words, pause=0.02, go_on=GO_ON))
    with served(slow, conversations=RememberedConversations()) as address:
        yield address


@pytest.fixture
def held() -> Iterator[None]:
    """The slow language model stops after its first words; what it is at when the test ends comes to its end."""
    GO_ON.clear()
    yield
    GO_ON.set()


def is_new(page: Any) -> None:
    """Waits until what was on its way when the page turned to a new conversation is gone, and nothing comes for a second."""
    page.wait_for_function(
        "() => { const calm = document.querySelector('.welcome') && !document.querySelector('.turn');"
        " window.calmSince = calm ? window.calmSince ?? performance.now() : undefined;"
        " return calm && performance.now() - window.calmSince > 1000; }"
    )


def ask_in_a_new_conversation(page: Any, number: int) -> None:
    """Asks, not waiting for the answer; the first conversation is the one that the page opened with."""
    if number:
        page.click("#new-conversation")
    is_new(page)
    page.fill("#question textarea", WHY)
    page.keyboard.press("Enter")


def test_from_question_to_the_highlighted_span(visit: Visit, assistant: Any) -> None:
    page = visit()
    answer = ask(page)
    assert "264万" in answer.locator(".answer").inner_text()
    number = answer.locator(".cite .number").first
    number.hover()
    card = answer.locator(".card").first
    assert card.is_visible()
    keep(page, "chat-citation-hovered")
    place = number.get_attribute("href")
    before = page.evaluate("document.querySelector('#scroll').scrollTop")
    number.click()
    page.wait_for_selector("mark:target")
    assert page.evaluate("location.hash") == place
    page.wait_for_function("document.querySelector('mark:target').getBoundingClientRect().top > 0")
    assert page.evaluate("document.querySelector('#scroll').scrollTop") == before, "the answer stays where it is"
    expected = assistant.ask(QUESTION).citations[0]
    marked = page.locator("mark:target").evaluate(
        "e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('')"
    )
    assert marked == readable(expected.quote)
    assert expected.document.title in page.locator(".source:has(mark:target) header").inner_text()
    assert expected.document.title in card.text_content()
    assert card.is_hidden(), "the source is in view, and nothing covers the answer"
    come_into_view(page, "mark:target")
    keep(page, "chat-citation-clicked")


def test_an_abstention_shows_the_nearest_passages(visit: Visit) -> None:
    page = visit()
    answer = ask(page, "《红楼梦》的作者是谁？")
    assert answer.locator(".abstention").is_visible()
    keep(page, "chat-abstention")
    answer.locator(".nearest a").first.click()
    page.wait_for_selector("mark:target")


def test_an_example_is_asked_with_one_click(visit: Visit) -> None:
    page = visit()
    page.click(".examples button >> nth=0")
    assert "264万" in finished(page).inner_text()


def test_a_follow_up_shows_how_it_was_understood(visit: Visit) -> None:
    page = visit()
    ask(page)
    answer = ask(page, "那5G移动电话用户呢？", turns=2)
    assert "5G" in answer.locator(".understood").inner_text()


def test_retry_edit_and_resend_take_the_place_of_the_last_turn(visit: Visit) -> None:
    page = visit()
    first = ask(page).get_attribute("id")
    page.click("[data-action=retry]")
    page.wait_for_function("id => !document.getElementById(id)", arg=first)
    finished(page)
    page.click("[data-action=edit]")
    page.wait_for_selector(".limits li")
    page.click(".limits button")
    page.wait_for_selector(".limits li", state="detached")
    assert page.input_value("#question textarea") == "", "the editing is taken back"
    page.click("[data-action=edit]")
    page.wait_for_function("document.querySelector('#question textarea').value !== ''")
    answer = ask(page, "2023年一季度电信业务总量同比增长多少？")
    assert "18%" in answer.inner_text()


def test_the_trace_is_folded_out_and_in(visit: Visit, assistant: Any) -> None:
    page = visit()
    answer = ask(page)
    button = answer.locator("[data-action=trace]")
    assert button.get_attribute("aria-expanded") == "false" and not answer.locator(".trace").count()
    button.click()
    page.wait_for_selector(".trace")
    told = answer.locator(".trace").inner_text()
    assert "把握" in told and "保留" in told
    steps = assistant.ask(QUESTION, trace=True).trace.to_dict()["steps"]
    found = next(step["found"] for step in steps if step["step"] == "retrieve")
    assert answer.locator(".trace table").first.locator("tbody tr").count() == len(found)
    assert button.get_attribute("aria-expanded") == "true"
    assert not overflows(page)
    keep(page, "chat-trace")
    button.click()
    page.wait_for_selector(".trace", state="detached")


def test_the_record_of_an_answer_is_downloaded_and_verified(visit: Visit, assistant: Any, tmp_path: Any) -> None:
    page = visit()
    ask(page)
    with page.expect_download() as download:
        page.click(".actions button[data-format=json]")
    assert download.value.suggested_filename.endswith(".json")
    download.value.save_as(tmp_path / "r.json")
    found = verify_record(tmp_path / "r.json", index=assistant)
    assert found.holds and found.record["question"]["asked"] == QUESTION


def test_thumbs_and_reasons_are_kept(visit: Visit) -> None:
    page = visit()
    ask(page)
    page.click("[data-action=bad]")
    page.wait_for_selector("#feedback", state="visible")
    page.click("#feedback label >> nth=2")
    page.click("#feedback button.primary")
    page.wait_for_selector("[data-action=bad][aria-pressed=true]")
    page.wait_for_selector("#feedback", state="hidden")
    page.reload()
    page.wait_for_selector("[data-action=bad][aria-pressed=true]")
    page.click("[data-action=good]")
    page.wait_for_selector("[data-action=good][aria-pressed=true]")
    assert page.get_attribute("[data-action=bad]", "aria-pressed") == "false"


def test_an_answer_is_copied_with_its_sources(visit: Visit) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page)
    page.click(".actions [data-action=copy]")
    page.wait_for_function("document.querySelector('.actions [data-action=copy]').textContent === '已复制'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "[1] 《" in copied and "264万" in copied


def test_conversations_are_listed_searched_renamed_and_deleted(visit: Visit) -> None:
    page = visit()
    ask(page)
    page.click("#new-conversation")
    page.wait_for_selector(".welcome")
    ask(page, "我国互联网上网人数有多少？")
    titles = page.locator("#conversations label")
    titles.nth(1).wait_for()
    assert titles.count() == 2
    page.fill("#search-conversations input, #search-conversations textarea", "基站")
    page.wait_for_function("document.querySelectorAll('#conversations label').length === 1")
    page.locator("#conversations label").first.click()
    page.wait_for_function("document.querySelector('.turn .asked').textContent.includes('5G基站')")
    page.click("#rail-actions button >> nth=0")
    page.fill("#renaming input, #renaming textarea", "五G的问题")
    page.click("#renaming button.primary")
    page.wait_for_function("document.querySelector('#conversations').textContent.includes('五G的问题')")
    page.click("#rail-actions button >> nth=2")
    page.click("#deleting button.stop")
    page.wait_for_selector(".welcome")
    page.wait_for_function("document.querySelectorAll('#conversations label').length === 1")


def test_two_browsers_keep_their_conversations_apart(visit: Visit) -> None:
    one, other = visit(), visit()
    ask(one)
    ask(other, "我国互联网上网人数有多少？")
    assert "5G基站" in one.locator(".asked").inner_text()
    other.reload()
    other.wait_for_selector(".turn")
    assert other.locator(".turn").count() == other.locator("#conversations label").count() == 1
    assert "5G基站" not in other.locator("#thread").inner_text() + other.locator("#rail").inner_text()


def test_active_filters_are_always_visible_and_taken_back_with_a_click(visit: Visit) -> None:
    page = visit()
    page.click("#filters > button")
    page.locator("#filters input[type=date]").first.fill("2024-01-01")
    page.wait_for_selector(".limits li")
    page.click("#filters > button")
    assert "2024-01-01" in page.locator(".limits").inner_text()
    keep(page, "chat-filters")
    page.click(".examples button >> nth=0")
    answer = finished(page)
    assert "2024" in answer.locator(".limited-to").inner_text()
    assert "264万" not in answer.locator(".answer").all_inner_texts()
    page.click(".limits button")
    page.wait_for_selector(".limits li", state="detached")
    assert "264万" in ask(page, turns=2).inner_text()


MOON = "传统产业是现代化产业体系的基底。月球上一共有三座咖啡馆。"


def broken(error: Exception | None, text: str = "") -> Any:
    """A chat model that fails, or says one text."""
    from langchain_core.language_models import FakeListChatModel

    class Broken(FakeListChatModel):
        def _stream(self, *arguments: Any, **options: Any) -> Iterator[Any]:
            if error:
                raise error
            yield from super()._stream(*arguments, **options)

    return Broken(responses=[text])


def test_a_claim_that_no_document_bears_out_is_marked(visit: Visit, assistant: Any) -> None:
    from rag.assistant import Assistant

    with served(Assistant(assistant.retriever, broken(None, MOON))) as address:
        page = visit(address)
        answer = ask(page, WHY)
        marked = answer.locator(".claim.unsupported")
        assert "咖啡馆" in marked.inner_text() and "未证实" in marked.locator(".reason").inner_text()
        assert "未获证实" in answer.locator(".colophon .warning").inner_text()
        keep(page, "chat-unsupported")


def test_a_broken_language_model_leaves_the_answer_to_quotation(visit: Visit, assistant: Any) -> None:
    from rag.assistant import Assistant
    from rag.errors import LanguageModelError

    error = LanguageModelError(zh="模型坏了，请重装。", en="The model is broken; install it again.")
    with served(Assistant(assistant.retriever, broken(error))) as address:
        answer = ask(visit(address), WHY)
        assert answer.locator(".claim").count()
        assert "请重装" in answer.locator(".notice").inner_text()
        assert "原文摘录" in answer.locator(".colophon").inner_text()


def test_one_visitor_cannot_fill_the_queue(visit: Visit, slow_window: str, held: None) -> None:
    page = visit(slow_window)
    for number in range(3):
        ask_in_a_new_conversation(page, number)
        page.wait_for_selector(".underway")
        page.wait_for_function("n => document.querySelectorAll('#conversations label').length === n", arg=number + 1)
    ask_in_a_new_conversation(page, 3)
    page.get_by_text("3 个问题在等待").wait_for()
    # The question is still there to be asked again; the field is filled a moment after the message.
    page.wait_for_function("text => document.querySelector('#question textarea').value === text", arg=WHY)
    GO_ON.set()
    for conversation in page.locator("#conversations label").all():  # until their places are free again
        conversation.click()
        finished(page)


def test_what_a_stream_says_at_its_end_changes_no_page_that_has_gone_on(
    visit: Visit, slow_window: str, held: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradio import queueing
    from gradio.server_messages import ProcessCompletedMessage

    send = queueing.Queue.send_message

    def send_ends_late(queue: Any, event: Any, message: Any) -> None:
        if isinstance(message, ProcessCompletedMessage):
            asyncio.get_running_loop().call_later(2.0, send, queue, event, message)
        else:
            send(queue, event, message)

    page = visit(slow_window)
    monkeypatch.setattr(queueing.Queue, "send_message", send_ends_late)
    for number in range(2):
        ask_in_a_new_conversation(page, number)
        page.wait_for_selector(".underway .streamed")
    page.wait_for_timeout(3000)  # by then all ends have come
    assert page.locator("#conversations label").count() == 2
    assert page.locator(".underway .streamed").count() == 1 and page.locator("#stop").is_visible()


def test_stop_frees_the_model_for_the_next_question(visit: Visit, slow_window: str, held: None) -> None:
    page = visit(slow_window)
    page.fill("#question textarea", WHY)
    page.keyboard.press("Enter")
    page.wait_for_selector(".underway .chips")
    page.wait_for_selector(".underway .streamed")
    keep(page, "chat-streaming")
    page.click("#stop")
    stopped = finished(page)  # though the model has said nothing more
    kept = stopped.locator(".streamed").inner_text().strip()
    assert "已停止" in stopped.inner_text() and kept and SLOW_ANSWER.startswith(kept)
    assert page.locator("#stop").is_hidden() and page.locator("#ask").is_visible()
    page.fill("#question textarea", WHY)
    page.keyboard.press("Enter")
    page.wait_for_selector(".underway .streamed")
    page.click("#stop")
    finished(page, 2)


def test_enter_while_answering_asks_next_and_stop_gives_it_back(visit: Visit, slow_window: str, held: None) -> None:
    page, following = visit(slow_window), "我国互联网上网人数有多少？"
    for question in (WHY, following):
        page.fill("#question textarea", question)
        page.keyboard.press("Enter")
        page.wait_for_selector(".underway .streamed")
    page.wait_for_selector(".queued")
    assert following in page.locator(".queued").inner_text() and page.input_value("#question textarea") == ""
    keep(page, "chat-queued")
    GO_ON.set()
    assert following in finished(page, 2).locator(".asked").inner_text()
    GO_ON.clear()
    for question in (WHY, following):
        page.fill("#question textarea", question)
        page.keyboard.press("Enter")
        page.wait_for_selector(".underway .streamed")
    page.wait_for_selector(".queued")
    page.click("#stop")
    finished(page, 3)
    page.wait_for_function("text => document.querySelector('#question textarea').value === text", arg=following)


def test_a_reload_in_mid_answer_finds_it_again(visit: Visit, slow_window: str, held: None) -> None:
    page = visit(slow_window)
    page.fill("#question textarea", WHY)
    page.keyboard.press("Enter")
    page.wait_for_selector(".underway .streamed")
    page.reload()
    page.wait_for_selector(".underway .streamed")
    GO_ON.set()
    answer = finished(page)
    assert answer.locator(".claim").count()
    assert page.locator("#conversations label").count() == 1


def test_another_conversation_is_not_disturbed_by_an_answer_on_its_way(
    visit: Visit, slow_window: str, held: None
) -> None:
    page = visit(slow_window)
    page.fill("#question textarea", WHY)
    page.keyboard.press("Enter")
    page.wait_for_selector(".underway .streamed")
    page.click("#new-conversation")
    is_new(page)
    page.reload()
    page.wait_for_selector(".welcome")
    page.wait_for_function("document.querySelectorAll('#conversations label').length === 1")


def test_the_interface_speaks_english_and_changes_at_a_click(visit: Visit) -> None:
    page = visit(locale="en-US")
    assert page.locator("#ask").inner_text() == "Ask"
    ask(page, "How many 5G base stations had China built by the end of March 2023?")
    page.click("#language label >> nth=0")
    page.wait_for_function("document.querySelector('#ask').textContent.trim() === '提问'")
    page.wait_for_function("document.querySelector('.actions [data-action=copy]').textContent === '复制'")
    page.reload()
    page.wait_for_function("document.querySelector('#ask')?.textContent.trim() === '提问'")


@pytest.mark.parametrize("width", [390, 1024])
def test_a_narrow_screen_holds_everything(visit: Visit, width: int) -> None:
    page = visit(width=width, height=844)
    ask(page)
    assert not overflows(page)
    page.locator(".cite .number").first.click()
    page.wait_for_selector("mark:target")
    come_into_view(page, "mark:target")
    assert page.locator("#question").is_visible()
    page.evaluate("window.scrollTo(0, 0)")
    page.click("#open-rail")
    come_into_view(page, "#conversations label")
    page.locator("#thread .colophon").click(position={"x": 320, "y": 5})
    page.locator("#rail").wait_for(state="hidden")


def test_the_keyboard_is_enough(visit: Visit) -> None:
    page = visit()
    ask(page)
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.cite .number')"):
            break
    assert page.locator(".card:visible").count() == 1, "the card shows on focus, too"
    page.keyboard.press("Enter")
    page.wait_for_selector("mark:target")
    assert page.evaluate("document.activeElement.matches('mark')")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".claim:target")
