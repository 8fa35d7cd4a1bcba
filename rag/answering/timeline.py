"""The same figure at several dates: which facts a topic or a question asks for, as dated points, newest first.

Points are of one series when they measure the same in the same way: a share, a growth rate and a number are three
series, and so are what is there and what is newly built. Plans are never taken for what has happened.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.answers import Citation
from rag.index.store import Filters, Store
from rag.messages import say
from rag.text.dates import dates_in
from rag.text.display import one_line
from rag.text.facts import Fact
from rag.text.periods import PARTS_OF_YEAR, Period
from rag.text.subjects import in_full_names
from rag.text.terms import fold
from rag.text.view import HAN, HAN_CHARACTER

if TYPE_CHECKING:
    from rich.table import Table

    from embeddings import TextEmbedder

CLOSE_TO_BEST = 0.75
LOWEST_MATCH = 0.45
LOWEST_SIMILARITY = 0.855
SIMILARITY_MARGIN = 0.006
COMPARED_SUBJECTS = 512

_PIECE = re.compile(f"[{HAN}]+|[a-z]+[0-9]*|[0-9]+[a-z]+|[0-9]+(?:\\.[0-9]+)?")
_DISTINCT_SCOPES = ("新建", "新增", "净增", "人均", "年均", "日均", "单日", "当月")
_COUNTS = frozenset(
    ["", *"个户家座人名位所条项台辆艘架套件次张枚颗栋头只份部款种类批支把站处组对片间列门", "人次", "亿户", "户"]
)
_ASKS_FOR_FIGURE = re.compile(
    r"多少|历次|历年|几(?!年|月|号|日|乎|何)|多大|多高|百分之几|是多少|how (?:many|much|large|big|high)|what (?:share|percentage|proportion|number|rate)",
    re.IGNORECASE,
)
_ASKS_FOR_COURSE = re.compile(
    "(?:是|经历了)?(?:怎么|如何|怎样|怎么样)(?:一步步|逐步|逐年|一路)?(?:地|的)?(?:变化|增长|增加|发展)(?:过来|起来)?的?|(?:有|经历了?)?(?:什么|哪些|怎样的)(?:历次)?变化(?:过程|历程|轨迹)?|(?:变化|增长)(?:过程|历程|轨迹)(?:是(?:什么|怎样的))?"
)
_ASKS_OTHERWISE = re.compile(r"为什么|为何|怎么|如何|哪[个些位家]|谁|是不是|是否|why|which|who|whether", re.IGNORECASE)
_ASKS_FOR_PLAN = re.compile(
    r"计划|目标|预计|将|力争|规划|打算|要(?:建|达|新)|plan|target|goal|expect|will", re.IGNORECASE
)
_ASKS_FOR_LATEST = re.compile(r"最新|目前|现在|当前|如今|迄今|至今|截至目前|latest|current|now", re.IGNORECASE)
_ASKS_FOR_CHANGE = re.compile(
    r"(?:增长|下降|减少|上升)(?!到|至)|增速|增幅|降幅|降低(?!到|至)|提高了|提升了|growth|grow|grew|rise|rose|fall|fell",
    re.IGNORECASE,
)
_ASKS_FOR_EACH = re.compile(r"各|分别|相比|差[别距]|相差|对比|变化|从多少|respectively|each", re.IGNORECASE)
_ASKS_FOR_SHARE = re.compile(r"占比|比重|比例|占(?!用|领|地)|百分之|份额|share|percent|proportion", re.IGNORECASE)
_SESSION = re.compile("人大.?.?次会议|人民代表大会|全国政协")
_RELATIVE_DATE = re.compile(
    r"今年|去年|前年|明年|上年|本月|上月|当时|那时|当年|年初|年底|年末|上半年|下半年|季度|\d月|月底|last year|this year",
    re.IGNORECASE,
)
# Words of a question that say nothing about what is measured.
_SAYS_NOTHING = re.compile(
    r"请问|请把|历次|历年|先后|按?时间(?:先后|顺序)?|全部|列出来?|列一下|[上中里时](?=公布|发布|披露|提到|透露|的)|公布的?|发布的?|披露的?|差别大?|差距大?|相比|相差|变化|对比|(?:增加|增长|提高|提升|上升|下降|减少)到|增加(?!值)了?|跟|从|多少|几|是什么|什么|有没有|一共|总共|共有|共|目前|现在|当前|如今|迄今|至今|最新|截至|截止|到|我国|全国|中国|咱们国家|国家一共|国内|"
    r"已经?|累计|建成|开通|建设|建了|拥有|达到了?|达|超过了?|突破了?|总数|总量|数量|数目|数|计划|目标|预计|将|力争|规划|"
    r"同比|环比|增长了?|增速|增幅|下降了?|降幅|占比|比重|比例|占|百分之|新建|新增|净增|各|分别|大约|大概|约|左右|内|期间|底|末|初|时|"
    r"(?<=[”\"》])[上中里]|个|家|户|座|项|台|辆|人|万|亿|元|条|了|的|是|有|在|吗|呢|啊|呀|年|月|日|为|和|会|要|能|数据|数字|情况|"
    r"\b(?:how|many|much|what|is|are|was|were|the|of|in|there|china|has|have|had|does|do|did|by|end|number|total|latest|current|currently|now|built|a|an|its)\b"
)
_PLACE = re.compile(
    r"北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆|"
    r"香港|澳门|台湾|深圳|广州|杭州|南京|苏州|成都|武汉|西安|郑州|美国|日本|德国|英国|法国|韩国|印度|俄罗斯|欧盟|欧洲|非洲|东盟|全市|全省|全区|本市|本省|"
    r"中国移动|中国电信|中国联通|中国铁塔|中国广电|华为|中兴|(?:集团|公司)(?=[^\s，。]{0,8})|\b(?:US|USA|Japan|Germany|India|Europe)\b"
)


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its date and where it stands.

    Attributes:
        fact: subject, value, unit, period, scope, … as extracted.
        citation: the sentence that says it, an exact span, with other documents that carry it too.
    """

    fact: Fact
    citation: Citation

    @property
    def value(self) -> Decimal:
        """The number, multiples such as 万 multiplied out."""
        return self.fact.value

    @property
    def as_of(self) -> Period:
        """The days that the value is of."""
        return self.fact.period

    @property
    def is_plan(self) -> bool:
        """Whether it is a target, a plan or a forecast."""
        return self.fact.status == "plan"

    @property
    def text(self) -> str:
        """The sentence as it reads."""
        return self.citation.text

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        fact = self.fact
        return {
            "subject": fact.subject,
            "value": _plain(fact.value),
            "unit": fact.unit,
            "written": fact.written,
            "first": fact.period.first.isoformat(),
            "last": fact.period.last.isoformat(),
            "dated": fact.dated,
            "status": fact.status,
            "change": fact.change,
            "scope": fact.scope,
            "qualifier": fact.qualifier,
            "speaker": fact.speaker,
            "value_start": fact.value_start,
            "value_end": fact.value_end,
            "citation": self.citation.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """The points of a topic, newest first."""

    topic: str
    points: tuple[Point, ...]

    def series(self) -> dict[tuple[str, ...], tuple[Point, ...]]:
        """The points by what they measure: subject, kind of unit, change and scope; the largest series first."""
        grouped: dict[tuple[str, ...], list[Point]] = {}
        for point in self.points:
            grouped.setdefault(_series_of(point.fact), []).append(point)
        return {key: tuple(points) for key, points in sorted(grouped.items(), key=lambda item: -len(item[1]))}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"topic": self.topic, "points": [point.to_dict() for point in self.points]}

    def to_csv(self) -> str:
        """One line a point, with a header."""
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow(
            [
                "last",
                "first",
                "subject",
                "value",
                "unit",
                "status",
                "change",
                "scope",
                "qualifier",
                "speaker",
                "title",
                "quote",
            ]
        )
        for point in self.points:
            fact = point.fact
            writer.writerow(
                [
                    fact.period.last.isoformat(),
                    fact.period.first.isoformat(),
                    *map(
                        _formula_safe,
                        (fact.subject, _plain(fact.value), fact.unit, fact.status, fact.change, fact.scope),
                    ),
                    *map(_formula_safe, (fact.qualifier, fact.speaker, point.citation.document.title, point.text)),
                ]
            )
        return stream.getvalue()

    def to_table(self) -> "Table":
        """A table for the terminal."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("as_of", "value", "subject", "status", "speaker", "document"):
            table.add_column(say(f"column_{column}"), overflow="fold", no_wrap=column in ("as_of", "value"))
        for point in self.points:
            fact = point.fact
            kind = " ".join(filter(None, (say(f"status_{fact.status}"), fact.scope, fact.change)))
            document = point.citation.document
            origin = f"《{document.title}》 {document.date or ''} {say('span', start=fact.start, end=fact.end)}"
            row = (_days(fact.period), f"{fact.qualifier}{fact.written}", fact.subject, kind, fact.speaker, origin)
            table.add_row(*(Text(one_line(cell)) for cell in row))
        return table

    def to_svg(self) -> str:
        """A drawing: one panel for each series, plans as hollow marks."""
        from rag.answering.plot import timeline_svg

        return timeline_svg(self)


def timeline(store: Store, embedder: "TextEmbedder", topic: str, filters: Filters) -> Timeline:
    """All that the documents say about how much ``topic`` was or is planned to be.

    Subjects are matched by their characters; where none matches (a topic in another language), by the embedder.

    Args:
        topic: what is measured, such as ``5G基站``.
        filters: what the documents and speakers are limited to.
    """
    with store.snapshot():  # facts and the documents they stand in are of one moment
        subjects = store.subjects(filters)
        scores = {subject: _match(topic, subject) for subject in subjects}
        best = max(scores.values(), default=0.0)
        if best >= LOWEST_MATCH:
            chosen = [subject for subject, score in scores.items() if score >= max(LOWEST_MATCH, CLOSE_TO_BEST * best)]
        else:
            chosen = _nearest(embedder, topic, subjects)
        return Timeline(topic, _points(store, store.facts(chosen, filters)))


def answering_points(store: Store, question: str, filters: Filters, documents: Iterable[str]) -> tuple[Point, ...]:
    """The points that answer a question for a figure, newest first; empty unless it is sure that they do.

    A question that names a day, month or year gets the points of that time; one with 最新 or 目前 the latest; another all,
    if there are at least two dates. A question for a plan gets plans, others get what has happened. Every word of the
    question that says what is measured, or of whom, must be in the fact's subject or its sentence, and every word of the
    subject in the question.

    Args:
        question: a question that stands alone.
        documents: ids of the documents found for it: only what they give figures of is looked for, in all documents.
    """
    question = _ASKS_FOR_COURSE.sub("历次是多少", question)
    if not _ASKS_FOR_FIGURE.search(question) or _ASKS_OTHERWISE.search(question):
        return ()
    dates = dates_in(question)
    if (len(dates) > 1 and not _ASKS_FOR_EACH.search(question)) or (not dates and _RELATIVE_DATE.search(question)):
        return ()
    bare = question
    for mention in reversed(dates):
        bare = f"{bare[: mention.start]}，{bare[mention.end :]}"
    asked = fold(bare)
    with store.snapshot():
        candidates = []
        for subject in store.subjects(filters, documents):
            if _pieces(_SAYS_NOTHING.sub("，", fold(subject))) and _is_named(subject, asked):
                candidates.append(subject)
        facts = [(identifier, fact) for identifier, fact in store.facts(candidates, filters) if _fits(fact, question)]
        points = [point for point in _points(store, facts) if _says_all(point, bare)]
    if dates:
        found = [[point for point in points if _is_of(point.fact, mention.period)] for mention in dates]
        points = [point for point in points if any(point in some for some in found)] if all(found) else []
    if len({_series_of(point.fact)[1:] for point in points}) != 1:
        return ()
    if _ASKS_FOR_LATEST.search(question) and not dates:
        return tuple(point for point in points if point.as_of.last == points[0].as_of.last)
    if not dates and len({point.as_of for point in points}) < 2:
        return ()
    return tuple(points)


def written(points: Iterable[Point], language: str) -> str:
    """The points as sentences, one a line.

    Args:
        language: ``"zh"`` or ``"en"``.
    """
    line = _chinese_line if language == "zh" else _english_line
    return "\n".join(line(point.fact) for point in points)


def origin(point: Point, language: str) -> str:
    """What to say before the sentence of a point that names no time: the day of its document; empty where it names one.

    Args:
        language: ``"zh"`` or ``"en"``.
    """
    if point.fact.dated or not point.as_of.is_day:
        return ""
    if language == "zh":
        return f"{_chinese_origin(point.as_of)}："
    return f"A document of {point.as_of.last:%-d %B %Y} says: "


def _chinese_origin(period: Period) -> str:
    day = period.last
    return f"据{day.year}年{day.month}月{day.day}日的资料"


def _chinese_line(fact: Fact) -> str:
    scope = " ".join(word for word in fact.scope.split() if word not in fact.subject and word not in ("占比", "首次"))
    if fact.status == "plan":
        change = fact.change if fact.change != "百分点" else "变化"
        verb = f"{'计划' if not change else '预计'}{scope}{change or '达到' if not scope or change else ''}"
    elif fact.change == "百分点":
        verb = "变化"
    else:
        verb = (
            f"{scope}{fact.change}"
            if fact.change
            else f"{scope}{'' if fact.qualifier in ('超过', '不到', '近') else '为'}"
        )
    qualifier = "" if re.search("[多余]", fact.written) and fact.qualifier == "超过" else fact.qualifier
    speaker = f"（{fact.speaker}）" if fact.speaker else ""
    if fact.dated or not fact.period.is_day:
        when = f"{'截至' if fact.period.is_day and fact.status == 'actual' else ''}{_chinese_date(fact.period)}"
    else:
        when = _chinese_origin(fact.period)
    return f"{when}，{fact.subject}{verb}{qualifier}{fact.written}{speaker}。"


def _english_line(fact: Fact) -> str:
    qualifier = {"超过": "over ", "近": "nearly ", "约": "about ", "不到": "less than "}.get(fact.qualifier, "")
    status = "planned " if fact.status == "plan" else ""
    change = {"": "", "百分点": "a change of "}.get(
        fact.change, "down " if fact.change[:1] in "下降减回收缩" else "up "
    )
    when = (
        f"{fact.period.last:%-d %B %Y}"
        if fact.period.is_day
        else f"{fact.period.first:%-d %B %Y} to {fact.period.last:%-d %B %Y}"
    )
    speaker = f" ({fact.speaker})" if fact.speaker else ""
    opening = "As of " if fact.period.is_day else ""
    return f"{opening}{when}, {fact.subject}: {status}{change}{qualifier}{fact.written}{speaker}."


def _chinese_date(period: Period) -> str:
    first, last = period.first, period.last
    if period.is_day and (last + timedelta(days=1)).day == 1:
        return f"{last.year}年底" if last.month == 12 else f"{last.year}年{last.month}月底"
    if period.is_day:
        return f"{last.year}年{last.month}月{last.day}日"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return f"{first.year}年" if first.year == last.year else f"{first.year}年至{last.year}年"
    if first.year == last.year and first.day == 1:
        if first.month == last.month:
            return f"{first.year}年{first.month}月"
        if (first.month, last.month) in PARTS_OF_YEAR:
            return f"{first.year}年{PARTS_OF_YEAR[first.month, last.month]}"
        return f"{first.year}年{first.month}月至{last.month}月"
    return f"{_chinese_date(Period(first, first))}至{_chinese_date(Period(last, last))}"


def _points(store: Store, facts: Iterable[tuple[str, Fact]]) -> tuple[Point, ...]:
    """Points newest first; the same fact twice in a document, or in documents that are nearly the same, once."""
    kept: dict[tuple[Any, ...], list[Point]] = {}
    ordered = sorted(facts, key=lambda pair: (not pair[1].dated, pair[1].start))
    for identifier, fact in ordered:
        same = kept.setdefault((*_series_of(fact), fact.status, fact.value, fact.period), [])
        near = {identifier, *store.links(identifier)}
        document = store.document(identifier)
        place = next((n for n, point in enumerate(same) if point.citation.document.id in near), None)
        if place is None:
            quote = document.text[fact.start : fact.end]
            same.append(Point(fact, Citation(document, fact.start, fact.end, quote, fact.speaker, fact.heading)))
            continue
        citation = same[place].citation
        if document.id != citation.document.id and document not in citation.reprints:
            same[place] = replace(same[place], citation=replace(citation, reprints=(*citation.reprints, document)))
    points = [point for same in kept.values() for point in same]
    return tuple(
        sorted(
            points,
            key=lambda point: (
                point.as_of.last,
                point.as_of.first,
                point.citation.date or point.as_of.last,
                point.value,
            ),
            reverse=True,
        )
    )


def _series_of(fact: Fact) -> tuple[str, ...]:
    """What a fact measures: folded subject, kind of unit, change, and scope as far as it is another measure."""
    scope = " ".join(word for word in fact.scope.split() if word in _DISTINCT_SCOPES)
    unit = "个" if fact.unit in _COUNTS else fact.unit
    return _normal(fact.subject), unit, fact.change, scope


def _normal(text: str) -> str:
    return re.sub(r"(?:总数量?|数量|总量)$", "", in_full_names(text))


def _pieces(text: str) -> set[str]:
    """Latin words, numbers and pairs of Chinese characters (one that stands alone by itself) of a folded text."""
    found: set[str] = set()
    for match in _PIECE.finditer(text):
        piece = match.group()
        if HAN_CHARACTER.match(piece) and len(piece) > 1:
            found.update(piece[place : place + 2] for place in range(len(piece) - 1))
        else:
            found.add(piece.removesuffix("s") if len(piece) > 3 else piece)
    return found


def _match(topic: str, subject: str) -> float:
    """How well a subject matches a topic, from 0 to 1: all of the topic is in it, and little else."""
    wanted, held = _pieces(_normal(topic)), _pieces(_normal(subject))
    if not wanted or not held or not wanted <= held:
        return 0.0
    return 2 * len(wanted) / (len(wanted) + len(held))


def _nearest(embedder: "TextEmbedder", topic: str, subjects: list[str]) -> list[str]:
    """Subjects nearest in meaning to a topic in another language; they share its Latin words and numbers."""
    latin = {piece for piece in _pieces(_normal(topic)) if any(c.isdigit() for c in piece)}
    if HAN_CHARACTER.search(topic) or not subjects:
        return []
    considered = [subject for subject in subjects if latin <= _pieces(_normal(subject))][:COMPARED_SUBJECTS]
    if not considered:
        return []
    similarities = embedder.documents(considered) @ embedder.documents([topic])[0]
    best = float(similarities.max())
    if best < LOWEST_SIMILARITY:
        return []
    return [considered[place] for place in np.flatnonzero(similarities >= best - SIMILARITY_MARGIN)]


def _is_named(subject: str, asked: str) -> bool:
    """Whether a question names all of a subject."""
    rest = _pieces(_SAYS_NOTHING.sub("，", _normal(subject)))
    return rest <= _pieces(_normal(asked))


def _fits(fact: Fact, question: str) -> bool:
    """Whether a fact is of the kind that a question asks for: plan or not, growth or not, share or not."""
    if (fact.status == "plan") != bool(_ASKS_FOR_PLAN.search(question)):
        return False
    if bool(fact.change) != bool(_ASKS_FOR_CHANGE.search(question)) or fact.change == "百分点":
        return False
    if not fact.change and (fact.unit == "%") != bool(_ASKS_FOR_SHARE.search(question)) and "率" not in fact.subject:
        return False
    return all((word in fact.scope) == (word in question) for word in _DISTINCT_SCOPES)


def _says_all(point: Point, question: str) -> bool:
    """Whether all that a question asks about is in the fact's subject, sentence or heading, and it is of nobody else."""
    fact, citation = point.fact, point.citation
    event = citation.document.event
    if _SESSION.search(event):
        question = re.sub("(?:全国)?两会(?:期间)?", "，", question)
    surroundings = fold(f"{fact.subject}，{point.text}，{fact.heading}，{event}")
    asked = fold(question)
    if fact.speaker and fold(fact.speaker) in asked:
        asked = re.sub(f"{re.escape(fold(fact.speaker))}(?:说|表示|介绍|提到|指出)?", "，", asked)
    if not _pieces(_SAYS_NOTHING.sub("，", _normal(asked))) <= _pieces(_normal(surroundings)):
        return False
    said = f"{point.text[: max(0, point.text.find(fact.written))]}，{fact.heading}，{citation.document.title}"
    return all(place in question for place in _PLACE.findall(said))


def _is_of(fact: Fact, period: Period) -> bool:
    """Whether a value is of the time that a question names: of that very time or, for a count, of a day in it."""
    if fact.period == period:
        return True
    if period.is_day:
        return fact.period.is_day and fact.period.last == period.last
    return not fact.change and fact.period.is_day and period.holds(fact.period)


def _days(period: Period) -> str:
    return str(period.last) if period.is_day else f"{period.first} – {period.last}"


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _formula_safe(value: object) -> object:
    """A cell that no spreadsheet takes for a formula: text of documents is not trusted."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
