"""The chat window's HTML: what comes from outside stays text, and a highlight covers exactly its span."""

import base64
import copy
import csv
import dataclasses
import datetime
import html
import io
import json
import re
import string
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hashing_embedder import HashingEmbedder
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rag.answering.timeline import Point, Timeline
from rag.answers import Citation
from rag.assistant import Assistant, EvidenceFound
from rag.errors import UsageError
from rag.records.record import checked_record
from rag.text.documents import Document
from rag.text.facts import Fact
from rag.text.periods import Period
from rag.text.view import readable
from ui import answer_view, evidence_view, exporting, series_view, sources, timeline, trace_view
from ui.answer_view import from_answer
from ui.conversations import Feedback, Turn
from ui.html import element, join, page_picture, text
from ui.page_view import pages
from ui.pictures import Drawn
from ui.reading import find, part_of
from ui.sent_parts import SentParts
from ui.source_view import Highlight, between, excerpt, passages, whole
from ui.texts import TEXTS, preferred, say

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "![x](http://example.com/a.png)",
    "[go](javascript:alert(1))",
    "${alert(1)} {{constructor}} `x`",
    "</mark></p><iframe src=//example.com>",
    "\u202egnp.exe\u202c",
]
TAGS = re.compile(r"<(/?)([a-z0-9]+)([^<>]*)>")


def thread_of(*arguments: Any) -> str:
    return "".join(answer_view.thread(*arguments))


def pane_of(*arguments: Any) -> str:
    return "".join(evidence_view.pane(*arguments))


def shown(markup: str) -> str:
    """What a reader sees of markup."""
    return html.unescape(TAGS.sub("", markup))


def tags(markup: str) -> set[str]:
    return {match[1] for match in TAGS.findall(markup)}


def marked(markup: str, anchor: str) -> str:
    """The text of the mark with an anchor, without the number before it."""
    found = re.search(rf'<mark id="{anchor}"[^>]*>(.*?)</mark>', markup, re.DOTALL)
    assert found, f"no mark {anchor} in {markup}"
    return shown(re.sub(r"<(a|span)[^>]*>.*?</\1>", "", found[1]))


# -- escaping ---------------------------------------------------------------------------------------------------------


@given(st.text())
def test_text_shows_as_it_is_and_holds_no_markup(value: str) -> None:
    escaped = text(value)
    assert not set("<>\"'") & set(escaped)
    assert set(html.unescape(escaped)) <= set(value)


@given(st.text(string.printable), st.text(string.printable))
def test_an_element_escapes_children_and_attributes(child: str, title: str) -> None:
    made = element("p", child, element("em", "b"), title=title)
    assert [match[1] for match in TAGS.findall(made)] == ["p", "em", "em", "p"]
    assert shown(made).endswith("b")


def test_direction_overrides_are_not_shown() -> None:
    assert text("a\u202eb\u2066c\u200bd") == "abcd"


@pytest.mark.parametrize("name", ["script", "img", "iframe", "form", "style", "SCRIPT"])
def test_elements_that_fetch_or_run_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no element"):
        element(name)


@pytest.mark.parametrize("attribute", [{"onclick": "x"}, {"style": "x"}, {"src": "x"}, {"a b": "x"}])
def test_attributes_that_fetch_or_run_are_refused(attribute: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no attribute"):
        element("a", **attribute)


@pytest.mark.parametrize("link", ["https://example.com", "javascript:alert(1)", "//example.com", "/x", ""])
def test_links_stay_on_the_page(link: str) -> None:
    with pytest.raises(ValueError, match="this page"):
        element("a", "x", href=link)


@pytest.mark.parametrize("address", ["http://example.com/a.png", "data:image/png,x", "pages/a/../b", 'pages/a/1" x="'])
def test_only_pages_are_shown_as_pictures(address: str) -> None:
    assert page_picture("pages/0a%20b/12", '"><script>', 3, 4).count("<") == 1
    with pytest.raises(ValueError, match="no picture"):
        page_picture(address, "a page", 3, 4)


def test_joined_strings_are_escaped_and_markup_is_not() -> None:
    assert join(["<b>", element("em", "x")], "&") == "&lt;b&gt;&amp;<em>x</em>"


# -- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_have_the_same_places(key: str) -> None:
    chinese, english = ({field for _, field, _, _ in string.Formatter().parse(each) if field} for each in TEXTS[key])
    assert chinese == english
    assert all(TEXTS[key])


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de-DE,de;q=0.9,zh;q=0.5,en;q=0.3", "zh"),
        ("en;q=0.1, zh-TW", "zh"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
        ("zh;q=x", "en"),
    ],
)
def test_the_interface_takes_the_browsers_language(header: str | None, language: str) -> None:
    assert preferred(header) == language


