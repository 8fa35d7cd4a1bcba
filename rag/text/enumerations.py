"""Enumerations: the items of the list that follows a sentence, or that it is in."""

import re

from rag.text.structure import Sentence

ITEMS_BEGIN_WITHIN = 4
LONGEST_LIST = 40

# Ways of opening items: 一是…, 第一，…, 1．…, （一）…, a bullet, “点”，就是…; the first of a list, then all.
_OPENINGS = [
    (re.compile("一是"), re.compile("[一二三四五六七八九十]+是")),
    (re.compile("第一[，,、]"), re.compile("第[一二三四五六七八九十]+[，,、]")),
    (re.compile(r"[（(]?(?:1|１)[)）.．、]"), re.compile(r"[（(]?\d{1,2}[)）.．、]")),
    (re.compile("[（(]?一[)）、]"), re.compile("[（(]?[一二三四五六七八九十]+[)）、]")),
    (re.compile("• "), re.compile("• ")),
    (re.compile("“[^”]{1,4}”[，,]?(?:就是|即|是|[，,])"), re.compile("“[^”]{1,4}”[，,]?(?:就是|即|是|[，,])")),
]


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


def is_item(sentence: Sentence) -> bool:
    """Whether a sentence opens an item of a list."""
    return any(every.match(_marked(sentence)) for _, every in _OPENINGS)


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
