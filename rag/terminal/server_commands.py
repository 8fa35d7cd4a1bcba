"""Commands that serve the page or programs: ``youju ui, serve``."""

from typing import Any

import typer

from rag.errors import UsageError
from rag.messages import both, say
from rag.terminal import output
from rag.terminal.opening import named_index, opened_assistant, window_index
from rag.terminal.options import (
    AllowEndpoints,
    AllowHost,
    Auth,
    Embedder,
    Host,
    Index,
    LogQuestions,
    Metrics,
    Model,
    Port,
    Strict,
    help_text,
)
from rag.tracing import logs

app = typer.Typer()


@app.command(help=help_text("打开网页对话窗口。", "Open the chat window in the browser."))
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
    metrics: Metrics = False,
) -> None:
    logs.set_up_for_server(questions=log_questions)
    options = {
        "host": host,
        "port": port,
        "hosts": allow_host or (),
        "allow_endpoints": allow_endpoints,
        "metrics": metrics,
    }
    _serve(index, model, embedder, strict, auth, page=True, **options)


@app.command(
    help=help_text(
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
    metrics: Metrics = False,
) -> None:
    logs.set_up_for_server(questions=log_questions)
    options = {
        "host": host,
        "port": port,
        "hosts": allow_host or (),
        "allow_endpoints": allow_endpoints,
        "metrics": metrics,
    }
    _serve(index, model, embedder, strict, auth, page=False, **options)


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

    folder = named_index(index) or window_index()
    is_new = not named_index(index) and not (folder / FILE_NAME).exists()
    with opened_assistant(folder, embedder=embedder, makes=options["page"] or is_new, **chosen) as assistant:
        if is_new:
            with output.file_progress(say("preparing")) as progress:
                assistant.add_samples(progress)
        assistant.strict = assistant.strict if strict is None else strict
        key = "serving_page" if options["page"] else "serving_programs"
        server.serve(assistant, logins=logins, started=lambda url: typer.echo(say(key, url=url.rstrip("/"))), **options)
