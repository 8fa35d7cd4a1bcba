"""Errors written for the user, in Chinese and English.

This module is the lowest of the project, so that both ``embeddings`` and ``rag`` can raise the same kind of error.
"""

import os


def in_user_language(zh: str, en: str) -> str:
    """Of a text in two languages the one that the user reads."""
    return zh if interface_language() == "zh" else en


def interface_language() -> str:
    """Language of what the user sees: ``"zh"`` or ``"en"``.

    ``YOUJU_LANGUAGE`` decides; without it the locale does. A locale that names no language (unset, ``C``, ``POSIX``)
    means Chinese, any language but Chinese means English.
    """
    for variable in ("YOUJU_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "").lower()
        if value and not value.startswith(("c.", "posix")) and value != "c":
            return "zh" if value.startswith("zh") else "en"
    return "zh"


class YoujuError(Exception):
    """Something the user can understand and mend: what was wrong, with what, and what to do.

    Both texts are complete; ``str(error)`` is the one in the user's language. The command line prints that text,
    without a traceback, and ends with ``exit_code``.
    """

    exit_code = 1

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return in_user_language(self.zh, self.en)


class UsageError(YoujuError):
    """What was asked for cannot be meant: an empty question, an unknown setting, a wrong argument."""

    exit_code = 2


class WeightsError(YoujuError):
    """Weights of an embedded model are missing, incomplete or not the published ones."""


class EmbeddingError(YoujuError):
    """An embedder cannot be loaded, or gave something that is not an embedding."""
