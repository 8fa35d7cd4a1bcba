"""The parts of a Word document and how they refer to each other (Open Packaging Conventions).

python-docx is not used: it gives up a whole document over one reference to a part that is not there, over macros, and over
the strict variant of the format.
"""

import io
import posixpath
import zipfile
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from rag.formats.word_elements import RELATIONS, WORD
from rag.formats.word_files import damaged, too_large
from rag.loading.base import MAX_XML_BYTES, NO_MEMORY

# The strict variant of the format has names of its own for the same elements.
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", WORD[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/relationships", RELATIONS[1:-1].encode()),
    (b"http://purl.oclc.org/ooxml/officeDocument/math", b"http://schemas.openxmlformats.org/officeDocument/2006/math"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)
_USUAL_DOCUMENT = "word/document.xml"


@dataclass(frozen=True, slots=True)
class Relation:
    """A reference from one part to another.

    Attributes:
        kind: the last word of its type (``footnotes``).
        target: the part's path, or an address outside the document.
        is_outside: whether it is such an address, which nobody follows.
    """

    kind: str
    target: str
    is_outside: bool


class Package:
    """The parts of one document by their paths.

    Args:
        raw: the archive, which :func:`~rag.formats.word_files.check` has let pass.
        name: the file's name, for messages.
    """

    def __init__(self, raw: bytes, name: str) -> None:
        self._name = name
        self._archive = zipfile.ZipFile(io.BytesIO(raw))
        self._members = {_plain(member.filename): member for member in self._archive.infolist()}
        self._relations: dict[str, dict[str, Relation]] = {}
        self._types: dict[str, str] | None = None

    @property
    def document(self) -> str:
        """The path of the main part."""
        return next(iter(self.related("", "officeDocument")), _USUAL_DOCUMENT)

    def bytes_of(self, path: str) -> bytes | None:
        """A part's content; None where there is no such part."""
        member = self._members.get(_plain(path))
        return self._archive.read(member) if member is not None else None

    def root(self, path: str) -> Any:
        """A part's root element; None where there is no such part.

        Raises:
            LoadError: it is too large, breaks XML's rules, or declares entities, which the format does not allow.
        """
        import lxml.etree

        member = self._members.get(_plain(path))
        if member is None:
            return None
        if member.file_size > MAX_XML_BYTES:
            raise too_large(self._name)
        written = self._archive.read(member)
        for strict, usual in _STRICT:
            written = written.replace(strict, usual)
        parser = lxml.etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        try:
            root = lxml.etree.fromstring(written, parser)
        except lxml.etree.XMLSyntaxError as error:
            if error.code == NO_MEMORY:
                raise MemoryError from error
            raise damaged(self._name) from error
        if root.getroottree().docinfo.doctype:
            raise damaged(self._name)
        return root

    def related(self, source: str, kind: str) -> list[str]:
        """The paths of the parts of a kind that a part refers to; those of the whole document for an empty source."""
        found = self._relations_of(source).values()
        return [relation.target for relation in found if relation.kind == kind and not relation.is_outside]

    def related_root(self, source: str, kind: str) -> Any:
        """The root element of the first such part; None where there is none."""
        path = next(iter(self.related(source, kind)), "")
        return self.root(path) if path else None

    def relation(self, source: str, identifier: str) -> Relation | None:
        """The reference that a part makes by an ``r:id``."""
        return self._relations_of(source).get(identifier)

    def content_type(self, path: str) -> str:
        """The media type that is declared for a part, in lower case; empty without one."""
        if self._types is None:
            root = self.root("[Content_Types].xml")
            self._types = {}
            for declared in root if root is not None else ():
                of = declared.get("PartName") or "*." + declared.get("Extension", "")
                self._types[_plain(of)] = declared.get("ContentType", "").lower()
        ending = "*." + path.rpartition(".")[2]
        return self._types.get(_plain(path)) or self._types.get(_plain(ending), "")

    def _relations_of(self, source: str) -> dict[str, Relation]:
        if source not in self._relations:
            folder, _, part = source.rpartition("/")
            root = self.root(f"{folder}/_rels/{part}.rels")
            self._relations[source] = {
                element.get("Id", ""): _relation(element, folder) for element in (root if root is not None else ())
            }
        return self._relations[source]


def _relation(element: Any, folder: str) -> Relation:
    is_outside = element.get("TargetMode", "") == "External"
    target = element.get("Target", "")
    if not is_outside:
        target = posixpath.normpath(posixpath.join("/" + folder, unquote(target))).lstrip("/")
    return Relation(element.get("Type", "").rpartition("/")[2], target, is_outside)


def _plain(path: str) -> str:
    """A path by which parts are found: without regard to case, and with the slashes that some writers turn round."""
    return path.replace("\\", "/").lstrip("/").lower()
