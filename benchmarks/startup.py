"""What a user waits for before anything happens: every command and import from a cold process.

    python benchmarks/startup.py --write

Each command runs several times in turn, the index and the models already on disk. The yardsticks are what Python, torch
and sentence-transformers themselves take to start on the same machine in the same run.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import Table, add_output_options, alone, publish, quantile

QUESTION = "截至2023年3月底我国建成了多少个5G基站？"
YARDSTICK = "import sentence_transformers"
HELP_TARGET = 0.5
YOUJU = str(Path(sys.executable).with_name("youju"))
COMMANDS: dict[str, list[str]] = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import torch": [sys.executable, "-c", "import torch"],
    YARDSTICK: [sys.executable, "-c", YARDSTICK],
    "import rag": [sys.executable, "-c", "import rag"],
    "import rag.assistant": [sys.executable, "-c", "import rag.assistant"],
    "youju --version": [YOUJU, "--version"],
    "youju --help": [YOUJU, "--help"],
    "youju list": [YOUJU, "list"],
    "youju search": [YOUJU, "search", QUESTION],
    "youju ask --model extractive": [YOUJU, "ask", "--model", "extractive", QUESTION],
}
NOTE = (
    "Each value is the wall time of a whole process, from its start to its end. `youju search` and `youju ask` load the "
    "embedded model to embed the question. In one process, after the model is loaded, an extractive answer takes "
    "{warm:.0f} ms at the median of {number} new questions (the first one, which loads the model: {cold:.1f} s). "
    "Target: `youju --help` under 0.5 s: {verdict}."
)


def run(command: Sequence[str]) -> float:
    """Seconds that a command takes from start to end.

    Raises:
        SystemExit: it failed.
    """
    environment = os.environ | {"YOUJU_LANGUAGE": "zh", "PYTHONIOENCODING": "utf-8"}
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with exit code {done.returncode}:\n{done.stderr[-2000:]}")
    return seconds


def extractive() -> dict[str, Any]:
    """Seconds of extractive answers in one process: the first, which loads the embedder, and the others."""
    from benchmarks.answer import QUESTIONS
    from rag.assistant import Assistant

    seconds = []
    with Assistant.open(language_model="extractive") as assistant:
        for question in QUESTIONS:
            began = time.perf_counter()
            assistant.ask(question)
            seconds.append(time.perf_counter() - began)
    return {"cold": seconds[0], "warm": seconds[1:]}


def table(seconds: dict[str, list[float]]) -> Table:
    """Fastest and median of each command, and the median beside the yardsticks' medians."""
    bare = quantile(seconds["python -c pass"], 0.5)
    yardstick = quantile(seconds[YARDSTICK], 0.5)
    rows = []
    for name, values in seconds.items():
        median = quantile(values, 0.5)
        rows.append(
            [f"`{name}`", f"{min(values):.2f}", f"{median:.2f}", f"{median / bare:.1f}", f"{median / yardstick:.2f}"]
        )
    return Table(["", "fastest s", "median s", "times `python -c pass`", f"times `{YARDSTICK}`"], rows)


def main() -> None:
    """Measures every command and publishes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="how often each command runs")
    add_output_options(parser)
    options = parser.parse_args()
    for command in COMMANDS.values():
        run(command)  # the first run may make the sample index, and brings the files into memory
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(options.runs):
        for name, command in COMMANDS.items():
            seconds[name].append(run(command))
    answers = alone(extractive)
    verdict = "met" if quantile(seconds["youju --help"], 0.5) < HELP_TARGET else "missed"
    note = NOTE.format(
        warm=1000 * quantile(answers["warm"], 0.5), number=len(answers["warm"]), cold=answers["cold"], verdict=verdict
    )
    publish("startup", options, {"seconds": seconds, "extractive": answers}, [table(seconds), note])


if __name__ == "__main__":
    main()
