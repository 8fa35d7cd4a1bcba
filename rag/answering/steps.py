"""Answering: the way of one question, step by step, from what it asks to a checked answer.

understood (a follow-up stands alone) → parts (two things asked are answered apart) → evidence of each → silence, or
writing → claims, cited, verified, mended → the answer. :class:`rag.assistant.Assistant` opens what this works with.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from rag.answering.answerability import margin, tells_margins
from rag.answering.claims import ClaimChecker, Repairer, Section, lay_out, lead_claim, says
from rag.answering.fallback import Fallback
from rag.answering.premises import Correction, correction_of, takes_for_granted
from rag.answering.silence import (
    THRESHOLDS,
    beside_model,
    confidence,
    is_in_everyday_words,
    label,
    lacking,
    near_miss,
    signals_of,
)
from rag.answering.timeline import Point, origin, written
from rag.answering.writing import ChatModelWriter, ExtractiveWriter, Writer, listed
from rag.answers import Answer, Claim, Timings
from rag.checking.citations import claims_in, without_marks
from rag.language_models import EXTRACTIVE, Choice
from rag.language_models.calls import Calls
from rag.questions.comparisons import compares, sides_of
from rag.questions.follow_ups import History, understand
from rag.questions.kinds import asks_for_comparison, asks_for_list, asks_for_reason, asks_for_speaker
from rag.questions.parts import parts_of
from rag.reading.choice import ReaderChoice
from rag.reading.evidence import Evidence, EvidenceSelector
from rag.records.provenance import Provenance
from rag.search.retrieval import Hit
from rag.settings import Caution
from rag.text.script import is_chinese
from rag.tracing.trace import Trace, claims_told, evidence_told, hits_told

if TYPE_CHECKING:
    from rag.reading.findings import Findings, ShortAnswer

NOT_FOUND = {
    "zh": "资料中没有找到能回答这个问题的内容。",
    "en": "The documents hold nothing that answers this question.",
}
NOTHING_ASKED = {
    "zh": "好的。关于这些资料还想知道什么，可以接着问。",
    "en": "All right. If there is more you want to know of these documents, go on asking.",
}
_PART_NOT_FOUND = {
    "zh": "资料中没有找到能回答“{question}”的内容。",
    "en": "The documents hold nothing that answers “{question}”.",
}
_CORRECTION = {
    "zh": "资料的说法与问题不同：",
    "en": "The documents say otherwise: ",
}
_NOT_SAID = {
    "zh": "资料没有提到这种情况；与此有关的说法是：",
    "en": "The documents do not mention this; what they do say about it is: ",
}
_SPOKEN_BY_ANOTHER = {
    "zh": "资料中这不是{named}说的，是{speaker}说的：",
    "en": "In the documents it is not {named} who says this but {speaker}: ",
}
REWRITING_TOKENS = 80
SURER = 0.15
"""How much surer the documents must be of a question as they spell it for its spelling to be changed."""
DOUBT = 0.15
"""The confidence from which on a language model's doubt does not silence what the words answer: it is quoted then."""
UNSURE, SURE = 0.05, 0.98
"""Confidences between which a language model is asked whether it can answer."""
SURE_ANSWER = 0.9
"""The confidence from which on a language model's text must say the words that the reader found, or the sources are quoted."""
SURE_LEAD = 2.0
"""The margin from which on the words that answer stand before their sentence."""
LONGEST_LEAD, LEAD_SHARE = 40, 0.6
"""Characters of such words, and their share of the sentence, at most."""


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """First event of a stream: the passages retrieved and the sentences chosen from them.

    Attributes:
        hits, evidence: the passages and the sentences, best first.
        seconds: from the question on.
        question: what was searched for: the question as understood, which stands alone.
    """

    hits: tuple[Hit, ...]
    evidence: tuple[Evidence, ...]
    seconds: float
    question: str


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer as it is written; not yet verified."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Last event of a stream: the answer with its claims, citations and checks.

    Its text is what counts: a claim that failed a check may have been replaced since it was written.
    """

    answer: Answer


Event = EvidenceFound | Token | Finished


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things a question asks, as a question of its own, with what was found for it.

    Attributes:
        points: the dated values that answer it, newest first, where it asks for a figure that the documents give.
        correction: what corrects what it takes for granted, where something does.
        is_quoted: whether the evidence is to be quoted though a language model could write.
        is_respelled: whether it is spelt otherwise than it was asked.
        confidence: how surely the documents answer it, from 0 to 1.
        findings: what the reader found; None where none read.
    """

    question: str
    hits: Sequence[Hit]
    evidence: Sequence[Evidence]
    points: Sequence[Point] = ()
    correction: Correction | None = None
    is_quoted: bool = False
    is_respelled: bool = False
    confidence: float = 0.0
    findings: "Findings | None" = None


