"""The calls of one question to a chat model, whichever it is: bounded, stopped from outside, every failure explained.

A call is read on a thread of its own, so whoever waits for it can leave at once, even while an endpoint hangs. An endpoint
of ours is then cut off and its thread ends; a model object of the caller's ends when it returns.
"""

import os
import threading
from collections.abc import Generator, Iterator
from contextvars import copy_context
from queue import Empty, Full, Queue
from time import monotonic
from typing import TYPE_CHECKING, Any

from rag.errors import LanguageModelError, YoujuError
from rag.language_models.limits import VARIABLES, ModelLimits

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

    from embeddings.exchange import Cutoff

MOST_WAITING = 256
"""Pieces that may wait to be taken before the model has to."""

SECONDS_BETWEEN_LOOKS = 0.1
LONGEST_REASON = 300
LOCAL_SECONDS_TO_END = 2.0
"""The model in this process ends with its next word; it is waited for, so that no process ends under it."""

LOCAL = "youju-local"
OURS = (LOCAL, "youju-endpoint")
"""The kinds of chat models whose calls take ``cancelled``."""


class StoppedError(YoujuError):
    """Whoever asked has left, so there is nobody to answer."""

    def __init__(self) -> None:
        super().__init__(zh="已停止回答。", en="The answer was stopped.")


