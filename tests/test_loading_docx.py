"""Word documents, read as they are shown: each test makes its file and says the exact text."""

import pytest

from rag.errors import LoadError
from rag.formats.docx import extract
from rag.formats.ordinal_formats import shown
from rag.loading import load_bytes
from rag.loading.base import MAX_XML_BYTES
from tests.word_documents import (
    DECLARED,
    Part,
    cell,
    level,
    numbered,
    numbering,
    paragraph,
    row,
    run,
    table,
    use,
    word_file,
    zipped,
)


def text_of(body: str, *parts: Part, styles: str = "", types: str = "") -> str:
    return load_bytes(word_file(body, *parts, styles=styles, types=types), "a.docx").text


def left_out(body: str, *parts: Part, styles: str = "", types: str = "") -> tuple[tuple[str, str], ...]:
    return extract(word_file(body, *parts, styles=styles, types=types), "a.docx").left_out


# Numbering

OFFICIAL = (
    level(0, "chineseCounting", "%1、") + level(1, "decimal", "（%2）") + level(2, "decimal", "%1.%2.%3", "<w:isLgl/>")
)


def test_numbers_stand_as_they_are_shown_and_begin_anew_below_another() -> None:
    lists = [OFFICIAL, level(0, "chineseCountingThousand", "第%1条"), level(0, "bullet", "\uf0b7")]
    body = "".join([
        numbered("总则", 1), numbered("目标", 1, 1), numbered("任务", 1, 1), numbered("细目", 1, 2), numbered("细目", 1, 2),
        paragraph("中间一段"), numbered("附则", 1), numbered("施行", 1, 1), numbered("本条例", 2), numbered("要点", 3),
    ])  # fmt: skip
    assert text_of(body, numbering(lists, use(1, 0) + use(2, 1) + use(3, 2))) == (
        "一、总则\n（1）目标\n（2）任务\n1.2.1 细目\n1.2.2 细目\n中间一段\n二、附则\n（1）施行\n第一条 本条例\n- 要点"
    )


def test_uses_of_a_list_go_on_counting_unless_they_give_a_start() -> None:
    restart = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    other = f'<w:lvlOverride w:ilvl="0">{level(0, "upperRoman", "%1.")}</w:lvlOverride>'
    uses = use(1, 0) + use(2, 0) + use(3, 0, restart) + use(4, 0, other)
    body = "".join(numbered("项", which) for which in (1, 1, 2, 3, 3, 1, 4))
    assert text_of(body, numbering([level(0, "decimal", "%1.")], uses)) == (
        "1. 项\n2. 项\n3. 项\n1. 项\n2. 项\n3. 项\nIV. 项"
    )


def test_a_start_a_level_that_never_restarts_and_one_that_restarts_only_below_the_first() -> None:
    lists = [
        level(0, "decimal", "%1.").replace('start w:val="1"', 'start w:val="5"')
        + level(1, "lowerLetter", "%2)", '<w:lvlRestart w:val="0"/>')
        + level(2, "lowerRoman", "%3)", '<w:lvlRestart w:val="1"/>')
    ]
    body = "".join(numbered("项", 1, at) for at in (0, 1, 2, 1, 2, 0, 1, 2))
    assert text_of(body, numbering(lists, use(1, 0))) == ("5. 项\na) 项\ni) 项\nb) 项\nii) 项\n6. 项\nc) 项\ni) 项")


def test_styles_number_their_paragraphs_and_a_paragraph_may_take_the_number_away() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="T"><w:name w:val="条"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="K"><w:name w:val="款"/><w:basedOn w:val="T"/></w:style>'
    )
    lists = [
        level(0, "chineseCountingThousand", "第%1条", '<w:pStyle w:val="T"/>')
        + level(1, "decimal", "（%2）", '<w:pStyle w:val="K"/>')
    ]
    body = (
        paragraph("甲", '<w:pStyle w:val="T"/>') + paragraph("乙", '<w:pStyle w:val="K"/>')
        + paragraph("丙", '<w:pStyle w:val="K"/>')
        + paragraph("丁", '<w:pStyle w:val="T"/><w:numPr><w:numId w:val="0"/></w:numPr>')
        + paragraph("戊", '<w:pStyle w:val="T"/>')
    )  # fmt: skip
    text = text_of(body, numbering(lists, use(1, 0)), styles=styles)
    assert text == "第一条 甲\n（1）乙\n（2）丙\n丁\n第二条 戊"


def test_a_list_that_stands_in_a_style() -> None:
    style = '<w:style w:type="numbering" w:styleId="L"><w:name w:val="L"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>'
    lists = ['<w:numStyleLink w:val="L"/>', '<w:styleLink w:val="L"/>' + level(0, "decimalEnclosedCircle", "%1")]
    body = numbered("甲", 1) + numbered("乙", 1)
    assert text_of(body, numbering(lists, use(1, 0) + use(2, 1)), styles=style) == "①甲\n②乙"


