"""Which rows of a table are heads, where its file does not say so, or says it with cells left blank."""

import re
from collections.abc import Sequence

Row = Sequence[str]
"""What stands in the cells of a row."""

_MOST, _FEW = 0.8, 0.2
"""Shares that make a rule and an exception."""
_DIGITS_OF_CODE = 4
_LIST = 3
"""Cells with numbers, one below the other, that make a list."""
_NUMBER = re.compile(r"[-+−–—]?[\d,，.．%％‰\s]*\d[\d,，.．%％‰\s]*")
_HAN = re.compile("[\u3400-\u9fff]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_TIME = re.compile(r"(?<![\dA-Za-z-])(?:19|20)\d\d(?!\d|-\d{3})|[年月日季]|\d[:：]\d\d")


def is_number(text: str) -> bool:
    """Whether a cell holds a number and nothing else; a year is a name."""
    return bool(_NUMBER.fullmatch(text)) and not _YEAR.fullmatch(text)


def may_head(text: str) -> bool:
    """Whether what stands in a cell may name a column: neither a number nor a code or telephone number; a time may.

    A code is of several digits and no Chinese characters: ``18—35岁`` and ``每100g`` are none.
    """
    if is_number(text) or text.endswith(("：", ":")):
        return False
    digits = sum(map(str.isdigit, text))
    is_code = digits >= _DIGITS_OF_CODE and not _HAN.search(text)
    return not is_code or bool(_TIME.search(text))


def is_form(rows: Sequence[Row]) -> bool:
    """Whether labels and what they say take turns in the rows of a table, some of which are wider than others.

    Labels are words of their own. In the columns of a list things come again, and below a word stand numbers.
    """
    labels = [label for row in rows if len(row) % 2 == 0 for label in row[::2] if label]
    numbered = sum(map(_has_digit, labels))
    if not labels or numbered > _FEW * len(labels) or len(set(labels)) < _MOST * len(labels):
        return False
    columns = ([row[place] for row in rows if len(row) > place] for place in range(len(rows[0])))
    return not any(
        len(below) >= _LIST and not _has_digit(head) and all(map(_has_digit, below)) for head, *below in columns
    )


def first_row_is_head(rows: Sequence[Row]) -> bool:
    """Whether the first row of a table heads its columns: of words, above a list; of two columns the second of numbers."""
    if len(rows) < 2 or not all(map(may_head, rows[0])):
        return False
    if max(map(len, rows)) == 2:
        return len(rows[1]) > 1 and is_number(rows[1][1])
    has_blank_pairs = any(
        not label and not said for row in rows for label, said in zip(row[2::2], row[3::2], strict=False)
    )
    return not (has_blank_pairs and is_form(rows))


def goes_on(head: Row, below: Row) -> bool:
    """Whether the row below a head is of heads too, each under one that is wider: the cells beside that are left blank."""
    if len(head) != len(below):
        return False
    places = [place for place, text in enumerate(below) if text]
    wide = {place for place, text in enumerate(head) if place and not text}
    wide |= {place - 1 for place in wide if place > 1}
    return bool(wide and places) and wide.issuperset(places) and not any(is_number(below[place]) for place in places)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))
