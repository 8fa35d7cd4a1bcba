"""Lengths: how long a text is as writers count, Chinese characters and signs one by one and other words whole (字数)."""

import re

from rag.text.view import HAN

_COUNTED = re.compile(f"[{HAN}，。、；：？！“”‘’（）《》…]|[^\\W_{HAN}]+(?:[.,%'’-][^\\W_{HAN}]+)*")


def written_length(text: str) -> int:
    """How long a text is: ``500字`` or 500 words."""
    return sum(1 for _ in _COUNTED.finditer(text))
