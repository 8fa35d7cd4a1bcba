"""The window: its tabs put together; :mod:`ui.server` shows it.

A tab is a module of :mod:`ui` with one function, listed in ``TABS``::

    TEXTS = {"tab_sources": ("资料", "Sources"), …}   # optional: (Chinese, English) for each text of the tab

    def build(context: Context) -> None:
        interface = context.interface
        with interface.show(gr.Tab(interface.text("tab_sources"), id="sources"), label="tab_sources"):
            …

It is called inside the page's ``gr.Tabs``. What holds for all tabs:

- Texts come from ``context.interface``: ``text(key)`` for what a component is made with, ``show(component, label=key)``
  so that the language switch changes it. HTML made on the server takes ``Visitor.of(browser, request).language``.
- Text from outside (documents, questions, file names) reaches the page through :mod:`ui.html` or as the value of a
  component that shows plain text; never through ``gr.Markdown``.
- Handlers take ``context.browser`` as an input and a ``gr.Request``, and make a ``Visitor`` of them; what belongs to one
  session lives in a ``gr.State``, nothing in globals.
- Events carry ``**FOR_THE_PAGE`` of :mod:`ui.chat` (no API endpoint, no progress cover); only documented endpoints have
  an ``api_name``.
- ``context.arrived.then(…)`` fills the tab when a page is loaded, ``context.switched.then(…)`` after the language was
  switched. After a change of the documents raise the number in ``context.documents``.
- To ask a question in the chat: set ``context.question`` and open the tab with ``gr.Tabs(selected="chat")`` as the
  update of ``context.tabs``.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import gradio as gr

from rag.assistant import Assistant
from ui.blocks import Blocks
from ui.context import NOBODY, Context, Preferences, Visitor
from ui.conversations import Conversations, open_conversations
from ui.html import Html, element
from ui.pictures import Pictures
from ui.remembering import KEEP_CONVERSATION, OPEN_CONVERSATION, PLACE
from ui.runs import Runs
from ui.texts import Interface, preferred

TABS = ("ui.chat", "ui.sources", "ui.timeline", "ui.evaluation", "ui.settings")
SECONDS_BETWEEN_CLEANUPS, SECONDS_KEPT = 600, 3600
"""Files that were uploaded and never taken in, because the page was left, are deleted after an hour."""

_NAME_LANGUAGE = "(language) => { document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'; }"
_HIDDEN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
_LANGUAGES = [("中文", "zh"), ("English", "en")]


def build(
    assistant: Assistant,
    conversations: Conversations | None = None,
    *,
    runs: Runs | None = None,
    pictures: Pictures | None = None,
    names_endpoints: bool = True,
    tabs: Sequence[str] = TABS,
) -> tuple[Blocks, Interface]:
    """Puts the page together.

    Args:
        assistant: answers and holds the documents.
        conversations: keeps what was asked; by default in the file of the index.
        runs: works the answers out; whoever gives it closes it.
        pictures: draws pages of documents.
        names_endpoints: whether visitors may name an endpoint of a language model.
        tabs: the modules of the tabs, in their order.

    Returns:
        The page, and its texts: the ``i18n`` of the latter is to be given to whatever serves the page.
    """
    modules = [import_module(name) for name in tabs]
    texts: dict[str, tuple[str, str]] = {}
    for module in modules:
        texts |= getattr(module, "TEXTS", {})
    interface = Interface(texts)
    with Blocks(
        title="有据 Youju",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(SECONDS_BETWEEN_CLEANUPS, SECONDS_KEPT),
    ) as page:
        # The secret hides nothing: it is the same everywhere, so that a browser is known again after a restart.
        browser = gr.BrowserState(dict(NOBODY), storage_key="youju", secret="youju")
        preferences, documents = gr.State(Preferences()), gr.State(0)
        switch = _masthead(interface)
        arrived = page.load(_arrive, browser, [browser, switch], js=OPEN_CONVERSATION, **_HIDDEN)
        browser.change(None, browser, None, js=KEEP_CONVERSATION)
        switched = switch.input(_switch, [switch, browser], browser, **_HIDDEN)
        with gr.Tabs(selected="chat", elem_id="tabs") as tab_bar:
            context = Context(
                assistant=assistant,
                conversations=conversations or open_conversations(assistant.store),
                runs=runs or Runs(),
                pictures=pictures or Pictures(),
                interface=interface,
                page=page,
                browser=browser,
                preferences=preferences,
                documents=documents,
                tabs=tab_bar,
                arrived=arrived,
                switched=switched,
                names_endpoints=names_endpoints,
            )
            for module in modules:
                module.build(context)
        _translate(context, switch)
    return page, interface


def _masthead(interface: Interface) -> gr.Radio:
    """The name of the window and the language switch."""
    with gr.Row(elem_id="masthead"):
        gr.HTML(_brand(), elem_id="brand", apply_default_css=False, js_on_load=PLACE)
        return gr.Radio(
            _LANGUAGES, label=interface.text("language"), elem_id="language", container=False, min_width=0, scale=0
        )


def _translate(context: Context, switch: gr.Radio) -> None:
    """Has all registered components follow the language switch."""
    interface = context.interface

    def translate(remembered: dict[str, str], request: gr.Request) -> list[Any]:
        return interface.updates(Visitor.of(remembered, request).language)

    def translate_if_chosen(remembered: dict[str, str], request: gr.Request) -> list[Any]:
        if Visitor.of(remembered, request).language == preferred(request.headers.get("accept-language")):
            return [gr.skip() for _ in interface.components]  # as Gradio shows it already
        return translate(remembered, request)

    for event in (context.arrived.then, context.switched.then):
        event(None, switch, None, js=_NAME_LANGUAGE)
    context.arrived.then(translate_if_chosen, context.browser, interface.components, **_HIDDEN)
    context.switched.then(translate, context.browser, interface.components, **_HIDDEN)


def _arrive(browser: dict[str, str], request: gr.Request) -> tuple[dict[str, str], str]:
    visitor = Visitor.of(browser, request)
    return visitor.browser, visitor.language


def _switch(language: str, browser: dict[str, str], request: gr.Request) -> Mapping[str, str]:
    visitor = Visitor.of(browser, request)
    return {**visitor.browser, "language": language}


def _brand() -> Html:
    seal = element("span", "据", class_="seal", aria_hidden="true")
    return element("h1", seal, element("span", "有据", class_="name"), element("span", "Youju", class_="latin"))
