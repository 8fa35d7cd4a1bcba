"""Fields of Word: their instructions are no text, their results are, but for the numbers of pages in margins."""

import re
from dataclasses import dataclass
from typing import Any

from rag.formats.word_elements import WORD, number, switch, value
from rag.formats.word_symbols import symbol

PAGE = "\ufdd0"
"""Stands for the number of a page until :func:`without_pages`; a noncharacter, which no document means."""

_MOST_OPEN = 100
_LONGEST_FORMULA = 200  # characters; longer ones show more than a character or a fraction

_PAGE_FIELD = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)
_PAGE_PHRASE = re.compile(rf"(?:[第共全/]|\bpage|\bof)?\s*{PAGE}\s*页?", re.IGNORECASE)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_SYMBOL_FIELD = re.compile(r'\s*SYMBOL\s+(\d{1,5}|0x[0-9A-F]{1,4})\b(?:.*?\\f\s+"?([^"\\]+)"?)?', re.IGNORECASE)
_EQUATION_FIELD = re.compile(r"\s*EQ\b", re.IGNORECASE)
_ENCLOSED = re.compile(r"\s*EQ\s*\\o\s*\\ac\s*\(\s*[○〇□△◇]\s*[,;，；]\s*([^()]{1,4}?)\s*\)\s*", re.IGNORECASE)
_FRACTION = re.compile(r"\s*EQ\s*\\f\s*\(\s*([^(),;\\]+?)\s*[,;]\s*([^(),;\\]+?)\s*\)\s*", re.IGNORECASE)
_CIRCLED_DIGITS = {str(count): chr(ord("①") + count - 1) for count in range(1, 21)}


@dataclass(slots=True)
class _Field:
    instruction: str = ""
    form: str = ""  # what an old form's box or list shows
    is_in_result: bool = False
    is_page: bool = False
    has_result: bool = False


class Fields:
    """The fields that are open at a place of a text.

    Args:
        in_margin: whether the text is a header or footer, where numbers of pages are left out.
    """

    def __init__(self, in_margin: bool) -> None:
        self._in_margin = in_margin
        self._open: list[_Field] = []

    def are_silent(self) -> bool:
        """Whether what stands here belongs to an instruction, or is the number of a page."""
        return any(not field.is_in_result or field.is_page for field in self._open)

    def say(self) -> None:
        """Takes note that the fields here have a result."""
        for field in self._open:
            field.has_result = True

    def instruct(self, text: str) -> None:
        """Takes a piece of the instruction of the innermost field."""
        if self._open and not self._open[-1].is_in_result:
            self._open[-1].instruction += text

    def is_page_number(self, instruction: str) -> bool:
        """Whether a field with this instruction is the number of a page, to be left out here."""
        return self._in_margin and bool(_PAGE_FIELD.match(instruction))

    def mark(self, element: Any) -> str | None:
        """What stands at a ``w:fldChar``, which begins a field, parts its instruction from its result, or ends it.

        None where the field shows a formula that cannot be told as text.
        """
        kind = element.get(WORD + "fldCharType", "")
        if kind == "begin":
            del self._open[: -_MOST_OPEN + 1]  # nobody nests so many; a broken file may never end them
            self._open.append(_Field(form=_form_field(element.find(WORD + "ffData"))))
            return ""
        if not self._open:
            return ""
        field = self._open[-1]
        if kind == "separate":
            field.is_in_result = True
            field.is_page = self.is_page_number(field.instruction)
            return PAGE if field.is_page else ""
        self._open.pop()
        if field.has_result or field.is_page or self.are_silent():
            return ""
        if self.is_page_number(field.instruction):
            return PAGE
        return field.form or _computed(field.instruction[:_LONGEST_FORMULA])

    def end_paragraph(self) -> None:
        """Gives up fields that a broken file never ends, so that they cost only their paragraph."""
        self._open = [field for field in self._open if field.is_in_result and not field.is_page]


def without_pages(line: str) -> str:
    """A line of a header or footer without the numbers of its pages, and empty where nothing but these was in it."""
    if PAGE not in line:
        return line
    rest = " ".join(_PAGE_PHRASE.sub(" ", line).split())
    return rest if _LETTER_OR_DIGIT.search(rest) else ""


def _form_field(data: Any) -> str:
    """What an old form's check box or list shows."""
    if data is None:
        return ""
    if (box := data.find(WORD + "checkBox")) is not None:
        is_checked = switch(box, "checked")
        return "☒" if is_checked or (is_checked is None and switch(box, "default")) else "☐"
    if (choices := data.find(WORD + "ddList")) is not None:
        entries = choices.findall(WORD + "listEntry")
        chosen = number(value(choices, "result") or value(choices, "default"))
        return value(entries[chosen]) if chosen < len(entries) else ""
    return ""


def _computed(instruction: str) -> str | None:
    """What a field without a result shows, where its instruction tells; None for a formula that it does not tell."""
    if found := _SYMBOL_FIELD.match(instruction):
        code = int(found[1], 16) if found[1].lower().startswith("0x") else int(found[1])
        return symbol(found[2] or "Symbol", code)
    if not _EQUATION_FIELD.match(instruction):
        return ""
    if found := _ENCLOSED.fullmatch(instruction):
        return _CIRCLED_DIGITS.get(found[1], f"({found[1]})")
    if found := _FRACTION.fullmatch(instruction):
        return f"{found[1]}/{found[2]}"
    return None
