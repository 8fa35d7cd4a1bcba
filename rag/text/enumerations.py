"""Enumerations: the list that follows a sentence, or that it is in; its items, each with what it says, and their own lists.

Each way of marking items (``一、``, ``（一）``, ``1.``, a bullet) is a level of its own: items of another one are within an item, or
around the list.
"""

import re
from dataclasses import dataclass

from rag.text.dates import dates_in
from rag.text.numerals import value_of
from rag.text.structure import Sentence
from rag.text.view import HAN

ITEMS_BEGIN_WITHIN = 4
MOST_ITEMS = 60
MOST_SENTENCES = 150
"""What the items of a list say is told up to here: an answer has to stay within what a record of it may hold."""
LONGEST_ITEM = 40
"""Sentences between the openings of two items, at most."""
LOOKED_BACK = 400
"""Sentences before an item among which the first of its list is looked for."""
LONGEST_REST = 300
"""Characters that an item goes on for behind its opening, at most."""
LONGEST_NAME = 14
"""Characters of what is counted: ``项重点任务``."""

_HAN_NUMERAL = "[一二三四五六七八九十]{1,3}"
_NUMBERED = {
    "一是": re.compile(f"({_HAN_NUMERAL})是"),
    "第一，": re.compile(f"第({_HAN_NUMERAL})[，,、]"),
    "（1）": re.compile(r"[（(](\d{1,2})[)）]"),
    "1)": re.compile(r"(\d{1,2})[)）]"),
    "1.": re.compile(r"(\d{1,2})[.．](?!\d)"),
    "1、": re.compile(r"(\d{1,2})、"),
    "（一）": re.compile(f"[（(]({_HAN_NUMERAL})[)）]"),
    "一)": re.compile(f"({_HAN_NUMERAL})[)）]"),
    "一、": re.compile(f"({_HAN_NUMERAL})、"),
    "①": re.compile("([①-⑳])"),
}
_BULLET, _QUOTED = "•", "“点”"
_QUOTED_NAME = re.compile("“[^”]{1,4}”[，,]?(?:就是|即|是|[，,])")
_COLONS = ("：", ":")
_GOES_ON = ("；", ";")
_COUNT = r"(?<![第\d.,数几一二两三四五六七八九十百千万亿])([二两三四五六七八九十]{1,3}|\d{1,2})\s?"
_COUNTED = f"(?![零一二两三四五六七八九十百千万亿])([{HAN}])"
_POINTED_AT = re.compile(f"(?:以下|下列|下述|如下){_COUNT}{_COUNTED}")
_AT_THE_END = re.compile(f"{_COUNT}{_COUNTED}[^，。：；、,;:\\d]{{0,{LONGEST_NAME}}}$")


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list.

    Attributes:
        opening: its first sentence.
        rest: what else its paragraph says, or below a heading the next paragraph.
        below: the items of the list that is within it.
    """

    opening: Sentence
    rest: tuple[Sentence, ...] = ()
    below: tuple["Item", ...] = ()

    @property
    def own(self) -> tuple[Sentence, ...]:
        """Its sentences, without the list within it."""
        return (self.opening, *self.rest)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """Its sentences; with the list within it where it says nothing without (``其中：``)."""
        announces = self.below and self.own[-1].text.endswith(_COLONS)
        return (*self.own, *(each for item in self.below for each in item.sentences)) if announces else self.own


@dataclass(frozen=True, slots=True)
class Announced:
    """How many items a sentence says that there are: ``以下十二件`` announces 12 with 件."""

    number: int
    unit: str
    words: str


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A list.

    Attributes:
        before: the sentence before its first item, which may announce it; that of the first item where that stands
            behind a colon; None at the beginning of a document.
        items: in order.
    """

    before: Sentence | None
    items: tuple[Item, ...]

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """What its items say, in the order of the text."""
        return tuple(each for item in self.items for each in item.sentences)[:MOST_SENTENCES]

    @property
    def told(self) -> int:
        """How many of its items are in ``sentences``."""
        starts = {each.start for each in self.sentences}
        return sum(item.opening.start in starts for item in self.items)

    @property
    def is_cut(self) -> bool:
        """Whether there is more of it than is told."""
        said = sum(len(item.sentences) for item in self.items)
        return said > MOST_SENTENCES or len(self.items) >= MOST_ITEMS

    @property
    def announced(self) -> Announced | None:
        """How many items the sentence before it announces; None where it tells no number, or what its items add up to."""
        found = _announced_by(self.before.text) if self.before else None
        if found is None:
            return None
        counted = re.compile(f"[\\d一二两三四五六七八九十]\\s?{found.unit}")
        is_total = any(counted.search(each.text) for each in self.sentences if each != self.before)
        return None if is_total else found


