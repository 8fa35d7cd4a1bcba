"""Rescue: what can still be read of a damaged index goes into a new file, which then takes the damaged one's place."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import StoreError
from rag.index.changes import catch_up
from rag.index.conversation_rows import (
    SAVE_TURN,
    TURN_COLUMNS,
    insert_conversation,
    seal_conversations,
    turn_of,
    turn_values,
)
from rag.index.conversations import Turn
from rag.index.database import (
    FILE_NAME,
    LARGEST_CHUNKS,
    SMALLEST_CHUNKS,
    Connection,
    connect,
    connect_damaged,
    is_damage,
    make,
)
from rag.index.indexing import Report, add_document
from rag.index.replacement import DAMAGED, replace_file, workplace
from rag.index.rows import DOCUMENT_COLUMNS, document_of, edits_from_json
from rag.index.seals import SEALED_BEFORE_6, SEALED_COLUMNS, checksum, digest, settings_are_sealed
from rag.index.store import Store
from rag.loading import day_without_metadata, title_in_text
from rag.text.chunks import DEFAULT_SIZE
from rag.text.documents import Document, Span, are_spans_of

if TYPE_CHECKING:
    from embeddings import TextEmbedder

_MOST_RESCUED = 200_000
"""Row numbers that are tried beyond those that the file lists, at most."""

_ROWS_OF_PAGE = 8
"""Documents that a page can hold at most: the signature and seals of each alone take some 700 bytes."""

_PAGE = 4096
_NUMBER_OF_PAGES = 28
"""Size of a page of SQLite in bytes, and where the header says how many there are (https://sqlite.org/fileformat2.html)."""

_PATHS = "SELECT number, path FROM documents INDEXED BY sqlite_autoindex_documents_2 WHERE path > '' ORDER BY path"
_IDS = "SELECT number FROM documents INDEXED BY sqlite_autoindex_documents_1 WHERE id > '' ORDER BY id"
_ROWS = "SELECT number FROM documents NOT INDEXED ORDER BY number"

_SEALED, _SEALED_BEFORE_6 = SEALED_COLUMNS.split(", "), SEALED_BEFORE_6.split(", ")
_DOCUMENT = DOCUMENT_COLUMNS.split(", ")
_BEFORE_6 = {"date_is_guessed": 0, "unsure": "[]"}
"""What documents of older formats have in the columns that they lack."""


@dataclass(slots=True)
class Readable:
    """What can be read of a damaged file.

    Attributes:
        documents: those that are what was written, with what a person has edited of them.
        lost: paths of those that are not.
        read_again: paths of those of which only text and path are; the rest was read from the text again.
        complete: whether the file still tells of all its documents.
        chunk_size: size of its chunks, in characters.
        folders: those that were added.
    """

    documents: list[tuple[Document, dict[str, Any]]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    read_again: set[str] = field(default_factory=set)
    complete: bool = True
    chunk_size: int = DEFAULT_SIZE
    folders: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What tells the row numbers of documents where their table is damaged.

    Attributes:
        named: those that stand behind the damage, or in an index over the table, which is stored apart from it.
        room: how many rows the file has room for.
    """

    named: Collection[int]
    room: int


def rescue(folder: Path, embedder: "TextEmbedder") -> Path | None:
    """Puts a new file with all that can be read in the place of a damaged one, which is kept; gives its new name.

    The new file is made beside the damaged one and compared with it before it takes its place: killed at any moment,
    the rescue has changed nothing, or is done.

    Raises:
        StoreError: the folder cannot be written, another program has the index open, or what was rescued is not whole.
    """
    with workplace(folder) as place:
        source = _with_a_sound_schema(folder / FILE_NAME, place / "schema")
        readable = _read(source)
        opened = Store.open(place, embedder=embedder.name, dimension=embedder.dimension, chunk_size=readable.chunk_size)
        with contextlib.closing(opened) as store:
            for document, edited in readable.documents:
                add_document(store, embedder, document, Report(), edited)
            _rescue_conversations(source, store)
            store.remember_folders(readable.folders)
            catch_up(store)
            _compare(store, readable, folder)
            store.fold_journal()
        return replace_file(folder, place / FILE_NAME, DAMAGED)


def _read(file: Path) -> Readable:
    readable = Readable()
    try:
        with contextlib.closing(connect_damaged(file)) as connection:
            paths = dict(_from_both_ends(connection, _PATHS))
            readable.lost = set(map(str, paths.values()))
            named = {*paths, *(row[0] for query in (_IDS, _ROWS) for row in _from_both_ends(connection, query))}
            _read_documents(connection, readable, _Numbers(named, _ROWS_OF_PAGE * (file.stat().st_size // _PAGE)))
            with contextlib.suppress(StoreError, ValueError, TypeError):
                settings = dict(connection.execute("SELECT key, value FROM settings").fetchall())
                readable.chunk_size = _chunk_size(settings)
                readable.folders = json.loads(settings.get("folders", "[]")) if settings_are_sealed(settings) else []
    except StoreError as error:
        if not is_damage(error):
            raise
        readable.complete = False
    readable.lost -= {document.path for document, _ in readable.documents}
    return readable


def left_behind(kept: Path, store: Store) -> tuple[list[str], list[str], bool]:
    """What of a file that was set aside did not come into the index.

    Returns:
        paths of the documents that the index does not hold, paths of those whose title, date and the like had to be read
        from their text again, and whether the file still tells of all its documents.
    """
    held = {path for path, _ in store.texts().values()}
    with tempfile.TemporaryDirectory() as place:
        readable = _read(_with_a_sound_schema(kept, Path(place)))
    named = readable.lost | {document.path for document, _ in readable.documents}
    return sorted(named - held), sorted(readable.read_again & held), readable.complete


def _with_a_sound_schema(file: Path, place: Path) -> Path:
    """The file, or, where its first pages no longer say which tables it has, a copy into which those of a new index are put.

    Tables are made in one order, so that in every index made with this format they begin at the same pages.
    """
    try:
        with contextlib.closing(connect_damaged(file)) as connection:
            connection.execute("SELECT id FROM documents LIMIT 1").fetchall()
            connection.execute("SELECT id FROM turns LIMIT 1").fetchall()
        return file
    except StoreError as error:
        if not is_damage(error):
            raise
    make(place, "", 1, DEFAULT_SIZE)
    with contextlib.closing(connect_damaged(place / FILE_NAME)) as connection:
        tables = {row[0] for row in connection.execute("SELECT rootpage FROM sqlite_master").fetchall()}
    fresh = (place / FILE_NAME).read_bytes()
    mended = place / "mended.sqlite"
    shutil.copyfile(file, mended)
    with mended.open("rb+") as written:
        for number in range(len(fresh) // _PAGE):
            if number + 1 not in tables:
                written.seek(number * _PAGE)
                written.write(fresh[number * _PAGE : (number + 1) * _PAGE])
        written.seek(_NUMBER_OF_PAGES)
        written.write((mended.stat().st_size // _PAGE).to_bytes(4, "big"))
    return mended


def _read_documents(connection: Connection, readable: Readable, numbers: _Numbers) -> None:
    columns = [row[1] for row in connection.execute("PRAGMA table_info(documents)").fetchall()]
    query = f"SELECT {', '.join(columns)} FROM documents NOT INDEXED WHERE rowid = ?"  # noqa: S608
    for number in _numbers(connection, readable, numbers):
        try:
            found = connection.execute(query, (number,)).fetchone()
        except StoreError:
            continue
        with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
            row, sealed = _as_of_today(dict(zip(columns, found or (), strict=True)))
            if checksum(row["text"]) != row["checksum"]:
                continue
            if "seal" not in row or digest([[row[name] for name in sealed]]) == row["seal"]:
                document = document_of(tuple(row[name] for name in _DOCUMENT))
                readable.documents.append((document, edits_from_json(row["edited"])))
            elif again := _read_again(row):
                readable.documents.append((again, {}))
                readable.read_again.add(again.path)


def _as_of_today(row: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A row with the columns of today's format, and those that its seal covers."""
    if row.keys() >= _BEFORE_6.keys() and row["text"] is not None:
        return row, _SEALED
    # One of format 5, under its own tables or under those of a new index, which expect its text two columns later.
    return row | {"text": row["text"] or row["date_is_guessed"]} | _BEFORE_6, _SEALED_BEFORE_6


def _read_again(row: dict[str, Any]) -> Document | None:
    """The document in a row of which something other than its text has changed, and no one can say what.

    Its text and path, which its id bears out, are kept, and the rest is read from its file, or from the text, again.
    """
    text = row["text"]
    title = title_in_text(text) or Path(row["path"]).stem
    date, is_guessed = day_without_metadata(text, Path(row["path"]).name)
    plain = Document(
        text,
        row["path"],
        title,
        date,
        encoding=row["encoding"],
        date_is_guessed=is_guessed,
        unsure=_unsure(row),
    )
    if plain.id != row["id"]:
        return None
    return _from_its_file(plain) or plain


def _unsure(row: dict[str, Any]) -> tuple[Span, ...]:
    """Which characters of a row's text are unsure, as far as that can still be read."""
    with contextlib.suppress(ValueError, TypeError):
        spans = tuple((begin, end) for begin, end in json.loads(row["unsure"]))
        return spans if are_spans_of(row["text"], spans) else ()
    return ()


def _chunk_size(settings: dict[str, str]) -> int:
    """The size of chunks that settings gave before one of them was damaged, so far as their seal still tells."""
    size = settings.get("chunk_size", "")
    if settings_are_sealed(settings):
        return int(size)
    for damaged in ("chunk_size", *settings):  # its value, or the name of it or of another
        others = {name: value for name, value in settings.items() if name != damaged}
        for guess in map(str, range(SMALLEST_CHUNKS, LARGEST_CHUNKS + 1)):
            if settings_are_sealed(others | {"chunk_size": guess}):
                return int(guess)
    is_size = size.isascii() and size.isdigit() and SMALLEST_CHUNKS <= int(size[:9]) <= LARGEST_CHUNKS
    return int(size) if is_size else DEFAULT_SIZE


def _from_its_file(document: Document) -> Document | None:
    """The document as its own file gives it, if that is still there and has the same text."""
    from rag.errors import LoadError
    from rag.loading import load

    try:
        found = load(document.path) if Path(document.path).is_absolute() else None
    except LoadError:
        return None
    return replace(found, id=document.id) if found and found.text == document.text else None


def _from_both_ends(connection: Connection, query: str) -> Iterator[Any]:
    """The rows of a query that ends with the column it is ordered by, up to the damage from either end, so some twice."""
    for order in ("ASC", "DESC"):
        with contextlib.suppress(StoreError):
            yield from connection.execute(f"{query} {order}")


def _numbers(connection: Connection, readable: Readable, numbers: _Numbers) -> Iterator[int]:
    """Row numbers that documents may have: as listed, and where the list breaks off, all that are possible.

    Those are the numbers given so far; where the file no longer tells how many, as many as it has room for; and those
    that stand elsewhere in it.
    """
    last = 0
    try:
        for (last,) in connection.execute("SELECT rowid FROM documents NOT INDEXED ORDER BY rowid"):
            yield last
    except StoreError as error:
        if not is_damage(error):
            raise
        readable.complete = False
        most = last + _MOST_RESCUED
        try:
            query = "SELECT seq FROM sqlite_sequence WHERE name = 'documents'"
            most = min(most, int(connection.execute(query).fetchone()[0]))
        except (StoreError, TypeError, ValueError):
            most = min(most, last + numbers.room)
        yield from range(last + 1, most + 1)
        yield from sorted(number for number in numbers.named if number > most)


def _rescue_conversations(damaged: Path, store: Store) -> None:
    """Brings into a new index what can still be read of the conversations in a damaged file."""
    turns: dict[int, list[Turn]] = {}
    conversations: Sequence[tuple[Any, ...]] = ()
    with contextlib.suppress(StoreError), contextlib.closing(connect_damaged(damaged)) as connection:
        for _, conversation, *row in _readable_rows(connection, "turns", f"number, conversation, {TURN_COLUMNS}, seal"):
            with contextlib.suppress(StoreError, ValueError, TypeError):
                turns.setdefault(conversation, []).append(turn_of(connection, row))
        conversations = _readable_rows(connection, "conversations", "number, id, owner, title, updated")
    with contextlib.closing(connect(store.folder / FILE_NAME, True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for old, key, owner, title, updated in conversations:
            with contextlib.suppress(StoreError, ValueError, TypeError, AttributeError):
                number = insert_conversation(connection, owner, key, title, updated)
                connection.executemany(SAVE_TURN, [(number, *turn_values(turn)) for turn in turns.get(old, ())])
                seal_conversations(connection, [number])
        connection.execute("COMMIT")


def _readable_rows(connection: Connection, table: str, columns: str) -> Sequence[tuple[Any, ...]]:
    """The rows of a damaged table up to the damage from either end, by their number, which is the first column."""
    query = f"SELECT {columns} FROM {table} NOT INDEXED ORDER BY number"  # noqa: S608
    rows = {row[0]: row for row in _from_both_ends(connection, query)}
    return [rows[number] for number in sorted(rows)]


def _compare(store: Store, readable: Readable, folder: Path) -> None:
    """That the new file holds every document that could be read, with its text."""
    held = dict(store.texts().values())
    wanted = {document.path: checksum(document.text) for document, _ in readable.documents}
    if held != wanted:
        raise StoreError(
            zh=f"救回的文档与读出的不一致（{len(held)} 份对 {len(wanted)} 份）；索引 {folder} 没有改动。请检查磁盘空间后再试。",
            en=f"What was rescued is not what could be read ({len(held)} documents, {len(wanted)} read); the index {folder} "
            "was not changed. Check the disk and try again.",
        )
