"""Gradio's Blocks as clients may use them.

What a client sends is checked before a function sees it, and an error tells no more than the client needs or a log may
hold.
"""

import inspect
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints

import gradio as gr
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from rag.errors import LanguageModelError, UsageError, YoujuError, interface_language
from ui.logs import for_others, told_where
from ui.service import BusyError, language_for

STATUS = "youju.status"
"""Key of a request's scope: a dictionary in which ``status`` is that of a call that failed; Gradio says 500 of all."""

logger = logging.getLogger(__name__)


class ArgumentsError(UsageError):
    """What a client sent is not what the function takes."""


class Refusal(gr.Error):
    """An error of ours as Gradio shows it to clients, in their language.

    Args:
        error: what is wrong.
        request: whose language is asked for.
    """

    def __init__(self, error: YoujuError, request: Any) -> None:
        connection = connection_of(request)
        language = language_for(connection) if connection else interface_language()
        error = for_others(error)
        super().__init__(error.zh if language == "zh" else error.en, print_exception=False)
        self.status = _status(error)


class Blocks(gr.Blocks):
    """A page, or endpoints without one, that a server mounts in an application of its own."""

    def guard_files(self) -> None:
        """Puts Gradio's check of paths in force: a client may name files it uploaded only.

        Gradio checks nothing before ``launch`` was called, and whoever mounts a page never calls it.
        """
        self.has_launched = True
        self.allowed_paths, self.blocked_paths = [], []

    async def process_api(self, block_fn: Any, inputs: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Calls a function for a client. What fails is told in a sentence; a traceback is neither sent nor printed."""
        request = options.get("request")
        try:
            return dict(await super().process_api(block_fn, inputs, *arguments, **options))
        except gr.Error as error:
            error.print_exception = False
            _note(request, error.status if isinstance(error, Refusal) else 422)
            raise
        except Exception as error:  # noqa: BLE001 (told and logged without its text)
            if not isinstance(error, YoujuError):
                logger.error("A call failed. %s", told_where(error))
                error = YoujuError(zh="处理这个请求时出错了。", en="This request could not be carried out.")
            refusal = Refusal(error, request)
            _note(request, refusal.status)
            raise refusal from None

    async def preprocess_data(self, block_fn: Any, inputs: Any, *arguments: Any, **options: Any) -> list[Any]:
        """The arguments of a call as its function takes them.

        Raises:
            ArgumentsError: there are not as many as it takes, or one is of another type or a file that was not uploaded.
        """
        wanted = len(block_fn.inputs)
        if not isinstance(inputs, list) or len(inputs) != wanted:
            given = len(inputs) if isinstance(inputs, list) else 0
            raise ArgumentsError(
                zh=f"这个接口要 {wanted} 个参数，收到 {given} 个。", en=f"This takes {wanted} arguments, not {given}."
            )
        try:
            processed = list(await super().preprocess_data(block_fn, inputs, *arguments, **options))
        except gr.Error:
            raise
        except Exception as error:
            raise ArgumentsError(
                zh="参数的类型不对，或所指的文件不是上传的。",
                en="An argument has the wrong type, or names a file that was not uploaded.",
            ) from error
        return _typed(block_fn.fn, processed) if block_fn.api_visibility == "public" else processed


def _typed(function: Any, values: list[Any]) -> list[Any]:
    """The values with the types that a documented function takes."""
    typed = []
    for value, (name, adapter) in zip(values, _types(function).items(), strict=False):
        try:
            typed.append(adapter.validate_python(value))
        except ValidationError as error:
            reason = error.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
            raise ArgumentsError(zh=f"参数 {name} 不对：{reason}。", en=f"{name}: {reason}.") from None
    return typed


@cache
def _types(function: Any) -> Mapping[str, TypeAdapter[Any]]:
    """The type of each argument that a client gives, by its name, in order."""
    hints = get_type_hints(function)
    return {name: TypeAdapter(hints[name]) for name in inspect.signature(function).parameters if name != "request"}


def connection_of(request: Any) -> Request | None:
    """The HTTP request: Gradio wraps it, its MCP server hands it over as it is."""
    first = request[0] if isinstance(request, list) and request else request
    found = getattr(first, "request", first)
    return found if isinstance(found, Request) else None


def _note(request: Any, status: int) -> None:
    if connection := connection_of(request):
        connection.scope.get(STATUS, {})["status"] = status


def _status(error: YoujuError) -> int:
    match error:
        case BusyError():
            return 429
        case UsageError():
            return 422
        case LanguageModelError():
            return 503
        case _:
            return 500
