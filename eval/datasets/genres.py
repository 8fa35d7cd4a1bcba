"""Documents of eight genres with questions, written by language models that had not seen how Youju works.

``eval/genres/GENRE/`` holds three documents and ``questions.jsonl``: a question a line with ``id``, ``genre``, ``kind``,
``split``, ``document``, ``question``, ``answerable``, ``facts`` (each with the forms that are accepted), ``quotes`` (what an
answer must rest on, verbatim) and ``note``. Half of the documents are for tuning, half for testing.
"""

from dataclasses import replace
from pathlib import Path

from eval.datasets.base import KINDS, Collection, Dataset, gold_of, places
from eval.datasets.reading import Value, json_lines, nothing_in
from eval.questions import SPLITS, Span
from rag.loading import load as load_document
from rag.text.documents import Document

FILE_NAME = "questions.jsonl"


def load(path: Path, name: str, kinds: str = "") -> Dataset:
    """Reads the genres in a folder, or one of them. All documents are one corpus, whichever questions are asked.

    Args:
        path: ``eval/genres``, or the folder of a genre.
        name: what to call the data set.
        kinds: only questions of these kinds, separated by commas; those that begin with ``-`` are left out.

    Raises:
        UsageError: there are no questions, or a row is malformed.
    """
    files = sorted([*path.glob(FILE_NAME), *path.glob(f"*/{FILE_NAME}")])
    if not files:
        raise nothing_in(path)
    wanted = {kind for kind in kinds.split(",") if kind and not kind.startswith("-")}
    unwanted = {kind[1:] for kind in kinds.split(",") if kind.startswith("-")}
    collection = Collection(name)
    for file in files:
        documents = _documents(file.parent)
        for document in documents.values():
            collection.add(document)
        for row in json_lines(file):
            kind = row["kind"].text()
            if kind not in unwanted and (not wanted or kind in wanted):
                _ask(collection, row, kind, documents)
    return collection.dataset()


def _documents(folder: Path) -> dict[str, Document]:
    files = [file for file in sorted(folder.iterdir()) if file.name != FILE_NAME]
    return {file.name: replace(load_document(file), path=file.name, id="") for file in files}


def _ask(collection: Collection, row: Value, kind: str, documents: dict[str, Document]) -> None:
    if kind not in KINDS:
        raise row["kind"].wrong("不是已知的题型", "is no known kind")
    if (split := row["split"].text()) not in SPLITS:
        raise row["split"].wrong("应是 tune 或 test", "is neither tune nor test")
    if (document_name := row["document"].text()) not in documents:
        raise row["document"].wrong("没有这个文档", "names no known document")
    document = documents[document_name]
    answerable = row["answerable"].flag()
    facts = [forms.texts() for forms in row["facts"].items()]
    if answerable != bool(facts):
        raise row["facts"].wrong("可答的题必须有，不可答的必须为空", "must be given exactly where answerable is true")
    gold = []
    for quote in row["quotes"].items():
        spans = [Span(document.path, at, at + len(quote.text())) for at in places(document.text, quote.text())]
        if not spans:
            raise quote.wrong("不在文档原文里", "does not stand in the document")
        gold.append(gold_of(spans, {document.path: document.text}))
    collection.ask(
        row["id"].text(),
        kind,
        row["question"].text(),
        facts,
        gold,
        answerable=answerable,
        relevance={document.path: 1} if answerable else None,
        note=row["note"].string(),
        split=split,
    )
