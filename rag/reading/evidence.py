"""Evidence: the few sentences of the retrieved passages that answer the question, each with its span and speaker.

Sentences, not whole passages, go into the prompt: a small model answers better from them, and two cores read them sooner.
"""

import datetime
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.questions.kinds import asks_for_list, asks_for_reason
from rag.reading.labels import shares_named
from rag.reading.timeliness import timeliness
from rag.reading.weighing import Candidate, features, shared_out
from rag.search.glossary import in_chinese_words
from rag.search.retrieval import Hit, Retriever
from rag.text.dates import dates_in
from rag.text.documents import Document
from rag.text.enumerations import Enumeration, items_of, list_around, list_with
from rag.text.instructions import asks_about_instructions, is_instruction
from rag.text.mentions import DateMention
from rag.text.script import is_chinese
from rag.text.structure import Sentence, sentences_of
from rag.text.terms import fold, query_terms, terms_of

if TYPE_CHECKING:
    from embeddings import TextEmbedder
    from rag.reading.findings import Findings

COVERAGE_WEIGHT = 0.5
SIMILARITY_WEIGHT = 0.3
HIT_WEIGHT = 0.2
NEARBY_WEIGHT = 0.6
TIME_WEIGHT = 0.2
RELATIVE_SCORE = 0.65
CHANCE_WEIGHT = 1.0
LIST_BONUS = 0.08
NEIGHBOUR_SHARE = 0.9
FOREIGN_SIMILARITY_WEIGHT = 0.6
SENTENCES = 8
CHARACTERS = 700
CONSIDERED_HITS = 10
COMPARED = 32
SHORTEST = 8
REMEMBERED_VECTORS = 20_000
REMEMBERED_DOCUMENTS = 256


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
        chance: how likely it is the sentence that answers, where a reader read it; else None.
        goes_on: whether it only says more of an item of a list, which answers.
    """

    document: Document
    sentence: Sentence
    reprints: tuple[Document, ...]
    coverage: float
    similarity: float | None
    score: float
    chance: float | None = None
    goes_on: bool = False


class EvidenceSelector:
    """Chooses sentences from hits. Remembers the structure of documents and the vectors of sentences it has seen."""

    def __init__(self, retriever: Retriever) -> None:
        self.retriever = retriever
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._structures: OrderedDict[str, list[Sentence]] = OrderedDict()
        self._times: OrderedDict[tuple[str, datetime.date | None], list[list[DateMention]]] = OrderedDict()
        self._lock = threading.RLock()

    def select(
        self, question: str, hits: list[Hit], speaker: str | None = None, findings: "Findings | None" = None
    ) -> list[Evidence]:
        """The best sentences for a question, best first, at most ``SENTENCES`` of ``CHARACTERS`` in all.

        Sentences far behind the best (below ``RELATIVE_SCORE`` of its score) are left out: a small model takes an answer from them.

        Args:
            hits: the retrieved passages, best first.
            speaker: only what this person says.
            findings: what the reader found in them; without, words and the embedder choose.
        """
        found = self._best(question, hits, speaker, findings)
        chosen: list[Evidence] = []
        length, has_list = 0, False
        for place, evidence in enumerate(found):
            group = [evidence, *self._items(question, evidence)]
            if place == 0:
                group += self._neighbours(question, evidence)
            is_list = asks_for_list(question) and len(group) > 1  # one that is asked for comes whole, however long
            group = [part for part in group if all(part.sentence != other.sentence for other in chosen)]
            size = sum(len(part.sentence.text) for part in group if not part.goes_on)
            if chosen and length + size > CHARACTERS and (has_list or not is_list):
                continue
            has_list = has_list or is_list
            chosen += group
            length += size
            if sum(not part.goes_on for part in chosen) >= SENTENCES:
                break
        return chosen

    def structure(self, document: Document) -> list[Sentence]:
        """The sentences of a document."""
        with self._lock:
            known = self._structures.get(document.id)
        if known is None:
            known = sentences_of(document.text, document.speakers)
            with self._lock:
                self._structures[document.id] = known
                if len(self._structures) > REMEMBERED_DOCUMENTS:
                    self._structures.popitem(last=False)
        return known

    def _dates(self, document: Document) -> list[list[DateMention]]:
        """The times that each sentence of a document names, or that hold on from those before it in its paragraph."""
        key = document.id, document.trusted_date  # a person may correct the day
        with self._lock:
            known = self._times.get(key)
        if known is None:
            known = []
            paragraph = -1
            for sentence in self.structure(document):
                told = dates_in(sentence.text, document.trusted_date)
                goes_on = sentence.paragraph == paragraph and bool(known)
                known.append(told or (known[-1] if goes_on else []))
                paragraph = sentence.paragraph
            with self._lock:
                self._times[key] = known
                if len(self._times) > REMEMBERED_DOCUMENTS:
                    self._times.popitem(last=False)
        return known

    def vectors(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors of sentences: shape (number of texts, dimension)."""
        embedder: TextEmbedder = self.retriever.embedder
        distinct = list(dict.fromkeys(texts))
        with self._lock:
            known = {text: self._vectors[text] for text in distinct if text in self._vectors}
        missing = [text for text in distinct if text not in known]
        if missing:
            made = dict(zip(missing, embedder.documents(missing), strict=True))
            known |= made
            with self._lock:
                self._vectors |= made
                while len(self._vectors) > REMEMBERED_VECTORS:
                    self._vectors.popitem(last=False)
        return np.stack([known[text] for text in texts]) if texts else np.empty((0, embedder.dimension), np.float32)

    def _best(self, question: str, hits: list[Hit], speaker: str | None, findings: "Findings | None") -> list[Evidence]:
        """The sentences not far behind the best, with what the reader and their lists add to each."""
        found = self.compared(question, hits, speaker, findings)
        if findings:
            found = _with_chances(question, found, findings)
        if asks_for_list(question):
            gained = [
                replace(part, score=part.score + LIST_BONUS * (self._is_in_list(question, part))) for part in found
            ]
            found = sorted(gained, key=lambda part: -part.score)
        return [part for part in found if part.score >= RELATIVE_SCORE * found[0].score]

    def compared(
        self,
        question: str,
        hits: list[Hit],
        speaker: str | None,
        findings: "Findings | None",
    ) -> list[Evidence]:
        """The sentences that may answer, by rules and words, without a reader by vectors too; best first, those read before others.

        Args:
            question, hits, speaker, findings: as for :meth:`select`.
        """
        terms = query_terms(f"{question}\n{in_chinese_words(question)}")
        weights = dict(zip(terms.tolist(), self.retriever.lexical().weights(terms).tolist(), strict=True))
        total = sum(weights.values()) or 1.0
        found: dict[tuple[str, int], Evidence] = {}
        about_instructions = asks_about_instructions(question)
        for hit in hits[:CONSIDERED_HITS]:
            for sentence in self.structure(hit.document):
                if sentence.end <= hit.start or sentence.start >= hit.end:
                    continue
                if not (_is_evidence(sentence) or _bears_on_it(hit, sentence, findings)):
                    continue
                if speaker and speaker not in sentence.speaker:
                    continue
                if is_instruction(sentence.text) and not about_instructions:
                    continue
                own = set(terms_of(sentence.text).tolist())
                around = set(terms_of(_context(hit.document, sentence)).tolist()) - own
                coverage = sum(weights[term] for term in own & weights.keys()) / total
                nearby = sum(weights[term] for term in around & weights.keys()) / total
                score = COVERAGE_WEIGHT * (coverage + NEARBY_WEIGHT * nearby) + HIT_WEIGHT * hit.score
                evidence = Evidence(hit.document, sentence, hit.reprints, coverage, None, score)
                found.setdefault((hit.document.id, sentence.start), evidence)
        ranked = sorted(found.values(), key=lambda evidence: -evidence.score)
        if findings:
            return sorted(ranked, key=lambda part: findings.of(part.document, part.sentence) is None)
        return self._with_similarity(question, self._of_the_time(question, ranked)[:COMPARED])

    def _of_the_time(self, question: str, evidence: list[Evidence]) -> list[Evidence]:
        """Evidence by its times, too, which no reader reads: beside what is of the time asked about another would mislead."""
        asked = dates_in(question)
        fits = [self._fit(asked, part) for part in evidence] if asked else [0.0] * len(evidence)
        least = 0.0 if max(fits, default=0.0) > 0 else -1.0
        kept = [
            replace(part, score=part.score + TIME_WEIGHT * fit)
            for part, fit in zip(evidence, fits, strict=True)
            if fit >= least
        ]
        return sorted(kept, key=lambda part: -part.score)

    def _fit(self, asked: list[DateMention], part: Evidence) -> float:
        """How well a sentence fits the times asked about, by what it names or what holds on from before it."""
        day = part.document.trusted_date
        told = self._dates(part.document)[_place(self.structure(part.document), part.sentence)]
        fit = timeliness(asked, day, told)
        # A time named before it may not hold on; only what a sentence names itself speaks against it.
        return timeliness(asked, day, []) if fit < 0 and not dates_in(part.sentence.text, day) else fit

    def _with_similarity(self, question: str, evidence: list[Evidence]) -> list[Evidence]:
        if not evidence:
            return []
        query = self.retriever.query_vector(question)
        similarities = (self.vectors([part.sentence.text for part in evidence]) @ query).tolist()
        low, high = min(similarities), max(similarities)
        # The words of a question in another language than the documents' tell little.
        weight = FOREIGN_SIMILARITY_WEIGHT if is_foreign(question, evidence) else SIMILARITY_WEIGHT
        compared = []
        for part, similarity in zip(evidence, similarities, strict=True):
            scaled = (similarity - low) / (high - low) if high > low else 1.0
            compared.append(replace(part, similarity=float(similarity), score=part.score + weight * scaled))
        return sorted(compared, key=lambda part: -part.score)

    def _items(self, question: str, evidence: Evidence) -> list[Evidence]:
        """What the items say of the list that a sentence announces (``主要有四方面措施：``), or the others of the list it is in."""
        found = self.list_of(question, evidence)
        if found is None:
            return []
        opens = {item.opening.start for item in found.items}
        items = [replace(evidence, sentence=each, coverage=0.0, similarity=None) for each in found.sentences]
        # The items answer, each as surely as what announces them; how they go on adds nothing to that.
        return [
            each if each.sentence.start in opens else replace(each, chance=None, goes_on=True)
            for each in items
            if each.sentence != evidence.sentence
        ]

    def _is_in_list(self, question: str, evidence: Evidence) -> bool:
        found = self.list_of(question, evidence)
        return found is not None and len(found.items) > 1

    def list_of(self, question: str, evidence: Evidence) -> Enumeration | None:
        """The list that a sentence announces or, where one is asked for, is in; None where it does not.

        Of the lists around it and within it that is asked for which what announces it says most words of the question.
        """
        sentences = self.structure(evidence.document)
        place = _place(sentences, evidence.sentence)
        if evidence.sentence.text.endswith(("：", ":")):
            return items_of(sentences, place)
        found = list_with(sentences, place) if asks_for_list(question) else None
        if found is None:
            return None
        announcing = self._bearing(question, [found.before] if found.before else [])
        own = next((item for item in found.items if evidence.sentence in item.own), None)
        if own and len(own.below) > 1 and self._bearing(question, own.own) > announcing:
            return Enumeration(own.own[-1], own.below)
        outer = list_around(sentences, found)
        while outer and outer.before and self._bearing(question, [outer.before]) > announcing:
            found, announcing = outer, self._bearing(question, [outer.before])
            outer = list_around(sentences, found)
        return found

    def _bearing(self, question: str, announcing: Sequence[Sentence]) -> float:
        """How much of a question the sentences say that announce a list, in another language how near they are to it."""
        text = " ".join(each.text for each in announcing)
        if text and is_chinese(question) != is_chinese(text):
            return float(self.vectors([text])[0] @ self.retriever.query_vector(question))
        return len(set(query_terms(question).tolist()) & set(terms_of(text).tolist()))

    def _neighbours(self, question: str, evidence: Evidence) -> list[Evidence]:
        """What is said beside a sentence where a reason is asked for: the cause stands before or after it."""
        wanted = [-1, 1, 2] if asks_for_reason(question) else []
        sentences = self.structure(evidence.document)
        place = _place(sentences, evidence.sentence)
        found = [sentences[place + step] for step in wanted if 0 <= place + step < len(sentences)]
        return [
            replace(evidence, sentence=sentence, coverage=0.0, similarity=None, score=NEIGHBOUR_SHARE * evidence.score)
            for sentence in found
            if sentence.paragraph == evidence.sentence.paragraph and _is_evidence(sentence)
        ]


