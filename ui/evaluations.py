"""Evaluations of this server: those in a folder, and the one that is under way.

At most one runs at a time, on a thread of its own, and it asks one question after the other: a question of the chat
waits for no more than the one that the language model is at. Every answer is on disk before the next is asked, so a run
that was stopped, or whose server ended, goes on where it was.
"""

import json
import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.choosing import choose_questions
from eval.folder import QUESTIONS, ROWS, SETTINGS, RunFolder
from eval.reports import HTML, JSON, read_report
from eval.running import Step
from eval.running import run as ask_all
from eval.runs import Run
from eval.statistics import SEED
from eval.verdicts import verdict
from rag.assistant import Assistant
from rag.errors import UsageError, YoujuError
from rag.language_models import EXTRACTIVE, choose
from ui.logs import told_where

FOLDER = Path("youju-eval")
SET = "youju"
LOCAL = "local"

logger = logging.getLogger(__name__)


class _StopRequestedError(Exception):
    """Whoever watches the run wants it to end here."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run under way is.

    Attributes:
        name: its folder's name.
        owner: who started it.
        model: what answers.
        total: number of its questions.
        outcomes: what became of those that are answered (:data:`eval.verdicts.OUTCOMES`), in order.
        asked: the question answered last.
        state: ``running``, ``stopping`` (after the question it is at), ``stopped``, ``finished`` or ``failed``.
        error: why it failed, in Chinese and English.
    """

    name: str
    owner: str
    model: str
    total: int
    outcomes: tuple[str, ...] = ()
    asked: str = ""
    state: str = "running"
    error: tuple[str, str] = ("", "")

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("stopped", "finished", "failed")


@dataclass(frozen=True, slots=True)
class Listed:
    """A run in the folder, as the list shows it.

    Attributes:
        name: its folder's name.
        began: when, in ISO form.
        model, split: what answered which half.
        set: name of the set of questions.
        answered, questions: how many were answered, of how many.
        right, judged: answers that are right, of those that can be judged; None while no report was written.
        problem: why it cannot be read, in Chinese and English.
    """

    name: str
    began: str = ""
    model: str = ""
    split: str = ""
    set: str = ""
    answered: int = 0
    questions: int = 0
    right: int | None = None
    judged: int | None = None
    problem: tuple[str, str] = ("", "")

    @property
    def partial(self) -> bool:
        """Whether questions are left."""
        return self.answered < self.questions


