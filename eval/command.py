"""``youju eval run|compare|report|export|baseline|draft|feedback|datasets|dialogues``. Everything heavy is imported when a command needs it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import interface_language

if TYPE_CHECKING:
    from eval.runs import Run

INTERRUPTED = 130


def _help(zh: str, en: str) -> str:
    return zh if interface_language() == "zh" else en


app = typer.Typer(
    help=_help("评测回答：跑题、比较、出报告、出题。", "Measure the answers: run, compare, report, draft questions."),
    no_args_is_help=True,
    rich_markup_mode=None,
)

Model = Annotated[
    str | None,
    typer.Option("--model", "-m", help=_help("语言模型，同 youju ask。", "Language model, as for 'youju ask'.")),
]
Index = Annotated[
    str | None,
    typer.Option(
        "--index",
        help=_help("索引文件夹；不给则用示例文档。", "Index folder; without it the sample documents."),
        show_default=False,
    ),
]
Embedder = Annotated[str | None, typer.Option("--embedder", help=_help("嵌入模型。", "Embedder."), show_default=False)]
Json = Annotated[bool, typer.Option("--json", help=_help("输出 JSON。", "Print JSON."))]
Set = Annotated[
    str | None,
    typer.Option(
        "--set",
        help=_help(
            "题集：文件，或 数据集:路径（见 youju eval datasets）；不给则用自带的题集。",
            "Questions: a file, or DATASET:PATH (see 'youju eval datasets'); without it the set that ships.",
        ),
        show_default=False,
    ),
]
Documents = Annotated[
    Path | None,
    typer.Option(
        "--documents",
        help=_help("自己的题（--set own:文件）所问的文档。", "Documents of your own questions (--set own:FILE)."),
        show_default=False,
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option", help=_help("数据集的选项，名称=值，可重复。", "Option of the data set, name=value; repeatable.")
    ),
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under",
        help=_help(
            "指标=值，可重复：不及（越低越好的指标：超过）则以 1 退出。",
            "metric=value, repeatable: exit with 1 where it is missed (for lower-is-better metrics: exceeded).",
        ),
    ),
]
FailOnRegression = Annotated[
    str | None,
    typer.Option(
        "--fail-on-regression",
        metavar="BASELINE",
        help=_help("不如此基线（名称或文件）则以 1 退出。", "Exit with 1 where it is worse than this baseline."),
    ),
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help=_help("评测结果的文件夹。", "Folder of a run."), show_default=False)
]


@app.command(help=_help("跑一遍题集；中断后用同样的命令接着跑。", "Ask a set of questions; run it again to go on."))
def run(
    model: Model = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help=_help("结果文件夹；默认 youju-eval/时间-模型。", "Folder; youju-eval/TIME-MODEL if not given."),
        ),
    ] = None,
    split: Annotated[str, typer.Option("--split", help=_help("tune、test 或 all。", "tune, test or all."))] = "all",
    questions: Set = None,
    documents: Documents = None,
    option: Options = None,
    index: Index = None,
    embedder: Embedder = None,
    workers: Annotated[
        int, typer.Option("--workers", help=_help("同时问几题（用于端点）。", "Questions at once (for endpoints)."))
    ] = 1,
    limit: Annotated[
        int | None, typer.Option("--limit", help=_help("最多几题，均匀抽取。", "At most so many, taken evenly."))
    ] = None,
    restart: Annotated[
        bool,
        typer.Option(
            "--restart", help=_help("重新开始，旧结果移到一旁。", "Begin anew; what is there is moved aside.")
        ),
    ] = False,
    judge: Annotated[
        str | None,
        typer.Option("--judge", help=_help("另请语言模型评判忠实与切题。", "A language model to judge too.")),
    ] = None,
    fail_under: FailUnder = None,
    fail_on_regression: FailOnRegression = None,
    as_json: Json = False,
) -> None:
    """Runs a set; see :func:`eval.actions.run_set`."""
    from eval.actions import Ending, run_set

    extra = [*(option or []), *_documents_option(documents)]
    ending = run_set(
        model=model,
        out=out,
        chosen=(questions, split, limit, extra),
        opening={"index": index, "embedder": embedder},
        workers=workers,
        restart=restart,
        judge=judge,
        demands=(fail_under or [], fail_on_regression),
        as_json=as_json,
    )
    if ending is Ending.INTERRUPTED:
        raise typer.Exit(INTERRUPTED)
    if ending is Ending.FAILED:
        raise typer.Exit(1)


def _documents_option(documents: Path | None) -> list[str]:
    """``--documents`` as an option of the data set: files, or the word ``all``."""
    if documents is None:
        return []
    return [f"documents={documents if str(documents) == 'all' and not documents.exists() else documents.absolute()}"]


@app.command(help=_help("比较两次评测：赢了哪些题、丢了哪些。", "Compare two runs: what was won and lost."))
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help=_help("文件夹、report.json 或基线。", "Run or baseline."))],
    second: Annotated[str, typer.Argument(metavar="B", help=_help("同上。", "The same."))],
    fail_under: FailUnder = None,
    fail_on_regression: Annotated[
        bool,
        typer.Option(
            "--fail-on-regression", help=_help("B 明显变差则以 1 退出。", "Exit with 1 where B is surely worse.")
        ),
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help=_help("输出 Markdown。", "Print Markdown."))] = False,
    as_json: Json = False,
) -> None:
    """Compares two runs; see :func:`eval.actions.compare_runs`."""
    from eval.actions import compare_runs

    form = "json" if as_json else "markdown" if markdown else "table"
    if not compare_runs(first, second, fail_under or [], fail_on_regression, form):
        raise typer.Exit(1)


@app.command(
    help=_help("重写一次评测的全部报告，并显示表格。", "Write the reports of a run again, and show the table.")
)
def report(
    run_folder: RunFolder,
    baseline: Annotated[
        str | None, typer.Option("--baseline", help=_help("显示与此基线的差。", "Show differences from this baseline."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Writes the reports; see :func:`eval.actions.show_run`."""
    from eval.actions import show_run
    from eval.baselines import read_baseline

    show_run(_read(run_folder), read_baseline(baseline) if baseline else None, as_json)


