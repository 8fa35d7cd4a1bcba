"""Operands: the figures that a computation takes, each where the documents surely say it, with its exact span.

Each is asked for by itself and looked up as any question is. It counts only where the reader is sure of the very words, they
hold one quantity, and its sentence, or what it stands under, names the thing and the time that was asked for: a sister's
figure would make a wrong result that looks exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from rag.answers import Citation
from rag.questions.computations import Asked
from rag.reading.evidence import Evidence, is_foreign
from rag.reading.passages import cited_passage
from rag.reading.timeliness import is_of
from rag.text.cells import heads_in
from rag.text.dates import dates_in
from rag.text.documents import Document
from rag.text.mentions import DateMention
from rag.text.quantities import Quantity, quantities_in
from rag.text.structure import Sentence
from rag.text.terms import letters_of

if TYPE_CHECKING:
    from rag.answering.finding import Part
    from rag.reading.reader import Reader

SURE = 0.58
"""The least confidence of an operand, whatever the caution; a stricter one counts too."""
SURE_WORDS = 2.0
"""The margin from which on the words that the reader found are taken, in logits."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A figure that a computation takes.

    Attributes:
        name: what it is the figure of.
        quantity: as it stands in ``evidence.sentence.text``.
        citation: its exact span, with the words that bound it.
        evidence: the sentence.
        confidence: how surely it is the figure, from 0 to 1.
    """

    name: str
    quantity: Quantity
    citation: Citation
    evidence: Evidence
    confidence: float


def operands_of(
    asked: Sequence[Asked],
    found: "Callable[[str], Part]",
    reader: "Reader",
    structure: Callable[[Document], Sequence[Sentence]],
    least: float,
) -> list[Operand]:
    """The figures asked for; empty where one of them is not surely found, or two are found in one place.

    Args:
        asked: what is asked for.
        found: looks up a question.
        reader: finds the words of a sentence that answer.
        structure: gives the sentences of a document.
        least: the confidence from which on a question is answered.
    """
    operands: list[Operand] = []
    for each in asked:
        wordings = filter(None, (each.question, each.other))
        tried = (_operand(each, found(wording), reader, structure, max(least, SURE)) for wording in wordings)
        operand = next(filter(None, tried), None)
        if operand is None:
            return []
        operands.append(operand)
    places = {(each.citation.document.id, each.citation.start) for each in operands}
    is_of_times = any(dates_in(each.question) for each in asked)
    are_of_one_time = is_of_times or _are_of_one_time(operands)
    return operands if len(places) == len(operands) and _are_alike(operands) and are_of_one_time else []


def operand_at(name: str, quantity: Quantity, evidence: Evidence, confidence: float) -> Operand | None:
    """A quantity of a sentence as an operand; None where its place in the document cannot be told."""
    document, sentence = evidence.document, evidence.sentence
    places = sentence.places(document.text)
    if not places:
        return None
    start, end = places[quantity.start], places[quantity.end - 1] + 1
    if sentence.lead or sentence.tail:  # a cell is cited whole, for its heads and its unit to be read with it
        start, end = sentence.start, sentence.end
    quote = document.text[start:end]
    citation = Citation(document, start, end, quote, sentence.speaker, sentence.heading, evidence.reprints)
    is_read_there = [each for each in quantities_in(citation.text) if each.same_as(quantity)]
    return Operand(name, quantity, citation, evidence, confidence) if is_read_there else None


def _operand(
    asked: Asked,
    part: "Part",
    reader: "Reader",
    structure: Callable[[Document], Sequence[Sentence]],
    least: float,
) -> Operand | None:
    if part.confidence < least or part.misattribution or is_foreign(part.question, part.evidence):
        return None
    best = part.evidence[0]
    quantities = _answering(part, best, reader, structure)
    if len(quantities) != 1 or not _is_of(asked, best, quantities[0]):
        return None
    return operand_at(asked.subject, quantities[0], best, part.confidence)


def _answering(
    part: "Part", best: Evidence, reader: "Reader", structure: Callable[[Document], Sequence[Sentence]]
) -> list[Quantity]:
    """The quantities of the best sentence that are among the words that answer.

    Where the sentence has another of the kind, the reader must be sure of those words. Where it is surer of words of
    another sentence, in another passage, the best is read by itself.
    """
    text = best.sentence.text
    every = quantities_in(text)
    short = part.findings.answer if part.findings else None
    if short and short.stands_in(best.document, best.sentence):
        margin = short.margin
        found = [each for each in every if each.start < short.end and short.start < each.end]
    else:
        sentence = best.sentence
        quote = best.document.text[sentence.start : sentence.end]
        passage = cited_passage((Citation(best.document, sentence.start, sentence.end, quote),), structure)
        heading, _, passage = passage.partition("\n")
        (reading,) = reader.read(part.question, [passage], headings=[heading])
        words, margin = passage[slice(*reading.answer)], reading.margin
        written = [text[each.start : each.end] for each in every]
        found = [each for each, own in zip(every, written, strict=True) if words and (own in words or words in own)]
    kinds = [each.kind for each in every]
    is_clear = margin >= SURE_WORDS or all(kinds.count(each.kind) == 1 for each in found)
    return found if is_clear else []


def _is_of(asked: Asked, evidence: Evidence, quantity: Quantity) -> bool:
    """Whether a sentence, or what it stands under, names the thing and the time that a quantity is to be of."""
    document, sentence = evidence.document, evidence.sentence
    around = "\n".join([sentence.text, sentence.heading, document.title])
    times = dates_in(asked.question)
    if times and not all(_is_of_time(each, document, sentence, quantity) for each in times):
        return False
    name = asked.name
    for mention in reversed(dates_in(name)):
        name = f"{name[: mention.start]}{name[mention.end :]}"
    return _is_named(letters_of(name.strip("的")), letters_of(around))


def _is_named(name: str, around: str) -> bool:
    """Whether a text has a name, whole or in pieces: ``临江路东段`` in ``临江路改造 … 东段长1.8公里``."""
    while name:
        length = next((end for end in range(len(name), 0, -1) if name[:end] in around), 0)
        if length < min(2, len(name)) or len(name) - length == 1:
            return False
        name = name[length:]
    return True


def _is_of_time(asked: DateMention, document: Document, sentence: Sentence, quantity: Quantity) -> bool:
    """Whether the words nearest to a quantity that name a time name this one: before it, else its heading, else the title."""
    own = _own_time(document, sentence, quantity)
    for told in (own, dates_in(sentence.heading), dates_in(document.title)):
        if told:
            return is_of(asked, None, told)
    return False


def _own_time(document: Document, sentence: Sentence, quantity: Quantity) -> list[DateMention]:
    """The time that a sentence names before a quantity, nearest to it, in a list; empty where it names none."""
    every = dates_in(sentence.text, document.trusted_date)
    return [each for each in every if each.start < quantity.start and not each.compared][-1:]


def _are_of_one_time(operands: Sequence[Operand]) -> bool:
    """Whether no two quantities are told of different times: a part of one year is no share of another's whole."""
    own = [_own_time(each.evidence.document, each.evidence.sentence, each.quantity) for each in operands]
    times = [time for each in own for time in each]
    return all(is_of(one, None, [other]) or is_of(other, None, [one]) for one, other in combinations(times, 2))


def _are_alike(operands: Sequence[Operand]) -> bool:
    """Whether quantities are of one kind and, where all are cells, stand under the same heads but for what tells them apart."""
    if len({each.quantity.kind for each in operands}) > 1:
        return False
    sentences = [each.evidence.sentence for each in operands]
    if not all(each.lead for each in sentences):
        return True
    heads = [heads_in(each.text, each.lead) for each in sentences]
    return (
        len({len(each) for each in heads}) == 1 and sum(len(set(level)) > 1 for level in zip(*heads, strict=True)) <= 1
    )
