"""Example questions: what a person could ask a document, made from what it states, and each asked before it is offered.

They come from labelled lines (``联系电话：…``), cells of tables, figures, articles, sections and speakers, one of each kind in
turn. One is offered only if the assistant answers it surely, from the place that it was made from and from nowhere else.
Signatures, days, numbers of documents, salutations and headings with nothing below them make none.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, zip_longest

from rag.answering.silence import THRESHOLDS
from rag.answers import Answer, Citation
from rag.text.articles import articles_of, has_articles
from rag.text.cells import heads_in
from rag.text.dates import dates_in
from rag.text.documents import Document, Span
from rag.text.facts import Fact
from rag.text.figures import figures_in
from rag.text.gist import as_quoted, stands_alone
from rag.text.instructions import is_instruction
from rag.text.measures import COUNTED
from rag.text.official_lines import LEADS, lead_of
from rag.text.script import is_chinese
from rag.text.structure import Sentence

MOST = 3
"""Questions that are offered of a document."""
TRIED = 12
"""Questions that are asked at most; each takes as long as any other."""
LEAST_SENTENCES, LOOKED_AT = 2, 2000
"""A document that says less needs no question to begin with; of one that says more its beginning makes them."""
LONGEST_TITLE, LONGEST_NAME, LONGEST_VALUE = 40, 16, 40
"""Characters of a title, of what a label or heading names, and of what stands behind a label."""

_LABEL = re.compile(
    r"(?P<label>[\u3400-\u9fff]{2,10}|[A-Za-z][A-Za-z ]{2,24})(?:：|:(?!//))\s*(?P<value>\S.*)", re.DOTALL
)
_NAME = re.compile(r"(?:第\S{1,4}[章节编]\s*)?(?P<name>[\u3400-\u9fff]{2,14}|[A-Za-z][A-Za-z' -]{2,40})")
_SENTENCE_END = re.compile("[。！？；!?;]")
# How labels of places, persons and times end, in any document.
_PLACE, _PERSON, _TIME = re.compile("[址点地]$"), re.compile("[人者员]$"), re.compile("(?:时间|日期)$")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A question with where its answer stands.

    Attributes:
        wordings: the ways to ask it; the first that is answered is offered.
        spans: where its answer stands in the document's text.
        value: what is first to be quoted, where that is part of a span.
    """

    wordings: tuple[str, ...]
    spans: tuple[Span, ...]
    value: Span | None = None


def answered_questions(
    document: Document, facts: Iterable[Fact], sentences: Sequence[Sentence], ask: Callable[[str], Answer]
) -> list[str]:
    """Up to three questions that are surely answered, from the very places of the document that they were made from.

    Args:
        facts, sentences: of the document.
        ask: answers a question from all documents.
    """
    if sum(each.kind == "statement" for each in sentences) < LEAST_SENTENCES:
        return []
    found: list[str] = []
    tried = 0
    for candidate in _candidates(document, facts, sentences[:LOOKED_AT]):
        for question in candidate.wordings:
            if len(found) == MOST or tried == TRIED:
                return found
            if question in found or is_instruction(question):
                continue
            tried += 1
            if _is_answered(ask(question), document, candidate):
                found.append(question)
                break
    return found


def _is_answered(answer: Answer, document: Document, candidate: _Candidate) -> bool:
    """Whether an answer surely is the document's own, all of it from certain spans, whatever caution is set."""
    cited = answer.citations
    if answer.abstained or not answer.supported or answer.confidence < THRESHOLDS["strict"] or not cited:
        return False
    first = (candidate.value,) if candidate.value else candidate.spans
    return _stands_in(cited[0], document, first) and all(_stands_in(each, document, candidate.spans) for each in cited)


def _stands_in(citation: Citation, document: Document, spans: Sequence[Span]) -> bool:
    within = any(citation.start < end and start < citation.end for start, end in spans)
    return within and citation.document.id == document.id


def _candidates(document: Document, facts: Iterable[Fact], sentences: Sequence[Sentence]) -> Iterator[_Candidate]:
    """Of each kind one, then of each a second, and so on."""
    named = _named(document)
    by_articles = has_articles(sentences)
    kinds: tuple[Iterator[_Candidate], ...] = (
        _of_figures(facts, named),
        _of_labels(document, sentences, named),
        _of_cells(document, sentences, named),
        _of_articles(sentences, named) if by_articles else _of_sections(document, sentences, named),
        _of_speakers(sentences, named),
    )
    return filter(None, chain.from_iterable(zip_longest(*kinds)))


def _named(document: Document) -> str:
    """A document as a question names it; empty where its title is too long for that."""
    title = document.title.replace("《", "〈").replace("》", "〉").strip()
    return f"《{title}》" if 0 < len(title) <= LONGEST_TITLE else ""


def _of_figures(facts: Iterable[Fact], named: str) -> Iterator[_Candidate]:
    """A question for each thing that the document gives a figure of."""
    asked: set[str] = set()
    for fact in facts:
        if fact.subject in asked or fact.status != "actual" or not is_chinese(fact.subject):
            continue
        if any(figure.kind != "年" for figure in figures_in(fact.subject)):
            continue  # more than a name
        asked.add(fact.subject)
        first, last = fact.period.first, fact.period.last
        is_year = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year
        when = f"{first.year}年" if is_year and str(first.year) not in fact.subject else ""
        wanted = f"有多少{fact.unit}" if fact.unit in COUNTED else "是多少"
        wanted = f"{fact.change}了多少" if fact.change else wanted
        place, value = (fact.start, fact.end), (fact.value_start, fact.value_end)
        yield _within_or_without(f"{when}{fact.subject}{wanted}？", named, (place,), value)


