"""Files made to take a reader's memory or time: small on disk, huge when they are opened.

Each function gives a file's bytes and takes how large it grows, so that one test can be quick and another thorough.
"""

import io
import zipfile
import zlib
from functools import cache
from itertools import pairwise

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    "</Types>"
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)


def repeated(unit: bytes, count: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """``before``, ``unit`` times ``count`` and ``after``, compressed piece by piece."""
    packer = zlib.compressobj(9)
    many = 10_000
    pieces = [packer.compress(before)]
    pieces += [packer.compress(unit * many) for _ in range(count // many)]
    pieces += [packer.compress(unit * (count % many)), packer.compress(after), packer.flush()]
    return b"".join(pieces)


def pdf(objects: list[bytes]) -> bytes:
    """A PDF of these objects; the first is the catalogue."""
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return b"%sxref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        out,
        size,
        table,
        size,
        len(out),
    )


@cache
def pdf_of_much_content(characters: int) -> bytes:
    """One page whose compressed content draws a character so many times."""
    content = repeated(b"(A) Tj ", characters, b"BT /F1 12 Tf ", b" ET")
    font = b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources" + font + b">>"
    stream = b"<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream" % (len(content), content)
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, stream])


def pdf_of_deep_pages(depth: int) -> bytes:
    """A tree of pages so deep, with one page at its end."""
    nodes = [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 3) for number in range(depth)]
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Page/MediaBox[0 0 9 9]>>"])


def pdf_of_many_pages(pages: int) -> bytes:
    """As many empty pages, all of them the same object."""
    kids = b"3 0 R " * pages
    tree = b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % pages
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", tree, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"])


def docx(body: str | bytes, before: str = "") -> bytes:
    """A Word document with this body; ``before`` stands before its root element."""
    inner = body if isinstance(body, bytes) else body.encode()
    document = f'{before}<w:document xmlns:w="{WORD}"><w:body>'.encode() + inner + b"</w:body></w:document>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        archive.writestr("word/document.xml", document)
    return file.getvalue()


@cache
def docx_of_empty_paragraphs(paragraphs: int) -> bytes:
    """So many paragraphs without a word."""
    return docx(b"<w:p/>" * paragraphs)


def docx_of_a_table(cells: int, words: str = "5G基站5万个") -> bytes:
    """One row of so many cells, each stating a figure."""
    cell = f"<w:tc><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:tc>"
    return docx("<w:tbl><w:tr>" + cell * cells + "</w:tr></w:tbl>")


def docx_of_entities(levels: int) -> bytes:
    """Entities of ten entities each, so many levels of them."""
    names = [f"e{level}" for level in range(levels + 1)]
    each = "".join(f'<!ENTITY {name} "{f"&{inner};" * 10}">' for inner, name in pairwise(names))
    return docx(f"<w:p><w:r><w:t>正文&{names[-1]};</w:t></w:r></w:p>", f'<!DOCTYPE x [<!ENTITY e0 "哈哈哈哈">{each}]>')


def docx_of_deep_elements(depth: int) -> bytes:
    """Content controls within content controls."""
    return docx("<w:sdt><w:sdtContent>" * depth + "<w:p/>" + "</w:sdtContent></w:sdt>" * depth)


def zip_bomb(size: int) -> bytes:
    """A Word document with a picture of so many zeros."""
    file = io.BytesIO(docx(f"<w:p><w:r><w:t>{'正文'}</w:t></w:r></w:p>"))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/image.png", bytes(size))
    return file.getvalue()


def overlapping_zip(members: int, size: int) -> bytes:
    """An archive whose members are all the same compressed bytes (Fifield, 2019)."""
    data = repeated(b"\0", size)[2:-4]  # raw deflate: without the header and the checksum of zlib
    checksum = zlib.crc32(bytes(size))
    name = b"[Content_Types].xml"
    common = b"\x14\0\0\0\x08\0\0\0\0\0" + checksum.to_bytes(4, "little")
    common += len(data).to_bytes(4, "little") + size.to_bytes(4, "little") + len(name).to_bytes(2, "little") + b"\0\0"
    local = b"PK\3\4" + common + name + data
    entry = b"PK\1\2\x14\0" + common + bytes(10) + bytes(4) + name
    count = members.to_bytes(2, "little")
    end = b"PK\5\6\0\0\0\0" + count + count + (len(entry) * members).to_bytes(4, "little")
    return local + entry * members + end + len(local).to_bytes(4, "little") + b"\0\0"


def html_of_many_elements(elements: int) -> bytes:
    """So many paragraphs opened, none of them closed."""
    return b"<html><body>" + b"<p>" * elements


def html_of_deep_elements(depth: int) -> bytes:
    """Elements within elements."""
    return b"<html><body>" + b"<div>" * depth + "深".encode()


def html_of_deep_tables(depth: int) -> bytes:
    """Tables within tables."""
    return b"<html><body>" + b"<table><tr><td>a" * depth


def html_of_long_title(characters: int) -> bytes:
    """A title as long as a book."""
    return f"<html><title>{'长' * characters}</title><p>正文</p>".encode()
