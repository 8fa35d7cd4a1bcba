"""Documents as people have them, in eight formats: written by :mod:`eval.format_writers` when the set is loaded.

``eval/formats/contents/`` says what the documents say, ``questions.jsonl`` what is asked: a question a line with ``id``,
``content``, ``kind``, ``split``, ``question``, ``answerable``, ``facts`` (each with the forms that are accepted), ``gold`` and
``note``. A gold item is a ``quote``, the words of a line or of a cell; that of a cell names another cell of its ``row``.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eval.datasets.base import KINDS, Collection, Dataset, gold_of
from eval.datasets.genres import FILE_NAME
from eval.datasets.reading import Value, json_lines
from eval.format_writers import FORMATS
from eval.format_writers.check import loaded
from eval.format_writers.content import Content, contents_in
from eval.format_writers.pieces import filled, pieces, tables
from eval.format_writers.standing import Standing, folded
from eval.questions import SPLITS, Gold, Span
from rag.errors import LoadError, UsageError
from rag.text.documents import Document

SHOWN, ALL = "shown", "all"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Words to rest on, and for a cell another one of its row (else empty)."""

    quote: str
    row: str


def load(path: Path, name: str, format: str = "", kinds: str = "", documents: str = ALL) -> Dataset:
    """Writes the documents, loads them, and asks each question of one of them.

    Args:
        path: ``eval/formats``.
        name: what to call the data set.
        format: ask everything of this format, as far as its files hold what the answer rests on; without it the formats take
            turns, by the question's id.
        kinds: only questions of these kinds, separated by commas; those that begin with ``-`` are left out.
        documents: ``all`` asks each question of all files together, where those of the same content serve alike; ``shown`` of
            its own file, which is shown whole: nothing is retrieved then.

    Raises:
        UsageError: the set is malformed, an option has no such value, or a library for writing is missing.
    """
    _check("format", format, ("", *FORMATS))
    _check("documents", documents, (SHOWN, ALL))
    contents = contents_in(path / "contents")
    collection = Collection(name, {"format": format, "documents": documents})
    files = _Files(collection)
    asked = [(row, *chosen) for row in json_lines(path / FILE_NAME) if (chosen := _asked(row, contents, format, kinds))]
    if documents == ALL:
        for _, content, form, _ in asked:
            files.document(content, form)
    for row, content, form, wanted in asked:
        document = files.document(content, form)
        if document is None:
            collection.note("其文件读不进来的题，已略去", "questions whose file cannot be loaded, left out")
            continue
        held = files.of(content) if documents == ALL else [document]
        gold = [found for each in wanted if (found := _gold(each, content, form, held))]
        if len(gold) < len(wanted):
            missing = len(wanted) - len(gold)
            collection.note("在读入的文字里找不到的引文", "quotes that stand nowhere in what was loaded", missing)
        answerable = row["answerable"].flag()
        collection.ask(
            row["id"].text(),
            row["kind"].text(),
            row["question"].text(),
            [forms.texts() for forms in row["facts"].items()],
            gold,
            answerable=answerable,
            passages=[document] if documents == SHOWN else (),
            relevance={each.path: 1 for each in held} if answerable else None,
            note=f"{form}: {row['note'].string()}".rstrip(": "),
            split=row["split"].text(),
        )
    return collection.dataset()


class _Files:
    """The documents of the set, each written and loaded when it is first needed."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._found: dict[tuple[str, str], Document | None] = {}

    def document(self, content: Content, form: str) -> Document | None:
        """The content's document in a format; None where it cannot be loaded."""
        key = content.key, form
        if key not in self._found:
            try:
                document = loaded(content, form)
            except LoadError:
                self._found[key] = None
            else:
                self._found[key] = document
                self._collection.add(document)
        return self._found[key]

    def of(self, content: Content) -> list[Document]:
        """The documents of a content that are there by now."""
        return [document for (key, _), document in self._found.items() if document and key == content.key]


def _asked(
    row: Value, contents: Mapping[str, Content], form: str, kinds: str
) -> tuple[Content, str, tuple[_Wanted, ...]] | None:
    """Which content a row asks about, in which format, and what the answer rests on; None where it is not asked."""
    kind = row["kind"].text()
    if kind not in KINDS:
        raise row["kind"].wrong("不是已知的题型", "is no known kind")
    if row["split"].text() not in SPLITS:
        raise row["split"].wrong("应是 tune 或 test", "is neither tune nor test")
    if (key := row["content"].text()) not in contents:
        raise row["content"].wrong("没有这份内容", "names no known content")
    answerable = row["answerable"].flag()
    if answerable != bool(row["facts"].items()):
        raise row["facts"].wrong("可答的题必须有，不可答的必须为空", "must be given exactly where answerable is true")
    content = contents[key]
    wanted = tuple(
        _Wanted(item["quote"].text(), item["row"].text() if item.has("row") else "") for item in row["gold"].items()
    )
    forms = [each for each in content.formats if all(_holds(content, each, one) for one in wanted)]
    if not forms or answerable != bool(wanted):
        raise row["gold"].wrong("不在内容里", "does not stand in the content")
    if not _is_wanted(kind, kinds) or (form and form not in forms):
        return None
    return content, form or _turn(row["id"].text(), forms), wanted


def _turn(identifier: str, forms: list[str]) -> str:
    """The format whose turn it is: the questions of a content go round, from a beginning of its own."""
    key, _, number = identifier.rpartition("-")
    return forms[(zlib.crc32(key.encode()) + int(number)) % len(forms)]


def _is_wanted(kind: str, kinds: str) -> bool:
    named = [each for each in kinds.split(",") if each]
    wanted = [each for each in named if not each.startswith("-")]
    return f"-{kind}" not in named and (not wanted or kind in wanted)


def _holds(content: Content, form: str, wanted: _Wanted) -> bool:
    if wanted.row:
        return any(True for _ in _sides(content, form, wanted))
    return any(folded(wanted.quote) in each for each in _folded_pieces(content, form))


@cache
def _folded_pieces(content: Content, form: str) -> tuple[str, ...]:
    return tuple(folded(piece.text) for piece in pieces(content, form))


def _sides(content: Content, form: str, wanted: _Wanted) -> Iterator[bool]:
    """For each row that holds both cells, whether the wanted one stands before the other: on its left, or reaching down."""
    for table in tables(content, form):
        for row, cells in zip(filled(table), table.rows, strict=True):
            if wanted.row in row and wanted.quote in row:
                column = row.index(wanted.quote)
                yield cells[column] is None or column < row.index(wanted.row)


def _gold(wanted: _Wanted, content: Content, form: str, documents: Iterable[Document]) -> Gold | None:
    spans = []
    for document in documents:
        standing = Standing(document.text)
        if wanted.row:
            sides = list(_sides(content, form, wanted))
            places = standing.beside(wanted.quote, wanted.row, before=sides[0], rows=len(sides))
        else:
            places = list(standing.places(wanted.quote))
        spans += [Span(document.path, *place) for place in places]
    return gold_of(spans, {document.path: document.text for document in documents}) if spans else None


def _check(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        listed = ", ".join(each for each in known if each)
        raise UsageError(
            zh=f"选项 {option} 不能是“{value}”；可以是 {listed}。", en=f"{option} cannot be '{value}'; known: {listed}."
        )
