"""The sources in a real browser: files in, read, changed, filtered by and out again."""

import datetime
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.text.documents import Document
from tests.browsing import MARKS, Visit, ask, keep, open_tab, overflows, serious
from tests.serving import served
from tests.slow_recogniser import scan, slow_recogniser

pytest.importorskip("gradio")
pytestmark = MARKS
BRIDGE = "青山湖大桥建成通车\n2024年5月6日\n青山湖大桥全长1280米，总投资3.5亿元。"
PARAGRAPH = "第{n}段介绍各项工作。第{n}段到此为止。"


@pytest.fixture(scope="module")
def library(embedder: Any, tmp_path_factory: Any) -> Iterator[tuple[str, Any]]:
    """A page over an index of its own, and its assistant."""
    from rag.assistant import Assistant

    with Assistant.open(tmp_path_factory.mktemp("index"), embedder=embedder, language_model="extractive") as opened:
        long = "\n\n".join(PARAGRAPH.format(n=n) for n in range(1, 40))
        opened.add(
            [
                Document("白云山隧道全长2600米，于去年贯通。", "a.txt", "白云山隧道贯通", source="白云日报"),
                Document(long, "b.txt", "长文", speakers=("王五",)),
            ]
        )
        with served(opened) as address:
            yield address, opened


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A text in GB18030, a PDF, and four files that cannot be taken in."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen import canvas

    (tmp_path / "桥.txt").write_bytes(BRIDGE.encode("gb18030"))
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    drawn = canvas.Canvas(str(tmp_path / "水库.pdf"))
    drawn.setFont("STSong-Light", 14)
    drawn.drawString(80, 700, "龙潭水库总库容为4.2亿立方米。")
    drawn.save()
    (tmp_path / "坏.pdf").write_bytes(b"%PDF-1.7 broken")
    (tmp_path / "空.txt").write_bytes(b"")
    (tmp_path / "图.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with zipfile.ZipFile(tmp_path / "炸弹.docx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("word/document.xml", b"\0" * 300_000_000)
    return sorted(str(file) for file in tmp_path.iterdir())


def upload(page: Any, files: list[str]) -> Any:
    """Uploads files and waits until each is taken in or refused; the line of each by its file's name."""
    page.locator("#upload input[type=file]").set_input_files(files)
    page.wait_for_function(
        "count => document.querySelectorAll('.uploads li').length === count"
        " && !document.querySelector('.uploads .waiting, .uploads .reading')",
        arg=len(files),
    )
    return {line.locator(".name").inner_text(): line for line in page.locator(".uploads li").all()}


def test_files_are_taken_in_or_refused_with_a_reason_and_answer_questions(
    visit: Visit, library: tuple[str, Any], files: list[str]
) -> None:
    page = visit(library[0])
    open_tab(page, "sources")
    lines = upload(page, files)
    keep(page, "sources-refusals")
    states = {name: line.get_attribute("class") for name, line in lines.items()}
    assert states == {
        "桥.txt": "added", "水库.pdf": "added",
        "坏.pdf": "refused", "空.txt": "refused", "图.png": "refused", "炸弹.docx": "refused",
    }  # fmt: skip
    assert "损坏" in lines["坏.pdf"].inner_text() and "压缩炸弹" in lines["炸弹.docx"].inner_text()
    assert page.get_attribute(".segments", "aria-valuenow") == "6"
    row = page.locator("table.documents tr", has_text="青山湖大桥")
    row.wait_for()
    assert "2024-05-06" in row.inner_text()
    assert "已在库中" in upload(page, [file for file in files if file.endswith("桥.txt")])["桥.txt"].inner_text()
    open_tab(page, "chat")
    answer = ask(page, "青山湖大桥全长多少米？")
    assert "1280米" in answer.locator(".answer").inner_text()
    answer.locator(".cite .number").first.click()
    page.wait_for_selector("mark:target")
    assert "4.2亿立方米" in ask(page, "龙潭水库的总库容是多少？", turns=2).locator(".answer").inner_text()
    page.click("#filters > button")
    page.get_by_role("combobox", name="来源").click()
    page.locator("#filters [role=option]", has_text="白云日报").click()
    page.wait_for_selector(".limits li")
    assert "1280" not in ask(page, "青山湖大桥全长多少米？", turns=3).inner_text()
    removed(page, "青山湖大桥")
    open_tab(page, "chat")
    page.reload()
    page.wait_for_selector(".turn")
    assert "不在索引中" in page.locator("#pane").text_content()


def test_a_scan_tells_its_pages_and_is_stopped(visit: Visit, library: tuple[str, Any], tmp_path: Path) -> None:
    (tmp_path / "扫描.pdf").write_bytes(scan(80))
    (tmp_path / "桥.txt").write_text(BRIDGE, "utf-8")
    page = visit(library[0])
    open_tab(page, "sources")
    with slow_recogniser() as recognise:
        recognise("0 if page < 12 else 1000")
        page.locator("#upload input[type=file]").set_input_files([tmp_path / "扫描.pdf", tmp_path / "桥.txt"])
        page.locator(".uploads li", has_text="扫描.pdf").get_by_text("识别第 12/80 页").wait_for()
        keep(page, "sources-recognising")
        assert not [node for _, nodes in serious(page) for node in nodes if "data-action" in node[0]]
        page.get_by_role("button", name="停止", exact=True).click()
        page.get_by_text("停止后未加入 2 份").wait_for()
    assert page.locator(".uploads li.stopped").count() == 2
    assert not any("桥" in entry.title for entry in library[1].documents())


def removed(page: Any, title: str) -> None:
    """Removes a document in the sources tab."""
    open_tab(page, "sources")
    page.locator("table.documents td.title > button", has_text=title).click()
    page.click("#document-header [data-action=remove]")
    page.click("#removing button.stop")
    page.locator("table.documents tr", has_text=title).wait_for(state="detached")
    page.locator("#document").wait_for(state="detached")


def test_title_and_date_are_edited(visit: Visit, library: tuple[str, Any]) -> None:
    address, opened = library
    page = visit(address)
    open_tab(page, "sources")
    page.locator("table.documents td.title > button", has_text="白云山").click()
    page.click("#document-header [data-action=edit]")
    title = page.get_by_role("textbox", name="标题", exact=True)
    date = page.get_by_role("textbox", name="日期（不详可留空）")
    date.fill("昨天")
    page.click("#editing button.primary")
    page.locator("#editing .problem").wait_for()
    title.fill("白云山隧道贯通了")
    date.fill("2023-11-02")
    page.click("#editing button.primary")
    row = page.locator("table.documents tr", has_text="白云山隧道贯通了")
    row.wait_for()
    assert "2023-11-02" in row.inner_text()
    assert any(entry.title == "白云山隧道贯通了" and str(entry.date) == "2023-11-02" for entry in opened.documents())


def test_a_guessed_day_is_marked_until_the_reader_says_it_is_right(visit: Visit, library: tuple[str, Any]) -> None:
    address, opened = library
    opened.add(Document("截至3月底，渡口村建成充电桩86个。", "20240402.txt", "充电桩", datetime.date(2024, 4, 2), date_is_guessed=True, unsure=((3, 5),)))  # fmt: skip
    page = visit(address)
    open_tab(page, "sources")
    row = page.locator("table.documents tr", has_text="充电桩")
    row.wait_for()
    assert "".join(row.locator("td.date").inner_text().split()) == "2024-04-02据文件名推测"
    row.locator("td.title > button").click()
    header = page.locator("#document-header")
    header.get_by_text("2024-04-02（据文件名推测）").wait_for()
    unsure = page.locator("#document-text .unsure")
    assert (unsure.inner_text(), unsure.get_attribute("title")) == ("月底", "从图片识别，可能有误")
    assert "dotted" in unsure.evaluate("element => getComputedStyle(element).textDecorationStyle")
    page.click("#document-header [data-action=edit]")
    page.get_by_role("textbox", name="标题", exact=True).fill("渡口村充电桩")
    page.click("#editing button.primary")
    page.locator("table.documents tr", has_text="渡口村充电桩").get_by_text("推测").wait_for()
    keep(page, "sources-guessed")
    assert not serious(page)
    page.click("#document-header [data-action=settle]")
    header.get_by_text("2024-04-02", exact=True).wait_for()
    assert page.get_by_text("推测").count() == 0
    (entry,) = [entry for entry in opened.documents() if entry.title == "渡口村充电桩"]
    assert entry.trusted_date == datetime.date(2024, 4, 2)


def test_a_document_is_read_in_full_and_searched(visit: Visit, library: tuple[str, Any]) -> None:
    page = visit(library[0])
    open_tab(page, "sources")
    page.locator("table.documents td.title > button", has_text="长文").click()
    page.wait_for_selector("#document-text p")
    page.get_by_label("在这份文档里查找").fill("第39段")
    page.keyboard.press("Enter")
    page.wait_for_selector("#document-text mark:target")
    assert page.locator("#document-text mark:target").inner_text().endswith("第39段")
    assert page.locator("#found-in-document").inner_text() == "2 处"
    first = page.evaluate("location.hash")
    page.get_by_role("button", name="下一处").click()
    page.wait_for_function("hash => location.hash !== hash", arg=first)
    keep(page, "sources-document")


def test_documents_are_found_by_title_source_and_speaker(visit: Visit, window: str) -> None:
    page = visit(window)
    open_tab(page, "sources")
    page.wait_for_selector("table.documents")
    assert page.locator("table.documents tbody tr").count() == 5
    assert page.locator(".near-duplicates").count() == 2
    page.get_by_label("按标题、来源、说话人查找").fill("新华社 金壮龙")
    page.wait_for_function("document.querySelectorAll('table.documents tbody tr').length === 2")


def test_too_many_files_are_refused(
    visit: Visit, embedder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.assistant import Assistant

    monkeypatch.setenv("YOUJU_UPLOAD_FILES", "2")
    made = []
    for number in range(3):
        file = tmp_path / f"{number}.txt"
        file.write_text(f"第{number}号文件。", "utf-8")
        made.append(str(file))
    with Assistant.open(tmp_path / "index", embedder=embedder) as opened, served(opened) as address:
        page = visit(address, width=390, height=844)
        open_tab(page, "sources")
        page.locator("#upload input[type=file]").set_input_files(made)
        page.locator("#upload-progress .problem").wait_for()
        assert "最多上传 2 份" in page.locator("#upload-progress").inner_text()
        assert not opened.documents() and not overflows(page)


def test_a_folder_is_taken_in(visit: Visit, library: tuple[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "年报"
    (folder / "下级").mkdir(parents=True)
    (folder / "一.txt").write_text("赤水河大桥全长990米。", "utf-8")
    (folder / "下级" / "二.md").write_text("# 乌江渡口\n\n乌江渡口年客流12万人次。", "utf-8")
    page = visit(library[0])
    open_tab(page, "sources")
    page.locator("#adding-more input[type=file]").set_input_files(str(folder))
    page.wait_for_selector(".uploads li >> nth=1")
    page.wait_for_function("document.querySelectorAll('.uploads .added').length === 2")


def test_documents_whose_files_changed_or_went_are_marked(visit: Visit, embedder: Any, tmp_path: Path) -> None:
    from rag.assistant import Assistant

    folder = tmp_path / "docs"
    folder.mkdir()
    for name, title in {"a.txt": "赤水河大桥通车", "b.txt": "乌江渡口扩建", "c.txt": "黔江水库蓄水"}.items():
        (folder / name).write_text(f"{title}\n{title}的消息，详情如下。", "utf-8")
    with Assistant.open(tmp_path / "index", embedder=embedder) as opened, served(opened) as address:
        opened.add([folder, Document("上传来的一份文档，没有文件。", "upload.txt", "上传的", digest="0" * 64)])
        page = visit(address)
        open_tab(page, "sources")
        page.locator("table.documents tr", has_text="赤水河大桥").wait_for()
        assert page.locator(".file-state").count() == 0
        (folder / "a.txt").write_text("赤水河大桥通车\n改过的消息。", "utf-8")
        (folder / "b.txt").unlink()
        open_tab(page, "chat")
        open_tab(page, "sources")
        page.locator("td .file-state").nth(1).wait_for()
        marks = {row.locator("td.title > button").inner_text(): row.locator(".file-state").all_inner_texts()
                 for row in page.locator("table.documents tbody tr").all()}  # fmt: skip
        assert marks == {
            "赤水河大桥通车": ["文件已变动"], "乌江渡口扩建": ["文件已不在"], "黔江水库蓄水": [], "上传的": []
        }  # fmt: skip
        assert "2 份文档的文件" in page.locator("#documents .file-state").first.inner_text()
        page.locator("table.documents td.title > button", has_text="赤水河").click()
        page.locator("#document-header .file-state").wait_for()
        assert "仍是加入时的文字" in page.locator("#document-header .file-state").inner_text()
        assert str(folder) not in page.content()
        keep(page, "sources-files")
        assert not serious(page)
        opened.sync(folder)
        open_tab(page, "chat")
        open_tab(page, "sources")
        page.locator("table.documents .file-state").first.wait_for(state="detached")
        english = visit(address, locale="en-US")
        (folder / "c.txt").unlink()
        open_tab(english, "sources")
        english.locator("td .file-state").wait_for()
        assert english.locator("td .file-state").inner_text() == "File gone"
