"""SQuAD-style JSON: CMRC2018, DRCD, DuReader-robust and DuReader-checklist.

Sources: SQuAD (Rajpurkar et al., EMNLP 2016; unanswerable questions: ACL 2018); CMRC2018 (Cui et al., EMNLP-IJCNLP
2019, repository ymcui/cmrc2018); DRCD (Shao et al., 2018, repository DRCKnowledgeTeam/DRCD, traditional Chinese);
DuReader-robust (Tang et al., ACL 2021) and DuReader-checklist (repository baidu/DuReader).

Two shapes are read::

    {"version": …, "data": [{"title": …, "paragraphs": [{"context": …, "qas": [{"id": …, "question": …,
        "is_impossible": false, "answers": [{"text": …, "answer_start": 12}]}]}]}]}
    [{"context_id": …, "context_text": …, "title": …, "qas": [{"query_id": …, "query_text": …, "answers": ["…"]}]}]

The second is that of CMRC2018's own ``data`` folder, and says nothing of offsets: the first occurrence is taken.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from eval.datasets.base import Collection, Dataset, gold_of, nearest
from eval.datasets.reading import Value, json_file, one_file
from eval.questions import Span
from rag.errors import UsageError
from rag.text.documents import Document

NO_OFFSET = 0


SHOWN, ALL = "shown", "all"


def load(path: Path, name: str, split: str = "dev", documents: str = SHOWN) -> Dataset:
    """Reads a file, or of a folder the one JSON file whose name holds ``split``.

    Args:
        path: the file or folder.
        name: what to call the data set.
        split: which file of a folder.
        documents: ``shown``: each question is asked of its own passage, as the set was made; ``all``: of all passages
            together, which retrieval has to search.

    Raises:
        UsageError: there is no such file, it is malformed, or ``documents`` is neither.
    """
    if documents not in (SHOWN, ALL):
        raise UsageError(
            zh=f"documents 应是 {SHOWN} 或 {ALL}，而不是“{documents}”。",
            en=f"documents must be {SHOWN} or {ALL}, not '{documents}'.",
        )
    dataset = dataset_of(json_file(one_file(path, (f"*{split}*.json", f"*{split}*.json.*"))), name)
    return dataset if documents == SHOWN else replace(dataset, passages={}, protocol={"documents": ALL})


def dataset_of(whole: Value, name: str) -> Dataset:
    """The data set in a JSON value of either shape."""
    collection = Collection(name)
    flat = isinstance(whole.content, list)
    for paragraph, title in _flat_paragraphs(whole) if flat else _paragraphs(whole):
        document = collection.passage(paragraph["context_text" if flat else "context"].text(), title)
        for row in paragraph["qas"].items():
            _ask(collection, document, row, flat)
    return collection.dataset()


def _paragraphs(whole: Value) -> Iterator[tuple[Value, str]]:
    for article in whole["data"].items():
        for paragraph in article["paragraphs"].items():
            titled = paragraph if paragraph.has("title") else article
            yield paragraph, titled["title"].string() if titled.has("title") else ""


def _flat_paragraphs(whole: Value) -> Iterator[tuple[Value, str]]:
    for paragraph in whole.items():
        yield paragraph, paragraph["title"].string() if paragraph.has("title") else ""


def _ask(collection: Collection, document: Document, row: Value, flat: bool) -> None:
    identifier = row["query_id" if flat else "id"].identifier()
    question = row["query_text" if flat else "question"].text()
    impossible = row.has("is_impossible") and row["is_impossible"].flag()
    answers = [] if impossible else list(_answers(row, flat))
    if not answers:
        if not impossible:
            collection.note("没有答案，按不可答处理的题", "questions without an answer, taken as unanswerable")
        collection.ask(identifier, "unanswerable", question, answerable=False, passages=(document,))
        return
    spans = []
    for words, start in answers:
        place = nearest(document.text, words, start)
        if place is None:
            collection.note("在段落中找不到的答案", "answers that stand nowhere in their passage")
        else:
            if place != start and not flat:
                collection.note("位置有误、改取最近处的答案", "answers with a wrong offset, taken at the nearest place")
            spans.append(Span(document.path, place, place + len(words)))
    collection.ask(
        identifier,
        "span",
        question,
        facts=[tuple(dict.fromkeys(words.strip() for words, _ in answers))],
        gold=[gold_of(spans, {document.path: document.text})] if spans else [],
        passages=(document,),
        relevance={document.path: 1},
    )


def _answers(row: Value, flat: bool) -> Iterator[tuple[str, int]]:
    """Answers with their offsets. Blank ones are what DuReader-checklist writes for a question without an answer."""
    for answer in row["answers"].items():
        words = answer.string() if flat else answer["text"].string()
        start = NO_OFFSET if flat else answer["answer_start"].integer()
        if words.strip():
            yield words, start
