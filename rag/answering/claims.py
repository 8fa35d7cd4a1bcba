"""Claims: the sentences of an answer, each with what it rests on, checked and, where a check fails, mended.

A claim that fails a check is written once more from the sentences it cites, and if that fails too, replaced by the
sentence itself. What fails even then is marked; a strict answer leaves it out. A mere
fragment (``52个``) does not say what it is of: the sentence takes its place too, and so it does where the reader is not sure
that it bears the claim out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answering.writing import Writer
from rag.answers import Checks, Citation, Claim
from rag.checking.agreement import disagreements
from rag.checking.citations import attribute, claims_in, without_marks
from rag.checking.support import are_of_one_language
from rag.checking.verification import Opinion, verify_all
from rag.errors import LanguageModelError
from rag.reading.evidence import Evidence, EvidenceSelector
from rag.text.documents import Document
from rag.text.figures import figures_in
from rag.text.structure import Sentence
from rag.text.terms import letters_of

if TYPE_CHECKING:
    from rag.reading.claim_reader import ClaimReader
    from rag.reading.findings import ShortAnswer

CONTEXT_DOCUMENTS = 3
REWRITTEN_CLAIMS = 2
FAR_SHARE = 0.8
"""Share of the best evidence's score below which a sentence is too far from it to answer from it alone."""
SURELY_BORNE_OUT = 0.75
"""How surely a claim that a language model wrote is to be borne out; else the sentence that it rests on is quoted. Of 200 claims
(``python -m eval.claims``) 14 of 100 right ones and 97 of 100 wrong ones are below, 5 and 87 are told to be wrong."""
FRAGMENT = 2
"""Letters beside a figure up to which a claim is a mere fragment."""
SAID_SHARE = 0.5
"""Share of the characters of the words that answer a question that a text must have to say them."""
_FIGURE = re.compile(r"\d+[万亿]*")


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of an answer: what is said to one of the things asked.

    Attributes:
        text: the sentences, which are claims.
        evidence: what they were written from, best first.
        label: the assistant's own words before them, which claim nothing (``资料中没有找到回答；…：``).
        question: what they answer.
        claims: those that ``text`` makes, where they are made and checked already: words of a sentence that it repeats, or
            what was calculated.
        sure: the words that surely answer the question, which what a language model writes must say.
    """

    text: str
    evidence: Sequence[Evidence]
    label: str = ""
    question: str = ""
    claims: tuple[Claim, ...] = ()
    sure: "ShortAnswer | None" = None


class ClaimChecker:
    """Finds the claims of a text, what they rest on and whether it bears them out.

    Args:
        selector: of the index.
        reader: compares claims with what they cite, word by word; without one, rules and vectors do.
        opinion: is asked where the reader leaves a claim open.
    """

    def __init__(
        self, selector: EvidenceSelector, reader: "ClaimReader | None" = None, opinion: Opinion | None = None
    ) -> None:
        self._selector = selector
        self._reader = reader
        self._opinion = opinion

    def check(self, text: str, evidence: Sequence[Evidence]) -> list[Claim]:
        """The claims of a text, attributed to evidence and verified; spans are those in ``text``."""
        places = claims_in(text)
        claims = [text[start:end] for start, end in places]
        cited = [
            tuple(attribute(claim, list(evidence), self._context(evidence), self._selector.vectors)) for claim in claims
        ]
        checks = verify_all(
            claims, cited, self._selector.structure, self._selector.vectors, self._reader, self._opinion
        )
        return [
            Claim(claim, *place, citations, checked)
            for claim, place, citations, checked in zip(claims, places, cited, checks, strict=True)
        ]

    def is_sure(self, claim: Claim) -> bool:
        """Whether a claim is surely borne out; without a reader, nothing tells how surely."""
        return claim.supported and (self._reader is None or claim.checks.support >= SURELY_BORNE_OUT)

    def _context(self, evidence: Sequence[Evidence]) -> Iterator[tuple[Evidence, Sentence]]:
        """All sentences of the best documents, where a figure that the evidence lacks may stand (a date line, say)."""
        for part in evidence[:CONTEXT_DOCUMENTS]:
            for sentence in self._selector.structure(part.document):
                yield part, sentence


def lead_claim(lead: "ShortAnswer") -> Claim:
    """The words that answer a question, as a claim that cites their very place in the document."""
    document, sentence = lead.document, lead.sentence
    start, end = sentence.start, sentence.end
    place = document.text.find(lead.text, start, end)
    if document.text[start:end] == sentence.text:
        place = start + lead.start
    if place >= 0:  # else line breaks or blanks within: the whole sentence is cited
        start, end = place, place + len(lead.text)
    citation = Citation(document, start, end, document.text[start:end], sentence.speaker, sentence.heading)
    return Claim(lead.text, 0, len(lead.text), (citation,), Checks(True, True, (), True, 1.0))


def says(text: str, answer: "ShortAnswer") -> bool:
    """Whether a text says the words that answer a question: their figures and dates, or else most of their characters."""
    words = answer.text
    if disagreements(words, (Citation(Document(text=text, path="", title=""), 0, len(text), text),)).missing:
        return False
    letters = [character for character in words if character.isalnum()]
    shared = sum(character in text for character in letters)
    return bool(figures_in(words)) or shared >= SAID_SHARE * len(letters)


class Repairer:
    """Mends claims that fail a check."""

    def __init__(self, checker: ClaimChecker, writer: Writer) -> None:
        self._checker = checker
        self._writer = writer

    def repair(self, section: Section, claims: list[Claim]) -> list[Claim | None]:
        """For each claim of a section: itself, what replaces it, or None where another claim already says that."""
        kept = [claim.supported and not _is_fragment(claim) for claim in claims]
        said = {claim.text for claim, is_kept in zip(claims, kept, strict=True) if is_kept}
        mended: list[Claim | None] = []
        tries = REWRITTEN_CLAIMS
        for claim, is_kept in zip(claims, kept, strict=True):
            if is_kept:
                found = self._surely(section, claim)
                mended.append(None if found is not claim and found.text in said else found)
                said.add(found.text)
                continue
            sources = self._sources(section, claim, bool(said))
            rewritten = None
            if not claim.supported and tries > 0:
                rewritten = self._rewritten(section, sources)
                tries -= 1
            found = rewritten or self._quoted(section, sources) or claim
            mended.append(None if found.text in said else found)
            said.add(found.text)
        return mended

    def _surely(self, section: Section, claim: Claim) -> Claim:
        """A claim that holds or, where that is not sure, the one sentence it rests on, if that is in its language."""
        if not self._writer.writes_freely or self._checker.is_sure(claim):
            return claim
        sources = list({(part.document.id, part.sentence.start): part for part in _cited(section, claim)}.values())
        if len(sources) != 1 or not are_of_one_language(claim.text, sources[0].sentence.text):
            return claim
        return self._quoted(section, sources) or claim

    def _sources(self, section: Section, claim: Claim, something_is_said: bool) -> list[Evidence]:
        """What a claim that failed is to be written from: what it cites, unless that is far from the best evidence.

        A claim that cites nothing is left alone where other claims hold: nothing says what it should have been.
        """
        best = list(section.evidence[:1])
        cited = [part for part in _cited(section, claim) if part.score >= FAR_SHARE * best[0].score]
        return cited or ([] if something_is_said else best)

    def _rewritten(self, section: Section, sources: list[Evidence]) -> Claim | None:
        """One sentence that the language model writes from what the claim cites alone, if it passes."""
        if not self._writer.writes_freely or not sources:
            return None
        try:
            text = without_marks("".join(self._writer.write(section.question, sources)))
        except LanguageModelError:  # told with the answer
            return None
        written = self._checker.check(text, sources)
        return written[0] if len(written) == 1 and written[0].supported and written[0].text == text else None

    def _quoted(self, section: Section, sources: list[Evidence]) -> Claim | None:
        """The sentence that the claim rests on most, verbatim, if it passes."""
        for part in sources:
            quoted = self._checker.check(part.sentence.text, [part])
            if len(quoted) == 1 and quoted[0].supported:
                return quoted[0]
        return None


def lay_out(sections: Sequence[tuple[Section, Sequence[Claim | None]]]) -> tuple[str, tuple[Claim, ...]]:
    """The text of an answer and its claims: ``text[claim.start:claim.end] == claim.text``.

    Args:
        sections: each with what stands for each of its claims now; None leaves a claim out.

    Returns:
        An empty text where no claim is left.
    """
    text, placed = "", []
    for section, claims in sections:
        written = ""
        place = 0
        within: list[Claim] = []
        places = [(each.start, each.end) for each in section.claims] or claims_in(section.text)
        for (start, end), claim in zip(places, claims, strict=True):
            if claim is not None:
                written += section.text[place:start] if written else ""
                within.append(replace(claim, start=len(written), end=len(written) + len(claim.text)))
                written += claim.text
            place = end
        if not within and (section.text or not section.label):
            continue  # what only says that nothing was found has no claims
        text += ("\n" if text else "") + section.label
        placed += [replace(claim, start=claim.start + len(text), end=claim.end + len(text)) for claim in within]
        text += written
    return (text, tuple(placed)) if placed else ("", ())


def _is_fragment(claim: Claim) -> bool:
    """Whether a claim is a figure and next to nothing else, in Chinese letters where it has any."""
    letters = letters_of(claim.text)
    rest = _FIGURE.sub("", letters)
    return rest != letters and len(rest) <= FRAGMENT


def _cited(section: Section, claim: Claim) -> list[Evidence]:
    """The evidence that a claim cites, in the order of its citations; a citation may be a clause of its sentence."""
    return [
        part
        for citation in claim.citations
        for part in section.evidence
        if part.document.id == citation.document.id
        and part.sentence.start <= citation.start
        and citation.end <= part.sentence.end
    ]
