"""The command line: ``youju add, list, search, ask, chat, …``. Everything heavy is imported when a command needs it."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eval.command import app as eval_app
from rag import __version__
from rag.errors import LoadError, UsageError, YoujuError, interface_language
from rag.messages import both, say
from rag.terminal import output
from rag.tracing import logs as logging_setup

if TYPE_CHECKING:
    from rag.answers import Answer
    from rag.assistant import Assistant, Event
    from rag.index.indexing import Report
    from rag.index.store import Store

INTERRUPTED = 130
logger = logging.getLogger(__name__)
_LOGGING = ("--verbose", "--log-json", "--log-questions", "--log-file")


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
app.add_typer(eval_app, name="eval")


def _typed(text: str) -> str:
    """Text of an argument: bytes that Python could not read are tried as what Chinese terminals send."""
    from rag.questions.inputs import typed

    return typed(text)


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
    str | None,
    typer.Option(
        "--speaker", parser=_typed, metavar="TEXT", help=_help("只看此人说的话。", "Only what this person says.")
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        "--source", parser=_typed, metavar="TEXT", help=_help("只看此来源的文档。", "Only documents of this source.")
    ),
]
Strict = Annotated[
    bool | None,
    typer.Option(
        "--strict/--marked",
        help=_help("未能证实的句子：略去，还是标出。", "Claims that are not borne out: left out, or marked."),
        show_default=False,
    ),
]

Port = Annotated[
    int,
    typer.Option("--port", min=0, max=65535, help=_help("端口；0 为任一空闲端口。", "Port; 0 for any that is free.")),
]
Host = Annotated[
    str,
    typer.Option(
        "--host",
        help=_help("监听的地址；0.0.0.0 则别的机器也能访问。", "Address to listen on; 0.0.0.0 lets other machines in."),
    ),
]
Auth = Annotated[
    list[str] | None,
    typer.Option(
        "--auth",
        help=_help(
            "用户名:密码，可重复；也可用环境变量 YOUJU_AUTH。", "user:password, repeatable; or the variable YOUJU_AUTH."
        ),
        show_default=False,
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        help=_help(
            "还接受的主机名（如代理的域名），可重复。", "Another host name to answer to (a proxy's), repeatable."
        ),
        show_default=False,
    ),
]
AllowEndpoints = Annotated[
    bool,
    typer.Option(
        "--allow-endpoints",
        help=_help(
            "对他人开放时，也让来访者在设置里填写模型服务的网址。",
            "Let visitors name endpoints under Settings although others can reach the server.",
        ),
    ),
]
LogQuestions = Annotated[
    bool,
    typer.Option("--log-questions", help=_help("把问题记入日志（默认从不）。", "Log questions (never, by default).")),
]


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help=_help("显示版本。", "Show the version."))] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", help=_help("在标准错误输出上记录做了什么。", "Log what is done to standard error.")),
    ] = False,
    log_file: Annotated[
        Path | None,
        typer.Option("--log-file", help=_help("日志追加到此文件，出错时含调用栈。", "Append the log to this file.")),
    ] = None,
    log_json: Annotated[
        bool, typer.Option("--log-json", help=_help("日志每行一个 JSON。", "Log one JSON object a line."))
    ] = False,
    log_questions: Annotated[
        bool,
        typer.Option(
            "--log-questions", help=_help("日志可以含有问题和文档文字。", "Logs may hold questions and text.")
        ),
    ] = False,
) -> None:
    if version:
        typer.echo(f"youju {__version__}")
        raise typer.Exit
    logging_setup.set_up(verbose=verbose, file=log_file, as_json=log_json, questions=log_questions)


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
    sync: Annotated[
        bool,
        typer.Option(
            "--sync",
            help=_help(
                "使索引与一个文件夹一致：加入新文件，更新变了的，移除已不在的。",
                "Bring the index into line with one folder: add, replace, and remove what is gone.",
            ),
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help=_help("与 --sync 同用：只说会做什么。", "With --sync: only say what would be done.")
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    from rag.index.indexing import Report
    from rag.index.synchronization import SyncReport

    if dry_run and not sync:
        raise UsageError(*both("dry_run_needs_sync"))
    if sync and (len(paths) > 1 or paths == ["-"]):
        raise UsageError(*both("sync_takes_one_folder"))
    report = SyncReport(dry_run=dry_run) if sync else Report()
    with _assistant(_own_index(index), makes=not dry_run, embedder=embedder, chunk_size=chunk_size) as assistant:
        try:
            with output.file_progress(say("adding"), quiet=as_json) as progress:
                if isinstance(report, SyncReport):
                    assistant.sync(paths[0], dry_run, progress, report)
                else:
                    assistant.add(_inputs(paths, name, report), progress, report)
        except KeyboardInterrupt:
            _show_report(assistant, report, as_json)
            typer.echo(say("interrupted_adding"), err=True)
            raise typer.Exit(INTERRUPTED) from None
        except YoujuError:
            _show_report(assistant, report, as_json)
            raise
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
) -> None:
    with _store(_own_index(index)) as store:
        identifiers = list(dict.fromkeys(_document_id(store, given) for given in documents))
        for identifier in identifiers:
            store.remove(identifier)
    typer.echo(say("removed", n=len(identifiers)))


@app.command(help=_help("修改文档的标题、日期等。", "Edit what is known about a document."))
def edit(
    document: Annotated[
        str, typer.Argument(help=_help("文档编号或路径。", "Id or path of the document."), show_default=False)
    ],
    title: Annotated[str | None, typer.Option("--title", help=_help("标题。", "Title."))] = None,
    date: Annotated[
        str | None,
        typer.Option(
            "--date",
            help=_help("发布日期，如 2023-04-21；空则去掉。", "Day of publication, such as 2023-04-21; empty: none."),
        ),
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help=_help("来源。", "Source."))] = None,
    event: Annotated[str | None, typer.Option("--event", help=_help("场合。", "Occasion."))] = None,
    index: Index = None,
) -> None:
    from rag.questions.inputs import parsed_day

    given = {"title": title, "date": date, "source": source, "event": event}
    changes: dict[str, Any] = {key: _typed(value) for key, value in given.items() if value is not None}
    if not changes:
        raise UsageError(*both("nothing_to_edit"))
    if "date" in changes:
        changes["date"] = parsed_day(changes["date"] or None, "date")
    with _store(_own_index(index)) as store:
        store.edit(_document_id(store, document), changes)
    typer.echo(say("edited"))


@app.command("list", help=_help("列出索引里的文档。", "List the documents of an index."))
def list_documents(index: Index = None, as_json: Json = False) -> None:
    from dataclasses import fields

    entries = _entries(index)
    if as_json:
        output.print_json([{field.name: getattr(entry, field.name) for field in fields(entry)} for entry in entries])
    elif entries:
        from rag.terminal.screen import show_documents

        show_documents(output.console(), entries)
    else:
        typer.echo(say("no_documents", index=_named_index(index) or ""))


@app.command(help=_help("检索段落。", "Search for passages."))
def search(
    question: Annotated[
        str,
        typer.Argument(
            parser=_typed, metavar="QUESTION", help=_help("问题或关键词。", "Question or keywords."), show_default=False
        ),
    ],
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
    from rag.terminal.screen import show_hits

    with _assistant(index, embedder=embedder, quiet=as_json) as assistant:
        hits = assistant.retrieve(question, k, after=after, before=before, speaker=speaker, source=source)
    if as_json:
        output.print_json([hit_to_dict(hit) for hit in hits])
    elif hits:
        show_hits(output.console(), hits)
    else:
        typer.echo(say("no_hits"))


@app.command(
    help=_help("列出一个指标各个日期的数字，最新的在前。", "The figures for a topic at all dates, newest first.")
)
def timeline(
    topic: Annotated[
        str,
        typer.Argument(
            parser=_typed, metavar="TOPIC", help=_help("指标，如 5G基站。", "What is measured."), show_default=False
        ),
    ],
    index: Index = None,
    embedder: Embedder = None,
    after: After = None,
    before: Before = None,
    speaker: Speaker = None,
    source: Source = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help=_help("输出 CSV。", "Print CSV."))] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help=_help("画成 SVG 文件。", "Draw it into an SVG file."), dir_okay=False)
    ] = None,
) -> None:
    if plot and plot.suffix.lower() != ".svg":
        raise UsageError(zh=f"{plot} 应以 .svg 结尾。", en=f"{plot} must end in .svg.")
    with _assistant(index, embedder=embedder, quiet=as_json or as_csv) as assistant:
        found = assistant.timeline(topic, after=after, before=before, speaker=speaker, source=source)
    if as_json:
        output.print_json(found.to_dict())
    elif as_csv:
        typer.echo(found.to_csv(), nl=False)
    elif found.points:
        output.console().print(found.to_table())
    if not found.points:
        typer.echo(say("no_figures", topic=topic), err=True)
        raise typer.Exit(1)
    if plot:
        try:
            plot.write_text(found.to_svg(), encoding="utf-8")
        except OSError as error:
            raise UsageError(
                zh=f"不能写入 {plot}：{error.strerror}。", en=f"{plot} cannot be written: {error.strerror}."
            ) from error
        typer.echo(say("plotted", path=plot), err=True)


@app.command(
    help=_help("提问，回答附逐字出处（- 从标准输入读问题）。", "Ask a question (- reads it from standard input).")
)
def ask(
    question: Annotated[
        str,
        typer.Argument(parser=_typed, metavar="QUESTION", help=_help("问题。", "The question."), show_default=False),
    ],
    index: Index = None,
    model: Model = None,
    embedder: Embedder = None,
    after: After = None,
    before: Before = None,
    speaker: Speaker = None,
    source: Source = None,
    strict: Strict = None,
    as_json: Json = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", help=_help("与 --json 同用：每个事件一行 JSON。", "With --json: one line of JSON an event.")
        ),
    ] = False,
    trace: Annotated[
        bool,
        typer.Option("--trace", help=_help("显示回答的每一步。", "Show every step of the answer.")),
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record", help=_help("把回答存成可以日后核对的记录。", "Keep a record that can be verified later.")
        ),
    ] = None,
) -> None:
    from rag.index.new_files import check_free
    from rag.questions.inputs import decoded
    from rag.records.record import write_record
    from rag.terminal.screen import show_trace
    from ui.terminal import show_stream

    if record:
        check_free(record)  # told before the answer is worked out, not after
    question = decoded(sys.stdin.buffer.read()) if question == "-" else question
    options: dict[str, Any] = {"after": after, "before": before, "speaker": speaker, "source": source, "trace": trace}
    with _assistant(index, embedder=embedder, quiet=as_json) as assistant:
        events = assistant.stream(question, language_model=model, strict=strict, **options)
        if as_json:
            answer = _print_events(events, every=stream)
        else:
            answer = show_stream(output.console(), events)
            if answer.trace:
                show_trace(output.console(), answer.trace)
    if record:
        write_record(answer.to_record(), record)
        typer.echo(say("recorded", path=record), err=True)


@app.command(
    help=_help(
        "核对 ask --record 存下的记录：引文是否还在原处。", "Verify a record made by ask --record: do its quotes stand?"
    )
)
def verify(
    record: Annotated[
        Path, typer.Argument(help=_help("记录文件。", "The record file."), show_default=False, metavar="FILE")
    ],
    index: Index = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--files",
            help=_help(
                "不看索引，看这些文件或文件夹，可重复。", "Look in files or folders, not the index; repeatable."
            ),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    from rag.records.recheck import verify_record
    from rag.records.record import read_record
    from rag.terminal.screen import show_recheck

    known = read_record(record)
    if files or _named_index(index):
        found = verify_record(known, index=index if files else _named_index(index), files=files or None)
    else:
        with _assistant(None, quiet=as_json) as assistant:
            found = verify_record(known, index=assistant)
    if as_json:
        output.print_json(found.to_dict())
    else:
        show_recheck(output.console(), found)
    if not found.holds:
        raise typer.Exit(1)


@app.command(help=_help("在终端里对话。", "Chat in the terminal."))
def chat(
    index: Index = None,
    model: Model = None,
    embedder: Embedder = None,
    after: After = None,
    before: Before = None,
    speaker: Speaker = None,
    source: Source = None,
    strict: Strict = None,
) -> None:
    from rag.language_models import choose
    from ui.terminal import converse

    if model:
        choose(model)  # a mistyped name is told before the conversation, not after the first question
    filters: dict[str, Any] = {"after": after, "before": before, "speaker": speaker, "source": source}
    with _assistant(index, embedder=embedder) as assistant:
        assistant.strict = assistant.strict if strict is None else strict
        converse(output.console(), assistant, model, filters)


@app.command(help=_help("打开网页对话窗口。", "Open the chat window in the browser."))
def ui(
    index: Index = None,
    model: Model = None,
    embedder: Embedder = None,
    port: Port = 7860,
    host: Host = "127.0.0.1",
    auth: Auth = None,
    allow_host: AllowHost = None,
    strict: Strict = None,
    allow_endpoints: AllowEndpoints = False,
    log_questions: LogQuestions = False,
) -> None:
    logging_setup.set_up_for_server(questions=log_questions)
    options = {"host": host, "port": port, "hosts": allow_host or (), "allow_endpoints": allow_endpoints}
    _serve(index, model, embedder, strict, auth, page=True, **options)


@app.command(
    help=_help(
        "只提供程序接口，没有网页：OpenAI 兼容接口、Gradio 接口、MCP。",
        "Serve programs only, without the page: OpenAI-compatible, Gradio and MCP endpoints.",
    )
)
def serve(
    index: Index = None,
    model: Model = None,
    embedder: Embedder = None,
    port: Port = 7860,
    host: Host = "127.0.0.1",
    auth: Auth = None,
    allow_host: AllowHost = None,
    strict: Strict = None,
    allow_endpoints: AllowEndpoints = False,
    log_questions: LogQuestions = False,
) -> None:
    logging_setup.set_up_for_server(questions=log_questions)
    options = {"host": host, "port": port, "hosts": allow_host or (), "allow_endpoints": allow_endpoints}
    _serve(index, model, embedder, strict, auth, page=False, **options)


@app.command(help=_help("检查索引；--repair 修复。", "Check an index; --repair mends it."))
def doctor(
    index: Index = None,
    repair: Annotated[bool, typer.Option("--repair", help=_help("修复发现的问题。", "Mend what is found."))] = False,
    embedder: Embedder = None,
    as_json: Json = False,
) -> None:
    from rag.index import doctor as checks

    folder = _folder(index, embedder)
    findings = checks.repair(folder, _embedder(embedder)) if repair else checks.examine(folder)
    if as_json:
        output.print_json(
            [{"check": f.check, "sound": f.sound, "notice": f.notice, "finding": _help(f.zh, f.en)} for f in findings]
        )
    else:
        from rag.text.display import one_line

        for finding in findings:
            state = say("problem" if not finding.sound else "notice" if finding.notice else "sound")
            typer.echo(f"[{state}] {one_line(_help(finding.zh, finding.en))}")
    if not all(finding.sound for finding in findings):
        if not as_json:
            typer.echo(say("repair_hint"), err=True)
        raise typer.Exit(1)


@app.command(help=_help("把索引备份成一个文件。", "Back up an index into one file."))
def backup(
    file: Annotated[Path, typer.Argument(help=_help("要建立的备份文件。", "The file to make."), show_default=False)],
    index: Index = None,
) -> None:
    from rag.index.backup import backup as back_up

    documents = back_up(_folder(index, None), file.expanduser().absolute())
    typer.echo(say("backed_up", n=documents, path=file))


@app.command(help=_help("由备份文件恢复索引。", "Make an index of a backup."))
def restore(
    file: Annotated[Path, typer.Argument(help=_help("备份文件。", "The backup."), show_default=False)],
    index: Index = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help=_help("替换已有的索引（原有的另存）。", "Replace an index that is there (it is kept beside)."),
        ),
    ] = False,
) -> None:
    from rag.index.backup import restore as put_back

    folder = _own_index(index)
    documents = put_back(file.expanduser().absolute(), folder, replaces=replace)
    typer.echo(say("restored", n=documents, path=folder))


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
    from rag.index.indexing import rebuild as rebuild_store

    with _store(_own_index(index)) as store, output.file_progress(say("rebuilding")) as progress:
        rebuild_store(store, _embedder(embedder), chunk_size, progress)
    typer.echo(say("rebuilt"))


@model_app.command("list", help=_help("列出模型及其校验情况。", "List the models and how they were verified."))
def model_list(as_json: Json = False) -> None:
    from rag.models import published_models
    from rag.terminal.screen import show_models

    found = published_models()
    if as_json:
        output.print_json([model.to_dict() for model in found])
    else:
        show_models(output.console(), found)


@model_app.command("fetch", help=_help("取得模型并校验。", "Get a model and verify it."))
def model_fetch(
    name: Annotated[
        str | None,
        typer.Argument(help=_help("模型名，见 youju model list。", "Name, see youju model list."), show_default=False),
    ] = None,
) -> None:
    from rag.language_models import fetch

    with output.byte_progress(say("fetching")) as progress:
        path = fetch(name, progress) if name else fetch(progress=progress)
    typer.echo(say("fetched", path=path))


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line: exit code 0 for success, 2 for wrong usage, 1 for failure, 130 for Ctrl-C."""
    given, separator, rest = _parted(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "replace"), (sys.stdin, "surrogateescape")):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors=errors)
    try:
        code = _run([*_logging_first(given), *separator, *rest])
        sys.stdout.flush()
    except YoujuError as error:
        logger.exception("failed")
        if debug:
            raise
        _complain(str(error))
        code = error.exit_code
    except KeyboardInterrupt:
        typer.echo(f"\n{say('interrupted')}", err=True)
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:  # a defect of ours: one line for the user, the traceback for us
        logger.exception("failed unexpectedly")
        if debug:
            raise
        _complain(say("unexpected", kind=type(error).__name__, text=error))
        code = 1
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Runs a command and returns its exit code; wrong usage is told in the user's language."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("youju", arguments) as context:
            command.invoke(context)
    except typer.Exit as ending:
        return ending.exit_code
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer brings its own click, whose classes it keeps to itself
            raise
        return _explain_usage(error)
    return 0


