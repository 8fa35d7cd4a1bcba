"""Example questions: what a document answers, made from its figures and headings, and each asked before it is offered."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, zip_longest

from rag.answers import Answer
from rag.text.documents import Document
from rag.text.facts import Fact
from rag.text.gist import as_quoted
from rag.text.script import is_chinese
from rag.text.structure import Sentence

TRIED = 12
"""Questions that are asked at most."""
SURE = 0.8
"""The confidence from which on an answer shows that its question can be offered."""
LONGEST_HEADING = 24


def answered_questions(
    document: Document,
    facts: Iterable[Fact],
    sentences: Sequence[Sentence],
    ask: Callable[[str], Answer],
    most: int = 3,
) -> list[str]:
    """Questions in Chinese that are surely answered, from the very places of the document that they were made from.

    Args:
        facts, sentences: of the document.
        ask: answers a question from all documents.
        most: how many are wanted.
    """
    found: list[str] = []
    of_figures, of_headings = _of_figures(facts), _of_headings(document, sentences)
    in_turn = filter(None, chain.from_iterable(zip_longest(of_figures, of_headings)))
    for (question, start, end), _ in zip(in_turn, range(TRIED), strict=False):
        if len(found) == most:
            break
        if _is_answered(ask(question), document, start, end):
            found.append(question)
    return found


def _is_answered(answer: Answer, document: Document, start: int, end: int) -> bool:
    """Whether an answer surely is the document's own, from between two places."""
    is_sure = not answer.abstained and answer.supported and answer.confidence >= SURE
    cited = answer.citations
    return (
        is_sure
        and bool(cited)
        and all(citation.document.id == document.id for citation in cited)
        and any(citation.start < end and start < citation.end for citation in cited)
    )


def _of_figures(facts: Iterable[Fact]) -> Iterator[tuple[str, int, int]]:
    """A question for each thing that the document gives a figure of, with the place of the sentence that answers it."""
    asked: set[str] = set()
    for fact in facts:
        if fact.subject in asked or fact.status != "actual" or not is_chinese(fact.subject):
            continue
        asked.add(fact.subject)
        first, last = fact.period.first, fact.period.last
        is_year = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year
        when = f"{first.year}年" if is_year and str(first.year) not in fact.subject else ""
        wanted = f"{fact.change}了多少" if fact.change else "是多少"
        yield f"{when}{fact.subject}{wanted}？", fact.start, fact.end


def _of_headings(document: Document, sentences: Sequence[Sentence]) -> Iterator[tuple[str, int, int]]:
    """A question for each section of the document, with where it begins and ends."""
    headings = list(dict.fromkeys(each.heading for each in sentences if each.kind == "statement" and each.heading))
    for heading in headings:
        name = as_quoted(heading).strip()
        if name == document.title or not is_chinese(name) or not 1 < len(name) <= LONGEST_HEADING:
            continue
        within = [each for each in sentences if each.heading == heading]
        yield f"{name}有什么规定或安排？", within[0].start, within[-1].end
