"""Measures: figures that measure or count something, each with its unit and the bound that the words beside it set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.text.figures import DATES, Figure, figures_in
from rag.text.mentions import DateMention
from rag.text.view import HAN_CHARACTER

UNITS = (
    "个百分点|美元|欧元|日元|港元|元|人民币|平方公里|平方米|立方米|公里|千米|米|千瓦时|千瓦|吨|公斤|千克|亩|公顷|人次|人|个|家|户|座|项|台|辆|艘|架|套|"
    "件|条|次|张|枚|颗|所|名|位|株|头|只|箱|份|部|款|种|度|岁|天|小时|分钟|列|处"
)
"""Units and classifiers for a pattern, a longer one before what it begins with."""
COUNTED = frozenset("个家户座项台条处种类张颗所名位套栋头只部款把点站组对片间列门")
"""Those that count things, not people, times or amounts."""
# The units of the International System and those used beside it (GB 3100-1993), in Chinese and as symbols. Of one character
# are words of their own (安, 牛, 升至); those count with a prefix, or where nothing else can be meant.
_LEGAL = (
    "[千兆吉太分厘毫微纳皮]?(?:克(?![拉服])|米|升(?![至到为入级高温值降])|秒(?!杀)|帕斯卡|伏特|安培|赫兹|焦耳|瓦特|欧姆|牛顿|流明|贝可|西弗|摩尔)"
    "|[千兆吉太毫微纳](?:帕|伏|安|赫|焦|瓦时|瓦|卡|欧|法|伏安|西)|大卡|海里|公顷|平方(?:千米|公里|厘米|分米|毫米)|立方(?:千米|厘米|分米)|摄氏度|分贝|吨公里"
)
_SYMBOL = (
    "(?:[YZEPTGMkKhdcmμµnp]|da)?(?:m|g|[Ll]|s|A|mol|cd|Hz|N|Pa|J|W|V|F|Ω|lm|lx|Bq|Gy|Sv|eV|[Ww]h|VA|[Bb]|bit|bps|B/s|FLOPS|t|cal|Cal|Gal)"
    "|K|T|U|IU|NTU|CFU|min|h|d|dB(?:A|m)?|rpm|r|ppm|ppb|ha|a|mmHg|°C|℃|℉|°|%|‰"
)
_POWER = "[²³⁻⁰¹⁴⁵⁶⁷⁸⁹]*"
_UNIT = re.compile(
    rf"[\s]?[多余]?(?P<unit>亿?美元|{UNITS}|{_LEGAL}|标准煤|标煤|斤|栋|类|批|支|把|点|标箱|站|组|对|片|间|节|门|倍"
    r"|[kKMGTPEZ]?(?:FLOPS|bps|Wh?|Hz|B)(?![A-Za-z])|k?m(?![A-Za-z])|K(?![A-Za-z]))"
)
_WHOLE_UNIT = re.compile(
    rf"[十百千万亿]*(?:{_UNIT.pattern})?(?:[/每][^。，；！？,;!?]{{1,4}})?"
    rf"|(?:[×*]?10(?:[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\^\d{{1,2}})\s?/?)?(?:{_SYMBOL}){_POWER}(?:[·/*](?:{_SYMBOL}){_POWER})*"
)
_LETTERS = re.compile("[A-Za-zμµ°℃℉%‰·/²³]+")
_QUALIFIERS = {
    "超过": re.compile(
        r"(?<!不)(?:超过?|突破|逾|高于|多于|大于|首破)了?$|不(?:少|低)于$|至少$|(?:more than|over|exceed(?:ed|ing|s)?|above|at least)\s+$",
        re.I,
    ),
    "近": re.compile(r"(?:将近|接近|逼近|近)$|(?:nearly|almost)\s+$", re.I),
    "约": re.compile(r"(?:大约|大概|约)$|(?:about|around|approximately|some|roughly)\s+$", re.I),
    "不到": re.compile(
        r"(?:不到|不足|少于|低于|小于|不超过|不高于|不多于|不大于)了?$|(?:less than|under|below|fewer than|at most)\s+$",
        re.I,
    ),
}
_QUALIFIERS_AFTER = {"以上": "超过", "左右": "约", "上下": "约", "以内": "不到", "以下": "不到"}


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its unit, in the text of a sentence.

    Attributes:
        figure: the number.
        start: where it begins, with the words that bound it (``超过``).
        unit: ``个``, ``元``, ``%``, …; empty where the text gives none.
        end: where number and unit end.
        rest: where what it counts may begin, after ``以上`` and ``的``.
        qualifier: ``超过``, ``近``, ``约``, ``不到`` or empty.
    """

    figure: Figure
    start: int
    unit: str
    end: int
    rest: int
    qualifier: str


def is_unit(text: str, *, any_letters: bool = False) -> bool:
    """Whether a text is nothing but a unit (``万吨``, ``元/平方米``, ``mg/L``).

    Args:
        any_letters: whether letters that are no symbol known here may be one, as where units are to be expected.
    """
    return bool(text) and bool(_WHOLE_UNIT.fullmatch(text) or (any_letters and _LETTERS.fullmatch(text)))


def measures_in(text: str, mentions: list[DateMention], *, bare: bool = False) -> Iterator[Measure]:
    """Figures that measure or count something: no parts of dates, ordinals, or numbers in names.

    Args:
        text: a sentence.
        mentions: its dates.
        bare: numbers without a unit, too, as cells of tables have them, and those before a unit such as 千瓦时.
    """
    for figure in figures_in(text):
        start, end = figure.start, figure.end
        if figure.kind in DATES or any(mention.start < end and start < mention.end for mention in mentions):
            continue
        before, after = text[max(0, start - 1) : start], text[end : end + 1]
        if before in ("第", "+", "×") or after in ("+", "×"):
            continue
        if after and after in "百千万亿" and not (bare and _UNIT.match(text, end)):
            continue  # a number that was not read to its end
        unit = figure.kind
        if not unit:
            if match := _UNIT.match(text, end):
                unit, end = match["unit"], match.end()
            large = any(character in "万亿" for character in figure.written) or figure.value >= 10_000
            if not unit and not large and not bare and HAN_CHARACTER.search(text):
                continue
        word = next((word for word in _QUALIFIERS_AFTER if text.startswith(word, end)), "")
        rest = end + len(word)
        bound, first = _bound_before(text, start)
        qualifier = bound or _bound_after(text[start:end], word)
        yield Measure(figure, first, unit, end, rest + text.startswith("的", rest), qualifier)


def _bound_before(text: str, start: int) -> tuple[str, int]:
    """The bound that the words before a measure set, and where they begin; empty and ``start`` where they set none."""
    before = max(0, start - 20)
    for name, pattern in _QUALIFIERS.items():
        if match := pattern.search(text[before:start]):
            return name, before + match.start()
    return "", start


def _bound_after(written: str, after: str) -> str:
    """The bound that the words after a measure set, or one inside it (``264多万个``)."""
    if after:
        return _QUALIFIERS_AFTER[after]
    return "超过" if any(character in "多余" for character in written) else ""
