"""Which chunk size, and how much of each kind of search: the evidence for the defaults.

    python benchmarks/chunking.py --write

Two kinds of questions: known items from the news (see benchmarks/news.py) and the questions written by hand about the
sample documents (eval/questions.jsonl). Everything goes through the store and the retriever that users use; only the
fusion weight is set here. Vectors are real and kept on disk, so that a second run is fast.
"""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.news import SHORT_CLAUSE_LENGTHS, add_news_option, known_items, load_news
from benchmarks.results import ROOT, Table, add_output_options, alone, cache, publish
from benchmarks.vectors import KeptEmbedder

SIZES = [150, 200, 300, 400, 500, 800]
WEIGHTS = [1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.0]
EVALUATION = ROOT / "eval" / "questions.jsonl"
RESULTS = 10
READ = 1_500
DEFAULT_WEIGHT = 0.6
NOTE = (
    "A hit holds an answer when it covers at least half of the sentence (known items) or of a gold quote (written "
    "questions; all quotes of a question must be held). `MRR@10` counts the first hit that holds one. Larger chunks "
    "show more text at the same number of hits, so `in 1,500 characters` asks whether the answer stands in the first "
    "1,500 characters of the hits, which is what a reader or a model would read. Known items favour lexical search: "
    "they are written from the passage (a clause of five to nine characters from the middle of the article)."
)


