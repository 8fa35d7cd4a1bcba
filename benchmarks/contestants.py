"""The contestants of benchmarks/retrieval.py: Youju, and the stack that tutorials put together from LangChain's parts.

Both get the same articles, the same vectors (see benchmarks/vectors.py), the same number of FAISS threads, and ten
results a question. Each class holds one way from articles to an index on disk, and from a question to articles.
"""

import itertools
import logging
import os
import time
import warnings
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from benchmarks.news import Article, load_news
from benchmarks.results import THREADS, folder_size, memory, peak_memory, quantile
from benchmarks.vectors import SampledEmbedder

RESULTS = 10
WARM_UP = 10
# What Chinese tutorials give RecursiveCharacterTextSplitter in place of its English separators.
SEPARATORS = ["\n\n", "\n", "。", "！", "？", "；", "，", " ", ""]
CHARACTERS, OVERLAP = 500, 50


@dataclass(frozen=True, slots=True)
class Task:
    """What a contestant has to do.

    Attributes:
        news: the collection.
        size: how many of its articles to index.
        sample: file of :class:`SampledEmbedder`.
        questions: pairs of a question and the id of the article it was made from.
        folder: an empty folder for the index.
    """

    news: Path
    size: int
    sample: Path
    questions: list[tuple[str, str]]
    folder: Path


class Contestant(Protocol):
    """One way from articles to answers. ``parts`` are the seconds of its steps."""

    embedder: SampledEmbedder
    parts: dict[str, float]

    def build(self, articles: list[Article]) -> None:
        """Builds the index and leaves it on disk."""

    def reopen(self) -> None:
        """Opens the index on disk, ready to answer."""

    def retrieve(self, question: str) -> list[set[str]]:
        """At most ten results, best first, each with the ids of the articles it names."""


@dataclass(slots=True)
class Youju:
    """Youju through its public interface."""

    folder: Path
    embedder: SampledEmbedder
    parts: dict[str, float] = field(default_factory=dict)
    assistant: Any = None

    def build(self, articles: list[Article]) -> None:
        from rag.text.documents import Document

        documents = [
            Document(text=article.text, path=f"news/{article.id}", title=article.text[:20]) for article in articles
        ]
        clock = _Clock(self)
        self._open()
        report = self.assistant.add(documents)
        assert len(report.added) == len(articles), report.failed[:3]
        clock.lap("add")
        self.assistant.retriever.refresh()
        clock.lap("vector index")

    def reopen(self) -> None:
        self._open()
        self.assistant.retriever.refresh()

    def retrieve(self, question: str) -> list[set[str]]:
        hits = self.assistant.retrieve(question, RESULTS)
        return [{document.path[5:] for document in (hit.document, *hit.reprints)} for hit in hits]

    def _open(self) -> None:
        from rag.assistant import Assistant

        self.assistant = Assistant.open(self.folder, embedder=self.embedder, language_model="extractive")


@dataclass(slots=True)
class Tutorial:
    """LangChain's splitter, FAISS store and BM25Retriever (with jieba) under an EnsembleRetriever."""

    folder: Path
    embedder: SampledEmbedder
    parts: dict[str, float] = field(default_factory=dict)
    store: Any = None
    retriever: Any = None

    def build(self, articles: list[Article]) -> None:
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document

        documents = [Document(page_content=article.text, metadata={"id": article.id}) for article in articles]
        clock = _Clock(self)
        passages = splitter().split_documents(documents)
        clock.lap("split")
        self.store = FAISS.from_documents(passages, self._embeddings())
        clock.lap("FAISS")
        self._combine(passages)
        clock.lap("BM25")
        self.store.save_local(str(self.folder))
        clock.lap("save")

    def reopen(self) -> None:
        from langchain_community.vectorstores import FAISS

        self.store = FAISS.load_local(str(self.folder), self._embeddings(), allow_dangerous_deserialization=True)
        self._combine(list(self.store.docstore._dict.values()))

    def retrieve(self, question: str) -> list[set[str]]:
        return [{passage.metadata["id"]} for passage in self.retriever.invoke(question)[:RESULTS]]

    def _combine(self, passages: list[Any]) -> None:
        import jieba
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever

        lexical = BM25Retriever.from_documents(passages, preprocess_func=jieba.lcut, k=RESULTS)
        dense = self.store.as_retriever(search_kwargs={"k": RESULTS})
        self.retriever = EnsembleRetriever(retrievers=[lexical, dense], weights=[0.5, 0.5])

    def _embeddings(self) -> Any:
        from langchain_core.embeddings import Embeddings

        embedder = self.embedder

        class Sampled(Embeddings):
            """What HuggingFaceEmbeddings would give."""

            def embed_documents(self, texts: list[str]) -> list[list[float]]:
                return embedder.lists("document", texts)

            def embed_query(self, text: str) -> list[float]:
                return embedder.lists("query", [text])[0]

        return Sampled()


