"""The same figure at several dates: which points a topic and a question get, and what they look like."""

import datetime
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from rag.answering.dated_lines import written
from rag.reading.choice import DEFAULT
from rag.text.documents import Document


def news(name: str, day: str, text: str, **fields: Any) -> Document:
    return Document(path=name, title=name, text=text, date=datetime.date.fromisoformat(day), **fields)


MARCH = news("三月", "2024-04-18", "截至3月底，全国充电桩总数达931.2万台。一季度新建充电桩71.5万台。")
YEAR = news("年报", "2024-01-11", "截至2023年底，全国充电桩总数超过859万台。")
PLAN = news("规划", "2024-02-01", "到2025年底，力争全国充电桩总数达到1500万台。")
PROVINCE = news("某省", "2024-05-01", "截至4月底，广东加快布局，充电桩总数达到70万台。")


def test_points_come_newest_first_with_exact_spans(make_assistant: Callable[..., Any]) -> None:
    assistant = make_assistant(YEAR, MARCH, PLAN)
    timeline = assistant.timeline("充电桩")
    assert [(point.fact.written, point.is_plan) for point in timeline.points] == [
        ("1500万台", True),
        ("931.2万台", False),
        ("71.5万台", False),
        ("859万台", False),
    ]
    for point in timeline.points:
        document = point.citation.document
        assert document.text[point.fact.value_start : point.fact.value_end] == point.fact.written
    assert [point.fact.written for point in assistant.timeline("充电桩", after="2024-04").points] == [
        "931.2万台",
        "71.5万台",
    ]
    assert assistant.timeline("火星基地").points == ()


VALUES = ("931.2万台", "859万台", "1500万台", "71.5万台", "70万台")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("全国有多少台充电桩？", ["931.2万台", "859万台"]),
        ("目前充电桩总数是多少？", ["931.2万台"]),
        ("2023年底充电桩有多少台？", ["859万台"]),
        ("2023年底和2024年3月底充电桩各有多少台？", ["859万台", "931.2万台"]),
        ("到2025年底充电桩的目标是多少台？", ["1500万台"]),
        ("2024年一季度新建了多少充电桩？", ["71.5万台"]),
        ("广东有多少充电桩？", ["70万台"]),
        ("2022年底充电桩有多少台？", []),
    ],
)
def test_question_gets_the_values_of_its_date_place_and_kind(
    make_assistant: Callable[..., Any], question: str, expected: list[str]
) -> None:
    answer = make_assistant(YEAR, MARCH, PLAN, PROVINCE, reader=DEFAULT).ask(question)
    assert sorted((value for value in VALUES if value in answer.text), key=answer.text.find) == expected


def test_without_a_reader_one_sentence_answers(make_assistant: Callable[..., Any]) -> None:
    answer = make_assistant(YEAR, MARCH).ask("2023年底充电桩有多少台？")
    assert answer.text == YEAR.text


def test_reprints_are_one_point(make_assistant: Callable[..., Any]) -> None:
    body = MARCH.text + "有关部门负责人介绍了下一步工作安排，强调要加强统筹协调，完善配套政策，推动行业健康发展。" * 3
    assistant = make_assistant(news("甲报", "2024-04-18", body), news("乙报", "2024-04-18", body))
    (point, _) = assistant.timeline("充电桩").points
    assert [document.title for document in point.citation.reprints] == ["乙报"]


def test_facts_follow_their_document(make_assistant: Callable[..., Any]) -> None:
    assistant = make_assistant(MARCH)
    assistant.edit(MARCH.id, date="2023-04-18")
    assert {point.as_of.last.year for point in assistant.timeline("充电桩").points} == {2023}
    assistant.rebuild()
    assert len(assistant.timeline("充电桩").points) == 2
    assistant.remove(MARCH.id)
    assert assistant.timeline("充电桩").points == ()


def test_a_value_is_told_with_its_date_in_one_sentence(make_assistant: Callable[..., Any]) -> None:
    assistant = make_assistant(YEAR, MARCH, reader=DEFAULT)
    text = assistant.ask("充电桩有多少台？").text
    assert text == "截至2024年3月底，全国充电桩总数为931.2万台。\n截至2023年底，全国充电桩总数超过859万台。"
    points = [point for point in assistant.timeline("充电桩").points if point.fact.scope != "新建"]
    assert written(points, "en").startswith("As of 31 March 2024, 全国充电桩")


def test_drawing_is_xml_without_markup_from_documents(make_assistant: Callable[..., Any]) -> None:
    hostile = news("坏", "2024-04-18", "截至3月底，<script>充电桩</script>总数达到70万台。")
    drawing = make_assistant(YEAR, MARCH, PLAN, hostile).timeline("充电桩").to_svg()
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(drawing).iter()}
    assert "script" not in tags
    assert "931.2万台" in drawing


