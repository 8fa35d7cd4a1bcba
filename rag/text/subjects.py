"""The subject of a measure: what it is of, and whether it says how much that is or how much it changed.

That is what its clause says before the figure, as it stands, and the noun that the figure counts. Off its ends comes what is
read otherwise: times, bounds, scopes, changes, function words. A clause that says too little takes the subject of the
measure before it, or the words of the clause before.
"""

import re
from typing import NamedTuple

from rag.text.measures import COUNTED, Measure
from rag.text.mentions import POINT_BEFORE, DateMention
from rag.text.view import HAN_CHARACTER

LONGEST_SUBJECT = 40
LONGEST_NOUN = 20
_BREAK = re.compile("[，,；;：:。！？!?]|——")
_JOINT = re.compile("[、和与及]")
_ASIDE = re.compile("[“”‘’\"']|[（(][^（()）]*[）)]?")
_OF_SOMETHING = re.compile("其?.?[数量额重比例模速幅值]?")
"""What is one of something named before it: ``总数``, ``其占比``, ``规模``."""
_EDGES = "-–—“”\"'（）()，,、：: \t"
_DIRECTION = "增长|增加|上升|提升|提高|上涨|下降|下滑|减少|降低|回落|收窄|扩大|加快|放缓|缩短|缩小|翻"
SCOPES = ("累计", "新建", "新增", "净增", "同比", "环比", "年均", "人均", "日均", "单日", "当月", "当年", "首次")
_CHANGE = re.compile(rf"(?P<direction>{_DIRECTION})了?$")
_IN_POINTS = re.compile(
    rf"(?:[比较与][^，；]{{0,16}})?(?:[高低快慢]于[^，；]*|高出|拉[动高低][^，；]*|{_DIRECTION})了?$"
)
_COMPARED = "(?<![同环])[比较与][^，]{0,8}(?:年|月|季度|期)[底末初]?"
_SHARE = re.compile("(?:占比?|比重|比例|份额)$")
_SHARE_OF = re.compile("占[^，,]{1,20}$")
# What opens a statement of how much there is; what stands before it is whose.
_OPENS = re.compile("^.*(?:已经?|共有|拥有|其中|预计|计划|力争)")
_FUNCTION = "的了到至达为是有约仅只占在从由再也又还都均已将共要"
_AT_END = re.compile(
    rf"(?:{'|'.join(SCOPES)}|(?:{_DIRECTION})(?=[到至]$)|{_COMPARED}|分别|完成|实现|目标|保持|合计|已经|[拥共设]有|[{_FUNCTION}])[到至]?$"
)
_AT_HEAD = re.compile("^(?:累计|新[建增]|净增|首次|[了的到至其在也并又还])")
_NOUN_END = re.compile(r"[，,；;：:。！？!?、（(）)\s]|——|同比|环比|其中|[达等都均在已将和与及为是的占]")
_ENGLISH_FUNCTION = re.compile(
    "a|about|above|almost|already|and|approximately|around|as|at|been|below|built|by|decreased|dropped|"
    "exceeded|fell|for|from|grew|had|has|have|hit|in|increased|is|it|more|nearly|now|number|of|on|or|over|"
    "plans|reached|rose|some|stood|than|that|the|there|this|to|total|totaled|totalled|under|up|was|were|"
    "which|will|with",
    re.IGNORECASE,
)
_ENGLISH_CHANGE = re.compile(
    r"\b(?:(?P<up>rose|grew|increased|up)|fell|dropped|decreased|down)\b(?!.*\bto\b)", re.IGNORECASE
)
_LATIN = re.compile("[A-Za-z]{3}")
_WORD = re.compile(r"[^\s,;:.!?()]+")


class Topic(NamedTuple):
    """What a measure is of.

    Attributes:
        subject, change, scope: as in :class:`rag.text.facts.Fact`; the subject is empty where it cannot be told.
    """

    subject: str = ""
    change: str = ""
    scope: str = ""


