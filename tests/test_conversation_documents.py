"""A conversation about a document: what is typed short is answered from it, and what another answers is told to be so."""

from collections.abc import Callable
from typing import Any

import pytest

from rag.reading.choice import DEFAULT
from rag.text.documents import Document

PILLS = Document(
    "云岭药片说明书\n\n用法用量：成人每日两次，每次一片，连续服用十四天。\n\n不良反应：少数人服后口干。\n\n保修电话：无。\n",
    "pills.txt",
    "云岭药片说明书",
)
CAPSULES = Document(
    "安澜胶囊说明书\n\n用法用量：成人每日三次，每次两粒。\n\n孕妇禁用。\n\n有效期二十四个月。\n",
    "capsules.txt",
    "安澜胶囊说明书",
)
DRILL = Document(
    "榆林仓库消防演练通知\n\n演练定于5月8日上午九点开始。参加人员为全体保管员。\n\n联系电话：7788123。\n",
    "drill.txt",
    "榆林仓库消防演练通知",
)
DOSE, DAY = "云岭药片成人每日服几次？", "榆林仓库消防演练哪天举行？"


@pytest.fixture
def assistant(make_assistant: Callable[..., Any]) -> Any:
    return make_assistant(PILLS, CAPSULES, DRILL, reader=DEFAULT)


def answers(assistant: Any, *questions: str) -> list[Any]:
    """The answers of a conversation."""
    history: list[tuple[str, str]] = []
    found = []
    for question in questions:
        found.append(assistant.ask(question, history=history))
        history.append((question, found[-1].text))
    return found


def cited(answer: Any) -> set[str]:
    return {citation.document.path for citation in answer.citations}


def test_what_another_document_answers_is_told_to_be_of_another(assistant: Any) -> None:
    _, answer = answers(assistant, DOSE, "孕妇能吃吗？")
    assert cited(answer) <= {"capsules.txt"}
    if not answer.abstained:  # of the pills nothing is said: that it is the capsules' must be seen
        assert "《云岭药片说明书》" in answer.notice and "《安澜胶囊说明书》" in answer.notice


def test_the_document_spoken_of_answers_without_a_notice(assistant: Any) -> None:
    _, answer = answers(assistant, "安澜胶囊成人每日服几次？", "孕妇能吃吗？")
    assert cited(answer) == {"capsules.txt"} and not answer.notice


def test_another_copy_of_the_document_is_no_other(make_assistant: Callable[..., Any]) -> None:
    longer = Document(PILLS.text + "\n孕妇禁用。\n", "pills-2.txt", PILLS.title)
    _, answer = answers(make_assistant(PILLS, longer, DRILL, reader=DEFAULT), DOSE, "孕妇能吃吗？")
    assert cited(answer) == {"pills-2.txt"} and not answer.notice


def test_a_question_that_names_another_document_is_answered_from_that_without_a_notice(assistant: Any) -> None:
    _, answer = answers(assistant, DOSE, "演练几点开始？")
    assert cited(answer) == {"drill.txt"} and "九点" in answer.text and not answer.notice


def test_a_follow_up_without_an_answer_is_not_answered_with_another_document(assistant: Any) -> None:
    _, answer = answers(assistant, DAY, "那有效期呢？")
    assert answer.abstained and not answer.citations


def test_what_was_said_before_does_not_answer_for_another_thing(assistant: Any) -> None:
    _, answer = answers(assistant, DOSE, "儿童呢？")
    assert answer.abstained


def test_the_sentence_that_was_quoted_before_answers_what_it_says_too(assistant: Any) -> None:
    _, answer = answers(assistant, DOSE, "连续服用多少天？")
    assert cited(answer) == {"pills.txt"} and "十四天" in answer.text
