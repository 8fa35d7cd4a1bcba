"""Enumerations: sentences that announce a list, the items that follow them, and lists within one sentence."""

import re

from rag.text.numerals import value_of
from rag.text.structure import Sentence

ITEMS_BEGIN_WITHIN = 4
LONGEST_LIST = 40
NAMED_SHARE = 0.6
"""The share of an item's name, by pairs of characters, that a question about it holds."""

_COUNT = r"(?:[一二两三四五六七八九十几]|以下|如下|\d{1,2})"
_ANNOUNCES = re.compile(
    rf"[：:]$|{_COUNT}[个项大条点]?(?:方面(?:发力|入手|着手|努力)?|措施|举措|工作|任务|重点|问题|特点|原则|环节|步骤|字)[^，,、]{{0,8}}[。；;：:]?$|"
    r"具体(?:来说|包括|如下)|(?:建议|举措)如下"
)
# Ways of opening items: 一是…, 第一，…, 首先，…, 1．…, 在…方面，…, “点”，就是…; the first of a list, then all.
_OPENINGS = [
    (re.compile("一是"), re.compile("[一二三四五六七八九十]+是")),
    (re.compile("第一[，,、]"), re.compile("第[一二三四五六七八九十]+[，,、]")),
    (re.compile("首先[，,]?"), re.compile("首先|其次|再次|再者|然后|另外|此外|同时|最后|最终")),
    (re.compile(r"[（(]?(?:1|１)[)）.．、]"), re.compile(r"[（(]?\d{1,2}[)）.．、]")),
    (re.compile("[（(]?一[)）、]"), re.compile("[（(]?[一二三四五六七八九十]+[)）、]")),
    (re.compile("在[^，,。]{2,16}(?:方面|上)[，,]"), re.compile("在[^，,。]{2,16}(?:方面|上)[，,]")),
    (re.compile("• "), re.compile("• ")),
    (re.compile("“[^”]{1,4}”[，,]?(?:就是|即|是|[，,])"), re.compile("“[^”]{1,4}”[，,]?(?:就是|即|是|[，,])")),
]
_BEYOND_ITS_NAME = re.compile("[（(，,。；;：:]")
_SEVERAL = re.compile("[^、，。；]{1,14}(?:、[^、，。；]{1,14}){2,}")
# 哪三条, 五个提法, 四大方面, the four …; not 一个 or a date.
_NUMBER_ASKED = re.compile(
    r"(?<![第\d年])(?P<number>[两二三四五六七八九十]|\d{1,2})(?:[个条大项类点种方步]|(?=[“《]|行业|路径|举措|措施|任务))(?!月)"
    r"|\b(?P<word>two|three|four|five|six|seven|eight|nine|ten)\b"
)
_ENGLISH_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def announces(text: str) -> bool:
    """Whether a sentence says that a list follows, as ``主要有四方面措施：`` and ``重点从三个方面发力。`` do."""
    return bool(_ANNOUNCES.search(text))


def names_several(text: str) -> bool:
    """Whether a sentence names three things or more in a row: ``钢铁、有色、建材``."""
    return bool(_SEVERAL.search(text))


def number_asked(question: str) -> int | None:
    """How many things a question says there are (``哪三条路径``, ``五个提法``); None where it does not."""
    match = _NUMBER_ASKED.search(question)
    if match is None:
        return None
    if match["word"]:
        return _ENGLISH_NUMBERS.index(match["word"]) + 2
    number = match["number"]
    value = int(number) if number.isdecimal() else value_of(number)
    return None if value is None else int(value)


def names_as_many(text: str, number: int) -> bool:
    """Whether a sentence names just so many things in a row."""
    return any(match.group().count("、") + 1 == number for match in _SEVERAL.finditer(text))


def items_of(sentences: list[Sentence], place: int) -> list[Sentence]:
    """The opening sentences of the items of the list that ``sentences[place]`` announces; empty if none follow.

    The list ends where someone else speaks, at a heading, and where another list of its kind begins.
    """
    return _items_after(sentences, place, ITEMS_BEGIN_WITHIN)


