"""Synchronization: what became of the files that documents came from, and an index brought into line with a folder."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag.errors import LoadError, UsageError
from rag.index.changes import remove_document
from rag.index.indexing import Failure, ProgressCallback, Report, add
from rag.index.rows import Entry
from rag.index.store import Store
from rag.loading import archived_files, find_files
from rag.loading.file_names import file_of, path_of
from rag.loading.originals import came_from_file, digest_of

if TYPE_CHECKING:
    from embeddings import TextEmbedder

FileState = Literal["unchanged", "changed", "gone", "unreadable"]
"""What became of a document's file. ``unreadable``: it cannot be told now, for want of permission or of a disk."""


@dataclass(slots=True)
class SyncReport(Report):
    """What bringing an index into line with a folder did, or, in a dry run, would do.

    Attributes:
        moved: for each document whose file has another place now: its new id and its former path.
        removed: documents whose files are gone.
    """

    moved: dict[str, str] = field(default_factory=dict)
    removed: list[Entry] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """As for any report, with what was moved and removed."""
        counts = Report.counts(self)
        return {**counts, "moved": len(self.moved), "gone": len(self.removed), "failed": counts["failed"]}

    def changes(self) -> list[tuple[str, str]]:
        """What was moved and removed; in a dry run also what would be added and replaced."""
        taken_in = {"added_file": self.added, "replaced_file": self.replaced} if self.dry_run else {}
        lines = [(kind, self.paths[key]) for kind, keys in taken_in.items() for key in keys]
        lines += [("moved_file", f"{former} → {self.paths[key]}") for key, former in self.moved.items()]
        return lines + [("gone_file", entry.path) for entry in self.removed]

    def to_dict(self) -> dict[str, Any]:
        """As for any report, with what was moved and removed, and the paths behind all ids."""
        return {
            **Report.to_dict(self),
            "moved": self.moved,
            "removed": [entry.id for entry in self.removed],
            "paths": self.paths | {entry.id: entry.path for entry in self.removed},
            "dry_run": self.dry_run,
        }


# -- comparing --------------------------------------------------------------------------------------------------------


def compare(store: Store) -> dict[str, FileState]:
    """What became of the files of all documents that came from files, by the documents' ids.

    Reads every such file, unless this process has read it before and nothing suggests that it changed since.
    """
    return {entry.id: state_of(entry) for entry in _from_files(store.entries())}


def state_of(entry: Entry) -> FileState:
    """What became of the file that a document came from."""
    file = file_of(entry.path)
    try:
        return "unchanged" if digest_of(file) == entry.digest else "changed"
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return "gone"
    except OSError:
        return "unreadable"


def _from_files(entries: Iterable[Entry]) -> Iterator[Entry]:
    return (entry for entry in entries if came_from_file(entry.path, entry.digest))


# -- bringing into line -----------------------------------------------------------------------------------------------


def synchronize(
    store: Store,
    embedder: "TextEmbedder",
    folder: str | Path,
    *,
    dry_run: bool = False,
    progress: ProgressCallback | None = None,
    report: SyncReport | None = None,
) -> SyncReport:
    """Brings an index into line with a folder: adds new files, replaces changed ones, removes those that are gone.

    A file that has only moved within the folder keeps what a person has edited of its document. One that cannot be
    read now keeps its document and is reported. Documents from elsewhere are left alone. Nothing is removed before all
    else is in, so that after an interruption another call goes on where this one stopped.

    Args:
        folder: the folder.
        dry_run: only report what would be done; nothing is written.
        progress: as for :func:`rag.index.indexing.add`.
        report: filled in as the work goes on; a new one without it.

    Raises:
        LoadError: there is no such folder, or no document in it (a disk that is not mounted must not empty the index).
        StoreError: the index cannot be written.
    """
    report = SyncReport() if report is None else report
    report.dry_run = dry_run
    root = Path(os.path.abspath(os.path.expanduser(folder)))
    known = {entry.path: entry for entry in _from_files(store.entries()) if _is_under(entry.path, root)}
    found = _found(root, known, report)
    gone: list[Entry] = []
    for path, entry in known.items():
        absence = None if path in found else _absence(entry, root)
        if absence == "gone":
            gone.append(entry)
        elif absence:
            report.failed.append(absence)
        elif path not in found:
            found[path] = file_of(path)
    origins = _origins({path: file for path, file in found.items() if path not in known}, known.values())
    edits = {path: store.edits(entry.id) for path, entry in origins.items()}
    in_order = sorted(found, key=lambda path: path not in origins)  # before what they came from is replaced
    if not dry_run:
        store.remember_folders([path_of(root)])
    add(store, embedder, [found[path] for path in in_order], progress, report, edits=edits, dry_run=dry_run)

    lost = {entry.id for entry in gone}
    moves = {path: entry for path, entry in origins.items() if entry.id in lost}
    report.moved |= {key: moves[path].path for key, path in report.paths.items() if path in moves}
    report.added = [key for key in report.added if key not in report.moved]
    refused = {failure.path for failure in report.failed}
    kept = {entry.id for path, entry in moves.items() if path in refused or str(found[path]) in refused}
    _remove(store, [entry for entry in gone if entry.id not in kept], root, report)
    return report


