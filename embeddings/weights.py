"""Published weights as plain data: found in installed distributions, assembled once, checked by SHA-256.

A large file travels on the package index in parts, each part a data file of a distribution of its own. The packages
are never imported: ``importlib.metadata`` names the files, and the files are read. What is assembled (or fetched from
the hub) is kept only if its size and SHA-256 are the published ones, and what was verified is remembered in a small
JSON beside it, so that a gigabyte is hashed once and again only when its size or modification time changed.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path
from typing import BinaryIO, Literal

from embeddings.cache import cache_folder
from embeddings.errors import WeightsError

Source = Literal["package", "hub", "file"]
Progress = Callable[[int, int], None]
"""Called with (done, total), in bytes or in texts."""

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One distribution that carries (a part of) the weights."""

    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights somebody published, described as data.

    ``pattern`` is a file-name pattern (``fnmatch``) matched against the paths inside each distribution; it must fit
    exactly one file of each. The files, concatenated in the order of ``parts``, are ``size`` bytes with the hexadecimal
    ``sha256``. ``install`` is the command that brings the parts.
    """

    name: str
    licence: str
    file_name: str
    size: int
    sha256: str
    parts: tuple[Part, ...] = ()
    pattern: str = "*"
    install: str = ""
    hub_repository: str = ""
    hub_file: str = ""

    def __post_init__(self) -> None:
        if self.size <= 0 or len(self.sha256) != 64 or Path(self.file_name).name != self.file_name:
            raise ValueError(f"not a description of weights: {self.name}")

    @property
    def path(self) -> Path:
        """Where the file is kept unless a caller says otherwise."""
        return cache_folder() / "models" / self.file_name


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found when the file was last hashed, and what the file looked like then (``mtime_ns``: nanoseconds)."""

    size: int
    mtime_ns: int
    sha256: str
    source: Source

    def fits(self, path: Path) -> bool:
        """Whether the file still looks as it did when it was hashed."""
        found = path.stat()
        return (found.st_size, found.st_mtime_ns) == (self.size, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Status:
    """What is there. ``source`` says how a verified file was obtained.

    ``state``: ``"verified"`` the published file; ``"unverified"`` a file that will be hashed before use;
    ``"damaged"`` a file that is not the published one; ``"packaged"`` the parts are installed, to be assembled on
    first use; ``"absent"`` nothing.
    """

    weights: Weights
    path: Path
    state: Literal["verified", "unverified", "damaged", "packaged", "absent"]
    source: Source | None = None


# ---------------------------------------------------------------------------------------------- parts in packages


def locate_parts(weights: Weights) -> list[Path]:
    """The data files of the installed distributions, in order, found without importing any package.

    Raises ``WeightsError`` if a distribution is missing, has another version, or lacks the file.
    """
    return [_locate(weights, part) for part in weights.parts]


def _locate(weights: Weights, part: Part) -> Path:
    try:
        distribution = metadata.distribution(part.distribution)
    except metadata.PackageNotFoundError:
        raise _missing(weights, part, "没有安装", "is not installed") from None
    if distribution.version != part.version:
        found = distribution.version
        raise _missing(weights, part, f"装的是 {found} 版", f"is installed in version {found}")
    names = [name for name in distribution.files or [] if fnmatchcase(name.as_posix(), weights.pattern)]
    paths = [path for name in names if (path := Path(str(distribution.locate_file(name)))).is_file()]
    if len(paths) != 1:
        raise _missing(weights, part, f"没有文件 {weights.pattern}", f"lacks the file {weights.pattern}")
    return paths[0]


def _missing(weights: Weights, part: Part, zh: str, en: str) -> WeightsError:
    remedy_zh = f"请运行：{weights.install}" if weights.install else "请安装它"
    remedy_en = f"Run: {weights.install}" if weights.install else "Install it"
    return WeightsError(
        f"{weights.name} 的权重不全：软件包 {part.distribution}=={part.version} {zh}。{remedy_zh}",
        f"Weights of {weights.name} are incomplete: {part.distribution}=={part.version} {en}. {remedy_en}",
    )


# ---------------------------------------------------------------------------------------------- making the file


def assemble(weights: Weights, target: Path | None = None, progress: Progress | None = None) -> Path:
    """Concatenate the installed parts into ``target`` (default ``weights.path``), verified; return the path.

    A verified file is returned at once; a damaged one is made again. The file appears under its name only when it is
    whole. Two processes may call this at once: the second waits for the first. ``progress`` gets (bytes, total).
    Raises ``WeightsError``: a part is missing, the hash differs, the disk is full or read-only.
    """
    target = target or weights.path
    if _is_sound(weights, target):
        return target
    parts = locate_parts(weights)
    with exclusive(target):
        if not _is_sound(weights, target):
            _replace(weights, target, parts, progress)
    return target


def fetch_from_hub(weights: Weights, target: Path | None = None) -> Path:
    """Download the same file from the model hub through ``huggingface_hub``, verified by the same hash.

    An interrupted download is continued by the next call. Raises ``WeightsError`` if the hub cannot be reached, the
    weights are not on a hub, or what came is not the published file (which is then deleted).
    """
    target = target or weights.path
    if _is_sound(weights, target):
        return target
    with exclusive(target):
        if not _is_sound(weights, target):
            downloads = target.with_name(target.name + ".download")
            fetched = _download(weights, downloads)
            _refuse_difference(weights, fetched, fetched.stat().st_size, hash_file(fetched))
            fetched.replace(target)
            shutil.rmtree(downloads, ignore_errors=True)
            _remember(target, weights.sha256, "hub")
    return target


def _download(weights: Weights, folder: Path) -> Path:
    where = f"{weights.hub_repository}/{weights.hub_file}"
    try:
        from huggingface_hub import hf_hub_download
    except ModuleNotFoundError as error:
        raise WeightsError(
            "从模型站下载需要 huggingface_hub，请运行：pip install huggingface_hub",
            "Fetching from the hub needs huggingface_hub. Run: pip install huggingface_hub",
        ) from error
    try:
        return Path(hf_hub_download(weights.hub_repository, weights.hub_file, local_dir=folder))
    except Exception as error:  # the hub client raises its own, the HTTP client's and the system's errors
        raise WeightsError(
            f"无法从模型站下载 {where}（{type(error).__name__}）。请检查网络后重试；已下载的部分会保留",
            f"Cannot fetch {where} from the hub ({type(error).__name__}). Check the network and try again; "
            "what has been downloaded is kept",
        ) from error


def _replace(weights: Weights, target: Path, parts: list[Path], progress: Progress | None) -> None:
    """Write the parts to a temporary file in the same folder and put it in place only when it is the published one."""
    temporary = target.with_name(target.name + ".partial")
    try:
        with writing(target, weights.size), temporary.open("wb") as sink:
            digest, size = _concatenate(parts, sink, weights.size, progress)
            sink.flush()
            os.fsync(sink.fileno())
        _refuse_difference(weights, temporary, size, digest)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _remember(target, weights.sha256, "package")


def _concatenate(parts: list[Path], sink: BinaryIO, total: int, progress: Progress | None) -> tuple[str, int]:
    """Copy the parts into ``sink``; return SHA-256 and number of the bytes written."""
    digest, written = hashlib.sha256(), 0
    for part in parts:
        with part.open("rb") as source:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                sink.write(block)
                written += len(block)
                if progress:
                    progress(written, total)
    return digest.hexdigest(), written


@contextmanager
def exclusive(target: Path) -> Iterator[None]:
    """Hold the one lock for making ``target``, between processes too; its folder is created."""
    from filelock import FileLock

    with writing(target, 0):
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(target.name + ".lock"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def writing(target: Path, size: int) -> Iterator[None]:
    """Turn what the system says about a full or read-only disk into a ``WeightsError``; ``size`` in bytes."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            zh, en = f"磁盘已满（需要 {size / 1e6:.0f} MB）", f"the disk is full ({size / 1e6:.0f} MB are needed)"
        else:
            zh, en = error.strerror or str(error), error.strerror or str(error)
        raise WeightsError(
            f"无法写入 {target}：{zh}。请腾出空间，或用环境变量 YOUJU_HOME 指定别的文件夹",
            f"Cannot write {target}: {en}. Free some space, or name another folder in YOUJU_HOME",
        ) from error


# ---------------------------------------------------------------------------------------------- verification


def verify(weights: Weights, target: Path | None = None) -> Verification:
    """Make sure that ``target`` is the published file; cheap if it has not changed since it was last hashed.

    Raises ``WeightsError`` if it is missing or differs; the file is left as it is.
    """
    target = target or weights.path
    if not target.is_file():
        raise WeightsError(f"没有权重文件 {target}", f"There is no weights file {target}")
    known = recall(target)
    if known and known.sha256 == weights.sha256 and known.fits(target):
        return known
    size = target.stat().st_size
    _refuse_difference(weights, target, size, hash_file(target) if size == weights.size else "", keep=True)
    return _remember(target, weights.sha256, known.source if known else "file")


def _is_sound(weights: Weights, target: Path) -> bool:
    try:
        verify(weights, target)
    except WeightsError:
        return False
    return True


def status(weights: Weights, target: Path | None = None) -> Status:
    """What is there and how it was verified, without hashing anything large."""
    target = target or weights.path
    if target.is_file():
        known = recall(target)
        if known and known.sha256 == weights.sha256 and known.fits(target):
            return Status(weights, target, "verified", known.source)
        return Status(weights, target, "unverified" if target.stat().st_size == weights.size else "damaged")
    try:
        found = bool(locate_parts(weights))
    except WeightsError:
        found = False
    return Status(weights, target, "packaged" if found else "absent")


def hash_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _refuse_difference(weights: Weights, path: Path, size: int, digest: str, *, keep: bool = False) -> None:
    """Raise ``WeightsError`` unless size and hash are the published ones; delete the file unless ``keep``."""
    if (size, digest) == (weights.size, weights.sha256):
        return
    if not keep:
        path.unlink(missing_ok=True)
    done_zh = "请删除它" if keep else "文件未保留。请重新安装"
    done_en = "Delete it" if keep else "It was not kept. Reinstall it"
    remedy_zh = f"{done_zh}后重试" + (f"：{weights.install}" if weights.install else "")
    remedy_en = f"{done_en} and try again" + (f": {weights.install}" if weights.install else "")
    raise WeightsError(
        f"{path.name} 不是 {weights.name} 公布的权重：应为 {weights.size} 字节、SHA-256 {weights.sha256}，"
        f"实际为 {size} 字节、SHA-256 {digest or '（未计算）'}。{remedy_zh}",
        f"{path.name} is not the published file of {weights.name}: expected {weights.size} bytes with SHA-256 "
        f"{weights.sha256}, found {size} bytes with SHA-256 {digest or '(not computed)'}. {remedy_en}",
    )


def record_path(target: Path) -> Path:
    """The small JSON beside ``target`` that remembers its verification."""
    return target.with_name(target.name + ".verified.json")


def recall(target: Path) -> Verification | None:
    """The remembered verification of ``target``; ``None`` if there is none or it cannot be read."""
    try:
        return Verification(**json.loads(record_path(target).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _remember(target: Path, sha256: str, source: Source) -> Verification:
    found = target.stat()
    verification = Verification(found.st_size, found.st_mtime_ns, sha256, source)
    record = record_path(target)
    temporary = record.with_name(f"{record.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(asdict(verification)), "utf-8")
        temporary.replace(record)
    except OSError:  # a read-only cache is hashed at each start, and works
        temporary.unlink(missing_ok=True)
    return verification
