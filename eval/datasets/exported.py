"""Any data set in our own form: a folder that can be read again, and whose questions are those of ``eval.questions``.

- ``questions.jsonl``: rows with the fields of :class:`~eval.questions.Question`; each gold item also says where its
  quotes start.
- ``documents.jsonl``: ``{"name", "title", "date", "source", "text"}``.
- ``protocol.json``: the data set's name and protocol, and by question id its passages and relevance, where there are
  any.
"""

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eval.datasets.base import Collection, Dataset
from eval.datasets.reading import Value, json_file, json_lines, one_file
from eval.questions import Gold, Question, Span
from rag.errors import UsageError
from rag.text.documents import Document

QUESTIONS, DOCUMENTS, PROTOCOL = FILES = ("questions.jsonl", "documents.jsonl", "protocol.json")


def to_questions_jsonl(dataset: Dataset) -> Iterator[str]:
    """The questions as lines of JSON, without line ends."""
    texts = {document.path: document.text for document in dataset.documents}
    for question in dataset.questions:
        yield _line(_question_row(question, texts))


def write(dataset: Dataset, folder: str | Path) -> None:
    """Writes a data set into a folder, which is made if need be.

    Raises:
        UsageError: the folder already holds a data set, or cannot be written.
    """
    place = Path(folder).expanduser()
    contents = {
        QUESTIONS: to_questions_jsonl(dataset),
        DOCUMENTS: map(_line, map(_document_row, dataset.documents)),
        PROTOCOL: iter([_line(_protocol_row(dataset))]),
    }
    taken = next((file for file in FILES if (place / file).exists()), None)
    if taken:
        raise UsageError(
            zh=f"{place} 里已有 {taken}，没有改动。", en=f"{place} already holds {taken}; nothing was changed."
        )
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file, lines in contents.items():
            with (place / file).open("x", encoding="utf-8", newline="\n") as stream:
                stream.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise UsageError(
            zh=f"写不进 {place}：{error.strerror}。", en=f"Cannot write into {place}: {error.strerror}."
        ) from error


def load(path: Path, name: str) -> Dataset:
    """Reads a folder that :func:`write` made. The data set keeps the name it was written with.

    Raises:
        UsageError: a file is missing, or a row is malformed.
    """
    if not path.is_dir():
        raise UsageError(zh=f"{path} 不是文件夹。", en=f"{path} is not a folder.")
    about = json_file(one_file(path, (PROTOCOL,)))
    settings = {key: about["protocol"][key].content for key in about["protocol"].content}
    collection = Collection(about["name"].text(), settings)
    documents = {}
    for row in _rows(path / DOCUMENTS):
        documents[row["name"].text()] = document = _document(row)
        collection.add(document)
    passages, relevance = about["passages"], about["relevance"]
    for row in _rows(path / QUESTIONS):
        identifier = row["id"].text()
        collection.ask(
            identifier,
            row["kind"].text(),
            row["question"].text(),
            facts=[fact.texts() for fact in row["facts"].items()],
            gold=[_gold(item, documents) for item in row["gold"].items()],
            answerable=row["answerable"].flag(),
            passages=[_named(item, documents) for item in passages[identifier].items()]
            if passages.has(identifier)
            else (),
            relevance=_grades(relevance[identifier]) if relevance.has(identifier) else {},
            note=row["note"].string(),
            split=row["split"].text(),
        )
    for note in about["notes"].items():
        collection.note(note["zh"].string(), note["en"].string(), note["count"].integer())
    return collection.dataset()


def _rows(file: Path) -> Iterator[Value]:
    """The rows of a file, which may hold none: a corpus has no questions."""
    return iter(()) if file.is_file() and not file.stat().st_size else json_lines(file)


def _question_row(question: Question, texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": question.id,
        "kind": question.kind,
        "split": question.split,
        "question": question.question,
        "history": question.history,
        "answerable": question.answerable,
        "facts": question.facts,
        "gold": [_gold_row(gold, texts) for gold in question.gold],
        "note": question.note,
    }


def _gold_row(gold: Gold, texts: Mapping[str, str]) -> dict[str, Any]:
    """A gold item; places whose words differ, or that stand in another document, are its alternatives."""
    first, *others = (
        {"document": span.document, "quote": texts[span.document][span.start : span.end], "start": span.start}
        for span in gold.spans
    )
    return first | ({"alternatives": others} if others else {})


def _document_row(document: Document) -> dict[str, Any]:
    return {
        "name": document.path,
        "title": document.title,
        "date": document.trusted_date.isoformat() if document.trusted_date else None,
        "source": document.source,
        "text": document.text,
    }


def _protocol_row(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "protocol": dict(dataset.protocol),
        "passages": {key: [document.path for document in shown] for key, shown in dataset.passages.items()},
        "relevance": {key: dict(grades) for key, grades in dataset.relevance.items()},
        "notes": [{"zh": note.zh, "en": note.en, "count": note.count} for note in dataset.notes],
    }


def _document(row: Value) -> Document:
    date = row["date"]
    try:
        day = datetime.date.fromisoformat(date.text()) if row.has("date") else None
    except ValueError as error:
        raise date.wrong("应是 2023-07-28 这样的日期", "is not a date such as 2023-07-28") from error
    return Document(
        text=row["text"].string(),
        path=row["name"].text(),
        title=row["title"].string(),
        date=day,
        source=row["source"].string(),
    )


def _gold(item: Value, documents: Mapping[str, Document]) -> Gold:
    others = item["alternatives"].items() if item.has("alternatives") else []
    spans = tuple(_span(given, documents) for given in (item, *others))
    return Gold(spans[0].document, item["quote"].text(), spans)


def _span(item: Value, documents: Mapping[str, Document]) -> Span:
    document, quote, start = _named(item["document"], documents), item["quote"].text(), item["start"].integer()
    if start < 0 or not document.text.startswith(quote, start):
        raise item["quote"].wrong(
            f"不在 {document.path} 的第 {start} 个字符处", f"does not stand in {document.path} at {start}"
        )
    return Span(document.path, start, start + len(quote))


def _named(value: Value, documents: Mapping[str, Document]) -> Document:
    name = value.text()
    if name not in documents:
        raise value.wrong(f"没有文档“{name}”", f"names no known document: '{name}'")
    return documents[name]


def _grades(value: Value) -> dict[str, int]:
    return {name: value[name].integer() for name in value.content}


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
