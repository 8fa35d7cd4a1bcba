"""Which files a list of files and folders means."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from rag.errors import LoadError
from rag.loading import archived_files
from rag.loading.base import refusal
from rag.loading.file_names import is_hidden


def files_among(paths: Iterable[str | Path], suffixes: frozenset[str]) -> Iterator[Path]:
    """The files that ``paths`` mean, absolute, each once: see :func:`rag.loading.find_files`."""
    seen: set[Path] = set()
    for given in paths:
        path = Path(os.path.abspath(os.path.expanduser(given)))
        for file in _files_in(path, suffixes) if os.path.isdir(path) else _opened(_existing(path)):
            if file not in seen:
                seen.add(file)
                yield file


def _existing(path: Path) -> Path:
    if not os.path.lexists(path) and archived_files.archive_of(path) is None:
        raise refusal(
            str(path),
            "没有这个文件或文件夹。请检查路径。",
            "there is no such file or folder; check the path.",
        )
    return path


def _opened(file: Path) -> list[Path]:
    """The files within an archive; any other file itself."""
    return archived_files.paths_in(file) if archived_files.is_archive(file) else [file]


def _files_in(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    unreadable: list[OSError] = []
    found = False
    for file in _walk(folder, set(), unreadable):
        if file.suffix.lower() in suffixes:
            found = True
            yield from _opened(file)
    if unreadable:
        raise _unreadable(folder, unreadable)
    if not found:
        listed = " ".join(sorted(suffixes))
        raise refusal(
            str(folder),
            f"文件夹里没有可读入的文档（支持 {listed}，隐藏文件不算）。请换一个文件夹。",
            f"the folder holds no loadable documents (supported: {listed}; hidden files do not count); "
            "give another folder.",
        )


def _walk(folder: Path, walked: set[tuple[int, int]], unreadable: list[OSError]) -> Iterator[Path]:
    """Regular files under ``folder`` in order of their names; each real folder is entered once, so loops end."""
    try:
        status = folder.stat()
        entries = sorted(folder.iterdir())
    except OSError as error:
        unreadable.append(error)
        return
    identity = (status.st_dev, status.st_ino)
    if identity in walked:
        return
    walked.add(identity)
    for entry in entries:
        if is_hidden(entry.name):
            continue
        if os.path.isdir(entry):
            yield from _walk(entry, walked, unreadable)
        elif os.path.isfile(entry):
            yield entry


def _unreadable(folder: Path, errors: list[OSError]) -> LoadError:
    names = [str(error.filename) for error in errors]
    return refusal(
        str(folder),
        f"打不开其中的 {'、'.join(names)}（{errors[0].strerror}）；其余文件已处理。请检查权限。",
        f"{', '.join(names)} cannot be opened ({errors[0].strerror}); the other files were taken. Check permissions.",
    )
