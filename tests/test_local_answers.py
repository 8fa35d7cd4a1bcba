"""Answers written by the embedded 1.5B model, for real."""

import datetime

import pytest

from rag import language_models
from rag.assistant import Assistant, Finished, Token

pytestmark = [
    pytest.mark.local_model,
    pytest.mark.skipif(not language_models.is_available(), reason="the local model is not available here"),
]


def test_the_question_of_the_readme(assistant: Assistant) -> None:
    answer = assistant.ask("截至2023年3月底我国建成了多少个5G基站？", language_model="local")
    assert "264" in answer.text
    assert answer.supported, [claim.checks for claim in answer.claims]
    first = answer.claims[0].citations[0]
    assert first.document.path.startswith("seeds/003")
    assert (first.speaker, first.date) == ("赵志国", datetime.date(2023, 4, 21))
    assert "超过264万个" in first.quote
    for citation in answer.citations:
        assert citation.document.text[citation.start : citation.end] == citation.quote


def test_the_model_writes_and_what_it_read_and_wrote_is_counted(assistant: Assistant) -> None:
    answer = assistant.ask("传统产业为什么不能简单退出？", language_model="local")
    assert any(word in answer.text for word in ("基底", "基本盘", "基础性")), answer.text
    assert answer.supported, [claim.checks for claim in answer.claims]
    assert answer.language_model.startswith("qwen2.5-coder-1.5b")
    assert answer.usage["output_tokens"] > 0


def test_a_question_whose_answer_stands_in_two_documents(assistant: Assistant) -> None:
    answer = assistant.ask("2022年1至11月规模以上工业增加值同比增长多少？", language_model="local")
    assert "3.8" in answer.text
    assert answer.supported, [claim.checks for claim in answer.claims]
    first = answer.claims[0].citations[0]
    assert {first.document.path[6:9], *(other.path[6:9] for other in first.reprints)} == {"002", "004"}


def test_closing_a_stream_stops_the_model(assistant: Assistant) -> None:
    stream = assistant.stream("支持中小企业的四方面措施是什么？", language_model="local")
    for event in stream:
        if isinstance(event, Token):
            break
    stream.close()  # type: ignore[attr-defined]
    assert next(stream, None) is None
    # The model serves the next question at once; it would be busy if it still wrote.
    events = list(assistant.stream("算力总规模达到多少？", language_model="local"))
    assert isinstance(events[-1], Finished)
    assert "230" in events[-1].answer.text
