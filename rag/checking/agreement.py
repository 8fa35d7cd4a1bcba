"""Agreement: whether the figures and dates of a claim are those of the spans it cites.

Each must stand in a cited span, in any way of writing, with its unit and bound; and where the span says another figure or
date in the same surroundings (``2018年`` for ``2023年``), the claim disagrees, even if its own stands elsewhere in the span.
What else a claim says is for the reader to check (:mod:`rag.checking.verification`): rules for direction, rank, negation,
plans, names and subjects added nothing beside it (docs/evaluation.md).
"""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

from rag.answers import Citation
from rag.reading.times import Told
from rag.text.assertions import bound_of
from rag.text.dates import dates_in
from rag.text.figures import Figure, figures_in
from rag.text.mentions import DateMention
from rag.text.numerals import in_digits_with_places
from rag.text.periods import Period, month_of
from rag.text.terms import fold
from rag.text.view import HAN_CHARACTER

_CLAUSE_ENDS = re.compile(r"[，。；！？;!?\n]|,(?!\d{3}(?!\d))|:(?=\s)|：")
_PART_ENDS = re.compile(r"[。；！？;!?\n]")
_SPACES = re.compile(r"\s+")
_EDGE = " \t\n。，；、！？.,;!?：:\"'“”‘’（）()《》「」"
_NEIGHBOURS = 6
_STRONG = 2
_CLEAR = 3
_MONTH = 31
_YEAR = 366
_DESIGNATION = re.compile(
    r"(?<![A-Za-z\d.])(?:[A-Za-z][A-Za-z-]*\d+(?:\.\d+)*[A-Za-z]*|\d+(?:\.\d+)*[A-Za-z]+)(?![A-Za-z\d])"
)
_ONE_YEAR = re.compile(r"(?:in )?\d{4}\s?年?度?|[今去前上明本]年度?|(?:last|this|next) year")

_YEAR_BEFORE = re.compile("[上去]年(?:同期)?")
_RIGHT_AFTER = re.compile("[的为是达至约有]{0,2}")

