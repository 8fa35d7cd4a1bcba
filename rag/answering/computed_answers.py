"""Computed answers: what a question asks to be calculated, calculated from figures that the documents surely give.

The conclusion comes first, then the calculation, then the sentences that the figures stand in. No language model has a
word in it. Where a figure is not surely found, the units are of several kinds, or the documents say the result themselves,
nothing is calculated, and the question is answered as any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.answering.columns import Column, column_of
from rag.answering.operands import SURE_WORDS, Operand, operands_of
from rag.answers import Citation, Claim
from rag.checking.recomputation import recomputed
from rag.messages import Language
from rag.questions.computations import Computation
from rag.reading.evidence import Evidence
from rag.search.retrieval import Hit
from rag.text.calculations import Calculation, calculated, sign_of
from rag.text.documents import Document
from rag.text.quantities import quantities_in
from rag.text.structure import Sentence

if TYPE_CHECKING:
    from rag.answering.finding import Part
    from rag.reading.reader import Reader


@dataclass(frozen=True, slots=True)
class ComputedAnswer:
    """A result with what it was calculated from.

    Attributes:
        statements: the conclusion and the calculation.
        calculation: what was calculated.
        operands: those that the documents give, in the order of the calculation.
        quoted: those whose sentences stand below it.
        confidence: how surely the documents give them, from 0 to 1.
    """

    statements: tuple[str, ...]
    calculation: Calculation
    operands: tuple[Operand, ...]
    quoted: tuple[Operand, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The statements, a line each."""
        return "\n".join(self.statements)

    @property
    def evidence(self) -> list[Evidence]:
        """The sentences to be quoted, each once."""
        return list(
            {(each.evidence.document.id, each.evidence.sentence.start): each.evidence for each in self.quoted}.values()
        )

    def claims(self) -> tuple[Claim, ...]:
        """The statements as claims, each recomputed from the spans that it cites."""
        citations: tuple[Citation, ...] = tuple(each.citation for each in self.operands)
        found, place = [], 0
        for statement in self.statements:
            checks = recomputed(statement, self.calculation, citations)
            found.append(Claim(statement, place, place + len(statement), citations, checks, self.calculation))
            place += len(statement) + 1
        return tuple(found)


def computed_answer(
    asked: Computation,
    language: Language,
    today: "Sequence[Part]",
    found: "Callable[[str], Part]",
    reader: "Reader",
    structure: Callable[[Document], Sequence[Sentence]],
    least: float,
) -> ComputedAnswer | None:
    """What a question asks to be calculated; None where that is not surely known.

    Args:
        asked: what it asks for.
        language: of the question.
        today: what is found for it as it is.
        found: looks up another question.
        reader: finds the words of a sentence that answer.
        structure: gives the sentences of a document.
        least: the confidence from which on a question is answered.
    """
    try:
        if asked.kind == "column":
            hits: list[Hit] = [hit for part in today for hit in part.hits]
            column = column_of(asked, hits, structure)
            answer = _of_column(asked, column, language) if column else None
        else:
            operands = operands_of(asked.asked, found, reader, structure, least)
            answer = _TOLD[asked.kind](asked, operands, language) if operands else None
    except ValueError:  # of several kinds, or open
        return None
    if (
        answer is None
        or _say_it_themselves(answer, today, least)
        or not all(each.supported for each in answer.claims())
    ):
        return None
    return answer


def _say_it_themselves(answer: ComputedAnswer, today: "Sequence[Part]", least: float) -> bool:
    """Whether the documents are sure of other words than those that were calculated with: they may say the result."""
    used = {(each.evidence.document.id, each.evidence.sentence.start): each.quantity for each in answer.operands}
    for part in today:
        short = part.findings.answer if part.findings else None
        if part.confidence < least or short is None or short.margin < SURE_WORDS:
            continue
        if answer.calculation.operation in ("greatest", "least") and len(today) == 1:
            if not short.sentence.lead:  # no cell says that it is the greatest
                return True
            continue
        own = used.get((short.document.id, short.sentence.start))
        for quantity in quantities_in(short.sentence.text):
            if quantity.start < short.end and short.start < quantity.end and (own is None or quantity != own):
                return True
    return False


def _answer(
    conclusion: str,
    line: str,
    calculation: Calculation,
    operands: Sequence[Operand],
    quoted: Sequence[Operand] | None = None,
) -> ComputedAnswer:
    confidence = min(each.confidence for each in operands)
    return ComputedAnswer((conclusion, line), calculation, tuple(operands), tuple(quoted or operands), confidence)


def _line(calculation: Calculation, language: Language) -> str:
    text = calculation.text(language)
    return f"计算：{text}。" if language == "zh" else f"Calculation: {text}."