def list_with(sentences: list[Sentence], place: int) -> list[Sentence]:
    """The list that ``sentences[place]`` is an item of, or that begins right after it though it does not announce one.

    All the opening sentences of its items; empty where there is no list.
    """
    opening = next((pair for pair in _OPENINGS if _begins(pair[1], sentences[place])), None)
    if opening is None:
        return _items_after(sentences, place, 1)
    first, every = opening
    found: int | None = None
    for start in range(place, max(-1, place - LONGEST_LIST), -1):
        sentence = sentences[start]
        if sentence.kind in ("heading", "question", "note") or sentence.speaker != sentences[place].speaker:
            break
        if _begins(first, sentence):
            found = start
            if first.pattern != every.pattern:
                break
        elif first.pattern == every.pattern and start and sentences[start - 1].paragraph != sentence.paragraph:
            break  # the first looks like the others: a paragraph that is no item stands before it
    return _items_after(sentences, found - 1, 1) if found is not None else []


def under(sentences: list[Sentence], place: int) -> list[Sentence]:
    """What stands under the item ``sentences[place]``, up to the next of its list; empty where it is no item.

    That ends as a list does (:func:`items_of`), and with its paragraph where the item has more than one sentence in it.
    """
    item = sentences[place]
    if (opening := _opening(_marked(item))) is None:
        return []
    found: list[Sentence] = []
    for sentence in sentences[place + 1 : place + 1 + LONGEST_LIST]:
        is_over = sentence.kind in ("heading", "question", "note") or sentence.speaker != item.speaker
        leaves = bool(found) and found[0].paragraph == item.paragraph != sentence.paragraph
        if is_over or leaves or opening.re.match(_marked(sentence)):
            break
        found.append(sentence)
    return found


def names_item(question: str, text: str) -> bool:
    """Whether a question speaks of an item by its own words: ``便利跨境贸易有哪些举措？`` of ``（二）便利跨境贸易（2项）。``.

    Args:
        question, text: folded.
    """
    opening = _opening(text)
    words = _BEYOND_ITS_NAME.split(text[opening.end() if opening else 0 :].strip(), maxsplit=1)[0]
    pairs = [words[place : place + 2] for place in range(len(words) - 1)]
    return len(pairs) >= 2 and sum(pair in question for pair in pairs) >= NAMED_SHARE * len(pairs)


def _opening(text: str) -> re.Match[str] | None:
    """How an item of a list opens; None where the text is none."""
    return next((found for _, every in _OPENINGS if (found := every.match(text))), None)


def _marked(sentence: Sentence) -> str:
    """A sentence with the bullet that marks it."""
    return f"• {sentence.text}" if sentence.is_bulleted else sentence.text


def _begins(opening: re.Pattern[str], sentence: Sentence) -> bool:
    """Whether an item begins a sentence, or what follows its colon: ``要做到三点：一是…；``."""
    text = _marked(sentence)
    return bool(opening.match(text) or opening.match(text.rpartition("：")[2]))


def _items_after(sentences: list[Sentence], place: int, within: int) -> list[Sentence]:
    """The items of the list whose first stands at most ``within`` sentences after ``sentences[place]``."""
    items: list[Sentence] = []
    first = every = None
    for step, sentence in enumerate(sentences[place + 1 : place + 1 + LONGEST_LIST]):
        if sentence.kind in ("heading", "question", "note") or sentence.speaker != sentences[place + 1].speaker:
            break
        if first is None or every is None:
            if step >= within:
                break
            first, every = next((pair for pair in _OPENINGS if _begins(pair[0], sentence)), (None, None))
            items += [sentence] if first else []
        elif first.pattern != every.pattern and first.match(_marked(sentence)):
            break
        elif every.match(_marked(sentence)):
            items.append(sentence)
    return items