# -- sources ----------------------------------------------------------------------------------------------------------

PARAGRAPHS = st.lists(
    st.text("一二三四五六七八九十。，；0123456789AB ", min_size=1, max_size=60).filter(lambda line: line.strip()),
    min_size=1,
    max_size=12,
)


@given(PARAGRAPHS, st.data())
def test_a_highlight_covers_exactly_its_span(lines: list[str], data: st.DataObject) -> None:
    document = Document("\n\n".join(lines), "a.txt", "A")
    passage = data.draw(st.sampled_from(passages(document.text)))
    first = data.draw(st.integers(0, len(passage.text) - 1))
    last = data.draw(st.integers(first, len(passage.text) - 1))
    expected = passage.text[first : last + 1].rstrip()
    start, end = passage.offsets[first], passage.offsets[last] + 1
    for made in (
        excerpt(document, [Highlight(start, end, "m", "1")]),
        whole(document, [Highlight(start, end, "m", "1")]),
    ):
        if expected.strip():
            assert marked(made, "m") == expected


@given(PARAGRAPHS)
def test_a_whole_document_shows_all_of_it(lines: list[str]) -> None:
    document = Document("\n".join(lines), "a.txt", "A")
    assert shown(whole(document)) == "".join(passage.text for passage in passages(document.text))


@given(PARAGRAPHS, st.data())
def test_the_pages_of_a_document_show_all_of_it_once(lines: list[str], data: st.DataObject) -> None:
    document = Document("\n".join(lines), "a.txt", "A")
    places = st.integers(0, len(document.text))
    starts = sorted([*data.draw(st.lists(places, max_size=4)), 0, len(document.text)])
    parts = [shown(between(document, first, last)) for first, last in pairwise(starts)]
    read = "".join(passage.text for passage in passages(document.text))
    assert re.sub(r"[\s…]", "", "".join(parts)) == re.sub(r"\s", "", read)


def test_the_picture_of_a_page_frames_what_is_cited_or_says_that_it_does_not() -> None:
    document = Document("第一页。\f第二页。", "a.pdf", "A", page_starts=(0, 5))
    png = io.BytesIO()
    Image.new("L", (200, 100), 255).save(png, "PNG")
    for spans, places, frames, told in (
        ([(0, 3)], [(0.1, 0.5, 0.6, 0.75)], ['x="20.0" y="50.0" width="100.0" height="25.0"'], False),
        ([(0, 3)], [], [], True),
        ([(5, 8)], [], [], False),
        ([], [], [], False),
    ):
        made = pages(document, 1, spans, Drawn(png.getvalue(), places), "en")
        assert re.findall("<rect ([^/]*) />", made) == frames
        assert ("where it stands there is not certain" in made) == told


def test_a_short_message_below_who_wrote_it_is_no_heading() -> None:
    text = "群聊\n小鹿 21:02\n明天七点集合，北门见，大家都别迟到，迟到的人请所有人吃早饭，说话要算数\n老周 21:03\n好\n小鹿 21:04\n早点睡"
    shown = str(whole(Document(text, "a.txt", "群聊")))
    assert "<p>好</p>" in shown and "<p>早点睡</p>" in shown


def test_headings_lists_notes_and_speakers_are_shown_as_such() -> None:
    text = (
        "# 会议纪要\n\n## 一、情况\n\n记者：隧道通车了吗？\n\n张三：通车了[^1]。\n\n- 东线\n- 西线\n    - 支线\n\n"
        "1. 养护\n2. 巡查\n\n| 名称 | 长度[^2] |\n| --- | --- |\n| 隧道 | 2600米 |\n\n[^1]: 去年十月。\n"
    )
    made = whole(Document(text, "a.md", "A"))
    assert '<h4 class="level-1">会议纪要</h4><h4 class="level-2">一、情况</h4>' in made
    assert '<strong class="speaker">记者：</strong>' in made and '<strong class="speaker">张三：</strong>' in made
    assert "通车了<sup>1</sup>。" in made and '<p class="footnote"><sup>1</sup>去年十月。</p>' in made
    assert '<ul><li>东线</li><li>西线</li><li class="level-2">支线</li></ul>' in made
    assert '<ul class="numbered"><li>1.养护</li><li>2.巡查</li></ul>' in made
    assert '<th scope="col">长度<sup>2</sup></th>' in made


