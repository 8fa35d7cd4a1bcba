"""Commands for an index: ``youju doctor, backup, restore, rebuild, migrate``."""

from pathlib import Path
from typing import Annotated

import typer

from rag.messages import say
from rag.terminal import output
from rag.terminal.opening import chosen_embedder, index_folder, opened_store, own_index
from rag.terminal.options import Embedder, Index, Json, help_text

app = typer.Typer()


@app.command(help=help_text("检查索引；--repair 修复。", "Check an index; --repair mends it."))
def doctor(
    index: Index = None,
    repair: Annotated[
        bool, typer.Option("--repair", help=help_text("修复发现的问题。", "Mend what is found."))
    ] = False,
    embedder: Embedder = None,
    as_json: Json = False,
) -> None:
    from rag.index import doctor as checks
    from rag.settings import Settings

    folder = index_folder(index, embedder)
    place = Settings.from_environment().store
    findings = checks.repair(folder, chosen_embedder(embedder), place) if repair else checks.examine(folder, place)
    if as_json:
        output.print_json(
            [
                {"check": f.check, "sound": f.sound, "notice": f.notice, "finding": help_text(f.zh, f.en)}
                for f in findings
            ]
        )
    else:
        from rag.text.display import one_line

        for finding in findings:
            state = say("problem" if not finding.sound else "notice" if finding.notice else "sound")
            typer.echo(f"[{state}] {one_line(help_text(finding.zh, finding.en))}")
    if not all(finding.sound for finding in findings):
        if not as_json:
            typer.echo(say("repair_hint"), err=True)
        raise typer.Exit(1)


@app.command(help=help_text("把索引备份成一个文件。", "Back up an index into one file."))
def backup(
    file: Annotated[
        Path, typer.Argument(help=help_text("要建立的备份文件。", "The file to make."), show_default=False)
    ],
    index: Index = None,
) -> None:
    from rag.index.backup import backup as back_up

    documents = back_up(index_folder(index, None), file.expanduser().absolute())
    typer.echo(say("backed_up", n=documents, path=file))


@app.command(help=help_text("由备份文件恢复索引。", "Make an index of a backup."))
def restore(
    file: Annotated[Path, typer.Argument(help=help_text("备份文件。", "The backup."), show_default=False)],
    index: Index = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help=help_text("替换已有的索引（原有的另存）。", "Replace an index that is there (it is kept beside)."),
        ),
    ] = False,
) -> None:
    from rag.index.backup import restore as put_back

    folder = own_index(index)
    documents = put_back(file.expanduser().absolute(), folder, replaces=replace)
    typer.echo(say("restored", n=documents, path=folder))


@app.command(
    help=help_text(
        "用现在的嵌入模型或新的片段长度重建索引。", "Rebuild an index with the present embedder or another chunk size."
    )
)
def rebuild(
    index: Index = None,
    embedder: Embedder = None,
    chunk_size: Annotated[
        int | None, typer.Option("--chunk-size", help=help_text("片段长度（字）。", "Chunk size in characters."))
    ] = None,
) -> None:
    from rag.index.indexing import rebuild as rebuild_store

    with opened_store(own_index(index)) as store, output.file_progress(say("rebuilding")) as progress:
        rebuild_store(store, chosen_embedder(embedder), chunk_size, progress)
    typer.echo(say("rebuilt"))


@app.command(
    help=help_text(
        "把要检索的内容填入另一处（Milvus），并逐项核对；中断后再运行会接着做。",
        "Fill another place to search in (Milvus) and compare all of it; run again, it goes on where it ended.",
    )
)
def migrate(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help=help_text("local，或 milvus:地址。", "local, or milvus:URI."),
            show_default=False,
        ),
    ],
    index: Index = None,
) -> None:
    from rag.index.lookup import fill, open_lookup

    lookup = open_lookup(to)
    with opened_store(own_index(index)) as store, output.counted_progress(say("filling")) as progress:
        filled, finding = fill(store, lookup, progress)
    typer.echo(say("filled", n=filled, finding=help_text(finding.zh, finding.en)))
