"""The assistant: documents in, cited answers out. This is the way a question travels, in one place."""

import datetime
import hashlib
import threading
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embeddings import cache_folder
from embeddings import load as load_embedder
from rag.answers import Answer, Claim, Timings
from rag.citations import attribute, claims_in, without_marks
from rag.documents import Document
from rag.errors import UsageError
from rag.evidence import Evidence, EvidenceSelector
from rag.indexing import ProgressCallback, Report, add, rebuild
from rag.language_models import Choice, choose
from rag.prompts import History, is_chinese
from rag.retrieval import Hit, Retriever, checked_question, parsed_day
from rag.settings import SEEDS, Settings
from rag.silence import is_answerable
from rag.store import VERSION, Entry, Filters, Store
from rag.verification import verify
from rag.writing import ChatModelWriter, ExtractiveWriter, Writer

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable

    from embeddings import Embedder

    LanguageModel = str | Path | BaseChatModel

NOT_FOUND = {
    "zh": "资料中没有找到能回答这个问题的内容。",
    "en": "The documents hold nothing that answers this question.",
}
PASSAGES = 10
SHORT_FOLLOW_UP = 8
_SHAPES_THE_INDEX = ("view", "turns", "structure", "chunks", "lexical")


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """First event of a stream: the passages retrieved and the sentences chosen from them.

    Attributes:
        hits, evidence: the passages and the sentences, best first.
        seconds: from the question on.
        question: what was searched for: a short follow-up with the question before it.
    """

    hits: tuple[Hit, ...]
    evidence: tuple[Evidence, ...]
    seconds: float
    question: str


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer as it is written; not yet verified."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Last event of a stream: the answer with its claims, citations and checks."""

    answer: Answer


Event = EvidenceFound | Token | Finished


