"""Reranking: a model that reads a question and a passage together puts the best candidates in order anew.

Off unless one is named (``YOUJU_RERANKER``): a cross-encoder of sentence-transformers, by its hub name or its folder.
"""

import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rag.errors import UsageError

RERANKED = 30


class Reranker(Protocol):
    """What can score pairs; ``sentence_transformers.CrossEncoder`` can."""

    def predict(self, sentences: list[tuple[str, str]], /) -> ArrayLike:
        """One score for each pair of question and passage, the higher the better: shape (number of pairs,)."""
        ...


def load_reranker(setting: str) -> Reranker | None:
    """The cross-encoder of this hub name or folder; None for an empty setting.

    Raises:
        UsageError: it cannot be opened, or does not give one score for a pair.
    """
    if not setting.strip():
        return None
    from sentence_transformers import CrossEncoder

    try:
        model: Reranker = CrossEncoder(setting.strip(), model_kwargs={"use_safetensors": True}, trust_remote_code=False)
    except Exception as error:  # whatever the library, the hub or a damaged file raises
        raise UsageError(
            zh=f"打不开重排模型“{setting}”：{error}。YOUJU_RERANKER 应是 sentence-transformers 交叉编码器的名称或文件夹；留空则不重排。",
            en=f"The reranker '{setting}' cannot be opened: {error}. YOUJU_RERANKER must be the name or folder of a "
            "sentence-transformers cross-encoder; leave it empty for none.",
        ) from error
    scores(model, "有据", ["有据"])
    return model


def named_reranker(setting: str) -> Reranker | None:
    """As :func:`load_reranker`, but loaded only when it first scores; what that raises is raised then."""
    return _LoadedWhenUsed(setting) if setting.strip() else None


class _LoadedWhenUsed:
    def __init__(self, setting: str) -> None:
        self.name = setting.strip()
        self._setting = setting
        self._model: Reranker | None = None
        self._lock = threading.Lock()

    def predict(self, sentences: list[tuple[str, str]], /) -> ArrayLike:
        with self._lock:
            if self._model is None:
                self._model = load_reranker(self._setting)
        assert self._model is not None, "a setting that is not empty names a model"
        return self._model.predict(sentences)


def scores(reranker: Reranker, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
    """A score for each passage: shape (number of passages,).

    Raises:
        UsageError: the reranker gives anything but one finite number for a passage.
    """
    found = np.asarray(reranker.predict([(question, passage) for passage in passages]), dtype=np.float32)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.shape != (len(passages),) or not np.isfinite(found).all():
        raise UsageError(
            zh=f"重排模型应为 {len(passages)} 处段落各给出一个有限的分数，得到的形状是 {found.shape}。",
            en=f"The reranker must give one finite score for each of {len(passages)} passages; got shape {found.shape}.",
        )
    return found
