"""Labels of turns: which paragraphs of a text open with who speaks, as in an interview, a transcript, a chat.

``记者：``, ``【金壮龙】``, ``消费者代表尤桂兰（退休教师）：``, ``答：``, ``@南城老饕：``, a name in the margin, a name and a time above what
is said. A label that only might be a name (``满某：``) is one where a field of the text names it too (``参会：…满某``), or where
it comes again and again and its words are somebody's own (``我``, ``您``).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.person_names import TITLES, People, ends_with_role, is_full_name, is_person
from rag.text.reported_speech import REPORTER
from rag.text.view import CLOSING, HAN, TERMINAL

MOST_FIELDS = 60
"""Most fields that are searched for who takes part; they stand at the head of a text."""

_LABEL = re.compile(
    "^(?:[\\[(（【]?\\d{1,2}:\\d{2}(?::\\d{2})?[\\])）】]?\\s*)?"
    "(?P<open>[【\\[])?(?P<label>(?(open)[^【】\\[\\]\n]{1,30}|[^，。、；：？！,;:?!“”‘’（）()《》\n]{1,40}))"
    "(?:[（(](?P<office>[^（()）\n]{1,30})[）)])?\\s?(?(open)[】\\]]\\s*[：:]?|[：:])\\s*"
)
_HANDLE = re.compile("@(?P<name>[^@]+?)(?:\\s?回复\\s?@.*)?")
_QUESTIONER = re.compile(
    f"(?!.*答)有?(?P<who>.*?记者)(?P<own>.*?)(?:提问|问)?|(?P<bare>(?:提?问|Q|Question)\\d{{0,3}})|"
    "(?P<other>.*(?:主持人|网友)|Reporter|Interviewer|Moderator|Host)(?:提?问)?",
    re.IGNORECASE,
)
_ANSWERER = re.compile("(?:答|回答|A|Answer)\\d{0,3}", re.IGNORECASE)
_ANSWERS = re.compile("(?P<who>.+?)(?:回?答(?:记者问)?|回应)")
_OFFICE = re.compile(
    f".*(?:{TITLES}).*|(?:Minister|President|Premier|Secretary|Spokes\\w+|Professor|Dr|Mr|Mrs|Ms)\\b.*"
)
_ENGLISH_REPORTER = re.compile("reporter|interviewer", re.IGNORECASE)
_LONGEST_VALUE = 40
_ENDS_OF_SPEECH = re.compile(f"[{TERMINAL}.：:，,][{CLOSING}]*$")
# Particulars of somebody, no words of his: 原告：隋某，男，1980年生。李强：分管财务。
_PARTICULARS = re.compile(
    "[^，。；：（]{2,30}[，（](?:男|女|住|系|法定代表人|负责人|律师)|(?:男|女)[，。]|(?:主要)?(?:负责|分管|主管|协助|联系|兼任|现任|毕业于)"
)
_OWN_WORDS = re.compile("我(?!国)|咱|你|您|[？?吗呢]|谢谢|大家好")
_NO_SPEAKER = re.compile("[问答题复例案析注]")  # 题目：……？ 解答：您……
_PRONOUN = re.compile("[我你您他她]")
_ASKS = re.compile("[？?][”’]?$|吗。$")
_IN_MARGIN = re.compile(f"(?P<name>[{HAN}·]{{2,12}})(?:\t+|\u3000+| {{2,}})(?=\\S)")
_HEAD_OF_MESSAGE = re.compile(
    "(?P<name>[^\\s\\d，。：:！!？?（(【\\[][^，。：:！!？?\\n]{0,19}?)\\s+"
    "(?:(?:19|20)\\d\\d[-/.年]\\d{1,2}[-/.月]\\d{1,2}日?\\s+)?\\d{1,2}:\\d{2}(?::\\d{2})?"
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
        labels = {place: match["label"].strip() for place, match in spoken.items()}
        self._counts = Counter(labels.values())
        words = [(label, spoken[place].string[spoken[place].end() :].rstrip()) for place, label in labels.items()]
        self._own = {label for label, said in words if _OWN_WORDS.search(said) and not _NO_SPEAKER.search(label)}
        # Whom reporters ask: a text with only 问 and 答 may be a list of usual questions, which nobody spoke.
        is_asked = bool(speakers) or any(REPORTER in each.text for each in paragraphs)
        self._questioner = REPORTER if is_asked or any(map(_ENGLISH_REPORTER.match, self._counts)) else ""
        asked = {label for label in self._counts if _QUESTIONER.fullmatch(label)}
        self._is_interview = any(not _QUESTIONER.fullmatch(label)["bare"] for label in asked) or bool(  # type: ignore[index]
            asked and self._questioner
        )
        sure = {label for label in self._counts if self._is_surely_person(label)}
        repeated = {label for label, count in self._counts.items() if count > 1 and label in self._own}
        asks = Counter(label for label, said in words if _ASKS.search(said))
        is_dialogue = len(repeated) > 1 and any(2 * asks[label] >= self._counts[label] for label in repeated)
        self.is_conversation = self._is_interview or len(sure) > 1 or is_dialogue
        self._labels = {place: label for place, match in spoken.items() if (label := self._label(match))}
        self._labels |= self._margins(paragraphs)
        self._labels |= _heads(paragraphs)
        self._last = max(self._labels, default=-1)
        # Where nobody answers, such as in minutes that name who was in the chair, nobody asks for long.
        self.are_answered = any(not label.asking for label in self._labels.values())
        turns = sorted(self._labels)
        self.go_on = any(
            following - place > 1 and paragraphs[place + 1].kind == "text" and place + 1 not in self._matches
            for place, following in zip(turns, turns[1:], strict=False)
            if not self.stands_alone(place)
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

    def _label(self, match: re.Match[str]) -> Label | None:
        label = match["label"].strip()
        if _ANSWERER.fullmatch(label):
            return Label(self._answerer, False, match.end())
        answers = _ANSWERS.fullmatch(label)
        asks = None if answers else _QUESTIONER.fullmatch(label)
        if asks and (not asks["own"] or is_person(asks["own"])):
            return Label(asks["who"] or asks["other"] or self._questioner, True, match.end())
        who = self._person(answers["who"] if answers else label, surely=bool(answers or match["office"]))
        return Label(who, False, match.end()) if who else None

    def _person(self, label: str, *, surely: bool) -> str:
        """The person that a label names; empty where it is something else (``关键词：``)."""
        handle = _HANDLE.fullmatch(label)
        if handle:
            return handle["name"]
        if label in self._people.names:
            return label
        is_repeated = self._counts[label] > 1 and label in self._own
        if self.is_conversation and (is_repeated or ends_with_role(label)):
            return self._people.introduced_by(label, organisations=True) or label
        surely = surely or self.is_conversation
        if name := self._people.introduced_by(label, organisations=surely):
            return name if surely or re.search(TITLES, label) else ""
        if surely and (is_person(label) or _OFFICE.fullmatch(label)):
            return label
        return label if self._is_listed(label) or (is_repeated and is_full_name(label)) else ""

    def _is_surely_person(self, label: str) -> bool:
        """Whether a label is somebody's whatever stands around it."""
        titled = self._people.introduced_by(label) if re.search(TITLES, label) else ""
        return bool(_HANDLE.fullmatch(label) or label in self._people.names or titled or self._is_listed(label))

    def _is_listed(self, label: str) -> bool:
        """Whether a field names who a label may be (``采访人：贾未名``, ``参会：住建所 古某``)."""
        if not (is_person(label) or label in self._own):
            return False
        return any(value.startswith(label) or (len(label) > 1 and label in value) for value in self._fields)

    def _margins(self, paragraphs: Sequence[Paragraph]) -> dict[int, Label]:
        """Names that blanks set apart from what is said, where a field names them."""
        found = {}
        for place, each in enumerate(paragraphs):
            name = _IN_MARGIN.match(each.line) if each.kind == "text" and place not in self._matches else None
            if name and each.text.startswith(name["name"]) and any(name["name"] in value for value in self._fields):
                found[place] = Label(name["name"], False, len(name["name"]))
        return found


def is_spoken(match: re.Match[str]) -> bool:
    """Whether a label may be of speech: a few words without an end (``主持人：秦某``) only say who or what."""
    words = match.string[match.end() :].rstrip()
    if _PARTICULARS.match(words):
        return False
    return not words or len(words) > _LONGEST_VALUE or bool(_ENDS_OF_SPEECH.search(words))


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
