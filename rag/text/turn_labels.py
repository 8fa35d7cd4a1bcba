"""Labels of turns: which paragraphs of a text open with who speaks, as in an interview, a transcript, a chat.

``记者：``, ``【金壮龙】``, ``消费者代表尤桂兰（退休教师）：``, ``答：``, ``@南城老饕：``, a name in the margin, a name and a time above what
is said. A label that only might be a name (``满某：``) is one where a field of the text names it too (``参会：…满某``), or where
it comes again and again and its words are somebody's own (``我``, ``您``).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.text.person_names import TITLES, People, is_full_name
from rag.text.reported_speech import REPORTER
from rag.text.view import CLOSING, HAN, TERMINAL

MOST_FIELDS = 60
"""Most fields that are searched for who takes part; they stand at the head of a text."""

_DAY = "(?:19|20)\\d\\d[-/.年]\\d{1,2}[-/.月]\\d{1,2}日?"
_CLOCK = "\\d{1,2}:\\d{2}(?::\\d{2})?"
_LABEL = re.compile(
    f"^(?P<time>[\\[(（【]?(?:{_DAY}\\s?)?{_CLOCK}[\\])）】]?\\s*)?"
    "(?P<open>[【\\[])?(?P<label>(?(open)[^【】\\[\\]\n]{1,30}|[^，。、；：？！,;:?!“”‘’（）()《》\n]{1,40}))"
    "(?:[（(](?P<office>[^（()）\n]{1,30})[）)])?\\s?(?(open)[】\\]]\\s*[：:]?|[：:])\\s*"
)
_HANDLE = re.compile("@(?P<name>[^@]+?)(?:\\s?回复\\s?@.*)?")
_QUESTIONER = re.compile(
    "(?!.*答)有?(?P<who>.*?记者)(?P<own>.*?)(?:提问|问)?|(?P<asker>[^问]{2,12}?)提问|(?P<bare>(?:提?问|Q|Question)\\d{0,3})|"
    "(?P<other>.*(?:主持人|网友)|Reporter|Interviewer|Moderator|Host)(?:提?问)?",
    re.IGNORECASE,
)
_ANSWERER = re.compile("(?:答|回答|A|Answer)\\d{0,3}", re.IGNORECASE)
_ANSWERS = re.compile("(?P<who>.+?)(?:回?答(?:记者问)?|回应)")
_OFFICE = re.compile(f".*(?:{TITLES}).*")
_ROLE = re.compile("[员师长户主民人生者工家手授任士友]$")  # 审判长，被告代理人，患者
_REPORTERS = re.compile(REPORTER)
_OF_INTERVIEWS = re.compile("采访|专访|访谈|受访|对谈|对话")
_LONGEST_VALUE = 40
_ENDS_OF_SPEECH = re.compile(f"[{TERMINAL}.：:，,][{CLOSING}]*$")
_OWN_WORDS = re.compile("我(?!国)|咱|你|您|[？?吗呢]|谢谢|大家好")
_NO_SPEAKER = re.compile("[问答题复例案析注]")  # 题目：……？ 解答：您……
_PRONOUN = re.compile("[我你您他她]")
_IN_MARGIN = re.compile(f"(?P<name>[{HAN}·]{{2,12}})(?:\t+|\u3000+| {{2,}})(?=\\S)")
_HEAD_OF_MESSAGE = re.compile(
    f"(?P<name>[^\\s\\d，。：:！!？?（(【\\[][^，。：:！!？?\\n]{{0,19}}?)\\s+(?:{_DAY}\\s+)?{_CLOCK}"
)
_LEAST_HEADS = 3


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph as labels are looked for in it.

    Attributes:
        kind: as the layout has it.
        text: how it reads.
        line: its first line as it is stored, where blanks that set a name apart still stand.
    """

    kind: str
    text: str
    line: str


@dataclass(frozen=True, slots=True)
class Label:
    """The label of a paragraph: whose words follow, whether they ask, and where they begin.

    Attributes:
        who: empty where it is not known who answers.
        is_head: whether it stands alone above the words, with their time.
    """

    who: str
    asking: bool
    end: int
    is_head: bool = False


