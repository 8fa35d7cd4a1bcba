"""What is known about files beyond what they say themselves: ``documents.toml`` or ``seeds.toml`` beside them.

One table per file name, every key optional::

    ["000.txt"]
    title = "…"
    date = 2023-03-05
    source = "新华网"
    event = "…"
    speakers = ["金壮龙"]
    roles = { "金壮龙" = "工业和信息化部部长" }
"""

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.loading import archived_files, regular_files
from rag.loading.base import refusal
from rag.loading.file_names import SIDECAR_NAMES

MAX_SIDECAR_BYTES = 5_000_000
"""Largest sidecar read, in bytes: a hundred bytes for each of 50,000 documents."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a sidecar says about one file; empty where it says nothing.

    Attributes:
        title: title to show.
        date: day of publication.
        source: who published it.
        event: the occasion.
        speakers: people who speak in it.
        roles: what a speaker is (金壮龙 → 工业和信息化部部长); its keys are among ``speakers``.
    """

    title: str = ""
    date: datetime.date | None = None
    source: str = ""
    event: str = ""
    speakers: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)


def metadata_of(path: Path, name: str = "") -> Metadata:
    """What the sidecars in the file's folder say about the file.

    Args:
        path: the file, which may lie in an archive.
        name: what it is called in messages, if it does.

    Raises:
        LoadError: a sidecar cannot be read, or says something that cannot be understood.
    """
    archive = archived_files.archive_of(path)
    for sidecar_name in SIDECAR_NAMES:
        sidecar = path.parent / sidecar_name
        named = str(Path(name).parent / sidecar_name if archive and name else sidecar)
        try:
            identity = regular_files.identity_of((archive or sidecar).stat())
        except OSError:
            continue
        table = _tables(sidecar, archive, named, identity).get(path.name)
        if table is not None:
            return _metadata(table, f"{named} [{path.name}]")
    return Metadata()


@lru_cache(maxsize=8)
def _tables(sidecar: Path, archive: Path | None, named: str, identity: tuple[int, ...]) -> dict[str, Any]:
    """The sidecar's tables; ``identity`` makes a changed file another entry of the cache. An archive need not hold one."""
    if archive is None:
        raw = regular_files.read(sidecar, named, MAX_SIDECAR_BYTES)
    elif archived_files.holds_sidecar(archive, sidecar):
        raw = archived_files.read(archive, sidecar, named, MAX_SIDECAR_BYTES)
    else:
        return {}
    if len(raw) > MAX_SIDECAR_BYTES:
        limit = f"{MAX_SIDECAR_BYTES / 1_000_000:g} MB"
        raise refusal(
            named,
            f"文件超过上限 {limit}。请把文档分到几个文件夹，或移走它。",
            f"it exceeds the limit of {limit}; spread the documents over several folders, or move it away.",
        )
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except RecursionError as error:
        raise refusal(named, "嵌套过深。请改正，或移走它。", "it nests too deep; mend it or move it away.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refusal(
            named,
            f"不是有效的 UTF-8 编码 TOML 文件（{error}）。请改正，或移走它。",
            f"it is not a valid TOML file in UTF-8 ({error}); mend it or move it away.",
        ) from error


def _metadata(table: object, where: str) -> Metadata:
    if not isinstance(table, dict):
        raise _misunderstood(where, "应为一个表", "must be a table")
    known = {"title", "date", "source", "event", "speakers", "roles"}
    if unknown := sorted(table.keys() - known):
        names, allowed = "、".join(unknown), ", ".join(sorted(known))
        raise _misunderstood(where, f"不认识的键 {names}（可用：{allowed}）", f"unknown key {names} (known: {allowed})")
    for key in ("title", "source", "event"):
        if not isinstance(table.get(key, ""), str):
            raise _misunderstood(where, f"{key} 应为字符串", f"{key} must be a string")
    speakers, roles = table.get("speakers", []), table.get("roles", {})
    if not isinstance(speakers, list) or not all(isinstance(speaker, str) for speaker in speakers):
        raise _misunderstood(where, "speakers 应为字符串数组", "speakers must be an array of strings")
    if not isinstance(roles, dict) or not all(isinstance(role, str) for role in roles.values()):
        raise _misunderstood(where, "roles 应为“姓名 = 职务”的表", "roles must be a table of strings")
    if strangers := sorted(roles.keys() - set(speakers)):
        names = "、".join(strangers)
        raise _misunderstood(where, f"roles 中的 {names} 不在 speakers 里", f"roles names {names}, not in speakers")
    return Metadata(
        title=table.get("title", "").strip(),
        date=_date(table.get("date"), where),
        source=table.get("source", "").strip(),
        event=table.get("event", "").strip(),
        speakers=tuple(speakers),
        roles=dict(roles),
    )


def _date(value: object, where: str) -> datetime.date | None:
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise _misunderstood(where, "date 应写作 2023-03-05", "date must be written as 2023-03-05") from None


def _misunderstood(where: str, zh: str, en: str) -> Exception:
    return refusal(where, f"{zh}。请改正后再试。", f"{en}; mend it and try again.")
