"""Lists that follow a sentence, or that it is in."""

import pytest

from rag.text.enumerations import items_of, list_with
from rag.text.structure import sentences_of

LISTS = {
    "numerals": ("主要有两项措施：\n一是修路。要快。\n二是架桥。", ["一是修路。", "二是架桥。"]),
    "ordinals": ("重点抓好以下工作：\n第一，修路。\n第二，架桥。", ["第一，修路。", "第二，架桥。"]),
    "next list": ("有两项措施：\n一是修路。\n二是架桥。\n一是养护。", ["一是修路。", "二是架桥。"]),
    "none": ("他说：\n今天天气很好。\n明天也是。", []),
}


@pytest.mark.parametrize("name", LISTS)
def test_items_follow_the_sentence_that_announces_them(name: str) -> None:
    text, items = LISTS[name]
    sentences = sentences_of(text)
    assert [item.text for item in items_of(sentences, 0)] == items


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_list_is_found_from_its_items_and_from_the_sentence_before_it(place: int) -> None:
    sentences = sentences_of("下一步要畅通全市道路。一是修路，要快。抓紧开工。二是架桥。")
    assert [item.text for item in list_with(sentences, place)] == ["一是修路，要快。", "二是架桥。"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_first_item_may_stand_behind_the_colon_of_what_announces_it(place: int) -> None:
    sentences = sentences_of("对此要做到三点：一是修路；二是架桥；三是养护。")
    assert [item.text for item in list_with(sentences, place)] == [
        "对此要做到三点：一是修路；",
        "二是架桥；",
        "三是养护。",
    ]


def test_an_ordinary_sentence_is_in_no_list() -> None:
    sentences = sentences_of("去年修了三条路。今年再修两条。一是修路。二是架桥。")
    assert not list_with(sentences, 0)