@app.command(help=_help("导出各题：csv 或 ragas（JSONL）。", "Export the rows: csv or ragas (JSONL)."))
def export(
    run_folder: RunFolder,
    form: Annotated[str, typer.Option("--format", help=_help("csv 或 ragas。", "csv or ragas."))] = "csv",
    out: Annotated[
        Path | None,
        typer.Option("--out", help=_help("写入此文件，不给则输出。", "File; standard output if not given.")),
    ] = None,
) -> None:
    """Exports the rows; see :mod:`eval.reports.export`."""
    from eval.actions import write_new
    from eval.reports.export import exported

    text = exported(_read(run_folder), form)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_new(out, text)


@app.command(help=_help("把一次评测存为基线。", "Keep a run as a baseline."))
def baseline(
    run_folder: RunFolder,
    name: Annotated[str, typer.Option("--name", help=_help("基线的名称。", "Name of the baseline."))],
    out: Annotated[
        Path | None,
        typer.Option("--out", help=_help("文件夹；默认 eval/baselines。", "Folder; eval/baselines if not given.")),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help=_help("替换已有的。", "Replace one that is there."))
    ] = False,
) -> None:
    """Writes a baseline; see :mod:`eval.baselines`."""
    from eval.actions import keep_baseline

    typer.echo(keep_baseline(_read(run_folder), name, out, replace))


@app.command(
    help=_help("列出数据集；给出 数据集:路径 则读它并说明。", "List the data sets, or read one: DATASET:PATH.")
)
def datasets(
    given: Annotated[
        str | None, typer.Argument(metavar="DATASET:PATH", help=_help("要读的数据集。", "What to read."))
    ] = None,
    option: Options = None,
    as_json: Json = False,
) -> None:
    """Lists data sets; see :mod:`eval.datasets`."""
    from eval.actions import describe_datasets

    describe_datasets(given, option or [], as_json)


@app.command(
    help=_help(
        "由语言模型就文档出题，逐题核对出处，由人取舍。",
        "A language model drafts questions on documents; each is checked, and a person decides.",
    )
)
def draft(
    paths: Annotated[list[Path], typer.Argument(help=_help("文件或文件夹。", "Files or folders."), show_default=False)],
    model: Model = None,
    out: Annotated[
        Path, typer.Option("--out", help=_help("题目追加到此文件。", "File that questions are appended to."))
    ] = Path("questions.jsonl"),
    count: Annotated[int, typer.Option("--n", help=_help("要几题。", "How many."))] = 20,
    accept_all: Annotated[
        bool, typer.Option("--accept-all", help=_help("核对无误的全部收下。", "Accept all that pass the checks."))
    ] = False,
    embedder: Embedder = None,
    seed: Annotated[int, typer.Option("--seed", help=_help("决定抽哪些段落。", "Decides which passages."))] = 0,
) -> None:
    """Drafts questions; see :mod:`eval.review`."""
    from eval.review import draft_questions

    draft_questions(paths, model, out, count, accept_all=accept_all, embedder=embedder, seed=seed)


