"""Words that mean the same, and words that are near each other and do not, by a Chinese–English dictionary (CC-CEDICT).

Two words of a kind that are told in English by the same whole meanings (``提高`` and ``提升``: to raise, to improve) may stand for
each other. Two that share a character or the noun of their meanings, and no whole meaning (``总重`` gross weight, ``净重`` net
weight), may not. Claims are made with the one and with the other in place of a word of theirs, so that nothing but what words mean
tells them apart. What evaluation draws from (:func:`training.sisters.half_of`) is left out.

The dictionary (CC BY-SA 4.0) is not part of the project. Its meanings are not learned, only which words share them.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from training import opposites
from training.pairs import Pair
from training.sisters import half_of
from training.swapping import Swap, Swapper, cutter

LINE = re.compile(r"\S+ (?P<word>[一-鿿]{2,5}) \[[^]]*\] /(?P<meanings>.*)/")
ASIDE = re.compile(r"\([^)]*\)|\[[^]]*\]|^(?:to be|to|be|a|an|the) ")
NO_MEANING = re.compile(r"variant of|surname|abbr\.|^CL:|^see |used in|pr\. \[|classifier|also written|old name|\|")
GLUE = re.compile("(?:an?|the|to|of|for|in|on|at|by|with|from|into|and|or|be|up|out|sth|sb|one|etc|as|that|who|which)")
"""English words without a meaning of their own."""
LEAST_OFTEN = 150
"""How often a word stands in the texts that jieba's dictionary counts: rarer ones stand in few claims."""
MOST_ENDING_ALIKE = 60
"""Words whose meanings may end in one noun: of more, the noun says little (``person``)."""
LEAST_ALIKE_IF_SAME, LEAST_ALIKE_IF_OTHER, MOST_ALIKE_IF_OTHER = 0.933, 0.92, 0.97
"""Cosines of the embedder's vectors of two words. Below the first what is told alike seldom is (``capital``: money or a column);
between the others a word is near enough to be hard to tell and seldom the same."""
MOST_OTHERS = 12
MOST_REWORDED = 2
"""Words of a claim that are put otherwise."""


@dataclass(frozen=True, slots=True)
class Words:
    """What may stand for a word, and what may not, the likest first."""

    same: Mapping[str, Sequence[str]]
    other: Mapping[str, Sequence[str]]


def read(path: Path, known: Mapping[str, tuple[int, str]]) -> Words:
    """The words of a dictionary that training may use.

    Args:
        path: in CC-CEDICT's format, UTF-8: ``Traditional Simplified [pinyin] /meaning/meaning/`` a line.
        known: of each common word how often it stands in texts, and its part of speech (:func:`common_words`).
    """
    meanings: dict[str, list[frozenset[str]]] = defaultdict(list)
    ending: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines():
        match = LINE.match(line)
        if not match or match["word"] not in known or half_of(match["word"]) == "test":
            continue
        for meaning in re.split("[/;]", match["meanings"]):
            told = ASIDE.sub("", ASIDE.sub("", meaning.strip()).strip()).lower()
            words = [word for word in re.findall("[a-z-]+", told) if not GLUE.fullmatch(word)]
            if words and not NO_MEANING.search(meaning):
                meanings[match["word"]].append(frozenset(words))
                ending[words[-1]].add(match["word"])
    same: dict[str, set[str]] = defaultdict(set)
    near: dict[str, set[str]] = defaultdict(set)
    for one, other in _near_each_other(meanings, ending):
        if known[one][1][0] != known[other][1][0]:
            continue
        shared = set(meanings[one]) & set(meanings[other])
        if len(shared) > 1 or (shared and meanings[one][0] in shared and meanings[other][0] in shared):
            same[one].add(other)
            same[other].add(one)
        elif not any(left <= right or right <= left for left in meanings[one] for right in meanings[other]):
            near[one].add(other)
            near[other].add(one)
    # What stands for a word that stands for this one is too near to be another thing.
    others = {
        word: found - {far for close in same[word] for far in (close, *same[close])} for word, found in near.items()
    }
    return Words(_likest(same, LEAST_ALIKE_IF_SAME, 1.01), _likest(others, LEAST_ALIKE_IF_OTHER, MOST_ALIKE_IF_OTHER))