def test_a_list_that_names_itself_ends() -> None:
    style = '<w:style w:type="numbering" w:styleId="L"><w:name w:val="L"/><w:basedOn w:val="L"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    assert text_of(numbered("甲", 1), numbering(['<w:numStyleLink w:val="L"/>'], use(1, 0)), styles=style) == "甲"


def test_a_custom_format_in_a_copy_for_newer_programs() -> None:
    chosen = (
        '<w:lvl w:ilvl="0"><w:start w:val="7"/><mc:AlternateContent><mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001, 002, 003, ..."/></mc:Choice><mc:Fallback><w:numFmt w:val="decimal"/>'
        '</mc:Fallback></mc:AlternateContent><w:lvlText w:val="%1"/></w:lvl>'
    )
    assert text_of(numbered("甲", 1), numbering([chosen], use(1, 0))) == "007 甲"


def test_no_space_where_the_list_wants_none_unless_two_numbers_would_be_one() -> None:
    lists = [level(0, "decimal", "%1.", '<w:suff w:val="nothing"/>')]
    body = numbered("甲", 1) + numbered("5亿元", 1)
    assert text_of(body, numbering(lists, use(1, 0))) == "1.甲\n2. 5亿元"


@pytest.mark.parametrize(
    ("number_format", "numbers"),
    [
        ("chineseCounting", {1: "一", 10: "十", 11: "十一", 20: "二十", 99: "九十九", 101: "一○一"}),
        ("chineseCountingThousand", {10: "十", 100: "一百", 101: "一百零一", 110: "一百一十", 1010: "一千零一十", 10001: "一万零一"}),
        ("chineseLegalSimplified", {3: "叁", 10: "壹拾", 105: "壹佰零伍"}),
        ("ideographDigital", {9: "九", 10: "一〇", 25: "二五"}),
        ("japaneseCounting", {10: "十", 21: "二十一", 100: "百", 101: "百一", 1200: "千二百"}),
        ("decimalEnclosedCircle", {1: "①", 20: "⑳", 21: "㉑", 50: "㊿", 51: "51"}),
        ("upperRoman", {4: "IV", 1994: "MCMXCIV", 4000: "4000"}),
        ("lowerRoman", {9: "ix"}),
        ("upperLetter", {1: "A", 26: "Z", 27: "AA", 28: "BB", 781: "781"}),
        ("lowerLetter", {3: "c"}),
        ("decimal", {12: "12"}),
        ("decimalZero", {3: "03", 12: "12"}),
        ("ideographTraditional", {1: "甲", 11: "11"}),
        ("aFormatNobodyKnows", {3: "3"}),
    ],
)  # fmt: skip
def test_formats_of_numbers(number_format: str, numbers: dict[int, str]) -> None:
    assert {number: shown(number, number_format) for number in numbers} == numbers


# Headings


def test_headings_by_style_base_and_outline_level_with_their_numbers() -> None:
    style = '<w:style w:type="paragraph" w:styleId="Z"><w:name w:val="章"/><w:basedOn w:val="Heading1"/></w:style>'
    in_list = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    body = (
        paragraph("条例", '<w:pStyle w:val="Title"/>')
        + paragraph("总则", f'<w:pStyle w:val="Z"/>{in_list}')
        + paragraph("范围", '<w:outlineLvl w:val="2"/>')
        + paragraph("正文", '<w:pStyle w:val="Z"/><w:outlineLvl w:val="9"/>')
        + paragraph(run("附") + "<w:r><w:br/></w:r>" + run("则"), f'<w:pStyle w:val="Z"/>{in_list}')
        + paragraph("", '<w:pStyle w:val="Z"/>')
    )
    text = text_of(body, numbering([level(0, "chineseCounting", "第%1章")], use(1, 0)), styles=style)
    assert text == "# 条例\n# 第一章 总则\n### 范围\n正文\n# 第二章 附 则"


# Tables


def test_table_with_spans_heads_and_a_unit_line_above() -> None:
    body = paragraph("表1 产量") + paragraph("单位：万吨") + table(
        row(cell("地区", '<w:vMerge w:val="restart"/>'), cell("产量", '<w:gridSpan w:val="2"/>'), properties="<w:tblHeader/>"),
        row(cell("", "<w:vMerge/>"), "2022年", "2023年", properties="<w:tblHeader/>"),
        row("沙洲县", "10.2", "12.5"),
        row("3.5", "4.5", properties='<w:gridBefore w:val="1"/>'),
    ) + paragraph("注：初步数。")  # fmt: skip
    assert text_of(body) == (
        "表1 产量\n单位：万吨\n| 地区 | 产量 ||\n| ^^ | 2022年 | 2023年 |\n| --- | --- | --- |\n"
        "| 沙洲县 | 10.2 | 12.5 |\n|  | 3.5 | 4.5 |\n注：初步数。"
    )


