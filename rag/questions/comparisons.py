"""Comparisons: a question that sets two figures against each other, as one question for each.

``2023年一季度，A的增速比B的增速高多少？`` becomes ``2023年一季度，A的增速是多少？`` and ``2023年一季度，B的增速是多少？``. What cannot
be taken apart for sure is left whole; whether the sides are asked apart is decided by whether the documents answer both
(:mod:`rag.answering.finding`).
"""

import re

from rag.questions.words import AMOUNT, ASKS, END, TIME, distributed
from rag.text.script import convert

_JOINT = "(?:和|与|跟|同|以及|对比|比起|比)"
_ADJECTIVE = "[高低快慢多少大小]"
_DIFFERENCE = re.compile(
    "(?:[，,]|相比|之间|两者|二者|大概|大约|的|有|又)*(?:"
    "(?:相差|差距|差别|差)(?:了|是|有|为)?(?:多少|几.*|多大|大吗|大不大|如何|怎么样|怎样)"
    "|变化有?多大"
    f"|(?:增加|减少|提高|提升|上升|下降|上涨|增长|超出|变化|变动|{_ADJECTIVE}出?|涨)(?:了)?(?:大概|大约|约)?(?:多少|几.*|有?多大|如何)"
    "|有?(?:什么|何|哪些)(?:不同|变化|差别|区别|两样)|是(?:什么|啥)关系|(?:对比|比较|比)一下|比一比"
    f"|(?:谁|哪个|哪一?[个边项种])的?(?P<how>[^，,]{{0,4}}?)(?:得|更|比较)*{_ADJECTIVE}(?:[，,、]?{_ADJECTIVE}多少)?"
    ")$"
)
_REQUEST = re.compile(
    "[，,；;。？?](?:请|并|麻烦)*(?:给出|列出|说出|报出)?(?:这|那)?(?:两|2)个(?:数|数字|数据)$|[，,？?](?:各自?|分别)(?:是|有|为)?多少$"
)
_COURSE = re.compile(
    f"(?:从(?P<first>.+?)(?:到|至)(?P<last>.+?)|(?P<one>{TIME}){_JOINT}(?P<two>{TIME})(?:相比|比))[，,](?P<what>[^，,]+?)从多少.*?(?:到|至)了?多少$"
    f"|(?P<of>[^，,]+)[，,](?:从|自)?(?P<before>{TIME})(?:到|至)(?P<after>{TIME})(?:期间)?有?(?:什么|何|多大|怎样的?)?变化$"
)
_FIGURE_WORD = re.compile("(?:的?(?:口径|数量|数字|数目|数据|数|值))(?:比|相比)?$")
_KIND_OF_FIGURE = re.compile("[“”]*(?:数量|目标|计划|规划|实际|已建|总|的)*数?[“”]*$")
_NAMES_A_FIGURE = re.compile(f"(?:{AMOUNT}|数量?|比重|比例|占比|份额|规模|总量|[增降涨]幅|目标|计划|年份|时间)$")
_TIMES = re.compile(TIME)
_TIMED = re.compile(f"{_JOINT}{TIME}")
_SHORTEST = 2


def compares(question: str) -> bool:
    """Whether a question sets two figures against each other."""
    text = _without_request(convert("t2s", question))
    return bool(_COURSE.search(text) or _DIFFERENCE.search(text))


def sides_of(question: str) -> tuple[str, ...]:
    """The two questions for the figures that a question compares; empty where it cannot be taken apart."""
    simplified = convert("t2s", question)
    if simplified != question:
        return tuple(convert("s2t", side) for side in sides_of(simplified))
    text = _without_request(question)
    if course := _COURSE.search(text):
        times = next(
            (course[one], course[other])
            for one, other in (("first", "last"), ("one", "two"), ("before", "after"))
            if course[one]
        )
        return _asked([f"{time}{course['what'] or course['of']}" for time in _with_year(times)])
    difference = _DIFFERENCE.search(text)
    if not difference or difference.start() < 2 * _SHORTEST:
        return ()
    head = text[: difference.start()].rstrip("，,")
    shared, sides = _split(head)
    if not sides:
        return ()
    how = difference["how"] or ""
    amount = how if re.search(f"{AMOUNT}$", how) else "增速" if how.startswith("增") else ""
    return _asked([_joined(shared, side, amount) for side in sides])


