"""DuReader: the SQuAD-style sets (robust, checklist), and the original one as JSON lines.

Source: He et al., "DuReader: a Chinese Machine Reading Comprehension Dataset from Real-world Applications", MRQA 2018;
repository baidu/DuReader, whose preprocessing adds ``fake_answers`` (the span of a document that is most like an
answer) and ``answer_docs`` (the documents they stand in). A line::

    {"question_id": 1, "question": …, "answers": [… written by people …], "documents": [{"title": …, "paragraphs":
        […], "is_selected": true}], "fake_answers": [… verbatim …], "answer_docs": [0]}
"""

import json
from pathlib import Path

from eval.datasets.base import Collection, Dataset, gold_of, nearest
from eval.datasets.reading import Value, json_file, json_lines, one_file, text_lines
from eval.datasets.squad import dataset_of
from eval.questions import Gold, Span
from rag.text.documents import Document


def load(path: Path, name: str, split: str = "dev") -> Dataset:
    """Reads a file of either shape, or of a folder the one file whose name holds ``split``.

    Raises:
        UsageError: there is no such file, or it is malformed.
    """
    file = one_file(path, (f"*{split}*.json", f"*{split}*.jsonl", f"*{split}*.json*"))
    if not _is_original(file):
        return dataset_of(json_file(file), name)
    collection = Collection(name)
    for row in json_lines(file):
        _ask(collection, row)
    return collection.dataset()


def _is_original(file: Path) -> bool:
    """Whether the first line is a whole row of the original set; what is no JSON is left to the reader to refuse."""
    beginning = next((line for _, line in text_lines(file)), "")
    try:
        row = json.loads(beginning)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and "data" not in row


def _ask(collection: Collection, row: Value) -> None:
    documents: list[Document | None] = []
    relevance = {}
    for given in row["documents"].items():
        text = "\n".join(paragraph.string() for paragraph in given["paragraphs"].items())
        if not text.strip():
            collection.note("没有文字的文档，已略去", "documents without text, left out")
            documents.append(None)
            continue
        document = collection.passage(text, given["title"].string() if given.has("title") else "")
        documents.append(document)
        if given.has("is_selected") and given["is_selected"].flag():
            relevance[document.path] = 1
    answers = [words for words in (answer.string().strip() for answer in row["answers"].items()) if words]
    gold = _gold(collection, row, documents, answers) if answers else []
    collection.ask(
        row["question_id"].identifier(),
        "span" if answers else "unanswerable",
        row["question"].text(),
        facts=[tuple(dict.fromkeys(answers))] if answers else [],
        gold=gold,
        answerable=bool(answers),
        passages=[document for document in documents if document is not None],
        relevance=relevance,
    )


def _gold(collection: Collection, row: Value, documents: list[Document | None], answers: list[str]) -> list[Gold]:
    """What the preprocessed data marks, else the answers where they happen to be verbatim; any of them serves."""
    marked = [item.string() for item in row["fake_answers"].items()] if row.has("fake_answers") else []
    where = [item.integer() for item in row["answer_docs"].items()] if row.has("answer_docs") else []
    candidates = [
        (words, documents[at]) for words, at in zip(marked, where, strict=False) if 0 <= at < len(documents)
    ] or [(words, document) for words in answers for document in documents]
    spans, texts = [], {}
    for words, document in candidates:
        place = nearest(document.text, words, 0) if document is not None and words.strip() else None
        if document is not None and place is not None:
            texts[document.path] = document.text
            spans.append(Span(document.path, place, place + len(words)))
    if not spans:
        collection.note("答案不在文档原文中的题", "questions whose answer stands verbatim in no document")
        return []
    return [gold_of(spans, texts)]
