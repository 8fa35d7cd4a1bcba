"""A report as a Word document: styles of its own for titles, quotes and notes, numbers that lead to their sources."""

import datetime
import io
from typing import TYPE_CHECKING, Any

from rag.exports.report import Exchange, Passage, Report, Source
from rag.exports.wording import say

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

_RED, _GREY, _INK = "A4262C", "595959", "1C1C1C"
_BODY, _HEADINGS = ("Times New Roman", "宋体"), ("Arial", "黑体")
"""Fonts for Latin and for Chinese that every Word has; other programs take their own instead."""
_AFTER_RULES = ("w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl")
"""What the schema has stand behind the rules of a paragraph, of what there may be."""


def word_document(report: Report) -> bytes:
    """The report as the content of a .docx file."""
    import docx

    document = docx.Document()
    _set_up(document, report)
    language = report.language
    document.add_paragraph(report.title, "Title")
    for place, exchange in enumerate(report.exchanges):
        document.add_heading(report.heading(place), 1)
        _exchange(document, exchange, report)
    document.add_heading(say("sources", language), 1)
    for source in report.sources:
        _source(document, source)
    if not report.sources:
        document.add_paragraph(say("nothing_cited", language))
    else:
        _references(document, report)
        _verification(document, report)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _exchange(document: "Document", exchange: Exchange, report: Report) -> None:
    for note in exchange.notes:
        document.add_paragraph(note, "Note")
    for line in exchange.lines:
        paragraph = document.add_paragraph()
        for passage in line:
            _passage(paragraph, passage)
    if exchange.withheld:
        document.add_paragraph(say("withheld", report.language))
        for each in exchange.withheld:
            document.add_paragraph(each, "List Bullet")
    for note in filter(None, [exchange.outcome, exchange.made]):
        document.add_paragraph(note, "Note")


def _passage(paragraph: "Paragraph", passage: Passage) -> None:
    from docx.enum.text import WD_UNDERLINE

    run = paragraph.add_run(passage.text)
    if not passage.supported:
        run.font.underline = WD_UNDERLINE.WAVY
        _underline_in(run, _RED)
    if passage.numbers:
        _raised(paragraph.add_run("["))
        for place, number in enumerate(passage.numbers):
            if place:
                _raised(paragraph.add_run(", "))
            _linked(paragraph, _raised(paragraph.add_run(str(number))), _bookmark(number))
        _raised(paragraph.add_run("]"))
    for remark in passage.remarks:
        _coloured(paragraph.add_run(remark), _RED)


def _source(document: "Document", source: Source) -> None:
    paragraph = document.add_paragraph(style="Source")
    _marked(paragraph, paragraph.add_run(f"[{source.number}]"), source.number)
    paragraph.add_run("\t")
    paragraph.add_run(source.title).bold = True
    paragraph.add_run(f" · {source.facts}")
    document.add_paragraph(source.quote, "Quoted")
    if source.remark:
        _coloured(document.add_paragraph(style="Quoted").add_run(source.remark), _RED)


def _references(document: "Document", report: Report) -> None:
    document.add_heading(say("references", report.language), 1)
    for original in report.originals:
        document.add_paragraph(f"[{original.numbers}] {original.reference}", "Reference")
    for note in report.reference_notes:
        document.add_paragraph(note, "Note")


def _verification(document: "Document", report: Report) -> None:
    document.add_heading(say("verification", report.language), 1)
    document.add_paragraph(say("by_hand", report.language), "Note")
    for original in report.originals:
        paragraph = document.add_paragraph(style="Note")
        paragraph.add_run(original.name).bold = True
        for line in original.details:
            paragraph.add_run().add_break()
            paragraph.add_run(line)
    document.add_paragraph(say("by_program", report.language), "Note")
    for record in report.records:
        document.add_paragraph(record, "Note")


# -- styles -----------------------------------------------------------------------------------------------------------


