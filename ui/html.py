"""HTML that is safe by construction: whatever comes from outside goes through :func:`text`, and links stay on the page.

Documents, questions and answers are never rendered as Markdown or HTML. :func:`element` escapes every child that is not
:class:`Html` already, refuses event handlers, styles and every address that is not an anchor of ours. The only pictures are
those that :func:`page_picture` shows.
"""

import html
import re
from collections.abc import Iterable

from rag.loading.base import Place
from rag.text.view import without_invisible

_PAGE = re.compile(r"pages/[\w.~%-]+/[1-9][0-9]*", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_ELEMENTS = frozenset(
    {
        "a",
        "article",
        "aside",
        "blockquote",
        "button",
        "div",
        "em",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "header",
        "hr",
        "li",
    }
    | {"mark", "nav", "ol", "p", "section", "small", "span", "strong", "sup", "table", "tbody", "td", "th", "thead"}
    | {"details", "summary", "time", "tr", "ul"}
)
_EMPTY = frozenset({"hr"})


class Html(str):
    """Markup made by this module."""

    __slots__ = ()


def text(value: str) -> Html:
    """Text from anywhere as HTML that shows it: escaped, without characters that show nothing or turn the writing."""
    return Html(html.escape(without_invisible(value), quote=True))


def join(parts: Iterable[str], between: str = "") -> Html:
    """Parts one after the other, each escaped unless it is HTML."""
    return Html(_safe(between).join(_safe(part) for part in parts))


def element(name: str, *children: str, **attributes: str | bool | None) -> Html:
    """An element with its children.

    Args:
        name: of an element that shows text; scripts, frames, images and forms are none.
        children: HTML as it is, other strings escaped.
        attributes: ``class_`` is written ``class``, ``aria_label`` ``aria-label``; None and False leave one out.

    Raises:
        ValueError: an element or attribute that this page has no use for, or a link that leaves it.
    """
    if name not in _ELEMENTS:
        raise ValueError(f"no element {name!r} here")
    opened = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _EMPTY:
        return Html(f"<{opened}>")
    return Html(f"<{opened}>{join(children)}</{name}>")


def opened(name: str, *children: str, **attributes: str | bool | None) -> Html:
    """An element that is not closed: what follows is in it, up to the end of what is shown.

    Text that is written bit by bit stands in such ones, so that each state of it begins with the one before.
    """
    return Html(element(name, *children, **attributes).removesuffix(f"</{name}>"))


def with_attribute(part: Html, name: str, value: str) -> Html:
    """An element with one more attribute, as :func:`element` takes it."""
    opening, more = part.split(">", 1)  # in attributes it is escaped
    return Html(f"{opening}{_attribute(name, value)}>{more}")


def name_of(part: Html) -> str:
    """The name of an element."""
    return part[1:].split(">", 1)[0].split(" ", 1)[0]


def page_picture(address: str, words: str, width: int, height: int, places: Iterable[Place] = ()) -> Html:
    """The picture of a document's page, with places on it framed.

    Args:
        address: where this server has it (:func:`ui.pictures.address_of`).
        words: what stands for it where it is not seen.
        width, height: its size in pixels, so that nothing moves when it comes.
        places: those to frame.

    Raises:
        ValueError: the address is another one.
    """
    if not _PAGE.fullmatch(address):
        raise ValueError(f"no picture of a page at {address!r}")
    shown = f'<img src="{address}" alt="{text(words)}" width="{width:d}" height="{height:d}">'
    frames = "".join(
        f'<rect x="{left * width:.1f}" y="{top * height:.1f}" width="{(right - left) * width:.1f}"'
        f' height="{(bottom - top) * height:.1f}" />'
        for left, top, right, bottom in places
    )
    if frames:
        shown += f'<svg viewBox="0 0 {width:d} {height:d}" aria-hidden="true">{frames}</svg>'
    return Html(shown)


def anchor(*parts: object) -> str:
    """An id on the page, and after ``#`` a link to it, from parts such as ``"claim"``, a turn's id and a number."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", "-".join(map(str, parts)))


def _safe(part: str) -> str:
    return part if isinstance(part, Html) else text(part)


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if not _NAME.fullmatch(name) or name.startswith("on") or name in ("style", "src", "srcset", "action", "formaction"):
        raise ValueError(f"no attribute {name!r} here")
    if name == "href" and not str(value).startswith("#"):
        raise ValueError("links lead to places on this page only")
    return f" {name}" if value is True else f' {name}="{text(value)}"'
