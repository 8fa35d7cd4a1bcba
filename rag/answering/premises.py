"""Premises: what a question takes for granted though the documents say otherwise.

``2022年我国制造业为什么跌到了世界第二？`` has no answer, but the documents hold what corrects it: ``我国制造业连续13年居世界首位``. A
sentence contradicts a question where it speaks of the same thing and says the other direction, another rank, a share on
the other side of a bound, or that something goes on which the question calls ended, and where no other sentence says
what the question says. A question that asks why may besides give a deed to another year or office than the documents;
and one that names a speaker may give somebody the words of another.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.silence import near_miss, signals_of, unspoken
from rag.questions.kinds import asks_for_comparison, asks_for_reason, asks_for_speaker
from rag.reading.evidence import Evidence
from rag.text.assertions import bound_of, marks_in, negations_in, plans_in
from rag.text.figures import DATES, Figure, figures_in, missing_figures
from rag.text.names import is_place
from rag.text.numerals import in_digits
from rag.text.terms import fold

AXES = ("direction", "rank")
COURSE = "course"
FIGURE = "figure"
POLARITY = "polarity"
UNSPOKEN = 0.4
"""The share of what a question speaks of that a sentence may lack and still speak of the same thing."""
NEARLY_ALL = 0.3
"""The share that it may lack and still be the statement itself, but for what differs."""
LEAD = 60
"""Characters before a sentence that lead up to it."""
RELATED = 0.5
"""The share that it may lack and still be worth telling."""
CLEARLY = 0.25
"""How much more of the question one person must say than another for it to be theirs."""

_TAKES_FOR_GRANTED = re.compile(
    "(?:是|都是)?出于什么(?:考虑|原因|目的|动机)|为什么|为何|为啥|怎么|怎会|何以|是怎么回事|原因|理由|差在哪|凭什么|\\bwhy\\b",
    re.IGNORECASE,
)
_CONFIRMS = re.compile("会不会|是不是|是否|难道|对[吗吧]|[吗吧][？?]?$|\\b(?:is it|isn.t|really)\\b", re.IGNORECASE)
# A course that is ended, and one that goes on; what the documents go on with they have not ended.
_ENDED = re.compile("叫停|停止|取消|废除|废止|放弃|暂停|终止|中止|砍掉|撤销|取缔|停办|停掉|不再|已经?过去|消失|落幕")
_GOES_ON = re.compile(
    "继续|推进|开展|完善|启动|加快|支持|深入|实施|加大|推动|扩大|优化|巩固|组织|依然|仍然?|仍旧|持续|保持|培育"
)
_SPEAKS = "(?:副?部长|司长|局长|发言人|先生|女士)?[^，。？?]{0,24}?(?:说|表示|提|介绍|指出|谈|讲|宣布|透露|解释|强调|回答|认为|承诺|披露|给出)"
# What an ordinal counts, not what it ranks: ``第二航次`` is another voyage than ``第三航次``, and no lower place.
_NUMBERED = re.compile("(?![位名大的了吗呢么])[\u4e00-\u9fff]")
_TURNED = re.compile("(?:扭转|止住|遏制|遏止|摆脱|结束)(?:了)?[^，。；]{0,16}$")
_DONE = re.compile("已经?[^，。？]{0,10}[完成到达]|提前[^，。？]{0,6}[完成到达]|正式(?:商用|投产|建成|运营)")
_ASKS_WHETHER = re.compile("[有是能会]没[有是能会]|[是能会要]不[是能会要]|是否|[吗么][？?]?$")
_NOT_EVEN = re.compile("[万亿]?[元个家户人%]?都?(?:不到|不足|没有?到)")
_OPPOSITES = {"up": "down", "down": "up"}


def takes_for_granted(question: str) -> bool:
    """Whether a question asks why, and so states something that may not be so."""
    return asks_for_reason(question) or bool(_TAKES_FOR_GRANTED.search(question))


@dataclass(frozen=True, slots=True)
class Correction:
    """What the documents say instead of what a question takes for granted.

    Attributes:
        evidence: the sentence that says it.
        speaker: the person to whom the question gives it wrongly; empty where it is not about who spoke.
        contradicts: whether it excludes what the question says; else the documents just do not say that.
    """

    evidence: Evidence
    speaker: str = ""
    contradicts: bool = True


def correction_of(
    question: str, evidence: Sequence[Evidence], is_about_it: bool = True, is_answered: bool = True
) -> Correction | None:
    """What corrects a question that takes for granted what is not so; None where nothing does.

    Args:
        question: it stands alone.
        evidence: the sentences chosen for it, best first.
        is_about_it: whether the evidence may answer the question at all.
        is_answered: whether it surely does.
    """
    if spoken := spoken_by_another(question, evidence):
        return spoken
    found = (contradicting(question, evidence) if is_about_it else None) or differing(question, evidence)
    if found:
        return Correction(found)
    near = None if is_answered else _nearest(question, evidence)
    return Correction(near, contradicts=False) if near else None


def contradicting(question: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """The sentence that contradicts what a question takes for granted; None where none does.

    Of several it is the one that has most of the question's figures and dates, then the nearest.

    Args:
        question: it stands alone.
        evidence: the sentences chosen for it, best first.
    """
    if asks_for_comparison(question):
        return None
    said = _values(question) - {(COURSE, "goes on"), (POLARITY, "affirmed")}  # what every other question speaks of
    subject = _without_statement(question)
    found: list[Evidence] = []
    for part in evidence:
        if unspoken(subject, part.sentence.text) > UNSPOKEN:
            continue
        theirs = _values(part.sentence.text)
        if any(value in theirs for value in said if not value[0].startswith(FIGURE)):
            return None
        if any(_opposed(value, other) for value in said for other in theirs) or _told_as_done(question, part):
            found.append(part)
        elif any(value in theirs for value in said):
            return None
    return min(found, key=lambda part: _lacking(question, part.sentence.text), default=None)


def _told_as_done(question: str, part: Evidence) -> bool:
    """Whether a question tells a figure as reached that a sentence tells as a plan."""
    if not _DONE.search(question):
        return False
    told = fold(in_digits(fold(part.sentence.text)))
    asked = {figure.key for figure in figures_in(fold(in_digits(fold(question)))) if figure.kind not in DATES}
    plans = plans_in(told)
    return any(figure.key in asked and any(end <= figure.start for _, end in plans) for figure in figures_in(told))


def _lacking(question: str, text: str) -> tuple[int, int]:
    """How many of a question's figures a sentence lacks, those that are no dates first."""
    missing = missing_figures(question, text)
    dates = sum(figure.kind in DATES for written in missing for figure in figures_in(written))
    return len(missing) - dates, len(missing)


