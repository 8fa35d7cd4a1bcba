"""Answerability: whether a chat model itself holds the evidence to answer the question, as one number.

One token on the prompt of the answer, which is read once for both: half a second on two cores.
"""

from collections.abc import Sequence

from rag.answering.margins import margin_between
from rag.answering.prompts import messages
from rag.language_models.calls import Calls
from rag.reading.evidence import Evidence

REQUEST = "根据以上资料能否回答这个问题？只回答“是”或“否”。"


def margin(calls: Calls, question: str, evidence: Sequence[Evidence]) -> float | None:
    """The log-probability of 是 less that of 否, when the model is asked whether the evidence answers the question.

    None where the model does not say.
    """
    *before, (role, text) = messages(question, list(evidence))
    return margin_between(calls, [*before, (role, f"{text}\n\n{REQUEST}")], "是", "否")