def test_rows_and_cells_under_track_changes_and_in_content_controls() -> None:
    deleted = '<w:tc><w:tcPr><w:cellDel w:id="1"/></w:tcPr><w:p><w:r><w:t>旧格</w:t></w:r></w:p></w:tc>'
    gone = row("旧行", "9", "9").replace("<w:trPr>", '<w:trPr><w:del w:id="2"/>')
    new = row("新行", "3", "4", properties='<w:ins w:id="3"/>')
    body = table(
        row("名称", "甲", deleted, "乙"),
        gone,
        f"<w:sdt><w:sdtPr/><w:sdtContent>{new}</w:sdtContent></w:sdt>",
        row("末行", f"<w:sdt><w:sdtContent>{cell('5')}</w:sdtContent></w:sdt>".replace("<w:sdt>", "<w:sdt>"), "6"),
    )
    assert text_of(body) == "| 名称 | 甲 | 乙 |\n| --- | --- | --- |\n| 新行 | 3 | 4 |\n| 末行 | 5 | 6 |"
    assert left_out(body) == (("修订中删去的文字 6 字", "6 characters deleted under track changes"),)


def test_cells_of_several_lines_tables_in_them_and_lists_in_them() -> None:
    inner = table(row("内一", "内二"), row("内三", "内四"))
    body = table(
        row("项目", "内容", "数"),
        row("甲|乙", cell(numbered("先", 1) + numbered("后", 1)), "1"),
        row("丙", cell(paragraph("前") + inner + paragraph("后")), "2"),
    )
    assert text_of(body, numbering([level(0, "decimal", "%1.")], use(1, 0))) == (
        "| 项目 | 内容 | 数 |\n| --- | --- | --- |\n| 甲\\|乙 | 1. 先<br>2. 后 | 1 |\n| 丙 | 前<br>内一 内二<br>内三 内四<br>后 | 2 |"
    )


def test_cells_merged_the_old_way_and_under_track_changes() -> None:
    body = table(
        row(cell("甲", '<w:hMerge w:val="restart"/>'), cell("", '<w:hMerge w:val="continue"/>'), "1"),
        row(cell("乙", '<w:cellMerge w:id="1" w:vMerge="rest"/>'), "丙", "2"),
        row(cell("", '<w:cellMerge w:id="2" w:vMerge="cont"/>'), "丁", "3"),
    )
    assert text_of(body) == "| --- | --- | --- |\n| 甲 || 1 |\n| 乙 | 丙 | 2 |\n| ^^ | 丁 | 3 |"


def test_a_row_that_is_marked_as_a_head_below_others_is_none() -> None:
    body = table(row("名称", "甲", "乙"), row("一", "1", "2", properties="<w:tblHeader/>"), row("二", "3", "4"))
    assert text_of(body) == "| 名称 | 甲 | 乙 |\n| --- | --- | --- |\n| 一 | 1 | 2 |\n| 二 | 3 | 4 |"


def test_a_column_of_nothing_but_automatic_numbers() -> None:
    body = table(row("序号", "单位"), row(cell(numbered("", 1)), "甲"), row(cell(numbered("", 1)), "乙"))
    part = numbering([level(0, "decimal", "%1")], use(1, 0))
    assert text_of(body, part) == "| 序号 | 单位 |\n| --- | --- |\n| 1 | 甲 |\n| 2 | 乙 |"


def test_a_table_without_a_word_and_a_row_that_is_hidden() -> None:
    assert text_of(table(row("", ""), row("", "")) + paragraph("后")) == "后"
    body = table(row("甲", "1"), row("暗", "2", properties="<w:hidden/>"), row("乙", "3"))
    assert text_of(body) == "| --- | --- |\n| 甲 | 1 |\n| 乙 | 3 |"
    assert left_out(body) == (("隐藏文字 2 字", "2 hidden characters"),)


def test_a_frame_of_one_cell_is_no_table_and_two_tables_stay_two() -> None:
    data = table(row("年", "数"), row("甲", "2"))
    frame = table(row(cell(paragraph("框内标题", '<w:pStyle w:val="Heading2"/>') + paragraph("框内一段") + data)))
    table_text = "| 年 | 数 |\n| --- | --- |\n| 甲 | 2 |"
    assert text_of(frame + data) == f"## 框内标题\n框内一段\n{table_text}\n\n{table_text}"


# Notes, headers and footers


def notes(kind: str, *texts: str) -> Part:
    one = kind.removesuffix("s")
    separator = f'<w:{one} w:type="separator" w:id="0"><w:p><w:r><w:t>线</w:t></w:r></w:p></w:{one}>'
    written = "".join(
        f'<w:{one} w:id="{at}"><w:p><w:r><w:{one}Ref/></w:r>{run(" " + text)}</w:p></w:{one}>'
        for at, text in enumerate(texts, 1)
    )
    return (kind, kind, f"{kind}.xml", separator + written)