_UNITS = (
    "美元|欧元|日元|港元|港币|英镑|卢布|韩元|人民币|元|个百分点|人次|人|名|位|户|用户|家|个|座|所|处|台|套|辆|架|艘|列|项|件|种|条|款|份|张|笔|次|"
    "吨|千克|公斤|克|公里|千米|米|平方公里|平方米|立方米|公顷|亩|升|千瓦时|千瓦|瓦时|瓦|度|岁|小时|分钟|秒|天|年|个月|周|届|级|页|本|篇|首|部|颗|枚|头|只|株|棵|瓶|箱|标准箱|"
    r"yuan|rmb|dollars?|euros?|people|persons|households|users|subscribers|vehicles|cars|companies|enterprises|firms|tons|tonnes|kilomet(?:er|re)s|eflops|kwh"
)
_UNIT = re.compile(rf"[多余]?\s*(?P<unit>{_UNITS})", re.IGNORECASE)
_ALIKE = (
    {"元", "人民币", "yuan", "rmb"},
    {"美元", "dollar", "dollars"},
    {"欧元", "euro", "euros"},
    {"人", "名", "位", "个", "people", "persons"},
    {"户", "用户", "人", "users", "subscribers", "households"},
    {"户", "个用户"},
    {"座", "个", "处", "所", "家"},
    {"家", "个", "companies", "enterprises", "firms"},
    {"家", "户"},
    {"辆", "台", "vehicles", "cars"},
    {"台", "套", "个", "架"},
    {"项", "个", "件", "条", "种", "款", "份", "部", "篇", "本"},
    {"公里", "千米", "kilometers", "kilometres"},
    {"吨", "tons", "tonnes"},
    {"千瓦时", "度", "kwh"},
    {"千克", "公斤"},
    {"港元", "港币"},
)
_USERS_AFTER = re.compile("个?(?:5g)?(?:移动)?(?:电话)?(?:用户|家庭|网民|居民|人口)")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether the facts of a claim are those of its sources.

    Attributes:
        missing: the facts that its sources do not bear out, as the claim writes them.
        resolved: dates that only the day of publication bears out, such as
            ``3月底＝2023-03-31（资料发布于2023-04-21）``.
    """

    missing: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()


def disagreements(claim: str, citations: tuple[Citation, ...]) -> Agreement:
    """The figures and dates of a claim that the spans it cites do not bear out; none where it repeats a span word for word.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites; without any, nothing is compared.
    """
    if not citations:
        return Agreement()
    sources = _sources(citations)
    if any(claim.strip() in citation.quote for citation in citations):
        return Agreement()
    if any(_repeats(claim, source.text) for source in sources):
        return Agreement()
    said = _claim(claim)
    missing: set[tuple[int, int]] = set()
    figures = _Figures(said, sources)
    missing |= figures.missing()
    wrong_dates, resolved = _wrong_dates(said, sources, figures)
    missing |= wrong_dates | _substituted(said, sources) | _unknown_designations(said, sources)
    return Agreement(said.written(missing), tuple(dict.fromkeys(resolved)))


def in_figures_of_sources(claim: str, citations: tuple[Citation, ...]) -> Told:
    """A claim with each figure that its sources have written as they write it (``45.6万吨`` as ``四十五万六千吨``).

    What compares texts word for word takes another way of writing for another figure.

    Args:
        claim: one sentence of an answer.
        citations: the spans it cites.
    """
    said = _claim(claim)
    figures = _Figures(said, _sources(citations))
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    end = 0
    for figure in sorted(figures.values, key=lambda figure: figure.start):
        start, after = said.given_span(figure.start, figure.end)
        found = figures.found[figure.start]
        theirs = [source.as_given(other.start, other.end) for source, other in found if other.kind == figure.kind]
        if start < end or not theirs or claim[start:after] in theirs:
            continue
        pieces += [claim[end:start], theirs[0]]
        spans += [(place, place + 1) for place in range(end, start)] + [(start, after)] * len(theirs[0])
        end = after
    spans += [(place, place + 1) for place in range(end, len(claim))]
    return Told("".join([*pieces, claim[end:]]), tuple(spans))


@dataclass(frozen=True)
class _Text:
    """A text in the form in which it is compared, with the facts in it.

    Attributes:
        cased: simplified and half-width, Chinese numerals in digits; capitals tell May from may and 64K from 64k.
        published: day of publication.
        given: the text as it was given.
        places: where each character of ``cased`` stands in ``given``, and one place more (its end).
    """

    cased: str
    published: datetime.date | None
    given: str
    places: tuple[int, ...]

    @cached_property
    def text(self) -> str:
        """As :attr:`cased`, in lower case; as long."""
        return fold(self.cased)

    @cached_property
    def figures(self) -> list[Figure]:
        return figures_in(self.cased)

    def given_span(self, start: int, end: int) -> tuple[int, int]:
        """Where characters of :attr:`cased` stand in :attr:`given`."""
        return self.places[start], self.places[end]

    def as_given(self, start: int, end: int) -> str:
        """Characters of :attr:`cased` as they were given."""
        return self.given[slice(*self.given_span(start, end))]

    @cached_property
    def _clause_starts(self) -> list[int]:
        return [0, *(match.end() for match in _CLAUSE_ENDS.finditer(self.text)), len(self.text) + 1]

    @cached_property
    def _part_starts(self) -> list[int]:
        return [0, *(match.end() for match in _PART_ENDS.finditer(self.text)), len(self.text) + 1]

    def clause(self, place: int) -> tuple[int, int]:
        """Span of the clause that a place lies in."""
        return _enclosing(self._clause_starts, place)

    def part(self, place: int) -> tuple[int, int]:
        """Span of what stands between full stops or semicolons around a place."""
        return _enclosing(self._part_starts, place)

    def unit(self, figure: Figure) -> str:
        """The unit or classifier after a figure, empty where there is none."""
        match = _UNIT.match(self.text, figure.end)
        return match["unit"].lower() if match else ""

    def counts_users(self, figure: Figure) -> bool:
        return bool(_USERS_AFTER.match(self.text, figure.end))

    def bound(self, figure: Figure) -> int:
        start, end = self.clause(figure.start)
        return bound_of(self.text[max(start, figure.start - 12) : figure.start], self.text[figure.end : end])


@dataclass(frozen=True)
class _Source(_Text):
    """What is cited of one document."""

    @cached_property
    def facts(self) -> "list[_Fact]":
        return _facts(self, self.published)


@dataclass(frozen=True)
class _Claim(_Text):
    """A claim in the form in which it is compared."""

    def written(self, spans: Iterable[tuple[int, int]]) -> tuple[str, ...]:
        """How the facts at some spans are written, in their order, none twice and none inside another."""
        wide = [span for span in spans if not any(other != span and _within(span, other) for other in spans)]
        written = (self.as_given(start, end).strip() for start, end in sorted(wide))
        return tuple(dict.fromkeys(fact for fact in written if fact))


def _sources(citations: tuple[Citation, ...]) -> list[_Source]:
    """What is cited, by document, in the order of its text: a date may take its year from what stands before it."""
    cited: dict[str, list[Citation]] = {}
    for citation in sorted(citations, key=lambda citation: citation.start):
        cited.setdefault(citation.document.id, []).append(citation)
    return [_read("\n".join(citation.text for citation in group), group[0].document.date) for group in cited.values()]


@lru_cache(maxsize=1024)
def _read(text: str, published: datetime.date | None) -> _Source:
    cased, places = in_digits_with_places(_folded(text))
    return _Source(cased, published, text, tuple(places))


@lru_cache(maxsize=64)
def _claim(text: str) -> _Claim:
    cased, places = in_digits_with_places(_folded(text))
    return _Claim(cased, None, text, tuple(places))


def _folded(text: str) -> str:
    """Simplified and half-width, with its capitals; as long as the text."""
    return "".join(
        new.upper() if old.isupper() and len(new.upper()) == 1 else new
        for old, new in zip(text, fold(text), strict=True)
    )


def _repeats(claim: str, text: str) -> bool:
    said = _SPACES.sub("", fold(in_digits_with_places(claim.strip(_EDGE))[0]))
    return bool(said) and said in _SPACES.sub("", text)


def _enclosing(starts: list[int], place: int) -> tuple[int, int]:
    for start, after in pairwise(starts):
        if place < after:
            return start, after - 1
    return starts[-2], starts[-1] - 1


def _within(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= span[0] and span[1] <= other[1]


def _pairs(text: str) -> set[str]:
    """The pairs of neighbouring Chinese characters of a text, and its Latin words."""
    pairs = {
        text[place : place + 2] for place in range(len(text) - 1) if _is_han(text[place]) and _is_han(text[place + 1])
    }
    return pairs | {word.lower() for word in re.findall("[A-Za-z][A-Za-z0-9]+", text)}


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


# -- figures --------------------------------------------------------------------------------------------------------


class _Figures:
    """The figures of a claim but for dates, and where each stands in its sources."""

    def __init__(self, said: _Claim, sources: Sequence[_Source]) -> None:
        self.said = said
        self.sources = sources
        spans = [(date.start, date.end) for source in sources for date in _dates_of(said, source)]
        self.values = [
            figure for figure in said.figures if not any(_within((figure.start, figure.end), span) for span in spans)
        ]
        self.found = {
            figure.start: [(source, match) for source in sources for match in self._matches(figure, source)]
            for figure in self.values
        }

    def missing(self) -> set[tuple[int, int]]:
        """Figures that no source has, or only with another unit or the opposite bound."""
        return {span for figure in self.values if (span := self._wrong(figure))}

    def holders(self, figures: Iterable[Figure]) -> list[_Source]:
        """Sources that have any of some figures."""
        found = [source for figure in figures for source, _ in self.found[figure.start]]
        return [source for source in self.sources if any(source is other for other in found)]

    def places(self, figures: Iterable[Figure], source: _Source) -> list[int]:
        """Where a source has some figures."""
        return [other.start for figure in figures for holder, other in self.found[figure.start] if holder is source]

    def _matches(self, figure: Figure, source: _Source) -> list[Figure]:
        # A number that stands alone agrees with any unit but a date's; one that counts something (264万个) does not.
        alone = not figure.kind and not HAN_CHARACTER.match(self.said.text, figure.end)
        return [
            other
            for other in source.figures
            if other.value == figure.value
            and (_kinds(figure) & _kinds(other) or (alone and other.kind not in ("年", "月", "日")))
        ]

    def _wrong(self, figure: Figure) -> tuple[int, int] | None:
        found = self.found[figure.start]
        span = figure.start, figure.end
        if not found:
            return span
        unit = self.said.unit(figure)
        if not any(self._same_unit(figure, unit, source, other) for source, other in found):
            return figure.start, _UNIT.match(self.said.text, figure.end).end()  # type: ignore[union-attr]
        bound = self.said.bound(figure)
        if bound and all(source.bound(other) == -bound for source, other in found):
            return span
        return span if self._is_of_another(figure, found) else None

    def _same_unit(self, figure: Figure, unit: str, source: _Source, other: Figure) -> bool:
        theirs = source.unit(other)
        if not unit or not theirs or unit == theirs or any({unit, theirs} <= group for group in _ALIKE):
            return True
        return self.said.counts_users(figure) and theirs in ("户", "人", "名")

    def _is_of_another(self, figure: Figure, found: list[tuple[_Source, Figure]]) -> bool:
        """Whether the source says the figure of something else: its clause shares nothing with the claim's, another does."""
        start, end = self.said.clause(figure.start)
        own = _pairs(self.said.text[start:end])
        others_here = {other.key for other in self.values if start <= other.start < end}
        if len(others_here) != 1 or not own:
            return False

        def shared(source: _Source, other: Figure) -> int:
            first, last = source.clause(other.start)
            return len(own & _pairs(source.text[first:last]))

        here = max(shared(source, other) for source, other in found)
        elsewhere = max(
            (
                shared(source, other)
                for source, _ in found
                for other in source.figures
                if other.key != figure.key and other.kind == figure.kind
            ),
            default=0,
        )
        return here <= 1 and elsewhere >= here + 4