@dataclass(frozen=True, slots=True)
class Answering:
    """What a question is answered with.

    Attributes:
        choice: what writes.
        selector: chooses evidence.
        retrieve: finds passages for a question; the filters of the question are in it.
        correct: puts a question's spelling right by what the documents know.
        points: finds the dated values that answer a question, from the passages found for it on.
        speaker: only what this person says is evidence.
        strict: claims that fail are left out, not marked.
        caution: how sure the documents must be of an answer.
        provenance: how the answer comes about, for its record.
        trace: where every step is told.
        calls: what is asked of the language model; None without one.
        falls_back: whether the evidence is quoted where the language model fails; else its failure is raised.
        reader: what reads passages and, where it can, compares claims.
    """

    choice: Choice
    selector: EvidenceSelector
    retrieve: Callable[[str], list[Hit]]
    points: Callable[[str, Sequence[Hit]], Sequence[Point]]
    correct: Callable[[str], str]
    speaker: str | None = None
    strict: bool = False
    caution: Caution = "balanced"
    provenance: Provenance | None = None
    trace: Trace = field(default_factory=Trace)
    calls: Calls | None = None
    falls_back: bool = True
    reader: ReaderChoice = field(default_factory=ReaderChoice)

    def stream(self, question: str, history: History) -> Generator[Event, None, None]:
        """Answers a question: ``EvidenceFound``, then ``Token`` after ``Token``, then ``Finished``.

        Raises:
            LanguageModelError: the language model cannot be loaded or fails, and nothing may stand in for it.
            StoppedError: whoever asked has left.
        """
        with self.trace.step("ask", question) as step, closing(self._answered(question, history)) as events:
            step.attributes |= {"model": self.choice.name, "history": len(history)}
            event = next(events)
            while not isinstance(event, Finished):
                yield event
                event = next(events)
            answer = event.answer
            step.attributes |= {
                "abstained": answer.abstained,
                "supported": answer.supported,
                "claims": len(answer.claims),
                "citations": len(answer.citations),
                "withheld": len(answer.withheld),
                "confidence": round(answer.confidence, 4),
            }
        yield event

    def _answered(self, question: str, history: History) -> Generator[Event, None, None]:
        """The events of an answer, step by step."""
        began = time.perf_counter()
        language: Literal["zh", "en"] = "zh" if is_chinese(question) else "en"
        understood, parts = self._understood(question, history)
        hits, evidence = _together(parts)
        found_after = time.perf_counter() - began
        yield EvidenceFound(hits, evidence, found_after, understood)
        if not parts:
            yield Token(NOTHING_ASKED[language])
            yield Finished(
                self._nothing_asked(question, language, Timings(found_after, None, time.perf_counter() - began))
            )
            return

        parts = [self._decided(part) for part in parts]
        writer, fallback = self._writer(), Fallback(self.choice, self.calls, self.falls_back)
        sections: list[Section] = []
        first_token: float | None = None
        for part in parts if any(map(self._is_answered, parts)) else []:
            if not self._is_answered(part):
                sections.append(Section("", (), _PART_NOT_FOUND[language].format(question=part.question)))
                continue
            if told := self._told(part, language):
                sections += told
                yield from (Token(f"{section.label}{section.text}\n") for section in told)
                continue
            for number, piece in enumerate(fallback.pieces(part, self._pieces(part, writer))):
                first_token = first_token or time.perf_counter() - began
                yield Token("\n" + piece if sections and not number else piece)
            text = without_marks(fallback.text)
            if lead := _lead(part, text):
                sections.append(Section(lead.text, part.evidence[:1], question=part.question, lead=lead))
            sections.append(Section(text, part.evidence, question=part.question, sure=_sure_answer(part)))
        text, claims, withheld = self._checked(sections, writer)
        fallback.check()
        abstained = not claims
        if abstained:
            text, claims = self._nearest(parts, language)
        yield Finished(
            Answer(
                question,
                text,
                abstained,
                claims,
                hits,
                fallback.name,
                Timings(found_after, first_token, time.perf_counter() - began),
                self._notice(fallback, language),
                dict(writer.usage),
                understood=understood,
                confidence=max(part.confidence for part in parts),
                withheld=withheld,
                provenance=self.provenance,
                trace=self.trace if self.trace.kept else None,
            )
        )

    def _told(self, part: Part, language: Literal["zh", "en"]) -> list[Section]:
        """The dated values of a part and what corrects it, which no language model writes."""
        told = []
        for point in part.points:
            before = origin(point, language)
            text = point.text if before else written([point], language)
            told.append(Section(text, [self._sentence(point)], before, part.question))
        return [*told, _corrected(part, part.correction, language)] if part.correction else told

    def _nothing_asked(self, question: str, language: Literal["zh", "en"], timings: Timings) -> Answer:
        """The answer to what asks nothing, such as thanks."""
        return Answer(
            question,
            NOTHING_ASKED[language],
            abstained=True,
            claims=(),
            hits=(),
            language_model=self.choice.name,
            timings=timings,
            understood=question,
            provenance=self.provenance,
            trace=self.trace if self.trace.kept else None,
        )

    def _notice(self, fallback: Fallback, language: Literal["zh", "en"]) -> str:
        """The line for the user: why what was meant to read or to write did not."""
        told = [self.reader.notice[language == "en"] if self.reader.notice else "", fallback.notice(language)]
        return (" " if language == "en" else "").join(filter(None, told))

    # -- finding ------------------------------------------------------------------------------------------------------

    def _understood(self, question: str, history: History) -> tuple[str, list[Part]]:
        """The question as it is looked up, and what is found for each thing it asks; nothing where it asks nothing.

        What the documents answer more surely as they would spell it is taken so; a follow-up that has no answer as it was
        rewritten is looked up as it was typed, and behind the question before it.
        """
        with self.trace.step("understand", question) as step:
            told = understand(question, history, self.reader.leans, self._complete if self.calls else None)
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
        if told.before and not any(map(self._is_answered, parts)):
            # As typed first: behind the question before it, that may be what is answered once more.
            wordings = (question, f"{told.before} {question}")
            if found := next((part for part in map(self._found, wordings) if self._is_answered(part)), None):
                return found.question, [found]
        return understood, parts

    def _parts(self, understood: str) -> list[Part]:
        """What is found for each thing asked; of a comparison, for each side, if the documents have both."""
        parts = [self._found(question) for question in parts_of(understood, self.reader.leans)]
        if not (len(parts) > 1 and all(map(self._is_answered, parts))):
            sides = [self._found(question) for question in sides_of(understood)]
            if sides and all(map(self._is_answered, sides)):
                parts = sides
        # A small model takes one of two figures for the other.
        return [replace(part, is_quoted=True) for part in parts] if compares(understood) else parts

    def _found(self, question: str) -> Part:
        with self.trace.step("retrieve", question) as step:
            hits = self.retrieve(question)
            step.attributes["hits"] = len(hits)
            step.tell(found=lambda: hits_told(hits))
        with self.trace.step("evidence", question) as step:
            evidence, sure, findings = self._chosen(question, hits)
            step.attributes["sentences"] = len(evidence)
            step.tell(chosen=lambda: evidence_told(evidence))
        correction = correction_of(question, evidence, sure >= UNSURE, sure >= THRESHOLDS[self.caution])
        return Part(
            question, hits, evidence, self.points(question, hits), correction, confidence=sure, findings=findings
        )

    def _chosen(self, question: str, hits: list[Hit]) -> "tuple[list[Evidence], float, Findings | None]":
        """The sentences that may answer, how surely they do, and what the reader found, where one read."""
        findings = None
        if reader := self.reader.for_evidence:
            from rag.reading.findings import find

            findings = find(reader, question, hits, self.selector.structure)
        evidence = self.selector.select(question, hits, self.speaker, findings)
        return evidence, confidence(question, evidence, findings), findings

    # -- deciding -----------------------------------------------------------------------------------------------------

    def _decided(self, part: Part) -> Part:
        """A part as :meth:`_weighed`, with what was decided told."""
        with self.trace.step("decide", part.question) as step:
            weighed = self._weighed(part)
            step.attributes |= {
                "confidence": round(weighed.confidence, 4),
                "threshold": THRESHOLDS[self.caution],
                "answered": self._is_answered(weighed),
                "values": len(part.points),
                "corrected": part.correction is not None,
                "quoted": weighed.is_quoted,
            }
            step.tell(**_grounds(part))
        return weighed

    def _weighed(self, part: Part) -> Part:
        """A part with what the language model itself holds of its evidence added to the confidence.

        It is asked where the words leave the question open; on the prompt of the answer, which it reads but once.
        """
        settled = part.points or part.correction or asks_for_speaker(part.question)  # the prompt names no speakers
        is_open = UNSURE <= part.confidence <= SURE
        if is_open and self.reader.for_evidence is None:  # to rules, what is missing decides alone
            is_open = not signals_of(part.question, part.evidence).is_missing
        if settled or self.calls is None or not tells_margins(self.calls.chat_model) or not is_open:
            return part
        with self.trace.step("doubt", part.question) as step:
            own = margin(self.calls, part.question, part.evidence)
            step.attributes |= {"model": self.choice.name, **({} if own is None else {"margin": round(own, 4)})}
        if own is None:
            return part
        weighed = replace(part, confidence=beside_model(part.confidence, own))
        loose = takes_for_granted(part.question) or part.is_respelled or is_in_everyday_words(part.question)
        silenced = self._is_answered(part) and not self._is_answered(weighed)
        if silenced and (loose or weighed.confidence >= DOUBT):
            # A model denies what only the premise or the wording makes unanswerable, and is often in doubt; what the
            # documents say is the answer.
            return replace(part, is_quoted=True)
        return weighed

    def _is_answered(self, part: Part) -> bool:
        return part.confidence >= THRESHOLDS[self.caution] or part.correction is not None

    # -- writing ------------------------------------------------------------------------------------------------------

    def _writer(self) -> Writer:
        return ChatModelWriter(self.calls, self.choice.name, self.trace) if self.calls else ExtractiveWriter()

    def _pieces(self, part: Part, writer: Writer) -> Iterator[str]:
        """The text of a part in pieces.

        Who said something is told from the turns, and a list that the documents number or a comparison is quoted whole,
        whatever writes the rest: a small model leaves items out, and takes one figure for the other.
        """
        evidence = list(part.evidence)
        is_list = is_chinese(part.question) and listed(part.question, evidence)
        if writer.writes_freely and not (part.is_quoted or asks_for_speaker(part.question) or is_list):
            return writer.write(part.question, evidence)
        with self.trace.step("write", part.question) as step:
            # Whom a sentence names is not who says it.
            pieces = list(ExtractiveWriter(names_speakers=not _is_named(part)).write(part.question, evidence))
            step.details["output"] = "".join(pieces)
            step.attributes |= {"model": EXTRACTIVE, "characters": len(step.details["output"])}
        return iter(pieces)

    def _sentence(self, point: Point) -> Evidence:
        """The sentence that a dated value stands in."""
        cited = point.citation
        sentence = next(one for one in self.selector.structure(cited.document) if one.start == cited.start)
        return Evidence(cited.document, sentence, cited.reprints, 1.0, None, 1.0)

    def _complete(self, prompt: str) -> str:
        assert self.calls is not None
        with self.trace.step("rewrite") as step:
            written = self.calls.complete(prompt, max_tokens=REWRITING_TOKENS)
            step.attributes["model"] = self.choice.name
            step.details |= {"prompt": [{"role": "human", "text": prompt}], "output": written}
        return written

    # -- checking -----------------------------------------------------------------------------------------------------

    def _checked(self, sections: list[Section], writer: Writer) -> tuple[str, tuple[Claim, ...], tuple[Claim, ...]]:
        """The text of an answer, its claims, and those that a strict answer withholds."""
        checker = ClaimChecker(self.selector, self.reader.for_claims)
        repairer = Repairer(checker, writer)
        checked = [self._mended(section, checker, repairer, writer) for section in sections]
        checked = _each_once(checked)
        withheld: list[Claim] = []
        said = [claim for _, claims in checked for claim in claims if claim]
        if self.strict or not any(claim.checks.facts_agree for claim in said):
            # An answer none of whose claims has the facts of its sources is none.
            withheld = [claim for claim in said if not claim.supported]
            checked = [
                (section, [claim if claim and claim.supported else None for claim in claims])
                for section, claims in checked
            ]
        text, claims = lay_out(checked)
        return text, claims, tuple(withheld)

    def _mended(
        self, section: Section, checker: ClaimChecker, repairer: Repairer, writer: Writer
    ) -> tuple[Section, list[Claim | None]]:
        """A section with its claims checked and mended; where nothing of it holds, with the evidence quoted instead."""
        if section.lead:
            return section, [lead_claim(section.lead)]
        with self.trace.step("check", section.question) as step:
            checked = checker.check(section.text, section.evidence)
            claims = repairer.repair(section, checked)
            step.tell(verdicts=lambda: claims_told(checked, claims))
            replaced = sum(after is not before for before, after in zip(checked, claims, strict=True))
            supported = sum(claim.supported for claim in checked)
            step.attributes |= {"claims": len(checked), "supported": supported, "replaced": replaced}
        holds = any(claim is None or claim.supported for claim in claims)
        # Across languages a claim may be right that cannot be compared well; a quotation in another is no answer.
        says_otherwise = is_chinese(section.question) or not any(claim and claim.checks.facts_agree for claim in claims)
        beside = section.sure is not None and not says(section.text, section.sure)
        if not writer.writes_freely or not says_otherwise or (holds and not beside):
            return section, claims
        with self.trace.step("quote_instead", section.question) as step:  # nothing holds, or not what was asked for
            quoted = "".join(ExtractiveWriter().write(section.question, list(section.evidence)))
            step.details["output"] = quoted
        return replace(section, text=quoted), list(checker.check(quoted, section.evidence))

    def _nearest(self, parts: list[Part], language: Literal["zh", "en"]) -> tuple[str, tuple[Claim, ...]]:
        """What an abstention says: what comes nearest, labelled as that and cited, or that nothing was found."""
        checker = ClaimChecker(self.selector, self.reader.for_claims)
        sections = []
        for part in parts:
            if miss := near_miss(part.question, part.evidence):
                text = "\n".join(found.sentence.text for found in miss.evidence)
                sections.append(
                    (Section(text, miss.evidence, label(miss, language)), checker.check(text, miss.evidence))
                )
        text, claims = lay_out(sections)
        return text or NOT_FOUND[language], claims


