"""Silence: whether the evidence answers the question at all, and what it does tell where it nearly does.

What a question asks for is looked up in the evidence: its content words, the time, the places and organisations, the
scope (``人均``, ``出口``) and the sort of answer (a list, a percentage, an amount in 吉瓦). What is missing and how near
in meaning the best sentence is are weighed by a logistic regression; a language model's own margin
(:mod:`rag.answering.answerability`) is added where there is one.

Calibrated by ``python -m eval.silence_calibration`` on 231 questions (the tune half and 167 more over the sample
documents; 114 of them unanswerable, four in five of those near misses), each judged by weights fitted without it:

| least confidence | rejected | falsely rejected | answered | risk |
|---|---|---|---|---|
| 0.2 | 0.842 | 0.026 | 0.571 | 0.136 |
| 0.3 (lenient) | 0.868 | 0.034 | 0.554 | 0.117 |
| 0.5 (balanced) | 0.904 | 0.051 | 0.528 | 0.090 |
| 0.7 (strict) | 0.912 | 0.137 | 0.481 | 0.090 |
| 0.8 | 0.939 | 0.171 | 0.450 | 0.067 |

The rules that find what is missing were written beside these questions; what they do on others is for the test half to
tell. Risk is the share of the answered that cannot be answered. In English the figures are weaker (13 unanswerable and
16 answerable questions; 10 and 1 rejected): only times, names, scope and the similarity can be compared. The margin's
weight rests on 29 questions that were chosen, and seen, before it was set: of eleven wrongly answered ones it rejects
six, and none of 15 answerable ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.questions.kinds import asks_for_list
from rag.reading.calibration import logit_of, probability
from rag.reading.evidence import Evidence, is_foreign
from rag.reading.timeliness import is_of
from rag.settings import Caution
from rag.text.dates import dates_in
from rag.text.figures import DATES, figures_in
from rag.text.mentions import DateMention
from rag.text.names import (
    Name,
    is_own_country,
    is_place,
    names_another_country,
    names_in,
    stands_in,
    without_listed_places,
)
from rag.text.terms import fold
from rag.text.view import HAN, is_list_item

if TYPE_CHECKING:
    from rag.reading.findings import Findings

CONFIDENT = 0.5
THRESHOLDS: dict[Caution, float] = {"lenient": 0.3, "balanced": CONFIDENT, "strict": 0.7}
"""The least confidence that is answered: ``lenient`` answers more, ``strict`` is silent more often."""

AROUND = 120
"""Characters before a sentence that belong to what it says: a date or a subject named once holds on."""
ALIKE = 0.15
"""Sentences that cover less of the question than the best by up to this share are looked at with it."""
NEAR = 0.35
"""A miss is near when at most this share of what is asked, leaving out what is missing, is not in the sentence."""
NEAREST_SENTENCES = 2
UNDATED = 100_000
"""Days that an undated document counts as being away from the time asked about."""
NEAR_FOREIGN = 0.80
"""The similarity from which a sentence in another script is near."""

_ASKING = (
    "请问|多少[个家座坐辆户条项位种台]?|什么时候|啥时候|为什么|为何|什么|啥|哪些|哪个|哪里|哪儿|哪[家位种座所年天几]?|谁|如何|怎么样?|怎样|是否|有没有|能否|能不能|"
    "是不是|几[个家座坐辆户条项位种台万亿成年倍天月]|多[大高长快久]|第几|吗|呢|呀|啊|啦|咱们?"
)
_GLUE = (
    "分别|各自?|一共|总共|合计|截至|截止|到底|目前|现在|当前|已经|累计|大约|大概|左右|以上|以下|达到|超过|突破|建成|完成|实现|具体|主要|情况|数量|"
    "总数|总量|数字|方面|可以|应该|我国|中国|全国|我们|国家|国内|全球|世界|占比?|比重|比例|同比|环比|期间|时候|的话|一下|这个|那个|哪一|一个|"
    "一家|打算|计划|这么|那么|(?<![新节智产功性动机核潜职])能(?![力源耗效级量够])|(?<![社机大协商])会(?![议展计])|[的了在是和与及或就也都而等这那其之于以对为被把让给从向过有要说到由做]"
)
_BREAK = re.compile(f"{_ASKING}|{_GLUE}|[^{HAN}a-z0-9]+")
_RUN = re.compile(f"[{HAN}]+|[a-z0-9][a-z0-9.+\\-]*")
_COUNTER = re.compile("[个家座坐辆户条项天人位种度台岁元亿万次倍成]|[0-9]+")
_REASON = re.compile(r"为什么|为何|怎么|凭什么|咋|理由|原因|怎样|依据|\bwhy\b|\breason", re.IGNORECASE)
# What narrows a figure down; a figure for all is no answer to one for some. Each with what may stand for it.
_SCOPES = tuple(
    map(
        re.compile,
        (
            r"人均|每人|平均每|每万人|每百人|每户|\bper (?:capita|person|head|user)",
            "每月|每年|每天",
            "女性|男性|老年|青少年|儿童|学生",
            r"出口|外销|外贸|\bexport",
            r"进口|\bimport",
            r"城镇|城市|\burban\b",
            r"农村|乡村|行政村|村里|\brural\b",
            "利润|盈利|净利",
            "价格|单价|售价|房价",
            "工资|薪酬|薪资",
            "库存",
            "负债|债务",
            "市值|股价",
            "税收|纳税|缴税",
            "成本",
        ),
    )
)
_SUPERLATIVE = re.compile("最[大多高快强好早便]|排名?第[一二三四五六七八九十\\d]+")
_REGION_ASKED = re.compile("哪[一个]?[个座]?[省市县城区]")
_EVERYDAY = re.compile("[啊呀啦嘛咱俺啥]|里头|了[？?]?$")
_PROPER = re.compile(r"(?<=[a-z,] )[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)*")
_FAMILIAR = re.compile(
    "(?:China|Chinese|MIIT|GDP|Five|Year|Plan|Five-Year Plan|Q[1-4]|January|February|March|April|May|June|July|August|September|October|November|December)$"
)
_SYLLABLES = "(?:(?:[zcs]h|[bpmfdtnlgkhjqxzcsryw])?(?:[aeiou]{1,3}(?:ng|n|r(?![aeiou]))?))+"
_ROMANISED_PERSON = re.compile(f"{_SYLLABLES} {_SYLLABLES}", re.IGNORECASE)
_LIST_ASKED = re.compile("哪些|分别是(?!多少|几)|有哪几")
_LISTED = re.compile("、|一是|第一|首先|[一二三四]、")
_UNIT_ASKED = re.compile(
    "多少[万亿]*(?P<unit>万亿|亿|万|吨|吉瓦|兆瓦|千瓦时?|度|公里|平方米|美元|元|辆|台|架|岁|米|倍|次|天|小时)"
)
_AMOUNT_ASKED = re.compile(
    "多少|几[个家座坐辆户条成倍万亿]|多[大高快]|增速|how (?:many|much|fast)|what share", re.IGNORECASE
)
_TIME_ASKED = re.compile("什么时候|啥时候|何时|哪一?年|哪一?天|几月|^when ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the decision is made from.

    Attributes:
        similarity: the highest cosine similarity of a sentence to the question.
        foreign: whether the question is in another script than the evidence; words then cannot be compared.
        uncovered: share of the question's content characters that the best sentence does not hold.
        time, name, scope, answer: whether the evidence lacks the time, a name, the scope or the sort of answer asked for.
        loose: whether the question is in everyday words, or asks why and may assume what the documents deny; words that
            the evidence lacks then tell less.
    """

    similarity: float
    foreign: bool
    uncovered: float
    time: bool
    name: bool
    scope: bool
    answer: bool
    loose: bool

    @property
    def is_missing(self) -> bool:
        """Whether something is lacking that an answer cannot do without."""
        return self.time or self.name or self.scope or self.answer


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression over :class:`Signals`, whose booleans and shares count as numbers from 0 to 1.

    Attributes:
        origin: the similarity at which similarity counts nothing.
        constant: for a question of which nothing is missing, at the origin.
        similarity: for each hundredth above the origin.
        uncovered, loosely_uncovered: for the share uncovered, the second where the question is loosely worded.
        missing: for the lack of the time, name, scope or sort of answer asked for: it decides alone.
    """

    origin: float
    constant: float
    similarity: float
    uncovered: float
    loosely_uncovered: float
    missing: float = -12.0

    def score(self, signals: Signals) -> float:
        """The logit of the probability that the question is answered."""
        return (
            self.constant
            + self.similarity * 100 * (signals.similarity - self.origin)
            + (self.loosely_uncovered if signals.loose else self.uncovered) * signals.uncovered
            + self.missing * signals.is_missing
        )


WEIGHTS = Weights(0.90, 1.13, 0.96, -1.52, -0.4)
# In another script only the meaning can be compared; too few questions to fit, so drawn between the two kinds by hand.
FOREIGN_WEIGHTS = Weights(0.777, 0.0, 0.6, 0.0, 0.0)
# The similarities of another embedder may lie lower altogether; words alone decide then.
WORD_WEIGHTS = Weights(0.0, 2.4, 0.0, -4.0, -3.0)
MARGIN_ORIGIN = 2.6
MARGIN_WEIGHT = 1.5
MARGIN_REACH = 4.0
"""What a language model's margin adds to the logit: its distance from the origin, at most this far."""
LEAST_SIMILARITY = 0.70
"""The embedded embedder's similarities all lie above this, even those of unrelated sentences."""


