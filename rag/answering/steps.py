"""Answering: the way of one question, step by step, from what it asks to a checked answer.

about the assistant or the collection? told from the catalogue; what documents say as a whole? the sentences that carry them
→ writing; else understood (a follow-up stands alone) → parts (two things asked are answered apart) → evidence of each →
silence, or writing; then claims, cited, verified, mended → the answer.
:class:`rag.assistant.Assistant` opens what this works with.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Literal

from rag.answering import telling
from rag.answering.catalogue import Catalogue
from rag.answering.claims import ClaimChecker, Repairer, Section, lay_out, lead_claim, says
from rag.answering.dated_answers import DatedAnswers
from rag.answering.deciding import Decider
from rag.answering.events import Event, EvidenceFound, Finished, Token
from rag.answering.fallback import Fallback
from rag.answering.finding import Finder, Part, Retrieve
from rag.answering.second_opinion import opinion_of
from rag.answering.series import series_in
from rag.answering.silence import THRESHOLDS
from rag.answering.summaries import Summaries
from rag.answering.writing import ChatModelWriter, ExtractiveWriter, Writer, listed
from rag.answers import CATALOGUE, Answer, Claim, Timings
from rag.checking.citations import without_marks
from rag.language_models import EXTRACTIVE, Choice
from rag.language_models.calls import Calls
from rag.messages import say_in
from rag.questions.follow_ups import History
from rag.questions.intents import ORDINARY, Intent, Recognise, Told
from rag.questions.kinds import asks_for_speaker
from rag.reading.choice import ReaderChoice
from rag.reading.evidence import Evidence, EvidenceSelector
from rag.records.provenance import Provenance
from rag.search.retrieval import Hit
from rag.settings import Caution
from rag.text.script import is_chinese
from rag.tracing.trace import Trace, claims_told, evidence_told

REWRITING_TOKENS = 80


@dataclass(frozen=True, slots=True)
class Answering:
    """What a question is answered with.

    Attributes:
        choice: what writes.
        selector: chooses evidence.
        retrieve: finds passages for a question; the filters of the question are in it.
        correct: puts a question's spelling right by what the documents know.
        dated: finds the dated values that answer a question; None without a reader.
        recognise: tells questions about the assistant and the collection of documents from others.
        catalogue: answers those.
        summaries: chooses what a summary is made of.
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
    retrieve: Retrieve
    dated: DatedAnswers | None
    recognise: Recognise
    catalogue: Catalogue
    summaries: Summaries
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

        For a summary a ``SectionRead`` comes first for each section that is read.

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
        request = self.summaries.asked_before(question, history)
        intent = self._intent(request or question)
        if intent == "summary" or intent == "brief":
            yield from self._summarised(question, request, intent, history, language, began)
            return
        if intent:
            yield from self._told(question, intent, language, began)
            return
        # What was said of the assistant and the collection is nothing to lean on.
        history = [turn for turn in history if self.recognise(turn[0]) is None]
        understood, parts = self._finder().find(question, history)
        if not parts:
            yield from self._told(question, "thanks", language, began)
            return
        hits, evidence = _together(parts)
        found_after = time.perf_counter() - began
        yield EvidenceFound(hits, evidence, found_after, understood)

        decider = Decider(self.selector, self.reader, self._least, self.calls, self.choice.name, self.trace)
        parts = [decider.decided(part) for part in parts]
        writer, fallback = self._writer(), Fallback(self.choice, self.calls, self.falls_back)
        sections: list[Section] = []
        notes: list[str] = []
        first_token: float | None = None
        for part in parts if any(map(self._is_answered, parts)) else []:
            if not self._is_answered(part):
                sections.append(telling.not_found(part, language))
                yield Token(f"{sections[-1].label}\n")
                continue
            notes.append(telling.elsewhere(part, language))
            if told := telling.told(part, language, self.selector):
                sections += told
                yield from (Token(f"{section.label}{section.text}\n") for section in told)
                continue
            for number, piece in enumerate(fallback.pieces(part, self._pieces(part, writer))):
                first_token = first_token or time.perf_counter() - began
                yield Token("\n" + piece if sections and not number else piece)
            text = without_marks(fallback.text)
            if lead := telling.lead(part, text):
                sections.append(
                    Section(lead.text, part.evidence[:1], question=part.question, claims=(lead_claim(lead),))
                )
            sections.append(Section(text, part.evidence, question=part.question, sure=telling.sure_answer(part)))
            if self._quotes_list(part, writer):
                notes.append(telling.miscounted(part, language, self.selector))
        text, claims, withheld = self._checked(sections, writer)
        fallback.check()
        abstained = not claims
        if abstained:
            text, claims = self._all_near(parts, language)
        yield self._finished(
            Answer(
                question,
                text,
                abstained,
                claims,
                hits,
                fallback.name,
                Timings(found_after, first_token, time.perf_counter() - began),
                self._notice(fallback, language, notes),
                dict(writer.usage),
                understood=understood,
                confidence=max(part.confidence for part in parts),
                withheld=withheld,
                series=tuple(filter(None, (series_in(part.points, claims) for part in parts))),
            )
        )

    def _summarised(
        self,
        question: str,
        request: str,
        intent: Literal["summary", "brief"],
        history: History,
        language: Literal["zh", "en"],
        began: float,
    ) -> Generator[Event, None, None]:
        """The events of a summary; a language model writes each of its sentences from one of the source.

        Args:
            request: what the question goes on with, where it but tells which document is meant; else empty.
        """
        with self.trace.step("summarise", question) as step:
            pointed = question if request else ""
            summary = yield from self.summaries.of(intent, request or question, history, language, pointed)
            evidence = tuple(each for stretch in summary.stretches for each in stretch.evidence)
            step.attributes |= {"sentences": len(evidence), "hits": len(summary.hits)}
            step.tell(chosen=lambda: evidence_told(evidence))
        if summary.said and not summary.is_missing:
            yield from self._said(question, summary.said, (), began)
            return
        found_after = time.perf_counter() - began
        yield EvidenceFound(summary.hits, evidence, found_after, question)
        writer, fallback = self._writer(), Fallback(self.choice, self.calls, self.falls_back)
        sections: list[Section] = []
        first_token: float | None = None
        asked = say_in(language, "one_sentence_of_this")
        for stretch in summary.stretches:
            yield Token(("\n" if sections else "") + stretch.label)
            section = Section(stretch.text, stretch.evidence, stretch.label, asked)
            if stretch.evidence:
                written = writer.write(asked, list(stretch.evidence)) if writer.writes_freely else iter([stretch.text])
                for piece in fallback.pieces(section, written):
                    first_token = first_token or time.perf_counter() - began
                    yield Token(piece)
                section = replace(section, text=without_marks(fallback.text))
            sections.append(section)
        text, claims, withheld = self._checked(sections, writer)
        fallback.check()
        yield self._finished(
            Answer(
                question,
                text or summary.said or telling.NOT_FOUND[language],
                not claims,
                claims,
                summary.hits,
                fallback.name,
                Timings(found_after, first_token, time.perf_counter() - began),
                self._notice(fallback, language),
                dict(writer.usage),
                understood=question,
                confidence=float(bool(claims)),
                withheld=withheld,
            )
        )

    def _finished(self, answer: Answer) -> Finished:
        """The last event: the answer with how it came about."""
        return Finished(replace(answer, provenance=self.provenance, trace=self.trace if self.trace.kept else None))

    def _intent(self, question: str) -> Intent | None:
        """What a question asks that no passage answers; None for an ordinary one, such as one about what no document is called."""
        with self.trace.step("recognise", question) as step:
            intent = self.recognise(question)
            if intent in ("summary", "brief") and self.summaries.is_of_others(question):
                intent = None
            step.attributes["intent"] = intent or ORDINARY
        return intent

    def _told(
        self, question: str, intent: Told, language: Literal["zh", "en"], began: float
    ) -> Generator[Event, None, None]:
        """The events of what the program says itself: about itself, the documents it holds, or to what asks nothing."""
        with self.trace.step("catalogue", question) as step:
            text, hits = self.catalogue.answer(intent, question, language)
            step.attributes["hits"] = len(hits)
            step.details["output"] = text
        yield from self._said(question, text, hits, began)

    def _said(self, question: str, text: str, hits: tuple[Hit, ...], began: float) -> Generator[Event, None, None]:
        """The events of a statement of the program's own."""
        found_after = time.perf_counter() - began
        yield EvidenceFound(hits, (), found_after, question)
        yield Token(text)
        yield Finished(
            Answer(
                question,
                text,
                abstained=False,
                claims=(),
                hits=hits,
                language_model=CATALOGUE,
                timings=Timings(found_after, found_after, time.perf_counter() - began),
                understood=question,
                confidence=1.0,
                provenance=self.provenance and self.provenance.written_by(CATALOGUE),
                trace=self.trace if self.trace.kept else None,
            )
        )

    def _notice(self, fallback: Fallback, language: Literal["zh", "en"], notes: Sequence[str] = ()) -> str:
        """The line for the user: why what was meant to read or to write did not, and what to know of the lists quoted."""
        told = [self.reader.notice[language == "en"] if self.reader.notice else "", fallback.notice(language), *notes]
        return (" " if language == "en" else "").join(filter(None, told))

    @property
    def _least(self) -> float:
        """The confidence from which on a question is answered."""
        return THRESHOLDS[self.caution]

    def _is_answered(self, part: Part) -> bool:
        return part.is_answered(self._least)

    def _finder(self) -> Finder:
        return Finder(
            self.selector,
            self.retrieve,
            self.correct,
            self.dated,
            self.reader,
            self._least,
            self.speaker,
            self._complete if self.calls else None,
            self.trace,
        )

    def _complete(self, prompt: str) -> str:
        assert self.calls is not None
        with self.trace.step("rewrite") as step:
            written = self.calls.complete(prompt, max_tokens=REWRITING_TOKENS)
            step.attributes["model"] = self.choice.name
            step.details |= {"prompt": [{"role": "human", "text": prompt}], "output": written}
        return written

    # -- writing ------------------------------------------------------------------------------------------------------

    def _writer(self) -> Writer:
        return ChatModelWriter(self.calls, self.choice.name, self.trace) if self.calls else ExtractiveWriter()

    def _pieces(self, part: Part, writer: Writer) -> Iterator[str]:
        """The text of a part in pieces.

        An article that was asked for is given whole. Who said something is told from the turns, and a list that the documents
        number or a comparison is quoted whole, whatever writes the rest: a small model leaves items out, and takes one figure
        for the other.
        """
        evidence = list(part.evidence)
        if part.is_whole:
            return iter(["\n".join(each.sentence.text for each in evidence)])
        is_quoted = part.is_quoted or asks_for_speaker(part.question) or self._quotes_list(part, writer)
        if writer.writes_freely and not is_quoted:
            return writer.write(part.question, evidence)
        with self.trace.step("write", part.question) as step:
            # Whom a sentence names is not who says it.
            pieces = list(ExtractiveWriter(names_speakers=not telling.is_named(part)).write(part.question, evidence))
            step.details["output"] = "".join(pieces)
            step.attributes |= {"model": EXTRACTIVE, "characters": len(step.details["output"])}
        return iter(pieces)

    def _quotes_list(self, part: Part, writer: Writer) -> bool:
        """Whether a list is quoted as the documents number it."""
        may_be_written = writer.writes_freely and not is_chinese(part.question)
        return not (part.is_whole or may_be_written) and bool(listed(part.question, list(part.evidence)))

    # -- checking -----------------------------------------------------------------------------------------------------

    def _checked(self, sections: list[Section], writer: Writer) -> tuple[str, tuple[Claim, ...], tuple[Claim, ...]]:
        """The text of an answer, its claims, and those that a strict answer withholds."""
        checker = ClaimChecker(self.selector, self.reader.for_claims, opinion_of(self.calls))
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
        if section.claims:
            return section, list(section.claims)
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

    def _all_near(self, parts: list[Part], language: Literal["zh", "en"]) -> tuple[str, tuple[Claim, ...]]:
        """What an abstention says: what comes nearest, labelled as that and cited, or that nothing was found."""
        checker = ClaimChecker(self.selector, self.reader.for_claims, opinion_of(self.calls))
        sections = []
        for part in parts:
            if part.nearest:
                section = telling.near(part, part.nearest, language)
                sections.append((section, checker.check(section.text, section.evidence)))
        text, claims = lay_out(sections)
        return text or telling.NOT_FOUND[language], claims


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


def _together(parts: list[Part]) -> tuple[tuple[Hit, ...], tuple[Evidence, ...]]:
    """Hits and evidence of all parts, each once, those of the first part first."""
    hits = {(hit.document.id, hit.start): hit for part in parts for hit in part.hits}
    evidence = {(each.document.id, each.sentence.start): each for part in parts for each in part.evidence}
    return tuple(hits.values()), tuple(evidence.values())
