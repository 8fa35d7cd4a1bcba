"""What the commands of ``youju eval`` do."""

import enum
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from eval import judge as judging
from eval.baselines import FOLDER, against, baseline_of, fallen, read_baseline, write_baseline
from eval.choosing import Chosen, choose_questions, opened, parsed_options
from eval.compare import Comparison, compare, regressions
from eval.datasets import DATASETS
from eval.folder import RunFolder, write_whole
from eval.injections import load_attacks, run_attacks, summary
from eval.labels import label, pick
from eval.metrics import metric_named
from eval.questions import Span
from eval.reports import HTML, markdown, read_report, write_reports
from eval.reports.tables import show_comparison, show_counts, show_reasons, show_report
from eval.rows import Row
from eval.running import Step
from eval.running import run as ask_all
from eval.runs import Recorder, Run
from eval.statistics import SEED
from eval.summary import report_of
from eval.verdicts import verdict
from rag.assistant import Assistant
from rag.errors import UsageError
from rag.language_models import Choice, choose
from rag.messages import say
from rag.settings import Settings
from rag.terminal import output
from rag.text.display import one_line

Ask = Callable[[Callable[[Step], None]], Run]


class Ending(enum.Enum):
    """How a run ended."""

    PASSED = enum.auto()
    FAILED = enum.auto()
    INTERRUPTED = enum.auto()


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a comparison.

    Attributes:
        title: what to call it.
        rows: its rows; None for a baseline, which has none.
        report: gives its report, or the baseline.
    """

    title: str
    rows: tuple[Row, ...] | None
    report: Callable[[], dict[str, Any]]

    @classmethod
    def read(cls, given: str) -> "_Side":
        """Reads a run's folder, its report.json, or a baseline."""
        place = Path(given).expanduser()
        if place.is_dir():
            run = Run.read(place)
            return cls(place.resolve().name, run.rows, lambda: report_of(run))
        read = read_baseline(given)
        rows = tuple(map(Row.from_dict, read["rows"])) if "rows" in read else None
        return cls(str(read.get("name") or place.stem), rows, lambda: read)

    def baseline(self) -> dict[str, Any]:
        """It as a baseline."""
        return self.report() if self.rows is None else baseline_of(self.report(), "")


def run_set(
    *,
    model: str | None,
    out: Path | None,
    chosen: tuple[str | None, str, int | None, Sequence[str]],
    opening: Mapping[str, Any],
    workers: int,
    restart: bool,
    judge: str | None,
    demands: tuple[Sequence[str], str | None],
    as_json: bool,
) -> Ending:
    """Asks a set of questions into a folder, writes the reports and prints the table.

    Args:
        chosen: set, split, limit and options of the set.
        opening: what the assistant is opened with.
        demands: thresholds as ``metric=value``, and the baseline that must not be missed.

    Raises:
        UsageError: something that was given is wrong; told before anything is asked.
    """
    given, split, limit, options = chosen
    thresholds = _thresholds(demands[0])
    baseline = read_baseline(demands[1]) if demands[1] else None
    asked = choose_questions(given, split, limit, parsed_options(options))
    judging_by = _judge_of(judge) if judge else None
    with (
        output.file_progress(say("preparing"), quiet=as_json) as preparing,
        opened(asked, progress=preparing, **opening) as assistant,
    ):
        folder = out or _usual_folder(choose(model or assistant.language_model).name)
        settings = {"set": asked.name, "split": split, "limit": limit, "options": list(options), "seed": SEED}

        def ask(progress: Callable[[Step], None]) -> Run:
            return ask_all(
                assistant,
                asked.questions,
                folder=folder,
                language_model=model,
                passages=asked.passages,
                relevance=asked.relevance,
                chosen=settings,
                workers=workers,
                restart=restart,
                progress=progress,
            )

        _tell_beginning(asked, folder, as_json)
        try:
            done = _with_bar(ask, len(asked.questions), quiet=as_json)
            if judging_by:
                _judge(folder, assistant, judging_by, quiet=as_json)
                done = Run.read(folder)
        except KeyboardInterrupt:
            _tell_interruption(folder)
            return Ending.INTERRUPTED
    return _concluded(done, thresholds, baseline, as_json)


def show_run(run: Run, baseline: Mapping[str, Any] | None, as_json: bool) -> None:
    """Writes the reports of a run again and prints the table, or the report as JSON."""
    write_reports(run, baseline)
    _show(run, as_json)