def _difference(asked: Computation, operands: list[Operand], language: Language) -> ComputedAnswer:
    first, second = operands
    calculation = calculated("difference", [each.quantity for each in operands])
    ordered = [first, second] if calculation.operands[0] is first.quantity else [second, first]
    if not calculation.result.amount:
        told = first.quantity.told(language)
        same = f"{first.name}与{second.name}相同，都是{told}，相差{calculation.result.text}。"
        if language == "en":
            same = f"{first.name} and {second.name} are the same, {told}: a difference of {calculation.result.text}."
        return _answer(same, _line(calculation, language), calculation, ordered)
    stem = asked.if_more if ordered[0] is first else asked.if_less
    end = "。" if language == "zh" else "."
    return _answer(
        f"{stem}{calculation.result.told(language)}{end}", _line(calculation, language), calculation, ordered
    )


def _sum(asked: Computation, operands: list[Operand], language: Language) -> ComputedAnswer:
    return _result("sum", asked, operands, language)


def _share(asked: Computation, operands: list[Operand], language: Language) -> ComputedAnswer | None:
    part, whole = (each.evidence for each in operands)
    # A part and its whole are told in one breath, or in one table: else the whole may be another one's.
    if part.document.id != whole.document.id or part.sentence.heading != whole.sentence.heading:
        return None
    return _result("share", asked, operands, language)


def _result(
    operation: Literal["sum", "share"], asked: Computation, operands: list[Operand], language: Language
) -> ComputedAnswer:
    calculation = calculated(operation, [each.quantity for each in operands])
    end = "。" if language == "zh" else "."
    conclusion = f"{asked.if_more}{calculation.result.told(language)}{end}"
    return _answer(conclusion, _line(calculation, language), calculation, operands)


def _which(asked: Computation, operands: list[Operand], language: Language) -> ComputedAnswer | None:
    """Which of several things is more, and of two by how much."""
    operation: Literal["greatest", "least"] = "greatest" if asked.more else "least"
    outermost = calculated(operation, [each.quantity for each in operands])
    best = [each for each in operands if each.quantity.value == outermost.result.value]
    if len(operands) == 2:
        found = _difference(asked, operands, language)
        if len(best) == 1:
            other = next(each for each in operands if each is not best[0])
            more = "多" if asked.more else "少"
            conclusion = f"{best[0].name}更{asked.if_more}，比{other.name}{more}{found.calculation.result.told('zh')}。"
            return _answer(conclusion, found.statements[1], found.calculation, found.operands)
        return found
    names = "、".join(each.name for each in best)
    conclusion = f"{names}最{asked.if_more}，为{outermost.result.told('zh')}。"
    line = f"计算：{outermost.text(language, [each.name for each in operands])}。"
    return _answer(conclusion, line, outermost, operands)


def _limit(asked: Computation, operands: list[Operand], language: Language) -> ComputedAnswer:
    (operand,) = operands
    assert asked.limit is not None
    sign = sign_of(operand.quantity, asked.limit)
    reaches = asked.words == "达到"
    holds = sign > 0 or (reaches and not sign) if asked.more else sign < 0
    calculation = calculated("comparison", [operand.quantity, asked.limit])
    told = operand.quantity.told(language)
    if language == "en":
        conclusion = (
            f"{'Yes' if holds else 'No'}: {asked.measure} is {told}, {asked.if_more if holds else asked.if_less}."
        )
    else:
        verb = "" if operand.quantity.qualifier else "为"
        yes = "是" if holds else "否"
        conclusion = f"{yes}，{asked.measure}{verb}{told}，{asked.if_more if holds else asked.if_less}。"
    return _answer(conclusion, _line(calculation, language), calculation, operands)


def _of_column(asked: Computation, column: Column, language: Language) -> ComputedAnswer:
    """Which row of a column has the most or the least."""
    operation: Literal["greatest", "least"] = "greatest" if asked.more else "least"
    calculation = calculated(operation, [each.quantity for each in column.operands])
    best = [each for each in column.operands if each.quantity.value == calculation.result.value]
    line = calculation.text(language, [each.name for each in column.operands])
    told = calculation.result.told(language)
    if language == "en":
        conclusion = f"{' and '.join(each.name for each in best)}: the {asked.if_more} {column.head}, {told}."
        line = f"Calculation: {line}{f' ({column.blanks} rows have no figure)' if column.blanks else ''}."
    else:
        conclusion = f"{'、'.join(each.name for each in best)}的{column.head}最{asked.if_more}，为{told}。"
        line = f"计算：{line}{f'（另有{column.blanks}行没有数字）' if column.blanks else ''}。"
    return _answer(conclusion, line, calculation, column.operands, best)


_TOLD: dict[str, Callable[[Computation, list[Operand], Language], ComputedAnswer | None]] = {
    "difference": _difference,
    "sum": _sum,
    "share": _share,
    "which": _which,
    "limit": _limit,
}
