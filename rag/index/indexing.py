"""Indexing: documents in, chunks and vectors into the store, one transaction per document."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import LoadError, UsageError, YoujuError, in_user_language
from rag.index.changes import Prepared, catch_up, put_document, remake
from rag.index.database import check_chunk_size
from rag.index.duplicates import signature
from rag.index.seals import checksum
from rag.index.store import Store
from rag.text.chunks import chunk
from rag.text.documents import Document
from rag.text.structure import parts_of, sentences_of
from rag.text.surrogates import is_storable
from rag.text.view import layout

if TYPE_CHECKING:
    from embeddings import TextEmbedder
    from rag.loading.base import PageProgress

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where adding stands: ``path`` is being read, ``done`` of ``total`` files are behind it.

    Where its pages are recognised, ``page`` is the one that is, of ``pages``; else they are 0.
    """

    path: str
    done: int
    total: int
    page: int = 0
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that was not taken in, and why (the error's text is in the user's language)."""

    path: str
    error: YoujuError

    def __str__(self) -> str:
        return f"{self.path}: {self.error}"


@dataclass(slots=True)
class Report:
    """What became of each file of a batch.

    Attributes:
        added: ids of new documents.
        replaced: ids of documents that took the place of an older state of the same file.
        unchanged: paths of files that were in the index already.
        duplicates: for each added or replaced document with nearly the same text as others: its id and theirs.
        failed: files that were not taken in, each with its reason.
        paths: where each added or replaced document came from, by its id.
        dry_run: whether nothing was written.
        shortened: ids of added or replaced documents that state more figures than
            :class:`~rag.loading.file_limits.FileLimits` allow: only the first ones answer questions about figures and dates.
        read: what was read of each added or replaced document, by its id: pages, tables and notes.
        left_out: what of its file is not in its text, by its id, each a line in Chinese and in English.
        guessed_dates: days that nothing but the names of files tell, by the documents' ids.
    """

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    duplicates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failed: list[Failure] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False
    shortened: list[str] = field(default_factory=list)
    read: dict[str, dict[str, int]] = field(default_factory=dict)
    left_out: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    guessed_dates: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many documents became what, by the key of the message that says so."""
        kinds: dict[str, list[Any]] = {
            "added": self.added,
            "replaced": self.replaced,
            "unchanged": self.unchanged,
            "failed": self.failed,
        }
        return {key: len(documents) for key, documents in kinds.items()}

    def changes(self) -> list[tuple[str, str]]:
        """What is worth a line of its own: the key of the message that says what was done, and the path."""
        return []

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "added": self.added,
            "replaced": self.replaced,
            "unchanged": self.unchanged,
            "duplicates": {key: list(others) for key, others in self.duplicates.items()},
            "shortened": self.shortened,
            "read": self.read,
            "left_out": {key: [in_user_language(*line) for line in lines] for key, lines in self.left_out.items()},
            "guessed_dates": self.guessed_dates,
            "failed": [{"path": failure.path, "reason": str(failure.error)} for failure in self.failed],
        }


ProgressCallback = Callable[[Progress], None]

EXTRACTION = 3
"""Number of the way in which a document becomes chunks, terms and facts; whoever changes that, raises it."""

ROUNDS = 5
"""How often rebuilding looks for what has changed meanwhile before it makes the rest while others have to wait."""


