"""What a run's answers depend on, so that it can be done again: code, models, index, questions; and where it was done."""

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.questions import Question
from rag import __version__

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.language_models import Choice

ROOT = Path(__file__).resolve().parent.parent
ANSWERING = ("rag", "embeddings")
"""The packages whose code decides an answer."""
PACKAGES = (
    "torch",
    "sentence-transformers",
    "transformers",
    "tokenizers",
    "faiss-cpu",
    "numpy",
    "opencc",
    "langchain-core",
    "langchain-openai",
    "xllamacpp",
)

TOLD = ("model", "model_name", "model_path", "path", "temperature", "top_p", "seed", "max_tokens", "context_size")
"""What a chat model may tell of itself; nothing else, so that no key is ever written down."""


def settings_of(
    assistant: "Assistant", choice: "Choice", questions: Sequence[Question], chosen: dict[str, Any]
) -> dict[str, Any]:
    """What decides the answers of a run, as JSON holds it: two runs of the same settings are one.

    Args:
        choice: the language model that answers.
        chosen: what the caller chose besides, such as the set and the seed.
    """
    store = assistant.store
    settings = {
        "youju": __version__,
        "code": digest(_sources()),
        "language_model": choice.name,
        "embedder": store.embedder,
        "chunk_size": store.chunk_size,
        "corpus": digest(sorted(entry.id for entry in store.entries())),
        "questions": digest(json.dumps(asdict(question), ensure_ascii=False) for question in questions),
        **chosen,
    }
    return dict(json.loads(json.dumps(settings, ensure_ascii=False)))


def environment_of(assistant: "Assistant", choice: "Choice") -> dict[str, Any]:
    """What else was so: time, commit, index, model file, hardware, Python and packages."""
    model = choice.chat_model
    described = model._identifying_params if model is not None else {}
    return {
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "index": {
            "folder": str(assistant.store.folder),
            "generation": assistant.store.generation,
            "documents": len(assistant.documents()),
        },
        "language_model": {
            name: described[name] for name in TOLD if isinstance(described.get(name), str | int | float)
        },
        "hardware": {
            "machine": platform.machine(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gb": _memory_gb(),
        },
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in PACKAGES if _version(name)},
    }


def digest(parts: Iterable[str]) -> str:
    """SHA-256 of texts, shortened to 16 hexadecimal digits."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return state.hexdigest()[:16]


def _sources() -> Iterable[str]:
    for package in ANSWERING:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield f"{file.relative_to(ROOT).as_posix()}\0{file.read_text(encoding='utf-8')}"


def _commit() -> str:
    """The commit that is checked out, with a mark where files differ from it; empty outside a checkout."""
    if not (ROOT / ".git").exists():
        return ""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return f"{commit}+changes" if _git("status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True, timeout=10, encoding="utf-8"
    )
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return None


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