def confidence(
    question: str,
    evidence: Sequence[Evidence],
    findings: "Findings | None" = None,
) -> float:
    """How surely the evidence answers the question, from 0 to 1; the assistant answers from ``CONFIDENT`` on.

    Args:
        findings: what the reader found, where one read; else words and the embedder decide.
    """
    if not evidence:
        return 0.0
    if findings and findings.answer:
        # The items of a list are sentences of their own, and each of them answers.
        answering = evidence if asks_for_list(question) else evidence[:1]
        chance = sum(part.chance or 0.0 for part in answering)
        return findings.calibration.answered(chance, is_foreign(question, evidence))
    found = signals_of(question, evidence)
    weights = FOREIGN_WEIGHTS if found.foreign else WEIGHTS if found.similarity >= LEAST_SIMILARITY else WORD_WEIGHTS
    return probability(weights.score(found))


def beside_model(confidence: float, margin: float) -> float:
    """A confidence with what a language model itself holds of the evidence added, from 0 to 1.

    Args:
        confidence: without it.
        margin: the model's own (:func:`rag.answering.answerability.margin`).
    """
    from_origin = max(-MARGIN_REACH, min(MARGIN_REACH, margin - MARGIN_ORIGIN))
    return probability(logit_of(confidence) + MARGIN_WEIGHT * from_origin)


