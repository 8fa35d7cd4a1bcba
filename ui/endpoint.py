"""An endpoint that a visitor names, with a key that stays in this process's memory.

The key of the server (``YOUJU_API_KEY``) is never sent there: whoever may name a URL could read it. Importing this
module imports langchain-openai (a second).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import openai
from pydantic import PrivateAttr, SecretStr

from rag.errors import LanguageModelError, UsageError
from rag.language_models.endpoint import NO_KEY, EndpointChatModel, explained, first_listed, parts_of, shown

SILENCE_SECONDS = 60.0
"""Longest silence of the endpoint; a page waits."""


class VisitorsEndpoint(EndpointChatModel):
    """As its base, with the visitor's key, which no error shows."""

    _key: str = PrivateAttr(default="")

    @property
    def key(self) -> str:
        """What is sent to the endpoint; empty for none."""
        return self._key

    def is_at(self, url: str) -> bool:
        """Whether ``url`` is where this one sends its requests."""
        return url.strip().partition("#")[0].rstrip("/") == (self.openai_api_base or "").rstrip("/")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with _kept_secret(self._key, self.openai_api_base or "", self.model_name):
            yield


def connect(url: str, model: str = "", key: str = "") -> VisitorsEndpoint:
    """A chat model behind ``url``. Nothing is sent if the model is named; else the first that is listed is taken.

    Raises:
        UsageError: not such a URL, or no such key.
        LanguageModelError: the list of models was needed and could not be had.
    """
    url, model, key = url.strip(), model.strip(), key.strip()
    _check(url, key)
    url, _, in_url = url.partition("#")
    named = model or in_url or _first_model(url, key)
    made = VisitorsEndpoint(
        model=named,
        base_url=url,
        api_key=SecretStr(key or NO_KEY),
        temperature=0,
        timeout=SILENCE_SECONDS,
        max_retries=0,
        use_responses_api=False,
    )
    made._key = key
    return made


def _check(url: str, key: str) -> None:
    parts = parts_of(url)
    if parts is None:
        raise UsageError(
            zh="网址应是 http:// 或 https:// 开头的模型服务地址，例如 http://127.0.0.1:8000/v1",
            en="The URL must be that of an endpoint, with http:// or https://, such as http://127.0.0.1:8000/v1",
        )
    if parts.username or parts.password or parts.query:
        raise UsageError(
            zh="网址里不要写用户名、密码或参数；密钥请填在“密钥”一栏。",
            en="The URL must hold no user, password or query; the key has a field of its own.",
        )
    if not all("!" <= character <= "~" for character in key):
        raise UsageError(
            zh="密钥里有不该有的字符，请重新复制。", en="The key holds characters that no key has; copy it again."
        )


def _first_model(url: str, key: str) -> str:
    with _kept_secret(key, url, ""):
        return first_listed(url, key)


@contextmanager
def _kept_secret(key: str, url: str, model: str) -> Iterator[None]:
    """What the client raises as a `LanguageModelError` with the address, and never the key."""
    try:
        with explained(url, model), _refusal(url):
            yield
    except LanguageModelError as error:
        if key and (key in error.zh or key in error.en):
            # without its cause, which holds the endpoint's own words
            raise LanguageModelError(zh=error.zh.replace(key, "***"), en=error.en.replace(key, "***")) from None
        raise


@contextmanager
def _refusal(url: str) -> Iterator[None]:
    """A refused key is told with the place where this one was given."""
    try:
        yield
    except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
        raise LanguageModelError(
            zh=f"模型服务 {shown(url)} 拒绝了密钥（{error.status_code}）。请在设置中重新填写密钥。",
            en=f"The endpoint {shown(url)} refused the key ({error.status_code}). Give the key again under Settings.",
        ) from None
