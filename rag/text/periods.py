"""Days, months, quarters and years as periods: from a first day to a last one."""

from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
"""The English names of the months."""
PARTS_OF_YEAR = {
    (1, 3): "一季度",
    (4, 6): "二季度",
    (7, 9): "三季度",
    (10, 12): "四季度",
    (1, 6): "上半年",
    (7, 12): "下半年",
}
"""First and last month of the parts of a year that have a name."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"A period cannot begin on {self.first} and end on {self.last}.")

    @property
    def is_day(self) -> bool:
        """Whether it is a single day: the state on that day rather than what happened over a time."""
        return self.first == self.last

    @property
    def is_years(self) -> bool:
        """Whether it is whole years."""
        return (self.first.month, self.first.day, self.last.month, self.last.day) == (1, 1, 12, 31)

    @property
    def end(self) -> "Period":
        """Its last day."""
        return Period(self.last, self.last)

    @property
    def brief(self) -> str:
        """As briefly as it can be written: a day, a whole month or year, else its first and last day."""
        first, last = self.first, self.last
        if self.is_day:
            return str(last)
        if first.year == last.year and first.day == 1 and (last + timedelta(days=1)).day == 1:
            if (first.month, last.month) == (1, 12):
                return str(first.year)
            if first.month == last.month:
                return f"{first:%Y-%m}"
        return f"{first} – {last}"

    def holds(self, other: "Period") -> bool:
        """Whether the other lies within this one."""
        return self.first <= other.first and other.last <= self.last


def day_of(year: int, month: int, day: int) -> date | None:
    """The day with these numbers, None where the calendar has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_of(year: int, first: int, last: int | None = None) -> Period:
    """The days of a month, or of several from ``first`` to ``last``."""
    after = date(year + (last or first) // 12, (last or first) % 12 + 1, 1)
    return Period(date(year, first, 1), after - timedelta(days=1))


def quarter_of(year: int, first: int, last: int | None = None) -> Period:
    """The days of a quarter, or of several from ``first`` to ``last``."""
    return month_of(year, 3 * first - 2, 3 * (last or first))


def half_of(year: int, half: int) -> Period:
    """The days of the first or the second half of a year."""
    return month_of(year, 6 * half - 5, 6 * half)


def year_of(year: int, last: int | None = None) -> Period:
    """The days of a year, or of several."""
    return Period(date(year, 1, 1), date(last or year, 12, 31))


def years_of_plan(number: int) -> Period:
    """The years of China's five-year plan of a number: the 14th is 2021 to 2025."""
    last = 1955 + 5 * number
    return year_of(last - 4, last)
