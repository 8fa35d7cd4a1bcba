"""Telling: what the assistant says of a part itself, which nobody writes: results, dated values, corrections, what comes nearest."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from rag.answering.claims import Section
from rag.answering.dated_lines import origin, written
from rag.answering.finding import Part
from rag.answering.nearest import Nearest
from rag.answering.timeline import Point
from rag.answering.writing import listed
from rag.checking.citations import claims_in
from rag.messages import say_in
from rag.reading.evidence import Evidence, EvidenceSelector
from rag.reading.matching import stretches
from rag.text.extents import whole
from rag.text.terms import fold

if TYPE_CHECKING:
    from rag.reading.findings import ShortAnswer

Language = Literal["zh", "en"]
NOT_FOUND = {
    "zh": "资料中没有找到能回答这个问题的内容。",
    "en": "The documents hold nothing that answers this question.",
}
_PART_NOT_FOUND = {
    "zh": "资料中没有找到能回答“{question}”的内容。",
    "en": "The documents hold nothing that answers “{question}”.",
}
_SPOKEN_BY_ANOTHER = {
    "zh": "资料中这不是{named}说的，是{speaker}说的：",
    "en": "In the documents it is not {named} who says this but {speaker}: ",
}
SURE_ANSWER = 0.9
"""The confidence from which on a language model's text must say the words that the reader found, or the sources are quoted."""
SURE_LEAD = 2.0
"""The margin from which on the words that answer stand before their sentence."""
LIKE = 0.5
"""The share of a clause, less its digits, that another repeats at least which says the same of something else."""
_DIGITS = re.compile(r"[\d.,]+")
_CLAUSE = re.compile(r"(?:[^，,；;。]|(?<=\d),(?=\d))+")
LONGEST_LEAD, LEAD_SHARE = 40, 0.6
"""Characters of such words, and their share of the sentence, at most."""


def told(part: Part, language: Language, selector: EvidenceSelector) -> list[Section]:
    """What was calculated for a part, its dated values and what corrects it; empty where it has none of them."""
    if part.computed:
        made = Section(part.computed.text, part.evidence, question=part.question, claims=part.computed.claims())
        quoted = "\n".join(each.sentence.text for each in part.evidence)
        return [made, Section(quoted, part.evidence, question=part.question)]
    sections = []
    for point in part.points:
        before = origin(point, language)
        text = point.text if before else written([point], language)
        sections.append(Section(text, [_sentence(point, selector)], before, part.question))
    return [*sections, _corrected(part, language)] if part.is_corrected else sections


def miscounted(part: Part, language: Language, selector: EvidenceSelector) -> str:
    """What to know of a list that is quoted: that its items are not as many as are announced, or are cut; else empty."""
    quoted = listed(part.question, list(part.evidence))
    head = next((each for each in part.evidence if quoted and each.score == quoted[0].score), None)
    found = selector.list_of(part.question, head) if head else None
    if found is None:
        return ""
    if found.is_cut:
        return say_in(language, "list_cut", n=found.told)
    announced = found.announced
    if announced is None or announced.number == len(found.items):
        return ""
    return say_in(language, "list_miscounted", words=announced.words, n=len(found.items))


def elsewhere(part: Part, language: Language) -> str:
    """That an answer is from another document than the question before was about, which this one does not name; else empty."""
    if not part.instead_of or not part.evidence:
        return ""
    return say_in(language, "answered_elsewhere", before=part.instead_of, title=part.evidence[0].document.title)


def not_found(part: Part, language: Language) -> Section:
    """That nothing answers a part, while others are answered."""
    return Section("", (), _PART_NOT_FOUND[language].format(question=part.question))


def near(part: Part, found: Nearest, language: Language) -> Section:
    """What comes nearest to a part, labelled as that."""
    return Section(found.evidence.sentence.text, [found.evidence], found.label(language), part.question)


def lead(part: Part, text: str) -> "ShortAnswer | None":
    """The very words that answer, to stand before the sentence that says them; None where they would not help.

    That is where they are not sure, are nearly all of the sentence, or stand in a clause of it about something else.
    """
    short = part.short_answer
    if short is None or short.margin < SURE_LEAD or not short.text:
        return None
    start, end = whole(short.sentence.text, short.start, short.end)
    short = replace(short, start=start, end=end)
    is_short = len(short.text) <= min(LONGEST_LEAD, LEAD_SHARE * len(short.sentence.text))
    is_whole = claims_in(short.text) == [(0, len(short.text))]
    is_lead = is_short and is_whole and text.startswith(short.sentence.text)
    return short if is_lead and not _is_of_a_sister(part.question, short) else None


def _is_of_a_sister(question: str, short: "ShortAnswer") -> bool:
    """Whether a clause like that of an answer has more of the question: ``青年组每人30元，公开组每人50元`` of 青年组 for 50元.

    Like it is what says the same of something else: it repeats half of it.
    """
    own, *others = _clauses(short)
    return any(
        _shared(other, own) >= LIKE * len(own) and _shared(other, question) > _shared(own, question) for other in others
    )


def _clauses(short: "ShortAnswer") -> list[str]:
    """The clause of a sentence that an answer begins in, and the others, all without their digits."""
    spans = [match.span() for match in _CLAUSE.finditer(short.sentence.text)]
    spans.sort(key=lambda span: not span[0] <= short.start < span[1])
    return [_DIGITS.sub("", short.sentence.text[slice(*span)]) for span in spans]


def _shared(one: str, other: str) -> int:
    """Characters of the longest stretch that both texts hold."""
    return int(max(stretches(fold(one), fold(other))[0], default=0))


def is_named(part: Part) -> bool:
    """Whether the best sentence itself surely holds the words that answer."""
    short = part.answer_of_best
    return short is not None and short.margin >= SURE_LEAD


def sure_answer(part: Part) -> "ShortAnswer | None":
    """The very words that answer, where the sentence they stand in surely does."""
    return part.answer_of_best if part.confidence >= SURE_ANSWER else None


def _corrected(part: Part, language: Language) -> Section:
    """What stands for an answer to a question that takes for granted what is not so."""
    if part.nearest:
        return near(part, part.nearest, language)
    assert part.misattribution
    found, named = part.misattribution.evidence, part.misattribution.named
    words = _SPOKEN_BY_ANOTHER[language].format(named=named, speaker=found.sentence.speaker)
    quoted = listed(part.question, [found, *part.evidence]) or [found]
    return Section("\n".join(each.sentence.text for each in quoted), quoted, words, part.question)


def _sentence(point: Point, selector: EvidenceSelector) -> Evidence:
    """The sentence that a dated value stands in."""
    cited = point.citation
    sentence = next(one for one in selector.structure(cited.document) if one.start == cited.start)
    return Evidence(cited.document, sentence, cited.reprints, 1.0, None, 1.0)
