"""Summaries: what documents say as a whole, or together about something; which documents are meant is never guessed.

A document is summarised by the sentences that carry it (:mod:`rag.text.gist`), several one after another, a topic by
what the documents say about it, each document's sentences together. What is chosen here is written and checked as any
other answer is.
"""

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from rag.answering.catalogue import LISTED, listed_lines, named_entry
from rag.answering.claims import ClaimChecker
from rag.answering.events import SectionRead
from rag.index.store import Entry, Filters, Store
from rag.messages import Language, say_in
from rag.questions.document_names import documents_named, in_folder_named, partly_named, share_named
from rag.questions.follow_ups import History
from rag.questions.intents import Intent
from rag.questions.summary_requests import SummaryRequest, summary_request, topic_of
from rag.reading.evidence import Evidence, EvidenceSelector
from rag.search.retrieval import Hit
from rag.text.documents import Document
from rag.text.gist import COMPARED, Gist, as_quoted, whole_sentences
from rag.text.instructions import is_instruction
from rag.text.lengths import written_length
from rag.text.numerals import value_of
from rag.text.script import is_chinese
from rag.text.structure import Sentence
from rag.text.terms import letters_of, terms_of

LENGTH, LENGTH_OF_EACH, LENGTH_OF_BRIEF = 300, 90, 400
"""How long a summary of one document, of each of several, and of a topic is, where that is left open."""
SHARE = 0.5
"""Share of its document that a summary is at most, where its length is left open."""
SENTENCES_OF_EACH = 2
COMPARED_OF_EACH = 24
NEAR_TOPIC = 0.6
"""Share of a topic that a sentence must name, with its heading and its document's title."""
NEAR_FOREIGN, BEHIND_FOREIGN = 0.79, 0.02
"""Likeness to a topic in another language that a sentence must have, and how far it may be behind the nearest."""
ALIKE = 0.75
"""Share of its terms that a sentence may have from one that is chosen already."""
_NUMBER = re.compile(r"第?\s*(\d+|[一二三四五六七八九十]+)\s*[份篇个号]?(?:文件|文档)?[。.]?")


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one sentence is written from, or what is quoted.

    Attributes:
        label: the assistant's own words before it.
        evidence: the pieces of a sentence of a document; none where only the label is said.
    """

    label: str
    evidence: tuple[Evidence, ...] = ()

    @property
    def text(self) -> str:
        """The sentence as it is quoted: without the mark of an item, after the name of who says it."""
        text = as_quoted("".join(each.sentence.text for each in self.evidence))
        speaker = self.evidence[0].sentence.speaker if self.evidence else ""
        return f"{speaker}：{text}" if speaker and speaker not in text else text


@dataclass(frozen=True, slots=True)
class Summary:
    """What is to be said.

    Attributes:
        stretches: in the order in which they are told.
        hits: the passages that a topic was found in.
        said: what is said instead, where nothing is summarised: a question back, or that there is nothing.
        is_missing: whether nothing was found about the topic.
    """

    stretches: tuple[Stretch, ...] = ()
    hits: tuple[Hit, ...] = ()
    said: str = ""
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class _Near:
    """A sentence about a topic."""

    hit: Hit
    pieces: tuple[Sentence, ...]
    text: str
    terms: frozenset[int]
    score: float


@dataclass(frozen=True, slots=True)
class Summaries:
    """Chooses what summaries are made of.

    Attributes:
        store: holds the documents.
        filters: of the question.
        selector: gives sentences and their vectors.
        retrieve: finds passages for a question; the filters are in it.
    """

    store: Store
    filters: Filters
    selector: EvidenceSelector
    retrieve: Callable[[str], list[Hit]]

    def asked_before(self, question: str, history: History) -> str:
        """The request that a question goes on with by telling which document is meant; empty where it does not."""
        if not history:
            return ""
        asked, answer = history[-1]
        first = answer.strip().split("\n", 1)[0]
        if first not in (say_in("zh", "which_document"), say_in("en", "which_document")):
            return ""
        return asked if len(self._answering(question, self._entries())) == 1 else ""

    def is_of_others(self, question: str) -> bool:
        """Whether a question names something in title marks that is no document here: a book, a film."""
        return any(not found for found in documents_named(question, self._entries()))

    def of(
        self, intent: Intent, question: str, history: History, language: Language, pointed: str = ""
    ) -> Generator[SectionRead, None, Summary]:
        """What is to be said to a request; every section that is read for it is told.

        Args:
            pointed: what tells which document is meant, where that was asked back.
        """
        entries = self._entries()
        if not entries:
            every = len(self.store.entries())
            key = "nothing_in_scope" if every else "no_documents_yet"
            return Summary(said=say_in(language, key, held=say_in(language, "some_documents", n=every)))
        request = summary_request(question)
        if pointed:
            return (yield from self._of_documents(self._answering(pointed, entries), request, language))
        names = documents_named(question, entries, in_quotes=intent == "summary")
        if not names and (inside := in_folder_named(question, entries)):
            return (yield from self._of_documents(inside, request, language))
        if intent == "brief" and not (names or request.points_at_one) and (topic := topic_of(question)):
            return self._of_topic(topic, request, language)
        names = names or partly_named(question, entries)
        if any(len(found) != 1 for found in names):
            return _asked_back([each for found in names for each in found] or entries, language)
        if names:
            chosen = list({found[0].id: found[0] for found in names}.values())
        elif request.points_at_one and len(entries) > 1:
            before = self._told_of_before(history, entries)
            if before is None:
                return _asked_back(entries, language)
            chosen = [before]
        else:
            chosen = entries
        return (yield from self._of_documents(chosen, request, language))

    # -- which documents ----------------------------------------------------------------------------------------------

    def _entries(self) -> list[Entry]:
        within = self.store.within(self.filters)
        return [entry for entry in self.store.entries() if within is None or entry.id in within]

    def _answering(self, reply: str, entries: Sequence[Entry]) -> list[Entry]:
        """The document that a reply to the question back names, by its title, its file or its number in the list."""
        if numbered := _NUMBER.fullmatch(reply.strip()):
            number = int(numbered[1]) if numbered[1].isdigit() else int(value_of(numbered[1]) or 0)
            return list(entries[number - 1 : number]) if 0 < number <= LISTED else []
        names = documents_named(reply, entries) or partly_named(reply, entries)
        return names[0] if len(names) == 1 else []

    def _told_of_before(self, history: History, entries: Sequence[Entry]) -> Entry | None:
        """The one document that the last answer names or rests on; None where that is not sure."""
        if not history:
            return None
        asked, answer = history[-1]
        names = documents_named(answer.strip().split("\n", 1)[0], entries)
        if len(names) == 1 and len(names[0]) == 1:
            return names[0][0]
        evidence = self.selector.select(asked, self.retrieve(asked)) if answer.strip() else []
        claims = ClaimChecker(self.selector).check(answer, evidence) if evidence else []
        cited = {claim.citations[0].document.id for claim in claims if claim.supported}
        return next((entry for entry in entries if {entry.id} == cited), None)

    # -- what is told of them -----------------------------------------------------------------------------------------

    def _of_documents(
        self, entries: Sequence[Entry], request: SummaryRequest, language: Language
    ) -> Generator[SectionRead, None, Summary]:
        """One document by its sections, or several one after another."""
        distinct = _without_copies(entries)
        taken = distinct[:LISTED]
        stretches: list[Stretch] = []
        is_alone = len(taken) == 1
        if not is_alone:
            stretches.append(Stretch(say_in(language, "documents_summarised", n=len(taken))))
        for number, entry in enumerate(taken, 1):
            document = self.store.document(entry.id)
            sentences = self._sentences(document)
            length, most = _room(request, len(taken), sum(written_length(each.text) for each in sentences))
            gist = Gist(sentences, document.title, COMPARED if is_alone else COMPARED_OF_EACH)
            for section in range(gist.sections):
                gist.read(section, self.selector.vectors)
                yield SectionRead(section + 1, gist.sections, number, len(taken))
            found = gist.carrying(length, most) or _lines(sentences, length)
            named = named_entry(entry, language, is_dated=False)
            named = named if is_alone else f"{number}. {named}"
            key = "says_mainly" if found else "says_nothing_whole"
            stretches.append(Stretch(say_in(language, key, named=named)))
            stretches += [Stretch("", _evidence(document, pieces)) for pieces in found]
        if len(entries) > len(taken):
            copies, left_out = len(entries) - len(distinct), len(distinct) - len(taken)
            told = [("copies_not_repeated", copies), ("more_not_summarised", left_out)]
            stretches += [Stretch(say_in(language, key, n=count)) for key, count in told if count]
        if not any(stretch.evidence for stretch in stretches):
            return Summary(said="\n".join(stretch.label for stretch in stretches))
        return Summary(tuple(stretches))

    def _sentences(self, document: Document) -> list[Sentence]:
        """The sentences of a document that the filters let through."""
        sentences = self.selector.structure(document)
        if not self.filters.speaker:
            return sentences
        return [sentence for sentence in sentences if self.filters.lets_through(sentence.speaker)]

    def _of_topic(self, topic: str, request: SummaryRequest, language: Language) -> Summary:
        """What the documents say about a topic, by document, the one that says most first."""
        hits = tuple(self.retrieve(topic))
        found = self._near(topic, hits)
        if not found:
            return Summary(hits=hits, said=say_in(language, "nothing_on_topic", topic=topic), is_missing=True)
        room, left = request.length or LENGTH_OF_BRIEF, request.sentences or len(found)
        chosen: list[_Near] = []
        for near in found:
            length = written_length(near.text)
            is_new = all(len(near.terms & other.terms) < ALIKE * len(near.terms) for other in chosen)
            if left > 0 and is_new and (not chosen or length <= room):
                chosen.append(near)
                room -= length
                left -= 1
        groups: dict[str, list[_Near]] = {}
        for near in chosen:
            groups.setdefault(near.hit.document.id, []).append(near)
        key = "one_document_on_topic" if len(groups) == 1 else "documents_on_topic"
        stretches = [Stretch(say_in(language, key, topic=topic, n=len(groups)))]
        for group in groups.values():
            document = group[0].hit.document
            stretches.append(
                Stretch(say_in(language, "it_says", named=named_entry(document, language, is_dated=False)))
            )
            for near in sorted(group, key=lambda each: each.pieces[0].start):
                stretches.append(Stretch("", _evidence(document, near.pieces, near.hit.reprints)))
        return Summary(tuple(stretches), hits)

    def _near(self, topic: str, hits: Sequence[Hit]) -> list[_Near]:
        """The sentences of passages that are about a topic, the nearest first."""
        found: dict[tuple[str, int], tuple[Hit, tuple[Sentence, ...]]] = {}
        for hit in hits:
            for pieces, is_cut in whole_sentences(self._sentences(hit.document)):
                if pieces[0].start < hit.end and hit.start < pieces[-1].end and not is_cut:
                    found.setdefault((hit.document.id, pieces[0].start), (hit, pieces))
        if not found:
            return []
        texts = ["".join(piece.text for piece in pieces) for _, pieces in found.values()]
        similar = self.selector.vectors(texts) @ self.selector.retriever.query_vector(topic)
        # The words of a topic in another language than the documents' tell nothing.
        is_foreign = is_chinese(topic) != is_chinese(texts[int(similar.argmax())])
        least = max(NEAR_FOREIGN, float(similar.max()) - BEHIND_FOREIGN)
        near = []
        for (hit, pieces), text, similarity in zip(found.values(), texts, similar.tolist(), strict=True):
            known = share_named(topic, f"{hit.document.title}\n{pieces[0].heading}\n{text}")
            if similarity >= least if is_foreign else known >= NEAR_TOPIC:
                score = known + share_named(topic, text) + similarity
                near.append(_Near(hit, pieces, text, frozenset(terms_of(text).tolist()), score))
        return sorted(near, key=lambda each: -each.score)


def _asked_back(entries: Sequence[Entry], language: Language) -> Summary:
    lines = [named_entry(entry, language) for entry in entries]
    return Summary(said="\n".join([say_in(language, "which_document"), *listed_lines(lines, language)]))


def _without_copies(entries: Sequence[Entry]) -> list[Entry]:
    """Documents without those that have nearly the same text as one before them."""
    kept: list[Entry] = []
    for entry in entries:
        if not any(other.id in entry.near_duplicates for other in kept):
            kept.append(entry)
    return kept


def _room(request: SummaryRequest, documents: int, length: int) -> tuple[int, int | None]:
    """How long the summary of one of some documents may be, and how many sentences it may have.

    Args:
        length: of the document.
    """
    if request.length:
        return max(1, request.length // documents), request.sentences
    if documents > 1:
        return LENGTH_OF_EACH, request.sentences or SENTENCES_OF_EACH
    room = LENGTH if request.sentences is None else max(LENGTH, 100 * request.sentences)
    return min(room, max(1, int(SHARE * length))), request.sentences


def _lines(sentences: Sequence[Sentence], length: int) -> list[tuple[Sentence, ...]]:
    """The first lines of a document that has no sentence to choose; none of one that is only a table."""
    lines = [
        each
        for each in sentences
        if each.kind == "statement"
        and not (each.lead or each.tail)
        and len(letters_of(each.text)) > 1
        and not is_instruction(each.text)
    ]
    found: list[tuple[Sentence, ...]] = []
    for line in lines:
        length -= written_length(line.text)
        if found and length < 0:
            break
        found.append((line,))
    return found


def _evidence(
    document: Document, pieces: Sequence[Sentence], reprints: tuple[Document, ...] = ()
) -> tuple[Evidence, ...]:
    return tuple(Evidence(document, piece, reprints, 1.0, None, 1.0) for piece in pieces)