def _without_request(question: str) -> str:
    """A question without what it says of its answer (``给出两个数``)."""
    text = END.sub("", question.strip())
    while (shorter := _REQUEST.sub("", text)) != text:
        text = END.sub("", shorter)
    return text


def _split(head: str) -> tuple[str, list[str]]:
    """What both sides share, and the sides: ``X，`` before them, or the time that only the first names."""
    shared, comma, compared = head.rpartition("，") if "，" in head else head.rpartition("：")
    if comma and (joined := re.match(f"{_JOINT}(?P<other>.+)", compared)):
        return "", _completed(shared, joined["other"])  # 2023年两会公布的5G基站数，和当年3月底的数比
    if comma and not re.search(_JOINT, compared):
        shared, compared = "", head.replace("，", "")
    listed = [] if _TIMED.search(compared) else [item for item in distributed(compared) if item]
    if len(listed) == 2 and not re.search(_JOINT, "".join(listed)):
        return shared, _completed(*listed) if not shared else listed
    places = [match for match in re.finditer(_JOINT, compared) if match.start() >= _SHORTEST]
    if not places or len(compared) - places[-1].end() < _SHORTEST:
        return "", []
    joint = next((match for match in places if match.group() != "比"), places[0])
    one, other = compared[: joint.start()], compared[joint.end() :]
    return shared, _completed(one, other) if not shared else [one, other]


def _completed(one: str, other: str) -> list[str]:
    """Two sides, the second with the time of the first if it has none, or with its subject if it has nothing else."""
    time, own = _TIMES.search(one), _TIMES.search(other)
    if time and not own:
        return [one, f"{time.group()}{other}"]
    subject = _subject_of(one)
    bare = _KIND_OF_FIGURE.sub("", _TIMES.sub("", _FIGURE_WORD.sub("", other))).strip("的“”")
    if own and subject and subject not in other and bare in subject:
        return [one, f"{subject}{other[own.start() :] if bare in subject else other}"]
    return [one, other]


def _subject_of(side: str) -> str:
    """What a side is a figure of: ``5G工厂的“十四五”计划数``, ``当初定的5G工厂数量目标``."""
    pieces = [_KIND_OF_FIGURE.sub("", piece) for piece in _TIMES.sub("", side).split("的")]
    return next((piece for piece in reversed(pieces) if len(piece) >= _SHORTEST), "").strip("“”")


def _joined(shared: str, side: str, amount: str) -> str:
    side = _FIGURE_WORD.sub("", side) if shared else re.sub("(?:相比|比)$", "", side)
    if shared and _TIMES.fullmatch(side.strip("的")):
        year = re.match(r"(?:19|20)\d\d年", shared)
        side = side.strip("的")
        if year and not re.search(r"\d{4}", side):
            return f"{year.group()}{side}{shared[year.end() :]}{amount}"
        return f"{side}{shared}{amount}"
    text = f"{shared}，{side}" if shared else side
    return f"{text}的{amount}" if amount and not text.endswith(amount) else text


def _with_year(times: tuple[str, str]) -> list[str]:
    """Two times, the second with the year of the first if it names none."""
    one, other = times
    year = re.search(r"(?:19|20)\d\d年", one)
    return [one, other if not year or re.search(r"\d{4}", other) else f"{year.group()}{other}"]


def _asked(sides: list[str]) -> tuple[str, ...]:
    asked = [side.strip("，,的 ") for side in sides]
    if any(len(side) < _SHORTEST or ASKS.search(side) for side in asked):
        return ()
    return tuple(f"{side}是多少？" if _NAMES_A_FIGURE.search(side) else f"{side}有多少？" for side in asked)
