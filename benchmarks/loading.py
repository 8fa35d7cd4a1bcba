"""What it costs that files are parsed in another process: many small files, read here and there, side by side.

    python benchmarks/loading.py --write

The same files are read in this process (the format's loader called directly, as it was before) and through the reader,
and are taken into an index both ways with an embedder that costs next to nothing; in turn, several times.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.results import Table, add_output_options, publish, quantile

FILES = 1000
CHARACTERS = 1000
TARGET = 1.3
NOTE = (
    "{files} text files of {characters} characters. *Here*: the loader is called in the process itself; *there*: in the "
    "reader's process, its start included. Each value is the wall time of all files. Target for taking them in: at most "
    "{target} times: {verdict}."
)


def made(folder: Path) -> list[Path]:
    """Small files out of the sample documents, no two the same."""
    from rag.settings import SEEDS

    texts = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    files = []
    for number in range(FILES):
        path = folder / f"{number:04}.txt"
        path.write_text(f"第{number}篇\n{texts[number % len(texts)]}"[:CHARACTERS], encoding="utf-8")
        files.append(path)
    return files


def read_here(raw: bytes, suffix: str, name: str, _limits: Any) -> Any:
    """In the place of the reader: the loader itself."""
    from rag.loading.formats import loader_for

    return loader_for(suffix)(raw, name)


def loading(files: list[Path]) -> float:
    """Seconds to load the files."""
    from rag.loading import load

    began = time.perf_counter()
    for path in files:
        load(path)
    return time.perf_counter() - began


def adding(files: list[Path]) -> float:
    """Seconds to take the files into a new index."""
    from rag.assistant import Assistant
    from tests.hashing_embedder import HashingEmbedder

    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(folder, embedder=HashingEmbedder(), language_model="extractive") as assistant,
    ):
        began = time.perf_counter()
        report = assistant.add(files)
        seconds = time.perf_counter() - began
    if len(report.added) != len(files):
        raise SystemExit(f"{len(files) - len(report.added)} files were not taken in")
    return seconds


def measure(files: list[Path], runs: int) -> dict[str, dict[str, list[float]]]:
    """Seconds by task and place, in turn; each run there starts its reader anew."""
    from rag.loading import processes

    tasks: dict[str, Callable[[list[Path]], float]] = {"load": loading, "add": adding}
    seconds: dict[str, dict[str, list[float]]] = {task: {"here": [], "there": []} for task in tasks}
    for task in tasks.values():
        task(files[:50])  # brings code and files into memory
    for _ in range(runs):
        for name, task in tasks.items():
            with mock.patch.object(processes, "read", read_here):
                seconds[name]["here"].append(task(files))
            processes._readers.end()
            seconds[name]["there"].append(task(files))
    return seconds


def main() -> None:
    """Measures both ways and publishes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="how often each way is taken")
    add_output_options(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(made(Path(folder)), options.runs)
    rows, ratios = [], {}
    for task, places in seconds.items():
        here, there = quantile(places["here"], 0.5), quantile(places["there"], 0.5)
        ratios[task] = there / here
        rows.append([f"`{task}`", f"{here:.2f}", f"{there:.2f}", f"{ratios[task]:.2f}"])
    verdict = "met" if ratios["add"] <= TARGET else "missed"
    note = NOTE.format(files=FILES, characters=CHARACTERS, target=TARGET, verdict=verdict)
    table = Table(["", "here, s", "there, s", "ratio"], rows)
    publish("loading", options, {"seconds": seconds, "ratios": ratios}, [table, note])


if __name__ == "__main__":
    main()
