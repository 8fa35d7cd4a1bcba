"""Any OpenAI-compatible endpoint, through langchain-openai; every failure says which address and what to do.

Importing this module imports langchain-openai (a second); the door imports it only when an endpoint is chosen.
"""

import ipaddress
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.exceptions import ContextOverflowError
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from rag.errors import LanguageModelError, UsageError, YoujuError
from rag.language_models.failures import PromptTooLongError

KEY_VARIABLE = "YOUJU_API_KEY"
MODEL_VARIABLE = "YOUJU_MODEL"
TIMEOUT_SECONDS = 120.0
"""Longest silence of the endpoint; a model on a processor may read its prompt that long."""

LISTING_SECONDS = 10.0
NO_KEY = "none"
"""Sent where no key is set: the client insists on one, local endpoints ignore it."""

LONGEST_REASON = 300
"""Characters of the endpoint's own words that are shown."""

Explanation = tuple[str, str]
"""What went wrong and what to do, in Chinese and English."""


class EndpointChatModel(ChatOpenAI):
    """A chat model behind a URL. Besides LangChain's settings every call takes ``cancelled`` (see `LocalChatModel`).

    The key is read from the environment when a request is made, and is kept nowhere.

    Raises:
        LanguageModelError: the endpoint cannot be reached, refuses the key, lacks the model, is too slow, or does not
            answer in OpenAI's form; `PromptTooLongError` if the prompt does not fit.
    """

    @property
    def _llm_type(self) -> str:
        return "youju-endpoint"

    def __repr__(self) -> str:
        return f"EndpointChatModel({self.model_name!r}, {shown(self.openai_api_base or '')!r})"

    __str__ = __repr__

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        if kwargs.get("cancelled") is not None:
            return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))
        with self._explained():
            return super()._generate(messages, stop, run_manager, **_without_ours(kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with self._explained():
            return await super()._agenerate(messages, stop, run_manager, **_without_ours(kwargs))

    def _stream(self, *args: Any, cancelled: Event | None = None, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        received = 0
        with self._explained():
            for chunk in super()._stream(*args, **_without_ours(kwargs)):
                received += 1
                yield chunk
                if cancelled and cancelled.is_set():
                    return
            if not received:
                raise ValueError("an empty stream")

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        received = 0
        with self._explained():
            async for chunk in super()._astream(*args, **_without_ours(kwargs)):
                received += 1
                yield chunk
            if not received:
                raise ValueError("an empty stream")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with explained(self.openai_api_base or "", self.model_name):
            yield


def connect(setting: str) -> EndpointChatModel:
    """A chat model for ``http://host:port/v1#model``; nothing is sent if the model is named.

    Without ``#model`` the model is ``YOUJU_MODEL``, else the first that ``GET …/models`` lists.

    Raises:
        UsageError: not such a URL.
        LanguageModelError: the list of models was needed and could not be had.
    """
    url, _, model = setting.partition("#")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            zh=f"不是模型服务的网址：{shown(url)}。写法：http://主机:端口/v1#模型名",
            en=f"Not the URL of an endpoint: {shown(url)}. Write it as http://host:port/v1#model-name",
        )
    model = model or os.environ.get(MODEL_VARIABLE, "").strip() or _first_model(url)
    return EndpointChatModel(
        model=model,
        base_url=url,
        api_key=lambda: key_for(url) or NO_KEY,
        temperature=0,
        timeout=TIMEOUT_SECONDS,
        max_retries=1,
        use_responses_api=False,
    )


def key_for(url: str) -> str:
    """The key to send to ``url``; empty if none is set.

    ``YOUJU_API_KEY`` goes wherever the user points Youju; ``OPENAI_API_KEY``, set for other programs perhaps, never
    leaves this machine unencrypted.
    """
    if key := os.environ.get(KEY_VARIABLE, "").strip():
        return key
    parts = urlsplit(url)
    if parts.scheme == "https" or _is_this_machine(parts.hostname or ""):
        return os.environ.get("OPENAI_API_KEY", "").strip()
    return ""


def shown(url: str) -> str:
    """The URL without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_ours(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The settings of a call without those that only Youju's own models know."""
    return {name: value for name, value in kwargs.items() if name not in ("cancelled", "progress")}


def _first_model(url: str) -> str:
    with explained(url, ""):
        client = openai.OpenAI(base_url=url, api_key=key_for(url) or NO_KEY, timeout=LISTING_SECONDS, max_retries=0)
        with client:
            models = [model.id for model in client.models.list().data]
        return models[0]


@contextmanager
def explained(url: str, model: str) -> Iterator[None]:
    """Turn what the client raises into a `LanguageModelError` with the address, and never the key."""
    try:
        yield
    except YoujuError:
        raise
    except Exception as error:
        if too_long := _too_long(error):
            raise too_long from error
        found = _explain(error, model)
        if found is None:
            raise
        key = key_for(url)
        zh, en = (text.replace(key, "***") if key else text for text in found)
        raise LanguageModelError(zh=f"模型服务 {shown(url)} {zh}", en=f"The endpoint {shown(url)} {en}") from error


def _too_long(error: Exception) -> PromptTooLongError | None:
    """OpenAI's code, llama.cpp's type (which tells the counts), or the words that other servers use."""
    if isinstance(error, ContextOverflowError):
        return PromptTooLongError()
    if not isinstance(error, openai.BadRequestError):
        return None
    body = error.body if isinstance(error.body, dict) else {}
    if body.get("type") == "exceed_context_size_error":
        return PromptTooLongError(body.get("n_prompt_tokens"), body.get("n_ctx"))
    words = error.message.lower()
    if body.get("code") == "context_length_exceeded" or "context length" in words or "context size" in words:
        return PromptTooLongError()
    return None


def _explain(error: Exception, model: str) -> Explanation | None:
    """``None`` for what is no failure of the endpoint."""
    if isinstance(error, openai.APITimeoutError):
        return (
            f"在 {TIMEOUT_SECONDS:.0f} 秒内没有回应。请稍后重试，或检查服务是否繁忙。",
            f"did not answer within {TIMEOUT_SECONDS:.0f} seconds. Try again later, or see whether it is busy.",
        )
    if isinstance(error, openai.APIConnectionError):
        return "无法连接。请检查服务是否已启动、网址是否正确。", "cannot be reached. Is it running, is the URL right?"
    if isinstance(error, openai.APIStatusError):
        return _explain_status(error, model)
    if isinstance(error, openai.APIError):
        return f"中断了回答：{_reason(error)}", f"broke off its answer: {_reason(error)}"
    if type(error).__module__.partition(".")[0].startswith("httpx"):  # one of two HTTP clients, by openai's version
        return "在回答途中断开了连接。请重试。", "closed the connection in the middle of its answer. Try again."
    if isinstance(error, (ValueError, TypeError, AttributeError, LookupError)):
        return (
            "的回答不是 OpenAI 接口的格式。网址通常以 /v1 结尾，请检查。",
            "did not answer in the form of OpenAI's interface. Check the URL; it usually ends with /v1.",
        )
    return None


def _explain_status(error: openai.APIStatusError, model: str) -> Explanation:
    reason = _reason(error)
    if error.status_code in (401, 403):
        return (
            f"拒绝了密钥（{error.status_code}）。请检查环境变量 {KEY_VARIABLE}。",
            f"refused the key ({error.status_code}). Check the environment variable {KEY_VARIABLE}.",
        )
    if error.status_code == 404:
        return (
            f"没有模型“{model}”，或网址不对（通常以 /v1 结尾）：{reason}",
            f"has no model '{model}', or the URL is wrong (it usually ends with /v1): {reason}",
        )
    if error.status_code == 429:
        return f"限制了请求次数或额度已用完：{reason}", f"limits requests, or the quota is used up: {reason}"
    return f"出错（{error.status_code}）：{reason}", f"failed ({error.status_code}): {reason}"


def _reason(error: openai.APIError) -> str:
    """The endpoint's own words, in one line."""
    body = error.body
    words = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(words or error.message).split())[:LONGEST_REASON]
