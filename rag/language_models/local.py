"""A GGUF model inside this process, as a LangChain chat model."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from embeddings.weights import Weights
from rag.errors import UsageError
from rag.language_models import gguf, llama, processor
from rag.language_models.llama import Progress
from rag.language_models.weights import engine_obstacle, find_published, obstacle

REQUEST_SETTINGS = frozenset(
    {
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "seed",
        "repeat_penalty",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "grammar",
        "response_format",
    }
)
"""What a single call may set besides ``stop``, ``cancelled`` and ``progress``; in llama.cpp's names."""


class LocalChatModel(BaseChatModel):
    """Answers with a GGUF file through llama.cpp; the file is loaded at the first call and shared in the process.

    Attributes:
        path: The GGUF file.
        weights: The published file that should be at ``path``: assembled when it is not there yet, checked by hash.
        context_tokens: Longest prompt and answer together, in tokens (28 KB of memory each for the default model).
        threads: Threads of llama.cpp; physical cores by default.
        temperature: 0 always takes the likeliest token.
        max_tokens: Longest answer, in tokens.

    Every call takes ``cancelled`` (a ``threading.Event``: when set, the answer ends where it is, with
    ``finish_reason`` ``"cancelled"``), ``progress`` (called with `Progress` in the caller's thread) and the names in
    `REQUEST_SETTINGS`. Closing the iterator of ``stream`` stops the work too. Calls from several threads are answered
    in order of arrival.

    ``response_metadata`` of the answer: ``finish_reason`` (``stop``, ``length`` or ``cancelled``), ``model_name``,
    ``timings`` (llama.cpp's: milliseconds and tokens a second), ``logprobs`` when asked for.

    Raises:
        LanguageModelError: on the first call, if the model cannot be loaded; `PromptTooLongError` if the prompt does
            not fit.
    """

    path: Path
    weights: Weights | None = Field(default=None, repr=False)
    context_tokens: int = Field(default=3072, gt=0)
    threads: int = Field(default_factory=processor.threads, gt=0)
    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int = Field(default=200, gt=0)

    @property
    def model_name(self) -> str:
        """Name of the published model, else the file's name without its ending."""
        return self.weights.name if self.weights else self.path.stem

    @property
    def _llm_type(self) -> str:
        return "youju-local"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {
            "model_name": self.model_name,
            "context_tokens": self.context_tokens,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
        }

    @property
    def _engine(self) -> llama.Engine:
        return llama.engine(llama.Settings(self.path.absolute(), self.context_tokens, self.threads, self.weights))

    def close(self) -> None:
        """Stop every call of this model in the process and free its memory; the next call loads it again."""
        self._engine.close()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        # Collected from a stream, for only a stream can be stopped.
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        cancelled: Event | None = None,
        progress: Callable[[Progress], None] | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, kwargs)
        finished = False
        with closing(self._engine.stream(request, cancelled)) as received:
            for message in received:
                if isinstance(message, Progress):
                    if progress:
                        progress(message)
                    continue
                if chunk := self._convert(message):
                    finished = "finish_reason" in (chunk.generation_info or {})
                    if run_manager:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        if not finished:
            yield self._last_chunk("cancelled")

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]) -> dict[str, Any]:
        kwargs.pop("stream", None)  # LangChain's own word for the choice between the two methods above
        if unknown := kwargs.keys() - REQUEST_SETTINGS:
            named, allowed = ", ".join(sorted(unknown)), ", ".join(sorted(REQUEST_SETTINGS))
            raise UsageError(
                zh=f"本地语言模型不支持参数 {named}。可用的有：{allowed}。",
                en=f"The local language model does not take {named}. It takes: {allowed}.",
            )
        request = {
            "messages": convert_to_openai_messages(messages),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            **kwargs,
        }
        if stop:
            request["stop"] = stop
        return request

    def _convert(self, message: llama.Chunk) -> ChatGenerationChunk | None:
        (choice,) = message["choices"]
        if choice["finish_reason"]:
            return self._last_chunk(choice["finish_reason"], message.get("timings"))
        text = choice["delta"].get("content")
        if not text:
            return None
        information = {"logprobs": choice["logprobs"]} if choice.get("logprobs") else None
        return ChatGenerationChunk(message=AIMessageChunk(content=text), generation_info=information)

    def _last_chunk(self, reason: str, timings: dict[str, Any] | None = None) -> ChatGenerationChunk:
        """The end of an answer: why it ended and, unless it was cancelled, what it cost."""
        information: dict[str, Any] = {"finish_reason": reason, "model_name": self.model_name}
        usage = None
        if timings:
            information["timings"] = timings
            prompt, written = timings["cache_n"] + timings["prompt_n"], timings["predicted_n"]
            usage = UsageMetadata(
                input_tokens=prompt,
                output_tokens=written,
                total_tokens=prompt + written,
                input_token_details=InputTokenDetails(cache_read=timings["cache_n"]),
            )
        message = AIMessageChunk(content="", usage_metadata=usage, chunk_position="last")
        return ChatGenerationChunk(message=message, generation_info=information)


def open_published(name: str = "") -> LocalChatModel:
    """The embedded model of that name (empty: the default); nothing is loaded yet.

    Raises:
        UsageError: no such model.
        LanguageModelError: it cannot run here; the text holds the remedy.
    """
    weights = find_published(name)
    if found := obstacle(weights):
        raise found
    return LocalChatModel(path=weights.path, weights=weights)


def open_file(path: str) -> LocalChatModel:
    """A GGUF file of the user's, checked by its header; nothing is loaded yet. Raises `LanguageModelError`."""
    if found := engine_obstacle():
        raise found
    file = Path(path).expanduser()
    gguf.check(file)
    return LocalChatModel(path=file)
