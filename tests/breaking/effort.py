"""How hard the suites try, and what they counted: short with fixed examples in the tests, long with ``make break``."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import hypothesis

Value = TypeVar("Value")

FOLDER = Path(__file__).parents[2] / "artefacts" / "breaking"


@dataclass(frozen=True)
class Effort:
    """The one knob of all suites."""

    long: bool
    seed: int

    def of(self, short: Value, long: Value) -> Value:
        """What to use in a short and in a long run: a number of cases, of seconds, …"""
        return long if self.long else short

    def random(self, name: str) -> Random:
        """Chance that is the same in every run with this seed."""
        return Random(f"{self.seed} {name}")

    def explore(self, property_: Callable[..., None], *strategies: Any, examples: int, seconds: float) -> int:
        """Tries a property with generated values: ``examples`` of them; in a long run new ones for ``seconds``.

        Returns:
            how many were tried.
        """
        tried = 0

        def counted(values: tuple[Any, ...]) -> None:
            nonlocal tried
            tried += 1
            property_(*values)

        end = time.monotonic() + seconds
        rounds = 0
        while rounds == 0 or (self.long and time.monotonic() < end):
            settings = hypothesis.settings(
                max_examples=examples,
                deadline=None,
                database=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            hypothesis.seed(self.seed + rounds)(
                settings(hypothesis.given(hypothesis.strategies.tuples(*strategies))(counted))
            )()
            rounds += 1
        return tried


@dataclass
class Figures:
    """What a suite counts, and the slowest of what it times, for docs/reliability.md."""

    name: str
    effort: Effort
    counts: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)

    def timed(self, what: str, act: Callable[[], Value]) -> Value:
        """Does something and remembers how long it took, in seconds, if nothing of its kind took longer."""
        began = time.perf_counter()
        try:
            return act()
        finally:
            self.took(what, time.perf_counter() - began)

    def took(self, what: str, seconds: float) -> None:
        self.slowest[what] = max(self.slowest.get(what, 0.0), round(seconds, 3))

    @property
    def file(self) -> Path:
        return FOLDER / ("long" if self.effort.long else "short") / f"{self.name}.json"

    def write(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        told = {"seed": self.effort.seed, **dict(sorted(self.counts.items())), "slowest_seconds": self.slowest}
        self.file.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
