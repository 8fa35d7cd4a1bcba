"""Terms: what the lexical search compares, and how a text is folded for it."""

import pytest
from hypothesis import given
from texts import TEXTS

from rag.text.terms import fold, query_terms, terms_of


def terms(text: str) -> set[int]:
    return set(terms_of(text).tolist())


@given(TEXTS)
def test_folding_keeps_the_length_and_is_stable(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@given(TEXTS)
def test_terms_are_those_of_the_folded_text(text: str) -> None:
    assert terms_of(text).tolist() == terms_of(fold(text)).tolist()


@given(TEXTS, TEXTS)
def test_terms_of_two_lines_are_those_of_each(one: str, other: str) -> None:
    assert sorted(terms_of(f"{one}\n{other}").tolist()) == sorted([*terms_of(one).tolist(), *terms_of(other).tolist()])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("５Ｇ基站數量", "5G基站数量"),
        ("臺灣經濟發展", "台湾经济发展"),
        ("GDP增长", "gdp增长"),
        ("1,234,567家", "1234567家"),
        ("IPv６", "ipv6"),
    ],
)
def test_forms_of_one_text_have_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other)


def test_characters_pairs_and_whole_words() -> None:
    assert len(terms("基站")) == 3, "two characters and the pair"
    assert len(terms("5G")) == 1
    assert terms("5G基站") == terms("5G") | terms("基站")
    assert not terms("5G") & terms("5")
    assert terms("3.6%") == terms("3.6") != terms("36")
    assert terms("state-of-the-art") == terms("State-of-the-Art")
    assert terms("的") == set(), "a stop character counts in pairs only"
    assert terms("的是") != set()
    assert not terms("基，站") & (terms("基站") - terms("基") - terms("站")), "no pair over punctuation"


@pytest.mark.parametrize("text", ["", "，。！", "  \n", "😀", "\u200b", "\ud800"])
def test_texts_without_terms(text: str) -> None:
    assert terms_of(text).size == 0
    assert query_terms(text).size == 0


def test_question_words_do_not_count() -> None:
    assert set(query_terms("我国建成了多少个5G基站？").tolist()) <= terms("我国建成了 个5G基站")
    assert set(query_terms("How many base stations were built?").tolist()) == terms("base stations built")
    assert query_terms("多少").size, "a question of question words alone still has terms"
    assert set(query_terms("the whatsapp company").tolist()) == terms("whatsapp company")


def test_the_terms_of_a_question_are_distinct() -> None:
    found = query_terms("基站基站基站").tolist()
    assert len(found) == len(set(found))
