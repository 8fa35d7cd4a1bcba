"""Rechecking: whether what a record of an answer cites still stands, in an index or in the files themselves.

Of each citation it is told whether its span stands (the same quote at the same place of the same text), has moved (the
quote is found elsewhere, and where), or is gone. Of each claim it is told whether its facts still agree with what it
cites. Every text is searched once for every quote, in time that grows with its length and no faster.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rag.answers import Citation
from rag.checking.agreement import disagreements
from rag.checking.recomputation import recomputed
from rag.errors import LoadError, UsageError
from rag.records.record import checked_record, read_record, text_hash
from rag.text.calculations import Calculation
from rag.text.documents import Document

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.index.store import Store

State = Literal["stands", "moved", "gone", "document_missing"]

LONGEST_COMPARED = 1_500
MOST_COMPARED = 30_000
"""Characters of a claim and its quotes, and of all of them, up to which facts are compared again: it takes time that
grows with the square of the number of figures, and a record is untrusted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands now.

    Attributes:
        document: the document.
        start, end: the span in ``document.text``.
        times: how often the quote stands in the document; this is the place nearest to the old one.
    """

    document: Document
    start: int
    end: int
    times: int = 1

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        document = self.document
        return {
            "document_id": document.id,
            "path": document.path,
            "title": document.title,
            "page": document.page(self.start),
            "start": self.start,
            "end": self.end,
            "times": self.times,
        }


@dataclass(frozen=True, slots=True)
class CitationCheck:
    """What became of a citation.

    Attributes:
        number: its number in the record.
        title, quote: as the record has them.
        state: ``stands``; ``moved``: the quote is found elsewhere in the document, in a newer version of it or in
            another document; ``gone``: the document is there and the quote is nowhere; ``document_missing``.
        place: where the quote stands now; None where it is nowhere.
        same_text, same_file: whether text and file of its document are those of the record; None where there is no such
            document, or no hash to compare.
    """

    number: int
    title: str
    quote: str
    state: State
    place: Place | None
    same_text: bool | None
    same_file: bool | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        place = self.place.to_dict() if self.place else None
        return {
            "number": self.number,
            "title": self.title,
            "quote": self.quote,
            "state": self.state,
            "place": place,
            "same_text": self.same_text,
            "same_file": self.same_file,
        }


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """What became of a claim.

    Attributes:
        text: the claim.
        stands: whether all its citations stand.
        agreed: whether its facts agreed with its citations when it was made.
        agrees: whether they do now; None where a citation is not found, or they are too long to compare.
        missing_facts: those that do not agree now.
    """

    text: str
    stands: bool
    agreed: bool
    agrees: bool | None
    missing_facts: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "text": self.text,
            "stands": self.stands,
            "facts_agreed": self.agreed,
            "facts_agree": self.agrees,
            "missing_facts": list(self.missing_facts),
        }


@dataclass(frozen=True, slots=True)
class Recheck:
    """What became of an answer.

    Attributes:
        record: the record.
        citations, claims: in the order of the record.
        unreadable: files that could not be read, each with its reason.
        searched: how many documents were looked at.
    """

    record: dict[str, Any]
    citations: tuple[CitationCheck, ...]
    claims: tuple[ClaimCheck, ...]
    unreadable: tuple[str, ...] = ()
    searched: int = 0

    @property
    def holds(self) -> bool:
        """Whether every citation stands, and no claim has lost facts that agreed."""
        return all(each.state == "stands" for each in self.citations) and not any(
            claim.agreed and claim.agrees is False for claim in self.claims
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "holds": self.holds,
            "question": self.record["question"]["asked"],
            "asked": self.record["times"]["asked"],
            "citations": [each.to_dict() for each in self.citations],
            "claims": [each.to_dict() for each in self.claims],
            "unreadable": list(self.unreadable),
            "searched": self.searched,
        }


def verify_record(
    record: dict[str, Any] | str | os.PathLike[str],
    *,
    index: "str | os.PathLike[str] | Store | Assistant | None" = None,
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
) -> Recheck:
    """Checks a record of an answer against an index, or against the files themselves.

    Args:
        record: what ``Answer.to_record()`` gave, or the file that it was written to.
        index: folder of an index, an open store or an assistant; None means ``YOUJU_INDEX``, else the sample documents.
        files: files and folders to look in instead of an index.

    Raises:
        RecordError: it is no record, or was changed after it was made.
        StoreError: the index cannot be read.
        UsageError: both an index and files are given.
    """
    known = checked_record(record) if isinstance(record, dict) else read_record(record)
    if index is not None and files is not None:
        raise UsageError(
            zh="请给出索引或文件之一，不能两者都给。", en="Give an index or files to verify against, not both."
        )
    if files is not None:
        given = [files] if isinstance(files, str | os.PathLike) else list(files)
        unreadable: list[str] = []
        return _rechecked(known, _loaded(given, unreadable), unreadable, by_name=True)
    store, opened = _store(index)
    try:
        with store.snapshot():
            return _rechecked(known, _stored(store, known), [], by_name=False)
    finally:
        if opened:
            store.close()


# -- documents --------------------------------------------------------------------------------------------------------


def _store(index: "str | os.PathLike[str] | Store | Assistant | None") -> "tuple[Store, bool]":
    """The store to look in, and whether it was opened here."""
    from rag.assistant import Assistant, default_assistant
    from rag.index.store import Store

    if index is None:
        return default_assistant().store, False
    if isinstance(index, Assistant):
        return index.store, False
    if isinstance(index, Store):
        return index, False
    return Store.open_as_it_is(Path(index).expanduser()), True


def _stored(store: "Store", record: dict[str, Any]) -> Iterator[Document]:
    """The documents of an index: those that the record names first."""
    identifiers = {citation["document_id"] for citation in record["citations"]}
    paths = {citation["path"] for citation in record["citations"]}
    entries = sorted(store.entries(), key=lambda entry: (entry.id not in identifiers, entry.path not in paths))
    for entry in entries:
        try:
            yield store.document(entry.id)
        except UsageError:  # removed a moment ago
            continue


def _loaded(paths: Iterable[str | os.PathLike[str]], unreadable: list[str]) -> Iterator[Document]:
    """The documents in files and folders; what cannot be read is told and left out."""
    from rag.loading import find_files, load

    for path in paths:
        try:
            for file in find_files([os.fspath(path)]):
                try:
                    yield load(file)
                except LoadError as error:
                    unreadable.append(str(error))
        except LoadError as error:
            unreadable.append(str(error))


# -- looking ----------------------------------------------------------------------------------------------------------

_NOWHERE, _KNOWN_DOCUMENT, _ELSEWHERE, _IN_KNOWN_DOCUMENT, _STANDS = range(5)


@dataclass(slots=True)
class _Sought:
    """A citation that is looked for: the best that was found of it so far."""

    cited: dict[str, Any]
    rank: int = _NOWHERE
    place: Place | None = None
    document: Document | None = field(default=None)
    same_text: bool = False

    def look_in(self, document: Document, digest: str, by_name: bool) -> None:
        """Looks for the quote in a document whose text has the SHA-256 ``digest``."""
        cited = self.cited
        if self.rank == _STANDS:
            return
        same_text = digest == cited["text_sha256"]
        known = same_text or _is_known(document, cited, by_name)
        if known and (self.document is None or (same_text and not self.same_text)):
            self.document, self.same_text = document, same_text
            self.rank = max(self.rank, _KNOWN_DOCUMENT)
        start, end, quote = cited["start"], cited["end"], cited["quote"]
        if same_text and document.text[start:end] == quote:
            self.rank, self.place = _STANDS, Place(document, start, end)
            return
        rank = _IN_KNOWN_DOCUMENT if known else _ELSEWHERE
        if rank > self.rank and (found := nearest(document.text, quote, start)):
            place, times = found
            self.rank, self.place = rank, Place(document, place, place + len(quote), times)

    @property
    def check(self) -> CitationCheck:
        """What became of the citation."""
        states: dict[int, State] = {_STANDS: "stands", _KNOWN_DOCUMENT: "gone", _NOWHERE: "document_missing"}
        cited, document = self.cited, self.document
        comparable = document is not None and bool(document.digest) and cited["file_sha256"] is not None
        same_file = document.digest == cited["file_sha256"] if document and comparable else None
        return CitationCheck(
            cited["number"],
            cited["title"],
            cited["quote"],
            states.get(self.rank, "moved"),
            self.place,
            self.same_text if document else None,
            same_file,
        )


def _is_known(document: Document, cited: dict[str, Any], by_name: bool) -> bool:
    """Whether a document is the one cited, perhaps in another state: by id, path or file, of files by name too."""
    if document.id == cited["document_id"] or document.path == cited["path"]:
        return True
    if document.digest and document.digest == cited["file_sha256"]:
        return True
    return by_name and _name(document.path) == _name(cited["path"])


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def nearest(text: str, quote: str, start: int) -> tuple[int, int] | None:
    """Where ``quote`` stands in ``text``, the place nearest to ``start``, and how often; None where it does not.

    Places that overlap one before them are not counted, so that the time is that of reading the text once.
    """
    best: int | None = None
    times = 0
    place = text.find(quote)
    while place >= 0:
        times += 1
        if best is None or abs(place - start) < abs(best - start):
            best = place
        place = text.find(quote, place + len(quote))
    return None if best is None else (best, times)


def _rechecked(
    record: dict[str, Any], documents: Iterable[Document], unreadable: list[str], *, by_name: bool
) -> Recheck:
    sought = [_Sought(cited) for cited in record["citations"]]
    searched = 0
    for document in documents if sought else ():
        searched += 1
        digest = text_hash(document.text)
        for each in sought:
            each.look_in(document, digest, by_name)
        if all(each.rank == _STANDS for each in sought):
            break
    checks = tuple(each.check for each in sought)
    claims: list[ClaimCheck] = []
    left = MOST_COMPARED
    for claim in record["claims"]:
        length = len(claim["text"]) + sum(len(checks[number - 1].quote) for number in claim["citations"])
        claims.append(_claim(claim, record, checks, compares=length <= min(left, LONGEST_COMPARED)))
        left -= min(length, LONGEST_COMPARED)
    return Recheck(record, checks, tuple(claims), tuple(unreadable), searched)


def _claim(
    claim: dict[str, Any], record: dict[str, Any], checks: tuple[CitationCheck, ...], *, compares: bool
) -> ClaimCheck:
    """A claim, its facts compared again with the spans where its quotes stand now."""
    numbers = claim["citations"]
    stands = all(checks[number - 1].state == "stands" for number in numbers)
    agreed = bool(claim["checks"]["facts_agree"])
    citations: list[Citation] = []
    for number in numbers:
        cited, place = record["citations"][number - 1], checks[number - 1].place
        if place is not None:
            spoken = {"speaker": cited["speaker"], "heading": cited["heading"]}
            citations.append(Citation(place.document, place.start, place.end, cited["quote"], **spoken))
    if not compares or not citations or len(citations) < len(numbers):
        return ClaimCheck(claim["text"], stands, agreed, None)
    if calculation := claim.get("calculation"):
        missing = _not_recomputed(claim["text"], calculation, citations)
        return ClaimCheck(claim["text"], stands, agreed, not missing, missing)
    if agreed and stands and record["models"].get("reader"):
        return ClaimCheck(claim["text"], stands, agreed, True)  # the reader's word about the very same spans
    missing = disagreements(claim["text"], tuple(citations)).missing
    return ClaimCheck(claim["text"], stands, agreed, not missing, missing)


def _not_recomputed(claim: str, calculation: dict[str, Any], citations: list[Citation]) -> tuple[str, ...]:
    """The figures of a calculation that are not read in what it cites, or do not come out again."""
    try:
        read = Calculation.from_dict(calculation)
    except ValueError:
        return (str(calculation["result"]),)
    return recomputed(claim, read, citations).missing_facts
