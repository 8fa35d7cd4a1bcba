"""Automatic numbering of .docx: numbers that stand in the file as a rule only, not as text."""

import re
from typing import Any, NamedTuple

_DIGITS = "零一二三四五六七八九"


class _Style(NamedTuple):
    """How a kind of number looks (``%1`` is the number), and what Word calls its digits."""

    pattern: re.Pattern[str]
    level_text: str
    digits: str


_STYLES = (
    _Style(re.compile(r"([一二三四五六七八九十]+)、"), "%1、", "chineseCountingThousand"),
    _Style(re.compile(r"（([一二三四五六七八九十]+)）"), "（%1）", "chineseCountingThousand"),
    _Style(re.compile(r"第([一二三四五六七八九十]+)条[ 　]"), "第%1条", "chineseCountingThousand"),
    _Style(re.compile(r"(\d+)\. "), "%1.", "decimal"),
    _Style(re.compile(r"（(\d+)）"), "（%1）", "decimal"),
)
_FIRST_ID = 900
"""Beyond the numbering ids of python-docx's template."""


def number_of(written: str) -> int:
    """The value of a number below a hundred, in digits or Chinese.

    >>> number_of("二十一")
    21
    """
    if written.isdigit():
        return int(written)
    tens, ten, ones = written.rpartition("十")
    return (_DIGITS.index(tens or "一") * 10 if ten else 0) + (_DIGITS.index(ones) if ones else 0)


class Numbering:
    """Takes numbers out of texts and has the document count instead, as long as it would count the same."""

    def __init__(self, document: Any) -> None:
        self._root = document.part.numbering_part.element
        self._next = _FIRST_ID
        self._counts: dict[int, tuple[int, int]] = {}  # style → id of its numbering, last number

    def taken_over(self, paragraph: Any, text: str) -> str:
        """The text without its number, which the paragraph now counts; the same text where it has none."""
        for place, style in enumerate(_STYLES):
            found = style.pattern.match(text)
            if not found:
                continue
            number = number_of(found[1])
            identifier, last = self._counts.get(place, (0, 0))
            if number == 1:
                identifier = self._new(style)
            elif number != last + 1:
                return text
            self._counts[place] = identifier, number
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = 0
            properties.get_or_add_numId().val = identifier
            return text[found.end() :]
        return text

    def _new(self, style: _Style) -> int:
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        self._next += 1
        abstract: Any = parse_xml(
            f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{self._next}"><w:multiLevelType w:val="singleLevel"/>'
            f'<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="{style.digits}"/>'
            f'<w:lvlText w:val="{style.level_text}"/><w:lvlJc w:val="left"/></w:lvl></w:abstractNum>'
        )
        counted: Any = parse_xml(
            f'<w:num {nsdecls("w")} w:numId="{self._next}"><w:abstractNumId w:val="{self._next}"/></w:num>'
        )
        first = self._root.find("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}num")
        first.addprevious(abstract)  # the schema has every abstractNum before every num
        self._root.append(counted)
        return self._next
