"""BEIR and C-MTEB in BEIR's form: a corpus, queries, and judgements of which document serves which query.

Sources: Thakur et al., "BEIR", NeurIPS 2021 (repository beir-cellar/beir); C-MTEB: Xiao et al., "C-Pack", SIGIR 2024.
A folder with::

    corpus.jsonl     {"_id": …, "title": …, "text": …}
    queries.jsonl    {"_id": …, "text": …}
    qrels/test.tsv   query-id <tab> corpus-id <tab> score, the first row being the header

As in BEIR, title and text are searched together (here: the title on a line of its own), and only queries with a
judgement count. There are no answers: questions have neither facts nor gold, but :attr:`Dataset.relevance`.
"""

from pathlib import Path

from eval.datasets.base import Collection, Dataset, file_name
from eval.datasets.reading import Value, json_lines, nothing_in, one_file, text_lines
from rag.errors import UsageError
from rag.text.documents import Document


def load(path: Path, name: str, split: str = "test") -> Dataset:
    """Reads a folder.

    Args:
        path: the folder.
        name: what to call the data set.
        split: which file of ``qrels`` to take.

    Raises:
        UsageError: the folder lacks a file, or a row is malformed.
    """
    if not path.is_dir():
        raise UsageError(
            zh=f"{path} 不是文件夹；应是含 corpus.jsonl、queries.jsonl 和 qrels 的文件夹。",
            en=f"{path} is not a folder; give one with corpus.jsonl, queries.jsonl and qrels.",
        )
    corpus, queries = (one_file(path, (f"{part}.jsonl", f"{part}.jsonl.*")) for part in ("corpus", "queries"))
    judged = _judgements(_judgement_file(path, split))
    collection = Collection(name, {"split": split})
    for row in json_lines(corpus):
        _add(collection, row)
    _ask(collection, queries, judged)
    return collection.dataset()


def _add(collection: Collection, row: Value) -> None:
    document = file_name(row["_id"].identifier())
    if collection.holds(document):
        raise row["_id"].wrong("编号重复", "occurs twice")
    title = row["title"].string().strip() if row.has("title") else ""
    text = "\n".join(part for part in (title, row["text"].string()) if part)
    if text.strip():
        collection.add(Document(text=text, path=document, title=title))
    else:
        collection.note("没有文字的文档，已略去", "documents without text, left out")


def _ask(collection: Collection, queries: Path, judged: dict[str, dict[str, int]]) -> None:
    waiting = dict(judged)
    seen = set()
    for row in json_lines(queries):
        identifier = row["_id"].identifier()
        if identifier in seen:
            raise row["_id"].wrong("编号重复", "occurs twice")
        seen.add(identifier)
        grades = waiting.pop(identifier, None)
        if grades is None:
            collection.note("没有评判、已略去的查询", "queries without a judgement, left out")
            continue
        held = {document: grade for document, grade in grades.items() if collection.holds(document)}
        if len(held) < len(grades):
            missing = len(grades) - len(held)
            collection.note("评判指向语料中没有的文档", "judgements of documents not in the corpus", missing)
        collection.ask(identifier, "retrieval", row["text"].text(), relevance=held)
    if waiting:
        collection.note("评判指向没有的查询", "judged queries that are not there", len(waiting))


def _judgement_file(path: Path, split: str) -> Path:
    file = path / "qrels" / f"{split}.tsv"
    if not file.is_file():
        known = ", ".join(sorted(found.stem for found in (path / "qrels").glob("*.tsv"))) or "-"
        raise UsageError(zh=f"没有 {file}；qrels 里有：{known}。", en=f"There is no {file}; qrels holds: {known}.")
    return file


def _judgements(file: Path) -> dict[str, dict[str, int]]:
    """Query id → document name → grade. A first row whose score is no number is the header."""
    judged: dict[str, dict[str, int]] = {}
    empty = True
    for number, line in text_lines(file):
        cells = line.split("\t")
        if len(cells) != 3:
            raise Value(None, file, number).wrong("应有三栏，以制表符分隔", "does not have three columns between tabs")
        query, document, score = (cell.strip() for cell in cells)
        empty = False
        try:
            grade = int(float(score))
        except (ValueError, OverflowError) as error:
            if number == 1:
                continue
            raise Value(score, file, number, "score").wrong("应是数", "is not a number") from error
        judged.setdefault(query, {})[file_name(document)] = grade
    if empty:
        raise nothing_in(file)
    return judged
