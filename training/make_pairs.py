"""Makes the training pairs from the public sets, once: ``python -m training.make_pairs READING WORK``.

READING is the folder with ``train/``; WORK gets ``questions.jsonl.gz``, ``claims.jsonl.gz``, ``answers.jsonl.gz`` (questions
said back with an answer), the same of the written documents, ``elsewhere.jsonl.gz`` (claims that are true of something
else), ``opposites.jsonl.gz``, with a dictionary ``other-words.jsonl.gz`` (claims that mean the same, or do not, by a word), and
all with ``-kept`` for what is kept apart to calibrate with and to watch training by: the passages of one document in twenty,
of written documents one in eight and all of some kinds.

A further stage that learns from new documents, ``--new 'echoes_*' --old 0.3``, takes all of these and a part of what was
learned before, so that it is not forgotten.
"""

import argparse
import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from functools import cache
from itertools import chain
from pathlib import Path

from opencc import OpenCC

from training import answer_pairs, dictionary, documents, opposites, pairs, sisters
from training.claim_pairs import ClaimPairs, paraphrases
from training.elsewhere_pairs import ElsewherePairs
from training.pairs import Pair
from training.question_pairs import QuestionPairs
from training.sources import Question, questions
from training.swapping import Swapper

SEED = 11
KEPT_APART, WRITTEN_KEPT_APART = 20, 8
SETS = ("cmrc2018_train", "cmrc2018_trial", "drcd_dev_simplified", "xquad_zh_half")
WINDOWS_KEPT = 0.3
MOST_ELSEWHERE = 6000
"""Right claims that are told of something else; each is compared with the passages of all others."""
TRADITIONAL = 0.15
"""Share of the pairs put into traditional characters. The lexicon of sisters is simplified, so they are made and not read."""


def is_kept(title: str, one_in: int = KEPT_APART) -> bool:
    """Whether a document's passages are kept apart."""
    return hashlib.sha256(title.encode()).digest()[1] % one_in == 0


def is_kept_apart(document: documents.Written) -> bool:
    """Whether a written document is kept apart."""
    return document.kind in documents.KEPT_KINDS or is_kept(document.title, WRITTEN_KEPT_APART)


def main() -> None:
    """Reads the command line and makes all pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reading", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--new", nargs="*", default=[], help="files of written documents that are taken whole")
    parser.add_argument(
        "--old", type=float, default=1.0, help="share that is taken of all else, but of what is kept apart"
    )
    parser.add_argument("--dictionary", type=Path, help="CC-CEDICT, for claims in other words")
    options = parser.parse_args()
    words = dictionary.read(options.dictionary, dictionary.common_words()) if options.dictionary else None
    reading, work = options.reading, options.work
    every = [each for name in SETS for each in questions(reading / "train" / f"{name}.jsonl.xz")]
    for suffix, kept in (("", False), ("-kept", True)):
        chance = random.Random(SEED + kept)  # what is kept apart is the same whatever is learned
        swapper = Swapper(sisters.read("train"), chance)
        chosen = [question for question in every if is_kept(question.title) == kept]
        written = [document for document in documents.documents() if is_kept_apart(document) == kept]
        if not kept and options.old < 1:
            chosen = [question for question in chosen if chance.random() < options.old]
            written = [each for each in written if _is_new(each, options.new) or chance.random() < options.old]
        also = documents.answered_questions(written)
        asked = list(QuestionPairs(chosen, swapper, chance))
        asked_of_written = [
            *_harder(QuestionPairs(also, swapper, chance), chance),
            *documents.question_pairs(written, chance),
        ]
        for name, made in (
            ("questions", asked),
            ("claims", _claims(chosen, swapper, chance, reading, kept)),
            ("answers", _answers(asked, chosen, chance)),
            ("written-questions", asked_of_written),
            ("written-claims", chain(ClaimPairs(also, swapper, chance), documents.claim_pairs(written, chance))),
            ("written-answers", _answers(asked_of_written, also, chance)),
        ):
            _make(work / f"{name}{suffix}.jsonl.gz", (_rewritten(pair, chance) for pair in made))
        right = [
            pair
            for name in ("claims", "written-claims")
            for pair in pairs.read(work / f"{name}{suffix}.jsonl.gz")
            if pair.unsupported == ()
        ]
        chance = random.Random(SEED + kept)
        some = chance.sample(right, min(MOST_ELSEWHERE, len(right)))
        _make(work / f"elsewhere{suffix}.jsonl.gz", ElsewherePairs(some, [*chosen, *also], chance))
        _make(work / f"opposites{suffix}.jsonl.gz", opposites.claims_turned_over(right, chance))
        if words:
            chance = random.Random(SEED + kept)
            _make(work / f"other-words{suffix}.jsonl.gz", dictionary.claims_in_other_words(right, words, chance))


def _is_new(document: documents.Written, names: Sequence[str]) -> bool:
    return any(fnmatch(document.kind, name) for name in names)


def _claims(
    chosen: list[Question], swapper: Swapper, chance: random.Random, reading: Path, kept: bool
) -> Iterable[Pair]:
    yield from ClaimPairs(chosen, swapper, chance)
    for number, pair in enumerate(paraphrases(reading / "train" / "pawsx_zh_dev.jsonl.xz")):
        if (number // 2 % KEPT_APART == 0) == kept:
            yield pair


def _answers(made: Iterable[Pair], asked: Sequence[Question], chance: random.Random) -> Iterable[Pair]:
    """Questions said back with their answers, with what nearly answers, and with another's."""
    yield from answer_pairs.of_question_pairs(made, chance)
    yield from answer_pairs.with_wrong_answers(asked, chance)


def _harder(made: Iterable[Pair], chance: random.Random) -> Iterator[Pair]:
    """Pairs of written documents without most of those that another window makes: such documents have few windows."""
    return (pair for pair in made if pair.made != "window" or chance.random() < WINDOWS_KEPT)


def _rewritten(pair: Pair, chance: random.Random) -> Pair:
    """Some pairs in traditional characters, one side or both, where each character stays in its place."""
    if chance.random() >= TRADITIONAL:
        return pair
    sides = chance.choice((("passage",), ("first",), ("first", "passage")))
    written = {side: _converter().convert(getattr(pair, side)) for side in sides}
    same_places = all(len(text) == len(getattr(pair, side)) for side, text in written.items())
    return replace(pair, **written) if same_places else pair


@cache
def _converter() -> OpenCC:
    return OpenCC("s2t")


def _make(path: Path, made: Iterable[Pair]) -> None:
    found = list(made)
    print(path.name, pairs.write(path, found), dict(Counter(pair.made for pair in found).most_common()))


if __name__ == "__main__":
    main()
