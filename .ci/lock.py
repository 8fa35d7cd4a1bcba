"""Makes the lock files from pyproject.toml: `make lock`, or this file with --upgrade.

pip-tools resolves. Changed on the way:

* A file's SHA-256 is taken from the package index's own page where the page tells it (it does for every file of a
  release, for all systems), instead of downloading every file to hash it.
* torch is locked without its local label (`2.13.0`, not `2.13.0+cpu`), and its hashes are dealt out: those of the CPU
  build for Linux and of the builds for other systems to requirements.lock; those of the default builds for Linux to
  requirements-cuda.lock, together with the CUDA packages that they need. In one list pip would take the default build
  even where the CPU build lies at hand, for it prefers a file whose hash the index tells beforehand.

Nothing that tells of the machine it is made on is written: no index, no folder.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version
from pip._internal.models.link import Link
from piptools.repositories.pypi import PyPIRepository
from piptools.scripts.compile import cli

ROOT = Path(__file__).resolve().parent.parent
MAIN = ROOT / "requirements.lock"
BENCHMARKS = ROOT / "requirements-benchmarks.lock"
CUDA = ROOT / "requirements-cuda.lock"

HEADER = """\
# Made by `make lock` with Python {python} (`make lock UPGRADE=1` takes newer versions). Do not edit.
# Installed with: pip install --require-hashes --no-deps -r {name}
{about}
"""
ABOUT = {
    MAIN: """\
# Everything that the package, its local language model, its evaluation, its chat window and its development need.
# torch: the hashes are those of its CPU build for Linux (torch-…+cpu, not on the default index: pip has to be
# configured to find it) and of its builds for macOS and Windows. Where only the default build for Linux is to be had,
# install requirements-cuda.lock first, as `make` does by itself.
""",
    CUDA: """\
# torch's default builds for Linux and the CUDA packages that they need (about 3 GB). Only for Linux without the CPU
# build, or with a GPU (`make TORCH=cuda …`); to be installed before requirements.lock.
""",
    BENCHMARKS: """\
# What `make bench` compares against, on top of requirements.lock.
""",
}


def _hash_from_index(self: PyPIRepository, link: Link, _original=PyPIRepository._get_file_hash) -> str:
    return f"sha256:{link.hash}" if link.hash_name == "sha256" else _original(self, link)


linux_default_builds: set[str] = set()


def _candidates_of_any_build(self: PyPIRepository, ireq) -> set:
    (pin,) = ireq.specifier
    release = Version(pin.version).public
    found = {c for c in self.find_all_candidates(ireq.name) if c.version.public == release}
    if canonicalize_name(ireq.name) == "torch":
        linux_default_builds.update(
            f"sha256:{c.link.hash}" for c in found if "linux" in c.link.filename and c.version.local is None
        )
    return found


PyPIRepository._get_file_hash = _hash_from_index
PyPIRepository._get_matching_candidates = _candidates_of_any_build


def compile_lock(requirements: list[str], constraints: list[str], previous: Path, upgrade: bool) -> dict[str, str]:
    """Resolves, and returns each package's block of lines by its canonical name."""
    with tempfile.TemporaryDirectory() as folder:
        source, limits, target = (Path(folder) / n for n in ("pyproject.toml.in", "limits.txt", "out.txt"))
        source.write_text("\n".join(requirements), encoding="utf-8")
        limits.write_text("\n".join(constraints), encoding="utf-8")
        if previous.exists() and not upgrade:
            pins = re.findall(r"^[\w.-]+==[^ \n]+", previous.read_text(encoding="utf-8"), flags=re.MULTILINE)
            target.write_text("\n".join(pins), encoding="utf-8")
        options = "--quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url"
        options += " --no-emit-find-links --no-emit-trusted-host --no-emit-options --annotation-style=line"
        with redirect_stdout(io.StringIO()):
            cli(
                [*options.split(), f"--constraint={limits}", f"--output-file={target}", str(source)],
                standalone_mode=False,
            )
        text = target.read_text(encoding="utf-8")
    blocks: dict[str, str] = {}
    for name, version, rest in re.findall(r"^([\w.-]+?)={2,3}([^ \n]+)(.*(?:\n[ \t]+.*)*)", text, flags=re.MULTILINE):
        lines = [line for line in rest.split("\n") if not line.lstrip().startswith("#")]
        via = re.findall(r"# via (.*)", rest)
        parents = [p for p in (via[0].split(", ") if via else []) if not p.startswith("-c ")]
        parents = ["pyproject.toml" if p.startswith("-r ") else p for p in parents]
        lines.append(f"    # via {', '.join(dict.fromkeys(parents))}")
        blocks[canonicalize_name(name)] = f"{canonicalize_name(name)}=={Version(version).public}" + "\n".join(lines)
    return blocks


def keep_hashes(block: str, wanted: Callable[[str], bool]) -> str:
    """Keeps those hashes of a package's block for which `wanted` is true."""
    head, *rest = block.split("\n")
    hashes = [h for h in re.findall(r"sha256:\w+", block) if wanted(h)]
    return " \\\n".join([head.removesuffix(" \\"), *(f"    --hash={h}" for h in hashes)]) + "\n" + rest[-1]


def write(path: Path, blocks: dict[str, str]) -> None:
    """Writes one lock file, unless something in it would tie it to this machine."""
    python = ".".join(map(str, sys.version_info[:2]))
    text = HEADER.format(python=python, name=path.name, about=ABOUT[path]) + "\n".join(map(blocks.get, sorted(blocks)))
    for forbidden in ("://", "file:", " @ ", "--find-links", "--index-url", "--extra-index-url", tempfile.gettempdir()):
        if forbidden in text:
            raise SystemExit(f"{path.name}: holds {forbidden!r}, which would tie it to this machine")
    path.write_text(text + "\n", encoding="utf-8")
    print(f"{path.name}: {len(blocks)} packages, {text.count('sha256:')} hashes")


def main() -> None:
    """Makes the three files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows")
    upgrade = parser.parse_args().upgrade
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = settings["project"], settings["dependency-groups"]
    pins = settings["tool"]["youju"]["lock-pins"]

    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["local"], *extras["eval"], *extras["ui"], *groups["dev"]]
    blocks = compile_lock(wanted, pins, MAIN, upgrade)
    if any(name.startswith(("nvidia-", "cuda-", "triton")) for name in blocks):
        raise SystemExit("torch was resolved to a build with CUDA: configure pip to find its CPU build, then try again")
    torch = blocks["torch"]
    blocks["torch"] = keep_hashes(torch, lambda h: h not in linux_default_builds)
    write(MAIN, blocks)
    locked = [block.split(" ", 1)[0] for block in blocks.values()]

    extra = compile_lock(groups["benchmarks"], locked, BENCHMARKS, upgrade)
    write(BENCHMARKS, {name: block for name, block in extra.items() if name not in blocks})

    release = torch.split(" ", 1)[0]
    if not CUDA.exists() or f"\n{release} " not in CUDA.read_text(encoding="utf-8"):
        others = [pin for pin in locked if pin != release]
        cuda = compile_lock([release.replace("==", "===")], others, CUDA, upgrade)
        cuda = {name: block for name, block in cuda.items() if name == "torch" or name not in blocks}
        cuda["torch"] = keep_hashes(torch, linux_default_builds.__contains__)
        write(CUDA, cuda)


if __name__ == "__main__":
    main()
