"""Documents written for training (``training/written/``): notices, judgments, leaflets and other kinds no public set has.

A line of a file is one document as JSON: ``title``, ``text``, ``questions`` (``q``; ``a``: the answer as it stands in the
text, or null; ``in``: where it stands there several times, the sentence it is in; ``lacks``: where it has none, the words of
the question that the text does not bear out; ``near``: words of the text that would answer if it spoke of them) and ``claims`` (``c``; ``wrong``: the words that the text does not bear out, or
null). Most tell parallel facts that differ by one word, and ask about both.
"""

import json
import lzma
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from rag.reading.matching import Span
from training import table_documents
from training.pairs import Pair
from training.question_pairs import under_heading
from training.sources import Question, Window, sentences, window_around, windows

FOLDER = Path(__file__).with_name("written")
KEPT_KINDS = ("echoes_hard", "offices", "proceedings", "records")
"""Kinds of which training sees no document: on a kind that it was trained on a reader is surer than on others."""
TITLED = 0.7
"""Share of the pairs whose passage stands under its title, where the question does not need it; else all do."""
SHORTEST, WHOLE = 240, 420
"""Characters of the shortest window, and of the longest text that is read whole."""
LONGEST_WITH_TABLES = 3000
ALIKE = 0.25
"""How much of two questions is the same from which on the second asks the first's sister, from 0 to 1."""
NAMED = 3
"""Characters that a question shares with the title, and not with the passage, from which on it needs the title."""


@dataclass(frozen=True, slots=True)
class Written:
    """A document that was written for training.

    Attributes:
        title, text: of the document.
        questions, claims: as the file has them.
        kind: the file it is from.
    """

    title: str
    text: str
    questions: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    kind: str


def documents(folder: Path = FOLDER) -> list[Written]:
    """All documents, file after file."""
    found = []
    for path in sorted(folder.glob("*.jsonl.xz")):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            found += [read(json.loads(line), path.name.split(".")[0]) for line in lines]
    return found


def read(line: dict[str, Any], kind: str) -> Written:
    """The document of a line of a file; one with tables as the product reads it.

    Raises:
        ValueError: what it asks of a table is not there.
    """
    if "markdown" not in line:
        return Written(**line, kind=kind)
    text = table_documents.text_of(line["markdown"])
    return Written(line["title"], text, list(table_documents.questions_of(line)), line["claims"], kind)


def faults(document: Written) -> Iterator[str]:
    """What is wrong with a document, for its author."""
    text = document.text
    if not document.title or not 60 <= len(text) <= (LONGEST_WITH_TABLES if "tables" in document.kind else 1500):
        yield f"text of {len(text)} characters"
    for asked in document.questions:
        question, answer = asked["q"], asked["a"]
        if answer is None:
            if not asked.get("lacks") or asked["lacks"] not in question:
                yield f"{question}: what it lacks is no part of the question: {asked.get('lacks')}"
            near, sentence = asked.get("near"), asked.get("in") or text
            if near is not None and (not near or near not in sentence or sentence not in text):
                yield f"{question}: what nearly answers does not stand in the text, or in `in`: {near}"
        elif not answer or answer not in text:
            yield f"{question}: the answer does not stand in the text: {answer}"
        elif text.count(answer) > 1 and not asked.get("in"):
            yield f"{question}: the answer stands in the text {text.count(answer)} times; give the sentence as `in`"
        elif asked.get("in") and (asked["in"] not in text or answer not in asked["in"]):
            yield f"{question}: `in` is not a sentence of the text that holds the answer"
    for claimed in document.claims:
        wrong = claimed["wrong"]
        if wrong is not None and (not wrong or wrong not in claimed["c"]):
            yield f"{claimed['c']}: `wrong` is no part of it: {wrong}"