def test_who_is_known_to_speak_is_told_alike_by_labels_passages_and_citations(make_assistant: Any) -> None:
    text = (
        "龙潭水库\n\n青石：今年要建成三座水库，库容共4.2亿立方米。\n\n白川：三座水库的库容足够灌溉，另有2.1万亩受益。"
    )
    opened = make_assistant(Document(text, "a.txt", "龙潭水库"))
    document = opened.document(opened.documents()[0].id)
    assert 'class="speaker"' not in whole(document), "nobody tells that these are people"
    opened.edit(document.id, speakers=["青石", "白川"])
    document = opened.document(document.id)
    assert '<strong class="speaker">青石：</strong>今年' in whole(document)
    assert {name for hit in opened.retrieve("库容", 9) for name in hit.speakers} == {"青石", "白川"}
    assert all("白川" in hit.speakers for hit in opened.retrieve("库容", 9, speaker="白川"))
    answer = from_answer(opened.ask("三座水库的库容共多少？"))
    assert answer["citations"][0]["speaker"] == "青石"
    citations = [{**answer["citations"][0], "speaker": speaker} for speaker in ("青石", "", "白川", "青石")]
    pane = pane_of([Turn("t1", "问", answer={**answer, "citations": citations})], opened.document, "zh")
    assert "<span>青石、白川</span>" in pane


def test_a_table_over_two_pages_has_its_heads_on_both() -> None:
    document = Document("| 名称 | 长度 |\n| --- | --- |\n| 东线 | 2600米 |\n| 西线 | 990米 |", "a.md", "A")
    second = between(document, document.text.index("| 西线"), len(document.text))
    assert "长度" in second and "990米" in second and "2600米" not in second


def test_a_quote_over_hard_wrapped_lines_reads_as_one() -> None:
    wrapped = (
        "工业和信息化部介绍了今年一季度的有关情况，\n" * 10
        + "截至三月底，我国累计建成基站超过二百六十\n四万个，居世界首位。"
    )
    document = Document(wrapped, "a.txt", "A")
    start = wrapped.index("截至三月底")
    end = wrapped.index("四万个") + 3
    made = excerpt(document, [Highlight(start, end, "m", "1", "claim-1", "back")])
    assert marked(made, "m") == readable(wrapped[start:end]) == "截至三月底，我国累计建成基站超过二百六十四万个"
    assert 'href="#claim-1"' in made


def test_overlapping_highlights_both_have_their_place() -> None:
    document = Document("一二三四五六七八九十。", "a.txt", "A")
    made = excerpt(
        document, [Highlight(0, 6, "first", "1"), Highlight(3, 9, "second", "2"), Highlight(4, 5, "third", "3")]
    )
    assert (marked(made, "first"), marked(made, "second")) == ("一二三四五六", "七八九")
    assert marked(made, "third") == ""
    assert shown(re.sub(r'<span class="number">.</span>', "", made)) == document.text


@given(PARAGRAPHS, st.data())
def test_unsure_characters_are_underlined_and_no_others(lines: list[str], data: st.DataObject) -> None:
    text = "\n\n".join(lines)
    places = sorted(data.draw(st.sets(st.integers(0, len(text) - 1), max_size=12)))
    document = Document(text, "a.png", "A", unsure=tuple((place, place + 1) for place in places))
    passage = data.draw(st.sampled_from(passages(text)))
    first = data.draw(st.integers(0, len(passage.text) - 1))
    highlight = Highlight(passage.offsets[first], passage.offsets[-1] + 1, "m", "1")
    expected = "".join(
        character
        for each in passages(text)
        for character, place in zip(each.text, each.offsets, strict=True)
        if place in places and not character.isspace()
    )
    made = whole(document, [highlight])
    unsure = re.findall(r'<span class="unsure" title="从图片识别，可能有误">([^<]*)</span>', made)
    assert "".join("".join(map(html.unescape, unsure)).split()) == expected
    plain = whole(Document(text, "a.png", "A"), [highlight])
    assert re.sub(r'<span class="unsure"[^>]*>([^<]*)</span>', r"\1", made) == plain


