"""What the documents tell where they do not answer: the nearest sentence, and which words of the question it lacks."""

from collections.abc import Callable
from typing import Any

import pytest
from texts import document_of, evidence_of

from rag.answering.nearest import nearest
from rag.answers import Answer
from rag.reading.choice import DEFAULT
from rag.text.documents import Document
from rag.text.structure import sentences_of

WORKS = (
    "望川县2024年工作简报\n东风一期工程于2019年开工，投资2.1亿元，由宏远公司承建。\n"
    "2024年发放家电补贴3200万元。\n青山小学在校生1240人。"
)


@pytest.fixture
def ask(make_assistant: Callable[..., Any]) -> Callable[[str], Answer]:
    """Asks about one document, with the reader that ships."""
    opened = make_assistant(Document(text=WORKS, path="works.txt", title="望川县2024年工作简报"), reader=DEFAULT)
    return lambda question: opened.ask(question)


@pytest.mark.parametrize(
    ("question", "lacks", "nearest"),
    [
        ("东风二期工程投资多少？", "二期", "2.1亿元"),
        ("2022年发放了多少家电补贴？", "2022年", "3200万元"),
        ("青山中学在校生多少人？", "中学", "1240人"),
    ],
)
def test_a_sister_is_not_answered_and_what_is_near_is_told(
    ask: Callable[[str], Answer], question: str, lacks: str, nearest: str
) -> None:
    answer = ask(question)
    assert answer.abstained
    said, _, quoted = answer.text.partition("：")
    assert said.startswith("资料中没有找到回答") and lacks in said
    assert nearest in quoted
    assert [citation.quote for citation in answer.citations] == [quoted]


@pytest.mark.parametrize("question", ["红烧肉怎么做好吃？", "谁写了《红楼梦》？"])
def test_nothing_is_near_where_the_subject_is_another(ask: Callable[[str], Answer], question: str) -> None:
    answer = ask(question)
    assert answer.abstained and not answer.claims


def test_a_question_word_is_nothing_that_is_lacking() -> None:
    class Doubting:
        def unsupported(self, text: str, evidence: str) -> tuple[tuple[int, int], ...]:
            return ((text.index("谁"), text.index("谁") + 1),)

    document = document_of("西岭小学操场无人应价，流拍。")
    evidence = [evidence_of(document, sentence) for sentence in sentences_of(document.text)]
    question = "西岭小学操场租给了谁？"
    assert nearest(Doubting(), question, evidence, lambda each: sentences_of(each.text)) is None  # type: ignore[arg-type]


def test_what_is_told_is_not_labelled(ask: Callable[[str], Answer]) -> None:
    answer = ask("东风一期工程投资多少？")
    assert not answer.abstained and "2.1亿元" in answer.text and "没有找到" not in answer.text


def test_words_given_to_somebody_else_are_given_back(make_assistant: Callable[..., Any]) -> None:
    text = "陈志远：今年要建成30座智能工厂，推动制造业转型升级。\n\n周维民：水库的蓄水率不低于75%，春灌不会受到影响。"
    assistant = make_assistant(document_of(text, speakers=("陈志远", "周维民")))
    answer = assistant.ask("陈志远说水库的蓄水率不低于75%，春灌会怎么样？")
    assert answer.text.startswith("资料中这不是陈志远说的，是周维民说的：")
    assert answer.citations[0].speaker == "周维民"
    assert not assistant.ask("周维民说水库的蓄水率是多少？").text.startswith("资料中这不是")