def signals_of(question: str, evidence: Sequence[Evidence]) -> Signals:
    """What speaks for and against an answer; ``evidence`` is not empty."""
    reading = _Reading(question, evidence)
    return Signals(
        similarity=max((part.similarity or 0.0) for part in evidence),
        foreign=reading.foreign,
        uncovered=min(reading.uncovered),
        time=reading.missing_time() is not None,
        name=bool(reading.missing_names()),
        scope=reading.missing_scope() is not None,
        answer=reading.lacks_sort_of_answer(),
        loose=bool(_REASON.search(question) or _EVERYDAY.search(question)),
    )


def lacking(question: str, evidence: Sequence[Evidence]) -> list[tuple[str, Literal["time", "name", "scope"]]]:
    """The time, names and scope that the evidence lacks, in the words of the question, each with which of them it is."""
    return _Reading(question, evidence).lacking() if evidence else []


def is_in_everyday_words(question: str) -> bool:
    """Whether a question is in words that documents do not use (``咱们``, ``…了多少啊``)."""
    return bool(_EVERYDAY.search(question))


def unspoken(asked: str, text: str) -> float:
    """The share of what a question speaks of, times and question words left out, that a sentence does not hold."""
    folded = fold(asked)
    return _uncovered(_content(folded, dates_in(asked)), fold(text))


