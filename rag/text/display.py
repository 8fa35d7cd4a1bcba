"""Text for a terminal: documents are untrusted, and their text must not take over what it is shown on."""

# Escape sequences begin with characters of the first ranges; the others turn the direction of writing around.
_CONTROL = [
    *range(0x00, 0x09),
    *range(0x0B, 0x20),
    *range(0x7F, 0xA0),
    0x061C,
    *range(0x200E, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
]
_WITHOUT_CONTROL: dict[int, str | None] = dict.fromkeys(_CONTROL)
_ESCAPED = {code: f"\\u{code:04x}" for code in _CONTROL}


def plain(text: str) -> str:
    """Text from a document without the control characters that could take over a terminal."""
    return text.translate(_WITHOUT_CONTROL)


def one_line(text: str) -> str:
    """As :func:`plain`, on one line: a title with line breaks cannot pass for several lines of ours."""
    return " ".join(plain(text).split())


def escaped(json_text: str) -> str:
    """JSON with those characters, which can only stand inside its strings, written as their numbers."""
    return json_text.translate(_ESCAPED)
