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


_KEPT = """(value) => {
  if (window.youjuArrived) sessionStorage.setItem(NAME, JSON.stringify(value ?? null));
}"""
_GIVEN_BACK = "(value) => (value?.length ? value : JSON.parse(sessionStorage.getItem(NAME) ?? 'null') ?? value)"
_GIVEN_TO_SERVER = "(...values) => [...values.slice(0, -1), JSON.parse(sessionStorage.getItem(NAME) ?? 'null') ?? []]"


def remember(component: Any, name: str, arrived: Any) -> None:
    """Has the tab keep a component's value, and give it back after the page was loaded again.

    Args:
        component: one with a ``change`` event.
        name: of the value, unique on the page.
        arrived: the event of a page that was loaded, or one that follows it.
    """
    keep(component, name)
    arrived.then(None, component, component, js=_GIVEN_BACK.replace("NAME", _key(name)))


def keep(component: Any, name: str) -> None:
    """Has the tab keep a component's value, which :func:`kept` gives to the server."""
    component.change(None, component, None, js=_KEPT.replace("NAME", _key(name)))


def kept(name: str) -> str:
    """The ``js`` of an event that gives a list which was kept to the server as the last of its inputs."""
    return _GIVEN_TO_SERVER.replace("NAME", _key(name))


def _key(name: str) -> str:
    return json.dumps(f"youju-{name}")
