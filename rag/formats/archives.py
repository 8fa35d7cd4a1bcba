"""Packed formats (.docx, .xlsx, .pptx, .epub): a ZIP archive of XML parts, opened once nothing in it can do harm."""

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from rag.errors import LoadError
from rag.loading.base import MAX_UNPACKED_BYTES, MAX_XML_BYTES, NO_MEMORY, refusal
from rag.text.surrogates import without_surrogates

_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, ArithmeticError, EOFError, NotImplementedError, OSError, ValueError)  # fmt: skip
_END = b"PK\x05\x06"
_TYPES = "[Content_Types].xml"
# The strict variant of the Office formats has names of its own for the same elements.
_STRICT = re.compile(rb"(?<=[\"'])http://purl\.oclc\.org/ooxml/(\w+)/")
_USUAL = rb"http://schemas.openxmlformats.org/\1/2006/"


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part of an Office file refers to.

    Attributes:
        kind: the last word of its type, such as ``worksheet``.
        target: path of the other part within the archive; empty for what lies outside, which nobody follows.
    """

    kind: str
    target: str


class Archive:
    """The parts of a packed file, by path; what cannot be read is refused in the file's name.

    Parts are found without regard to case, and to slashes that some writers turn round.

    Args:
        raw: the whole file.
        name: its name, for messages.
        kind: what it should be, such as ``XLSX``.
        remedy: what a reader does when it is damaged, in Chinese and English.

    Raises:
        LoadError: the archive is damaged, cut off, encrypted, or unpacks to too much.
    """

    def __init__(self, raw: bytes, name: str, kind: str, remedy: tuple[str, str]) -> None:
        self.name, self.kind, self._remedy = name, kind, remedy
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            self._check_harmless()
        except _UNREADABLE as error:
            raise (self.damaged() if _END in raw else self._cut_off()) from error
        self._members = {_plain(member.filename): member for member in self._zip.infolist()}
        self._relations: dict[str, dict[str, Relation]] = {}

    def __contains__(self, path: str) -> bool:
        return _plain(path) in self._members

    @property
    def paths(self) -> list[str]:
        """The paths of all parts, in lower case and sorted."""
        return sorted(self._members)

    def _check_harmless(self) -> None:
        """The sizes that an archive declares bound what comes out of it: no more of a member is ever unpacked."""
        members = self._zip.infolist()
        if any(member.flag_bits & 1 for member in members):
            raise refusal(
                self.name, "文件已加密。请解除密码后再试。", "it is encrypted; remove the password and try again."
            )
        if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
            raise self._too_large(MAX_UNPACKED_BYTES)
        if self._zip.testzip() is not None:
            raise self.damaged()

    def damaged(self) -> LoadError:
        """The refusal of a file that breaks its format's rules."""
        zh, en = self._remedy
        return refusal(
            self.name,
            f"文件已损坏，或不是 {self.kind}。{zh}",
            f"it is damaged or no {self.kind}; {en}",
        )

    def _cut_off(self) -> LoadError:
        return refusal(
            self.name,
            "文件已损坏：内容不完整，末尾缺失，多半没有下载完。请重新下载或重新复制后再试。",
            "it is damaged: its end is cut off, so the download was probably not complete; download or copy it again.",
        )

    def _too_large(self, limit: int) -> LoadError:
        limit //= 1_000_000
        return refusal(
            self.name,
            f"解压后过大（上限 {limit} MB），可能是压缩炸弹。请拆成几份，或去掉大图后再试。",
            f"it unpacks to too much (limit {limit} MB) and may be a zip bomb; split it or remove large images.",
        )

    def read(self, path: str) -> bytes:
        """The bytes of a part that is parsed; one that is not there is a damaged file."""
        try:
            member = self._members[_plain(path)]
            if member.file_size > MAX_XML_BYTES:
                raise self._too_large(MAX_XML_BYTES)
            return self._zip.read(member)
        except (KeyError, *_UNREADABLE) as error:
            raise self.damaged() from error

    def tree(self, path: str) -> Any:
        """The root element of an XML part. Nothing outside it is fetched, and one that declares entities is refused."""
        import lxml.etree

        parser = lxml.etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
        )
        try:
            root = lxml.etree.fromstring(_STRICT.sub(_USUAL, self.read(path)), parser)
        except lxml.etree.XMLSyntaxError as error:
            raise self._not_parsed(error) from error
        declared = root.getroottree().docinfo.internalDTD
        if declared is not None and declared.entities():
            raise self.damaged()
        return root

    def elements(self, path: str, *names: str) -> Iterator[Any]:
        """The elements of these local names in a large XML part, each when it ends, and freed after it was looked at."""
        import lxml.etree

        events = lxml.etree.iterparse(
            io.BytesIO(self.read(path)),
            tag=[f"{{*}}{name}" for name in names],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
        )
        try:
            for _, element in events:
                yield element
                element.clear()
                parent = element.getparent()
                while parent is not None and element.getprevious() is not None:
                    del parent[0]
        except lxml.etree.XMLSyntaxError as error:
            raise self._not_parsed(error) from error

    def _not_parsed(self, error: Any) -> Exception:
        return MemoryError() if getattr(error, "code", None) == NO_MEMORY else self.damaged()

    def relations(self, path: str) -> dict[str, Relation]:
        """What a part of an Office file refers to, by the names that it has for them; the whole file for an empty path."""
        if path not in self._relations:
            folder, file = posixpath.split(path)
            described = posixpath.join(folder, "_rels", f"{file}.rels")
            found = self.tree(described).iterfind("{*}Relationship") if described in self else ()
            self._relations[path] = {
                each.get("Id", ""): Relation(
                    each.get("Type", "").rpartition("/")[2],
                    "" if each.get("TargetMode") == "External" else resolved(path, each.get("Target", "")),
                )
                for each in found
            }
        return self._relations[path]

    def related(self, path: str, kind: str) -> list[str]:
        """The paths of the parts of a kind that a part refers to and that are there."""
        found = self.relations(path).values()
        return [each.target for each in found if each.kind == kind and each.target in self]

    def related_tree(self, path: str, kind: str) -> Any:
        """The root element of the first of them; None where there is none."""
        found = self.related(path, kind)
        return self.tree(found[0]) if found else None

    def main_part(self, usual: str = "") -> str:
        """The path of an Office file's main part, which its outermost relations name; else the ``usual`` one."""
        found = next(iter(self.related("", "officeDocument")), usual)
        if found not in self:
            raise self.damaged()
        return found

    @cached_property
    def _types(self) -> dict[str, str]:
        declared = self.tree(_TYPES) if _TYPES in self else ()
        return {
            _plain(each.get("PartName") or "*." + each.get("Extension", "")): each.get("ContentType", "").lower()
            for each in declared
        }

    def content_type(self, path: str) -> str:
        """The media type that an Office file declares for a part, in lower case; empty without one."""
        path = _plain(path)
        return self._types.get(path) or self._types.get("*." + path.rpartition(".")[2], "")

    def title(self) -> str:
        """The title that an Office file declares. Programs put in titles of their own: it counts where the text says it too.

        The days of making and of the last change are not taken for that of publication; the first is often the template's.
        """
        tree = self.related_tree("", "core-properties")
        return "" if tree is None else " ".join(without_surrogates(tree.findtext("{*}title") or "").split())


def resolved(base: str, target: str) -> str:
    """The path within an archive that a reference in the part ``base`` means."""
    path = posixpath.normpath(posixpath.join("/", posixpath.dirname(base), unquote(target.partition("#")[0])))
    return path.lstrip("/")


def _plain(path: str) -> str:
    """A path as it is looked up."""
    return path.replace("\\", "/").lstrip("/").lower()
