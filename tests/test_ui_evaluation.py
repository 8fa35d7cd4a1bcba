"""The evaluation in a real browser: started, watched, stopped, gone on with, read, compared, asked in the chat."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import MARKS, Visit, keep, open_tab, overflows
from tests.serving import served

pytest.importorskip("gradio")
pytest.importorskip("ir_measures")
pytestmark = MARKS


@pytest.fixture(scope="module")
def evaluating(assistant: Any, tmp_path_factory: Any) -> Iterator[str]:
    """The page with a folder of its own for evaluations."""
    from ui.conversations import RememberedConversations

    folder: Path = tmp_path_factory.mktemp("evaluations")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ui.evaluation.FOLDER", folder)
        with served(assistant, conversations=RememberedConversations()) as address:
            yield address


def begin(page: Any, questions: str) -> None:
    page.fill("#evaluation-start input[type=number]", questions)
    page.click("#evaluation-begin")
    page.wait_for_selector(".evaluation-progress.running")


def finished(page: Any) -> None:
    page.wait_for_selector(".evaluation-progress.finished")
    page.locator("#evaluation-begin").wait_for()


def test_runs_are_watched_read_and_compared_and_a_question_is_asked_in_the_chat(visit: Visit, evaluating: str) -> None:
    page = visit(evaluating)
    open_tab(page, "evaluation")
    page.wait_for_selector("#evaluation-runs .empty")
    for count in ("4", "3"):
        begin(page, count)
        page.wait_for_selector(".squares .right, .squares .wrong, .squares .silent, .squares .answered")
        finished(page)
        assert page.get_attribute("#evaluation-progress [role=progressbar]", "aria-valuenow") == count
    page.wait_for_function("document.querySelectorAll('#evaluation-runs [data-action=open]').length === 2")
    page.locator("#evaluation-runs [data-action=open]").last.click()
    page.wait_for_selector(".evaluation-report .tiles")
    keep(page, "evaluation-report")
    page.click("[data-action=whole]")
    page.wait_for_selector("#evaluation-page iframe")
    page.click("#evaluation-comparing > button")
    for side in range(2):
        page.locator("#evaluation-compare input").nth(side).click()
        page.locator("#evaluation-compare [role=option]").nth(side).click()
    page.get_by_role("button", name="比较", exact=True).click()
    page.wait_for_selector(".evaluation-report .differences")
    assert "McNemar" in page.locator("#evaluation-report h2").inner_text()
    page.locator("#evaluation-runs [data-action=open]").last.click()
    page.wait_for_selector(".questions [data-action=ask]", state="attached")
    for summary in page.locator(".evaluation-report details:not([open]) summary").all():
        summary.click()
    asked = page.locator(".questions .asked").first.inner_text()
    page.locator(".questions [data-action=ask]").first.click()
    page.locator("#question").wait_for()
    page.wait_for_function("asked => document.querySelector('#question textarea').value === asked", arg=asked)


def test_a_run_is_stopped_and_goes_on(visit: Visit, evaluating: str) -> None:
    page = visit(evaluating, width=390, height=844, locale="en-US")
    open_tab(page, "evaluation")
    begin(page, "")
    page.wait_for_selector(".squares li[class]")
    other = visit(evaluating)
    open_tab(other, "evaluation")
    other.wait_for_selector(".evaluation-progress.running")
    page.click("#evaluation-stop")
    page.wait_for_selector(".evaluation-progress.stopped")
    other.wait_for_selector(".evaluation-progress.stopped")
    assert not overflows(page)
    answered = page.locator(".squares li[class]").count()
    page.locator("[data-action=resume]").first.click()
    page.wait_for_function("n => document.querySelectorAll('.running .squares li[class]').length > n", arg=answered)
    page.click("#evaluation-stop")
    page.wait_for_selector(".evaluation-progress.stopped")
