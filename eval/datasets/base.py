"""The contract of data sets: what a loader gives, and what it is put together with.

A loader is a function ``load(path: Path, name: str, **options) -> Dataset``, one file per format. It opens nothing
but what ``path`` and its options name, and raises :class:`~rag.errors.UsageError` for what it cannot read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eval.questions import Gold, Question, Span
from rag.errors import interface_language
from rag.text.documents import Document

KINDS = {
    "span": "the answer stands in one passage",
    "unanswerable": "the passage, or the documents, do not answer it",
    "noise": "RGB: positive and noise passages together",
    "rejection": "RGB: noise passages only; the answer must be refused",
    "integration": "RGB: the answer is put together from several passages",
    "counterfactual": "RGB: the passages state something false",
    "one-document": "CRUD-RAG: answered from one report",
    "two-documents": "CRUD-RAG: answered from two reports",
    "three-documents": "CRUD-RAG: answered from three reports",
    "retrieval": "documents to be found; there is no answer to write",
    "own": "a user's own question",
    "single": "genres, formats: one fact",
    "list": "genres, formats: several items, or one of a list",
    "label": "genres, formats: the value on a line after its label",
    "table": "genres, formats: a cell of a table",
    "computed": "genres: put together from figures",
    "article": "genres, formats: an article by its number",
    "reason": "genres, formats: why",
    "date": "genres, formats: when",
    "speaker": "genres, formats: who said it",
    "yesno": "genres: whether it is so",
    "colloquial": "genres: in everyday words or misspelt",
    "traditional": "genres: in traditional characters",
    "english": "genres: an English question",
    "note": "formats: told by a footnote, or by a note below a table",
    "issuer": "formats: who issued it, or its number",
    "sister": "genres, formats: not told; what is told differs in a word",
    "outside": "genres, formats: not told",
}
"""Kinds of the questions of data sets, beside those of our own set (:data:`eval.questions.KINDS`)."""

SPLIT = "test"
"""Nothing is tuned on a public data set."""

TITLE_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a data set that its user must know, and how often it occurred."""

    zh: str
    en: str
    count: int

    def __str__(self) -> str:
        text = self.zh if interface_language() == "zh" else self.en
        return f"{text} ({self.count})"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set in one common shape.

    Attributes:
        name: what it was loaded as.
        documents: the corpus. ``Document.path`` is the name that spans and ``relevance`` use.
        questions: in our own form. ``gold`` holds exact spans only; where a data set names whole documents instead,
            or the words stand nowhere, it is empty and ``relevance`` says what is known.
        passages: question id → documents that the data set shows with the question, in order, for protocols that
            replace retrieval (reading comprehension, RGB).
        relevance: question id → document name → grade, as far as the data set judges whole documents.
        protocol: the settings the questions were made by; the same settings and file give the same data set.
        notes: what was counted while reading.
    """

    name: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...] = ()
    passages: Mapping[str, tuple[Document, ...]] = field(default_factory=dict)
    relevance: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    protocol: Mapping[str, str | int | float] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


class Collection:
    """Gathers documents, questions and notes while a file is read; :meth:`dataset` closes it."""

    def __init__(self, name: str, protocol: Mapping[str, str | int | float] | None = None) -> None:
        self._name = name
        self._protocol = protocol or {}
        self._documents: dict[str, Document] = {}
        self._questions: dict[str, Question] = {}
        self._passages: dict[str, tuple[Document, ...]] = {}
        self._relevance: dict[str, Mapping[str, int]] = {}
        self._notes: dict[tuple[str, str], int] = {}

    def passage(self, text: str, title: str = "") -> Document:
        """A text as a document that is named by its content, so that a passage given twice is one document."""
        name = hashlib.sha256(text.encode()).hexdigest()[:16] + ".txt"
        if name not in self._documents:
            self.add(Document(text=text, path=name, title=title or title_of(text)))
        return self._documents[name]

    def add(self, document: Document) -> None:
        """Takes in a document of a name of its own; :meth:`holds` tells whether the name is taken."""
        self._documents[document.path] = document

    def holds(self, name: str) -> bool:
        """Whether a document of this name is there."""
        return name in self._documents

    def ask(
        self,
        identifier: str,
        kind: str,
        question: str,
        facts: Sequence[Sequence[str]] = (),
        gold: Sequence[Gold] = (),
        *,
        answerable: bool = True,
        passages: Sequence[Document] = (),
        relevance: Mapping[str, int] | None = None,
        note: str = "",
        split: str = SPLIT,
    ) -> None:
        """Takes in a question. One whose id is taken gets a number behind it, and is counted."""
        unique = identifier
        if unique in self._questions:
            self.note("编号重复的题，已加序号", "questions whose id repeats, numbered")
            number = 2
            while unique in self._questions:
                unique = f"{identifier}-{number}"
                number += 1
        self._questions[unique] = Question(
            id=unique,
            kind=kind,
            split=split,
            question=question,
            history=(),
            answerable=answerable,
            facts=tuple(map(tuple, facts)),
            gold=tuple(gold),
            note=note,
        )
        if passages:
            self._passages[unique] = tuple(passages)
        if relevance:
            self._relevance[unique] = dict(relevance)

    def note(self, zh: str, en: str, count: int = 1) -> None:
        """Counts something that the data set's user must know."""
        self._notes[zh, en] = self._notes.get((zh, en), 0) + count

    def dataset(self) -> Dataset:
        """What was gathered."""
        return Dataset(
            name=self._name,
            documents=tuple(self._documents.values()),
            questions=tuple(self._questions.values()),
            passages=self._passages,
            relevance=self._relevance,
            protocol=dict(self._protocol),
            notes=tuple(Note(zh, en, count) for (zh, en), count in self._notes.items()),
        )


def title_of(text: str) -> str:
    """The beginning of a text that has no title."""
    return text.strip()[:TITLE_CHARACTERS].split("\n")[0].strip()


def file_name(identifier: str) -> str:
    """The document name of an identifier: one that no path separator breaks, and unlike any other identifier's."""
    safe = "".join(f"%{ord(character):02X}" if character in "%/\\:" else character for character in identifier)
    return f"{safe}.txt"


def nearest(text: str, words: str, start: int) -> int | None:
    """Where ``words`` stand in ``text``: at ``start``, else at the place nearest to it; None where they do not."""
    start = max(0, start)
    after = text.find(words, start)
    before = text.rfind(words, 0, start + len(words))
    found = [place for place in (before, after) if place >= 0]
    return min(found, key=lambda place: abs(place - start), default=None)


def places(text: str, words: str) -> list[int]:
    """Every place where ``words`` stand in ``text``, also overlapping ones."""
    found = []
    at = text.find(words)
    while at >= 0:
        found.append(at)
        at = text.find(words, at + 1)
    return found


def gold_of(spans: Sequence[Span], documents: Mapping[str, str]) -> Gold:
    """One thing to rest on that any of the spans serves; ``documents`` gives the texts by name."""
    first = spans[0]
    return Gold(first.document, documents[first.document][first.start : first.end], tuple(dict.fromkeys(spans)))
