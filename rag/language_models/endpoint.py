"""Any OpenAI-compatible endpoint, through langchain-openai; every failure says which address and what to do.

Importing this module imports langchain-openai (a second); the door imports it only when an endpoint is chosen.
"""

import ipaddress
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from threading import Event
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.exceptions import ContextOverflowError
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import Field

from embeddings.exchange import BoundedClient, ExchangeError
from rag.errors import UsageError, YoujuError
from rag.language_models.failures import EndpointError, PromptTooLongError
from rag.language_models.limits import VARIABLES, ModelLimits

KEY_VARIABLE = "YOUJU_API_KEY"
MODEL_VARIABLE = "YOUJU_MODEL"
TRIES_AGAIN = 1
"""After a refusal for the moment (429, 500, 503, a connection that breaks before the first word), as openai's client does."""

LONGEST_PAUSE = 5.0
"""Seconds that are waited for such an endpoint; one that asks for more is not waited for."""

LISTING_SECONDS = 10.0
NO_KEY = "none"
"""Sent where no key is set: the client insists on one, local endpoints ignore it."""

LONGEST_REASON = 300
"""Characters of the endpoint's own words that are shown."""

_ENDINGS = "。！？…；.!?;”’\"')）】》"
"""What a text that is whole ends with."""

Explanation = tuple[str, str]
"""What went wrong and what to do, in Chinese and English."""


_BROKEN_OFF: Explanation = (
    "没有答完就断开了连接，或者不是 HTTP 服务。请重试，并检查网址。",
    "broke off before it had answered, or does not speak HTTP. Try again; check the URL.",
)


class EndpointChatModel(ChatOpenAI):
    """A chat model behind a URL. Besides LangChain's settings every call takes ``cancelled`` (see `LocalChatModel`).

    The key is read from the environment when a request is made, and is kept nowhere; it is never sent on to where an
    endpoint redirects. What the endpoint sends is bounded by `ModelLimits` and by `embeddings.exchange`.

    Raises:
        EndpointError: the endpoint cannot be reached, refuses the key, lacks the model, is too slow, or does not
            answer in OpenAI's form; `PromptTooLongError` if the prompt does not fit.
    """

    http_client: Any = Field(default_factory=lambda: bounded_client(), exclude=True)

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
        received, ending, has_ended = 0, "", False
        with self._explained(), closing(super()._stream(*args, **_without_ours(kwargs))) as chunks:  # type: ignore[type-var]
            for chunk in chunks:
                received += 1
                ending = chunk.text.rstrip()[-1:] or ending
                has_ended = has_ended or bool((chunk.generation_info or {}).get("finish_reason"))
                yield chunk
                if cancelled and cancelled.is_set():
                    return
            if not received:
                raise ValueError("an empty stream")
            if not has_ended and ending and ending not in _ENDINGS:  # some servers never say why they end
                raise httpx.RemoteProtocolError("the stream ends in the middle")

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
    if parts_of(url) is None:
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
        timeout=ModelLimits.from_environment().silence,
        max_retries=TRIES_AGAIN,
        use_responses_api=False,
    )


def bounded_client(seconds: float | None = None) -> BoundedClient:
    """The HTTP client for an endpoint: held to the limits, or to ``seconds`` for a whole exchange."""
    limits = ModelLimits.from_environment()
    return BoundedClient(
        seconds=seconds or limits.seconds,
        timeout=min(seconds or limits.seconds, limits.silence),
        event_hooks={"response": [_without_long_pause]},
    )


def _without_long_pause(response: httpx.Response) -> None:
    """Has openai's client not wait for an endpoint that asks for a long pause."""
    asked = response.headers.get("Retry-After")
    if asked is None:
        return
    try:
        waits = 0 <= float(asked) <= LONGEST_PAUSE
    except ValueError:
        waits = False
    if not waits:
        response.headers["x-should-retry"] = "false"


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
    parts = _split(url)
    if parts is None:
        return "…"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def parts_of(url: str) -> SplitResult | None:
    """The parts of an endpoint's URL; None for what is none of a server that speaks HTTP."""
    parts = _split(url)
    return parts if parts and parts.scheme in ("http", "https") and parts.hostname else None


