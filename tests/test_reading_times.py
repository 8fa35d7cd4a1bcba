"""Times told in full: the year that a text leaves out is read with it, and what is read stands for its very characters."""

from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reading.findings import Findings, find
from rag.reading.passages import in_one_text, passages_of
from rag.reading.reader import Reading, SentenceReading
from rag.reading.times import each_in_full, in_full
from rag.search.retrieval import Hit
from rag.text.documents import Document
from rag.text.structure import sentences_of

DAY = date(2023, 4, 21)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("截至3月底，建成基站264万个。", "截至2023年3月底，建成基站264万个。"),
        ("一季度增长3%，高于去年四季度。", "2023年一季度增长3%，高于2022年四季度。"),
        ("扭转了去年10月份以来的态势。", "扭转了2022年10月份以来的态势。"),
        ("今年以来，订单增多；年底前完工。", "2023年以来，订单增多；2023年底前完工。"),
        ("2021年开工，6月封顶。", "2021年开工，2021年6月封顶。"),
        # Nothing is left out, or nothing can be told.
        ("2022年1至11月增长3.8%。", "2022年1至11月增长3.8%。"),
        ("申请人应当在每年3月底前提交。", "申请人应当在每年3月底前提交。"),
        ("目前，二十三年前的桥还在。", "目前，二十三年前的桥还在。"),
        ("In March, output rose.", "In March, output rose."),
    ],
)
def test_the_year_that_is_left_out_is_told(text: str, told: str) -> None:
    assert in_full(text, DAY).text == told


def test_without_a_day_of_publication_nothing_is_added() -> None:
    assert in_full("一季度增长3%，去年增长2%。", None).text == "一季度增长3%，去年增长2%。"


def test_a_year_that_is_named_holds_on_in_its_paragraph_and_from_the_title() -> None:
    told = each_in_full(["2019年立项。", "5月开工，比2015年的一期晚。", "年底通车。"], DAY, "2020年总结")
    assert [each.text for each in told] == ["2019年立项。", "2019年5月开工，比2015年的一期晚。", "2019年底通车。"]
    assert [each.text for each in each_in_full(["上半年接待52万人次。"], date(2024, 2, 1), "2023年统计")] == [
        "2023年上半年接待52万人次。"
    ]


TEXTS = st.text("今去年12345月日底末初一二季度上下半全，。前截至比2023 \n", max_size=40)


@given(TEXTS, st.one_of(st.none(), st.dates(date(1990, 1, 1), date(2060, 12, 31))))
def test_every_character_that_is_told_stands_for_some_of_the_text(text: str, day: date | None) -> None:
    told = in_full(text, day)
    assert len(told.places) == len(told.text)
    assert all(0 <= start < end <= len(text) for start, end in told.places)
    starts = [start for start, _ in told.places]
    assert starts == sorted(starts)
    assert not text or told.span(0, len(told.text)) == (0, len(text))


def test_what_answers_is_found_in_the_text_as_it_stands() -> None:
    document = Document("截至3月底，全县建成基站264个。\n去年建成90个。", "a.txt", "通报", date=DAY)

    class Fixed:
        """Finds the words that it is told to find."""

        tokenizer = SimpleNamespace(ends=lambda text: [len(text)])
        calibration, weighing, labels = Findings().calibration, Findings().weighing, Findings().labels

        def __init__(self, words: str) -> None:
            self.words = words

        def read(self, question, passages, sentences, headings):  # type: ignore[no-untyped-def]
            assert passages == ["截至2023年3月底，全县建成基站264个。\n2022年建成90个。"]
            start = passages[0].index(self.words)
            nothing = tuple(SentenceReading() for _ in sentences[0])
            return [Reading((start, start + len(self.words)), 3.0, nothing, 0.0)]

        def echoes(self, question, answers, evidence):  # type: ignore[no-untyped-def]
            return []

    hit = Hit(document, 0, len(document.text), document.text, (), 1.0, 1, None, None, ())
    for words, as_it_stands in (("264个", "264个"), ("2023年3月底", "3月底"), ("2022年", "去年"), ("年", "3月底")):
        found = find(Fixed(words), "问", [hit], lambda each: sentences_of(each.text))  # type: ignore[arg-type]
        assert found.answer is not None and found.answer.text == as_it_stands


def test_what_somebody_says_is_read_after_the_name() -> None:
    text = "记者：今年如何？\n\n赵志国：很好。全年可期。\n\n旁白一句。"
    document = Document(text, "a.txt", "访谈", speakers=("赵志国",))
    hit = Hit(document, 0, len(text), text, (), 1.0, 1, None, None, ())
    sentences = sentences_of(text, document.speakers)
    (passage,) = passages_of([hit], lambda _: sentences)
    assert passage.text.count("赵志国：") == 1
    for sentence, (start, end) in zip(passage.sentences, passage.spans, strict=True):
        assert passage.text[start:end] == sentence.text
    assert in_one_text(sentences, with_speakers=False)[0].count("赵志国：") == 0


def test_a_speaker_is_read_with_all_that_the_label_tells() -> None:
    text = "票价听证会\n\n消费者代表尤桂兰（退休教师）：两套方案我都反对。"
    document = Document(text, "a.txt", "票价听证会")
    hit = Hit(document, 0, len(text), text, (), 1.0, 1, None, None, ())
    (passage,) = passages_of([hit], lambda each: sentences_of(each.text))
    assert passage.sentences[-1].speaker == "尤桂兰"
    assert passage.text.endswith("消费者代表尤桂兰（退休教师）：两套方案我都反对。")
    for sentence, (start, end) in zip(passage.sentences, passage.spans, strict=True):
        assert passage.text[start:end] == sentence.text
