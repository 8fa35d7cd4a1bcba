"""Attribution: which evidence each claim of an answer rests on, as exact spans.

The answer is matched to the evidence after it was written, by shared terms and figures. A small model asked to name
its sources does so seldom and often wrongly; matching found a right sentence for every answer we tried
(docs/benchmarks.md).
"""

import re
from collections.abc import Iterable

from rag.answers import Citation
from rag.evidence import Evidence
from rag.figures import DATES, figures_in, missing_figures, missing_in_sources
from rag.lexical import terms_of
from rag.structure import Sentence, split_sentences

MOST_CITATIONS = 3
WORTHWHILE = 0.12
WORTHWHILE_ELSEWHERE = 0.25
_NUMBERS = r"\s*(?:资料|来源|文献|\^)?\s*[:：]?\s*\d{1,2}(?:\s*[,，、\-–—]\s*(?:资料)?\d{1,2})*\s*"
_MARK = rf"(?:\[{_NUMBERS}\]|［{_NUMBERS}］|【{_NUMBERS}】)"
_MARKS = re.compile(rf"\s*(?:(?:资料)?来源\s*[:：]\s*)?{_MARK}(?:\s*[、，,和及]?\s*{_MARK})*")
# Round brackets hold much else, so that they count as a mark at the end of a sentence only, and not after 附件, 图….
_ROUND_MARKS = re.compile(
    r"(?<=[^\W\d_a-zA-Z”」》%])(?<![图表式件点条款项步节章例注案第])\s*(?:[（(]\s*(?:资料)?[1-9](?:\s*[,，、]\s*(?:资料)?[1-9])*\s*[)）])+(?=[。；;]|\s*$)",
    re.MULTILINE,
)


def claims_in(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of an answer."""
    return [span for start, end in _lines(text) for span in _sentences(text, start, end)]


def without_marks(text: str) -> str:
    """An answer without the source marks (``[1]``) that a model may have written; citations are made here, not there."""
    return _ROUND_MARKS.sub("", _MARKS.sub("", text)).strip()


def attribute(
    claim: str, evidence: list[Evidence], context: "Iterable[tuple[Evidence, Sentence]]" = ()
) -> list[Citation]:
    """The evidence that a claim rests on, best first: the sentence that shares most with it, then those that add to it.

    A sentence is added when it holds a figure of the claim that is still missing, or a fair share (12 %) of its terms.

    Args:
        claim: one sentence of an answer.
        evidence: the sentences the answer was written from.
        context: sentences of the same documents that are cited only for a figure that the evidence lacks, such as the
            line that names the year.
    """
    wanted = set(terms_of(claim).tolist())
    chosen: list[Evidence] = []
    while len(chosen) < MOST_CITATIONS:
        rest = [part for part in evidence if part not in chosen]
        gains = [(_gain(claim, wanted, chosen, part), _precision(wanted, part), part.score) for part in rest]
        if not gains or max(gains)[0] < (WORTHWHILE if chosen else 0.01):
            break
        chosen.append(rest[gains.index(max(gains))])
    citations = [_citation(part, part.sentence) for part in chosen]
    return citations + _for_missing_figures(claim, chosen, context)


def _gain(claim: str, wanted: set[int], chosen: list[Evidence], part: Evidence) -> float:
    """What a sentence adds to those chosen: its share of the claim's terms, and half as much again for its figures.

    A sentence of another document than the first is worth citing for a value or much of the claim, never for a date
    alone, which would be another document's.
    """
    cited = "\n".join(other.sentence.text for other in chosen)
    covered = set(terms_of(cited).tolist())
    share = len((set(terms_of(part.sentence.text).tolist()) & wanted) - covered) / max(1, len(wanted))
    gained = set(missing_figures(claim, cited)) - set(missing_figures(claim, f"{cited}\n{part.sentence.text}"))
    figures = figures_in(claim)
    if chosen and part.document.id != chosen[0].document.id:
        gained -= {figure.written for figure in figures if figure.kind in DATES}
        if not gained and share < WORTHWHILE_ELSEWHERE:
            return 0.0
    return share + 0.5 * len(gained) / max(1, len(figures))


def _precision(wanted: set[int], part: Evidence) -> float:
    """Share of a sentence that the claim says: of two that hold the whole claim, the shorter one is its source."""
    own = set(terms_of(part.sentence.text).tolist())
    return len(own & wanted) / max(1, len(own))


def _for_missing_figures(
    claim: str, chosen: list[Evidence], context: "Iterable[tuple[Evidence, Sentence]]"
) -> list[Citation]:
    sources: dict[str, str] = {}
    for part in chosen:
        sources[part.document.id] = f"{sources.get(part.document.id, '')}\n{part.sentence.text}"
    added: list[Citation] = []
    for part, sentence in context:
        missing = missing_in_sources(claim, sources.values())
        if not missing:
            break
        if part.document.id not in sources:
            continue
        more = sources | {part.document.id: f"{sources[part.document.id]}\n{sentence.text}"}
        if len(missing_in_sources(claim, more.values())) < len(missing):
            sources = more
            added.append(_citation(part, sentence))
    return added


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