def called(kind: str, at: int, more: str = "") -> str:
    own = ' w:customMarkFollows="1"' if more else ""
    mark = f"<w:t>{more}</w:t>" if more else ""
    return f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:{kind}Reference w:id="{at}"{own}/>{mark}</w:r>'


def test_notes_are_marked_at_their_place_and_told_at_the_end_in_one_row_of_numbers() -> None:
    body = (
        paragraph(run("共12户") + called("footnote", 2) + run("，其中3户") + called("endnote", 1) + run("已搬迁。"))
        + table(
            row("项目", "数", "注"), row("搬迁", cell("<w:p>" + run("3") + called("footnote", 1, "*") + "</w:p>"), "")
        )
        + paragraph(run("无此注") + called("footnote", 9))
    )
    parts = (notes("footnotes", "据公安局。", "含外来户。"), notes("endnotes", "见2023年报告。"))
    assert text_of(body, *parts) == (
        "共12户[^1]，其中3户[^2]已搬迁。\n| 项目 | 数 | 注 |\n| --- | --- | --- |\n| 搬迁 | 3[^3] |  |\n无此注\n"
        "[^1]: 含外来户。\n[^2]: 见2023年报告。\n[^3]: 据公安局。"
    )


def margin(which: str, identifier: str, kind: str = "default") -> str:
    return f'<w:{which}Reference r:id="{identifier}" w:type="{kind}"/>'


def complex_field(instruction: str, result: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(result) if result else ""}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def test_headers_come_first_footers_last_each_once_and_without_page_numbers() -> None:
    page, pages = complex_field("PAGE", "3"), '<w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>9</w:t></w:r></w:fldSimple>'
    parts: tuple[Part, ...] = (
        ("h1", "header", "header1.xml", paragraph("沙政发〔2023〕5号")),
        ("h2", "header", "header2.xml", paragraph("沙政发〔2023〕5号")),
        ("h3", "header", "header3.xml", paragraph("只在首页")),
        ("f1", "footer", "footer1.xml", paragraph(run("— ") + page + run(" —"))),
        (
            "f2",
            "footer",
            "footer2.xml",
            paragraph(run("县政府办公室印 第 ") + page + run(" 页 共 ") + pages + run(" 页")),
        ),
    )
    sections = paragraph(
        "", f"<w:sectPr>{margin('header', 'h1')}{margin('footer', 'f1')}{margin('header', 'h3', 'first')}</w:sectPr>"
    )
    body = paragraph("通知") + sections + paragraph("正文")
    body += f"<w:sectPr>{margin('header', 'h2')}{margin('footer', 'f2')}</w:sectPr>"
    document = load_bytes(word_file(body, *parts), "a.docx")
    assert document.text == "沙政发〔2023〕5号\n通知\n\n正文\n县政府办公室印"
    assert document.title == "通知"
    shown_first = body.replace("</w:sectPr>", "<w:titlePg/></w:sectPr>")
    assert text_of(shown_first, *parts).startswith("沙政发〔2023〕5号\n只在首页\n通知\n")


def test_headers_of_even_pages_count_where_the_settings_say_so() -> None:
    section = f"<w:sectPr>{margin('header', 'h1', 'even')}</w:sectPr>"
    header: Part = ("h1", "header", "header1.xml", paragraph("双页眉"))
    settings: Part = ("s1", "settings", "settings.xml", "<w:evenAndOddHeaders/>")
    assert text_of(paragraph("正文") + section, header) == "正文"
    assert text_of(paragraph("正文") + section, header, settings) == "双页眉\n正文"


def test_a_page_number_in_a_text_box_of_a_footer_is_left_out() -> None:
    framed = box("页").replace(run("页"), run("第") + complex_field("PAGE", "3") + run("页"))
    body = paragraph("正文") + f"<w:sectPr>{margin('footer', 'f1')}</w:sectPr>"
    assert text_of(body, ("f1", "footer", "footer1.xml", paragraph(framed + run("县政府办")))) == "正文\n县政府办"


def test_a_table_in_a_header_is_lines() -> None:
    part = ("h1", "header", "header1.xml", table(row("县政府", "文件")))
    assert text_of(paragraph("正文") + f"<w:sectPr>{margin('header', 'h1')}</w:sectPr>", part) == "县政府 文件\n正文"


# Text boxes and embedded files


def box(text: str) -> str:
    content = f"<w:txbxContent>{paragraph(text)}</w:txbxContent>"
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{content}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def test_text_boxes_are_lines_of_their_own_once() -> None:
    old = f"<w:r><w:pict><v:textbox><w:txbxContent>{paragraph('旧框')}</w:txbxContent></v:textbox></w:pict></w:r>"
    body = paragraph(box("框内") + run("段落") + old + run("继续")) + paragraph("下一段")
    assert text_of(body) == "段落继续\n框内\n旧框\n下一段"


