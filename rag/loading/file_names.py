r"""File names: as documents keep them, which are passed over, and which an archive may use.

A name that is not UTF-8 (from a ZIP made elsewhere, say) is kept with its odd bytes written out: ``a.\xff.txt``.
"""

import os
import re
import unicodedata
from pathlib import Path

LONGEST_PATH = 1_000
"""Longest path within an archive that is taken, in characters."""

SIDECAR_NAMES = ("documents.toml", "seeds.toml")
"""Names of the file that says what is known of those beside it (:mod:`rag.loading.sidecar`); the first that describes a
document wins."""

_HIDDEN = (".", "~$")  # the latter: the lock that Word leaves beside an open document
_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control characters, half characters, ends of lines and paragraphs


def path_of(path: Path) -> str:
    """The path of a file as its document keeps it: always valid Unicode."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def file_of(path: str) -> Path:
    """The file that a document's path names."""
    written = Path(path)
    if "\\x" in path and not os.path.lexists(written):
        odd = re.sub(rb"\\x([89a-f][0-9a-f])", lambda found: bytes([int(found[1], 16)]), path.encode())
        if os.path.lexists(os.fsdecode(odd)):
            return Path(os.fsdecode(odd))
    return written


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over: hidden ones, and locks of documents that are open."""
    return name.startswith(_HIDDEN)


def stays_below(path: str) -> bool:
    """Whether a path that an archive gives leads to a place below the archive, and has no character that breaks lines."""
    parts = path.split("/")
    return (
        0 < len(path) <= LONGEST_PATH
        and all(part not in ("", ".", "..") for part in parts)
        and not any(unicodedata.category(character) in _BREAKING for character in path)
        and path[1:2] != ":"  # the drive of a Windows path
    )
