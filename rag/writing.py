"""Writing: how the text of an answer comes about, by a chat model or by quoting the evidence."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from rag.evidence import Evidence
from rag.lexical import query_terms, terms_of
from rag.prompts import History, messages

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

QUOTED_SENTENCES = 3
QUOTED_SHARE = 0.85
QUOTED_GAIN = 0.15


class Writer(Protocol):
    """Writes an answer from evidence, piece by piece. Closing the iterator stops the writing."""

    usage: dict[str, int]

    def write(self, question: str, evidence: list[Evidence], history: History) -> Iterator[str]:
        """The answer in pieces, in order."""


class ExtractiveWriter:
    """No language model: the answer is the best evidence sentences, verbatim."""

    def __init__(self) -> None:
        self.usage: dict[str, int] = {}

    def write(self, question: str, evidence: list[Evidence], history: History) -> Iterator[str]:
        """The best sentence, then those nearly as good that say something more of what was asked."""
        for number, part in enumerate(self.choose(question, evidence)):
            yield ("\n" if number else "") + part.sentence.text

    def choose(self, question: str, evidence: list[Evidence]) -> list[Evidence]:
        """The sentences to quote, best first; a list that the best announces comes with it."""
        if not evidence:
            return []
        best = evidence[0]
        items = [part for part in evidence[1:] if part.document.id == best.document.id and part.score == best.score]
        if best.sentence.text.endswith(("：", ":")) and items:
            return [best, *items]
        wanted = set(query_terms(question).tolist())
        chosen = [best]
        covered = set(terms_of(best.sentence.text).tolist()) & wanted
        for part in evidence[1:]:
            more = (set(terms_of(part.sentence.text).tolist()) & wanted) - covered
            worthwhile = len(more) >= QUOTED_GAIN * len(wanted) and part.score >= QUOTED_SHARE * best.score
            if worthwhile and len(chosen) < QUOTED_SENTENCES:
                chosen.append(part)
                covered |= more
        return chosen


class ChatModelWriter:
    """A LangChain chat model writes the answer; one call, one job."""

    def __init__(self, chat_model: "BaseChatModel") -> None:
        self.chat_model = chat_model
        self.usage: dict[str, int] = {}

    def write(self, question: str, evidence: list[Evidence], history: History) -> Iterator[str]:
        """The model's answer as it is generated.

        Raises:
            LanguageModelError: the model cannot be loaded or fails.
        """
        self.usage = {}
        stream = self.chat_model.stream(messages(question, evidence, history))
        try:
            for piece in stream:
                usage = getattr(piece, "usage_metadata", None)
                if usage:
                    self.usage = {key: usage[key] for key in ("input_tokens", "output_tokens") if key in usage}
                if piece.text:
                    yield str(piece.text)
        finally:
            close = getattr(stream, "close", None)
            if close:
                close()
