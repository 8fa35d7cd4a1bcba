"""Structure of a document: sentences that know who says them and under which heading.

Speaker turns are found in the three forms that interviews and press conferences take: a label at the head of a
paragraph (``记者：``, ``金壮龙：``), question and answer (``问：``, ``答：``), and reported speech
(``工信部总工程师赵志国表示，……``), which holds until the next heading or the next speaker.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.view import CLOSING, HAN, View, layout, view_of

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗花方俞任袁柳鲍史唐费廉"
    "岑薛雷贺倪汤滕罗毕郝邬安常乐傅卞齐康伍余顾孟黄穆萧肖尹姚邵汪祁毛狄贝戴谈宋庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄江童"
    "颜郭梅林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯卢莫房解应丁宣邓洪包左石崔吉龚程裴陆荣翁荀羊甄曲封储靳段焦侯班仇宁甘武符刘景詹龙"
    "叶司郜黎薄白蒲卓蔺屠蒙池乔阴温晏柴瞿阎慕连习艾鱼向古易廖庾居衡步耿满匡寇广欧聂晁敖辛阚简饶曾关游覃佟修涂"
)
_TITLES = (
    "部长|主席|总理|书记|局长|司长|处长|主任|总工程师|发言人|秘书长|院长|院士|校长|教授|研究员|分析师|专家|会长|理事长|董事长|总裁|经理|"
    "市长|省长|县长|厅长|行长|负责人"
)
_SPEECH = "表示|指出|介绍|强调|明确|回应|认为|透露|坦言|告诉|谈到|解释|补充|提到|提出|说|称"
_NAME = f"[{_SURNAMES}](?!{_SPEECH})(?<!强(?=调))[{HAN}]{{1,2}}"
_ANONYMOUS = "相关负责人|有关负责人|新闻发言人|发言人"
_INTRODUCED = re.compile(
    f"(?:{_TITLES})(?P<name>{_NAME}?)(?=[^{HAN}]|日前|在|就|也|还|{_SPEECH}|介绍|答|接受|[、，。])"
)
_PERSON = re.compile(f"^{_NAME}$")
_LABEL = re.compile("^(?P<label>[^\\s，。、；：？！,;:?!“”‘’（）()《》]{1,20})[：:]\\s*")
_QUESTIONER = re.compile("(?:记者|问|Q|主持人|提问|网友)$")
_ANSWERER = re.compile("^(?:答|A)$")

_SENTENCE = re.compile(
    "(?:"
    "(?>[（(][^（()）\n]{0,120}[)）]|《[^《》\n]{0,80}》|(?<=\\d)[.](?=\\d)|[^。！？；…!?;.\n])"
    '|[.](?!\\s+[A-Z“"(]|\\s*$|\n)'
    ")*+"
    f"(?:[。！？；!?;]+|…+|[.](?=\\s|$))?[。！？；…!?;{CLOSING}]*"
)

REPORTER = "记者"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a document.

    Attributes:
        start, end: its exact span in ``Document.text``, in characters.
        text: how it reads (the view's text: joined lines, no stray spaces).
        speaker: who says it; empty for the narrator.
        heading: the section heading it stands under; empty where there is none.
        kind: ``"statement"``, ``"question"`` (asked by a reporter or interviewer), ``"heading"`` or ``"note"``
            (byline, date line, source).
        paragraph: number of its paragraph, from 0.
    """

    start: int
    end: int
    text: str
    speaker: str
    heading: str
    kind: str
    paragraph: int