def items_of(sentences: list[Sentence], place: int) -> Enumeration | None:
    """The list that ``sentences[place]`` announces; None if none follows soon.

    The list ends where someone else speaks, at a heading that opens no item, and where another list of its kind begins.
    """
    return _list_after(sentences, place, ITEMS_BEGIN_WITHIN)


def list_with(sentences: list[Sentence], place: int) -> Enumeration | None:
    """The list that ``sentences[place]`` opens an item of, or that begins right after it though it does not announce one.

    None where there is no list of several items.
    """
    if _mark(sentences[place]) is None:
        return _several(_separated(sentences, place) or _list_after(sentences, place, 1))
    first = _first_of_its_list(sentences, place)
    return None if first is None else _several(_list_at(sentences, first))


def list_around(sentences: list[Sentence], found: Enumeration) -> Enumeration | None:
    """The list in an item of which another one is; None where that is in none."""
    if found.before is None or found.before == found.items[0].opening:
        return None
    place = sentences.index(found.before)
    while place >= 0 and sentences[place].paragraph == found.before.paragraph:
        if _mark(sentences[place]):
            return list_with(sentences, place)
        place -= 1
    return None


def is_item(sentence: Sentence) -> bool:
    """Whether a sentence opens an item of a list."""
    return _mark_of(sentence.text, sentence.is_bulleted) is not None


# -- marks ------------------------------------------------------------------------------------------------------------


def _mark_of(text: str, is_bulleted: bool) -> tuple[str, int] | None:
    """How a text is marked as an item, and by which number, 0 for none; None where it is not."""
    for style, pattern in _NUMBERED.items():
        if match := pattern.match(text):
            return style, _number(match[1])
    if is_bulleted or text.startswith("• "):
        return _BULLET, 0
    return (_QUOTED, 0) if _QUOTED_NAME.match(text) else None


def _mark(sentence: Sentence) -> tuple[str, int] | None:
    """The mark of the item that begins a sentence, or what follows its colon: ``要做到三点：一是…；``."""
    own = _mark_of(sentence.text, sentence.is_bulleted)
    return own or _mark_of(sentence.text.rpartition("：")[2], is_bulleted=False)


def _number(written: str) -> int:
    if "①" <= written <= "⑳":
        return ord(written) - ord("①") + 1
    return int(written) if written.isdecimal() else int(value_of(written) or 0)


def _announced_by(text: str) -> Announced | None:
    """How many items a sentence announces: the number behind 以下, or of what it ends with before its colon."""
    said = text.rpartition("：")[0] or text.rstrip("：:。；; ")
    found = _POINTED_AT.search(text) or _AT_THE_END.search(said)
    if found is None or any(each.start <= found.start(1) < each.end for each in dates_in(text)):
        return None
    number = _number(found[1].replace("两", "二"))
    return Announced(number, found[2], found[0].strip()) if number > 1 else None


# -- lists ------------------------------------------------------------------------------------------------------------


def _several(found: Enumeration | None) -> Enumeration | None:
    return found if found and len(found.items) > 1 else None


def _ends_list(sentence: Sentence, speaker: str) -> bool:
    """Whether no item of a list stands behind a sentence, from it on."""
    is_break = sentence.kind in ("question", "note") or (sentence.kind == "heading" and _mark(sentence) is None)
    return is_break or sentence.speaker != speaker


def _list_after(sentences: list[Sentence], place: int, within: int) -> Enumeration | None:
    """The list whose first item stands at most ``within`` sentences after ``sentences[place]``."""
    for first in range(place + 1, min(place + 1 + within, len(sentences))):
        if _ends_list(sentences[first], sentences[place + 1].speaker):
            return None
        mark = _mark(sentences[first])
        if mark and mark[1] <= 1:
            return _list_at(sentences, first)
    return None


def _list_at(sentences: list[Sentence], first: int) -> Enumeration:
    """The list whose first item ``sentences[first]`` opens."""
    items, _ = _items_from(sentences, first, ())
    is_behind_colon = _mark_of(sentences[first].text, sentences[first].is_bulleted) is None
    before = sentences[first] if is_behind_colon else sentences[first - 1] if first else None
    return Enumeration(before, items)