def chunk(name: str, content: bytes) -> Part:
    return ("c1", "aFChunk", name, content)


CHUNK = paragraph("前") + '<w:altChunk r:id="c1"/>' + paragraph("后")
PAGE = "<html><body><p>第一条 为了规范管理，制定本法。</p><p>第二条 本法所称网络，是指由计算机组成的系统。</p></body></html>"
PAGE_TEXT = "第一条 为了规范管理，制定本法。\n第二条 本法所称网络，是指由计算机组成的系统。"
MAIL = (
    'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n'
    "Content-Type: text/html; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n"
)


def test_embedded_pages_archives_texts_and_documents_are_read_at_their_place() -> None:
    import base64

    mail = MAIL.format(base64.b64encode(PAGE.encode("gb18030")).decode()).encode()
    html_type = '<Override PartName="/word/afchunk.dat" ContentType="text/html"/>'
    inner = word_file(
        paragraph("内层") + '<w:altChunk r:id="c1"/>', chunk("again.docx", word_file(paragraph("更内层")))
    )
    assert text_of(CHUNK, chunk("afchunk.dat", PAGE.encode()), types=html_type) == f"前\n{PAGE_TEXT}\n后"
    assert text_of(CHUNK, chunk("a.mht", mail)) == f"前\n{PAGE_TEXT}\n后"
    assert text_of(CHUNK, chunk("a.txt", "一行\r\n二行".encode("gb18030"))) == "前\n一行\n二行\n后"
    assert text_of(CHUNK, chunk("a.docx", inner)) == "前\n内层\n后"
    assert left_out(CHUNK, chunk("a.docx", inner)) == (
        ("多层嵌套的嵌入文档 1 处", "1 document embedded in an embedded one"),
    )


def test_the_encoding_that_an_archive_declares_counts() -> None:
    page = "<p>これは日本語のテキストです</p>".encode("shift_jis")
    mail = b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=shift_jis\r\n\r\n" + page
    assert text_of(CHUNK, chunk("a.mht", mail)) == "前\nこれは日本語のテキストです\n后"


def test_a_document_that_is_nothing_but_an_embedded_page_is_read() -> None:
    assert text_of('<w:altChunk r:id="c1"/><w:sectPr/>', chunk("a.htm", PAGE.encode())) == PAGE_TEXT


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.rtf", b"{\\rtf1 x}", "嵌入的 RTF 内容 1 处"),
        ("a.bin", b"\0\1\2", "无法读入的嵌入内容 1 处"),
        ("a.docx", b"PK\x03\x04 broken", "无法读入的嵌入内容 1 处"),
        ("document.xml", b"", "无法读入的嵌入内容 1 处"),
        ("http://example.com/a.html", b"", "指向其他文件的内容 1 处"),
    ],
)
def test_embedded_files_that_are_not_read_are_told(name: str, content: bytes, told: str) -> None:
    part = chunk(name, content)
    if name == "document.xml":  # the document embeds itself
        part = (
            "c1",
            "aFChunk",
            "document.xml",
            f"<w:document {DECLARED}><w:body>{CHUNK}</w:body></w:document>".encode(),
        )
    assert text_of(CHUNK, part) == "前\n后"
    assert [zh for zh, _ in left_out(CHUNK, part)] == [told]


def test_notes_of_an_embedded_document_go_on_with_the_numbers() -> None:
    inner = word_file(paragraph(run("内") + called("footnote", 1)), notes("footnotes", "内注"))
    body = paragraph(run("外") + called("footnote", 1)) + '<w:altChunk r:id="c1"/>'
    text = text_of(body, notes("footnotes", "外注"), chunk("a.docx", inner))
    assert text == "外[^1]\n内[^2]\n[^1]: 外注\n[^2]: 内注"


# What stands in a paragraph


def test_tracked_changes() -> None:
    joined = paragraph("前段", '<w:rPr><w:del w:id="7"/></w:rPr>') + paragraph("后段")
    gone = paragraph(
        '<w:del w:id="1"><w:r><w:delText>整段删去</w:delText></w:r></w:del>', '<w:rPr><w:del w:id="2"/></w:rPr>'
    )
    body = (
        paragraph(run("原文") + f'<w:ins w:id="3">{run("新增")}</w:ins>' + '<w:del w:id="4"><w:r><w:delText>删 去</w:delText></w:r></w:del>')
        + paragraph(f'<w:moveFrom w:id="5">{run("移动的")}</w:moveFrom>', '<w:rPr><w:moveFrom w:id="6"/></w:rPr>')
        + gone + joined
        + paragraph(f'<w:moveTo w:id="8">{run("移动的")}</w:moveTo>')
    )  # fmt: skip
    assert text_of(body) == "原文新增\n前段后段\n移动的"
    assert left_out(body) == (("修订中删去的文字 6 字", "6 characters deleted under track changes"),)


