"""LangChain adapters: the retriever and the assistant in the ecosystem's own interfaces."""

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun, Callbacks
from langchain_core.documents import BaseDocumentCompressor
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ConfigDict, Field

from rag.answers import Answer, hit_to_dict
from rag.assistant import Assistant, Finished
from rag.questions.inputs import checked_question
from rag.reading.calibration import probability
from rag.reading.passages import in_groups, in_one_text
from rag.reading.reader import Reader
from rag.text.structure import sentences_of


class YoujuRetriever(BaseRetriever):
    """Passages of an assistant's index as LangChain documents.

    ``page_content`` is the passage as it reads; the metadata hold path, title, date, speakers, the exact span
    (``start``, ``end``), score and the ways it was found.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    k: int = 10
    filters: dict[str, Any] = Field(default_factory=dict)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        hits = self.assistant.retrieve(query, self.k, **self.filters)
        documents = []
        for hit in hits:
            metadata = hit_to_dict(hit)
            documents.append(LangChainDocument(page_content=metadata.pop("text"), metadata=metadata))
        return documents


class YoujuCompressor(BaseDocumentCompressor):
    """The reader for chains of others: of each document only the sentences that bear on the question, best document first.

    ``page_content`` is those sentences; the metadata gain ``relevance_score`` (of the best of them, from 0 to 1) and ``spans``
    (where each stands in the document's own content). Documents without such a sentence are left out.

    Attributes:
        reader: what reads.
        least: how likely a sentence must be to bear on the question, from 0 to 1.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    reader: Reader
    least: float = 0.5

    def compress_documents(
        self, documents: Sequence[LangChainDocument], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[LangChainDocument]:
        """The documents in short.

        Args:
            documents: of any length.
            query: the question.
            callbacks: not used.

        Raises:
            UsageError: the question is empty or too long.
        """
        question = checked_question(query)
        found = [self._compressed(question, document) for document in documents]
        kept = [document for document in found if document is not None]
        return sorted(kept, key=lambda document: -document.metadata["relevance_score"])

    def _compressed(self, question: str, document: LangChainDocument) -> LangChainDocument | None:
        sentences = sentences_of(document.page_content)
        groups = list(in_groups(sentences))
        texts = [in_one_text(group) for group in groups]
        readings = self.reader.read(question, [text for text, _ in texts], [spans for _, spans in texts])
        weighed = [
            (probability(read.relevance), sentence)
            for group, reading in zip(groups, readings, strict=True)
            for read, sentence in zip(reading.sentences, group, strict=True)
        ]
        kept = [(score, sentence) for score, sentence in weighed if score >= self.least]
        if not kept:
            return None
        told = {
            "relevance_score": max(score for score, _ in kept),
            "spans": [(sentence.start, sentence.end) for _, sentence in kept],
        }
        content = in_one_text([sentence for _, sentence in kept], with_speakers=False)[0]
        return LangChainDocument(page_content=content, metadata={**document.metadata, **told}, id=document.id)


class AssistantRunnable(Runnable[Any, Answer]):
    """An assistant as a runnable. Its input is a question or a dict: ``question`` and options of ``Assistant.ask``."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def invoke(self, input: Any, config: RunnableConfig | None = None, **options: Any) -> Answer:
        """Answers the question."""
        arguments = _arguments(input) | options
        answer = self._call_with_config(lambda given: self.assistant.ask(**given), arguments, config)
        assert isinstance(answer, Answer)
        return answer

    def stream(self, input: Any, config: RunnableConfig | None = None, **options: Any) -> Iterator[Answer]:
        """Gives the finished answer; for the events on the way there use ``Assistant.stream``."""
        for event in self.assistant.stream(**(_arguments(input) | options)):
            if isinstance(event, Finished):
                yield event.answer


def _arguments(given: Any) -> dict[str, Any]:
    return dict(given) if isinstance(given, dict) else {"question": given}
