"""Calibration: what the reader's logits are worth, fitted on documents that were kept apart from its training.

What is told is the probability that the answer is right: that the documents answer the question, and that it was found.

``python -m training.calibrate`` fits the weights; they travel in the head of the file of the reader's own weights.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

KEY = "calibration"
"""Name of the entry in the head of the weights' file."""
REACH = 12.0
"""Logits beyond this, on either side, tell no more."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What speaks for and against that the answer found is right.

    Attributes:
        margin: of the likeliest answer against none, in logits.
        ahead: how far that is above the margin of the likeliest answer in any other sentence.
        agreed: whether the sentence of the likeliest answer is the first of the evidence.
        relevance: of the sentence that bears most on the question, in logits.
        lacking: of the likeliest word of the question not to be borne out, in logits.
        uncovered: share of the question's content characters that the best sentence does not hold.
        missing: whether the evidence lacks the time, a name or the scope asked for, or the sort of answer, as rules show.
        foreign: whether question and evidence are in different scripts.
    """

    margin: float
    ahead: float
    agreed: bool
    relevance: float
    lacking: float
    uncovered: float
    missing: bool
    foreign: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Two logistic regressions.

    Attributes:
        constant: of the decision whether the answer found is right.
        margin, ahead, agreed, relevance, lacking, uncovered, missing, foreign: its weights for :class:`Grounds`.
        language_model: its weight for a language model's own margin (:mod:`rag.answerability`), from its origin on.
        language_model_origin: where that margin counts nothing.
        support_constant, support: the logit that all of a claim is borne out is the first plus the second times the
            logit that its likeliest word is not.
        checks_claims: 1 where the reader tells right claims from wrong ones well enough to judge them, else 0.
    """

    constant: float = 0.0
    margin: float = 0.5
    ahead: float = 0.0
    agreed: float = 0.0
    relevance: float = 0.0
    lacking: float = 0.0
    uncovered: float = 0.0
    missing: float = 0.0
    foreign: float = 0.0
    language_model: float = 0.0
    language_model_origin: float = 0.0
    support_constant: float = 0.0
    support: float = -1.0
    checks_claims: float = 0.0

    def answered(self, grounds: Grounds, language_model_margin: float | None = None) -> float:
        """The probability that the documents answer a question, and that the answer found is right."""
        logit = (
            self.constant
            + self.margin * clipped(grounds.margin)
            + self.ahead * clipped(grounds.ahead)
            + self.agreed * grounds.agreed
            + self.relevance * clipped(grounds.relevance)
            + self.lacking * clipped(grounds.lacking)
            + self.uncovered * grounds.uncovered
            + self.missing * grounds.missing
            + self.foreign * grounds.foreign
        )
        if language_model_margin is not None:
            logit += self.language_model * (language_model_margin - self.language_model_origin)
        return probability(logit)

    def supported(self, lacking: float) -> float:
        """The probability that all of a claim is borne out.

        Args:
            lacking: the logit that its likeliest word is not.
        """
        return probability(self.support_constant + self.support * clipped(lacking))

    def to_metadata(self) -> dict[str, str]:
        """As the head of a safetensors file holds it."""
        return {KEY: json.dumps(asdict(self))}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Calibration":
        """Of the head of a file; one without an entry gives the defaults.

        Raises:
            ValueError: the entry is malformed.
        """
        told = json.loads(metadata.get(KEY, "{}"))
        known = {field.name for field in fields(cls)}
        if not isinstance(told, dict) or not told.keys() <= known:
            raise ValueError(f"unknown entries: {told}")
        return cls(**{name: float(value) for name, value in told.items()})


UNCALIBRATED = Calibration()
"""Takes the reader's logits at their word."""


def clipped(logit: float) -> float:
    """A logit within reach."""
    return max(-REACH, min(REACH, logit))


def probability(logit: float) -> float:
    """Of a logit."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))
