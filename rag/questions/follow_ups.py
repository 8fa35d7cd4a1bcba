"""Follow-ups: a question that leans on the one before it, made to stand alone.

``那销量呢？`` after ``2023年一季度新能源汽车的产量是多少？`` becomes ``2023年一季度新能源汽车的销量是多少？``. A small network
(:mod:`rag.reading.leaning`) tells whether a question leans on the one before it, which words of that come back, and which
of its own words only point to them; here the words are put together. No word is added that nobody typed. What a language
model rewrites, where the network finds nothing to take, is checked for that.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.questions.words import ASKS, END
from rag.text.dates import dates_in
from rag.text.script import convert, is_chinese

History = list[tuple[str, str]]
"""Earlier questions of a conversation with their answers, oldest first."""
Span = tuple[int, int]

REMEMBERED_TURNS = 6
"""Turns of a conversation that a question may lean on, each by way of the next."""
LONGEST = 200
"""Characters a rewritten question may have; a longer one has taken in more than a question."""
ASKS_OF = 2
"""Characters beside the word that asks from which on a question asks of something."""
_ORDINAL = re.compile(
    "^(?:那|上面|上述|前面|刚才|说的|提到的)*第(?P<number>[一二三四五六七八九\\d])(?:点|项|条|个|方面|类|种|步|部分)"
)
_ORDINALS = "一二三四五六七八九"
_YEAR = re.compile(r"(?:19|20)\d\d年?")
_PARTICLE = re.compile("[呢吗啊呀？?。]+$")
_PROMPT = """把最后一个问题改写成不看对话也能懂的完整问题：代词换成所指的名称，补上省略的部分，不回答，不添加对话里没有的内容。只输出改写后的一句话。

对话：
问：2022年甲公司的营业收入是多少？
答：35亿元。
最后的问题：它的净利润呢？
改写：2022年甲公司的净利润是多少？

对话：
问：谁主持了这次会议？
答：李明主持了会议。
最后的问题：他提出了什么要求？
改写：李明在这次会议上提出了什么要求？

