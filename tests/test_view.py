"""The view: what is shown, what is left out, and that every character knows its place."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from texts import SEEDS, SENTENCES, TEXTS

from rag.text.structure import sentences_of
from rag.text.view import INVISIBLE, View, layout, places_of, readable, view

_MAY_GO = re.compile(f"\\s|[{INVISIBLE}#*>`~_\\\\]")
_BULLET = re.compile(r"[ \t]*[-+•●■◆▪‣](?=[ \t\u3000]+\S)")
_PUNCTUATION = dict(zip(",:;?!", "，：；？！", strict=True))


def is_form_of(shown: str, stored: str) -> bool:
    """Whether a shown character is the stored one or the one form of it that a view may show."""
    if shown == stored or _PUNCTUATION.get(stored) == shown:
        return True
    return unicodedata.normalize("NFKC", stored) == shown and (shown.isalnum() or shown in "%.")


def assert_is_view(text: str, found: View) -> None:
    assert len(found.text) == len(found.offsets)
    places = list(found.offsets)
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places)
    for position, (shown, place) in enumerate(zip(found.text, places, strict=True)):
        if shown == "\n":  # a paragraph's end stands on its last character
            continue
        joins_lines = shown == " " and text[place].isspace()
        assert joins_lines or is_form_of(shown, text[place]), (position, shown, text[place])


@given(TEXTS)
def test_every_character_is_shown_from_its_own_place(text: str) -> None:
    assert_is_view(text, view(text))


@given(TEXTS)
def test_every_character_of_a_sentence_is_found_again(text: str) -> None:
    for sentence in sentences_of(text):
        places = places_of(sentence.text, text, sentence.start, sentence.end)
        assert len(places) == len(sentence.text)
        assert sorted(places) == list(places) and sentence.start <= places[0] and places[-1] < sentence.end


def test_a_text_that_is_not_what_was_read_has_no_places() -> None:
    assert not places_of("我国建成", "我国\n建设", 0, 5)


@pytest.mark.parametrize("name", SEEDS)
def test_every_character_of_the_seeds_is_shown_from_its_own_place(name: str) -> None:
    assert_is_view(SEEDS[name].text, view(SEEDS[name].text))


@given(TEXTS, st.data())
def test_spans_lie_in_the_text_and_begin_and_end_on_something_visible(text: str, data: st.DataObject) -> None:
    found = view(text)
    start = data.draw(st.integers(0, len(found.text)))
    end = data.draw(st.integers(start, len(found.text)))
    first, last = found.span(start, end)
    assert 0 <= first <= last <= len(text)
    if found.text[start:end].strip():
        assert first < last
        inside = found.text[start:end].strip()
        assert is_form_of(inside[0], text[first])
        assert is_form_of(inside[-1], text[last - 1])
    else:
        assert (first, last) == (0, 0)


def test_what_counts_as_invisible_shows_nothing() -> None:
    invisible = re.compile(f"[{INVISIBLE}]")
    shown = [chr(code) for code in range(0x110000) if invisible.match(chr(code))]
    kinds = {unicodedata.category(character) for character in shown}
    assert kinds <= {"Cc", "Cf", "Cn", "Mn"}, "controls, formats, variation selectors and the unassigned beside them"
    assert not any(invisible.match(character) for character in "中a1，。《》“”·—… é")


@given(TEXTS)
@example("\U000e0000")
@example("- 我国建成")
@example("建成- 5G基站\n-建成")
def test_nothing_is_dropped_but_blanks_invisible_characters_marks_and_captions(text: str) -> None:
    found = layout(text)
    shown = set(view(text).offsets)
    in_lines = {place for part in found.paragraphs for line in part.lines for place in range(line.start, line.end)}
    for place, character in enumerate(text):
        if place in shown or _MAY_GO.match(character) or is_bullet(text, place):
            continue
        assert place not in in_lines, f"{character!r} was dropped from a line that is read"
        assert is_caption_line(text, place), f"{character!r} was dropped"


def start_of_line(text: str, place: int) -> int:
    return max(text.rfind(mark, 0, place) for mark in "\n\r\f\u2028\x0b\x85\u2029") + 1


def is_bullet(text: str, place: int) -> bool:
    match = _BULLET.match(text, start_of_line(text, place))
    return bool(match) and match.end() == place + 1


def is_caption_line(text: str, place: int) -> bool:
    start = start_of_line(text, place)
    line = re.split("[\n\r\f\u2028\x0b\x85\u2029]", text[start:])[0]
    return bool(re.search("摄|供图|资料图|制图|配图|图[：:为]", line))


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("建成 5G 基站 264 万个", "建成5G基站264万个"),
        ("２６４万 个", "264万个"),
        ("增长３．６％", "增长3.6%"),
        ("很好,谢谢:是的;对吗?对!", "很好，谢谢：是的；对吗？对！"),
        ("at 12:30, ok? yes; fine", "at 12:30, ok? yes; fine"),
        ("hello  world", "hello  world"),
        ("零\u200b宽\ufeff字\u00ad符", "零宽字符"),
        ("## 一级标题", "一级标题"),
        ("这是**重点**内容", "这是重点内容"),
        ("3 * 4 ** 2 ** 1", "3 * 4 ** 2 ** 1"),
        ("\ufeff开头", "开头"),
    ],
)
def test_what_one_line_reads_like(stored: str, shown: str) -> None:
    assert view(stored).text == f"{shown}\n"


def test_lines_broken_at_a_fixed_width_read_as_one_sentence() -> None:
    shown = view(SEEDS["002"].text).text
    assert "2022年1至11月，我国规模以上工业增加值同比增长3.8%，继续发挥工业稳定宏观经济大盘的“压舱石”作用。" in shown
    assert "促进数字经济和实体经济深度融合。" in shown, "a page end lies within"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n   "])
def test_lines_of_english_are_joined_with_a_blank(end: str) -> None:
    text = (
        f"The committee met, as it does each spring,{end}and the members agreed, after some hours of talk{end}to go on."
    )
    found = view(text)
    assert (
        found.text
        == "The committee met, as it does each spring, and the members agreed, after some hours of talk to go on.\n"
    )
    assert_is_view(text, found)


def test_a_caption_that_breaks_a_sentence_is_left_out() -> None:
    shown = view(SEEDS["001"].text).text
    assert "支持新型技术改造城市试点，" in shown
    assert "张鹏摄" not in shown


def test_lines_of_invisible_characters_separate_nothing() -> None:
    plain = "# 标题\n王毅部长表示，今天很好。\n明天也很好。"
    marked = "# 标题\n王毅部长表示，今天很好。\n\u200b\n明天也很好。"
    assert [(part.text, part.heading, part.speaker) for part in sentences_of(marked)] == [
        (part.text, part.heading, part.speaker) for part in sentences_of(plain)
    ]


@pytest.mark.parametrize("name", SEEDS)
def test_a_quoted_sentence_reads_like_the_sentence_in_its_document(name: str) -> None:
    for sentence in SENTENCES[name]:
        assert readable(SEEDS[name].text[sentence.start : sentence.end]) == sentence.text


@given(TEXTS)
def test_readable_never_fails(text: str) -> None:
    assert readable(text) == readable(text).strip()


ADVERSARIAL = {
    "blanks between words": "a" + " " * 150_000 + "b",
    "blanks after Han": "好" + " " * 150_000 + "\n好",
    "wide blanks": "a" + "\u3000" * 150_000 + "b",
    "blanks and full stop": "a." + " " * 150_000 + "b",
    "brackets": "(" * 200_000,
    "book titles": "《" * 200_000,
    "brackets and titles": "《（" * 100_000,
    "quotes": "“”" * 100_000,
    "straight quotes": '"' * 200_000,
    "stars": "*" * 200_000,
    "bold that never ends": "**a" * 70_000,
    "line ends": "\n" * 200_000,
    "carriage returns": "\r" * 200_000,
    "short lines": "a\n" * 60_000,
    "one line of Han": "好" * 1_000_000,
    "one line of Latin": "a" * 1_000_000,
    "one note": "来源：" + "好" * 300_000,
    "one heading": "# " + "好" * 300_000,
    "full stops": "." * 200_000,
    "spaced full stops": ". " * 100_000,
    "sentence ends": "。" * 200_000,
    "digits": "1" * 200_000,
    "labels": "记者：" * 60_000,
    "names": "王毅部长表示" * 40_000,
    "bylines": "记者 张三" + "、李四" * 50_000,
    "invisible": "\u200b \u200b" * 60_000,
    "half brackets": ("（" + "好" * 119) * 2_000,
    "hard breaks": "好  \n" * 50_000,
}


@pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_adversarial_text_takes_no_quadratic_time(text: str) -> None:
    """Linear time is well under a second here; quadratic time would be minutes, and stop the suite."""
    assert_places_are_ordered(view(text))
    ends = [(part.start, part.end) for part in sentences_of(text)]
    assert ends == sorted(ends)


def assert_places_are_ordered(found: View) -> None:
    places = list(found.offsets)
    assert places == sorted(places)
