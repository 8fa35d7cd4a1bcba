"""Names of persons: which words of a text are one, told by surname, by what stands before it and by the whole text."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from rag.text.view import HAN

MOST_INTRODUCED = 200
"""Most people that a text itself makes known, those it names most often: each clause that reports speech is searched
for all of them."""

MOST_LOOKED_UP = 500
"""Most names that a text is searched through for."""

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗花方俞任袁柳鲍史唐费廉"
    "岑薛雷贺倪汤滕罗毕郝邬安常乐傅卞齐康伍余顾孟黄穆萧肖尹姚邵汪祁毛狄贝戴谈宋庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄江童"
    "颜郭梅林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯卢莫房解应丁宣邓洪包左石崔吉龚程裴陆荣翁荀羊甄曲封储靳段焦侯班仇宁甘武符刘景詹龙"
    "叶司郜黎薄白蒲卓蔺屠蒙池乔阴温晏柴瞿阎慕连习艾鱼向古易廖庾居衡步耿满匡寇广欧聂晁敖辛阚简饶曾关游覃佟修涂殷谭庄邢赖臧单祖"
    "奚湛茅芮郁杭嵇裘缪昝宗郗栾厉戎邰鄂冉逄姬郦雍郤璩桑桂濮燕冀郏茹宦戈暨阙殳卜蔚巩厍訾巢蒯荆竺逯桓冼闫付"
)
_DOUBLE_SURNAMES = (
    "欧阳|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|太叔|申屠|公孙|慕容|钟离|长孙|宇文|司徒|"
    "鲜于|司空|闾丘|令狐|端木|呼延|百里|东郭|西门|轩辕"
)
# Surnames that are usual words too, and so only before 某.
_SURNAMES_THAT_ARE_WORDS = "于时元平和明成计伏盛水云昌支经干诸滑惠家富山谷全秋仲幸印怀从能双申扶牛通边尚农别充容慎终都国文东利越隆师空养丰查后红游盖"
TITLES = (
    "总统|首相|总书记|大使|主席|总理|书记|主任|工程师|发言人|院士|教授|研究员|分析师|专家|总裁|经理|负责人|"
    "[部局司处院校会书事市省县厅行科区镇乡村所站队厂社馆股州团班]长"
)
SPEECH = "表示|指出|介绍|强调|明确|回应|认为|透露|坦言|告诉|谈到|解释|补充|提到|提出|说|称"
# Words that begin like a name.
_NOT_NAMES = (
    "方案|方面|方法|方向|方式|任务|任何|应该|应当|应用|许多|于是|谢谢|祝[好安福愿贺您你大各]|安[好康]|高层|高度|高峰|安理|安全|安排|时评|关于|关键|关系|马上|周边|周期|周围|"
    "经费|金额|金融|温度|段落|项目|单位|万元|易错|白天|成果|成本|成立|和平|常委|常务|平台|平均|程序|路径|计划|解决|解释|管理|古代|双方|车辆|水平"
)
_SURNAME = f"(?:{_DOUBLE_SURNAMES}|[{_SURNAMES}])"
NAME = f"(?!{_NOT_NAMES}|{TITLES}){_SURNAME}(?!{SPEECH})(?<!强(?=调))[{HAN}]{{1,2}}"
# 秦某, 王某某, 计某甲
_WITHHELD = re.compile(
    f"(?:{_DOUBLE_SURNAMES}|[{_SURNAMES}{_SURNAMES_THAT_ARE_WORDS}])某[某甲乙丙丁]?(?![年月日天时种个些地])"
)
_FOREIGN = f"[{HAN}]{{1,8}}(?:·[{HAN}]{{1,8}})+|[A-Z][a-z]+(?: [A-Z][\\w.'-]*){{1,3}}"
_FULL_NAME = re.compile(f"{NAME}|{_FOREIGN}")
_FIRST_CHARACTERS = frozenset(_SURNAMES) | {surname[0] for surname in _DOUBLE_SURNAMES.split("|")}
_LONGEST_NAME = 4
_AFTER_A_NAME = f"[^{HAN}]|日前|[在就也还与则却又都曾将]|{SPEECH}|介绍|答|回答|接受"
_INTRODUCED = re.compile(f"(?:{TITLES})(?P<name>{NAME}?)(?={_AFTER_A_NAME})")
# The last characters of nouns for what somebody is: 种粮大户, 工程师, 院长, 村民, 证人, 书记, 妻子.
_END_OF_ROLE = "[员师长户主民人生者工家手授任士友理记裁席统医子秘机官兵警]|代表|律师|教练|院士"
_ROLE_BEFORE = re.compile(f"(?:{_END_OF_ROLE})$")
_ORGANISATION_BEFORE = re.compile("[部局厅署院会委司处科办社校厂所站队中心团]$")
_TITLED = re.compile(f"(?P<before>.*?)(?P<name>{NAME}|{_WITHHELD.pattern})(?:{TITLES})?")


class People:
    """The people of one text."""

    def __init__(self, paragraphs: Iterable[str], speakers: tuple[str, ...] = ()) -> None:
        """Reads who is introduced, by title and name (``局长陶青``) or with the given name withheld (``秦某``).

        Args:
            paragraphs: the readable paragraphs of the text.
            speakers: the people known to speak in it.
        """
        self._text = "\n".join(paragraphs)
        self._again: dict[str, bool] = {}
        introduced = Counter(match["name"] for match in _INTRODUCED.finditer(self._text))
        introduced.update(match.group() for match in _WITHHELD.finditer(self._text))
        del introduced[""]
        often = (name for name, _ in introduced.most_common(MOST_INTRODUCED))
        self.names = tuple(sorted({*speakers, *often} - {""}, key=lambda name: (-len(name), name)))

    def is_named_again(self, name: str) -> bool:
        """Whether the text has a name more than once; not looked up for more than ``MOST_LOOKED_UP`` names."""
        if name not in self._again:
            if len(self._again) >= MOST_LOOKED_UP:
                return False
            self._again[name] = self._text.count(name) > 1
        return self._again[name]

    def are_named_in(self, words: str) -> bool:
        """Whether anybody who is known stands in some words."""
        return any(name in words for name in self.names)

    def introduced_by(self, words: str, *, organisations: bool = False) -> str:
        """The name at the end of words that say what somebody is (``消费者代表尤桂兰``, ``陶青局长``); empty without one.

        Args:
            organisations: whether a name may stand after an organisation as well (``市财政局臧敏``).
        """
        for name in self.names:
            if words.endswith(name) and words != name:
                return name
        titled = _TITLED.fullmatch(words)
        if not titled or titled["name"] == words:
            return ""
        before = titled["before"]
        is_told = not before or _ROLE_BEFORE.search(before) or (organisations and _ORGANISATION_BEFORE.search(before))
        return titled["name"] if is_told else ""


def names_in(words: str, first: int = 0) -> Iterator[tuple[int, int]]:
    """Where words have the form of a surname and a given name, from ``first`` on: by their beginning, the longest first."""
    for start in range(first, len(words)):
        if words[start] in _FIRST_CHARACTERS:
            for end in range(min(len(words), start + _LONGEST_NAME), start + 1, -1):
                if _FULL_NAME.fullmatch(words, start, end):
                    yield start, end


def is_full_name(words: str) -> bool:
    """Whether words are a surname and a given name, or a foreign name."""
    return bool(_FULL_NAME.fullmatch(words))


def ends_with_role(words: str) -> bool:
    """Whether words end with what somebody is (``种粮大户``, ``工程师``)."""
    return bool(_ROLE_BEFORE.search(words))
