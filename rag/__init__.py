"""Youju 有据: questions about Chinese documents, answered with every claim cited to an exact span.

>>> import rag
>>> answer = rag.ask("截至2023年3月底我国建成了多少个5G基站？")  # doctest: +SKIP

Nothing heavy is imported until it is used.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.answers import Answer, Checks, Citation, Claim
    from rag.assistant import Assistant, EvidenceFound, Finished, SectionRead, Token, ask
    from rag.errors import RecordError, YoujuError
    from rag.records.recheck import Recheck, verify_record
    from rag.search.retrieval import Hit
    from rag.text.documents import Document

__version__ = "0.1.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet until somebody sets up logging

_EXPORTS = {
    "Answer": "rag.answers",
    "Assistant": "rag.assistant",
    "Checks": "rag.answers",
    "Citation": "rag.answers",
    "Claim": "rag.answers",
    "Document": "rag.text.documents",
    "EvidenceFound": "rag.assistant",
    "Finished": "rag.assistant",
    "Hit": "rag.search.retrieval",
    "Recheck": "rag.records.recheck",
    "RecordError": "rag.errors",
    "SectionRead": "rag.assistant",
    "Token": "rag.assistant",
    "YoujuError": "rag.errors",
    "ask": "rag.assistant",
    "verify_record": "rag.records.recheck",
}

__all__ = [
    "Answer",
    "Assistant",
    "Checks",
    "Citation",
    "Claim",
    "Document",
    "EvidenceFound",
    "Finished",
    "Hit",
    "Recheck",
    "RecordError",
    "SectionRead",
    "Token",
    "YoujuError",
    "__version__",
    "ask",
    "verify_record",
]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
