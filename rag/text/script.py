"""Script: whether a text is in Chinese; traditional and simplified characters, by OpenCC (Apache-2.0), loaded when first used."""

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from opencc import OpenCC

_CHINESE = re.compile("[\u3400-\u9fff]")


def is_chinese(text: str) -> bool:
    """Whether a text has any Chinese character; answers are written in the question's language."""
    return _CHINESE.search(text) is not None


@cache
def _converter(direction: str) -> "OpenCC":
    from opencc import OpenCC

    return OpenCC(direction)


def convert(direction: Literal["t2s", "s2t"], text: str) -> str:
    """Traditional to simplified characters (``t2s``) or back (``s2t``); the length may change."""
    return str(_converter(direction).convert(text))


def is_traditional(text: str) -> bool:
    """Whether a text is written in traditional characters: more of it is peculiar to them than to simplified ones."""
    return _differing(text, convert("t2s", text)) > _differing(text, convert("s2t", text))


def _differing(text: str, other: str) -> int:
    return sum(one != another for one, another in zip(text, other, strict=False))
