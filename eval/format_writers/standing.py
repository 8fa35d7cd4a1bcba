"""Where words stand in a text that was loaded: found whatever blanks, bars and marks the format put between them."""

import re
from collections.abc import Iterator

_BETWEEN = re.compile(r"\[\^?\d+\]|<br>|\^\^|[\s|:：#\\\u200b]")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
_IN_FIGURES = re.compile(r"\d|[.,](?=\d)")
Place = tuple[int, int]
"""Where something begins and ends in the text."""


def folded(words: str) -> str:
    """Words without what may stand between them."""
    return _BETWEEN.sub("", words).translate(_PLAIN)


class Standing:
    """A text in which words are looked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        kept: list[str] = []
        self._offsets: list[int] = []
        at = 0
        for found in [*_BETWEEN.finditer(text), None]:
            end = found.start() if found else len(text)
            kept.append(text[at:end])
            self._offsets.extend(range(at, end))
            at = found.end() if found else end
        self.folded = "".join(kept).translate(_PLAIN)

    def places(self, words: str) -> Iterator[Place]:
        """Where words stand, in order; figures not within longer ones."""
        wanted = folded(words)
        at = self.folded.find(wanted) if wanted else -1
        while at >= 0:
            start, end = self._offsets[at], self._offsets[at + len(wanted) - 1] + 1
            if not self._cuts_a_figure(start, end):
                yield start, end
            at = self.folded.find(wanted, at + 1)

    def beside(self, words: str, anchor: str, *, before: bool = False, rows: int = 1) -> list[Place]:
        """Where words stand behind an anchor, or before it: at each anchor the nearest, of these the ``rows`` nearest."""
        all_places = list(self.places(words))
        nearest: dict[Place, int] = {}
        for start, end in self.places(anchor):
            apart = {place: start - place[1] if before else place[0] - end for place in all_places}
            apart = {place: distance for place, distance in apart.items() if distance >= 0}
            if apart:
                place = min(apart, key=lambda each: apart[each])
                nearest[place] = min(apart[place], nearest.get(place, apart[place]))
        return sorted(sorted(nearest, key=lambda each: nearest[each])[:rows])

    def _cuts_a_figure(self, start: int, end: int) -> bool:
        text = self._text
        left = text[start].isdigit() and start > 0 and (text[start - 1].isdigit() or _decimal_mark_at(text, start - 1))
        return left or (text[end - 1].isdigit() and end < len(text) and bool(_IN_FIGURES.match(text, end)))


def _decimal_mark_at(text: str, at: int) -> bool:
    return text[at] in ".," and at > 0 and text[at - 1].isdigit()
