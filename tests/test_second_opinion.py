"""The second opinion: what a language model holds of a claim counts where the reader leaves it open, and nowhere else."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from numpy.typing import NDArray

from rag.answering.second_opinion import opinion_of, second_opinion
from rag.answers import Checks, Citation
from rag.checking.verification import OPEN, Opinion, verify_all
from rag.language_models.calls import Calls
from rag.reading.claim_reader import ClaimReader, Support
from rag.text.documents import Document
from rag.text.structure import sentences_of

SOURCE = "全镇有9个村，二期工程尚未立项。"


class Saying(GenericFakeChatModel):
    """The model in this process, which begins with one of two words, each as likely as is said."""

    yes: float
    no: float

    @property
    def _llm_type(self) -> str:
        return "youju-local"

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        likeliest = [{"token": "符合", "logprob": self.yes}, {"token": "不符合", "logprob": self.no}]
        message = AIMessageChunk("符", response_metadata={"logprobs": {"content": [{"top_logprobs": likeliest}]}})
        yield ChatGenerationChunk(message=message)


def calls(yes: float, no: float) -> Calls:
    return Calls(Saying(messages=iter(()), yes=yes, no=no), "a model")


class Holding(ClaimReader):
    """Holds every claim to be borne out with one probability, and one of its words to be the doubtful one."""

    def __init__(self, probability: float) -> None:
        self._held = Support(probability, (((0, 2), 1.0), ((2, 4), 0.2)))

    def support(self, *_: Any) -> Support:  # type: ignore[override]
        return self._held


def checked(probability: float, opinion: Opinion | None) -> Checks:
    document = Document(text=SOURCE, path="a.txt", title="")
    (checks,) = verify_all(
        ["镇上一共有九个村子。"],
        [(Citation(document, 0, len(SOURCE), SOURCE),)],
        lambda each: sentences_of(each.text),
        no_vectors,
        Holding(probability),
        opinion,
    )
    return checks


def no_vectors(texts: list[str]) -> NDArray[np.float32]:
    pytest.fail("not needed in one language")


def test_a_model_that_agrees_adds_and_one_that_does_not_takes_away() -> None:
    more, less = (second_opinion(calls(yes, no), "全镇有九个村。", SOURCE) for yes, no in ((-0.1, -2.5), (-2.5, -0.1)))
    assert less < 0 < more
    bounded = second_opinion(calls(0.0, -90.0), "全镇有九个村。", SOURCE)
    assert math.isfinite(bounded) and bounded >= more


def test_of_a_claim_in_another_language_nothing_is_asked() -> None:
    assert second_opinion(calls(-0.1, -9.0), "The town has nine villages.", SOURCE) == 0


def test_only_the_model_in_this_process_is_asked() -> None:
    assert opinion_of(calls(0.0, -1.0)) and opinion_of(None) is None
    other = GenericFakeChatModel(messages=iter(()))
    assert opinion_of(Calls(other, "another")) is None


def test_what_the_reader_leaves_open_is_settled_and_the_doubtful_word_named() -> None:
    assert checked(0.7, lambda claim, source: 2.0).supports
    doubted = checked(0.7, lambda claim, source: -2.0)
    assert not doubted.supports and [word.text for word in doubted.unsupported_words] == ["镇上"]
    assert checked(0.3, lambda claim, source: 2.0).supports


@pytest.mark.parametrize("sure", [OPEN[0] / 2, (1 + OPEN[1]) / 2])
def test_what_the_reader_is_sure_of_is_not_asked(sure: float) -> None:
    checks = checked(sure, lambda claim, source: pytest.fail("asked"))
    assert checks.supports == (sure > 0.5)
