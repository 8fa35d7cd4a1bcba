"""Articles of laws: found by their numbers, and given whole to whoever asks for one."""

from pathlib import Path

import pytest

import rag
from rag.loading import load
from rag.text.articles import article_asked_for, article_in
from rag.text.structure import sentences_of

LAW = """青泊县集市管理办法

第一章　总则

第三条　集市开办者应当履行下列职责：
（一）建立经营者档案；
（二）每日清扫场地。
开办者可以委托他人履行前款职责。

第四条　经营者应当明码标价。经营食用农产品的，应当保存进货凭证。
第四条之一　违反前条规定的，处二百元罚款。

第二章　附则

第二十条　本办法自2024年6月1日起施行。
"""


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("第三条规定了什么？", ["第三条集市开办者应当履行下列职责：", "（一）建立经营者档案；", "（二）每日清扫场地。", "开办者可以委托他人履行前款职责。"]),
        ("集市管理办法第四条的内容是什么", ["第四条经营者应当明码标价。", "经营食用农产品的，应当保存进货凭证。"]),
        ("第4条之一是怎么规定的？", ["第四条之一违反前条规定的，处二百元罚款。"]),
        ("第三条第二款说了什么？", ["开办者可以委托他人履行前款职责。"]),
        ("第三条第（二）项是什么？", ["（二）每日清扫场地。"]),
        ("第三条第一款第二项", ["（二）每日清扫场地。"]),
        ("第二十条", ["第二十条本办法自2024年6月1日起施行。"]),
        ("第五条规定了什么？", []),
        ("第三条第三款是什么？", []),
    ],
)  # fmt: skip
def test_an_article_by_its_number(question: str, expected: list[str]) -> None:
    name = article_asked_for(question)
    assert name is not None
    assert [sentence.text for sentence in article_in(sentences_of(LAW), name)] == expected


@pytest.mark.parametrize(
    "question", ["第三条的罚款是多少？", "第三条和第四条有什么不同？", "开办者有哪些职责？", "第一章规定了什么？"]
)
def test_what_asks_for_no_article(question: str) -> None:
    assert article_asked_for(question) is None


def test_an_article_is_given_whole_of_the_law_that_is_named_or_said_not_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "集市.txt").write_text(LAW, encoding="utf-8")
    (tmp_path / "渡口.txt").write_text(
        "望川县渡口管理办法\n\n第三条　渡口凭证营运。\n第二十五条　本办法解释权属县政府。\n", encoding="utf-8"
    )
    assistant = rag.Assistant.open(tmp_path / "index", language_model="extractive", reader="default")
    for name in ("集市.txt", "渡口.txt"):
        assistant.add(load(tmp_path / name))
    whole = assistant.ask("青泊县集市管理办法第三条规定了什么？")
    assert [claim.text for claim in whole.claims] == [
        "第三条集市开办者应当履行下列职责：\n（一）建立经营者档案；",
        "（二）每日清扫场地。",
        "开办者可以委托他人履行前款职责。",
    ]
    assert whole.supported
    assert "凭证营运" in assistant.ask("渡口管理办法第三条是什么？").text
    assert assistant.ask("青泊县集市管理办法第二十五条规定了什么？").abstained
    assert assistant.ask("中华人民共和国消防法第三条规定了什么？").abstained
