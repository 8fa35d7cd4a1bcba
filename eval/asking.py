"""Asking: one question to the assistant becomes one row, whatever happens."""

import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from eval.questions import Question
from eval.rows import Row
from rag.assistant import Assistant, EvidenceFound, Finished
from rag.index.store import Filters
from rag.search.retrieval import Hit, Retriever
from rag.text.documents import Document

if TYPE_CHECKING:
    from rag.assistant import LanguageModel

_WARM_UP = "开始评测"

Asked = tuple[Row, tuple[Document, ...]]
"""What was said, and the documents that its spans point into."""


class Asker:
    """Asks an assistant; see :func:`eval.runs.run`."""

    def __init__(
        self,
        assistant: Assistant,
        language_model: "LanguageModel",
        passages: Mapping[str, Sequence[Document]] | None = None,
        relevance: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self._assistant = assistant
        self._language_model = language_model
        self._passages = passages or {}
        self._relevance = relevance or {}
        self._embed = assistant.retriever.embedder.documents

    def warm_up(self) -> None:
        """Opens the index and the embedder, so that no question pays for it."""
        self._assistant.retrieve(_WARM_UP)

    def answers(self, questions: Sequence[Question], workers: int = 1) -> Generator[Asked, None, None]:
        """One row per question as each is answered: in order with one worker, in any order with several."""
        if workers == 1:
            yield from map(self.answer, questions)
            return
        pool = ThreadPoolExecutor(workers)
        try:
            for asked in as_completed([pool.submit(self.answer, question) for question in questions]):
                yield asked.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def answer(self, question: Question) -> Asked:
        """Asks one question; one that fails gives a row with its error."""
        began = time.perf_counter()
        try:
            return self._answer(question)
        except Exception as error:  # noqa: BLE001 - whatever fails, the other questions are still asked
            return Row(question, error=f"{type(error).__name__}: {error}", seconds=time.perf_counter() - began), ()

    def _answer(self, question: Question) -> Asked:
        found: EvidenceFound | None = None
        events = self._for(question).stream(
            question.question,
            history=list(question.history),
            language_model=self._language_model,
            fall_back=False,  # what is measured is the model
        )
        for event in events:
            if isinstance(event, EvidenceFound):
                found = event
            elif isinstance(event, Finished):
                assert found is not None, "a stream begins with EvidenceFound"
                row = Row.of(question, found, event.answer, self._embed, self._relevance.get(question.id))
                cited = (citation.document for citation in event.answer.citations)
                return row, (*(hit.document for hit in found.hits), *cited)
        raise AssertionError("a stream ends with Finished")

    def _for(self, question: Question) -> Assistant:
        shown = self._passages.get(question.id)
        if not shown:
            return self._assistant
        whole = self._assistant
        retriever = _ShownPassages(whole.retriever, shown)
        return Assistant(
            retriever, self._language_model, strict=whole.strict, caution=whole.caution, reader=whole.reader
        )


class _ShownPassages(Retriever):
    """Shows the same passages whatever is asked: the protocol of data sets that bring their own."""

    def __init__(self, retriever: Retriever, shown: Sequence[Document]) -> None:
        super().__init__(retriever.store, retriever.embedder)
        self._shown = shown
        self.query_vector = retriever.query_vector  # type: ignore[method-assign]
        self.lexical = retriever.lexical  # type: ignore[method-assign]
        self.refresh = retriever.refresh  # type: ignore[method-assign]

    def retrieve(self, question: str, k: int = 10, filters: Filters | None = None) -> list[Hit]:
        self.refresh()
        return [
            Hit(document, 0, len(document.text), document.text, document.speakers, 1 / place, None, None)
            for place, document in enumerate(self._shown[:k], 1)
        ]
