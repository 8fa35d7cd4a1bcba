"""Finding: what a question asks, and for each thing asked the sentences that may answer it and how surely they do.

A follow-up is made to stand alone, two things asked are looked up apart. What the documents answer more surely as they
would spell it is looked up so, and a follow-up without an answer as it was typed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from rag.answering.computed_answers import ComputedAnswer, computed_answer
from rag.answering.dated_answers import DatedAnswers
from rag.answering.named_articles import named_article
from rag.answering.nearest import Nearest
from rag.answering.silence import confidence
from rag.answering.speakers import Misattribution, spoken_by_another
from rag.answering.timeline import Point
from rag.questions.computations import computation_of
from rag.questions.follow_ups import History, Understood, understand
from rag.questions.kinds import asks_for_list, asks_for_reason
from rag.questions.parts import parts_as_typed
from rag.questions.sides import sides_of
from rag.questions.words import ASKS
from rag.reading.choice import ReaderChoice
from rag.reading.evidence import Evidence, EvidenceSelector
from rag.search.retrieval import Hit
from rag.text.documents import Document
from rag.text.script import is_chinese
from rag.text.terms import terms_of_each
from rag.tracing.trace import Trace, evidence_told, hits_told

if TYPE_CHECKING:
    from rag.reading.findings import Findings, ShortAnswer

SURER = 0.15
"""How much surer the documents must be of a question as they spell it for its spelling to be changed."""


class Retrieve(Protocol):
    """Finds passages for a question; its other filters are in it."""

    def __call__(self, question: str, /, documents: Sequence[str] = ()) -> list[Hit]:
        """The passages, best first, of all documents or of those named by their ids."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things a question asks, as a question of its own, with what was found for it.

    Attributes:
        points: the dated values that answer it, newest first, where it asks for a figure that the documents give.
        misattribution: whose words it gives to somebody else.
        nearest: what comes nearest to it, where the documents do not answer it.
        is_quoted: whether the evidence is to be quoted though a language model could write.
        is_whole: whether all of the evidence is to be quoted: it is the article that was asked for.
        is_respelled: whether it is spelt otherwise than it was asked.
        confidence: how surely the documents answer it, from 0 to 1.
        findings: what the reader found; None where none read.
        computed: what it asks to be calculated, where that could be.
        instead_of: the title of the document that the question before was about, where another answers this one, which
            does not name that.
    """

    question: str
    hits: Sequence[Hit]
    evidence: Sequence[Evidence]
    points: Sequence[Point] = ()
    misattribution: Misattribution | None = None
    nearest: Nearest | None = None
    is_quoted: bool = False
    is_whole: bool = False
    is_respelled: bool = False
    confidence: float = 0.0
    findings: "Findings | None" = None
    computed: ComputedAnswer | None = None
    instead_of: str = ""

    @property
    def is_corrected(self) -> bool:
        """Whether it takes for granted what is not so: it mistakes who spoke, or asks why what no document says."""
        return self.misattribution is not None or (self.nearest is not None and asks_for_reason(self.question))

    @property
    def short_answer(self) -> "ShortAnswer | None":
        """The very words that answer; None where they would be but a piece of what is asked for."""
        wants_more = asks_for_list(self.question) or asks_for_reason(self.question)
        return None if wants_more or not self.findings or not is_chinese(self.question) else self.findings.answer

    @property
    def answer_of_best(self) -> "ShortAnswer | None":
        """The very words that answer, where they stand in the best sentence."""
        short = self.short_answer
        if short is None or not self.evidence:
            return None
        best = self.evidence[0]
        return short if short.stands_in(best.document, best.sentence) else None

    def is_answered(self, least: float) -> bool:
        """Whether it has an answer, where ``least`` is the confidence from which on one is given."""
        return self.confidence >= least or self.is_corrected


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds what answers a question.

    Attributes:
        selector: chooses evidence.
        retrieve: finds passages for a question, in all documents that are let through or in those named.
        correct: puts a question's spelling right by what the documents know.
        dated: finds the dated values that answer a question; None without a reader.
        reader: what reads passages and follow-ups, where it can.
        least: the confidence from which on a question is answered.
        speaker: only what this person says is evidence.
        complete: gives what a language model writes on from a prompt; None without one.
        trace: where every step is told.
    """

    selector: EvidenceSelector
    retrieve: Retrieve
    correct: Callable[[str], str]
    dated: DatedAnswers | None
    reader: ReaderChoice
    least: float
    speaker: str | None
    complete: Callable[[str], str] | None
    trace: Trace

    def find(self, question: str, history: History) -> tuple[str, list[Part]]:
        """The question as it is looked up, and what is found for each thing it asks; nothing where it asks nothing.

        Args:
            question: as typed.
            history: earlier questions with their answers, oldest first.
        """
        with self.trace.step("understand", question) as step:
            told = understand(question, history, self.reader.leans, self.complete)
            understood = told.question
            step.attributes |= {"history": len(history), "rewritten": told.rewritten, "talk": told.is_talk}
            step.details["understood"] = understood
        if told.is_talk:
            return understood, []
        parts = self._parts(understood)
        if is_chinese(understood) and (respelled := self.correct(understood)) != understood:
            others = self._parts(respelled)
            answers = any(map(self._is_answered, others)) and not any(map(self._is_answered, parts))
            if answers or _sureness(others) >= _sureness(parts) + SURER:
                understood, parts = respelled, [replace(part, is_respelled=True) for part in others]
        if told.after:
            return self._in_conversation(question, told, understood, parts)
        return understood, parts

    def _in_conversation(
        self, typed: str, told: Understood, understood: str, parts: list[Part]
    ) -> tuple[str, list[Part]]:
        """What is found for a question after another, where the document that answers that one answers it better.

        What is typed after another question may be short enough for any document to answer it: of one that stands alone
        the document that they speak of is heard first, and one that leans is looked up as typed in that alone.
        """
        if told.leans and any(map(self._is_answered, parts)):
            return understood, parts
        before = self._found(told.after)
        spoken_of = before.evidence[0].document if before.evidence else None
        among = replace(self, retrieve=partial(self.retrieve, documents=[spoken_of.id])) if spoken_of else self
        if not told.leans:
            if not spoken_of or any(each.evidence and each.evidence[0].document.id == spoken_of.id for each in parts):
                return understood, parts
            others = among._parts(understood)
            if any(map(self._is_answered, others)) and _sureness(others) >= _sureness(parts):
                return understood, others
            return understood, [
                replace(each, instead_of="" if _is_named(each, spoken_of) else spoken_of.title) for each in parts
            ]
        if ASKS.search(typed) and self._is_answered(part := among._found(typed)):
            return typed, [part]
        part = among._found(f"{told.after} {typed}")
        if self._is_answered(part) and not _says_again(part, before):
            return part.question, [part]
        return understood, parts

    def _parts(self, understood: str) -> list[Part]:
        """What is found for each thing asked."""
        return [
            part
            for alone, typed in parts_as_typed(understood, self.reader.leans)
            for part in self._answering(alone, typed)
        ]

    def _answering(self, alone: str, typed: str) -> list[Part]:
        """What is found for a part of a message; as it was typed where it has no answer standing alone."""
        found = self._sides(alone)
        if computed := self._computed(alone, found):
            return [computed]
        return found if typed == alone or any(map(self._is_answered, found)) else self._sides(typed)

    def _sides(self, question: str) -> list[Part]:
        """What is found for each of the things that a question coordinates; for it as it is where that is for none."""
        sides = [self._found(side) for side in sides_of(question)]
        return sides if len(sides) == 1 or any(map(self._is_answered, sides)) else [self._found(question)]

    def _computed(self, question: str, today: list[Part]) -> Part | None:
        """What a question asks to be calculated, with the passages of all that it takes; None where nothing is."""
        reader = self.reader.for_evidence
        asked = computation_of(question) if reader else None
        if reader is None or asked is None:
            return None
        looked_up: list[Part] = []

        def found(asked: str) -> Part:
            looked_up.append(self._found(asked))
            return looked_up[-1]

        with self.trace.step("compute", question) as step:
            language: Literal["zh", "en"] = "zh" if is_chinese(question) else "en"
            structure = self.selector.structure
            computed = computed_answer(asked, language, today, found, reader, structure, self.least)
            step.attributes["computed"] = computed is not None
            if computed is None:
                return None
            step.details["output"] = computed.text
        hits = {(hit.document.id, hit.start): hit for part in [*looked_up, *today] for hit in part.hits}
        return Part(question, list(hits.values()), computed.evidence, computed=computed, confidence=computed.confidence)

    def _found(self, question: str) -> Part:
        with self.trace.step("retrieve", question) as step:
            hits = self.retrieve(question)
            step.attributes["hits"] = len(hits)
            step.tell(found=lambda: hits_told(hits))
        article = named_article(question, hits, self.selector.structure)
        if article is not None:
            return Part(question, hits, article, is_whole=True, confidence=float(bool(article)))
        with self.trace.step("evidence", question) as step:
            evidence, sure, findings = self._chosen(question, hits)
            step.attributes["sentences"] = len(evidence)
            step.tell(chosen=lambda: evidence_told(evidence))
        theirs = spoken_by_another(question, evidence)
        points = self.dated.find(question, evidence, {hit.document.id for hit in hits}) if self.dated else ()
        return Part(question, hits, evidence, points, theirs, confidence=sure, findings=findings)

    def _chosen(self, question: str, hits: list[Hit]) -> "tuple[list[Evidence], float, Findings | None]":
        """The sentences that may answer, how surely they do, and what the reader found, where one read."""
        findings = None
        if reader := self.reader.for_evidence:
            from rag.reading.findings import find

            findings = find(reader, question, hits, self.selector.structure)
        evidence = self.selector.select(question, hits, self.speaker, findings)
        return evidence, confidence(question, evidence, findings), findings

    def _is_answered(self, part: Part) -> bool:
        return part.is_answered(self.least)


def _is_named(part: Part, spoken_of: Document) -> bool:
    """Whether a question has a word of the title of the document that answers it, or nothing answers it, or its copy does."""
    titles = [each.document.title for each in part.evidence[:1]]
    asked, *named = terms_of_each([part.question, *titles])
    return not named or spoken_of.title in titles or bool(asked & named[0])


def _says_again(part: Part, before: Part) -> bool:
    """Whether a part answers with the sentence that answered the one before it."""
    return bool(part.evidence and before.evidence) and part.evidence[0].sentence == before.evidence[0].sentence


def _sureness(parts: list[Part]) -> float:
    return max(part.confidence for part in parts)
