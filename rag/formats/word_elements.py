"""Names of WordprocessingML, and the few questions that every module asks of its elements."""

from collections.abc import Iterator
from functools import cache
from typing import Any

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

_OFF = frozenset({"0", "false", "off", "none"})
_LONGEST_NUMBER = 9  # digits


def value(element: Any, path: str = "") -> str:
    """The ``w:val`` of an element, or of the one below it at a path of names without prefix; empty where it has none."""
    if element is not None and path:
        element = element.find(_named(path))
    return element.get(WORD + "val", "") if element is not None else ""


@cache
def _named(path: str) -> str:
    return "/".join(WORD + name for name in path.split("/"))


def number(written: str, otherwise: int = 0) -> int:
    """A whole number from 0 as an attribute has it; ``otherwise`` for what is none, or too large for a document."""
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= _LONGEST_NUMBER else otherwise


def switch(properties: Any, name: str) -> bool | None:
    """Whether a property is on (``<w:vanish/>``) or off (``w:val="0"``); None where it is not given."""
    element = properties.find(WORD + name) if properties is not None else None
    return None if element is None else element.get(WORD + "val", "1").lower() not in _OFF


def alternative(element: Any) -> Any:
    """Of an ``mc:AlternateContent`` the one content that counts; the others are copies of it for older programs."""
    chosen = element.find(COMPATIBILITY + "Choice")
    return chosen if chosen is not None else element.find(COMPATIBILITY + "Fallback")


def through_wrappers(container: Any, name: str) -> Iterator[Any]:
    """The elements of a name below a container, in order, through content controls, insertions and other wrappers.

    What stands inside one that is found is not looked into, nor what was deleted or moved away.
    """
    for child in container:
        if child.tag == WORD + name:
            yield child
        elif child.tag == COMPATIBILITY + "AlternateContent":
            if (chosen := alternative(child)) is not None:
                yield from through_wrappers(chosen, name)
        elif isinstance(child.tag, str) and child.tag not in GONE:
            yield from through_wrappers(child, name)


GONE = frozenset({WORD + "del", WORD + "moveFrom"})
"""Wrappers of what tracked changes took away."""


def length(text: str) -> int:
    """How many characters a text has, without its blanks."""
    return len("".join(text.split()))
