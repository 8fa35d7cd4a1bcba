"""A user's own questions: CSV or JSON lines, in any encoding that documents may have.

Columns (or keys), in English or Chinese: ``question`` 问题, ``answer`` 答案, ``document`` 文档, ``quote`` 引文,
``answerable`` 可答, ``id`` 编号, ``note`` 备注. Only ``question`` is required. Accepted forms of an answer are separated
by ``|``; in JSON they may also be a list. Without ``answerable``, a question with an answer is answerable.

With ``documents``, quotes are looked up in the user's own files and must stand there verbatim.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from eval.datasets.base import Collection, Dataset, gold_of, places
from eval.datasets.reading import Value, json_lines, nothing_in, unreadable
from eval.questions import Gold, Span
from rag.errors import UsageError
from rag.loading import find_files
from rag.loading import load as load_document
from rag.loading.encodings import decode
from rag.text.documents import Document

COLUMNS = {
    "question": ("question", "问题"),
    "answer": ("answer", "答案"),
    "document": ("document", "文档"),
    "quote": ("quote", "引文"),
    "answerable": ("answerable", "可答", "可回答"),
    "id": ("id", "编号"),
    "note": ("note", "备注"),
}
_MEANINGS = {title: column for column, titles in COLUMNS.items() for title in titles}
_YES_OR_NO = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}

_Row = dict[str, Value]
"""What is given in a row, by our names for the columns; each value knows the user's own name for its column."""


def load(path: Path, name: str, documents: str | Path | None = None) -> Dataset:
    """Reads a ``.jsonl`` file, or a table with commas, semicolons or tabs.

    Args:
        path: the file.
        name: what to call the data set.
        documents: the user's documents, a file or a folder of any format that Youju reads; None means no corpus, and
            that quotes are not looked up.

    Raises:
        UsageError: the file cannot be read, a column is missing, or a row is malformed.
        LoadError: the table is in no encoding that is read, or a document cannot be loaded.
    """
    collection = Collection(name)
    corpus = _corpus(collection, documents)
    ids: set[str] = set()
    rows = _lines(path, collection) if ".jsonl" in path.suffixes else _table(path, collection)
    for row, line in rows:
        identifier = _text(row, "id") or str(line)
        if identifier in ids:
            raise row["id"].wrong("编号重复", "occurs twice") if "id" in row else _row_error(path, line)
        ids.add(identifier)
        _ask(collection, row, identifier, corpus, Value(None, path, line))
    if not ids:
        raise nothing_in(path)
    return collection.dataset()


def _ask(
    collection: Collection, row: _Row, identifier: str, corpus: Mapping[str, Document] | None, here: Value
) -> None:
    question = row["question"].text().strip() if "question" in row else ""
    if not question:
        raise Value(None, here.file, here.line, "question").wrong("不能为空", "is empty")
    forms = _forms(row)
    answerable = _flag(row["answerable"]) if "answerable" in row else bool(forms)
    if answerable != bool(forms):
        field = row.get("answer") or row["answerable"]
        raise field.wrong(
            "可答的题必须有答案，不可答的必须为空", "must be given exactly where the question is answerable"
        )
    gold, relevance = _gold(collection, row, corpus) if answerable else ([], {})
    collection.ask(
        identifier,
        "own" if answerable else "unanswerable",
        question,
        facts=[forms] if forms else [],
        gold=gold,
        answerable=answerable,
        relevance=relevance,
        note=_text(row, "note"),
    )


def _gold(
    collection: Collection, row: _Row, corpus: Mapping[str, Document] | None
) -> tuple[list[Gold], dict[str, int]]:
    named, quote = _text(row, "document"), _text(row, "quote")
    if corpus is None:
        if named or quote:
            collection.note("没有给出文档，引文未核对", "no documents given, quotes not looked up")
        return [], {}
    if named and named not in corpus:
        raise row["document"].wrong(f"没有文档“{named}”", f"names no known document: '{named}'")
    among = [corpus[named]] if named else list(corpus.values())
    if not quote:
        return [], {named: 1} if named else {}
    spans = [
        Span(document.path, place, place + len(quote)) for document in among for place in places(document.text, quote)
    ]
    if not spans:
        raise row["quote"].wrong(f"不在文档原文里：“{quote}”", f"stands in no document: '{quote}'")
    texts = {document.path: document.text for document in among}
    return [gold_of(spans, texts)], {span.document: 1 for span in spans}


