"""Frames: how a request to read a file, and what came of it, travel between two processes.

A frame is the lengths of its two parts, a header in JSON and the bytes of a file or a text. Nothing in it can be run.
"""

import json
import struct
from collections.abc import Callable
from typing import Any

LENGTHS = struct.Struct("!IQ")

LONGEST_HEADER = 4_000_000
"""Longest header taken, in bytes: the spans of unsure characters of a long scan take up to half of it."""


class FrameError(Exception):
    """The other side sent something that is no frame, or too large a one."""


def packed(header: dict[str, Any], body: bytes = b"") -> bytes:
    """A frame as bytes."""
    head = json.dumps(header).encode("ascii")
    return b"".join((LENGTHS.pack(len(head), len(body)), head, body))


def received(read: Callable[[int], bytes], longest_body: int) -> tuple[dict[str, Any], bytes]:
    """The next frame.

    Args:
        read: gives the next bytes, exactly as many as asked for.
        longest_body: longest body taken, in bytes.

    Raises:
        FrameError: what comes is no frame, or one whose header or body is too long.
    """
    header_length, body_length = LENGTHS.unpack(read(LENGTHS.size))
    if header_length > LONGEST_HEADER or body_length > longest_body:
        raise FrameError(f"a frame of {header_length} and {body_length} bytes")
    try:
        header = json.loads(read(header_length))
    except (ValueError, RecursionError) as error:
        raise FrameError("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise FrameError("a header that is no object")
    return header, read(body_length)
