"""The assistant: documents in, cited answers out. This is the way a question travels, in one place."""

import datetime
import hashlib
import logging
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embeddings import YoujuError, cache_folder
from embeddings import load as load_embedder
from embeddings.unigrams import log_likelihood
from rag.answering.catalogue import Catalogue
from rag.answering.dated_answers import DatedAnswers
from rag.answering.events import Event, EvidenceFound, Finished, SectionRead, Token
from rag.answering.example_questions import answered_questions
from rag.answering.fallback import quoted_instead
from rag.answering.steps import Answering
from rag.answering.summaries import Summaries
from rag.answering.timeline import Timeline
from rag.answering.timeline import timeline as timeline_of
from rag.answers import Answer
from rag.errors import UsageError
from rag.index.changes import edit_document, remove_document
from rag.index.indexing import EXTRACTION, ProgressCallback, Report, add, rebuild
from rag.index.integrity import verify
from rag.index.introductions import Introduction, Introductions
from rag.index.lookup import open_lookup
from rag.index.store import VERSION, Entry, Filters, Store
from rag.index.synchronization import SyncReport, synchronize
from rag.language_models import EXTRACTIVE, Choice, EndpointError, choose
from rag.language_models.calls import Calls
from rag.language_models.limits import ModelLimits
from rag.questions.follow_ups import History
from rag.questions.inputs import (
    checked_caution,
    checked_count,
    checked_filter,
    checked_history,
    checked_ids,
    checked_question,
    parsed_day,
)
from rag.questions.intents import recogniser
from rag.reading.choice import DEFAULT, NONE, choose_reader
from rag.reading.evidence import EvidenceSelector
from rag.records.provenance import Provenance, filters_told, index_state, models_of
from rag.search.reranking import named_reranker
from rag.search.retrieval import Hit, Retriever
from rag.search.spelling import corrected
from rag.settings import SEEDS, Caution, Settings
from rag.text.documents import Document
from rag.text.facts import facts_of
from rag.tracing.trace import Trace

if TYPE_CHECKING:
    from langchain_core.documents import BaseDocumentCompressor
    from langchain_core.language_models import BaseChatModel
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable

    from embeddings import Embedder
    from rag.search.reranking import Reranker

    LanguageModel = str | Path | BaseChatModel

__all__ = [
    "Answering",
    "Assistant",
    "Event",
    "EvidenceFound",
    "Finished",
    "SectionRead",
    "Token",
    "ask",
    "default_assistant",
]

logger = logging.getLogger(__name__)

PASSAGES = 10
MOST_FACTS = 200


