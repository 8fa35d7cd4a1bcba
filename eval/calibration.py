"""Calibration of support: labelled pairs of a claim and a span, and the rates of a threshold on them.

``python -m eval.calibration`` prints the table of docs/notebook.md. ``eval/support.jsonl`` has for each of 38 gold quotes
of the ``tune`` half a Chinese and an English paraphrase and the subject they speak of. A paraphrase with the sentence that
holds the quote is right; with a sentence like it in words or in meaning, with one beside it, or with the subject of
another row in place of its own, it is wrong. Only ``tune`` is used.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from rag.answers import Citation
from rag.checking.agreement import disagreements
from rag.checking.support import SUPPORT_THRESHOLD, support
from rag.loading import load
from rag.settings import SEEDS
from rag.text.documents import Document
from rag.text.structure import Sentence, sentences_of
from rag.text.terms import fold, terms_of

PARAPHRASES = Path(__file__).with_name("support.jsonl")
KINDS = ("right", "verbatim", "like in words", "like in meaning", "beside it", "other subject")
RIGHT = frozenset(KINDS[:2])
LIKEST = 2
BESIDE = 2
SAME = 0.55
OTHER_ROWS = (5, 13)
SHORTEST = 8

Embed = Callable[[list[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim with the sentence it is said to rest on.

    Attributes:
        kind: one of :data:`KINDS`; the first two are right, the others wrong.
        language: ``zh`` or ``en``.
        claim: the claim.
        citation: the sentence.
    """

    kind: str
    language: str
    claim: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Rates:
    """What a threshold refuses of the pairs of one kind: by support alone, and with the facts that disagree."""

    pairs: int
    refused: float
    refused_with_facts: float


def pairs(embed: Embed) -> list[Pair]:
    """All labelled pairs.

    Args:
        embed: gives unit vectors of texts, shape (number of texts, dimension).
    """
    return list(_Pairing(embed).pairs())


def rates(labelled: Sequence[Pair], embed: Embed, threshold: float = SUPPORT_THRESHOLD) -> dict[tuple[str, str], Rates]:
    """By language and kind, the shares of pairs that a threshold refuses."""
    found: dict[tuple[str, str], Rates] = {}
    for language in ("zh", "en"):
        for kind in KINDS:
            chosen = [pair for pair in labelled if (pair.kind, pair.language) == (kind, language)]
            if not chosen:
                continue
            unlike = [support(pair.claim, (pair.citation,), embed) < threshold for pair in chosen]
            wrong = [bool(disagreements(pair.claim, (pair.citation,)).missing) for pair in chosen]
            either = [one or other for one, other in zip(unlike, wrong, strict=True)]
            found[language, kind] = Rates(len(chosen), float(np.mean(unlike)), float(np.mean(either)))
    return found


class _Pairing:
    def __init__(self, embed: Embed) -> None:
        self.embed = embed
        self.sentences = [found for found in _sentences() if len(found[1].text) >= SHORTEST]
        self.terms = [set(terms_of(sentence.text).tolist()) for _, sentence in self.sentences]
        self.vectors = embed([sentence.text for _, sentence in self.sentences])
        self.rows = [json.loads(line) for line in PARAPHRASES.read_text(encoding="utf-8").splitlines() if line]

    def pairs(self) -> Iterator[Pair]:
        for number, row in enumerate(self.rows):
            holders = [
                place
                for place, (_, found) in enumerate(self.sentences)
                if _letters(row["quote"]) in _letters(found.text)
            ]
            yield self._pair("verbatim", "zh", row["quote"], holders[0])
            for language in ("zh", "en"):
                yield self._pair("right", language, row[language], holders[0])
                yield from self._wrong_spans(language, row[language], holders)
                yield from self._wrong_subjects(language, number, holders[0])

    def _wrong_spans(self, language: str, claim: str, holders: list[int]) -> Iterator[Pair]:
        gold = holders[0]
        others = [
            place
            for place, terms in enumerate(self.terms)
            if place not in holders and len(terms & self.terms[gold]) <= SAME * min(len(terms), len(self.terms[gold]))
        ]
        wanted = set(terms_of(claim).tolist())
        cosines = self.vectors @ self.embed([claim])[0]
        if language == "zh":
            for place in sorted(others, key=lambda other: -len(self.terms[other] & wanted))[:LIKEST]:
                yield self._pair("like in words", language, claim, place)
        for place in sorted(others, key=lambda other: -float(cosines[other]))[:LIKEST]:
            yield self._pair("like in meaning", language, claim, place)
        for place in others:
            if abs(place - gold) <= BESIDE and self.sentences[place][0] is self.sentences[gold][0]:
                yield self._pair("beside it", language, claim, place)

    def _wrong_subjects(self, language: str, number: int, gold: int) -> Iterator[Pair]:
        side = ("zh", "en").index(language)
        own = self.rows[number]["subject"][side]
        for step in OTHER_ROWS:
            other = self.rows[(number + step) % len(self.rows)]["subject"][side]
            claim = re.sub(re.escape(own), other, self.rows[number][language], flags=re.IGNORECASE)
            if other != own:
                yield self._pair("other subject", language, claim, gold)

    def _pair(self, kind: str, language: str, claim: str, place: int) -> Pair:
        document, sentence = self.sentences[place]
        quote = document.text[sentence.start : sentence.end]
        return Pair(kind, language, claim, Citation(document, sentence.start, sentence.end, quote))


@cache
def _sentences() -> list[tuple[Document, Sentence]]:
    documents = [load(file) for file in sorted(SEEDS.glob("*.txt"))]
    return [
        (document, sentence)
        for document in documents
        for sentence in sentences_of(document.text, document.speakers)
        if sentence.kind == "statement"
    ]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, fold(text)))


def main() -> None:
    """Prints the table: what thresholds around the present one refuse."""
    import embeddings

    embedder = embeddings.load()
    known: dict[str, NDArray[np.float32]] = {}

    def embed(texts: list[str]) -> NDArray[np.float32]:
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known.update(zip(missing, embedder.documents(missing), strict=True))
        return np.stack([known[text] for text in texts])

    labelled = pairs(embed)
    typer.echo("| language | pairs | n | " + " | ".join(f"refused at {step:.2f}" for step in _steps()) + " |")
    typer.echo("|---|---|---:|" + "---:|" * len(_steps()))
    found = [rates(labelled, embed, step) for step in _steps()]
    for language, kind in found[0]:
        shares = [
            f"{each[language, kind].refused:.2f} / {each[language, kind].refused_with_facts:.2f}" for each in found
        ]
        typer.echo(f"| {language} | {kind} | {found[0][language, kind].pairs} | " + " | ".join(shares) + " |")


def _steps() -> list[float]:
    return [SUPPORT_THRESHOLD + step for step in (-0.1, -0.05, 0.0, 0.05, 0.1)]


if __name__ == "__main__":
    main()