def _parted(arguments: list[str]) -> tuple[list[str], list[str], list[str]]:
    """What stands before ``--``, that mark, and what stands after it, where nothing is an option."""
    place = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:place], arguments[place : place + 1], arguments[place + 1 :]


def _logging_first(arguments: list[str]) -> list[str]:
    """The arguments with those about logging before the command: they may stand after it, too."""
    first: list[str] = []
    others: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        place = first if argument.partition("=")[0] in _LOGGING else others
        place.append(argument)
        if argument == "--log-file":
            file = next(rest, "")
            if not file or file.startswith("-"):
                raise UsageError(zh="--log-file 后面要写日志文件。", en="--log-file needs the name of a file.")
            place.append(file)
    return [*first, *others]


def _explain_usage(error: Any) -> int:
    """Says what is wrong with the arguments; returns the exit code."""
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        error.show()
        return int(error.exit_code)
    context = getattr(error, "ctx", None)
    parameter = getattr(error, "param", None)
    named = "/".join(parameter.opts) if parameter is not None else ""
    texts = {
        "NoSuchOption": f"没有选项 {getattr(error, 'option_name', '')}",
        "MissingParameter": f"缺少 {named}",
        "BadParameter": f"{named} 的值不对：{getattr(error, 'message', '')}",
        "BadOptionUsage": f"选项 {getattr(error, 'option_name', '')} 的用法不对：{getattr(error, 'message', '')}",
    }
    message = _help(texts.get(kind, f"用法不对：{error.format_message()}"), error.format_message())
    place = context.command_path if context is not None else "youju"
    _complain(f"{message.rstrip('.')}{_help('。用法见', '. See:')} {place} --help")
    return int(error.exit_code)


