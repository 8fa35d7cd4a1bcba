"""Expansion: a question in other words, or in the documents' language, written by a language model.

Words alone cannot find Chinese passages for an English question; its translation can.
"""

import re
from collections.abc import Callable

from rag.lexical import query_terms

MOST = 2
LONGEST = 200
_HAN = re.compile("[\u3400-\u9fff]")
_LATIN_WORD = re.compile("[A-Za-z]{2,}")
_MARKER = re.compile(
    r"^\s*(?:[-*•]|\(?\d{1,2}[.)、．](?!\d)|(?:译文|翻译|中文|问题|Translation|Question)\s*[:：])\s*", re.IGNORECASE
)
_TRANSLATE = "把下面的问题译成简体中文，只写译文，数字、年份和专有名词照原样。\n问题：{question}\n译文："
_REPHRASE = "用新闻和公文里常见的说法把下面的问题换一种写法，意思不变，数字、年份和专有名词照原样，只写一行。\n问题：{question}\n换一种写法："


def is_foreign(question: str) -> bool:
    """Whether a question is not in Chinese: it has at least three words of Latin letters and no Chinese character."""
    return not _HAN.search(question) and len(_LATIN_WORD.findall(question)) >= 3


def expand(question: str, complete: Callable[[str], str]) -> list[str]:
    """At most two further phrasings of a question: of a foreign one its Chinese translation, else a rewording.

    A phrasing that repeats the question, has nothing to search for, or brings a number the question does not have is
    left out. What ``complete`` raises passes through.

    Args:
        complete: what a language model writes after a prompt.
    """
    prompt = _TRANSLATE if is_foreign(question) else _REPHRASE
    written = complete(prompt.format(question=question))
    phrasings = [_MARKER.sub("", line).strip().strip("“”\"'") for line in written.splitlines()]
    kept = [phrasing for phrasing in dict.fromkeys(phrasings) if _is_usable(phrasing, question)]
    return kept[:MOST]


def _is_usable(phrasing: str, question: str) -> bool:
    if not 2 <= len(phrasing) <= LONGEST or not _HAN.search(phrasing) or phrasing == question:
        return False
    if set(query_terms(phrasing).tolist()) <= set(query_terms(question).tolist()):
        return False
    # A translation may write "March" as 3月, so months and days are no invention; a longer number is.
    return set(re.findall(r"\d{3,}", phrasing)) <= set(re.findall(r"\d+", question.replace(",", "")))