def test_hidden_text_through_runs_and_styles() -> None:
    styles = (
        '<w:style w:type="character" w:styleId="H"><w:name w:val="藏"/><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="P"><w:name w:val="藏段"/><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="Q"><w:name w:val="也藏"/><w:basedOn w:val="P"/></w:style>'
    )
    body = (
        paragraph(run("明") + run("暗1", "<w:vanish/>") + run("暗2", '<w:rStyle w:val="H"/>') + run("网", "<w:webHidden/>") + run("显", '<w:vanish w:val="0"/>'))
        + paragraph("整段", '<w:pStyle w:val="Q"/>')
        + paragraph(run("又显", '<w:vanish w:val="0"/>'), '<w:pStyle w:val="P"/>')
        + paragraph(run("整段藏", "<w:vanish/>"), "<w:rPr><w:vanish/></w:rPr>")
        + paragraph("末")
    )  # fmt: skip
    assert text_of(body, styles=styles) == "明显\n\n又显\n末"
    assert left_out(body, styles=styles) == (("隐藏文字 10 字", "10 hidden characters"),)


def test_superscripts_and_subscripts() -> None:
    high, low = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
    style = f'<w:style w:type="character" w:styleId="S"><w:name w:val="上标"/><w:rPr>{high}</w:rPr></w:style>'
    body = paragraph(
        run("3.2×10") + run("4 ", high) + run("，5m") + run("2", '<w:rStyle w:val="S"/>') + run("，CO") + run("2", low)
        + run("，10") + run("-3", high) + run("，5") + run("th", high)
    )  # fmt: skip
    assert text_of(body, styles=style) == "3.2×10⁴ ，5m²，CO₂，10⁻³，5th"


def test_symbols() -> None:
    body = paragraph(
        '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>' + run("同意 ")
        + '<w:r><w:sym w:font="Symbol" w:char="F0B3"/></w:r>' + run("5 ")
        + run("\uf062", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>') + run("射线")
        + '<w:r><w:sym w:font="某字库" w:char="F0AA"/></w:r>'
    )  # fmt: skip
    assert text_of(body) == "☑同意 ≥5 β射线"
    assert left_out(body) == (("无法对应到字符的符号 1 个", "1 symbol that no character is known for"),)


def maths(content: str) -> str:
    return paragraph(f"<m:oMathPara><m:oMath>{content}</m:oMath></m:oMathPara>")


def m(text: str) -> str:
    return f"<m:r><m:rPr/><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (f"<m:f><m:num>{m('a+b')}</m:num><m:den>{m('2')}</m:den></m:f>", "(a+b)/2"),
        (f"{m('y=')}<m:sSup><m:e>{m('x')}</m:e><m:sup>{m('2')}</m:sup></m:sSup>", "y=x²"),
        (f"<m:sSup><m:e>{m('e')}</m:e><m:sup>{m('-kt')}</m:sup></m:sSup>", "e^(-kt)"),
        (f"<m:sSubSup><m:e>{m('a')}</m:e><m:sub>{m('i')}</m:sub><m:sup>{m('2')}</m:sup></m:sSubSup>", "a_i²"),
        (f"<m:rad><m:radPr/><m:deg/><m:e>{m('x+1')}</m:e></m:rad>", "√(x+1)"),
        (f"<m:rad><m:deg>{m('3')}</m:deg><m:e>{m('x')}</m:e></m:rad>", "³√(x)"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{m("i=1")}</m:sub><m:sup>{m("n")}</m:sup>'
            f"<m:e><m:sSub><m:e>{m('x')}</m:e><m:sub>{m('i')}</m:sub></m:sSub></m:e></m:nary>",
            "∑_(i=1)^n x_i",
        ),
        (f"<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e>{m('a')}</m:e></m:d>", "[a]"),
        (f"<m:func><m:fName>{m('sin')}</m:fName><m:e>{m('x')}</m:e></m:func>", "sin x"),
    ],
)
def test_equations_are_lines(written: str, line: str) -> None:
    assert text_of(maths(written)) == line