def answered_questions(every: Iterable[Written]) -> list[Question]:
    """The questions that have answers, as those of the public sets, for all that is made of these."""
    return [
        Question(f"{document.kind}-{number}-{place}", document.title, document.text, asked["q"], answer)
        for number, document in enumerate(every)
        for place, asked in enumerate(document.questions)
        if (answer := answer_of(document.text, asked))
    ]


def answer_of(text: str, asked: dict[str, Any]) -> Span | None:
    """Where the answer of a question stands."""
    return None if asked["a"] is None else _place_of(text, asked["a"], asked)


def _place_of(text: str, words: str, asked: dict[str, Any]) -> Span:
    sentence = asked.get("in") or ""
    if asked.get("last"):  # a cell's text stands at the end of its sentence
        start = text.index(sentence) + sentence.rindex(words)
    else:
        start = text.index(words, text.index(sentence)) if sentence else text.index(words)
    return start, start + len(words)


def nearly_of(document: Written, asked: dict[str, Any]) -> Span | None:
    """What nearly answers a question that has no answer: as its author says, else the answer of the question most like it."""
    if near := asked.get("near"):
        return _place_of(document.text, near, asked)
    best, alike = None, ALIKE
    for other in document.questions:
        answer = answer_of(document.text, other)
        ratio = SequenceMatcher(None, asked["q"], other["q"], autojunk=False).ratio()
        if answer and ratio > alike:
            best, alike = answer, ratio
    return best


def question_pairs(every: Iterable[Written], chance: random.Random) -> Iterator[Pair]:
    """Each question with the text of its document, whole or in a window."""
    for document in every:
        for asked in document.questions:
            answer = answer_of(document.text, asked)
            nearly = None if answer else nearly_of(document, asked)
            window = _window(document.text, answer or nearly, chance, asked["q"])
            if answer:
                inside = window.inside(answer)
                relevant = tuple(span for span in sentences(window.text) if span[0] < inside[1] and inside[0] < span[1])
                pair = Pair(asked["q"], window.text, True, inside, relevant, (), made="written answered")
            else:
                place = asked["q"].index(asked["lacks"])
                lacks = ((place, place + len(asked["lacks"])),)
                near = window.inside(nearly) if nearly else None
                pair = Pair(asked["q"], window.text, True, unsupported=lacks, nearly=near, made="written unanswered")
            titled = needs_title(asked["q"], document.title, window.text) or chance.random() < TITLED
            yield under_heading(pair, document.title if titled else "", chance)


def claim_pairs(every: Iterable[Written], chance: random.Random) -> Iterator[Pair]:
    """Each claim with what of its document shares most with it."""
    for document in every:
        for claimed in document.claims:
            claim, wrong = claimed["c"], claimed["wrong"]
            found = windows(document.text, WHOLE) if len(document.text) > WHOLE else [Window(document.text, 0)]
            best = max(found, key=lambda window: _shared(claim, window.text))
            place = claim.index(wrong) if wrong else 0
            unsupported = ((place, place + len(wrong)),) if wrong else ()
            pair = Pair(
                claim, best.text, False, unsupported=unsupported, made=f"written {'wrong' if wrong else 'right'}"
            )
            titled = needs_title(claim, document.title, best.text) or chance.random() < TITLED
            yield under_heading(pair, document.title if titled else "", chance)


def needs_title(text: str, title: str, passage: str) -> bool:
    """Whether a question or claim names something that the title says and the passage does not."""
    match = SequenceMatcher(None, text, title, autojunk=False).find_longest_match()
    return match.size >= NAMED and text[match.a : match.a + match.size] not in passage


def _window(text: str, answer: Span | None, chance: random.Random, question: str) -> Window:
    if len(text) <= WHOLE and chance.random() < 0.45:
        return Window(text, 0)
    length = chance.randint(SHORTEST, WHOLE)
    if answer:
        return window_around(text, answer, length, chance.random())
    return max(windows(text, length), key=lambda window: _shared(question, window.text))


def _shared(text: str, passage: str) -> int:
    return sum(text[place : place + 2] in passage for place in range(len(text) - 1))
