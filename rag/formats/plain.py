"""Plain text: decoded, never changed."""

from rag.loading.base import Extracted
from rag.loading.encodings import decode


def extract(raw: bytes, name: str) -> Extracted:
    """The file's text exactly as its bytes spell it, line ends and all; a byte-order mark belongs to the encoding.

    Raises:
        LoadError: the file decodes under no supported encoding, or is binary.
    """
    text, encoding = decode(raw, name)
    return Extracted(text=text, encoding=encoding)
