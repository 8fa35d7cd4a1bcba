"""Designators: the numeral, letter or stem that alone tells a thing from its sisters, as in ``二期``, ``第二季度``, ``L5``, ``甲方``.

To the reader two such things look much alike. Whether a sentence speaks of a sister can be seen from the characters: it has
another designator of the same form before the same word, and nothing around it has the one asked about. On 27,000 questions of
``training/written`` that holds of 2.1 % of the sentences that nearly answer and of 0.1 % of those that do
(``docs/notebook.md``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.text.numerals import value_of
from rag.text.terms import fold

_NUMERAL = "一二三四五六七八九十"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
# In the form in which texts are compared: half-width, lower case.
_DESIGNATOR = re.compile(
    f"(?P<ordinal>第(?:[{_NUMERAL}]+|\\d+))|(?<![{_NUMERAL}百千万亿第\\d点.])(?P<numeral>[{_NUMERAL}]+)|(?P<stem>[{_STEMS}])"
    r"|(?<![a-z\d])(?P<code>[a-z]{1,4}-?\d{1,4})(?![\d.%a-z])|(?<![a-z\d])(?P<letter>[a-z])(?![a-z\d])"
)


@dataclass(frozen=True, slots=True)
class Designator:
    """A designator in a text.

    Attributes:
        form: of which form it is, with what it shares with its sisters: the word behind it, the letters of a code.
        value: what tells it from them.
        written: as the text has it, with a character of that word.
    """

    form: str
    value: str
    written: str


def is_of_a_sister(question: str, sentence: str, around: str, document: str) -> bool:
    """Whether a sentence names a sister of a thing that a question or claim names, and nothing around it the thing itself.

    A bare numeral may as well count (``三天``): it is a name only where the document has it somewhere.

    Args:
        around: the sentence with its neighbours and what it stands under.
        document: the whole text.
    """
    asked = list(_designators(fold(question)))
    if not asked:
        return False
    told, near = list(_designators(fold(sentence))), list(_designators(fold(around)))
    whole = fold(document)
    for one in asked:
        sisters = [each for each in told if each.form == one.form and each not in asked and each.value != one.value]
        is_name = not one.form.startswith("numeral") or one.written in whole
        is_near = any((each.form, each.value) == (one.form, one.value) for each in near)
        if sisters and is_name and not is_near and not _is_among(one, sisters):
            return not _stands_behind(one, fold(question), fold(around))
    return False


def _designators(text: str) -> Iterator[Designator]:
    for match in _DESIGNATOR.finditer(text):
        kind, found = str(match.lastgroup), match[0]
        behind = text[match.end() : match.end() + 1]
        if kind == "code":
            letters = found.rstrip("0123456789")
            yield Designator(f"code {letters}", found[len(letters) :], found)
        elif "一" <= behind <= "鿿":
            number = found.removeprefix("第")
            value = str(value_of(number)) if kind in ("ordinal", "numeral") and not number.isdigit() else number
            yield Designator(f"{kind} {behind}", value, found + behind)


def _is_among(one: Designator, sisters: Sequence[Designator]) -> bool:
    """Whether its number lies between those of the sisters, which may be the ends of a range: ``第51名至第100名``."""
    numbers = [int(each.value) for each in sisters if each.value.isdecimal()]
    return one.value.isdecimal() and bool(numbers) and min(numbers) < int(one.value) < max(numbers)


def _stands_behind(one: Designator, question: str, around: str) -> bool:
    """Whether it tells the word before it and not the one behind (``方案一每年``), and stands so around the sentence."""
    place = question.find(one.written)
    return place > 0 and "一" <= question[place - 1] <= "鿿" and question[place - 1] + one.written[:-1] in around
