"""Spelling: words of a question that no document knows, read by their sound (灯塔工场, hulianwang).

Only what the index does not hold is changed, and only into what it does hold: a pair of characters becomes a pair that
sounds alike, a word of Latin letters that is pinyin becomes the characters it spells. Readings come from ``pypinyin``
(MIT), of which one file is read when such a word first occurs.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from rag.index.lexical import LexicalIndex
from rag.text.terms import STOP_CHARACTERS, fold, pair_term, query_terms, word_term

SHORTEST_PINYIN = 5
LONGEST_PINYIN = 30
LIKELIER = 3.0
"""How much a change of one character has to add to the logarithm of a question's likelihood: on 120 encyclopaedia
questions it then rights half of the slips (60), puts 3 into something else, and changes 1 that was well spelt."""
_LATIN = re.compile("[a-z]+")
_SPACED = re.compile("(?<![a-z])[a-z]{1,6}(?: [a-z]{1,6})+(?![a-z])")
_HAN_RUN = re.compile("[\u4e00-\u9fff]{2,}")
_STAYS = re.compile("[几哪多谁吗呢]|什么|怎么|如何|[一二两三四五六七八九十百千万亿]")


def _without_pinyin(folded: str, lexical: LexicalIndex) -> str:
    """The question with its unknown pinyin words in characters; one mostly of other Latin words is in another language."""
    has_characters = _HAN_RUN.search(folded) is not None
    if has_characters:
        folded = _SPACED.sub(lambda found: _joined(found.group()), folded)
    latin = _LATIN.findall(folded)
    words = [word for word in latin if SHORTEST_PINYIN <= len(word) <= LONGEST_PINYIN]
    # Beside characters short words tell nothing (PMI, APP), and half of the others may be names.
    judged, least = (words, 0.5) if has_characters else (latin, 1.0)
    if not words or sum(map(_could_be_pinyin, judged)) < least * len(judged):
        return folded
    known = lexical.frequencies(map(word_term, words))
    for word in words:
        syllables = () if known.get(word_term(word)) else _syllables(word)
        if len(syllables) > 1 and (spelled := _characters(syllables, lexical)):
            folded = folded.replace(word, spelled)
    return folded


def _joined(words: str) -> str:
    """Syllables of pinyin that stand apart as one word (``zhuan jing te xin``); anything else as it is."""
    parts = words.split()
    return "".join(parts) if all(part in _characters_by_sound() for part in parts) else words


def _could_be_pinyin(word: str) -> bool:
    return bool(_syllables(word))


def _characters(syllables: tuple[str, ...], lexical: LexicalIndex) -> str:
    """The characters of these sounds whose neighbouring pairs the documents hold most often; empty if there are none."""
    choices = [_characters_by_sound().get(syllable, "") for syllable in syllables]
    pairs = [[a + b for a in left for b in right] for left, right in pairwise(choices)]
    found = lexical.frequencies({pair_term(pair) for listed in pairs for pair in listed})
    best: dict[str, tuple[float, str]] = {character: (0.0, character) for character in choices[0]}
    for listed in pairs:
        following: dict[str, tuple[float, str]] = {}
        for pair in listed:
            frequency = found.get(pair_term(pair), 0)
            if frequency and pair[0] in best:
                score, text = best[pair[0]]
                candidate = (score + math.log1p(frequency), text + pair[1])
                following[pair[1]] = max(following.get(pair[1], (0.0, "")), candidate)
        best = following
    return max(best.values(), default=(0.0, ""))[1]


@cache
def _syllables(word: str) -> tuple[str, ...]:
    """The fewest syllables a word is made of; none if it is not pinyin."""
    sounds = _characters_by_sound()
    parts: list[tuple[str, ...] | None] = [()]
    for end in range(1, len(word) + 1):
        options = [
            (*before, word[start:end])
            for start in range(max(0, end - 6), end)
            if (before := parts[start]) is not None and word[start:end] in sounds
        ]
        parts.append(min(options, key=len, default=None))
    return parts[-1] or ()


def _sounding_like(character: str) -> str:
    sounds = _characters_by_sound()
    alike = "".join(sounds.get(sound, "") for sound in _sounds(character))
    return "".join(other for other in alike if other != character and other not in STOP_CHARACTERS)


@cache
def _sounds(character: str) -> tuple[str, ...]:
    """The first two readings of a character, without tones."""
    readings = _readings().get(str(ord(character)), "").split(",")
    return tuple(dict.fromkeys(filter(None, map(_toneless, readings[:2]))))


@cache
def _readings() -> dict[str, str]:
    """The readings of each character, by its code point.

    This one file of the package is read as data: importing it brings its phrases, half a second of a first search.
    """
    package = find_spec("pypinyin")
    assert package and package.submodule_search_locations
    found: dict[str, str] = json.loads(
        Path(package.submodule_search_locations[0], "pinyin_dict.json").read_text("utf-8")
    )
    return found


@cache
def _characters_by_sound() -> dict[str, str]:
    """The 3,755 most used characters (level 1 of GB 2312) by their sound."""
    sounds: dict[str, str] = {}
    for character in _common_characters():
        for sound in _sounds(character)[:1]:
            sounds[sound] = sounds.get(sound, "") + character
    return sounds


def _common_characters() -> Iterable[str]:
    rows = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return (pair.decode("gb2312", "ignore") for pair in rows if pair < b"\xd7\xfa")


def _toneless(reading: str) -> str:
    plain = unicodedata.normalize("NFD", reading.replace("ü", "v"))
    return "".join(character for character in plain if character.isascii() and character.isalpha())


def corrected(question: str, lexical: LexicalIndex, likelihood: Callable[[str], float]) -> str:
    """The question with characters that make pairs no document holds put right by their sound (``域明`` → ``域名``).

    A noisy channel: what the index knows stays, and a
    character is changed only into one that makes fewer unknown pairs with its neighbours, the most frequent such, and
    only where the question becomes ``LIKELIER`` as Chinese by it. For in a small index most pairs that it does not know
    are well spelt: without this, one question in three was changed, all into nonsense. As with all guessing at spelling,
    what comes out should be shown to whoever asked.

    Args:
        question: the question as typed.
        lexical: the words of the documents.
        likelihood: the logarithm of how likely a text is, as ``embeddings.unigrams.log_likelihood`` tells it.
    """
    folded = fold(question)
    text = _without_pinyin(folded, lexical)
    stays = {place for match in _STAYS.finditer(text) for place in range(*match.span())}
    for run in _HAN_RUN.finditer(text):
        for place in range(*run.span()):
            if place in stays or not (better := _better(text[slice(*run.span())], place - run.start(), lexical)):
                continue
            other = text[:place] + better + text[place + 1 :]
            if likelihood(other) >= likelihood(text) + LIKELIER:
                text = other
    return _as_typed(question, folded, text)


def _as_typed(question: str, folded: str, text: str) -> str:
    """The corrected text with what was not corrected as it was typed: capitals, traditional characters, full width."""
    if len(question) != len(folded):
        return text
    same = SequenceMatcher(None, folded, text, autojunk=False).get_opcodes()
    return "".join(question[a:b] if tag == "equal" else text[c:d] for tag, a, b, c, d in same)


def _better(characters: str, place: int, lexical: LexicalIndex) -> str:
    """What to put in the place of a character; empty where it is well as it is."""
    before, after = characters[max(0, place - 1) : place], characters[place + 1 : place + 2]
    own = _pairs_with(before, characters[place], after)
    wanted = set(query_terms(characters).tolist())
    if not any(pair_term(pair) in wanted and not STOP_CHARACTERS.intersection(pair) for pair in own):
        return ""
    choices = {other: _pairs_with(before, other, after) for other in _sounding_like(characters[place])}
    known = lexical.frequencies({pair_term(pair) for pairs in (own, *choices.values()) for pair in pairs})

    def fit(pairs: list[str]) -> tuple[int, float]:
        frequencies = [known.get(pair_term(pair), 0) for pair in pairs]
        return sum(map(bool, frequencies)), sum(map(math.log1p, frequencies))

    best = max(choices, key=lambda other: fit(choices[other]), default="")
    return best if best and fit(choices[best])[0] > fit(own)[0] else ""


def _pairs_with(before: str, character: str, after: str) -> list[str]:
    return [neighbour + character for neighbour in before] + [character + neighbour for neighbour in after]
