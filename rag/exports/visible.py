"""Text from outside for a file: nothing in it acts unseen, and every format can hold it."""

import re

from rag.text.surrogates import without_surrogates

# Controls; what turns the direction of writing; tags, which show nothing at all; what is no character.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)
_LINE_END = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")


def visible(text: str) -> str:
    """Text with unseen characters as their numbers (``⟨U+202E⟩``), its lines ended alike; all else as it is."""
    shown = _UNSEEN.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", without_surrogates(text))
    return _LINE_END.sub("\n", shown)


def one_line(text: str) -> str:
    """As :func:`visible`, on one line."""
    return " ".join(visible(text).split())
