"""The subject of a measure: what it is of, and whether it says how much that is or how much it changed.

The rules read one clause at a time; a subject that a clause leaves out comes from the clauses before it.
"""

import re
from typing import NamedTuple

from rag.text.measures import Measure
from rag.text.mentions import DateMention
from rag.text.terms import fold
from rag.text.view import HAN_CHARACTER

LONGEST_SUBJECT = 40
_LONGEST_TAIL = 20  # more than the longest of _TAIL and _ENGLISH_TAIL
_FULL_NAMES = {"规上": "规模以上", "新能源车": "新能源汽车", "gdp": "国内生产总值", "手机用户": "移动电话用户"}
_BREAK = re.compile("[，,；;：:。！？!?]|——")
_JOINT = re.compile("[、]|和(?!谐|平)|以及|及|与")
_NOUN_END = re.compile(
    r"[，,；;：:。！？!?、（(）)\s]|——|以上|左右|占|达|等(?!级)|都|均|在|开展|进行|已|将|同比|环比|增长|下降|其中|中有|和|与|及|为|是|的"
)
_NOT_A_NOUN = re.compile("(?:大关|以上|左右|用户$|之间|水平|关口|的|，|在|中|不等)")
_LATIN_NOUN_END = re.compile(
    r"[,;:.!?()]|\s(?:by|in|at|as|of the|were|was|is|are|had|has|have|and|or|to|from|on|across|with|that|which|this|last)\b",
    re.IGNORECASE,
)
_DIRECTION = "增长|增加|上升|提升|提高|上涨|下降|下滑|减少|降低|回落|收窄|扩大|加快|放缓|缩短|缩小|翻"
_CHANGE = re.compile(
    rf"(?:(?:同比|环比)[^，,；;]{{0,6}})?(?:累计|年均|平均|分别|大幅|实际|名义|已|又|也|则|约|仅|再)*(?P<direction>{_DIRECTION})了?(?:了|约|近|超过?|大约|将近|高达|达|累计)*$"
)
_PERCENT_POINTS = re.compile(
    r"(?:比|较|与)?[^，,；;]{0,16}?(?:高于|低于|高出|高|低|快于|慢于|快|慢|加快|回落|上升|下降|提高|提升|收窄|拉动[^，,；;]{0,12}|拉高|拉低|增长|增加|扩大)了?[^，,；;]{0,20}$"
)
_COMPARISON = re.compile(
    r"(?:比|较|相比于?|与)(?:[^，,；;比较]{0,8}?(?:年|月|季度|期|初|相比)(?:同期|相比|底|末|初)?)$"
)
_SHARE = re.compile(r"(?:占比|比重|比例|占有率|份额)(?:提升|提高|上升|下降|降低)?$|占$")
_SHARE_OF = re.compile("占[^，,]{1,20}$")
_VAGUE = re.compile(
    r"^(?:其|占比|比重|比例|总数|总量|数量|规模|总规模|增速|增幅|占|涨幅|降幅|其占比|全年|总额|总值|产量|销量|产销|余额)$"
)
_BARE_VERB = re.compile(r"^(?:有|共有|新增|净增|新建|再培育认定|再建|新建开通|建成|累计)$")
_TAIL = re.compile(
    r"(?:拥有|共有|具有|设有|现有|仅有|同步|已经?|目前|现在|累计|总共|共计|共|总计|合计|一共|均|都|也|又|还|了|达到?|达成|超过?|突破|近|将近|接近|逼近|约|大约|大概|为|是|至|到|有|仅|只|占"
    r"|高达|不到|不足|不少于|不低于|不超过|至少|逾|首次|首破|预计|预期|将|要|力争|计划|目标|会|可|能够?|完成|实现|保持在?|维持在?|稳定在|在|的|"
    r"提升|提高|增加|增|增长|上升|下降|降|减少|扩大|再|分别|同比|环比|同期|由|从|[：:\s“”\"]|数量达|站上|跃升|攀升|快速|稳步|"
    r"超出|多达|少于|多于|大于|小于|算|即|每年|年均|平均)$"
)
_HEAD = re.compile(
    r"^(?:其中|同时|此外|另外|特别是|尤其是?|而|但是?|并且?|且|目前|现在|当前|如今|据悉|据介绍|据统计|数据显示|可以这么说|也就是|就是|我们|他们|大家|已经?|将要?|累计|"
    r"我国|全国|中国|本国|国内(?!生产|市场|旅|需)|全市|全省|的|了|到|至|截至|以来|期间|时|前|初|末|底|里|再|又|还|也|要|力争|计划|预计|争取|确保|拟|有望|共计?|总共|一共|"
    r"首次|今年|去年|工作是|实现了?|完成了?|建成了?|建成并?开通了?|建设了?|开通了?|新建了?|新增了?|净增了?|新开通|建|拥有了?|有|培育了?|培育建设了?|认定|打造了?|形成了?|创建了?|发展了?|"
    r"生产了|部署了?|大家知道|知道|当时|仅有?|达到?了?|超过?了?|具有|通过|经过|其|由|从|比如|例如|像|即|[“”\"、，,：:\s（(）)《》·—-])"
)
_GENERIC_HEAD = re.compile(r"^.{0,24}?(?:来说|来看|方面|来讲|表示|指出|介绍|说|认为|透露)[，,：:]?")
_SCOPES = ("累计", "新建", "新增", "净增", "同比", "环比", "年均", "人均", "日均", "单日", "当月", "当年", "首次")
_QUOTES = re.compile("[“”‘’\"']")
_BRACKETED = re.compile("[（(][^（()）]*[）)]?")
_CUT_AT_ADVERB = re.compile(
    r"^(.{2,16}?)(?:建设|发展)?(?:稳步|持续|不断|加快|快速|进一步|加速|稳定|较快|继续|显著|平稳|日益|正|全面)"
)
_ENGLISH_TAIL = re.compile(
    r"(?:^|\s)(?:reach(?:ed|es)?|was|were|is|are|rose|fell|grew|increased|decreased|dropped|by|to|of|at|over|more than|about|nearly|almost|around"
    r"|had|has|have|built|totall?ed|stood|hit|exceeded|a total|some|below|under|above|approximately|will|than|more|now|already|up|down|year on year|roughly|the)$",
    re.IGNORECASE,
)
_ENGLISH_CHANGE = re.compile(
    r"\b(?:(?P<up>rose|grew|increased|up)|fell|dropped|decreased|down)\b(?!.*\bto\b)", re.IGNORECASE
)
_ENGLISH_MEASURE_WORDS = frozenset({"yuan", "dollars", "people", "tonnes", "tons", "kilometers", "units"})
_ENGLISH_HEAD = re.compile(
    r"^(?:the number of|the total number of|number of|total|china(?:['’]s)?(?: has| had)?|the country(?:['’]s)?|the nation(?:['’]s)?|it|there|by|in|as of|at|and|while|the|of|,|had|has|have|built|a)(?:\s+|$)",
    re.IGNORECASE,
)