def test_unsure_characters_of_a_table_and_of_a_part_are_underlined() -> None:
    text = "| 县 | 产量 |\n| --- | --- |\n| 沙洲 | 12.5 |\n\n" + "很长的一段。" * 60 + "\n\n共计264万个。"
    unsure = (text.index("12.5"), text.index("12.5") + 2), (text.index("264") + 1, text.index("264") + 2)
    document = Document(text, "a.png", "A", unsure=unsure)
    assert re.findall(r'class="unsure"[^>]*>([^<]*)<', whole(document, (), "en")) == ["12", "6"]
    part = text.index("共计"), len(text)
    made = part_of(document, part, find(document, "264"), "264", "en")
    assert 'title="Recognised on an image; may be wrong">6</span>' in made
    assert shown(made).endswith("共计1/1264万个。")


def test_unsure_characters_of_a_speaker_and_beside_a_note_are_underlined() -> None:
    text = "# 会议纪要\n\n记者：隧道通车了吗？\n\n张三：通车了[^1]吗[^2]。\n\n[^1]: 去年十月。\n"
    start, end = text.index("三："), text.index("吗[^2]") + 1
    document = Document(text, "a.png", "A", unsure=((start, end),))
    unsure = '<span class="unsure" title="从图片识别，可能有误">{}</span>'.format
    speaker = f'<strong class="speaker">张{unsure("三：")}</strong>'
    said = f"{unsure('通车了')}<sup>1</sup>{unsure('吗')}<sup>2</sup>。"
    assert speaker + said in whole(document)
    mark = Highlight(text.index("张三"), text.index("[^2]"), "m")
    cut = said.index("<sup>2")
    marked = f'<mark id="m" tabindex="-1">{speaker}{said[:cut]}</mark>{said[cut:]}'
    assert marked in between(document, text.index("张三"), len(text), [mark])


def test_an_excerpt_shows_the_text_around_but_not_the_whole_document() -> None:
    document = Document("\n\n".join(f"第{number}段。" + "内容" * 60 + "。" for number in range(40)), "a.txt", "A")
    start = document.text.index("第20段")
    made = shown(excerpt(document, [Highlight(start, start + 5, "m")]))
    assert "第19段" in made and "第21段" in made
    assert "第5段" not in made and "第35段" not in made


def test_a_very_long_document_is_shown_in_part() -> None:
    document = Document("\n\n".join(f"第{number}段。" + "内容" * 500 for number in range(200)), "a.txt", "A")
    start = document.text.index("第150段")
    made = whole(document, [Highlight(start, start + 6, "m")])
    assert marked(made, "m") == "第150段。"
    assert len(shown(made)) < 100_000


# -- answers ----------------------------------------------------------------------------------------------------------

NEWS = Document(
    "工信部发布会\n\n截至3月底，我国累计建成5G基站超过264万个。5G移动电话用户达6.2亿户。\n\n新能源汽车产销两旺。",
    "a.txt",
    "工信部发布会",
    datetime.date(2023, 4, 21),
    "新华社",
    speakers=("赵志国",),
)


@pytest.fixture
def answered(make_assistant: Any) -> tuple[Any, Turn]:
    opened = make_assistant(NEWS)
    answer = opened.ask("截至2023年3月底我国建成了多少个5G基站？")
    assert not answer.abstained
    return opened, Turn("t1", answer.question, answer=from_answer(answer))


def test_claims_lead_to_marks_that_show_the_quote(answered: tuple[Any, Turn]) -> None:
    opened, turn = answered
    assert turn.answer
    conversation = thread_of([turn], "zh")
    pane = pane_of([turn], opened.document, "zh")
    assert turn.answer["citations"]
    assert f"“{turn.question}”的出处" in shown(pane) and f"《{turn.question}" not in pane, "a question is no title"
    for citation in turn.answer["citations"]:
        anchor = f"c-t1-{citation['number']}"
        assert f'href="#{anchor}"' in conversation
        assert marked(pane, anchor) == readable(citation["quote"])
    for fact in ("264万", "工信部发布会", "2023-04-21"):
        assert fact in shown(conversation)
        assert fact in shown(pane)