def _corpus(collection: Collection, documents: str | Path | None) -> dict[str, Document] | None:
    """The user's documents by file name, which must be unique because spans name documents by it."""
    if documents is None:
        return None
    corpus: dict[str, Document] = {}
    for file in find_files([Path(documents).expanduser()]):
        if file.name in corpus:
            raise UsageError(
                zh=f"有两个文档都叫 {file.name}，引文无法区分；请改名。",
                en=f"Two documents are named {file.name}; rename one, since quotes name documents by file name.",
            )
        loaded = load_document(file)
        corpus[file.name] = replace(loaded, path=file.name, id="")  # an identity of its own, whatever the folder
        collection.add(corpus[file.name])
    return corpus


def _lines(path: Path, collection: Collection) -> Iterator[tuple[_Row, int]]:
    for value in json_lines(path):
        if not isinstance(value.content, dict):
            raise value.wrong("应是 JSON 对象", "is not a JSON object")
        titles = _titles(value, list(value.content), collection)
        yield {column: value[title] for title, column in titles.items() if value.has(title)}, value.line


def _table(path: Path, collection: Collection) -> Iterator[tuple[_Row, int]]:
    rows = _cells(path)
    header, here = next(rows, ([], Value(None, path)))
    if not header:
        raise nothing_in(path)
    header = [title.strip() for title in header]
    titles = _titles(here, header, collection)
    if "question" not in titles.values():
        raise here.wrong("表头缺少“问题”或 question 一栏", "the header has no column question (or 问题)")
    for cells, here in rows:
        if len(cells) > len(header):
            raise here.wrong(
                f"有 {len(cells)} 栏，表头只有 {len(header)} 栏", f"has {len(cells)} cells, the header {len(header)}"
            )
        given = {title: cell for title, cell in zip(header, cells, strict=False) if cell.strip()}
        yield (
            {column: Value(given[title], path, here.line, title) for title, column in titles.items() if title in given},
            here.line,
        )


def _cells(path: Path) -> Iterator[tuple[list[str], Value]]:
    """The rows of a table that are not blank, each with the line it begins on."""
    try:
        text, _ = decode(path.read_bytes(), str(path))
    except OSError as error:
        raise unreadable(path, error) from error
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        here = Value(None, path, reader.line_num + 1)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise here.wrong(f"不是 CSV（{error}）", f"is not CSV ({error})") from error
        if any(cell.strip() for cell in cells):
            yield cells, here


def _titles(here: Value, titles: list[str], collection: Collection) -> dict[str, str]:
    """The user's names of the columns that are used → ours."""
    known = {title: _MEANINGS[title.strip().lower()] for title in titles if title.strip().lower() in _MEANINGS}
    used = [_MEANINGS[title.strip().lower()] for title in titles if title in known]
    twice = next((column for column in used if used.count(column) > 1), "")
    if twice:
        raise Value(None, here.file, here.line, twice).wrong("出现了两次", "occurs twice")
    for title in titles:
        if title not in known:
            collection.note(f"没有用到的栏“{title}”", f"column not used: '{title}'")
    return known


def _forms(row: _Row) -> list[str]:
    if "answer" not in row:
        return []
    answer = row["answer"]
    given = answer.texts() if isinstance(answer.content, list) else answer.string().split("|")
    return list(dict.fromkeys(form.strip() for form in given if form.strip()))


def _flag(value: Value) -> bool:
    said = str(value.content).strip().lower()
    if said not in _YES_OR_NO:
        raise value.wrong("应是 true 或 false（是 或 否）", "is not true or false")
    return _YES_OR_NO[said]


def _text(row: _Row, column: str) -> str:
    return row[column].identifier().strip() if column in row else ""


def _row_error(path: Path, line: int) -> UsageError:
    return Value(None, path, line, "id").wrong("行号与别的编号重复，请给出编号", "the line number is taken; give an id")
