"""Limits of what one file may take, so that none can end the program, whatever it holds."""

import os
from dataclasses import dataclass, fields

from rag.errors import UsageError

_LEAST = {"memory_mb": 32, "seconds": 1, "characters": 1, "facts": 0}
_LONGEST_NUMBER = 9  # digits


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What reading one file may take, and how much of it is kept.

    Attributes:
        memory_mb: memory that reading it may take beyond what the process that reads takes anyway, in MB
            (``YOUJU_FILE_MEMORY_MB``). At least 32, or the libraries that read a format would not load.
        seconds: time that reading it may take, in seconds (``YOUJU_FILE_SECONDS``).
        characters: most characters of its text (``YOUJU_FILE_CHARACTERS``).
        facts: most facts taken out of its text; the first ones are kept (``YOUJU_FILE_FACTS``).

    Raises:
        UsageError: a limit is no whole number, or too small to read anything.
    """

    memory_mb: int = 1_000
    seconds: int = 60
    characters: int = 5_000_000
    facts: int = 20_000

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise _unusable(name, str(value))

    @classmethod
    def from_environment(cls) -> "FileLimits":
        """The limits with what the environment sets.

        Raises:
            UsageError: as for the class.
        """
        values: dict[str, int] = {}
        for field in fields(cls):
            if value := os.environ.get(variable(field.name), ""):
                if not (value.isascii() and value.isdecimal() and len(value) <= _LONGEST_NUMBER):
                    raise _unusable(field.name, value)
                values[field.name] = int(value)
        return cls(**values)


def variable(name: str) -> str:
    """The environment variable that sets a limit."""
    return f"YOUJU_FILE_{name.upper()}"


def _unusable(name: str, value: str) -> UsageError:
    least, most = _LEAST[name], "9" * _LONGEST_NUMBER
    return UsageError(
        zh=f"{variable(name)} 应是 {least} 到 {most} 之间的整数，而不是“{value}”。",
        en=f"{variable(name)} must be a whole number from {least} to {most}, not '{value}'.",
    )
