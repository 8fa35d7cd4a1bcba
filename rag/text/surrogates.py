"""Surrogates: halves of a character, which Python's texts can hold and no file, database or response can."""


def without_surrogates(text: str) -> str:
    """A text that every encoding of Unicode can write: halves of a character joined, one without the other as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_storable(text: str) -> bool:
    """Whether a text is valid Unicode; one with half a character (a lone surrogate) is not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
