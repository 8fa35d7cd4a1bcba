"""How long a language model may take and how much it may write, before its answer is given up.

The model in this process is held to the length only: it writes at most as many tokens as it is told, and waits its turn.
"""

import os
from dataclasses import dataclass, fields

from rag.errors import UsageError


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """The bounds of a language model that is not in this process.

    Attributes:
        seconds: how long it may take for one question, all its calls together (``YOUJU_ENDPOINT_SECONDS``).
        silence: the longest wait for its first word, and between two (``YOUJU_ENDPOINT_SILENCE``), in seconds; one on a
            processor may read its prompt that long.
        characters: the longest text of one call (``YOUJU_ANSWER_CHARACTERS``), of the model in this process too.
    """

    seconds: float = 300.0
    silence: float = 120.0
    characters: float = 8000

    @classmethod
    def from_environment(cls) -> "ModelLimits":
        """The limits that the environment gives.

        Raises:
            UsageError: a variable holds no number above 0.
        """
        given = {field.name: os.environ.get(VARIABLES[field.name], "").strip() for field in fields(cls)}
        return cls(**{name: _number(VARIABLES[name], text) for name, text in given.items() if text})


VARIABLES = {
    "seconds": "YOUJU_ENDPOINT_SECONDS",
    "silence": "YOUJU_ENDPOINT_SILENCE",
    "characters": "YOUJU_ANSWER_CHARACTERS",
}


def _number(variable: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise UsageError(
            zh=f"{variable} 应是大于 0 的数，而不是“{text}”。", en=f"{variable} must be a number above 0, not '{text}'."
        )
    return number
