"""What each process of the concurrency suite does, and what it counts; each is started by ``processes.start``."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpus import CHUNK_SIZE, document, open_assistant, text_of
from hashing_embedder import HashingEmbedder

from rag.assistant import Assistant
from rag.errors import UsageError

NAMES = 8
LEAST_CHANGES = 8
LEAST_LOOKS = 4
LASTING = [f"留{number}" for number in range(6)]
"""Documents that nobody changes: every reader finds them at every moment."""


def _tally(until: float, least: int, act: Callable[[], str], report: Path) -> None:
    """Does something again and again, and writes how often each thing was done and how long the slowest took.

    Args:
        until: when to end.
        least: how often it is done however slow the machine is.
    """
    counts: dict[str, int] = {}
    slowest: dict[str, float] = {}
    while time.time() < until or sum(counts.values()) < least:
        began = time.perf_counter()
        what = act()
        counts[what] = counts.get(what, 0) + 1
        slowest[what] = max(slowest.get(what, 0.0), round(time.perf_counter() - began, 3))
    report.write_text(json.dumps({"counts": counts, "slowest": slowest}))


def write(index: Path, number: int, seed: int, until: float, report: Path) -> None:
    """Adds, replaces and removes documents of its own, and sees at once what it has done."""
    chance = random.Random(f"{seed} {number}")
    mine: dict[str, tuple[int, str]] = {}
    version = 0
    with open_assistant(index) as assistant:

        def change() -> str:
            nonlocal version
            version += 1
            name = f"写{number}-{chance.randrange(NAMES)}"
            if name in mine and chance.random() < 0.3:
                assistant.remove(mine.pop(name)[1])
                return "removed"
            was_there = name in mine
            report = assistant.add(document(name, version))
            assert not report.failed, report.failed
            (added,) = report.replaced if was_there else report.added
            mine[name] = version, added
            assert assistant.document(added).text == text_of(name, version)
            return "replaced" if was_there else "added"

        _tally(until, LEAST_CHANGES, change, report)
        report.with_suffix(".mine").write_text(json.dumps({name: one[0] for name, one in mine.items()}))


def read(index: Path, number: int, seed: int, until: float, report: Path) -> None:
    """Looks at everything, again and again: whole documents, exact spans, and what nobody changes is always there."""
    chance = random.Random(f"{seed} reader {number}")
    with open_assistant(index) as assistant:
        looks = [_read_all, _retrieve, _ask, _timeline]
        _tally(until, LEAST_LOOKS, lambda: chance.choice(looks)(assistant, chance), report)


def rebuild(index: Path, seed: int, until: float, report: Path) -> None:
    """Rebuilds the index with one size of chunks and another, while others change it."""
    with Assistant.open(index, embedder=HashingEmbedder(seconds=0.02), language_model="extractive") as assistant:
        sizes = [CHUNK_SIZE, 2 * CHUNK_SIZE]

        def again() -> str:
            sizes.reverse()
            assistant.rebuild(sizes[0])
            return "rebuilt"

        _tally(until, 1, again, report)


def assert_whole(found: Any) -> None:
    """A document is one version of its text, to the last character, with the metadata that go with it."""
    version = int(found.text.partition("第")[2].partition("版")[0])
    assert found.text == text_of(found.path, version), found.path
    assert found.title == f"题目{found.path}"


def _read_all(assistant: Assistant, chance: random.Random) -> str:
    entries = assistant.documents()
    assert set(LASTING) <= {entry.path for entry in entries}
    for entry in chance.sample(entries, 5):
        try:
            found = assistant.document(entry.id)
        except UsageError:  # gone meanwhile
            assert entry.path not in LASTING
            continue
        assert_whole(found)
    return "documents"


def _retrieve(assistant: Assistant, chance: random.Random) -> str:
    lasting = chance.choice(LASTING)
    quoted = text_of(lasting)[40:70]
    hits = assistant.retrieve(quoted, 8)
    for hit in hits:
        assert_whole(hit.document)
        assert 0 <= hit.start < hit.end <= len(hit.document.text)
    assert any(hit.document.path == lasting and quoted[5:20] in hit.document.text[hit.start : hit.end] for hit in hits)
    return "retrieve"


def _ask(assistant: Assistant, chance: random.Random) -> str:
    answer = assistant.ask(
        f"编号{chance.choice(LASTING)}说我国建成了多少个5G基站？", passages=4, after="2023-03", before="2023-05"
    )
    for citation in answer.citations:
        assert_whole(citation.document)
        assert citation.document.text[citation.start : citation.end] == citation.quote
    return "ask"


def _timeline(assistant: Assistant, chance: random.Random) -> str:
    points = assistant.timeline("5G基站").points
    for point in points:
        assert_whole(point.citation.document)
        assert str(point.fact.written).rstrip("个") in point.citation.quote
    assert {point.citation.document.path for point in points} >= set(LASTING)
    return "timeline"
