"""The lexical index: BM25 as the formula says, whatever segments it lies in and whatever was removed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hashing_embedder import DIMENSION, HashingEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings import load
from rag.index import lexical
from rag.index.changes import remove_document
from rag.index.indexing import add
from rag.index.lexical import K1, B, LexicalIndex
from rag.index.store import Store
from rag.text.documents import Document
from rag.text.terms import query_terms, terms_of

WORDS = ["工业", "增加值", "5G基站", "新能源汽车", "公园", "天气", "1,234.5", "ABC", "金壮龙", "产量", "很好", "增长"]
DOCUMENTS = [
    Document("".join(WORDS[(7 * n + 5 * i * i) % len(WORDS)] for i in range(3 + n % 9)) + f"第{n}。", str(n), "甲")
    for n in range(60)
]
QUESTIONS = ["工业增加值增长了多少？", "5G基站", "公园 天气", "1234.5", "abc", "第7", "没有的词语"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path, embedder="hashing", dimension=DIMENSION)) as store:
        yield store


def filled(store: Store, documents: list[Document] = DOCUMENTS) -> Store:
    add(store, load(HashingEmbedder()), documents)
    return store


def index_of(store: Store) -> LexicalIndex:
    return LexicalIndex(store.connection, store.chunk_lengths())


def brute_force(store: Store, question: str) -> dict[int, float]:
    """BM25 of every chunk by its formula, from nothing but the texts."""
    chunks = {i: Counter(terms_of(c.text).tolist()) for i, c in store.chunks(store.chunk_ids()).items()}
    lengths = {i: len(c.text) for i, c in store.chunks(store.chunk_ids()).items()}
    average = sum(lengths.values()) / len(lengths)
    scores: dict[int, float] = {}
    for term in query_terms(question).tolist():
        holding = [i for i, counts in chunks.items() if term in counts]
        inverse = math.log(1 + (len(chunks) - len(holding) + 0.5) / (len(holding) + 0.5))
        for i in holding:
            frequency = chunks[i][term]
            norm = K1 * (1 - B + B * lengths[i] / average)
            scores[i] = scores.get(i, 0) + inverse * frequency * (K1 + 1) / (frequency + norm)
    return scores


def found(store: Store, question: str, k: int = 1000) -> dict[int, float]:
    identifiers, scores = index_of(store).search(question, k)
    assert (np.diff(scores) <= 0).all()
    return dict(zip(identifiers.tolist(), scores.tolist(), strict=True))


@pytest.mark.parametrize("question", QUESTIONS)
def test_scores_are_those_of_the_formula(store: Store, question: str) -> None:
    filled(store)
    assert found(store, question) == pytest.approx(brute_force(store, question), rel=1e-5)


def test_scores_are_those_of_the_formula_after_removals_and_replacements(store: Store) -> None:
    filled(store)
    for entry in store.entries()[::3]:
        remove_document(store, entry.id)
    filled(store, [Document("工业增加值" * 3 + "。", document.path, "乙") for document in DOCUMENTS[1:9]])
    for question in QUESTIONS:
        expected = brute_force(store, question)
        assert found(store, question) == pytest.approx(expected, rel=1e-5)
        terms = query_terms(question)
        frequencies = [
            sum(term in terms_of(c.text) for c in store.chunks(store.chunk_ids()).values()) for term in terms
        ]
        number = len(store.chunk_ids())
        weights = [math.log(1 + (number - frequency + 0.5) / (frequency + 0.5)) for frequency in frequencies]
        assert index_of(store).weights(terms) == pytest.approx(weights, rel=1e-5)


def test_words_of_removed_documents_are_no_longer_known(store: Store) -> None:
    filled(store, [Document("工业增长。", "a", "甲"), Document("天气很好。", "b", "乙")])
    assert index_of(store).known_share("天气") == 1
    remove_document(store, next(entry.id for entry in store.entries() if entry.path == "b"))
    assert index_of(store).known_share("天气") == 0


def segments(store: Store) -> int:
    return int(store.connection.execute("SELECT count(*) FROM segments").fetchone()[0])


def test_many_segments_and_merged_ones_give_what_one_gives(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store)
    assert segments(store) == 1
    expected = {question: found(store, question) for question in QUESTIONS}
    assert sum(map(len, expected.values())) > 100

    monkeypatch.setattr(lexical, "SEGMENT_CHUNKS", 4)
    with store.transaction() as connection:
        lexical.clear(connection)
        lexical.catch_up(connection)
    assert segments(store) == 15
    for question in QUESTIONS:
        assert found(store, question) == pytest.approx(expected[question])

    monkeypatch.setattr(lexical, "SEGMENT_CHUNKS", 1000)
    monkeypatch.setattr(lexical, "MERGE_SEGMENTS", 5)
    before = store.chunk_ids().tolist()
    with store.transaction() as connection:
        lexical.catch_up(connection)
    assert segments(store) == 1
    assert store.chunk_ids().tolist() == before
    for question in QUESTIONS:
        assert found(store, question) == pytest.approx(expected[question])


def test_segments_do_not_pile_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "MERGE_SEGMENTS", 4)
    for document in DOCUMENTS:
        filled(store, [document])
        assert segments(store) <= 6
    for question in QUESTIONS:
        assert found(store, question) == pytest.approx(brute_force(store, question), rel=1e-5)
    for entry in store.entries():
        remove_document(store, entry.id)
    filled(store, [DOCUMENTS[0]])
    assert segments(store) == 1


def test_traditional_full_width_and_capital_letters_find_the_plain_text(store: Store) -> None:
    filled(store, [Document("5G基站数量达到264万个，ABC公司。", "a", "甲"), Document("天气很好。", "b", "乙")])
    plain = found(store, "5G基站数量 264 abc")
    assert len(plain) == 1
    assert found(store, "５Ｇ基站數量 ２６４ ＡＢＣ") == plain
    filled(store, [Document("臺灣的氣候溫暖濕潤。", "c", "丙")])
    assert len(found(store, "温暖湿润")) == 1


def test_k_and_mask_limit_what_is_returned(store: Store) -> None:
    filled(store)
    index = index_of(store)
    everything, scores = index.search("工业增加值", 1000)
    best, best_scores = index.search("工业增加值", 3)
    assert best.tolist() == everything[:3].tolist() and best_scores.tolist() == scores[:3].tolist()
    size = len(store.chunk_lengths())
    mask = np.zeros(size, dtype=np.bool_)
    mask[everything[5:8]] = True
    assert index.search("工业增加值", 1000, mask)[0].tolist() == everything[5:8].tolist()
    for length in (1, size - 4, size + 100):
        other = np.zeros(length, dtype=np.bool_)
        other[: min(length, size)] = mask[:length]
        if length > size:
            other[size:] = True
        expected = [i for i in everything[5:8].tolist() if i < length]
        assert index.search("工业增加值", 1000, other)[0].tolist() == expected


def test_index_made_before_the_store_grew_stays_usable(store: Store) -> None:
    filled(store, DOCUMENTS[:10])
    index = index_of(store)
    before = set(store.chunk_ids().tolist())
    filled(store, DOCUMENTS[10:])
    assert set(index.search("工业增加值", 1000)[0].tolist()) <= before


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5), question=st.text())
def test_terms_of_a_batch_are_those_of_each_text(store: Store, texts: list[str], question: str) -> None:
    """A segment is made of all its texts in one go; no term may reach from one text into the next."""
    with store.transaction() as connection:
        connection.execute("DELETE FROM documents")
        lexical.clear(connection)
        connection.execute(
            "INSERT INTO documents VALUES (1,'a','a','','','','','','','','',0,x'',x'','','',x'',x'',0,'[]','')"
        )
        connection.executemany(
            "INSERT INTO chunks (document_id, start, end, length, speakers, vector, text) VALUES ('a',0,0,?,'',0,?)",
            [(len(text), text) for text in texts],
        )
        lexical.catch_up(connection)
    rows = store.connection.execute("SELECT term, chunks, counts FROM postings").fetchall()
    indexed = Counter(
        {
            (term, int(chunk)): int(count)
            for term, chunks, counts in rows
            for chunk, count in zip(np.frombuffer(chunks, "<u4"), np.frombuffer(counts, "u1"), strict=True)
        }
    )
    identifiers = store.chunk_ids().tolist()
    expected = Counter(
        (term, i) for i, text in zip(identifiers, texts, strict=True) for term in terms_of(text).view(np.int64).tolist()
    )
    assert indexed == expected
    index_of(store).search(question, 5)