def test_fields_keep_their_results_and_lose_their_instructions() -> None:
    nested = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> IF </w:instrText></w:r>'
        + complex_field("DOCPROPERTY x", "条件")
        + '<w:r><w:instrText> = 1 </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        + run("结果")
        + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    box_ = (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox></w:ffData>'
        '</w:fldChar></w:r><w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    enclosed = complex_field("eq \\o\\ac(○,3)", "")
    formula = complex_field("EQ \\i(a,b,c)", "")
    body = (
        paragraph(run("表 ") + complex_field("SEQ 表 \\* ARABIC", "1") + run("，") + nested + run("，") + box_ + run("是，") + enclosed)
        + paragraph('<w:hyperlink r:id="x">' + run("链接") + "</w:hyperlink><w:r><w:lastRenderedPageBreak/></w:r>" + run("文字") + formula)
        + paragraph('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>' + run("未完"))
        + paragraph("后文还在")
    )  # fmt: skip
    assert text_of(body) == "表 1，结果，☒是，③\n链接文字\n\n后文还在"
    assert left_out(body) == (("公式域 1 个", "1 formula field"),)


def test_fields_whose_instruction_is_all_that_they_have() -> None:
    choice = (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="男"/>'
        '<w:listEntry w:val="女"/></w:ddList></w:ffData></w:fldChar></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    symbol = complex_field('SYMBOL 254 \\f "Wingdings" \\s 12', "")
    body = paragraph(
        run("性别：") + choice + run("，") + symbol + run("，") + complex_field("EQ \\f(3,4)", "") + run("页")
    )
    assert text_of(body + paragraph(run("第") + complex_field("PAGE", "3") + run("页"))) == "性别：女，☑，3/4页\n第3页"


def test_a_large_initial_belongs_to_its_word() -> None:
    assert (
        text_of(paragraph("沙", '<w:framePr w:dropCap="drop" w:lines="3"/>') + paragraph("洲县成立。"))
        == "沙洲县成立。"
    )


def test_marks_breaks_and_phonetic_guides() -> None:
    ruby = "<w:r><w:ruby><w:rt><w:r><w:t>hàn</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>汉</w:t></w:r></w:rubyBase></w:ruby></w:r>"
    body = paragraph(
        '<w:r><w:br w:type="page"/></w:r>' + run("一\n二") + "<w:r><w:tab/></w:r>" + run("三") + "<w:r><w:br/></w:r>"
        + run("四") + "<w:r><w:noBreakHyphen/><w:softHyphen/></w:r>" + run("五") + ruby + run("字　")
    )  # fmt: skip
    assert text_of(body) == "一 二\t三\n四-五汉字"
    assert left_out(body) == (("注音 1 处", "1 phonetic guide"),)


def test_pictures_charts_objects_and_comments_are_counted() -> None:
    picture = "<w:r><w:drawing><a:graphic><pic:pic/></a:graphic></w:drawing></w:r>"
    chart = "<w:r><w:drawing><a:graphic><a:graphicData><c:chart/></a:graphicData></a:graphic></w:drawing></w:r>"
    object_ = '<w:r><w:object><v:shape><v:imagedata/></v:shape><o:OLEObject ProgID="{}"/></w:object></w:r>'
    body = paragraph(
        run("正文") + picture * 2 + "<w:r><w:pict><v:shape><v:imagedata/></v:shape></w:pict></w:r>" + chart
        + "<w:r><w:drawing><dgm:relIds/></w:drawing></w:r>" + object_.format("Excel.Sheet.12") + object_.format("Equation.DSMT4")
        + '<w:commentRangeStart w:id="1"/><w:commentRangeEnd w:id="1"/><w:r><w:commentReference w:id="1"/></w:r>'
    )  # fmt: skip
    comments = "".join(f'<w:comment w:id="{at}">{paragraph("意见")}</w:comment>' for at in range(3))
    part = ("k1", "comments", "comments.xml", comments)
    assert text_of(body, part) == "正文"
    assert left_out(body, part) == (
        ("批注 3 条", "3 comments"),
        ("图片 3 幅", "3 pictures"),
        ("图表 1 个", "1 chart"),
        ("示意图（SmartArt）1 个", "1 diagram (SmartArt)"),
        ("嵌入对象 1 个", "1 embedded object"),
        ("公式对象 1 个（不是文字）", "1 formula that is an object, not text"),
    )


# Titles and dates


def test_the_declared_title_counts_only_where_the_text_says_it_and_no_property_is_a_date() -> None:
    body = paragraph("沙洲县人民政府") + paragraph("关于防汛工作的通知")
    said = load_bytes(word_file(body, title="关于防汛工作的 通知"), "a.docx")
    assert (said.title, said.date) == ("关于防汛工作的 通知", None)
    assert load_bytes(word_file(body, title="Word 文档"), "a.docx").title == "沙洲县人民政府"


# Files that are something else, or broken, or unusual

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def ole(entry: str) -> bytes:
    return OLE + entry.encode("utf-16-le").ljust(128, b"\0") + bytes(384)


@pytest.mark.parametrize(
    ("raw", "zh", "en"),
    [
        (ole("WordDocument"), "旧式 .doc", "an old .doc"),
        (ole("EncryptedPackage"), "设有密码", "with a password"),
        (ole("Workbook"), "旧式 .xls", "an old .xls"),
        (ole("PowerPoint Document"), "旧式 .ppt", "an old .ppt"),
        (ole("Contents"), "旧式 Office 文件，或设有密码", "an old Office file, or one with a password"),
        (zipped({"xl/workbook.xml": b"<x/>"}), "Excel 表格（.xlsx）", "an Excel workbook (.xlsx)"),
        (zipped({"ppt/presentation.xml": b"<x/>"}), "PowerPoint 演示文稿（.pptx）", "(.pptx)"),
        (zipped({"visio/document.xml": b"<x/>"}), "Visio 绘图（.vsdx）", "(.vsdx)"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}), "OpenDocument 文档（.odt）", "(.odt)"),
        (zipped({"OFD.xml": b"<x/>"}), "版式文件（.ofd）", "(.ofd)"),
        (zipped({"a.txt": b"x"}), "不是 DOCX", "no DOCX"),
        (b"{\\rtf1\\ansi hello}", "RTF 文档", "an RTF document"),
        (b"<!DOCTYPE html><p>x", "网页", "a web page"),
        ("只是文字".encode(), "纯文本", "plain text"),
        ("只是文字".encode("gb18030"), "纯文本", "plain text"),
        (b"\0\0\0\0" * 100, "已损坏", "damaged"),
        (b"", "空的", "empty"),
        (word_file(paragraph("正文"))[:-300], "不完整", "cut off"),
        (word_file(paragraph("")), "没有文字", "no text"),
        (word_file(paragraph("<w:r><w:drawing><pic:pic/></w:drawing></w:r>")), "只有：图片 1 幅", "1 picture"),
        (word_file('<w:altChunk r:id="c1"/>', chunk("a.rtf", b"{\\rtf1 x}")), "只有：嵌入的 RTF 内容 1 处", "1 embedded part of RTF"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_the_file_is(raw: bytes, zh: str, en: str) -> None:
    with pytest.raises(LoadError) as caught:
        load_bytes(raw, "a.docx")
    assert zh in caught.value.zh and en in caught.value.en and "a.docx" in caught.value.en


def test_a_document_that_embeds_drawings_and_workbooks_is_still_one() -> None:
    types = (
        '<Default Extension="vsdx" ContentType="application/vnd.ms-visio.drawing.main+xml"/>'
        '<Default Extension="xlsx" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"/>'
    )
    assert text_of(paragraph("正文"), types=types) == "正文"


def test_entities_are_refused() -> None:
    raw = zipped({
        "[Content_Types].xml": b"<Types/>",
        "word/document.xml": f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><w:document {DECLARED}><w:body><w:p>'
        "<w:r><w:t>正文&a;</w:t></w:r></w:p></w:body></w:document>".encode(),
    })  # fmt: skip
    with pytest.raises(LoadError, match=r"a\.docx"):
        load_bytes(raw, "a.docx")


def test_a_part_that_is_too_large_is_refused_under_any_name() -> None:
    relations = b'<Relationships><Relationship Id="a" Type="x/officeDocument" Target="word/d.bin"/></Relationships>'
    members = {"[Content_Types].xml": b"<Types/>", "_rels/.rels": relations, "word/d.bin": b" " * (MAX_XML_BYTES + 1)}
    with pytest.raises(LoadError, match=r"zip bomb|压缩炸弹"):
        load_bytes(zipped(members), "a.docx")


def test_an_embedded_bomb_is_left_out() -> None:
    bomb = zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b" " * (MAX_XML_BYTES + 1)})
    assert text_of(CHUNK, chunk("a.docx", bomb)) == "前\n后"
    assert [zh for zh, _ in left_out(CHUNK, chunk("a.docx", bomb))] == ["无法读入的嵌入内容 1 处"]


def nested_tables(depth: int) -> str:
    inner = paragraph("最深")
    for _ in range(depth):
        inner = table(row(cell("边"), cell(inner)))
    return inner


def test_tables_in_tables_are_text_or_refused() -> None:
    assert text_of(nested_tables(2)) == "| --- | --- |\n| 边 | 边 最深 |"
    assert text_of(nested_tables(70)).endswith("边 最深 |")
    with pytest.raises(LoadError, match=r"a\.docx"):
        text_of(nested_tables(200))


def test_references_to_parts_that_are_not_there_and_to_the_strict_variant() -> None:
    missing: Part = ("x", "footnotes", "../NULL", b"")
    raw = word_file(paragraph(run("正文") + called("footnote", 1)), missing)
    assert load_bytes(raw, "a.docx").text == "正文"
    strict = {
        "[Content_Types].xml": b"<Types/>",
        "word/document.xml": b'<d:document xmlns:d="http://purl.oclc.org/ooxml/wordprocessingml/main"><d:body><d:p><d:r><d:t>'
        + "严格".encode()
        + b"</d:t></d:r></d:p></d:body></d:document>",
    }
    assert load_bytes(zipped(strict), "a.docx").text == "严格"


def test_documents_with_macros_and_slashes_the_wrong_way() -> None:
    types = b'<Types><Override PartName="/word/document.xml" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
    document = f"<w:document {DECLARED}><w:body>{paragraph('宏')}</w:body></w:document>".encode()
    assert load_bytes(zipped({"[Content_Types].xml": types, "Word\\Document.xml": document}), "a.docx").text == "宏"