class Subjects:
    """Finds what each measure of a sentence is of, from the first measure to the last."""

    def __init__(self, text: str, mentions: list[DateMention], measures: list[Measure]) -> None:
        self.text = text
        self.mentions = mentions
        self.measures = measures
        self.is_chinese = bool(HAN_CHARACTER.search(text))
        self.found: dict[int, Topic] = {}
        self.listed: list[str] = []  # what the last 分别 goes through

    def of(self, number: int) -> Topic:
        """What a measure is of, by its number; they are asked for in order."""
        self.found[number] = self._chinese(number) if self.is_chinese else self._english(number)
        return self.found[number]

    def _lead(self, number: int) -> str:
        """What stands before a measure and its bound in its clause, after the measure before it; dates left out."""
        measure = self.measures[number]
        start = 0
        for match in _BREAK.finditer(self.text, 0, measure.start):
            if not any(mention.start <= match.start() < mention.end for mention in self.mentions):
                start = match.end()
        if number and self.measures[number - 1].end > start:
            start = self.measures[number - 1].end
        kept, position = "", start
        for mention in self.mentions:
            if start <= mention.start and mention.end <= measure.start:
                kept += POINT_BEFORE.sub("", self.text[position : mention.start])
                if mention.compared:
                    kept += self.text[mention.start : mention.end]
                position = mention.end
        return kept + self.text[position : measure.start]

    def _chinese(self, number: int) -> Topic:
        measure = self.measures[number]
        lead = self._lead(number)
        before = self.found.get(number - 1, Topic())
        joined = number > 0 and not _BREAK.search(self.text, self.measures[number - 1].end, measure.start)
        if joined:
            lead = _JOINT.split(lead)[-1]
            if paired := self._paired(number):
                return paired
        if "分别" in lead:
            head = _stripped(lead.partition("分别")[0])
            self.listed = _list_in(head) if head else self.listed
        change, scope, rest = _change_of(lead, measure)
        if "分别" in lead and self.listed:
            return Topic(self.listed[0], change, scope)
        subject = _stripped(rest)
        noun = self._noun_after(measure)
        if noun not in subject:
            subject += noun
        if not subject and "其中" in lead and before.subject:
            # 其中有62座在中国: of what was counted before, those of which more is said.
            return Topic(f"{before.subject}中{_BREAK.split(self.text[measure.end :])[0]}", change, scope)
        if not subject and joined and before.subject and not scope:
            return Topic(before.subject, before.change if measure.unit == "%" else change, before.scope)
        if _OF_SOMETHING.fullmatch(subject):
            subject = f"{before.subject or self._clause_before(measure)}{subject.removeprefix('其')}"
        elif before.subject.endswith(subject):
            subject = before.subject  # 基站 after 5G基站
        return Topic(subject, change, scope)

    def _paired(self, number: int) -> Topic | None:
        """The second and later values of 分别."""
        first = number
        while first and not _BREAK.search(self.text, self.measures[first - 1].end, self.measures[first].start):
            first -= 1
        if first in self.found and "分别" in self._lead(first) and number - first < len(self.listed):
            return self.found[first]._replace(subject=self.listed[number - first])
        return None

    def _noun_after(self, measure: Measure) -> str:
        """The noun that a measure counts (``234万个5G基站``); empty where none follows it."""
        if measure.unit and measure.unit not in COUNTED:
            return ""
        rest = _ASIDE.sub("", self.text[measure.rest : measure.rest + 2 * LONGEST_NOUN])
        if end := _NOUN_END.search(rest):
            rest = rest[: end.start()]
        return rest if 1 < len(rest) <= LONGEST_NOUN else ""

    def _clause_before(self, measure: Measure) -> str:
        """The clause before in its sentence, where it is short (``5G基站建设稳步推进，总数达264万个``)."""
        clauses = self.text[: measure.start].split("，")
        clause = _stripped(_BREAK.split(clauses[-2])[-1]) if len(clauses) > 1 else ""
        return clause if len(clause) <= LONGEST_NOUN else ""

    def _english(self, number: int) -> Topic:
        measure = self.measures[number]
        lead = self._lead(number)
        noun = _content(self.text[measure.end :], from_start=True) if measure.figure.kind == "" else ""
        match = _ENGLISH_CHANGE.search(lead)
        change = ("增长" if match["up"] else "下降") if match else ""
        subject = noun or _content(lead, from_start=False)
        return Topic(subject or self.found.get(number - 1, Topic()).subject, change)


def _change_of(lead: str, measure: Measure) -> tuple[str, str, str]:
    """Change and scope that the words before a measure tell, and those words without them."""
    scope = [word for word in SCOPES if word in lead]
    if measure.unit == "百分点":
        match = _IN_POINTS.search(lead)
        return "百分点", " ".join(scope), lead[: match.start()] if match else lead
    change = ""
    if match := _CHANGE.search(lead):
        change, lead = match["direction"], lead[: match.start()]
    if _SHARE.search(lead) or (measure.unit == "%" and _SHARE_OF.search(lead)):
        scope.append("占比")
    return change, " ".join(scope), lead


def _stripped(lead: str) -> str:
    """The words before a measure without what is read otherwise."""
    lead = _ASIDE.sub("", lead).strip(_EDGES)
    while match := _AT_END.search(lead):
        lead = lead[: match.start()].rstrip(_EDGES)
    lead = _OPENS.sub("", lead)
    while match := _AT_HEAD.search(lead):
        lead = lead[match.end() :].lstrip(_EDGES)
    return lead


def _content(text: str, *, from_start: bool) -> str:
    """The first or last words of an English text that are no function words."""
    words = [match.span() for match in _WORD.finditer(text.partition(", ")[0] if from_start else text)]
    runs: list[list[tuple[int, int]]] = [[]]
    for start, end in words:
        if _ENGLISH_FUNCTION.fullmatch(text, start, end):
            runs.append([])
        else:
            runs[-1].append((start, end))
    run = runs[0] if from_start else next((each for each in reversed(runs) if each), [])
    content = text[run[0][0] : run[-1][1]] if run else ""
    return content if _LATIN.search(content) else ""


def _list_in(head: str) -> list[str]:
    """The things that 分别 goes through: 新能源汽车、太阳能电池等产品产量 has two, 汽车产销 too."""
    if head.endswith("产销"):
        return [f"{head[:-2]}产量", f"{head[:-2]}销量"]
    listed, mark, rest = head.partition("等")
    return [f"{part}{mark}{rest}" for part in _JOINT.split(listed) if part]
