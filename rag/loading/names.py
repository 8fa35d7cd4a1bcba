r"""File names as documents keep them.

A name that is not UTF-8 (from a ZIP made elsewhere, say) is kept with its odd bytes written out: ``a.\xff.txt``.
"""

import os
import re
from pathlib import Path


def shown_path(path: Path) -> str:
    """The path of a file as its document keeps it: always valid Unicode."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def file_of(shown: str) -> Path:
    """The file that a document's path names."""
    written = Path(shown)
    if "\\x" in shown and not os.path.lexists(written):
        odd = re.sub(rb"\\x([89a-f][0-9a-f])", lambda found: bytes([int(found[1], 16)]), shown.encode())
        if os.path.lexists(os.fsdecode(odd)):
            return Path(os.fsdecode(odd))
    return written
