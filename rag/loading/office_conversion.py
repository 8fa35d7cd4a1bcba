"""Formats of other office programs (.doc, .wps, .odt, …), converted by LibreOffice to those that our loaders read.

LibreOffice is used where it is installed. It runs in a process group of its own, with limits and without a network, from a
profile that is made for one file and forbids macros and links; all that it writes lies in one temporary folder, which is
removed with it. The import filter is named: otherwise a web page under the suffix .doc would be read as a web page, with
what it links to. What comes out is as untrusted as what went in, and is read in the process that reads all files.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from rag.errors import LoadError, UsageError
from rag.loading.base import MAX_BYTES, MAX_UNPACKED_BYTES, refusal
from rag.loading.file_limits import VARIABLES, FileLimits
from rag.loading.formats import FORMATS

VARIABLE = "YOUJU_LIBREOFFICE"
"""The environment variable that names LibreOffice's command, or ``none`` where it is not to be used."""

_COMMANDS = ("soffice", "libreoffice")
_IMPORT_FILTERS = {
    ".doc": "MS Word 97",
    ".rtf": "Rich Text Format",
    ".odt": "writer8",
    ".xls": "MS Excel 97",
    ".ods": "calc8",
    ".ppt": "MS PowerPoint 97",
    ".odp": "impress8",
}
_EXPORT_FILTERS = {
    ".docx": "MS Word 2007 XML",
    ".xlsx": "Calc MS Excel 2007 XML",
    ".pptx": "Impress MS PowerPoint 2007 XML",
}
_OPTIONS = (
    "--headless",
    "--invisible",
    "--norestore",
    "--nologo",
    "--nodefault",
    "--nolockcheck",
    "--nofirststartwizard",
)
_NOWHERE = {f"ooInet{kind}ProxyName": "127.0.0.1" for kind in ("HTTP", "HTTPS", "FTP")}
_CLOSED = {f"ooInet{kind}ProxyPort": 9 for kind in ("HTTP", "HTTPS", "FTP")}
_SETTINGS: dict[str, dict[str, str | int]] = {
    "/org.openoffice.Office.Common/Security/Scripting": {
        "MacroSecurityLevel": 3,
        "DisableMacrosExecution": "true",
        "BlockUntrustedRefererLinks": "true",
    },
    "/org.openoffice.Office.Writer/Content/Update": {"Link": 0},  # never
    "/org.openoffice.Office.Calc/Content/Update": {"Link": 1},  # never
    "/org.openoffice.Office.Calc/Formula/Load": {"OOXMLRecalcMode": 1, "ODFRecalcMode": 1},  # never
    "/org.openoffice.Inet/Settings": {"ooInetProxyType": 2, **_NOWHERE, **_CLOSED},  # a proxy that is not there
}
_MEMORY_MB = 1_000  # more than the address space that LibreOffice takes before it reads a file (7.4: 400)
_GROUP_SECONDS = 2.0
_one_at_a_time = threading.Lock()  # each takes about 200 MB


