"""Saving answers as files: the format is that of the file's suffix."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rag.errors import UsageError
from rag.exports.figure_table import figures_csv, figures_workbook
from rag.exports.markdown_report import markdown
from rag.exports.report import Report, report_of
from rag.exports.web_report import web_page
from rag.exports.word_report import word_document
from rag.index.new_files import check_free, write_new
from rag.messages import Language

FORMATS: dict[str, Callable[[Report], bytes]] = {
    ".docx": word_document,
    ".md": lambda report: markdown(report).encode(),
    ".html": lambda report: web_page(report).encode(),
}
"""What makes the content of a document, by the suffix of its file."""
TABLES: dict[str, Callable[[Sequence[dict[str, Any]], Language], bytes]] = {
    ".csv": figures_csv,
    ".xlsx": figures_workbook,
}
"""What makes the content of a table of the figures alone, likewise."""


def check_target(path: Path) -> None:
    """Makes sure that an export can be saved there; asked before the answer is worked out.

    Raises:
        UsageError: no format has this suffix, something is there already, or its folder is not.
    """
    suffixes = [*FORMATS, *TABLES]
    if path.suffix.lower() not in suffixes:
        known = "、".join(suffixes), ", ".join(suffixes)
        raise UsageError(
            zh=f"不能存成 {path.name}：文件名应以 {known[0]} 结尾。",
            en=f"{path.name} is no format to save in: its name must end in one of {known[1]}.",
        )
    check_free(path)


def exported(records: Sequence[dict[str, Any]], suffix: str, language: Language, title: str = "") -> bytes:
    """Answers as the content of a file.

    Args:
        records: what ``Answer.to_record()`` gave, in the order of asking.
        suffix: one of ``FORMATS`` or ``TABLES``.
        language: of what the file says besides the answers.
        title: of the whole; the first question if none is given.

    Raises:
        ValueError: there is no record.
    """
    if suffix in TABLES:
        return TABLES[suffix](records, language)
    return FORMATS[suffix](report_of(records, language, title))


def save(records: Sequence[dict[str, Any]], path: Path, language: Language, title: str = "") -> None:
    """Writes answers to a new file, which is there whole or not at all.

    Raises:
        UsageError: as :func:`check_target`, or the file cannot be written.
    """
    check_target(path)
    write_new(path, exported(records, path.suffix.lower(), language, title))