def _kinds(figure: Figure) -> set[str]:
    """What a figure may be: a year without 年 (``in 2023``) may be a number as well."""
    return {figure.kind, ""} if figure.kind == "年" and "年" not in figure.written else {figure.kind}


def _unknown_designations(said: _Claim, sources: Sequence[_Source]) -> set[tuple[int, int]]:
    """Names with a number in them that no source has: ``6G``, ``PM2.3``. A number with its unit is a figure."""
    return {
        match.span()
        for match in _DESIGNATION.finditer(said.text)
        if not any(match[0] in source.text for source in sources)
        and not any(figure.start < match.end() and match.start() < figure.end for figure in said.figures)
    }


# -- dates ----------------------------------------------------------------------------------------------------------


def _dates_of(said: _Claim, source: _Source) -> list[DateMention]:
    """The dates of a claim as they read beside a source: 今年 is the year in which the source was published."""
    return _dates_in(said.cased, source.published)


@lru_cache(maxsize=1024)
def _dates_in(text: str, published: datetime.date | None) -> list[DateMention]:
    return [date for date in dates_in(text, published) if date.word != "now"]


@lru_cache(maxsize=1024)
def _source_dates(text: str, published: datetime.date | None) -> list[DateMention]:
    """The dates of cited spans, each span read alone and after those before it, which may name its year."""
    found = list(_dates_in(text, published))
    start = 0
    for line in text.split("\n"):
        for date in _dates_in(line, published):
            found.append(replace(date, start=start + date.start, end=start + date.end))
        start += len(line) + 1
    return found


