"""Calibration: what the reader's logits are worth, fitted on documents that were kept apart from its training.

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
class Calibration:
    """What probabilities and logits are worth.

    Attributes:
        constant: added to the logit of the probability that a sentence answers the question, so that what should be
            answered has more than even chance.
        foreign_constant: the same for a question in another language than the documents.
        support_constant: the logit that all of a claim is borne out is this less the score of its differences
            (:mod:`rag.reading.differences`), so that few of the right ones fall below even chance.
        chooses_evidence: 1 where the reader chooses evidence and decides silence better than rules, else 0.
        checks_claims: 1 where it tells right claims from wrong ones better than rules, else 0.
    """

    constant: float = 0.0
    foreign_constant: float = 0.0
    support_constant: float = 0.0
    chooses_evidence: float = 1.0
    checks_claims: float = 0.0

    def answered(self, chance: float, is_foreign: bool = False) -> float:
        """How surely a question is answered, from 0 to 1.

        Args:
            chance: the probability that the sentence chosen answers it.
            is_foreign: whether it is in another language than the documents.
        """
        return probability((self.foreign_constant if is_foreign else self.constant) + logit_of(chance))

    def supported(self, score: float) -> float:
        """The probability that all of a claim is borne out.

        Args:
            score: of its differences.
        """
        return probability(self.support_constant - score)

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


def logit_of(chance: float) -> float:
    """Of a probability."""
    chance = max(1e-9, min(1 - 1e-9, chance))
    return math.log(chance / (1 - chance))