class _Reading:
    """A question beside its evidence, everything folded once."""

    def __init__(self, question: str, evidence: Sequence[Evidence]) -> None:
        self.question = question
        self.asked = fold(question)
        self.evidence = evidence
        self.foreign = is_foreign(question, evidence)
        self.dates = dates_in(question)
        self.runs = _content(self.asked, self.dates)
        self.own = [fold(part.sentence.text) for part in evidence]
        self.near = [f"{text}\n{_around(part)}" for text, part in zip(self.own, evidence, strict=True)]
        self.all = "\n".join(self.near)
        self.uncovered = [_uncovered(self.runs, text) for text in self.near]
        least = min(self.uncovered)
        self.best = [number for number, share in enumerate(self.uncovered) if share <= least + ALIKE]

    def missing_time(self) -> DateMention | None:
        """The time that is asked about (the last one named: a follow-up changes it), if no sentence is of it.

        Evidence that neither names nor has any date may be of any time.
        """
        if not self.dates:
            return None
        asked = self.dates[-1]
        told = [(part.document.date, _dates_of(part)) for part in self.evidence]
        known = any(published or dates for published, dates in told)
        return asked if known and not any(is_of(asked, published, dates) for published, dates in told) else None

    def missing_names(self) -> list[str]:
        """The names of the question that the evidence lacks; ``4G`` must stand in a sentence itself."""
        own = "\n".join(self.own)
        missing = []
        named = names_in(self.asked)
        several = sum(is_place(name.written) and not is_own_country(name.written) for name in named) > 1
        for name in named:
            if name.kind == "person":
                lacks = not any(stands_in(name, self._told_by(number)) for number in range(len(self.own)))
            elif name.kind == "latin":
                lacks = not self.foreign and bool(_GENERATION.match(name.written)) and not stands_in(name, own)
            elif is_own_country(name.written):
                lacks = names_another_country(self.all)
            elif _AMOUNT_ASKED.search(self.asked) and not several:
                # A figure of 江苏、广东等10个省 is of all of them; that of one stands with its name.
                lacks = not any(stands_in(name, without_listed_places(self.near[number])) for number in self.best)
            else:
                lacks = not stands_in(name, self.all)
            if lacks:
                missing.append(self.question[name.start : name.end])
        if self.foreign and not missing:
            missing = [name for name in _PROPER.findall(self.question) if self._is_unknown(name)]
        return missing

    def _told_by(self, number: int) -> str:
        """A sentence with who says it, the title and the heading: a person named elsewhere has not said it."""
        part = self.evidence[number]
        return "\n".join(
            (self.own[number], fold(f"{part.document.title}\n{part.sentence.heading}\n{part.sentence.speaker}"))
        )

    def _is_unknown(self, name: str) -> bool:
        """Whether an English proper name stands nowhere in Chinese evidence; a person may stand there in characters."""
        folded = fold(name)
        known = (
            _FAMILIAR.match(name)
            or _ROMANISED_PERSON.fullmatch(name)
            or stands_in(Name(folded, 0, len(folded), "latin"), self.all)
        )
        return not known

    def missing_scope(self) -> str | None:
        """What narrows the question down and is in none of the best sentences."""
        best = "\n".join(self.own[number] for number in self.best)
        for scope in _SCOPES if _AMOUNT_ASKED.search(self.asked) else ():
            if (named := scope.search(self.asked)) and not scope.search(best):
                return named.group()
        if (named := _SUPERLATIVE.search(self.asked)) and named.group() not in best:
            return named.group()
        if (named := _REGION_ASKED.search(self.asked)) and not any(name.kind == "listed" for name in names_in(best)):
            return named.group()
        return None

    def lacking(self) -> list[tuple[str, Literal["time", "name", "scope"]]]:
        """What is missing, in the words of the question."""
        found: list[tuple[str, Literal["time", "name", "scope"]]] = []
        if time := self.missing_time():
            found.append((self.question[time.start : time.end], "time"))
        found += [(name, "name") for name in self.missing_names()]
        if scope := self.missing_scope():
            found.append((scope, "scope"))
        return found

    def lacks_sort_of_answer(self) -> bool:
        """Whether the best sentences have no list, amount, unit or time, where one is asked for."""
        if self.foreign:
            return False
        best = [self.evidence[number].sentence.text for number in self.best]
        text = "\n".join(best)
        if (unit := _UNIT_ASKED.search(self.asked)) and unit["unit"] not in text:
            return True
        if _LIST_ASKED.search(self.asked):
            told = [part.sentence.text for part in self.evidence]
            return not (_LISTED.search("\n".join(told)) or any(map(is_list_item, told)) or len(told) > 3)
        if _TIME_ASKED.search(self.asked):
            return not any(dates_in(part.sentence.text, part.document.date) for part in self.evidence)
        return bool(_AMOUNT_ASKED.search(self.asked)) and not any(map(_has_value, best))


_GENERATION = re.compile(r"\d+g$")


def _content(asked: str, dates: Sequence[DateMention]) -> list[tuple[int, str]]:
    """The runs of content characters of a folded question, each with its place; times and question words left out."""
    characters = list(asked)
    for mention in dates:
        characters[mention.start : mention.end] = "\n" * (mention.end - mention.start)
    text = "".join(characters)
    runs = []
    place = 0
    for start, end in [*(match.span() for match in _BREAK.finditer(text)), (len(text), len(text))]:
        runs += [(place + run.start(), run.group()) for run in _RUN.finditer(text[place:start])]
        place = end
    return [(start, run) for start, run in runs if not _COUNTER.fullmatch(run)]


def _marks(run: str, text: str) -> list[bool]:
    """Which characters of a run stand in a text together with a neighbour; of a Latin word all or none."""
    if run.isascii():
        return [bool(re.search(rf"(?<![a-z0-9]){re.escape(run)}(?![a-z0-9])", text))] * len(run)
    if len(run) == 1:
        return [run in text]
    marks = [False] * len(run)
    for place in range(len(run) - 1):
        if run[place : place + 2] in text:
            marks[place] = marks[place + 1] = True
    return marks


