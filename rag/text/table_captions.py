"""What stands above a table: its name, and the unit of its numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.measures import is_unit

LINES_OF_CAPTION = 3
"""Lines above a table that may name it, or the unit of its numbers."""
LONGEST_CAPTION = 80

_UNIT_LINE = re.compile(
    r"(?:^|(?<=[\s（(，,；;]))[（(]?(?:(?:计量|金额|数量|(?P<of>[\u4e00-\u9fff]{1,6}))?单位[:：]\s*|units?:\s*)(?P<unit>[^\s，,；;、。（()）]{1,12})(?:[（(][^（()）]*[）)])?[）)]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands above a table; empty where it is not told.

    Attributes:
        title: its name.
        unit: of its numbers.
        measured: what alone has that unit (``人口单位：万人``).
    """

    title: str = ""
    unit: str = ""
    measured: str = ""


NO_CAPTION = Caption()


def caption_of(above: Sequence[str]) -> Caption:
    """The caption of a table.

    Args:
        above: how the few paragraphs before it read, the nearest last.
    """
    title = unit = measured = ""
    for text in reversed(above):
        if len(text) > LONGEST_CAPTION or text.endswith(("。", "；")) or "\n" in text:
            break
        named = next((found for found in _UNIT_LINE.finditer(text) if is_unit(found["unit"])), None)
        if named:
            if not unit:
                unit, measured = named["unit"], named["of"] or ""
            text = f"{text[: named.start()]}{text[named.end() :]}"
        title = text.strip()
        if title:
            break
    return Caption(title, unit, measured)
