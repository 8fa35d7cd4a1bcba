"""Script: traditional and simplified characters, by OpenCC (Apache-2.0), loaded when first used."""

from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from opencc import OpenCC


@cache
def _converter(direction: str) -> "OpenCC":
    from opencc import OpenCC

    return OpenCC(direction)


def convert(direction: Literal["t2s", "s2t"], text: str) -> str:
    """Traditional to simplified characters (``t2s``) or back (``s2t``); the length may change."""
    return str(_converter(direction).convert(text))
