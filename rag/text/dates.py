"""Dates in a text: what day or period each names, those without a year worked out from the day of publication.

``2023年3月底``, ``23年3月末``, ``二〇二三年三月底`` and ``the end of March 2023`` are one day; ``一季度`` of a report that was
published in April 2023 is 2023-01-01 to 2023-03-31. What cannot be told for sure is left out.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)} | {ord("　"): ord(" "), ord("－"): ord("-")}
_DIGITS = {character: value for value, characters in enumerate("〇一二三四五六七八九") for character in characters}
_DIGITS |= {"零": 0, "○": 0, "两": 2, "首": 1} | {str(digit): digit for digit in range(10)}
_TO = r"\s?(?:至|到|[—–\-~～]{1,2})\s?"
_GAP = r"\s?"
_YEAR_NUMBER = r"(?:(?:19|20)\d\d|[一二][〇○零一二三四五六七八九]{3})"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])"
_QUARTER = "[一二三四1-4]"
_HEAD = (
    rf"(?P<year>(?<![\d.〇○零一二三四五六七八九]){_YEAR_NUMBER}){_GAP}年度?"
    rf"|(?<![\d.])(?P<short>[0-3]\d)年(?={_MONTH}月|底|末|{_QUARTER}季度|上半年|下半年)"
    r"|(?P<relative>今年|去年|前年|上年|明年|后年|本年度?|当年|同年)"
)
_PART = (
    rf"(?<![\d.十第])(?P<first_month>{_MONTH})月?(?:份)?{_TO}(?P<last_month>{_MONTH}){_GAP}月(?:份)?(?![\d入])"
    rf"|(?<![\d.十第])(?P<month>{_MONTH}){_GAP}月(?:份)?(?:{_GAP}(?P<day>{_DAY}){_GAP}[日号](?:{_TO}(?P<last_day>{_DAY})[日号])?"
    r"|(?P<month_part>底|末|初|中旬|上旬|下旬))?"
    rf"|(?P<first_quarter>{_QUARTER})(?:季度)?{_TO}(?P<last_quarter>{_QUARTER})季度"
    rf"|第?(?P<quarter>{_QUARTER}|首)(?:个?季度|季(?=度|，|,|、|末))(?P<quarter_end>末)?|Q(?P<latin_quarter>[1-4])(?!\d)"
    r"|前(?P<quarters>[二两三23])个?季度"
    rf"|[前头首](?P<months>{_MONTH})个月"
    r"|(?P<half>上半年|下半年)|(?P<whole>全年)"
    r"|年?(?P<edge>底|末)(?!线|层|部|端|盘|座|片|位|气)|年(?P<start>初)|(?P<middle>年中)(?!国|央|心|间)"
)
_PLAN = r"[“\"']?(?P<plan>十[一二三四五六]五)[”\"']?(?:规划)?(?:(?P<plan_edge>期?末|收官)|时期|期间)?"
_WORD = (
    r"(?P<now>截至(?:目前|当前|现在|今天|今日|发稿(?:时|前)?)|目前|当前|现在|如今|迄今|至今|今天|今日)|(?P<yesterday>昨天|昨日)"
    r"|(?P<this_month>本月|当月|这个月)(?P<this_edge>底|末|初)?|(?P<last_month_word>上月|上个月)(?P<last_edge>底|末|初)?"
    r"|(?P<next_month>下月|下个月)|(?P<this_quarter>本季度|这个季度)|(?P<last_quarter_word>上季度|上个季度)"
    r"|(?<![\d.月第连续至到\-—])(?P<lone_day>[12]\d|3[01]|[1-9])日(?=上午|下午|晚|在|发布|公布|举行|召开|电|从|获悉|表示|说|对|就|，|,)"
)
_ISO = (
    r"(?<![\d.\-/])(?P<iso_year>(?:19|20)\d\d)(?P<mark>[-/.])(?P<iso_month>0?[1-9]|1[0-2])"
    r"(?:(?P=mark)(?P<iso_day>3[01]|[12]\d|0?[1-9])(?![\d.]))(?!\d)"
    r"|(?<![\d.\-/])(?P<iso_year_only>(?:19|20)\d\d)-(?P<iso_month_only>0[1-9]|1[0-2])(?![\d\-年])"
)
_YEARS = rf"(?<![\d.])(?P<first_year>{_YEAR_NUMBER})年?{_TO}(?P<last_year>{_YEAR_NUMBER}){_GAP}年(?!\d*{_MONTH}月)"
_CHINESE = re.compile(f"(?:{_YEARS})|(?:{_ISO})|(?:{_PLAN})|(?:{_WORD})|(?P<head>{_HEAD})(?:{_GAP}(?P<part>{_PART}))?")
_CHINESE_PART = re.compile(_PART)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EN_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_EN_YEAR = r"(?:19|20)\d\d(?!\d|[.,]\d)"
_EN_OF_YEAR = rf"(?:,?\s+(?:of\s+|in\s+)?(?P<{{0}}>{_EN_YEAR}|last year|this year|next year))?"
_ORDINAL = r"(?:first|second|third|fourth|1st|2nd|3rd|4th)"
_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|\d{1,2})"
_ENGLISH = re.compile(
    r"(?<![A-Za-z\d])(?:"
    rf"(?P<e_end>(?:the\s+)?end[\s-](?:of\s+)?)?(?:"
    rf"(?P<e_month>{_EN_MONTH})\s+(?P<e_day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|%|\.\d){_EN_OF_YEAR.format('e_year')}"
    rf"|(?P<d_day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<d_month>{_EN_MONTH}){_EN_OF_YEAR.format('d_year')}"
    rf"|(?P<r_first>{_EN_MONTH})\s*(?:to|through|until|[-–—])\s*(?P<r_last>{_EN_MONTH}){_EN_OF_YEAR.format('r_year')}"
    rf"|(?P<m_month>{_EN_MONTH}){_EN_OF_YEAR.format('m_year')}"
    rf"|(?:Q(?P<q_number>[1-4])|(?:the\s+)?(?P<q_word>{_ORDINAL})\s+quarter){_EN_OF_YEAR.format('q_year')}"
    rf"|(?:H(?P<h_number>[12])|(?:the\s+)?(?P<h_word>first|second)\s+half){_EN_OF_YEAR.format('h_year')}"
    rf"|(?:the\s+)?first\s+(?P<c_months>{_COUNT})\s+months{_EN_OF_YEAR.format('c_year')}"
    rf"|(?:from\s+|between\s+)(?P<y_first>{_EN_YEAR})\s+(?:to|and|until)\s+(?P<y_last>{_EN_YEAR})"
    rf"|(?P<z_first>{_EN_YEAR})\s?[-–—]\s?(?P<z_last>{_EN_YEAR})"
    rf"|(?P<year_end>year-end)\s+(?P<n_year>{_EN_YEAR})"
    rf"|(?P<w_year>last year|this year|next year)"
    rf"|(?P<b_year>{_EN_YEAR})(?!\s*[-–—]\s*\d|\s*年)"
    r")"
    r"|(?P<e_now>currently|at present|to date|so far|now|today)|(?P<e_this_month>this month)|(?P<e_last_month>last month)"
    r"|(?P<e_plan>1[1-6]th)\s+Five-Year\s+Plan(?:\s+period)?"
    r")(?![A-Za-z])",
    re.IGNORECASE,
)
_YEAR_BEFORE = re.compile(r"[A-Za-z,(]\s*$")
_CLAUSE = re.compile("[，。；！？,;!?\n]")
_POINT_BEFORE = re.compile(r"(?:截至|截止到?|截止至|到|至)\s?$|(?:as of|by|until|up to)\s+(?:the\s+)?$", re.IGNORECASE)
_SINCE_AFTER = re.compile(r"\s?(?:以来|至今|迄今)")
_SINCE_BEFORE = re.compile(r"\bsince\s+$", re.IGNORECASE)
_COMPARED_BEFORE = re.compile(
    r"(?:比|较|与|同|相比于?|[高低快慢]于)\s?$|(?:than(?: in)?|compared (?:with|to)|from|over)\s+$", re.IGNORECASE
)
_COMPARED_AFTER = re.compile(r"\s?(?:同期|同月|同比|相比|的同期)")
_IN_MAY = re.compile(r"\b(?:in|of|since|until|by|last|this|from|to)\s+$", re.IGNORECASE)
_FUTURE = re.compile(
    r"将|预计|预期|左右的?目标|计划|力争|目标|拟|争取|有望|确保|之?前(?=[，,建完实达])|\bwill\b|\bplan|\bexpect|\baim|\btarget",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"截至|已|累计|同比|环比|增长|下降|完成|实现|达到?|为\d|\bas of\b|\bwas\b|\bwere\b|\bha[ds]\b|reached|rose|fell|grew",
    re.IGNORECASE,
)


PARTS_OF_YEAR = {
    (1, 3): "一季度",
    (4, 6): "二季度",
    (7, 9): "三季度",
    (10, 12): "四季度",
    (1, 6): "上半年",
    (7, 12): "下半年",
}
"""First and last month of the parts of a year that have a name."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"A period cannot begin on {self.first} and end on {self.last}.")

    @property
    def is_day(self) -> bool:
        """Whether it is a single day: the state on that day rather than what happened over a time."""
        return self.first == self.last

    def meets(self, other: "Period") -> bool:
        """Whether the two have a day in common."""
        return self.first <= other.last and other.first <= self.last

    def holds(self, other: "Period") -> bool:
        """Whether the other lies within this one."""
        return self.first <= other.first and other.last <= self.last


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date as a text names it.

    Attributes:
        start, end: where it stands in the text.
        period: the days it names. ``2023年3月底`` and ``截至2023年3月`` are one day, ``2023年3月`` is a month.
        resolved: whether the day of publication was needed to know it (``今年``, ``3月底``, ``目前``).
        compared: whether something is only compared with it (``比上年同期``).
        word: ``"now"`` for ``目前`` and its like; otherwise empty.
        up_to: whether the day is the last of a month or longer time that is named (``截至2023年3月``, not ``3月底``).
    """

    start: int
    end: int
    period: Period
    resolved: bool
    compared: bool = False
    word: str = ""
    up_to: bool = False


def dates_in(text: str, published: date | None = None, year: int | None = None) -> list[DateMention]:
    """The dates a text names, in their order.

    A month, quarter or half without a year is one of the year named before it in the text, else of ``year``, else of the
    year of publication. Where it lies after the day of publication, the text must tell whether it is to come
    (``到12月底将建成``: this year) or past (``截至12月底已建成``: the year before); where it does not, the date is left out.

    Args:
        published: day of publication; without it, dates that depend on it are left out.
        year: the year that the text is about, where its surroundings tell.
    """
    folded = text.translate(_HALF_WIDTH)
    reading = _Reading(folded, published, year)
    found: list[DateMention] = []
    readers = {_CHINESE: reading.chinese, _CHINESE_PART: reading.chinese_part, _ENGLISH: reading.english}
    matches = [(match, read) for pattern, read in readers.items() for match in pattern.finditer(folded)]
    for match, read in sorted(matches, key=lambda pair: (pair[0].start(), -pair[0].end())):
        if found and match.start() < found[-1].end:
            continue
        if mention := read(match):
            found.append(mention)
    return list(_joined(folded, found))


def day_of(year: int, month: int, day: int) -> date | None:
    """The day with these numbers, None where the calendar has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_of(year: int, first: int, last: int | None = None) -> Period:
    """The days of a month, or of several from ``first`` to ``last``."""
    after = date(year + (last or first) // 12, (last or first) % 12 + 1, 1)
    return Period(date(year, first, 1), after - timedelta(days=1))


def year_of(year: int, last: int | None = None) -> Period:
    """The days of a year, or of several."""
    return Period(date(year, 1, 1), date(last or year, 12, 31))


class _Reading:
    """Reads the dates of one text from the first to the last; each may tell the year of those after it."""

    def __init__(self, text: str, published: date | None, year: int | None) -> None:
        self.text = text
        self.published = published
        self.year = year
        self.year_resolved = year is not None

    def chinese(self, match: re.Match[str]) -> DateMention | None:
        if match["first_year"]:
            first, last = _number(match["first_year"]), _number(match["last_year"])
            self._remember(last, False)
            return self._mention(match, year_of(first, last), False) if first <= last else None
        if match["iso_year"]:
            day = day_of(int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"]))
            return self._mention(match, Period(day, day), False) if day else None
        if match["iso_year_only"]:
            return self._mention(match, month_of(int(match["iso_year_only"]), int(match["iso_month_only"])), False)
        if match["plan"]:
            return self._mention(match, _plan(10 + _number(match["plan"][1]), bool(match["plan_edge"])), False)
        if match["head"]:
            return self._headed(match)
        return self._relative(match)

    def chinese_part(self, match: re.Match[str]) -> DateMention | None:
        if match.group() in ("底", "末"):
            return None  # without 年 before them they are no dates
        return self._without_year(match, lambda year: _part(match, year))

    def english(self, match: re.Match[str]) -> DateMention | None:
        if match["e_now"]:
            return self._now(match)
        if match["e_this_month"] or match["e_last_month"]:
            return self._month_beside(match, -1 if match["e_last_month"] else 0, "")
        if match["e_plan"]:
            return self._mention(match, _plan(int(match["e_plan"][:2]), False), False)
        if match["y_first"] or match["z_first"]:
            first, last = int(match["y_first"] or match["z_first"]), int(match["y_last"] or match["z_last"])
            return self._mention(match, year_of(first, last), False) if first <= last else None
        if match["b_year"] and not _YEAR_BEFORE.search(self.text[: match.start()][-12:]):
            return None
        word = (match["m_month"] or match["d_month"] or match["e_month"] or "").strip()
        if word[:1].islower():
            return None  # "may" and "march" are words of their own
        bare = match["m_month"] and not match["m_year"] and not match["e_end"]
        if word == "May" and bare and not _IN_MAY.search(self.text[: match.start()]):
            return None
        named = next((match[name] for name in _EN_YEARS if match[name]), "")
        resolved = False
        if named and not named[0].isdigit():
            if not self.published:
                return None
            step = {"last": -1, "this": 0, "next": 1}[named.split()[0].lower()]
            year, resolved = self.published.year + step, True
        elif named:
            year = int(named)
        else:
            return self._without_year(match, lambda year: _english_part(match, year))
        self._remember(year, resolved)
        period = _english_part(match, year)
        return self._mention(match, period, resolved) if period else None

    def _headed(self, match: re.Match[str]) -> DateMention | None:
        resolved = False
        if match["year"]:
            year = _number(match["year"])
        elif match["short"]:
            year = 2000 + int(match["short"])
        elif match["relative"] in ("当年", "同年"):
            if self.year is None:
                return None
            year, resolved = self.year, self.year_resolved
        else:
            if not self.published:
                return None
            step = {"今": 0, "本": 0, "去": -1, "上": -1, "前": -2, "明": 1, "后": 2}[match["relative"][0]]
            year, resolved = self.published.year + step, True
        # The year of a comparison (比2022年增长) or of a beginning (去年10月份以来) is not the one that is spoken of.
        since = _SINCE_AFTER.match(self.text, match.end())
        if not since and not self._is_compared(match.start(), match.end("head")):
            self._remember(year, resolved)
        period = _part(match, year) if match["part"] else year_of(year)
        return self._mention(match, period, resolved) if period else None

    def _relative(self, match: re.Match[str]) -> DateMention | None:
        if match["now"]:
            return self._now(match)
        if not self.published:
            return None
        if match["yesterday"]:
            day = self.published - timedelta(days=1)
            return self._mention(match, Period(day, day), True)
        if match["lone_day"]:
            return self._lone_day(match)
        if match["this_month"]:
            return self._month_beside(match, 0, match["this_edge"])
        if match["last_month_word"]:
            return self._month_beside(match, -1, match["last_edge"])
        if match["next_month"]:
            return self._month_beside(match, 1, "")
        quarter = (self.published.month - 1) // 3 + (0 if match["last_quarter_word"] else 1)
        year, quarter = (self.published.year, quarter) if quarter else (self.published.year - 1, 4)
        return self._mention(match, month_of(year, 3 * quarter - 2, 3 * quarter), True)

    def _now(self, match: re.Match[str]) -> DateMention | None:
        if not self.published:
            return None
        return DateMention(match.start(), match.end(), Period(self.published, self.published), True, word="now")

    def _lone_day(self, match: re.Match[str]) -> DateMention | None:
        """A day without a month (``21日``): the last one up to the day of publication."""
        assert self.published is not None
        number = int(match["lone_day"])
        day = day_of(self.published.year, self.published.month, number)
        if day is None or day > self.published:
            before = self.published.replace(day=1) - timedelta(days=1)
            day = day_of(before.year, before.month, number)
        return self._mention(match, Period(day, day), True) if day else None

    def _month_beside(self, match: re.Match[str], step: int, edge: str | None) -> DateMention | None:
        if not self.published:
            return None
        place = 12 * self.published.year + self.published.month - 1 + step
        period = month_of(place // 12, place % 12 + 1)
        return self._mention(match, _edge(period, edge or ""), True)

    def _without_year(self, match: re.Match[str], make: Callable[[int], Period | None]) -> DateMention | None:
        if self.year is not None:
            period = make(self.year)
            return self._mention(match, period, self.year_resolved) if period else None
        if not self.published:
            return None
        if re.search("[每历]年$", self.text[: match.start()]):
            return None
        period = make(self.published.year)
        if period and period.last > self.published and not self._is_compared(match.start(), match.end()):
            began = period.first <= self.published
            is_past = self._is_past(match, began)
            if is_past is None and not began:
                return None
            if is_past and (not began or period.last - self.published > timedelta(days=31)):
                period = make(self.published.year - 1)
        return self._mention(match, period, True) if period else None

    def _is_past(self, match: re.Match[str], began: bool) -> bool | None:
        """Whether the text speaks of what has happened; None where it does not tell.

        What tells first counts: 截至12月底已建成 is past, 到12月底将建成 to come. Of a time that has begun, any sign of a plan
        counts (全年增长目标).
        """
        clause = max((mark.end() for mark in _CLAUSE.finditer(self.text, 0, match.start())), default=0)
        around = self.text[max(clause, match.start() - 12) : match.end() + 40]
        future, past = _FUTURE.search(around), _PAST.search(around)
        if future is None or past is None:
            return None if future is past else past is not None
        return not began and past.start() < future.start()

    def _mention(self, match: re.Match[str], period: Period, resolved: bool) -> DateMention:
        start, end = match.span()
        end = start + len(match.group().rstrip(" ,"))
        if since := _SINCE_AFTER.match(self.text, end):
            if self.published and self.published >= period.first:
                period = Period(period.first, self.published)
            end = since.end()
        elif _SINCE_BEFORE.search(self.text[:start]) and self.published and self.published >= period.first:
            period = Period(period.first, self.published)
        elif _POINT_BEFORE.search(self.text[max(0, start - 12) : start]):
            up_to = not period.is_day
            period = Period(period.last, period.last)
            return DateMention(start, end, period, resolved, self._is_compared(start, end), up_to=up_to)
        return DateMention(start, end, period, resolved, self._is_compared(start, end))

    def _is_compared(self, start: int, end: int) -> bool:
        before, after = self.text[max(0, start - 16) : start], self.text[end : end + 8]
        return bool(_COMPARED_BEFORE.search(before) or _COMPARED_AFTER.match(after))

    def _remember(self, year: int, resolved: bool) -> None:
        self.year, self.year_resolved = year, resolved


_EN_YEARS = ("e_year", "d_year", "r_year", "m_year", "q_year", "h_year", "c_year", "n_year", "w_year", "b_year")


def _part(match: re.Match[str], year: int) -> Period | None:
    """The part of a year that a match of ``_PART`` names."""
    if match["first_month"]:
        first, last = _number(match["first_month"]), _number(match["last_month"])
        return month_of(year, first, last) if first < last else None
    if match["month"]:
        month = _number(match["month"])
        if not match["day"]:
            return _edge(month_of(year, month), match["month_part"] or "")
        first_day = day_of(year, month, _number(match["day"]))
        last_day = day_of(year, month, _number(match["last_day"])) if match["last_day"] else first_day
        return Period(first_day, last_day) if first_day and last_day and first_day <= last_day else None
    if match["first_quarter"]:
        first, last = _number(match["first_quarter"]), _number(match["last_quarter"])
        return month_of(year, 3 * first - 2, 3 * last) if first < last else None
    if named := match["quarter"] or match["latin_quarter"]:
        return _edge(month_of(year, 3 * _number(named) - 2, 3 * _number(named)), match["quarter_end"] or "")
    if match["quarters"]:
        return month_of(year, 1, 3 * _number(match["quarters"]))
    if match["months"]:
        return month_of(year, 1, _number(match["months"]))
    if match["half"]:
        return month_of(year, 1, 6) if match["half"] == "上半年" else month_of(year, 7, 12)
    if match["whole"]:
        return year_of(year)
    if match["start"]:
        return Period(date(year, 1, 1), date(year, 1, 1))
    if match["middle"]:
        return Period(date(year, 6, 15), date(year, 7, 15))
    return Period(date(year, 12, 31), date(year, 12, 31))


def _english_part(match: re.Match[str], year: int) -> Period | None:
    period: Period | None
    if match["e_month"] or match["d_month"]:
        day = day_of(year, _english_month(match["e_month"] or match["d_month"]), int(match["e_day"] or match["d_day"]))
        return Period(day, day) if day else None
    if match["r_first"]:
        first, last = _english_month(match["r_first"]), _english_month(match["r_last"])
        period = month_of(year, first, last) if first < last else None
    elif match["m_month"]:
        period = month_of(year, _english_month(match["m_month"]))
    elif match["q_number"] or match["q_word"]:
        quarter = int(match["q_number"] or _ordinal(match["q_word"]))
        period = month_of(year, 3 * quarter - 2, 3 * quarter)
    elif match["h_number"] or match["h_word"]:
        second = int(match["h_number"] or _ordinal(match["h_word"])) == 2
        period = month_of(year, 7, 12) if second else month_of(year, 1, 6)
    elif match["c_months"]:
        months = _count(match["c_months"])
        period = month_of(year, 1, months) if 1 <= months <= 12 else None
    else:
        period = year_of(year)
    at_end = match["e_end"] or match["year_end"]
    return Period(period.last, period.last) if period and at_end else period


def _edge(period: Period, edge: str) -> Period:
    """The part of a month or quarter that 底, 初, 中旬, … name."""
    if edge in ("底", "末"):
        return Period(period.last, period.last)
    if edge in ("初", "上旬"):
        return Period(period.first, period.first + timedelta(days=9))
    if edge == "中旬":
        return Period(period.first + timedelta(days=10), period.first + timedelta(days=19))
    if edge == "下旬":
        return Period(period.first + timedelta(days=20), period.last)
    return period


def _plan(number: int, at_end: bool) -> Period:
    """The years of China's five-year plan of a number: the 14th is 2021 to 2025."""
    last = 1955 + 5 * number
    return Period(date(last, 12, 31), date(last, 12, 31)) if at_end else year_of(last - 4, last)


def _number(numeral: str) -> int:
    """Value of digits or of a Chinese numeral below a hundred, or of a year's digits (``二〇二三``)."""
    if "十" in numeral:
        tens, ones = numeral.split("十")
        return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)
    value = 0
    for character in numeral:
        value = 10 * value + _DIGITS[character]
    return value


def _english_month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _ordinal(word: str) -> int:
    return next(number for number, names in enumerate(_ORDINALS, 1) if word.lower() in names)


_ORDINALS = (("first", "1st"), ("second", "2nd"), ("third", "3rd"), ("fourth", "4th"))
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS.index(word.lower()) + 1


def _joined(text: str, mentions: list[DateMention]) -> Iterator[DateMention]:
    """The mentions, two with 至 between them (``2022年3月至2023年6月``) as one."""
    waiting: DateMention | None = None
    for mention in mentions:
        between = text[waiting.end : mention.start] if waiting else ""
        is_range = re.fullmatch(rf"{_TO}|\s+to\s+", between) and not mention.word
        if waiting and not waiting.word and is_range and waiting.period.first <= mention.period.last:
            whole = Period(waiting.period.first, mention.period.last)
            resolved = waiting.resolved or mention.resolved
            waiting = DateMention(waiting.start, mention.end, whole, resolved, waiting.compared and mention.compared)
            continue
        if waiting:
            yield waiting
        waiting = mention
    if waiting:
        yield waiting