def test_a_guessed_day_and_unsure_characters_are_marked_wherever_they_show(tmp_path: Path) -> None:
    place = NEWS.text.index("264")
    opened = Assistant.open(tmp_path, embedder=HashingEmbedder(), language_model="extractive")
    opened.add(dataclasses.replace(NEWS, date_is_guessed=True, unsure=((place, place + 1),)))
    answer = opened.ask("我国建成了多少个5G基站？")
    turn = Turn("t1", answer.question, answer=from_answer(answer))
    (entry,) = opened.documents()
    document = opened.document(entry.id)
    evidence = next(event for event in opened.stream(answer.question) if isinstance(event, EvidenceFound))
    days = {"zh": "2023-04-21（据文件名推测）", "en": "2023-04-21 (guessed from the file's name)"}
    for language, day in days.items():
        said = {
            "thread": thread_of([turn], language),  # type: ignore[arg-type]
            "underway": answer_view.underway(turn, evidence, "", language),  # type: ignore[arg-type]
            "copied": answer_view.copied(turn, language),  # type: ignore[arg-type]
            "pane": pane_of([turn], opened.document, language),  # type: ignore[arg-type]
            "found": evidence_view.found(turn, evidence, language),  # type: ignore[arg-type]
            "reader": evidence_view.reader(document, [], language),  # type: ignore[arg-type]
            "header": sources.header(document, [], language),  # type: ignore[arg-type]
            "values": timeline.sources(timeline_of(opened, document), language),  # type: ignore[arg-type]
        }
        assert [name for name, made in said.items() if day not in shown(made)] == []
        assert f"2023-04-21{say('guessed', language)}" in shown(sources.listing([entry], language))  # type: ignore[arg-type]
        doubtful = say("unsure_figures", language, figures="264万")  # type: ignore[arg-type]
        assert doubtful in shown(said["thread"])
        note = say("unsure_quote", language)  # type: ignore[arg-type]
        assert [name for name in ("pane", "reader", "header") if note not in shown(said[name])] == []
        for name in ("pane", "found", "reader"):
            assert re.findall(r'class="unsure"[^>]*>([^<]*)<', said[name]) == ["2"]
    opened.add(NEWS)
    answer = opened.ask("我国建成了多少个5G基站？")
    turn = Turn("t1", answer.question, answer=from_answer(answer))
    page = thread_of([turn], "zh") + pane_of([turn], opened.document, "zh")
    assert "推测" not in page and 'class="unsure"' not in page and 'class="doubt"' not in page
    assert turn.answer
    for citation in turn.answer["citations"]:  # as a conversation of an older version has kept it
        del citation["date_is_guessed"], citation["unsure"]
    del turn.answer["claims"][0]["unsure_figures"]
    assert thread_of([turn], "zh") + pane_of([turn], opened.document, "zh") == page
    opened.close()


def timeline_of(opened: Any, document: Document) -> Timeline:
    """A value of a document, as it would be there had its sentence named its year."""
    start = document.text.index("截至")
    end = document.text.index("。", start) + 1
    first = document.text.index("264")
    day = Period(datetime.date(2023, 3, 31), datetime.date(2023, 3, 31))
    fact = Fact("5G基站", Decimal(2_640_000), "个", "264万个", day, False, True, "actual", "", "", "", "", "", start, end, first, first + 5)  # fmt: skip
    return Timeline("5G基站", (Point(fact, Citation(document, start, end, document.text[start:end])),))


def test_a_record_and_a_trace_are_there_for_an_answer_that_has_them(make_assistant: Any) -> None:
    odd = f"火星基地共有宇航员\u200b42人{HOSTILE[0]}。"
    opened = make_assistant(Document(odd, "/srv/private/a.txt", "火星"))
    answer = opened.ask("火星基地有多少宇航员？", trace=True)
    turn = Turn("t1", answer.question, answer=from_answer(answer))
    folded, out = thread_of([turn], "zh"), thread_of([turn], "zh", "t1")
    (content,) = re.findall(r'data-content="([^"]*)"', exporting.given([turn], exporting.RECORD, "zh"))
    record = checked_record(json.loads(base64.b64decode(content)))
    assert record["citations"][0]["quote"] in odd and "\u200b" in record["citations"][0]["quote"]
    assert "/srv" not in folded + out
    assert 'class="trace"' in out and 'class="trace"' not in folded
    assert tags(out) <= tags(folded) | {
        "section",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ol",
        "ul",
        "h3",
        "small",
        "strong",
    }
    for language in ("zh", "en"):
        thread_of([turn], language, "t1")  # type: ignore[arg-type]


