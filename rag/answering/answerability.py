"""Answerability: whether a chat model itself holds the evidence to answer the question, as one number.

A small model asked ``能否回答？`` says 是 to everything; how much likelier 是 is than 否 tells the questions apart all
the same. One token on the prompt of the answer, which is read once for both: half a second on two cores.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag.answering.prompts import messages
from rag.errors import LanguageModelError
from rag.language_models.calls import Calls
from rag.reading.evidence import Evidence

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

REQUEST = "根据以上资料能否回答这个问题？只回答“是”或“否”。"
LIKELIEST = 20
"""How many of the likeliest tokens the model tells; 是 or 否 beyond them counts as the last of them."""


def tells_margins(chat_model: "BaseChatModel | None") -> bool:
    """Whether a chat model is worth asking: the embedded one, whose margins were measured and whose calls are free."""
    return getattr(chat_model, "_llm_type", "") == "youju-local"


def margin(calls: Calls, question: str, evidence: Sequence[Evidence]) -> float | None:
    """The log-probability of 是 less that of 否, when the model is asked whether the evidence answers the question.

    None where the model fails or gives no log-probabilities, or neither word is among its likeliest.
    """
    *before, (role, text) = messages(question, list(evidence))
    prompt = [*before, (role, f"{text}\n\n{REQUEST}")]
    given: Sequence[Mapping[str, Any]] = ()
    # A stream, for the same call on a local model can then be stopped; its first token has the probabilities.
    try:
        for piece in calls.stream(prompt, needs_text=False, max_tokens=1, logprobs=True, top_logprobs=LIKELIEST):
            found = (piece.response_metadata.get("logprobs") or {}).get("content")
            given = given or found or ()
    except LanguageModelError:  # told with the answer
        return None
    return _margin(given[0].get("top_logprobs") or ()) if given else None


def _margin(likeliest: Sequence[Mapping[str, Any]]) -> float | None:
    by_word: dict[str, float] = {}
    for token in likeliest:
        word = str(token["token"]).strip()
        # Several tokens may begin alike (是, 是的): their probabilities add up.
        known = by_word.get(word[:1])
        value = float(token["logprob"])
        by_word[word[:1]] = value if known is None else _sum(known, value)
    if not by_word.keys() & {"是", "否"}:
        return None
    least = min(float(token["logprob"]) for token in likeliest)
    return by_word.get("是", least) - by_word.get("否", least)


def _sum(first: float, second: float) -> float:
    high, low = max(first, second), min(first, second)
    return high + math.log1p(math.exp(low - high))
