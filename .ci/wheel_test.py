"""Uses a built wheel as a stranger would: an empty environment, another directory, an empty cache, no network.

The dependencies come from the environment that runs this file, through a .pth file, so nothing is installed twice; the
editable install in it is not seen, for Python does not follow .pth files found that way.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

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
