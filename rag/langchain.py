"""LangChain adapters: the retriever and the assistant in the ecosystem's own interfaces."""

from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ConfigDict, Field

from rag.answers import Answer, hit_to_dict
from rag.assistant import Assistant, Finished


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
