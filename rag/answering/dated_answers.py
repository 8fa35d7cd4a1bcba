"""Dated values that answer a question for a figure, where it is sure that they do."""

import re
from collections.abc import Iterable

from rag.answering.timeline import DISTINCT_SCOPES, Point, normal, pieces, points_of, series_of
from rag.index.store import Filters, Store
from rag.text.dates import dates_in
from rag.text.facts import Fact
from rag.text.periods import Period
from rag.text.terms import fold

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
            if pieces(_SAYS_NOTHING.sub("，", fold(subject))) and _is_named(subject, asked):
                candidates.append(subject)
        facts = [(identifier, fact) for identifier, fact in store.facts(candidates, filters) if _fits(fact, question)]
        points = [point for point in points_of(store, facts) if _says_all(point, bare)]
    if dates:
        found = [[point for point in points if _is_of(point.fact, mention.period)] for mention in dates]
        points = [point for point in points if any(point in some for some in found)] if all(found) else []
    if len({series_of(point.fact)[1:] for point in points}) != 1:
        return ()
    if _ASKS_FOR_LATEST.search(question) and not dates:
        return tuple(point for point in points if point.as_of.last == points[0].as_of.last)
    if not dates and len({point.as_of for point in points}) < 2:
        return ()
    return tuple(points)


def _is_named(subject: str, asked: str) -> bool:
    """Whether a question names all of a subject."""
    rest = pieces(_SAYS_NOTHING.sub("，", normal(subject)))
    return rest <= pieces(normal(asked))


def _fits(fact: Fact, question: str) -> bool:
    """Whether a fact is of the kind that a question asks for: plan or not, growth or not, share or not."""
    if (fact.status == "plan") != bool(_ASKS_FOR_PLAN.search(question)):
        return False
    if bool(fact.change) != bool(_ASKS_FOR_CHANGE.search(question)) or fact.change == "百分点":
        return False
    if not fact.change and (fact.unit == "%") != bool(_ASKS_FOR_SHARE.search(question)) and "率" not in fact.subject:
        return False
    return all((word in fact.scope) == (word in question) for word in DISTINCT_SCOPES)


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
    if not pieces(_SAYS_NOTHING.sub("，", normal(asked))) <= pieces(normal(surroundings)):
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
