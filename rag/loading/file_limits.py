"""Limits of what one file may take, so that none can end the program, whatever it holds."""

import os
from dataclasses import dataclass

from rag.errors import UsageError

VARIABLES = {
    "memory_mb": "YOUJU_FILE_MEMORY_MB",
    "seconds": "YOUJU_FILE_SECONDS",
    "characters": "YOUJU_FILE_CHARACTERS",
    "facts": "YOUJU_FILE_FACTS",
    "recognition_seconds": "YOUJU_RECOGNITION_SECONDS",
}
"""The environment variable that sets each limit."""

_LEAST = {"memory_mb": 32, "seconds": 1, "characters": 1, "facts": 0, "recognition_seconds": 1}
_LONGEST_NUMBER = 9  # digits


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What reading one file may take, and how much of it is kept.

    Attributes:
        memory_mb: memory that reading it may take beyond what the process that reads takes anyway, in MB
            (``YOUJU_FILE_MEMORY_MB``). At least 32, or the libraries that read a format would not load.
        seconds: time that reading it may take, in seconds (``YOUJU_FILE_SECONDS``); where its pages are recognised, each
            has as much.
        characters: most characters of its text (``YOUJU_FILE_CHARACTERS``).
        facts: most facts taken out of its text; the first ones are kept (``YOUJU_FILE_FACTS``).
        recognition_seconds: time that recognising all its pages may take, in seconds (``YOUJU_RECOGNITION_SECONDS``);
            what has been recognised by then is kept.

    Raises:
        UsageError: a limit is no whole number, or too small to read anything.
    """

    memory_mb: int = 1_000
    seconds: int = 60
    characters: int = 5_000_000
    facts: int = 20_000
    recognition_seconds: int = 7_200

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise _unusable(VARIABLES[name], least, str(value))

    @classmethod
    def from_environment(cls) -> "FileLimits":
        """The limits with what the environment sets.

        Raises:
            UsageError: as for the class.
        """
        given = {name: whole_number(variable, _LEAST[name]) for name, variable in VARIABLES.items()}
        return cls(**{name: value for name, value in given.items() if value is not None})


def whole_number(variable: str, least: int) -> int | None:
    """The whole number that an environment variable holds; None where it is not set.

    Raises:
        UsageError: it holds something else, or a number below ``least``.
    """
    value = os.environ.get(variable, "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= _LONGEST_NUMBER and int(value) >= least):
        raise _unusable(variable, least, value)
    return int(value)


def _unusable(variable: str, least: int, value: str) -> UsageError:
    most = "9" * _LONGEST_NUMBER
    return UsageError(
        zh=f"{variable} 应是 {least} 到 {most} 之间的整数，而不是“{value}”。",
        en=f"{variable} must be a whole number from {least} to {most}, not '{value}'.",
    )