def _complain(text: str) -> None:
    """One message on standard error."""
    from rag.text.display import plain

    typer.echo(f"youju: {plain(text)}", err=True)


# -- shared by the commands -------------------------------------------------------------------------------------------


@contextmanager
def _assistant(
    index: str | Path | None, *, quiet: bool = False, makes: bool = False, **options: Any
) -> "Iterator[Assistant]":
    """The assistant for an index; one that a user names is made only where he adds to it (``makes``)."""
    from rag.assistant import Assistant

    named = _named_index(index)
    if named and not makes:
        with _store(named):
            pass
    with output.file_progress(say("preparing"), quiet=quiet) as progress:
        assistant = Assistant.open(named, progress=progress, **options)
    try:
        yield assistant
    finally:
        assistant.close()


@contextmanager
def _store(folder: Path) -> "Iterator[Store]":
    """An existing index as it is, whatever its embedder."""
    from rag.index.store import Store

    store = Store.open_as_it_is(folder)
    try:
        yield store
    finally:
        store.close()


def _serve(
    index: str | None,
    model: str | None,
    embedder: str | None,
    strict: bool | None,
    auth: list[str] | None,
    **options: Any,
) -> None:
    """Serves the page, or programs only, until it is interrupted."""
    from rag.language_models import choose

    try:
        from ui import server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("fastapi", "gradio", "starlette", "uvicorn"):
            raise
        raise UsageError(*both("needs_ui")) from error
    logins = server.logins_of(auth or [])
    if model:
        choose(model)  # a mistyped name is told now, not after the first question
    if server.is_open_to_others(options["host"]) and not logins:
        typer.echo(say("open_to_others", host=options["host"]), err=True)
    chosen: dict[str, Any] = {"language_model": model} if model else {}
    from rag.index.database import FILE_NAME

    folder = _named_index(index) or _window_index()
    is_new = not _named_index(index) and not (folder / FILE_NAME).exists()
    with _assistant(folder, embedder=embedder, makes=options["page"] or is_new, **chosen) as assistant:
        if is_new:
            with output.file_progress(say("preparing")) as progress:
                assistant.add_samples(progress)
        assistant.strict = assistant.strict if strict is None else strict
        key = "serving_page" if options["page"] else "serving_programs"
        server.serve(assistant, logins=logins, started=lambda url: typer.echo(say(key, url=url.rstrip("/"))), **options)


