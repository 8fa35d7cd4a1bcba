"""Figures of a claim beside those of its sources: value, unit and bound."""

import re
from collections.abc import Iterable, Sequence

from rag.checking.compared_texts import Span, Text, is_within
from rag.text.figures import Figure
from rag.text.measures import UNITS
from rag.text.quantities import Amount, amount_of

_UNIT = re.compile(
    rf"[多余]?\s*(?P<unit>{UNITS}|港币|英镑|卢布|韩元|用户|笔|克|升|瓦时|瓦|秒|年|周|届|级|页|本|篇|首|棵|瓶|标准箱|"
    r"yuan|rmb|dollars?|euros?|people|persons|households|users|subscribers|vehicles|cars|companies|enterprises|firms|tons|tonnes|kilomet(?:er|re)s|eflops|kwh)"
)
_ALIKE = (
    {"元", "人民币", "yuan", "rmb"},
    {"美元", "dollar", "dollars"},
    {"欧元", "euro", "euros"},
    {"人", "名", "位", "个", "people", "persons"},
    {"户", "用户", "人", "users", "subscribers", "households"},
    {"座", "个", "处", "所", "家"},
    {"家", "个", "companies", "enterprises", "firms"},
    {"家", "户"},
    {"辆", "台", "vehicles", "cars"},
    {"台", "套", "个", "架"},
    {"项", "个", "件", "条", "种", "款", "份", "部", "篇", "本"},
    {"公里", "千米", "kilometers", "kilometres"},
    {"吨", "tons", "tonnes"},
    {"千瓦时", "度", "kwh"},
    {"千克", "公斤"},
    {"港元", "港币"},
)
_DESIGNATION = re.compile(
    r"(?<![A-Za-z\d.])(?:[A-Za-z][A-Za-z-]*\d+(?:\.\d+)*[A-Za-z]*|\d+(?:\.\d+)*[A-Za-z]+)(?![A-Za-z\d])"
)


class Figures:
    """The figures of a claim but for dates, and where each stands in its sources."""

    def __init__(self, said: Text, sources: Sequence[Text]) -> None:
        self.said = said
        self.sources = sources
        spans = [(date.start, date.end) for source in sources for date in said.dates_beside(source)]
        self.values = [
            figure for figure in said.figures if not any(is_within((figure.start, figure.end), span) for span in spans)
        ]
        self.found = {
            figure.start: [(source, match) for source in sources for match in self._matches(figure, source)]
            for figure in self.values
        }
        self.amounts = {figure.start: amount for figure in self.values if (amount := amount_of(figure, said.cased))}
        """What figures of the claim with a unit come to, by their start."""
        self.converted = self._converted() if self.amounts else {}
        """Where sources have as much in another unit (``9公里`` for ``9000米``), by the start of the claim's figure."""

    def _converted(self) -> dict[int, list[tuple[Text, Amount]]]:
        theirs = [
            (source, amount)
            for source in self.sources
            for figure in source.figures
            if (amount := amount_of(figure, source.cased))
        ]
        return {
            start: same
            for start, own in self.amounts.items()
            if (
                same := [each for each in theirs if each[1].key == own.key and each[1].figure.value != own.figure.value]
            )
        }

    def missing(self) -> set[Span]:
        """Figures that no source has, or only with another unit or the opposite bound."""
        return {span for figure in self.values if (span := self._wrong(figure))}

    def holders(self, figures: Iterable[Figure]) -> list[Text]:
        """Sources that have any of some figures."""
        found = [source for figure in figures for source, _ in self.found[figure.start]]
        return [source for source in self.sources if any(source is other for other in found)]

    def places(self, figures: Iterable[Figure], source: Text) -> list[int]:
        """Where a source has some figures."""
        return [other.start for figure in figures for holder, other in self.found[figure.start] if holder is source]

    def _matches(self, figure: Figure, source: Text) -> list[Figure]:
        return [other for other in source.figures if figure.may_be(other, self.said.text)]

    def _wrong(self, figure: Figure) -> Span | None:
        found = self.found[figure.start]
        span = figure.start, figure.end
        converted = [(source, amount.figure) for source, amount in self.converted.get(figure.start, ())]
        if not found and not converted:
            return span
        unit = _UNIT.match(self.said.text, figure.end)
        if unit and not converted and not any(_has_unit(source, other, unit["unit"]) for source, other in found):
            return figure.start, unit.end()
        bound = self.said.bound(figure)
        if bound and all(source.bound(other) == -bound for source, other in [*found, *converted]):
            return span
        return None


def _has_unit(source: Text, other: Figure, unit: str) -> bool:
    """Whether a figure of a source has a unit, one like it, or none."""
    match = _UNIT.match(source.text, other.end)
    return not match or match["unit"] == unit or any({match["unit"], unit} <= group for group in _ALIKE)


def unknown_designations(said: Text, sources: Sequence[Text]) -> set[Span]:
    """Names with a number in them that no source has: ``6G``, ``PM2.3``. A number with its unit is a figure."""
    return {
        match.span()
        for match in _DESIGNATION.finditer(said.text)
        if not any(match[0] in source.text for source in sources)
        and not any(figure.start < match.end() and match.start() < figure.end for figure in said.figures)
    }
