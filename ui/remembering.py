"""What one tab of the browser keeps over a reload, so that two tabs stay apart: nothing of it is sent anywhere.

It lies in the browser's ``sessionStorage``, which each tab has for itself; what holds for all tabs of a browser is a
``gr.BrowserState``.
"""

import json
from pathlib import Path
from typing import Any

PLACE = Path(__file__).with_name("place.js").read_text("utf-8")
"""Brings a page that is loaded again back to its tab and to where it was scrolled."""

OPEN_CONVERSATION = """(browser) => {
  window.youjuArrived = true;
  return { ...browser, conversation: sessionStorage.getItem('youju-conversation') ?? '' };
}"""
"""The browser's state with this tab's own conversation; a new tab begins a new one."""

KEEP_CONVERSATION = """(browser) => {
  if (window.youjuArrived && browser?.conversation) sessionStorage.setItem('youju-conversation', browser.conversation);
}"""


def remember(component: Any, name: str, arrived: Any) -> None:
    """Has the tab keep a component's value, and give it back after the page was loaded again.

    Args:
        component: one with a ``change`` event.
        name: of the value, unique on the page.
        arrived: the event of a page that was loaded, or one that follows it.
    """
    key = json.dumps(f"youju-{name}")
    component.change(
        None, component, None, js=f"(value) => sessionStorage.setItem({key}, JSON.stringify(value ?? null))"
    )
    arrived.then(
        None,
        component,
        component,
        js=f"(value) => (value?.length ? value : JSON.parse(sessionStorage.getItem({key}) ?? 'null') ?? value)",
    )