@dataclass(frozen=True, slots=True)
class Case:
    """A question and where its answer stands: ``spans`` are (document, start, end), all of them needed."""

    question: str
    spans: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents and questions about them.

    Attributes:
        name: what to call it.
        dense: whether its passages are few enough to be embedded.
    """

    name: str
    documents: list[Any]
    cases: list[Case]
    dense: bool


class NoEmbedder:
    """Stands in where only lexical search is measured. An ``embeddings.Embedder``."""

    name = "none"

    def encode_query(self, texts: list[str]) -> list[list[float]]:
        """The same vector for all."""
        return [[1.0] * 8 for _ in texts]

    encode_document = encode_query


def news_collection(path: Path, articles: int, questions: int, dense: bool) -> Collection:
    """The first articles of the news with known-item questions."""
    from rag.text.documents import Document

    news = load_news(path, articles)
    documents = [Document(article.text, f"news/{article.id}", article.text[:20]) for article in news]
    identifiers = {document.path[5:]: document.id for document in documents}
    cases = [
        Case(item.question, ((identifiers[item.article], item.start, item.end),))
        for item in known_items(news, questions, lengths=SHORT_CLAUSE_LENGTHS)
    ]
    return Collection(f"news, {articles:,} articles, known items", documents, cases, dense)


def written_collection() -> Collection | None:
    """The sample documents with the answerable questions of the evaluation; None where there are none."""
    from rag.loading import load
    from rag.settings import SEEDS

    if not EVALUATION.is_file():
        return None
    documents = {file.name: load(file) for file in sorted(SEEDS.glob("*.txt"))}
    cases: list[Case] = []
    for line in EVALUATION.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spans = []
        for gold in row.get("gold", []):
            document = documents[gold["document"]]
            start = document.text.find(gold["quote"])
            if start < 0:
                raise SystemExit(f"{row['id']}: its quote does not stand in {gold['document']}: {gold['quote']}")
            spans.append((document.id, start, start + len(gold["quote"])))
        if row["answerable"] and spans and not row["history"]:
            cases.append(Case(row["question"], tuple(spans)))
    return Collection("sample documents, written questions", list(documents.values()), cases, True)


def measure(collection: Collection, size: int, folder: Path) -> dict[str, Any]:
    """Indexes a collection at one chunk size and asks its questions with every fusion weight, in this process."""
    from rag.assistant import Assistant
    from rag.search import retrieval

    embedder = KeptEmbedder(folder) if collection.dense else NoEmbedder()
    weights = WEIGHTS if collection.dense else [1.0]
    with (
        tempfile.TemporaryDirectory() as index,
        Assistant.open(index, embedder=embedder, chunk_size=size, language_model="extractive") as assistant,
    ):
        began = time.perf_counter()
        assistant.add(collection.documents)
        seconds = time.perf_counter() - began
        lengths = assistant.store.chunk_lengths()
        quality = {}
        for weight in weights:
            retrieval.LEXICAL_WEIGHT = weight
            hits = [assistant.retrieve(case.question, RESULTS) for case in collection.cases]
            quality[str(weight)] = score(collection.cases, hits)
    alive = lengths[lengths > 0]
    return {"chunks": int(alive.size), "mean_length": float(alive.mean()), "seconds": seconds, "quality": quality}


def score(cases: list[Case], hits: list[list[Any]]) -> dict[str, float]:
    """Recall at 5, at 10 and in the first 1,500 characters, and MRR@10: means over the questions."""
    totals = {"recall_5": 0.0, "recall_10": 0.0, "mrr_10": 0.0, "recall_read": 0.0}
    for case, found in zip(cases, hits, strict=True):
        read, length = 0, 0
        while read < len(found) and length + len(found[read].text) <= READ:
            length += len(found[read].text)
            read += 1
        ranks = [_rank(span, found) for span in case.spans]
        held = [rank for rank in ranks if rank]
        last = max(held) if len(held) == len(ranks) else RESULTS + 1
        totals["recall_5"] += last <= 5
        totals["recall_10"] += last <= RESULTS
        totals["recall_read"] += last <= read
        totals["mrr_10"] += 1 / min(held) if held else 0.0
    return {name: total / len(cases) for name, total in totals.items()}


def _rank(span: tuple[str, int, int], hits: list[Any]) -> int | None:
    """Place (from 1) of the first hit that holds a span: covers half of it, or repeats it from a reprint."""
    identifier, start, end = span
    for rank, hit in enumerate(hits, 1):
        covered = min(end, hit.end) - max(start, hit.start)
        if hit.document.id == identifier and 2 * covered >= end - start:
            return rank
        for reprint in hit.reprints:
            if reprint.id == identifier and _letters(reprint.text[start:end]) in _letters(hit.text):
                return rank
    return None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def size_table(measured: dict[int, dict[str, Any]], weight: float) -> Table:
    """Quality at each chunk size with one fusion weight."""
    rows = []
    for size, found in measured.items():
        rows.append([str(size), f"{found['chunks']:,}", f"{found['mean_length']:.0f}", *_cells(found, weight)])
    return Table(["chunk size", "chunks", "mean length", "R@5", "R@10", "MRR@10", "in 1,500 characters"], rows)


def weight_table(measured: dict[int, dict[str, Any]]) -> Table:
    """Quality with each fusion weight: the mean over the chunk sizes."""
    rows = []
    for weight in WEIGHTS:
        name = {1.0: "1.0 (lexical only)", 0.0: "0.0 (dense only)"}.get(weight, str(weight))
        columns = zip(*(_numbers(found, weight) for found in measured.values()), strict=True)
        rows.append([name, *(f"{100 * sum(column) / len(column):.1f}" for column in columns)])
    return Table(["lexical weight", "R@5", "R@10", "MRR@10", "in 1,500 characters"], rows)


def _numbers(found: dict[str, Any], weight: float) -> list[float]:
    quality = found["quality"][str(weight)]
    return [quality[name] for name in ("recall_5", "recall_10", "mrr_10", "recall_read")]


def _cells(found: dict[str, Any], weight: float) -> list[str]:
    return [f"{100 * number:.1f}" for number in _numbers(found, weight)]


def main() -> None:
    """Measures every collection at every chunk size and publishes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="chunk sizes in characters")
    parser.add_argument("--lexical-articles", type=int, default=2_000, help="articles for lexical search alone")
    parser.add_argument("--dense-articles", type=int, default=400, help="articles to embed (minutes, the first time)")
    parser.add_argument("--questions", type=int, default=400, help="known-item questions for each collection")
    add_news_option(parser)
    add_output_options(parser)
    options = parser.parse_args()
    collections = [
        news_collection(options.news, options.lexical_articles, options.questions, dense=False),
        news_collection(options.news, options.dense_articles, options.questions, dense=True),
        written_collection(),
    ]
    measured: dict[str, dict[int, dict[str, Any]]] = {}
    parts: list[str | Table] = []
    for collection in filter(None, collections):
        found = {size: alone(measure, collection, size, cache()) for size in options.sizes}
        measured[collection.name] = found
        weight = DEFAULT_WEIGHT if collection.dense else 1.0
        kind = f"fused, lexical weight {DEFAULT_WEIGHT}" if collection.dense else "lexical search alone"
        parts += [f"**{collection.name}** ({len(collection.cases)} questions), {kind}", size_table(found, weight)]
        if collection.dense:
            parts += ["Mean over these chunk sizes, by weight:", weight_table(found)]
        print(parts[-1], flush=True)
    publish("chunking", options, measured, [*parts, NOTE])


if __name__ == "__main__":
    main()
