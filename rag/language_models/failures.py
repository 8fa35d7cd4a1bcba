"""Failures of language models that callers tell apart."""

from rag.errors import LanguageModelError


class EndpointError(LanguageModelError):
    """An endpoint cannot be reached, refuses, or does not keep to the interface or to the limits."""


class PromptTooLongError(LanguageModelError):
    """The prompt does not fit the model's context: send less evidence or a shorter question.

    ``tokens`` and ``limit`` count tokens; ``None`` where an endpoint does not tell.
    """

    def __init__(self, tokens: int | None = None, limit: int | None = None) -> None:
        counts_zh = f"：共 {tokens} 个词元，上限 {limit} 个" if tokens and limit else ""
        counts_en = f": {tokens} tokens, the limit is {limit}" if tokens and limit else ""
        super().__init__(
            zh=f"提示词超出语言模型的上下文长度{counts_zh}。请缩短问题或减少资料。",
            en=f"The prompt exceeds the language model's context{counts_en}. "
            "Shorten the question or use less evidence.",
        )
        self.tokens = tokens
        self.limit = limit
