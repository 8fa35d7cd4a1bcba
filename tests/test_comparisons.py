"""Comparisons: a question that sets two figures against each other is asked as two questions, if that is sure."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from texts import document_of

from rag.questions.comparisons import compares, sides_of


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        (
            "2023年粮食产量的增速比蔬菜产量的增速高多少？给出两个数",
            ("2023年粮食产量的增速是多少？", "2023年蔬菜产量的增速是多少？"),
        ),
        ("港口数量，2024年7月比2023年4月多了几个？", ("2024年7月港口数量是多少？", "2023年4月港口数量是多少？")),
        (
            "从2023年1月到2024年7月，港口总量从多少涨到了多少？",
            ("2023年1月港口总量是多少？", "2024年7月港口总量是多少？"),
        ),
        (
            "2023年1月和3月底相比，港口数量从多少增加到多少？",
            ("2023年1月港口数量是多少？", "2023年3月底港口数量是多少？"),
        ),
        (
            "2024年5月造船业与纺织业，哪一个增速更高？",
            ("2024年5月造船业的增速是多少？", "2024年5月纺织业的增速是多少？"),
        ),
        (
            "港口2023年底的目标数跟2024年6月底的实际数对比一下",
            ("港口2023年底的目标数是多少？", "港口2024年6月底的实际数是多少？"),
        ),
        ("港口的計劃數和2024年7月已建數差距如何？", ("港口的計劃數是多少？", "港口2024年7月已建數是多少？")),
    ],
)
def test_both_sides_are_asked_for(question: str, sides: tuple[str, ...]) -> None:
    assert compares(question)
    assert sides_of(question) == sides


@pytest.mark.parametrize(
    "question",
    [
        "2023年粮食产量是多少？",
        "产量有多少，比上年涨了多少？",
        "为什么粮食产量增长了？",
        "谁提出了三项措施？",
        "",
    ],
)
def test_what_is_no_comparison_stays_whole(question: str) -> None:
    assert sides_of(question) == ()


def test_an_answer_has_both_figures(make_assistant: Callable[..., Any]) -> None:
    text = (
        "前三季度，青岚市粮食产量同比增长3.8%。\n\n天气一直很好，没有台风。\n\n前三季度，青岚市蔬菜产量同比增长7.1%。"
    )
    answer = make_assistant(document_of(text, date=date(2024, 10, 8))).ask(
        "2024年前三季度青岚市粮食产量的增速比蔬菜产量的增速低多少？"
    )
    assert "3.8%" in answer.text and "7.1%" in answer.text
    assert all(claim.supported for claim in answer.claims)


def test_where_only_one_side_is_told_the_question_stays_whole(make_assistant: Callable[..., Any]) -> None:
    document = document_of("前三季度，青岚市粮食产量同比增长3.8%。", date=date(2024, 10, 8))
    answer = make_assistant(document).ask("2024年前三季度青岚市粮食产量的增速比钢铁产量的增速低多少？")
    assert "没有找到能回答“" not in answer.text