class Assistant:
    """Answers questions from the documents of one index, every claim with its citations."""

    def __init__(self, retriever: Retriever, language_model: "LanguageModel" = "auto") -> None:
        """Use :meth:`open`; this puts an assistant together from parts."""
        self.retriever = retriever
        self.store: Store = retriever.store
        self.language_model = language_model
        self._selector = EvidenceSelector(retriever)
        self._choices: dict[str, Choice] = {}

    @classmethod
    def open(
        cls,
        index: str | Path | None = None,
        *,
        embedder: "str | Embedder | None" = None,
        language_model: "LanguageModel | None" = None,
        chunk_size: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> "Assistant":
        """Opens an index folder, or makes it; without one, the embedded sample documents.

        Args:
            index: the folder; empty or None means ``YOUJU_INDEX``, and without that the embedded sample documents.
            embedder: a setting of ``embeddings.load`` or an embedder; None means ``YOUJU_EMBEDDER``, else the default.
            language_model: what writes answers unless a question says otherwise; see ``rag.language_models.choose``.
            chunk_size: size of the chunks of a new index, in characters.
            progress: called for each sample document while their index is made, on first use.

        Raises:
            StoreError: the index cannot be opened.
            EmbeddingError, WeightsError: the embedder cannot be opened.
            UsageError: a setting is wrong.
        """
        settings = Settings.from_environment()
        loaded = load_embedder(embedder if embedder is not None else settings.embedder)
        folder = str(index or settings.index)
        model = language_model if language_model is not None else settings.language_model
        size = settings.chunk_size if chunk_size is None else chunk_size
        place = Path(folder).expanduser() if folder else embedded_index_folder(loaded.name, size)
        store = Store.open(place, embedder=loaded.name, dimension=loaded.dimension, chunk_size=size)
        assistant = cls(Retriever(store, loaded), model)
        if not folder:
            assistant._add_seeds(progress)
        return assistant

    def __enter__(self) -> "Assistant":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the index."""
        self.store.close()

    # -- documents ----------------------------------------------------------------------------------------------------

    def add(
        self,
        items: str | Path | Document | Iterable[str | Path | Document],
        progress: ProgressCallback | None = None,
        report: Report | None = None,
    ) -> Report:
        """Adds files, folders (all readable files in them) or documents. See :func:`rag.indexing.add`."""
        listed = [items] if isinstance(items, str | Path | Document) else items
        return add(self.store, self.retriever.embedder, listed, progress, report)

    def remove(self, document_id: str) -> None:
        """Removes a document by its id.

        Raises:
            UsageError: the index holds no such document.
        """
        self.store.remove(document_id)

    def edit(self, document_id: str, **changes: Any) -> None:
        """Changes title, date, source, event or speakers of a document; kept when the file is added again."""
        if "date" in changes:
            changes["date"] = parsed_day(changes["date"], "date")
        self.store.edit(document_id, changes)

    def documents(self) -> list[Entry]:
        """All documents of the index without their texts."""
        return self.store.entries()

    def document(self, document_id: str) -> Document:
        """A document with its text.

        Raises:
            UsageError: the index holds no such document.
        """
        return self.store.document(document_id)

    def rebuild(self, chunk_size: int | None = None, progress: ProgressCallback | None = None) -> None:
        """Makes all chunks and vectors anew, with this assistant's embedder and another chunk size if one is given."""
        rebuild(self.store, self.retriever.embedder, chunk_size, progress)

    # -- questions ----------------------------------------------------------------------------------------------------

    def retrieve(
        self,
        question: str,
        k: int = PASSAGES,
        *,
        after: str | datetime.date | None = None,
        before: str | datetime.date | None = None,
        speaker: str | None = None,
        source: str | None = None,
        document_id: str | None = None,
    ) -> list[Hit]:
        """The best ``k`` passages for a question, best first.

        Args:
            after, before: days of publication, both included; ``2023`` and ``2023-04`` stand for the whole period.
            speaker, source: part of a speaker's or a source's name.
            document_id: only this document.

        Raises:
            UsageError: the question is empty or too long, or a filter has no possible value.
        """
        filters = Filters(parsed_day(after, "after"), parsed_day(before, "before"), speaker, source, document_id)
        return self.retriever.retrieve(question, k, filters)

    def ask(
        self,
        question: str,
        *,
        history: History | None = None,
        language_model: "LanguageModel | None" = None,
        **filters: Any,
    ) -> Answer:
        """Answers a question.

        Args:
            question: what is asked, at most 2,000 characters.
            history: earlier questions of the conversation with their answers, oldest first.
            language_model: what writes the answer; None means the assistant's own.
            filters: as for :meth:`retrieve`.

        Raises:
            UsageError: the question is empty or too long, a setting or filter is wrong.
            LanguageModelError: the language model cannot be loaded or fails.
        """
        for event in self.stream(question, history=history, language_model=language_model, **filters):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with Finished")

    def stream(
        self,
        question: str,
        *,
        history: History | None = None,
        language_model: "LanguageModel | None" = None,
        **filters: Any,
    ) -> Generator[Event, None, None]:
        """Answers a question step by step: ``EvidenceFound``, then ``Token`` after ``Token``, then ``Finished``.

        Closing the iterator stops the language model. Arguments and errors as for :meth:`ask`.
        """
        began = time.perf_counter()
        question = checked_question(question)
        history = history or []
        choice = self._choice(language_model)
        understood = _standing_alone(question, history)
        hits = self.retrieve(understood, **filters)
        evidence = self._selector.select(understood, hits, filters.get("speaker"))
        found_after = time.perf_counter() - began
        yield EvidenceFound(tuple(hits), tuple(evidence), found_after, understood)

        language = "zh" if is_chinese(question) else "en"
        notice = "" if choice.notice is None else choice.notice[0 if language == "zh" else 1]
        answer = Answer(
            question, NOT_FOUND[language], True, (), tuple(hits), choice.name, Timings(found_after, None, 0.0), notice
        )
        if is_answerable(understood, evidence):
            writer: Writer = ChatModelWriter(choice.chat_model) if choice.chat_model else ExtractiveWriter()
            text = ""
            first_token: float | None = None
            for piece in writer.write(question, evidence, history):
                first_token = first_token or time.perf_counter() - began
                text += piece
                yield Token(piece)
            text = without_marks(text)
            if text:
                claims = self._claims(text, evidence)
                timings = Timings(found_after, first_token, 0.0)
                answer = replace(answer, text=text, abstained=False, claims=claims, timings=timings, usage=writer.usage)
        total = time.perf_counter() - began
        yield Finished(replace(answer, timings=replace(answer.timings, total=total)))

    def batch(self, questions: Iterable[str], **options: Any) -> list[Answer]:
        """Answers several questions in turn; options as for :meth:`ask`."""
        return [self.ask(question, **options) for question in questions]

    # -- LangChain ----------------------------------------------------------------------------------------------------

    def as_retriever(self, k: int = PASSAGES, **filters: Any) -> "BaseRetriever":
        """This assistant's retrieval as a LangChain retriever."""
        from rag.langchain import YoujuRetriever

        return YoujuRetriever(assistant=self, k=k, filters=filters)

    def as_runnable(self) -> "Runnable[Any, Answer]":
        """This assistant as a LangChain runnable: a question, or a dict with ``question`` and options, to an answer."""
        from rag.langchain import AssistantRunnable

        return AssistantRunnable(self)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _choice(self, language_model: "LanguageModel | None") -> Choice:
        setting = self.language_model if language_model is None else language_model
        if not isinstance(setting, str | Path):
            return choose(setting)
        key = str(setting)
        if key not in self._choices:
            self._choices[key] = choose(setting)
        return self._choices[key]

    def _claims(self, text: str, evidence: list[Evidence]) -> tuple[Claim, ...]:
        claims = []
        for start, end in claims_in(text):
            claim = text[start:end]
            context = (
                (part, sentence) for part in evidence[:3] for sentence in self._selector.structure(part.document)
            )
            citations = tuple(attribute(claim, evidence, context))
            claims.append(Claim(claim, start, end, citations, verify(claim, citations, self._selector.vectors)))
        return tuple(claims)

    def _add_seeds(self, progress: ProgressCallback | None) -> None:
        from rag.loading import load

        files = sorted(SEEDS.glob("*.txt"))
        known = {entry.path for entry in self.store.entries()}
        if not files or known >= {f"seeds/{file.name}" for file in files}:
            return
        self.add([replace(load(file), path=f"seeds/{file.name}", id="") for file in files], progress)


def embedded_index_folder(embedder: str, chunk_size: int) -> Path:
    """Where the index of the embedded sample documents lies: in the user's cache, one for each state of its parts."""
    state = hashlib.sha256(f"{VERSION}\0{embedder}\0{chunk_size}".encode())
    code = Path(__file__).parent
    for file in [*sorted(SEEDS.glob("*.t*")), *(code / f"{module}.py" for module in _SHAPES_THE_INDEX)]:
        state.update(file.read_bytes())
    return cache_folder() / "indexes" / f"seeds-{state.hexdigest()[:12]}"


_default: dict[str, Assistant] = {}
_default_lock = threading.Lock()


def default_assistant() -> Assistant:
    """The assistant that :func:`ask` uses: ``YOUJU_INDEX``, or the embedded sample documents; opened once."""
    settings = Settings.from_environment()
    key = repr(settings)
    with _default_lock:
        if key not in _default:
            _default[key] = Assistant.open()
        return _default[key]


def ask(
    question: str,
    *,
    history: History | None = None,
    language_model: "LanguageModel | None" = None,
    **filters: Any,
) -> Answer:
    """Answers a question from the embedded sample documents (or from ``YOUJU_INDEX``); see :meth:`Assistant.ask`."""
    return default_assistant().ask(question, history=history, language_model=language_model, **filters)


def _standing_alone(question: str, history: History) -> str:
    """The question to retrieve with: a short follow-up takes the question before it along."""
    if not history:
        return question
    leans = question.startswith(("那", "它", "他", "她", "这", "其", "还有", "and ", "And ")) or question.endswith(
        ("呢？", "呢?", "呢")
    )
    if not leans and len(question) > SHORT_FOLLOW_UP:
        return question
    return checked_question(f"{history[-1][0]} {question}"[-2000:])


__all__ = ["Assistant", "Event", "EvidenceFound", "Finished", "Token", "UsageError", "ask", "default_assistant"]