def _wrong_dates(said: _Claim, sources: Sequence[_Source], figures: _Figures) -> tuple[set[tuple[int, int]], list[str]]:
    """Dates that no source of their value bears out; and what the day of publication had to tell."""
    wrong: set[tuple[int, int]] = set()
    resolved: list[str] = []
    mentions = sorted({(date.start, date.end) for source in sources for date in _dates_of(said, source)})
    mentions = [span for span in mentions if not any(other != span and _within(span, other) for other in mentions)]
    for place, span in enumerate(mentions):
        after = mentions[place + 1][0] if place + 1 < len(mentions) else len(said.text)
        before = mentions[place - 1][1] if place else 0
        following = [figure for figure in figures.values if span[1] <= figure.start < after]
        preceding = [figure for figure in figures.values if before <= figure.start < span[0]]
        candidates = figures.holders(following or preceding) or list(sources)
        borne_out = [
            note
            for source in candidates
            if (note := _bears_out(said, span, source, figures.places(following or preceding, source))) is not None
        ]
        if not borne_out:
            wrong.add(span)
        elif all(borne_out):
            resolved.append(borne_out[0])
    return wrong, resolved


def _bears_out(said: _Claim, span: tuple[int, int], source: _Source, values: list[int]) -> str | None:
    """Whether a source names a date of the claim: empty where it does, a note where its day of publication must help.

    Where the source names dates beside the values that the claim gives for the date, it must be one of those.

    Args:
        values: where the source has those values.

    Returns:
        None where it does not.
    """
    mention = next((date for date in _dates_of(said, source) if (date.start, date.end) == span), None)
    if mention is None:
        return None
    period = mention.period
    written = said.text[span[0] : span[1]]
    if period.is_day and not re.search("[日号底末初]|end", written):
        period = month_of(period.last.year, period.last.month)
    length = (period.last - period.first).days
    if mention.compared and "同比" in source.text and _YEAR_BEFORE.fullmatch(written):
        return ""
    dates = _source_dates(source.cased, source.published)
    own = [date for date in dates if date.compared == mention.compared] or (dates if mention.compared else [])
    if parts := {source.part(value) for value in values}:
        own = [date for date in own if source.part(date.start) in parts] or own
        own = [date for date in own if any(_is_beside(source, date, value) for value in values)] or own
    notes = []
    is_year = length > 360 and bool(_ONE_YEAR.fullmatch(written.strip()))
    for date in own:
        if is_year and date.period.first.year != date.period.last.year:
            if period.first.year in _ends(date.period, source, values):
                notes.append("")
        elif date.period == period or ((is_year or length <= _MONTH) and period.holds(date.period)):
            notes.append(_note(source, date) if date.resolved and not mention.resolved else "")
    if notes:
        return min(notes)
    published = source.published
    if published and not own and length <= _YEAR and period.first <= published <= period.last:
        return f"{said.as_given(*span)}（资料发布于{published}）"
    return None


