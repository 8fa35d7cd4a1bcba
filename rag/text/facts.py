"""Facts with figures: what a sentence says about how much something was, on which day or in which period.

``截至3月底，我国累计建成5G基站超过264万个`` of a document of April 2023 is: 5G基站, 2,640,000 个, 2023-03-31, 累计, 超过. The
rules read one clause at a time; what a clause leaves out (its subject, its date) comes from the clauses before it.
A figure whose subject cannot be told is left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from rag.text.dates import dates_in
from rag.text.documents import Document
from rag.text.figures import DATES, Figure, figures_in
from rag.text.mentions import DateMention
from rag.text.periods import Period
from rag.text.structure import Sentence, sentences_of
from rag.text.terms import fold
from rag.text.view import HAN

Status = Literal["actual", "plan"]

LONGEST_SUBJECT = 40
_LONGEST_TAIL = 20  # more than the longest of _TAIL and _EN_TAIL
_FULL_NAMES = {"规上": "规模以上", "新能源车": "新能源汽车", "gdp": "国内生产总值", "手机用户": "移动电话用户"}
_BREAK = re.compile("[，,；;：:。！？!?]|——")
_STRONG_BREAK = re.compile("[；;。！？!?]")
_JOINT = re.compile("[、]|和(?!谐|平)|以及|及|与")
_UNIT = re.compile(
    r"[\s]?[多余]?(?P<unit>个百分点|亿?美元|欧元|日元|港元|元|人民币|平方公里|平方米|立方米|平方千米|公里|千米|海里|厘米|毫米|米"
    r"|千瓦时|千瓦|吉瓦|兆瓦|标准煤|标煤|吨|公斤|千克|斤|亩|公顷|人次|人|个|家|户|座|项|台|辆|艘|架|套|件|条|次|张|枚|颗|所|名|位|栋|株"
    r"|头|只|箱|份|部|款|种|类|批|支|把|点|度|岁|天|小时|分钟|标箱|站|处|组|对|片|间|列|节|门|倍"
    r"|[kKMGTPEZ]?(?:FLOPS|bps|Wh?|Hz|B)(?![A-Za-z])|k?m(?![A-Za-z])|K(?![A-Za-z]))"
)
_AFTER_UNIT = re.compile(r"(?P<qualifier>(?:以上|左右|上下|以内|以下)?)的?")
# What ends the noun after a measure: 建成234万个5G基站，… ; 有62座在中国.
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
    rf"(?:(?P<compared>同比|环比)[^，,；;]{{0,6}})?(?:累计|年均|平均|分别|大幅|实际|名义|已|又|也|则|约|仅|再)*(?P<direction>{_DIRECTION})了?(?:了|约|近|超过?|大约|将近|高达|达|累计)*$"
)
_PERCENT_POINTS = re.compile(
    r"(?:比|较|与)?[^，,；;]{0,16}?(?:高于|低于|高出|高|低|快于|慢于|快|慢|加快|回落|上升|下降|提高|提升|收窄|拉动[^，,；;]{0,12}|拉高|拉低|增长|增加|扩大)了?[^，,；;]{0,20}$"
)
_COMPARISON = re.compile(
    r"(?:比|较|相比于?|与)(?:[^，,；;比较]{0,8}?(?:年|月|季度|期|初|相比)(?:同期|相比|底|末|初)?)$"
)
_SHARE = re.compile(r"(?:占比|比重|比例|占有率|份额)(?:提升|提高|上升|下降|降低)?$|占$")
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
_QUALIFIERS = {
    "超过": re.compile(
        r"(?:超过?|突破|逾|高于|多于|大于|首破)了?$|不(?:少|低)于$|至少$|(?:more than|over|exceed(?:ed|ing|s)?|above|at least)\s+$",
        re.I,
    ),
    "近": re.compile(r"(?:将近|接近|逼近|近)$|(?:nearly|almost)\s+$", re.I),
    "约": re.compile(r"(?:大约|大概|约)$|(?:about|around|approximately|some|roughly)\s+$", re.I),
    "不到": re.compile(
        r"(?:不到|不足|少于|低于|小于|不超过)了?$|(?:less than|under|below|fewer than|at most)\s+$", re.I
    ),
}
_QUALIFIERS_AFTER = {"以上": "超过", "左右": "约", "上下": "约", "以内": "不到", "以下": "不到"}
_PLANNED = re.compile(
    r"(?<!不)将(?!近|军|来)|(?<![动导规划的度体五])计划(?![》”’单实经完外内项])|力争|争取|预计|预期|有望|(?<![虚模草比])拟(?!人|合|定于?$)|确保(?=.{0,12}(?:达|超|增|到|实现|完成))|目标(?=[是为：:达到定设将]|$)|增长目标|要(?=实现|达|建|新增|超|突破|培育)"
    r"|\bwill\b|\bplan(?:s|ned)? to\b|\bexpect(?:s|ed)? to\b|\baims? to\b|\btarget",
    re.IGNORECASE,
)
_HAPPENED = re.compile(
    r"已(?!定)|截至|目前|现在|达到了|超过了|突破了|完成了|建成了|实现了|\bhad\b|\bhas\b", re.IGNORECASE
)
_STATE = re.compile(r"已|目前|现在|迄今|累计|拥有|现有|至今|如今")
_SCOPES = ("累计", "新建", "新增", "净增", "同比", "环比", "年均", "人均", "日均", "单日", "当月", "当年", "首次")
_HAN = re.compile(f"[{HAN}]")
_ASIDE = re.compile("《[^《》]*》|[（(][^（()）]*[）)]")
_OF_FIGURE = re.compile(r"的\d")
_STOCK_UNITS = frozenset("个家户座项台条处种类张颗所名位套栋头只部款把点站组对片间列门")
_QUOTES = re.compile("[“”‘’\"']")
_BRACKETED = re.compile("[（(][^（()）]*[）)]?")
_CUT_AT_ADVERB = re.compile(
    r"^(.{2,16}?)(?:建设|发展)?(?:稳步|持续|不断|加快|快速|进一步|加速|稳定|较快|继续|显著|平稳|日益|正|全面)"
)
_EN_TAIL = re.compile(
    r"(?:^|\s)(?:reach(?:ed|es)?|was|were|is|are|rose|fell|grew|increased|decreased|dropped|by|to|of|at|over|more than|about|nearly|almost|around"
    r"|had|has|have|built|totall?ed|stood|hit|exceeded|a total|some|below|under|above|approximately|will|than|more|now|already|up|down|year on year|roughly|the)$",
    re.IGNORECASE,
)
_EN_HEAD = re.compile(
    r"^(?:the number of|the total number of|number of|total|china(?:['’]s)?(?: has| had)?|the country(?:['’]s)?|the nation(?:['’]s)?|it|there|by|in|as of|at|and|while|the|of|,|had|has|have|built|a)(?:\s+|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """How much something was, as one sentence says it.

    Attributes:
        subject: what is measured (``5G基站``, ``规模以上工业增加值``).
        value: the number, multiples such as 万 multiplied out.
        unit: ``个``, ``元``, ``%``, …; empty where the text gives none.
        written: number and unit as they read in the text (``264万个``).
        period: the days that the value is of.
        resolved: whether the day of publication was needed to know them.
        dated: whether the sentence itself names a date for the value; otherwise it is of its paragraph or of publication.
        status: ``"plan"`` for targets, plans and forecasts, else ``"actual"``.
        change: ``"增长"``, ``"下降"``, … where the value is how much something changed; empty for how much it is.
        scope: ``累计``, ``新建``, ``净增``, ``同比``, ``占比``, …, with blanks between; empty where there is none.
        qualifier: ``超过``, ``近``, ``约``, ``不到`` or empty.
        speaker: who says it; empty for the narrator.
        heading: the section it stands under.
        start, end: span of the sentence in ``Document.text``.
        value_start, value_end: span of number and unit in ``Document.text``.
    """

    subject: str
    value: Decimal
    unit: str
    written: str
    period: Period
    resolved: bool
    dated: bool
    status: Status
    change: str
    scope: str
    qualifier: str
    speaker: str
    heading: str
    start: int
    end: int
    value_start: int
    value_end: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure in a text, with what it is of.

    Attributes:
        subject, change, scope, value, unit: as in :class:`Fact`; the subject is empty where it cannot be told.
        start, end: span of number and unit in the text.
    """

    subject: str
    change: str
    scope: str
    value: Decimal
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Measure:
    """A figure with its unit, in the text of a sentence."""

    figure: Figure
    unit: str
    end: int
    after: str  # 以上, 左右, …