def _split(url: str) -> SplitResult | None:
    """The parts of a URL; None for what is none, such as one with a port that is no number."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


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
        return first_listed(url, key_for(url))


def first_listed(url: str, key: str) -> str:
    """The first model that an endpoint lists, with this key. Raises what openai's client raises."""
    http_client: Any = bounded_client(LISTING_SECONDS)
    with openai.OpenAI(
        base_url=url, api_key=key or NO_KEY, timeout=LISTING_SECONDS, max_retries=0, http_client=http_client
    ) as client:
        return str(client.models.list().data[0].id)


@contextmanager
def explained(url: str, model: str) -> Iterator[None]:
    """Turn what the client raises into an `EndpointError` with the address, and never the key."""
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
        raise EndpointError(zh=f"模型服务 {shown(url)} {zh}", en=f"The endpoint {shown(url)} {en}") from error


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
    if isinstance(error, ExchangeError):
        return _explain_exchange(error)
    if isinstance(error, openai.APITimeoutError):
        return _explain_exchange(ExchangeError("slow"))
    if isinstance(error, openai.APIConnectionError):
        if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
            return (
                "的 TLS 证书无效。请检查网址和证书。",
                "has no valid TLS certificate. Check the URL and the certificate.",
            )
        if any(isinstance(cause, httpx.RemoteProtocolError) for cause in _causes(error)):
            return _BROKEN_OFF
        return "无法连接。请检查服务是否已启动、网址是否正确。", "cannot be reached. Is it running, is the URL right?"
    if isinstance(error, openai.APIStatusError):
        return _explain_status(error, model)
    if isinstance(error, openai.APIError):
        return f"中断了回答：{_reason(error)}", f"broke off its answer: {_reason(error)}"
    if type(error).__module__.partition(".")[0].startswith("httpx"):
        return _BROKEN_OFF
    if isinstance(error, (ValueError, TypeError, AttributeError, LookupError)):
        return (
            "的回答不是 OpenAI 接口的格式。网址通常以 /v1 结尾，请检查。",
            "did not answer in the form of OpenAI's interface. Check the URL; it usually ends with /v1.",
        )
    return None


def _explain_exchange(error: ExchangeError) -> Explanation:
    told: dict[str, Explanation] = {
        "slow": (
            f"在限定的秒数内没有回应。请稍后重试，检查服务是否繁忙，或调整 {VARIABLES['silence']}、{VARIABLES['seconds']}。",
            "did not answer within the seconds it is given. Try again later, see whether it is busy, or change "
            f"{VARIABLES['silence']} or {VARIABLES['seconds']}.",
        ),
        "large": (
            "的回答太长，已中止。请换别的模型。",
            "sent too long an answer, which was stopped. Use another model.",
        ),
        "compressed": (
            "的回答是压缩的，而没有请求压缩。请检查网址。",
            "sent a compressed answer though none was asked for. Check the URL.",
        ),
        "cut": ("的回答被停止了。", "was stopped while it answered."),
    }
    return told[error.reason]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """A failure and what caused it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


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
    if 300 <= error.status_code < 400:
        return (
            f"转到了别的网址（{error.status_code}），密钥不会随之发送。请直接写那个网址。",
            f"redirects to another URL ({error.status_code}), where the key is not sent. Give that URL itself.",
        )
    if error.status_code == 429:
        return (
            f"限制了请求次数或额度已用完，请稍后再试或检查额度：{reason}",
            f"limits requests, or the quota is used up; try again later or see the quota: {reason}",
        )
    return (
        f"出错（{error.status_code}），请稍后再试或查看它的日志：{reason}",
        f"failed ({error.status_code}); try again later or see its log: {reason}",
    )


def _reason(error: openai.APIError) -> str:
    """The endpoint's own words, in one line."""
    body = error.body
    words = body.get("message") if isinstance(body, dict) else None
    return " ".join(str(words or error.message).split())[:LONGEST_REASON]
