"""Packed formats (.xlsx, .pptx, .epub): a ZIP archive of XML parts, opened once nothing in it can do harm."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from rag.errors import LoadError
from rag.loading.base import MAX_UNPACKED_BYTES, MAX_XML_BYTES, NO_MEMORY, refusal
from rag.text.surrogates import without_surrogates

_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part of an Office file refers to.

    Attributes:
        id: by which the part names it.
        kind: the last word of its type, such as ``worksheet``.
        target: path of the other part within the archive.
    """

    id: str
    kind: str
    target: str


class Archive:
    """The parts of a packed file, by path; what cannot be read is refused in the file's name.

    Args:
        raw: the whole file.
        name: its name, for messages.
        kind: what it should be, such as ``XLSX``.
        remedy: what a reader does when it is damaged, in Chinese and English.

    Raises:
        LoadError: the archive is damaged, encrypted, or unpacks to too much.
    """

    def __init__(self, raw: bytes, name: str, kind: str, remedy: tuple[str, str]) -> None:
        self.name, self.kind, self._remedy = name, kind, remedy
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            self._check_harmless()
        except _UNREADABLE as error:
            raise self.damaged() from error
        self.paths = frozenset(self._zip.namelist())

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
            if self._zip.getinfo(path).file_size > MAX_XML_BYTES:
                raise self._too_large(MAX_XML_BYTES)
            return self._zip.read(path)
        except (KeyError, *_UNREADABLE) as error:
            raise self.damaged() from error

    def tree(self, path: str) -> Any:
        """The root element of an XML part. Nothing outside it is fetched, no entity expanded."""
        import lxml.etree

        parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
        try:
            return lxml.etree.fromstring(self.read(path), parser)
        except lxml.etree.XMLSyntaxError as error:
            raise self._not_parsed(error) from error

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

    def relations(self, path: str) -> list[Relation]:
        """What a part of an Office file refers to inside the archive, in order."""
        folder, file = posixpath.split(path)
        described = posixpath.join(folder, "_rels", f"{file}.rels")
        if described not in self.paths:
            return []
        return [
            Relation(
                each.get("Id", ""),
                each.get("Type", "").rpartition("/")[2],
                resolved(path, each.get("Target", "")),
            )
            for each in self.tree(described).iterfind("{*}Relationship")
            if each.get("TargetMode") != "External"
        ]

    def main_part(self) -> str:
        """The path of an Office file's main part, which its outermost relations name."""
        found = next((each.target for each in self.relations("") if each.kind == "officeDocument"), "")
        if found not in self.paths:
            raise self.damaged()
        return found

    def title(self, text: str) -> str:
        """An Office file's title, where its text says it too: programs put in titles of their own.

        The days of making and of the last change are not taken for that of publication; the first is often the template's.
        """
        path = next((each.target for each in self.relations("") if each.kind == "core-properties"), "")
        if path not in self.paths:
            return ""
        tree = self.tree(path)
        title = " ".join(without_surrogates(tree.findtext("{*}title") or "").split())
        return title if title in text else ""


def resolved(base: str, target: str) -> str:
    """The path within an archive that a reference in the part ``base`` means."""
    path = posixpath.normpath(posixpath.join("/", posixpath.dirname(base), unquote(target.partition("#")[0])))
    return path.lstrip("/")
