"""Chunks: every sentence in order, of the size wished for, within turns and headings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import SEEDS, SENTENCES, TEXTS

from rag.text.chunks import Chunk, chunk
from rag.text.structure import LONGEST_SENTENCE, Sentence, sentences_of

SIZES = [20, 50, 120, 300, 1000, 2000]


def inside(sentences: list[Sentence], part: Chunk) -> list[Sentence]:
    return [sentence for sentence in sentences if part.start <= sentence.start < part.end]


def assert_chunks(sentences: list[Sentence], size: int) -> None:
    chunks = chunk(sentences, size)
    assert [sentence for part in chunks for sentence in inside(sentences, part)] == sentences
    for part in chunks:
        group = inside(sentences, part)
        assert (part.start, part.end) == (group[0].start, group[-1].end)
        assert part.text.replace("\n", "").replace(" ", "") == "".join(s.text for s in group).replace(" ", "").replace(
            "\n", ""
        )
        length = sum(len(sentence.text) for sentence in group)
        assert length <= 1.25 * size or len(group) == 1 or length <= LONGEST_SENTENCE + size / 4
        assert part.speakers == tuple(dict.fromkeys(s.speaker for s in group if s.speaker))
        assert_one_turn(group)


def assert_one_turn(group: list[Sentence]) -> None:
    kinds = [sentence.kind for sentence in group]
    assert "heading" not in kinds[len(kinds) - kinds[::-1].index("heading") :] if "heading" in kinds else True
    body = [sentence for sentence in group if sentence.kind != "heading"]
    assert group[len(group) - len(body) :] == body, "headings come first"
    questions = [sentence for sentence in body if sentence.kind == "question"]
    assert body[: len(questions)] == questions, "a question comes before its answer"
    answers = body[len(questions) :]
    assert len({sentence.speaker for sentence in questions}) <= 1
    assert len({sentence.speaker for sentence in answers}) <= 1


@given(TEXTS, st.sampled_from(SIZES))
def test_chunks_of_generated_text(text: str, size: int) -> None:
    assert_chunks(sentences_of(text), size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SEEDS)
def test_chunks_of_the_seeds(name: str, size: int) -> None:
    assert_chunks(SENTENCES[name], size)


def test_a_question_stays_with_the_beginning_of_its_answer() -> None:
    chunks = chunk(SENTENCES["002"], 300)
    (found,) = [part for part in chunks if "过去一年工业经济运行态势如何" in part.text]
    assert "2022年1至11月" in found.text
    assert found.speakers == ("记者", "金壮龙")


def test_a_text_without_punctuation_fits_the_embedder() -> None:
    for text in ("好" * 5000, "好，" * 2500, "word " * 1000):
        chunks = chunk(sentences_of(text), 300)
        assert all(len(part.text) <= LONGEST_SENTENCE for part in chunks)
        assert "".join(text[part.start : part.end] for part in chunks).replace(" ", "") == text.replace(" ", "")


def test_english_sentences_are_set_apart() -> None:
    (found,) = chunk(sentences_of("It rose much in this year. They left the town early."), 300)
    assert found.text == "It rose much in this year. They left the town early."


def test_no_text_no_chunk() -> None:
    assert chunk([]) == []
    assert chunk(sentences_of("  \n。。\u200b")) == []


def test_a_size_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        chunk([], 19)
