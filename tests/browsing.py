"""A real Chromium before a real server: the fixtures and steps that the tests of the window share.

``visit`` opens the page as somebody with a browser of his own. When a test ends, its pages must have asked for nothing
but their own host, raised no error, and met no refusal of the page's own policy.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.waiting import LONGEST

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCREENSHOTS = Path(__file__).resolve().parent.parent / "artefacts" / "screenshots"
TABS = ("chat", "sources", "timeline", "evaluation", "settings")
QUESTION = "截至2023年3月底我国建成了多少个5G基站？"

MARKS = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    # Gradio makes event loops that it never closes.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
"""``pytestmark`` of a module that uses these fixtures."""

Visit = Callable[..., Any]


@pytest.fixture(scope="session")
def window(assistant: Any) -> Iterator[str]:
    """The address of the page over the sample documents, without a language model; one for all tests."""
    from tests.serving import served
    from ui.conversations import RememberedConversations

    assistant.ask(QUESTION)  # loads the embedder
    with served(assistant, conversations=RememberedConversations()) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser; not for the whole session, as its event loop would be in the way of other tests' own."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Any, window: str) -> Iterator[Visit]:
    """Opens the page: ``visit(address, width=…, height=…, locale=…, color_scheme=…)``."""
    opened: list[Any] = []
    asked: list[str] = []
    errors: list[str] = []

    def visit(where: str = window, width: int = 1440, height: int = 900, locale: str = "zh-CN", **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, locale=locale, **options)
        opened.append(context)
        context.set_default_timeout(1000 * LONGEST)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
        page.goto(where)
        page.wait_for_selector(".welcome, .turn")
        return page

    yield visit
    for context in opened:
        context.close()
    assert not [url for url in asked if urlsplit(url).scheme not in ("data", "blob") and not is_ours(url)]
    assert not errors


def is_ours(url: str) -> bool:
    return urlsplit(url).hostname == "127.0.0.1"


def ask(page: Any, question: str = QUESTION, *, turns: int = 1, shown: str = "") -> Any:
    """Asks and waits for the answer; its element. ``shown`` is how the question reads where that differs."""
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "asked => [...document.querySelectorAll('.asked')].at(-1)?.textContent === asked", arg=shown or question.strip()
    )
    return finished(page, turns)


def finished(page: Any, turns: int = 1) -> Any:
    """Waits until the last answer is there; its element."""
    page.wait_for_function(
        "count => !document.querySelector('.underway') && document.querySelectorAll('.turn').length === count",
        arg=turns,
    )
    return page.locator(".turn").last


def open_tab(page: Any, name: str) -> None:
    """Opens a tab."""
    page.locator("#tabs [role=tab]").nth(TABS.index(name)).click()
    page.locator(f"#{name}").wait_for()


def come_into_view(page: Any, selector: str) -> None:
    """Waits until an element stands wholly within the window, and has come to rest."""
    page.wait_for_function(
        "s => { const e = document.querySelector(s), r = e.getBoundingClientRect(), rests = e.lastTop === r.top;"
        " e.lastTop = r.top;"
        " return rests && r.top >= 0 && r.bottom <= innerHeight && r.left >= 0 && r.right <= innerWidth; }",
        arg=selector,
        polling=100,
    )


def overflows(page: Any) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def keep(page: Any, name: str) -> None:
    """Saves a picture of the page in the folder that git ignores."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def serious(page: Any) -> list[Any]:
    """What axe finds wrong with the page, of WCAG 2.2 at level AA and of serious or critical impact."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [
        (
            violation["id"],
            [(node["html"][:200], node.get("failureSummary", "")[:200]) for node in violation["nodes"]][:5],
        )
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
