"""What a paragraph of Word says: its runs in order, as they are shown."""

import re
from typing import Any

from rag.formats.raised_characters import lowered, raised
from rag.formats.word_elements import COMPATIBILITY, GONE, WORD, alternative, length, value
from rag.formats.word_equations import MATHS, linear
from rag.formats.word_fields import PAGE, Fields
from rag.formats.word_notes import Notes
from rag.formats.word_omissions import Omissions
from rag.formats.word_styles import Look, Styles, look_of
from rag.formats.word_symbols import symbol, with_symbols

_VML = "{urn:schemas-microsoft-com:vml}"
_OFFICE = "{urn:schemas-microsoft-com:office:office}"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/"
_CHARTS = (f"{{{_DRAWING}chart}}chart", "{http://schemas.microsoft.com/office/drawing/2014/chartex}chart")

_MARKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_SILENT = frozenset(
    WORD + name
    for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "tblPr", "delText", "delInstrText", "softHyphen", "pgNum")
)
_COUNTED = {
    f"{{{_DRAWING}picture}}pic": "pictures",
    _VML + "imagedata": "pictures",
    f"{{{_DRAWING}diagram}}relIds": "diagrams",
    WORD + "control": "objects",
    WORD + "contentPart": "objects",
    WORD + "subDoc": "outside",
} | dict.fromkeys(_CHARTS, "charts")
_SCRIPTS = {"superscript": raised, "subscript": lowered}
_WRITTEN_LINE_END = re.compile(r"[\t\r\n\x85\u2028\u2029]")
_OWN_MARK = re.compile(PAGE)


class Paragraphs:
    """Reads paragraphs of one part, in the order of the document.

    Args:
        styles: the document's styles.
        notes: where its notes are called.
        omissions: where what is left out is counted.
        in_margin: whether the part is a header or footer.
    """

    def __init__(self, styles: Styles, notes: Notes, omissions: Omissions, in_margin: bool) -> None:
        self._styles = styles
        self._notes = notes
        self._omissions = omissions
        self._fields = Fields(in_margin)
        self._pieces: list[str] = []
        self._boxes: list[Any] = []

    def read(self, paragraph: Any) -> tuple[str, list[Any]]:
        """A paragraph's text, and the contents of the text boxes (``w:txbxContent``) that are anchored in it."""
        self._pieces, self._boxes = [], []
        self._walk(paragraph, self._styles.paragraph(value(paragraph, "pPr/pStyle")).look)
        self._fields.end_paragraph()
        return "".join(self._pieces), self._boxes

    def _walk(self, element: Any, look: Look) -> None:
        for child in element:
            if isinstance(child.tag, str) and child.tag not in _SILENT:
                self._take(child, look)

    def _take(self, element: Any, look: Look) -> None:
        tag: str = element.tag
        name = tag.removeprefix(WORD)
        if tag == WORD + "r":
            self._run(element, look)
        elif tag == WORD + "t":
            self._say(_WRITTEN_LINE_END.sub(" ", element.text or ""), look)
        elif name in _MARKS:
            self._say(_MARKS[name], look)
        elif tag == WORD + "sym":
            self._say_symbol(element, look)
        elif name in ("footnoteReference", "endnoteReference"):
            if not look.is_hidden and not self._fields.are_silent():
                self._pieces.append(self._notes.mark(element))
        elif name in ("fldChar", "fldSimple", "instrText"):
            self._field(element, look)
        elif tag in GONE:
            self._count_deleted(element)
        elif tag == COMPATIBILITY + "AlternateContent":
            if (chosen := alternative(element)) is not None:
                self._walk(chosen, look)
        elif tag in (MATHS + "oMath", MATHS + "oMathPara"):
            self._say(" ".join(linear(element).split()), look)
        elif tag == WORD + "txbxContent":
            self._box(element, look)
        else:
            self._take_other(element, look)

    def _take_other(self, element: Any, look: Look) -> None:
        """What holds no text of the line, and what merely wraps what does."""
        if element.tag in _COUNTED:
            self._omissions.count(_COUNTED[element.tag])
        elif element.tag == WORD + "object":
            kinds = [object_.get("ProgID", "") for object_ in element.iter(_OFFICE + "OLEObject")]
            self._omissions.count("formula objects" if any("Equation" in kind for kind in kinds) else "objects")
        elif element.tag == WORD + "ruby":
            self._omissions.count("annotations")
            for base in element.iterfind(WORD + "rubyBase"):
                self._walk(base, look)
        elif element.tag == _VML + "textpath":
            self._say(_WRITTEN_LINE_END.sub(" ", element.get("string", "")), look)
        else:
            self._walk(element, look)

    def _run(self, run: Any, look: Look) -> None:
        properties = run.find(WORD + "rPr")
        if properties is not None and len(properties):
            look = look.under(self._styles.character(value(properties, "rStyle")).look).under(look_of(properties))
        reference = next((child for child in run if _has_own_mark(child)), None)
        if reference is None:
            self._walk(run, look)
        else:
            self._take(reference, look)  # the rest of the run is the mark that the note has in print

    def _say(self, text: str, look: Look) -> None:
        if self._fields.are_silent():
            return
        if text:
            self._fields.say()
        if look.is_hidden:
            self._omissions.count("hidden", length(text))
            return
        text, unknown = with_symbols(_OWN_MARK.sub("", text), look.font or "")
        self._omissions.count("symbols", unknown)
        if look.script in _SCRIPTS:
            text = text.replace(text.strip(), _SCRIPTS[look.script](text.strip()) or text.strip())
        self._pieces.append(text)

    def _say_symbol(self, element: Any, look: Look) -> None:
        written = element.get(WORD + "char", "")
        code = int(written, 16) if re.fullmatch("[0-9A-Fa-f]{1,4}", written) else 0
        shown = symbol(element.get(WORD + "font", ""), code)
        if not shown and not look.is_hidden and not self._fields.are_silent():
            self._omissions.count("symbols")
        self._say(shown, look)

    def _field(self, element: Any, look: Look) -> None:
        if element.tag == WORD + "instrText":
            self._fields.instruct(element.text or "")
        elif element.tag == WORD + "fldSimple":
            if self._fields.is_page_number(element.get(WORD + "instr", "")):
                self._pieces.append(PAGE)
            else:
                self._walk(element, look)
        else:
            shown = self._fields.mark(element)
            if shown is None:
                self._omissions.count("formula fields")
            elif shown == PAGE:
                self._pieces.append(PAGE)
            elif shown:
                self._say(shown, look)

    def _box(self, content: Any, look: Look) -> None:
        if look.is_hidden:
            self._omissions.count("hidden", sum(length(text.text or "") for text in content.iter(WORD + "t")))
        else:
            self._boxes.append(content)

    def _count_deleted(self, element: Any) -> None:
        if element.tag == WORD + "del":
            self._omissions.count("deleted", deleted_length(element))


def deleted_length(element: Any) -> int:
    """How many characters, without blanks, were deleted with an element under track changes."""
    return sum(length(text.text or "") for text in element.iter(WORD + "delText", WORD + "t"))


def _has_own_mark(element: Any) -> bool:
    return element.tag in (WORD + "footnoteReference", WORD + "endnoteReference") and element.get(
        WORD + "customMarkFollows", "0"
    ) in ("1", "true", "on")
