"""HTML, PDF and DOCX, each from files made here."""

import datetime
import io
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import pytest

from rag.errors import LoadError
from rag.formats import pdf
from rag.loading import base, load_bytes

PAGE = """<!DOCTYPE html><html><head><meta charset="{charset}"><title>标题 &amp; 网站</title>
<meta name="PubDate" content="2023-03-05 10:00"><meta name="ContentSource" content="新华网">
<script>脚本()</script><style>p {{}}</style></head><body><form id="aspnet"><nav>导航</nav><header>页头</header>
<article><header><h1>大标题</h1></header><p>第一段，
  第二行&nbsp;&amp;&lt; 5G <b>基站</b>
 数量<br>换行后</p><div hidden>隐藏</div><p style="display: none">也隐藏</p>
<ul><li><p>项目一</p></li><li>项目二<ol start="3"><li>内一</li><li>内二</li></ol></li></ul>
<table><tr><th>年</th><th>数量</th></tr><tr><td>2023</td><td><p>264万</p></td></tr></table>
<pre>  a
    b</pre><p><ruby>漢<rp>(</rp><rt>han</rt></ruby>字</p><!-- 注释 --></article>
<aside>侧栏</aside><form>搜索</form><noscript>无脚本</noscript><footer>页脚</footer></form></body></html>"""

PAGE_TEXT = """# 大标题
第一段，第二行\xa0&< 5G 基站 数量
换行后
- 项目一
- 项目二
3. 内一
4. 内二
| 年 | 数量 |
| --- | --- |
| 2023 | 264万 |
  a
    b
漢字"""


@pytest.mark.parametrize(("charset", "codec"), [("utf-8", "utf-8"), ("gb2312", "gb18030"), ("gb2312", "utf-8")])
def test_html(charset: str, codec: str) -> None:
    document = load_bytes(PAGE.format(charset=charset).encode(codec), "a.html")
    assert document.text == PAGE_TEXT
    assert document.title == "标题 & 网站"
    assert document.date == datetime.date(2023, 3, 5)
    assert document.source == "新华网"
    assert document.encoding == "html"


def test_html_declared_in_an_encoding_that_text_files_may_not_have() -> None:
    raw = '<meta charset="shift_jis"><p>これは日本語のテキストです</p>'.encode("shift_jis")
    assert load_bytes(raw, "a.html").text == "これは日本語のテキストです"


def test_html_without_suffix_is_recognised() -> None:
    assert load_bytes("<!doctype html><p>字".encode(), "stdin").encoding == "html"


def test_layout_tables_are_read_as_blocks() -> None:
    page = "<table><tr><td><h2>标题</h2><p>一</p><p>二</p></td><td>旁</td></tr></table>"
    assert load_bytes(page.encode(), "a.html").text == "## 标题\n一\n二\n旁"


def test_html_with_lone_surrogates_and_marks_of_our_own() -> None:
    document = load_bytes(
        ("<p>" + "字" * 999 + "</p><p>a&#xD800;b\ufdd0c\ufdd1d</p><pre>\ufdd0e</pre>").encode(), "a.html"
    )
    document.text.encode()
    assert document.text.endswith("d\ne")


@pytest.mark.parametrize("page", ["", "<html></html>", "<script>x</script>", "<div>" * 5000 + "深"])
def test_html_that_is_refused(page: str) -> None:
    with pytest.raises(LoadError, match=r"a\.html"):
        load_bytes(page.encode(), "a.html")


PdfMaker = Callable[..., bytes]


@pytest.fixture(scope="module")
def make_pdf() -> PdfMaker:
    from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # type: ignore[import-untyped]
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))

    def make(pages: list[list[str]], title: str = "", **options: Any) -> bytes:
        file = io.BytesIO()
        canvas = Canvas(file, **options)
        canvas.setTitle(title)
        for lines in pages:
            canvas.setFont("STSong-Light", 12)
            for number, line in enumerate(lines):
                canvas.drawString(72, 780 - 18 * number, line)
            canvas.showPage()
        canvas.save()
        return file.getvalue()

    return make


def test_pdf_keeps_pages_and_line_ends(make_pdf: PdfMaker) -> None:
    document = load_bytes(make_pdf([["第一页第一行，", "第二行。"], [], ["第三页"]], title="第二行"), "a.pdf")
    assert document.text == "第一页第一行，\n第二行。\f\f第三页"
    assert document.page_starts == (0, 13, 14)
    assert [document.page(document.text.index(word)) for word in ("第一页", "第二行", "第三页")] == [1, 1, 3]
    assert document.title == "第二行"
    assert document.date is None
    assert document.encoding == "pdf"


def test_pdf_title_that_its_text_does_not_say_is_left(make_pdf: PdfMaker) -> None:
    assert load_bytes(make_pdf([["公告", "正文"]], title="Microsoft Word - 1.doc"), "a.pdf").title == "公告"


