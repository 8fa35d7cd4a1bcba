"""A report: answers with their sources, references and what verifies them, ready to be laid out in any format.

It is made from records (:mod:`rag.records.record`). Of several answers the sources are numbered through, and a span that
two of them cite has one number. All text in it is visible: a format has only to keep it from being markup.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.answers import CATALOGUE
from rag.exports.references import reference
from rag.exports.visible import one_line, visible
from rag.exports.wording import say
from rag.messages import Language

LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Passage:
    """A claim, or what stands between claims.

    Attributes:
        text: its words, on one line.
        numbers: of the sources that it rests on.
        remarks: what has to be known of it: that it is not borne out, and why; what may be misread.
        supported: whether it passed its checks.
    """

    text: str
    numbers: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    supported: bool = True


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer.

    Attributes:
        question: as asked, on one line.
        notes: how it was understood, what the search was limited to, how the answer was made.
        lines: the answer's lines, each of passages.
        withheld: claims that were left out, with the reason.
        outcome: how many claims are borne out; empty where nothing is claimed.
        made: when, by what.
        record: the ``sha256`` of its record.
    """

    question: str
    notes: tuple[str, ...]
    lines: tuple[tuple[Passage, ...], ...]
    withheld: tuple[str, ...]
    outcome: str
    made: str
    record: str