def compare_runs(first: str, second: str, fail_under: Sequence[str], fail_on_regression: bool, form: str) -> bool:
    """Compares two runs, prints the comparison, and tells whether the second may pass.

    Args:
        first, second: a run's folder, its ``report.json``, or a baseline.
        form: ``table``, ``json`` or ``markdown``.

    Raises:
        UsageError: one of them cannot be read, or they have no question in common.
    """
    thresholds = _thresholds(fail_under)
    before, now = _Side.read(first), _Side.read(second)
    if before.rows is not None and now.rows is not None:
        compared = compare(before.rows, now.rows)
        reasons = regressions(compared, thresholds, fail_on_regression)
    else:
        one, other = before.baseline(), now.baseline()
        compared = against(one, other)
        reasons = regressions(compared, thresholds, fail_on_regression)
        reasons += fallen(one, other) if fail_on_regression else []
    names = (before.title, now.title)
    if form == "json":
        output.print_json({**compared.to_dict(), "reasons": reasons})
    elif form == "markdown":
        typer.echo(markdown.comparison(compared, names, reasons), nl=False)
    else:
        texts = {row.question.id: row.question.question for row in (*(before.rows or ()), *(now.rows or ()))}
        show_comparison(output.console(), compared, names, texts, reasons)
    _tell_unshared(compared)
    return not reasons


def keep_baseline(run: Run, name: str, folder: Path | None, replace: bool) -> str:
    """Writes the baseline of a finished run and returns where it lies.

    Raises:
        UsageError: the run is not finished, the name is no file name, or the file is there already.
    """
    if run.partial:
        raise UsageError(
            zh="这次评测没有做完，不能作基线。", en="The run is not finished; it cannot become a baseline."
        )
    if not re.fullmatch(r"[\w.-]+", name):
        raise UsageError(zh=f"“{name}”不能作文件名。", en=f"'{name}' cannot be a file name.")
    file = (folder or FOLDER) / f"{name}.json"
    if not file.parent.is_dir():
        raise UsageError(zh=f"文件夹 {file.parent} 不存在。", en=f"The folder {file.parent} does not exist.")
    write_baseline(baseline_of(report_of(run), name), file, replace=replace)
    return str(file)


def write_new(file: Path, text: str) -> None:
    """Writes a file that is not there yet.

    Raises:
        UsageError: it is, or its folder is not.
    """
    if file.exists():
        raise UsageError(zh=f"{file} 已存在，不会覆盖。", en=f"{file} is there already and is not overwritten.")
    write_whole(file, text)


def describe_datasets(given: str | None, options: Sequence[str], as_json: bool) -> None:
    """Lists the data sets, or reads one and says what is in it."""
    if given is None:
        described = [{"name": name, "from": target.partition(":")[0]} for name, target in DATASETS.items()]
        if as_json:
            output.print_json(described)
        for entry in described if not as_json else []:
            typer.echo(f"{entry['name']:<12} {_first_line(entry['from'])}")
        return
    chosen = choose_questions(given, options=parsed_options(options))
    kinds = [question.kind for question in chosen.questions]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    about = {
        "name": chosen.name,
        "documents": len(chosen.documents or ()),
        "questions": len(kinds),
        "kinds": counts,
        "notes": list(chosen.notes),
    }
    if as_json:
        output.print_json(about)
        return
    typer.echo(
        pick(
            f"{chosen.name}：{about['documents']} 份文档，{len(kinds)} 题",
            f"{chosen.name}: {about['documents']} documents, {len(kinds)} questions",
        )
    )
    for kind, count in counts.items():
        typer.echo(f"  {label(kind)}: {count}")
    for note in chosen.notes:
        typer.echo(f"  {one_line(note)}")


