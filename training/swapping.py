"""A word of a text put for another, so that the text says something else, and where the change stands.

What can be swapped: words with mined sisters (``sisters``), years, months and other numbers, ordinals, letters that name
(``A标段``), a title made that of the deputy. These rules make training data; nothing of them runs in an answer.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

NUMERALS = "一二三四五六七八九十"
STEMS = "甲乙丙丁戊"
# Each finds what may change: a year, a number, an ordinal or count in characters, a stem or letter that names.
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=\s*年)")
NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:[.,]\d+)*")
ORDINAL = re.compile(
    f"(?<=第)[{NUMERALS}](?![{NUMERALS}])|(?<![{NUMERALS}百千万零〇第])[{NUMERALS}](?=[期审级等号批组班区院中小队轮版卷章节条届楼])"
)
STEM = re.compile(f"(?<![一-鿿])[{STEMS}](?=[一-鿿])|(?<=[告人])[{STEMS}]")
LETTER = re.compile("(?<![A-Za-z])[A-F](?![A-Za-z])")
TITLE = re.compile("(?<![副长])(?:[省市县区镇乡村局院校所厂处科部会]长|主任|主席|总理|总裁|书记|经理)")
DEPUTY = re.compile("副(?=[省市县区镇乡村局院校所厂处科部会]长|主任|主席|总理|总裁|书记|经理)")


@dataclass(frozen=True, slots=True)
class Swap:
    """One place of a text and what may stand there instead.

    Attributes:
        start, end: the characters that go.
        others: what may come, by preference.
        kind: what sort of word it is.
    """

    start: int
    end: int
    others: tuple[str, ...]
    kind: str


@dataclass(slots=True)
class Swapper:
    """Finds and makes swaps.

    Attributes:
        sisters: the sisters of each word.
        chance: what decides.
        cut: cuts a text into words.
    """

    sisters: Mapping[str, Sequence[str]]
    chance: random.Random
    cut: Callable[[str], list[str]] = field(default_factory=lambda: cutter())

    def swaps(self, text: str) -> list[Swap]:
        """All swaps that a text allows, in its order; none within another."""
        found: list[Swap] = []
        for swap in sorted(self._all(text), key=lambda swap: (swap.start, -swap.end)):
            if not found or swap.start >= found[-1].end:
                found.append(swap)
        return found

    def apply(self, text: str, swap: Swap, avoid: str = "") -> tuple[str, tuple[int, int]] | None:
        """The text with a swap made, and where the new characters stand.

        Args:
            avoid: a text; what stands in it is not put in.
        """
        others = [other for other in swap.others if other not in avoid] if avoid else list(swap.others)
        if not others:
            return None
        other = self.chance.choice(others)
        return text[: swap.start] + other + text[swap.end :], (swap.start, swap.start + max(len(other), 1))

    def _all(self, text: str) -> Iterator[Swap]:
        place = 0
        for word in self.cut(text):
            if others := self.sisters.get(word):
                yield Swap(place, place + len(word), tuple(others), "word")
            place += len(word)
        for match in YEAR.finditer(text):
            year = int(match[0])
            yield Swap(*match.span(), tuple(str(year + step) for step in (-1, 1, -2, 2, 5)), "year")
        for match in NUMBER.finditer(text):
            yield Swap(*match.span(), tuple(self._numbers(match[0])), "number")
        for pattern, among, kind in ((ORDINAL, NUMERALS, "ordinal"), (STEM, STEMS, "name"), (LETTER, "ABCDEF", "name")):
            for match in pattern.finditer(text):
                near = among.index(match[0])
                others = [among[other] for other in (near + 1, near - 1, near + 2) if 0 <= other < len(among)]
                yield Swap(*match.span(), tuple(others), kind)
        for match in TITLE.finditer(text):
            yield Swap(*match.span(), ("副" + match[0],), "title")
        for match in DEPUTY.finditer(text):
            yield Swap(*match.span(), ("",), "title")

    def _numbers(self, number: str) -> Iterator[str]:
        """Numbers that look like this one: another digit, one digit less, another scale."""
        digits = [place for place, character in enumerate(number) if character.isdigit()]
        for _ in range(3):
            place = self.chance.choice(digits)
            least = 1 if place == 0 and len(number) > 1 else 0
            other = self.chance.choice([str(digit) for digit in range(least, 10) if str(digit) != number[place]])
            yield number[:place] + other + number[place + 1 :]
        if number.isdigit() and len(number) > 2:
            yield number[:-1]
        if number.isdigit():
            yield str(int(number) + self.chance.choice((1, 2, 10)))


def cutter(words: Iterable[str] = ()) -> Callable[[str], list[str]]:
    """Cuts a text into words, those given among them."""
    import jieba

    jieba.setLogLevel(60)
    for word in words:
        jieba.add_word(word)

    def cut(text: str) -> list[str]:
        return list(jieba.lcut(text, HMM=False))

    return cut