@dataclass(frozen=True, slots=True)
class Source:
    """A span of a document.

    Attributes:
        number: from 1, in the order of citing.
        title: of the document.
        facts: date, source, speaker, heading and page, on one line.
        quote: the characters of the span.
        remark: which of them may be misread; empty where none.
    """

    number: int
    title: str
    facts: str
    quote: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """A document that is cited.

    Attributes:
        numbers: of its sources, as in ``1-3, 5``.
        reference: in the form of GB/T 7714-2015.
        name: of its file.
        details: its spans and hashes, each a line.
    """

    numbers: str
    reference: str
    name: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a file holds.

    Attributes:
        title: of the whole.
        language: of what stands there besides the answers.
        exchanges: in order.
        sources: by number.
        originals: the documents of the sources, in the order of citing.
        reference_notes: how to read the references.
    """

    title: str
    language: Language
    exchanges: tuple[Exchange, ...]
    sources: tuple[Source, ...]
    originals: tuple[Original, ...]
    reference_notes: tuple[str, ...]

    def heading(self, place: int) -> str:
        """What stands above an answer: of several its question with its number, of one a word."""
        if len(self.exchanges) == 1:
            return say("answer", self.language)
        return say("numbered_question", self.language, n=place + 1, question=self.exchanges[place].question)

    @property
    def records(self) -> tuple[str, ...]:
        """The records by their hashes."""
        if len(self.exchanges) == 1:
            return (self.exchanges[0].record,)
        return tuple(
            say("record", self.language, n=n, question=shortened(each.question), sha256=each.record)
            for n, each in enumerate(self.exchanges, 1)
        )


def report_of(records: Sequence[dict[str, Any]], language: Language, title: str = "") -> Report:
    """The report of one or several answers.

    Args:
        records: what ``Answer.to_record()`` gave, in the order of asking.
        language: of what stands there besides the answers.
        title: of the whole; the first question if none is given.

    Raises:
        ValueError: there is no record.
    """
    if not records:
        raise ValueError("a report needs an answer")
    cited = _Cited()
    exchanges = tuple(_exchange(record, cited, place, language) for place, record in enumerate(records, 1))
    title = shortened(one_line(title) or exchanges[0].question)
    if len(records) == 1 and title != exchanges[0].question:
        only = exchanges[0]
        notes = (say("full_question", language, question=only.question), *only.notes)
        exchanges = (Exchange(only.question, notes, only.lines, only.withheld, only.outcome, only.made, only.record),)
    asked = str(records[-1]["times"]["asked"])[:10]
    has_guesses = any(each["date"] and each.get("date_is_guessed") for each in cited.citations)
    return Report(
        title,
        language,
        exchanges,
        tuple(_source(number, each, language) for number, each in enumerate(cited.citations, 1)),
        tuple(_original(numbers, cited, asked, len(records) > 1, language) for numbers in cited.documents),
        (say("reference_form", language), *([say("reference_guess", language)] if has_guesses else [])),
    )


def shortened(text: str) -> str:
    """A title of bearable length."""
    return text if len(text) <= LONGEST_TITLE else text[: LONGEST_TITLE - 1] + "…"


class _Cited:
    """The citations of all records, each span once."""

    def __init__(self) -> None:
        self.citations: list[dict[str, Any]] = []
        self.places: list[list[tuple[int, int]]] = []
        """Of each citation the answers that cite it, and the number that it has there."""
        self._numbers: dict[tuple[str, int, int], int] = {}

    def number(self, citation: dict[str, Any], turn: int) -> int:
        key = (citation["text_sha256"] + citation["path"], citation["start"], citation["end"])
        if key not in self._numbers:
            self.citations.append(citation)
            self.places.append([])
            self._numbers[key] = len(self.citations)
        self.places[self._numbers[key] - 1].append((turn, citation["number"]))
        return self._numbers[key]

    @property
    def documents(self) -> list[tuple[int, ...]]:
        """The numbers of the citations of each document."""
        found: dict[str, list[int]] = {}
        for number, citation in enumerate(self.citations, 1):
            found.setdefault(citation["text_sha256"] + citation["path"], []).append(number)
        return [tuple(numbers) for numbers in found.values()]


def _exchange(record: dict[str, Any], cited: _Cited, place: int, language: Language) -> Exchange:
    numbers = {each["number"]: cited.number(each, place) for each in record["citations"]}
    asked, answer, model = record["question"], record["answer"], record["models"]["language_model"]["name"]
    question, understood = one_line(asked["asked"]), one_line(asked["understood"])
    notes = []
    if understood != question:
        notes.append(say("understood", language, question=understood))
    if asked["filters"]:
        told = say("between_filters", language).join(
            say(name, language, value=one_line(value)) for name, value in asked["filters"].items()
        )
        notes.append(say("limited_to", language, filters=told))
    if answer["notice"]:
        notes.append(one_line(answer["notice"]))
    key = "listed" if model == CATALOGUE else "quoted" if model == "extractive" else "written"
    writer = say(key, language, model=one_line(model))
    if any(claim.get("calculation") for claim in record["claims"]):
        writer = say("calculated", language, writer=writer)
    moment = str(record["times"]["asked"])[:16].replace("T", " ")
    version = record["software"]["version"]
    return Exchange(
        question,
        tuple(notes),
        _lines(record, numbers, language),
        tuple(
            say("reason", language, claim=one_line(each["text"]), why=_why(each["checks"], language))
            for each in record["withheld"]
        ),
        "" if answer["abstained"] else _outcome(record["claims"], language),
        say("made", language, moment=moment, version=version, writer=writer),
        record["sha256"],
    )


def _lines(record: dict[str, Any], numbers: Mapping[int, int], language: Language) -> tuple[tuple[Passage, ...], ...]:
    written, position = str(record["answer"]["text"]), 0
    lines: list[list[Passage]] = [[]]

    def between(text: str) -> None:
        first, *others = visible(text).split("\n")
        lines[-1].append(Passage(first))
        lines.extend([Passage(other)] for other in others)

    for claim in record["claims"]:
        between(written[position : claim["start"]])
        remarks = []
        if not claim["supported"]:
            remarks.append(_aside("unsupported", language, why=_why(claim["checks"], language)))
        if figures := claim.get("unsure_figures"):
            remarks.append(_aside("unsure", language, words=one_line("、".join(figures))))
        cites = tuple(dict.fromkeys(numbers[each] for each in claim["citations"]))
        *above, last = [line for each in visible(claim["text"]).split("\n") if (line := one_line(each))] or [""]
        for each in above:  # what announces an item stands above it
            lines[-1].append(Passage(each, supported=claim["supported"]))
            lines.append([])
        lines[-1].append(Passage(last, cites, tuple(remarks), claim["supported"]))
        position = claim["end"]
    between(written[position:])
    kept = (tuple(passage for passage in line if passage.text) for line in lines)
    return tuple(line for line in kept if any(passage.text.strip() for passage in line))


def _aside(key: str, language: Language, **values: object) -> str:
    return say("aside", language, text=say(key, language, **values))


def _why(checks: dict[str, Any], language: Language) -> str:
    """Why a claim is not borne out."""
    if not checks["exists"]:
        return say("no_citation", language)
    if checks["missing_facts"]:
        return say("missing_facts", language, facts=one_line("、".join(checks["missing_facts"])))
    if words := checks.get("unsupported_words"):
        return say("unsupported_words", language, words=one_line("、".join(word["text"] for word in words)))
    return say("weak_support", language)


def _outcome(claims: Sequence[dict[str, Any]], language: Language) -> str:
    bad = sum(not claim["supported"] for claim in claims)
    if not claims:
        return ""
    key = "some_unsupported" if bad else "one_supported" if len(claims) == 1 else "all_supported"
    return say(key, language, n=len(claims), bad=bad)


def _source(number: int, cited: dict[str, Any], language: Language) -> Source:
    day = str(cited["date"] or "")
    if day and cited.get("date_is_guessed"):
        day = say("guessed_day", language, day=day)
    page = say("page", language, page=cited["page"]) if cited["page"] else ""
    facts = [day or say("undated", language), cited["source"], cited["speaker"], page]
    misread = dict.fromkeys(each["text"] for each in cited.get("unsure", ()))
    return Source(
        number,
        one_line(cited["title"]),
        " · ".join(filter(None, map(one_line, facts))),
        visible(cited["quote"]),
        say("unsure", language, words=one_line(" ".join(misread))) if misread else "",
    )


def _original(numbers: tuple[int, ...], cited: _Cited, asked: str, is_several: bool, language: Language) -> Original:
    first = cited.citations[numbers[0] - 1]
    pages = sorted({page for number in numbers if (page := cited.citations[number - 1]["page"])})
    details = []
    for number in numbers:
        span = cited.citations[number - 1]
        places = "、".join(say("place", language, n=n, number=own) for n, own in cited.places[number - 1])
        key = "span_of_turn" if is_several else "span"
        details.append(say(key, language, number=number, start=span["start"], end=span["end"], places=places))
    digest = first["file_sha256"]
    details.append(say("file_sha256", language, value=digest) if digest else say("no_file", language))
    details.append(say("text_sha256", language, value=first["text_sha256"]))
    name = one_line(first["path"].replace("\\", "/").rstrip("/").rpartition("/")[2]) or one_line(first["title"])
    return Original(_joined(numbers), reference(first, pages, asked), name, tuple(details))


def _joined(numbers: Sequence[int]) -> str:
    """Ascending numbers, three and more in a row by the first and the last of them."""
    rows: list[list[int]] = []
    for number in numbers:
        if rows and rows[-1][-1] == number - 1:
            rows[-1].append(number)
        else:
            rows.append([number])
    return ", ".join(f"{row[0]}-{row[-1]}" if len(row) > 2 else ", ".join(map(str, row)) for row in rows)