def test_an_answer_kept_by_an_older_version_has_neither(answered: tuple[Any, Turn]) -> None:
    _, turn = answered
    assert turn.answer and "trace" not in turn.answer
    del turn.answer["record"]
    made = thread_of([turn], "zh", "t1")
    assert 'data-format="json"' not in made and 'data-action="trace"' not in made and 'class="trace"' not in made
    assert not exporting.given([turn], exporting.RECORD, "zh")


@pytest.mark.parametrize("key", trace_view.TEXTS)
def test_the_texts_of_a_trace_have_the_same_places(key: str) -> None:
    chinese, english = (
        {field for _, field, _, _ in string.Formatter().parse(each) if field} for each in trace_view.TEXTS[key]
    )
    assert chinese == english


def test_every_link_has_its_place(answered: tuple[Any, Turn]) -> None:
    opened, turn = answered
    page = thread_of([turn], "zh") + pane_of([turn], opened.document, "zh")
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r' id="([^"]+)"', page))
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_an_unsupported_claim_says_why(answered: tuple[Any, Turn]) -> None:
    _, turn = answered
    assert turn.answer
    claim = turn.answer["claims"][0]
    claim["supported"] = False
    claim["checks"] |= {"facts_agree": False, "missing_facts": ["999万"]}
    made = thread_of([turn], "zh")
    assert 'class="claim unsupported"' in made
    assert say("missing_facts", "zh", facts="999万") in shown(made)
    assert say("missing_facts", "en", facts="999万") in shown(thread_of([turn], "en"))


def test_the_words_that_lack_support_are_marked_in_their_place(answered: tuple[Any, Turn]) -> None:
    _, turn = answered
    assert turn.answer
    claim = turn.answer["claims"][0]
    before = copy.deepcopy(claim)
    claim["supported"] = False
    claim["checks"] |= {
        "supports": False,
        "facts_agree": True,
        "missing_facts": [],
        "unsupported_words": [{"start": 1, "end": 3, "text": claim["text"][1:3]}],
    }
    made = thread_of([turn], "zh")
    assert f'<mark class="lacking">{claim["text"][1:3]}</mark>' in made
    assert say("unsupported_words", "zh", words=claim["text"][1:3]) in shown(made)
    turn.answer["claims"][0] = before


def test_an_abstention_looks_different_and_shows_the_nearest(make_assistant: Any) -> None:
    opened = make_assistant(NEWS)
    answer = opened.ask("《红楼梦》的作者是谁？")
    assert answer.abstained
    turn = Turn("t1", answer.question, answer=from_answer(answer))
    made = thread_of([turn], "zh")
    assert 'class="turn abstained"' in made and 'class="abstention"' in made
    assert answer.text in shown(made)
    assert 'id="h-t1-1"' in pane_of([turn], opened.document, "zh")
    assert 'href="#h-t1-1"' in made


def test_a_source_that_was_removed_still_shows_its_quote(answered: tuple[Any, Turn]) -> None:
    _, turn = answered
    assert turn.answer

    def gone(_: str) -> Document:
        raise UsageError(zh="没有", en="none")

    made = pane_of([turn], gone, "zh")
    assert turn.answer["citations"][0]["quote"] in shown(made)
    assert say("document_gone", "zh") in shown(made)


def test_a_copied_answer_carries_its_sources(answered: tuple[Any, Turn]) -> None:
    _, turn = answered
    copied = answer_view.copied(turn, "zh")
    assert "[1] 《工信部发布会》 2023-04-21" in copied
    assert "264万" in copied


