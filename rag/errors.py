"""The errors of the core; the base class and the choice of language come from :mod:`embeddings.errors`."""

from embeddings.errors import EmbeddingError, UsageError, WeightsError, YoujuError, in_user_language, interface_language

__all__ = [
    "DamageError",
    "EmbeddingError",
    "LanguageModelError",
    "LoadError",
    "OriginalError",
    "RecordError",
    "StoreError",
    "UsageError",
    "WeightsError",
    "YoujuError",
    "in_user_language",
    "interface_language",
]


class LoadError(YoujuError):
    """A file cannot be taken in; the reason names the file. The other files of a batch still go in."""


class OriginalError(LoadError):
    """The file that a document came from was not kept, is gone, or is no longer the one that was read."""


class RecordError(UsageError):
    """A file is no record of an answer, is damaged, or was changed after it was made."""


class StoreError(YoujuError):
    """An index cannot be opened or written."""


class DamageError(StoreError):
    """An index is damaged; the message names the repair."""


class LanguageModelError(YoujuError):
    """A language model cannot be loaded, or failed while it answered."""
