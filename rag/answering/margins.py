"""Margins: how much likelier one word is than another as the first that a chat model writes.

A small model asked to say yes or no says yes to everything; how much likelier one of the two is than the other tells
right from wrong all the same.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag.errors import LanguageModelError
from rag.language_models.calls import LOCAL, Calls

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LIKELIEST = 20
"""How many of the likeliest tokens the model tells; a word beyond them counts as the last of them."""


def tells_margins(chat_model: "BaseChatModel | None") -> bool:
    """Whether a chat model is worth asking: the embedded one, whose margins were measured and whose calls are free."""
    return getattr(chat_model, "_llm_type", "") == LOCAL


def margin_between(calls: Calls, prompt: Any, yes: str, no: str) -> float | None:
    """The log-probability that the model begins with ``yes`` less that of ``no``.

    None where the model fails or gives no log-probabilities, or neither is among its likeliest.

    Args:
        prompt: as for ``BaseChatModel.stream``.
        yes, no: one character each.
    """
    given: Sequence[Mapping[str, Any]] = ()
    # A stream, for the same call on a local model can then be stopped; its first token has the probabilities.
    try:
        for piece in calls.stream(prompt, needs_text=False, max_tokens=1, logprobs=True, top_logprobs=LIKELIEST):
            found = (piece.response_metadata.get("logprobs") or {}).get("content")
            given = given or found or ()
    except LanguageModelError:  # told with the answer
        return None
    return _between(given[0].get("top_logprobs") or (), yes, no) if given else None


def _between(likeliest: Sequence[Mapping[str, Any]], yes: str, no: str) -> float | None:
    by_word: dict[str, float] = {}
    for token in likeliest:
        word = str(token["token"]).strip()
        # Several tokens may begin alike (是, 是的): their probabilities add up.
        known = by_word.get(word[:1])
        value = float(token["logprob"])
        by_word[word[:1]] = value if known is None else _sum(known, value)
    if not by_word.keys() & {yes, no}:
        return None
    least = min(float(token["logprob"]) for token in likeliest)
    return by_word.get(yes, least) - by_word.get(no, least)


def _sum(first: float, second: float) -> float:
    high, low = max(first, second), min(first, second)
    return high + math.log1p(math.exp(low - high))
