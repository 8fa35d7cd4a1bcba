"""The command line: ``youju add, list, search, ask, chat, …``. Everything heavy is imported when a command needs it."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from eval.command import app as eval_app
from rag import __version__
from rag.errors import UsageError, YoujuError
from rag.messages import say
from rag.terminal import (
    document_commands,
    index_commands,
    model_commands,
    output,
    question_commands,
    server_commands,
)
from rag.terminal.options import help_text
from rag.tracing import logs

logger = logging.getLogger(__name__)
_LOGGING = ("--verbose", "--log-json", "--log-questions", "--log-file")

app = typer.Typer(
    name="youju",
    help=help_text(
        "有据：就中文文档提问，每句回答都有逐字出处。",
        "Youju: ask about Chinese documents; every sentence of the answer is cited.",
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (document_commands, question_commands, server_commands, index_commands):
    app.registered_commands += commands.app.registered_commands
app.add_typer(model_commands.app, name="model")
app.add_typer(eval_app, name="eval")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help=help_text("显示版本。", "Show the version."))] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", help=help_text("在标准错误输出上记录做了什么。", "Log what is done to standard error.")
        ),
    ] = False,
    log_file: Annotated[
        Path | None,
        typer.Option(
            "--log-file", help=help_text("日志追加到此文件，出错时含调用栈。", "Append the log to this file.")
        ),
    ] = None,
    log_json: Annotated[
        bool, typer.Option("--log-json", help=help_text("日志每行一个 JSON。", "Log one JSON object a line."))
    ] = False,
    log_questions: Annotated[
        bool,
        typer.Option(
            "--log-questions", help=help_text("日志可以含有问题和文档文字。", "Logs may hold questions and text.")
        ),
    ] = False,
) -> None:
    if version:
        typer.echo(f"youju {__version__}")
        raise typer.Exit
    logs.set_up(verbose=verbose, file=log_file, as_json=log_json, questions=log_questions)


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
        code = output.INTERRUPTED
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
    message = help_text(texts.get(kind, f"用法不对：{error.format_message()}"), error.format_message())
    place = context.command_path if context is not None else "youju"
    _complain(f"{message.rstrip('.')}{help_text('。用法见', '. See:')} {place} --help")
    return int(error.exit_code)


def _complain(text: str) -> None:
    """One message on standard error."""
    from rag.text.display import plain

    typer.echo(f"youju: {plain(text)}", err=True)
