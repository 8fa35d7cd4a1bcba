"""Documents: one file's text, decoded once, and what is known about it."""

import datetime
import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """One file's text with its metadata. Every span of the project points into ``text``, which never changes.

    Attributes:
        text: the text as decoded or extracted, line ends and all; nothing is cleaned here.
        path: where the document came from: an absolute path, or a name such as ``stdin`` or ``seeds/000.txt``.
        title: title to show.
        date: day of publication, where known.
        source: who published it, where known (``新华社``).
        event: the occasion, where known (a press conference).
        speakers: people who speak in it.
        page_starts: for paged formats, the offset in ``text`` at which each page begins, ascending.
        encoding: for plain text, the encoding it was decoded with (``text`` encodes back to the file's bytes);
            otherwise the name of the format.
        digest: SHA-256 of the file's bytes, hexadecimal.
        left_out: what of the file is not in ``text``, each a line in Chinese and in English; known while it is added.
    """

    text: str
    path: str
    title: str
    date: datetime.date | None = None
    source: str = ""
    event: str = ""
    speakers: tuple[str, ...] = ()
    page_starts: tuple[int, ...] = ()
    encoding: str = ""
    digest: str = ""
    left_out: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            identity = hashlib.sha256(f"{self.path}\0{self.text}".encode("utf-8", "surrogatepass"))
            object.__setattr__(self, "id", identity.hexdigest()[:16])

    def page(self, offset: int) -> int | None:
        """Number of the page (from 1) that holds the character at ``offset``; None for formats without pages."""
        if not self.page_starts:
            return None
        return max(1, sum(start <= offset for start in self.page_starts))