class Calls:
    """Calls to a chat model for one question. After a failure there are no more: each would wait as long again.

    Args:
        chat_model: any LangChain chat model.
        name: of the model, for messages.
        limits: of a model that is not in this process.
        cancelled: set when whoever asked has left.

    Attributes:
        failure: why the model failed; None as long as it has not.
    """

    def __init__(
        self,
        chat_model: "BaseChatModel",
        name: str,
        limits: ModelLimits | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self.chat_model = chat_model
        self.failure: LanguageModelError | None = None
        self._name = name
        self._limits = limits or ModelLimits()
        self._cancelled = cancelled or threading.Event()
        self._kind = getattr(chat_model, "_llm_type", "")
        self._waited = 0.0

    def stream(self, prompt: Any, *, needs_text: bool = True, **options: Any) -> "Generator[BaseMessage, None, None]":
        """What the model writes, as it arrives. Closing the iterator stops the model.

        Args:
            prompt, options: as for ``BaseChatModel.stream``.
            needs_text: whether it is a failure to write nothing.

        Raises:
            LanguageModelError: the model has failed, now or before.
            StoppedError: whoever asked has left.
        """
        if self.failure:
            raise self.failure
        reading = _Reading(self.chat_model, self._kind in OURS, prompt, options)
        written, some = 0, False
        try:
            for piece in self._arriving(reading):
                text = str(piece.text)
                written += len(text)
                some = some or (not text.isspace() and bool(text))
                if written > self._limits.characters:
                    raise self._too_long()
                yield piece
            if needs_text and not some:
                raise self._wrote_nothing()
        except LanguageModelError as error:
            self.failure = error
            raise
        finally:
            reading.stop(LOCAL_SECONDS_TO_END if self._kind == LOCAL else 0)

    def refused(self, zh: str, en: str) -> LanguageModelError:
        """The failure of a model whose text is of no use; what is wrong with it follows the model's name."""
        self.failure = LanguageModelError(zh=f"语言模型 {self._name} {zh}", en=f"The language model {self._name} {en}")
        return self.failure

    def complete(self, prompt: str, **options: Any) -> str:
        """All that the model writes; an empty text where it fails."""
        try:
            return "".join(str(piece.text) for piece in self.stream(prompt, **options))
        except LanguageModelError:
            return ""

    def _arriving(self, reading: "_Reading") -> "Iterator[BaseMessage]":
        silence = 0.0
        while True:
            if self._cancelled.is_set():
                raise StoppedError
            began = monotonic()
            try:
                item = reading.arrived.get(timeout=SECONDS_BETWEEN_LOOKS)
            except Empty:
                item = self
            waited = monotonic() - began
            self._waited += waited  # what whoever asked takes for reading does not count
            silence = silence + waited if item is self else 0.0
            if isinstance(item, Exception):
                raise item if isinstance(item, LanguageModelError) else self._explained(item)
            if item is None:
                return
            if self._kind != LOCAL:
                self._check_time(silence)
            if item is not self:
                yield item

    def _check_time(self, silence: float) -> None:
        if silence >= self._limits.silence:
            seconds, variable = self._limits.silence, VARIABLES["silence"]
            raise LanguageModelError(
                zh=f"语言模型 {self._name} 在 {seconds:g} 秒内没有回应。请稍后重试，检查服务是否繁忙，或调整 {variable}。",
                en=f"The language model {self._name} did not answer within {seconds:g} seconds. Try again later, see "
                f"whether it is busy, or change {variable}.",
            )
        if self._waited >= self._limits.seconds:
            seconds, variable = self._limits.seconds, VARIABLES["seconds"]
            raise LanguageModelError(
                zh=f"语言模型 {self._name} 用了 {seconds:g} 秒还没有写完。请换更快的模型，或调整 {variable}。",
                en=f"The language model {self._name} had not finished after {seconds:g} seconds. Use a faster one, or "
                f"change {variable}.",
            )

    def _too_long(self) -> LanguageModelError:
        most, variable = f"{self._limits.characters:,.0f}", VARIABLES["characters"]
        return LanguageModelError(
            zh=f"语言模型 {self._name} 写了 {most} 字还没有写完，已中止。请换别的模型，或调整 {variable}。",
            en=f"The language model {self._name} had not finished after {most} characters and was stopped. Use another "
            f"one, or change {variable}.",
        )

    def _wrote_nothing(self) -> LanguageModelError:
        return LanguageModelError(
            zh=f"语言模型 {self._name} 没有写出任何文字。请检查模型是否适合对话。",
            en=f"The language model {self._name} wrote no text. See whether it is a model for chats.",
        )

    def _explained(self, error: Exception) -> LanguageModelError:
        if isinstance(error, YoujuError):
            return LanguageModelError(zh=error.zh, en=error.en)
        reason = _without_keys(" ".join(str(error).split()))[:LONGEST_REASON]
        what = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
        made = LanguageModelError(
            zh=f"语言模型 {self._name} 出错了（{what}）。请检查它的设置。",
            en=f"The language model {self._name} failed ({what}). Check its settings.",
        )
        made.__cause__ = error
        return made


class _Reading:
    """One call on a thread of its own: its pieces arrive in a queue, then None, or the error that ended it."""

    def __init__(self, chat_model: "BaseChatModel", is_ours: bool, prompt: Any, options: dict[str, Any]) -> None:
        self.arrived: Queue[Any] = Queue(MOST_WAITING)
        self._stopped = threading.Event()
        self._cutoff = _new_cutoff() if is_ours else None
        options = {**options, "cancelled": self._stopped} if is_ours else options
        work = (self._read, chat_model, prompt, options)
        self._thread = threading.Thread(target=copy_context().run, args=work, name="language-model", daemon=True)
        self._thread.start()

    def stop(self, wait: float) -> None:
        """Stops the model, where that can be; nothing more arrives. Its thread is given ``wait`` seconds to end."""
        self._stopped.set()
        if self._cutoff:
            self._cutoff.cut()
        if wait:
            self._thread.join(wait)

    def _read(self, chat_model: "BaseChatModel", prompt: Any, options: dict[str, Any]) -> None:
        ending: Exception | None = None
        try:
            if self._cutoff:
                from embeddings.exchange import follow

                follow(self._cutoff)
            pieces = chat_model.stream(prompt, **options)
            try:
                for piece in pieces:
                    if not self._tell(piece):
                        return
            finally:
                if close := getattr(pieces, "close", None):
                    close()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            ending = error
        finally:
            if self._cutoff:
                self._cutoff.close()
            self._tell(ending)

    def _tell(self, item: Any) -> bool:
        """Puts something into the queue as soon as there is a place; False when nobody waits any more."""
        while not self._stopped.is_set():
            try:
                self.arrived.put(item, timeout=SECONDS_BETWEEN_LOOKS)
            except Full:
                continue
            return True
        return False


def _new_cutoff() -> "Cutoff":
    from embeddings.exchange import Cutoff

    return Cutoff()


def _without_keys(text: str) -> str:
    """A text without any key or token of the environment."""
    for name, value in os.environ.items():
        if name.endswith(("_KEY", "_TOKEN", "_SECRET")) and len(value.strip()) >= 8:
            text = text.replace(value.strip(), "***")
    return text
