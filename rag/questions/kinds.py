"""Kinds of questions: what kind of answer a question asks for, told from its words, in Chinese and English.

Each function answers for one kind, and a question may be of several: ``2024年的三项措施分别由谁提出`` asks for a list
and for a person. The words are looked for in the folded question: half-width, lower case, simplified characters.
"""

import re

from rag.text.script import is_chinese
from rag.text.terms import fold

_LIST = re.compile(
    r"哪些|哪几|哪[“「\"]?[二两三四五六七八九十]|有啥|(?:分别|各自?)[是为有指](?!多|几)|分别[^，,。多几]{1,6}什么|(?:包括|包含|都有)什么|"
    r"[几二两三四五六七八九十\d][个项类种条点大方件步](?!月)[^，,。]{0,12}(?:是什么|是啥|指什么|有什么)|"
    r"\bwhich (?!one\b)\w+s\b|\blist\b|\bwhat are\b|\bname (?:the|all)\b|\bwhat (?:\w+ )?\w+s (?:are|were|have|did|does)\b"
)
_SPEAKER = re.compile(
    r"谁(?!知道|能想)|叫什么|姓名|哪一?[位个名家](?!人[群口]|月|年)[^，,。]{1,4}(?:说|问|写|介绍|提|报道|采访)|何人|什么人|哪一?位|"
    r"\bwho\b|\bwhose\b|\bwhich (?:official|person|speaker|minister|expert)\b"
)
_REASON = re.compile(
    r"为什么|为何|为啥|为了什么|为的是|凭什么|怎么会|原因|理由|缘故|何以|(?<![项题科节栏数书条名剧账细])目的|什么作用|\bwhy\b|\bwhat for\b|\breason|\bpurpose|\bhow come\b"
)


def asks_for_list(question: str) -> bool:
    """Whether the answer names several things: ``哪些``, ``哪几类``, ``四个方面是什么``."""
    return bool(_LIST.search(fold(question)))


def asks_for_speaker(question: str) -> bool:
    """Whether the answer is a person: ``谁说``, ``哪位官员``, ``who``."""
    return bool(_SPEAKER.search(fold(question)))


def asks_for_reason(question: str) -> bool:
    """Whether the answer is a cause or a purpose: ``为什么``, ``目的``, ``why``."""
    return bool(_REASON.search(fold(question)))


def without_asking_why(question: str) -> str:
    """A question without the words that ask for the reason: what is left is what it takes for granted."""
    return _REASON.sub("", question) if is_chinese(question) else question