class Assistant:
    """Answers questions from the documents of one index, every claim with its citations."""

    def __init__(
        self,
        retriever: Retriever,
        language_model: "LanguageModel" = "auto",
        *,
        strict: bool = False,
        caution: Caution = "balanced",
        limits: ModelLimits | None = None,
        reader: str = NONE,
    ) -> None:
        """Use :meth:`open`; this puts an assistant together from parts."""
        self.reader = reader
        self.limits = limits or ModelLimits.from_environment()
        self.strict = strict
        self.caution: Caution = caution
        self.retriever = retriever
        self.store: Store = retriever.store
        self.language_model = language_model
        self._selector = EvidenceSelector(retriever)
        self._choices: dict[str, Choice] = {}
        self._introductions = Introductions(self.store)
        self._recognise = recogniser(retriever.embedder, retriever.query_vector)

    @classmethod
    def open(
        cls,
        index: str | Path | None = None,
        *,
        embedder: "str | Embedder | None" = None,
        language_model: "LanguageModel | None" = None,
        chunk_size: int | None = None,
        reranker: "str | Reranker | None" = None,
        reader: str | None = None,
        strict: bool | None = None,
        caution: Caution | None = None,
        store: str | None = None,
        progress: ProgressCallback | None = None,
    ) -> "Assistant":
        """Opens an index folder, or makes it; without one, the embedded sample documents.

        Args:
            index: the folder; empty or None means ``YOUJU_INDEX``, and without that the embedded sample documents.
            embedder: a setting of ``embeddings.load`` or an embedder; None means ``YOUJU_EMBEDDER``, else the default.
            language_model: what writes answers unless a question says otherwise; see ``rag.language_models.choose``.
            chunk_size: size of the chunks of a new index, in characters.
            reranker: a cross-encoder, or its hub name or folder, loaded when first used; None means ``YOUJU_RERANKER``,
                else none.
            reader: ``default``, the one that ships; ``none``; or the folder of another; None means ``YOUJU_READER``, else
                ``default``.
            strict: leave claims that fail a check out instead of marking them; None means ``YOUJU_STRICT``, else no.
            caution: how sure the documents must be of an answer (:data:`rag.answering.silence.THRESHOLDS`); None means
                ``YOUJU_CAUTION``, else ``balanced``.
            store: where passages are looked up: ``local``, beside the index, or ``milvus:URI``; None means
                ``YOUJU_STORE``, else ``local``. The documents themselves are in the folder in any case.
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
        ranking = settings.reranker if reranker is None else reranker
        reading = settings.reader if reader is None else reader
        if reading != DEFAULT:
            choose_reader(reading)  # a folder that was named must hold a reader
        lookup = open_lookup(settings.store if store is None else store)
        place = Path(folder).expanduser() if folder else embedded_index_folder(loaded.name, size)
        opened = Store.open(place, embedder=loaded.name, dimension=loaded.dimension, chunk_size=size)
        try:
            verify(opened)
        except BaseException:
            opened.close()
            raise
        assistant = cls(
            Retriever(opened, loaded, named_reranker(ranking) if isinstance(ranking, str) else ranking, lookup),
            model,
            strict=settings.strict if strict is None else strict,
            caution=caution or settings.caution,
            reader=reading,
        )
        logger.info(
            "index opened: folder=%s identity=%s generation=%d embedder=%s",
            *(place, opened.identity, opened.generation, loaded.name),
        )
        if not folder:
            assistant.add_samples(progress)
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
        """Adds files, folders (all readable files in them) or documents. See :func:`rag.index.indexing.add`."""
        listed = [items] if isinstance(items, str | Path | Document) else items
        return add(self.store, self.retriever.embedder, listed, progress, report)

    def sync(
        self,
        folder: str | Path,
        dry_run: bool = False,
        progress: ProgressCallback | None = None,
        report: SyncReport | None = None,
    ) -> SyncReport:
        """Brings the index into line with a folder. See :func:`rag.index.synchronization.synchronize`.

        Args:
            folder: the folder whose files are added, replaced, and removed where they are gone.
            dry_run: only report what would be done.

        Raises:
            LoadError: there is no such folder, or no document in it.
        """
        embedder = self.retriever.embedder
        return synchronize(self.store, embedder, folder, dry_run=dry_run, progress=progress, report=report)

    def add_samples(self, progress: ProgressCallback | None = None) -> None:
        """Adds those of the embedded sample documents that are not there."""
        from rag.loading import load

        files = sorted(SEEDS.glob("*.txt"))
        known = {entry.path for entry in self.store.entries()}
        if not files or known >= {f"seeds/{file.name}" for file in files}:
            return
        self.add([replace(load(file), path=f"seeds/{file.name}", id="") for file in files], progress)

    def remove(self, document_id: str) -> None:
        """Removes a document by its id.

        Raises:
            UsageError: the index holds no such document.
        """
        remove_document(self.store, document_id)

    def edit(self, document_id: str, **changes: Any) -> None:
        """Changes title, date, source, event or speakers of a document; kept when the file is added again."""
        if "date" in changes:
            changes["date"] = parsed_day(changes["date"], "date")
        edit_document(self.store, document_id, changes)

    def documents(self) -> list[Entry]:
        """All documents of the index without their texts."""
        return self.store.entries()

    def document(self, document_id: str) -> Document:
        """A document with its text.

        Raises:
            UsageError: the index holds no such document.
        """
        return self.store.document(checked_filter("document_id", document_id) or "")

    def in_short(self, document_id: str) -> str:
        """What a document says, in two of its own sentences; empty where it has no whole ones.

        Made when it is first asked for, and kept with the document.

        Raises:
            UsageError: the index holds no such document.
        """
        return self._introductions.short(checked_filter("document_id", document_id) or "")

    def questions_for(self, document_id: str) -> tuple[str, ...]:
        """Up to three questions that a document answers; each was asked, and answered surely and from that document alone.

        Made when they are first asked for, which takes as long as a few questions take, and kept with the document.

        Raises:
            UsageError: the index holds no such document.
        """
        known = checked_filter("document_id", document_id) or ""
        return self._introductions.questions(known, lambda: self._example_questions(known))

    def introductions(self) -> dict[str, Introduction]:
        """What is made already of :meth:`in_short` and :meth:`questions_for`, by the documents' ids."""
        return self._introductions.known()

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
        document_ids: Iterable[str] = (),
    ) -> list[Hit]:
        """The best ``k`` passages for a question, best first; words that are misspelt or in pinyin are read as the documents write them.

        Args:
            after, before: days of publication, both included; ``2023`` and ``2023-04`` stand for the whole period.
            speaker, source: part of a speaker's or a source's name.
            document_id: only this document.
            document_ids: only these documents; empty for no such limit.

        Raises:
            UsageError: the question is empty or too long, or a filter has no possible value.
        """
        filters = _filters(after, before, speaker, source, document_id, document_ids)
        with Trace().step("retrieve", question) as step:
            hits = self.retriever.retrieve(self._corrected(checked_question(question)), k, filters)
            step.attributes["hits"] = len(hits)
        return hits

    def timeline(
        self,
        topic: str,
        *,
        after: str | datetime.date | None = None,
        before: str | datetime.date | None = None,
        speaker: str | None = None,
        source: str | None = None,
        document_id: str | None = None,
        document_ids: Iterable[str] = (),
    ) -> Timeline:
        """How much ``topic`` (``5G基站``) was, or is planned to be, at all dates the documents give, newest first.

        Filters and errors as for :meth:`retrieve`.
        """
        filters = _filters(after, before, speaker, source, document_id, document_ids)
        return timeline_of(self.store, self.retriever.embedder, checked_question(topic), filters)

    def ask(
        self,
        question: str,
        *,
        history: History | None = None,
        language_model: "LanguageModel | None" = None,
        strict: bool | None = None,
        caution: Caution | None = None,
        passages: int = PASSAGES,
        trace: bool = False,
        fall_back: bool = True,
        **filters: Any,
    ) -> Answer:
        """Answers a question.

        Args:
            question: what is asked, at most 2,000 characters.
            history: earlier questions of the conversation with their answers, oldest first.
            language_model: what writes the answer; None means the assistant's own.
            strict: leave out claims that the documents do not bear out instead of marking them; None means the
                assistant's own setting.
            caution: how sure the documents must be of an answer; None means the assistant's own setting.
            passages: how many passages are looked at for evidence, at least 1.
            trace: keep what happened on the way in ``Answer.trace``.
            fall_back: where the language model fails, quote the evidence, and say why in ``Answer.notice``.
            filters: as for :meth:`retrieve`.

        Raises:
            UsageError: the question is empty or too long, a setting or filter is wrong.
            LanguageModelError: there is no such language model here; or it failed, and ``fall_back`` is not set.
        """
        options: dict[str, Any] = {
            "strict": strict,
            "caution": caution,
            "passages": passages,
            "trace": trace,
            "fall_back": fall_back,
            **filters,
        }
        for event in self.stream(question, history=history, language_model=language_model, **options):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with Finished")

    def stream(
        self,
        question: str,
        *,
        history: History | None = None,
        language_model: "LanguageModel | None" = None,
        strict: bool | None = None,
        caution: Caution | None = None,
        passages: int = PASSAGES,
        trace: bool = False,
        fall_back: bool = True,
        cancelled: threading.Event | None = None,
        **filters: Any,
    ) -> Generator[Event, None, None]:
        """Answers a question step by step: ``EvidenceFound``, then ``Token`` after ``Token``, then ``Finished``.

        For a summary a ``SectionRead`` for each section that is read comes before.

        Closing the iterator stops the language model; where a thread waits for its next event, setting ``cancelled``
        does, and that thread gets a `StoppedError`. Other arguments and errors as for :meth:`ask`.
        """
        question, turns = checked_question(question), checked_history(history)
        found, passages = _filters(**filters), checked_count("passages", passages)
        choice = self._choice(language_model, fall_back)
        model = choice.chat_model
        reader = choose_reader(self.reader)
        reading = reader.for_evidence
        settings = {
            "caution": checked_caution(caution or self.caution),
            "strict": self.strict if strict is None else strict,
            "passages": passages,
            "chunk_size": self.store.chunk_size,
        }
        provenance = Provenance(
            index_state(self.store),
            models_of(self.retriever.embedder.name, choice, self._reranker_name, reader),
            settings,
            filters_told(found),
            tuple((asked, answer) for asked, answer in turns),
        )

        def retrieve(asked: str, documents: Sequence[str] = ()) -> list[Hit]:
            let_through = replace(found, document_ids=tuple(documents)) if documents else found
            return self.retriever.retrieve(asked, passages, let_through)

        answering = Answering(
            choice=choice,
            selector=self._selector,
            retrieve=retrieve,
            dated=DatedAnswers(self.store, found, self._selector.structure, reading) if reading else None,
            recognise=self._recognise,
            catalogue=Catalogue(self.store, found, retrieve, choice.name),
            summaries=Summaries(self.store, found, self._selector, retrieve),
            correct=self._corrected,
            speaker=found.speaker,
            strict=self.strict if strict is None else strict,
            caution=checked_caution(caution or self.caution),
            provenance=provenance,
            trace=Trace(trace),
            calls=Calls(model, choice.name, self.limits, cancelled) if model else None,
            falls_back=fall_back,
            reader=reader,
        )
        yield from answering.stream(question, turns)

    def _corrected(self, question: str) -> str:
        """A question as the documents would spell it."""
        return corrected(question, self.retriever.lexical(), _likelihood)

    def batch(self, questions: Iterable[str], **options: Any) -> list[Answer]:
        """Answers several questions in turn; options as for :meth:`ask`."""
        return [self.ask(question, **options) for question in questions]

    # -- LangChain ----------------------------------------------------------------------------------------------------

    def as_retriever(self, k: int = PASSAGES, **filters: Any) -> "BaseRetriever":
        """This assistant's retrieval as a LangChain retriever."""
        from rag.langchain import YoujuRetriever

        return YoujuRetriever(assistant=self, k=k, filters=filters)

    def as_compressor(self, least: float = 0.5) -> "BaseDocumentCompressor":
        """This assistant's reader as a LangChain document compressor: the sentences that bear on a question.

        Args:
            least: how likely a sentence must be to bear on the question, from 0 to 1.

        Raises:
            UsageError: there is no reader (``YOUJU_READER``).
        """
        from rag.langchain import YoujuCompressor

        choice = choose_reader(self.reader)
        if choice.reader is None:
            raise UsageError(
                zh="没有打开阅读器：YOUJU_READER 应是 default，或阅读器的文件夹。",
                en="There is no reader: YOUJU_READER must be default, or the folder of one.",
            )
        return YoujuCompressor(reader=choice.reader, least=least)

    def as_runnable(self) -> "Runnable[Any, Answer]":
        """This assistant as a LangChain runnable: a question, or a dict with ``question`` and options, to an answer."""
        from rag.langchain import AssistantRunnable

        return AssistantRunnable(self)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _example_questions(self, document_id: str) -> list[str]:
        document = self.document(document_id)

        def asked(question: str) -> Answer:
            return self.ask(question, language_model=EXTRACTIVE)

        sentences = self._selector.structure(document)
        return answered_questions(document, facts_of(document, sentences, MOST_FACTS), sentences, asked)

    @property
    def _reranker_name(self) -> str | None:
        reranker = self.retriever.reranker
        return None if reranker is None else str(getattr(reranker, "name", "") or type(reranker).__qualname__)

    def _choice(self, language_model: "LanguageModel | None", fall_back: bool) -> Choice:
        """The language model; an endpoint that does not even tell its models is one that fails."""
        setting = self.language_model if language_model is None else language_model
        if not isinstance(setting, str | Path):
            return choose(setting)
        key = str(setting)
        if key not in self._choices:
            try:
                self._choices[key] = choose(setting)
            except EndpointError as error:
                if not fall_back:
                    raise
                return Choice(EXTRACTIVE, notice=quoted_instead(error))
        return self._choices[key]


def embedded_index_folder(embedder: str, chunk_size: int) -> Path:
    """Where the index of the embedded sample documents lies: in the user's cache, one for each state of its parts."""
    state = hashlib.sha256(f"{VERSION}\0{EXTRACTION}\0{embedder}\0{chunk_size}".encode())
    for file in sorted(SEEDS.glob("*.t*")):
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


def _likelihood(text: str) -> float:
    """As :func:`log_likelihood`; the same of every text where the embedded vocabulary cannot be read, so none is changed."""
    try:
        return log_likelihood(text)
    except (YoujuError, OSError) as error:
        logger.warning("spelling is not put right: %s", error)
        return 0.0


def _filters(
    after: str | datetime.date | None = None,
    before: str | datetime.date | None = None,
    speaker: str | None = None,
    source: str | None = None,
    document_id: str | None = None,
    document_ids: Iterable[str] = (),
) -> Filters:
    names = {"speaker": speaker, "source": source, "document_id": document_id}
    return Filters(
        parsed_day(after, "after"),
        parsed_day(before, "before"),
        document_ids=checked_ids("document_ids", document_ids),
        **{name: checked_filter(name, value) for name, value in names.items()},
    )
