"""How sure an answer is: by words and vectors where no reader reads, and beside a language model's own margin."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel, FakeListChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from eval.metrics.silence import is_silent
from eval.rows import Row
from rag.answering.answerability import margin
from rag.answering.prompts import messages
from rag.answering.silence import (
    CONFIDENT,
    THRESHOLDS,
    WEIGHTS,
    beside_model,
    confidence,
    signals_of,
)
from rag.reading.evidence import Evidence
from rag.text.documents import Document
from rag.text.structure import sentences_of
from tests.evaluation_rows import question

PORT = "截至2023年6月底，全省港口有泊位412个，货物吞吐量同比增长6.5%。"


def evidence(*texts: str, similarity: float | None = 0.92, date: datetime.date | None = None) -> list[Evidence]:
    return [
        Evidence(
            Document(text=each, path=f"{number}.txt", title="港口建设", date=date), sentence, (), 0.5, similarity, 1.0
        )
        for number, each in enumerate(texts)
        for sentence in sentences_of(each)[:1]
    ]


def is_answerable(asked: str, found: list[Evidence]) -> bool:
    return confidence(asked, found) >= CONFIDENT


@pytest.mark.parametrize(
    "asked",
    [
        "截至2023年6月底，港口有多少个泊位？",
        "港口货物吞吐量增长多少？",
        "2023年6月底港口泊位有多少个？",
        "23年6月底港口有几个泊位了",
        "港口货物吞吐量为什么下降了？",
    ],
)
def test_answers_what_the_evidence_says_also_where_the_question_assumes_otherwise(asked: str) -> None:
    assert is_answerable(asked, evidence(PORT))


@pytest.mark.parametrize(
    "asked",
    ["截至2021年底，港口有多少个泊位？", "2023年9月底港口有多少个泊位？", "2022年一季度港口货物吞吐量增长多少？"],
)
def test_silent_on_another_time(asked: str) -> None:
    assert not is_answerable(asked, evidence(PORT, "记者在现场看到，工人们正在紧张施工。", similarity=0.97))


def test_silent_on_another_subject_or_without_evidence() -> None:
    assert not is_answerable("红烧肉怎么做？", evidence(PORT, similarity=0.84))
    assert not is_answerable("港口有多少个泊位？", [])
    assert not is_answerable("What is the capital of Australia?", evidence(PORT, similarity=0.73))
    assert is_answerable("How many berths do the ports have?", evidence(PORT, similarity=0.82))


def test_day_of_publication_and_last_year_count_as_time() -> None:
    july = datetime.date(2023, 7, 5)
    assert is_answerable("2023年7月港口有多少个泊位？", evidence("全省港口有泊位412个。", date=july))
    assert is_answerable("2022年底港口有多少个泊位？", evidence("截至去年年底，港口有泊位400个。", date=july))
    assert not is_answerable("2023年三季度港口有多少个泊位？", evidence("全省港口有泊位412个。", date=july))


def test_words_decide_where_similarities_are_not_the_embedded_embedders() -> None:
    for similarity in (None, 0.3):
        assert is_answerable("港口有多少个泊位？", evidence(PORT, similarity=similarity))
        assert not is_answerable("红烧肉怎么做好吃？", evidence(PORT, similarity=similarity))


@given(st.floats(-20, 20), st.floats(0, 1))
def test_confidence_is_a_share_and_grows_with_the_margin(value: float, similarity: float) -> None:
    found = evidence(PORT, similarity=similarity)
    sure = confidence("港口有多少个泊位？", found)
    assert 0 <= beside_model(sure, value) <= beside_model(sure, value + 1) <= 1
    assert signals_of("2019年港口有多少个泊位？", found).lacks_time
    assert confidence("2019年港口有多少个泊位？", found) < CONFIDENT


def test_caution_moves_the_threshold() -> None:
    assert THRESHOLDS["lenient"] < THRESHOLDS["balanced"] == CONFIDENT < THRESHOLDS["strict"]
    sure = {
        similarity: confidence("港口夜班司机？", evidence(PORT, similarity=similarity))
        for similarity in (0.88, 0.9, 0.91)
    }
    assert any(THRESHOLDS["lenient"] <= value < THRESHOLDS["strict"] for value in sure.values())


@given(st.text(min_size=1, max_size=40), st.text(min_size=10, max_size=80))
def test_any_text_has_a_confidence(asked: str, said: str) -> None:
    found = evidence(said)
    if found:
        assert 0 <= confidence(asked, found) <= 1


# -- the model's own margin -------------------------------------------------------------------------------------------


class Teller(BaseChatModel):
    """A chat model that says 是 with the log-probabilities it is given, and keeps what it was asked."""

    likeliest: list[dict[str, Any]]
    asked: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "teller"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> Any:
        self.asked.append(messages)
        information = {"logprobs": {"content": [{"top_logprobs": self.likeliest}]}}
        yield ChatGenerationChunk(message=AIMessageChunk(content="是"), generation_info=information)


def token(word: str, value: float) -> dict[str, Any]:
    return {"token": word, "logprob": value}


@pytest.mark.parametrize(
    ("likeliest", "expected"),
    [
        ([token("是", -0.1), token("否", -3.1)], 3.0),
        ([token("否", -0.1), token("是", -1.1)], -1.0),
        ([token("是", -0.1), token("能", -4.0), token("可", -7.1)], 7.0),
        ([token("Yes", -0.1)], None),
        ([], None),
    ],
)
def test_margin_is_the_lead_of_yes_over_no(likeliest: list[dict[str, Any]], expected: float | None) -> None:
    found = margin(Teller(likeliest=likeliest), "港口有多少个泊位？", evidence(PORT))
    assert found == (None if expected is None else pytest.approx(expected))


def test_margin_is_asked_on_the_prompt_of_the_answer() -> None:
    model = Teller(likeliest=[token("是", -0.1)], asked=[])
    found = evidence(PORT)
    margin(model, "港口有多少个泊位？", found)
    system, human = model.asked[0]
    first, second = messages("港口有多少个泊位？", found)
    assert system.content == first[1]
    assert str(human.content).startswith(second[1])


def test_no_margin_without_log_probabilities() -> None:
    assert margin(FakeListChatModel(responses=["是"]), "港口有多少个泊位？", evidence(PORT)) is None


def test_shipped_weights_hold_to_what_they_mean() -> None:
    assert WEIGHTS.similarity > 0 > WEIGHTS.uncovered > WEIGHTS.lacks_time
    assert signals_of("港口有泊位412个", evidence(PORT)).uncovered == 0.0


@pytest.mark.parametrize(
    "answer", ["资料没有给出2021年底的数字。", "The documents give no figure for 2021.", "It states nothing about it."]
)
def test_answers_that_decline_are_silent(answer: str) -> None:
    assert is_silent(Row(question("q"), answer=answer))
