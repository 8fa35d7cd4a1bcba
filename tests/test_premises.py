"""Premises: questions that take for granted what the documents contradict are answered with what corrects them."""

from collections.abc import Callable
from typing import Any

import pytest
from texts import document_of, evidence_of

from rag.premises import contradicting
from rag.structure import sentences_of

GROWTH = "2024年，青岚市规模以上工业增加值同比增长3.8%。"
SHARE = "青岚市共有25座智能工厂，其中12座在东区，占比超过40%。"
RANK = "青岚市造船产量连续三年居全国首位。"
TURNED = "一季度青岚市出口同比增长3%，扭转了去年以来持续下行的态势。"
LOANS = "平台累计助企融资突破5000亿元。"


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
    ],
)
def test_what_says_otherwise_is_found(question: str, sentence: str) -> None:
    assert correction(question, sentence) == sentence


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("2024年青岚市规模以上工业增加值为什么增长？", GROWTH),
        ("2024年青岚市规模以上工业增加值下降了多少？", GROWTH),  # asks for no reason
        ("2024年青岚市粮食产量为什么下降？", GROWTH),  # another thing
        ("青岚市造船产量为什么居全国第一？", RANK),
        ("平台助企融资为什么不到8000亿元？", LOANS),  # 突破5000亿元 does not exclude it
        ("平台助企融资为什么超过4000亿元？", LOANS),
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