def _named_index(index: str | Path | None) -> Path | None:
    """Folder of the index that the user names; None where he means the sample documents."""
    from rag.settings import Settings

    given = index or Settings.from_environment().index
    return Path(os.path.expanduser(given)) if given else None


def _window_index() -> Path:
    """Folder of the index that the chat window keeps where the user names none: documents and conversations last there.

    Unlike the sample index it is no cache, so it lies among the user's data, or in ``$YOUJU_HOME``.
    """
    home = os.environ.get("YOUJU_HOME", "").strip()
    if home:
        return Path(home).expanduser().absolute() / "window"
    from platformdirs import user_data_path

    return user_data_path("youju", appauthor=False) / "window"


def _own_index(index: str | None) -> Path:
    """The index to change; the embedded one cannot be."""
    named = _named_index(index)
    if named is None:
        raise UsageError(*both("needs_index"))
    return named


def _folder(index: str | None, embedder: str | None) -> Path:
    """Folder of the index asked for; that of the sample documents is made when it is not there."""
    named = _named_index(index)
    if named:
        return named
    with _assistant(None, embedder=embedder) as assistant:
        assistant.retriever.refresh()
        return assistant.store.folder


def _entries(index: str | None) -> list[Any]:
    named = _named_index(index)
    if named:
        with _store(named) as store:
            return store.entries()
    with _assistant(None) as assistant:
        return assistant.documents()


