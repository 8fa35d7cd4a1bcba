"""Turns: who speaks, from paragraph to paragraph, in interviews, press conferences and reports.

Three forms are told apart: a label at the head of a paragraph (``记者：``, ``【金壮龙】``, ``金壮龙（工信部部长）：``,
``Reporter:``), question and answer (``问：``, ``答：``, ``Q：``, ``A：``), and reported speech
(``工信部总工程师赵志国表示，……``), which holds until the next heading, the next speaker or what a reporter saw; what is quoted
(``王毅表示：“……”``) holds until the quotation ends.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rag.text.view import CLOSING, HAN, TERMINAL

REPORTER = "记者"

MOST_INTRODUCED = 200
"""Most people that a text itself makes known, those it names most often: each clause that reports speech is searched
for all of them."""

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗花方俞任袁柳鲍史唐费廉"
    "岑薛雷贺倪汤滕罗毕郝邬安常乐傅卞齐康伍余顾孟黄穆萧肖尹姚邵汪祁毛狄贝戴谈宋庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄江童"
    "颜郭梅林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯卢莫房解应丁宣邓洪包左石崔吉龚程裴陆荣翁荀羊甄曲封储靳段焦侯班仇宁甘武符刘景詹龙"
    "叶司郜黎薄白蒲卓蔺屠蒙池乔阴温晏柴瞿阎慕连习艾鱼向古易廖庾居衡步耿满匡寇广欧聂晁敖辛阚简饶曾关游覃佟修涂"
)
TITLES = (
    "总统|首相|总书记|大使|部长|主席|总理|书记|局长|司长|处长|主任|总工程师|发言人|秘书长|院长|院士|校长|教授|研究员|分析师|专家|会长|理事长|董事长|总裁|经理|"
    "市长|省长|县长|厅长|行长|负责人"
)
SPEECH = "表示|指出|介绍|强调|明确|回应|认为|透露|坦言|告诉|谈到|解释|补充|提到|提出|说|称"
# Words that begin like a name.
_NOT_NAMES = (
    "方案|方面|方法|方向|方式|任务|任何|应该|应当|应用|许多|于是|高层|高度|高峰|安理|安全|安排|时评|关于|关键|关系|马上|周边|周期|周围|"
    "经费|金额|金融|温度|段落|项目|单位|万元|易错|白天|成果|成本|成立|和平|常委|常务|平台|平均|程序|路径|计划|解决|解释|管理|古代|双方|车辆|水平"
)
NAME = f"(?!{_NOT_NAMES})[{_SURNAMES}](?!{SPEECH})(?<!强(?=调))[{HAN}]{{1,2}}"
_ANONYMOUS = "相关负责人|有关负责人|新闻发言人|发言人"
_INTRODUCED = re.compile(f"(?:{TITLES})(?P<name>{NAME}?)(?=[^{HAN}]|日前|在|就|也|还|{SPEECH}|介绍|答|接受|[、，。])")
_PERSON = re.compile(f"{NAME}|[{HAN}]{{1,8}}(?:·[{HAN}]{{1,8}})+|[A-Z][a-z]+(?: [A-Z][\\w.'-]*){{1,3}}")
_TITLED = re.compile(f"(?:.*(?:{TITLES}))?(?P<name>{NAME})(?:{TITLES})?")
_OFFICE = re.compile(
    f".*(?:{TITLES}).*|(?:Minister|President|Premier|Secretary|Spokes\\w+|Professor|Dr|Mr|Mrs|Ms)\\b.*"
)
_LABEL = re.compile(
    "^(?P<open>[【\\[])?(?P<label>(?(open)[^【】\\[\\]\n]{1,30}|[^，。、；：？！,;:?!“”‘’（）()《》\n]{1,40}))"
    "(?:[（(](?P<office>[^（()）\n]{1,30})[）)])?\\s?(?(open)[】\\]]\\s*[：:]?|[：:])\\s*"
)
_QUESTIONER = re.compile(
    f"(?!.*答)有?(?P<who>.*?记者)(?:{NAME})?(?:提问|问)?|(?:提?问|Q|Question)\\d{{0,3}}|"
    "(?P<other>.*(?:主持人|网友)|Reporter|Interviewer|Moderator|Host)(?:提?问)?",
    re.IGNORECASE,
)
_ANSWERER = re.compile("(?:答|回答|A|Answer)\\d{0,3}", re.IGNORECASE)
_SAID = re.compile(f"(?:{SPEECH})道?。$")
_SAYS = re.compile(f"(?:{SPEECH})(?:道|说|称)?(?P<mark>[，,：:。])(?P<quotation>“)?")
_NAME_SAYS = re.compile(f"(?:^|(?<=[，。；”]))(?P<name>{NAME})(?:{SPEECH})(?:道|说|称)?[，,：:]“")
_NAME_ONLY = re.compile(NAME)
_ROLE = re.compile(f"(?:{_ANONYMOUS})$")
_CLAUSE = re.compile("[^，。！？；“”\n]*$")
_LONGEST_VALUE = 40
_ENDS_OF_SPEECH = re.compile(f"[{TERMINAL}.：:，,][{CLOSING}]*$")
_BETWEEN_NAME_AND_VERB = 12
_BETWEEN_QUOTATION_AND_NAME = 20
_ANSWERS = re.compile("(?P<who>.+?)(?:回?答(?:记者问)?|回应)")


@dataclass(frozen=True, slots=True)
class _Label:
    """The label of a paragraph: whose words follow, whether they ask, and where they begin."""

    who: str
    asking: bool
    end: int


class Turns:
    """Follows who speaks from paragraph to paragraph of a readable text."""

    def __init__(self, paragraphs: Iterable[str], speakers: tuple[str, ...] = ()) -> None:
        """Reads the paragraphs once to learn who speaks.

        Args:
            paragraphs: the readable paragraphs of a document.
            speakers: the people known to speak in it; where there is one only, ``答：`` is taken to be that person.
        """
        listed = list(paragraphs)
        introduced = Counter(match["name"] for paragraph in listed for match in _INTRODUCED.finditer(paragraph))
        del introduced[""]
        often = (name for name, _ in introduced.most_common(MOST_INTRODUCED))
        self.names = tuple(sorted({*speakers, *often} - {""}, key=lambda name: (-len(name), name)))
        self.answerer = speakers[0] if len(speakers) == 1 else (self.names[0] if len(self.names) == 1 else "")
        labels = [match["label"].strip() for match in map(_spoken_label, listed) if match]
        self._labels = Counter(labels)
        self._interview = any(_QUESTIONER.fullmatch(label) for label in labels)
        # Where nobody answers, such as in minutes that name who was in the chair, nobody asks for long.
        self._answered = any(label and not label.asking for label in map(self._label, listed))
        self.end()

    def end(self) -> None:
        """Nobody speaks any longer."""
        self.speaker = ""
        self._asking = False
        self._reported = False  # by the narrator, not named in a label
        self._quoted = False  # the speech ends with the quotation that is open
        self._open = 0  # quotation marks that are open

    def end_at_heading(self) -> None:
        """Whoever was reported, or asked, speaks no longer; who stands in a label and answers goes on."""
        if self._reported or self._asking:
            self.end()

    def enter(self, paragraph: str) -> int:
        """Reads the label of a paragraph; returns where what is said begins."""
        label = self._label(paragraph)
        if label is None and _LABEL.match(paragraph) and not _spoken_label(paragraph):
            self.end()  # 参会：…, after which nobody goes on
        if label:
            self.end()
            self.speaker, self._asking = label.who, label.asking
            return label.end
        opens = paragraph.startswith("“")
        # What a reporter saw or heard is the narrator's: 记者在青田县看到，…
        narrated = self._reported and REPORTER in paragraph.partition("，")[0]
        if (self._quoted and not opens) or (self._asking and not self._answered) or narrated:
            self.end()
        self._open = 0  # a quotation of several paragraphs opens again in each
        if opens and not self._quoted and (self._reported or not self.speaker):
            # “……。”赵志国指出: what stands in the quotation marks before the name is his too.
            who = self._named_after_quotation(paragraph)
            if who:
                self.speaker, self._reported = who, True
        return 0

    def speaker_of(self, sentence: str) -> tuple[str, str]:
        """Speaker and kind of the next sentence of the paragraph."""
        if not self.speaker or self._reported:
            who, quoted = self._named_before_speech(sentence)
            if who:
                self.speaker, self._asking, self._reported, self._quoted = who, False, True, quoted
        found = self.speaker, "question" if self._asking else "statement"
        self._open = max(0, self._open + sentence.count("“") - sentence.count("”"))
        if self._reported and not self._open and (self._quoted or _SAID.search(sentence)):
            self.end()
        return found

    def _named_before_speech(self, sentence: str) -> tuple[str, bool]:
        """Who is said to speak (``赵志国表示，``), and whether a quotation opens (``王毅表示：“``); empty for nobody."""
        for says in _SAYS.finditer(sentence):
            if says["mark"] == "。":
                continue
            who, _ = self._known_in(_clause_before(sentence, says.start()))
            if who:
                return who, bool(says["quotation"])
        quoted = _NAME_SAYS.search(sentence)
        return (quoted["name"], True) if quoted else ("", False)

    def _named_after_quotation(self, paragraph: str) -> str:
        """Who is said to have spoken the quotation before his name (``“……。”赵志国指出，``); empty for nobody."""
        for says in _SAYS.finditer(paragraph):
            clause = _clause_before(paragraph, says.start())
            if not paragraph.endswith("”", 0, says.start() - len(clause)):
                continue
            who, place = self._known_in(clause)
            if who and place <= _BETWEEN_QUOTATION_AND_NAME:
                return who
            if _NAME_ONLY.fullmatch(clause):
                return clause
        return ""

    def _known_in(self, clause: str) -> tuple[str, int]:
        """The first known name near the end of a clause, else the unnamed role that it ends with; and its place."""
        places = ((clause.rfind(name), name) for name in self.names)
        near = [
            (place, name)
            for place, name in places
            if place >= 0 and len(clause) - place - len(name) <= _BETWEEN_NAME_AND_VERB
        ]
        if near:
            place, name = min(near)
            return name, place
        role = _ROLE.search(clause)
        return (role.group(), role.start()) if role else ("", 0)

    def _label(self, paragraph: str) -> _Label | None:
        match = _spoken_label(paragraph)
        if not match:
            return None
        label = match["label"].strip()
        if _ANSWERER.fullmatch(label):
            return _Label(self.answerer, False, match.end())
        answers = _ANSWERS.fullmatch(label)
        asks = None if answers else _QUESTIONER.fullmatch(label)
        if asks:
            return _Label(asks["who"] or asks["other"] or REPORTER, True, match.end())
        who = self._person(answers["who"] if answers else label, surely=bool(answers or match["office"]))
        return _Label(who, False, match.end()) if who else None

    def _person(self, label: str, surely: bool) -> str:
        """The person that a label names; empty where it is something else (``关键词：``)."""
        if label in self.names:
            return label
        titled = _TITLED.fullmatch(label)
        if titled and titled["name"] != label:
            return titled["name"]
        surely = surely or self._interview or self._labels[label] > 1
        return label if surely and (_PERSON.fullmatch(label) or _OFFICE.fullmatch(label)) else ""


def _spoken_label(paragraph: str) -> re.Match[str] | None:
    """The label of a paragraph that may be speech: a few words without an end (``主持人：秦某``) only say who or what."""
    match = _LABEL.match(paragraph)
    words = paragraph[match.end() :].rstrip() if match else ""
    is_speech = not words or len(words) > _LONGEST_VALUE or bool(_ENDS_OF_SPEECH.search(words))
    return match if is_speech else None


def _clause_before(text: str, end: int) -> str:
    """What stands between the last pause and ``end``."""
    clause = _CLAUSE.search(text, max(0, end - 60), end)
    return clause.group() if clause else ""
