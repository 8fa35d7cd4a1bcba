"""A corpus of dated news without questions: ``news.jsonl``, also as ``.gz`` or ``.xz``.

A line is ``{"id": …, "date": "2023-07-28", "text": …}``; ``title`` and ``source`` are taken where given.
A report without a date has null or an empty one.
"""

import datetime
from pathlib import Path

from eval.datasets.base import Collection, Dataset, file_name, title_of
from eval.datasets.reading import Value, json_lines, one_file
from rag.errors import UsageError
from rag.text.documents import Document

YEARS = range(1800, 2101)
"""Years of publication that are believed."""


def load(path: Path, name: str, limit: int | None = None) -> Dataset:
    """Reads a file, or ``news.jsonl*`` in a folder.

    Args:
        path: the file or folder.
        name: what to call the data set.
        limit: how many reports to read from the beginning; None means all.

    Raises:
        UsageError: there is no such file, a row is malformed, or the limit is not positive.
    """
    if limit is not None and limit < 1:
        raise UsageError(zh=f"limit 应大于 0，不是 {limit}。", en=f"limit must be positive, not {limit}.")
    collection = Collection(name, {} if limit is None else {"limit": limit})
    for number, row in enumerate(json_lines(one_file(path, ("news.jsonl*", "*.jsonl*"))), 1):
        document = file_name(row["id"].identifier())
        if collection.holds(document):
            raise row["id"].wrong("编号重复", "occurs twice")
        text = row["text"].text()
        collection.add(
            Document(
                text=text,
                path=document,
                title=row["title"].string() if row.has("title") else title_of(text),
                date=_date(collection, row),
                source=row["source"].string() if row.has("source") else "",
            )
        )
        if number == limit:
            break
    return collection.dataset()


def _date(collection: Collection, row: Value) -> datetime.date | None:
    """The day of a report. Collected news holds impossible ones, such as 2023-23-08: none is guessed."""
    given = row["date"].string() if row.has("date") else ""
    if not given:
        return None
    try:
        day = datetime.date.fromisoformat(given)
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        collection.note("日期不可能、按没有日期处理的文档", "documents with an impossible date, taken as without one")
        return None
    return day