def _uncovered(runs: Sequence[tuple[int, str]], text: str) -> float:
    marks = [mark for _, run in runs for mark in _marks(run, text)]
    return 1 - sum(marks) / len(marks) if marks else 0.0


def _around(part: Evidence) -> str:
    """What a reader of the sentence knows besides: title, occasion, heading, speakers, and what was said before it."""
    document, sentence = part.document, part.sentence
    before = document.text[max(0, sentence.start - AROUND) : sentence.start]
    # 江苏、广东等10个省: what is said next is of all of them, and of none by itself.
    known = (document.title, document.event, document.source, sentence.heading, *document.speakers)
    return "\n".join((fold("\n".join(known)), without_listed_places(fold(before))))


def _dates_of(part: Evidence) -> list[DateMention]:
    """The times that a sentence names, and those named shortly before it."""
    before = part.document.text[max(0, part.sentence.start - AROUND) : part.sentence.start]
    # Each by itself: a year that is only compared with (高于去年四季度) does not go over to the next sentence.
    return dates_in(part.sentence.text, part.document.date) + dates_in(before, part.document.date)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Evidence about what was asked, but of another time, place, organisation or scope.

    Attributes:
        missing: what the evidence lacks, in the words of the question (``2021年底``, ``德国``, ``人均``).
        kind: what that is: ``time``, ``name`` or ``scope``.
        is_figure: whether a figure was asked for.
        evidence: the sentences that come nearest, nearest first.
    """

    missing: str
    kind: Literal["time", "name", "scope"]
    is_figure: bool
    evidence: tuple[Evidence, ...]


def near_miss(question: str, evidence: Sequence[Evidence]) -> NearMiss | None:
    """What the evidence does tell where it lacks only the time, the name or the scope that was asked for.

    None where nothing of that sort is missing, where a person is (what others say is not near), or where the sentences
    are about something else. It does not look at the confidence: ask it once the answer is to be silence.
    """
    if not evidence:
        return None
    reading = _Reading(question, evidence)
    lacking = reading.lacking()
    if not lacking or any(name.kind == "person" for name in names_in(reading.asked)):
        return None
    runs = [
        (start, piece) for start, run in reading.runs for piece in _without(run, [fold(word) for word, _ in lacking])
    ]
    is_figure = bool(_AMOUNT_ASKED.search(reading.asked) or _UNIT_ASKED.search(reading.asked))
    time = reading.missing_time()
    found: list[tuple[float, int, float, int, Evidence]] = []
    for part, own, near in zip(evidence, reading.own, reading.near, strict=True):
        similarity = part.similarity or 0.0
        share = 0.0 if reading.foreign else _uncovered(runs, own)
        # The sentence itself must speak of it, not only what stands around it.
        is_near = (
            similarity >= NEAR_FOREIGN if reading.foreign else runs and share <= 0.5 and _uncovered(runs, near) <= NEAR
        )
        if is_near and (not is_figure or _has_value(part.sentence.text)):
            found.append((round(share, 1), _days_apart(time, part), -similarity, len(found), part))
    if not found:
        return None
    found.sort()
    alike = [part for share, _, _, _, part in found[:NEAREST_SENTENCES] if share == found[0][0]]
    return NearMiss(*lacking[0], is_figure, tuple(alike[:1] if reading.foreign else alike))


def label(miss: NearMiss, language: Literal["zh", "en"]) -> str:
    """The assistant's own words before the sentences that it quotes; they claim nothing but the lack."""
    if language == "zh":
        asked = f"“{miss.missing}”" if miss.kind == "scope" else miss.missing
        return f"资料没有给出{asked}的{'数字' if miss.is_figure else '情况'}；资料给出的最接近的内容是："
    asked = f'"{miss.missing}"' if miss.kind == "scope" else miss.missing
    lack = f"no figure for {asked}" if miss.is_figure else f"nothing about {asked}"
    return f"The documents give {lack}; the nearest that they do give is: "


def _without(run: str, words: Sequence[str]) -> list[str]:
    """What is left of a run without the missing words; a single character (the 省 of ``浙江省``) is nothing of its own."""
    pieces = [run]
    for word in words:
        pieces = [piece for whole in pieces for piece in whole.split(word)]
    return [piece for piece in pieces if len(piece) > 1 or piece == run]


def _days_apart(asked: DateMention | None, part: Evidence) -> int:
    """How far a document was published from the time asked about; 0 where no time is missing, far where it is undated."""
    if asked is None:
        return 0
    return abs((part.document.date - asked.period.last).days) if part.document.date else UNDATED


def _has_value(sentence: str) -> bool:
    return any(figure.kind not in DATES for figure in figures_in(sentence))
