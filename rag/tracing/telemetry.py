"""OpenTelemetry spans, where its API is installed and an SDK is set up; else a span is nothing and costs nothing.

Youju sets no SDK up and sends nothing: the program that it runs in does (``opentelemetry-instrument youju serve``, or
``opentelemetry.trace.set_tracer_provider``). Attributes hold numbers and names, never questions or text of documents
(the question only with ``--log-questions``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

Attributes = dict[str, str | int | float | bool]


@contextmanager
def span(name: str, parent: Any = None, **attributes: str | int | float | bool) -> Iterator[Any]:
    """A span for what happens within; None is given where OpenTelemetry is not installed.

    It is never made the current one: an answer is a generator, whose steps may run on several threads, and a current
    span would leak to whoever takes its events. What belongs to it names it as ``parent``; without one the parent is
    the caller's current span. An error is told by its kind alone, since its text may quote what was asked.

    Args:
        name: of the span, such as ``youju.retrieve``.
        parent: what another call of this function gave.
        attributes: known at the beginning; :func:`describe` adds others.
    """
    api = _api()
    if api is None:
        yield None
        return
    context = None if parent is None else api.set_span_in_context(parent)
    opened = api.get_tracer("youju").start_span(name, context=context, attributes=_named(attributes))
    try:
        yield opened
    except Exception as error:
        opened.set_status(api.Status(api.StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        opened.end()


def describe(opened: Any, attributes: Attributes) -> None:
    """Adds attributes to a span, or does nothing where there is none."""
    if opened is not None:
        opened.set_attributes(_named(attributes))


def _named(attributes: Attributes) -> Attributes:
    return {f"youju.{key}": value for key, value in attributes.items()}


@cache
def _api() -> Any:
    """OpenTelemetry's API, imported with the first span; None where it is not installed."""
    try:
        from opentelemetry import trace
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "opentelemetry":
            raise
        return None
    return trace