@app.command(
    help=_help(
        "把对话窗口里的评价（赞、踩）导出为题：赞的可答，踩为“不该答”的不可答，其余列为待补全的草稿。",
        "Export the thumbs of the chat window as questions: up answerable, down for 'should abstain' unanswerable, others "
        "as drafts.",
    )
)
def feedback(
    out: Annotated[
        Path,
        typer.Option(
            "--out", help=_help("写入此文件；草稿写在旁边。", "File that is written; drafts are put beside it.")
        ),
    ] = Path("questions.jsonl"),
    index: Index = None,
    split: Annotated[str, typer.Option("--split", help=_help("tune 或 test。", "tune or test."))] = "tune",
    as_json: Json = False,
) -> None:
    """Exports feedback; see :mod:`eval.feedback`."""
    from eval.feedback import export_feedback

    export_feedback(index, out, split, as_json=as_json)


@app.command(
    help=_help(
        "文档里藏着的指令能否左右回答：逐条试攻击，报告成功率。",
        "Can instructions inside documents steer answers? Tries each attack and reports how many succeed.",
    )
)
def injections(
    model: Model = None,
    embedder: Embedder = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help=_help("最多几条，均匀抽取。", "At most so many, taken evenly."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Tries the attacks of :mod:`eval.injections`; exits with 1 where one succeeds."""
    from eval.actions import try_injections

    if not try_injections(model, embedder, limit, as_json):
        raise typer.Exit(1)


@app.command(
    help=_help(
        "把正确的话逐处改错，看核对是否识破；正确的话是否误报。",
        "Make right claims wrong place by place: are they caught, and are right claims left alone?",
    )
)
def mutations(
    run_folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[RUN]",
            help=_help("也用此次评测答对的话。", "Use the right answers of this run too."),
            show_default=False,
        ),
    ] = None,
    split: Annotated[str, typer.Option("--split", help=_help("tune、test 或 all。", "tune, test or all."))] = "tune",
    seed: Annotated[int, typer.Option("--seed", help=_help("决定改成什么。", "Decides what is put in."))] = 20260,
    least_caught: Annotated[
        float | None,
        typer.Option(
            "--fail-under",
            help=_help("任一种改动识破的比例不及此值则以 1 退出。", "Exit with 1 where less of any kind is caught."),
        ),
    ] = None,
    most_flagged: Annotated[
        float | None,
        typer.Option(
            "--fail-over", help=_help("误报的比例超过此值则以 1 退出。", "Exit with 1 where more is flagged wrongly.")
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--list", help=_help("列出放过的和误报的。", "List what passed and what was flagged."))
    ] = False,
    as_json: Json = False,
) -> None:
    """Measures the check of facts; see :mod:`eval.mutation_check`."""
    from eval.mutation_check import check, passes, show
    from rag.terminal.output import console, print_json

    outcome = check(_read(run_folder) if run_folder else None, split, seed)
    if as_json:
        print_json(outcome.to_dict())
    else:
        show(console(), outcome, every)
    if not passes(outcome, least_caught, most_flagged):
        raise typer.Exit(1)


@app.command(
    help=_help(
        "看追问是否理解对、完整的问题是否原样。", "Are follow-ups understood, and complete questions left as they are?"
    )
)
def dialogues(
    split: Annotated[str, typer.Option("--split", help=_help("tune、test 或 all。", "tune, test or all."))] = "tune",
    answers: Annotated[
        bool, typer.Option("--answers", help=_help("问出来，看答得对不对。", "Hold them, and judge the answers."))
    ] = False,
    model: Model = None,
    every: Annotated[bool, typer.Option("--list", help=_help("列出不对的。", "List what is not right."))] = False,
    as_json: Json = False,
) -> None:
    """Measures the understanding of follow-ups, or the answers to them; see :mod:`eval.dialogues`."""
    from eval import dialogues as conversations
    from rag.reading.choice import choose_reader
    from rag.settings import Settings
    from rag.terminal.output import console, print_json

    if answers:
        from eval.choosing import choose_questions, opened

        chosen = choose_questions(f"genres:{conversations.DOCUMENTS}")
        with opened(chosen, None, language_model=model) as assistant:
            said = list(conversations.held(conversations.dialogues(split), assistant))
        if as_json:
            print_json(conversations.outcomes(said))
        else:
            conversations.show_held(console(), said, every)
        return
    turns = conversations.heard(conversations.dialogues(split), choose_reader(Settings.from_environment().reader).leans)
    if as_json:
        print_json(conversations.shares(turns))
    else:
        conversations.show(console(), turns, every)


def _read(folder: Path) -> "Run":
    from eval.runs import Run

    return Run.read(folder)