def _with_chances(question: str, evidence: list[Evidence], findings: "Findings") -> list[Evidence]:
    """Evidence with how likely each sentence that was read answers, and in the order of that beside the rules' score."""
    read, seen = read_of(question, evidence, findings)
    if not read:
        return evidence
    sentences = [evidence[place].sentence for place in read]
    said = [fold(sentence.text) for sentence in sentences]
    scores = findings.labels.added(findings.weighing.scores(seen), shares_named(question, sentences))
    chances = shared_out(scores, said)
    of_place = dict(zip(read, chances.tolist(), strict=True))
    total = sum(dict(zip(said, chances.tolist(), strict=True)).values())
    weighed = [
        replace(part, chance=of_place[place], score=part.score + CHANCE_WEIGHT * of_place[place] / total)
        if place in of_place
        else part
        for place, part in enumerate(evidence)
    ]
    return sorted(weighed, key=lambda part: -part.score)


def read_of(question: str, evidence: Sequence[Evidence], findings: "Findings") -> tuple[list[int], NDArray[np.float32]]:
    """The places in the evidence of what was read, and what is known of each, shape (places, features)."""
    places, found = [], []
    for place, part in enumerate(evidence):
        if (read := findings.of(part.document, part.sentence)) is None:
            continue
        places.append(place)
        told = (read.relevance, read.answer, read.is_likeliest, read.rank, len(part.sentence.text))
        found.append(Candidate(*told, read.echo))
    if not found or findings.answer is None:
        return [], np.empty((0, 0), np.float32)
    foreign = is_foreign(question, evidence)
    return places, features(found, findings.answer.margin, findings.lacking, foreign)


