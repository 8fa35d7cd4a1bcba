"""Citations: exact spans, the right sentence first, and answers without a model's own source marks."""

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import SEEDS, SENTENCES, TEXTS, document_of, evidence_of

from rag.answers import Citation
from rag.checking.agreement import Agreement, disagreements
from rag.checking.citations import MOST_CITATIONS, attribute, claims_in, without_marks
from rag.text.figures import missing_figures
from rag.text.structure import sentences_of
from rag.text.terms import fold

STATEMENTS = [
    (name, part) for name, sentences in SENTENCES.items() for part in sentences if part.kind == "statement" and len(part.text) > 7
]  # fmt: skip


def is_same_text(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but width, case, spaces and punctuation."""
    return "".join(filter(str.isalnum, fold(one))) == "".join(filter(str.isalnum, fold(other)))


@pytest.mark.parametrize(
    ("start", "end", "quote"),
    [
        (0, 4, "我国建城"),
        (0, 4, "我国建"),
        (1, 4, "我国建成"),
        (0, 0, ""),
        (4, 2, ""),
        (-4, 4, "我国建成"),
        (0, 99, "我国建成。"),
    ],
)
def test_a_citation_of_what_does_not_stand_there_cannot_be_made(start: int, end: int, quote: str) -> None:
    with pytest.raises(ValueError, match=r"test\.txt"):
        Citation(document_of("我国建成"), start, end, quote)


@given(TEXTS)
def test_every_sentence_of_any_text_can_be_cited(text: str) -> None:
    document = document_of(text)
    for sentence in sentences_of(text):
        (citation, *_) = attribute(sentence.text, [evidence_of(document, sentence)]) or [None]
        if citation is not None:
            assert document.text[citation.start : citation.end] == citation.quote
            assert (citation.start, citation.end) == (sentence.start, sentence.end)


def test_each_statement_of_the_seeds_is_cited_for_itself() -> None:
    chance = random.Random(7)
    for name, sentence in STATEMENTS:
        others = chance.sample(STATEMENTS, 7)
        listed = [(name, sentence), *(other for other in others if not is_same_text(other[1].text, sentence.text))]
        chance.shuffle(listed)
        evidence = [evidence_of(SEEDS[other], part, chance.random()) for other, part in listed]
        cited = attribute(sentence.text, evidence)
        assert is_same_text(cited[0].text, sentence.text), sentence.text
        assert (cited[0].start, cited[0].speaker) == (sentence.start, sentence.speaker)
        assert len(cited) == 1, "one that says it all is enough"


def test_of_two_sentences_that_say_it_the_shorter_is_cited() -> None:
    document = document_of("基站有264万个，用户有6.2亿户，还有很多别的成绩。基站有264万个。")
    long, short = (evidence_of(document, part) for part in sentences_of(document.text))
    assert attribute("基站有264万个。", [long, short])[0].start == short.sentence.start


def test_a_claim_of_two_sentences_cites_both() -> None:
    document = document_of("我国建成5G基站264万个。移动物联网用户达19.84亿户。今天天气很好，适合出门散步。")
    evidence = [evidence_of(document, part) for part in sentences_of(document.text)]
    cited = attribute("我国建成5G基站264万个，移动物联网用户达19.84亿户。", evidence)
    assert {citation.start for citation in cited} == {part.sentence.start for part in evidence[:2]}


def test_a_missing_date_is_cited_from_the_line_that_has_it() -> None:
    document = document_of("2023年04月21日\n我国累计建成5G基站超过264万个。")
    line, sentence = sentences_of(document.text)
    part = evidence_of(document, sentence)
    claim = "2023年4月21日，我国累计建成5G基站超过264万个。"
    cited = attribute(claim, [part], [(part, line), (part, sentence)])
    assert [citation.text for citation in cited] == [sentence.text, "2023年04月21日"]
    assert missing_figures(claim, "\n".join(citation.text for citation in cited)) == ()
    (alone,) = attribute("我国累计建成5G基站超过264万个。", [part], [(part, line), (part, sentence)])
    assert alone.text == sentence.text, "a date line that adds nothing is not cited"


def test_the_year_of_a_date_is_cited_from_the_line_that_names_it() -> None:
    document = replace(
        document_of("2023年04月21日 00:30\n截至3月底，我国累计建成5G基站超过264万个。"), date=date(2023, 4, 21)
    )
    line, sentence = sentences_of(document.text)
    part = evidence_of(document, sentence)
    context = [(part, line), (part, sentence)]
    claim = "截至2023年3月底，我国累计建成5G基站超过264万个。"
    cited = attribute(claim, [part], context)
    assert [citation.text for citation in cited] == [sentence.text, line.text]
    assert disagreements(claim, tuple(cited)) == Agreement(), "nothing is left to the day of publication"
    assert len(attribute("截至3月底，我国累计建成5G基站超过264万个。", [part], context)) == 1


def test_a_date_elsewhere_in_the_document_does_not_vouch_for_a_value() -> None:
    paragraphs = ["开头。", "第二段。", "第三段。", "第四段。", "我国建成5G基站264万个。", "2019年是重要的一年。"]
    document = document_of("\n\n".join(f"{text}这里说的是别的事情，与基站没有关系。" for text in paragraphs))
    sentences = sentences_of(document.text)
    (part,) = (evidence_of(document, sentence) for sentence in sentences if "264万" in sentence.text)
    cited = attribute("2019年，我国建成5G基站264万个。", [part], [(part, sentence) for sentence in sentences])
    assert [citation.text for citation in cited] == [part.sentence.text]


def test_common_words_alone_are_not_cited() -> None:
    document = document_of(
        "经过30年的发展，我国已经拥有10.9亿网民。全国现在所有地级市建成了光网城市，用上千兆网的人很多。"
    )
    evidence = [evidence_of(document, part) for part in sentences_of(document.text)]
    (cited,) = attribute("我国现在上网的人有10.9亿网民。", evidence)
    assert cited.text == evidence[0].sentence.text


def test_each_item_of_a_list_told_in_one_sentence_is_cited() -> None:
    items = ["加大稳增长政策供给和落实力度", "聚焦重点行业和地区", "提振制造业有效投资", "以高质量供给引领创造新需求"]
    document = document_of(
        "".join(f"第{number}是{item}。" for number, item in zip("一二三四", items, strict=True)) + "天气很好。"
    )
    evidence = [evidence_of(document, part) for part in sentences_of(document.text)]
    cited = attribute(f"四项工作是{'、'.join(items)}。", evidence)
    assert {citation.start for citation in cited} == {part.sentence.start for part in evidence[:4]}


def test_a_claim_of_two_documents_cites_both() -> None:
    first, second = document_of("2023年，5G应用覆盖52个大类。"), document_of("5G应用已融入74个大类。")
    evidence = [evidence_of(each, sentences_of(each.text)[0]) for each in (first, second)]
    cited = attribute("5G应用先覆盖52个大类，后融入74个大类。", evidence)
    assert {citation.document.text for citation in cited} == {first.text, second.text}


def test_an_english_claim_cites_the_sentence_that_means_it(embedder: Any) -> None:
    document = document_of("我国累计建成5G基站超过264万个。2023年我国网络零售额居世界首位。传统产业不能简单退出。")
    evidence = [evidence_of(document, part) for part in sentences_of(document.text)]
    for claim, place in (
        ("China has built over 2.64 million 5G base stations.", 0),
        ("China leads the world in online retail sales.", 1),
        ("Traditional industries must not simply be abandoned.", 2),
    ):
        assert [cited.start for cited in attribute(claim, evidence, (), embedder.documents)] == [
            evidence[place].sentence.start
        ], claim


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("根据资料，如下：\n一是稳增长。\n二是促消费。", ["根据资料，如下：\n一是稳增长。", "二是促消费。"]),
        ("四个方面工作：\n一是稳增长。", ["四个方面工作：\n一是稳增长。"]),
        ("一是稳增长。\n以上是全部内容。", ["一是稳增长。\n以上是全部内容。"]),
        ("基站有264万个。用户有6亿户。", ["基站有264万个。", "用户有6亿户。"]),
        ("一是稳增长。\n主要有四个方面工作：", ["一是稳增长。", "主要有四个方面工作："]),
        ("根据资料，如下：", ["根据资料，如下："]),
    ],
)
def test_what_announces_belongs_to_what_it_announces(text: str, claims: list[str]) -> None:
    assert [text[start:end] for start, end in claims_in(text)] == claims


def test_another_document_does_not_lend_its_figures() -> None:
    document, other = document_of("截至3月底，我国累计建成5G基站超过264万个。"), document_of("2023年很好。")
    (sentence,) = sentences_of(document.text)
    part = evidence_of(document, sentence)
    stranger = evidence_of(other, sentences_of(other.text)[0])
    cited = attribute("截至2023年3月底，我国建成264万个。", [part], [(stranger, stranger.sentence)])
    assert [citation.document for citation in cited] == [document]


def test_what_nothing_says_is_not_cited() -> None:
    document = document_of("我国建成5G基站264万个。")
    evidence = [evidence_of(document, part) for part in sentences_of(document.text)]
    assert attribute("Cats purr.", evidence) == []
    assert attribute("", evidence) == []
    assert attribute("我国建成。", []) == []


def test_never_more_citations_than_a_reader_can_check() -> None:
    claim = "".join(part.text for _, part in STATEMENTS[:9])
    evidence = [evidence_of(SEEDS[other], part) for other, part in STATEMENTS[:20]]
    assert len(attribute(claim, evidence)) == MOST_CITATIONS


@pytest.mark.parametrize(
    "text",
    ["增长[1]。", "增长[1,2]。", "增长[1、2]。", "增长[1][2]。", "增长[1]、[2]。", "增长[1-3]。", "增长【3】。", "增长［1］。", "增长【1】【2】。",
     "增长[资料1]。", "增长[^1]。", "增长（1）。", "增长(1)。", "增长（1，2）。", "增长 [1]。", "增长。[1]", "增长。 [1] [2]", "增长。来源：[1]", "[1] 增长。"],
)  # fmt: skip
def test_source_marks_are_taken_out(text: str) -> None:
    assert without_marks(text) == "增长。"


@pytest.mark.parametrize(
    "text",
    ["(GDP为126万亿元, 2023年)", "要点（5）。", "（1）稳增长；（2）促消费。", "(1) 稳增长\n(2) 促消费", "共（12）。", "见附件（2）。", "图（3）。", "第（5）条",
     "增长（2023年）。", "占比（27）%", "[重点]增长", "【记者】好", "共有基站（264）万", "[2023]年", "f(1)。"],
)  # fmt: skip
def test_other_brackets_stay(text: str) -> None:
    assert without_marks(text) == text


@given(TEXTS)
def test_claims_are_exact_spans_that_hold_every_letter(text: str) -> None:
    spans = claims_in(text)
    assert spans == sorted(spans)
    claimed = {place for start, end in spans for place in range(start, end)}
    assert all(place in claimed for place, character in enumerate(text) if character.isalnum())
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


def test_of_a_long_sentence_the_clauses_that_say_it_are_cited() -> None:
    text = "连接规模持续增长，截至3月底，我国5G移动电话用户6.2亿户，千兆光网用户突破1亿户，移动物联网用户达19.84亿户，占比提升至53.8%。"
    document = document_of(text)
    evidence = [evidence_of(document, part) for part in sentences_of(text)]
    (cited,) = attribute("截至3月底，我国5G移动电话用户6.2亿户。", evidence)
    assert cited.quote == "截至3月底，我国5G移动电话用户6.2亿户"
    (cited,) = attribute("我国5G移动电话用户6.2亿户，千兆光网用户突破1亿户。", evidence)
    assert cited.quote == "我国5G移动电话用户6.2亿户，千兆光网用户突破1亿户"
    (whole,) = attribute("6.2亿户", evidence)
    assert whole.text == evidence[0].sentence.text, "a fragment needs its surroundings"
    (wrong,) = attribute("截至3月底，我国5G移动电话用户6.4亿户。", evidence)
    assert wrong.text == evidence[0].sentence.text, "what does not hold is shown with all that is there"


@given(TEXTS, st.integers(0, 60), st.integers(10, 60))
def test_citations_of_parts_are_exact_spans_within_their_sentence(text: str, start: int, length: int) -> None:
    document = document_of(text)
    for sentence in sentences_of(text):
        claim = sentence.text[start : start + length]
        for citation in attribute(claim, [evidence_of(document, sentence)]):
            assert sentence.start <= citation.start < citation.end <= sentence.end
            assert document.text[citation.start : citation.end] == citation.quote
            assert any(map(str.isalnum, citation.quote))