def in_full_names(text: str) -> str:
    """A text folded, with the full names of what is measured for the short ones (``规上``, ``新能源车``)."""
    folded = fold(text)
    for short, full in _FULL_NAMES.items():
        folded = folded.replace(short, full)
    return folded


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
        self.listed: list[str] = []  # subjects of 分别, which the next 分别 may take up

    def of(self, number: int) -> Topic:
        """What a measure is of, by its number; they are asked for in order."""
        self.found[number] = self._chinese(number) if self.is_chinese else self._english(number)
        return self.found[number]

    def _lead(self, number: int) -> str:
        """What stands before a measure in its clause, after the measure before it; dates left out."""
        measure = self.measures[number]
        start = 0
        for match in _BREAK.finditer(self.text, 0, measure.figure.start):
            if not any(mention.start <= match.start() < mention.end for mention in self.mentions):
                start = match.end()
        if number and self.measures[number - 1].end > start:
            start = self.measures[number - 1].end
        kept, position = "", start
        for mention in self.mentions:
            if start <= mention.start and mention.end <= measure.figure.start:
                kept += self.text[position : mention.start]
                if mention.compared:
                    kept += self.text[mention.start : mention.end]
                position = mention.end
        kept += self.text[position : measure.figure.start]
        return kept

    def _chinese(self, number: int) -> Topic:
        measure = self.measures[number]
        lead = self._lead(number)
        before = self.found.get(number - 1, Topic())
        joined = number > 0 and not _BREAK.search(self.text, self.measures[number - 1].end, measure.figure.start)
        if joined:
            parts = _JOINT.split(lead)
            lead = parts[-1] if len(parts) > 1 else lead
            if paired := self._paired(number):
                return paired
        if "分别" in lead and (listed := self._listed(number, lead)):
            return listed
        change, scope, lead = _change_of(lead, measure)
        subject = _stripped(lead)
        noun = self._noun_after(measure)
        if _BARE_VERB.match(subject):
            subject = ""
        if not subject and "其中" in lead and before.subject:
            # 其中有62座在中国: of what was counted before, those of which more is said.
            rest = _BREAK.split(self.text[measure.end :])[0].strip()
            return Topic(f"{before.subject}中{rest}" if 1 < len(rest) <= 12 else noun, change, scope)
        if noun not in subject:
            subject += noun
        if not subject and joined and before.subject and not scope:
            return Topic(before.subject, before.change if measure.unit == "%" else change, before.scope)
        if not subject:
            subject = before.subject or self._clause_before(measure)
        elif _VAGUE.match(subject):
            owner = before.subject or self._clause_before(measure)
            subject = f"{owner}{subject.removeprefix('其')}" if owner else ""
        elif before.subject.endswith(subject):
            subject = before.subject  # 基站 after 5G基站
        if subject.startswith(("占", "在", "与")):
            subject = f"{before.subject}{subject}" if before.subject else ""
        return Topic(subject, change, scope)

    def _paired(self, number: int) -> Topic | None:
        """The second and later values of 分别."""
        first = number
        while first and not _BREAK.search(self.text, self.measures[first - 1].end, self.measures[first].figure.start):
            first -= 1
        if first in self.found and "分别" in self._lead(first) and number - first < len(self.listed):
            return self.found[first]._replace(subject=self.listed[number - first])
        return None

    def _listed(self, number: int, lead: str) -> Topic | None:
        """The first value of 分别, where the things that it goes through are known."""
        change, scope, rest = _change_of(lead, self.measures[number])
        if head := _stripped(rest.partition("分别")[0]):
            self.listed = _list_in(head)
        return Topic(self.listed[0], change, scope) if self.listed else None

    def _noun_after(self, measure: Measure) -> str:
        """The noun that a measure counts (``234万个5G基站``); empty where none follows it."""
        if measure.unit in ("%", "‰", "百分点", "倍", "元", "美元", "亿美元", "吨", "公里", "个百分点", "K"):
            return ""
        rest = _QUOTES.sub("", self.text[measure.rest : measure.rest + 30]).replace("级的", "级")
        if end := _NOUN_END.search(rest):
            rest = rest[: end.start()]
        rest = rest.strip("了的")
        return "" if len(rest) < 2 or _NOT_A_NOUN.match(rest) or len(rest) > 20 else rest

    def _clause_before(self, measure: Measure) -> str:
        """What the clause before speaks of (``5G基站建设稳步推进，总数达264万个``)."""
        clauses = _BREAK.split(self.text[: measure.figure.start])
        for clause in reversed(clauses[:-1]):
            if match := _CUT_AT_ADVERB.match(_stripped(clause)):
                return match[1]
        return ""

    def _english(self, number: int) -> Topic:
        measure = self.measures[number]
        lead = self._lead(number)
        rest = self.text[measure.end :].lstrip()
        noun = ""
        if measure.figure.kind == "":
            end = _LATIN_NOUN_END.search(f" {rest}")
            noun = rest[: max(0, end.start() - 1) if end else len(rest)].strip(" .")
            noun = noun if 2 < len(noun) <= LONGEST_SUBJECT and noun[0].isalnum() else ""
        change = ""
        if match := _ENGLISH_CHANGE.search(lead):
            change = "增长" if match["up"] else "下降"
        subject = lead.strip(" ,")
        while stripped := _at_end(_ENGLISH_TAIL, subject):
            subject = subject[: stripped.start()].rstrip(" ,")
        while stripped := _ENGLISH_HEAD.match(subject):
            subject = subject[stripped.end() :].lstrip(" ,")
        if noun and noun.lower() not in _ENGLISH_MEASURE_WORDS:
            subject = noun
        return Topic(subject or self.found.get(number - 1, Topic()).subject, change)