def add(
    store: Store,
    embedder: "TextEmbedder",
    items: Iterable[str | Path | Document],
    progress: ProgressCallback | None = None,
    report: Report | None = None,
    *,
    edits: Mapping[str, dict[str, Any]] | None = None,
    dry_run: bool = False,
) -> Report:
    """Adds files, folders and documents to an index. One that cannot be read is reported; the others still go in.

    Interrupted at any moment (Ctrl-C, a killed process), it leaves every document that was finished in the index.

    Args:
        items: paths of files and folders, or documents made elsewhere.
        progress: called before each file, and again and again while its pages are recognised.
        report: filled in as the work goes on; a new one without it.
        edits: what a person has edited of documents, by their paths, where that is known from elsewhere.
        dry_run: only report what would become of each; nothing is written.

    Raises:
        StoreError: the index cannot be written (the documents before are in it).
    """
    report = Report() if report is None else report
    items = [items] if isinstance(items, str | Path | Document) else list(items)
    expanded: list[Path | Document] = []
    for item in _expand(items):
        if isinstance(item, Failure):
            _refuse(report, item.path, item.error)
        else:
            expanded.append(item)
    if not dry_run:
        store.remember_folders(_folders(items, expanded))
    try:
        for number, item in enumerate(expanded):
            path = item.path if isinstance(item, Document) else str(item)
            at = Progress(path, number, len(expanded))
            if progress:
                progress(at)
            try:
                document = item if isinstance(item, Document) else _load(item, _of_pages(progress, at))
            except LoadError as error:
                _refuse(report, path, error)
                continue
            edited = (edits or {}).get(document.path)
            add_document(store, embedder, document, report, edited, dry_run=dry_run)
    finally:
        if not dry_run:
            _finish(store, report)
    return report


def _finish(store: Store, report: Report) -> None:
    """Indexes lexically and links what has gone in, and reports which documents are nearly the same as others."""
    linked = catch_up(store)
    report.duplicates |= {key: linked[key] for key in (*report.added, *report.replaced) if key in linked}
    store.fold_journal()


def rebuild(
    store: Store, embedder: "TextEmbedder", chunk_size: int | None = None, progress: ProgressCallback | None = None
) -> None:
    """Makes chunks, facts, vectors and the lexical index of all documents anew, with another embedder or chunk size.

    The documents, their metadata and the links between them stay as they are. All is written in one transaction: until
    it is done, the index is as it was. What other processes add, replace or remove meanwhile is followed.

    Raises:
        UsageError: the size of the chunks is out of range.
        StoreError: the index cannot be written.
    """
    size = store.chunk_size if chunk_size is None else chunk_size
    check_chunk_size(size)

    prepare = preparation(store, embedder, size)
    prepared: dict[str, Prepared] = {}
    for _ in range(ROUNDS):
        known = store.texts()
        missing = [key for key, (_, text) in known.items() if key not in prepared or prepared[key].text != text]
        for number, identifier in enumerate(missing):
            if progress:
                progress(Progress(known[identifier][0], number, len(missing)))
            with suppress(UsageError):  # another process has removed it meanwhile
                prepared[identifier] = prepare(identifier)
        if not missing:
            break
    remake(store, embedder.name, embedder.dimension, size, prepared, prepare)
    store.fold_journal()
    logger.info("index rebuilt: documents=%d chunk_size=%d embedder=%s", len(prepared), size, embedder.name)


def preparation(store: Store, embedder: "TextEmbedder", chunk_size: int) -> Callable[[str], Prepared]:
    """What makes the chunks and vectors of a document of a store, given its id."""

    def prepare(identifier: str) -> Prepared:
        document = store.document(identifier, derived=False)
        chunks = chunk(sentences_of(document.text, document.speakers), chunk_size)
        return Prepared(checksum(document.text), chunks, embedder.documents([part.text for part in chunks]))

    return prepare


def _expand(items: Iterable[str | Path | Document]) -> Iterator[Path | Document | Failure]:
    """The files behind the items; a path that cannot be taken is a failure, the ones after it still follow."""
    from rag.loading import find_files

    for item in items:
        if isinstance(item, Document):
            yield item
            continue
        try:
            yield from find_files([os.path.expanduser(item)])
        except LoadError as error:
            yield Failure(str(item), error)


def _folders(items: Iterable[str | Path | Document], files: Iterable[Path | Document]) -> set[str]:
    """The folders among the items in which there are files to add."""
    named = (Path(os.path.abspath(os.path.expanduser(item))) for item in items if not isinstance(item, Document))
    holding = {folder for file in files if isinstance(file, Path) for folder in file.parents}
    return {text for folder in named if folder in holding and is_storable(text := str(folder))}


