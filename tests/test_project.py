"""The project's own files agree with each other: pyproject.toml, the lock files, the licences of what is installed."""

from __future__ import annotations

import re
from importlib import metadata

import licences
import pytest
from licences import PROJECT, ROOT, locked
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ["requirements.lock", "requirements-benchmarks.lock", "requirements-cuda.lock", "requirements-docs.lock"]


def needed() -> list[Requirement]:
    """What pyproject.toml asks for on this system."""
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    asked = map(Requirement, [*project["dependencies"], *extras, *groups["dev"], *PROJECT["build-system"]["requires"]])
    return [requirement for requirement in asked if requirement.marker is None or requirement.marker.evaluate()]


def lines_of(name: str) -> list[tuple[str, ...]]:
    """Name, version, marker and hashes of all that a lock file holds, whatever system it is for."""
    found: list[tuple[str, ...]] = licences.LOCKED.findall((ROOT / name).read_text(encoding="utf-8"))
    return found


def builds_of_torch(name: str) -> dict[str, tuple[str, set[str]]]:
    """Version and hashes of torch in a lock file, by the marker of the systems that they are for."""
    found = [line for line in lines_of(name) if line[0] == "torch"]
    return {marker: (version, set(re.findall(r"sha256:\w+", hashes))) for _, version, marker, hashes in found}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes(name: str) -> None:
    assert len(lines_of(name)) > 10
    assert [package for package, *_, hashes in lines_of(name) if not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_host_and_no_folder(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    allowed = re.compile(
        r"#.*|[\w.-]+==[\w.+!]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|    # via [\w., ():-]+|"
    )
    assert [line for line in lines if not allowed.fullmatch(line)] == []
    assert not re.search(r"://|/opt/|/root/|/tmp/|/home/", "\n".join(lines))


@pytest.mark.parametrize("requirement", needed(), ids=str)
def test_lock_satisfies_pyproject(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    assert name in locked("requirements.lock"), f"run `make lock`: {name} is not in requirements.lock"
    assert locked("requirements.lock")[name][0] in requirement.specifier


@pytest.mark.parametrize("group", ["benchmarks", "docs"])
def test_layered_lock_holds_its_group(group: str) -> None:
    both = locked("requirements.lock") | locked(f"requirements-{group}.lock")
    for requirement in map(Requirement, PROJECT["dependency-groups"][group]):
        assert both[canonicalize_name(requirement.name)][0] in requirement.specifier


def test_locks_do_not_overlap() -> None:
    main, benchmarks, cuda, docs = ({package for package, *_ in lines_of(name)} for name in LOCKS)
    assert main & benchmarks == set()
    assert main & cuda == {"torch"}
    assert not [package for package in main | benchmarks | docs if package.startswith(("nvidia-", "cuda-", "triton"))]
    # What builds the pages needs some packages everywhere that the rest needs on some systems only.
    assert main & docs == {
        package for package, _, marker, _ in lines_of("requirements.lock") if package in docs and marker
    }
    versions = [{package: version for package, version, *_ in lines_of(name)} for name in LOCKS]
    for package in docs & (main | benchmarks):
        assert versions[3][package] == (versions[0] | versions[1])[package]


def test_torch_comes_without_cuda_and_both_builds_are_locked() -> None:
    builds, default = builds_of_torch("requirements.lock"), builds_of_torch("requirements-cuda.lock")
    linux, others = "sys_platform == 'linux'", "sys_platform != 'linux'"
    assert set(builds) == {linux, others} and set(default) == {linux}
    version, hashes = default[linux]
    assert builds[linux][0] == f"{version}+cpu" and builds[others][0] == version
    assert not builds[linux][1] & hashes


def test_installed_versions_are_the_locked_ones() -> None:
    different = {}
    for requirement in needed():
        installed = metadata.version(requirement.name).split("+")[0]
        expected = locked("requirements.lock")[canonicalize_name(requirement.name)][0].split("+")[0]
        if installed != expected:
            different[requirement.name] = (installed, expected)
    assert different == {}


def test_everything_that_runs_is_locked() -> None:
    assert set(licences.runtime()) - set(locked("requirements.lock")) == set()


def test_every_installed_package_has_a_known_licence_that_is_allowed() -> None:
    found = {name: licences.licence_of(name) for name in locked("requirements.lock")}
    assert {name: licence for name, licence in found.items() if not licences.is_allowed(licence.expression)} == {}


def test_so_has_what_builds_the_documentation_where_it_is_installed() -> None:
    pytest.importorskip("mkdocs")
    found = {name: licences.licence_of(name) for name in locked("requirements-docs.lock")}
    assert {name: licence for name, licence in found.items() if not licences.is_allowed(licence.expression)} == {}


def test_list_of_licences_is_the_present_one() -> None:
    assert licences.LISTED.read_text(encoding="utf-8") == licences.listing(), "run `make licences`"


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True), ("Apache-2.0 WITH LLVM-exception AND MIT", True), ("GPL-2.0-only OR MIT", True),
        ("MPL-2.0 AND (GPL-2.0-only OR BSD-3-Clause)", True),
        ("GPL-3.0-only", False), ("AGPL-3.0-or-later", False), ("LGPL-2.1-only", False), ("CC-BY-NC-4.0", False),
        ("MIT AND GPL-2.0-or-later", False), ("GPL-2.0-only OR LGPL-3.0-only", False), ("", False),
    ],
)  # fmt: skip
def test_licences_are_allowed_by_choice_and_refused_by_any_part(expression: str, allowed: bool) -> None:
    assert licences.is_allowed(licences.spdx(expression)) is allowed


@pytest.mark.parametrize("text", ["BSD", "UNKNOWN", "see LICENSE", "Proprietary", "Apache", "MIT-ish"])
def test_vague_words_are_no_licence(text: str) -> None:
    assert licences.spdx(text) == ""


def test_licences_read_in_files_are_those_that_metadata_do_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {*locked("requirements.lock"), *locked("requirements-docs.lock")}
    assert set(licences.READ_IN_FILE) - known == set()
    monkeypatch.setattr(licences, "READ_IN_FILE", {"jinja2": ("BSD-3-Clause", "words that no licence holds")})
    licences.licence_of.cache_clear()
    try:
        assert licences.licence_of("jinja2").expression == ""
        assert licences.licence_of("mpmath").expression == ""
    finally:
        licences.licence_of.cache_clear()