def _of_labels(document: Document, sentences: Sequence[Sentence], named: str) -> Iterator[_Candidate]:
    """A question for each line that says what it gives: ``联系电话：…``; also where a form has a cell for each."""
    for sentence in sentences:
        if sentence.kind != "statement" or sentence.speaker or sentence.text.strip() == document.title:
            continue
        if sentence.text[: sentence.lead] in LEADS:
            continue
        match = _LABEL.fullmatch(as_quoted(sentence.text).strip())
        if not match or (sentence.lead and len(heads_in(sentence.text, sentence.lead)) != 1):
            continue
        label, value = match["label"].strip(), match["value"]
        if len(value) > LONGEST_VALUE or _SENTENCE_END.search(value) or lead_of(value, "", after_sentences=False):
            continue
        spans = ((sentence.start, sentence.end),)
        if is_chinese(label):
            of = f"{named}的" if named else ""
            yield _Candidate((f"{of}{label}{_asked_of(label, value, document)}？",), spans)
        else:
            yield _Candidate((f"What is the {_inside(label)}{f' in {named}' if named else ''}?",), spans)


def _of_cells(document: Document, sentences: Sequence[Sentence], named: str) -> Iterator[_Candidate]:
    """Questions for cells of tables under one head of a row and one of a column, from row to row and column to column.

    Only columns all of which are figures make some: in others it is not sure that the head names what stands below.
    """
    columns: dict[str, list[tuple[str, Sentence]]] = {}
    for sentence in sentences:
        heads = heads_in(sentence.text, sentence.lead)
        if len(heads) == 2:
            columns.setdefault(heads[1], []).append((heads[0], sentence))
    of_figures = {
        column: [(row, each) for row, each in below if _is_name(row)]
        for column, below in columns.items()
        if _is_name(column) and all(_begins_with_figure(_value(each)) for _, each in below)
    }
    for turn in range(max(map(len, of_figures.values()), default=0)):
        for place, (column, below) in enumerate(of_figures.items()):
            if turn < len(below):
                row, sentence = below[(place + turn) % len(below)]
                yield _of_cell(row, column, sentence, document, named)


def _of_cell(row: str, column: str, sentence: Sentence, document: Document, named: str) -> _Candidate:
    spans = ((sentence.start, sentence.end),)
    if is_chinese(row + column):
        return _within_or_without(f"{row}的{column}{_asked_of(column, _value(sentence), document)}？", named, spans)
    question = f"What is the {_inside(column)} of {_inside(row)}"
    return _Candidate((f"{question}?", *([f"{question} in {named}?"] if named else [])), spans)


def _of_articles(sentences: Sequence[Sentence], named: str) -> Iterator[_Candidate]:
    """A question for each article but the first, which says what the others are for."""
    for number, (name, within) in enumerate(articles_of(sentences)):
        if number and named:
            spans = tuple((each.start, each.end) for each in within)
            yield _Candidate((f"{named}{name}规定了什么？",), spans)


def _of_sections(document: Document, sentences: Sequence[Sentence], named: str) -> Iterator[_Candidate]:
    """A question for each section whose heading names something and that says something below it."""
    asked: set[str] = set()
    statements = (each for each in sentences if each.kind == "statement")
    for heading, group in groupby(statements, key=lambda each: each.heading):
        within = [each for each in group if not each.lead]
        match = _NAME.fullmatch(as_quoted(heading).strip())
        if (
            not match
            or not named
            or heading in asked
            or heading == document.title
            or not any(map(stands_alone, within))
        ):
            continue
        asked.add(heading)
        name, spans = match["name"], ((within[0].start, within[-1].end),)
        if is_chinese(name):
            yield _Candidate((f"关于{name}，{named}是怎么说的？", f"{named}的“{name}”有哪些内容？"), spans)
        else:
            yield _Candidate((f"What does {named} say about {_inside(name)}?",), spans)


def _of_speakers(sentences: Sequence[Sentence], named: str) -> Iterator[_Candidate]:
    """A question for each person who speaks."""
    speakers = dict.fromkeys(each.speaker for each in sentences if each.speaker and each.kind == "statement")
    for speaker in speakers:
        spans = tuple((each.start, each.end) for each in sentences if each.speaker == speaker)
        if is_chinese(speaker):
            yield _within_or_without(f"{speaker}说了什么？", named, spans)
        else:
            yield _Candidate((f"What did {speaker} say?",), spans)


def _within_or_without(question: str, named: str, spans: tuple[Span, ...], value: Span | None = None) -> _Candidate:
    """A question that may stand by itself, or else is asked of the document by name."""
    return _Candidate((question, *([f"{named}中{question}"] if named else [])), spans, value)


def _value(cell: Sentence) -> str:
    """What stands in a cell, without the heads that it is read under."""
    return cell.text[cell.lead :]


def _inside(name: str) -> str:
    """An English name as it stands within a sentence."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _is_name(head: str) -> bool:
    """Whether the head of a cell names something: it has letters and is no more than a name."""
    return len(head) <= LONGEST_NAME and any(map(str.isalpha, head)) and not _SENTENCE_END.search(head)


def _asked_of(label: str, value: str, document: Document) -> str:
    """What is asked of something by what stands behind its label."""
    if _PLACE.search(label):
        return "在哪里"
    if _PERSON.search(label):
        return "是谁"
    if _TIME.search(label) or dates_in(value, document.trusted_date):
        return "是什么时候"
    return "是多少" if _begins_with_figure(value) else "是什么"


def _begins_with_figure(value: str) -> bool:
    if unicodedata.category(value[:1] or " ") == "Sc":  # £64
        value = value[1:]
    return value[:1].isdigit() or any(figure.start == 0 for figure in figures_in(value)[:1])
