"""Dates in Chinese, and days in digits: ``二〇二三年三月底``, ``去年上半年``, ``前三季度``, ``“十四五”``, ``2023-04-21``."""

import re
from datetime import date, timedelta

from rag.text.mentions import DateMention, Readers, Surroundings
from rag.text.numerals import DIGITS
from rag.text.periods import Period, day_of, half_of, month_of, quarter_of, year_of, years_of_plan

_DIGITS = DIGITS | {"○": 0, "首": 1} | {str(digit): digit for digit in range(10)}
TO = r"\s?(?:至|到|[—–\-~～]{1,2})\s?"
"""What stands between the two ends of a range."""
_GAP = r"\s?"
_YEAR_NUMBER = r"(?:(?:19|20)\d\d|[一二][〇○零一二三四五六七八九]{3})"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])"
_QUARTER = "[一二三四1-4]"
# The last of them may have 度 after it.
_YEARS_ON = {"今年": 0, "去年": -1, "前年": -2, "上年": -1, "明年": 1, "后年": 2, "本年": 0}
_HEAD = (
    rf"(?P<year>(?<![\d.〇○零一二三四五六七八九]){_YEAR_NUMBER}){_GAP}年度?"
    rf"|(?<![\d.])(?P<short>[0-3]\d)年(?={_MONTH}月|底|末|{_QUARTER}季度|上半年|下半年)"
    rf"|(?P<relative>{'|'.join(_YEARS_ON)}度?|当年|同年)"
)
_PART = (
    rf"(?<![\d.十第])(?P<first_month>{_MONTH})月?(?:份)?{TO}(?P<last_month>{_MONTH}){_GAP}月(?:份)?(?![\d入])"
    rf"|(?<![\d.十第])(?P<month>{_MONTH}){_GAP}月(?:份)?(?:{_GAP}(?P<day>{_DAY}){_GAP}[日号](?:{TO}(?P<last_day>{_DAY})[日号])?"
    r"|(?P<month_part>底|末|初|中旬|上旬|下旬))?"
    rf"|(?P<first_quarter>{_QUARTER})(?:季度)?{TO}(?P<last_quarter>{_QUARTER})季度"
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
_YEARS = rf"(?<![\d.])(?P<first_year>{_YEAR_NUMBER})年?{TO}(?P<last_year>{_YEAR_NUMBER}){_GAP}年(?!\d*{_MONTH}月)"
_WHOLE = re.compile(f"(?:{_YEARS})|(?:{_ISO})|(?:{_PLAN})|(?:{_WORD})|(?P<head>{_HEAD})(?:{_GAP}(?P<part>{_PART}))?")
_PART_ALONE = re.compile(_PART)


def _whole(match: re.Match[str], around: Surroundings) -> DateMention | None:
    """A date with its year, or one that the day of publication tells."""
    if match["first_year"]:
        first, last = _number(match["first_year"]), _number(match["last_year"])
        around.remember(last, False)
        return around.mention(match, year_of(first, last) if first <= last else None, False)
    if match["iso_year"]:
        day = day_of(int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"]))
        return around.mention(match, Period(day, day) if day else None, False)
    if match["iso_year_only"]:
        return around.mention(match, month_of(int(match["iso_year_only"]), int(match["iso_month_only"])), False)
    if match["plan"]:
        years = years_of_plan(10 + _number(match["plan"][1]))
        return around.mention(match, years.end if match["plan_edge"] else years, False)
    if match["now"]:
        return around.now(match)
    if match["head"]:
        return _headed(match, around)
    return around.mention(match, _beside(match, around), True)


def _part_alone(match: re.Match[str], around: Surroundings) -> DateMention | None:
    """A part of a year that is not named with it."""
    if match.group() in ("底", "末"):
        return None  # without 年 before them they are no dates
    return around.without_year(match, lambda year: _part(match, year))


def _headed(match: re.Match[str], around: Surroundings) -> DateMention | None:
    """A year, or a part of it."""
    resolved = False
    if match["year"]:
        year = _number(match["year"])
    elif match["short"]:
        year = 2000 + int(match["short"])
    elif match["relative"] in ("当年", "同年"):
        if around.year is None:
            return None
        year, resolved = around.year, around.year_resolved
    else:
        if not around.published:
            return None
        year, resolved = around.published.year + _YEARS_ON[match["relative"][:2]], True
    # The year of a comparison (比2022年增长) or of a beginning (去年10月份以来) is not the one that is spoken of.
    if not around.is_beginning(match.end()) and not around.is_compared(match.start(), match.end("head")):
        around.remember(year, resolved)
    return around.mention(match, _part(match, year) if match["part"] else year_of(year), resolved)


def _beside(match: re.Match[str], around: Surroundings) -> Period | None:
    """A day, month or quarter that the day of publication tells."""
    published = around.published
    if not published:
        return None
    if match["yesterday"]:
        day = published - timedelta(days=1)
        return Period(day, day)
    if match["lone_day"]:
        return _lone_day(int(match["lone_day"]), published)
    if match["this_quarter"] or match["last_quarter_word"]:
        quarter = (published.month - 1) // 3 + (0 if match["last_quarter_word"] else 1)
        return quarter_of(published.year, quarter) if quarter else quarter_of(published.year - 1, 4)
    month = around.month_beside(0 if match["this_month"] else -1 if match["last_month_word"] else 1)
    return _edge(month, match["this_edge"] or match["last_edge"] or "") if month else None


def _lone_day(number: int, published: date) -> Period | None:
    """A day without a month (``21日``): the last one up to the day of publication."""
    day = day_of(published.year, published.month, number)
    if day is None or day > published:
        before = published.replace(day=1) - timedelta(days=1)
        day = day_of(before.year, before.month, number)
    return Period(day, day) if day else None


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
        return quarter_of(year, first, last) if first < last else None
    if named := match["quarter"] or match["latin_quarter"]:
        return _edge(quarter_of(year, _number(named)), match["quarter_end"] or "")
    if match["quarters"]:
        return quarter_of(year, 1, _number(match["quarters"]))
    if match["months"]:
        return month_of(year, 1, _number(match["months"]))
    if match["half"]:
        return half_of(year, 1 if match["half"] == "上半年" else 2)
    if match["whole"]:
        return year_of(year)
    if match["start"]:
        return Period(date(year, 1, 1), date(year, 1, 1))
    if match["middle"]:
        return Period(date(year, 6, 15), date(year, 7, 15))
    return year_of(year).end


def _edge(period: Period, edge: str) -> Period:
    """The part of a month or quarter that 底, 初, 中旬, … name."""
    if edge in ("底", "末"):
        return period.end
    if edge in ("初", "上旬"):
        return Period(period.first, period.first + timedelta(days=9))
    if edge == "中旬":
        return Period(period.first + timedelta(days=10), period.first + timedelta(days=19))
    if edge == "下旬":
        return Period(period.first + timedelta(days=20), period.last)
    return period


def _number(numeral: str) -> int:
    """Value of digits or of a Chinese numeral below a hundred, or of a year's digits (``二〇二三``)."""
    if "十" in numeral:
        tens, ones = numeral.split("十")
        return 10 * (_DIGITS[tens] if tens else 1) + (_DIGITS[ones] if ones else 0)
    value = 0
    for character in numeral:
        value = 10 * value + _DIGITS[character]
    return value


CHINESE: Readers = {_WHOLE: _whole, _PART_ALONE: _part_alone}
