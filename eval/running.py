"""Batch: every question asked, every answer on disk before the next, and a run that was killed goes on where it stopped.

>>> import eval
>>> finished = eval.run(assistant, eval.load_questions(), folder="youju-eval/first")  # doctest: +SKIP
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.asking import Asker
from eval.folder import RunFolder
from eval.metrics import peak_memory
from eval.provenance import environment_of, settings_of
from eval.questions import Question
from eval.reports import write_reports
from eval.rows import Row
from eval.runs import Recorder, Run
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.language_models import Choice, choose
from rag.text.documents import Document

if TYPE_CHECKING:
    from rag.assistant import LanguageModel

LOCAL = "rag.language_models.local"


@dataclass(frozen=True, slots=True)
class Step:
    """How far a run is.

    Attributes:
        done, total: number of questions answered, and of all.
        row: the question answered last.
        taken_up: whether it was answered by an earlier start of this run.
    """

    done: int
    total: int
    row: Row
    taken_up: bool = False


Progress = Callable[[Step], None]


def run(
    assistant: Assistant,
    questions: Iterable[Question],
    *,
    folder: str | Path | None = None,
    language_model: "LanguageModel | None" = None,
    passages: Mapping[str, Sequence[Document]] | None = None,
    relevance: Mapping[str, Mapping[str, int]] | None = None,
    chosen: Mapping[str, Any] | None = None,
    workers: int = 1,
    restart: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Asks every question and records what was said. A question that fails is recorded with its error.

    Args:
        assistant: opened on documents with the file names that the questions name.
        questions: what to ask; every one has an id of its own.
        folder: where answers are kept as they come; a run that is there with the same settings goes on. None keeps
            them in memory only.
        language_model: what writes the answers; None means the assistant's own.
        passages: question id → documents that are shown with it in place of retrieval, as some data sets demand.
        relevance: question id → document name → grade, where a data set judges whole documents.
        chosen: further settings to record, such as the name of the set; JSON-ready.
        workers: how many questions to ask at once; more than one is for endpoints.
        restart: begin anew, what the folder holds is moved aside.
        progress: called after each question, and for those that an earlier start answered.

    Raises:
        UsageError: the folder holds a run with other settings, of another version, or something else; ``workers`` does
            not fit the language model.
        YoujuError: the disk is full; what was answered is kept.
    """
    listed = tuple(questions)
    choice = choose(assistant.language_model if language_model is None else language_model)
    _check_workers(choice, workers)
    settings = settings_of(assistant, choice, listed, dict(chosen or {}))
    environment = environment_of(assistant, choice) | {"workers": workers}
    opened = folder and RunFolder.begin(Path(folder).expanduser(), settings, environment, restart=restart)
    recorder = Recorder(opened or None, settings, environment)
    asker = Asker(assistant, choice.chat_model or choice.name, passages, relevance)
    with recorder.locked():
        recorder.read(mend=True)
        recorder.expect(tuple(question.id for question in listed))
        recorder.keep(_documents_named(assistant, listed, passages or {}))
        try:
            _ask(recorder, asker, listed, workers, progress or _nothing)
        finally:
            recorder.remember(peak_memory())
            write_reports(recorder.run())
        return recorder.run()


def _ask(recorder: Recorder, asker: Asker, questions: Sequence[Question], workers: int, progress: Progress) -> None:
    """Asks what an earlier start has not, and keeps each answer before the next comes."""
    total = len(questions)
    answered = recorder.run().rows
    for done, row in enumerate(answered, 1):
        progress(Step(done, total, row, taken_up=True))
    known = {row.question.id for row in answered}
    left = [question for question in questions if question.id not in known]
    if left:
        asker.warm_up()
    with closing(asker.answers(left, workers)) as answers:
        for done, (row, documents) in enumerate(answers, len(answered) + 1):
            recorder.record(row, documents)
            progress(Step(done, total, row))


def _nothing(step: Step) -> None:
    pass


def _documents_named(
    assistant: Assistant, questions: Sequence[Question], passages: Mapping[str, Sequence[Document]]
) -> list[Document]:
    """The documents that the questions' gold spans point into, as far as the index or the passages hold them."""
    wanted = {span.document for question in questions for gold in question.gold for span in gold.spans}
    shown = {Path(document.path).name: document for documents in passages.values() for document in documents}
    found = {name: shown[name] for name in wanted & shown.keys()}
    for entry in assistant.documents():
        name = Path(entry.path).name
        if name in wanted and name not in found:
            found[name] = assistant.document(entry.id)
    return [found[name] for name in sorted(found)]


def _check_workers(choice: Choice, workers: int) -> None:
    if workers < 1:
        raise UsageError(zh=f"workers 至少是 1，而不是 {workers}。", en=f"workers is at least 1, not {workers}.")
    here = choice.chat_model is None or type(choice.chat_model).__module__ == LOCAL
    if workers > 1 and here:
        raise UsageError(
            zh=f"{choice.name} 在本机运行，同时提问不会更快，计时也会不准；--workers 只用于端点。",
            en=f"{choice.name} runs on this machine, where asking several at once is no faster and spoils the timings; "
            "--workers is for endpoints.",
        )
