"""Citations: exact spans, the right sentence first, and answers without a model's own source marks."""

import random

import pytest
from hypothesis import given
from texts import SEEDS, SENTENCES, TEXTS, document_of, evidence_of

from rag.answers import Citation
from rag.citations import MOST_CITATIONS, attribute, claims_in, without_marks
from rag.figures import missing_figures
from rag.lexical import fold
from rag.structure import sentences_of

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


def test_a_missing_year_is_cited_from_its_own_line() -> None:
    document = document_of("2023年04月21日\n截至3月底，我国累计建成5G基站超过264万个。")
    line, sentence = sentences_of(document.text)
    part = evidence_of(document, sentence)
    claim = "截至2023年3月底，我国建成5G基站超过264万个。"
    cited = attribute(claim, [part], [(part, line), (part, sentence)])
    assert [citation.text for citation in cited] == [sentence.text, "2023年04月21日"]
    assert missing_figures(claim, "\n".join(citation.text for citation in cited)) == ()


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
