"""Backup: an index as one file, taken while others write, and put back later."""

import contextlib
import secrets
import tempfile
from pathlib import Path

from rag.errors import DamageError, StoreError, UsageError
from rag.index.database import FILE_NAME, damage
from rag.index.integrity import record_findings
from rag.index.new_files import check_free, not_written, put_in_place
from rag.index.replacement import copy_whole, replace_file, workplace
from rag.index.seals import seal_settings
from rag.index.store import Store


def backup(folder: Path, file: Path) -> int:
    """Writes an index, its documents, settings and conversations, into one new file, as it is at one moment.

    The copy is made in a folder beside and checked through before it gets its name. Others may write the index meanwhile.

    Args:
        folder: the folder of the index.
        file: the file to make.

    Returns:
        how many documents it holds.

    Raises:
        UsageError: there is a file of that name already, or it cannot be made there.
        StoreError: there is no index in the folder, it is damaged, or the disk is full.
    """
    check_free(file)
    with contextlib.closing(Store.open_as_it_is(folder)):
        pass
    try:
        with tempfile.TemporaryDirectory(prefix=".youju-", dir=file.parent) as name:
            copy = Path(name, FILE_NAME)
            copy_whole(folder / FILE_NAME, copy)
            with contextlib.closing(Store.open_as_it_is(copy.parent)) as store:
                documents = _checked(store, folder)
            put_in_place(copy, file)
    except OSError as error:
        raise not_written(file, error) from error
    return documents


def restore(file: Path, folder: Path, *, replaces: bool = False) -> int:
    """Makes an index of a backup; one of an older format is brought to ours.

    The backup itself is only read. It is copied and checked through before it takes its place; an index that it replaces
    is kept beside it under a name with ``replaced`` in it.

    Args:
        file: what :func:`backup` made.
        folder: the folder of the index.
        replaces: whether an index that is there may be replaced.

    Returns:
        how many documents it holds.

    Raises:
        UsageError: there is no such file, it is no backup, or there is an index in the folder and ``replaces`` is not said.
        StoreError: the backup is damaged, or the folder cannot be written.
    """
    if not file.is_file() or not _is_sqlite(file):
        raise UsageError(
            zh=f"{file} 不是 youju backup 做的备份文件。请检查路径。",
            en=f"{file} is no file that 'youju backup' made. Check the path.",
        )
    if (folder / FILE_NAME).exists() and not replaces:
        raise UsageError(
            zh=f"{folder} 里已有索引。要用备份替换它，请加 --replace（原有的会另存在同一文件夹里）。",
            en=f"There is an index in {folder}. Say --replace to put the backup in its place (what is there is kept beside it).",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            zh=f"不能建立文件夹 {folder}：{error.strerror or error}。",
            en=f"The folder {folder} cannot be made: {error.strerror or error}.",
        ) from error
    with workplace(folder) as place:
        try:
            copy_whole(file, place / FILE_NAME)
            with contextlib.closing(Store.open_as_it_is(place)) as store:
                documents = _checked(store, folder)
                _renew_identity(store)
                store.fold_journal()
        except DamageError as error:
            raise StoreError(
                zh=f"备份 {file} 已损坏，或不是本程序的备份；没有改动任何东西。请用另一份备份。",
                en=f"The backup {file} is damaged, or none of ours; nothing was changed. Use another one.",
            ) from error
        replace_file(folder, place / FILE_NAME, "replaced")
    return documents


def _renew_identity(store: Store) -> None:
    """Gives an index an identity of its own: nothing derived from the one it came from may be taken for its own."""
    with store.transaction() as connection:
        connection.execute("UPDATE settings SET value = ? WHERE key = 'identity'", (secrets.token_hex(8),))
        seal_settings(connection)


def _checked(store: Store, folder: Path) -> int:
    """The number of documents of a copy, once its record has been checked through; ``folder`` is named in errors."""
    for finding in record_findings(store):
        if not finding.sound:
            raise damage(folder, finding.zh, finding.en)
    return len(store.texts())


def _is_sqlite(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(16) == b"SQLite format 3\0"
    except OSError:
        return False