def facts_of(document: Document, sentences: Iterable[Sentence] | None = None, most: int | None = None) -> list[Fact]:
    """The facts of a document in their order; none of one without a day of publication or dates of its own.

    Args:
        sentences: its sentences, where they are known already.
        most: how many to look for, for texts that others wrote; all without it.
    """
    found: list[Fact] = []
    context = _Context(document.date)
    for sentence in sentences_of(document.text, document.speakers) if sentences is None else sentences:
        if sentence.kind in ("question", "note"):
            continue
        context.enter(sentence)
        found += _facts_in(sentence, document, context)
        if most is not None and len(found) >= most:
            return found[:most]
    return found


def measurements_in(text: str, published: date | None = None) -> list[Measurement]:
    """The figures of a sentence that measure or count something, in their order, each with what it is of.

    Args:
        published: day of publication, by which dates without a year are known as dates.
    """
    mentions = dates_in(text, published)
    measures = list(_measures(text, mentions))
    subjects = _Subjects(text, mentions, measures)
    found = []
    for number, measure in enumerate(measures):
        subject, change, scope = subjects.of(number)
        start, end = measure.figure.start, measure.end
        found.append(Measurement(subject, change, scope, measure.figure.value, measure.unit, start, end))
    return found


def in_full_names(text: str) -> str:
    """A text folded, with the full names of what is measured for the short ones (``规上``, ``新能源车``)."""
    folded = fold(text)
    for short, full in _FULL_NAMES.items():
        folded = folded.replace(short, full)
    return folded


