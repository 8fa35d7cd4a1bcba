"""Subjects: whether a figure of a claim is of the same thing as in its source.

``国家中小企业发展基金的总规模是2700亿元`` has a figure that stands in its source, where it is the ``融资规模`` of something
else. What a figure is of is read from both by the rules that extract facts (:mod:`rag.text.facts`). A claim may say more of
it than the sentence (the paragraph, the heading and the title tell it too), or less; it is of another thing where each
side has something that the other lacks, or where one is a share, a difference or a growth and the other is not.
"""

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

from rag.answers import Citation
from rag.text.facts import Measurement, in_full_names, measurements_in
from rag.text.numerals import in_digits
from rag.text.terms import fold
from rag.text.view import HAN, readable

AROUND = 120
"""Characters before a sentence that belong to what it says: a subject named once holds on."""
OWN_REST, THEIR_REST = 1, 2
"""From so many characters on that the other side lacks, two subjects differ."""
COMMON = 0.6
"""The share of a subject that another has from which on the two are the same, however they differ in the rest."""

_SENTENCE_ENDS = re.compile(r"[。！？!?]|\n\s*\n")
_HAN = re.compile(f"[{HAN}]")
_RUN = re.compile(f"[{HAN}]+")
_SAYS_NOTHING = re.compile(
    "我国|全国|中国|国内|目前|累计|总数|总量|数量|数目|总共|一共|已经?|达到?|超过|突破|约|建成|开通|建设|拥有|实现|完成|新增|"
    "增加值|产量|销量|总额|总值|同比|环比|增长|下降|增速|增幅|增加|提升|提高|减少|占比|占|比重|比例|份额|率|规模|情况|水平|"
    "使用|贡献|目标|打算|计划|力争|预计|认定|培育|进入|融入|覆盖|支持|服务|分别|其中|包括|以及|相关|还|等|的|了|在|是|为|有|和|与|及|对|把|将|从|由|到|至|中|内|年|月|日|底|末|初|个|数(?![字据])|多|上|下|均|都|也|并|再"
)
_GROWTH = re.compile("增(?!加值)|下降|提升|提高|减少|加快|放缓|回落|上升|扩大|缩|涨|降")
_SHARE = re.compile("占|比重|比例|份额")
_COMPARES = re.compile("比[^，。；]{1,30}?[高低多少快慢大小]|[高低快慢多少大小][于出]")
_EXCEEDS = re.compile("(?:超出|多出|高出|相差|差了?|多了|少了)了?$")
_COMPARED = re.compile("[比较]|高|低|快|慢|差|相当|超|多|少")


@dataclass(frozen=True, slots=True)
class _Said:
    """What one source says of how much: its sentence, the measurements in it, and what stands around."""

    text: str
    around: str
    measurements: tuple[Measurement, ...]


def of_another_thing(claim: str, citations: tuple[Citation, ...]) -> list[tuple[int, int]]:
    """Spans of the figures that a claim gives of one thing and all its sources that have them of another.

    Args:
        claim: in the form in which claims are compared: simplified, half-width, numerals in digits.
        citations: the spans it cites.
    """
    measured = measurements_in(claim)
    if not measured or not citations or not _HAN.search(claim):
        return []
    sources = [source for source in map(_said, citations) if _HAN.search(source.text)]
    wrong = []
    for own in measured:
        same = [
            (source, other)
            for source in sources
            for other in source.measurements
            if other.value == own.value and _is_share(other) == _is_share(own)
        ]
        if same and all(_differ(own, claim, source, other) for source, other in same):
            wrong.append((own.start, own.end))
    return wrong


def _is_share(measurement: Measurement) -> bool:
    """Whether a value is in percent, which no count is."""
    return measurement.unit in ("%", "‰")


def _said(citation: Citation) -> _Said:
    document = citation.document
    about = "\n".join((document.title, document.event, citation.heading, citation.speaker))
    return _read(document.text, citation.start, citation.end, about, document.date)


@lru_cache(maxsize=1024)
def _read(text: str, start: int, end: int, about: str, published: datetime.date | None) -> _Said:
    before = [match.end() for match in _SENTENCE_ENDS.finditer(text, max(0, start - AROUND), start)]
    after = _SENTENCE_ENDS.search(text, max(start, end - 1))
    first = before[-1] if before else max(0, start - AROUND)
    last = after.end() if after and after.end() - end <= AROUND else end
    sentence = in_digits(fold(readable(text[first:last])))
    around = fold(f"{about}\n{readable(text[max(0, first - AROUND) : first])}")
    return _Said(sentence, around, tuple(measurements_in(sentence, published)))


_CONTRASTS = tuple(
    map(re.compile, ("产(?!业|品|能|值)", "销", "进口", "出口", "收入", "支出", "城镇", "农村", "男", "女"))
)


def _contrast(one: str, other: str) -> bool:
    """Whether of two subjects each names one of a pair: production and sales, imports and exports."""
    pairs = zip(_CONTRASTS[::2], _CONTRASTS[1::2], strict=True)
    named = [[(bool(a.search(text)), bool(b.search(text))) for text in (one, other)] for a, b in pairs]
    return any({mine, theirs} == {(True, False), (False, True)} for mine, theirs in named)


def _differ(own: Measurement, claim: str, source: _Said, other: Measurement) -> bool:
    if {_kind(own), _kind(other)} == {"growth", "share"} or (
        _compares(own, claim) and not _is_compared(other, source.text)
    ):
        return True
    mine, theirs = _normal(own.subject), _normal(other.subject)
    if _contrast(mine, theirs):
        return True
    length = len(_content(mine))
    if not length or len(_rest(mine, theirs)) <= (1 - COMMON) * length:
        return False
    here = _rest(mine, _normal(f"{other.subject}\n{source.text}\n{source.around}"))
    return len(here) >= OWN_REST and len(_rest(theirs, _normal(claim))) >= THEIR_REST


def _kind(measurement: Measurement) -> str:
    """Whether a percentage is a share or a growth; empty where it does not say."""
    if measurement.unit != "%":
        return ""
    if "占比" in measurement.scope or _SHARE.search(measurement.subject):
        return "share"
    return "growth" if measurement.change or _GROWTH.search(measurement.subject) else ""


def _compares(own: Measurement, claim: str) -> bool:
    """Whether a value is by how much one thing exceeds another."""
    start = max(claim.rfind(mark, 0, own.start) for mark in "，。；")
    lead = claim[start + 1 : own.start]
    return bool(_EXCEEDS.search(lead) or (own.unit == "百分点" and _COMPARES.search(lead)))


def _is_compared(other: Measurement, text: str) -> bool:
    start = max(text.rfind(mark, 0, other.start) for mark in "，。；,;")
    return bool(_COMPARED.search(text[start + 1 : other.start]))


def _normal(text: str) -> str:
    return in_full_names(text).replace("手机", "移动电话")


def _content(subject: str) -> str:
    """The characters of a subject that say what it is."""
    return "".join(_RUN.findall(_SAYS_NOTHING.sub(" ", subject)))


def _rest(subject: str, text: str) -> str:
    """The Chinese characters of a subject that stand in no two characters that a text has too.

    Latin words are left out: names are compared elsewhere, and an abbreviation may stand for Chinese words.
    """
    rest = ""
    for match in _RUN.finditer(_SAYS_NOTHING.sub(" ", subject)):
        run = match.group()
        covered = {place + step for place in range(len(run) - 1) if run[place : place + 2] in text for step in (0, 1)}
        if len(run) == 1 and run in text:
            continue
        rest += "".join(character for place, character in enumerate(run) if place not in covered)
    return rest