def _is_under(path: str, root: Path) -> bool:
    return Path(os.path.normpath(path)).is_relative_to(path_of(root))


def _found(root: Path, known: dict[str, Entry], report: SyncReport) -> dict[str, Path]:
    """The folder's files by the paths of their documents; folders in it that cannot be opened are reported."""
    if not root.is_dir():
        raise LoadError(
            zh=f"没有文件夹 {root}，不能同步；索引没有改动。请检查路径；若它在别的磁盘上，请先挂载。",
            en=f"There is no folder {root} to synchronize with; the index was not changed. Check the path; if it lies on "
            "another disk, mount that first.",
        )
    found: dict[str, Path] = {}
    try:
        for file in find_files([root]):
            found[path_of(file)] = file
    except LoadError as error:
        if not found and not known:
            raise
        if not found:
            raise LoadError(
                zh=f"{error.zh}索引里有来自这个文件夹的 {len(known)} 份文档，没有改动：它可能没有挂载。若确要全部移除，"
                "请用 youju remove。",
                en=f"{error.en} The index has {len(known)} documents from this folder and was not changed: perhaps the "
                "folder is not mounted. If they are all to go, use 'youju remove'.",
            ) from error
        report.failed.append(Failure(str(root), error))
    return found


def _absence(entry: Entry, root: Path) -> Literal["gone"] | Failure | None:
    """Why a document's file was not found in the folder: it is gone, it cannot be looked for, or it was passed over."""
    file = file_of(entry.path)
    try:
        return None if _is_there(file) else "gone"
    except (FileNotFoundError, NotADirectoryError, ValueError):
        link = _dangling_link(file, root)
        if link is None:
            return "gone"
        reason = LoadError(
            zh=f"{entry.path}：链接 {link} 指向的地方不存在（可能没有挂载），原有的文档保留。若已不要，请删除这个链接再同步。",
            en=f"{entry.path}: the link {link} leads nowhere (perhaps a disk is not mounted); its document was kept. If it "
            "is to go, delete the link and synchronize again.",
        )
    except LoadError as error:
        reason = LoadError(zh=f"{error.zh}原有的文档保留。", en=f"{error.en} Its document was kept.")
    except OSError as error:
        reason = LoadError(
            zh=f"{entry.path}：现在读不到（{error.strerror}），原有的文档保留。请检查权限和磁盘后再同步。",
            en=f"{entry.path}: it cannot be reached now ({error.strerror}); its document was kept. Check permissions and "
            "disk, then synchronize again.",
        )
    return Failure(entry.path, reason)


def _is_there(file: Path) -> bool:
    """Whether a file is there, in its archive if it lies in one.

    Raises:
        OSError: there is none of its name, or it cannot be looked for.
        LoadError: the archive cannot be read.
    """
    archive = archived_files.archive_of(file)
    return archived_files.holds(archive, file) if archive else stat.S_ISREG(file.stat().st_mode)


def _dangling_link(file: Path, root: Path) -> Path | None:
    """The link on the way from the folder to a file, the file itself included, that leads nowhere."""
    for place in (file, *file.parents):
        if place == root:
            return None
        if place.is_symlink() and not place.exists():
            return place
    return None


def _origins(new: dict[str, Path], known: Iterable[Entry]) -> dict[str, Entry]:
    """For new files whose content a document came from that has it no more: that document, by the new file's path.

    A file of the same name is preferred, where several had that content.
    """
    digests: dict[str, str] = {}
    for path, file in new.items():
        with suppress(OSError, ValueError):
            digests[path] = digest_of(file)
    contents = set(digests.values())
    left = [entry for entry in known if entry.digest in contents and state_of(entry) in ("changed", "gone")]
    origins: dict[str, Entry] = {}
    for by_name in (True, False):
        for path, digest in digests.items():
            for entry in left if path not in origins else ():
                if entry.digest == digest and (not by_name or Path(entry.path).name == Path(path).name):
                    origins[path] = entry
                    left.remove(entry)
                    break
    return origins


def _remove(store: Store, gone: list[Entry], root: Path, report: SyncReport) -> None:
    """Removes documents whose files are gone, still gone when their turn comes."""
    moved = set(report.moved.values())
    for entry in gone:
        if not report.dry_run:
            if _absence(entry, root) != "gone":
                continue
            try:
                remove_document(store, entry.id)
            except UsageError:  # another process has removed or replaced it
                continue
        if entry.path not in moved:
            report.removed.append(entry)
    without = {entry.id for entry in gone}
    near = {key: tuple(other for other in others if other not in without) for key, others in report.duplicates.items()}
    report.duplicates = {key: others for key, others in near.items() if others}