class Labels:
    """The labels of one text."""

    def __init__(self, paragraphs: Sequence[Paragraph], people: People, speakers: tuple[str, ...] = ()) -> None:
        """Reads the paragraphs once to learn which labels are of turns.

        Args:
            people: the people of the text.
            speakers: the people known to speak in it; where there is one only, ``答：`` is taken to be that person.
        """
        self._people = people
        self._texts = [each.text for each in paragraphs]
        self._answerer = speakers[0] if len(speakers) == 1 else (people.names[0] if len(people.names) == 1 else "")
        self._matches = {
            place: match
            for place, each in enumerate(paragraphs)
            if each.kind not in ("note", "table")
            and (match := _LABEL.match(each.text))
            and not _PRONOUN.search(match["label"])  # 我想请大家做一件小事：
        }
        spoken = {place: match for place, match in self._matches.items() if is_spoken(match)}
        fields = [match.string[match.end() :] for place, match in self._matches.items() if place not in spoken]
        self._fields = fields[:MOST_FIELDS]
        words = [(match["label"].strip(), match.string[match.end() :].rstrip()) for match in spoken.values()]
        self._counts = Counter(label for label, _ in words)
        self._own = {label for label, said in words if _OWN_WORDS.search(said) and not _NO_SPEAKER.search(label)}
        # A text with 问 and 答 may be a list of usual questions, which nobody asked and nobody answered.
        by_reporters = bool(speakers) or _any_has(_REPORTERS, paragraphs)
        self._questioner = REPORTER if by_reporters else ""
        if not by_reporters and not _any_has(_OF_INTERVIEWS, paragraphs):
            self._answerer = ""
        self.is_conversation = self._is_conversation()
        """Whether people speak in turns, so that a label may be of anybody."""
        self._labels = {place: label for place, match in spoken.items() if (label := self._label(match))}
        self._labels |= self._without_end(spoken)
        self._labels |= self._margins(paragraphs)
        self._labels |= _heads(paragraphs)
        self._last = max(self._labels, default=-1)
        self.are_answered = any(not label.asking for label in self._labels.values())
        """Whether anybody answers: where nobody does, such as in minutes that name the chair, nobody asks for long."""
        self.go_on = any(
            place not in self._labels and place not in self._matches and paragraphs[place].kind == "text"
            for place in (turn + 1 for turn in self._labels if turn < self._last and not self.stands_alone(turn))
        )
        """Whether turns have several paragraphs."""

    def __bool__(self) -> bool:
        return bool(self._labels)

    def at(self, place: int) -> Label | None:
        """The label that the paragraph at a place opens with, where somebody speaks."""
        return self._labels.get(place)

    def stands_alone(self, place: int) -> bool:
        """Whether the paragraph is a label and nothing more, so that what is said follows."""
        label = self._labels.get(place)
        return label is not None and (label.is_head or not self._texts[place][label.end :].strip())

    def is_field(self, place: int) -> bool:
        """Whether the paragraph opens with a label of something else (``参会：``, ``决议：``)."""
        return place in self._matches and place not in self._labels

    def is_entry(self, place: int) -> bool:
        """Whether the paragraph only names something (``参会：…``)."""
        return place in self._matches and not is_spoken(self._matches[place])

    def is_after_last(self, place: int) -> bool:
        """Whether no label follows."""
        return place > self._last

    def _is_conversation(self) -> bool:
        """Whether somebody is interviewed, or people whose words are their own take turns."""
        asked = [match for match in map(_QUESTIONER.fullmatch, self._counts) if match]
        if any(self._questioner or not match["bare"] for match in asked):
            return True
        sure = {label for label in self._counts if self._is_surely_person(label)}
        named = sure | {label for label in self._counts if self._people.introduced_by(label, organisations=True)}
        return len(named) > 1 and bool(sure and named & self._own)

    def _label(self, match: re.Match[str]) -> Label | None:
        label = match["label"].strip()
        if _ANSWERER.fullmatch(label):
            return Label(self._answerer, False, match.end())
        answers = _ANSWERS.fullmatch(label)
        asks = None if answers else _QUESTIONER.fullmatch(label)
        if asks and (not asks["own"] or is_full_name(asks["own"])):
            return Label(asks["who"] or asks["asker"] or asks["other"] or self._questioner, True, match.end())
        surely = bool(answers or match["office"] or match["time"])
        who = self._person(answers["who"] if answers else label, surely=surely)
        if not who and match.string.startswith("“", match.end()):
            who = self._people.introduced_by(label)  # 大学生郝一鸣：“……”
        return Label(who, False, match.end()) if who else None

    def _person(self, label: str, *, surely: bool) -> str:
        """The person that a label names; empty where it is something else (``关键词：``)."""
        handle = _HANDLE.fullmatch(label)
        if handle:
            return handle["name"]
        if label in self._people.names:
            return label
        is_repeated = self._counts[label] > 1 and label in self._own
        if self.is_conversation and (is_repeated or _ROLE.search(label)):
            return self._people.introduced_by(label, organisations=True) or label
        surely = surely or self.is_conversation
        if surely and (name := self._people.introduced_by(label, organisations=True)):
            return name
        if surely and (is_full_name(label) or _OFFICE.fullmatch(label)):
            return label
        return label if self._is_listed(label) or (is_repeated and is_full_name(label)) else ""

    def _is_surely_person(self, label: str) -> bool:
        """Whether a label is somebody's whatever stands around it."""
        titled = self._people.introduced_by(label) if re.search(TITLES, label) else ""
        return bool(_HANDLE.fullmatch(label) or label in self._people.names or titled or self._is_listed(label))

    def _is_listed(self, label: str) -> bool:
        """Whether a field names who a label may be (``采访人：贾未名``, ``参会：住建所 古某``)."""
        if not (is_full_name(label) or label in self._own):
            return False
        return any(value.startswith(label) or (len(label) > 1 and label in value) for value in self._fields)

    def _without_end(self, spoken: Mapping[int, re.Match[str]]) -> dict[int, Label]:
        """Labels of turns that have no sentence's end (``老周：去``), where their speaker had one with it before."""
        first: dict[str, int] = {}
        for place in self._labels:
            first.setdefault(spoken[place]["label"].strip(), place)
        return {
            place: label
            for place, match in self._matches.items()
            if place not in spoken
            and place > first.get(match["label"].strip(), place)
            and (label := self._label(match))
        }

    def _margins(self, paragraphs: Sequence[Paragraph]) -> dict[int, Label]:
        """Names that blanks set apart from what is said, where a field names them."""
        found = {}
        for place, each in enumerate(paragraphs):
            name = _IN_MARGIN.match(each.line) if each.kind == "text" and place not in self._matches else None
            if name and each.text.startswith(name["name"]) and any(name["name"] in value for value in self._fields):
                found[place] = Label(name["name"], False, len(name["name"]))
        return found


def _any_has(pattern: re.Pattern[str], paragraphs: Sequence[Paragraph]) -> bool:
    return any(pattern.search(each.text) for each in paragraphs)


def is_spoken(match: re.Match[str]) -> bool:
    """Whether a label may be of speech: a few words without an end (``主持人：秦某``) only say who or what."""
    words = match.string[match.end() :].rstrip()
    has_sentences = len(words) > _LONGEST_VALUE and re.search(f"[{TERMINAL}.]", words)
    return bool(not words or has_sentences or _ENDS_OF_SPEECH.search(words))


def _heads(paragraphs: Sequence[Paragraph]) -> dict[int, Label]:
    """Lines of a name and a time above what is said, where names come again."""
    found = {
        place: match["name"]
        for place, each in enumerate(paragraphs[:-1])
        if each.kind != "table"
        and (match := _HEAD_OF_MESSAGE.fullmatch(each.line))
        and not _HEAD_OF_MESSAGE.fullmatch(paragraphs[place + 1].line)
    }
    is_chat = len(found) >= _LEAST_HEADS and 1 < len(set(found.values())) < len(found)
    return {place: Label(name, False, 0, is_head=True) for place, name in found.items()} if is_chat else {}
