"""What all benchmarks share: processes of their own, memory, quantiles, tables, and their place in docs/benchmarks.md."""

import argparse
import datetime
import gc
import json
import multiprocessing
import os
import platform
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "benchmarks.md"
THREADS = os.cpu_count() or 1
MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class Table:
    """A table of results: ``rows`` have as many cells as ``head``."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        """The table in Markdown."""
        lines = [self.head, ["---"] + ["--:"] * (len(self.head) - 1), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def alone(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Calls a function in a fresh process and returns its result, so that the memory it needs is its own."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as executor:
        return executor.submit(function, *arguments).result()


def memory() -> float:
    """Resident memory of this process now, in MiB."""
    import psutil

    gc.collect()
    return float(psutil.Process().memory_info().rss) / MEBIBYTE


def peak_memory() -> float:
    """The most resident memory this process has held so far, in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not ru_maxrss: on Linux that one begins at what the parent process held.
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        if found:
            return int(found.group(1)) / 1024
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / MEBIBYTE
    import resource

    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / (MEBIBYTE if sys.platform == "darwin" else 1024)


def folder_size(folder: Path) -> float:
    """Size of all files in a folder, in MiB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / MEBIBYTE


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed, between neighbours in proportion; ``share`` from 0 to 1."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def machine() -> dict[str, Any]:
    """The machine and the versions that a measurement was made with."""
    import psutil

    packages = ("torch", "faiss-cpu", "sentence-transformers", "langchain-core", "xllamacpp")
    found = {distribution.metadata["Name"].lower() for distribution in metadata.distributions()}
    return {
        "date": datetime.date.today().isoformat(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in packages if name in found},
    }


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Adds ``--json`` and ``--write`` to a benchmark's options."""
    parser.add_argument("--json", type=Path, help="where to write the results; by default in the cache folder")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")


def cache() -> Path:
    """The folder in the user's cache where benchmarks keep vectors and results; made if it is not there."""
    from embeddings import cache_folder

    folder = cache_folder() / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def publish(name: str, options: argparse.Namespace, measured: dict[str, Any], tables: Sequence[str | Table]) -> None:
    """Prints the tables of a benchmark, writes its numbers as JSON and, if asked to, its part of the document.

    Args:
        name: the benchmark's name; its part of the document stands between ``<!-- name -->`` and ``<!-- /name -->``.
        options: the options of :func:`add_output_options`.
        measured: the numbers.
        tables: tables and paragraphs, in Markdown.
    """
    conditions = machine()
    text = "\n\n".join([_conditions(name, conditions), *map(str, tables)])
    print(text)
    file = options.json or cache() / f"{name}.json"
    content = json.dumps({"machine": conditions, "measured": measured}, ensure_ascii=False, indent=2)
    file.write_text(content + "\n", encoding="utf-8")
    if options.write:
        write_section(name, text)


def write_section(name: str, text: str) -> None:
    """Puts a text between the markers of a benchmark in docs/benchmarks.md.

    Raises:
        SystemExit: the document lacks the markers.
    """
    content = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found_begin, rest = content.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise SystemExit(f"{DOCUMENT.name} lacks the lines {begin} and {end}, between which the results belong.")
    DOCUMENT.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def _conditions(name: str, conditions: dict[str, Any]) -> str:
    """One paragraph that says how, when and where a measurement was made."""
    given = " ".join(sys.argv[1:])
    arguments = re.sub(r"--(?:json|news)[ =]\S+|--write", "", given).strip()  # paths belong to one machine only
    packages = ", ".join(f"{package} {version}" for package, version in conditions["packages"].items())
    load = "" if conditions["load"] is None else f" (load {conditions['load']} at the end)"
    return (
        f"`python benchmarks/{name}.py{' ' + arguments if arguments else ''}` · {conditions['date']} · "
        f"{conditions['cores']} cores, {conditions['memory_gib']} GiB{load}, {conditions['system']}, "
        f"Python {conditions['python']}, {packages}"
    )
