"""Models of sentence-transformers on this machine: from a folder, or by their name on the hub."""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embeddings.errors import EmbeddingError
from embeddings.threads import asked_for

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from embeddings.base import Embedder

MANIFEST = "youju.json"
FINGERPRINTED = (".json", ".safetensors")
SAMPLE_BYTES = 1 << 20
HUB_SECONDS = 5.0
LOGGERS = ("sentence_transformers", "transformers", "huggingface_hub", "httpx")


def load_folder(folder: Path) -> SentenceTransformer:
    """The model in a folder; nothing is looked up elsewhere. Raises ``EmbeddingError``."""
    return _load(str(folder), local_files_only=True)


def load_named(name: str) -> SentenceTransformer:
    """The model of a folder or of a name on the hub. Raises ``EmbeddingError`` which says what was tried."""
    if Path(name).expanduser().is_dir():
        return load_folder(Path(name).expanduser())
    return _load(name, local_files_only=not _hub_has(name))


def _hub_has(name: str) -> bool:
    """Whether the hub can be reached and knows the model: one request, as a failed load makes dozens, for a minute."""
    with quiet():
        try:
            from huggingface_hub import HfApi

            HfApi().model_info(name, timeout=HUB_SECONDS)
        except Exception:  # noqa: BLE001 - whatever the reason, the local cache is what remains; loading it reports
            return False
    return True


def is_folder(name: str) -> bool:
    """Whether a setting means a folder: it exists, or is written as a path."""
    return name.startswith((".", "/", "~")) or "\\" in name or Path(name).is_dir()


def folder_name(folder: Path) -> str:
    """Identity of a model in a folder: the folder's own name and a fingerprint of its files, wherever it lies.

    The fingerprint covers names, sizes, and of each file the first, middle and last MiB, but not our own manifest,
    which holds times.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in FINGERPRINTED):
        if path.name == MANIFEST:
            continue
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            for start in sorted({0, max(0, (size - SAMPLE_BYTES) // 2), max(0, size - SAMPLE_BYTES)}):
                file.seek(start)
                digest.update(file.read(SAMPLE_BYTES))
    return f"{folder.name} ({digest.hexdigest()[:12]})"


class HalfPrecisionDocuments:
    """A model that computes documents, not queries, in bfloat16 (``torch.autocast``), on processors built for it.

    Measured with multilingual-e5-small: 1.5 to 2 times as many passages, cosine 0.99999 to float32.
    """

    def __init__(self, model: SentenceTransformer) -> None:
        self.model = model

    def encode_query(self, texts: list[str], /) -> Any:
        """Vectors of questions."""
        return self.model.encode_query(texts)

    def encode_document(self, texts: list[str], /) -> Any:
        """Vectors of passages."""
        import torch

        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.model.encode_document(texts)


def faster_documents(model: SentenceTransformer) -> Embedder:
    """The model, with documents in bfloat16 where the processor multiplies such numbers itself."""
    import torch

    find_capabilities: Any = getattr(torch.cpu, "get_capabilities", dict)  # older versions of torch lack it
    capabilities = find_capabilities()
    has_bfloat16 = bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return HalfPrecisionDocuments(model) if model.device.type == "cpu" and has_bfloat16 else model


def _load(name: str, *, local_files_only: bool) -> SentenceTransformer:
    with quiet():
        try:
            from sentence_transformers import SentenceTransformer
        except ModuleNotFoundError as error:
            raise EmbeddingError(
                f"本机的向量模型需要软件包 {error.name}，请运行：pip install sentence-transformers",
                f"An embedder on this machine needs the package {error.name}. Run: pip install sentence-transformers",
            ) from error
        try:
            model = SentenceTransformer(
                name, local_files_only=local_files_only, model_kwargs={"use_safetensors": True}, trust_remote_code=False
            )
        except Exception as error:  # transformers, the hub client, the HTTP client and safetensors all have their own
            raise _not_loaded(name, error) from error
    if asked_for():
        import torch

        torch.set_num_threads(asked_for())
    encoding_log = logging.getLogger("sentence_transformers")
    if encoding_log.level == logging.NOTSET:  # at INFO, every batch would draw a progress bar of its own
        encoding_log.setLevel(logging.WARNING)
    return model


def _not_loaded(name: str, error: Exception) -> EmbeddingError:
    reason = next(iter(str(error).strip().splitlines()), "")[:300].rstrip(".")
    is_there = Path(name).is_dir()
    tried_zh = "本机文件夹" if is_there else "同名的本机文件夹（不存在）、模型站和本机的模型缓存"
    tried_en = "the folder" if is_there else "a folder of that name (none), the hub and the local model cache"
    return EmbeddingError(
        f"无法加载向量模型 {name}。试过：{tried_zh}。原因：{type(error).__name__}：{reason}。"
        "请检查名称和网络，或改用内置模型 default",
        f"Cannot load the embedder {name}. Tried: {tried_en}. Reason: {type(error).__name__}: {reason}. "
        "Check the name and the network, or use the built-in model: default",
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep progress bars, load reports and retry notes of the libraries off the user's screen."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), _no_bars():
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def _no_bars() -> Iterator[None]:
    try:
        bars: list[Any] = [import_module("huggingface_hub.utils.tqdm"), import_module("transformers.utils.logging")]
    except ModuleNotFoundError:  # nothing there that could print; the import that needs it says so
        yield
        return
    hub, transformers = bars
    hub_off, transformers_on = hub.are_progress_bars_disabled(), transformers.is_progress_bar_enabled()
    hub.disable_progress_bars()
    transformers.disable_progress_bar()
    try:
        yield
    finally:
        if not hub_off:
            hub.enable_progress_bars()
        if transformers_on:
            transformers.enable_progress_bar()
