"""Tables: how their cells are found, how each reads under its heads, and what is cited of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag
from rag.answers import Citation
from rag.formats.grids import GridCell, table_text
from rag.loading import load
from rag.text.documents import Document
from rag.text.structure import Sentence, reading_at, sentences_of
from rag.text.view import readable

COMMUNIQUE = """# 澜江市2023年统计公报

表1 各县粮食产量

单位：万吨

| 地区 | 产量 || 同比（%） |
| ^^ | 2022年 | 2023年 | ^^ |
| --- | --- | --- | --- |
| 沙洲县 | 10.2 | 12.5 | 3.1 |
| 山区 ||||
| 西港县 | 1,002 |  | -3.1 |

注：数据为初步核算数。
"""


def cells(text: str) -> list[Sentence]:
    """The sentences of a text that stand in tables."""
    return [sentence for sentence in sentences_of(text) if sentence.lead or sentence.tail]


def readings(text: str) -> list[str]:
    return [cell.text for cell in cells(text)]


def test_a_cell_reads_under_its_heads_with_its_unit_and_is_its_own_span() -> None:
    found = cells(COMMUNIQUE)
    assert [(cell.text, COMMUNIQUE[cell.start : cell.end]) for cell in found] == [
        ("沙洲县 · 产量 · 2022年：10.2万吨", "10.2"),
        ("沙洲县 · 产量 · 2023年：12.5万吨", "12.5"),
        ("沙洲县 · 同比：3.1%", "3.1"),
        ("山区 · 西港县 · 产量 · 2022年：1,002万吨", "1,002"),
        ("山区 · 西港县 · 同比：-3.1%", "-3.1"),
    ]
    assert {cell.heading for cell in found} == {"表1 各县粮食产量"}


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("单位：万元（另有注明者除外）", "甲 · 收入：12万元"),
        ("表1　各县收入（单位：万元）", "甲 · 收入：12万元"),
        ("管理单位：望川物流园", "甲 · 收入：12"),
        ("单位：万元、%", "甲 · 收入：12万元"),
        ("收入如下，单位：元/平方米", "甲 · 收入：12元/平方米"),
        ("收入单位：万元", "甲 · 收入：12万元"),
        ("人口单位：万人", "甲 · 收入：12"),
    ],
)
def test_the_unit_of_a_line_above(above: str, expected: str) -> None:
    assert readings(f"{above}\n\n| 县 | 收入 |\n| --- | --- |\n| 甲 | 12 |") == [expected]


def test_a_row_that_spans_all_columns_heads_the_rows_below_and_is_read_itself() -> None:
    assert ("heading", "山区") in [(sentence.kind, sentence.text) for sentence in sentences_of(COMMUNIQUE)]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # Rows are named by the first column that does not count them, and by others until they differ.
        (
            "|序号|学校|岗位|人数|\n|--|:-:|--|--:|\n|1|一中|数学教师|3|\n|2|一中|英语教师|2人|",
            ["一中 · 岗位：数学教师", "一中 · 数学教师 · 人数：3", "一中 · 岗位：英语教师", "一中 · 英语教师 · 人数：2人"],
        ),
        # A column of units.
        ("品名 | 单位 | 产量\n---|---|---\n水泥 | 万吨 | 412.5\n布 | 万米 | 约3", ["水泥 · 产量：412.5万吨", "布 · 产量：约3"]),
        # Units in the heads of rows, of a range too; a bracket that is no unit stays.
        (
            "| 参数 | A1（标准型） |\n| --- | --- |\n| 净重（kg） | 5.6 |\n| 噪声（dB） | 22—58 |\n| 颜色（可选） | 2 |",
            ["净重 · A1（标准型）：5.6kg", "噪声 · A1（标准型）：22—58dB", "颜色（可选） · A1（标准型）：2"],
        ),
        # A form: labels and what they say; one over several rows.
        (
            "| --- | --- | --- | --- |\n| 合同编号 | XC-1 | 签订日期 | 6月18日 |\n| 内容 | 病床60张 |||",
            ["合同编号：XC-1", "签订日期：6月18日", "内容：病床60张"],
        ),
        ("| --- | --- | --- |\n| 联系方式 | 电话： | 0571-1 |\n| ^^ | 邮箱 | a@b |", ["联系方式 · 电话：0571-1", "联系方式 · 邮箱：a@b"]),
        ("| --- | --- | --- |\n| 2022年 | 10 | 20 |", ["2022年：10", "2022年：20"]),
        # Line ends, bars and marks within a cell.
        ("| 项 | 说明 |\n| --- | --- |\n| 甲 | 第一\\|行<br>**第二**行 |", ["甲 · 说明：第一|行 第二行"]),
        # A long cell makes several sentences, each under its heads.
        ("| 项 | 说明 |\n| --- | --- |\n| 甲 | 一句话。又一句话。 |", ["甲 · 说明：一句话。", "甲 · 说明：又一句话。"]),
        # Markdown knows no merged cells: blanks stand beside the heads of several columns, and below the names of several rows.
        (
            "| 户型 | 月租金（元） |  | 押金 |\n| --- | --- | --- | --- |\n|  | 半年 | 一年 |  |\n| 单间 | 900 | 800 | 一个月 |",
            ["单间 · 月租金 · 半年：900元", "单间 · 月租金 · 一年：800元", "单间 · 押金：一个月"],
        ),
        (
            "| 楼 | 层 | 面积 |\n| --- | --- | --- |\n| 甲楼 | 一层 | 12 |\n|  | 二层 | 13 |",
            ["甲楼 · 层：一层", "甲楼 · 一层 · 面积：12", "甲楼 · 层：二层", "甲楼 · 二层 · 面积：13"],
        ),
        # The total below rows that are counted, or have codes, is named by itself.
        (
            "|序号|户主|亩数|\n|--|--|--|\n|1|赵一|3|\n|2|钱二|4|\n|合计||7|",
            ["赵一 · 亩数：3", "钱二 · 亩数：4", "合计 · 亩数：7"],
        ),
        (
            "|代码|单位|人数|\n|--|--|--|\n|A1|一馆|3|\n|A2| |4|\n|合计| |7|",
            ["A1 · 单位：一馆", "A1 · 一馆 · 人数：3", "A2 · 一馆 · 人数：4", "合计 · 人数：7"],
        ),
        # A row without any name may be the total.
        ("| 户主 | 亩数 |\n|--|--|\n| 赵一 | 3 |\n| 钱二 | 4 |\n|  | 7 |", ["赵一 · 亩数：3", "钱二 · 亩数：4", "亩数：7"]),
        # It demands a head as well: a blank one stands above a form, or above the heads of a list.
        (
            "|  |  |  |  |\n| --- | --- | --- | --- |\n| 编号 | XC-1 | 日期 | 6月18日 |\n| 内容 | 病床 |  |  |\n|  | 床垫 |  |  |",
            ["编号：XC-1", "日期：6月18日", "内容：病床", "内容：床垫"],
        ),
        (
            "|  |  |  |\n| --- | --- | --- |\n| 岗位 | 人数 | 地点 |\n| 司机 | 3 | 东站 |",
            ["司机 · 人数：3", "司机 · 地点：东站"],
        ),
        # What stands in brackets behind a head is a unit only if it is one; a dash in a column of units is none.
        ("| 项 | 实测 |\n|--|--|\n| 总有机物（TOC） | 5 |\n| 体积（毫升） | 6 |", ["总有机物（TOC） · 实测：5", "体积 · 实测：6毫升"]),
        ("| 项 | 单位 | 值 |\n|--|--|--|\n| 耐水 | h | 96 |\n| 对比 | — | 0.9 |", ["耐水 · 值：96h", "对比 · 值：0.9"]),
        # Plain text whose columns tabs, full-width bars or wide gaps part.
        ("　机构       数量     床位\n　公立医院   41     4488\n　民营医院   12     500", ["公立医院 · 数量：41", "公立医院 · 床位：4488", "民营医院 · 数量：12", "民营医院 · 床位：500"]),
        ("事项｜责任人｜时限\n签合同｜祁连城｜9月30日\n验收｜王平｜10月8日", ["签合同 · 责任人：祁连城", "签合同 · 时限：9月30日", "验收 · 责任人：王平", "验收 · 时限：10月8日"]),
        ("Region\tOutput (t)\nNorth\t5\nSouth\t7", ["North · Output: 5t", "South · Output: 7t"]),
    ],
)  # fmt: skip
def test_how_the_cells_of_tables_read(table: str, expected: list[str]) -> None:
    assert readings(table) == expected


@pytest.mark.parametrize(
    "text",
    [
        "他说：“好|坏”是两回事。\n第二行没有表。",
        "甲｜乙\n这一行之后没有别的。",
        "Hello  world, this is text.\nIt has  two blanks here and there.",
        "审判长　　姚晋\n书记员　　童欣",
    ],
)
def test_what_is_no_table(text: str) -> None:
    assert cells(text) == []


def test_tables_that_a_blank_line_parts_are_two() -> None:
    text = "| 甲 | 乙 |\n| --- | --- |\n| a | 1 |\n\n| 丙 | 丁 |\n| --- | --- |\n| b | 2 |"
    assert readings(text) == ["a · 乙：1", "b · 丁：2"]


def test_what_is_cited_of_a_table_reads_with_its_heads() -> None:
    start = COMMUNIQUE.index("12.5")
    document = Document(text=COMMUNIQUE, path="公报.md", title="公报")
    citation = Citation(document, start, start + 4, "12.5")
    assert citation.text == "沙洲县 · 产量 · 2023年：12.5万吨"
    assert citation.to_dict()["quote"] == "12.5"
    assert citation.quotation == "沙洲县 · 产量 · 2023年：“12.5”万吨"
    row = COMMUNIQUE.index("| 沙洲县"), COMMUNIQUE.index("\n| 山区")
    assert Citation(document, *row, COMMUNIQUE[slice(*row)]).quotation == f"“{readable(COMMUNIQUE[slice(*row)])}”"
    assert (
        reading_at(COMMUNIQUE, *row)
        == "沙洲县 · 产量 · 2022年：10.2万吨；沙洲县 · 产量 · 2023年：12.5万吨；沙洲县 · 同比：3.1%"
    )
    assert reading_at(COMMUNIQUE, COMMUNIQUE.index("注"), len(COMMUNIQUE)) == "注：数据为初步核算数。"


@pytest.mark.parametrize("said", ["0571-8800 2231", "XC-2024-0079", "HZ-CG-24-0079", "3,600"])
def test_a_row_with_a_number_or_code_heads_nothing(said: str) -> None:
    rows = [[GridCell("负责人"), GridCell("顾承宇"), GridCell("编号"), GridCell(said)]]
    rows.append([GridCell("受理时间"), GridCell("工作日"), GridCell("地点"), GridCell("3号窗口")])
    assert readings(table_text(rows))[-2:] == ["受理时间：工作日", "地点：3号窗口"]


def test_a_list_with_one_wide_cell_is_no_form() -> None:
    """A timetable whose break spans the days, of a format that marks no heads."""
    rows = [
        [GridCell("节次"), GridCell("时间"), GridCell("周一"), GridCell("周二")],
        [GridCell("第一节"), GridCell("8:20"), GridCell("语文"), GridCell("数学")],
        [GridCell("第二节"), GridCell("9:10"), GridCell("数学"), GridCell("语文")],
        [GridCell("午休"), GridCell("11:50"), GridCell("午餐", columns=2)],
    ]
    assert readings(table_text(rows))[:4] == [
        "第一节 · 时间：8:20",
        "第一节 · 周一：语文",
        "第一节 · 周二：数学",
        "第二节 · 时间：9:10",
    ]


_WORDS = st.text("甲乙丙丁数量12.,% |\n*", max_size=6)


@given(
    st.lists(
        st.lists(st.builds(GridCell, _WORDS, st.integers(1, 3), st.integers(1, 3), st.booleans()), max_size=4),
        max_size=5,
    )
)
def test_every_cell_of_any_grid_is_read_from_its_very_place(rows: list[list[GridCell]]) -> None:
    text = table_text(rows)
    found = sentences_of(text)
    for sentence in found:
        own = sentence.text[sentence.lead : len(sentence.text) - sentence.tail]
        assert own == readable(text[sentence.start : sentence.end]) or not text.count("|")
        places = sentence.places(text)
        assert len(places) == len(sentence.text)
        assert all(sentence.start <= place < sentence.end for place in places)


def test_a_question_about_a_cell_is_answered_from_the_cell(tmp_path: Path) -> None:
    file = tmp_path / "公报.md"
    file.write_text(COMMUNIQUE, encoding="utf-8")
    assistant = rag.Assistant.open(tmp_path / "index", language_model="extractive", reader="default")
    assistant.add(load(file))
    answer = assistant.ask("沙洲县2023年粮食产量是多少？")
    assert "12.5万吨" in answer.text
    assert [citation.quote for citation in answer.citations] == ["12.5"]
    assert answer.supported
