"""The SQLite file of an index: its tables, how it is opened, and what its errors mean to the user."""

import contextlib
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from rag.errors import DamageError, StoreError, UsageError
from rag.index import lexical
from rag.index.seals import seal_settings
from rag.text.terms import fold

FILE_NAME = "youju.sqlite"
JOURNALS = ("-wal", "-shm")
VERSION = 6
WAIT_SECONDS = 60.0
SMALLEST_CHUNKS, LARGEST_CHUNKS = 50, 5000

_TABLES = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, path TEXT NOT NULL UNIQUE, title TEXT NOT NULL, date TEXT, source TEXT NOT NULL,
    event TEXT NOT NULL, speakers TEXT NOT NULL, page_starts TEXT NOT NULL, encoding TEXT NOT NULL, digest TEXT NOT NULL,
    characters INTEGER NOT NULL, checksum BLOB NOT NULL, signature BLOB NOT NULL, edited TEXT NOT NULL,
    added TEXT NOT NULL, parts BLOB NOT NULL, seal BLOB NOT NULL, date_is_guessed INTEGER NOT NULL, unsure TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL, end INTEGER NOT NULL, length INTEGER NOT NULL, speakers TEXT NOT NULL,
    vector INTEGER NOT NULL, segment INTEGER, text TEXT NOT NULL
);
CREATE INDEX chunks_of_document ON chunks (document_id);
CREATE INDEX chunks_of_segment ON chunks (segment);
CREATE INDEX chunks_of_vector ON chunks (vector);
CREATE TABLE facts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    subject TEXT NOT NULL, value TEXT NOT NULL, unit TEXT NOT NULL, written TEXT NOT NULL, first TEXT NOT NULL,
    last TEXT NOT NULL, resolved INTEGER NOT NULL, dated INTEGER NOT NULL, status TEXT NOT NULL, change TEXT NOT NULL,
    scope TEXT NOT NULL, qualifier TEXT NOT NULL, speaker TEXT NOT NULL, heading TEXT NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, value_start INTEGER NOT NULL, value_end INTEGER NOT NULL
);
CREATE INDEX facts_of_document ON facts (document_id);
CREATE INDEX facts_of_subject ON facts (subject);
CREATE TABLE vectors (id INTEGER PRIMARY KEY AUTOINCREMENT, content BLOB NOT NULL UNIQUE, vector BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE unlinked (document INTEGER PRIMARY KEY REFERENCES documents (number) ON DELETE CASCADE);
CREATE TABLE bands (key INTEGER NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (key, document)) WITHOUT ROWID;
CREATE TABLE links (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    other_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    similarity REAL NOT NULL, PRIMARY KEY (document_id, other_id)
) WITHOUT ROWID;
CREATE TABLE conversations (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, title TEXT,
    searched TEXT NOT NULL, updated TEXT NOT NULL, seal BLOB NOT NULL DEFAULT x''
);
CREATE INDEX conversations_of_owner ON conversations (owner, updated);
CREATE TABLE turns (
    number INTEGER PRIMARY KEY AUTOINCREMENT, conversation INTEGER NOT NULL REFERENCES conversations (number) ON DELETE CASCADE,
    id TEXT NOT NULL, searched TEXT NOT NULL, question TEXT NOT NULL, status TEXT NOT NULL, asked TEXT NOT NULL,
    good INTEGER, reason TEXT NOT NULL, comment TEXT NOT NULL, filters TEXT NOT NULL, text TEXT NOT NULL,
    answer TEXT NOT NULL, seal BLOB NOT NULL, UNIQUE (conversation, id)
);
"""
# Primary result codes of SQLite (https://sqlite.org/rescode.html); the extended ones hold them in their lowest byte.
_WAITING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


class Cursor(sqlite3.Cursor):
    """A cursor whose errors are our own: no read and no write of an index can fail in any other way."""

    def _own(self, method: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return method(*arguments)
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise  # misuse by our own code stays what it is
        except (
            sqlite3.Error,
            UnicodeDecodeError,
            MemoryError,
        ) as error:  # SQLite quotes a damaged name, believes a length
            assert isinstance(self.connection, Connection)
            raise explanation(error, self.connection.folder) from error

    def execute(self, *arguments: Any) -> Self:
        """As in the base class."""
        self._own(super().execute, *arguments)
        return self

    def executemany(self, *arguments: Any) -> Self:
        """As in the base class."""
        self._own(super().executemany, *arguments)
        return self

    def fetchone(self) -> Any:
        """As in the base class."""
        return self._own(super().fetchone)

    def fetchmany(self, *arguments: Any) -> list[Any]:
        """As in the base class."""
        return list(self._own(super().fetchmany, *arguments))

    def fetchall(self) -> list[Any]:
        """As in the base class."""
        return list(self._own(super().fetchall))

    def __next__(self) -> Any:
        return self._own(super().__next__)


class Connection(sqlite3.Connection):
    """A connection to the file of an index; what goes wrong on it is told by a ``StoreError``."""

    folder = Path()
    inode = 0

    def cursor(self, factory: Any = Cursor) -> Any:
        """As in the base class, by default with a cursor whose errors are our own."""
        return super().cursor(factory)

    def execute(self, *arguments: Any) -> Any:
        """As in the base class, which would take a plain cursor."""
        return self.cursor().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        """As in the base class, which would take a plain cursor."""
        return self.cursor().executemany(*arguments)


def connect(file: Path, writable: bool) -> Connection:
    """A connection to an existing file, which waits for other writers.

    Raises:
        StoreError: the file cannot be opened, or is damaged.
    """
    with explained(file.parent):
        connection = _connect(file, writable)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -65536")
    connection.create_function("fold", 1, fold, deterministic=True)
    if writable:
        connection.execute("PRAGMA synchronous = NORMAL")
        # Pages are written back after 64 MB of journal: adding a document touches pages all over the file.
        connection.execute("PRAGMA wal_autocheckpoint = 16384")
    return connection


def connect_damaged(file: Path) -> Connection:
    """A connection that reads what can be read of a damaged file, and writes nothing."""
    with explained(file.parent):
        connection = _connect(file, writable=False)
    connection.execute("PRAGMA writable_schema = ON")  # else SQLite refuses a file that was cut off
    return connection


def _connect(file: Path, writable: bool) -> Connection:
    connection = sqlite3.connect(
        f"{file.resolve().as_uri()}?{_mode(file, writable)}",
        uri=True,
        timeout=WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=Connection,
    )
    connection.folder = file.parent
    connection.inode = inode_of(file)
    return connection


def inode_of(file: Path) -> int:
    """What tells a file from another that has taken its place under the same name; 0 where there is none."""
    try:
        return file.stat().st_ino
    except OSError:
        return 0


def _mode(file: Path, writable: bool) -> str:
    """How SQLite opens the file. Without leave to write it can open it only if nobody else has it open, or with them."""
    if writable:
        return "mode=rw"
    journal = file.with_name(f"{file.name}-wal")
    return "mode=ro" if journal.exists() else "mode=ro&immutable=1"


def is_writable(file: Path) -> bool:
    """Whether the file and its folder (SQLite writes its journal there) can be written."""
    return os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)


def is_made(file: Path) -> bool:
    """Whether the file holds an index; one whose making was cut short is empty and is made again."""
    if not file.is_file():
        return False
    with contextlib.closing(connect(file, is_writable(file))) as connection:
        return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None


def make(folder: Path, embedder: str, dimension: int, chunk_size: int) -> None:
    """Makes an empty index. Of two processes that try, one makes it and the other finds it made.

    Raises:
        StoreError: the folder cannot be made or written.
        UsageError: the size of the chunks is out of range.
    """
    check_chunk_size(chunk_size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from error
    settings = {
        "version": VERSION,
        "identity": secrets.token_hex(8),
        "generation": 0,
        "embedder": embedder,
        "dimension": dimension,
        "chunk_size": chunk_size,
    }
    with explained(folder):
        connection = sqlite3.connect(folder / FILE_NAME, timeout=WAIT_SECONDS, isolation_level=None)
        with contextlib.closing(connection):
            _keep_a_journal(connection)
            connection.execute("BEGIN IMMEDIATE")
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in filter(str.strip, _TABLES.split(";")):
                    connection.execute(statement)
                lexical.create_tables(connection)
                connection.executemany("INSERT INTO settings VALUES (?, ?)", [(k, str(v)) for k, v in settings.items()])
                seal_settings(connection)
            connection.execute("COMMIT")


def _keep_a_journal(connection: sqlite3.Connection) -> None:
    """Turns write-ahead logging on; SQLite does not wait by itself while another process does the same."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _code(error) not in _WAITING or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def check_chunk_size(size: int) -> None:
    """Raises ``UsageError`` for a size of chunks that cannot be meant."""
    if not SMALLEST_CHUNKS <= size <= LARGEST_CHUNKS:
        raise UsageError(
            zh=f"片段长度应在 {SMALLEST_CHUNKS} 到 {LARGEST_CHUNKS} 字之间，而不是 {size}。",
            en=f"The chunk size must be between {SMALLEST_CHUNKS} and {LARGEST_CHUNKS} characters, not {size}.",
        )


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turns SQLite's errors into a ``StoreError`` that says what to do; misuse by our own code stays what it is."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.Error as error:
        raise explanation(error, folder) from error


def is_damage(error: StoreError) -> bool:
    """Whether an error says that the file of an index is damaged."""
    return isinstance(error, DamageError)


def _code(error: Exception) -> int:
    """SQLite's primary result code; that of damage where Python found what SQLite gave it to be no text."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)) & 0xFF


def _unusable(folder: Path, error: OSError | ValueError) -> StoreError:
    if folder.exists() and not folder.is_dir():
        return not_a_folder(folder)
    reason = getattr(error, "strerror", None) or str(error)
    return StoreError(
        zh=f"不能在 {folder} 建立索引：{reason}。请换一个文件夹。",
        en=f"No index can be made in {folder}: {reason}. Choose another folder.",
    )


def not_a_folder(path: Path) -> StoreError:
    """The error for an index that is said to lie in what is a file."""
    return StoreError(
        zh=f"{path} 是文件，不是文件夹；--index 要的是索引所在的文件夹。",
        en=f"{path} is a file, not a folder; --index takes the folder of an index.",
    )


def explanation(error: Exception, folder: Path) -> StoreError:
    """What an error of SQLite means to the user."""
    code = _code(error)
    file = folder / FILE_NAME
    if code in _WAITING:
        return StoreError(
            zh=f"另一个进程正在写索引 {folder}，等了 {WAIT_SECONDS:.0f} 秒还没有结束。请稍后再试；什么都没有丢失。",
            en=f"Another process is writing the index {folder} and did not finish within {WAIT_SECONDS:.0f} seconds. "
            "Try again later; nothing was lost.",
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreError(
            zh=f"磁盘已满，没有写入索引 {folder}。已有的内容没有变化；请腾出空间后再试。",
            en=f"The disk is full; nothing was written to the index {folder}. What was there is unchanged; free some space "
            "and try again.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            zh=f"读写索引 {file} 时磁盘出错（{error}）。已有的内容没有变化；请检查磁盘是否已满或有故障，再试一次。",
            en=f"The disk failed while {file} was read or written ({error}). What was there is unchanged; check whether the "
            "disk is full or faulty and try again.",
        )
    if code in _FORBIDDEN:
        return StoreError(
            zh=f"不能打开或写入 {file}（{error}）。请检查文件夹的权限。",
            en=f"{file} cannot be opened or written ({error}). Check the folder's permissions.",
        )
    return damage(folder, str(error), str(error))


def damage(folder: Path, zh: str, en: str) -> DamageError:
    """The error for an index that is damaged; ``zh`` and ``en`` say what of it, and how that is known."""
    file = folder / FILE_NAME
    return DamageError(
        zh=f"索引文件 {file} 已损坏（{zh}）。请运行 youju doctor --repair --index {folder}：能读出的文档会被救回，原文件会保留。",
        en=f"The index file {file} is damaged ({en}). Run 'youju doctor --repair --index {folder}': documents that can be "
        "read are rescued and the damaged file is kept.",
    )