def _first_of_its_list(sentences: list[Sentence], place: int) -> int | None:
    """The place of the first item of the list that ``sentences[place]`` opens an item of; None where it is not found."""
    mark = _mark(sentences[place])
    assert mark is not None
    (style, number), speaker = mark, sentences[place].speaker
    first = place
    for back in range(place, max(-1, place - LOOKED_BACK), -1):
        if back != place and _ends_list(sentences[back], speaker):
            break
        mark = _mark(sentences[back])
        if mark is None:
            opens_paragraph = not back or sentences[back - 1].paragraph != sentences[back].paragraph
            if number == 0 and opens_paragraph:
                break  # no number tells that the list goes on behind it
        elif mark[0] == style:
            if back != place and mark[1] and mark[1] >= number:
                break
            first, number = back, mark[1]
            if number == 1:
                return back
    return first if number == 0 else None


def _items_from(sentences: list[Sentence], place: int, around: tuple[str, ...]) -> tuple[tuple[Item, ...], int]:
    """The items from ``sentences[place]`` on, which opens one, and the place of what stands behind them.

    Args:
        around: how the items of the lists are marked that this one is within.
    """
    mark = _mark(sentences[place])
    assert mark is not None
    style, number = mark
    items: list[Item] = []
    following: int | None = number
    while following is not None and len(items) < MOST_ITEMS:
        opening, number = sentences[place], following
        rest, place = _rest(sentences, place)
        below, place, following = _to_next(sentences, place, opening, (style, number), around)
        items.append(Item(opening, rest, below))
    return tuple(items), place


def _rest(sentences: list[Sentence], place: int) -> tuple[tuple[Sentence, ...], int]:
    """What an item says behind its opening in the same paragraph, below a heading in the next one; and what place is next."""
    opening, place = sentences[place], place + 1
    paragraph = opening.paragraph
    if opening.kind == "heading" and place < len(sentences):
        paragraph = sentences[place].paragraph
    rest: list[Sentence] = []
    length = 0
    while place < len(sentences):
        each = sentences[place]
        if each.paragraph != paragraph or each.kind != "statement" or each.speaker != opening.speaker or _mark(each):
            break
        length += len(each.text)
        if not rest or length <= LONGEST_REST:
            rest.append(each)
        place += 1
    return tuple(rest), place


def _to_next(
    sentences: list[Sentence], place: int, opening: Sentence, mark: tuple[str, int], around: tuple[str, ...]
) -> tuple[tuple[Item, ...], int, int | None]:
    """The list within an item, the place of what stands behind the item, and the number of the next one; None without."""
    style, number = mark
    below: tuple[Item, ...] = ()
    last = place + LONGEST_ITEM
    while place < len(sentences) and not _ends_list(sentences[place], opening.speaker):
        other = _mark(sentences[place])
        if other is None:
            if style == _BULLET or place >= last:
                break
            place += 1
        elif other[0] == style:
            goes_on = other[1] > number or not other[1]
            return below, place, other[1] if goes_on else None
        elif other[0] in around or other[1] > 1 or (sentences[place].kind, opening.kind) == ("heading", "statement"):
            break
        else:
            within, place = _items_from(sentences, place, (*around, style))
            below, last = below or within, place + LONGEST_ITEM
    return below, place, None


def _separated(sentences: list[Sentence], place: int) -> Enumeration | None:
    """The list in one sentence, which its semicolons part: ``听取两项汇报：…；…。``; None where ``sentences[place]`` is in none."""
    first = place
    while (
        first and sentences[first - 1].text.endswith(_GOES_ON) and _are_together(sentences[first - 1], sentences[first])
    ):
        first -= 1
    opening = sentences[first]
    behind = opening.text.rpartition("：")[2]
    if behind == opening.text or not opening.text.endswith(_GOES_ON):
        return None
    items = [opening]
    for each in sentences[first + 1 :]:
        if not items[-1].text.endswith(_GOES_ON) or not _are_together(items[-1], each) or len(items) >= MOST_ITEMS:
            break
        items.append(each)
    return Enumeration(opening, tuple(map(Item, items)))


def _are_together(one: Sentence, other: Sentence) -> bool:
    """Whether two sentences are of one paragraph, and said by one."""
    return (one.paragraph, one.speaker, one.kind) == (other.paragraph, other.speaker, other.kind)
