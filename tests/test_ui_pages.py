"""Pages of documents in the window: as they look, beside the text as it was read; and by their address."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder

from rag.loading import load_bytes
from tests.browsing import MARKS, Visit, ask, keep, open_tab, overflows, serious
from tests.serving import served
from tests.test_pictures import report

pytest.importorskip("gradio")

import httpx

pytestmark = MARKS
Library = tuple[str, Any, Path]


@pytest.fixture(scope="module")
def library(tmp_path_factory: Any) -> Iterator[Library]:
    """A page over a report of two pages and one that was uploaded, its assistant, and the report's file."""
    from rag.assistant import Assistant

    folder = tmp_path_factory.mktemp("private")
    file = report(folder / "report.pdf")
    upload = load_bytes(report(folder / "upload.pdf", pages=1).read_bytes(), "upload.pdf")
    with Assistant.open(folder / "index", embedder=HashingEmbedder(), language_model="extractive") as opened:
        opened.add([file, upload])
        for entry in opened.documents():
            opened.edit(entry.id, title="上传的报告" if entry.path == "upload.pdf" else "龙潭水库报告")
        with served(opened) as address:
            yield address, opened, file


@pytest.fixture
def file(library: Library) -> Iterator[Path]:
    """The report's file, which is put back when the test ends."""
    raw = library[2].read_bytes()
    yield library[2]
    library[2].write_bytes(raw)


def test_a_page_stands_beside_its_text_and_is_turned_with_the_keyboard(visit: Visit, library: Library) -> None:
    page = visit(library[0])
    ask(page, "龙潭水库第2期的库容是多少？")
    page.locator("#pane article", has_text="龙潭水库报告").get_by_role("button", name="原页").click()
    shown = page.locator("#reading .pages")
    wait_for_picture(page, "#reading")
    assert shown.locator(".page-number").inner_text() == "第 2 页，共 2 页"
    assert "4.2亿立方米" in shown.locator("#page-mark").inner_text()
    assert shown.locator("img").get_attribute("alt") == "《龙潭水库报告》第 2 页的样子"
    picture, text = shown.locator(".page-picture").bounding_box(), shown.locator(".excerpt").bounding_box()
    assert picture and text and picture["x"] + picture["width"] <= text["x"], "they stand side by side"
    marked, drawn = shown.locator("rect").bounding_box(), shown.locator("img").bounding_box()
    assert marked and drawn and marked["height"] < 0.03 * drawn["height"]
    middle = marked["y"] + marked["height"] / 2 - drawn["y"]
    assert middle / drawn["height"] == pytest.approx((842 - 704) / 842, abs=0.01)
    keep(page, "pages-citation")
    assert not serious(page) and not overflows(page)
    shown.get_by_role("button", name="上一页").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#reading .page-number').textContent.startsWith('第 1 页')")
    page.wait_for_function("document.activeElement.dataset.step === 'page_before'")
    assert "第1期" in shown.inner_text() and not shown.locator("#page-mark, rect").count()
    assert not shown.locator(".page-note").count(), "nothing of it is cited"
    shown.get_by_role("button", name="放大").click()
    wide = shown.locator("img").bounding_box()
    assert wide and wide["width"] > 1.8 * picture["width"]
    page.get_by_role("button", name="回到出处").click()
    page.locator("#pane article").first.wait_for()


def test_a_document_in_the_list_opens_at_a_page(visit: Visit, library: Library, file: Path) -> None:
    page = visit(library[0], width=390, height=844, locale="en-US", color_scheme="dark")
    open_tab(page, "sources")
    page.locator("table.documents td.title > button", has_text="龙潭水库").click()
    page.locator("#document-text").get_by_role("button", name="page 2").click()
    wait_for_picture(page, "#document-text")
    assert page.locator(".page-number").inner_text() == "Page 2 of 2"
    assert not serious(page) and not overflows(page)
    keep(page, "pages-narrow")
    page.get_by_role("button", name="Back to the text").click()
    page.locator("#document-text .page-break").first.wait_for()
    file.write_bytes(b"%PDF-1.7 another")
    page.locator("#document-header").get_by_role("button", name="Original page").click()
    page.locator(".page-missing").wait_for()
    assert "was changed after it was added" in page.locator(".page-missing").inner_text()
    assert "第1期" in page.locator("#document-text .excerpt").inner_text() and not page.locator("img").count()
    assert str(file.parent) not in page.content()


def wait_for_picture(page: Any, place: str) -> None:
    """Waits until the picture of a page has come."""
    page.wait_for_function("s => document.querySelector(s + ' .pages img')?.naturalWidth > 500", arg=place)


def test_a_page_has_an_address_as_long_as_its_file_is_the_one_that_was_read(library: Library, file: Path) -> None:
    address, opened, _ = library
    known = {entry.path: entry.id for entry in opened.documents()}
    pages = f"{address}/pages/{known[str(file)]}"
    answer = httpx.get(f"{pages}/2")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG") and answer.headers["x-content-type-options"] == "nosniff"
    for place, status, zh, en in (
        (f"{pages}/3", 404, "共 2 页", "it has 2"),
        (f"{address}/pages/{'0' * 16}/1", 404, "没有编号为", "no document with the id"),
        (f"{address}/pages/{known['upload.pdf']}/1", 410, "没有保留", "not kept"),
        (f"{pages}/0", 404, "", ""),
        (f"{address}/pages/%2e%2e%2f%2e%2e%2fetc%2fpasswd/1", 404, "", ""),
        (f"{address}/pages/{file}/1", 404, "", ""),
    ):
        for language, told in (("zh-CN", zh), ("en-US", en)):
            answer = httpx.get(place, headers={"Accept-Language": language})
            assert answer.status_code == status and told in answer.json()["error"]["message"], place
            assert str(file.parent) not in answer.text
    assert httpx.post(f"{pages}/1").status_code == 405
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert httpx.get(f"{pages}/1", headers=foreign).status_code == 403
    file.unlink()
    assert httpx.get(f"{pages}/2").status_code == 410


def test_a_server_without_a_page_has_none() -> None:
    from ui.routes import Routes

    for page, methods in ((True, ("GET", "HEAD")), (False, ())):
        assert Routes(lambda *_: None, page=page).allowed("/pages/x/1") == methods  # type: ignore[arg-type, return-value]