class _Context:
    """What the sentences before tell: the date their paragraph speaks of, and the last period of the document."""

    def __init__(self, published: date | None) -> None:
        self.published = published
        self.paragraph = -1
        self.mention: DateMention | None = None
        self.span: DateMention | None = None

    def enter(self, sentence: Sentence) -> None:
        if sentence.paragraph != self.paragraph:
            self.paragraph, self.mention = sentence.paragraph, None

    @property
    def year(self) -> int | None:
        return self.mention.period.last.year if self.mention else None

    def remember(self, text: str, mentions: list[DateMention]) -> None:
        """Takes up the date that a sentence is about: the first that is past, no comparison and no 由2018年的15%."""
        for mention in mentions:
            is_future = self.published is not None and mention.period.first > self.published
            is_aside = (
                mention.compared
                or text[: mention.end].endswith(("以来", "至今"))
                or _OF_FIGURE.match(text, mention.end)
            )
            if not is_future and not is_aside:
                self.mention = mention
                if not mention.period.is_day:
                    self.span = mention
                return

    def date_for(self, text: str, measure: _Measure, change: str) -> DateMention | None:
        """The date of a value whose sentence names none; None for the day of publication."""
        if change:
            return self.mention if self.mention and not self.mention.period.is_day else self.span
        if self.mention is None or _STATE.search(text[: measure.figure.start]):
            return None
        is_count = measure.unit in _STOCK_UNITS
        return None if is_count and not self.mention.period.is_day else self.mention


