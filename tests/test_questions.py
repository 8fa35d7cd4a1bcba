"""What a question asks for."""

from collections.abc import Callable

import pytest

from rag.questions import kinds as questions

KINDS: dict[Callable[[str], bool], tuple[list[str], list[str]]] = {
    questions.asks_for_list: (
        ["有哪些桥？", "四项原则是什么？", "「三好」是哪“三好”？", "Which measures were taken?"],
        ["桥有多长？", "谁建了桥？"],
    ),
    questions.asks_for_speaker: (
        ["谁说桥要修？", "哪位官员回答了提问？", "Who said so?"],
        ["桥有多长？", "哪个国家的人口最多？"],
    ),
    questions.asks_for_reason: (
        ["为什么修桥？", "修桥是为了什么？", "Why was it built?"],
        ["什么时候修桥？", "When was it built?"],
    ),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_question_of_a_kind_is_told_from_others(kind: Callable[[str], bool]) -> None:
    asking, others = KINDS[kind]
    assert [question for question in asking if not kind(question)] == []
    assert [question for question in others if kind(question)] == []
