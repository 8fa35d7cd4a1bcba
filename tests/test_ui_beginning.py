"""The first minute with an empty index, in a real browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import MARKS, Visit, finished, keep, overflows, serious
from tests.serving import served

pytest.importorskip("gradio")
pytestmark = MARKS


def test_the_samples_are_one_click_away(visit: Visit, make_assistant: Callable[..., Any]) -> None:
    from ui.conversations import RememberedConversations

    with served(make_assistant(), conversations=RememberedConversations()) as address:
        for width, height in ((390, 844), (1024, 768), (1440, 900)):
            page = visit(address, width=width, height=height)
            page.wait_for_selector("#samples")
            assert not overflows(page) and not serious(page)
            keep(page, f"beginning-{width}")
        page.click("#samples")
        page.wait_for_selector(".examples button")
        assert page.locator("#beginning").is_hidden() and "5" in page.locator("#offered .facts").inner_text()
        page.click(".examples button >> nth=0")
        assert "264万" in finished(page).inner_text()


def test_a_file_is_dropped_where_the_first_question_is_asked(
    visit: Visit, make_assistant: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "泳池.txt").write_text("云栖泳池每日早六点开放，晚九点关闭。", encoding="utf-8")
    (tmp_path / "坏.pdf").write_bytes(b"%PDF-1.4 broken")
    with served(make_assistant()) as address:
        page = visit(address)
        page.locator("#first-upload input[type=file]").set_input_files(tmp_path / "坏.pdf")
        page.wait_for_selector("#beginning-progress li.refused")
        page.locator("#first-upload input[type=file]").set_input_files(tmp_path / "泳池.txt")
        page.wait_for_selector("#beginning", state="hidden")
        page.wait_for_function("document.querySelector('#offered').textContent.includes('1 份文档')")
