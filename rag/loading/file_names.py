r"""File names as documents keep them.

A name that is not UTF-8 (from a ZIP made elsewhere, say) is kept with its odd bytes written out: ``a.\xff.txt``.
"""

import os
import re
from pathlib import Path


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
