"""Public data sets, read from local files into one shape: nothing is ever downloaded. See docs/datasets.md.

``load_dataset("drcd", "DRCD_dev.json")`` gives a :class:`~eval.datasets.base.Dataset`: documents to index, questions
in the project's own form, the passages that came with each question, and the protocol they were made by.
"""

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from eval.datasets.base import Dataset, Note
from eval.datasets.exported import to_questions_jsonl, write
from rag.errors import UsageError

__all__ = ["DATASETS", "Dataset", "Note", "load_dataset", "to_questions_jsonl", "write"]

DATASETS: dict[str, str] = {
    "squad": "eval.datasets.squad:load",
    "cmrc2018": "eval.datasets.squad:load",
    "drcd": "eval.datasets.squad:load",
    "dureader": "eval.datasets.dureader:load",
    "rgb": "eval.datasets.rgb:load",
    "crud-rag": "eval.datasets.crud_rag:load",
    "beir": "eval.datasets.beir:load",
    "c-mteb": "eval.datasets.beir:load",
    "own": "eval.datasets.own:load",
    "genres": "eval.datasets.genres:load",
    "formats": "eval.datasets.formats:load",
    "news": "eval.datasets.news:load",
    "youju": "eval.datasets.exported:load",
}
"""Name → 'module:function', imported when first used; the function takes the path, the name and its own options."""


def load_dataset(name: str, path: str | Path, **options: Any) -> Dataset:
    """Reads a data set.

    Args:
        name: one of :data:`DATASETS`.
        path: a local file or folder.
        options: those of the data set's own ``load``.

    Raises:
        UsageError: the name or an option is unknown, the path does not hold the data set, or a row is malformed
            (the message names file, line or JSON path, and field).
        LoadError: a user's file is in no encoding that is read.
    """
    if name not in DATASETS:
        known = ", ".join(DATASETS)
        raise UsageError(
            zh=f"没有名为“{name}”的数据集；已知的有：{known}。", en=f"Unknown data set '{name}'; known: {known}."
        )
    module, _, function = DATASETS[name].partition(":")
    load: Callable[..., Dataset] = getattr(import_module(module), function)
    known_options = [option for option in inspect.signature(load).parameters if option not in ("path", "name")]
    unknown = sorted(set(options) - set(known_options))
    if unknown:
        listed = ", ".join(known_options) or "-"
        raise UsageError(
            zh=f"数据集 {name} 没有选项 {', '.join(unknown)}；已知的有：{listed}。",
            en=f"The data set {name} has no option {', '.join(unknown)}; known: {listed}.",
        )
    return load(Path(path).expanduser(), name, **options)
