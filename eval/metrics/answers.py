"""Answers: do they say what they must, and how near are their words to the expected ones?"""

import re
from collections import Counter
from functools import lru_cache
from itertools import islice, product

from eval.metrics.base import metric
from eval.rows import Row
from rag.text.figures import Figure, figures_in
from rag.text.numerals import in_digits
from rag.text.terms import fold

MOST_REFERENCES = 64
BETA = 1.2
_MULTIPLES = "十百千万亿"
_DROPPED = re.compile(r"[\s,，]")
_BETWEEN_FIGURES = re.compile(r"[\s,，、.。的]*")
# What CMRC2018 leaves out. It lists …… too, but compares single characters, so that … stays.
_CMRC_PUNCTUATION = set("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_CMRC_SEGMENTS = re.compile(r"[\u4e00-\u9fa5]|\d+(?:[.,]\d+)*|[^\W\d_\u4e00-\u9fa5]+|\S")


@metric(
    formula="|questions all of whose required facts stand in the answer| / |questions with facts|",
    source="ours; one fact as in RGB (Chen et al., AAAI 2024)",
)
def fact_accuracy(row: Row) -> float | None:
    """Share of questions whose answer holds every required fact, in any of its forms; figures however written."""
    return float(found_facts(row) == len(row.question.facts)) if row.question.facts else None


@metric(formula="|required facts in the answer| / |required facts|, mean over questions with facts", source="ours")
def fact_recall(row: Row) -> float | None:
    """Share of the required facts that the answer holds."""
    return found_facts(row) / len(row.question.facts) if row.question.facts else None


@metric(
    formula="max over references of 2PR / (P + R), P and R the longest common substring's share of either text's segments",
    source="CMRC2018 (Cui et al., EMNLP 2019), cmrc2018_evaluate.py version 5",
)
def character_f1(row: Row) -> float | None:
    """How much of the answer is the expected words: low for an answer in whole sentences, however right it is."""
    return max((_cmrc_f1(expected, row.answer) for expected in references(row)), default=None)


@metric(
    formula="1 where the answer without CMRC's punctuation equals a reference, else 0; mean over questions with facts",
    source="CMRC2018 (Cui et al., EMNLP 2019), cmrc2018_evaluate.py version 5",
)
def exact_match(row: Row) -> float | None:
    """Whether the answer is the expected words and no more."""
    said = _without_punctuation(row.answer)
    return max((float(_without_punctuation(expected) == said) for expected in references(row)), default=None)


@metric(
    formula="(1 + β²)PR / (R + β²P), β = 1.2, P and R the longest common subsequence's largest share of either text's characters",
    source="Lin 2004; β and the maximum over references as in DuReader's evaluation (He et al., 2018)",
)
def rouge_l(row: Row) -> float | None:
    """How much of the expected words stands in the answer in the same order, by character."""
    expected = references(row)
    return _rouge_l(expected, row.answer) if expected else None


def references(row: Row) -> list[str]:
    """The expected texts: the forms of the one fact; of several facts, one form of each, put together with 、."""
    if not row.question.facts:
        return []
    return ["、".join(forms) for forms in islice(product(*row.question.facts), MOST_REFERENCES)]


def found_facts(row: Row) -> int:
    """Number of the required facts that the answer holds."""
    return sum(any(stands_in(form, row.answer) for form in forms) for forms in row.question.facts)


def is_right(row: Row) -> bool | None:
    """Whether the question was dealt with as it should be: all facts said, or silence kept.

    None where nothing is known to judge by.
    """
    from eval.metrics.silence import is_silent

    if not row.question.answerable:
        return is_silent(row)
    return found_facts(row) == len(row.question.facts) if row.question.facts else None


@lru_cache(maxsize=65536)
def stands_in(form: str, answer: str) -> bool:
    """Whether a written form of a fact stands in an answer, or the same figures written in another way.

    Width, case, script, spaces and commas do not count; ``1万`` does not stand in ``11万``, nor ``3%`` in
    ``5.3%``, nor ``62`` in ``62%``, nor ``1.2万`` in ``1.2万亿``. ``1.2万``, ``12,000`` and ``一万二千`` are the same, and so are
    ``2023年4月21日`` and ``2023-04-21``.
    """
    wanted, said = (_DROPPED.sub("", fold(text)) for text in (form, answer))
    before = r"(?<![\d.])" if wanted[0].isdigit() else ""
    after = r"(?!\d|\.\d|[%‰万亿千百十]|个百分点)" if wanted[-1].isdigit() else ""
    if wanted[-1] in _MULTIPLES and len(wanted) > 1 and wanted[-2] in f"0123456789{_MULTIPLES}":
        after = rf"(?![{_MULTIPLES}\d])"
    if re.search(before + re.escape(wanted) + after, said):
        return True
    sought = _only_figures(in_digits(fold(form)))
    digits = in_digits(fold(answer))
    # 5.75亿亿 is no way of writing 5.75亿: a figure before one more multiple is another.
    given = [
        None if digits[figure.end : figure.end + 1] in set(_MULTIPLES) else figure.key for figure in figures_in(digits)
    ]
    return any(
        Counter(given[start : start + len(sought)]) == Counter(sought)
        for start in range(len(given) - len(sought) + 1)
        if sought
    )


def _only_figures(form: str) -> list[tuple[object, str]]:
    """The figures of a form that says nothing besides: a number, a percentage or a date; else none."""
    figures = figures_in(form)
    return [figure.key for figure in figures] if _BETWEEN_FIGURES.fullmatch(_besides(form, figures)) else []


def _besides(form: str, figures: list[Figure]) -> str:
    kept = list(form)
    for figure in figures:
        kept[figure.start : figure.end] = " " * (figure.end - figure.start)
    return "".join(kept)


def _segments(text: str) -> list[str]:
    """CMRC2018's mixed segmentation without punctuation: Chinese by character, the rest by word or number."""
    return _CMRC_SEGMENTS.findall(_without_punctuation(text))


def _without_punctuation(text: str) -> str:
    return "".join(character for character in text.lower().strip() if character not in _CMRC_PUNCTUATION)


def _cmrc_f1(expected: str, said: str) -> float:
    wanted, given = _segments(expected), _segments(said)
    length = _common_substring(wanted, given)
    return 2 * length / (len(wanted) + len(given)) if length else 0.0


def _common_substring(one: list[str], other: list[str]) -> int:
    """Length of the longest run of segments that stands in both."""
    longest = 0
    row = [0] * (len(other) + 1)
    for segment in one:
        row = [0] + [row[place] + 1 if segment == opposite else 0 for place, opposite in enumerate(other)]
        longest = max(longest, *row)
    return longest


def _rouge_l(expected: list[str], said: str) -> float:
    given = _characters(said)
    lengths = [(_common_subsequence(_characters(text), given), len(_characters(text))) for text in expected]
    precision = max(common for common, _ in lengths) / max(1, len(given))
    recall = max(common / max(1, length) for common, length in lengths)
    if not precision or not recall:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def _characters(text: str) -> str:
    return "".join(text.lower().split())


def _common_subsequence(one: str, other: str) -> int:
    """Length of the longest sequence of characters that stands in both in order."""
    row = [0] * (len(other) + 1)
    for character in one:
        last = row
        row = [0]
        for place, opposite in enumerate(other):
            row.append(last[place] + 1 if character == opposite else max(last[place + 1], row[place]))
    return row[-1]
