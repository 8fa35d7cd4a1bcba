"""What ``youju eval`` does: the questions of a split, asked with a progress bar, then the table and the file."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from eval.metrics import fact_accuracy
from eval.questions import SPLITS, Question, load_questions
from eval.report import show, to_dict, write
from eval.rows import Row
from eval.run import run, summarise
from rag.errors import UsageError

if TYPE_CHECKING:
    from rag.assistant import Assistant


def evaluate(
    assistant: "Assistant", console: Console, language_model: str | None, split: str, out: Path | None, as_json: bool
) -> bool:
    """Runs the evaluation, prints the result and writes it to ``out`` if that is given.

    Returns:
        whether every question was answered without an error.

    Raises:
        UsageError: the split is unknown, the index lacks a document that a question rests on, or ``out`` cannot be
            written.
    """
    if split not in (*SPLITS, "all"):
        known = ", ".join((*SPLITS, "all"))
        raise UsageError(
            zh=f"没有“{split}”这一半；可以是 {known}。", en=f"There is no split '{split}'; known: {known}."
        )
    if out and not out.parent.is_dir():
        raise UsageError(zh=f"文件夹 {out.parent} 不存在。", en=f"The folder {out.parent} does not exist.")
    questions = [question for question in load_questions() if split in ("all", question.split)]
    _check_documents(assistant, questions)
    rows: list[Row] = []
    columns = (
        TextColumn("{task.fields[question]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[accuracy]}"),
        TimeRemainingColumn(),
    )
    quiet = as_json or not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=len(questions), question="", accuracy="")

        def after_each(done: int, total: int, row: Row) -> None:
            rows.append(row)
            accuracy = fact_accuracy(rows)
            written = "" if accuracy is None else f"{accuracy:.0%}"
            bar.update(task, completed=done, total=total, question=row.question.id, accuracy=written)

        run(assistant, questions, language_model, after_each)
    summary = summarise(rows)
    results = to_dict(summary, rows, next((row.language_model for row in rows if row.language_model), ""))
    if out:
        write(out, results)
    if as_json:
        sys.stdout.write(json.dumps(results, ensure_ascii=False, indent=2) + "\n")
    else:
        show(console, summary, rows)
    return not any(row.error for row in rows)


def _check_documents(assistant: "Assistant", questions: list[Question]) -> None:
    there = {Path(entry.path).name for entry in assistant.documents()}
    missing = sorted({gold.document for question in questions for gold in question.gold} - there)
    if missing:
        listed = ", ".join(missing)
        raise UsageError(
            zh=f"题集问的是示例文档，而这个索引里没有 {listed}；请取消环境变量 YOUJU_INDEX 再试。",
            en=f"The questions are about the sample documents, and this index lacks {listed}; unset YOUJU_INDEX and try again.",
        )
