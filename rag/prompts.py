"""Prompts: what a language model is given. The texts were chosen by measurement; see docs/benchmarks.md.

The fixed part comes first and stays the same from question to question, so that a local model reads it once. Document
text is untrusted: it stands between the marks of its passage, and marks inside it are taken out.
"""

import re

from rag.evidence import Evidence, in_reading_order
from rag.view import INVISIBLE

SYSTEM = "你是严谨的问答助手。只根据给出的资料回答问题，用一两句话作答。"
_SYSTEM_ENGLISH = "你是严谨的问答助手。只根据给出的资料回答问题，用一两句话作答。Answer in English."
_PART_LABELS = re.compile(r"((?:^|[。！？；.!?;\s])\s*(?:资料|问题|回答|此前的对话|问|答)\s*)[:：]")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
# What chat templates set apart the parts of a conversation with: <|im_start|>, <start_of_turn>, </s>, [INST].
_TEMPLATE_MARKS = re.compile(r"<+\|+|\|+>+|<(?=/?[a-z_]+>)|(?<=\[)(?=/?INST\])")

History = list[tuple[str, str]]
"""Earlier questions of a conversation with their answers, oldest first."""


def messages(question: str, evidence: list[Evidence], history: History | None = None) -> list[tuple[str, str]]:
    """Messages for a chat model as (role, text), roles ``system`` and ``human``.

    Args:
        question: what is asked.
        evidence: the sentences to answer from.
        history: earlier questions with their answers; the last two are shown.
    """
    parts = [f"资料：\n{passages(evidence)}"]
    if history:
        parts.append(
            "此前的对话：\n" + "\n".join(f"问：{_safe(asked)}\n答：{_safe(said)}" for asked, said in history[-2:])
        )
    parts.append(f"问题：{question}")
    system = SYSTEM if is_chinese(question) else _SYSTEM_ENGLISH
    return [("system", system), ("human", "\n\n".join(parts))]


def passages(evidence: list[Evidence]) -> str:
    """Evidence as numbered passages, one a document: ``[1] 《title》2023-04-21：…``."""
    lines = []
    for number, group in enumerate(in_reading_order(evidence), 1):
        document = group[0].document
        day = document.date.isoformat() if document.date else ""
        text = "".join(_safe(part.sentence.text) for part in group)
        lines.append(f"[{number}] 《{_safe(document.title)}》{day}：{text}")
    return "\n".join(lines)


def is_chinese(text: str) -> bool:
    """Whether a text has any Chinese character; answers are written in the question's language."""
    return bool(re.search("[\u3400-\u9fff]", text))


def _safe(text: str) -> str:
    """Document text that cannot pose as another part of the prompt: one line, without the marks of parts."""
    text = " ".join(_INVISIBLE.sub("", " ".join(text.splitlines())).split())
    return _PART_LABELS.sub(r"\1 ", _TEMPLATE_MARKS.sub(" ", text))