def _of_pages(progress: ProgressCallback | None, at: Progress) -> "PageProgress | None":
    """What passes on which page of a file is recognised."""
    if progress is None:
        return None

    def tell(page: int, pages: int) -> None:
        if page:
            progress(replace(at, page=page, pages=pages))

    return tell


def _load(path: Path, progress: "PageProgress | None") -> Document:
    """The document in a file; a reader that breaks down over it refuses it like any other damaged file."""
    from rag.loading import load

    try:
        return load(path, progress=progress)
    except YoujuError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise LoadError(
            zh=f"{path}：文件可能已损坏，读取时出错（{reason}）。",
            en=f"{path}: reading it failed, it may be damaged ({reason}).",
        ) from error


def add_document(
    store: Store,
    embedder: "TextEmbedder",
    document: Document,
    report: Report,
    edited: dict[str, Any] | None = None,
    *,
    dry_run: bool = False,
) -> None:
    """Adds one document and reports what became of it.

    Args:
        edited: what a person has edited, where that is known.
        dry_run: only report what would become of it.
    """
    if not all(map(is_storable, (document.text, document.path, document.title, document.source, document.event))):
        reason = LoadError(
            zh=f"{document.path!a} 里有半个字符（孤立的代理码），不能存入。请用正确的编码重新读取。",
            en=f"{document.path!a} holds half characters (lone surrogates), which cannot be stored; decode it again.",
        )
        _refuse(report, repr(document.path), reason)
        return
    if store.holds(document):
        report.unchanged.append(document.path)
        return
    known = store.knows(document.path)
    found = layout(document.text)
    sentences = sentences_of(document.text, document.speakers, found)
    chunks = chunk(sentences, store.chunk_size)
    if not chunks:
        reason = LoadError(
            zh=f"{document.path} 里没有可以检索的文字。", en=f"{document.path} holds no text that could be searched."
        )
        _refuse(report, document.path, reason)
        return
    if not dry_run:
        texts = [part.text for part in chunks]
        vectors = _vectors(store, embedder, texts)
        if put_document(store, document, chunks, vectors, signature("\n".join(texts)), edited, sentences):
            report.shortened.append(document.id)
    (report.replaced if known else report.added).append(document.id)
    report.read[document.id] = {"pages": len(document.page_starts), **parts_of(found)}
    if document.left_out:
        report.left_out[document.id] = document.left_out
    if document.date_is_guessed:
        kept = document if dry_run else store.document(document.id, derived=False)  # with the day a person has settled
        if kept.date and kept.date_is_guessed:
            report.guessed_dates[document.id] = kept.date.isoformat()
    report.paths[document.id] = document.path
    if not dry_run:
        became = "replaced" if known else "added"
        logger.info("document %s: id=%s chunks=%d path=%s", became, document.id, len(chunks), document.path)


def _refuse(report: Report, path: str, error: YoujuError) -> None:
    """Reports a file that is not taken in, with the reason."""
    report.failed.append(Failure(path, error))
    logger.warning("document refused: path=%s", path, exc_info=error)


def _vectors(store: Store, embedder: "TextEmbedder", texts: list[str]) -> NDArray[np.float32]:
    """Unit vectors of texts, those that the store holds already taken from there: shape (number of texts, dimension)."""
    if embedder.name != store.embedder:
        raise UsageError(
            zh=f"索引用的嵌入模型是“{store.embedder}”，不能加入“{embedder.name}”的向量。",
            en=f"The index holds vectors of '{store.embedder}'; vectors of '{embedder.name}' cannot be added.",
        )
    found = store.cached_vectors(texts)
    missing = [text for text in dict.fromkeys(texts) if text not in found]
    if missing:
        found |= dict(zip(missing, embedder.documents(missing), strict=True))
    return np.stack([found[text] for text in texts])
