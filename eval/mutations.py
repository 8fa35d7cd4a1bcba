"""Mutations: a right claim made wrong in one place: a digit, a direction, a name, a year, a unit, a rank, a denial, a plan.

A sister word (小学 for 初中) comes from a lexicon that neither the checker nor the training of the reader has seen.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from eval import sisters
from rag.answers import Citation
from rag.text.documents import Document

KINDS = {
    "digit": ("数字", "digit"),
    "direction": ("方向", "direction"),
    "name": ("名称", "name"),
    "year": ("年份", "year"),
    "unit": ("单位", "unit"),
    "rank": ("次序", "rank"),
    "negation": ("否定", "negation"),
    "plan": ("计划与事实", "plan or fact"),
    "sister": ("姊妹词", "sister word"),
}
"""What is changed, in Chinese and English."""

_OPPOSITES = (
    ("增长", "下降"), ("增加", "减少"), ("上升", "回落"), ("提升", "降低"), ("提高", "下降"), ("扩大", "收窄"), ("加快", "放缓"),
    ("超过", "不到"), ("突破了", "不到"), ("高于", "低于"), ("以上", "以下"), ("回升", "下滑"), ("缩短", "延长"), ("增幅", "降幅"),
    ("最大", "最小"), ("多于", "少于"), ("上涨", "下跌"), ("顺差", "逆差"), ("处于领先", "处于落后"), ("最高", "最低"), ("净增", "净减"),
    ("rose", "fell"), ("increased", "decreased"), ("more than", "less than"), ("grew", "shrank"), ("higher", "lower"),
)  # fmt: skip
_DIRECTIONS = {one: other for pair in _OPPOSITES for one, other in (pair, pair[::-1])}
_NO_DIRECTION = re.compile("增加值|增长点|增长极|稳增长|最大限度|不到位")
_UNITS = (
    ("万亿", "亿"), ("亿", "万"), ("万", "亿"), ("亿", "万亿"), ("万", ""), ("个百分点", "%"), ("million", "billion"), ("billion", "million"),
)  # fmt: skip
_COUNTERS = {
    "个": "户",
    "户": "个百分点",
    "家": "亩",
    "辆": "吨",
    "元": "美元",
    "座": "户",
    "%": "个百分点",
    "吨": "台",
    "人": "吨",
    "美元": "元",
}
_RANKS = {
    "第一": "第二",
    "首位": "第二",
    "第二": "第一",
    "第三": "第一",
    "首次": "再次",
    "首个": "第二个",
    "第四": "第二",
}
_NO_RANK = re.compile("第[一二三四]+(?:季度|产业|，|,|、)")
_DENIALS = re.compile("绝不能|绝不|不能|没有|尚未|不会|不是|并非|不得|未能")
_VERBS = re.compile(
    "(?:实现|建成|达到|拥有|覆盖|推动|支持|增长|提升|成立|出台|完成|启动|发布|举行|下降|超过|突破|采取|组建|召开|创建)"
)
_VERBS_DENIED = re.compile("[不未没无非难]")
_PLAN = re.compile(
    "力争|争取|预计|有望|(?<!行动)计划|(?<![虚模])拟|目标|将(?=会|继续|新|超过|实现|达|建|突破|成为|投|有|在|进一步|重点|着力|增长|下降)"
)
_DONE = re.compile(
    "(?:已经|已)?(建成|达到|突破|超过|增长|下降|拥有|占(?!比)|完成|累计|实现)(?=[^，。；,;《》]{0,16}\\d(?!G))"
)
_COUNTRIES = ("我国", "中国", "德国", "美国", "日本", "印度", "巴西")
_PLACES = ("江苏", "广东", "四川", "河南", "山东", "北京", "上海", "浙江")
_ORGANISATIONS = ("工信部", "财政部", "国务院", "商务部", "新华社", "教育部", "发改委", "国资委", "央视新闻", "国新办")
_LATIN = {
    "5G": "6G",
    "6G": "5G",
    "4G": "5G",
    "IPv4": "IPv6",
    "IPv6": "IPv5",
    "OpenHarmony": "openEuler",
    "openEuler": "OpenHarmony",
}
_LIST_NUMBER = re.compile(r"\s*[（(]?\d{1,2}(?:[)）、]|[.．](?!\d))")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=\s?年|\s?[—\-至]\s?(?:19|20)\d\d\s?年)|(?<=[a-z] )(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Sample:
    """A right claim with the spans it rests on, and where it comes from: ``gold``, ``sentences`` or ``run``."""

    claim: str
    citations: tuple[Citation, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """A claim made wrong, and what was changed: one of :data:`KINDS`."""

    kind: str
    claim: str


@dataclass(frozen=True, slots=True)
class Words:
    """Names and years that occur in the documents and may stand in for others of their kind."""

    groups: tuple[tuple[str, ...], ...]
    years: tuple[str, ...]


def mutations(sample: Sample, words: Words, generator: random.Random) -> Iterator[Mutation]:
    """The claim of a sample made wrong in one place, in every way that applies; none is told twice."""
    makers: dict[str, Callable[[Sample, Words, random.Random], Iterator[str]]] = {
        "digit": _digits,
        "direction": _directions,
        "name": _names,
        "year": _years,
        "unit": _units,
        "rank": _ranks,
        "negation": _negations,
        "plan": _plans,
        "sister": _sisters,
    }
    cited = "\n".join(citation.text for citation in sample.citations)
    told = {sample.claim}
    for kind, make in makers.items():
        for claim in make(sample, words, generator):
            if claim not in told and claim.strip("。") not in cited:
                told.add(claim)
                yield Mutation(kind, claim)


def words_of(documents: Iterable[Document]) -> Words:
    """The speakers, organisations and years of documents, with places and countries."""
    listed = list(documents)
    text = "\n".join(document.text for document in listed)
    persons = tuple(
        sorted(
            {name for document in listed for name in document.speakers if re.fullmatch("[\u4e00-\u9fff]{2,3}", name)}
        )
    )
    organisations = tuple(name for name in _ORGANISATIONS if name in text)
    years = tuple(sorted({match.group() for match in _YEAR.finditer(text)}))
    return Words((persons, organisations, _PLACES, _COUNTRIES), years)


def _replaced(claim: str, match: re.Match[str], new: str) -> str:
    return claim[: match.start()] + new + claim[match.end() :]


def _digits(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    begins = _LIST_NUMBER.match(sample.claim)
    for match in re.compile(r"\d").finditer(sample.claim, begins.end() if begins else 0):
        yield _replaced(
            sample.claim, match, generator.choice([digit for digit in "123456789" if digit != match.group()])
        )


def _directions(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    for match in re.finditer("|".join(map(re.escape, _DIRECTIONS)), sample.claim):
        around = _NO_DIRECTION.finditer(sample.claim)
        if not any(other.start() <= match.start() < other.end() for other in around):
            yield _replaced(sample.claim, match, _DIRECTIONS[match.group()])


def _names(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    known = "\n".join(
        "\n".join(
            (citation.text, citation.speaker, citation.heading, citation.document.title, citation.document.source)
        )
        for citation in sample.citations
    )
    for group in words.groups:
        for name in group:
            others = [other for other in group if other not in known and {name, other} != {"我国", "中国"}]
            for match in re.finditer(re.escape(name), sample.claim):
                if others and not (name == "中国" and sample.claim[match.end() :][:1] in set("移联电铁西科工")):
                    yield _replaced(sample.claim, match, generator.choice(others))
    for name, other in _LATIN.items():
        for match in re.finditer(rf"(?<![A-Za-z0-9]){name}(?![A-Za-z0-9])", sample.claim):
            if other not in known:
                yield _replaced(sample.claim, match, other)


def _years(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    for match in _YEAR.finditer(sample.claim):
        year = int(match.group())
        for other in {str(year - 1), str(year + 1), *generator.sample(words.years, min(2, len(words.years)))} - {
            str(year)
        }:
            yield _replaced(sample.claim, match, other)


def _units(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    for unit, other in _UNITS:
        for match in re.finditer(rf"(?<=\d){unit}(?!亿)|(?<=\d ){unit}(?=[ a-z])", sample.claim):
            yield _replaced(sample.claim, match, other)
    for unit, other in _COUNTERS.items():
        for match in re.finditer(rf"(?:(?<=\d)|(?<=\d[万亿])){unit}(?!百分点|月|年|以)", sample.claim):
            yield _replaced(sample.claim, match, other)


def _ranks(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    for match in re.finditer("|".join(_RANKS), sample.claim):
        if not _NO_RANK.match(sample.claim, match.start()):
            yield _replaced(sample.claim, match, _RANKS[match.group()])


def _negations(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    for match in _DENIALS.finditer(sample.claim):
        yield _replaced(sample.claim, match, "能" if match.group().endswith("能") else "")
    verbs = [
        match for match in _VERBS.finditer(sample.claim) if not _VERBS_DENIED.search(sample.claim[: match.start()][-6:])
    ]
    for match in generator.sample(verbs, min(2, len(verbs))):
        yield _replaced(sample.claim, match, generator.choice(["没有", "未", "不"]) + match.group())


def _plans(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    """A plan told as a fact and a fact told as a plan, where a figure is said."""
    for part in re.finditer("[^。；;]+", sample.claim):
        text = part.group()
        if not re.search(r"\d", re.sub(r"\d+\s?(?:年|月|G)|《[^》]*》", "", text)):
            continue
        if _PLAN.search(text):
            told = _PLAN.sub("", text)
            if len(text) > 14 and re.search(r"\d", text[_PLAN.search(text).end() :]):  # type: ignore[union-attr]
                yield sample.claim[: part.start()] + told + sample.claim[part.end() :]
        elif verbs := list(_DONE.finditer(text)):
            match = generator.choice(verbs)
            planned = (
                text[: match.start()]
                + generator.choice(["预计", "计划", "力争", "将"])
                + match[1]
                + text[match.end() :]
            )
            yield sample.claim[: part.start()] + planned + sample.claim[part.end() :]


def _sisters(sample: Sample, words: Words, generator: random.Random) -> Iterator[str]:
    """A word put for a sister of which the cited words say nothing; at most two a claim."""
    lexicon = sisters.read()
    cited = "\n".join(citation.text for citation in sample.citations)
    found = list(_sister_words().finditer(sample.claim))
    for match in generator.sample(found, min(2, len(found))):
        if others := [other for other in lexicon[match[0]] if other not in cited]:
            yield _replaced(sample.claim, match, generator.choice(others))


@cache
def _sister_words() -> re.Pattern[str]:
    """Any word that has sisters, the longest that stands there."""
    return re.compile("|".join(sorted(map(re.escape, sisters.read()), key=len, reverse=True)))