def differing(question: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """The sentence that says what a question takes for granted, but of another time or office; None where none does.

    A question for a figure, or for what was done at a time, takes nothing for granted: that is a near miss
    (:func:`rag.answering.silence.near_miss`), and so is one about another place.
    """
    if not (takes_for_granted(question) or _CONFIRMS.search(question)):
        return None
    miss = near_miss(question, evidence)
    if miss is None or miss.is_figure or miss.kind == "scope" or is_place(fold(miss.missing)):
        return None
    asked, told = _without_asking(question, miss.missing), miss.evidence[0].sentence.text
    is_said = min(unspoken(asked, told), unspoken(told, asked)) <= NEARLY_ALL
    return miss.evidence[0] if is_said else None


def _nearest(question: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """The sentence nearest to what a question that asks why takes for granted, though it does not say that.

    None where the question is about another place, person or time: what is said of those is no nearer to it.
    """
    if not takes_for_granted(question) or not evidence or signals_of(question, evidence).is_missing:
        return None
    subject = _without_statement(question)
    share, part = min(((unspoken(subject, part.sentence.text), part) for part in evidence), key=lambda pair: pair[0])
    return part if share <= RELATED else None


def spoken_by_another(question: str, evidence: Sequence[Evidence]) -> Correction | None:
    """The sentence whose words a question gives to somebody else, and to whom; None where none is.

    That is one which says nearly all of it, where nothing that the person named says comes near.
    """
    speakers = {name for part in evidence for name in part.document.speakers}
    named = [name for name in speakers if re.search(re.escape(name) + _SPEAKS, question)]
    if len(named) != 1 or asks_for_speaker(question):
        return None
    asked = re.sub(re.escape(named[0]) + _SPEAKS, "，", question)
    rest = [(unspoken(asked, _with_lead(part)), part) for part in evidence if part.sentence.speaker]
    own = min((share for share, part in rest if named[0] in part.sentence.speaker), default=1.0)
    others = [(share, part) for share, part in rest if named[0] not in part.sentence.speaker]
    if not others:
        return None
    share, part = min(others, key=lambda pair: pair[0])
    return Correction(part, named[0]) if share <= NEARLY_ALL and share + CLEARLY <= own else None


def _with_lead(part: Evidence) -> str:
    """A sentence after what leads up to it, which names what it speaks of."""
    start, end = part.sentence.start, part.sentence.end
    return part.document.text[max(0, start - LEAD) : end]


def _without_asking(question: str, missing: str) -> str:
    return _CONFIRMS.sub("，", _TAKES_FOR_GRANTED.sub("，", question.replace(missing, "，")))


def _without_statement(question: str) -> str:
    """What a question speaks of: without the words that say which way, which rank or how much, and without 为什么."""
    characters = list(_TAKES_FOR_GRANTED.sub(lambda found: "，" * len(found.group()), question))
    folded = fold(question).replace("规模以上", "规模之上")
    spans = [match.span() for match in _ENDED.finditer(folded)] + negations_in(folded)
    spans += [(mark.start, mark.end) for mark in marks_in(folded) if mark.axis in AXES]
    spans += [(figure.start, figure.end) for figure in figures_in(folded) if figure.kind not in DATES]
    for start, end in spans:
        characters[start:end] = "，" * (end - start)
    return "".join(characters)


def _values(text: str) -> set[tuple[str, str]]:
    """Directions and ranks that a text states, as (axis, value), with what it says to be over or under a figure."""
    folded = fold(in_digits(fold(text))).replace("规模以上", "规上")  # no direction
    values: set[tuple[str, str]] = set()
    for mark in marks_in(folded):
        if mark.axis in AXES and not (mark.axis == "rank" and _NUMBERED.match(folded, mark.end)):
            turned = mark.axis == "direction" and _TURNED.search(folded[: mark.start])
            values.add((mark.axis, _OPPOSITES[mark.value] if turned else mark.value))
    if _ASKS_WHETHER.search(folded):
        pass
    elif negations_in(folded):
        values.add((POLARITY, "denied"))
    elif not plans_in(folded):
        values.add((POLARITY, "affirmed"))
    if _ENDED.search(folded):
        values.add((COURSE, "ended"))
    elif _GOES_ON.search(folded):
        values.add((COURSE, "goes on"))
    for figure in figures_in(folded):
        if figure.kind not in DATES:
            unit = figure.kind or folded[figure.end : figure.end + 1]
            values.add((f"{FIGURE} {unit}", f"{_sign(folded, figure)}{figure.value:f}"))
    return values


def _sign(text: str, figure: Figure) -> str:
    if _NOT_EVEN.match(text, figure.end):
        return "<"
    bound = bound_of(text[max(0, figure.start - 12) : figure.start], text[figure.end : figure.end + 4])
    return "<" if bound < 0 else ">" if bound > 0 else "="


def _opposed(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether a statement is excluded by another: another rank, the other direction, ``不到10%`` by ``超过40%``."""
    if one[0] != other[0]:
        return False
    if not one[0].startswith(FIGURE):
        return one[1] != other[1]
    (sign, value), (theirs, standard) = (one[1][0], float(one[1][1:])), (other[1][0], float(other[1][1:]))
    return (sign == "<" and theirs != "<" and standard > value) or (sign == ">" and theirs != ">" and standard < value)
