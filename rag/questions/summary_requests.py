"""Requests for a summary: how long it may be, whether it is of one document or of all, and what it is to be about."""

import re
from dataclasses import dataclass

from rag.text.numerals import DIGITS, value_of
from rag.text.script import convert, is_chinese

SHORTEST, LONGEST = 30, 5000
"""How long a summary may be, whatever is asked for."""
_NUMERAL = r"(?:\d+|[零一二两三四五六七八九十百千]+)\s*"
_LENGTH = re.compile(rf"({_NUMERAL})(?:来|多|余|几)?个?字|(\d+)[- ]?words?\b", re.IGNORECASE)
_SENTENCES = re.compile(rf"({_NUMERAL})句|\b(\d+|one|two|three|four|five|six) sentences?\b", re.IGNORECASE)
_ENGLISH_NUMBERS = {name: number for number, name in enumerate(("one", "two", "three", "four", "five", "six"), 1)}
# What points at several documents, or at one: demonstratives and quantifiers.
_SEVERAL = re.compile(
    r"[这那][些几批堆两三四五]|所有|全部|每一?[份篇个]|各[份篇个文]|分别|[几两三]份文|"
    r"\b(?:these|those|all|each|every|files|documents|papers|texts|articles|reports)\b",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"[这那]一?[份篇个部本条则封]|[该本此](?=[文通报材资合判纪说办方意])|刚才|"
    r"\b(?:this|that|it|the (?:\w+ )?(?:document|file|article|report|notice|paper|text|contract|minutes))\b",
    re.IGNORECASE,
)
_KIND = "(?:专题|专项)?(?:简报|综述|摘要|概要|总结|报告|材料|要点|概述|提要)"
_AMOUNT = "[一两]?[份篇个段]"
_COUNT = f"(?:{_NUMERAL}(?:来|多|余|几)?个?字(?:左右|以内|上下)?的?)"
_VERB = "(?:生成|起草|撰写|编写|整理|总结|概括|归纳|梳理|综述|汇总|提炼|概述|综合|准备|形成)"
_WRITE = f"(?:[写做出拟给要来搞](?={_AMOUNT}|{_COUNT}|关于|有关)|[写做出拟](?:简报|综述)|写成|{_VERB})"
_TEXTS = "(?:[这各全所]?[部有些个份]?[份个]?(?:文件|资料|文档|材料)(?:内容)?(?:里|中|的)?)"
_SIMPLE = "(?:简[短要明]的?)"
# What stands before a topic and behind it where something is to be written about it.
_BEFORE_TOPIC = re.compile(
    f"^(?:[，,、\\s]|(?:需要|想要|我|领导|请你?|帮忙?我?|给|根据|按照|把|将)|用(?={_NUMERAL})|{_WRITE}|{_AMOUNT}(?:的)?"
    f"|{_COUNT}|{_SIMPLE}|一下|下|{_TEXTS})*+(?:关于|有关|围绕|针对|涉及|就|讲|对|以)?"
)
_BEHIND_TOPIC = re.compile(
    "(?:方面|问题)?(?:的|相关|有关|主要)*(?:内容|规定|说法|要求|部分|情况|信息|要点)?(?:为(?:主?题|中心))?"
    f"(?:[，,、\\s]|请|帮我|给我|{_WRITE}|[写做出拟](?=[篇个份段])|{_AMOUNT}|一下|成|的|{_COUNT}|{_SIMPLE}|{_KIND}|{_TEXTS}(?:的)?(?:说法|内容))*+$"
)
_ENGLISH_TOPIC = re.compile(
    r"(?:\b(?:on|about|say on|regarding|concerning|everything about|overview of|summary of)\b)\s+(?P<topic>.+)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """What a request for a summary asks.

    Attributes:
        length: how long it may be, in Chinese characters or words; None where that is left open.
        sentences: how many sentences it may have; None where that is left open.
        points_at_one: whether it points at one document (``这份文件``).
        of_several: whether it is of several documents (``这些文件``).
    """

    length: int | None
    sentences: int | None
    points_at_one: bool
    of_several: bool


def summary_request(question: str) -> SummaryRequest:
    """What a question that asks for a summary asks."""
    told = convert("t2s", question)
    several = bool(_SEVERAL.search(told))
    return SummaryRequest(_length(told), _sentences(told), bool(_ONE.search(told)) and not several, several)


def topic_of(question: str) -> str:
    """What a brief is to be about (``就农业补贴写一份简报``: ``农业补贴``); empty where it names nothing."""
    told = convert("t2s", question).strip(" 。？！?!.")
    if not is_chinese(told):
        found = _ENGLISH_TOPIC.search(told)
        return found["topic"].removesuffix("please").strip(" ,") if found else told
    inner = _BEFORE_TOPIC.sub("", told, count=1)
    return _BEHIND_TOPIC.sub("", inner, count=1).strip(' ，,“”"《》：:')


def _length(question: str) -> int | None:
    found = _LENGTH.search(question)
    wanted = _number(found[1] or found[2]) if found else 0
    return min(max(wanted, SHORTEST), LONGEST) if wanted else None


def _sentences(question: str) -> int | None:
    found = _SENTENCES.search(question)
    if not found:
        return None
    if found[2]:
        return _ENGLISH_NUMBERS.get(found[2].lower()) or int(found[2])
    return _number(found[1]) or None


def _number(numeral: str) -> int:
    written = numeral.strip()
    return int(written) if written.isdigit() else int(value_of(written) or DIGITS.get(written, 0))
