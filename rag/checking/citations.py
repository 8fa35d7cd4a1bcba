"""Attribution: which evidence each claim of an answer rests on, as exact spans.

The answer is matched to the evidence after it was written, by shared terms and figures, across languages by meaning. A small model asked to name
its sources does so seldom and often wrongly; matching found a right sentence for every answer we tried
(docs/benchmarks.md).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rag.answers import Citation
from rag.checking.agreement import disagreements
from rag.checking.support import (
    PAIRS,
    SUPPORT_THRESHOLD,
    Embed,
    are_of_one_language,
    says_something,
    shared_words,
    without_frame,
)
from rag.reading.evidence import Evidence
from rag.text.figures import DATES, figures_in, missing_figures
from rag.text.structure import Sentence, split_sentences
from rag.text.terms import letters_of, terms_of

MOST_CITATIONS = 5
WORTHWHILE = 0.25
WORTHWHILE_IN_A_ROW = 0.12
SHORT_ROW = 4
LONG_ROW = 6
WHOLE_CLAIM = 10
LONG_SENTENCE = 30
OPENING_PARAGRAPHS = 2
_PAUSE = re.compile(r"[，；：]|[,;:](?!\d)")
_WITHIN_PAUSES = re.compile(r"[^\s，；：,;:].*[^\s，；：,;:]", re.DOTALL)
_NUMBERS = r"\s*(?:资料|来源|文献|\^)?\s*[:：]?\s*\d{1,2}(?:\s*[,，、\-–—]\s*(?:资料)?\d{1,2})*\s*"
_MARK = rf"(?:\[{_NUMBERS}\]|［{_NUMBERS}］|【{_NUMBERS}】)"
_MARKS = re.compile(rf"\s*(?:(?:资料)?来源\s*[:：]\s*)?{_MARK}(?:\s*[、，,和及]?\s*{_MARK})*")
# Round brackets hold much else, so that they count as a mark at the end of a sentence only, and not after 附件, 图….
_ROUND_MARKS = re.compile(
    r"(?<=[^\W\d_a-zA-Z”」》%])(?<![图表式件点条款项步节章例注案第])\s*(?:[（(]\s*(?:资料)?[1-9](?:\s*[,，、]\s*(?:资料)?[1-9])*\s*[)）])+(?=[。；;]|\s*$)",
    re.MULTILINE,
)


def claims_in(text: str) -> list[tuple[int, int]]:
    """Spans of the claims of an answer: its sentences.

    A sentence that announces what follows (it ends in a colon), or that says nothing which could be checked
    (``根据资料，如下：``), is part of the claim after it, the last one of the claim before.
    """
    claims: list[tuple[int, int]] = []
    pending: int | None = None  # where an announcement began that still waits for what it announces
    for start, end in (span for line in _lines(text) for span in _sentences(text, *line)):
        first = start if pending is None else pending
        sentence = text[start:end]
        pending = first if sentence.endswith(("：", ":")) or not says_something(sentence) else None
        if pending is None:
            claims.append((first, end))
    if pending is not None:
        end = len(text.rstrip())
        if claims and not says_something(text[pending:end]):
            claims[-1] = (claims[-1][0], end)
        else:
            claims.append((pending, end))
    return claims


def without_marks(text: str) -> str:
    """An answer without the source marks (``[1]``) that a model may have written; citations are made here, not there."""
    return _ROUND_MARKS.sub("", _MARKS.sub("", text)).strip()


def attribute(
    claim: str,
    evidence: list[Evidence],
    context: "Iterable[tuple[Evidence, Sentence]]" = (),
    embed: Embed | None = None,
) -> list[Citation]:
    """The evidence that a claim rests on, best first: what it repeats whole, or shares most with, then what it still needs.

    A sentence is added when it holds a value of the claim that is still missing, or a fair share (25 %) of its words
    and character pairs, or less of them in a row (an item of a list). A date is no reason: it would be that of another
    value.

    Args:
        claim: one claim of an answer.
        evidence: the sentences the answer was written from.
        context: sentences of the same documents; one that opens the document or stands before the cited sentence in its
            paragraph is cited too where it alone has a fact of the claim, such as the line that names the year.
        embed: gives unit vectors of texts, shape (number of texts, dimension), to compare a claim with sentences in
            another language; without it, figures alone decide there.
    """
    said = _Said(without_frame(claim), [part.sentence.text for part in evidence], embed)
    chosen = _repeated(claim, evidence)[:MOST_CITATIONS]
    while len(chosen) < MOST_CITATIONS:
        gains = [
            (said.gain(place, chosen), said.precision(place), evidence[place].score, -place)
            for place in range(len(evidence))
            if place not in chosen
        ]
        if not gains or max(gains)[0] < (WORTHWHILE if chosen else 0.01):
            break
        chosen.append(-max(gains)[3])
    return _narrowed(claim, _with_context(claim, [evidence[place] for place in chosen], context))


def _repeated(claim: str, evidence: list[Evidence]) -> list[int]:
    """The places of sentences that a claim repeats whole, as a list's first item stands after what announces the list."""
    found: dict[str, int] = {}
    for place, part in sorted(enumerate(evidence), key=lambda pair: -len(pair[1].sentence.text)):
        text = part.sentence.text
        if any(map(str.isalnum, text)) and text in claim and not any(text in other for other in found):
            found[text] = place
    return sorted(found.values())


