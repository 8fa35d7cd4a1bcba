"""Opposites and what else stands in one place of a scale or a pair: ``增加/减少``, ``同比/环比``, ``甲方/乙方``, ``初检/复检``.

Sisters mined from news (:mod:`training.sisters`) are things that are named side by side; words of opposite sense seldom are. These
are common words of the language (``opposites.tsv``, a group a line), written down for training; nothing of them runs in an
answer. What evaluation keeps for itself (``eval/sisters.tsv.xz``) is left out.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from eval import sisters as kept
from training.pairs import Pair
from training.swapping import Swap, Swapper, cutter

FILE = Path(__file__).with_name("opposites.tsv")


@cache
def read() -> dict[str, tuple[str, ...]]:
    """The others of each word's groups, in their order."""
    evaluated = {*kept.read(), *(each for found in kept.read().values() for each in found)}
    found: dict[str, tuple[str, ...]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        group = [word for word in line.split("\t") if word not in evaluated]
        for word in group:
            others = (each for each in group if each != word)
            found[word] = tuple(dict.fromkeys((*found.get(word, ()), *others)))
    return {word: others for word, others in found.items() if others}


def claims_turned_over(right: Sequence[Pair], chance: random.Random) -> Iterator[Pair]:
    """Right claims, and each that has such a word with another of its group in its place."""
    swapper = Swapper(read(), chance, cutter(word for word in read() if len(word) > 1))
    for pair in right:
        swaps = [swap for swap in swapper.swaps(pair.first) if swap.kind == "word"]
        if not swaps:
            continue
        swap = chance.choice(swaps)
        # Half the time the word comes that the passage has elsewhere: it is the harder to tell.
        there = tuple(other for other in swap.others if other in pair.passage)
        if there and chance.random() < 0.5:
            swap = Swap(swap.start, swap.end, there, swap.kind)
        if made := swapper.apply(pair.first, swap):
            text, place = made
            yield pair
            yield replace(pair, first=text, unsupported=(place,), made="opposite")
