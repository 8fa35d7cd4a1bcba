"""Intents: whether a question asks the documents something, or is about the assistant or the collection itself.

``你好`` and ``一共几份文件？`` are not to be searched for. A small network over the vector that the embedded embedder gives
the question tells them from the others (``python -m training.intents``); it knows no list of words.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import WeightsError, YoujuError
from rag.text.script import convert

if TYPE_CHECKING:
    from embeddings import TextEmbedder

Told = Literal["greeting", "thanks", "identity", "abilities", "documents", "newest", "oldest", "about", "speakers"]
Intent = Literal[Told, "summary", "brief"]
"""What a question asks that no single passage answers: nothing (``你好``; ``谢谢``), who answers, what he can do; which documents
there are, the newest, the oldest, those about something, who speaks in them; what documents say as a whole, or what they say
together about something."""
ORDINARY = "ordinary"
"""Any other question."""
CLASSES = (ORDINARY, *get_args(Intent))
"""In the order of the classifier's outputs."""

_SUMMARIES = (CLASSES.index("summary"), CLASSES.index("brief"))
"""Of these it need only be sure that it is one or the other: which documents are meant, and what about, their words tell."""

FILE = Path(__file__).with_name("intents.safetensors")
SHA256 = "c028c1fd3deac2fef1f9d309da60893aaf82406aa1e9729440574569b8c3e0ad"
"""Of that file."""
LONGEST = 80
"""Characters of a question that is looked at; a longer one tells of something."""
REMEMBERED = 256

Vector = NDArray[np.float32]
Recognise = Callable[[str], Intent | None]
"""Tells the intent of a question; None for an ordinary one."""

_NAME = re.compile(
    r"《[^《》]+》|[\w-]+\.(?:docx?|xlsx?|pptx?|pdf|txt|md|html?|csv|epub|eml)(?![A-Za-z])", re.ASCII | re.IGNORECASE
)
SOME_NAME = "《文件》"
"""What stands for any title or file name."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IntentClassifier:
    """The classifier.

    Attributes:
        origin, scale: what vectors are measured from and by, shape (dimension,).
        hidden, hidden_constants: shape (dimension, units) and (units,).
        output, constants: shape (units, classes) and (classes,).
        least: how likely each class must be to be believed, shape (classes,).
    """

    origin: Vector
    scale: Vector
    hidden: Vector
    hidden_constants: Vector
    output: Vector
    constants: Vector
    least: Vector

    def probabilities(self, vectors: Vector) -> Vector:
        """How likely each class is, shape (vectors, classes)."""
        units = np.tanh((vectors - self.origin) / self.scale @ self.hidden + self.hidden_constants)
        scores = units @ self.output + self.constants
        likely = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares: Vector = likely / likely.sum(axis=-1, keepdims=True)
        return shares

    def intent(self, vector: Vector) -> Intent | None:
        """The intent of the question that has this vector; None for an ordinary one, or where that is not sure."""
        likely = self.probabilities(vector)
        best = int(likely.argmax())
        found: Any = CLASSES[best]
        sure = likely[list(_SUMMARIES)].sum() if best in _SUMMARIES else likely[best]
        return None if found == ORDINARY or sure < self.least[best] else found

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Any]) -> "IntentClassifier":
        """Of a file of weights.

        Raises:
            ValueError, KeyError: they are not there, or do not fit together.
        """
        found = cls(*(np.asarray(tensors[name], np.float32) for name in cls.__dataclass_fields__))
        if found.probabilities(found.origin[None]).shape != (1, len(CLASSES)) or found.least.shape != (len(CLASSES),):
            raise ValueError("of other classes")
        return found

    def to_tensors(self) -> dict[str, NDArray[np.float16]]:
        """As a file of weights holds it."""
        return {name: np.ascontiguousarray(getattr(self, name), np.float16) for name in self.__dataclass_fields__}


def as_classified(question: str) -> str:
    """A question as it is told from others: in simplified characters, whatever the documents in it are called."""
    return _NAME.sub(SOME_NAME, convert("t2s", question))


def read_classifier(file: Path, sha256: str) -> IntentClassifier:
    """The classifier in a file.

    Args:
        sha256: what the file must have.

    Raises:
        WeightsError: it is not there, or another.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError("SHA-256")
        return IntentClassifier.from_tensors(load(content))
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise WeightsError(
            f"{file} 不是发布时的文件（{error}）。请重新安装 youju",
            f"{file} is not what was published ({error}). Install youju again",
        ) from error


def recogniser(embedder: "TextEmbedder", query_vector: Callable[[str], Vector]) -> Recognise:
    """What tells the intent of questions.

    Where its weights or the embedded embedder are damaged, every question is an ordinary one, and the log says why.

    Args:
        embedder: of the index; where it is the embedded one, its vectors of questions serve.
        query_vector: gives them.
    """
    from embeddings.e5 import NAME

    return _remembering(query_vector) if embedder.name == NAME else _embedded_recogniser()


@cache
def _embedded_recogniser() -> Recognise:
    """With the embedded embedder beside that of the index, opened when it is first asked; one a process."""
    from embeddings.e5 import open_e5

    embedder = open_e5()
    return _remembering(lambda question: embedder.queries([question])[0])


@cache
def _shipped() -> IntentClassifier | None:
    try:
        return read_classifier(FILE, SHA256)
    except WeightsError as error:
        logger.warning("the weights for intents are not used, every question is searched for: %s", error.en)
        return None


def _remembering(vector: Callable[[str], Vector]) -> Recognise:
    @lru_cache(REMEMBERED)
    def recognise(question: str) -> Intent | None:
        classifier = _shipped()
        if classifier is None or len(question) > LONGEST:
            return None
        try:
            return classifier.intent(vector(as_classified(question)))
        except YoujuError as error:
            logger.warning("the intent of questions is not recognised: %s", error.en)
            return None

    return recognise
