"""Lines of official documents that their place and form explain, not a label: number, number of a case, who signs.

As GB/T 9704-2012 lays them out: the number stands alone (``浔统发〔2024〕7号``), as do at the end the body that issues the
document and, below it, the day. Each is read with what it is, as a cell of a table is with its heads.
"""

import re

LEADS = NUMBER, CASE, SIGNED = "文号：", "案号：", "落款："
"""What is read before such lines."""
BRACKETED_YEAR = r"[（(〔\[［]\s?(?:19|20)\d\d\s?[）)〕\]］]"
"""Of a number, for a pattern: ``〔2024〕``."""
_NUMBER = re.compile(rf"[^\s，。：；（）()]{{1,16}}\s?{BRACKETED_YEAR}\s?(?:第\s?)?\d{{1,5}}\s?号")
_CASE = re.compile(rf"{BRACKETED_YEAR}\s?[^\s，。：；]{{2,16}}\d\s?号(?:之[一二三四五六七八九十\d]+)?")
_SIGNATURE = re.compile(r"[^\s\d，。、：；！？,.:;!?（()）《》“”|#*\-—]{2,30}")
_DAY = re.compile(
    r"(?:(?:19|20)\d\d|[一二][〇○零九０O0][〇○零一二三四五六七八九０O0]{2})\s?年\s?[\d一二三四五六七八九十]{1,3}\s?月\s?[\d一二三四五六七八九十]{1,3}\s?日"
)


def lead_of(line: str, below: str, *, after_sentences: bool) -> str:
    """What is read before a line that stands alone; empty where its form and place do not tell what it is.

    Args:
        line: as it reads.
        below: the next line in which anything stands, as it reads.
        after_sentences: whether sentences stand before it: who signs comes after them.
    """
    if _NUMBER.fullmatch(line):
        return NUMBER
    if _CASE.fullmatch(line):
        return CASE
    return SIGNED if after_sentences and _SIGNATURE.fullmatch(line) and _DAY.fullmatch(below) else ""