def test_pdf_of_a_real_document(make_pdf: PdfMaker) -> None:
    lines = ["一季度规模以上工业增加值同比增长3%，", "截至3月底，累计建成5G基站超过264万个。", "（责任编辑：张恒星）"]
    document = load_bytes(make_pdf([lines]), "a.pdf")
    assert document.text.split("\n") == lines


def test_encrypted_pdf(make_pdf: PdfMaker) -> None:
    with pytest.raises(LoadError) as caught:
        load_bytes(make_pdf([["字"]], encrypt="secret"), "a.pdf")
    assert "密码" in caught.value.zh and "password" in caught.value.en


def test_scanned_pdf(make_pdf: PdfMaker) -> None:
    with pytest.raises(LoadError) as caught:
        load_bytes(make_pdf([[], []]), "a.pdf")
    assert "文字层" in caught.value.zh and "text layer" in caught.value.en


def test_pdf_with_too_many_pages(make_pdf: PdfMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.formats.pdf.MAX_PAGES", 2)
    with pytest.raises(LoadError, match="3"):
        pdf.extract(make_pdf([["字"]] * 3), "a.pdf")


def test_damaged_pdfs(make_pdf: PdfMaker) -> None:
    whole = make_pdf([["字"] * 20] * 3)
    for raw in (b"%PDF-1.4 rubbish", b"no pdf at all", whole[:30]):
        with pytest.raises(LoadError, match=r"a\.pdf"):
            load_bytes(raw, "a.pdf")
    for cut in range(100, len(whole), len(whole) // 20):
        refused = None
        try:
            load_bytes(whole[:cut], "a.pdf")
        except LoadError as error:
            refused = error
        assert refused is None or "a.pdf" in refused.zh


def test_a_pdf_that_is_a_web_page_says_so() -> None:
    with pytest.raises(LoadError) as caught:
        load_bytes(b"<!DOCTYPE html><title>404</title>", "a.pdf")
    assert "网页" in caught.value.zh and "a web page" in caught.value.en


def docx_bytes(document: Any) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def chinese_docx() -> Any:
    document = docx.Document()
    document.core_properties.title = "文件标题"
    document.core_properties.created = datetime.datetime(2023, 3, 5, 10)
    document.add_heading("总标题", 0)
    document.add_heading("一、工作要求", 2)
    document.add_paragraph("第一段。").add_run("加粗的字")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ("年", "基站", "2023", "264万"), strict=True):
        cell.text = text
    document.add_paragraph("表后一段\t制表")
    return document


def test_docx_keeps_headings_and_tables_in_order() -> None:
    document = load_bytes(docx_bytes(chinese_docx()), "a.docx")
    table = "| --- | --- |\n| 年 | 基站 |\n| 2023 | 264万 |"
    assert document.text == f"# 总标题\n## 一、工作要求\n第一段。加粗的字\n{table}\n表后一段\t制表"
    assert document.title == "总标题"  # the text does not say the one that the file declares
    assert document.date is None  # when the file was made says nothing of when its text was published
    assert document.encoding == "docx"


def test_docx_keeps_insertions_and_drops_deletions() -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    source = docx.Document()
    paragraph = source.add_paragraph("原文")._p
    paragraph.append(parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>新增</w:t></w:r></w:ins>"))
    paragraph.append(parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>删去</w:delText></w:r></w:del>"))
    assert load_bytes(docx_bytes(source), "a.docx").text == "原文新增"


def repacked(raw: bytes, name: str, content: bytes) -> bytes:
    """The archive with one member replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return file.getvalue()


def test_docx_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    raw = repacked(docx_bytes(docx.Document()), "word/document.xml", b" " * (base.MAX_XML_BYTES + 1))
    assert len(raw) < 1_000_000
    with pytest.raises(LoadError) as caught:
        load_bytes(raw, "a.docx")
    assert "压缩炸弹" in caught.value.zh and "zip bomb" in caught.value.en


def test_docx_entities_are_not_expanded() -> None:
    entities = '<!ENTITY a "哈哈哈哈哈哈哈哈哈哈">' + "".join(
        f'<!ENTITY {name} "{("&" + previous + ";") * 10}">'
        for previous, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f'<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>正文&i;</w:t></w:r></w:p></w:body></w:document>'
    raw = repacked(docx_bytes(docx.Document()), "word/document.xml", f"<!DOCTYPE x [{entities}]>{body}".encode())
    try:
        text = load_bytes(raw, "a.docx").text
    except LoadError as error:
        text = error.en
    assert "a.docx" in text or "正文" in text
    assert len(text) < 300


def test_docx_that_is_refused() -> None:
    whole = docx_bytes(chinese_docx())
    broken = bytearray(whole)
    broken[len(whole) // 2] ^= 0xFF
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "no document")
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    unparsable = repacked(whole, "word/document.xml", b"<w:document")
    for raw in (whole[:-200], whole[:2000], bytes(broken), archive.getvalue(), ole, b"text", b"", unparsable):
        with pytest.raises(LoadError, match=r"a\.docx"):
            load_bytes(raw, "a.docx")


def test_password_protected_docx_says_so() -> None:
    with pytest.raises(LoadError, match=r"密码|password"):
        load_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.docx")
