"""Settings: what can be chosen, from arguments first, then from the environment, then the defaults."""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, cast, get_args

from rag.errors import UsageError
from rag.loading.file_limits import VARIABLES
from rag.text.chunks import DEFAULT_SIZE

SEEDS = Path(__file__).resolve().parent.parent / "seeds"
"""Folder of the embedded sample documents; it lies beside the package in a checkout and in a wheel."""

_ELSEWHERE = {
    "YOUJU_AUTH",
    "YOUJU_HOME",
    "YOUJU_LANGUAGE",
    "YOUJU_ENDPOINT",
    "YOUJU_MODEL",
    "YOUJU_API_KEY",
    "YOUJU_ENDPOINT_SECONDS",
    "YOUJU_ENDPOINT_SILENCE",
    "YOUJU_ANSWER_CHARACTERS",
    "YOUJU_EMBEDDING_KEY",
    "YOUJU_EMBEDDING_QUERY_PROMPT",
    "YOUJU_EMBEDDING_DOCUMENT_PROMPT",
    "YOUJU_UPLOAD_FILES",
    "YOUJU_UPLOAD_MB",
    "YOUJU_LIBREOFFICE",
    "YOUJU_MILVUS_TOKEN",
    *VARIABLES.values(),
}
_YES_OR_NO = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}

Caution = Literal["lenient", "balanced", "strict"]
"""How sure the documents must be of an answer: ``lenient`` answers more, ``strict`` is silent more often."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an assistant is opened with.

    Attributes:
        index: folder of the index; empty for the embedded sample documents (``YOUJU_INDEX``).
        embedder: ``default``, a sentence-transformers name or path, or an endpoint (``YOUJU_EMBEDDER``).
        language_model: ``auto``, ``local``, ``extractive``, a GGUF file or an endpoint (``YOUJU_LANGUAGE_MODEL``).
        chunk_size: size of the chunks of a new index, in characters (``YOUJU_CHUNK_SIZE``).
        reranker: a cross-encoder's hub name or folder; empty for none (``YOUJU_RERANKER``).
        reader: ``default``, the one that ships; ``none``; or the folder of another (``YOUJU_READER``).
        strict: claims that fail a check are left out of answers, not marked (``YOUJU_STRICT``: ``yes`` or ``no``).
        caution: how sure the documents must be of an answer: ``lenient``, ``balanced``, ``strict`` (``YOUJU_CAUTION``).
        store: where passages are looked up: ``local``, beside the index, or ``milvus:URI`` (``YOUJU_STORE``).
    """

    index: str = ""
    embedder: str = "default"
    language_model: str = "auto"
    chunk_size: int = DEFAULT_SIZE
    reranker: str = ""
    reader: str = "default"
    strict: bool = False
    caution: Caution = "balanced"
    store: str = "local"

    @classmethod
    def from_environment(cls) -> "Settings":
        """The settings that the environment gives.

        Raises:
            UsageError: a variable beginning with ``YOUJU_`` is unknown (mistyped, perhaps), or has no possible value.
        """
        known = {f"YOUJU_{field.name.upper()}": field.name for field in fields(cls)}
        unknown = sorted(name for name in os.environ if name.startswith("YOUJU_") and name not in {*known, *_ELSEWHERE})
        if unknown:
            allowed = "、".join(sorted({*known, *_ELSEWHERE}))
            raise UsageError(
                zh=f"不认识环境变量 {'、'.join(unknown)}；可以设置的有：{allowed}。",
                en=f"Unknown environment variable {', '.join(unknown)}; these are known: {allowed.replace('、', ', ')}.",
            )
        values = {field: os.environ[name] for name, field in known.items() if os.environ.get(name)}
        size = values.pop("chunk_size", str(DEFAULT_SIZE))
        if not size.isdecimal():
            raise UsageError(
                zh=f"YOUJU_CHUNK_SIZE 应是字数，而不是“{size}”。",
                en=f"YOUJU_CHUNK_SIZE must be a number of characters, not '{size}'.",
            )
        strict = values.pop("strict", "no").lower()
        if strict not in _YES_OR_NO:
            raise UsageError(
                zh=f"YOUJU_STRICT 应是 yes 或 no，而不是“{strict}”。",
                en=f"YOUJU_STRICT must be yes or no, not '{strict}'.",
            )
        caution = values.pop("caution", "balanced")
        if caution not in get_args(Caution):
            allowed = "、".join(get_args(Caution))
            raise UsageError(
                zh=f"YOUJU_CAUTION 应是 {allowed} 之一，而不是“{caution}”。",
                en=f"YOUJU_CAUTION must be one of {allowed.replace('、', ', ')}, not '{caution}'.",
            )
        return cls(**values, chunk_size=int(size), strict=_YES_OR_NO[strict], caution=cast("Caution", caution))
