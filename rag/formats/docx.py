"""DOCX: what a Word document shows, in its order, as lines of text.

Headings become Markdown headings (``## …``), tables the notation of :mod:`rag.formats.grids`; automatic numbers stand where
they are shown. Headers come first and footers last, each text once, notes (``[^1]: …``) before the footers. What is not
text, was deleted or is hidden is left out and told.

python-docx is not used: it gives up a whole document over one reference to a part that is not there, over macros, and over
the strict variant of the format.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from rag.errors import LoadError
from rag.formats.archives import Archive
from rag.formats.word_elements import RELATIONS, WORD, switch
from rag.formats.word_fields import without_pages
from rag.formats.word_notes import Called, Notes
from rag.formats.word_numbering import Numbering
from rag.formats.word_omissions import Omissions
from rag.formats.word_stories import Source, Story
from rag.formats.word_styles import Styles
from rag.loading import title_in_text
from rag.loading.base import Extracted, refusal
from rag.text.surrogates import without_surrogates

_REMEDY = (
    "请在 Word 或 WPS 中打开，另存为 .docx 后再试。",
    "open it in a word processor, save it as .docx and try again.",
)
_TITLE_LINES = 20
"""Lines at the beginning of a text within which it must say a title, for the title to be its own."""

_USUAL_DOCUMENT = "word/document.xml"
_NOTE_PARTS = (("footnoteReference", "footnotes"), ("endnoteReference", "endnotes"))


def extract(raw: bytes, name: str) -> Extracted:
    """The document's text and what of it is left out.

    Its own date is that of a template or of the last copy, so none is given; its own title is given where the text says it.

    Raises:
        LoadError: the file is damaged, encrypted, empty, no .docx, nests too deep, or unpacks to too much.
    """
    try:
        return _Reading(raw, name).extracted()
    except RecursionError as error:
        raise refusal(
            name,
            "文档嵌套过深（表格或内容控件层层相套），无法读入。请在 Word 或 WPS 中简化后再试。",
            "its tables or content controls nest too deep to be read; simplify it in a word processor and try again.",
        ) from error


class _Reading:
    """One document, or one that is embedded in it, while it is read."""

    def __init__(self, raw: bytes, name: str, host: "_Reading | None" = None) -> None:
        self._archive = Archive(raw, name, "DOCX", _REMEDY)
        self._part = self._archive.main_part(_USUAL_DOCUMENT)
        self._called: Called = host._called if host else []
        self._omissions: Omissions = host._omissions if host else Omissions()
        styles = Styles(self._related("styles"))
        self._source = Source(
            archive=self._archive,
            styles=styles,
            numbering=Numbering(self._related("numbering"), styles),
            notes=Notes(self._note_parts(), self._called),
            omissions=self._omissions,
            read_word=None if host else self._embedded,
        )
        root = self._archive.tree(self._part)
        self._body: Any = root.find(WORD + "body") if root.tag == WORD + "document" else None
        if self._body is None:
            raise self._archive.damaged()
        comments = self._related("comments")
        self._omissions.count("comments", len(comments.findall(WORD + "comment")) if comments is not None else 0)

    def extracted(self) -> Extracted:
        body, notes = self.body(), list(self._notes())
        headers, footers = (list(self._margins(kind)) for kind in ("header", "footer"))
        text = without_surrogates("\n".join(filter(None, (*headers, body, *notes, *footers))))
        left_out = self._omissions.lines()
        if not text and left_out:
            raise _nothing_but(self._archive.name, left_out)
        return Extracted(
            text=text,
            title=self._title(text) or (title_in_text(without_surrogates(body)) if headers else ""),
            encoding="docx",
            left_out=left_out,
        )

    def body(self) -> str:
        """What stands between the margins."""
        return Story(self._source, self._part).text(self._body)

    def _embedded(self, raw: bytes) -> str:
        return _Reading(raw, self._archive.name, self).body()

    def _related(self, kind: str) -> Any:
        return self._archive.related_tree(self._part, kind)

    def _note_parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        for reference, kind in _NOTE_PARTS:
            for path in self._archive.related(self._part, kind)[:1]:
                parts[reference] = (partial(self._note_text, path), self._archive.tree(path))
        return parts

    def _note_text(self, path: str, note: Any) -> str:
        return " ".join(Story(self._source, path).text(note).split())

    def _notes(self) -> Iterator[str]:
        """The notes that the text has called; reading one may call another."""
        number = 0
        while number < len(self._called):
            read, note = self._called[number]
            number += 1
            yield f"[^{number}]: {read(note)}"

    def _margins(self, kind: str) -> Iterator[str]:
        """The headers or footers that are shown, each text once.

        Args:
            kind: ``header`` or ``footer``.
        """
        texts: dict[str, str] = {}  # by the part's path
        relations = self._archive.relations(self._part)
        settings = self._related("settings")
        for section in self._body.iter(WORD + "sectPr"):
            for reference in section.iterfind(f"{WORD}{kind}Reference"):
                which = reference.get(WORD + "type", "default")
                if which == "first" and not switch(section, "titlePg"):
                    continue
                if which == "even" and not switch(settings, "evenAndOddHeaders"):
                    continue
                relation = relations.get(reference.get(RELATIONS + "id", ""))
                if relation and relation.target in self._archive and relation.target not in texts:
                    texts[relation.target] = self._margin(relation.target)
        yield from dict.fromkeys(filter(None, texts.values()))

    def _margin(self, path: str) -> str:
        lines = Story(self._source, path, in_margin=True).text(self._archive.tree(path)).split("\n")
        return "\n".join(filter(None, map(without_pages, lines)))

    def _title(self, text: str) -> str:
        """The declared title where the first lines say it too: many are left over from templates or name other files."""
        title = self._archive.title()
        lines = [line for line in text.splitlines() if line.strip()][:_TITLE_LINES]
        return title if "".join(title.split()) in "".join("".join(lines).split()) else ""


def _nothing_but(name: str, left_out: tuple[tuple[str, str], ...]) -> LoadError:
    """The refusal of a document without text, such as one of scanned pages."""
    found_zh, found_en = "、".join(zh for zh, _ in left_out), ", ".join(en for _, en in left_out)
    return refusal(
        name,
        f"文档里没有可读的文字，只有：{found_zh}。若是扫描件，请先用 OCR 软件转成文字；嵌入的内容请另存为单独的文件。",
        f"there is no text in it but {found_en}; run scanned pages through OCR software first, and save embedded "
        "content as files of their own.",
    )