def try_injections(model: str | None, embedder: str | None, limit: int | None, as_json: bool) -> bool:
    """Tries the attacks, prints what came of them; returns whether none succeeded."""
    attacks = load_attacks()
    if limit is not None:
        if limit < 1:
            raise UsageError(zh=f"--limit 应至少是 1，而不是 {limit}。", en=f"--limit must be at least 1, not {limit}.")
        attacks = attacks[:: max(1, len(attacks) // limit)][:limit]
    silent = as_json or not sys.stderr.isatty()
    columns = (TextColumn("{task.fields[id]}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=silent) as bar:
        task = bar.add_task("", total=len(attacks), id="")
        outcomes = run_attacks(
            attacks,
            choose(model or Settings.from_environment().language_model).chat_model or "extractive",
            embedder,
            lambda done, outcome: bar.update(task, completed=done, id=outcome.attack.id),
        )
    found = summary(outcomes)
    if as_json:
        output.print_json(found)
    else:
        for outcome in found["succeeded"]:
            typer.echo(f"{outcome['id']}: {one_line(outcome['answer'])[:200]}")
        typer.echo(
            pick(
                f"{found['attacks']} 条攻击，得逞 {found['attack_success_rate']:.1%}；照常答对 {found['honest_answer_rate']:.1%}。",
                f"{found['attacks']} attacks, {found['attack_success_rate']:.1%} succeeded; "
                f"{found['honest_answer_rate']:.1%} of the honest answers given all the same.",
            )
        )
    return not found["succeeded"]


# -- inside -----------------------------------------------------------------------------------------------------------


def _with_bar(ask: Ask, total: int, *, quiet: bool) -> Run:
    """Asks with a progress bar: question, how many, accuracy so far, time left."""
    with _bar(total, quiet=quiet) as show:
        right = judged = 0

        def after_each(step: Step) -> None:
            nonlocal right, judged
            outcome = verdict(step.row).outcome
            judged += outcome != "unjudged"
            right += outcome == "right"
            show(step, f"{right / judged:.0%}" if judged else "")

        return ask(after_each)


@contextmanager
def _bar(total: int, *, quiet: bool) -> Iterator[Callable[[Step, str], None]]:
    columns = (
        TextColumn("{task.fields[question]}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(pick("答对", "right") + " {task.fields[accuracy]}", markup=False),
        TimeRemainingColumn(),
    )
    silent = quiet or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=silent) as bar:
        task = bar.add_task("", total=total, question="", accuracy="")

        def show(step: Step, accuracy: str) -> None:
            asked = one_line(f"{step.row.question.id} {step.row.question.question}")[:32]
            if step.taken_up:  # what an earlier start answered says nothing of the time that is left
                bar.reset(task, completed=step.done, total=total, question=asked, accuracy=accuracy)
            else:
                bar.update(task, completed=step.done, question=asked, accuracy=accuracy)

        yield show


def _concluded(run: Run, thresholds: Mapping[str, float], baseline: Mapping[str, Any] | None, as_json: bool) -> Ending:
    if baseline or run.judgements:
        write_reports(run, baseline)
    report = _show(run, as_json)
    now = baseline_of(report, "")
    compared = against(baseline or now, now)
    reasons = regressions(compared, thresholds, baseline is not None)
    console = Console(stderr=True, highlight=False, markup=False)
    if baseline:
        reasons += fallen(baseline, now)
        show_counts(console, len(compared.won), len(compared.lost), len(compared.tied), compared.p_value)
        for name in compared.lost:
            console.print(Text(f"{pick('丢', 'lost')} {one_line(name)}"))
    show_reasons(console, reasons)
    return Ending.FAILED if reasons or any(row.error for row in run.rows) else Ending.PASSED


def _show(run: Run, as_json: bool) -> Mapping[str, Any]:
    report = read_report(run.folder) if run.folder else report_of(run)
    if as_json:
        output.print_json(report)
    else:
        show_report(output.console(), report)
        if run.folder:
            typer.echo(str(run.folder / HTML))
    for name in run.dropped:
        typer.echo(
            pick(f"{name} 末尾有半行，已略去。", f"{name} ended with half a line, which was left out."), err=True
        )
    return report


def _judge_of(setting: str) -> Choice:
    choice = choose(setting)
    if choice.chat_model is None:
        raise UsageError(
            zh=f"{setting} 不能做裁判：它不是语言模型。", en=f"{setting} cannot judge: it is no language model."
        )
    return choice


def _judge(folder: Path, assistant: Assistant, choice: Choice, *, quiet: bool) -> None:
    """Has a judge look at the answers that it has not judged, each judgement on disk before the next."""
    assert choice.chat_model is not None
    name = choice.name
    recorder = Recorder(RunFolder.read(folder.expanduser()), {}, {})
    with recorder.locked():
        run = recorder.read(mend=True).run()
        known = {one["id"] for one in run.judgements if one["model"] == name}
        left = [row for row in run.rows if row.question.id not in known]

        def text_of(span: Span) -> str:
            return run.sources[span.document].text[span.start : span.end]

        if left and not quiet:
            typer.echo(pick(f"{name} 评判 {len(left)} 题…", f"{name} judges {len(left)} answers…"), err=True)
        for one in judging.judge(left, choice.chat_model, assistant.retriever.embedder.queries, text_of):
            recorder.judge({"model": name, **asdict(one)})


def _thresholds(given: Sequence[str]) -> dict[str, float]:
    thresholds = parsed_options(given, _finite)
    for name in thresholds:
        metric_named(name)
    return thresholds


def _finite(value: str) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError(value)
    return number


def _usual_folder(model: str) -> Path:
    safe = re.sub(r"[^\w.-]+", "-", model).strip("-")[:40]
    return Path("youju-eval") / f"{datetime.now():%Y%m%d-%H%M%S}-{safe}"


def _tell_beginning(asked: Chosen, folder: Path, as_json: bool) -> None:
    for note in asked.notes:
        typer.echo(one_line(note), err=True)
    if not as_json:
        typer.echo(
            pick(f"{len(asked.questions)} 题 → {folder}", f"{len(asked.questions)} questions → {folder}"), err=True
        )


def _tell_interruption(folder: Path) -> None:
    typer.echo(
        pick(
            f"已中断：答完的题和未完成的报告在 {folder}；用同样的命令加 --out {folder} 接着跑。",
            f"Interrupted: what was answered, with a partial report, is in {folder}; the same command with --out {folder} "
            "goes on.",
        ),
        err=True,
    )


def _tell_unshared(compared: Comparison) -> None:
    apart = len(compared.only_first) + len(compared.only_second)
    if apart:
        typer.echo(
            pick(
                f"{apart} 题只在一边有，或题目改过，没有比较。",
                f"{apart} questions are not in both, or differ: not compared.",
            ),
            err=True,
        )


def _first_line(module: str) -> str:
    from importlib import import_module

    return (import_module(module).__doc__ or "").strip().split("\n")[0]