MODULES = {
    "youju": ["rag.assistant", "rag.loading", "rensa"],
    "tutorial": [
        "langchain_classic.retrievers",
        "langchain_community.retrievers",
        "langchain_community.vectorstores.faiss",
        "langchain_text_splitters",
    ],
}
CONTESTANTS: dict[str, type[Youju] | type[Tutorial]] = {"youju": Youju, "tutorial": Tutorial}


def splitter() -> Any:
    """The splitter of the tutorial stack."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(chunk_size=CHARACTERS, chunk_overlap=OVERLAP, separators=SEPARATORS)


def measure(name: str, task: Task) -> dict[str, Any]:
    """Builds a contestant's index and asks it every question, in this process."""
    contestant = _prepared(name, task)
    articles = load_news(task.news, task.size)
    before = memory()
    contestant.build(articles)
    built = sum(contestant.parts.values())
    after = memory()
    for question, _ in task.questions[:WARM_UP]:
        contestant.retrieve("请问" + question)
    seconds: list[float] = []
    found = 0
    for question, article in task.questions:
        embedding, began = contestant.embedder.seconds, time.perf_counter()
        results = contestant.retrieve(question)
        seconds.append(time.perf_counter() - began - (contestant.embedder.seconds - embedding))
        found += any(article in names for names in results)
    return {
        "documents_per_second": task.size / built,
        "build_seconds": built,
        "parts": contestant.parts,
        "p50": quantile(seconds, 0.5),
        "p95": quantile(seconds, 0.95),
        "found": found / len(task.questions),
        "memory_before": before,
        "memory_after": after,
        "memory_peak": peak_memory(),
        "disk": folder_size(task.folder),
    }


def measure_reopening(name: str, task: Task) -> dict[str, Any]:
    """Opens the index that :func:`measure` left and asks one question, in this process."""
    contestant = _prepared(name, task)
    before, began = memory(), time.perf_counter()
    contestant.reopen()
    contestant.retrieve(task.questions[0][0])
    return {"seconds": time.perf_counter() - began, "memory": memory() - before}


def _prepared(name: str, task: Task) -> Contestant:
    """A contestant with its imports, dictionaries and threads in place, so that none of that is measured."""
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    os.environ["YOUJU_LANGUAGE"] = "en"
    for module in MODULES[name]:
        import_module(module)
    import faiss

    faiss.omp_set_num_threads(THREADS)
    if name == "tutorial":
        import jieba

        jieba.setLogLevel(logging.ERROR)
        jieba.lcut("有据")
    else:
        from rag.text.terms import fold

        fold("有據")
    return CONTESTANTS[name](task.folder, SampledEmbedder(task.sample))


class _Clock:
    """Takes the seconds of a contestant's steps, without those spent in the embedder."""

    def __init__(self, contestant: Contestant) -> None:
        self._contestant = contestant
        self._began = time.perf_counter()
        self._embedding = contestant.embedder.seconds

    def lap(self, part: str) -> None:
        now, embedding = time.perf_counter(), self._contestant.embedder.seconds
        self._contestant.parts[part] = now - self._began - (embedding - self._embedding)
        self._began, self._embedding = now, embedding


def passages_of(articles: list[Article]) -> list[str]:
    """Every passage that any contestant makes of some articles."""
    from rag.text.chunks import chunk
    from rag.text.structure import sentences_of

    ours = itertools.chain.from_iterable(chunk(sentences_of(article.text, ())) for article in articles)
    theirs = itertools.chain.from_iterable(splitter().split_text(article.text) for article in articles)
    return list(dict.fromkeys([*(part.text for part in ours), *theirs]))
