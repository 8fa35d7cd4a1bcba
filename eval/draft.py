"""Drafting questions: a language model proposes, every proposal is checked against the document, a person decides.

A proposal is a question, a short answer and the spans the answer rests on. The model writes the first two; the spans are
found by :func:`rag.checking.citations.attribute`, as those of every answer are.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.metrics import covered, stands_in
from eval.metrics.spans import ENOUGH
from eval.questions import Gold, Span
from rag.answering.prompts import passages
from rag.answers import Citation
from rag.assistant import Assistant
from rag.checking.citations import attribute
from rag.errors import LanguageModelError, UsageError, YoujuError, interface_language
from rag.language_models import Choice
from rag.reading.evidence import Evidence
from rag.text.chunks import Chunk, chunk
from rag.text.documents import Document
from rag.text.figures import missing_figures
from rag.text.structure import sentences_of
from rag.text.terms import terms_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

SHORTEST_CHUNK = 30
LONGEST_ANSWER = 60
LOOKED_AT = 10
SAME_QUESTION = 0.75
INSTRUCTION = (
    "你为问答系统出题。只根据给出的资料出一道题：问题要写明所问的对象和时间，不看资料也读得懂，不要出现“资料”“本文”；"
    '答案要短，照抄资料里的词或数字。只输出一行 JSON：{"question": "问题", "answer": "答案"}'
)
_OBJECT = re.compile(r"\{[^{}]*\}", re.DOTALL)

REASONS = {
    "unreadable": ("模型没有给出题目", "the model gave no question"),
    "long": ("答案太长", "the answer is too long"),
    "unfounded": ("答案不在原文里", "the answer does not stand in the source"),
    "given_away": ("题目里已有答案", "the question gives the answer away"),
    "lost": ("检索不到出处", "retrieval does not find the source"),
    "repeated": ("与已有的题重复", "repeats a question that is there"),
}
"""Why a proposal is not offered: Chinese, English."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question with its answer and what the answer rests on.

    Attributes:
        question, answer: as the model or the person wrote them.
        document: the document it was drafted from.
        start, end: the passage that the model was shown.
        citations: the spans the answer rests on; empty where none was found.
        objection: a key of :data:`REASONS` where a check failed; empty where all hold.
    """

    question: str
    answer: str
    document: Document
    start: int
    end: int
    citations: tuple[Citation, ...] = ()
    objection: str = ""

    @property
    def why_not(self) -> str:
        """The objection in the user's language; empty where there is none."""
        return REASONS[self.objection][0 if interface_language() == "zh" else 1] if self.objection else ""

    def to_row(self) -> dict[str, Any]:
        """The row of the user's file, as the data set ``own`` reads it (:mod:`eval.datasets.own`)."""
        name = Path(self.document.path).name
        identity = hashlib.sha256(f"{name}\0{self.question}".encode("utf-8", "surrogatepass")).hexdigest()
        return {
            "id": f"draft-{identity[:10]}",
            "question": self.question,
            "answer": [self.answer],
            "document": name,
            "quote": self.citations[0].quote,
        }


