"""Workbooks and tables as text, from files made here: what a person sees of them is what is read."""

import datetime
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from rag.errors import LoadError
from rag.formats import sheets, workbooks
from rag.formats.number_formats import shown_number, shown_text
from rag.loading import load_bytes

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(fill: Callable[[Any, Worksheet], None], name: str = "Sheet1", **options: Any) -> bytes:
    """A workbook as a spreadsheet program writes it; ``fill`` puts in what it holds."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, **options})
    fill(book, book.add_worksheet(name))
    book.close()
    return file.getvalue()


def of_rows(*rows: list[Any]) -> bytes:
    return workbook(lambda book, sheet: [sheet.write_row(number, 0, row) for number, row in enumerate(rows)] and None)


def by_hand(sheet: str, **parts: str) -> bytes:
    """A workbook of one sheet whose XML is given; ``parts`` are further parts, ``styles`` and ``strings``."""
    file = io.BytesIO()
    named = {"styles": "styles", "strings": "sharedStrings"}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="/xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="一" sheetId="1" r:id="s"/></sheets></workbook>',
        )
        links = "".join(
            f'<Relationship Id="{key}" Type="{OFFICE}/{named[key]}" Target="{named[key]}.xml"/>' for key in parts
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="s" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>{links}</Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for key, content in parts.items():
            archive.writestr(f"xl/{named[key]}.xml", content)
    return file.getvalue()


def sheet_xml(rows: str, behind: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{behind}</worksheet>'


def refused(raw: bytes, name: str = "a.xlsx") -> LoadError:
    """The error that refuses a file; it names it in both languages."""
    with pytest.raises(LoadError) as caught:
        load_bytes(raw, name)
    assert name in caught.value.zh and name in caught.value.en
    return caught.value


def text_of(raw: bytes) -> str:
    return load_bytes(raw, "a.xlsx").text


def left_out(raw: bytes) -> list[str]:
    return [zh for zh, _ in workbooks.extract(raw, "a.xlsx").left_out]


def test_title_unit_line_heads_and_note() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        percent, thousands = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": "#,##0.00"})
        sheet.merge_range("A1:D1", "主要农产品产量")
        sheet.write("D2", "单位：万元")
        sheet.merge_range("A3:A4", "地区")
        sheet.merge_range("B3:C3", "产量")
        sheet.merge_range("D3:D4", "增长")
        sheet.write_row("B4", ["2022年", "2023年"])
        for row, (place, first, second, growth) in enumerate(
            [("沙洲县", 1234.5, 2345.678, 0.125), ("青山县", 1, 2, -0.05)], 4
        ):
            sheet.write(row, 0, place)
            sheet.write(row, 1, first, thousands)
            sheet.write(row, 2, second, thousands)
            sheet.write(row, 3, growth, percent)
        sheet.write("A7", "注：数据为初步统计。")

    assert text_of(workbook(fill)) == (
        "主要农产品产量\n"
        "单位：万元\n"
        "| 地区 | 产量 || 增长 |\n"
        "| ^^ | 2022年 | 2023年 | ^^ |\n"
        "| --- | --- | --- | --- |\n"
        "| 沙洲县 | 1,234.50 | 2,345.68 | 12.5% |\n"
        "| 青山县 | 1.00 | 2.00 | -5.0% |\n"
        "注：数据为初步统计。"
    )


def test_several_sheets_are_sections_and_hidden_ones_are_counted() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["年份", "人口"])
        sheet.write_row("A2", [2021, 30])
        book.add_worksheet("空表")
        hidden = book.add_worksheet("草稿{}")
        hidden.hide()
        hidden.write("A1", "未定稿")
        very_hidden = book.add_worksheet("参数")
        very_hidden.very_hidden()
        very_hidden.write("A1", "参数")
        book.add_worksheet("说明").write("A1", "# 不是标题")

    raw = workbook(fill, "人口")
    assert text_of(raw) == ("## 人口\n| 年份 | 人口 |\n| --- | --- |\n| 2021 | 30 |\n\n## 说明\n\\# 不是标题")
    assert left_out(raw) == ["隐藏的工作表 2 个（草稿{}、参数）"]
    assert workbooks.extract(raw, "a.xlsx").left_out[0][1] == "2 hidden sheets (草稿{}、参数)"


def test_several_tables_on_a_sheet_each_keep_their_lines() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.write("A1", "表一 人口")
        sheet.write_row("A2", ["年份", "人口"])
        sheet.write_row("A3", [2021, 30])
        sheet.write("A6", "表二 住户")
        sheet.write_row("A7", ["年份", "住户"])
        sheet.write_row("A8", [2021, 9])
        sheet.write("E6", "表三 车辆")
        sheet.write_row("E7", ["类别", "数量"])
        sheet.write_row("E8", ["客车", 5])

    assert text_of(workbook(fill)) == (
        "表一 人口\n| 年份 | 人口 |\n| --- | --- |\n| 2021 | 30 |\n\n"
        "表二 住户\n| 年份 | 住户 |\n| --- | --- |\n| 2021 | 9 |\n\n"
        "表三 车辆\n| 类别 | 数量 |\n| --- | --- |\n| 客车 | 5 |"
    )


def test_an_empty_column_or_row_within_a_table_does_not_part_it() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["项目", "2022年", None, "2023年"])
        sheet.write_row("A3", ["收入", 10, None, 12])
        sheet.write_row("A4", ["支出", 8, None, 9])
        sheet.write_row("A6", ["结余", 2, None, 3])

    assert text_of(workbook(fill)) == (
        "| 项目 | 2022年 | 2023年 |\n| --- | --- | --- |\n| 收入 | 10 | 12 |\n| 支出 | 8 | 9 |\n| 结余 | 2 | 3 |"
    )


def test_groups_of_rows_behind_empty_ones_belong_to_the_table_above() -> None:
    rows = of_rows(
        ["指标", "2022年", "2023年"],
        ["一、农业"],
        ["粮食", 10, 11],
        [],
        ["二、工业"],
        ["钢", 5, 6],
        [],
        ["注：快报数。"],
    )
    assert text_of(rows) == (
        "| 指标 | 2022年 | 2023年 |\n| --- | --- | --- |\n| 一、农业 |  |  |\n| 粮食 | 10 | 11 |\n"
        "| 二、工业 |  |  |\n| 钢 | 5 | 6 |\n\n注：快报数。"
    )


def test_labels_above_a_statement_are_one_line() -> None:
    rows = of_rows(
        ["资产负债表"],
        ["编制单位：沙洲公司", None, "2024年3月31日", "单位：元"],
        ["资产", "年初数", "期末数", "备注"],
        ["现金", 10, 12, "含外币"],
        ["制表：张三", None, "审核：李四"],
    )
    assert text_of(rows) == (
        "资产负债表\n编制单位：沙洲公司 2024年3月31日 单位：元\n"
        "| 资产 | 年初数 | 期末数 | 备注 |\n| --- | --- | --- | --- |\n| 现金 | 10 | 12 | 含外币 |\n"
        "制表：张三 审核：李四"
    )


def test_heads_that_the_file_marks() -> None:
    def frozen(book: Any, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["姓名", "职务"])
        sheet.write_row("A2", ["张三", "主任"])
        sheet.freeze_panes(1, 0)

    def filtered(book: Any, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["姓名", "职务"])
        sheet.write_row("A2", ["张三", "主任"])
        sheet.autofilter("A1:B2")

    def declared(book: Any, sheet: Worksheet) -> None:
        sheet.add_table("A1:B2", {"columns": [{"header": "姓名"}, {"header": "职务"}], "data": [["张三", "主任"]]})

    def unmarked(book: Any, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["姓名", "职务"])
        sheet.write_row("A2", ["张三", "主任"])

    for fill in (frozen, filtered, declared):
        assert text_of(workbook(fill)) == "| 姓名 | 职务 |\n| --- | --- |\n| 张三 | 主任 |"
    assert text_of(workbook(unmarked)) == "| --- | --- |\n| 姓名 | 职务 |\n| 张三 | 主任 |"


def test_hidden_rows_and_columns_are_left_out_and_counted() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.merge_range("A1:D1", "名册")
        sheet.write_row("A2", ["内部号", "姓名", "年龄", "工龄"])
        for row in range(3):
            sheet.write_row(row + 2, 0, [f"N{row}", f"职工{row}", 30 + row, row])
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.set_row(90, None, None, {"hidden": True})  # nothing stands in it
        sheet.set_column("A:A", None, None, {"hidden": True})

    raw = workbook(fill)
    assert text_of(raw) == ("名册\n| 姓名 | 年龄 | 工龄 |\n| --- | --- | --- |\n| 职工0 | 30 | 0 |\n| 职工2 | 32 | 2 |")
    assert left_out(raw) == ["隐藏的行 1 行", "隐藏的列 1 列"]


def test_formulas_give_their_saved_results() -> None:
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>项</t></is></c><c r="B1" t="inlineStr"><is><t>值</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><f>A9</f><v>合计</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
        '<row r="3"><c r="A3" t="inlineStr"><is><t>无</t></is></c><c r="B3"><f>1+1</f></c></row>'
        '<row r="4"><c r="A4" t="inlineStr"><is><t>空</t></is></c><c r="B4" t="str"><f>""</f><v></v></c></row>'
        '<row r="5"><c r="A5" t="b"><v>1</v></c><c r="B5" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    )
    raw = by_hand(sheet_xml(rows))
    assert text_of(raw) == ("| --- | --- |\n| 项 | 值 |\n| 合计 | 2 |\n| 无 |  |\n| 空 |  |\n| TRUE | #DIV/0! |")
    assert left_out(raw) == ["没有保存计算结果的公式 1 个"]


def test_a_zero_that_was_never_calculated_is_no_result() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["收入", 5])
        sheet.write("A2", "合计")
        sheet.write_formula("B2", "=SUM(B1:B1)")

    raw = workbook(fill)  # asks to be calculated when opened
    assert text_of(raw) == "| --- | --- |\n| 收入 | 5 |\n| 合计 |  |"
    assert left_out(raw) == ["没有保存计算结果的公式 1 个"]


def test_a_workbook_of_formulas_without_results_is_refused() -> None:
    error = refused(by_hand(sheet_xml('<row><c t="n"><f>1+1</f></c></row>')))
    assert "公式" in error.zh and "formulas" in error.en


def test_texts_stay_as_they_are() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        raised = book.add_format({"font_script": 1})
        sheet.write_string("A1", "007")
        sheet.write_string("B1", "一行\n二行|竖线")
        sheet.write_rich_string("A2", "面积 10", raised, "4", " m", raised, "2")
        sheet.write_string("B2", "110101199003070000")

    assert text_of(workbook(fill)) == (
        "| --- | --- |\n| 007 | 一行<br>二行\\|竖线 |\n| 面积 10⁴ m² | 110101199003070000 |"
    )


def test_readings_and_escapes_in_shared_texts() -> None:
    strings = (
        f'<sst xmlns="{MAIN}"><si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>'
        "<si><t>一_x000D_\n二</t></si></sst>"
    )
    rows = '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c><v>1</v></c><c><v>2</v></c></row>'
    raw = by_hand(sheet_xml(rows), strings=strings)
    assert text_of(raw) == "| 東京 | 一<br>二 |\n| --- | --- |\n| 1 | 2 |"


def test_what_stands_beside_the_cells_is_counted() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["类", "数"])
        sheet.write_row("A2", ["甲", 1])
        sheet.write("C2", 5, book.add_format({"num_format": ";;;"}))
        sheet.write_comment("A1", "批注")
        sheet.write_comment("A2", "又一条")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Sheet1!$B$2:$B$2"})
        sheet.insert_chart("E5", chart)
        sheet.insert_textbox("E20", "框里的字")

    raw = workbook(fill)
    assert text_of(raw) == "| 类 | 数 |\n| --- | --- |\n| 甲 | 1 |"
    assert workbooks.extract(raw, "a.xlsx").left_out == (
        ("被数字格式隐去的单元格 1 个", "1 cell that its number format hides"),
        ("批注 2 条", "2 comments"),
        ("图表 1 个", "1 chart"),
        ("文本框 1 个", "1 text box"),
    )


def test_macros_are_not_run_and_named() -> None:
    raw = of_rows(["甲", "乙"], [1, 2])
    file = io.BytesIO(raw)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    assert load_bytes(file.getvalue(), "a.xlsm").text == load_bytes(raw, "a.xlsx").text
    assert left_out(file.getvalue()) == ["宏（没有运行）"]


def test_its_title_counts_and_the_days_of_the_file_do_not() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.write("A1", "人口普查公报")
        book.set_properties({"title": "人口普查公报", "created": datetime.datetime(2021, 5, 11)})

    document = load_bytes(workbook(fill), "a.xlsx")
    assert (document.title, document.date, document.encoding) == ("人口普查公报", None, "xlsx")


def test_a_file_of_tables_is_called_by_its_name() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.write_row("A1", ["品名", "单价"])
        sheet.write_row("A2", ["瓷砖胶", 45])
        book.add_worksheet("Sheet2").write("A1", "折扣")

    assert load_bytes(workbook(fill), "报价/禾昇建材报价单.xlsx").title == "禾昇建材报价单"
    assert load_bytes("品名,单价\n瓷砖胶,45\n".encode(), "/tmp/禾昇建材报价单.csv").title == "禾昇建材报价单"
    assert load_bytes("| 品名 | 单价 |\n| --- | --- |\n| 瓷砖胶 | 45 |\n".encode(), "报价单.md").title == "报价单"


def test_days_of_both_date_systems() -> None:
    def fill(book: Any, sheet: Worksheet) -> None:
        sheet.write("A1", "日期")
        sheet.write_datetime("B1", datetime.datetime(2024, 3, 5), book.add_format({"num_format": "yyyy/m/d"}))

    for from_1904 in (False, True):
        assert text_of(workbook(fill, date_1904=from_1904)) == "| --- | --- |\n| 日期 | 2024/3/5 |"


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        ("0.125", "0.0%", "12.5%"),
        ("0.1", "General", "0.1"),
        ("0.30000000000000004", "General", "0.3"),
        ("123456789012", "General", "123456789012"),
        ("1234567.891", "#,##0.00", "1,234,567.89"),
        ("1234.5", "#,##0.00_);(#,##0.00)", "1,234.50"),
        ("-1234.5", "#,##0.00_);(#,##0.00)", "(1,234.50)"),
        ("-3", "0;[Red]-0", "-3"),
        ("-0.001", "0.00", "0.00"),
        ("2.5", "0", "3"),
        ("5", "00000", "00005"),
        ("5", "0.##", "5"),
        ("12.5", "[$￥-804]#,##0.00", "￥12.50"),
        ("12.5", '#,##0.0"万元"', "12.5万元"),
        ("12345", '0\\.0,"万"', "1.2万"),
        ("1500000", '0.0,,"百万"', "1.5百万"),
        ("1234", "0.00E+00", "1.23E+03"),
        ("0", '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-"),
        ("45", '[>=60]"及格"0;"不及格"0', "不及格45"),
        ("0.5", "# ?/?", "0.5"),
        ("12", 'General"人"', "12人"),
        ("5", ";;;", ""),
        ("45356", "yyyy-mm-dd", "2024-03-05"),
        ("45356", "yyyy/m/d;@", "2024/3/5"),
        ("45356", 'yyyy"年"m"月"d"日"', "2024年3月5日"),
        ("45356", '[DBNum1][$-804]yyyy"年"m"月"d"日";@', "二〇二四年三月五日"),
        ("45356", 'yyyy"年"m"月"', "2024年3月"),
        ("45356.4375", "yyyy-mm-dd h:mm", "2024-03-05 10:30"),
        ("45356", "m/d/yy", "2024-03-05"),
        ("45356", "d-mmm-yy", "2024-03-05"),
        ("45356", "mmm-yy", "2024-03"),
        ("45356", "aaaa", "星期二"),
        ("0.75", "h:mm AM/PM", "6:00 PM"),
        ("0.75", '上午/下午h"时"mm"分"', "下午6时00分"),
        ("1.5", "[h]:mm", "36:00"),
        ("0.5", "mm:ss.0", "00:00.0"),
        ("1", "yyyy-mm-dd", "1900-01-01"),
        ("-1", "yyyy-mm-dd", "-1"),
        ("1e999", "0.00", "1e999"),
        ("无", "0.00", "无"),
    ],
)
def test_numbers_as_their_formats_show_them(value: str, number_format: str, shown: str) -> None:
    assert shown_number(value, number_format) == shown


def test_texts_as_their_formats_show_them() -> None:
    assert shown_text("007", "@") == "007"
    assert shown_text("三", '0;0;0;"第"@"季度"') == "第三季度"
    assert shown_text("密", ";;;") == ""


def test_formats_that_a_file_names_by_number() -> None:
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="14"/><xf numFmtId="31"/><xf numFmtId="10"/></cellXfs></styleSheet>'
    rows = "<row>" + "".join(f'<c s="{number}"><v>45356</v></c>' for number in range(3)) + "</row>"
    assert text_of(by_hand(sheet_xml(rows * 2), styles=styles)) == (
        "| --- | --- | --- |\n" + "\n".join(["| 2024-03-05 | 2024年3月5日 | 4535600.00% |"] * 2)
    )


def test_a_vast_sheet_of_three_cells_costs_nothing() -> None:
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>'
        '<row r="1048576"><c r="A1048576"><v>3</v></c></row>'
    )
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    assert text_of(by_hand(sheet_xml(rows))) == "| --- | --- |\n| 1 | 2 |\n\n3"
    assert text_of(by_hand(sheet_xml(rows, merged))) == "1"


def test_a_hundred_thousand_merged_ranges_are_harmless() -> None:
    ranges = "".join(f'<mergeCell ref="A{row}:C{row + 3}"/>' for row in range(1, 100_000))
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="D1"><v>2</v></c></row>'
    assert text_of(by_hand(sheet_xml(rows, f"<mergeCells>{ranges}</mergeCells>"))) == "| --- | --- |\n| 1 | 2 |"


def test_a_diagonal_of_cells_is_no_table() -> None:
    letters = [chr(65 + first) + chr(65 + second) for first in range(26) for second in range(26)]
    rows = "".join(f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>' for row, column in enumerate(letters, 1))
    merged = '<mergeCells><mergeCell ref="AA1:XFD1048576"/></mergeCells>'
    assert len(text_of(by_hand(sheet_xml(rows)))) < 5_000
    assert text_of(by_hand(sheet_xml(rows, merged))) == "1"


def test_too_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_CELLS", 10)
    raw = of_rows(*[[1, 2, 3]] * 4)
    with pytest.raises(LoadError) as caught:
        workbooks.extract(raw, "a.xlsx")
    assert "10 个" in caught.value.zh and "10 filled cells" in caught.value.en
    assert workbooks.extract(of_rows([1, 2], [3, 4]), "a.xlsx").text


def test_the_limit_of_cells_holds_in_a_file() -> None:
    line = "1," * 99 + "1\n"
    assert load_bytes((line * 1_000).encode(), "a.csv").text
    assert "200000" in refused((line * 2_001).encode(), "a.csv").en


def entities(root: str) -> str:
    each = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))
    return f'<!DOCTYPE {root} [<!ENTITY e0 "哈哈哈哈">{each}]>'


def test_entities_are_not_expanded() -> None:
    rows = '<row><c t="inlineStr"><is><t>正文&e9;</t></is></c><c t="&e9;"><v>1</v></c></row>'
    strings = f'{entities("sst")}<sst xmlns="{MAIN}"><si><t>正文&e9;</t></si></sst>'
    for raw in (
        by_hand(entities("worksheet") + sheet_xml(rows)),
        by_hand(sheet_xml('<row><c t="s"><v>0</v></c></row>'), strings=strings),
    ):
        try:
            text = text_of(raw)
        except LoadError as error:
            text = error.en
        assert "哈哈" not in text and len(text) < 300


def test_a_bomb_of_shared_texts_is_refused() -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>{"字" * 30_000}</t></si></sst>'
    rows = ("<row>" + '<c t="s"><v>0</v></c>' * 100 + "</row>") * 100
    assert "200000" in refused(by_hand(sheet_xml(rows), strings=strings)).en
    bomb = io.BytesIO(of_rows([1, 2]))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings2.xml", b" " * 201_000_000)
    assert "zip bomb" in refused(bomb.getvalue()).en


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "HTML": (b"<html><table><tr><td>1</td></tr></table>", "网页（HTML）", ".html"),
    "table of HTML": (b'<table border="1"><tr><td>1</td></tr></table>', "网页（HTML）", ".html"),
    "MHTML": (b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>1", "MHTML", ".mhtml"),
    "XML of Excel 2003": (b'<?xml version="1.0"?><Workbook/>', "XML", "save it as XLSX"),
    "csv": ("年份,人口\n2021,30\n".encode("gb18030"), "纯文本", ".csv"),
    "old": (OLE + "Workbook\0".encode("utf-16-le"), "旧式 .xls", "old .xls"),
    "password": (OLE + "EncryptedPackage\0".encode("utf-16-le"), "密码", "password"),
    "other OLE": (OLE, "密码", "old Office"),
    "empty": (b"", "文件是空的", "it is empty"),
    "cut": (of_rows([1, 2])[:-300], "损坏", "damaged"),
    "PDF": (b"%PDF-1.7\n", ".pdf", ".pdf"),
    "another archive": (b"PK\x05\x06" + bytes(18), "损坏", "damaged"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_workbook_is_refused_with_what_it_is(what: str) -> None:
    raw, zh, en = REFUSED[what]
    error = refused(raw)
    assert zh in error.zh and en in error.en


def test_a_word_document_named_xlsx_and_workbooks_without_suffix() -> None:
    import docx

    file = io.BytesIO()
    docx.Document().save(file)
    error = refused(file.getvalue())
    assert "Word 文档（.docx）" in error.zh and "a Word document (.docx)" in error.en
    assert load_bytes(of_rows(["甲", "乙"], [1, 2]), "stdin").encoding == "xlsx"
    assert "if it is a .xlsx file, rename it" in refused(of_rows([1, 2]), "a.xls").en


def test_parts_are_found_in_another_case_and_with_slashes_turned_round() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(of_rows(["甲", "乙"], [1, 2]))) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.namelist():
            new.writestr(member.upper().replace("/", "\\"), old.read(member))
    assert text_of(file.getvalue()) == "| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |"


def test_broken_workbooks_are_refused_or_read() -> None:
    whole = of_rows(["甲", "乙"], [1, 2])
    for cut in range(50, len(whole), len(whole) // 15):
        assert "damaged" in refused(whole[:cut]).en
    for sheet in (
        "<worksheet",
        sheet_xml('<row><c t="s"><v>7</v></c></row>'),
        sheet_xml('<row r="9999999"><c><v>1</v></c></row>'),
        sheet_xml('<row r="1"><c r="ZZZ1"><v>1</v></c></row>'),
    ):
        assert "damaged" in refused(by_hand(sheet)).en


CSV_TEXT = "| 城市 | 人口 |\n| --- | --- |\n| 沙洲县 | 30 |\n| 青山县 | 31 |"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "，"])
def test_csv_in_every_encoding_and_with_every_delimiter(encoding: str, delimiter: str) -> None:
    raw = f"城市{delimiter}人口\r\n沙洲县{delimiter}30\r\n青山县{delimiter}31\r\n".encode(encoding)
    document = load_bytes(raw, "a.csv")
    assert document.text == CSV_TEXT
    assert document.encoding == "csv"


def test_tsv() -> None:
    assert load_bytes("城市\t人口\n沙洲县\t30\n青山县\t31".encode(), "a.tsv").text == CSV_TEXT


def test_csv_with_title_unit_line_ragged_rows_and_note() -> None:
    raw = ('主要指标,,\n,,单位：万元\n地区,2022年,2023年\n沙洲县,"1,234",2\n青山县,3\n\n资料来源：统计局,,\n').encode(
        "gb18030"
    )
    assert load_bytes(raw, "a.csv").text == (
        "主要指标\n单位：万元\n| 地区 | 2022年 | 2023年 |\n| --- | --- | --- |\n| 沙洲县 | 1,234 | 2 |\n"
        "| 青山县 | 3 |  |\n\n资料来源：统计局"
    )


def test_csv_with_quotes_and_line_ends_in_cells() -> None:
    raw = '条款,内容,号\r\n一,"第一行\r\n第二行，""引文""",007\r\n'.encode()
    assert load_bytes(raw, "a.csv").text == (
        '| 条款 | 内容 | 号 |\n| --- | --- | --- |\n| 一 | 第一行<br>第二行，"引文" | 007 |'
    )


