"""Retrieval: lexical and dense search, fused; filters; reprints of one passage collapsed into one hit."""

import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.index.changes import catch_up
from rag.index.lexical import LexicalIndex
from rag.index.local_lookup import LocalLookup
from rag.index.lookup import Lookup
from rag.index.store import Filters, Store, StoredChunk
from rag.questions.inputs import checked_count, checked_question
from rag.search.glossary import in_chinese_words
from rag.search.occasions import NamedDays, origins
from rag.search.reranking import RERANKED, scores
from rag.text.documents import Document
from rag.text.script import convert, is_traditional
from rag.text.terms import terms_of

if TYPE_CHECKING:
    from embeddings import TextEmbedder
    from rag.search.reranking import Reranker

LEXICAL_WEIGHT = 0.6
ORIGIN_WEIGHT = 1.0
DAY_WEIGHT = 0.2
CANDIDATES = 100
SAME_PASSAGE = 0.7


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage.

    Attributes:
        document: the document it stands in.
        start, end: its exact span in ``document.text``.
        text: how it reads.
        speakers: who speaks in it.
        score: fused score, from 0 to 1.
        lexical_rank, dense_rank: its place (from 1) in either list; None where it was not found that way.
        similarity: cosine similarity to the question, where it was found by the dense search.
        reprints: other documents that carry the same passage.
    """

    document: Document
    start: int
    end: int
    text: str
    speakers: tuple[str, ...]
    score: float
    lexical_rank: int | None
    dense_rank: int | None
    similarity: float | None = None
    reprints: tuple[Document, ...] = ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """The ways it was found: ``lexical``, ``dense`` or both."""
        ranks = (("lexical", self.lexical_rank), ("dense", self.dense_rank))
        return tuple(name for name, rank in ranks if rank is not None)


@dataclass(slots=True)
class _Candidate:
    """A chunk on its way to a hit."""

    chunk: int
    score: float = 0.0
    lexical: float = 0.0
    lexical_rank: int | None = None
    dense_rank: int | None = None
    similarity: float | None = None


class Retriever:
    """Finds the passages of a store that serve a question. Follows the store's changes, also those of other processes."""

    def __init__(
        self,
        store: Store,
        embedder: "TextEmbedder",
        reranker: "Reranker | None" = None,
        lookup: Lookup | None = None,
    ) -> None:
        self.store = store
        self.embedder = embedder
        self.reranker = reranker
        self.lookup = lookup or LocalLookup()
        self._lengths: NDArray[np.int32] = np.zeros(1, np.int32)
        self._generation = -1
        self._lock = threading.Lock()
        self._query_vector = lru_cache(maxsize=256)(self._embed_query)

    def retrieve(self, question: str, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The best ``k`` passages for a question, best first.

        Args:
            question: what is asked, at most 2,000 characters.
            k: how many passages, at least 1.
            filters: what to limit the search to.

        Raises:
            UsageError: the question is empty or too long, or ``k`` is below 1.
            StoreError: what passages are looked up in cannot be reached.
        """
        question = checked_question(question)
        k = checked_count("k", k)
        self._catch_up()
        with self.store.snapshot():
            self._follow()
            k = min(k, self._lengths.size)
            candidates = self._fused(question, filters, max(CANDIDATES, 2 * k))
            return self._collapsed(self._reranked(question, candidates), k)

    def query_vector(self, question: str) -> NDArray[np.float32]:
        """The question's unit vector, shape (dimension,); remembered for the questions asked last."""
        return self._query_vector(question)

    def lexical(self) -> LexicalIndex:
        """The lexical index as it is now, on this thread's connection."""
        return LexicalIndex(self.store.connection, self._lengths)

    def refresh(self) -> None:
        """Takes in what has changed in the store since the last question."""
        self._catch_up()
        with self.store.snapshot():
            self._follow()

    def _catch_up(self) -> None:
        """Has the store index what has gone in since; that is written, so it comes before a snapshot is taken."""
        if self.store.generation != self._generation:
            with self._lock:
                catch_up(self.store)

    def _follow(self) -> None:
        """Brings what is searched to the state of the caller's snapshot: ids of chunks mean nothing in another."""
        generation = self.store.generation
        with self._lock:
            if generation > self._generation:
                self._lengths = self.store.chunk_lengths()
                self._generation = generation
        self.lookup.refresh(self.store)

    def _embed_query(self, question: str) -> NDArray[np.float32]:
        simplified = convert("t2s", question)
        if not is_traditional(question):
            vector: NDArray[np.float32] = self.embedder.queries([question])[0]
            return vector
        # Documents may be in either script: between the two.
        own, other = self.embedder.queries([question, simplified])
        middle: NDArray[np.float32] = own + other
        return middle / max(float(np.linalg.norm(middle)), 1e-12)

    def _fused(self, question: str, filters: Filters | None, depth: int) -> list[_Candidate]:
        """Candidates of both lists, best first: 0.6 of the lexical and 0.4 of the dense score, each scaled to 0…1.

        Words that no document knows (a question in another language) leave the lexical list that much less weight.

        Scaling by each list's own extremes with 0 for what a list lacks did better than reciprocal rank fusion in our
        measurements (docs/benchmarks.md).
        """
        found: dict[int, _Candidate] = {}
        lexical = self.lexical()
        chinese = in_chinese_words(question)
        worded = f"{question}\n{chinese}" if chinese else question
        lexical_weight = LEXICAL_WEIGHT * max(map(lexical.known_share, {question, worded}))
        lists = self.lookup.search(self.store, worded, self.query_vector(question), depth, filters, lexical)
        chunks, weights = lists.matching
        for rank, (chunk, score) in enumerate(zip(chunks.tolist(), weights.tolist(), strict=True), 1):
            found[chunk] = _Candidate(chunk, lexical=score, lexical_rank=rank)
        # What is not in a full list has at most the least of it; what is not in any other has none of the words.
        floor = float(weights.min()) if weights.size == depth else 0.0
        chunks, similarities = lists.nearest
        alive = self._lengths
        dense = zip(chunks.tolist(), _scaled(similarities), similarities.tolist(), strict=True)
        for rank, (chunk, score, cosine) in enumerate(dense, 1):
            if chunk < alive.size and alive[chunk]:
                candidate = found.setdefault(chunk, _Candidate(chunk, lexical=floor))
                candidate.dense_rank = rank
                candidate.similarity = float(cosine)
                candidate.score = (1 - lexical_weight) * score
        self._add_origins(worded, lexical, found)
        candidates = list(found.values())
        for candidate, score in zip(candidates, _scaled(np.array([one.lexical for one in candidates])), strict=True):
            candidate.score += lexical_weight * score
        return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.chunk))

    def _add_origins(self, question: str, lexical: LexicalIndex, found: dict[int, _Candidate]) -> None:
        """Lets title, event, source, speakers and day of their documents count for the candidates."""
        known = origins(self.store, found)
        days = NamedDays(question)
        chunks = [chunk for chunk in found if chunk in known]
        gains = lexical.gains(question, np.array(chunks, dtype=np.int64), [known[chunk].terms for chunk in chunks])
        for chunk, gain in zip(chunks, gains.tolist(), strict=True):
            found[chunk].lexical += ORIGIN_WEIGHT * gain
            if days:
                found[chunk].score += DAY_WEIGHT * days.fit(known[chunk].day)

    def _reranked(self, question: str, candidates: list[_Candidate]) -> list[_Candidate]:
        """The candidates with the first 30 in the reranker's order, where there is one; scores stay the fused ones."""
        if self.reranker is None:
            return candidates
        chunks = self.store.chunks(candidate.chunk for candidate in candidates[:RERANKED])
        first = [candidate for candidate in candidates[:RERANKED] if candidate.chunk in chunks]
        if not first:
            return candidates
        found = scores(self.reranker, question, [chunks[candidate.chunk].text for candidate in first])
        order = np.argsort(-found, kind="stable")
        return [*(first[place] for place in order), *candidates[RERANKED:]]

    def _collapsed(self, candidates: list[_Candidate], k: int) -> list[Hit]:
        """The first ``k`` candidates as hits; a passage that a near-equal document repeats is named, not repeated."""
        hits: list[Hit] = []
        kept: list[tuple[StoredChunk, set[int]]] = []
        for start in range(0, len(candidates), 2 * k):
            group = candidates[start : start + 2 * k]
            chunks = self.store.chunks(candidate.chunk for candidate in group)
            for candidate in group:
                chunk = chunks.get(candidate.chunk)
                if chunk is None:  # removed by another process a moment ago
                    continue
                original = self._original(chunk, kept)
                if original is None:
                    kept.append(
                        (chunk, set(terms_of(chunk.text).tolist()) if self.store.links(chunk.document_id) else set())
                    )
                    hits.append(self._hit(candidate, chunk))
                    if len(hits) == k:
                        return hits
                elif all(reprint.id != chunk.document_id for reprint in hits[original].reprints):
                    reprint = self.store.document_of(chunk)
                    hits[original] = replace(hits[original], reprints=(*hits[original].reprints, reprint))
        return hits

    def _original(self, chunk: StoredChunk, kept: list[tuple[StoredChunk, set[int]]]) -> int | None:
        """Place of the kept hit whose passage ``chunk`` repeats; None where it is new.

        Two copies of a text may be cut differently, so a passage counts as repeated when the kept passages of a linked
        document together hold 70 % of its terms.
        """
        linked = set(self.store.links(chunk.document_id))
        places = [place for place, (other, _) in enumerate(kept) if other.document_id in linked]
        if not places:
            return None
        own = set(terms_of(chunk.text).tolist())
        shares = {place: len(own & kept[place][1]) for place in places}
        together: set[int] = set().union(*(kept[place][1] for place in places))
        if len(own & together) < SAME_PASSAGE * len(own):
            return None
        return max(places, key=lambda place: (shares[place], -place))

    def _hit(self, candidate: _Candidate, chunk: StoredChunk) -> Hit:
        return Hit(
            document=self.store.document_of(chunk),
            start=chunk.start,
            end=chunk.end,
            text=chunk.text,
            speakers=chunk.speakers,
            score=candidate.score,
            lexical_rank=candidate.lexical_rank,
            dense_rank=candidate.dense_rank,
            similarity=candidate.similarity,
        )


def _scaled(values: NDArray[np.floating[Any]]) -> list[float]:
    """Scores on a scale from the list's lowest (0) to its highest (1)."""
    if not values.size:
        return []
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return [1.0] * values.size
    return [(score - low) / (high - low) for score in values.tolist()]
