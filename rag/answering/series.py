"""Series: the figure of an answer at its dates, oldest first, with what changed from one to the next.

Each figure stands in an exact span that the answer cites; each change is calculated by the program, its unit and bounds kept.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rag.answering.timeline import Point, plain_number
from rag.answers import Citation, Claim
from rag.messages import Language
from rag.text.calculations import Calculation, calculated, sign_of
from rag.text.periods import Period
from rag.text.quantities import Quantity, quantities_in

_LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Change:
    """What changed between two figures.

    Attributes:
        calculation: the difference of the two.
        sign: 1 where the later is the greater, −1 where it is the lesser, 0 where they are the same.
        since: the days that the earlier one is of.
    """

    calculation: Calculation
    sign: int
    since: Period


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A figure of a series.

    Attributes:
        point: the figure.
        citation: of the answer, in which it stands.
        change: since the one before it; None where there is none, or where the bounds leave it open.
    """

    point: Point
    citation: Citation
    change: Change | None


@dataclass(frozen=True, slots=True)
class Series:
    """One figure at several dates, oldest first."""

    rows: tuple[SeriesRow, ...]

    @property
    def subject(self) -> str:
        """What it is the figure of."""
        return self.rows[-1].point.fact.subject

    def to_dict(self, number_of: Callable[[Citation], int]) -> dict[str, Any]:
        """JSON-ready form.

        Args:
            number_of: gives the number of a citation of the answer.
        """
        return {"subject": self.subject, "rows": [_row(row, number_of(row.citation)) for row in self.rows]}


def series_in(points: Iterable[Point], claims: Sequence[Claim]) -> Series | None:
    """The series that an answer tells: of these points those that its claims cite; None where they are not of several dates.

    Args:
        points: of one figure.
        claims: of the answer.
    """
    cited = [(point, citation) for point in points if (citation := _citing(point, claims))]
    if len({point.as_of for point, _ in cited}) < 2:
        return None
    cited.sort(key=lambda pair: (pair[0].as_of.last, pair[0].as_of.first, pair[0].value))
    told = [point for point, _ in cited]
    return Series(tuple(SeriesRow(point, citation, _change(point, told)) for point, citation in cited))


def _citing(point: Point, claims: Sequence[Claim]) -> Citation | None:
    """The citation of an answer in which a figure stands; None where no claim that is borne out has it."""
    document, fact = point.citation.document, point.fact
    for claim in claims:
        for each in claim.citations if claim.supported else ():
            if each.document.id == document.id and each.start <= fact.value_start and fact.value_end <= each.end:
                return each
    return None


def _change(point: Point, points: Sequence[Point]) -> Change | None:
    """What changed up to a figure, since the last one before it that is of as long a time; None where that is not told.

    Of several figures of one time none says which is meant; what grew by how much is a change already.
    """
    earlier = [each for each in points if each.as_of.last < point.as_of.last and _are_as_long(each.as_of, point.as_of)]
    day = max((each.as_of.last for each in earlier), default=None)
    before = [each for each in earlier if each.as_of.last == day]
    same = [each for each in points if each.as_of == point.as_of]
    if len(before) != 1 or len(same) != 1 or point.fact.change or point.is_plan != before[0].is_plan:
        return None
    own, other = _quantity(point), _quantity(before[0])
    if own is None or other is None:
        return None
    try:
        return Change(calculated("difference", [own, other]), sign_of(own, other), before[0].as_of)
    except ValueError:  # they do not convert, or their bounds leave it open
        return None


def _are_as_long(one: Period, other: Period) -> bool:
    """Whether two times may be compared: both days, or both of as many months."""
    return one.is_day == other.is_day and _months(one) == _months(other)


def _months(period: Period) -> int:
    first, last = period.first, period.last
    return 0 if period.is_day else 12 * (last.year - first.year) + last.month - first.month + 1


def _quantity(point: Point) -> Quantity | None:
    """A figure as one can calculate with it, with its bound, read where it stands."""
    place = point.text.find(point.fact.written)
    return next((each for each in quantities_in(point.text) if each.start <= place < each.end), None)


def _row(row: SeriesRow, number: int) -> dict[str, Any]:
    fact, change = row.point.fact, row.change
    return {
        "first": fact.period.first.isoformat(),
        "last": fact.period.last.isoformat(),
        "dated": fact.dated,
        "value": plain_number(fact.value),
        "unit": fact.unit,
        "written": fact.written,
        "qualifier": fact.qualifier,
        "status": fact.status,
        "is_unsure": row.point.is_unsure,
        "value_start": fact.value_start,
        "value_end": fact.value_end,
        "citation": number,
        "change": change
        and {
            "sign": change.sign,
            "since": change.since.last.isoformat(),
            "calculation": change.calculation.to_dict(),
            "result": {language: change.calculation.result.told(language) for language in _LANGUAGES},
            "written_out": {language: change.calculation.text(language) for language in _LANGUAGES},
        },
    }
