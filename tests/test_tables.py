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
        ("编制单位：澜江水务有限公司  2023年12月31日  单位：万元", "甲 · 收入：12万元"),
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
        # Tables side by side: heads that come again, each above names of its own.
        (
            "| 项目 | 结果 | 单位 | 项目 | 结果 | 单位 |\n|--|--|--|--|--|--|\n| 钠 | 140 | mmol/L | 尿酸 | 420 | μmol/L |\n"
            "| 钾 | 4.1 | mmol/L | 血糖 | 5.4 | mmol/L |",
            ["钠 · 结果：140mmol/L", "尿酸 · 结果：420μmol/L", "钾 · 结果：4.1mmol/L", "血糖 · 结果：5.4mmol/L"],
        ),
        (
            "|资产|期末|年初|负债|期末|年初|\n|--|--|--|--|--|--|\n|货币资金|12|9|短期借款|5|6|\n|合计|12|9|合计|5|6|",
            [
                "资产 · 货币资金 · 期末：12", "资产 · 货币资金 · 年初：9", "负债 · 短期借款 · 期末：5", "负债 · 短期借款 · 年初：6",
                "资产 · 合计 · 期末：12", "资产 · 合计 · 年初：9", "负债 · 合计 · 期末：5", "负债 · 合计 · 年初：6",
            ],
        ),
        (
            "|序号|姓名|考号|序号|姓名|考号|\n|--|--|--|--|--|--|\n|1|周明|2301|3|吴芳|2303|\n|2|李强|2302|4|郑凯|2304|",
            [
                "周明 · 考号：2301", "3 · 姓名：吴芳", "3 · 吴芳 · 考号：2303",
                "李强 · 考号：2302", "4 · 姓名：郑凯", "4 · 郑凯 · 考号：2304",
            ],
        ),
        (
            "| 收入 | 金额 | 支出 | 金额 |\n| --- | --- | --- | --- |\n| 拨款 | 5万元 | 办公 | 3200元 |",
            ["收入 · 拨款 · 金额：5万元", "支出 · 办公 · 金额：3200元"],
        ),
        (  # the same head above words twice makes no second table
            "| 事项 | 说明 | 责任人 | 说明 |\n| --- | --- | --- | --- |\n| 签约 | 已办 | 王平 | 休假 |",
            ["签约 · 说明：已办", "签约 · 责任人：王平", "签约 · 说明：休假"],
        ),
        # Units in a row of their own below the heads.
        (
            "| 断面 | pH | 氨氮 |\n| --- | --- | --- |\n|  |  | mg/L |\n| 望川桥 | 7.8 | 0.15 |",
            ["望川桥 · pH：7.8", "望川桥 · 氨氮：0.15mg/L"],
        ),
        (
            "| 项目 | 长度 | 造价 |\n| --- | --- | --- |\n| 单位 | （米） | （万元） |\n| 主路 | 1200 | 3600 |",
            ["主路 · 长度：1200米", "主路 · 造价：3600万元"],
        ),
        (  # grades of a row without a name are none
            "| 项目 | 甲 | 乙 |\n| --- | --- | --- |\n|  | A | B |\n| 外观 | B | A |",
            ["甲：A", "乙：B", "外观 · 甲：B", "外观 · 乙：A"],
        ),
        # A photograph beside the pairs of a form, and a list behind a label of it.
        (
            "| --- | --- | --- | --- | --- |\n| 姓名 | 张晓岚 | 性别 | 女 | 照片 |\n| 民族 | 汉族 | 学历 | 硕士 | ^^ |",
            ["姓名：张晓岚", "性别：女", "民族：汉族", "学历：硕士"],
        ),
        (
            "| --- | --- | --- | --- | --- |\n| 姓名 | 张晓岚 | 性别 | 女 | 照片 |\n| 民族 | 汉族 | 学历 | 硕士 |  |",
            ["姓名：张晓岚", "性别：女", "民族：汉族", "学历：硕士"],
        ),
        (
            "| --- | --- | --- | --- | --- |\n| 姓名 | 张晓岚 | 性别 | 女 ||\n| 家庭成员 | 称谓 | 姓名 | 年龄 | 单位 |\n"
            "| ^^ | 父亲 | 张国强 | 58 | 退休 |\n| ^^ | 母亲 | 刘玉兰 | 56 | 县医院 |",
            [
                "姓名：张晓岚", "性别：女",
                "家庭成员 · 称谓：父亲", "家庭成员 · 父亲 · 姓名：张国强", "家庭成员 · 父亲 · 年龄：58", "家庭成员 · 父亲 · 单位：退休",
                "家庭成员 · 称谓：母亲", "家庭成员 · 母亲 · 姓名：刘玉兰", "家庭成员 · 母亲 · 年龄：56", "家庭成员 · 母亲 · 单位：县医院",
            ],
        ),
        # A form that is still to be filled in: no label is said of another, nor heads what follows.
        ("| --- | --- | --- | --- |\n| 姓名 |  | 性别 | 女 |\n| 备注 |  |  |  |\n| 部门 | 财务科 | 天数 | 3天 |", ["性别：女", "部门：财务科", "天数：3天"]),
        # What names a row that holds nothing else still stands under its heads; one over several columns has none of them.
        (
            "|日期|时间|内容|主讲|\n|--|--|--|--|\n|5月10日|9:00|开班|刘涛|\n|^^|10:00|讨论| |\n|^^|午休|||",
            [
                "5月10日 · 时间：9:00", "5月10日 · 9:00 · 内容：开班", "5月10日 · 9:00 · 开班 · 主讲：刘涛",
                "5月10日 · 时间：10:00", "5月10日 · 10:00 · 内容：讨论", "5月10日：午休",
            ],
        ),
        # The columns of a matrix hold the same things: the first of them names no rows.
        (
            "| 时间 | 周一 | 周二 | 周三 |\n| --- | --- | --- | --- |\n| 8:00 | 语文 | 数学 | 英语 |\n| 8:55 | 数学 | 语文 | 体育 |\n"
            "| 9:50 | 英语 | 体育 | 语文 |",
            [
                "8:00 · 周一：语文", "8:00 · 周二：数学", "8:00 · 周三：英语",
                "8:55 · 周一：数学", "8:55 · 周二：语文", "8:55 · 周三：体育",
                "9:50 · 周一：英语", "9:50 · 周二：体育", "9:50 · 周三：语文",
            ],
        ),
        (
            "| 工号 | 姓名 | 部门 | 上级 |\n|--|--|--|--|\n| A1 | 周明 | 技术部 | 吴芳 |\n| A2 | 吴芳 | 市场部 | 郑凯 |",
            [
                "A1 · 姓名：周明", "A1 · 周明 · 部门：技术部", "A1 · 周明 · 上级：吴芳",
                "A2 · 姓名：吴芳", "A2 · 吴芳 · 部门：市场部", "A2 · 吴芳 · 上级：郑凯",
            ],
        ),
        # A word of letters alone is a name, no code. Ticks say something, dashes do not.
        (
            "| Parameter | Type | Default |\n| --- | --- | --- |\n| timeout | int | 30 s |\n| verify | bool | True |",
            ["timeout · Type: int", "timeout · Default: 30 s", "verify · Type: bool", "verify · Default: True"],
        ),
        ("| 检查 | 是 | 否 |\n| --- | --- | --- |\n| 消防 | √ | — |\n| 用电 |  | √ |", ["消防 · 是：√", "用电 · 否：√"]),
        ("| 项目 | 单位 | 结果 |\n|--|--|--|\n| 白细胞 | 10^9/L | 6.2 |\n| 血红蛋白 | g/L | 118 |", ["白细胞 · 结果：6.2×10^9/L", "血红蛋白 · 结果：118g/L"]),
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