def _grounds(part: Part) -> dict[str, Callable[[], Any]]:
    """What spoke for and against answering a part, for the trace."""
    return {
        "missing": lambda: [{"what": what, "kind": kind} for what, kind in lacking(part.question, part.evidence)],
        "signals": lambda: asdict(signals_of(part.question, part.evidence)) if part.evidence else {},
        "values_found": lambda: [point.text for point in part.points],
        "correction": lambda: part.correction.evidence.sentence.text if part.correction else "",
    }


def _short_answer(part: Part) -> "ShortAnswer | None":
    """The very words that answer; None where they would be but a piece of what is asked for."""
    wants_more = asks_for_list(part.question) or asks_for_reason(part.question) or asks_for_comparison(part.question)
    return None if wants_more or not part.findings or not is_chinese(part.question) else part.findings.answer


def _answer_of_best(part: Part) -> "ShortAnswer | None":
    """The very words that answer, where they stand in the best sentence."""
    short = _short_answer(part)
    if short is None or not part.evidence:
        return None
    best = part.evidence[0]
    return short if short.stands_in(best.document, best.sentence) else None


def _is_named(part: Part) -> bool:
    """Whether the best sentence itself surely holds the words that answer."""
    short = _answer_of_best(part)
    return short is not None and short.margin >= SURE_LEAD


