"""Lists that follow a sentence, or that it is in."""

import pytest

from rag.text.enumerations import MOST_SENTENCES, Enumeration, items_of, list_around, list_with
from rag.text.structure import sentences_of

LISTS = {
    "numerals": ("主要有两项措施：\n一是修路。要快。\n二是架桥。", ["一是修路。要快。", "二是架桥。"]),
    "ordinals": ("重点抓好以下工作：\n第一，修路。\n第二，架桥。", ["第一，修路。", "第二，架桥。"]),
    "next list": ("有两项措施：\n一是修路。\n二是架桥。\n一是养护。", ["一是修路。", "二是架桥。"]),
    "none": ("他说：\n今天天气很好。\n明天也是。", []),
    "headings": (
        "现提出如下措施：\n\n## 一、修路\n\n年内修完。\n\n## 二、架桥\n\n明年架完。\n\n## 附则\n\n本办法自发布之日起施行。",
        ["一、修路年内修完。", "二、架桥明年架完。"],
    ),
    "decimals": ("完成以下工作：\n1.修路。\n2.架桥。\n3.5万人受益。", ["1.修路。", "2.架桥。"]),
    "circled": ("要求如下：\n①修路。\n②架桥。", ["①修路。", "②架桥。"]),
    "bullets": ("原因有：\n- 路窄；\n- 桥老。\n\n已经报修。\n\n- 别的事。", ["路窄；", "桥老。"]),
}
NESTED = """以下三件事：

一、修路。具体包括：
（一）东路；
（二）西路：
1.北段；
2.南段。

二、架桥。

（一）老桥拆除。

（二）新桥开工。

三、建校。"""


def said(found: Enumeration | None) -> list[str]:
    """What each item of a list says."""
    return ["".join(each.text for each in item.sentences) for item in found.items] if found else []


@pytest.mark.parametrize("name", LISTS)
def test_items_follow_the_sentence_that_announces_them(name: str) -> None:
    text, items = LISTS[name]
    assert said(items_of(sentences_of(text), 0)) == items


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_list_is_found_from_its_items_and_from_the_sentence_before_it(place: int) -> None:
    sentences = sentences_of("下一步要畅通全市道路。一是修路，要快。抓紧开工。二是架桥。")
    assert said(list_with(sentences, place)) == ["一是修路，要快。抓紧开工。", "二是架桥。"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_first_item_may_stand_behind_the_colon_of_what_announces_it(place: int) -> None:
    sentences = sentences_of("对此要做到三点：一是修路；二是架桥；三是养护。")
    assert said(list_with(sentences, place)) == ["对此要做到三点：一是修路；", "二是架桥；", "三是养护。"]


@pytest.mark.parametrize("place", [0, 1])
def test_semicolons_part_the_items_of_a_list_that_has_no_marks(place: int) -> None:
    sentences = sentences_of("会议听取两项汇报：安全检查情况；一季度统计。会议结束。")
    assert said(list_with(sentences, place)) == ["会议听取两项汇报：安全检查情况；", "一季度统计。"]


def test_an_ordinary_sentence_is_in_no_list() -> None:
    sentences = sentences_of("去年修了三条路。今年再修两条。一是修路。二是架桥。")
    assert not list_with(sentences, 0)


def test_each_level_is_a_list_of_its_own_and_what_an_item_announces_comes_with_it() -> None:
    sentences = sentences_of(NESTED)
    found = items_of(sentences, 0)
    assert said(found) == [
        "一、修路。具体包括：（一）东路；（二）西路：1.北段；2.南段。",
        "二、架桥。",
        "三、建校。",
    ]
    assert found and [len(item.below) for item in found.items] == [2, 2, 0]
    place = next(place for place, each in enumerate(sentences) if each.text == "（二）新桥开工。")
    inner = list_with(sentences, place)
    assert said(inner) == ["（一）老桥拆除。", "（二）新桥开工。"]
    assert inner and said(list_around(sentences, inner)) == said(found)


def test_a_long_list_comes_whole() -> None:
    lines = [f"{number}. 第{number}项工作。要按期完成，并报告进展。" for number in range(1, 31)]
    sentences = sentences_of("\n".join(["本年工作如下：", *lines]))
    assert len(said(items_of(sentences, 0))) == 30
    assert len(said(list_with(sentences, len(sentences) - 2))) == 30


def test_a_list_without_end_is_cut_and_known_to_be() -> None:
    lines = [f"{number}. 第{number}项工作。要按期完成。并报告进展。还要存档。" for number in range(1, 60)]
    found = items_of(sentences_of("\n".join(["本年工作如下：", *lines])), 0)
    assert found and found.is_cut and found.told < 59 and len(found.sentences) == MOST_SENTENCES


ANNOUNCED = {
    "集中力量办好以下十二件民生实事，请抓好落实。\n一、修路。\n二、架桥。": (12, "以下十二件"),
    "2024年要抓好五项重点任务。第一，修路。第二，架桥。": (5, "五项重点任务"),
    "更换滤芯共分6步：\n1. 关水。\n2. 断电。": (6, "6步"),
    "对此要做到两点：一是修路；二是架桥。": (2, "两点"),
    "全年改造小区18个：\n（一）城东9个；\n（二）城西9个。": None,
    "2024年3月：\n一、修路。\n二、架桥。": None,
    "本条例适用于3个县，要求如下：\n一、修路。\n二、架桥。": None,
    "第三条规定：\n一、修路。\n二、架桥。": None,
}


@pytest.mark.parametrize("text", ANNOUNCED)
def test_a_number_of_items_is_announced(text: str) -> None:
    sentences = sentences_of(text)
    found = items_of(sentences, 0) or list_with(sentences, 0)
    if "：一是" in text:
        found = list_with(sentences, 0)
    assert found is not None
    announced = found.announced
    assert (announced and (announced.number, announced.words)) == ANNOUNCED[text]
