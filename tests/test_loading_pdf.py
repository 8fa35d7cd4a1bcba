"""PDF as a person reads it: every file is drawn here, and its whole text is expected."""

import io
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pypdfium2
import pytest
from reportlab.lib import colors
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate, Table

from rag.errors import LoadError
from rag.formats import pdf
from rag.loading import load_bytes
from tests.breaking import hostile_files

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))

SONG = "STSong-Light"
LATIN = "Helvetica"
BOLD = "Helvetica-Bold"
WIDTH, HEIGHT = 595.0, 842.0
LEFT, RIGHT = 72.0, 523.0

FIRST = "一季度全县规模以上工业增加值同比增长百分之三点五，其中采矿业增长百分之二，制造业增长百分之四，电力热力燃气及水的生产和供应业增长百分之三。"
SECOND = "全县社会消费品零售总额同比增长百分之六，乡村消费品零售额的增长快于城镇，网上零售额占社会消费品零售总额的比重比上年同期提高了一个百分点。"
THIRD = "居民人均可支配收入名义增长百分之五，扣除价格因素实际增长百分之四，农村居民收入的增长继续快于城镇居民，城乡居民收入之比继续缩小。"


class Sheet:
    """Pages to draw on; y is measured from the top, in points."""

    def __init__(self, size: tuple[float, float] = (WIDTH, HEIGHT)) -> None:
        self.file = io.BytesIO()
        self.canvas = Canvas(self.file, pagesize=size)
        self.height = size[1]

    def write(self, x: float, y: float, text: str, size: float = 10.5, font: str = SONG, rise: float = 0) -> float:
        """Draws text and returns the x at which it ends."""
        drawn = self.canvas.beginText(x, self.height - y)
        drawn.setFont(font, size)
        drawn.setRise(rise)
        drawn.textOut(text)
        self.canvas.drawText(drawn)
        return x + pdfmetrics.stringWidth(text, font, size)

    def right(self, x: float, y: float, text: str, size: float = 10.5, font: str = SONG) -> None:
        self.write(x - pdfmetrics.stringWidth(text, font, size), y, text, size, font)

    def centred(self, y: float, text: str, size: float = 10.5, font: str = SONG) -> None:
        self.write((WIDTH - pdfmetrics.stringWidth(text, font, size)) / 2, y, text, size, font)

    def paragraph(
        self,
        y: float,
        text: str,
        left: float = LEFT,
        right: float = RIGHT,
        size: float = 10.5,
        indent: int = 2,
        leading: float = 1.6,
    ) -> float:
        """Draws Chinese text in lines that are full, the first indented; returns the next line's y."""
        many = int((right - left) / size)
        begin, rest = text[: many - indent], text[many - indent :]
        self.write(left + indent * size, y, begin, size)
        while rest:
            y += leading * size
            self.write(left, y, rest[:many], size)
            rest = rest[many:]
        return y + leading * size

    def latin(
        self, y: float, lines: Sequence[str], left: float = LEFT, size: float = 10.0, leading: float = 13
    ) -> float:
        for line in lines:
            self.write(left, y, line, size, LATIN)
            y += leading
        return y

    def rules(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Draws a grid."""
        for x in xs:
            self.canvas.line(x, self.height - ys[0], x, self.height - ys[-1])
        for y in ys:
            self.canvas.line(xs[0], self.height - y, xs[-1], self.height - y)

    def page(self) -> None:
        self.canvas.showPage()

    def raw(self) -> bytes:
        self.canvas.save()
        return self.file.getvalue()


def text_of(raw: bytes) -> str:
    return load_bytes(raw, "a.pdf").text


# Paragraphs


def test_the_lines_of_a_paragraph_are_joined() -> None:
    sheet = Sheet()
    y = sheet.paragraph(100, FIRST)
    y = sheet.paragraph(y, SECOND)
    sheet.paragraph(y, THIRD)
    assert text_of(sheet.raw()) == f"{FIRST}\n{SECOND}\n{THIRD}"


def test_paragraphs_without_indents_are_told_by_the_space_between_them() -> None:
    sheet = Sheet()
    y = sheet.paragraph(100, FIRST, indent=0)
    sheet.paragraph(y + 10, SECOND, indent=0)
    assert text_of(sheet.raw()) == f"{FIRST}\n{SECOND}"


LATIN_FIRST = (
    "The county has built two hundred stations since the beginning of the year, which is more than in all of the year "
    "before. State-of-the-art equipment was bought from Shanghai and from other cities, and the installation was "
    "finished in June; the price of the equipment was 264 million, which is less than had been expected."
)


def test_latin_lines_are_joined_with_blanks() -> None:
    sheet = Sheet()
    y = sheet.latin(100, simpleSplit(LATIN_FIRST, LATIN, 10, RIGHT - LEFT))
    sheet.latin(y, simpleSplit(LATIN_FIRST[::-1], LATIN, 10, RIGHT - LEFT))
    assert text_of(sheet.raw()) == f"{LATIN_FIRST}\n{LATIN_FIRST[::-1]}"


def test_divided_words_are_made_whole() -> None:
    sheet = Sheet()
    sheet.latin(
        100,
        [
            "The stations have been built since the begin-",
            "ning of the year with state-of-the-",
            "art equipment from Shang-",
            "Hai.",
        ],
    )
    assert text_of(sheet.raw()) == (
        "The stations have been built since the beginning of the year with state-of-the-art equipment from Shang-\nHai."
    )


def test_lines_of_equal_length_in_a_narrow_list_stay_lines() -> None:
    sheet = Sheet()
    lines = [f"第{number}乡收到补贴{number}0万元" for number in range(1, 7)]
    for number, line in enumerate(lines):
        sheet.write(LEFT, 100 + 18 * number, line)
    assert text_of(sheet.raw()) == "\n".join(lines)


def test_short_lines_stay_lines() -> None:
    sheet = Sheet()
    for number, line in enumerate(["收件人：沙洲县农业局", "电话：12345", "地址：人民路1号"]):
        sheet.write(LEFT, 100 + 18 * number, line)
    assert text_of(sheet.raw()) == "收件人：沙洲县农业局\n电话：12345\n地址：人民路1号"


def test_items_of_a_list_are_lines_of_their_own() -> None:
    sheet = Sheet()
    y = sheet.paragraph(100, "会议决定开展下列工作：")
    many = int((RIGHT - LEFT - 21) / 10.5)
    item = FIRST[:70]
    for mark in ("•", "•"):
        sheet.write(LEFT, y, mark)
        sheet.write(LEFT + 21, y, item[:many])
        sheet.write(LEFT + 21, y + 16.8, item[many:])
        y += 33.6
    y = sheet.paragraph(y, "1." + SECOND, indent=0)
    sheet.paragraph(y, "2." + THIRD, indent=0)
    assert text_of(sheet.raw()) == f"会议决定开展下列工作：\n- {item}\n- {item}\n1.{SECOND}\n2.{THIRD}"


def test_a_paragraph_that_runs_over_the_end_of_a_page_is_one() -> None:
    sheet = Sheet()
    many = int((RIGHT - LEFT) / 10.5)
    sheet.paragraph(100, FIRST)
    sheet.write(LEFT + 21, 760, SECOND[: many - 2])
    sheet.page()
    sheet.write(LEFT, 100, SECOND[many - 2 :])
    sheet.paragraph(116.8, THIRD)
    sheet.page()
    sheet.paragraph(100, FIRST)
    document = load_bytes(sheet.raw(), "a.pdf")
    assert document.text == f"{FIRST}\n{SECOND}\n{THIRD}\f{FIRST}"
    assert document.page_starts == (0, document.text.index(SECOND[many - 2 :]), document.text.index("\f") + 1)
    assert document.page(document.text.index(SECOND)) == 1
    assert document.page(document.text.index("比上年同期")) == 2


def test_a_paragraph_that_ends_with_its_page_is_not_joined() -> None:
    sheet = Sheet()
    sheet.paragraph(100, FIRST)
    sheet.page()
    sheet.page()
    sheet.paragraph(100, SECOND)
    document = load_bytes(sheet.raw(), "a.pdf")
    assert document.text == f"{FIRST}\f\f{SECOND}"
    assert document.page_starts == (0, len(FIRST) + 1, len(FIRST) + 2)


# Order of reading


def columns(sheet: Sheet, texts: Sequence[Sequence[str]], top: float, gap: float = 20) -> float:
    width = (RIGHT - LEFT - gap * (len(texts) - 1)) / len(texts)
    ends = []
    for number, column in enumerate(texts):
        y, left = top, LEFT + number * (width + gap)
        for text in column:
            y = sheet.paragraph(y, text, left, left + width)
        ends.append(y)
    return max(ends)


def test_two_columns_are_read_one_after_the_other() -> None:
    sheet = Sheet()
    columns(sheet, [[FIRST, SECOND], [THIRD, FIRST]], 100)
    assert text_of(sheet.raw()) == f"{FIRST}\n{SECOND}\n{THIRD}\n{FIRST}"


def test_three_columns() -> None:
    sheet = Sheet()
    columns(sheet, [[FIRST], [SECOND], [THIRD]], 100)
    assert text_of(sheet.raw()) == f"{FIRST}\n{SECOND}\n{THIRD}"


def test_what_goes_across_the_columns_is_read_in_between() -> None:
    sheet = Sheet()
    sheet.centred(80, "沙洲县经济运行情况", 18)
    y = columns(sheet, [[FIRST, SECOND], [SECOND, THIRD]], 110)
    sheet.centred(y + 120, "图1  沙洲县各乡镇工业增加值及其与上年同期相比的变化（单位：万元）", 9)
    columns(sheet, [[THIRD], [FIRST]], y + 150)
    assert text_of(sheet.raw()) == (
        f"# 沙洲县经济运行情况\n{FIRST}\n{SECOND}\n{SECOND}\n{THIRD}\n"
        f"图1 沙洲县各乡镇工业增加值及其与上年同期相比的变化（单位：万元）\n{THIRD}\n{FIRST}"
    )


def test_a_paragraph_runs_over_into_the_next_column() -> None:
    sheet = Sheet()
    many = int((RIGHT - LEFT - 20) / 2 / 10.5)
    middle = LEFT + (RIGHT - LEFT + 20) / 2
    y = sheet.paragraph(100, FIRST, LEFT, LEFT + (RIGHT - LEFT - 20) / 2)
    sheet.write(LEFT + 21, y, SECOND[: many - 2])
    sheet.paragraph(100, SECOND[many - 2 :], middle, middle + (RIGHT - LEFT - 20) / 2, indent=0)
    sheet.paragraph(200, THIRD, middle, middle + (RIGHT - LEFT - 20) / 2)
    assert text_of(sheet.raw()) == f"{FIRST}\n{SECOND}\n{THIRD}"


def test_order_of_drawing_does_not_matter() -> None:
    sheet = Sheet()
    y = sheet.paragraph(300, SECOND)
    sheet.paragraph(y, THIRD)
    sheet.paragraph(100, FIRST)
    assert text_of(sheet.raw()) == f"{FIRST}\n{SECOND}\n{THIRD}"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages(turn: int) -> None:
    sheet = Sheet()
    columns(sheet, [[FIRST, SECOND], [THIRD, FIRST]], 100)
    document = pypdfium2.PdfDocument(sheet.raw())
    document[0].set_rotation(turn)
    turned = io.BytesIO()
    document.save(turned)
    assert text_of(turned.getvalue()) == f"{FIRST}\n{SECOND}\n{THIRD}\n{FIRST}"


@pytest.mark.parametrize("turn", [90, 270])
def test_text_drawn_along_the_page(turn: int) -> None:
    sheet = Sheet()
    sheet.canvas.translate(WIDTH / 2, HEIGHT / 2)
    sheet.canvas.rotate(turn)
    sheet.canvas.translate(-WIDTH / 2, -HEIGHT / 2)
    sheet.paragraph(sheet.paragraph(300, FIRST), SECOND)
    assert text_of(sheet.raw()) == f"{FIRST}\n{SECOND}"


def test_vertical_text_is_read_from_right_to_left() -> None:
    sheet = Sheet()
    for place, character in enumerate(FIRST):
        sheet.write(400 - 20 * (place // 30), 100 + 22 * (place % 30), character, 12)
    assert text_of(sheet.raw()) == FIRST


def test_single_characters_of_a_font_that_is_not_in_the_file_are_read() -> None:
    sheet = Sheet()
    for number, character in enumerate("有据"):
        sheet.write(LEFT + 200 * number, 100, character)
    assert text_of(sheet.raw()) == "有 据"


# Running heads


def report(sheet: Sheet, texts: Sequence[str], head: str = "沙洲县统计局", foot: str = "第{}页  共{}页") -> None:
    for number, text in enumerate(texts, 1):
        sheet.write(LEFT, 50, head.format(number, len(texts)), 9)
        sheet.canvas.line(LEFT, HEIGHT - 55, RIGHT, HEIGHT - 55)
        sheet.paragraph(90, text)
        sheet.centred(800, foot.format(number, len(texts)), 9)
        sheet.page()


def test_running_heads_and_page_numbers_are_left_out_and_told() -> None:
    sheet = Sheet()
    report(sheet, [FIRST, SECOND, THIRD])
    extracted = pdf.extract(sheet.raw(), "a.pdf")
    assert extracted.text == f"{FIRST}\f{SECOND}\f{THIRD}"
    assert extracted.left_out == (("页眉、页脚和页码 6 行", "running heads, footers and page numbers: 6"),)


def test_heads_of_two_pages_and_heads_on_alternate_sides() -> None:
    sheet = Sheet()
    for number, text in enumerate([FIRST, SECOND, THIRD, FIRST, SECOND, THIRD], 1):
        if number % 2:
            sheet.write(LEFT, 50, f"{number}  沙洲县统计年鉴", 9)
        else:
            sheet.right(RIGHT, 50, f"沙洲县统计局  {number}", 9)
        sheet.paragraph(90, text)
        sheet.page()
    assert text_of(sheet.raw()) == "\f".join([FIRST, SECOND, THIRD] * 2)
    two = Sheet()
    report(two, [FIRST, SECOND])
    assert text_of(two.raw()) == f"{FIRST}\f{SECOND}"


def test_a_single_number_at_the_edge_is_the_page_number() -> None:
    sheet = Sheet()
    sheet.paragraph(100, FIRST)
    sheet.centred(800, "— 7 —")
    assert text_of(sheet.raw()) == FIRST


def test_text_at_the_top_of_pages_that_differs_only_in_numbers_is_kept() -> None:
    sheet = Sheet()
    years = (2021, 2022, 2023)
    for year in years:
        for number, line in enumerate(
            [f"{year}年产量为{year - 2000}万吨。", "其中甲等品。", f"{year}年的出口。", "其余自用。"]
        ):
            sheet.write(LEFT, 80 + 17 * number, line)
        sheet.page()
    assert text_of(sheet.raw()) == "\f".join(
        f"{year}年产量为{year - 2000}万吨。\n其中甲等品。\n{year}年的出口。\n其余自用。" for year in years
    )


def test_pages_that_say_the_same_keep_it() -> None:
    sheet = Sheet()
    for _ in range(3):
        sheet.write(LEFT, 60, "机密文件")
        sheet.page()
    assert text_of(sheet.raw()) == "机密文件\f机密文件\f机密文件"


# Headings


def test_headings_by_size_and_by_number_and_face() -> None:
    sheet = Sheet()
    sheet.centred(80, "关于2023年经济工作的", 22)
    sheet.centred(112, "总结报告", 22)
    y = sheet.paragraph(150, FIRST)
    sheet.write(LEFT, y + 10, "一、工业生产", 14)
    y = sheet.paragraph(y + 36, SECOND)
    sheet.write(LEFT, y + 10, "二、居民收入", 14)
    y = sheet.paragraph(y + 36, THIRD)
    sheet.write(LEFT + 21, y, "1. Income of households in the county", 10.5, BOLD)
    sheet.paragraph(y + 18, FIRST)
    assert text_of(sheet.raw()) == (
        f"# 关于2023年经济工作的总结报告\n{FIRST}\n## 一、工业生产\n{SECOND}\n## 二、居民收入\n{THIRD}\n"
        f"### 1. Income of households in the county\n{FIRST}"
    )


def test_bold_text_without_a_number_is_a_plain_line_and_marks_of_headings_are_none() -> None:
    sheet = Sheet()
    sheet.write(LEFT, 100, "Important", 10.5, BOLD)
    sheet.write(LEFT, 117, "# 5 stations were built", 10.5, LATIN)
    sheet.paragraph(150, FIRST)
    assert text_of(sheet.raw()) == f"Important\n#5 stations were built\n{FIRST}"


# Notes, raised and lowered characters


def test_footnotes() -> None:
    sheet = Sheet()
    x = sheet.write(LEFT + 21, 100, "全县共有12户")
    x = sheet.write(x, 100, "1", 6, SONG, rise=4)
    x = sheet.write(x, 100, "企业获得补贴，共计264万元")
    x = sheet.write(x, 100, "②", 6, SONG, rise=4)
    sheet.write(x, 100, "。")
    sheet.paragraph(118, SECOND)
    sheet.canvas.line(LEFT, 122, LEFT + 140, 122)
    sheet.write(LEFT, 735, "1", 5, SONG, rise=3)
    sheet.write(LEFT + 5, 735, "不含个体工商户。", 8)
    sheet.write(LEFT, 748, "② 含税。", 8)
    assert text_of(sheet.raw()) == (
        f"全县共有12户[^1]企业获得补贴，共计264万元[^2]。\n{SECOND}\n[^1]: 不含个体工商户。\n[^2]: 含税。"
    )


def test_notes_come_after_a_paragraph_that_runs_over_the_page() -> None:
    sheet = Sheet()
    many = int((RIGHT - LEFT) / 10.5)
    text = SECOND[: many - 2]
    x = sheet.write(LEFT + 21, 700, text[:20])
    sheet.write(x, 700, "1", 5, SONG, rise=4)
    sheet.write(x + 3, 700, text[20:])
    sheet.write(LEFT, 740, "1  初步核算数。", 8)
    sheet.page()
    y = sheet.paragraph(100, SECOND[many - 2 :], indent=0)
    sheet.paragraph(y, FIRST)
    assert text_of(sheet.raw()) == f"{text[:20]}[^1]{SECOND[20:]}\n[^1]: 初步核算数。\n{FIRST}"


def test_powers_and_indices_and_marks_without_a_note() -> None:
    sheet = Sheet()
    x = LEFT
    for text, rise in (
        ("产量为3×10", 0),
        ("4", 4),
        ("吨，面积5m", 0),
        ("2", 4),
        ("，排放CO", 0),
        ("2", -2),
        ("共12户", 0),
        ("3", 4),
        ("。", 0),
    ):
        x = sheet.write(x, 100, text, 6 if rise else 10.5, SONG, rise)
    assert text_of(sheet.raw()) == "产量为3×10⁴吨，面积5m²，排放CO₂共12户³。"


# Tables with rules


def drawn(
    rows: Sequence[Sequence[str]], *style: tuple[Any, ...], widths: Sequence[float] | None = None, **options: Any
) -> bytes:
    """A PDF whose one table reportlab lays out."""
    file = io.BytesIO()
    font = [("FONT", (0, 0), (-1, -1), SONG, 10)]
    table = Table([list(row) for row in rows], style=[*font, *style], colWidths=widths, **options)
    SimpleDocTemplate(file).build([table])
    return file.getvalue()


GRID = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)
OUTPUT = [
    ["地区", "产量（万吨）", "增速"],
    ["沙洲县", "10.2", "3.5%"],
    ["江北县", "1,264.5", "-2.0%"],
    ["合计", "1,274.7", "-1.9%"],
]
OUTPUT_TEXT = """| 地区 | 产量（万吨） | 增速 |
| --- | --- | --- |
| 沙洲县 | 10.2 | 3.5% |
| 江北县 | 1,264.5 | -2.0% |
| 合计 | 1,274.7 | -1.9% |"""


def test_a_ruled_table() -> None:
    assert text_of(drawn(OUTPUT, GRID)) == OUTPUT_TEXT


def test_numbers_at_the_right_and_a_coloured_head_in_white() -> None:
    style = [
        ("ALIGN", (1, 1), (-1, -1), "RIGHT"),
        ("BACKGROUND", (0, 0), (-1, 0), colors.navy),
        ("TEXTCOLOR", (0, 0), (-1, 0), colors.white),
    ]
    assert text_of(drawn(OUTPUT, GRID, *style, widths=[90, 120, 90])) == OUTPUT_TEXT


def test_rules_that_are_thin_areas() -> None:
    sheet = Sheet()
    for row, cells in enumerate(OUTPUT):
        for column, cell in enumerate(cells):
            sheet.write(LEFT + 6 + 120 * column, 114 + 20 * row, cell)
    for row in range(5):
        sheet.canvas.rect(LEFT, HEIGHT - 100 - 20 * row, 360, 0.6, stroke=0, fill=1)
    for column in range(4):
        sheet.canvas.rect(LEFT + 120 * column, HEIGHT - 180, 0.6, 80, stroke=0, fill=1)
    assert text_of(sheet.raw()) == OUTPUT_TEXT


def test_rules_between_cells_only() -> None:
    assert (
        text_of(drawn(OUTPUT, ("INNERGRID", (0, 0), (-1, -1), 0.5, colors.black), widths=[90, 120, 90])) == OUTPUT_TEXT
    )


def test_a_frame_for_each_cell() -> None:
    sheet = Sheet()
    for row, cells in enumerate(OUTPUT):
        for column, cell in enumerate(cells):
            sheet.canvas.rect(LEFT + 120 * column, HEIGHT - 120 - 20 * row, 120, 20)
            sheet.write(LEFT + 6 + 120 * column, 114 + 20 * row, cell)
    assert text_of(sheet.raw()) == OUTPUT_TEXT


def test_cells_that_span_others() -> None:
    rows = [
        ["地区", "产量（万吨）", "", "备注"], ["", "2022年", "2023年", ""], ["沙洲县", "10.2", "12.5", "初步数"],
        ["江北县", "8.1", "9.0", ""], ["合计", "18.3", "21.5", ""],
    ]  # fmt: skip
    spans = [("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 0), (0, 1)), ("SPAN", (3, 0), (3, 1)), ("SPAN", (3, 2), (3, 4))]
    assert text_of(drawn(rows, GRID, *spans, widths=[80, 80, 80, 80])) == (
        "| 地区 | 产量（万吨） || 备注 |\n| ^^ | 2022年 | 2023年 | ^^ |\n| --- | --- | --- | --- |\n"
        "| 沙洲县 | 10.2 | 12.5 | 初步数 |\n| 江北县 | 8.1 | 9.0 | ^^ |\n| 合计 | 18.3 | 21.5 | ^^ |"
    )


def test_cells_of_several_lines() -> None:
    rows = [
        ["项目", "说明"],
        ["补贴", "按每户每年二百元的标准发放\n给符合条件的农户，不得挪用\n。"],
        ["电话", "总机：123\n值班：456"],
    ]
    assert text_of(drawn(rows, GRID, widths=[60, 145])) == (
        "| 项目 | 说明 |\n| 补贴 | 按每户每年二百元的标准发放给符合条件的农户，不得挪用。 |\n| 电话 | 总机：123<br>值班：456 |".replace(
            "| 项目", "| --- | --- |\n| 项目"
        )
    )


def test_empty_cells_and_a_bar_in_a_cell() -> None:
    rows = [["地区", "甲|乙", "丙"], ["沙洲县", "", "3"], ["江北县", "5", ""]]
    assert (
        text_of(drawn(rows, GRID))
        == "| 地区 | 甲\\|乙 | 丙 |\n| --- | --- | --- |\n| 沙洲县 |  | 3 |\n| 江北县 | 5 |  |"
    )


def test_a_table_between_paragraphs_with_its_caption_and_unit() -> None:
    sheet = Sheet()
    y = sheet.paragraph(100, FIRST)
    sheet.centred(y + 8, "表1  各县产量")
    sheet.right(LEFT + 360, y + 26, "单位：万吨", 9)
    top = y + 32
    sheet.rules([LEFT, LEFT + 120, LEFT + 240, LEFT + 360], [top, top + 20, top + 40])
    for row, cells in enumerate([["地区", "2022年", "2023年"], ["沙洲县", "10.2", "12.5"]]):
        for column, cell in enumerate(cells):
            sheet.write(LEFT + 6 + 120 * column, top + 14 + 20 * row, cell)
    sheet.paragraph(top + 70, SECOND)
    assert text_of(sheet.raw()) == (
        f"{FIRST}\n表1 各县产量\n单位：万吨\n| 地区 | 2022年 | 2023年 |\n| --- | --- | --- |\n| 沙洲县 | 10.2 | 12.5 |\n{SECOND}"
    )


def test_a_frame_around_a_paragraph_is_no_table() -> None:
    sheet = Sheet()
    sheet.canvas.rect(LEFT - 10, HEIGHT - 150, RIGHT - LEFT + 20, 70)
    sheet.paragraph(100, FIRST)
    assert text_of(sheet.raw()) == FIRST


def test_a_table_that_goes_on_on_the_next_page_is_one() -> None:
    rows = [["地区", "产量", "增速"], *([f"第{number}乡", f"{number}.5", f"{number}%"] for number in range(1, 61))]
    document = load_bytes(drawn(rows, GRID, widths=[90, 120, 90], repeatRows=1), "a.pdf")
    assert document.text.split("\n") == [
        "| 地区 | 产量 | 增速 |", "| --- | --- | --- |", *(f"| 第{number}乡 | {number}.5 | {number}% |" for number in range(1, 61))
    ]  # fmt: skip
    assert len(document.page_starts) == 2
    begins = document.text[document.page_starts[1] :].split("\n")[0]
    assert begins.startswith("| 第") and document.page(document.text.index("| 第1乡")) == 1
    assert document.page(document.text.index("| 第60乡")) == 2


# Tables without upright rules


def aligned(
    sheet: Sheet,
    rows: Sequence[Sequence[str]],
    xs: Sequence[float],
    top: float,
    step: float = 18,
    at_right: bool = True,
) -> float:
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if column and at_right:
                sheet.right(xs[column], top + step * number, cell)
            elif cell:
                sheet.write(xs[column], top + step * number, cell)
    return top + step * len(rows)


def test_a_table_with_three_level_rules() -> None:
    sheet = Sheet()
    y = sheet.paragraph(100, FIRST)
    for height in (y, y + 20, y + 76):
        sheet.canvas.line(LEFT, HEIGHT - height, RIGHT, HEIGHT - height)
    y = aligned(sheet, OUTPUT, [LEFT, 300, 450], y + 14)
    sheet.paragraph(y + 10, SECOND)
    assert text_of(sheet.raw()) == f"{FIRST}\n{OUTPUT_TEXT}\n{SECOND}"


def test_a_table_without_rules() -> None:
    sheet = Sheet()
    y = sheet.paragraph(100, FIRST)
    y = aligned(sheet, OUTPUT, [LEFT, 250, 380], y + 10, at_right=False)
    sheet.paragraph(y + 10, SECOND)
    assert text_of(sheet.raw()) == f"{FIRST}\n{OUTPUT_TEXT}\n{SECOND}"


def test_a_table_without_rules_whose_cells_have_several_lines() -> None:
    sheet = Sheet()
    rows = [
        ["部门", "职责", "人数"],
        ["农业局", "负责农业生产和农村", "12"],
        ["", "经济的指导", ""],
        ["统计局", "负责统计调查", "8"],
        ["财政局", "负责预算", "9"],
    ]
    y = 100.0
    for row, step in zip(rows, (24, 14, 24, 24, 24), strict=True):
        for x, cell in zip((LEFT, 180, 400), row, strict=True):
            sheet.write(x, y, cell)
        y += step
    assert text_of(sheet.raw()) == (
        "| 部门 | 职责 | 人数 |\n| --- | --- | --- |\n| 农业局 | 负责农业生产和农村经济的指导 | 12 |\n"
        "| 统计局 | 负责统计调查 | 8 |\n| 财政局 | 负责预算 | 9 |"
    )


def test_heads_over_several_columns_and_the_caption_of_the_next_table() -> None:
    sheet = Sheet()
    y = sheet.paragraph(80, FIRST) + 10
    for x, head in ((190, "火车站发往码头"), (370, "码头发往火车站")):
        sheet.write(x, y, head)
    rows = [
        ["站名", "首班", "末班", "首班", "末班"],
        ["火车站", "5:40", "22:10", "7:12", "23:32"],
        ["码头", "6:31", "22:57", "6:20", "22:40"],
    ]
    y = aligned(sheet, rows, [LEFT, 180, 260, 360, 440], y + 18, at_right=False)
    sheet.centred(y + 14, "表2　泊位情况")
    aligned(sheet, OUTPUT, [LEFT, 250, 380], y + 34, at_right=False)
    assert text_of(sheet.raw()) == (
        f"{FIRST}\n| 站名 | 火车站发往码头 || 码头发往火车站 ||\n| ^^ | 首班 | 末班 | 首班 | 末班 |\n| --- | --- | --- | --- | --- |\n"
        f"| 火车站 | 5:40 | 22:10 | 7:12 | 23:32 |\n| 码头 | 6:31 | 22:57 | 6:20 | 22:40 |\n表2 泊位情况\n{OUTPUT_TEXT}"
    )


def test_two_lines_side_by_side_are_no_table() -> None:
    sheet = Sheet()
    for number, (label, said) in enumerate([("甲方：", "沙洲县"), ("乙方：", "江北县")]):
        sheet.write(LEFT, 100 + 20 * number, label)
        sheet.write(300, 100 + 20 * number, said)
    assert text_of(sheet.raw()) == "甲方： 沙洲县\n乙方： 江北县"


def test_a_table_within_a_column() -> None:
    sheet = Sheet()
    width = (RIGHT - LEFT - 20) / 2
    y = sheet.paragraph(100, FIRST, LEFT, LEFT + width)
    y = aligned(sheet, OUTPUT, [LEFT, LEFT + 130, LEFT + 190], y + 6)
    sheet.paragraph(y + 10, SECOND, LEFT, LEFT + width)
    sheet.paragraph(sheet.paragraph(100, THIRD, RIGHT - width, RIGHT), FIRST, RIGHT - width, RIGHT)
    assert text_of(sheet.raw()) == f"{FIRST}\n{OUTPUT_TEXT}\n{SECOND}\n{THIRD}\n{FIRST}"


# What is left out, and what characters become


def test_radicals_compatibility_characters_and_ligatures_are_the_usual_characters() -> None:
    meanings = {"A": "\u2f00", "B": "\u2ed3", "C": "\u2ea0", "D": "\uf900", "E": "\ufb01"}
    assert text_of(with_letters(meanings, "ABCDEx")) == "一长民\u8c48fix"


def with_letters(meanings: dict[str, str], text: str) -> bytes:
    """A PDF whose font says by its ToUnicode map what its letters mean; none where that is empty."""
    pairs = "".join(
        f"<{ord(letter):02X}> <{(meanings.get(letter, letter)).encode('utf-16-be').hex()}>\n"
        for letter in sorted(set(text))
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        f"1 begincodespacerange <00> <FF> endcodespacerange\n{len(set(text))} beginbfchar\n{pairs}endbfchar\n"
        "endcmap end end"
    ).encode()
    content = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(cmap), cmap),
    ]
    return hostile_files.pdf(objects)


def test_characters_without_meaning_are_left_out_and_told() -> None:
    extracted = pdf.extract(with_letters({"A": "\ue123", "B": "字"}, "BABAB"), "a.pdf")
    assert extracted.text == "字字字"
    assert extracted.left_out == (
        ("文件没有说明是什么字的 2 个字（第 1 页）", "characters that the file does not identify: 2 (page 1)"),
    )


def test_text_that_nobody_sees_is_left_out_and_told() -> None:
    sheet = Sheet()
    sheet.paragraph(100, FIRST)
    sheet.canvas.setFillColor(colors.white)
    sheet.write(LEFT, 300, "白字")
    sheet.canvas.setFillColor(colors.black)
    sheet.write(WIDTH + 50, 300, "页外")
    extracted = pdf.extract(sheet.raw(), "a.pdf")
    assert extracted.text == FIRST
    assert extracted.left_out == (
        ("看不见的文字 4 个字（白字或在页面之外）", "characters that nobody sees (white, or beside the page): 4"),
    )


def scan(sheet: Sheet) -> None:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    sheet.canvas.drawImage(ImageReader(Image.new("L", (60, 84), 200)), 0, 0, WIDTH, HEIGHT)


def test_unpainted_text_over_a_scan_is_read() -> None:
    sheet = Sheet()
    scan(sheet)
    text = sheet.canvas.beginText(LEFT, 700)
    text.setFont(SONG, 12)
    text.setTextRenderMode(3)
    text.textOut("扫描件的文字层")
    sheet.canvas.drawText(text)
    assert text_of(sheet.raw()) == "扫描件的文字层"


def test_pages_without_a_text_layer_are_told_one_by_one() -> None:
    sheet = Sheet()
    for text in (FIRST, "", SECOND, ""):
        if text:
            sheet.paragraph(100, text)
        else:
            scan(sheet)
        sheet.page()
    extracted = pdf.extract(sheet.raw(), "a.pdf")
    assert extracted.text == f"{FIRST}\f\f{SECOND}\f"
    assert extracted.page_starts == (0, len(FIRST) + 1, len(FIRST) + 2, len(FIRST) + len(SECOND) + 3)
    assert extracted.left_out == (("没有文字层的页 2 页（第 2、4 页）", "pages without a text layer: 2 (pages 2, 4)"),)


def test_a_file_of_scans_is_refused() -> None:
    sheet = Sheet()
    scan(sheet)
    with pytest.raises(LoadError, match="文字层"):
        pdf.extract(sheet.raw(), "a.pdf")


def test_the_day_a_file_was_made_is_not_its_date() -> None:
    sheet = Sheet()
    sheet.paragraph(100, FIRST)
    assert load_bytes(sheet.raw(), "a.pdf").date is None


def test_a_mark_across_the_pages_is_left_out() -> None:
    sheet = Sheet()
    for text in (FIRST, SECOND, THIRD):
        sheet.paragraph(100, text)
        sheet.canvas.saveState()
        sheet.canvas.translate(200, 300)
        sheet.canvas.rotate(45)
        sheet.canvas.setFont(SONG, 40)
        sheet.canvas.drawString(0, 0, "内部资料")
        sheet.canvas.restoreState()
        sheet.page()
    assert text_of(sheet.raw()) == f"{FIRST}\f{SECOND}\f{THIRD}"


# What holds of every file


def nonblank(text: str) -> Counter[str]:
    return Counter(character for character in text if not character.isspace() and character not in "|-")


@pytest.mark.parametrize("seed", range(12))
def test_no_character_is_lost_wherever_it_stands(seed: int) -> None:
    chance = random.Random(seed)
    sheet = Sheet()
    said: Counter[str] = Counter()
    for _ in range(2):
        for _ in range(chance.choice([3, 40, 150])):
            text = "".join(chance.choice("产量增速沙洲县万吨居民收入abc") for _ in range(chance.choice([1, 2, 5, 20])))
            x, y = chance.randrange(20, 300), chance.randrange(150, 700)
            sheet.write(x, y, text, chance.choice([6, 9, 10.5, 10.5, 14]))
            said += nonblank(text)
        for _ in range(chance.choice([0, 6, 60])):
            x, y = chance.randrange(20, 500), chance.randrange(150, 700)
            sheet.canvas.line(x, y, *chance.choice([(x, y + 90), (x + 90, y)]))
        sheet.page()
    given = pypdfium2.PdfDocument(sheet.raw())
    extracted = pdf.extract(sheet.file.getvalue(), "a.pdf")
    assert len(given) == len(extracted.page_starts) == 2
    assert list(extracted.page_starts) == sorted(extracted.page_starts) and extracted.page_starts[-1] <= len(
        extracted.text
    )
    found = nonblank(extracted.text.replace("^^", "").replace("#", "").replace("<br>", ""))
    assert found == said


def test_a_page_with_too_many_characters_keeps_the_order_of_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = Sheet()
    columns(sheet, [[FIRST], [SECOND]], 100)
    monkeypatch.setattr("rag.formats.pdf_glyphs.MOST_GLYPHS", 20)
    extracted = pdf.extract(sheet.raw(), "a.pdf")
    assert nonblank(extracted.text) == nonblank(FIRST + SECOND)
    assert "\n" in extracted.text
