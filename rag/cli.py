"""The command line: ``youju add, list, search, ask, chat, …``. Everything heavy is imported when a command needs it."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag import __version__
from rag.errors import UsageError, YoujuError, interface_language
from rag.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from rag.assistant import Assistant
    from rag.indexing import Progress, Report

INTERRUPTED = 130


def _help(zh: str, en: str) -> str:
    return zh if interface_language() == "zh" else en


app = typer.Typer(
    name="youju",
    help=_help(
        "有据：就中文文档提问，每句回答都有逐字出处。",
        "Youju: ask about Chinese documents; every sentence of the answer is cited.",
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
model_app = typer.Typer(
    help=_help("内置的语言模型。", "The embedded language models."), no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(model_app, name="model")

Index = Annotated[
    str | None,
    typer.Option(
        "--index",
        help=_help("索引文件夹；不给则用内置示例文档。", "Index folder; without it the sample documents."),
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help=_help("输出 JSON。", "Print JSON."))]
Embedder = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        help=_help("嵌入模型：default、名称、路径或端点。", "Embedder: default, a name, a path or an endpoint."),
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help=_help(
            "语言模型：auto、local、extractive、GGUF 文件或端点 URL#模型。",
            "Language model: auto, local, extractive, a GGUF file or an endpoint URL#model.",
        ),
    ),
]
After = Annotated[
    str | None,
    typer.Option(
        "--after",
        help=_help("只看此日及以后的文档（2023、2023-04、2023-04-21）。", "Only documents of this day or later."),
    ),
]
Before = Annotated[
    str | None, typer.Option("--before", help=_help("只看此日及以前的文档。", "Only documents of this day or earlier."))
]
Speaker = Annotated[
    str | None, typer.Option("--speaker", help=_help("只看此人说的话。", "Only what this person says."))
]
Source = Annotated[
    str | None, typer.Option("--source", help=_help("只看此来源的文档。", "Only documents of this source."))
]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help=_help("显示版本。", "Show the version."))] = False,
) -> None:
    if version:
        typer.echo(f"youju {__version__}")
        raise typer.Exit


@app.command(
    help=_help("把文件或文件夹加入索引（- 表示标准输入）。", "Add files or folders to an index (- is standard input).")
)
def add(
    paths: Annotated[list[str], typer.Argument(help=_help("文件或文件夹。", "Files or folders."), show_default=False)],
    index: Index = None,
    embedder: Embedder = None,
    chunk_size: Annotated[
        int | None,
        typer.Option(
            "--chunk-size", help=_help("新索引的片段长度（字）。", "Chunk size of a new index, in characters.")
        ),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help=_help("标准输入的名称。", "Name for standard input."))
    ] = "stdin.txt",
    as_json: Json = False,
) -> None:
    from rag.indexing import Report

    report = Report()
    with _assistant(_own_index(index), embedder=embedder, chunk_size=chunk_size) as assistant:
        with _progress(say("adding"), quiet=as_json) as progress:
            try:
                assistant.add(list(_inputs(paths, name)), progress, report)
            except KeyboardInterrupt:
                _show_report(assistant, report, as_json)
                typer.echo(say("interrupted_adding"), err=True)
                raise typer.Exit(INTERRUPTED) from None
        _show_report(assistant, report, as_json)
    if report.failed:
        raise typer.Exit(1)


@app.command(help=_help("从索引移除文档。", "Remove documents from an index."))
def remove(
    documents: Annotated[
        list[str],
        typer.Argument(
            help=_help("文档编号（见 youju list）或路径。", "Ids (see youju list) or paths."), show_default=False
        ),
    ],
    index: Index = None,
    embedder: Embedder = None,
) -> None:
    with _assistant(_own_index(index), embedder=embedder) as assistant:
        for identifier in [_document_id(assistant, given) for given in documents]:
            assistant.remove(identifier)
    typer.echo(say("removed", n=len(documents)))


@app.command(help=_help("修改文档的标题、日期等。", "Edit what is known about a document."))
def edit(
    document: Annotated[
        str, typer.Argument(help=_help("文档编号或路径。", "Id or path of the document."), show_default=False)
    ],
    title: Annotated[str | None, typer.Option("--title", help=_help("标题。", "Title."))] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", help=_help("发布日期，如 2023-04-21。", "Day of publication, such as 2023-04-21.")),
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help=_help("来源。", "Source."))] = None,
    event: Annotated[str | None, typer.Option("--event", help=_help("场合。", "Occasion."))] = None,
    index: Index = None,
    embedder: Embedder = None,
) -> None:
    given = {"title": title, "date": date, "source": source, "event": event}
    changes = {key: value for key, value in given.items() if value is not None}
    if not changes:
        raise UsageError(*_both("nothing_to_edit"))
    with _assistant(_own_index(index), embedder=embedder) as assistant:
        assistant.edit(_document_id(assistant, document), **changes)
    typer.echo(say("edited"))


@app.command("list", help=_help("列出索引里的文档。", "List the documents of an index."))
def list_documents(index: Index = None, as_json: Json = False) -> None:
    entries = _entries(index)
    if as_json:
        fields = (
            "id",
            "path",
            "title",
            "date",
            "source",
            "event",
            "speakers",
            "characters",
            "added",
            "near_duplicates",
        )
        _print_json([{name: getattr(entry, name) for name in fields} for entry in entries])
    elif entries:
        from rag.screen import show_documents

        show_documents(_console(), entries)
    else:
        typer.echo(say("no_documents", index=index or os.environ.get("YOUJU_INDEX", "")))


@app.command(help=_help("检索段落。", "Search for passages."))
def search(
    question: Annotated[str, typer.Argument(help=_help("问题或关键词。", "Question or keywords."), show_default=False)],
    k: Annotated[int, typer.Option("-k", help=_help("段落数。", "Number of passages."))] = 5,
    index: Index = None,
    embedder: Embedder = None,
    after: After = None,
    before: Before = None,
    speaker: Speaker = None,
    source: Source = None,
    as_json: Json = False,
) -> None:
    from rag.answers import hit_to_dict
    from rag.screen import show_hits

    with _assistant(index, embedder=embedder, quiet=as_json) as assistant:
        hits = assistant.retrieve(question, k, after=after, before=before, speaker=speaker, source=source)
    if as_json:
        _print_json([hit_to_dict(hit) for hit in hits])
    elif hits:
        show_hits(_console(), hits)
    else:
        typer.echo(say("no_hits"))


@app.command(
    help=_help("提问，回答附逐字出处（- 从标准输入读问题）。", "Ask a question (- reads it from standard input).")
)
def ask(
    question: Annotated[str, typer.Argument(help=_help("问题。", "The question."), show_default=False)],
    index: Index = None,
    model: Model = None,
    embedder: Embedder = None,
    after: After = None,
    before: Before = None,
    speaker: Speaker = None,
    source: Source = None,
    as_json: Json = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", help=_help("与 --json 同用：每个事件一行 JSON。", "With --json: one line of JSON an event.")
        ),
    ] = False,
) -> None:
    from ui.terminal import show_stream

    question = sys.stdin.read() if question == "-" else question
    filters: dict[str, Any] = {"after": after, "before": before, "speaker": speaker, "source": source}
    with _assistant(index, embedder=embedder, quiet=as_json) as assistant:
        events = assistant.stream(question, language_model=model, **filters)
        if as_json and stream:
            for event in events:
                _print_json(_event_to_dict(event), indent=None)
        elif as_json:
            from rag.assistant import Finished

            _print_json(next(event.answer.to_dict() for event in events if isinstance(event, Finished)))
        else:
            show_stream(_console(), events)


@app.command(help=_help("在终端里对话。", "Chat in the terminal."))
def chat(
    index: Index = None,
    model: Model = None,
    embedder: Embedder = None,
    after: After = None,
    before: Before = None,
    speaker: Speaker = None,
    source: Source = None,
) -> None:
    from ui.terminal import converse

    filters: dict[str, Any] = {"after": after, "before": before, "speaker": speaker, "source": source}
    with _assistant(index, embedder=embedder) as assistant:
        converse(_console(), assistant, model, filters)


@app.command(help=_help("检查索引；--repair 修复。", "Check an index; --repair mends it."))
def doctor(
    index: Index = None,
    repair: Annotated[bool, typer.Option("--repair", help=_help("修复发现的问题。", "Mend what is found."))] = False,
    embedder: Embedder = None,
    as_json: Json = False,
) -> None:
    from rag import doctor as checks

    folder = _folder(index, embedder)
    findings = checks.repair(folder, _embedder(embedder)) if repair else checks.examine(folder)
    if as_json:
        _print_json([{"check": f.check, "sound": f.sound, "finding": _help(f.zh, f.en)} for f in findings])
    else:
        for finding in findings:
            state = say("sound") if finding.sound else say("problem")
            typer.echo(f"[{state}] {_help(finding.zh, finding.en)}")
    if not all(finding.sound for finding in findings):
        if not as_json:
            typer.echo(say("repair_hint"), err=True)
        raise typer.Exit(1)


@app.command(
    help=_help(
        "用现在的嵌入模型或新的片段长度重建索引。", "Rebuild an index with the present embedder or another chunk size."
    )
)
def rebuild(
    index: Index = None,
    embedder: Embedder = None,
    chunk_size: Annotated[
        int | None, typer.Option("--chunk-size", help=_help("片段长度（字）。", "Chunk size in characters."))
    ] = None,
) -> None:
    from rag.indexing import rebuild as rebuild_store
    from rag.store import Store

    store = Store.open_as_it_is(Path(_own_index(index)).expanduser())
    with _progress(say("rebuilding")) as progress:
        rebuild_store(store, _embedder(embedder), chunk_size, progress)
    store.close()
    typer.echo(say("rebuilt"))


@model_app.command("list", help=_help("列出模型及其校验情况。", "List the models and how they were verified."))
def model_list(as_json: Json = False) -> None:
    from rag.language_models import models

    found = models()
    if as_json:
        _print_json([{name: _plain(getattr(status, name)) for name in status.__dataclass_fields__} for status in found])
        return
    for status in found:
        typer.echo(str(status))


@model_app.command("fetch", help=_help("取得模型并校验。", "Get a model and verify it."))
def model_fetch(
    name: Annotated[
        str | None,
        typer.Argument(help=_help("模型名，见 youju model list。", "Name, see youju model list."), show_default=False),
    ] = None,
) -> None:
    from rag.language_models import fetch

    with _byte_progress(say("fetching")) as progress:
        path = fetch(name, progress) if name else fetch(progress=progress)
    typer.echo(say("fetched", path=path))


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line: exit code 0 for success, 2 for wrong usage, 1 for failure, 130 for Ctrl-C."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")
    try:
        app(arguments)
    except YoujuError as error:
        if debug:
            raise
        typer.echo(f"youju: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo(f"\n{say('interrupted')}", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # a defect of ours: one line for the user, the traceback for us
        if debug:
            raise
        typer.echo(f"youju: {say('unexpected', kind=type(error).__name__, text=error)}", err=True)
        sys.exit(1)


# -- shared by the commands -------------------------------------------------------------------------------------------


@contextmanager
def _assistant(index: str | None, *, quiet: bool = False, **options: Any) -> "Iterator[Assistant]":
    from rag.assistant import Assistant

    with _progress(say("preparing"), quiet=quiet) as progress:
        assistant = Assistant.open(index, progress=progress, **options)
    try:
        yield assistant
    finally:
        assistant.close()


def _own_index(index: str | None) -> str:
    """The index to change; the embedded one cannot be."""
    index = index or os.environ.get("YOUJU_INDEX")
    if not index:
        raise UsageError(*_both("needs_index"))
    return index


def _folder(index: str | None, embedder: str | None) -> Path:
    """Folder of the index asked for; that of the sample documents is made when it is not there."""
    given = index or os.environ.get("YOUJU_INDEX")
    if given:
        return Path(given).expanduser()
    with _assistant(None, embedder=embedder) as assistant:
        assistant.retriever.refresh()
        return assistant.store.folder


def _entries(index: str | None) -> list[Any]:
    from rag.store import Store

    given = index or os.environ.get("YOUJU_INDEX")
    if given:
        store = Store.open_as_it_is(Path(given).expanduser())
        try:
            return store.entries()
        finally:
            store.close()
    with _assistant(None) as assistant:
        return assistant.documents()


def _embedder(setting: str | None) -> Any:
    from embeddings import load
    from rag.settings import Settings

    return load(setting or Settings.from_environment().embedder)


def _document_id(assistant: "Assistant", given: str) -> str:
    """Id of the document that an id or a path names."""
    absolute = str(Path(given).expanduser().resolve())
    for entry in assistant.documents():
        if given in (entry.id, entry.path) or entry.path == absolute:
            return entry.id
    return given


def _inputs(paths: list[str], name: str) -> Iterator[Any]:
    from rag.loading import load_bytes

    for path in paths:
        yield load_bytes(sys.stdin.buffer.read(), name) if path == "-" else path


def _show_report(assistant: "Assistant", report: "Report", as_json: bool) -> None:
    if as_json:
        _print_json(
            {
                "added": report.added,
                "replaced": report.replaced,
                "unchanged": report.unchanged,
                "duplicates": {key: list(value) for key, value in report.duplicates.items()},
                "failed": [{"path": failure.path, "reason": str(failure.error)} for failure in report.failed],
            }
        )
        return
    counts: dict[str, list[Any]] = {
        "added": report.added,
        "replaced": report.replaced,
        "unchanged": report.unchanged,
        "failed": report.failed,
    }
    typer.echo("，".join(say(key, n=len(value)) for key, value in counts.items() if value or key == "added"))
    titles = {entry.id: entry.title for entry in assistant.documents()}
    for identifier, others in report.duplicates.items():
        named = "、".join(f"《{titles.get(other, other)}》" for other in others)
        typer.echo("  " + say("near_duplicate", title=f"《{titles.get(identifier, identifier)}》", others=named))
    for failure in report.failed:
        typer.echo(f"  {failure.error}", err=True)


def _event_to_dict(event: Any) -> dict[str, Any]:
    from rag.answers import hit_to_dict
    from rag.assistant import EvidenceFound, Token

    if isinstance(event, EvidenceFound):
        hits = [hit_to_dict(hit) for hit in event.hits]
        return {"event": "evidence", "seconds": event.seconds, "hits": hits}
    if isinstance(event, Token):
        return {"event": "token", "text": event.text}
    return {"event": "finished", "answer": event.answer.to_dict()}


@contextmanager
def _progress(title: str, *, quiet: bool = False) -> "Iterator[Callable[[Progress], None]]":
    """A progress bar on standard error that appears with the first file."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[path]}"),
    )
    bar = Bar(*columns, console=Console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty())
    task = None
    with bar:

        def show(progress: "Progress") -> None:
            nonlocal task
            if task is None:
                task = bar.add_task(title, total=progress.total, path="")
                if not quiet and not sys.stderr.isatty():
                    typer.echo(f"{title} ({progress.total})…", err=True)
            bar.update(task, completed=progress.done, total=progress.total, path=Path(progress.path).name[-40:])

        yield show


@contextmanager
def _byte_progress(title: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def _print_json(value: Any, indent: int | None = 2) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=indent, default=_plain))


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str | list | dict | None) else str(value)


def _both(key: str) -> tuple[str, str]:
    from rag.messages import both

    return both(key)
