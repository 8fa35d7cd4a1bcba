"""From a setting to an embedder that is ready to use."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pathlib import Path

from embeddings.base import Embedder, TextEmbedder
from embeddings.errors import EmbeddingError, UsageError

DEFAULT = "default"
SHARED_MODELS = 4
TEXTS_PER_REQUEST = 64

EMBEDDERS: dict[str, str] = {
    DEFAULT: "embeddings.e5:open_e5",
}
"""Name → 'module:function' or 'module:Class', imported when asked for; called, it gives an embedder. One line adds one
(docs/adding.md)."""


def load(setting: str | Embedder | TextEmbedder = DEFAULT, *, threads: int | None = None) -> TextEmbedder:
    """The embedder of a setting. Nothing heavy is imported before the first text.

    ``setting``: a name in ``EMBEDDERS``, such as ``"default"`` (multilingual-e5-small from the installed package); a
    sentence-transformers folder or hub name (``"./folder"``, ``"BAAI/bge-small-zh-v1.5"``); a server
    (``"http://host:port/v1#model"``); or any object with ``encode_query`` and ``encode_document``. One model is loaded
    once in a process. ``threads`` sets the number of threads of what runs models, one for the whole process. Raises
    ``UsageError``, ``EmbeddingError``.
    """
    if isinstance(setting, TextEmbedder):
        embedder = setting
    elif not isinstance(setting, str):
        embedder = _wrapped(setting)
    elif setting.lower().startswith(("http://", "https://")):
        embedder = _endpoint(setting)
    else:
        embedder = _local(setting.strip())
    if threads is not None:
        if threads < 1:
            raise UsageError(f"线程数应为正整数，不是 {threads}", f"threads must be 1 or more, not {threads}")
        embedder.threads = threads
    return embedder


def _local(setting: str) -> TextEmbedder:
    from embeddings.local import folder_name, is_folder

    if not setting:
        raise UsageError("向量模型的名称为空", "The name of the embedder is empty")
    if setting not in EMBEDDERS and is_folder(setting):
        folder = Path(setting).expanduser().absolute()
        if not folder.is_dir():
            raise EmbeddingError(
                f"没有向量模型的文件夹 {setting}（试过 {folder}）",
                f"There is no model folder {setting} (tried {folder})",
            )
        return _shared(str(folder), folder_name(folder))
    return _shared(setting, setting)


@lru_cache(SHARED_MODELS)
def _shared(setting: str, name: str) -> TextEmbedder:
    if setting in EMBEDDERS:
        module, _, function = EMBEDDERS[setting].partition(":")
        return load(getattr(import_module(module), function)())
    from embeddings import local

    return TextEmbedder(name, lambda: local.load_named(setting))


def _endpoint(setting: str) -> TextEmbedder:
    from embeddings.endpoint import EndpointEmbedder

    endpoint = EndpointEmbedder.from_setting(setting)
    return TextEmbedder(endpoint.name, lambda: endpoint, batch_size=TEXTS_PER_REQUEST)


def _wrapped(embedder: object) -> TextEmbedder:
    if not isinstance(embedder, Embedder):
        kind = type(embedder).__name__
        raise UsageError(
            f"{kind} 不是向量模型：需要方法 encode_query 和 encode_document，或一个名称",
            f"{kind} is no embedder: the methods encode_query and encode_document are needed, or a name",
        )
    return TextEmbedder(_name_of(embedder), lambda: embedder)


def _name_of(embedder: Embedder) -> str:
    """``name`` if it has one; for a ``SentenceTransformer`` the name it was loaded from; else its class."""
    card = getattr(embedder, "model_card_data", None)
    for name in (getattr(embedder, "name", None), getattr(card, "base_model", None)):
        if isinstance(name, str) and name:
            return name
    return f"{type(embedder).__module__}.{type(embedder).__qualname__}"
