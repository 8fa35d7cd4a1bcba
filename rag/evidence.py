"""Evidence: the few sentences of the retrieved passages that answer the question, each with its span and speaker.

Sentences, not whole passages, go into the prompt: a small model answers better from them, and two cores read them sooner.
"""

import datetime
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.documents import Document
from rag.figures import figures_in, years_in
from rag.lexical import query_terms, terms_of
from rag.retrieval import Hit, Retriever
from rag.structure import Sentence, sentences_of
from rag.view import is_list_item

if TYPE_CHECKING:
    from embeddings import TextEmbedder

COVERAGE_WEIGHT = 0.5
SIMILARITY_WEIGHT = 0.3
HIT_WEIGHT = 0.2
NEARBY_WEIGHT = 0.6
FIGURE_PENALTY = 0.15
YEAR_PENALTY = 0.15
EARLIER_PENALTY = 0.3
RELATIVE_SCORE = 0.65
QUOTED_BONUS = 0.2
SENTENCES = 8
CHARACTERS = 700
CONSIDERED_HITS = 10
COMPARED = 32
SHORTEST = 8
REMEMBERED_VECTORS = 20_000
_ASKS_FOR_FIGURE = re.compile(
    "多少|几[个家座万亿成年倍]|多大|多高|占比|比重|比例|增速|规模|how (?:many|much)|percent", re.IGNORECASE
)
_MONTH = re.compile(r"(?P<year>(?:19|20)\d\d)\s?年(?P<month>\d{1,2})\s?月(?P<end>底|末)?")
_QUOTED = re.compile("[“《「]([^”》」]{2,30})[”》」]")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that may answer the question.

    Attributes:
        document: where it stands; ``document.text[sentence.start:sentence.end]`` is the sentence.
        sentence: its span, how it reads, who says it and under which heading.
        reprints: other documents that carry the same passage.
        coverage: share of the question's terms that it holds, weighted by their rarity, from 0 to 1.
        similarity: cosine similarity to the question; None where it was not compared.
        score: what sentences are chosen by.
    """

    document: Document
    sentence: Sentence
    reprints: tuple[Document, ...]
    coverage: float
    similarity: float | None
    score: float


class EvidenceSelector:
    """Chooses sentences from hits. Remembers the structure of documents and the vectors of sentences it has seen."""

    def __init__(self, retriever: Retriever) -> None:
        self.retriever = retriever
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._structures: OrderedDict[str, list[Sentence]] = OrderedDict()

    def select(self, question: str, hits: list[Hit], speaker: str | None = None) -> list[Evidence]:
        """The best sentences for a question, best first, at most ``SENTENCES`` of ``CHARACTERS`` in all.

        Sentences far behind the best (below 65 % of its score) are left out: a small model takes an answer from them.

        Args:
            hits: the retrieved passages, best first.
            speaker: only what this person says.
        """
        found = self._candidates(question, hits, speaker)
        found = [evidence for evidence in found if evidence.score >= RELATIVE_SCORE * found[0].score]
        chosen: list[Evidence] = []
        length = 0
        for evidence in found:
            group = [evidence, *self._list_after(evidence, speaker)]
            group = [part for part in group if part not in chosen]
            size = sum(len(part.sentence.text) for part in group)
            if chosen and length + size > CHARACTERS:
                continue
            chosen += group
            length += size
            if len(chosen) >= SENTENCES:
                break
        return chosen

    def structure(self, document: Document) -> list[Sentence]:
        """The sentences of a document."""
        known = self._structures.get(document.id)
        if known is None:
            known = sentences_of(document.text, document.speakers)
            self._structures[document.id] = known
            if len(self._structures) > 256:
                self._structures.popitem(last=False)
        return known

    def vectors(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors of sentences: shape (number of texts, dimension)."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        embedder: TextEmbedder = self.retriever.embedder
        if missing:
            self._vectors |= dict(zip(missing, embedder.documents(missing), strict=True))
        found = [self._vectors[text] for text in texts]
        while len(self._vectors) > REMEMBERED_VECTORS:
            self._vectors.popitem(last=False)
        return np.stack(found) if found else np.empty((0, embedder.dimension), np.float32)

    def _candidates(self, question: str, hits: list[Hit], speaker: str | None) -> list[Evidence]:
        terms = query_terms(question)
        weights = dict(zip(terms.tolist(), self.retriever.lexical().weights(terms).tolist(), strict=True))
        total = sum(weights.values()) or 1.0
        found: dict[tuple[str, int], Evidence] = {}
        for hit in hits[:CONSIDERED_HITS]:
            years: set[int] = set()
            paragraph = -1
            for sentence in self.structure(hit.document):
                # A year holds on through its paragraph until another is named.
                years = years_in(sentence.text) or (years if sentence.paragraph == paragraph else set())
                paragraph = sentence.paragraph
                if sentence.end <= hit.start or sentence.start >= hit.end or not _is_evidence(sentence):
                    continue
                if speaker and speaker not in sentence.speaker:
                    continue
                own = set(terms_of(sentence.text).tolist())
                around = set(terms_of(_context(hit.document, sentence)).tolist()) - own
                coverage = sum(weights[term] for term in own & weights.keys()) / total
                nearby = sum(weights[term] for term in around & weights.keys()) / total
                score = COVERAGE_WEIGHT * (coverage + NEARBY_WEIGHT * nearby) + HIT_WEIGHT * hit.score
                score -= _mismatch(question, hit.document, sentence, years)
                evidence = Evidence(hit.document, sentence, hit.reprints, coverage, None, score)
                found.setdefault((hit.document.id, sentence.start), evidence)
        ranked = sorted(found.values(), key=lambda evidence: -evidence.score)
        return self._with_similarity(question, ranked[:COMPARED])

    def _with_similarity(self, question: str, evidence: list[Evidence]) -> list[Evidence]:
        if not evidence:
            return []
        query = self.retriever.query_vector(question)
        similarities = (self.vectors([part.sentence.text for part in evidence]) @ query).tolist()
        low, high = min(similarities), max(similarities)
        compared = []
        for part, similarity in zip(evidence, similarities, strict=True):
            scaled = (similarity - low) / (high - low) if high > low else 1.0
            score = part.score + SIMILARITY_WEIGHT * scaled
            compared.append(
                Evidence(part.document, part.sentence, part.reprints, part.coverage, float(similarity), score)
            )
        return sorted(compared, key=lambda part: -part.score)

    def _list_after(self, evidence: Evidence, speaker: str | None) -> list[Evidence]:
        """The items of the list that a sentence announces (``主要有四方面措施：``)."""
        if not evidence.sentence.text.endswith(("：", ":")):
            return []
        sentences = self.structure(evidence.document)
        place = next(n for n, sentence in enumerate(sentences) if sentence.start == evidence.sentence.start)
        items: list[Sentence] = []
        for sentence in sentences[place + 1 : place + 40]:
            if sentence.kind in ("heading", "question", "note") or sentence.speaker != evidence.sentence.speaker:
                break
            if is_list_item(sentence.text):
                items.append(sentence)
        return [
            Evidence(evidence.document, item, evidence.reprints, 0.0, None, evidence.score)
            for item in items[: SENTENCES - 1]
        ]


def in_reading_order(evidence: list[Evidence]) -> list[list[Evidence]]:
    """Evidence by document (that of the best sentence first), within a document in the order of its text."""
    groups: dict[str, list[Evidence]] = {}
    for part in evidence:
        groups.setdefault(part.document.id, []).append(part)
    return [sorted(group, key=lambda part: part.sentence.start) for group in groups.values()]


def _mismatch(question: str, document: Document, sentence: Sentence, years: set[int]) -> float:
    """What a sentence loses because it cannot answer: it gives no figure, speaks of another year, lacks a quoted word."""
    loss = 0.0
    if _ASKS_FOR_FIGURE.search(question) and not figures_in(sentence.text):
        loss += FIGURE_PENALTY
    asked = years_in(question)
    told = years or ({document.date.year} if document.date else set())
    if asked and told and not asked & told:
        loss += YEAR_PENALTY
    if document.date and _is_published_before(question, document.date):
        loss += EARLIER_PENALTY
    quoted = _QUOTED.findall(question)
    if quoted and any(word in sentence.text for word in quoted):
        loss -= QUOTED_BONUS
    return loss


def _is_published_before(question: str, day: datetime.date) -> bool:
    """Whether a document of that day is older than the month (or its end, ``3月底``) that a question asks about."""
    month = _MONTH.search(question)
    if not month:
        return False
    asked = int(month["year"]), int(month["month"])
    published = day.year, day.month
    return published <= asked if month["end"] else published < asked


def _context(document: Document, sentence: Sentence) -> str:
    """What a sentence does not say itself but a reader knows: title, date, heading, speaker."""
    day = f"{document.date.year}年{document.date.month}月{document.date.day}日" if document.date else ""
    return "\n".join((document.title, day, sentence.heading, sentence.speaker))


def _is_evidence(sentence: Sentence) -> bool:
    return sentence.kind == "statement" and len(sentence.text) >= SHORTEST and not sentence.text.endswith(("？", "?"))