def _set_up(document: "Document", report: Report) -> None:
    """Page, styles, page numbers, and properties that name no author."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.8)
    section.top_margin = section.bottom_margin = Cm(2.5)
    styles: Any = document.styles
    _fonts(styles["Normal"], _BODY, 11, _INK)
    styles["Normal"].paragraph_format.line_spacing = 1.2
    styles["Normal"].paragraph_format.space_after = Pt(6)
    for name, size in (("Title", 18), ("Heading 1", 13)):
        _fonts(styles[name], _HEADINGS, size, _INK)
        _without_rule(styles[name])
        styles[name].font.bold = True
        styles[name].paragraph_format.space_before = Pt(16 if name != "Title" else 0)
        styles[name].paragraph_format.space_after = Pt(8)
    for name in ("Note", "Source", "Quoted", "Reference"):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        _fonts(style, _BODY, 9 if name == "Note" else 10.5, _GREY if name == "Note" else _INK)
    for name in ("Source", "Reference"):
        hanging = styles[name].paragraph_format
        hanging.left_indent, hanging.first_line_indent = Cm(1), Cm(-1)
    title = styles["Source"].paragraph_format
    title.tab_stops.add_tab_stop(Cm(1))
    title.keep_with_next, title.space_after = True, Pt(2)
    quoted = styles["Quoted"]
    quoted.paragraph_format.left_indent, quoted.paragraph_format.space_after = Cm(1.2), Pt(10)
    _rule_beside(quoted)
    _chinese(document)
    _page_number(section.footer.paragraphs[0])
    properties = document.core_properties
    properties.title, properties.author, properties.comments = report.title, "", ""
    properties.created = properties.modified = datetime.datetime.now(datetime.UTC)
    _drop_thumbnail(document)
    properties.language = "zh-CN" if report.language == "zh" else "en"


def _fonts(style: Any, names: tuple[str, str], size: float, colour: str) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size = names[0], Pt(size)
    style.font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.rPr.rFonts
    for name in list(fonts.attrib):
        if name.endswith("Theme"):
            del fonts.attrib[name]
    fonts.set(qn("w:eastAsia"), names[1])


def _without_rule(style: Any) -> None:
    """Takes away the line that the template draws below a title."""
    from docx.oxml.ns import qn

    for rule in style.element.pPr.findall(qn("w:pBdr")):
        style.element.pPr.remove(rule)


def _rule_beside(style: Any) -> None:
    """Draws a line to the left of a paragraph."""
    rules = _xml("pBdr")
    rules.append(_xml("left", val="single", sz="12", space="8", color="BFBFBF"))
    style.element.get_or_add_pPr().insert_element_before(rules, *_AFTER_RULES)


def _drop_thumbnail(document: "Document") -> None:
    """Takes away the picture that the template brings of itself."""
    relations = document.part.package.rels
    for key in [key for key, relation in relations.items() if relation.reltype.endswith("/thumbnail")]:
        del relations[key]


def _chinese(document: "Document") -> None:
    """Says that what is not Latin is Chinese as it is written in China, by which programs choose their fonts."""
    from docx.oxml.ns import qn

    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")


# -- elements that python-docx has no words for -----------------------------------------------------------------------


def _raised(run: "Run") -> "Run":
    run.font.superscript = True
    return run


def _coloured(run: "Run", colour: str) -> None:
    from docx.shared import Pt, RGBColor

    run.font.color.rgb, run.font.size = RGBColor.from_string(colour), Pt(9)


def _underline_in(run: "Run", colour: str) -> None:
    from docx.oxml.ns import qn

    for underline in run._r.iter(qn("w:u")):
        underline.set(qn("w:color"), colour)


def _bookmark(number: int) -> str:
    return f"source_{number}"


def _linked(paragraph: "Paragraph", run: "Run", bookmark: str) -> None:
    """Makes a run lead to a place in the document."""
    link = _xml("hyperlink", anchor=bookmark, history="1")
    paragraph._p.append(link)
    link.append(run._r)


def _marked(paragraph: "Paragraph", run: "Run", number: int) -> None:
    """Makes a run a place that can be led to."""
    run._r.addprevious(_xml("bookmarkStart", id=str(number), name=_bookmark(number)))
    run._r.addnext(_xml("bookmarkEnd", id=str(number)))


def _page_number(paragraph: "Paragraph") -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = _xml("fldSimple", instr="PAGE")
    paragraph._p.append(field)
    field.append(paragraph.add_run("1")._r)


def _xml(kind: str, **attributes: str) -> Any:
    from docx.oxml.ns import qn
    from docx.oxml.parser import OxmlElement

    element = OxmlElement(f"w:{kind}")
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    return element
