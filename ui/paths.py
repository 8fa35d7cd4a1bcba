"""Paths of documents as others see them: relative to what was added, never where that lies on this machine."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

_OF_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def shown_path(path: str, folders: Sequence[str]) -> str:
    """A document's path without what leads to it: ``reports/2023/a.txt`` where ``…/reports`` was added as a folder.

    Args:
        path: as the index has it.
        folders: those that were added (``Store.folders``). A file that lies in none is shown by its name, and a path that
            is not absolute as it is.
    """
    kind = PureWindowsPath if _OF_WINDOWS.match(path) else PurePosixPath
    file = kind(path)
    if not file.is_absolute():
        return path
    around = [folder for each in folders if (folder := kind(each)).is_absolute() and file.is_relative_to(folder)]
    if not around:
        return file.name
    nearest = max(around, key=lambda folder: len(folder.parts))
    return file.relative_to(nearest.parent).as_posix()


def with_shown_paths(value: Any, folders: Sequence[str]) -> Any:
    """JSON with the shown path in place of each ``path``."""
    if isinstance(value, dict):
        return {
            key: shown_path(each, folders)
            if key == "path" and isinstance(each, str)
            else with_shown_paths(each, folders)
            for key, each in value.items()
        }
    return [with_shown_paths(each, folders) for each in value] if isinstance(value, list | tuple) else value
