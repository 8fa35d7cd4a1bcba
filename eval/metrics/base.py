"""The contract of metrics: what one row gives, and how the rows are put together.

A metric is written as a function of one row, which says what the row gives, or None where the row does not count.
:func:`metric` makes a :class:`Metric` of it. The rest, from the value over all rows to its bootstrap interval, follows.

A row that ended with an error counts as answered with nothing: no fact, no evidence, no citation, not silent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eval.rows import Row

Better = Literal["higher", "lower"]
Gives = Callable[[Row], float | tuple[float, float] | None]
Combine = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Values of rows, shape (samples, rows, 2), NaN where a row does not count, to one number a sample, NaN for none."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; called with rows it gives a number, or None where no row counts.

    Attributes:
        name: as reports and ``--fail-under`` know it.
        gives: what one row gives: a value, or two (as ``combine`` wants them), or None where it does not count.
        combine: how the values of rows become one number.
        better: whether ``higher`` or ``lower`` numbers are better.
        unit: ``share`` (from 0 to 1), ``seconds`` or ``tokens``.
        description: what it says, in a sentence.
        formula: how it is computed.
        source: who defined it.
    """

    name: str
    gives: Gives
    combine: Combine
    better: Better
    unit: str
    description: str
    formula: str
    source: str

    def __call__(self, rows: Sequence[Row]) -> float | None:
        """The metric over rows; None where no row counts."""
        return number(self.combine(self.values(rows)[np.newaxis])[0])

    def per_row(self, row: Row) -> float | None:
        """The metric of one row alone; None where the row does not count."""
        return self([row])

    @property
    def documentation(self) -> str:
        """Its row of the table in docs/evaluation.md."""
        cells = (f"`{self.name}`", self.description, self.formula, self.unit, self.better, self.source)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    def values(self, rows: Sequence[Row]) -> NDArray[np.float64]:
        """What each row gives, shape (rows, 2), NaN where it does not count."""
        return np.array([_pair(self.gives(row)) for row in rows], np.float64).reshape(-1, 2)


def metric(
    *, formula: str, source: str, better: Better = "higher", unit: str = "share", combine: "Combine | None" = None
) -> Callable[[Gives], Metric]:
    """Makes a metric of a function of one row; its docstring is the description. Without ``combine``, the mean."""

    def made(gives: Gives) -> Metric:
        description = " ".join((gives.__doc__ or "").split())
        return Metric(gives.__name__, gives, combine or mean, better, unit, description, formula, source)

    return made


def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the first value over the rows that count."""
    counted = ~np.isnan(values[..., 0])
    return _divided(np.where(counted, values[..., 0], 0.0).sum(axis=1), counted.sum(axis=1))


def pooled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the first values over the sum of the second: a share of all claims, say, whatever row they stand in."""
    sums = np.nan_to_num(values).sum(axis=1)
    return _divided(sums[..., 0], sums[..., 1])


def quantile(share: float) -> Combine:
    """Quantile of the first value over the rows that count, linear between neighbours."""

    def combine(values: NDArray[np.float64]) -> NDArray[np.float64]:
        ordered = np.sort(values[..., 0], axis=1)  # NaN sorts to the end
        counted = (~np.isnan(ordered)).sum(axis=1)
        if not counted.any():
            return np.full(len(values), np.nan)
        place = share * np.maximum(counted - 1, 0)
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, np.maximum(counted - 1, 0))
        each = np.arange(len(values))
        low, high = ordered[each, below], ordered[each, above]
        return np.asarray(low + (high - low) * (place - below), np.float64)

    return combine


def number(value: float) -> float | None:
    """A plain number; None for NaN."""
    return None if np.isnan(value) else float(value)


def _pair(given: float | tuple[float, float] | None) -> tuple[float, float]:
    if given is None:
        return np.nan, np.nan
    return given if isinstance(given, tuple) else (float(given), np.nan)


def _divided(total: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    quotients = np.full(len(total), np.nan)
    np.divide(total, count, out=quotients, where=count > 0)
    return quotients
