"""Premises: questions that take for granted what the documents contradict are answered with what corrects them."""

from collections.abc import Callable
from typing import Any

import pytest
from texts import document_of, evidence_of

from rag.answering.premises import contradicting, correction_of
from rag.text.structure import sentences_of

GROWTH = "2024年，青岚市规模以上工业增加值同比增长3.8%。"
SHARE = "青岚市共有25座智能工厂，其中12座在东区，占比超过40%。"
RANK = "青岚市造船产量连续三年居全国首位。"
TURNED = "一季度青岚市出口同比增长3%，扭转了去年以来持续下行的态势。"
LOANS = "平台累计助企融资突破5000亿元。"
COURSE = "2024年，青岚市继续开展家电下乡活动。"
PLAN = "到2030年，青岚市规上工业企业基本完成一轮数字化改造。"
JOINTLY = "市工信局联合财政部支持造船企业打造新动能、攻坚新技术。"


def correction(question: str, *sentences: str) -> str:
    evidence = [evidence_of(document_of(text), sentences_of(text)[0]) for text in sentences]
    found = contradicting(question, evidence)
    return found.sentence.text if found else ""


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("2024年青岚市规模以上工业增加值为什么下降？", GROWTH),
        ("2024年青岚市规上工业增加值为何负增长？", GROWTH),
        ("青岚市的智能工厂为什么只有不到一成在东区？", SHARE),
        ("青岚市造船产量为什么跌到了全国第二？", RANK),
        ("一季度青岚市出口为什么继续下行？", TURNED),
        ("平台助企融资为什么还不到1000亿元？", LOANS),
        ("2024年青岚市规模以上工业增加值下降了多少？", GROWTH),  # whatever it asks
        ("青岚市造船产量什么时候跌到全国第二的？", RANK),
        ("青岚市2024年叫停家电下乡，是出于什么考虑？", COURSE),
        ("青岚市为什么取消了家电下乡活动？", COURSE),
    ],
)
def test_what_says_otherwise_is_found(question: str, sentence: str) -> None:
    assert correction(question, sentence) == sentence


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("2024年青岚市规模以上工业增加值为什么增长？", GROWTH),
        ("2024年青岚市哪些行业的规模以上工业增加值增长了？", GROWTH),
        ("青岚市的智能工厂有多少座？", SHARE),
        ("2024年青岚市粮食产量下降了多少？", GROWTH),  # another thing
        ("2024年青岚市粮食产量为什么下降？", GROWTH),  # another thing
        ("青岚市造船产量为什么居全国第一？", RANK),
        ("平台助企融资为什么不到8000亿元？", LOANS),  # 突破5000亿元 does not exclude it
        ("平台助企融资为什么超过4000亿元？", LOANS),
        ("第二航次的船长是谁？", "第三航次拟于九月启航，由符玉笙任船长。"),  # another voyage, no other rank
        ("第二批货是哪天运出的？", "第一批货于5月3日运出。"),
    ],
)
def test_what_does_not_contradict_is_no_correction(question: str, sentence: str) -> None:
    assert not correction(question, sentence)


def test_where_another_sentence_agrees_nothing_is_corrected() -> None:
    falls = "2024年，青岚市规模以上工业增加值同比下降3.8%。"
    assert not correction("2024年青岚市规模以上工业增加值为什么下降？", GROWTH, falls)


def test_an_answer_says_that_the_documents_say_otherwise(make_assistant: Callable[..., Any]) -> None:
    answer = make_assistant(document_of(GROWTH)).ask("2024年青岚市规模以上工业增加值为什么下降？")
    assert not answer.abstained
    assert answer.text == f"资料的说法与问题不同：{GROWTH}"
    (claim,) = answer.claims
    assert claim.supported
    assert claim.citations[0].quote == GROWTH


def test_of_several_the_one_with_the_figure_of_the_question_is_taken() -> None:
    earlier = "2024年1至11月，青岚市规模以上工业增加值同比增长4.1%。"
    assert correction("2024年青岚市规模以上工业增加值为什么下降3.8%？", earlier, GROWTH) == GROWTH


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("青岚市规上工业企业2025年就要基本完成一轮数字化改造，会不会太赶？", PLAN),
        ("科技部为什么要联合市工信局支持造船企业打造新动能、攻坚新技术？", JOINTLY),
    ],
)
def test_a_deed_of_another_year_or_office_is_told_as_it_is(question: str, sentence: str) -> None:
    found = correction_of(question, [evidence_of(document_of(sentence), sentences_of(sentence)[0])])
    assert found is not None and found.evidence.sentence.text == sentence


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("青岚市规上工业企业到2025年完成了多少家数字化改造？", PLAN),  # a figure of another time is a near miss
        ("美国为什么要支持造船企业打造新动能、攻坚新技术？", JOINTLY),  # so is another country
        ("青岚市规上工业企业到2030年完成数字化改造，会不会太赶？", PLAN),
    ],
)
def test_what_was_asked_of_elsewhere_is_no_premise(question: str, sentence: str) -> None:
    assert correction_of(question, [evidence_of(document_of(sentence), sentences_of(sentence)[0])]) is None


def test_words_given_to_somebody_else_are_given_back(make_assistant: Callable[..., Any]) -> None:
    text = "陈志远：今年要建成30座智能工厂，推动制造业转型升级。\n\n周维民：水库的蓄水率不低于75%，春灌不会受到影响。"
    assistant = make_assistant(document_of(text, speakers=("陈志远", "周维民")))
    answer = assistant.ask("陈志远说水库的蓄水率不低于75%，春灌会怎么样？")
    assert answer.text.startswith("资料中这不是陈志远说的，是周维民说的：")
    assert answer.citations[0].speaker == "周维民"
    assert not assistant.ask("周维民说水库的蓄水率是多少？").text.startswith("资料中这不是")
