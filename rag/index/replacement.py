"""Replacement: another SQLite file takes the place of an index's own, and whatever happens, one of the two is there.

The new file is made in a folder beside (:func:`workplace`), the old one is kept under another name, and one rename, which
a file system does as a whole or not at all, puts the new one in its place. Only the old file under its own name is ever
opened as the index, so that a process killed before that rename has changed nothing.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from rag.errors import DamageError, StoreError
from rag.index.database import FILE_NAME, JOURNALS, connect, explained, is_writable

SET_ASIDE = "youju.*-*.sqlite"
"""Names of the files that were set aside when another took their place."""

DAMAGED = "damaged"
_WORKPLACE = ".youju-"
_SECONDS_TO_WAIT = 5.0


@contextlib.contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A folder within an index's own, on the same disk, to make a new file in; what earlier ones left is cleared.

    One process at a time may have it.

    Raises:
        StoreError: the folder cannot be written, or another process has it.
    """
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(folder / f"{_WORKPLACE}lock", timeout=_SECONDS_TO_WAIT)
        lock.acquire()
    except Timeout as error:
        raise StoreError(
            zh=f"另一个进程正在修复、恢复或升级索引 {folder}。请等它结束。",
            en=f"Another process is repairing, restoring or upgrading the index {folder}. Wait until it is done.",
        ) from error
    except OSError as error:
        raise _not_written(folder, error) from error
    try:
        for left in folder.glob(f"{_WORKPLACE}*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        place = _made(folder)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
    finally:
        lock.release()


def _made(folder: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=_WORKPLACE, dir=folder))
    except OSError as error:
        raise _not_written(folder, error) from error


def replace_file(folder: Path, fresh: Path, kind: str) -> Path | None:
    """Puts ``fresh``, a closed file of a :func:`workplace`, in the place of the index's file.

    Args:
        folder: the folder of the index.
        fresh: the new file.
        kind: what the old one is kept as: :data:`DAMAGED`, ``replaced``, ``version4``.

    Returns:
        where the old file is kept; None where there was none.

    Raises:
        StoreError: another program has the index open, or the folder cannot be written; nothing has changed then.
    """
    file = folder / FILE_NAME
    kept: Path | None = None
    try:
        if file.exists():
            kept = _name(folder, kind)
            _set_aside(file, kept, exact=kind == DAMAGED)
        _sync(fresh)
        os.replace(fresh, file)
        _sync(folder)
    except OSError as error:
        raise _not_written(folder, error) from error
    return kept


def copy_whole(source: Path, target: Path) -> None:
    """Copies the SQLite file of an index into another file, as it is at one moment, while others write.

    Raises:
        StoreError: the source is damaged, or the target cannot be written.
    """
    with (
        contextlib.closing(connect(source, is_writable(source))) as connection,
        explained(source.parent),
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _set_aside(file: Path, kept: Path, *, exact: bool) -> None:
    """Keeps the index's file under another name too, and leaves no journal that the next file could take for its own.

    The journal is folded into the file first, which is possible only while nobody else has it open.

    Args:
        exact: keep the file and its journal as they are, byte for byte, for it is damaged.
    """
    journals = [Path(f"{file}{suffix}") for suffix in JOURNALS]
    if exact:
        _copy_as_it_is(file, kept)
    try:
        with contextlib.closing(connect(file, writable=True)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {_SECONDS_TO_WAIT * 1000:.0f}")
            connection.execute("PRAGMA journal_mode = DELETE")
    except DamageError:
        if not exact:
            _copy_as_it_is(file, kept)
        for journal in journals:
            journal.unlink(missing_ok=True)
    except StoreError as error:
        for copy in (kept, Path(f"{kept}{JOURNALS[0]}")):
            copy.unlink(missing_ok=True)
        raise StoreError(
            zh=f"另一个程序正开着索引 {file.parent}。请先关闭它（对话窗口、youju serve 等）再试；什么都没有改动。",
            en=f"Another program has the index {file.parent} open. Close it first (a chat window, 'youju serve', …); nothing "
            "was changed.",
        ) from error
    else:
        if not exact:
            try:
                os.link(file, kept)
            except OSError:  # a file system without links
                shutil.copyfile(file, kept)


def _copy_as_it_is(file: Path, kept: Path) -> None:
    shutil.copyfile(file, kept)
    journal = Path(f"{file}{JOURNALS[0]}")
    if journal.exists():
        shutil.copyfile(journal, f"{kept}{JOURNALS[0]}")


def _name(folder: Path, kind: str) -> Path:
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    return folder / f"youju.{kind}-{stamp}.sqlite"


def _sync(path: Path) -> None:
    """Has the disk keep a file or a folder; where folders cannot be opened, the system sees to it."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def _not_written(folder: Path, error: OSError) -> StoreError:
    reason = error.strerror or str(error)
    return StoreError(
        zh=f"不能写入索引 {folder}：{reason}。请检查权限和磁盘空间；原有的内容没有变化。",
        en=f"The index {folder} cannot be written: {reason}. Check permissions and space; what was there is unchanged.",
    )