class Evaluations:
    """The runs of one folder. Safe to use from several threads.

    Args:
        assistant: is asked.
        folder: holds one folder a run; made with the first run.
    """

    def __init__(self, assistant: Assistant, folder: str | Path = FOLDER) -> None:
        self.assistant = assistant
        self.folder = Path(folder).expanduser()
        self._progress: Progress | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[int, ...], Listed]] = {}

    # -- the run under way ---------------------------------------------------------------------------------------------

    @property
    def progress(self) -> Progress | None:
        """The run that is under way or was the last; None before the first."""
        return self._progress

    def start(self, language_model: Any, split: str, limit: int | None, owner: str = "") -> Progress:
        """Starts a run over our own set in a new folder.

        Args:
            language_model: as ``Assistant.ask`` takes it; None means the assistant's own.
            split: ``tune``, ``test`` or ``all``.
            limit: at most so many questions, evenly from the whole; None means all.
            owner: who starts it.

        Raises:
            UsageError: another run is under way, or the index lacks the documents that the questions rest on.
            LanguageModelError: the language model cannot run here.
        """
        name = choose(self.assistant.language_model if language_model is None else language_model).name
        safe = "".join(character if character.isalnum() or character in ".-_" else "-" for character in name)[:40]
        return self._begin(f"{datetime.now():%Y%m%d-%H%M%S}-{safe.strip('-.')}", language_model, split, limit, owner)

    def resume(self, name: str, language_model: Any = None, owner: str = "") -> Progress:
        """Goes on with a run that is not finished, with the language model it was begun with.

        Args:
            name: of the run.
            language_model: the one chosen now, taken if it is that of the run.
            owner: who asks for it.

        Raises:
            UsageError: as for :meth:`start`; there is no such run, or its language model is not the one chosen now.
        """
        settings = RunFolder.read(self._place(name)).settings
        if settings.get("set") != SET:
            raise UsageError(
                zh=f"{name} 问的不是自带的题集，请用命令行继续：youju eval run --out {self.folder / name}",
                en=f"{name} asks another set; go on with it on the command line: youju eval run --out {self.folder / name}",
            )
        model = self._model_named(str(settings.get("language_model", "")), language_model)
        return self._begin(name, model, str(settings.get("split", "all")), settings.get("limit"), owner)

    def stop(self) -> None:
        """Ends the run after the question it is at; what was answered is kept."""
        with self._lock:
            if self._progress and self._progress.state == "running":
                self._progress = replace(self._progress, state="stopping")
                self._stop.set()

    def wait(self, timeout: float | None = None) -> None:
        """Waits until no run is under way."""
        if self._thread:
            self._thread.join(timeout)

    def _begin(self, name: str, language_model: Any, split: str, limit: int | None, owner: str) -> Progress:
        chosen = choose_questions(None, split, limit)
        self._check_documents({gold.document for question in chosen.questions for gold in question.gold})
        choice = choose(self.assistant.language_model if language_model is None else language_model)
        settings: dict[str, Any] = {"set": chosen.name, "split": split, "limit": limit, "options": [], "seed": SEED}
        with self._lock:
            if self._progress and not self._progress.over:
                raise UsageError(
                    zh="已有一次评测在进行；一台服务器一次只跑一个。",
                    en="An evaluation is under way already; a server runs one at a time.",
                )
            self._stop.clear()
            self._progress = Progress(name, owner, choice.name, len(chosen.questions))

        def work() -> None:
            try:
                ask_all(
                    self.assistant,
                    chosen.questions,
                    folder=self.folder / name,
                    language_model=choice.chat_model or choice.name,
                    chosen=settings,
                    progress=self._after_each,
                )
            except _StopRequestedError:
                self._note(state="stopped")
            except YoujuError as error:
                self._note(state="failed", error=(error.zh, error.en))
            except Exception as error:  # noqa: BLE001 - whatever fails is told on the page
                logger.error("An evaluation failed. %s", told_where(error))
                self._note(state="failed", error=(f"{type(error).__name__}: {error}",) * 2)
            else:
                self._note(state="finished")

        self._thread = threading.Thread(target=work, name="evaluation", daemon=True)
        self._thread.start()
        return self._progress

    def _after_each(self, step: Step) -> None:
        progress = self._progress
        assert progress is not None
        self._note(outcomes=(*progress.outcomes, verdict(step.row).outcome), asked=step.row.question.question)
        if self._stop.is_set() and step.done < step.total:
            raise _StopRequestedError

    def _note(self, **changes: Any) -> None:
        with self._lock:
            assert self._progress is not None
            self._progress = replace(self._progress, **changes)

    def _check_documents(self, wanted: set[str]) -> None:
        held = {Path(entry.path).name for entry in self.assistant.documents()}
        if missing := sorted(wanted - held):
            listed = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
            raise UsageError(
                zh=f"自带的题问的是示例文档，这个索引里没有：{listed}。用示例文档打开（不设 YOUJU_INDEX）再评测，"
                "或用命令行评测自己的题：youju eval run --set 文件",
                en=f"The questions are about the sample documents, which this index lacks: {listed}. Open the sample "
                "documents (without YOUJU_INDEX), or ask questions of your own: youju eval run --set FILE",
            )

    def _model_named(self, name: str, chosen: Any) -> Any:
        """Of the extractive, the chosen and the local model the one that a run was begun with."""
        if name == EXTRACTIVE:
            return EXTRACTIVE
        for setting in (chosen, self.assistant.language_model, LOCAL):
            try:
                if setting is not None and choose(setting).name == name:
                    return setting
            except YoujuError:
                continue
        raise UsageError(
            zh=f"这次评测由 {name} 作答；请先在“设置”中选用它，再继续。",
            en=f"This run is answered by {name}; choose that under Settings, then go on.",
        )

    # -- the runs of the folder ----------------------------------------------------------------------------------------

    def listed(self) -> list[Listed]:
        """All runs of the folder, the latest first."""
        found = [self._listed(file.parent) for file in self.folder.glob(f"*/{SETTINGS}")]
        return sorted(found, key=lambda run: (run.began, run.name), reverse=True)

    def report(self, name: str) -> dict[str, Any]:
        """The report of a run (:func:`eval.summary.report_of`) as it was written last.

        Raises:
            UsageError: there is no such run, or it has no report yet.
        """
        return read_report(self._place(name))

    def run(self, name: str) -> Run:
        """A run with all its rows.

        Raises:
            UsageError: there is no such run, or a file of it is damaged.
        """
        return Run.read(self._place(name))

    def page(self, name: str) -> str:
        """The report of a run as a page of its own, which asks nothing of any network.

        Raises:
            UsageError: there is no such run, or it has none.
        """
        file = self._place(name) / HTML
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(
                zh=f"这次评测没有 {HTML}。需要 pip install 'youju[eval]'，再运行：youju eval report {file.parent}",
                en=f"This run has no {HTML}. It takes pip install 'youju[eval]', and then: youju eval report {file.parent}",
            ) from error

    def _place(self, name: str) -> Path:
        """The folder of a run. Only names that the list shows: what comes from a page is no path."""
        if name not in {file.parent.name for file in self.folder.glob(f"*/{SETTINGS}")}:
            raise UsageError(zh="没有这次评测。", en="There is no such run.")
        return self.folder / name

    def _listed(self, place: Path) -> Listed:
        files = [place / name for name in (SETTINGS, QUESTIONS, ROWS, JSON)]
        state = tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)
        known = self._known.get(place.name)
        if known is None or known[0] != state:
            known = self._known[place.name] = (state, _read(place))
        return known[1]


def _read(place: Path) -> Listed:
    try:
        folder = RunFolder.read(place)
    except UsageError as error:
        return Listed(place.name, problem=(error.zh, error.en))
    settings, environment = folder.settings, folder.environment
    answered, questions = _lines(place / ROWS), _lines(place / QUESTIONS)
    listed = Listed(
        place.name,
        str(environment.get("began", "")),
        str(settings.get("language_model", "")),
        str(settings.get("split", "")),
        str(settings.get("set", "")),
        answered,
        questions,
    )
    try:
        outcomes = list(dict(json.loads((place / JSON).read_text(encoding="utf-8"))["outcomes"]).values())
    except (OSError, ValueError, KeyError, TypeError):
        return listed
    judged = len(outcomes) - outcomes.count("unjudged")
    return replace(listed, right=outcomes.count("right"), judged=judged)


def _lines(file: Path) -> int:
    """Whole lines of a file; none where it is missing."""
    try:
        return file.read_bytes().count(b"\n")
    except OSError:
        return 0
