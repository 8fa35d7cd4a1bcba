"""Premises: what a question takes for granted though the documents say otherwise.

``2022年我国制造业为什么跌到了世界第二？`` has no answer, but the documents hold what corrects it: ``我国制造业连续13年居世界首位``. A
sentence contradicts a question that asks why where it speaks of the same thing and says the other direction, another
rank, or a share on the other side of a bound, and where no other sentence says what the question says.
"""

import re
from collections.abc import Sequence

from rag.assertions import bound_of, marks_in
from rag.evidence import Evidence
from rag.figures import DATES, Figure, figures_in
from rag.lexical import fold
from rag.numerals import in_digits
from rag.questions import asks_for_reason
from rag.silence import unspoken

AXES = ("direction", "rank")
UNSPOKEN = 0.4
"""The share of what a question speaks of that a sentence may lack and still speak of the same thing."""

_TAKES_FOR_GRANTED = re.compile(
    "为什么|为何|为啥|怎么|怎会|何以|是怎么回事|原因|理由|差在哪|凭什么|\\bwhy\\b", re.IGNORECASE
)
_TURNED = re.compile("(?:扭转|止住|遏制|遏止|摆脱|结束)(?:了)?[^，。；]{0,16}$")
_NOT_EVEN = re.compile("[万亿]?[元个家户人%]?都?(?:不到|不足|没有?到)")
_OPPOSITES = {"up": "down", "down": "up"}


def takes_for_granted(question: str) -> bool:
    """Whether a question asks why, and so states something that may not be so."""
    return asks_for_reason(question) or bool(_TAKES_FOR_GRANTED.search(question))


def contradicting(question: str, evidence: Sequence[Evidence]) -> Evidence | None:
    """The sentence that contradicts what a question takes for granted, nearest first; None where none does.

    Args:
        question: it stands alone.
        evidence: the sentences chosen for it, best first.
    """
    if not takes_for_granted(question) or not evidence:
        return None
    said = _values(question)
    if not said:
        return None
    subject = _without_statement(question)
    found = None
    for part in evidence:
        if unspoken(subject, part.sentence.text) > UNSPOKEN:
            continue
        theirs = _values(part.sentence.text)
        if any(value in theirs for value in said):
            return None
        if any(_opposed(value, other) for value in said for other in theirs):
            found = found or part
    return found


def _without_statement(question: str) -> str:
    """What a question speaks of: without the words that say which way, which rank or how much, and without 为什么."""
    characters = list(_TAKES_FOR_GRANTED.sub(lambda found: "，" * len(found.group()), question))
    folded = fold(question).replace("规模以上", "规模之上")
    spans = [(mark.start, mark.end) for mark in marks_in(folded) if mark.axis in AXES]
    spans += [(figure.start, figure.end) for figure in figures_in(folded) if figure.kind not in DATES]
    for start, end in spans:
        characters[start:end] = "，" * (end - start)
    return "".join(characters)


def _values(text: str) -> set[tuple[str, str]]:
    """Directions and ranks that a text states, as (axis, value), with what it says to be over or under a figure."""
    folded = fold(in_digits(fold(text))).replace("规模以上", "规上")  # no direction
    values: set[tuple[str, str]] = set()
    for mark in marks_in(folded):
        if mark.axis in AXES:
            turned = mark.axis == "direction" and _TURNED.search(folded[: mark.start])
            values.add((mark.axis, _OPPOSITES[mark.value] if turned else mark.value))
    for figure in figures_in(folded):
        if figure.kind not in DATES:
            unit = figure.kind or folded[figure.end : figure.end + 1]
            values.add((f"figure {unit}", f"{_sign(folded, figure)}{figure.value:f}"))
    return values


def _sign(text: str, figure: Figure) -> str:
    if _NOT_EVEN.match(text, figure.end):
        return "<"
    bound = bound_of(text[max(0, figure.start - 12) : figure.start], text[figure.end : figure.end + 4])
    return "<" if bound < 0 else ">" if bound > 0 else "="


def _opposed(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether a statement is excluded by another: another rank, the other direction, ``不到10%`` by ``超过40%``."""
    if one[0] != other[0]:
        return False
    if not one[0].startswith("figure"):
        return one[1] != other[1]
    (sign, value), (theirs, standard) = (one[1][0], float(one[1][1:])), (other[1][0], float(other[1][1:]))
    return (sign == "<" and theirs != "<" and standard > value) or (sign == ">" and theirs != ">" and standard < value)