def claims_in_other_words(
    right: Sequence[Pair], words: Words, chance: random.Random, cut: Callable[[str], list[str]] | None = None
) -> Iterator[Pair]:
    """Right claims with words that mean the same put for some, and each of these with one more that does not.

    Args:
        right: claims that their passages bear out.
        words: what to put.
        chance: what decides.
        cut: cuts a text into words; jieba, if not given.
    """
    wrong = {word: (*opposites.read().get(word, ()), *found) for word, found in words.other.items()}
    wrong |= {word: found for word, found in opposites.read().items() if word not in wrong}
    cut = cut or cutter([*words.same, *wrong])
    reworder, changer = Swapper(words.same, chance, cut), Swapper(wrong, chance, cut)
    for pair in right:
        places = [swap for swap in changer.swaps(pair.first) if swap.kind == "word"]
        if not places:
            continue
        # First a word with opposites, if there is one: these tell something else of the same matter.
        opposed = [swap for swap in places if pair.first[swap.start : swap.end] in opposites.read()]
        changed = chance.choice(opposed if opposed and chance.random() < 0.6 else places)
        reworded = [
            swap
            for swap in reworder.swaps(pair.first)
            if swap.kind == "word" and (swap.end <= changed.start or swap.start >= changed.end)
        ]
        some = chance.sample(reworded, min(chance.randint(0, MOST_REWORDED), len(reworded)))
        told = [(swap, chance.choice(swap.others)) for swap in some]
        text, _ = _with(pair.first, told)
        yield replace(pair, first=text, made="same words" if told else pair.made)
        there = [other for other in changed.others if other in pair.passage]
        put = chance.choice(there if there and chance.random() < 0.5 else changed.others)
        text, places_put = _with(pair.first, [*told, (changed, put)])
        if text not in pair.passage:
            yield replace(pair, first=text, unsupported=(places_put[-1],), made="other word")


def _with(text: str, changes: Sequence[tuple[Swap, str]]) -> tuple[str, list[tuple[int, int]]]:
    """A text with changes made, and where the new words stand, in the order of the changes."""
    places = []
    for swap, word in changes:
        start = swap.start + sum(
            len(new) - (other.end - other.start) for other, new in changes if other.start < swap.start
        )
        places.append((start, start + len(word)))
    for swap, word in sorted(changes, key=lambda change: -change[0].start):
        text = text[: swap.start] + word + text[swap.end :]
    return text, places


def _near_each_other(
    meanings: Mapping[str, Sequence[frozenset[str]]], ending: Mapping[str, set[str]]
) -> Iterator[tuple[str, str]]:
    """Pairs of words that share a meaning, the noun that one ends in, or a character in the same place."""
    groups: dict[object, set[str]] = defaultdict(set)
    for word, found in meanings.items():
        for meaning in found:
            groups[meaning].add(word)
        for place, character in enumerate(word):
            groups[len(word), place, character].add(word)
    groups.update({noun: words for noun, words in ending.items() if len(words) <= MOST_ENDING_ALIKE})
    yield from sorted({pair for words in groups.values() for pair in combinations(sorted(words), 2)})


def common_words() -> dict[str, tuple[int, str]]:
    """The common words of jieba's dictionary: how often each stands in the texts that it counts, and its part of speech."""
    import jieba
    from jieba import posseg

    jieba.setLogLevel(60)
    posseg.initialize()
    often, kinds = posseg.dt.tokenizer.FREQ, posseg.dt.word_tag_tab
    return {word: (count, kinds[word]) for word, count in often.items() if count >= LEAST_OFTEN and kinds.get(word)}


def _likest(found: Mapping[str, set[str]], least: float, most: float) -> dict[str, tuple[str, ...]]:
    """Of each word the others whose vectors are so much alike, the likest first."""
    from embeddings import embed

    words = sorted({*found, *(other for others in found.values() for other in others)})
    vectors = dict(zip(words, embed(words), strict=True))  # of length 1
    kept = {}
    for word, others in found.items():
        cosines = {other: float(vectors[word] @ vectors[other]) for other in sorted(others)}
        near = sorted(
            (other for other in cosines if least <= cosines[other] <= most), key=lambda other: -cosines[other]
        )
        if near:
            kept[word] = tuple(near[:MOST_OTHERS])
    return kept