def _embedder(setting: str | None) -> Any:
    from embeddings import load
    from rag.settings import Settings

    return load(setting or Settings.from_environment().embedder)


def _document_id(store: "Store", given: str) -> str:
    """Id of the document that an id or a path names."""
    absolute = os.path.abspath(os.path.expanduser(given))
    for entry in store.entries():
        if given in (entry.id, entry.path) or entry.path == absolute:
            return entry.id
    return store.document(given).id


def _inputs(paths: list[str], name: str, report: "Report") -> list[Any]:
    """What to add; standard input that cannot be taken is reported like any other file."""
    from rag.index.indexing import Failure
    from rag.loading import load_bytes

    inputs: list[Any] = []
    for path in paths:
        try:
            inputs.append(load_bytes(sys.stdin.buffer.read(), name) if path == "-" else path)
        except LoadError as error:
            report.failed.append(Failure(name, error))
    return inputs


def _show_report(assistant: "Assistant", report: "Report", as_json: bool) -> None:
    from rag.text.display import one_line

    if as_json:
        output.print_json(report.to_dict())
        return
    counted = _help("，", ", ").join(say(key, n=n) for key, n in report.counts().items() if n or key == "added")
    typer.echo(say("dry_run", counted=counted) if report.dry_run else counted)
    for key, path in report.changes():
        typer.echo(f"  {one_line(f'{say(key)} {path}')}")
    known = assistant.documents() if report.duplicates or report.shortened else []
    titles = {entry.id: entry.title for entry in known}
    for identifier, others in report.duplicates.items():
        named = "、".join(f"《{titles.get(other, other)}》" for other in others)
        near = say("near_duplicate", title=f"《{titles.get(identifier, identifier)}》", others=named)
        typer.echo(f"  {one_line(near)}")
    for identifier in report.shortened:
        typer.echo(f"  {one_line(say('shortened', title=f'《{titles.get(identifier, identifier)}》'))}")
    for failure in report.failed:
        typer.echo(f"  {one_line(str(failure.error))}", err=True)


def _print_events(events: "Iterator[Event]", *, every: bool) -> "Answer":
    """Prints an answer as JSON, or every event on the way to it; returns it."""
    from rag.assistant import Finished

    answer: Answer | None = None
    for event in events:
        if every:
            output.print_json(_event_to_dict(event), indent=None)
            sys.stdout.flush()
        if isinstance(event, Finished):
            answer = event.answer
    assert answer is not None
    if not every:
        output.print_json(answer.to_dict())
    return answer


def _event_to_dict(event: Any) -> dict[str, Any]:
    from rag.answers import hit_to_dict
    from rag.assistant import EvidenceFound, Token

    if isinstance(event, EvidenceFound):
        hits = [hit_to_dict(hit) for hit in event.hits]
        return {"event": "evidence", "seconds": event.seconds, "hits": hits}
    if isinstance(event, Token):
        return {"event": "token", "text": event.text}
    return {"event": "finished", "answer": event.answer.to_dict()}