def _change_of(lead: str, measure: Measure) -> tuple[str, str, str]:
    """Change and scope that the words before a measure tell, and those words without them."""
    scope = [word for word in _SCOPES if word in lead]
    if measure.unit == "百分点":
        match = _PERCENT_POINTS.search(lead)
        return "百分点", " ".join(scope), lead[: match.start()] if match else lead
    change = ""
    if match := _CHANGE.search(lead):
        change, lead = match["direction"], lead[: match.start()]
        if comparison := _COMPARISON.search(lead):
            lead = lead[: comparison.start()]
    stripped = lead
    while tail := _at_end(_TAIL, stripped):
        if tail.group().startswith("占"):
            break
        stripped = stripped[: tail.start()]
    if _SHARE.search(stripped) or (measure.unit == "%" and _SHARE_OF.search(stripped)):
        scope.append("占比")
        lead = stripped.removesuffix("占") or "占比"
    return change, " ".join(scope), lead


def _stripped(lead: str) -> str:
    """The noun phrase in the words before a measure."""
    lead = _BRACKETED.sub("", _QUOTES.sub("", lead)).strip()
    if match := _GENERIC_HEAD.match(lead):
        lead = lead[match.end() :]
    while lead and (match := _at_end(_TAIL, lead)):
        lead = lead[: match.start()]
    while lead and (match := _HEAD.match(lead)):
        lead = lead[match.end() :]
    return lead.strip("“”\"'（）()，,、：: ")


def _at_end(words: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The words that a text ends with; only its end is searched, or taking off one after the other would be quadratic."""
    return words.search(text, max(0, len(text) - _LONGEST_TAIL))


def _list_in(head: str) -> list[str]:
    """The things that 分别 goes through: 新能源汽车、太阳能电池等产品产量 has two, 汽车产销 too."""
    if head.endswith("产销"):
        return [f"{head[:-2]}产量", f"{head[:-2]}销量"]
    listed, mark, rest = head.partition("等")
    parts = [part for part in _JOINT.split(listed) if part]
    if mark:
        return [f"{part}等{rest}" for part in parts]
    return parts