@pytest.mark.parametrize("head", ["每100g", "18—35岁", "X200"])
def test_measures_ages_and_models_head_columns(head: str) -> None:
    rows = [[GridCell("项目"), GridCell("全部"), GridCell(head)], [GridCell("钠"), GridCell("一般"), GridCell("620")]]
    assert readings(table_text(rows)) == ["钠 · 全部：一般", f"钠 · {head}：620"]


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


def test_heads_that_all_span_columns_have_the_heads_proper_below() -> None:
    """Of a format that marks no heads."""
    rows = [
        [GridCell("收入", columns=2), GridCell("支出", columns=2)],
        [GridCell("项目"), GridCell("金额"), GridCell("项目"), GridCell("金额")],
        [GridCell("会费"), GridCell("120"), GridCell("场地费"), GridCell("50")],
        [GridCell("捐赠"), GridCell("300"), GridCell("印刷费"), GridCell("23")],
    ]
    assert readings(table_text(rows)) == [
        "收入 · 会费 · 金额：120",
        "支出 · 场地费 · 金额：50",
        "收入 · 捐赠 · 金额：300",
        "支出 · 印刷费 · 金额：23",
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
    # Without the line over all columns: with it the answer hangs on the last digits, and so on the processor.
    file.write_text(COMMUNIQUE.replace("| 山区 ||||\n", ""), encoding="utf-8")
    assistant = rag.Assistant.open(tmp_path / "index", language_model="extractive", reader="default")
    assistant.add(load(file))
    answer = assistant.ask("沙洲县2023年粮食产量是多少？")
    assert "12.5万吨" in answer.text
    assert [citation.quote for citation in answer.citations] == ["12.5"]
    assert answer.supported


COURSES = (
    "# 泥语陶艺工坊2024年秋季课程表\n\n| 课程 | 节数 | 费用 | 主讲 |\n| --- | --- | --- | --- |\n| 手捏成型 | 4节 | 168元 | 卓然 |\n"
    "| 拉坯入门 | 6节 | 298元 | 池映 |\n| 釉下彩绘 | 5节 | 218元 | 秦妙 |\n| 泥板成型 | 4节 | 188元 | 卓然 |\n\n工坊地址在南巷18号，每周一闭馆。\n"
)
ROADS = (
    "# 渠县道路养护项目2024年进度表\n\n| 项目 | 开工日期 | 长度 | 造价 |\n| --- | --- | --- | --- |\n| 西环路大修 | 2024年3月5日 | 3.2公里 | 860万元 |\n"
    "| 文昌路中修 | 2024年4月18日 | 1.9公里 | 315万元 |\n| KH-90桥加固 | 2024年6月1日 | 0.2公里 | 120万元 |\n"
)


@pytest.mark.parametrize(
    ("table", "question", "sister"),
    [
        (COURSES, "釉下彩绘的费用是多少？", "釉上彩绘的费用是多少？"),
        (ROADS, "西环路大修什么时候开工？", "西环路大修什么时候完工？"),
    ],
)
def test_the_cell_of_a_sister_is_no_answer(tmp_path: Path, table: str, question: str, sister: str) -> None:
    path = tmp_path / "table.md"
    path.write_text(table, encoding="utf-8")
    with rag.Assistant.open(tmp_path / "index", language_model="extractive", reader="default") as assistant:
        assistant.add(path)
        assert assistant.ask(question).supported and not assistant.ask(question).abstained
        assert assistant.ask(sister).abstained
