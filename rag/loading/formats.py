"""The formats that can be loaded, by suffix."""

import importlib
from typing import cast

from rag.loading.base import Loader

LOADERS: dict[str, str] = {
    ".txt": "rag.loading.plain:extract",
    ".text": "rag.loading.plain:extract",
    ".md": "rag.loading.plain:extract",
    ".markdown": "rag.loading.plain:extract",
    ".html": "rag.loading.html:extract",
    ".htm": "rag.loading.html:extract",
    ".xhtml": "rag.loading.html:extract",
    ".pdf": "rag.loading.pdf:extract",
    ".docx": "rag.loading.docx:extract",
}
"""Suffix → loader, imported when first used. One line adds a format."""


def loader_for(suffix: str) -> Loader:
    """The loader of a format; importing it here, where files are read, keeps its libraries out of other processes."""
    module, _, function = LOADERS[suffix].partition(":")
    return cast(Loader, getattr(importlib.import_module(module), function))
