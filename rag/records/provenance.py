"""Provenance: how an answer came about, as far as a record must tell it: index, models, code, settings, times."""

import datetime
import hashlib
import platform
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import rag
from embeddings.weights import Weights, recall
from rag.index.store import VERSION, Filters, Store
from rag.language_models import Choice
from rag.reading.choice import ReaderChoice

PACKAGES = ("embeddings", "rag")
"""The packages whose code makes an answer; the interfaces only show it."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """How an answer came about.

    Attributes:
        index: its identity, generation when the question came, and format version.
        models: embedder, language model, reranker and reader: each with name and, where known, SHA-256 of its weights.
        settings: what the answer was made with.
        filters: what the search was limited to, by name; days as ``2023-04-21``.
        history: earlier questions of the conversation with their answers.
        asked: when, in UTC.
    """

    index: dict[str, Any]
    models: dict[str, Any]
    settings: dict[str, Any]
    filters: dict[str, str]
    history: tuple[tuple[str, str], ...] = ()
    asked: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))

    def written_by(self, name: str) -> "Provenance":
        """The same of an answer that something else than a language model wrote."""
        return replace(self, models={**self.models, "language_model": {"name": name, "sha256": None}})


def index_state(store: Store) -> dict[str, Any]:
    """Which index it is, and in which state."""
    return {"identity": store.identity, "generation": store.generation, "format_version": VERSION}


def models_of(embedder: str, choice: Choice, reranker: str | None, reader: ReaderChoice) -> dict[str, Any]:
    """The models by their names, and the hashes of those whose weights were verified before they were loaded."""
    from embeddings import e5

    embedder_hash = e5.E5_WEIGHTS.sha256 if embedder == e5.NAME else None
    return {
        "embedder": {"name": embedder, "sha256": embedder_hash},
        "language_model": {"name": choice.name, "sha256": _hash_of(choice.chat_model)},
        "reranker": {"name": reranker, "sha256": None} if reranker else None,
        "reader": {"name": reader.name, "sha256": reader.sha256 or None} if reader.reader else None,
        "claim_reader": {"name": reader.name, "sha256": reader.claims_sha256 or None} if reader.for_claims else None,
    }


def filters_told(filters: Filters) -> dict[str, str]:
    """The filters that are given, by name."""
    given = {
        "after": filters.after and filters.after.isoformat(),
        "before": filters.before and filters.before.isoformat(),
        "speaker": filters.speaker,
        "source": filters.source,
        "document_id": filters.document_id,
    }
    return {name: value for name, value in given.items() if value}


def software() -> dict[str, str]:
    """This program: version, a hash over its code, and the Python that runs it."""
    return {
        "name": "youju",
        "version": rag.__version__,
        "code_sha256": code_hash(),
        "python": platform.python_version(),
    }


@cache
def code_hash() -> str:
    """SHA-256 over the source files of ``embeddings`` and ``rag``: name, NUL, content, NUL of each, ordered by name."""
    root = Path(__file__).resolve().parents[2]
    files = {file.relative_to(root).as_posix(): file for package in PACKAGES for file in (root / package).rglob("*.py")}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].read_bytes() + b"\0")
    return digest.hexdigest()


def _hash_of(chat_model: Any) -> str | None:
    """SHA-256 of a language model's file: the published one, or what it had when it was last hashed."""
    weights, path = getattr(chat_model, "weights", None), getattr(chat_model, "path", None)
    if isinstance(weights, Weights):
        return weights.sha256
    if isinstance(path, Path) and path.is_file():
        known = recall(path)
        return known.sha256 if known and known.fits(path) else None
    return None
