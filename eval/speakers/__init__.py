"""Who speaks: forty-eight documents in which every sentence of somebody's speech is marked (``documents.jsonl``).

Eight kinds of document, each divided into two halves, ``tune`` and ``test``. Each line is one document: its ``speech`` are
the sentences that somebody says (``quote``, its ``start``, the ``speaker``, and under ``also`` other names the text
has for them), its ``optional`` those that may be given to their speaker or to nobody (organisations, the unnamed, a judge who
leads a hearing). Everything else is nobody's.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.text.structure import Sentence, sentences_of

FILE = Path(__file__).with_name("documents.jsonl")


@dataclass(frozen=True, slots=True)
class Compared:
    """Who speaks in a document, as it was found and as it is.

    Attributes:
        kind: the document's.
        right: sentences given to who says them.
        wrong: sentences given to somebody who does not say them.
        found: quotes that sentences given to who says them cover by more than half.
        missed: the other quotes.
    """

    kind: str
    right: tuple[Sentence, ...]
    wrong: tuple[Sentence, ...]
    found: tuple[Mapping[str, Any], ...]
    missed: tuple[Mapping[str, Any], ...]


def documents(half: str) -> list[dict[str, Any]]:
    """The documents of a half: ``tune``, ``test`` or ``all``.

    Raises:
        UsageError: there is no such half.
    """
    every = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    if half not in ("all", *{each["half"] for each in every}):
        raise UsageError(
            zh=f"没有“{half}”这一部分：应是 tune、test 或 all。", en=f"No half '{half}': tune, test or all."
        )
    return [each for each in every if half in ("all", each["half"])]


def compared(document: Mapping[str, Any], read: Callable[[str], list[Sentence]] = sentences_of) -> Compared:
    """Compares who is found to speak in a document with who does.

    Args:
        document: a line of the set.
        read: gives the sentences of a text with their speakers.
    """
    right: list[Sentence] = []
    wrong: list[Sentence] = []
    for sentence in read(document["text"]):
        if not sentence.speaker or _is_said_by(sentence, document["optional"]):
            continue
        (right if _is_said_by(sentence, document["speech"]) else wrong).append(sentence)
    found = [quote for quote in document["speech"] if _is_covered(quote, right)]
    missed = [quote for quote in document["speech"] if quote not in found]
    return Compared(document["kind"], tuple(right), tuple(wrong), tuple(found), tuple(missed))


def shares(results: Iterable[Compared]) -> dict[str, dict[str, float]]:
    """Precision and recall of each kind of document and of ``all``, with how many sentences and quotes they are of.

    Where nothing was attributed, or nothing is to be, the share is 1.
    """
    listed = list(results)
    kinds = sorted({each.kind for each in listed})
    groups = {kind: [each for each in listed if each.kind == kind] for kind in kinds} | {"all": listed}
    return {kind: _shares(group) for kind, group in groups.items()}


def _shares(group: Sequence[Compared]) -> dict[str, float]:
    right, wrong, found, missed = (
        sum(len(getattr(each, part)) for each in group) for part in ("right", "wrong", "found", "missed")
    )
    return {
        "attributed": right + wrong,
        "precision": right / (right + wrong) if right + wrong else 1.0,
        "quotes": found + missed,
        "recall": found / (found + missed) if found + missed else 1.0,
    }


def _is_said_by(sentence: Sentence, quotes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether more than half of a sentence is said by the speaker it is given to."""
    own = sum(_overlap(sentence, quote) for quote in quotes if _is_same(sentence.speaker, quote))
    return 2 * own > sentence.end - sentence.start


def _is_covered(quote: Mapping[str, Any], sentences: Iterable[Sentence]) -> bool:
    covered = sum(_overlap(sentence, quote) for sentence in sentences if _is_same(sentence.speaker, quote))
    return 2 * covered > len(quote["quote"])


def _is_same(name: str, quote: Mapping[str, Any]) -> bool:
    """Whether a name is one of the speaker's; one with an office or without (``贺文斌``, ``副局长贺文斌``) is the same."""
    return any(name in known or known in name for known in (quote["speaker"], *quote.get("also", ())))


def _overlap(sentence: Sentence, quote: Mapping[str, Any]) -> int:
    start = int(quote["start"])
    return max(0, min(sentence.end, start + len(quote["quote"])) - max(sentence.start, start))
