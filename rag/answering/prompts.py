"""Prompts: what a language model is given. The texts were chosen by measurement; see docs/benchmarks.md.

The fixed part comes first and stays the same from question to question, so that a local model reads it once. Document
text is untrusted: it stands between the marks of its passage, and marks inside it are taken out.
"""

import re
from decimal import Decimal

from rag.reading.evidence import Evidence, in_reading_order
from rag.text.figures import figures_in
from rag.text.instructions import is_instruction
from rag.text.script import is_chinese
from rag.text.view import without_invisible

SYSTEM = "你是严谨的问答助手。只根据给出的资料回答问题，用一两句话作答。"
_SYSTEM_ENGLISH = "你是严谨的问答助手。只根据给出的资料回答问题，用一两句话作答。Answer in English."
_PART_LABELS = re.compile(r"((?:^|[。！？；.!?;\s])\s*(?:资料|问题|回答|此前的对话|问|答)\s*)[:：]")
# What chat templates set apart the parts of a conversation with: <|im_start|>, <start_of_turn>, </s>, [INST].
_TEMPLATE_MARKS = re.compile(r"<+\|+|\|+>+|<(?=/?[a-z_]+>)|(?<=\[)(?=/?INST\])")

_MYRIADS = re.compile("[万亿]")


def messages(question: str, evidence: list[Evidence]) -> list[tuple[str, str]]:
    """Messages for a chat model as (role, text), roles ``system`` and ``human``.

    Args:
        question: what is asked; it stands alone (:mod:`rag.questions.follow_ups`).
        evidence: the sentences to answer from.
    """
    shown = passages(evidence)
    if is_chinese(question):
        system = SYSTEM
    else:
        system, shown = _SYSTEM_ENGLISH, in_english_figures(shown)
    return [("system", system), ("human", f"资料：\n{shown}\n\n问题：{question}")]


def passages(evidence: list[Evidence]) -> str:
    """Evidence as numbered passages, one a document: ``[1] 《title》2023-04-21：…``."""
    lines = []
    for number, group in enumerate(in_reading_order(evidence), 1):
        document = group[0].document
        day = document.trusted_date.isoformat() if document.trusted_date else ""
        text = "".join(_safe(part.sentence.text) for part in group)
        title = "" if is_instruction(document.title) else f"《{_safe(document.title)}》"
        lines.append(f"[{number}] {title}{day}：{text}")
    return "\n".join(lines)


def in_english_figures(text: str) -> str:
    """A Chinese text with what its large numbers are in English behind them: ``264万 (2.64 million)``.

    A small model turns 万 and 亿 into millions by guessing, ten times too many as often as not; here it need only copy.
    """
    written = ""
    place = 0
    for figure in figures_in(text):
        if _MYRIADS.search(figure.written) and not figure.kind and figure.value >= 10_000:
            written += f"{text[place : figure.end]} ({_in_english(figure.value)})"
            place = figure.end
    return written + text[place:]


def _in_english(value: Decimal) -> str:
    for name, size in (("trillion", 10**12), ("billion", 10**9), ("million", 10**6)):
        if value >= size:
            return f"{(value / size).normalize():f} {name}"
    return f"{value:,f}".removesuffix(".0")


def _safe(text: str) -> str:
    """Document text that cannot pose as another part of the prompt: one line, without the marks of parts."""
    text = " ".join(without_invisible(" ".join(text.splitlines())).split())
    return _PART_LABELS.sub(r"\1 ", _TEMPLATE_MARKS.sub(" ", text))
