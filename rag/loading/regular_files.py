"""The bytes of regular files."""

import os
import stat
from pathlib import Path

from rag.loading.base import refusal


def identity_of(status: os.stat_result) -> tuple[int, ...]:
    """What tells a file from the one that stood in its place before, as far as the system shows without reading it."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def read(path: Path, name: str, most: int) -> bytes:
    """A file's bytes, and one more than ``most`` of a larger one.

    Only regular files are opened: a pipe would block, a device never end.

    Args:
        path: the file.
        name: what to call it in messages.
        most: largest file read whole, in bytes.

    Raises:
        LoadError: there is no such file, it is none, or it cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind_zh, kind_en = ("文件夹", "a folder") if path.is_dir() else ("设备、管道等特殊文件", "a special file")
            raise refusal(name, f"这是{kind_zh}，不是普通文件。请给出文件。", f"it is {kind_en}, not a regular file.")
        with path.open("rb") as file:
            return file.read(most + 1)
    except FileNotFoundError as error:
        raise refusal(name, "文件不存在，可能已被移走。", "there is no such file; it may have been moved.") from error
    except PermissionError as error:
        raise refusal(name, "没有读取权限。请检查文件权限。", "permission denied; check its permissions.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal(name, f"读取失败（{reason}）。请检查磁盘和路径。", f"reading failed ({reason}).") from error
