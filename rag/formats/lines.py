"""Lines of text out of formats that mark their headings and tables themselves."""

import re

from rag.text.surrogates import without_surrogates

_BLANKS = re.compile(r"\s+")
_READS_AS_MARK = re.compile(r"#{1,6}\s|\|")


def one_line(text: str) -> str:
    r"""A text as one line without blanks at its ends, which reads neither as a heading nor as a row of a table.

    Where the text itself begins with the mark of one (``# ``, ``|``), a ``\`` stands before it, as in Markdown.
    """
    line = _BLANKS.sub(" ", without_surrogates(text)).strip()
    return "\\" + line if _READS_AS_MARK.match(line) else line


def counted(number: int, zh: str, one: str, many: str = "") -> list[tuple[str, str]]:
    """The line of :attr:`Extracted.left_out` for a number of things; none for 0.

    Args:
        number: how many.
        zh: the line in Chinese, ``{}`` for the number.
        one, many: what they are in English, one of them and several (``s`` is added unless given).
    """
    return [(zh.format(number), f"{number} {one if number == 1 else many or one + 's'}")] if number else []