def _sure_answer(part: Part) -> "ShortAnswer | None":
    """The very words that answer, where the sentence they stand in surely does."""
    return _answer_of_best(part) if part.confidence >= SURE_ANSWER else None


def _lead(part: Part, text: str) -> "ShortAnswer | None":
    """The very words that answer, to stand before the sentence that says them; None where they would not help.

    That is where they are not sure, or are nearly all of the sentence.
    """
    short = _short_answer(part)
    if short is None or short.margin < SURE_LEAD:
        return None
    is_short = 0 < len(short.text) <= min(LONGEST_LEAD, LEAD_SHARE * len(short.sentence.text))
    is_whole = claims_in(short.text) == [(0, len(short.text))]
    return short if is_short and is_whole and text.startswith(short.sentence.text) else None


def _sureness(parts: list[Part]) -> float:
    return max(part.confidence for part in parts)


def _each_once(
    checked: list[tuple[Section, list[Claim | None]]],
) -> list[tuple[Section, list[Claim | None]]]:
    """Sections without the claims that one before them makes: one sentence may answer two of the things asked."""
    said: set[str] = set()
    kept: list[tuple[Section, list[Claim | None]]] = []
    for section, claims in checked:
        kept.append((section, [None if claim and claim.text in said else claim for claim in claims]))
        said |= {claim.text for claim in claims if claim}
    return kept


def _corrected(part: Part, correction: Correction, language: Literal["zh", "en"]) -> Section:
    """What stands for an answer to a question that takes for granted what is not so."""
    found = correction.evidence
    if correction.speaker:
        words = _SPOKEN_BY_ANOTHER[language].format(named=correction.speaker, speaker=found.sentence.speaker)
        quoted = listed(part.question, [found, *part.evidence]) or [found]
        return Section("\n".join(each.sentence.text for each in quoted), quoted, words, part.question)
    words = (_CORRECTION if correction.contradicts else _NOT_SAID)[language]
    return Section(found.sentence.text, [found], words, part.question)


def _together(parts: list[Part]) -> tuple[tuple[Hit, ...], tuple[Evidence, ...]]:
    """Hits and evidence of all parts, each once, those of the first part first."""
    hits = {(hit.document.id, hit.start): hit for part in parts for hit in part.hits}
    evidence = {(each.document.id, each.sentence.start): each for part in parts for each in part.evidence}
    return tuple(hits.values()), tuple(evidence.values())
