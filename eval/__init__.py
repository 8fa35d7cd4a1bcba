"""Evaluation: questions with known answers, and whether the assistant gives them.

>>> import eval
>>> finished = eval.run(assistant, eval.load_questions(), folder="youju-eval/first")  # doctest: +SKIP

Nothing heavy is imported until it is used.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eval.datasets import load_dataset
    from eval.metrics import METRICS
    from eval.questions import load_questions
    from eval.running import run
    from eval.runs import Run

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet until somebody sets up logging

_EXPORTS = {
    "METRICS": "eval.metrics",
    "Run": "eval.runs",
    "load_dataset": "eval.datasets",
    "load_questions": "eval.questions",
    "run": "eval.running",
}

__all__ = ["METRICS", "Run", "load_dataset", "load_questions", "run"]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'eval' has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