def _facts_in(sentence: Sentence, document: Document, context: _Context) -> Iterator[Fact]:
    text = sentence.text
    if not any(character.isdigit() or character in "分成亿万" for character in text):
        return
    brackets = [match.span() for match in _ASIDE.finditer(text)]
    mentions = [
        mention
        for mention in dates_in(text, document.date, context.year)
        if not any(start <= mention.start < end for start, end in brackets)
    ]
    measures = list(_measures(text, mentions))
    subjects = _Subjects(text, mentions, measures)
    places: list[int] | None = None
    for number, measure in enumerate(measures):
        subject, change, scope = subjects.of(number)
        if not subject or len(subject) > LONGEST_SUBJECT:
            continue
        place = _date_of(text, measure, mentions, change, context)
        if place is None:
            continue
        period, resolved, dated = place
        lead = text[: measure.figure.start]
        places = places or _places(text, document.text, sentence.start, sentence.end)
        first, last = (
            (places[measure.figure.start], places[measure.end - 1] + 1) if places else (sentence.start, sentence.end)
        )
        yield Fact(
            subject=subject,
            value=measure.figure.value,
            unit=measure.unit,
            written=text[measure.figure.start : measure.end],
            period=period,
            resolved=resolved,
            dated=dated,
            status=_status(text, measure, period, document.date),
            change=change,
            scope=scope,
            qualifier=_qualifier(lead, text, measure),
            speaker=sentence.speaker,
            heading=sentence.heading if sentence.kind != "heading" else "",
            start=sentence.start,
            end=sentence.end,
            value_start=first,
            value_end=last,
        )
    context.remember(text, mentions)


def _measures(text: str, mentions: list[DateMention]) -> Iterator[_Measure]:
    """Figures that measure or count something: no parts of dates, ordinals, or numbers in names."""
    taken = [(mention.start, mention.end) for mention in mentions]
    for figure in figures_in(text):
        if figure.kind in DATES or any(start < figure.end and figure.start < end for start, end in taken):
            continue
        before = text[max(0, figure.start - 1) : figure.start]
        if before in ("第", "+", "×") or text[figure.end : figure.end + 1] in ("+", "×"):
            continue
        if text[figure.end : figure.end + 1] in "百千万亿" and text[figure.end : figure.end + 1]:
            continue  # a number that was not read to its end
        if figure.kind:
            unit, end = figure.kind, figure.end
        else:
            match = _UNIT.match(text, figure.end)
            unit, end = (match["unit"], match.end()) if match else ("", figure.end)
            large = any(character in "万亿" for character in figure.written) or figure.value >= 10_000
            if not unit and not large and _HAN.search(text):
                continue
        after = _AFTER_UNIT.match(text, end)
        yield _Measure(figure, unit, end, after["qualifier"] if after else "")


