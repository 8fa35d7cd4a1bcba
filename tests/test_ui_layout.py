"""Where the style sheets still rely on a class of Gradio's own, what is seen is measured in a real browser."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import MARKS, TABS, Visit, ask, open_tab
from ui.theme import stylesheet

pytest.importorskip("gradio")
pytestmark = MARKS

MEASURED = {
    "tab-wrapper": "tabs stand in the masthead",
    "tab-container": "every tab has room, also in English on a phone: Gradio measures copies of them",
    "tabitem": "the chat is as wide as the window",
    "column": "the three columns are as high as the window leaves",
    "wrap": "choices: languages side by side, conversations and sources one below the other",
    "wrap-inner": "the fields of a filter are of one height",
    "form": "the filters stand in one line",
    "block": "the filters stand in one line",
    "icon": "the sign for folding stands right behind its words",
    "gr-accordion": "the sign for folding stands right behind its words",
    "row": "buttons below a form are as wide as their words need",
    "or": "the drop zone says one sentence",
    "lg": "the button that starts an evaluation is as wide as its words need",
}
"""What the tests below look at, by the class that could go with a new version of Gradio."""

_OURS_TOO = {"dark", "light", "main", "gradio-container"}
"""Named in Gradio's documentation of custom CSS, or decided by it for dark pages."""


def test_no_other_class_of_gradio_is_relied_on() -> None:
    """A class that neither our pages nor Gradio's documentation name stands in the table above, and is measured."""
    folder = Path(__file__).resolve().parent.parent / "ui"
    source = "".join(file.read_text("utf-8") for kind in ("*.py", "*.js") for file in sorted(folder.glob(kind)))
    quoted = " ".join(re.findall(r"""["'`]([^"'`\n]*)["'`]""", source))
    ours = set(re.findall(r"[\w-]+", quoted)) | {"better", "worse", "limited-to", "level-1", "level-2", "level-3"}
    sheet = re.sub(r"/\*.*?\*/", "", stylesheet(), flags=re.DOTALL)
    used = set(re.findall(r"\.([a-zA-Z][\w-]*)", " ".join(re.findall(r"([^{}]+)\{", sheet))))
    assert used - ours - _OURS_TOO <= set(MEASURED)
    assert set(MEASURED) <= used, "no longer relied on"


def boxes(page: Any, selector: str) -> list[dict[str, float]]:
    """Where the elements that are seen stand."""
    found: list[dict[str, float]] = page.evaluate(
        "s => [...document.querySelectorAll(s)].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().toJSON())",
        selector,
    )
    return found


def test_the_chat_is_laid_out(visit: Visit) -> None:
    page = visit()
    ask(page)
    page.click("#new-conversation")
    page.wait_for_selector(".welcome")
    ask(page, "我国互联网上网人数有多少？")
    page.locator("#conversations label").nth(1).wait_for()
    page.locator("#chosen label").nth(1).wait_for()
    page.click("#filters > button")
    page.wait_for_selector("#filters input[type=date]")
    masthead, chat = boxes(page, "#masthead")[0], boxes(page, "#chat")[0]
    assert all(tab["bottom"] <= masthead["bottom"] + 1 for tab in boxes(page, "#tabs [role=tab]"))
    assert chat["left"] == 0 and chat["right"] == page.evaluate("innerWidth")
    for column in ("#rail", "#conversation", "#evidence"):
        assert abs(boxes(page, column)[0]["height"] - chat["height"]) < 2, column
    chinese, english = boxes(page, "#language label")
    assert chinese["top"] == english["top"] and chinese["right"] <= english["left"] + 1
    for chosen in ("#conversations", "#chosen"):
        labels, around = boxes(page, f"{chosen} label"), boxes(page, chosen)[0]
        assert all(label["width"] > 0.9 * around["width"] for label in labels), chosen
        assert all(one["bottom"] <= other["top"] + 1 for one, other in pairwise(labels)), chosen
    fields = boxes(page, "#filters input")
    assert len(fields) == 4 and max(field["height"] for field in fields) < 45
    assert max(field["top"] for field in fields) - min(field["top"] for field in fields) < 12
    words, sign = boxes(page, "#filters > button span")[:2]
    assert sign["left"] - words["right"] < 24
    page.click("[data-action=bad]")
    page.wait_for_selector("#feedback", state="visible")
    assert max(button["width"] for button in boxes(page, "#feedback button")) < 160


def test_every_tab_has_room_on_a_phone(visit: Visit) -> None:
    page = visit(width=390, height=844, locale="en-US")
    page.locator("#tabs [role=tab]").nth(4).wait_for()
    assert len(boxes(page, "#tabs [role=tab]")) == len(TABS)


def test_the_other_tabs_are_laid_out(visit: Visit) -> None:
    page = visit()
    open_tab(page, "sources")
    said = page.locator("#upload").inner_text().strip()
    assert said.startswith("把文件或文件夹拖到这里，或点击选择文件") and "-" not in said, (
        "nor what Gradio says between its words"
    )
    assert 60 < boxes(page, "#upload")[0]["height"] < 140
    open_tab(page, "evaluation")
    assert max(button["width"] for button in boxes(page, "#evaluation-start button")) < 260
