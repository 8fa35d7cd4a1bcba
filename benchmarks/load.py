"""A server under load: answers a second, waits, refusals and memory with 1, 8, 32 and 100 clients over HTTP.

    python benchmarks/load.py --write

`youju serve` runs in a process of its own on this machine's own address, with a login for each client. A client asks one
question after the other, waits for the whole answer, and comes back when it is told to (429 and ``Retry-After``).
"""

import argparse
import asyncio
import itertools
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil

from benchmarks.results import MEBIBYTE, Table, add_output_options, publish, quantile
from eval.questions import load_questions

CLIENTS = (1, 8, 32, 100)
YOUJU = str(Path(sys.executable).with_name("youju"))
SECONDS_TO_START = 180
SECONDS_TO_ANSWER = 300
SEED = 20260
NOTE = (
    "`youju serve --model {model}` over {documents} documents; the clients are in another process of the same machine and take "
    "their share of its cores. Each asks {number} different questions in an order of its own; what a question before has read "
    "is not read again, so these times are of a server that has run for a while. Seconds are from the first try to the whole "
    "answer, with the time for which a client was told to stay away (`came back`: how often that was; the server works on "
    "four questions at once and lets thirty-two wait). Target: no errors, and memory that stays."
)
STAYS = (
    "{clients} clients for {minutes:.0f} minutes: {answers} answers, {errors} errors. Memory of the server was {first:.0f} MiB in the "
    "first minute, {last:.0f} MiB in the last ({ratio:.2f} times), {most:.0f} MiB at the most."
)


@dataclass
class Load:
    """What so many clients found."""

    clients: int
    seconds: list[float] = field(default_factory=list)
    came_back: int = 0
    errors: list[str] = field(default_factory=list)
    took: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)

    def measured(self) -> dict[str, Any]:
        """JSON-ready form; ``memory`` holds (seconds, MiB)."""
        return {
            "clients": self.clients,
            "answers": len(self.seconds),
            "per_second": len(self.seconds) / self.took,
            **{f"p{share}": quantile(self.seconds, share / 100) for share in (50, 95, 99) if self.seconds},
            "came_back": self.came_back,
            "errors": self.errors,
            "memory": self.memory,
        }