对话：
<<<
{conversation}
>>>
最后的问题：{question}
改写："""


@dataclass(frozen=True, slots=True)
class Leaning:
    """How a question leans on the one before it.

    Attributes:
        kind: whether it ``stands`` alone, ``leans``, or is ``talk`` that asks nothing (``谢谢``).
        carried: the characters of the question before that come back, in order.
        dropped: the characters of the question that only point to them or lead into it (``它``, ``那``, ``呢``), in order.
        replaced: the characters of the question before that the question most likely puts something in the place of.
    """

    kind: Literal["stands", "leans", "talk"] = "stands"
    carried: Sequence[Span] = ()
    dropped: Sequence[Span] = ()
    replaced: Span | None = None


Leans = Callable[[str, str], Leaning]
"""Tells how a question leans on the one before it: of the question, and of the one before."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A question as it is looked up.

    Attributes:
        question: it stands alone; shown to the user where it was rewritten.
        by: what rewrote it: the ``reader``, the language ``model``, or nothing.
        is_talk: whether it asks nothing.
        after: the question before, as it stands alone; empty where there is none.
        leans: whether it leans on that one.
    """

    question: str
    by: Literal["", "reader", "model"] = ""
    is_talk: bool = False
    after: str = ""
    leans: bool = False

    @property
    def rewritten(self) -> bool:
        """Whether it differs from what was asked."""
        return bool(self.by)


def understand(
    question: str, history: History, leans: Leans | None = None, complete: Callable[[str], str] | None = None
) -> Understood:
    """A question of a conversation as one that stands alone.

    Args:
        question: what is asked now.
        history: earlier questions with their answers, oldest first; as asked or as rewritten.
        leans: what tells how it leans; without, a question is taken as it is.
        complete: a language model that continues a prompt; asked only where a question leans on words that the one before
            it does not have.

    Raises:
        Whatever ``complete`` raises.
    """
    if leans is None or not history:
        return Understood(question)
    simplified = convert("t2s", question)
    if simplified != question:
        asked = [(convert("t2s", before), convert("t2s", answer)) for before, answer in history]
        understood = understand(simplified, asked, leans, complete)
        text = convert("s2t", understood.question) if understood.rewritten else question
        return replace(understood, question=text, after=convert("s2t", understood.after))

    turns = _standing(history, leans)
    if not turns:
        return Understood(question, is_talk=leans(question, history[-1][0]).kind == "talk")
    before, answer = turns[-1]
    if item := _item(question, answer):
        return Understood(item, "reader", after=before, leans=True)
    leaning = leans(question, before)
    if leaning.kind != "leans":
        return Understood(question, is_talk=leaning.kind == "talk", after=before)
    rewritten = joined(question, before, leaning)
    if END.sub("", rewritten) == END.sub("", question):
        return Understood(question, after=before)
    if not rewritten and complete is not None and (by_model := _by_model(question, turns, complete)):
        return Understood(by_model, "model", after=before, leans=True)
    return Understood(rewritten or f"{before} {question}", "reader", after=before, leans=True)


def joined(question: str, before: str, leaning: Leaning) -> str:
    """A question with the words that come back from the one before it; empty where none do, or too many.

    Where the end of the question before comes back, what is typed stands in the place of what does not (``罗某[一审]判了多久``, ``二审呢``);
    else the words that come back stand where the question points to them (``[她]判了多久``), or in front of it.
    """
    before, question = END.sub("", before), END.sub("", question)
    kept = [(start, min(end, len(before))) for start, end in leaning.carried if start < len(before)]
    if not kept:
        return ""
    if not is_chinese(before):
        kept = [_whole_words(before, start, end) for start, end in kept]  # no word in part
    # What is typed again need not come back.
    kept = [(start, end) for start, end in kept if end - start < 2 or before[start:end] not in question]
    if not kept:
        return question
    kept, time = _of_another_time(question, before, kept)
    ends = [0, *(end for _, end in kept)]
    gaps = [(end, start) for end, (start, _) in zip(ends, kept, strict=False) if before[end:start].strip()]
    gap = time or leaning.replaced or max(gaps, key=lambda gap: gap[1] - gap[0], default=None)
    # A single character left out elsewhere was left out of a word.
    kept = sorted([*kept, *((start, end) for start, end in gaps if start and end - start == 1 and (start, end) != gap)])
    points = any(
        _without(question[:start], (), 0) and _without(question, leaning.dropped, end) for start, end in leaning.dropped
    )
    if kept[-1][1] == len(before) and gap and not points and not _asks_anew(question, before, kept):
        start, end = _whole_words(before, *gap)
        pieces = [
            *_kept_in(before, kept, 0, start),
            *_without(question, leaning.dropped, 0),
            *_kept_in(before, kept, end, len(before)),
        ]
    else:
        # A Chinese question may end in what points (``那它呢``) and takes all back in front of it.
        ends = [
            end for _, end in leaning.dropped if _without(question, leaning.dropped, end) or not is_chinese(question)
        ]
        pointing = next(iter(ends), 0)
        back = _kept_in(before, kept, 0, len(before))
        head = _without(question[:pointing], leaning.dropped, 0)
        pieces = [*head, *back, *_without(question, leaning.dropped, pointing)]
    in_chinese = is_chinese(before + question)
    text = " ".join(("" if in_chinese else " ").join(pieces).split())
    return f"{text}{'？' if in_chinese else '?'}" if len(text) < LONGEST else ""


def _asks_anew(question: str, before: str, kept: Sequence[Span]) -> bool:
    """Whether a question asks something of its own, and not only in another way what the one before it asked.

    ``分成几组`` after ``一共用了多少只大鼠`` is ``大鼠分成几组``; ``几点`` after ``演练哪天举行`` stays in its place.
    """
    comes_back = any(
        start <= match.start() and match.end() <= end for match in ASKS.finditer(before) for start, end in kept
    )
    asks = ASKS.search(question) and ASKS.search(before) and not comes_back
    return bool(asks) and len(END.sub("", ASKS.sub("", question))) >= ASKS_OF


def _of_another_time(question: str, before: str, kept: Sequence[Span]) -> tuple[list[Span], Span | None]:
    """What comes back without the time that the question names another for, and where that stood.

    The year stays where the question names none: ``二季度`` after ``2023年一季度`` is that of 2023.
    """
    theirs = [mention for mention in dates_in(before) if not mention.compared]
    if len(theirs) != 1:
        return list(kept), None
    named = [mention for mention in dates_in(question, year=theirs[0].period.last.year) if not mention.compared]
    if len(named) != 1:
        return list(kept), None
    start, end = theirs[0].start, theirs[0].end
    year = _YEAR.search(before, start, end)
    first = year.end() if year and not _YEAR.search(question) else start
    rest = [(max(left, a), min(right, b)) for a, b in kept for left, right in ((0, start), (end, len(before)))]
    rest += [(start, first)]
    return sorted((a, b) for a, b in rest if a < b), (first, end)


def _whole_words(text: str, start: int, end: int) -> Span:
    """A stretch with the rest of the words in Latin letters and digits (``5G``) that it begins or ends in."""
    runs = [match.span() for match in re.finditer("[A-Za-z0-9]+", text)]
    within = [run for run in runs if run[0] < end and start < run[1]]
    return min([start, *(left for left, _ in within)]), max([end, *(right for _, right in within)])


def _kept_in(text: str, kept: Sequence[Span], first: int, last: int) -> list[str]:
    """The pieces of a stretch of a text that are kept; ``first`` and ``last`` are characters."""
    return [text[max(start, first) : min(end, last)] for start, end in kept if start < last and first < end]


def _without(text: str, dropped: Sequence[Span], first: int) -> list[str]:
    """The pieces of a text from the character ``first`` on that are not dropped."""
    found = []
    for start, end in [*dropped, (len(text), len(text))]:
        if piece := text[first:start].strip("，,、 "):
            found.append(piece)
        first = max(first, end)
    return found


def _standing(history: History, leans: Leans) -> History:
    """The turns of a conversation that ask something, each question as it stands alone."""
    turns: History = []
    for asked, answer in history[-REMEMBERED_TURNS:]:
        leaning = leans(asked, turns[-1][0] if turns else "")
        if leaning.kind == "talk":
            continue
        question = asked
        if turns and leaning.kind == "leans":
            question = joined(asked, turns[-1][0], leaning) or f"{turns[-1][0]} {asked}"
        turns.append((question, answer))
    return turns


def _item(question: str, answer: str) -> str:
    """``第二点呢？`` as the item that the answer lists; empty where it names none."""
    match = _ORDINAL.match(question)
    if not match or ASKS.search(question):
        return ""
    number = int(match["number"]) if match["number"].isdigit() else _ORDINALS.index(match["number"]) + 1
    items = _items(answer)
    if not 1 <= number <= len(items):
        return ""
    rest = _PARTICLE.sub("", question[match.end() :])
    return f"“{items[number - 1]}”{rest or '具体是什么'}？"


def _items(answer: str) -> list[str]:
    """What an answer lists: by 一是, 第一, 1. or bullets, else by 、 or ； in one sentence."""
    marked = re.split(
        rf"(?:^|(?<=[：:；;。，,\n ]))(?:第?[{_ORDINALS}](?:是|、|，|方面|来)|\d{{1,2}}[.、)）]|[（(][{_ORDINALS}\d][)）]|[-•])",
        answer,
    )
    if len(marked) > 2:
        pieces = marked[1:]
    else:
        listed = re.split("[:：]|包括|分别是|分别为|(?<!就)是", answer, maxsplit=1)[-1]
        pieces = re.split("[；;]" if re.search("[；;]", listed) else "[、]|和(?=[^、和]+$)|以及", listed)
    return [item for item in (piece.strip(" ，,；;。：:\n") for piece in pieces) if item]


def _by_model(question: str, turns: History, complete: Callable[[str], str]) -> str:
    """The question as a language model rewrites it, if that keeps to the conversation, else an empty text."""
    conversation = "\n".join(f"问：{_fenced(before)}\n答：{_fenced(answer)}" for before, answer in turns[-2:])
    reply = complete(_PROMPT.format(conversation=conversation, question=_fenced(question))).strip()
    rewritten = re.sub("^(?:改写后?|问题)[:：]", "", reply).strip(' “”"')
    return rewritten if _is_sane(rewritten, question, turns) else ""


def _fenced(text: str) -> str:
    """Text of user or document that cannot close the fence or pose as another line of the prompt."""
    text = re.sub("<{2,}|>{2,}|<\\|.*?\\|>", " ", " ".join(text.split()))
    return re.sub("(最后的问题|改写|对话|问|答)[:：]", r"\1 ", text)[:300]


def _is_sane(rewritten: str, question: str, turns: History) -> bool:
    if not 0 < len(rewritten) <= LONGEST or "\n" in rewritten:
        return False
    if not (rewritten.endswith(("？", "?")) or ASKS.search(rewritten)):
        return False
    named = r"\d+(?:\.\d+)?|[A-Za-z]{2,}|(?<=[“《])[^”》]+(?=[”》])"
    if any(name not in rewritten for name in re.findall(named, question)):
        return False
    said = question + "".join(before + answer for before, answer in turns)
    if any(name not in said for name in re.findall(named, rewritten)):
        return False
    allowed = set(said) | set("的是有多少什么哪些在中于和与为了吗个关于，。？?、“”《》 具体情况说谁")
    added = [character for character in rewritten if character not in allowed]
    return len(added) <= len(rewritten) // 10
