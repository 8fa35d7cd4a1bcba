"""Sides: a question of one thing about several, coordinated by 和 or 、, as one question for each of them.

``2023年北京和上海的人口分别是多少？`` becomes ``2023年北京的人口是多少？`` and ``2023年上海的人口是多少？``; ``长江和黄河哪个更长？`` asks for
what is known of each: ``长江？`` and ``黄河？``. Where the things begin and end is told by the marks around them (的, 在, commas)
and by the dates that stand there.
"""

import re
from datetime import date

from rag.questions.words import ASKS, END, OPENS_TIME
from rag.text.dates import dates_in
from rag.text.mentions import DateMention
from rag.text.script import convert

MOST_SIDES = 4
_EACH = re.compile("[，,]?(?:分别|各自?(?=[^，的]{0,6}(?:多少|几|哪|谁|什么|何|多[大高长少远重久快])))")
_WHICH = re.compile(
    "(?:相比)?[，,]?(?:哪一?[个年月家种项]|谁)的?(?P<what>[^，更最]*?)(?:(?:更|比较|最)[^，]{1,4}|[^，])$"
)
_JOINT = re.compile("以及|、|和|与|跟|及")
_ANY_DAY = date(2000, 12, 31)
"""A day of publication, so that ``去年`` and ``3月`` are found; which days they are does not matter."""
_YEAR = re.compile(r"(?:19|20)\d\d年")


def sides_of(question: str) -> tuple[str, ...]:
    """One question for each of the things that a question coordinates; just the question where it coordinates none.

    Args:
        question: one that stands alone.
    """
    simplified = convert("t2s", question)
    if simplified != question:
        sides = sides_of(simplified)
        return tuple(convert("s2t", side) for side in sides) if len(sides) > 1 else (question,)
    text = END.sub("", question)
    if match := _EACH.search(text):
        head, asked = text[: match.start()], text[match.end() :]
    elif match := _WHICH.search(text):
        what = match["what"]
        head, asked = text[: match.start()], f"的{what}" if what and "的" not in text[: match.start()] else what
    else:
        return (question,)
    if ASKS.search(head):
        return (question,)
    things = _each_in_its_frame(head)
    return tuple(f"{thing}{asked}？" for thing in things) if 2 <= len(things) <= MOST_SIDES else (question,)


def _each_in_its_frame(head: str) -> list[str]:
    """``2023年北京和上海的人口`` as ``2023年北京的人口`` and ``2023年上海的人口``; empty where nothing is joined."""
    joints = [match.span() for match in _JOINT.finditer(head)]
    if not joints:
        return []
    mentions = dates_in(head, published=_ANY_DAY)
    if times := _joined_times(head, joints, mentions):
        return times
    if dated := _dated_phrases(head, joints, mentions):
        return dated
    first, last = joints[0][0], joints[-1][1]
    start = max(head.rfind("，", 0, first) + 1, *(mention.end for mention in mentions if mention.end <= first), 0)
    times_after = (mention.start for mention in mentions if mention.start >= last)
    rest = min(_place(head, "的", last), _place(head, "在", last), *times_after)
    owner = head.rfind("的", start, first) + 1
    if owner and head.find("的", last) < 0:
        start = owner
    items = _JOINT.split(head[start:rest])
    if any(len(item) < 2 for item in items):
        return []
    return [f"{head[:start]}{item}{head[rest:]}" for item in items]


def _joined_times(head: str, joints: list[tuple[int, int]], mentions: list[DateMention]) -> list[str]:
    """One head for each of the dates that stand joined; the year of the first is that of all that name none."""
    joined = [
        mention
        for mention in mentions
        if any(mention.end == start or _begins_at(head, mention, end) for start, end in joints)
    ]
    if len(joined) < 2:
        return []
    start, end = joined[0].start, joined[-1].end
    year = _YEAR.search(head, joined[0].start, joined[0].end)
    times = [head[mention.start : mention.end] for mention in joined]
    full = [time if not year or _YEAR.search(time) else f"{year[0]}{time}" for time in times]
    return [f"{head[:start]}{time}{head[end:]}" for time in full]


def _dated_phrases(head: str, joints: list[tuple[int, int]], mentions: list[DateMention]) -> list[str]:
    """``2022年底的目标和2024年的实际``: what is joined, where each begins with a date of its own."""
    start, end = joints[-1]
    before = [mention for mention in mentions if mention.end <= start]
    if len(joints) > 1 or len(before) != 1 or not any(_begins_at(head, mention, end) for mention in mentions):
        return []
    first = before[0].start
    return [head[:start], f"{head[:first]}{head[end:]}"]


def _begins_at(head: str, mention: DateMention, place: int) -> bool:
    return mention.start >= place and not OPENS_TIME.sub("", head[place : mention.start])


def _place(text: str, word: str, start: int) -> int:
    """Where a word stands from a place on; the end of the text where it does not."""
    found = text.find(word, start)
    return found if found >= 0 else len(text)
