"""The reports of a run: for people (HTML, Markdown, the terminal), for machines (JSON), for CI (JUnit), as rows."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.folder import write_whole
from rag.errors import UsageError

if TYPE_CHECKING:
    from eval.runs import Run

_LOG = logging.getLogger(__name__)
JSON, HTML, MARKDOWN, JUNIT = "report.json", "report.html", "report.md", "junit.xml"


def write_reports(run: "Run", baseline: Mapping[str, Any] | None = None) -> None:
    """Writes all reports of a run into its folder, each as a whole; a run without one is left alone.

    A library that is not installed costs what needs it, the charts or the page, and is told as a warning.

    Args:
        run: finished or not; an unfinished one is marked ``partial``.
        baseline: to show differences from (:mod:`eval.baselines`).

    Raises:
        YoujuError: the disk is full or fails.
    """
    from eval.reports import html, junit, markdown
    from eval.reports.charts import MissingPackageError
    from eval.summary import report_of

    if run.folder is None:
        return
    report = report_of(run)
    write_whole(run.folder / JSON, json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    write_whole(run.folder / MARKDOWN, markdown.summary(report, baseline))
    write_whole(run.folder / JUNIT, junit.document(run))
    try:
        page = html.page(run, report, baseline)
    except MissingPackageError as error:
        _LOG.warning("%s", error)
        return
    for reason in page.missing:
        _LOG.warning("%s", reason)
    write_whole(run.folder / HTML, page.text)


def read_report(folder: Path) -> dict[str, Any]:
    """The report that was written last.

    Raises:
        UsageError: there is none.
    """
    file = folder / JSON
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UsageError(zh=f"读不了 {file}：{error}", en=f"Cannot read {file}: {error}") from error
