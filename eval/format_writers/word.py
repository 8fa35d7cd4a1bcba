"""DOCX through python-docx, and through its XML for what that does not write: numbering, notes, changes, text boxes."""

import io
from collections.abc import Mapping
from typing import Any

from eval.format_writers.content import Block, Content, Run, Table, runs_of
from eval.format_writers.numbering import Numbering
from eval.format_writers.packed import with_fixed_times

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_CHANGE = {"w:id": "1", "w:author": "校对", "w:date": "2024-01-01T00:00:00Z"}
_LONG = 10
"""Rows from which on a table's heads are marked to be repeated on every page."""
_FOOTNOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_FOOTNOTES_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_BOX = """<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
 xmlns:w="{w}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"
 xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><mc:Choice Requires="wps"><w:drawing>
<wp:inline><wp:extent cx="4000000" cy="600000"/><wp:docPr id="1" name="box"/><a:graphic><a:graphicData
 uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp><wps:cNvSpPr/><wps:spPr/><wps:txbx>
<w:txbxContent/></wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing></mc:Choice>
<mc:Fallback><w:pict><v:rect><v:textbox><w:txbxContent/></v:textbox></v:rect></w:pict></mc:Fallback>
</mc:AlternateContent>"""


def write(content: Content) -> bytes:
    """The content as .docx."""
    from docx import Document

    document = Document()
    document.core_properties.title = content.title
    numbering = Numbering(document) if content.automatic else None
    for block in content.blocks:
        if block.table:
            _table(document, block.table)
        elif block.kind == "number" and content.header:
            _inline(document.sections[0].header.paragraphs[0], block.text)
        else:
            _paragraph(document, block, numbering)
    if content.footnotes:
        _footnotes(document, content.footnotes)
    file = io.BytesIO()
    document.save(file)
    return with_fixed_times(file.getvalue(), content.date)


def _paragraph(document: Any, block: Block, numbering: Numbering | None) -> None:
    if block.kind == "break":
        document.add_page_break()
        return
    styles = {"title": "Title", "h1": "Heading 1", "h2": "Heading 2"}
    text, style = block.text, styles.get(block.kind)
    if block.kind == "item" and text.startswith("- "):
        text, style = text[2:], "List Bullet"
    paragraph = document.add_paragraph(style=style)
    if block.kind in ("issuer", "number", "dateline"):
        paragraph.alignment = 1
    if block.kind == "signature":
        paragraph.alignment = 2
    if block.kind == "box":
        _box(paragraph, text)
        return
    if numbering and block.kind in ("h1", "h2", "p", "item"):
        text = numbering.taken_over(paragraph, text)
    _inline(paragraph, text)


def _inline(paragraph: Any, text: str) -> None:
    for number, line in enumerate(text.split("//")):
        if number:
            paragraph.add_run().add_break()
        for run in runs_of(line):
            _run(paragraph, run)


def _run(paragraph: Any, run: Run) -> None:
    if run.kind == "note":
        added = paragraph.add_run()
        added.font.superscript = True
        added._r.append(_element("w:footnoteReference", {"w:id": run.text}))
    elif run.kind == "inserted":
        change = _element("w:ins", _CHANGE)
        change.append(paragraph.add_run(run.text)._r)
        paragraph._p.append(change)
    elif run.kind == "deleted":
        change = _element("w:del", _CHANGE)
        inner = _element("w:r")
        inner.append(_element("w:delText", text=run.text))
        change.append(inner)
        paragraph._p.append(change)
    else:
        added = paragraph.add_run(run.text)
        added.font.superscript = run.kind == "raised" or None
        added.font.subscript = run.kind == "lowered" or None


def _table(document: Any, table: Table) -> None:
    for line in (table.caption, table.unit):
        if line:
            paragraph = document.add_paragraph()
            paragraph.alignment = 2 if line == table.unit else 1
            _inline(paragraph, line)
    made = document.add_table(len(table.rows), len(table.rows[0]), style="Table Grid")
    grid = [list(row.cells) for row in made.rows]
    for row, cells in enumerate(table.rows):
        for column, cell in enumerate(cells):
            if cell is None:
                continue
            place = grid[row][column]
            if cell.rows > 1 or cell.columns > 1:
                place = place.merge(grid[row + cell.rows - 1][column + cell.columns - 1])
            _inline(place.paragraphs[0], cell.text)
    if len(table.rows) >= _LONG:
        for row in list(made.rows)[: table.heads]:
            row._tr.get_or_add_trPr().append(_element("w:tblHeader"))
    for note in table.notes:
        _inline(document.add_paragraph(), note)


def _box(paragraph: Any, text: str) -> None:
    """A text box with its second copy for old programs, as Word writes it."""
    from docx.oxml import parse_xml

    drawn: Any = parse_xml(_BOX.format(w=_W))
    for frame in drawn.iter(f"{{{_W}}}txbxContent"):
        line, run = _element("w:p"), _element("w:r")
        run.append(_element("w:t", text=text))
        line.append(run)
        frame.append(line)
    paragraph.add_run()._r.append(drawn)


def _footnotes(document: Any, footnotes: tuple[str, ...]) -> None:
    """The part that holds the footnotes, with the two separators that Word demands."""
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from lxml import etree

    root = _element("w:footnotes")
    for number, kind in ((-1, "separator"), (0, "continuationSeparator")):
        root.append(_footnote(number, [_element(f"w:{kind}")], {"w:type": kind}))
    for number, text in enumerate(footnotes, 1):
        root.append(_footnote(number, [_element("w:footnoteRef"), _element("w:t", text=" " + text)], {}))
    raw = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    part = Part(PackURI("/word/footnotes.xml"), _FOOTNOTES_TYPE, raw, document.part.package)
    document.part.relate_to(part, _FOOTNOTES_RELATION)


def _footnote(number: int, held: list[Any], attributes: Mapping[str, str]) -> Any:
    note = _element("w:footnote", {**attributes, "w:id": str(number)})
    line = _element("w:p")
    for each in held:
        run = _element("w:r")
        run.append(each)
        line.append(run)
    note.append(line)
    return note


def _element(tag: str, attributes: Mapping[str, str] | None = None, text: str = "") -> Any:
    from docx.oxml.ns import qn
    from docx.oxml.parser import OxmlElement

    made: Any = OxmlElement(tag)
    for name, value in (attributes or {}).items():
        made.set(qn(name), value)
    if text:
        made.text = text
        made.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return made
