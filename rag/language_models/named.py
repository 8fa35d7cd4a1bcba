"""A chat model of any provider that LangChain knows, by name: ``anthropic:claude-…``, ``ollama:qwen2.5``."""

from typing import TYPE_CHECKING

from rag.errors import LanguageModelError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def open_named(setting: str) -> "BaseChatModel":
    """The chat model that ``provider:model`` names, through LangChain's ``init_chat_model``.

    Raises:
        LanguageModelError: LangChain knows no such provider, its package is missing, or it refuses the model.
    """
    from langchain.chat_models import init_chat_model

    provider, _, model = setting.partition(":")
    try:
        chosen: BaseChatModel = init_chat_model(model, model_provider=provider, temperature=0)
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise LanguageModelError(
            zh=f"不能打开语言模型“{setting}”：{reason}", en=f"The language model '{setting}' cannot be opened: {reason}"
        ) from error
    return chosen
