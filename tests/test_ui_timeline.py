"""The timeline in a real browser: every value with its date, speaker and source, as a table and a drawing."""

import datetime
from typing import Any

import pytest

from rag.text.periods import Period
from tests.browsing import MARKS, Visit, keep, open_tab, overflows

pytest.importorskip("gradio")


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        ((2023, 3, 31), (2023, 3, 31), "2023-03-31"),
        ((2023, 1, 1), (2023, 12, 31), "2023"),
        ((2024, 2, 1), (2024, 2, 29), "2024-02"),
        ((2023, 1, 1), (2023, 3, 31), "2023-01-01 – 2023-03-31"),
        ((2022, 1, 1), (2023, 12, 31), "2022-01-01 – 2023-12-31"),
    ],
)
def test_a_time_is_written_as_briefly_as_it_can_be(first: Any, last: Any, written: str) -> None:
    assert Period(datetime.date(*first), datetime.date(*last)).brief == written


class TestPage:
    pytestmark = MARKS

    def test_every_value_leads_to_its_source(self, visit: Visit, assistant: Any) -> None:
        page = visit()
        open_tab(page, "timeline")
        page.get_by_label("指标或话题").fill("5G基站")
        page.keyboard.press("Enter")
        page.wait_for_selector("table.points")
        rows = page.locator("table.points tbody tr")
        points = assistant.timeline("5G基站").points
        assert rows.count() == len(points) > 3
        for row, point in zip(rows.all(), points, strict=True):
            shown = row.inner_text()
            assert point.fact.written in shown and point.fact.speaker in shown
            assert point.citation.document.title in shown
        assert page.locator(".plot svg circle").count() >= 4
        link = rows.nth(2).locator("a")
        place = link.get_attribute("href")
        link.click()
        page.wait_for_selector("#timeline-pane mark:target")
        assert page.evaluate("location.hash") == place
        keep(page, "timeline")
        with page.expect_download() as download:
            page.click("#points .download")
        written = download.value.path().read_text("utf-8-sig")
        assert len(written.strip().splitlines()) == len(points) + 1

    def test_a_suggestion_is_shown_with_one_click(self, visit: Visit) -> None:
        page = visit(width=390, height=844)
        open_tab(page, "timeline")
        page.locator("#suggested button").first.click()
        page.wait_for_selector("table.points")
        assert not overflows(page)
        keep(page, "timeline-narrow")

    def test_what_the_documents_do_not_measure_is_said(self, visit: Visit) -> None:
        page = visit(locale="en-US")
        open_tab(page, "timeline")
        page.get_by_label("Figure or topic").fill("<b>咖啡馆</b>")
        page.keyboard.press("Enter")
        page.wait_for_selector("#points .empty")
        assert "<b>咖啡馆</b>" in page.locator("#points").inner_text()
