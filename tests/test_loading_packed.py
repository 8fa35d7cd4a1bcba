"""Presentations, books, mail and web pages in one file, from files made here."""

import base64
import datetime
import io
import zipfile
from email.message import EmailMessage
from typing import Any

import pptx
import pytest
from pptx.util import Inches

from rag.errors import LoadError
from rag.formats import epub, mail, slides
from rag.loading import load_bytes


def refused(raw: bytes, name: str) -> LoadError:
    """The error that refuses a file; it names it in both languages."""
    with pytest.raises(LoadError) as caught:
        load_bytes(raw, name)
    assert name in caught.value.zh and name in caught.value.en
    return caught.value


def saved(presentation: Any) -> bytes:
    file = io.BytesIO()
    presentation.save(file)
    return file.getvalue()


def with_title(presentation: Any, title: str) -> Any:
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = title
    return slide


def text_box(slide: Any, text: str) -> Any:
    frame = slide.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame
    frame.text = text
    return frame


def test_slides_are_sections_with_lists_tables_and_notes() -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "年度\v工作"
    frame = slide.placeholders[1].text_frame
    frame.text = "第一项"
    below = frame.add_paragraph()
    below.text, below.level = "细目", 1
    slide.notes_slide.notes_text_frame.text = "讲稿第一段\n第二段"
    table = slide.shapes.add_table(3, 3, 0, 0, Inches(3), Inches(1)).table
    for place, text in enumerate(["地区", "产量", "", "", "2022年", "2023年", "沙洲县", "1", "2"]):
        table.cell(place // 3, place % 3).text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    text_box(slide, "单位：万吨")
    text_box(with_title(presentation, "第二部分"), "# 不是标题")
    assert load_bytes(saved(presentation), "a.pptx").text == (
        "## 年度 工作\n- 第一项\n- 细目\n"
        "| 地区 | 产量 ||\n| ^^ | 2022年 | 2023年 |\n| --- | --- | --- |\n| 沙洲县 | 1 | 2 |\n"
        "单位：万吨\n备注：讲稿第一段\n备注：第二段\n\n"
        "## 第二部分\n\\# 不是标题"
    )


def test_numbers_of_lists_and_raised_digits() -> None:
    from lxml import etree

    presentation = pptx.Presentation()
    frame = text_box(with_title(presentation, "面积"), "第一\n第二\n没有号\n第三")
    names = ("arabicPeriod", "arabicPeriod", "", "ea1JpnChsDbPeriod")
    for paragraph, kind in zip(frame.paragraphs, names, strict=True):
        if kind:
            etree.SubElement(paragraph._p.get_or_add_pPr(), f"{{{A}}}buAutoNum", type=kind)
    raised = frame.add_paragraph()
    for text, baseline in (("10", ""), ("4", "30000"), (" m", ""), ("2", "30000")):
        run = raised.add_run()
        run.text = text
        if baseline:
            run.font._element.set("baseline", baseline)
    assert load_bytes(saved(presentation), "a.pptx").text == ("## 面积\n1. 第一\n2. 第二\n没有号\n一、第三\n10⁴ m²")


A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def test_what_of_slides_is_left_out_is_counted() -> None:
    from PIL import Image
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE

    presentation = pptx.Presentation()
    slide = with_title(presentation, "图表")
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    for _ in range(2):
        slide.shapes.add_picture(picture, 0, 0)
    data = CategoryChartData()
    data.categories = ["甲"]
    data.add_series("列", (1,))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(1), Inches(1), data)
    with_title(presentation, "隐藏")._element.set("show", "0")
    presentation.slides.add_slide(presentation.slide_layouts[6])
    extracted = slides.extract(saved(presentation), "a.pptx")
    assert extracted.text == "## 图表"
    assert extracted.left_out == (
        ("隐藏的幻灯片 1 张", "1 hidden slide"),
        ("图片 2 张", "2 pictures"),
        ("图表 1 个", "1 chart"),
    )


def test_groups_are_read_in_order_and_slides_without_title_have_their_number() -> None:
    presentation = pptx.Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    group = slide.shapes.add_group_shape()
    for text in ("一", "二"):
        group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = text
    text_box(slide, "三")
    assert load_bytes(saved(presentation), "a.pptx").text == "## 幻灯片 1\n一\n二\n三"