def test_labels_of_neighbouring_points_do_not_cover_each_other(make_assistant: Callable[..., Any]) -> None:
    texts = [
        news(f"第{day}日", f"2024-04-{day:02}", f"截至4月{day}日，全国充电桩总数达{900 + day}万台。")
        for day in (1, 2, 3)
    ]
    drawing = ElementTree.fromstring(make_assistant(YEAR, *texts).timeline("充电桩").to_svg())
    labels = [
        element
        for element in drawing.iter()
        if (element.text or "").endswith("万台") and "text-anchor" in element.attrib
    ]
    places = [(float(label.attrib["x"]), float(label.attrib["y"])) for label in labels]
    assert len(places) == 4
    for number, (x, y) in enumerate(places):
        assert all(abs(x - other) > 40 or abs(y - height) > 12 for other, height in places[number + 1 :])


def test_how_a_figure_changed_is_told_with_the_day_of_each_value(make_assistant: Callable[..., Any]) -> None:
    earlier = Document("我国已经建成充电桩3.2万个，运行平稳。", "a.txt", "甲", datetime.date(2023, 3, 5))
    later = Document("截至6月底，我国累计建成充电桩5.7万个。", "b.txt", "乙", datetime.date(2024, 7, 18))
    answer = make_assistant(earlier, later, reader=DEFAULT).ask("充电桩数量是怎么一步步变化的？")
    first, second = answer.text.split("\n")
    assert "2024年6月底" in first and "5.7万个" in first
    assert second == "据2023年3月5日的资料：我国已经建成充电桩3.2万个，运行平稳。"
    assert answer.supported
    assert answer.claims[1].text == answer.claims[1].citations[0].quote, "the day is our own word, not the claim's"


def test_an_answer_of_several_dates_has_what_changed_and_cites_every_figure(make_assistant: Callable[..., Any]) -> None:
    summer = news("半年报", "2024-07-11", "截至2024年6月底，全国充电桩总数达1024.3万台。")
    answer = make_assistant(YEAR, MARCH, summer, reader=DEFAULT).ask("全国有多少台充电桩？")
    (series,) = answer.series
    assert [row.point.fact.written for row in series.rows] == ["859万台", "931.2万台", "1024.3万台"]
    for row in series.rows:
        fact, cited = row.point.fact, row.citation
        assert cited in answer.citations
        assert cited.start <= fact.value_start < fact.value_end <= cited.end
        assert cited.document.text[fact.value_start : fact.value_end] == fact.written
    told = answer.to_dict()["series"][0]["rows"]
    assert [row["change"] and (row["change"]["sign"], row["change"]["result"]["zh"]) for row in told] == [
        None,
        None,  # 超过859万台 may be more than 931.2万台
        (1, "93.1万台"),
    ]
    assert [answer.citations[row["citation"] - 1] for row in told] == [row.citation for row in series.rows]


def test_times_of_different_length_are_not_subtracted(make_assistant: Callable[..., Any]) -> None:
    texts = (
        "2022年，全市接待游客2291万人次。",
        "2023年，全市接待游客2100万人次。",
        "2024年一季度，全市接待游客700万人次。",
    )
    documents = [news(f"第{number}份", "2024-05-01", text) for number, text in enumerate(texts)]
    (series,) = make_assistant(*documents, reader=DEFAULT).ask("全市接待游客多少人次？").series
    changes = [row.change and (row.change.sign, row.change.calculation.result.text) for row in series.rows]
    assert changes == [None, (-1, "191万人次"), None]


def test_an_answer_of_one_figure_has_no_series(make_assistant: Callable[..., Any]) -> None:
    assert make_assistant(YEAR, MARCH, reader=DEFAULT).ask("2023年底充电桩有多少台？").series == ()


def test_a_question_for_several_years_gets_the_values_of_its_years(make_assistant: Callable[..., Any]) -> None:
    text = "2023年，全市接待游客3260万人次。2022年，全市接待游客2291万人次。2021年，全市接待游客2540万人次。"
    assistant = make_assistant(news("旅游", "2024-01-20", text), reader=DEFAULT)
    told = assistant.ask("2021年到2022年全市接待游客分别是多少？")
    assert told.text == "2022年，全市接待游客为2291万人次。\n2021年，全市接待游客为2540万人次。"
    assert len(told.series[0].rows) == 2
    assert written(assistant.timeline("接待游客").points[:1], "en") == "In 2023, 全市接待游客: 3260万人次."
