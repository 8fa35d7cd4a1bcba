"""Commands for the embedded models: ``youju model list, fetch``."""

from typing import Annotated

import typer

from rag.messages import say
from rag.terminal import output
from rag.terminal.options import Json, help_text

app = typer.Typer(
    help=help_text("内置的语言模型。", "The embedded language models."), no_args_is_help=True, rich_markup_mode=None
)


@app.command("list", help=help_text("列出模型及其校验情况。", "List the models and how they were verified."))
def model_list(as_json: Json = False) -> None:
    from rag.models import published_models
    from rag.terminal.screen import show_models

    found = published_models()
    if as_json:
        output.print_json([model.to_dict() for model in found])
    else:
        show_models(output.console(), found)


@app.command("fetch", help=help_text("取得模型并校验。", "Get a model and verify it."))
def model_fetch(
    name: Annotated[
        str | None,
        typer.Argument(
            help=help_text("模型名，见 youju model list。", "Name, see youju model list."), show_default=False
        ),
    ] = None,
) -> None:
    from rag.language_models import fetch

    with output.byte_progress(say("fetching")) as progress:
        path = fetch(name, progress) if name else fetch(progress=progress)
    typer.echo(say("fetched", path=path))
