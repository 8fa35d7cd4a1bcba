"""Index build, hybrid query latency and memory at several sizes: Youju against the usual tutorial stack.

    python benchmarks/retrieval.py --sizes 1000 10000 68158 --write

Each contestant works in a process of its own; see benchmarks/contestants.py for both, benchmarks/vectors.py for where
the vectors come from. The time spent embedding is taken out on both sides: it is the same model for both.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.contestants import CONTESTANTS, Task, measure, measure_reopening, passages_of
from benchmarks.news import add_news_option, known_items, load_news
from benchmarks.results import Table, add_output_options, alone, cache, publish
from benchmarks.vectors import KeptEmbedder, make_sample

SIZES = [1_000, 10_000, 68_158]
SAMPLED_ARTICLES = 100
QUESTIONS_EACH = 2
TIMED = 20
NOTES = (
    "Embedding is not included: neither in documents/s nor in the query times (embedding one question takes "
    "{question:.0f} ms more on either side with the embedded model on this machine). Youju's build includes cleaning, "
    "structure, near-duplicate detection and a durable transaction for each document; the tutorial stack's includes "
    "saving its FAISS store, while its BM25 index is never saved and made again on every start (`reopen`). Memory: the "
    "peak of the whole process, and what is held after the build beyond what was held before it. `reopen`: from the "
    "index on disk to the first answer. `source found`: the article a question was made from is among the ten results, "
    "or named by one as a reprint; "
    "such known-item questions favour lexical search, and real vectors stand only for the passages of the articles "
    "asked about ({passages}), so it is a check that both work, not a measure of quality."
)


def prepare(news: Path, folder: Path) -> dict[str, Any]:
    """Makes the questions and, the first time, the sample of real vectors."""
    articles = load_news(news, 1_000)
    items = known_items(articles, SAMPLED_ARTICLES * QUESTIONS_EACH, QUESTIONS_EACH)
    wanted = {item.article for item in items}
    passages = passages_of([article for article in articles if article.id in wanted])
    embedder = KeptEmbedder(folder)
    file = folder / "sample.npz"
    make_sample(file, [item.question for item in items], passages, embedder)
    embedder.model.queries(["有据"])
    began = time.perf_counter()
    for item in items[:TIMED]:
        embedder.model.queries([item.question])
    return {
        "questions": [(item.question, item.article) for item in items],
        "passages": len(passages),
        "sample": file,
        "question_seconds": (time.perf_counter() - began) / TIMED,
    }


def compare(size: int, news: Path, prepared: dict[str, Any]) -> dict[str, Any]:
    """Both contestants at one size, one after the other."""
    found: dict[str, Any] = {}
    for name in CONTESTANTS:
        with tempfile.TemporaryDirectory() as folder:
            task = Task(news, size, prepared["sample"], prepared["questions"], Path(folder))
            found[name] = alone(measure, name, task)
            found[name]["reopening"] = alone(measure_reopening, name, task)
        print(f"{name} at {size:,}: {found[name]}", flush=True)
    return found


def tables(measured: dict[int, dict[str, Any]]) -> list[Table]:
    """Speed at each size with the ratios, then memory and disk."""
    speed, space = [], []
    for size, found in measured.items():
        ours, theirs = found["youju"], found["tutorial"]
        for name, one in found.items():
            milliseconds = [f"{one[key] * 1000:.1f}" for key in ("p50", "p95")]
            build, reopening = one["documents_per_second"], one["reopening"]
            found_share = f"{one['found']:.0%}"
            speed.append([f"{size:,}", name, f"{build:.0f}", *milliseconds, f"{reopening['seconds']:.2f}", found_share])
            grown = one["memory_after"] - one["memory_before"]
            numbers = (one["memory_peak"], grown, reopening["memory"], one["disk"])
            space.append([f"{size:,}", name, *(f"{number:.0f}" for number in numbers)])
        ratios = (
            ours["documents_per_second"] / theirs["documents_per_second"],
            theirs["p50"] / ours["p50"],
            theirs["p95"] / ours["p95"],
            theirs["reopening"]["seconds"] / ours["reopening"]["seconds"],
        )
        speed.append(["", "**Youju is … times faster**", *(f"**{ratio:.1f}**" for ratio in ratios), ""])
    speed_head = ["documents", "", "built/s", "query p50 ms", "query p95 ms", "reopen s", "source found"]
    space_head = ["documents", "", "peak MiB", "held after build MiB", "held after reopen MiB", "on disk MiB"]
    return [Table(speed_head, speed), Table(space_head, space)]


def main() -> None:
    """Measures every size and publishes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many articles to index")
    add_news_option(parser)
    add_output_options(parser)
    options = parser.parse_args()
    # For the small products that draw vectors, threads only wait for each other; the variable reaches all contestants.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    prepared = alone(prepare, options.news.resolve(), cache())
    measured = {size: compare(size, options.news.resolve(), prepared) for size in options.sizes}
    notes = NOTES.format(question=1000 * prepared["question_seconds"], passages=f"{prepared['passages']:,} passages")
    publish("retrieval", options, {str(size): found for size, found in measured.items()}, [*tables(measured), notes])


if __name__ == "__main__":
    main()
