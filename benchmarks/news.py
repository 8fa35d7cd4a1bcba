"""The news collection that the benchmarks search, and known-item questions made from it.

A known-item question is a clause from the middle of an article with a question word after it. Such questions are
written from the passage, so they favour lexical search; they compare contestants, they do not say how good one is.
"""

import argparse
import itertools
import json
import lzma
import random
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import ROOT

DEFAULT_NEWS = ROOT.parent / "shared" / "data" / "news.jsonl.xz"
SEED = 20230331
CLAUSE_LENGTHS = (9, 24)
SHORT_CLAUSE_LENGTHS = (5, 9)
_SENTENCE = re.compile("[^。！？]{20,}[。！？]")
_CLAUSE = re.compile("[^，；：、。！？“”（）()]+")
_ASKING = ("是多少？", "是什么？", "有哪些内容？", "的情况如何？", "在什么时候？", "是谁提出的？")


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the collection."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A question and the span it was made from: ``article.text[start:end]`` is the sentence."""

    question: str
    article: str
    start: int
    end: int


def add_news_option(parser: argparse.ArgumentParser) -> None:
    """Adds ``--news`` to a benchmark's options."""
    parser.add_argument("--news", type=Path, default=DEFAULT_NEWS, help="the collection, one JSON object a line, .xz")


def load_news(path: Path, number: int | None = None) -> list[Article]:
    """The first ``number`` articles of the collection; all of them without a number.

    Raises:
        SystemExit: the file is not there.
    """
    if not path.is_file():
        raise SystemExit(
            f"The news collection {path} is missing. Name it with --news FILE: xz-compressed, one JSON object a line "
            'with "id" and "text".'
        )
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in itertools.islice(lines, number)]
    return [Article(row["id"], row["text"]) for row in rows]


def known_items(
    articles: list[Article], number: int, each: int = 1, lengths: tuple[int, int] = CLAUSE_LENGTHS
) -> list[KnownItem]:
    """At most ``number`` questions, ``each`` from an article, from articles chosen with a fixed seed.

    Args:
        lengths: fewest and most characters of the clause; the shorter, the harder.
    """
    chance = random.Random(SEED)
    found: list[KnownItem] = []
    for article in chance.sample(articles, len(articles)):
        found += _items_of(article, each, lengths, chance)
        if len(found) >= number:
            break
    return found[:number]


def _items_of(article: Article, each: int, lengths: tuple[int, int], chance: random.Random) -> list[KnownItem]:
    """Questions from the middle sentences of an article, none from the first or the last."""
    middle = list(_SENTENCE.finditer(article.text))[1:-1]
    chance.shuffle(middle)
    items: list[KnownItem] = []
    for sentence in middle:
        clauses = [match.group() for match in _CLAUSE.finditer(sentence.group())]
        clauses = [clause for clause in clauses if lengths[0] <= len(clause) <= lengths[1]]
        if clauses and len(items) < each:
            question = chance.choice(clauses).strip() + chance.choice(_ASKING)
            items.append(KnownItem(question, article.id, sentence.start(), sentence.end()))
    return items
