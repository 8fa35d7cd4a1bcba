"""What becomes of an answer when its language model fails: the evidence is quoted, and a line says why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.answering.writing import ExtractiveWriter
from rag.errors import LanguageModelError, YoujuError
from rag.language_models import EXTRACTIVE, Choice
from rag.language_models.calls import Calls
from rag.reading.evidence import Evidence

_QUOTED_INSTEAD = {"zh": "这次改由原文摘录作答。", "en": "This answer quotes the sources instead."}


class _Asked(Protocol):
    """A part of a question, with what was found for it."""

    @property
    def question(self) -> str: ...
    @property
    def evidence(self) -> Sequence[Evidence]: ...


def quoted_instead(failure: YoujuError) -> tuple[str, str]:
    """Why a language model failed and that the evidence is quoted instead, in Chinese and English."""
    return f"{failure.zh}{_QUOTED_INSTEAD['zh']}", f"{failure.en} {_QUOTED_INSTEAD['en']}"


@dataclass(slots=True)
class Fallback:
    """Stands in for the language model of one question where it fails.

    Attributes:
        choice: the language model.
        calls: what is asked of it; None without one.
        allowed: whether the evidence may be quoted instead; else the failure is raised.
        text: what counts of the part written last: all its pieces, or the quotation.
    """

    choice: Choice
    calls: Calls | None
    allowed: bool = True
    text: str = ""
    _parts: int = 0
    _quoted: int = 0

    def pieces(self, part: _Asked, pieces: Iterator[str]) -> Iterator[str]:
        """The pieces of a part as they are written. Where the model fails at once, the quotation is the one piece.

        Raises:
            LanguageModelError: it failed, and nothing may stand in for it.
        """
        self.text = ""
        self._parts += 1
        try:
            for piece in pieces:
                self.text += piece
                yield piece
        except LanguageModelError:
            self.check()
            self._quoted += 1
            begun = bool(self.text)
            self.text = "".join(ExtractiveWriter().write(part.question, list(part.evidence)))
            if not begun:
                yield self.text

    def check(self) -> None:
        """Raises the failure of the model where nothing may stand in for it."""
        if self.calls and self.calls.failure and not self.allowed:
            raise self.calls.failure

    def notice(self, language: Literal["zh", "en"]) -> str:
        """The line for the user: what the choice of the model had to say, and why the model failed."""
        told = [] if self.choice.notice is None else [self.choice.notice]
        if self.calls and (failure := self.calls.failure):
            told.append(quoted_instead(failure) if self._quoted else (failure.zh, failure.en))
        return (" " if language == "en" else "").join(each[0 if language == "zh" else 1] for each in told)

    @property
    def name(self) -> str:
        """Who wrote the answer: the model, unless every part was quoted in its place."""
        return EXTRACTIVE if self._quoted and self._quoted == self._parts else self.choice.name
