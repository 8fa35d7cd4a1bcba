"""Computations: what a Chinese question asks to be calculated, and the questions for the figures that it takes.

``甲桥比乙桥多投资多少？`` asks for a difference: of what ``甲桥投资多少？`` and ``乙桥投资多少？`` are answered with. Few words of the
language tell it: 比 between two things with the adjectives of measure and the verbs of change, 相差, the words for together,
占, the superlative 最, and the verbs that hold a quantity against another. Where the things and what is measured of them cannot
be told apart, nothing is to be calculated. English questions: :mod:`rag.questions.english_computations`.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from rag.questions.kinds import asks_for_reason
from rag.questions.sides import MOST_SIDES, sides_of
from rag.questions.words import ASKS, END, OPENS_TIME
from rag.text.dates import dates_in
from rag.text.measures import is_unit
from rag.text.mentions import DateMention
from rag.text.quantities import Quantity, quantities_in
from rag.text.script import convert, is_chinese

Kind = Literal["difference", "sum", "share", "which", "limit", "column"]
"""What is asked: by how much things differ, what they make together, which share one is of the other, which is more, whether
one is beyond a limit, which row of a table has the most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure that a computation takes.

    Attributes:
        name: what tells it from the others: a thing or a time; empty for one that stands alone.
        subject: what it is of.
        question: asks for it.
        other: asks for it in other words; empty where there are none.
    """

    name: str
    subject: str
    question: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Computation:
    """What a question asks to be calculated.

    Attributes:
        kind: of :data:`Kind`.
        asked: the figures that it takes; of a difference the first is measured against the second, of a share the part
            comes first.
        more: whether the first is said to be more than the second, or the most is asked for; False for less.
        if_more, if_less: how the answer begins where the first is more, or less; a number or a name follows or precedes.
        limit: what a figure is held against.
        measure: what is measured.
        words: of a column, what else the question says of its table; of a limit, the verb.
        rows: of a column, what the question calls its rows.
    """

    kind: Kind
    asked: tuple[Asked, ...] = ()
    more: bool = True
    if_more: str = ""
    if_less: str = ""
    limit: Quantity | None = None
    measure: str = ""
    words: str = ""
    rows: str = ""


LONGEST = 100
"""Characters of a question that is looked at; a longer one tells of something besides."""
# The adjectives of measure in pairs, and the verbs of change. 快 and 慢 are left out: who is quicker needs less time.
_PAIRS = {
    "多": "少",
    "高": "低",
    "大": "小",
    "长": "短",
    "重": "轻",
    "宽": "窄",
    "深": "浅",
    "厚": "薄",
    "贵": "便宜",
    "远": "近",
    "增加": "减少",
    "增长": "下降",
    "提高": "降低",
    "上升": "下降",
    "上涨": "下跌",
}
_OPPOSITE = {less: more for more, less in reversed(_PAIRS.items())} | _PAIRS
_MORE = frozenset(_PAIRS)
_DIRECTION = "|".join(sorted(_OPPOSITE, key=len, reverse=True))
_ASKING_ADJECTIVES = {
    "长": "多长",
    "重": "多重",
    "宽": "多宽",
    "深": "多深",
    "厚": "多厚",
    "贵": "多少钱",
    "高": "多高",
    "远": "多远",
}
"""What an adjective measures by itself. 多 and 大 need to be told what of."""
_POLITE = re.compile("^(?:请问|问一下|想问一下|我想知道|请告诉我)[，,：:]?")
_AMOUNT = r"(?:多少|多大|几)(?P<unit>[\u4e00-\u9fff]{0,5})"
_BESIDE = re.compile(
    rf"[和与跟同](?P<second>[^，,]+?)相比[，,]?(?P<first>[^，,]+?)(?P<rest>(?:{_DIRECTION})(?:了|出)?{_AMOUNT})"
)
_COMPARED = re.compile(rf"(?P<first>[^，,比较]+)[比较](?P<rest>[^，,]+?)(?P<done>了|出|出了)?{_AMOUNT}")
_DIRECTED = re.compile(_DIRECTION)
_LONGEST_VERB = 4
_APART = re.compile(
    rf"(?P<head>[^，,]+?)(?:之间)?(?P<apart>相差|差距|差额|差值|之差|差(?=了?多少))(?:了|有|是|为)*{_AMOUNT}"
)
_BETWEEN = re.compile(
    rf"从?(?P<first>[^，,到至]+)[到至](?P<second>[^，,]*?年)[，,]?(?P<what>[^，,]+?)(?:一共|共|总共)?(?P<direction>{_DIRECTION}|变化)(?:了|出)?{_AMOUNT}"
)
_TOGETHER = re.compile(
    rf"(?P<head>[^，,]+?)(?P<joined>合计|共计|总共|一共|总计|加起来|加在一起|相加|之和|总和)(?:一共|总共)?(?:是|为|有|达)*(?P<verb>[\u4e00-\u9fff]{{0,4}}?){_AMOUNT}"
)
_SHARE = re.compile(
    r"(?P<part>[^，,占]+)占(?:了|到)?(?P<whole>[^，,]+?)的?(?:(?:比例|比重|份额|百分比)(?:是|为|有|达)?(?:多少|多大|几)?|百分之几|百分之多少|几成)"
)
_OVER = {"超过": True, "超出": True, "突破": True, "高于": True, "多于": True, "大于": True, "达到": True}
_UNDER = {"低于": False, "少于": False, "小于": False, "不足": False, "不到": False}
_LIMIT = re.compile(
    rf"(?P<thing>[^，,]+?)(?P<whether>是否|是不是|有没有|有无)?(?:已经?)?(?P<verb>{'|'.join([*_OVER, *_UNDER])})(?:了|到)?(?P<limit>[^，,了吗么没]*\d[^，,了吗么没]*|[^，,了吗么没]*[一二两三四五六七八九十百千万亿][^，,了吗么没]*)(?:了)?(?P<end>吗|么|没有)?"
)
_WHICH = re.compile(
    rf"(?P<head>[^，,]+?)(?:相比)?[，,]?(?:之中|当中|中)?(?:哪一?[个年月家种项座条款台位所]?|谁)的?(?P<what>[^，更最]*?)(?:更|比较|最)?(?P<direction>{_DIRECTION})(?:一些|些|一点)?"
)
_COLUMN = re.compile(
    rf"(?P<before>[^，,]*?)[，,]?(?:哪一?[个家座条种项款台位所年月]?|谁)(?P<what>[^，,最]+?)最(?P<direction>{_DIRECTION})"
)
_COLUMN_AFTER = re.compile(
    rf"(?P<what>[^，,最]+?)最(?P<direction>{_DIRECTION})的(?P<row>[^，,是]{{0,6}}?)(?:是|为)(?:哪一?[个家座条种项款台位所年月里]?|谁)(?P<class>[\u4e00-\u9fff]{{0,4}})"
)
_RELATIVE = re.compile("百分之|倍|几成")
"""By which share something grew is another question than by how much; documents say it themselves."""
_EITHER = re.compile(
    rf"(?P<one>[^，,]{{2,}}?)(?P<direction>{_DIRECTION})[，,]?还是(?P<other>[^，,]{{2,}}?)(?P=direction)"
)
_ANY_DAY = date(2000, 12, 31)
_YEAR = re.compile(r"(?:19|20)\d\d年")


def computation_of(question: str) -> Computation | None:
    """What a question asks to be calculated; None where that is nothing, or cannot be told.

    Args:
        question: one that stands alone.
    """
    if not is_chinese(question):
        from rag.questions.english_computations import english_computation_of

        return english_computation_of(question)
    text = _POLITE.sub("", END.sub("", convert("t2s", question)))
    if len(text) > LONGEST or asks_for_reason(text):
        return None
    if beside := _BESIDE.fullmatch(text):  # 和乙桥相比，甲桥多投资多少
        text = f"{beside['first']}比{beside['second']}{beside['rest']}"
    if either := _EITHER.fullmatch(text):  # 甲桥长还是乙桥长
        text = f"{either['one']}和{either['other']}哪个更{either['direction']}"
    for pattern, told in (
        (_SHARE, _share),
        (_BETWEEN, _between),
        (_COMPARED, _compared),
        (_APART, _apart),
        (_TOGETHER, _together),
        (_LIMIT, _limited),
        (_WHICH, _which),
        (_COLUMN_AFTER, _column),
        (_COLUMN, _column),
    ):
        if (match := pattern.fullmatch(text)) and (found := told(match)):
            return found
    return None


# -- differences ------------------------------------------------------------------------------------------------------


def _compared(match: re.Match[str]) -> Computation | None:
    """``甲桥比乙桥多投资多少``, ``2023年产量比2022年增加了多少``."""
    directed = list(_DIRECTED.finditer(match["rest"]))
    if not directed or ASKS.search(match["first"]):
        return None
    direction, (start, end) = directed[-1][0], directed[-1].span()
    first, second, verb = match["first"], match["rest"][:start], match["rest"][end:]
    unit = "" if match["unit"].endswith("百分点") else match["unit"]  # of what shares differ by
    if len(verb) > _LONGEST_VERB or not second or ASKS.search(second) or _RELATIVE.search(match.string):
        return None
    second = second.removesuffix("要").removesuffix("还")
    asked = _of_two_times(first, second, verb, unit) or _of_two_things(first, second, direction, verb, unit)
    if not asked:
        return None
    before, behind = match.string[: match.start("rest") + start], f"{verb}{match['done'] or ''}"
    stems = [f"{before}{word}{behind}" for word in (direction, _OPPOSITE[direction])]
    more = direction in _MORE
    return Computation("difference", asked, more, *(stems if more else reversed(stems)))


def _of_two_times(first: str, second: str, verb: str, unit: str) -> tuple[Asked, ...]:
    """The two figures of one thing at two times; empty where both are not told."""
    (in_first, in_second) = (dates_in(text, published=_ANY_DAY) for text in (first, second))
    if len(in_first) != 1 or len(in_second) != 1 or in_second[0].start:
        return ()
    own, other = in_first[0], in_second[0]
    times = [first[own.start : own.end], second[: other.end]]
    rest = second[other.end :].removeprefix("的").removeprefix("同期")
    around = first[: own.start], first[own.end :].removeprefix("的")
    if not any(around) and rest:  # 2023年比2022年产量多…
        around = "", rest
    elif rest and rest != around[1]:
        return ()
    if not any(around):
        return ()
    if times[1][0].isdigit() and not _YEAR.search(times[1]) and (year := _YEAR.search(times[0])):  # 2023年4月比3月
        times[1] = f"{year[0]}{times[1]}"
    if not all(map(_YEAR.search, times)) or times[0] == times[1]:
        return ()
    asks = f"{verb}多少{unit}" if verb else f"是多少{unit}"
    return tuple(_asked(time, f"{around[0]}{time}{around[1]}", asks) for time in times)


def _of_two_things(first: str, second: str, direction: str, verb: str, unit: str) -> tuple[Asked, ...]:
    """The figures of two things, measured in one way; empty where it cannot be told in which."""
    time = _leading_time(first)
    first, second = first.removeprefix(time), second.removeprefix(_leading_time(second) if time else "")
    if not second or dates_in(second, published=_ANY_DAY):
        return ()
    names = [first, second]
    measure = ""
    if "的" in first and "的" not in second:
        owner, _, measure = first.rpartition("的")
        names = [owner, second]
    elif "的" in second:
        owner, _, measure = second.rpartition("的")
        names = [first.removesuffix(measure).removesuffix("的"), owner]
    elif not verb and (place := first.find(second[-1])) >= 0 and place + 1 < len(first):
        # 甲镇产量 beside 乙镇: names of one kind end alike.
        names, measure = [first[: place + 1], second], first[place + 1 :]
    if any(len(name) < 2 for name in names) or names[0] == names[1]:
        return ()
    adjective = direction if direction in _MORE else _OPPOSITE[direction]
    if measure:
        asks = f"的{measure}是多少{unit}"
    elif verb:
        asks = f"{verb}多少{unit}"
    elif adjective in _ASKING_ADJECTIVES:
        asks = f"有{_ASKING_ADJECTIVES[adjective]}"
    elif adjective == "多" and unit and not is_unit(unit):
        asks = f"有多少{unit}"
    else:  # 押金 and 租金 are what is measured
        asks = f"是多少{unit}"
    return tuple(_asked(name, f"{time}{name}", asks) for name in names)


def _asked(name: str, of: str, asks: str) -> Asked:
    measure, is_said, _ = asks.partition("是多少")
    verb, _, unit = asks.partition("多少")
    is_verb = not is_said and verb not in ("", "有") and "多少" in asks
    other = f"{of}的{verb}是多少{unit}？" if is_verb else ""
    return Asked(name, f"{of}{measure}" if is_said else of, f"{of}{asks}？", other)


def _leading_time(text: str) -> str:
    """The time at the beginning of a text; empty where there is none."""
    found = dates_in(text, published=_ANY_DAY)
    if not found or OPENS_TIME.sub("", text[: found[0].start]):
        return ""
    end = found[0].end
    return text[: end + text.startswith("的", end)]


def _apart(match: re.Match[str]) -> Computation | None:
    """``甲桥和乙桥的投资相差多少``."""
    asked = _sides(match["head"], f"是多少{match['unit']}")
    if len(asked) != 2:
        return None
    stem = f"{match['head']}相差"
    return Computation("difference", asked, True, stem, stem)


def _between(match: re.Match[str]) -> Computation | None:
    """``从2021年到2023年产量增加了多少``."""
    times = match["second"], match["first"]
    if any(not _is_time(time) for time in times) or not all(map(_YEAR.search, times)) or ASKS.search(match["what"]):
        return None
    asked = tuple(_asked(time, f"{time}{match['what']}", f"是多少{match['unit']}") for time in times)
    word = match["direction"]
    more, less = ("增加", "减少") if word == "变化" else (word, _OPPOSITE[word])
    if word in _OPPOSITE and word not in _MORE:
        more, less = less, more
    before = match.string[: match.start("direction")]
    return Computation("difference", asked, word == "变化" or word in _MORE, f"{before}{more}了", f"{before}{less}了")


def _is_time(text: str) -> bool:
    found = dates_in(text, published=_ANY_DAY)
    return len(found) == 1 and not OPENS_TIME.sub("", text[: found[0].start]) and found[0].end == len(text)


# -- sums, shares, limits ---------------------------------------------------------------------------------------------


def _together(match: re.Match[str]) -> Computation | None:
    """``甲桥和乙桥的投资合计多少``."""
    asks = f"{match['verb']}多少{match['unit']}" if match["verb"] else f"是多少{match['unit']}"
    asked = _sides(match["head"].removesuffix("的"), asks)
    stem = (
        match.string[: match.start("unit") - len("多少")]
        if match.string[: match.start("unit")].endswith("多少")
        else ""
    )
    return Computation("sum", asked, True, stem, stem) if asked and stem else None


def _share(match: re.Match[str]) -> Computation | None:
    """``工业投资占总投资的比重是多少``."""
    part, whole = match["part"], match["whole"]
    if any(len(each) < 2 or ASKS.search(each) for each in (part, whole)):
        return None
    if "的" in part and "的" not in whole and part[-2:] != whole[-2:]:
        whole = f"{whole}的{part.rpartition('的')[2]}"
    if part[-2:] != whole[-2:]:
        return None  # what is measured of the whole is not told
    stem = f"{part}占{whole}的"
    time = _leading_time(part)
    asked = _asked(part.removeprefix(time), part, "是多少"), _asked(whole, f"{time}{whole}", "是多少")
    return Computation("share", asked, True, stem, stem)


def _limited(match: re.Match[str]) -> Computation | None:
    """``甲桥投资超过1亿元了吗``."""
    if not (match["whether"] or match["end"]) or ASKS.search(match["thing"]):
        return None
    quantities = quantities_in(match["limit"])
    if len(quantities) != 1 or (quantities[0].start, quantities[0].end) != (0, len(match["limit"])):
        return None
    limit = replace(quantities[0], qualifier="")
    thing, verb = match["thing"].removesuffix("的"), match["verb"]
    if not limit.unit or dates_in(match["limit"], published=_ANY_DAY):
        return None
    told = match["limit"]
    yes, no = f"{verb}{told}", f"没有{verb}{told}"
    asked = _asked("", thing, "是多少")
    return Computation("limit", (asked,), verb in _OVER, yes, no, limit=limit, measure=thing, words=verb)


# -- which is more ----------------------------------------------------------------------------------------------------


def _which(match: re.Match[str]) -> Computation | None:
    """``甲桥和乙桥哪个投资更多``."""
    direction, what = match["direction"], match["what"].removeprefix("的")
    named, _, measured = what.partition("的")
    if measured and match["head"].endswith(named):  # 哪个镇的产量, of two that are called so
        what = measured
    adjective = direction if direction in _MORE else _OPPOSITE[direction]
    if what:
        asks = f"{'' if '的' in match['head'] else '的'}{what}是多少"
    elif "的" in match["head"]:
        asks = "是多少"
    elif adjective in _ASKING_ADJECTIVES:
        asks = f"有{_ASKING_ADJECTIVES[adjective]}"
    else:
        return None
    asked = _sides(match["head"], asks)
    if not asked:
        return None
    measure = what or match["head"].rpartition("的")[2] if what or "的" in match["head"] else ""
    return Computation("which", asked, direction in _MORE, direction, direction, measure=measure)


def _column(match: re.Match[str]) -> Computation | None:
    """``2023年哪个镇的产量最高``, ``产量最高的镇是哪个``."""
    groups = match.groupdict()
    if ASKS.search("".join([groups.get("before") or "", match["what"]])) or len(match["what"]) < 2:
        return None
    direction, measure = match["direction"], match["what"].removeprefix("的")
    words, rows = groups.get("before"), measure
    if words is None:  # what stands before the measure may be of the table or of its rows
        words, rows = measure, "".join(filter(None, (groups["row"], groups["class"])))
    return Computation("column", (), direction in _MORE, direction, direction, None, measure, words, rows)


def _sides(head: str, asks: str) -> tuple[Asked, ...]:
    """The things that a question coordinates, each with a question for its figure; empty where it coordinates none."""
    if ASKS.search(head):
        return ()
    questions = sides_of(f"{head}分别{asks}？")
    if not 2 <= len(questions) <= MOST_SIDES:
        return ()
    names = distinct_parts(questions)
    if not all(names) or len(set(names)) < len(names):
        return ()
    return tuple(
        _asked(name, question.removesuffix(f"{asks}？"), asks) for name, question in zip(names, questions, strict=True)
    )


def distinct_parts(questions: tuple[str, ...]) -> list[str]:
    """What tells each of some questions from the others: what they do not share at their ends, as whole times and names."""
    start = next(
        (place for place, signs in enumerate(zip(*questions, strict=False)) if len(set(signs)) > 1),
        min(map(len, questions)),
    )
    ends = zip(*(reversed(question[start:]) for question in questions), strict=False)
    shared = next((place for place, signs in enumerate(ends) if len(set(signs)) > 1), 0)
    return [_widened(question, start, len(question) - shared) for question in questions]


def _widened(question: str, start: int, end: int) -> str:
    """A part of a question, as far as the time or the number that it cuts goes, and at least two characters long."""
    for mention in _cut(dates_in(question, published=_ANY_DAY), start, end):
        return question[mention.start : mention.end]
    while start and question[start - 1].isascii() and question[start - 1].isalnum():
        start -= 1
    while end < len(question) and question[end].isascii() and question[end].isalnum():
        end += 1
    while end - start < 2 and question[end : end + 1] not in ("", "的", "？"):
        end += 1
    while end - start < 2 and start:
        start -= 1
    return question[start:end]


def _cut(mentions: list[DateMention], start: int, end: int) -> list[DateMention]:
    return [each for each in mentions if each.start < max(end, start + 1) and start < each.end]
