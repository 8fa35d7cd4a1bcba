"""Everyday words: spoken questions in the words that documents use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.questions.everyday import in_formal_words


@pytest.mark.parametrize(
    ("spoken", "formal"),
    [
        ("新能源车卖了多少辆", "新能源汽车销量是多少辆"),
        ("大伙儿去年网购花了多少钱", "去年网络零售额是多少"),
        ("新能源車賣了多少輛？", "新能源汽车销量是多少辆？"),
        ("老行当在咱们家占几成来着", "传统产业在我国家占几成"),
        ("小公司有啥招儿", "中小企业有哪些举措"),
        ("头一个上台的是谁", "第一位上台的是谁"),
    ],
)
def test_what_people_say_is_put_in_the_words_of_documents(spoken: str, formal: str) -> None:
    assert in_formal_words(spoken) == formal


@pytest.mark.parametrize(
    "question",
    [
        "国家中小企业发展基金的总规模是多少？",
        "制造业增加值占比多少？",
        "专卖店有多少家？",
        "拖欠账款如何清理？",
        "How many cars were sold?",
        "移动支付规模有多大？",
    ],
)
def test_formal_questions_stay_as_they_are(question: str) -> None:
    assert in_formal_words(question) == question


@given(st.text(max_size=60))
def test_any_text_will_do_and_twice_is_once(text: str) -> None:
    once = in_formal_words(text)
    assert isinstance(once, str)