def libreoffice() -> str | None:
    """The command of LibreOffice; None where it is not installed, or not to be used.

    Raises:
        UsageError: ``YOUJU_LIBREOFFICE`` names no program.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named == "none":
        return None
    if not named:
        return next((found for command in _COMMANDS if (found := shutil.which(command))), None)
    found = shutil.which(os.path.expanduser(named))
    if found is None:
        raise UsageError(
            zh=f"{VARIABLE} 应是 LibreOffice 的命令（soffice）或它的路径，或 none，而不是“{named}”：没有这个程序。",
            en=f"{VARIABLE} must be LibreOffice's command (soffice), its path, or none, not '{named}': there is no such "
            "program.",
        )
    return found


def converted(raw: bytes, suffix: str, name: str, limits: FileLimits) -> bytes | None:
    """A file in the format that LibreOffice makes of it; None where it makes nothing of it.

    Args:
        raw: the file's bytes.
        suffix: its format, one that becomes another (:class:`rag.loading.formats.Format`).
        name: its name, for messages.
        limits: what reading it may take; converting it may take as much again.

    Raises:
        LoadError: LibreOffice is not installed, cannot be started, takes too long, or makes too large a file of it.
        UsageError: as for :func:`libreoffice`.
    """
    command = libreoffice()
    if command is None:
        raise _not_installed(name, suffix)
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="youju-office-", ignore_cleanup_errors=True) as folder:
        return _made_by(command, raw, suffix, name, limits, Path(folder))


def told(suffix: str) -> tuple[str, str]:
    """The line that says of a document that LibreOffice has converted it, among those of what its text may lack."""
    made = FORMATS[suffix].becomes
    return (
        f"由 LibreOffice 从 {suffix} 转换为 {made} 时可能丢失的内容",
        f"what LibreOffice may have lost when it converted it from {suffix} to {made}",
    )


def _made_by(command: str, raw: bytes, suffix: str, name: str, limits: FileLimits, folder: Path) -> bytes | None:
    made = FORMATS[suffix].becomes
    profile, out = folder / "profile", folder / "made"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    out.mkdir()
    given = folder / f"document{suffix}"
    given.write_bytes(raw)
    program = [
        command,
        f"-env:UserInstallation={profile.as_uri()}",
        *_OPTIONS,
        f"--infilter={_IMPORT_FILTERS[suffix]}",
        "--convert-to",
        f"{made[1:]}:{_EXPORT_FILTERS[made]}",
        "--outdir",
        str(out),
        str(given),
    ]
    try:
        _run(program, folder, limits)
    except subprocess.TimeoutExpired:
        raise _slow(name, limits) from None
    except OSError as error:
        raise _not_started(name, command, error) from error
    result = out / f"document{made}"
    if result.is_symlink() or not result.is_file():
        return None
    with result.open("rb") as file:
        found = file.read(MAX_BYTES + 1)
    if len(found) > MAX_BYTES:
        raise _large(name, made)
    return found or None


def _run(program: list[str], folder: Path, limits: FileLimits) -> None:
    """Runs a program until it ends; none of its processes is left when this returns.

    Raises:
        subprocess.TimeoutExpired: it takes longer than the limit.
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        [*_confined(limits), *program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_environment(folder),
        start_new_session=True,  # the group that is ended whole
    )
    try:
        process.wait(limits.seconds)
    finally:
        _end(process)


def _confined(limits: FileLimits) -> list[str]:
    """What stands before a program's name so that it starts with limits; nothing on Windows, which has none."""
    if os.name == "nt":
        return []
    numbers = (_MEMORY_MB + limits.memory_mb, 2 * limits.seconds, MAX_UNPACKED_BYTES // 1_000_000)
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("confinement.py")), *map(str, numbers)]


def _environment(folder: Path) -> dict[str, str]:
    """What the program knows: where programs and libraries are, and the folder that is its home. No keys, no proxy."""
    passed_on = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
    kept = {name: os.environ[name] for name in passed_on if name in os.environ}
    own = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), str(folder))
    return {**kept, **own, "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program with all its processes, and waits until none of them can write any more."""
    if not hasattr(os, "killpg"):
        process.kill()
        process.wait()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    end = time.monotonic() + _GROUP_SECONDS
    with contextlib.suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < end:
            os.killpg(process.pid, 0)
            time.sleep(0.01)


def _registry() -> str:
    """The settings of LibreOffice's profile, in the form of its own file."""
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{key}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, values in _SETTINGS.items()
        for key, value in values.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>"
    )


def _not_installed(name: str, suffix: str) -> LoadError:
    made = FORMATS[suffix].becomes
    return refusal(
        name,
        f"内容是 {suffix} 格式，要由 LibreOffice 转换才能读，而这里没有找到它。请安装 LibreOffice（命令 soffice，"
        f"或用 {VARIABLE} 指明），或用 Office 或 WPS 另存为 {made} 后再试。",
        f"its content is in the format {suffix}, which LibreOffice has to convert, and that was not found. Install "
        f"LibreOffice (the command soffice, or name it with {VARIABLE}), or save the file as {made} and try again.",
    )


def _not_started(name: str, command: str, error: OSError) -> LoadError:
    reason = error.strerror or str(error)
    return refusal(
        name,
        f"无法启动 LibreOffice（{command}：{reason}）。请检查 {VARIABLE} 和它的安装。",
        f"LibreOffice could not be started ({command}: {reason}); check {VARIABLE} and its installation.",
    )


def _slow(name: str, limits: FileLimits) -> LoadError:
    setting = VARIABLES["seconds"]
    return refusal(
        name,
        f"LibreOffice 转换它花的时间超过上限 {limits.seconds} 秒。请拆分后再试，或调高 {setting}。",
        f"converting it with LibreOffice takes longer than the limit of {limits.seconds} s; split it, or raise {setting}.",
    )


def _large(name: str, made: str) -> LoadError:
    limit = MAX_BYTES // 1_000_000
    return refusal(
        name,
        f"LibreOffice 转换出的 {made} 文件超过上限 {limit} MB。请拆分后再试。",
        f"the {made} file that LibreOffice makes of it exceeds the limit of {limit} MB; split it.",
    )