def sentences_of(text: str, speakers: tuple[str, ...] = ()) -> list[Sentence]:
    """The sentences of a stored text, in order.

    Args:
        text: a document's text.
        speakers: the people known to speak in it; where there is one only, ``答：`` is taken to be that person.
    """
    found = layout(text)
    turns = _Turns(_known_names(text, speakers), speakers)
    sentences: list[Sentence] = []
    heading = ""
    for number, paragraph in enumerate(found.paragraphs):
        view = view_of(text, (paragraph,))
        if paragraph.kind == "heading":
            # Headings that a hard-wrapped text carries between its lines are pull quotes, out of their place.
            heading = "" if found.hard_wrapped else view.text.strip()
            turns.end_reported_speech()
            sentences += _whole(view, heading, "heading", number)
        elif paragraph.kind == "note":
            turns.end()
            sentences += _whole(view, heading, "note", number)
        else:
            body = turns.enter(view.text)
            for start, end in split_sentences(view.text, body):
                speaker, kind = turns.speaker_of(view.text, start, end)
                first, last = view.span(start, end)
                if last > first:
                    sentences.append(
                        Sentence(first, last, view.text[start:end].strip(), speaker, heading, kind, number)
                    )
    return sentences


def split_sentences(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of readable ``text`` from ``start`` on.

    A sentence ends at 。！？；… (or their half-width forms, or a full stop before a capital) and takes the closing
    quotes and brackets that follow; nothing ends inside brackets or book-title marks.
    """
    position = start
    while position < len(text):
        match = _SENTENCE.match(text, position)
        end = match.end() if match and match.end() > position else position + 1
        if any(character.isalnum() for character in text[position:end]):
            while text[position].isspace():
                position += 1
            stripped = len(text[position:end].rstrip())
            yield position, position + stripped
        position = end


def _whole(view: View, heading: str, kind: str, number: int) -> list[Sentence]:
    first, last = view.span(0, len(view.text))
    return [Sentence(first, last, view.text.strip(), "", heading, kind, number)] if last > first else []


def _known_names(text: str, speakers: tuple[str, ...]) -> tuple[str, ...]:
    """People who speak in a text: those given, and those introduced with a title."""
    introduced = {match["name"] for match in _INTRODUCED.finditer(text)}
    return tuple(sorted({*speakers, *introduced} - {""}, key=lambda name: (-len(name), name)))


class _Turns:
    """Follows who speaks from paragraph to paragraph."""

    def __init__(self, names: tuple[str, ...], speakers: tuple[str, ...]) -> None:
        self.names = names
        self.answerer = speakers[0] if len(speakers) == 1 else (names[0] if len(names) == 1 else "")
        people = "|".join(re.escape(name) for name in names)
        named = f"(?P<name>{people})[^，。！？；\n]{{0,12}}?(?:{_SPEECH})(?:道|说|称)?[，,：:]"
        unnamed = f"(?P<role>{_ANONYMOUS})(?:{_SPEECH})(?:道|说|称)?[，,：:]"
        self.attribution = re.compile(f"{named}|{unnamed}" if people else f"(?P<name>){unnamed}")
        self.speaker = ""
        self.asking = False
        self.reported = False

    def end(self) -> None:
        self.speaker, self.asking, self.reported = "", False, False

    def end_reported_speech(self) -> None:
        if self.reported:
            self.end()

    def enter(self, paragraph: str) -> int:
        """Reads the label of a paragraph; returns where what is said begins."""
        match = _LABEL.match(paragraph)
        if match:
            label = match["label"]
            if _QUESTIONER.search(label):
                self.speaker, self.asking, self.reported = (REPORTER if label in "问Q提问" else label), True, False
                return match.end()
            if _ANSWERER.match(label):
                self.speaker, self.asking, self.reported = self.answerer, False, False
                return match.end()
            if label in self.names or _PERSON.match(label):
                self.speaker, self.asking, self.reported = label, False, False
                return match.end()
        if paragraph.startswith("“") and (self.reported or not self.speaker):
            # “……。”赵志国指出: what stands in the quotation marks before the name is his too.
            attribution = self.attribution.search(paragraph)
            if attribution and paragraph[: attribution.start()].rstrip().endswith("”"):
                self.speaker, self.reported = attribution["name"] or attribution["role"], True
        return 0

    def speaker_of(self, text: str, start: int, end: int) -> tuple[str, str]:
        """Speaker and kind of the sentence ``text[start:end]``."""
        if not self.speaker or self.reported:
            attribution = self.attribution.search(text, start, end)
            if attribution:
                self.speaker, self.asking, self.reported = attribution["name"] or attribution["role"], False, True
        return self.speaker, "question" if self.asking else "statement"
