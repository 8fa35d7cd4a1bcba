"""CRUD-RAG: its question answering over one, two and three news reports.

Source: Lyu et al., "CRUD-RAG: A Comprehensive Chinese Benchmark for Retrieval-Augmented Generation of Large Language
Models", 2024; repository IAAR-Shanghai/CRUD_RAG, file ``data/crud_split/split_merged.json``::

    {"questanswer_1doc": [{"ID": …, "event": …, "news1": …, "questions": …, "answers": …}], "questanswer_2docs": …}

The paper retrieves from 80,000 reports (``data/80000_docs``, one on each line), which ``corpus`` takes. Its answers
are free text, judged by BLEU, ROUGE-L, BERTScore and RAGQuestEval: the whole answer is one fact here, and says little
when it is matched as a string.
"""

from pathlib import Path

from eval.datasets.base import Collection, Dataset
from eval.datasets.reading import Value, json_file, one_file, text_lines, unreadable
from rag.errors import UsageError

TASKS = {
    "questanswer_1doc": ("one-document", 1),
    "questanswer_2docs": ("two-documents", 2),
    "questanswer_3docs": ("three-documents", 3),
}


def load(path: Path, name: str, task: str | None = None, corpus: str | Path | None = None) -> Dataset:
    """Reads ``split_merged.json`` (or ``merged.json``), or a folder that holds it.

    Args:
        path: the file or folder.
        name: what to call the data set.
        task: one of :data:`TASKS`; None means all that the file holds.
        corpus: the folder ``80000_docs`` or one of its files, to retrieve from; None means the questions' own reports.

    Raises:
        UsageError: the task is unknown, a file is missing or malformed, or holds no question-answering task.
    """
    if task is not None and task not in TASKS:
        known = ", ".join(TASKS)
        raise UsageError(zh=f"没有任务 {task}；已知的有：{known}。", en=f"Unknown task {task}; known: {known}.")
    whole = json_file(one_file(path, ("split_merged.json", "merged.json")))
    collection = Collection(name, {"task": task or "all"})
    tasks = [task] if task else [known for known in TASKS if whole.has(known)]
    if not tasks:
        raise whole[next(iter(TASKS))].wrong("缺少这个字段", "is missing")
    for wanted in tasks:
        for number, row in enumerate(whole[wanted].items()):
            _ask(collection, row, wanted, number)
    if corpus is not None:
        _add_corpus(collection, Path(corpus).expanduser())
    return collection.dataset()


def _ask(collection: Collection, row: Value, task: str, number: int) -> None:
    kind, reports = TASKS[task]
    event = row["event"].string() if row.has("event") else ""
    documents = [collection.passage(row[f"news{at}"].text().strip(), event) for at in range(1, reports + 1)]
    identifier = row["ID"].identifier() if row.has("ID") else str(number)
    collection.ask(
        f"{task}-{identifier}",
        kind,
        _joined(row["questions"]),
        facts=[(_joined(row["answers"]),)],
        passages=documents,
        relevance={document.path: 1 for document in documents},
        note=event,
    )


def _joined(value: Value) -> str:
    """A text; some copies of the data hold a list of them."""
    return "\n".join(value.texts()) if isinstance(value.content, list) and value.content else value.text().strip()


def _add_corpus(collection: Collection, corpus: Path) -> None:
    files = sorted(file for file in corpus.iterdir() if file.is_file()) if corpus.is_dir() else [corpus]
    if not files:
        raise unreadable(corpus / "documents_*", FileNotFoundError())
    for file in files:
        for _, line in text_lines(file):
            collection.passage(line.strip())
