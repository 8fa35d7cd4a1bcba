"""New files: one is there whole or not at all, and never takes the place of another."""

import contextlib
import os
import secrets
from pathlib import Path

from rag.errors import UsageError


def check_free(path: Path) -> None:
    """Makes sure that a new file can be called ``path``; asked before the work that goes into it.

    Raises:
        UsageError: something is there already, or its folder is not.
    """
    if path.is_dir():
        raise UsageError(zh=f"{path} 是文件夹；请给出文件名。", en=f"{path} is a folder; name a file.")
    if os.path.lexists(path):
        raise UsageError(
            zh=f"{path} 已经存在，不会覆盖。请换一个文件名。",
            en=f"{path} exists and is not overwritten. Name another file.",
        )
    if not path.absolute().parent.is_dir():
        raise UsageError(
            zh=f"没有文件夹 {path.absolute().parent}。请先建立它。",
            en=f"There is no folder {path.absolute().parent}. Make it first.",
        )


def write_new(path: Path, content: bytes) -> None:
    """Writes a new file.

    Raises:
        UsageError: something is there already, or the file cannot be written; nothing is left behind then.
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.partial")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            put_in_place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise not_written(path, error) from error


def put_in_place(finished: Path, path: Path) -> None:
    """Gives a finished file of the same disk its name; unlike a renaming, a link never takes the place of another file.

    Raises:
        UsageError: somebody else has made a file of that name meanwhile.
        OSError: the folder cannot be written.
    """
    with contextlib.suppress(FileExistsError):
        with contextlib.suppress(NotImplementedError, PermissionError):
            os.link(finished, path)
            return
        check_free(path)  # a file system without links
        finished.rename(path)
        return
    check_free(path)


def not_written(path: Path, error: OSError) -> UsageError:
    """The error for a file that cannot be written, and was not."""
    reason = error.strerror or str(error)
    return UsageError(
        zh=f"不能写入 {path}：{reason}。没有留下任何文件；请换一个位置。",
        en=f"{path} cannot be written: {reason}. No file was left behind; choose another place.",
    )