def test_csv_with_a_quote_that_is_never_closed_loses_no_row() -> None:
    rows = "".join(f"城{number},{number}\n" for number in range(3))
    assert load_bytes(f'名,"英寸\n{rows}'.encode(), "a.csv").text == (
        '| 名 | "英寸 |\n| --- | --- |\n| 城0 | 0 |\n| 城1 | 1 |\n| 城2 | 2 |'
    )


def test_csv_that_names_its_delimiter_and_csv_of_sentences() -> None:
    assert load_bytes("sep=;\n甲,乙;人口\n丙,丁;3\n".encode(), "a.csv").text == (
        "| 甲,乙 | 人口 |\n| --- | --- |\n| 丙,丁 | 3 |"
    )
    assert load_bytes("今天下雨。\n明天放晴，气温回升。\n后天多云。\n周五有风。\n".encode(), "a.csv").text == (
        "今天下雨。\n明天放晴，气温回升。\n后天多云。\n周五有风。"
    )


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"<!DOCTYPE html><p>error", "HTML"),
        (OLE + "Workbook\0".encode("utf-16-le"), "old .xls"),
        (of_rows([1, 2]), ".xlsx"),
        (b"", "empty"),
        (b",,\n,,\n", "empty"),
        (bytes(range(256)) * 4, "binary"),
    ],
)
def test_what_is_no_csv_is_refused_with_what_it_is(raw: bytes, told: str) -> None:
    assert told in refused(raw, "a.csv").en


def test_a_csv_of_a_vast_cell_is_read_line_by_line() -> None:
    cell = "字" * 2_000_000
    assert load_bytes(f'a,"{cell}"\n1,2\n'.encode(), "a.csv").text == f'| a | "{cell}" |\n| --- | --- |\n| 1 | 2 |'
