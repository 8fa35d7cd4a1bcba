"""Designators: a sentence about 一期 says nothing of 二期, and one that only counts says nothing of a sister."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reading.designators import is_of_a_sister


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("东风二期工程投资多少？", "东风一期工程投资2.1亿元。"),
        ("第二季度的订单降了多少？", "第一季度订单下降41%。"),
        ("第3批是几月搬走的？", "第二批是下坝组，2001年1月搬走。"),
        ("L5型推车卖了多少辆？", "“轻羽”Ｌ３型婴儿推车销售14620辆。"),
        ("乙方几时到法院起诉？", "甲方于2017年11月起诉。"),
        ("B标段由谁中标？", "A标段由宏远公司中标。"),
        ("YJ-05号点的人安置在哪里？", "YJ-01号点安置在云脚小学。"),
    ],
)
def test_a_sentence_about_a_sister_is_told(question: str, sentence: str) -> None:
    document = f"二期尚未立项。L5型待售，乙方缺席，B标段流标，YJ-05号点已撤。\n{sentence}"
    assert is_of_a_sister(question, sentence, sentence, document)
    assert not is_of_a_sister(question, sentence, f"{question}\n{sentence}", document)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("第２批是几月搬走的？", "第二批是下坝组，2001年1月搬走。"),
        ("提前三天取消扣多少？", "提前五天以上取消的扣20%。"),
        ("一期和二期哪个投资多？", "一期投资2.1亿元。"),
        ("方案一每年增收多少？", "方案二每年增收4100万元，方案一只有3600万元。"),
        ("第80名能拿多少奖学金？", "第51名至第100名的奖励4000元。"),
        ("东风工程投资多少？", "东风一期工程投资2.1亿元。"),
        ("二期工程投资多少？", "总投资2.1亿元，2019年开工。"),
        ("What did phase A cost?", "Phase B cost 3 million yuan."),
    ],
)
def test_what_may_be_of_the_very_thing_is_left_to_the_reader(question: str, sentence: str) -> None:
    assert not is_of_a_sister(question, sentence, sentence, f"一期已完工。\n{sentence}")


@given(st.text("一二三期第甲L3 。", max_size=12), st.text("一二三期第甲L3 。", max_size=30))
def test_no_sentence_that_repeats_the_question_is_of_a_sister(question: str, rest: str) -> None:
    sentence = f"{question}，{rest}"
    assert not is_of_a_sister(question, sentence, sentence, sentence)
