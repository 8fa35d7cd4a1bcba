"""Figures: one form whatever way they are written, and which of a claim stand in what it cites."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import SENTENCES, TEXTS

from rag.text.figures import figures_in, missing_figures


def keys(text: str) -> list[tuple[str, str]]:
    return [(f"{figure.value:f}", figure.kind) for figure in figures_in(text)]


EQUAL = [
    ["264万", "2,640,000", "２６４万", "2640000", "2.64 million", "264 万", "2.64 Million", "二百六十四万"],
    ["27.7%", "２７．７％", "百分之27.7", "27.7 percent", "27.7 per cent", "27.70 %", "百分之二十七点七"],
    ["1.2万亿", "12000亿", "1.2 trillion", "1,200,000,000,000"],
    ["5亿", "500 million", "五亿", "50000万"],
    ["4.8个百分点", "4.8 percentage points"],
    ["30%", "3成", "三成", "30 percent"],
    ["2023年", "２０２３年", "2023 年"],
    ["2023年4月21日", "2023-04-21", "2023/4/21", "2023.4.21", "April 21, 2023", "21st of April 2023"],
    ["1至11月", "1月至11月", "1—11月", "1 至 11 月", "1月到11月"],
    ["3-5%", "3%—5%", "百分之3到百分之5"],
    ["20—30万", "20万至30万", "200000到300000"],
    ["1500多万", "1500万", "1500 余万"],
]  # fmt: skip


@pytest.mark.parametrize("ways", EQUAL, ids=lambda ways: ways[0])
def test_ways_of_writing_a_figure_agree_with_each_other(ways: list[str]) -> None:
    for one in ways:
        assert figures_in(one)
        for other in ways:
            assert missing_figures(f"共{one}左右", f"约为{other}的样子") == (), (one, other)


@pytest.mark.parametrize(
    "text", ["264万", "27.7%", "1.2万亿", "100km", "64K", "5GW", "$5 billion", "5亿", "2023年", "in 2023"]
)
def test_another_number_is_missing(text: str) -> None:
    digit = next(character for character in text if character.isdigit())
    for other in set("123456789") - {digit}:
        changed = text.replace(digit, other, 1)
        assert missing_figures(changed, text), changed


@pytest.mark.parametrize(
    "text",
    ["5G基站", "IPv6", "IMT-2030", "IMT-2030 ( 6G)推进组", "5G-A", "GPT-4", "v1.2", "2nd", "第一", "十大行业", "二十大", "十四五",
     "一成不变", "建成三个", "形成一批", "万一", "千万不要", "1．促进内需", "（2）推动", "3、抓好", "It may be so", "March on!"],
)  # fmt: skip
def test_names_ordinals_and_list_numbers_are_no_figures(text: str) -> None:
    assert keys(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022年1至11月，增长3.8%", [("2022", "年"), ("1", "月"), ("11", "月"), ("3.8", "%")]),
        ("5G基站228万个，31个省", [("2280000", ""), ("31", "")]),
        ("拉动4.8个百分点，239倍，4‰", [("4.8", "百分点"), ("239", "倍"), ("4", "‰")]),
        ("一季度、第2季度", [("2", "季度")]),
        ("共3\n万家企业", [("3", "")]),
        ("in May 2023 and 5 May", [("5", "月"), ("2023", "年"), ("5", "日"), ("5", "月")]),
        ("2000 people, 2,000 dogs", [("2000", "年"), ("2000", "")]),
        ("1. 增长3.5倍", [("3.5", "倍")]),
        ("百分之百", [("100", "%")]),
        ("两万亿元和三百零五万", [("2000000000000", ""), ("3050000", "")]),
    ],
)
def test_the_figures_of_a_text_in_their_order(text: str, expected: list[tuple[str, str]]) -> None:
    assert keys(text) == expected


def test_units_must_agree() -> None:
    assert missing_figures("增长5%", "增长5个百分点") == ("5%",)
    assert missing_figures("5月", "共5个") == ("5月",)
    assert missing_figures("共5个", "5月5日") == ("5",)
    assert missing_figures("27.7", "27.7%") == ()
    assert missing_figures("27.7%", "27.7") == ("27.7%",)
    assert missing_figures("占27.7，", "占27.7%") == ()
    assert missing_figures("覆盖85个大类", "覆盖45个大类的85%") == ("85",)
    assert missing_figures("增长3%、5%和3%", "增长2%") == ("3%", "5%")


def test_a_year_may_be_written_without_its_word() -> None:
    assert missing_figures("By the end of March 2023, 2.64 million stations.", "截至2023年3月底，264万个。") == ()
    assert missing_figures("2000 people came", "来了2000人") == ()
    assert missing_figures("截至2023年", "as of 2023") == ()


@given(TEXTS)
def test_figures_stand_where_they_say(text: str) -> None:
    for figure in figures_in(text):
        assert text[figure.start : figure.end] == figure.written
        assert figure.value >= 0


@given(TEXTS)
def test_nothing_is_missing_from_the_text_itself(text: str) -> None:
    assert missing_figures(text, text) == ()


@given(st.decimals(0, 10**9, places=2, allow_nan=False), st.sampled_from(["万", "亿", "%", "倍", ""]))
def test_a_figure_has_the_value_it_says(number: Decimal, unit: str) -> None:
    (figure,) = figures_in(f"约{number}{unit}")
    assert figure.value == number * {"万": 10**4, "亿": 10**8}.get(unit, 1)


def test_very_long_numbers_are_read_in_time() -> None:
    for text in (
        "1" * 200_000,
        "1," * 100_000,
        "1 " * 100_000,
        "1-" * 50_000,
        "二" * 100_000,
        "1" + " " * 100_000 + "万",
    ):
        assert missing_figures(text, text) == ()


STATED = [
    part.text for sentences in SENTENCES.values() for part in sentences if part.kind == "statement" and figures_in(part.text)
]  # fmt: skip


def test_the_seeds_hold_figures() -> None:
    assert len(STATED) > 60


@pytest.mark.parametrize("sentence", STATED, ids=lambda text: text[:12])
def test_every_digit_of_a_figure_that_is_changed_is_noticed(sentence: str) -> None:
    """Each digit of each figure, once changed, unless the changed figure stands elsewhere in the sentence."""
    assert missing_figures(sentence, sentence) == ()
    originals = {figure.key for figure in figures_in(sentence)}
    checked = 0
    for figure in figures_in(sentence):
        for place in range(figure.start, figure.end):
            if sentence[place].isdigit():
                changed = f"{sentence[:place]}{(int(sentence[place]) + 4) % 10}{sentence[place + 1 :]}"
                if {other.key for other in figures_in(changed)} <= originals:
                    continue
                assert missing_figures(changed, sentence), changed
                checked += 1
    assert checked or not any(character.isdigit() for character in sentence)
