"""What a run asks: our own set, a file in its form, or a data set with its documents; which half, and how many."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from embeddings import cache_folder, load
from eval.datasets import DATASETS, load_dataset
from eval.provenance import digest
from eval.questions import SPLITS, Question, load_questions
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.index.indexing import ProgressCallback
from rag.index.store import Store
from rag.settings import Settings
from rag.text.documents import Document

ALL = "all"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is asked.

    Attributes:
        questions: in order.
        name: the set's, as settings record it.
        documents: what must be indexed; None where the index is the caller's own, or the sample documents.
        passages, relevance, notes: as the data set gives them.
    """

    questions: tuple[Question, ...]
    name: str
    documents: tuple[Document, ...] | None = None
    passages: Mapping[str, Sequence[Document]] = field(default_factory=dict)
    relevance: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def choose_questions(
    given: str | None, split: str = ALL, limit: int | None = None, options: Mapping[str, Any] | None = None
) -> Chosen:
    """What to ask.

    Args:
        given: ``DATASET:PATH``, a file in the form of our own set, or None for that.
        split: ``tune``, ``test`` or ``all``.
        limit: at most so many, evenly from the whole, so that every kind has its share.
        options: those of the data set.

    Raises:
        UsageError: a name, file or number is wrong, a row is malformed, or nothing is left to ask.
    """
    if split not in (*SPLITS, ALL):
        known = ", ".join((*SPLITS, ALL))
        raise UsageError(
            zh=f"没有“{split}”这一半；可以是 {known}。", en=f"There is no split '{split}'; known: {known}."
        )
    if limit is not None and limit < 1:
        raise UsageError(zh=f"--limit 至少是 1，而不是 {limit}。", en=f"--limit is at least 1, not {limit}.")
    chosen = _loaded(given, options or {})
    questions = [question for question in chosen.questions if split in (ALL, question.split)]
    if limit is not None and limit < len(questions):
        questions = [questions[place * len(questions) // limit] for place in range(limit)]
    if not questions:
        raise UsageError(zh=f"{chosen.name} 里没有可问的题。", en=f"{chosen.name} holds no question to ask.")
    return replace(chosen, questions=tuple(questions), documents=_needed(chosen, questions))


def _needed(chosen: Chosen, questions: Sequence[Question]) -> tuple[Document, ...] | None:
    """The documents that must be indexed: where every question brings its passages, only those of the questions asked."""
    if chosen.documents is None or any(not chosen.passages.get(question.id) for question in questions):
        return chosen.documents
    shown = {passage.id for question in questions for passage in chosen.passages[question.id]}
    rested_on = {gold.document for question in questions for gold in question.gold}
    return tuple(each for each in chosen.documents if each.id in shown or Path(each.path).name in rested_on)


@contextmanager
def opened(
    chosen: Chosen, index: str | None, progress: ProgressCallback | None = None, **options: Any
) -> Iterator[Assistant]:
    """The assistant that is asked: over the given index, the data set's documents, or the sample documents.

    The documents of a data set are indexed once for each embedder, in the user's cache, unless an index is given for them.

    Raises:
        StoreError: the index that is given is not there.
        UsageError: it lacks a document that a question rests on.
    """
    documents = chosen.documents
    if documents is not None and not index:
        settings = Settings.from_environment()
        options["embedder"] = load(options.get("embedder") or settings.embedder)
        state = [options["embedder"].name, str(settings.chunk_size), *sorted(document.id for document in documents)]
        index = str(cache_folder() / "indexes" / f"eval-{digest(state)}")
    elif index:
        Store.open_as_it_is(Path(index).expanduser()).close()  # one that is not there is told, not made
    with Assistant.open(index or "", **options, progress=progress) as assistant:
        if documents is not None:
            held = {entry.id for entry in assistant.documents()}
            missing = [document for document in documents if document.id not in held]
            if missing:
                assistant.add(missing, progress)
        _check_documents(assistant, chosen.questions)
        yield assistant


def _loaded(given: str | None, options: Mapping[str, Any]) -> Chosen:
    name, colon, path = (given or "").partition(":")
    if given and colon and not Path(given).expanduser().exists():
        data = load_dataset(name, path, **options)
        return Chosen(
            data.questions,
            f"{name}:{Path(path).name}",
            data.documents or None,
            data.passages,
            data.relevance,
            tuple(map(str, data.notes)),
        )
    if given in DATASETS:
        raise UsageError(
            zh=f"请写明数据集的位置：--set {given}:文件或文件夹。",
            en=f"Say where the data set lies: --set {given}:FILE-OR-FOLDER.",
        )
    if options:
        raise UsageError(
            zh="--option 和 --documents 只用于数据集（--set 名称:路径）。",
            en="--option and --documents are for data sets (--set NAME:PATH).",
        )
    return Chosen(tuple(load_questions(given)), Path(given).name if given else "youju")


def _check_documents(assistant: Assistant, questions: Sequence[Question]) -> None:
    there = {Path(entry.path).name for entry in assistant.documents()}
    missing = sorted({gold.document for question in questions for gold in question.gold} - there)
    if missing:
        listed = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        raise UsageError(
            zh=f"题目要用的文档不在这个索引里：{listed}。请换一个 --index；要用示例文档就不给 --index，并取消 YOUJU_INDEX。",
            en=f"This index lacks documents that the questions rest on: {listed}. Give another --index; for the "
            "sample documents give none and unset YOUJU_INDEX.",
        )


def parsed_options(given: Sequence[str], number: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """``name=value`` pairs as a dict; values are numbers where they look like one, or must be where ``number`` is given.

    Raises:
        UsageError: a pair has no ``=``, or its value is no number.
    """
    values: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        try:
            if not equals or not name:
                raise ValueError
            values[name.strip()] = (number or _number_or_text)(value.strip())
        except ValueError as error:
            raise UsageError(zh=f"“{pair}”应写成 名称=值。", en=f"'{pair}' must be written name=value.") from error
    return values


def _number_or_text(value: str) -> int | float | str:
    for form in (int, float):
        try:
            return form(value)
        except ValueError:
            continue
    return value
