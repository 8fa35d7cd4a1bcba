"""The open file of an index: its connections, its settings, and changes that happen as a whole or not at all.

A generation in the settings counts every change. Two processes can write the same file, one waiting for the other.
"""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from rag.errors import StoreError
from rag.index.database import (
    FILE_NAME,
    VERSION,
    WAIT_SECONDS,
    Connection,
    check_chunk_size,
    connect,
    damage,
    inode_of,
    is_made,
    is_writable,
    make,
    not_a_folder,
)
from rag.index.migration import is_older, migrate
from rag.index.seals import seal_settings, settings_are_sealed
from rag.text.chunks import DEFAULT_SIZE


class IndexFile:
    """The open file of an index folder. Every thread has its own connection to it."""

    def __init__(self, folder: Path, writable: bool) -> None:
        self.folder = folder
        self.writable = writable
        self._threads = threading.local()
        self._settings: dict[str, str] = {}

    # -- opening ------------------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path, *, embedder: str, dimension: int, chunk_size: int = DEFAULT_SIZE) -> Self:
        """Opens an index folder, or makes it where there is none.

        Args:
            folder: the folder; made if it is not there.
            embedder: name of the embedder whose vectors the index holds.
            dimension: number of values of its vectors.
            chunk_size: size of chunks in characters, for a new index; an existing one keeps its own.

        Raises:
            StoreError: the folder cannot be used, the file is damaged, of another version, or made by another embedder.
            UsageError: the size of the chunks is out of range.
        """
        check_chunk_size(chunk_size)
        if not is_made(folder / FILE_NAME):
            make(folder, embedder, dimension, chunk_size)
        opened = cls.open_as_it_is(folder)
        if opened.embedder != embedder or opened.dimension != dimension:
            opened.close()
            raise StoreError(
                zh=f"索引 {folder} 是用嵌入模型“{opened.embedder}”（{opened.dimension} 维）建的，现在的设置是“{embedder}”"
                f"（{dimension} 维），两者的向量不能混用。"
                f"请改回原来的模型（YOUJU_EMBEDDER），或用 youju rebuild --index {folder} 按现在的模型重建。",
                en=f"The index {folder} was built with the embedder '{opened.embedder}' ({opened.dimension} dimensions), but "
                f"the setting is '{embedder}' ({dimension}); their vectors do not mix. Set YOUJU_EMBEDDER back, or run "
                f"'youju rebuild --index {folder}' to rebuild it with the present one.",
            )
        return opened

    @classmethod
    def open_as_it_is(cls, folder: Path) -> Self:
        """Opens an existing index whatever its embedder; one of an older format is brought to ours first.

        Raises:
            StoreError: there is no index, it is damaged, or of a version that cannot be brought to ours.
        """
        file = folder / FILE_NAME
        if not is_made(file):
            if folder.exists() and not folder.is_dir():
                raise not_a_folder(folder)
            raise StoreError(
                zh=f"{folder} 里没有索引（缺少 {FILE_NAME}）。请用 youju add 文件 --index {folder} 建立。",
                en=f"There is no index in {folder} ({FILE_NAME} is missing). Make one with 'youju add FILE --index {folder}'.",
            )
        opened = cls(folder, is_writable(file))
        try:
            opened._settings = opened._read_settings()
            if is_older(opened._settings):
                opened.close()
                migrate(folder)
                opened._settings = opened._read_settings()
            check_settings(folder, opened._settings)
        except BaseException:
            opened.close()
            raise
        return opened

    @property
    def connection(self) -> Connection:
        """This thread's connection; every error on it is a ``StoreError``."""
        connection: Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = connect(self.folder / FILE_NAME, self.writable)
            self._threads.connection = connection
        return connection

    def close(self) -> None:
        """Closes this thread's connection; the others close with their threads."""
        connection = getattr(self._threads, "connection", None)
        if connection is not None:
            self._threads.connection = None
            with contextlib.suppress(sqlite3.Error, StoreError):
                connection.close()

    # -- settings -----------------------------------------------------------------------------------------------------

    @property
    def embedder(self) -> str:
        """Name of the embedder that made the vectors."""
        return self._settings["embedder"]

    @property
    def dimension(self) -> int:
        """Number of values of a vector."""
        return int(self._settings["dimension"])

    @property
    def chunk_size(self) -> int:
        """Size of chunks in characters."""
        return int(self._settings["chunk_size"])

    @property
    def identity(self) -> str:
        """What tells this index from any other, so that nothing derived from another is taken for its own."""
        return self._settings["identity"]

    @property
    def generation(self) -> int:
        """Number of changes so far; whatever is derived from the store is tagged with it.

        Raises:
            StoreError: another process has rebuilt the index with another embedder meanwhile, or it cannot be read.
        """
        settings = self._read_settings()
        self._check_embedder(settings)
        return int(settings["generation"])

    def folders(self) -> list[str]:
        """The folders that were added, as absolute paths: what the paths of documents are told relative to."""
        return list(json.loads(self._read_settings().get("folders", "[]")))

    def remember_folders(self, folders: Iterable[str]) -> None:
        """Notes folders that are being added; nothing is written where all are known."""
        if set(folders) <= set(self.folders()):
            return
        with self.transaction() as connection:
            known = sorted({*self.folders(), *folders})
            row = ("folders", json.dumps(known, ensure_ascii=False))
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", row)
            seal_settings(connection)

    def _read_settings(self) -> dict[str, str]:
        settings = dict(self.connection.execute("SELECT key, value FROM settings"))
        if not settings.get("generation", "").isdecimal():
            raise damage(self.folder, "设置缺失", "settings are missing")
        return settings

    def _check_embedder(self, settings: dict[str, str]) -> None:
        """That the index is the one that was opened, with the same embedder."""
        if self.connection.inode != inode_of(self.folder / FILE_NAME):
            raise StoreError(
                zh=f"索引 {self.folder} 刚被另一个进程修复、恢复或移走。请重新打开索引（重新启动本程序）。",
                en=f"Another process has just repaired, restored or moved the index {self.folder}. Open it again (restart "
                "this program).",
            )
        found = settings.get("embedder", "")
        if found != self.embedder:
            raise StoreError(
                zh=f"索引 {self.folder} 刚被另一个进程用嵌入模型“{found}”重建（原来是“{self.embedder}”）。请重新打开索引。",
                en=f"Another process has just rebuilt the index {self.folder} with the embedder '{found}' (it was "
                f"'{self.embedder}'). Open the index again.",
            )

    # -- changes and moments ------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One change: it happens as a whole, or, on any error, not at all.

        One that turns out to have nothing to change leaves the generation, so that nobody follows it: of several processes
        that catch up at once, the first does the work.

        Raises:
            StoreError: the index is read-only, another process writes it for too long, or writing fails.
        """
        if not self.writable:
            raise StoreError(
                zh=f"索引 {self.folder} 是只读的，不能修改。请检查文件夹的权限，或把它复制到可写的地方。",
                en=f"The index {self.folder} is read-only and cannot be changed. Check the folder's permissions, or copy it.",
            )
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._check_embedder(self._read_settings())
            before = connection.total_changes
            yield connection
            if connection.total_changes > before:
                connection.execute("UPDATE settings SET value = value + 1 WHERE key = 'generation'")
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(StoreError):
                connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def remaking(self, embedder: str, dimension: int, chunk_size: int) -> Iterator[sqlite3.Connection]:
        """A change in which all vectors and chunks are made anew, as the settings then say; on any error they say as before.

        Args:
            embedder: name of the embedder that makes the vectors.
            dimension: number of values of a vector.
            chunk_size: size of the chunks in characters.
        """
        made = {"embedder": embedder, "dimension": str(dimension), "chunk_size": str(chunk_size)}
        before = self._settings
        try:
            with self.transaction() as connection:
                self._settings = before | made
                for name, value in made.items():
                    connection.execute("UPDATE settings SET value = ? WHERE key = ?", (value, name))
                seal_settings(connection)
                yield connection
        except BaseException:
            self._settings = before
            raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything read within is of one moment, whatever other processes write meanwhile."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    def fold_journal(self) -> None:
        """Moves what the write-ahead log holds into the file, unless others are using it."""
        if self.writable:
            with contextlib.suppress(StoreError):
                self.connection.execute("PRAGMA busy_timeout = 0")  # else it would wait for every reader
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self.connection.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000:.0f}")


def check_settings(folder: Path, settings: dict[str, str]) -> None:
    """That settings are of this version and as they were written.

    Raises:
        DamageError: they are not what was written.
        StoreError: the index is of another version.
    """
    version = settings.get("version", "?")
    # A version that only damage made another is told by the seal.
    if not version.isdecimal() or (
        version != str(VERSION) and settings_are_sealed(settings | {"version": str(VERSION)})
    ):
        raise damage(folder, "版本号与写入时不同", "its version is not the one that was written")
    if version != str(VERSION):
        raise StoreError(
            zh=f"索引 {folder} 的格式版本是 {version}，本程序读写的是 {VERSION}。索引没有被改动；请用建立它的版本打开，"
            "或换一个文件夹重新添加文件。",
            en=f"The index {folder} has format version {version}, this program reads and writes {VERSION}. The index was "
            "not touched; open it with the version that made it, or add the files to another folder.",
        )
    if not settings_are_sealed(settings):
        raise damage(folder, "设置与写入时不同", "its settings are not those that were written")