def is_foreign(question: str, evidence: Sequence[Evidence]) -> bool:
    """Whether a question is in another language than the best of its evidence, of which there is some."""
    return is_chinese(question) != is_chinese(evidence[0].sentence.text)


def in_reading_order(evidence: list[Evidence]) -> list[list[Evidence]]:
    """Evidence by document (that of the best sentence first), within a document in the order of its text."""
    groups: dict[str, list[Evidence]] = {}
    for part in evidence:
        groups.setdefault(part.document.id, []).append(part)
    return [sorted(group, key=lambda part: part.sentence.start) for group in groups.values()]


def _place(sentences: list[Sentence], sentence: Sentence) -> int:
    return next(place for place, other in enumerate(sentences) if other.start == sentence.start)


def _context(document: Document, sentence: Sentence) -> str:
    """What a sentence does not say itself but a reader knows: title, occasion, source, date, heading, speaker."""
    published = document.trusted_date
    day = f"{published.year}年{published.month}月{published.day}日" if published else ""
    return "\n".join((document.title, document.event, document.source, day, sentence.heading, sentence.speaker))


def _bears_on_it(hit: Hit, sentence: Sentence, findings: "Findings | None") -> bool:
    """Whether the reader holds a line that is no sentence (``招聘人数：35人``) to bear on the question."""
    if findings is None or sentence.kind == "question":
        return False
    read = findings.of(hit.document, sentence)
    return read is not None and read.relevance >= 0


def _is_evidence(sentence: Sentence) -> bool:
    """Whether a sentence states something; what is asked, and bylines, do not."""
    is_statement = sentence.kind == "statement" and not sentence.text.endswith(("？", "?"))
    return is_statement and len(sentence.text) >= SHORTEST