def _is_beside(source: _Source, date: DateMention, value: int) -> bool:
    """Whether a value stands right after a date (2018年的15%)."""
    return date.end <= value and bool(_RIGHT_AFTER.fullmatch(source.text, date.end, value))


def _ends(period: Period, source: _Source, values: list[int]) -> set[int]:
    """The years at either end of a period; where a value is said to be at one end (由…到…), that one."""
    before = [source.text[max(0, value - 4) : value] for value in values]
    ends = set()
    if not any(re.search("[到至为]了?$", text) for text in before):
        ends.add(period.first.year)
    if not any(re.search("[由从]$", text) for text in before):
        ends.add(period.last.year)
    return ends


def _note(source: _Source, date: DateMention) -> str:
    first, last = date.period.first, date.period.last
    days = f"{last}" if first == last else f"{first}—{last}"
    return f"{source.cased[date.start : date.end]}＝{days}（资料发布于{source.published}）"


# -- what stands in the same place ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fact:
    """A fact and what stands on either side of it (:func:`_before`, :func:`_after`)."""

    kind: str
    key: object
    start: int
    end: int
    before: str
    after: str


def _facts(text: _Text, published: datetime.date | None) -> list[_Fact]:
    dates = _source_dates(text.cased, published)
    spans = [(date.start, date.end) for date in dates]
    found: list[tuple[str, object, int, int]] = [("date", date.period, date.start, date.end) for date in dates]
    found += [
        ("figure", figure.key, figure.start, figure.end)
        for figure in text.figures
        if not any(_within((figure.start, figure.end), span) for span in spans)
    ]
    return [
        _Fact(kind, key, start, end, _before(text.text, start), _after(text.text, end))
        for kind, key, start, end in found
    ]


def _substituted(said: _Claim, sources: Sequence[_Source]) -> set[tuple[int, int]]:
    """Facts in whose very surroundings the source says another fact of the same kind.

    Of several sources only those count that have the fact of the claim at all, if any has.
    """
    having: dict[tuple[int, int], list[bool]] = {}
    lacking: dict[tuple[int, int], list[bool]] = {}
    for source in sources:
        for fact in _facts(said, source.published):
            best, has = (0, True), False
            for other in source.facts:
                if other.kind != fact.kind or _is_of_other_unit(fact, other):
                    continue
                left, right = _common(fact.before, other.before), _common(fact.after, other.after)
                same = _is_same(fact, other)
                has = has or same
                if same or (left >= _STRONG and right >= _STRONG):
                    best = max(best, (left + right, same))
            (having if has else lacking).setdefault((fact.start, fact.end), []).append(not best[1])
    return {span for span, wrong in (lacking | having).items() if (all(wrong) if span in having else any(wrong))}


def _is_of_other_unit(fact: "_Fact", other: "_Fact") -> bool:
    """Whether one is in percentage points and the other is not: neither stands in the other's place."""
    return fact.kind == "figure" and (str(fact.key[1]) == "百分点") != (str(other.key[1]) == "百分点")  # type: ignore[index]


def _is_same(fact: "_Fact", other: "_Fact") -> bool:
    if isinstance(fact.key, Period) and isinstance(other.key, Period):
        return fact.key.holds(other.key) or other.key.holds(fact.key)
    return fact.key == other.key


def _common(one: str, other: str) -> int:
    """Number of characters that both begin with; at least two where both end with them."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return max(count, _STRONG) if count == len(one) == len(other) else count


def _before(text: str, place: int) -> str:
    """The characters before a place, the nearest first, without spaces and punctuation; six at most."""
    return _bare(text[max(0, place - 3 * _NEIGHBOURS) : place][::-1])


def _after(text: str, place: int) -> str:
    """The characters from a place on, without spaces and punctuation; six at most."""
    return _bare(text[place : place + 3 * _NEIGHBOURS])


def _bare(text: str) -> str:
    return "".join(character for character in text if character.isalnum() or character == "%")[:_NEIGHBOURS]
