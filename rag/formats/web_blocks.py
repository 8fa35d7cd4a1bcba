"""The text of a page: its blocks become lines, with the marks that show headings, lists, tables and notes."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rag.formats import web_surroundings as surroundings
from rag.formats.raised_characters import lowered, raised
from rag.formats.web_formulas import linear
from rag.formats.web_lists import ListNumbers
from rag.formats.web_notes import Notes, without_back_marks
from rag.formats.web_tables import holds_data, lines_of

PICTURES, FORMULAS = "pictures", "formulas"

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
        "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table "
        "tbody td tfoot th thead tr ul",
    )
)
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_TEXT_WITHOUT_COUNT = frozenset({surroundings.SILENT})

_EAST_ASIAN = "\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef"
# A line end in the source between two Chinese characters is no space (CSS Text 3, segment breaks).
_BREAK_IN_CHINESE = re.compile(rf"(?<=[{_EAST_ASIAN}])[ \t]*[\r\n]\s*(?=[{_EAST_ASIAN}])")
_WHITE_SPACE = re.compile(r"[ \t\r\n\f]+")
_LIKE_A_HEADING = re.compile(r"#{1,6}[ \t]")
_SEVERAL_NOTES = re.compile(r"\d{1,3}(?:\s*[,，、–-]\s*\d{1,3})+")
_ENDS = "：:。？！?!；;，"

# Marks that live within this module only; all are noncharacters, which no page means.
_PRE = "\ufdd0"  # begins a line of <pre>, whose spaces stay
_ITEM = "\ufdd1"  # ends a bullet, which a line end must not part from its text
_OURS = "\ufdd2"  # begins a line whose marks are ours, not the page's
_AFTER_BULLET = re.compile(rf"{_ITEM}[\s{_PRE}]*")
_MARKS = re.compile(f"[{_PRE}{_ITEM}{_OURS}]")


class PageText:
    """Reads the text of one page.

    Attributes:
        left_out: how many elements of each kind are not in the text.
    """

    def __init__(self, root: Any) -> None:
        self.left_out: Counter[str] = Counter()
        self._root = root
        self._dropped = surroundings.dropped(root)
        self._notes = Notes(root)
        self._numbers = ListNumbers()
        self._rows_left_out: set[Any] = set()

    def text(self) -> str:
        """The text of the page; to be read once."""
        text = self._text()
        if not text and self.left_out[surroundings.AROUND]:  # nothing would be left: the page is what looked like that
            self._dropped = {one: kind for one, kind in self._dropped.items() if kind != surroundings.AROUND}
            self.left_out.clear()
            text = self._text()
        return text

    def _text(self) -> str:
        lines = _joined(self._pieces([self._root])).split("\n")
        return "\n".join(line for line in map(_tidy, lines) if line.strip(" \t\xa0\u3000"))

    def _pieces(self, elements: list[Any], *, in_line: bool = False) -> Iterator[str]:
        """The text in pieces, with a newline where a line ends; without recursion, as pages nest as deep as they like.

        Args:
            elements: the elements or strings to read.
            in_line: whether the text will be a line or a cell, so that headings and rows within it are text like any other.
        """
        stack: list[Any] = elements[::-1]
        last = ""
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                last = item[-1:] or last
                yield item
                continue
            tail = _collapsed(item.tail)
            if not isinstance(item.tag, str) or self._is_left_out(item):
                stack.append(tail)
            elif (written := self._written(item, in_line, last)) is not None:
                stack.extend((tail, written))
            else:
                is_inner_cell = in_line and item.tag in ("td", "th")  # of a table within a cell, whose rows are lines
                edge = " " if is_inner_cell else "\n" if item.tag in _BLOCKS else ""
                opening, closing = self._edges(item)
                stack.extend((tail, edge, closing, *reversed(item), edge + opening + _collapsed(item.text)))

    def _written(self, element: Any, in_line: bool, last: str) -> str | None:
        """The text of an element that is written as a whole, with its line ends; None for any other element."""
        tag = element.tag
        if tag == "br":
            return "\n"
        if element in self._notes.marks:
            return f"[^{self._notes.marks[element]}]"
        if element in self._notes.bodies:
            note = self._note(element)
            return f"\n{_OURS}{note}\n" if note else ""
        if element in self._notes.starts:
            said = without_back_marks(self._line(element), self._notes.starts[element])
            return f"\n{_OURS}[^{self._notes.starts[element]}]: {said}{'' if said else _ITEM}"
        if tag == "pre":
            lines = _without_marks("".join(_with_breaks(element))).replace("\r\n", "\n").split("\n")
            return "\n" + "\n".join(_PRE + line for line in lines) + "\n"
        if tag in _HEADINGS and not in_line:
            line = self._line(element)
            return f"\n{_OURS}{_HEADINGS[tag]}{line}\n" if line else "\n"
        if tag == "table" and not in_line and holds_data(element):
            return "\n" + "".join(f"{_OURS}{line}\n" for line in lines_of(element, self._cell))
        if tag in ("sup", "sub"):
            return self._script(element, last)
        if tag == "math":
            formula = linear(element)
            self.left_out[FORMULAS] += not formula
            return formula
        return None

    def _edges(self, element: Any) -> tuple[str, str]:
        """What stands before and behind an element's text: bullets, numbers, quotation marks, blanks between cells."""
        tag = element.tag
        if tag == "li":
            opening = self._numbers.opening(element)
            return (opening + _ITEM if opening else ""), ""
        if tag == "dt":
            following = element.getnext()
            if following is not None and following.tag == "dd" and (said := "".join(element.itertext()).strip()):
                return "", f"{'' if said[-1] in _ENDS else '：'}{_ITEM}" if said[-1] not in "。？！?!" else ""
        if tag == "q":
            return "“", "”"
        return "", ""

    def _is_left_out(self, element: Any) -> bool:
        """Whether an element is not in the text; it is counted then."""
        if element.tag == "img":
            self.left_out[PICTURES] += 1
            return True
        kind = self._dropped.get(element)
        if kind is None:
            return element in self._notes.backs
        has_text = kind in (surroundings.MEDIA, surroundings.CONTROL) or any(map(str.strip, element.itertext()))
        self.left_out[kind] += kind not in _TEXT_WITHOUT_COUNT and has_text
        return True

    def _inner(self, element: Any) -> str:
        if not len(element):
            return _collapsed(element.text)
        return _without_marks(_joined(self._pieces([_collapsed(element.text), *element], in_line=True)))

    def _line(self, element: Any) -> str:
        """An element as one line, blocks within it separated by spaces."""
        return _WHITE_SPACE.sub(" ", self._inner(element)).strip()

    def _note(self, body: Any) -> str:
        """A note in its line; empty where nothing stands in it."""
        label = self._notes.bodies[body]
        note = without_back_marks(self._line(body), label)
        return f"[^{label}]: {note}" if note else ""

    def _cell(self, cell: Any) -> str | None:
        """A cell's text, one line a block; None for a cell that is left out, alone or with its row."""
        if self._dropped and self._is_left_out_with_row(cell):
            return None
        if cell in self._notes.bodies:
            return self._note(cell)
        lines = (_WHITE_SPACE.sub(" ", line).strip(" \xa0\u3000") for line in self._inner(cell).split("\n"))
        return "\n".join(line for line in lines if line)

    def _is_left_out_with_row(self, cell: Any) -> bool:
        for one in (cell, *cell.iterancestors()):
            if one.tag == "table":
                return False
            if one in self._dropped:
                if one not in self._rows_left_out:
                    self._rows_left_out.add(one)
                    self._is_left_out(one)
                return True
        return False

    def _script(self, element: Any, last: str) -> str:
        """A superscript or subscript that is no mark of a note."""
        text = self._line(element)
        if written := (raised if element.tag == "sup" else lowered)(text):
            return written
        if element.tag == "sup" and _SEVERAL_NOTES.fullmatch(text):
            return f"[{text}]"
        return f"^{text}" if last.isdigit() and text[:1].isdigit() else text  # a number must not grow


def _with_breaks(element: Any) -> Iterator[str]:
    """The text of ``<pre>`` with its line ends, those of ``<br>`` too."""
    for one in element.iter():
        if isinstance(one.tag, str):
            yield "\n" if one.tag == "br" else one.text or ""
        if one is not element:
            yield one.tail or ""


def _tidy(line: str) -> str:
    """A line without the marks of this module; what looks like a heading and is none is escaped."""
    if line.startswith(_OURS):
        return _WHITE_SPACE.sub(" ", line[1:]).strip()
    is_pre = line.startswith(_PRE)
    line = line[1:] if is_pre else _WHITE_SPACE.sub(" ", line).strip()
    return "\\" + line if _LIKE_A_HEADING.match(line) else line


def _collapsed(text: str | None) -> str:
    """An element's text without the source's line ends, which mean nothing in HTML."""
    return _WHITE_SPACE.sub(" ", _BREAK_IN_CHINESE.sub("", _without_marks(text))) if text else ""


def _joined(pieces: Iterator[str]) -> str:
    text = "".join(pieces)
    return _AFTER_BULLET.sub("", text) if _ITEM in text else text


def _without_marks(text: str) -> str:
    return text if text.isascii() else _MARKS.sub("", text)