class Drafter:
    """Proposes questions on the documents of an assistant."""

    def __init__(
        self, assistant: Assistant, chat_model: "BaseChatModel", known: Sequence[str] = (), seed: int = 0
    ) -> None:
        """Takes an assistant that holds the documents.

        Args:
            chat_model: what writes.
            known: questions that are there already.
            seed: decides which passages are taken.
        """
        self._assistant = assistant
        self._model = chat_model
        self._known = [_terms(question) for question in known]
        self._random = random.Random(seed)

    def proposals(self, documents: Sequence[Document]) -> Iterator[Proposal]:
        """One proposal a passage, also those with an objection, the documents taking turns, until none is left.

        Raises:
            LanguageModelError: the model cannot be loaded or fails.
        """
        for document, passage in self._passages(documents):
            question, answer = self._written(document, passage)
            yield self.checked(Proposal(question, answer, document, passage.start, passage.end))

    def checked(self, proposal: Proposal) -> Proposal:
        """The proposal with its citations, and an objection where a check fails."""
        found = replace(proposal, citations=tuple(self._citations(proposal)), objection="")
        return replace(found, objection=self._objection(found))

    def accept(self, proposal: Proposal) -> None:
        """Remembers an accepted question, so that none like it is offered again."""
        self._known.append(_terms(proposal.question))

    def _passages(self, documents: Sequence[Document]) -> Iterator[tuple[Document, Chunk]]:
        queues = []
        for document in documents:
            chunks = chunk(sentences_of(document.text, document.speakers))
            worthwhile = [each for each in chunks if len(each.text) >= SHORTEST_CHUNK]
            self._random.shuffle(worthwhile)
            queues.append((document, worthwhile))
        while any(left for _, left in queues):
            for document, left in queues:
                if left:
                    yield document, left.pop()

    def _written(self, document: Document, passage: Chunk) -> tuple[str, str]:
        """Question and answer as the model writes them; empty where it wrote something else."""
        shown = f"资料：\n{passages(_evidence(document, passage.start, passage.end))}\n\n出一道题。"
        try:
            said = str(self._model.invoke([("system", INSTRUCTION), ("human", shown)]).text)
        except YoujuError:
            raise
        except Exception as error:
            raise LanguageModelError(zh=f"语言模型出错：{error}", en=f"The language model failed: {error}") from error
        return _parsed(said)

    def _citations(self, proposal: Proposal) -> list[Citation]:
        evidence = _evidence(proposal.document, proposal.start, proposal.end)
        holding = (
            [part for part in evidence if stands_in(proposal.answer, part.sentence.text)] if proposal.answer else []
        )
        return attribute(f"{proposal.question}{proposal.answer}", holding or evidence)[:1]

    def _objection(self, proposal: Proposal) -> str:
        quotes = "\n".join(citation.text for citation in proposal.citations)
        if not proposal.question or not proposal.answer:
            return "unreadable"
        if len(proposal.answer) > LONGEST_ANSWER:
            return "long"
        if not stands_in(proposal.answer, quotes) or missing_figures(proposal.answer, quotes):
            return "unfounded"
        if stands_in(proposal.answer, proposal.question):
            return "given_away"
        terms = _terms(proposal.question)
        if any(len(terms & other) >= SAME_QUESTION * len(terms | other) for other in self._known):
            return "repeated"
        return "" if self._is_found(proposal) else "lost"

    def _is_found(self, proposal: Proposal) -> bool:
        hits = self._assistant.retrieve(proposal.question, LOOKED_AT)
        shown = [Span(hit.document.path, hit.start, hit.end) for hit in hits]
        for citation in proposal.citations:
            place = Span(citation.document.path, citation.start, citation.end)
            if covered(Gold(place.document, citation.quote, (place,)), shown) < ENOUGH:
                return False
        return True


def chat_model_of(choice: Choice) -> "BaseChatModel":
    """The chat model that writes questions.

    Raises:
        UsageError: the choice is to quote the documents, which cannot write questions.
    """
    if choice.chat_model is None:
        raise UsageError(
            zh="出题需要语言模型：请用 --model 指定，如 local 或端点 URL#模型。",
            en="Drafting needs a language model: name one with --model, such as local or an endpoint URL#model.",
        )
    return choice.chat_model


def _evidence(document: Document, start: int, end: int) -> list[Evidence]:
    """The sentences of a passage."""
    return [
        Evidence(document, sentence, (), 0.0, None, 0.0)
        for sentence in sentences_of(document.text, document.speakers)
        if start <= sentence.start and sentence.end <= end
    ]


def _parsed(said: str) -> tuple[str, str]:
    for found in _OBJECT.findall(said):
        try:
            values = json.loads(found)
        except ValueError:
            continue
        question, answer = values.get("question"), values.get("answer")
        if isinstance(question, str) and isinstance(answer, str | int | float):
            return " ".join(question.split()), " ".join(str(answer).split()).rstrip("。.")
    return "", ""


def _terms(question: str) -> set[int]:
    return set(terms_of(question).tolist())