class _Subjects:
    """Finds what each measure of a sentence is of, from the first measure to the last."""

    def __init__(self, text: str, mentions: list[DateMention], measures: list[_Measure]) -> None:
        self.text = text
        self.mentions = mentions
        self.measures = measures
        self.is_chinese = bool(_HAN.search(text))
        self.found: dict[int, tuple[str, str, str]] = {}
        self.listed: list[str] = []  # subjects of 分别, which the next 分别 may take up

    def of(self, number: int) -> tuple[str, str, str]:
        """Subject, change and scope of a measure; they are asked for in order."""
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

    def _chinese(self, number: int) -> tuple[str, str, str]:
        measure = self.measures[number]
        lead = self._lead(number)
        before = self.found.get(number - 1, ("", "", ""))
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
        if not subject and "其中" in lead and before[0]:
            # 其中有62座在中国: of what was counted before, those of which more is said.
            rest = _BREAK.split(self.text[measure.end :])[0].strip()
            return (f"{before[0]}中{rest}" if 1 < len(rest) <= 12 else noun), change, scope
        if noun and (not subject or not _is_same(subject, noun)):
            subject = f"{subject}{noun}" if subject else noun
        if not subject and joined and before[0] and not scope:
            return before[0], before[1] if measure.unit == "%" else change, before[2]
        if not subject:
            subject = before[0] or self._clause_before(measure)
        elif _VAGUE.match(subject):
            owner = before[0] or self._clause_before(measure)
            subject = f"{owner}{subject.removeprefix('其')}" if owner else ""
        elif before[0].endswith(subject):
            subject = before[0]  # 基站 after 5G基站
        if subject.startswith(("占", "在", "与")):
            owner = before[0]
            subject = f"{owner}{subject}" if owner else ""
        return subject, change, scope

    def _paired(self, number: int) -> tuple[str, str, str] | None:
        """The second and later values of 分别."""
        first = number
        while first and not _BREAK.search(self.text, self.measures[first - 1].end, self.measures[first].figure.start):
            first -= 1
        if first in self.found and "分别" in self._lead(first) and number - first < len(self.listed):
            return (self.listed[number - first], *self.found[first][1:])
        return None

    def _listed(self, number: int, lead: str) -> tuple[str, str, str] | None:
        head, _, tail = lead.partition("分别")
        change, scope, rest = _change_of(f"{head}分别{tail}", self.measures[number])
        head = _stripped(re.split("(?:同比|环比)?分别", rest)[0] if "分别" in rest else rest)
        if head:
            self.listed = _list_in(head)
        return (self.listed[0], change, scope) if self.listed else None

    def _noun_after(self, measure: _Measure) -> str:
        """The noun that a measure counts (``234万个5G基站``); empty where none follows it."""
        if measure.unit in ("%", "‰", "百分点", "倍", "元", "美元", "亿美元", "吨", "公里", "个百分点", "K"):
            return ""
        after = _AFTER_UNIT.match(self.text, measure.end)
        start = after.end() if after else measure.end
        rest = _QUOTES.sub("", self.text[start : start + 30]).replace("级的", "级")
        if end := _NOUN_END.search(rest):
            rest = rest[: end.start()]
        rest = rest.strip("了的")
        return "" if len(rest) < 2 or _NOT_A_NOUN.match(rest) or len(rest) > 20 else rest

    def _clause_before(self, measure: _Measure) -> str:
        """What the clause before speaks of (``5G基站建设稳步推进，总数达264万个``)."""
        clauses = _BREAK.split(self.text[: measure.figure.start])
        for clause in reversed(clauses[:-1]):
            if match := _CUT_AT_ADVERB.match(_stripped(clause)):
                return match[1]
        return ""

    def _english(self, number: int) -> tuple[str, str, str]:
        measure = self.measures[number]
        lead = self._lead(number)
        rest = self.text[measure.end :].lstrip()
        noun = ""
        if measure.figure.kind == "":
            end = _LATIN_NOUN_END.search(f" {rest}")
            noun = rest[: max(0, end.start() - 1) if end else len(rest)].strip(" .")
            noun = noun if 2 < len(noun) <= LONGEST_SUBJECT and noun[0].isalnum() else ""
        change = ""
        if match := re.search(
            r"\b(rose|grew|increased|up|fell|dropped|decreased|down)\b(?!.*\bto\b)", lead, re.IGNORECASE
        ):
            change = "增长" if match[1].lower() in ("rose", "grew", "increased", "up") else "下降"
        subject = lead.strip(" ,")
        while stripped := _at_end(_EN_TAIL, subject):
            subject = subject[: stripped.start()].rstrip(" ,")
        while stripped := _EN_HEAD.match(subject):
            subject = subject[stripped.end() :].lstrip(" ,")
        if noun and not _is_measure_word(noun):
            subject = noun
        return (subject or self.found.get(number - 1, ("", "", ""))[0]), change, ""


def _is_measure_word(noun: str) -> bool:
    return noun.lower() in ("yuan", "dollars", "people", "tonnes", "tons", "kilometers", "units")


def _change_of(lead: str, measure: _Measure) -> tuple[str, str, str]:
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
    if _SHARE.search(stripped) or (measure.unit == "%" and re.search("占[^，,]{1,20}$", stripped)):
        scope.append("占比")
        lead = re.sub("占$", "", stripped) if stripped != "占" else "占比"
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


