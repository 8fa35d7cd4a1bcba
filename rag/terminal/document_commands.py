"""Commands for documents: ``youju add, remove, edit, list``."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import LoadError, UsageError, YoujuError, in_user_language
from rag.messages import both, say
from rag.terminal import output
from rag.terminal.opening import document_id, entries_of, named_index, opened_assistant, opened_store, own_index
from rag.terminal.options import Embedder, Index, Json, help_text, typed_text
from rag.terminal.output import INTERRUPTED

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.index.indexing import Report

app = typer.Typer()


@app.command(
    help=help_text(
        "把文件或文件夹加入索引（- 表示标准输入）。", "Add files or folders to an index (- is standard input)."
    )
)
def add(
    paths: Annotated[
        list[str], typer.Argument(help=help_text("文件或文件夹。", "Files or folders."), show_default=False)
    ],
    index: Index = None,
    embedder: Embedder = None,
    chunk_size: Annotated[
        int | None,
        typer.Option(
            "--chunk-size", help=help_text("新索引的片段长度（字）。", "Chunk size of a new index, in characters.")
        ),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help=help_text("标准输入的名称。", "Name for standard input."))
    ] = "stdin.txt",
    sync: Annotated[
        bool,
        typer.Option(
            "--sync",
            help=help_text(
                "使索引与一个文件夹一致：加入新文件，更新变了的，移除已不在的。",
                "Bring the index into line with one folder: add, replace, and remove what is gone.",
            ),
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help=help_text("与 --sync 同用：只说会做什么。", "With --sync: only say what would be done.")
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
    with opened_assistant(own_index(index), makes=not dry_run, embedder=embedder, chunk_size=chunk_size) as assistant:
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


@app.command(help=help_text("从索引移除文档。", "Remove documents from an index."))
def remove(
    documents: Annotated[
        list[str],
        typer.Argument(
            help=help_text("文档编号（见 youju list）或路径。", "Ids (see youju list) or paths."), show_default=False
        ),
    ],
    index: Index = None,
) -> None:
    from rag.index.changes import remove_document

    with opened_store(own_index(index)) as store:
        identifiers = list(dict.fromkeys(document_id(store, given) for given in documents))
        for identifier in identifiers:
            remove_document(store, identifier)
    typer.echo(say("removed", n=len(identifiers)))


@app.command(help=help_text("修改文档的标题、日期等。", "Edit what is known about a document."))
def edit(
    document: Annotated[
        str, typer.Argument(help=help_text("文档编号或路径。", "Id or path of the document."), show_default=False)
    ],
    title: Annotated[str | None, typer.Option("--title", help=help_text("标题。", "Title."))] = None,
    date: Annotated[
        str | None,
        typer.Option(
            "--date",
            help=help_text(
                "发布日期，如 2023-04-21；空则去掉。", "Day of publication, such as 2023-04-21; empty: none."
            ),
        ),
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help=help_text("来源。", "Source."))] = None,
    event: Annotated[str | None, typer.Option("--event", help=help_text("场合。", "Occasion."))] = None,
    index: Index = None,
) -> None:
    from rag.index.changes import edit_document
    from rag.questions.inputs import parsed_day

    given = {"title": title, "date": date, "source": source, "event": event}
    changes: dict[str, Any] = {key: typed_text(value) for key, value in given.items() if value is not None}
    if not changes:
        raise UsageError(*both("nothing_to_edit"))
    if "date" in changes:
        changes["date"] = parsed_day(changes["date"] or None, "date")
    with opened_store(own_index(index)) as store:
        edit_document(store, document_id(store, document), changes)
    typer.echo(say("edited"))


@app.command("list", help=help_text("列出索引里的文档。", "List the documents of an index."))
def list_documents(
    index: Index = None,
    summaries: Annotated[
        bool,
        typer.Option(
            "--summaries", help=help_text("每份文档附两句提要。", "With two sentences of what each document says.")
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    from dataclasses import fields

    entries, short = entries_of(index, in_short=summaries)
    if as_json:
        told = [{field.name: getattr(entry, field.name) for field in fields(entry)} for entry in entries]
        output.print_json([{**each, "summary": short[each["id"]]} if summaries else each for each in told])
    elif entries:
        from rag.terminal.screen import show_documents

        show_documents(output.console(), entries, short)
    else:
        typer.echo(say("no_documents", index=named_index(index) or ""))


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
    counted = help_text("，", ", ").join(say(key, n=n) for key, n in report.counts().items() if n or key == "added")
    typer.echo(say("dry_run", counted=counted) if report.dry_run else counted)
    for key, path in report.changes():
        typer.echo(f"  {one_line(f'{say(key)} {path}')}")
    known = assistant.documents() if report.duplicates or report.shortened or report.read else []
    titles = {entry.id: entry.title for entry in known}
    for identifier, others in report.duplicates.items():
        named = "、".join(f"《{titles.get(other, other)}》" for other in others)
        near = say("near_duplicate", title=f"《{titles.get(identifier, identifier)}》", others=named)
        typer.echo(f"  {one_line(near)}")
    for identifier in report.shortened:
        typer.echo(f"  {one_line(say('shortened', title=f'《{titles.get(identifier, identifier)}》'))}")
    comma, semicolon = help_text("、", ", "), help_text("；", "; ")
    for identifier, counts in report.read.items():
        title = f"《{titles.get(identifier, report.paths.get(identifier, identifier))}》"
        parts = comma.join(say(f"read_{part}", n=n) for part, n in counts.items() if n)
        if parts:
            typer.echo(f"  {one_line(say('read', title=title, parts=parts))}")
        if day := report.guessed_dates.get(identifier):
            typer.echo(f"  {one_line(say('guessed_date', title=title, day=day))}")
        if lines := report.left_out.get(identifier):
            told = semicolon.join(in_user_language(*line) for line in lines)
            typer.echo(f"  {one_line(say('left_out', title=title, lines=told))}")
    for failure in report.failed:
        typer.echo(f"  {one_line(str(failure.error))}", err=True)