class _Said:
    """What a claim says, and how much of it each of some sentences holds."""

    def __init__(self, claim: str, sentences: list[str], embed: Embed | None) -> None:
        self.claim = claim
        self._sentences = sentences
        self._terms = set(terms_of(claim).tolist())
        self._own = [set(terms_of(sentence).tolist()) for sentence in sentences]
        self._values = {figure.written for figure in figures_in(claim) if figure.kind not in DATES}
        self._dates = {figure.written for figure in figures_in(claim)} - self._values
        missing = [set(missing_figures(claim, sentence)) for sentence in sentences]
        self._values_in = [self._values - lacking for lacking in missing]
        self._dates_in = [self._dates - lacking for lacking in missing]
        foreign = [not are_of_one_language(claim, sentence) for sentence in sentences]
        self._similar = _similarities(claim, sentences, foreign, embed)

    def gain(self, place: int, chosen: list[int]) -> float:
        """What a sentence adds to those chosen: its share of the claim's terms, and half as much again for figures."""
        if not chosen:
            figures = len(self._values) + len(self._dates)
            found = len(self._values_in[place]) + len(self._dates_in[place])
            held = self._similar.get(place, len(self._own[place] & self._terms) / max(1, len(self._terms)))
            return held + 0.5 * found / max(1, figures)
        longer = {term for term in self._terms if term >= PAIRS}
        covered = set().union(*(self._own[other] for other in chosen))
        share = len((self._own[place] & longer) - covered) / max(1, len(longer))
        values = self._values_in[place] - set().union(*(self._values_in[other] for other in chosen))
        about = place in self._similar or self._own[place] & longer
        if values and about:
            return max(share, WORTHWHILE) + 0.5 * len(values) / len(self._values)
        if place in self._similar:
            return 0.0
        # What a sentence adds stands there in a row; scattered common words do not. An item of a list is little of it.
        in_a_row = self._longest_new(place, chosen) if share >= WORTHWHILE_IN_A_ROW else 0
        if share < WORTHWHILE and in_a_row >= LONG_ROW:
            return WORTHWHILE
        return share if in_a_row >= SHORT_ROW else 0.0

    def _longest_new(self, place: int, chosen: list[int]) -> int:
        """Length of the longest stretch of the claim that a sentence holds and none of those chosen."""
        claim, sentence = letters_of(self.claim), letters_of(self._sentences[place])
        known = "\n".join(letters_of(self._sentences[other]) for other in chosen)
        longest = start = 0
        for end in range(1, len(claim) + 1):
            while start < end and claim[start:end] not in sentence:
                start += 1
            if end - start > longest and claim[start:end] not in known:
                longest = end - start
        return longest

    def precision(self, place: int) -> float:
        """Share of a sentence that the claim says: of two that hold the whole claim, the shorter one is its source."""
        return len(self._own[place] & self._terms) / max(1, len(self._own[place]))


def _similarities(claim: str, sentences: list[str], foreign: list[bool], embed: Embed | None) -> dict[int, float]:
    """For sentences in another language than the claim: how near they are to it, the nearest 1 and the farthest 0."""
    places = [place for place, is_foreign in enumerate(foreign) if is_foreign]
    if not places or embed is None or not claim.strip():
        return {}
    vectors = embed([claim, *(sentences[place] for place in places)])
    cosines = (vectors[1:] @ vectors[0]).tolist()
    low, high = min(cosines), max(cosines)
    return {
        place: (cosine - low) / (high - low) if high > low else 1.0
        for place, cosine in zip(places, cosines, strict=True)
    }