@contextmanager
def serving(model: str, index: str, clients: int) -> Iterator[tuple[str, psutil.Process]]:
    """A server with a login for each client: its URL and its process.

    Raises:
        SystemExit: it does not start.
    """
    logins = [argument for client in range(clients) for argument in ("--auth", login(client))]
    command = [YOUJU, "serve", "--port", "0", "--model", model, "--index", index, "--metrics", *logins]
    environment = os.environ | {"YOUJU_LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment)
    late = threading.Timer(SECONDS_TO_START, started.kill)
    late.start()
    try:
        assert started.stdout is not None
        found = next(filter(None, (re.search(r"http://\S+?:\d+", line) for line in started.stdout)), None)
        late.cancel()
        if found is None:
            raise SystemExit("The server did not start.")
        yield found.group(), psutil.Process(started.pid)
    finally:
        late.cancel()
        started.terminate()
        started.wait()


def sample_index(folder: str) -> str:
    """An index of the sample documents in a folder."""
    from rag.assistant import Assistant

    with Assistant.open(folder) as assistant:
        assistant.add_samples()
    return folder


def login(client: int) -> str:
    """Name and password of a client, so that each has places of its own in the server's queue."""
    return f"client{client}:load"


async def load(url: str, process: psutil.Process, clients: int, seconds: float, questions: Sequence[str]) -> Load:
    """Has so many clients ask for so long."""
    found = Load(clients)
    began = time.monotonic()
    until = began + seconds

    async def client(number: int) -> None:
        asked = random.Random(SEED + number).sample(questions, len(questions))
        headers = {"Authorization": f"Bearer {login(number)}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=SECONDS_TO_ANSWER) as http:
            for question in itertools.cycle(asked):
                if time.monotonic() >= until:
                    return
                await ask(http, question, found, until)

    async def watch() -> None:
        while time.monotonic() < until:
            found.memory.append((time.monotonic() - began, process.memory_info().rss / MEBIBYTE))
            await asyncio.sleep(min(5.0, seconds / 10))

    await asyncio.gather(watch(), *map(client, range(clients)))
    found.took = time.monotonic() - began
    return found


async def ask(http: httpx.AsyncClient, question: str, found: Load, until: float) -> None:
    """Asks one question until it is answered, or the time is over; what goes wrong is kept in a few words."""
    began = time.monotonic()
    body = {"model": "auto", "messages": [{"role": "user", "content": question}]}
    while True:
        try:
            response = await http.post("/v1/chat/completions", json=body)
        except httpx.HTTPError as error:
            found.errors.append(type(error).__name__)
            return
        if response.status_code != 429:
            break
        found.came_back += 1
        if time.monotonic() >= until:
            return
        await asyncio.sleep(float(response.headers["Retry-After"]))
    if response.status_code != 200 or not response.json()["choices"][0]["message"]["content"]:
        found.errors.append(str(response.status_code))
        return
    found.seconds.append(time.monotonic() - began)


def table(measured: Sequence[dict[str, Any]]) -> Table:
    """One row for each number of clients, the throughput beside that of the first."""
    first = measured[0]["per_second"]
    rows = [
        [
            str(each["clients"]),
            f"{each['per_second']:.2f}",
            f"{each['per_second'] / first:.2f}",
            *(f"{each[name]:.2f}" for name in ("p50", "p95", "p99")),
            f"{each['p99'] / each['p50']:.1f}",
            str(each["came_back"]),
            str(len(each["errors"])),
            f"{each['memory'][-1][1]:.0f}",
        ]
        for each in measured
    ]
    head = ["clients", "answers/s", "times one client", "p50 s", "p95 s", "p99 s", "p99 / p50", "came back", "errors"]
    return Table([*head, "memory MiB"], rows)


def stays(measured: dict[str, Any]) -> str:
    """What a long run says of memory, in a sentence."""
    times, sizes = zip(*measured["memory"], strict=True)
    first = [size for moment, size in zip(times, sizes, strict=True) if moment <= 60]
    last = [size for moment, size in zip(times, sizes, strict=True) if moment >= times[-1] - 60]
    before, after = quantile(first, 0.5), quantile(last, 0.5)
    return STAYS.format(
        clients=measured["clients"],
        minutes=times[-1] / 60,
        answers=measured["answers"],
        errors=len(measured["errors"]),
        first=before,
        last=after,
        ratio=after / before,
        most=max(sizes),
    )


def main() -> None:
    """Puts a server under load and publishes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS), help="how many at once, in turn")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each of these asks")
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="how long the run is that watches memory; 0 for none"
    )
    parser.add_argument("--model", default="extractive", help="language model of the server")
    parser.add_argument("--index", default="", help="index folder; the sample documents without one")
    add_output_options(parser)
    options = parser.parse_args()
    questions = [question.question for question in load_questions()]
    with (
        TemporaryDirectory() as folder,
        serving(options.model, options.index or sample_index(folder), max(options.clients)) as (url, process),
    ):
        counts = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {login(0)}"}).text
        documents = float(re.findall(r"^youju_documents (\S+)", counts, re.MULTILINE)[0])
        asyncio.run(load(url, process, 1, options.seconds, questions))  # the first questions load the models
        loads = [
            asyncio.run(load(url, process, each, options.seconds, questions)).measured() for each in options.clients
        ]
        long = None
        if options.minutes:
            long = asyncio.run(load(url, process, 8, 60 * options.minutes, questions)).measured()
    note = NOTE.format(model=options.model, documents=int(documents), number=len(questions))
    text = [table(loads), note, *([stays(long)] if long else [])]
    publish("load", options, {"loads": loads, "long": long}, text)


if __name__ == "__main__":
    main()
