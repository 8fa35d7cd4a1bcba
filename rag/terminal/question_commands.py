"""Commands for questions: ``youju search, timeline, ask, verify, chat``."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import UsageError, interface_language
from rag.messages import say
from rag.terminal import output
from rag.terminal.opening import named_index, opened_assistant
from rag.terminal.options import (
    After,
    Before,
    Embedder,
    Index,
    Json,
    Model,
    Source,
    Speaker,
    Strict,
    help_text,
    typed_text,
)

if TYPE_CHECKING:
    from rag.answers import Answer
    from rag.assistant import Event

app = typer.Typer()


@app.command(help=help_text("检索段落。", "Search for passages."))
def search(
    question: Annotated[
        str,
        typer.Argument(
            parser=typed_text,
            metavar="QUESTION",
            help=help_text("问题或关键词。", "Question or keywords."),
            show_default=False,
        ),
    ],
    k: Annotated[int, typer.Option("-k", help=help_text("段落数。", "Number of passages."))] = 5,
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

    with opened_assistant(index, embedder=embedder, quiet=as_json) as assistant:
        hits = assistant.retrieve(question, k, after=after, before=before, speaker=speaker, source=source)
    if as_json:
        output.print_json([hit_to_dict(hit) for hit in hits])
    elif hits:
        show_hits(output.console(), hits)
    else:
        typer.echo(say("no_hits"))


@app.command(
    help=help_text("列出一个指标各个日期的数字，最新的在前。", "The figures for a topic at all dates, newest first.")
)
def timeline(
    topic: Annotated[
        str,
        typer.Argument(
            parser=typed_text,
            metavar="TOPIC",
            help=help_text("指标，如 5G基站。", "What is measured."),
            show_default=False,
        ),
    ],
    index: Index = None,
    embedder: Embedder = None,
    after: After = None,
    before: Before = None,
    speaker: Speaker = None,
    source: Source = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help=help_text("输出 CSV。", "Print CSV."))] = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help=help_text("画成 SVG 文件。", "Draw it into an SVG file."), dir_okay=False),
    ] = None,
) -> None:
    if plot and plot.suffix.lower() != ".svg":
        raise UsageError(zh=f"{plot} 应以 .svg 结尾。", en=f"{plot} must end in .svg.")
    with opened_assistant(index, embedder=embedder, quiet=as_json or as_csv) as assistant:
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
    help=help_text("提问，回答附逐字出处（- 从标准输入读问题）。", "Ask a question (- reads it from standard input).")
)
def ask(
    question: Annotated[
        str,
        typer.Argument(
            parser=typed_text, metavar="QUESTION", help=help_text("问题。", "The question."), show_default=False
        ),
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
            "--stream", help=help_text("与 --json 同用：每个事件一行 JSON。", "With --json: one line of JSON an event.")
        ),
    ] = False,
    trace: Annotated[
        bool,
        typer.Option("--trace", help=help_text("显示回答的每一步。", "Show every step of the answer.")),
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record", help=help_text("把回答存成可以日后核对的记录。", "Keep a record that can be verified later.")
        ),
    ] = None,
    save: Annotated[
        list[Path] | None,
        typer.Option(
            "--save",
            help=help_text(
                "把回答连同出处存成 .docx、.md 或 .html 文件，其中的数字存成 .xlsx 或 .csv；可重复；不覆盖已有的文件。",
                "Save the answer with its sources as a .docx, .md or .html file, its figures as .xlsx or .csv; repeatable; "
                "overwrites nothing.",
            ),
        ),
    ] = None,
) -> None:
    from rag.exports import saving
    from rag.index.new_files import check_free
    from rag.questions.inputs import decoded
    from rag.records.record import write_record
    from rag.terminal.screen import show_trace
    from ui.terminal import show_stream

    # Told before the answer is worked out, not after.
    if record:
        check_free(record)
    targets = [path.expanduser() for path in save or ()]
    for path in targets:
        saving.check_target(path)
    question = decoded(sys.stdin.buffer.read()) if question == "-" else question
    options: dict[str, Any] = {"after": after, "before": before, "speaker": speaker, "source": source, "trace": trace}
    with opened_assistant(index, embedder=embedder, quiet=as_json) as assistant:
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
    for path in targets:
        saving.save([answer.to_record()], path, "zh" if interface_language() == "zh" else "en")
        typer.echo(say("saved", path=path), err=True)


@app.command(
    help=help_text(
        "核对 ask --record 存下的记录：引文是否还在原处。", "Verify a record made by ask --record: do its quotes stand?"
    )
)
def verify(
    record: Annotated[
        Path, typer.Argument(help=help_text("记录文件。", "The record file."), show_default=False, metavar="FILE")
    ],
    index: Index = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--files",
            help=help_text(
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
    if files or named_index(index):
        found = verify_record(known, index=index if files else named_index(index), files=files or None)
    else:
        with opened_assistant(None, quiet=as_json) as assistant:
            found = verify_record(known, index=assistant)
    if as_json:
        output.print_json(found.to_dict())
    else:
        show_recheck(output.console(), found)
    if not found.holds:
        raise typer.Exit(1)


@app.command(help=help_text("在终端里对话。", "Chat in the terminal."))
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
    with opened_assistant(index, embedder=embedder) as assistant:
        assistant.strict = assistant.strict if strict is None else strict
        converse(output.console(), assistant, model, filters)


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
    from rag.assistant import EvidenceFound, SectionRead, Token

    if isinstance(event, SectionRead):
        return {"event": "section", **asdict(event)}
    if isinstance(event, EvidenceFound):
        hits = [hit_to_dict(hit) for hit in event.hits]
        return {"event": "evidence", "seconds": event.seconds, "hits": hits}
    if isinstance(event, Token):
        return {"event": "token", "text": event.text}
    return {"event": "finished", "answer": event.answer.to_dict()}
