"""A second opinion on a claim: what a chat model itself holds of it beside the words it cites, as one number.

The reader of claims is small: where it points at the right word it is often not sure enough. A language model, asked
whether a claim is as its source says, knows other things. One call a claim, a second on two cores, and only where the
reader leaves it open.
"""

from functools import partial

from rag.answering.margins import margin_between, tells_margins
from rag.checking.verification import Opinion
from rag.language_models.calls import Calls
from rag.text.script import is_chinese

REQUEST = (
    "请核对说法是否符合原文。只要有一处（对象、数字、时间、方向、条件）与原文不符，或原文没有说到，就是不符合。\n\n"
    "原文：\n{source}\n\n说法：{claim}\n\n这个说法符合原文吗？只回答“符合”或“不符合”。"
)
ORIGIN, WEIGHT, REACH = -0.8, 0.75, 3.0
"""From which margin on the model speaks for a claim, what its distance from there counts, and how far it counts at most.
Measured on claims kept apart from training and on those of ``eval/fields`` (docs/notebook.md)."""


def opinion_of(calls: Calls | None) -> Opinion | None:
    """What asks a chat model, as claims are checked; None where there is none, or none whose margins are worth asking for."""
    return partial(second_opinion, calls) if calls and tells_margins(calls.chat_model) else None


def second_opinion(calls: Calls, claim: str, source: str) -> float:
    """What a chat model adds to the logit that a claim is borne out; nothing where it does not say.

    Args:
        claim: in Chinese, else nothing was measured and nothing is asked.
        source: the words it cites, with their sentences.
    """
    if not is_chinese(claim):
        return 0.0
    margin = margin_between(calls, REQUEST.format(source=source, claim=claim), "符", "不")
    return 0.0 if margin is None else WEIGHT * max(-REACH, min(REACH, margin - ORIGIN))