def test_title_of_a_presentation_only_where_its_text_says_it() -> None:
    presentation = pptx.Presentation()
    with_title(presentation, "工作总结")
    presentation.core_properties.title = "工作总结"
    presentation.core_properties.modified = datetime.datetime(2024, 3, 5)
    document = load_bytes(saved(presentation), "a.pptx")
    assert (document.title, document.date, document.encoding) == ("工作总结", None, "pptx")
    presentation.core_properties.title = "PowerPoint 演示文稿"
    assert load_bytes(saved(presentation), "a.pptx").title == "工作总结"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def test_presentations_that_are_refused() -> None:
    presentation = pptx.Presentation()
    with_title(presentation, "字")
    whole = saved(presentation)
    assert "old .ppt" in refused(OLE + "PowerPoint Document\0".encode("utf-16-le"), "a.pptx").en
    assert "password" in refused(OLE + "EncryptedPackage\0".encode("utf-16-le"), "a.pptx").en
    assert "(.pptx)" in refused(whole, "a.xlsx").en
    assert "plain text" in refused(b"text", "a.pptx").en
    assert "empty" in refused(b"", "a.pptx").en
    for cut in range(50, len(whole), len(whole) // 10):
        assert "damaged: its end is cut off" in refused(whole[:cut], "a.pptx").en
    broken = replaced(whole, "ppt/slides/slide1.xml", b"<p:sld")
    assert "damaged" in refused(broken, "a.pptx").en


def test_deep_groups_and_entities_in_slides() -> None:
    presentation = pptx.Presentation()
    with_title(presentation, "字")
    whole = saved(presentation)
    name = "http://schemas.openxmlformats.org/presentationml/2006/main"
    each = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    bomb = (
        f'<!DOCTYPE p [<!ENTITY e0 "哈哈">{each}]><p:sld xmlns:p="{name}" xmlns:a="{A}"><p:cSld><p:spTree><p:sp>'
        "<p:txBody><a:p><a:r><a:t>正文&e9;</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>"
    )
    deep = f'<p:sld xmlns:p="{name}"><p:cSld><p:spTree>' + "<p:grpSp>" * 5_000
    for slide in (bomb, deep + "</p:grpSp>" * 5_000 + "</p:spTree></p:cSld></p:sld>"):
        try:
            text = load_bytes(replaced(whole, "ppt/slides/slide1.xml", slide.encode()), "a.pptx").text
        except LoadError as error:
            text = error.en
        assert "哈" not in text and len(text) < 300


def replaced(raw: bytes, name: str, content: bytes) -> bytes:
    """The archive with one member replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return file.getvalue()


CHAPTERS = {
    "text/one.xhtml": '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">'
    "<head><title/></head><body><h1>第一章</h1><p>开头&nbsp;<a id='x'/>一段。</p><img src='a.png'/></body></html>",
    "text/二.xhtml": "<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>第二章</h1><p>结尾&mdash;一段。</p></body></html>",
    "text/cover.xhtml": "<html xmlns='http://www.w3.org/1999/xhtml'><body><svg xmlns='http://www.w3.org/2000/svg'/></body></html>",
    "nav.xhtml": "<html xmlns='http://www.w3.org/1999/xhtml'><body><nav><h1>目录</h1></nav></body></html>",
}


def book(chapters: dict[str, str] = CHAPTERS, **more: str) -> bytes:
    """An EPUB whose spine is not in the order of its files."""
    file = io.BytesIO()
    spine = ["text/cover.xhtml", "nav.xhtml", "text/one.xhtml", "text/二.xhtml"]
    ids = {path: f"i{number}" for number, path in enumerate(reversed(spine))}
    items = ""
    for path, name in reversed(ids.items()):
        kind = " properties='nav'" if path == "nav.xhtml" else ""
        href = path.replace("二", "%E4%BA%8C")
        items += f'<item id="{name}" href="{href}" media-type="application/xhtml+xml"{kind}/>'
    order = "".join(f'<itemref idref="{ids[path]}"/>' for path in spine)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>长河纪事</dc:title><dc:creator>李明</dc:creator><dc:creator>王芳</dc:creator>"
        "<dc:publisher>沙洲出版社</dc:publisher><dc:date>2019-05-01</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OEBPS/content.opf", package)
        for path, text in chapters.items():
            archive.writestr(f"OEBPS/{path}", text)
        for path, text in more.items():
            archive.writestr(f"META-INF/{path}.xml", text)
    return file.getvalue()


def test_books_are_read_in_the_order_of_their_spine() -> None:
    extracted = epub.extract(book(), "a.epub")
    assert extracted.text == "# 第一章\n开头\xa0一段。\n\n# 第二章\n结尾—一段。"
    assert extracted.left_out == (("图片 2 张", "2 pictures"), ("目录页 1 页", "1 table of contents"))
    document = load_bytes(book(), "a.epub")
    assert (document.title, document.source, document.date) == ("长河纪事", "李明、王芳", datetime.date(2019, 5, 1))
    assert load_bytes(book(), "stdin").encoding == "epub"


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "no document")
    return file.getvalue()


def encrypted(algorithm: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData '
        f'xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="{algorithm}"/></EncryptedData></encryption>'
    )


def test_protected_books_are_refused_and_encrypted_fonts_are_not() -> None:
    error = refused(book(encryption=encrypted("http://www.w3.org/2001/04/xmlenc#aes128-cbc")), "a.epub")
    assert "DRM" in error.zh and "DRM" in error.en
    assert load_bytes(book(encryption=encrypted("http://www.idpf.org/2008/embedding")), "a.epub").text


def test_books_that_are_refused_or_mended() -> None:
    chapters = {path: text for path, text in CHAPTERS.items() if path != "text/one.xhtml"}
    assert "damaged" in refused(book(chapters), "a.epub").en
    assert "damaged: its end is cut off" in refused(book()[:-100], "a.epub").en
    assert "ZIP" in refused(zipped("a.txt"), "stdin").en
    pictures = dict.fromkeys(CHAPTERS, CHAPTERS["text/cover.xhtml"])
    assert "empty" in refused(book(pictures), "a.epub").en
    broken = CHAPTERS | {"text/one.xhtml": "<html><body><h1>第一章<p>没有结束的一段 & 更多"}
    assert load_bytes(book(broken), "a.epub").text == "# 第一章\n没有结束的一段 & 更多\n\n# 第二章\n结尾—一段。"


def message(**headers: str) -> EmailMessage:
    made = EmailMessage()
    given = {
        "Subject": "关于会议的通知",
        "From": "张三 <zhang@example.com>",
        "To": "李四 <li@example.com>, wang@example.com",
    }
    for name, value in (given | {"Date": "Tue, 05 Mar 2024 10:30:00 +0800"} | headers).items():
        made[name] = value
    return made


HEAD = (
    "# 关于会议的通知\n发件人：张三 <zhang@example.com>\n收件人：李四 <li@example.com>、wang@example.com\n"
    "日期：2024-03-05 10:30\n\n"
)


def test_mail_prefers_plain_text_and_names_its_attachments() -> None:
    made = message()
    made.set_content("会议于3月8日召开。\n\n请准时参加。\n")
    made.add_alternative("<p>会议于<b>3月8日</b>召开。</p>", subtype="html")
    made.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="议程.pdf")
    made.add_attachment("附", filename="名单.txt")
    extracted = mail.extract(made.as_bytes(), "a.eml")
    assert extracted.text == HEAD + "会议于3月8日召开。\n\n请准时参加。"
    assert extracted.left_out == (("附件 2 个（议程.pdf、名单.txt）", "2 attachments (议程.pdf, 名单.txt)"),)
    document = load_bytes(made.as_bytes(), "a.eml")
    assert (document.title, document.source, document.date) == (
        "关于会议的通知", "张三", datetime.date(2024, 3, 5),
    )  # fmt: skip
    assert document.encoding == "eml"


def test_of_what_is_left_out_no_more_is_told_than_a_person_reads_but_how_much_more_there_is() -> None:
    made = message()
    for number in range(60):
        made.add_attachment(f"<p>第{number}页<img src=a>", subtype="html", disposition="inline")
    told = load_bytes(made.as_bytes(), "a.eml").left_out
    assert told == (("图片 1 张", "pictures: 1"),) * 50 + (("另有 10 处", "and 10 more"),)
    made = message()
    made.set_content("正文")
    made.add_attachment("附", filename="长" * 600)
    ((zh, en),) = load_bytes(made.as_bytes(), "a.eml").left_out
    assert zh == f"附件 1 个（{'长' * 493}……（另有 108 字）"
    assert en == f"1 attachment ({'长' * 486}… (more characters: 115)"


def test_mail_of_html_alone_in_another_encoding() -> None:
    made = message(Cc="赵六 <zhao@example.com>")
    made.set_content("<meta charset=utf-8><p>第一段</p><p>镕基</p>", subtype="html", charset="gb18030")
    raw = made.as_bytes().replace(b"gb18030", b"gb2312")
    assert (
        load_bytes(raw, "a.eml").text
        == HEAD.replace("\n日期", "\n抄送：赵六 <zhao@example.com>\n日期") + "第一段\n镕基"
    )


def test_mail_whose_headers_declare_no_encoding_or_split_a_character() -> None:
    raw = "Subject: 会议通知\r\nFrom: 张三 <a@b.cn>\r\n\r\n正文一段。\r\n".encode("gb18030")
    assert load_bytes(raw, "a.eml").text == "# 会议通知\n发件人：张三 <a@b.cn>\n\n正文一段。"
    whole = "会议通知".encode()
    parts = [base64.b64encode(part).decode() for part in (whole[:4], whole[4:])]
    split = f"Subject: =?utf-8?B?{parts[0]}?=\r\n =?utf-8?B?{parts[1]}?=\r\nFrom: a@b.cn\r\n\r\n1\r\n"
    assert load_bytes(split.encode(), "a.eml").title == "会议通知"


def test_a_mail_within_a_mail_is_an_attachment() -> None:
    inner = message(Subject="原来的邮件")
    inner.set_content("原文")
    outer = message()
    outer.set_content("转发给你。")
    outer.add_attachment(inner)
    extracted = mail.extract(outer.as_bytes(), "a.eml")
    assert extracted.text == HEAD + "转发给你。"
    assert extracted.left_out == (("附件 1 个（原来的邮件）", "1 attachment (原来的邮件)"),)


DEEP = "".join(
    f"--{number or 'a'}\r\nContent-Type: multipart/mixed; boundary={number + 1}\r\n\r\n" for number in range(2_000)
).encode()


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        ("只是一段文字，没有信头。".encode(), "no mail"),
        (b"From: a@b\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nAAAA", "encrypted"),
        (OLE + "__nameid_version1.0\0".encode("utf-16-le"), "Outlook"),
        (b"From: a@b\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" + DEEP, "a.eml"),
    ],
    ids=["empty", "text", "encrypted", "outlook", "deep"],
)  # fmt: skip
def test_mail_that_is_refused(raw: bytes, told: str) -> None:
    assert told in refused(raw, "a.eml").en


PAGE = "<html><head><meta charset=gb2312><title>公告</title></head><body><h1>公告</h1><p>正文镕。</p></body></html>"


def kept_page(charset: str = "utf-8", page: str = PAGE) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = "<Saved by Blink>", "公告 - 网站"
    made["Date"] = "Tue, 05 Mar 2024 10:30:00 +0800"
    made.set_content(page, subtype="html", charset=charset, cte="quoted-printable")
    made.add_related(b"\x89PNG\r\n", "image", "png", cid="<a>")
    return made.as_bytes()


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
@pytest.mark.parametrize("suffix", [".mhtml", ".mht"])
def test_a_web_page_in_one_file(charset: str, suffix: str) -> None:
    document = load_bytes(kept_page(charset), f"a{suffix}")
    assert document.text == "# 公告\n正文镕。"
    assert (document.title, document.source, document.date, document.encoding) == ("公告", "", None, "mhtml")
    assert mail.extract_page(kept_page(charset), "a").left_out == (("图片 1 张", "1 picture"),)


def test_web_pages_in_one_file_that_are_refused() -> None:
    made = message()
    made.set_content("没有网页")
    assert "no web page" in refused(made.as_bytes(), "a.mhtml").en
    assert "no web page" in refused(b"<!doctype html><p>1", "a.mht").en
    assert "empty" in refused(kept_page(page="<html></html>"), "a.mhtml").en
