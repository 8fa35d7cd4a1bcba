"""Words that turn a statement round: direction, rank, first time, scope, negation, plan. In Chinese and English.

``增长`` and ``下降`` stand on one axis with opposite values; a claim that has one where its source has the other tells
something else, however alike the two read.
"""

import re
from dataclasses import dataclass

_UP = (
    r"(?<!稳)(?<!负)增长(?!极|点)|增加(?!值)|上升|提升|提高|上涨|扩大|加快|回升|增幅|增速|涨幅|增长率|攀升|改善|增强|"
    r"(?<![\d%万亿多])(?<![\d%万亿余多][个家户人名天座元种项倍次])以上|高于|多于|快于|大于|优于|强于|走高|走强|提速|升高|升至|升到|增至|增到|盈利|顺差|流入|扩张|延长|上行|最大|最高|最多|最快|最强|最先进|变好|向好|好转|领先|激增|猛增|上调|上浮|加息|调高|放宽|加强|拓宽|翻番|升值|充足|大涨|回暖|净增|看好|利好|"
    r"\b(?:ris(?:e|es|en|ing)|rose|gr[eo]w(?:s|n|ing|th)?|increas\w+|up|higher|improv\w+|expand\w+|climb\w+|faster|gain(?:s|ed)?|surg\w+|jump\w+|largest|highest|biggest|most|accelerat\w+|above)\b"
)
_DOWN = (
    r"负增长|下降|减少|降低|下滑|回落|下跌|收窄|缩小|减缓|放缓|减弱|减幅|降幅|跌幅|降速|下降率|(?<![\d%万亿])(?<![\d%万亿余多][个家户人名天座元种项倍次])以下|低于|少于|慢于|小于|劣于|弱于|走低|走弱|减速|降至|降到|减至|减到|跌至|跌到|亏损|逆差|流出|"
    "萎缩|缩短|恶化|下行|最小|最低|最少|最慢|最弱|最落后|变差|变坏|落后(?!产能)|锐减|骤减|下调|下浮|降息|调低|收紧|削弱|减产|贬值|大跌|转冷|净减|看淡|利空|"
    r"\b(?:fall(?:s|en|ing)?|fell|declin\w+|decreas\w+|drop\w*|down|lower(?:ed|s)?|shr[aiu]nk\w*|narrow\w+|slow(?:s|ed|er|ing)?|reduc\w+|smallest|lowest|least|worsen\w*|less|below|slump\w*)\b"
)
_DIRECTION = re.compile(f"(?P<up>{_UP})|(?P<down>{_DOWN})", re.IGNORECASE)
_ORDINAL = re.compile(
    "(?P<last>倒数第?一|末位|垫底)|第(?P<number>[一二三四五六七八九十]{1,3}|\\d{1,3})(?!季度|产业|三产|三方|时间|手|个?五年)|(?P<first>首位|榜首|居首|魁首|头名)|"
    r"\b(?P<english>first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th)(?! quarter| half)\b",
    re.IGNORECASE,
)
_ENUMERATES = re.compile(r"(?:^|^\W)第\w{1,3}[,，、:：]$")
_OCCASION = re.compile(
    "(?P<first>首次|首度|首批|首个|首家|首座|首台|首创|第一次|for the first time)|(?P<again>再次|再度|又一次|第二次|再一次|once again)|(?P<only>唯一|仅有|\\bonly\\b)",
    re.IGNORECASE,
)
_SCOPE = re.compile("(?P<world>全球|世界|国际)|(?P<country>全国|国内|我国)|(?P<province>全省|省内)|(?P<city>全市|市内)")
_NOT = (
    "绝不(?:能|会)?|并非|并不|并未|从未|从不|未能|未曾|尚未|没有|没能|不再|不能|不会|不是|不得(?!不)|不应|不可(?!或缺)|不要|无法|无需|毫无|禁止|避免|防止|杜绝|拒绝|否认|反对|"
    "未(?=[^来必免])|没(?=[^收落])|不(?![断仅少同足到超低高但过只错久可及便良管论论力利满])|"
    r"\b(?:not|no|never|without|cannot)\b|n't\b"
)
_NEGATION = re.compile(_NOT, re.IGNORECASE)
_NO_NEGATION = re.compile(
    "不可否认|不得不|不可或缺|毫不动摇|两个毫不|无不|莫不|不约而同|前所未有|有没有|是不是|能不能|不止|不光|不然|永不|不远|不易|not only",
    re.IGNORECASE,
)
_PLAN = re.compile(
    "力争|争取|预计|预期|预测|有望|打算|拟(?=于|在|建|投|新|用|到|将)|目标|(?<!行动)(?<!导向)(?<!五年)(?<!研发)计划(?!》|（|\\(|实施|单列)|规划(?=到|在|建|目标)|"
    "(?<!即)将(?=会|拥有|继续|达|超|突破|新|建|增|实现|完成|有|在|于|再|提升|提高|占|覆盖|培育|形成|到|不|进一步|基本|率先|全面|累计|扩大|下降|降至|推出|推动|制定|开展|把|对|重点|以|为|从|是|迎|启动|投|举)|"
    r"要(?=在|到|达|实现|建成|超)|\b(?:will|would|plan(?:s|ned)?|target(?:s|ed)?|aim(?:s|ed|ing)?|expect(?:s|ed)?|goal|intend(?:s|ed)?|projected|going to|striv\w+|forecast)\b",
    re.IGNORECASE,
)
_TITLES_OF_WORKS = re.compile("《[^》]*》")
_NUMERALS = dict(zip("一二三四五六七八九十", range(1, 11), strict=True))
_ENGLISH_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_MORE = re.compile(
    "(?:超过|超出|突破|逾|超|高达|不低于|不少于|至少|(?:more|higher|greater) than|over|exceed(?:s|ed|ing)?|above|at least|surpass(?:es|ed|ing)?)(?:了|到)?[约近]?(?:[^\\W\\d_a-z]{0,5}的)?\\s*$",
    re.IGNORECASE,
)
_LESS = re.compile(
    "(?:不到|不足|将近|接近|近|未达到?|不超过|不高于|至多|最多|(?:less|fewer|lower) than|under|below|nearly|almost|at most|up to|not exceeding)(?:了)?(?:[^\\W\\d_a-z]{0,5}的)?\\s*$",
    re.IGNORECASE,
)
_OR_MORE = re.compile("(?:[多余]|[^\\s，。、；,;\\d]{0,4}?(?:以上|之上|开外))")
_OR_LESS = re.compile("[^\\s，。、；,;\\d]{0,4}?(?:以下|以内|之下|之内)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that says which way, which rank, how wide or whether for the first time.

    Attributes:
        axis: ``"direction"``, ``"rank"``, ``"occasion"`` or ``"scope"``.
        value: its place on the axis; marks of one axis with different values contradict each other.
        start, end: where it stands in the text.
    """

    axis: str
    value: str
    start: int
    end: int


def marks_in(text: str) -> list[Mark]:
    """The marks of a folded text in their order."""
    found = [
        *_named(_DIRECTION, "direction", text),
        *_named(_OCCASION, "occasion", text),
        *_named(_SCOPE, "scope", text),
        *(
            Mark("rank", _rank(match), *match.span())
            for match in _ORDINAL.finditer(text)
            if not _ENUMERATES.search(match.string[max(0, match.start() - 1) : match.end() + 1])
        ),
    ]
    return sorted(found, key=lambda mark: mark.start)


def negations_in(text: str) -> list[tuple[int, int]]:
    """Spans of the words that deny; not of ``不断``, ``不可否认`` and others that deny nothing."""
    harmless = [match.span() for match in _NO_NEGATION.finditer(text)]
    return [
        match.span()
        for match in _NEGATION.finditer(text)
        if not any(start <= match.start() < end for start, end in harmless)
    ]


def plans_in(text: str) -> list[tuple[int, int]]:
    """Spans of the words that say that something is yet to come; not inside 《…》."""
    titles = [match.span() for match in _TITLES_OF_WORKS.finditer(text)]
    return [
        match.span() for match in _PLAN.finditer(text) if not any(start <= match.start() < end for start, end in titles)
    ]


def bound_of(before: str, after: str) -> int:
    """How a figure bounds the value: 1 for at least (``超过``), −1 for at most (``不到``, ``近``), 0 where nothing is said.

    Args:
        before, after: the text on either side of the figure.
    """
    if _LESS.search(before) or _OR_LESS.match(after):
        return -1
    return 1 if _MORE.search(before) or _OR_MORE.match(after) else 0


def _named(pattern: re.Pattern[str], axis: str, text: str) -> list[Mark]:
    return [Mark(axis, str(match.lastgroup), *match.span()) for match in pattern.finditer(text)]


def _rank(match: re.Match[str]) -> str:
    if match["last"]:
        return "last"
    if match["first"]:
        return "1"
    if english := match["english"]:
        return str(_ENGLISH_ORDINALS.get(english.lower()) or int(english[0]))
    number = match["number"]
    if number.isdigit():
        return str(int(number))
    tens, ten, ones = number.rpartition("十")
    return str((_NUMERALS.get(tens, 1) * 10 if ten else 0) + _NUMERALS.get(ones, 0))
