"""Uses a built wheel as a stranger would: an empty environment, another directory, an empty cache, no network.

Before that it is built once more, from a copy of the tree in another folder, under another umask, time zone and locale,
which must give the same bytes, and so must the bill of materials beside it.

The dependencies come from the environment that runs this file, through a .pth file, so nothing is installed twice; the
editable install in it is not seen, for Python does not follow .pth files found that way.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import licences
import sbom

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("rag", "embeddings", "ui", "eval")

IMPORT_ALL = """
import importlib, pkgutil, sys
from pathlib import Path
folder = Path(sys.argv[1])
for name in sys.argv[2:]:
    package = importlib.import_module(name)
    assert Path(package.__file__).is_relative_to(folder), f"{name} comes from {package.__file__}, not from the wheel"
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print("every module imports")
"""

ASK = """
import rag
answer = rag.ask("截至2023年3月底我国建成了多少个5G基站？", language_model="extractive")
assert not answer.abstained, "the embedded corpus holds the answer"
assert "264" in answer.text, answer.text
assert answer.citations, "an answer without citations"
for c in answer.citations:
    assert c.document.text[c.start:c.end] == c.quote, c
print(answer.text.strip().splitlines()[0])
"""


def shipped() -> set[str]:
    """Paths that the wheel has to hold: every module, marker and seed that git knows or would take."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *PACKAGES, "seeds"]
    names = subprocess.check_output(listing, cwd=ROOT, text=True).split("\0")
    return {name for name in names if name and (ROOT / name).exists()}


def check_built_again(wheel: Path) -> None:
    """Builds the wheel from a copy of the tree, elsewhere and by somebody else; it has to be the same."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(listing, cwd=ROOT, text=True).split("\0")
    with tempfile.TemporaryDirectory() as folder:
        copy, out = Path(folder, "another", "place"), Path(folder, "out")
        before = os.umask(0o077)
        try:
            for name in reversed([name for name in names if (ROOT / name).is_file()]):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy / name)  # with today's date and without rights for others
                (copy / name).chmod((ROOT / name).stat().st_mode & 0o700)
            command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copy)]
            elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | elsewhere)
        finally:
            os.umask(before)
        again = out / wheel.name
        if again.read_bytes() != wheel.read_bytes():
            raise SystemExit(f"{wheel.name}: built again, it is another file; {difference(wheel, again)}")
        bill = wheel.with_suffix(".cdx.json")
        if sbom.written(sbom.bill_of_materials(again)) != bill.read_text(encoding="utf-8"):
            raise SystemExit(f"{bill.name}: made again, it is another file")
    print(f"{wheel.name}, {bill.name}: built again elsewhere, the same bytes")


def difference(one: Path, other: Path) -> str:
    """Which members of two wheels differ, in bytes, time or rights."""
    with zipfile.ZipFile(one) as first, zipfile.ZipFile(other) as second:
        facts = [
            {member.filename: (member.CRC, member.date_time, member.external_attr) for member in archive.infolist()}
            for archive in (first, second)
        ]
    differing = {name for name in facts[0].keys() | facts[1].keys() if facts[0].get(name) != facts[1].get(name)}
    return f"differing members: {sorted(differing) or 'none, but their order or compression'}"


def check_bill(bill: Path) -> None:
    """Everything that runs is in the bill of materials with hashes and a licence, and so are the models."""
    listed = json.loads(bill.read_text(encoding="utf-8"))["components"]
    packages = {part["name"]: part for part in listed if part["type"] == "library"}
    if packages.keys() != licences.runtime().keys():
        raise SystemExit(f"{bill.name}: not the packages that run: {packages.keys() ^ licences.runtime().keys()}")
    hashed = [part for part in listed if part.get("hashes") or part["externalReferences"][0]["hashes"]]
    models = [part["name"] for part in listed if part["type"] == "machine-learning-model"]
    if len(hashed) != len(listed) or not all(part["licenses"][0]["expression"] for part in listed) or len(models) < 2:
        raise SystemExit(f"{bill.name}: a component without hash or licence, or no models ({models})")


def main() -> None:
    """Checks the wheel named on the command line."""
    wheel = Path(sys.argv[1]).resolve()
    with zipfile.ZipFile(wheel) as archive:
        held = {n for n in archive.namelist() if ".dist-info/" not in n}
    if held != shipped():
        raise SystemExit(
            f"missing in {wheel.name}: {sorted(shipped() - held)}; not expected: {sorted(held - shipped())}"
        )
    print(f"{wheel.name}: {len(held)} files, {wheel.stat().st_size / 1e6:.1f} MB")
    check_bill(wheel.with_suffix(".cdx.json"))
    check_built_again(wheel)

    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", f"{folder}/venv"], check=True)
        python = f"{folder}/venv/bin/python"
        pip = [sys.executable, "-m", "pip", "--python", python, "--no-input", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
        site = subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        )
        (Path(site.strip()) / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")

        elsewhere = Path(folder, "elsewhere")
        elsewhere.mkdir()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "YOUJU", "XDG_", "HF_"))}
        environment |= {"HOME": folder, "XDG_CACHE_HOME": f"{folder}/cache", "XDG_DATA_HOME": f"{folder}/data"}
        environment |= {"HF_HUB_OFFLINE": "1", "PYTHONIOENCODING": "utf-8"}
        for command in (
            [python, "-c", IMPORT_ALL, site.strip(), *PACKAGES],
            [f"{folder}/venv/bin/youju", "--version"],
            [f"{folder}/venv/bin/youju", "--help"],
            [python, "-c", ASK],
        ):
            subprocess.run(command, check=True, cwd=elsewhere, env=environment)
    print("the wheel works where it is installed")


if __name__ == "__main__":
    main()