def _with_context(claim: str, chosen: list[Evidence], context: "Iterable[tuple[Evidence, Sentence]]") -> list[Citation]:
    """The chosen evidence as citations, and what of its surroundings alone has a fact that it lacks."""
    citations = [_citation(part, part.sentence) for part in chosen]
    open_facts = _open(claim, citations)
    if not open_facts or not citations:
        return citations
    first: dict[str, int] = {}
    for part, sentence in context:
        paragraph = first.setdefault(part.document.id, sentence.paragraph)
        cited = [other.sentence for other in chosen if other.document.id == part.document.id]
        opens = sentence.kind == "note" or sentence.paragraph <= paragraph + OPENING_PARAGRAPHS
        leads = any(other.paragraph == sentence.paragraph and sentence.start < other.start for other in cited)
        if not cited or not (opens or leads) or not any(_may_settle(fact, part, sentence) for fact in open_facts):
            continue
        more = [*citations, _citation(part, sentence)]
        left = _open(claim, more)
        if len(left) < len(open_facts):
            citations, open_facts = more, left
            if not open_facts:
                break
    return citations


def _open(claim: str, citations: Sequence[Citation]) -> tuple[str, ...]:
    """The facts of a claim that its citations lack, or that only the day of publication bears out."""
    agreement = disagreements(claim, tuple(citations))
    return agreement.missing + agreement.resolved


def _may_settle(fact: str, part: Evidence, sentence: Sentence) -> bool:
    """Whether a sentence holds a fact, or names the year that a date without one is of."""
    holds = fact in sentence.text or (bool(figures_in(fact)) and not missing_figures(fact, sentence.text))
    published = part.document.trusted_date
    return holds or (published is not None and str(published.year) in sentence.text)


def _narrowed(claim: str, citations: list[Citation]) -> list[Citation]:
    """The citations, of long sentences only the fewest neighbouring clauses that bear the claim as well as the whole.

    A claim that its citations do not bear, one that is a mere fragment (what it speaks of stands in other clauses) and
    one in another language keep whole sentences.
    """
    if len(letters_of(claim)) < WHOLE_CLAIM or disagreements(claim, tuple(citations)).missing:
        return citations
    said = without_frame(claim)
    narrowed = list(citations)
    for place, citation in enumerate(citations):
        if len(citation.quote) < LONG_SENTENCE or not are_of_one_language(said, citation.text):
            continue
        if letters_of(citation.text) in letters_of(claim):
            continue
        others = [other.text for other in narrowed[:place] + narrowed[place + 1 :]]
        whole = shared_words(said, "\n".join([*others, citation.text]))
        for stretches in _stretches(citation) if whole >= SUPPORT_THRESHOLD else ():
            support = {part: shared_words(said, "\n".join([*others, part.text])) for part in stretches}
            best = max(support, key=lambda part: support[part])
            more = [*narrowed[:place], best, *narrowed[place + 1 :]]
            if support[best] >= whole and len(_open(claim, more)) <= len(_open(claim, narrowed)):
                narrowed = more
                break
    return narrowed


def _stretches(citation: Citation) -> Iterator[list[Citation]]:
    """Parts of a citation that are one clause long, then two, and so on, without the pause at their end."""
    marks = [match.end() for match in _PAUSE.finditer(citation.quote)]
    edges = sorted({0, *marks, len(citation.quote)})
    for clauses in range(1, len(edges) - 1):
        parts = []
        for first, last in zip(edges, edges[clauses:], strict=False):
            found = _WITHIN_PAUSES.search(citation.quote, first, last)
            if found and letters_of(found.group()):
                start, end = citation.start + found.start(), citation.start + found.end()
                parts.append(replace(citation, start=start, end=end, quote=found.group()))
        if parts:
            yield parts


def _citation(evidence: Evidence, sentence: Sentence) -> Citation:
    return Citation(
        document=evidence.document,
        start=sentence.start,
        end=sentence.end,
        quote=evidence.document.text[sentence.start : sentence.end],
        speaker=sentence.speaker,
        heading=sentence.heading,
        reprints=evidence.reprints,
    )


def _lines(text: str) -> Iterable[tuple[int, int]]:
    for match in re.finditer(r"[^\n]+", text):
        yield match.span()


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    line = text[start:end]
    return [(start + first, start + last) for first, last in split_sentences(line)]