def test_a_page_is_sent_again_only_what_it_does_not_hold() -> None:
    first, second, third = (element("p", each, title=each) for each in ("一", "二>", "三"))
    parts = SentParts()
    whole = parts.new_of("page", "thread", [first, second])
    assert re.sub(' data-part="[0-9a-f]{8}"', "", whole) == first + second
    assert parts.new_of("page", "thread", [first, second]) is None
    again = parts.new_of("page", "thread", [first, second, third])
    held = re.findall('<p data-held="([0-9a-f]{8})"></p>', again)
    assert held == re.findall('data-part="([0-9a-f]{8})"', whole)
    assert "一" not in again and "二" not in again and "三</p>" in again
    moved = parts.new_of("page", "thread", [second, third])
    assert "data-held" not in moved, "each stands in another place"
    assert "data-held" not in parts.new_of("page", "pane", [second]) + parts.new_of("other", "thread", [second])
    parts.forget("page", "thread")
    assert "data-held" not in parts.new_of("page", "thread", [second, third])
    assert parts.new_of("", "thread", [first]) == parts.new_of("", "thread", [first]) == first


def test_a_stopped_turn_shows_what_was_written_and_a_failed_one_why() -> None:
    stopped = Turn("t1", "问", "stopped", text="写到一半<b>")
    failed = Turn("t2", "问", "failed", text="模型不见了")
    made = thread_of([stopped, failed], "zh")
    assert "写到一半<b>" in shown(made) and "模型不见了" in shown(made)
    assert say("stopped", "zh") in shown(made)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(make_assistant: Any, hostile: str) -> None:
    body = f"截至3月底，我国累计建成5G基站超过264万个，{hostile}另有部署。\n\n别的内容在这里。"
    opened = make_assistant(Document(body, "a.txt", hostile, datetime.date(2023, 4, 21), hostile, speakers=(hostile,)))
    answer = opened.ask(f"截至2023年3月底我国建成了多少个5G基站？{hostile}"[:200])
    turn = Turn(hostile, answer.question, answer=from_answer(answer), filters={"source": hostile})
    turn = Turn(turn.id, turn.question, answer=turn.answer, filters=turn.filters, feedback=Feedback(True))
    page = thread_of([turn], "zh") + pane_of([turn], opened.document, "zh")
    page += evidence_view.reader(opened.document(opened.documents()[0].id), [], "zh")
    assert not tags(page) & {"script", "img", "iframe"}
    assert not re.search(r"<[^>]*\s(on\w+|style|src)=", TAGS.sub(lambda tag: re.sub(r'"[^"]*"', '""', tag[0]), page))
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', page))
    assert "\u202e" not in page


# -- series -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", ["=1+1", HOSTILE[0]])
def test_a_series_is_a_table_with_sources_a_drawing_and_a_file(hostile: str) -> None:
    row: dict[str, Any] = {"dated": True, "unit": "台", "qualifier": "", "status": "actual", "is_unsure": False}
    row |= {"value_start": 0, "value_end": 2}
    change = {"sign": -1, "since": "2022-12-31", "result": {"zh": "1台", "en": "1台"}}
    change |= {"written_out": {"zh": "3台 − 2台 = 1台", "en": "3台 − 2台 = 1台"}}
    answer = {
        "citations": [{"number": 1, "title": hostile, "date": None, "quote": "3台", "text": "3台"}],
        "series": [
            {
                "subject": hostile,
                "rows": [
                    {**row, "first": "2022-12-31", "last": "2022-12-31", "value": 3, "written": "3台", "citation": 1, "change": None},
                    {**row, "first": "2023-01-01", "last": "2023-12-31", "value": 2, "written": "2台", "citation": 1, "change": change},
                ],
            }
        ],
    }  # fmt: skip
    (made,) = series_view.tables(answer, "zh", lambda number: element("a", str(number), href=f"#c-{number}"))
    assert "script" not in tags(made) and {"table", "svg", "button"} <= tags(made)
    cells = [shown(cell) for cell in re.findall("<td[^>]*>(.*?)</td>", made)]
    assert cells == ["2022-12-31", "3台", "", "1", "2023", "2台", "减少1台3台 − 2台 = 1台", "1"]
    content = html.unescape(re.findall('data-content="([^"]*)"', made)[0])
    subjects = [line["subject"] for line in csv.DictReader(io.StringIO(content))]
    assert subjects == ["'=1+1" if hostile == "=1+1" else hostile] * 2
    assert not series_view.tables({"citations": []}, "zh", lambda _: element("a"))