def _is_same(subject: str, noun: str) -> bool:
    return subject.endswith(noun) or noun in subject


def _list_in(head: str) -> list[str]:
    """The things that 分别 goes through: 新能源汽车、太阳能电池等产品产量 has two, 汽车产销 too."""
    if head.endswith("产销"):
        return [f"{head[:-2]}产量", f"{head[:-2]}销量"]
    listed, mark, rest = head.partition("等")
    parts = [part for part in _JOINT.split(listed) if part]
    if mark:
        return [f"{part}等{rest}" for part in parts]
    return parts


def _date_of(
    text: str, measure: _Measure, mentions: list[DateMention], change: str, context: _Context
) -> tuple[Period, bool, bool] | None:
    """Period of a measure, whether publication was needed to know it, and whether the sentence names it."""
    start = measure.figure.start
    before = [mention for mention in mentions if mention.end <= start and not mention.compared]
    if before:
        mention = before[-1]
        if text[:start].endswith(("从", "由")) and not mention.period.is_day:
            return (
                None  # 2012年至2022年，从16.98万亿元增加到…: of its beginning, which day that is the text does not say
            )
        # 由2018年的15%提升到50%: the date of the first value is not that of the second.
        if (
            len(before) > 1
            and re.match("的", text[mention.end :])
            and re.search(r"\d.*(?:提升|提高|增长?|上升|下降|降)(?:到|至)", text[mention.end : start])
        ):
            mention = before[-2]
        return mention.period, mention.resolved, True
    if not _HAN.search(text):
        after = [mention for mention in mentions if mention.start >= measure.end and not mention.compared]
        if after:
            return after[0].period, after[0].resolved, True
    published = context.published
    if inherited := context.date_for(text, measure, change):
        return inherited.period, inherited.resolved, False
    return (Period(published, published), True, False) if published else None


def _status(text: str, measure: _Measure, period: Period, published: date | None) -> Status:
    """Whether a value is planned. Of the signs before it, the nearest counts; a day to come is a plan's."""
    if published and period.is_day and period.first > published:
        return "plan"
    start = max((match.end() for match in _STRONG_BREAK.finditer(text, 0, measure.figure.start)), default=0)
    lead = text[start : measure.figure.start]
    planned = max((match.start() for match in _PLANNED.finditer(lead)), default=-1)
    happened = max((match.start() for match in _HAPPENED.finditer(lead)), default=-1)
    if planned > happened or (published and period.first > published):
        return "plan"
    if not _HAN.search(text) and happened < 0 and _PLANNED.search(text):
        return "plan"
    return "actual"


def _qualifier(lead: str, text: str, measure: _Measure) -> str:
    for name, pattern in _QUALIFIERS.items():
        if pattern.search(lead[-20:]):
            return name
    if measure.after:
        return _QUALIFIERS_AFTER[measure.after]
    return "超过" if re.search("[多余]", text[measure.figure.start : measure.end]) else ""


def _places(text: str, stored: str, start: int, end: int) -> list[int]:
    """Place in the stored text of each character of a sentence as it reads; empty where they cannot be matched.

    A view only leaves characters out or shows one for one, so each character is the next that looks like it.
    """
    if stored[start:end] == text:
        return list(range(start, end))
    places: list[int] = []
    position = start
    for character in text:
        while position < end and not _looks_like(stored[position], character):
            position += 1
        if position == end:
            return []
        places.append(position)
        position += 1
    return places


def _looks_like(stored: str, shown: str) -> bool:
    if stored == shown:
        return True
    code = ord(stored)
    if 0xFF01 <= code <= 0xFF5E and chr(code - 0xFEE0) == shown:
        return True
    if 0xFF01 <= ord(shown) <= 0xFF5E and chr(ord(shown) - 0xFEE0) == stored:
        return True
    return stored.isspace() and shown == " "
