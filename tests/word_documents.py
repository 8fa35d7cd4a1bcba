"""Word documents made for tests: python-docx's empty one, with a body and parts in raw XML."""

import io
import re
import zipfile
from collections.abc import Iterable
from functools import cache

import docx

NAMES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
}
DECLARED = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NAMES.items())
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

Part = tuple[str, str, str, str | bytes]
"""Identifier and kind of the reference to a part, its path below ``word/``, its content."""


def word_file(body: str, *parts: Part, styles: str = "", types: str = "", title: str = "") -> bytes:
    """A document with this body.

    Args:
        body: what stands in ``w:body``.
        parts: further parts; a text is wrapped in the root that its kind has, bytes stand as they are.
        styles: more ``w:style`` elements.
        types: more elements of ``[Content_Types].xml``.
        title: the title among its properties.
    """
    members = dict(_template(title))
    members["word/document.xml"] = f"<w:document {DECLARED}><w:body>{body}</w:body></w:document>".encode()
    given = {kind for _, kind, _, _ in parts}
    relations = members["word/_rels/document.xml.rels"].decode()
    for kind in given:
        relations = re.sub(rf'<Relationship [^>]*/{kind}"[^>]*/>', "", relations)
    added = "".join(
        f'<Relationship Id="{identifier}" Type="{RELATION}{kind}" Target="{path}"'
        f"{' TargetMode=' + chr(34) + 'External' + chr(34) if path.startswith('http') else ''}/>"
        for identifier, kind, path, _ in parts
    )
    members["word/_rels/document.xml.rels"] = relations.replace("</Relationships>", added + "</Relationships>").encode()
    for _, kind, path, content in parts:
        members[f"word/{path}"] = content if isinstance(content, bytes) else rooted(kind, content)
    members["word/styles.xml"] = members["word/styles.xml"].replace(b"</w:styles>", styles.encode() + b"</w:styles>")
    declared = members["[Content_Types].xml"].replace(b"</Types>", types.encode() + b"</Types>")
    members["[Content_Types].xml"] = declared
    return zipped(members)


@cache
def _template(title: str) -> dict[str, bytes]:
    """The members of python-docx's empty document."""
    template = docx.Document()
    template.core_properties.title = title
    made = io.BytesIO()
    template.save(made)
    with zipfile.ZipFile(made) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rooted(kind: str, content: str) -> bytes:
    """A part's XML with the root element of its kind."""
    root = {"header": "hdr", "footer": "ftr"}.get(kind, kind)
    return f"<w:{root} {DECLARED}>{content}</w:{root}>".encode()


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive with these members; ``mimetype`` stands unpacked, as OpenDocument and EPUB demand."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return file.getvalue()


def run(text: str, properties: str = "") -> str:
    """A run."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(content: str, properties: str = "") -> str:
    """A paragraph of runs, or of a text without any."""
    inner = content if content.startswith("<") or not content else run(content)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def numbered(text: str, use: int, level: int = 0) -> str:
    """A paragraph of a list."""
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{use}"/></w:numPr>')


def level(place: int, number_format: str, text: str, more: str = "") -> str:
    """A level of a list; ``more`` stands after its format."""
    return (
        f'<w:lvl w:ilvl="{place}"><w:start w:val="1"/><w:numFmt w:val="{number_format}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def numbering(lists: Iterable[str], uses: str) -> Part:
    """The part with the lists (the levels of each), numbered from 0, and with their uses (``w:num``)."""
    written = "".join(
        f'<w:abstractNum w:abstractNumId="{at}">{levels}</w:abstractNum>' for at, levels in enumerate(lists)
    )
    return ("n1", "numbering", "numbering.xml", written + uses)


def use(identifier: int, of: int, changes: str = "") -> str:
    """A use of a list."""
    return f'<w:num w:numId="{identifier}"><w:abstractNumId w:val="{of}"/>{changes}</w:num>'


def cell(content: str, properties: str = "") -> str:
    """A cell of a table."""
    inner = content if content.startswith("<") else paragraph(content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    """A row of cells; plain texts become cells."""
    inner = "".join(one if one.startswith("<w:") else cell(one) for one in cells)
    return f"<w:tr><w:trPr>{properties}</w:trPr>{inner}</w:tr>"


def table(*rows: str) -> str:
    """A table of rows."""
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(rows)}</w:tbl>"
