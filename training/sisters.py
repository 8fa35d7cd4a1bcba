"""Sister words: words that stand in each other's place and mean another thing (小学 and 初中, 原告 and 被告).

They are mined, not listed: two words are sisters where texts name them side by side (``小学、初中``, ``进口和出口``) or in
the same place of two clauses that are alike (``第一产业增长2%，第二产业增长3%``). Nobody lists a word beside its synonym,
so what is found differs in meaning.

Words are divided in two halves by their hash. Training draws from one half, evaluation from the other, so that what is
measured was never trained.

    python -m training.sisters NEWS.jsonl.xz
"""

import hashlib
import lzma
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

from eval import sisters
from training.sources import rows

Half = Literal["train", "test"]
FILES: dict[Half, Path] = {
    "train": Path(__file__).with_name("sisters-train.tsv.xz"),
    "test": sisters.KEPT,
}

JOINED = re.compile("[、和与或及]|以及")
CLAUSE = re.compile("[，。；！？\n]")
NUMBER = re.compile(r"\d[\d.,]*")
WORD = re.compile("[一-鿿]{2,6}|[A-Z][A-Za-z0-9]{0,5}")
NAMING = ("n", "s", "f", "t", "b", "j", "l", "i", "m", "q", "x", "eng")
"""Beginnings of the parts of speech that name things, places and times; sisters of verbs come from like clauses alone."""
LEAST_TEXTS = 3
LEAST_ALIKE = 3
"""Words that two clauses share where one of their words differs."""
MOST_SISTERS = 24


def half_of(word: str) -> Half:
    """Which half a word belongs to; a third is kept for evaluation."""
    return "test" if hashlib.sha256(word.encode()).digest()[0] % 3 == 0 else "train"


def mine(texts: Iterable[str]) -> Counter[tuple[str, str]]:
    """In how many texts each pair of sisters (in order of their characters) was found."""
    import jieba

    jieba.setLogLevel(60)
    kinds = _parts_of_speech()
    found: Counter[tuple[str, str]] = Counter()
    for text in texts:
        clauses = [jieba.lcut(clause, HMM=False) for clause in CLAUSE.split(NUMBER.sub("0", text))]
        pairs = {pair for clause in clauses for pair in _side_by_side(clause, kinds)}
        pairs |= {pair for one, other in pairwise(clauses) for pair in _in_like_clauses(one, other)}
        found.update(pairs)
    return found


def _side_by_side(words: list[str], kinds: dict[str, str]) -> Iterator[tuple[str, str]]:
    for left, joint, right in zip(words, words[1:], words[2:], strict=False):
        if not JOINED.fullmatch(joint) or not _is_pair(left, right):
            continue
        kind = kinds.get(left, "")
        if kind == kinds.get(right) and kind.startswith(NAMING):
            yield min(left, right), max(left, right)


def _in_like_clauses(one: list[str], other: list[str]) -> Iterator[tuple[str, str]]:
    if len(one) != len(other) or len(one) <= LEAST_ALIKE:
        return
    differing = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    if len(differing) == 1 and _is_pair(*differing[0]):
        left, right = differing[0]
        yield min(left, right), max(left, right)


def _is_pair(left: str, right: str) -> bool:
    return (
        left != right
        and bool(WORD.fullmatch(left))
        and bool(WORD.fullmatch(right))
        and left not in right
        and right not in left
    )


def _parts_of_speech() -> dict[str, str]:
    import jieba

    with jieba.get_dict_file() as lines:
        split = (line.decode().split() for line in lines)
        return {word: kind for word, _, kind in split}


def lexicon_of(pairs: Counter[tuple[str, str]], half: Half) -> dict[str, list[str]]:
    """The sisters of each word of a half, the commonest first; both words are of that half."""
    lexicon: dict[str, list[str]] = defaultdict(list)
    for (left, right), texts in sorted(pairs.items(), key=lambda item: (-item[1], item[0])):
        if texts < LEAST_TEXTS or half_of(left) != half or half_of(right) != half:
            continue
        for word, sister in ((left, right), (right, left)):
            if len(lexicon[word]) < MOST_SISTERS:
                lexicon[word].append(sister)
    return {word: found for word, found in lexicon.items() if found}


def write(path: Path, found: dict[str, list[str]]) -> None:
    """Writes a lexicon: a word a line, then its sisters, separated by tabs."""
    lines = ["\t".join([word, *others]) for word, others in sorted(found.items())]
    path.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9))


def read(half: Half) -> dict[str, tuple[str, ...]]:
    """The lexicon of a half."""
    return sisters.read(FILES[half])


def main() -> None:
    """Mines the news and writes both halves."""
    texts = (row["text"] for row in rows(Path(sys.argv[1])))
    pairs = mine(texts)
    for half, path in FILES.items():
        write(path, found := lexicon_of(pairs, half))
        sample = random.Random(1).sample(sorted(found), 20)
        print(half, len(found), {word: found[word][:4] for word in sample})


if __name__ == "__main__":
    main()
