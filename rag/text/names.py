"""Names in a text: persons, organisations, places and countries, and Latin names with their digits (``5G``, ``IPv6``).

Rules and lists, no statistics: a person is recognised by surname and office or verb of speech, an organisation by its
ending or the list of those that everybody knows, a place by the list.
"""

import re
from dataclasses import dataclass

from rag.text.turns import NAME, SPEECH, TITLES
from rag.text.view import HAN

_PLACES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|"
    "广西|西藏|宁夏|新疆|香港|澳门|深圳|广州|杭州|南京|苏州|成都|武汉|西安|郑州|青岛|大连|宁波|厦门|沈阳|长春|哈尔滨|济南|合肥|福州|南昌|长沙|昆明|贵阳|兰州|"
    "太原|石家庄|南宁|海口|乌鲁木齐|呼和浩特|银川|西宁|拉萨|无锡|东莞|佛山|温州|珠海|雄安|京津冀|长三角|珠三角|粤港澳大湾区|浦东|"
    "欧盟|东盟|欧洲|亚洲|非洲|北美|南美|拉美|中东|东南亚|中亚|东北|华北|华东|华南|华中|西南|西北"
)
_COUNTRIES = (
    "美国|英国|法国|德国|日本|韩国|朝鲜|印度|俄罗斯|乌克兰|意大利|西班牙|葡萄牙|荷兰|比利时|瑞士|瑞典|挪威|芬兰|丹麦|波兰|捷克|匈牙利|奥地利|希腊|土耳其|"
    "以色列|伊朗|伊拉克|沙特|阿联酋|埃及|南非|尼日利亚|肯尼亚|埃塞俄比亚|巴西|阿根廷|墨西哥|加拿大|智利|秘鲁|澳大利亚|新西兰|印度尼西亚|印尼|马来西亚|"
    "新加坡|泰国|越南|菲律宾|缅甸|老挝|柬埔寨|巴基斯坦|孟加拉国|斯里兰卡|尼泊尔|蒙古国|哈萨克斯坦|乌兹别克斯坦|爱尔兰|冰岛|罗马尼亚|塞尔维亚|古巴"
)
_ORGANISATIONS = (
    "工业和信息化部|工信部|国家发展和改革委员会|国家发展改革委|发展改革委|国家发改委|发改委|财政部|商务部|教育部|科技部|科学技术部|公安部|民政部|司法部|外交部|国防部|自然资源部|生态环境部|"
    "住房和城乡建设部|住建部|交通运输部|交通部|水利部|农业农村部|农业部|文化和旅游部|文旅部|国家卫生健康委|国家卫健委|卫健委|退役军人事务部|应急管理部|人力资源和社会保障部|人社部|审计署|"
    "中国人民银行|人民银行|国资委|海关总署|税务总局|市场监管总局|国家统计局|统计局|国家能源局|能源局|国家药监局|证监会|银保监会|金融监管总局|国家网信办|网信办|国新办|国务院新闻办公室|国务院|"
    "全国人大|全国政协|最高人民法院|最高人民检察院|新华社|新华网|人民日报|人民网|央视新闻|中央广播电视总台|央视|中新社|新京报|光明日报|经济日报|第一财经|澎湃新闻|环球时报|中国西藏网|"
    "中国移动|中国联通|中国电信|中国铁塔|华为|中兴通讯|阿里巴巴|腾讯|百度|京东|字节跳动|小米|比亚迪|宁德时代|特斯拉|苹果公司|微软|谷歌|英伟达|英特尔|三星|国家电网|中国石油|中国石化|"
    "中国科学院|中科院|中国工程院|中国社会科学院|社科院|清华大学|北京大学|联合国|世界银行|世界卫生组织|世卫组织|国际货币基金组织|世贸组织|欧洲央行|美联储|"
    "国际能源署|中汽协|中国汽车工业协会|中国信通院|信通院"
)
_ENDINGS = "委员会|研究院|研究所|基金会|交易所|联合会|出版社|通讯社|电视台|有限公司|公司|集团|大学|学院|银行|协会|学会|商会|法院|医院|日报|晚报|总局|平台"
_KNOWN_PLACES = frozenset([*_PLACES.split("|"), *_COUNTRIES.split("|")])
_KNOWN_ORGANISATIONS = frozenset(_ORGANISATIONS.split("|"))
_OWN_COUNTRY = ("中国", "我国")
# One name for several; within a group any stands for any.
_SAME = (
    "中国|我国|全国|国内|我们国家|咱们国家|中方|全中国|china|chinese",
    "世界|全球|国际|world|global",
    "工信部|工业和信息化部|miit",
    "美国|美方|united states|u.s.|us|american",
    "日本|日方|japan",
    "德国|德方|germany",
    "英国|英方|britain|united kingdom|uk",
    "法国|法方|france",
    "韩国|韩方|south korea",
    "印度|印方|india",
    "俄罗斯|俄方|russia",
    "印度尼西亚|印尼",
    "澳大利亚|澳洲",
    "欧盟|欧方|european union|eu",
    "国内生产总值|地区生产总值|生产总值|gdp",
    "人工智能|ai",
    "物联网|iot",
    "采购经理指数|pmi",
    "居民消费价格|消费价格|cpi",
    "研发|r&d",
    "人民银行|中国人民银行|央行",
    "发改委|发展改革委|国家发展和改革委员会|国家发展改革委|国家发改委|ndrc",
)
_SYNONYMS = {name: frozenset(group.split("|")) for group in _SAME for name in group.split("|")}
_LISTED = re.compile(
    "|".join(sorted({*_KNOWN_PLACES, *_KNOWN_ORGANISATIONS, *_OWN_COUNTRY}, key=len, reverse=True))
    .replace("东北", "(?<!中)东北(?!向|风|方)")
    .replace("成都", "(?<![一二三四五六七八九几])成都")
)
_PLACES_IN_A_ROW = re.compile(f"(?:{_PLACES}|{_COUNTRIES})(?:省|市)?(?:、(?:{_PLACES}|{_COUNTRIES})(?:省|市)?)+(?=等)")
_ENGLISH_COUNTRIES = re.compile(
    r"\b(?:united states|u\.s\.|american|japan|germany|britain|united kingdom|france|south korea|india|russia|european union)\b"
)
_ABROAD = re.compile(_COUNTRIES)
_AT_HOME = re.compile("中国|我国|全国|国内|国家|china")
_ENDED = re.compile(f"(?P<own>[{HAN}]{{2}})(?:{_ENDINGS})(?![{HAN}](?<=化))")
_GENERIC_BEFORE_ENDING = re.compile(
    "[的个家各些某该本等类级与和及或在由是了为有对入合作子上型新大小一国际方商行专业龙头数据服务金融互联网网络机构企业政府综合公共多数部分所有商业民营外资创业投资科技科创融资工业供应]"
)
_PERSONS = (
    re.compile(f"(?:{TITLES})(?P<name>{NAME}?)(?=[^{HAN}]|日前|在|就|也|还|{SPEECH}|答|接受|说|是|的|$)"),
    re.compile(f"(?:{TITLES})(?P<name>{NAME})"),
    re.compile(
        f"(?:^|(?<=[^{HAN}]|[日月年底]))(?P<name>{NAME}?)(?=(?:{TITLES})|(?:日前|曾|还|也|则|又|近日)?(?:{SPEECH})|[:：]|在[^，。]{{2,24}}?(?:{SPEECH}))"
    ),
    re.compile(f"(?:^|(?<=由|是|据|对|向|与|和|、))(?P<name>{NAME})(?=[^{HAN}]|介绍|回答|{SPEECH}|出席|主持|率|$)"),
    re.compile(f"(?P<name>[{HAN}]{{1,6}}(?:·[{HAN}]{{1,8}})+)"),
)
_WHOLE_NAME = re.compile(f"\\W*(?P<name>{NAME})\\W*")
_LATIN = re.compile(r"(?<![a-z0-9.])(?=[a-z0-9.\-+]*[a-z])[a-z0-9]+(?:[.\-][a-z0-9]+)*(?![a-z0-9])")
_LATIN_NO_NAME = re.compile(
    r"\d[\d.]*(?:%|k|m|g|km|kg|mg|kw|mw|gw|kwh|twh|gb|tb|mb|hz|ghz|mhz|eflops|bn|st|nd|rd|th)?$"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name and where it stands: ``text[start:end] == written``."""

    written: str
    start: int
    end: int
    kind: str


def names_in(text: str) -> list[Name]:
    """The names of a folded text, in their order, none twice.

    ``kind`` is ``"listed"`` (places, well-known organisations), ``"organisation"``, ``"person"`` or ``"latin"``.
    """
    found: dict[tuple[int, int], Name] = {}
    for match in _LISTED.finditer(text):
        found[match.span()] = Name(match.group(), *match.span(), "listed")
    for match in _ENGLISH_COUNTRIES.finditer(text):
        found[match.span()] = Name(match.group(), *match.span(), "listed")
    for match in _ENDED.finditer(text):
        if not _GENERIC_BEFORE_ENDING.search(match["own"]) and not _covers(found, match.start(), match.end()):
            found[match.span()] = Name(match.group(), *match.span(), "organisation")
    for pattern in _PERSONS:
        for match in pattern.finditer(text):
            span = match.span("name")
            if match["name"] and not _covers(found, *span):
                found[span] = Name(match["name"], *span, "person")
    if (whole := _WHOLE_NAME.fullmatch(text)) and not _covers(found, *whole.span("name")):
        found[whole.span("name")] = Name(whole["name"], *whole.span("name"), "person")
    han = any("\u4e00" <= character <= "\u9fff" for character in text)
    for match in _LATIN.finditer(text):
        word = match.group()
        if _LATIN_NO_NAME.match(word) and not re.fullmatch(r"\dg(?:-a)?", word):
            continue
        if (han and len(word) > 1) or any(character.isdigit() for character in word):
            found[match.span()] = Name(word, *match.span(), "latin")
    return sorted(found.values(), key=lambda name: name.start)


def is_place(name: str) -> bool:
    """Whether a folded name is that of a place or country that everybody knows."""
    return name in _KNOWN_PLACES or is_own_country(name)


def is_own_country(name: str) -> bool:
    """Whether a folded name is that of China, which Chinese documents speak of without naming it."""
    return name in _OWN_COUNTRY


def without_listed_places(text: str) -> str:
    """A folded text without the places that it names in a row (``江苏、广东等10个省``)."""
    return _PLACES_IN_A_ROW.sub("", text)


def names_another_country(text: str) -> bool:
    """Whether a folded text speaks of other countries by name and not of China."""
    return bool(_ABROAD.search(text)) and not _AT_HOME.search(text)


def stands_in(name: Name, text: str) -> bool:
    """Whether a name, or another way of writing it, stands in a folded text; ``工信部`` in ``工业和信息化部``."""
    if name.kind == "person" and len(name.written) == 3 and name.written[:2] in text:
        return True  # its third character may be the next word's first
    if any(_holds(other, text) for other in _SYNONYMS.get(name.written, frozenset()) | {name.written}):
        return True
    if name.kind not in ("listed", "organisation") or name.written in _KNOWN_PLACES:
        return False
    return _is_short_for(name.written, text) or any(
        other in text and _is_short_for(other, name.written) for other in _KNOWN_ORGANISATIONS
    )


def _holds(name: str, text: str) -> bool:
    if name.isascii():
        return bool(re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", text))
    return name in text


def _is_short_for(short: str, text: str) -> bool:
    """Whether the characters of a short form stand in a text, in order and near each other: 国新办, 国务院新闻办公室."""
    if len(short) < 3 or short.isascii() or short in _KNOWN_PLACES:
        return False
    return bool(re.search(f"[{HAN}]{{0,4}}".join(map(re.escape, short)), text))


def _covers(found: dict[tuple[int, int], Name], start: int, end: int) -> bool:
    return any(first < end and start < last for first, last in found)
