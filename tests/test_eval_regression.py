"""The extractive answers to the whole evaluation set are no worse than when they were last measured."""

from typing import Any

import pytest

from eval.questions import load_questions
from eval.run import run, summarise
from rag.assistant import Assistant

# Measured on 60 questions: (value, margin). One answerable question is 0.024, one unanswerable question 0.056.
AT_LEAST = {
    "fact_accuracy": (0.643, 0.025),
    "evidence_recall": (0.905, 0.025),
    "recall_at_10": (1.0, 0.025),
    "citation_precision": (0.726, 0.03),
    "citation_recall": (0.738, 0.03),
    "rejection_rate": (0.889, 0.06),
}
AT_MOST = {"false_rejection_rate": (0.0, 0.025), "unsupported_claim_rate": (0.0, 0.02)}


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("YOUJU_INDEX", raising=False)
        with Assistant.open() as assistant:
            summary: dict[str, Any] = summarise(run(assistant, load_questions(), "extractive"))["all"]
            return summary


@pytest.mark.slow
def test_every_question_is_answered_without_an_error(measured: dict[str, Any]) -> None:
    assert measured["questions"] == 60
    assert measured["errors"] == 0


@pytest.mark.slow
def test_every_citation_is_an_exact_span(measured: dict[str, Any]) -> None:
    assert measured["exact_span_rate"] == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", AT_LEAST)
def test_no_worse_than_measured(measured: dict[str, Any], name: str) -> None:
    value, margin = AT_LEAST[name]
    assert measured[name] >= value - margin


@pytest.mark.slow
@pytest.mark.parametrize("name", AT_MOST)
def test_no_more_than_measured(measured: dict[str, Any], name: str) -> None:
    value, margin = AT_MOST[name]
    assert measured[name] <= value + margin
