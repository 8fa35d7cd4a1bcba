"""Writers: a content as a file of each format. What only they need (python-docx, reportlab, xlsxwriter) is asked for when it is used.

>>> from eval.format_writers import FORMATS, written
>>> written(content, "docx")  # doctest: +SKIP
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from eval.format_writers.content import Content
from rag.errors import UsageError


@dataclass(frozen=True, slots=True)
class Written:
    """A format that contents are written in: how its files end, and 'module:function' of what writes it."""

    suffix: str
    writer: str


FORMATS = {
    "md": Written(".md", "eval.format_writers.markdown:write"),
    "txt": Written(".txt", "eval.format_writers.plain:write"),
    "html": Written(".html", "eval.format_writers.web:write"),
    "docx": Written(".docx", "eval.format_writers.word:write"),
    "xlsx": Written(".xlsx", "eval.format_writers.workbook:write"),
    "csv": Written(".csv", "eval.format_writers.comma:write"),
    "pdf": Written(".pdf", "eval.format_writers.pages:write_ruled"),
    "pdf-plain": Written(".plain.pdf", "eval.format_writers.pages:write_plain"),
}
"""The formats by the name that contents and the option ``format`` use; ``pdf-plain`` has no ruling lines."""


def file_name(content: Content, form: str) -> str:
    """What the content's file of a format is called."""
    return content.name + FORMATS[form].suffix


def written(content: Content, form: str) -> bytes:
    """A content in a format, as bytes of a file; the same bytes every time.

    Raises:
        UsageError: a library that only writing needs is missing.
    """
    module, _, function = FORMATS[form].writer.partition(":")
    write: Callable[[Content], bytes] = getattr(import_module(module), function)
    try:
        return write(content)
    except ModuleNotFoundError as error:
        package = "python-docx" if error.name == "docx" else error.name
        raise UsageError(
            zh=f"写 {FORMATS[form].suffix} 文件要有 {package}。请先安装：pip install {package}",
            en=f"Writing {FORMATS[form].suffix} files needs {package}; install it: pip install {package}",
        ) from error
