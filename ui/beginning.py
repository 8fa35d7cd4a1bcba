"""What the chat shows while there are no documents: a place to drop files, and the sample documents at a click."""

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from rag.errors import YoujuError
from ui.chat import FOR_THE_PAGE, html
from ui.context import Context, Visitor
from ui.html import Html, element
from ui.texts import Language

TEXTS: dict[str, tuple[str, str]] = {
    "beginning": ("先加入想问的资料", "First add what you want to ask about"),
    "beginning_samples": ("先用样例试试", "Try it with samples"),
    "beginning_adding": ("正在加入样例，约需十几秒……", "Adding the samples, a quarter of a minute or so…"),
}


class Beginning:
    """The components, which stand in ``context.beginning``.

    Args:
        accepted: says which files can be added.
        told: shows an error.
    """

    def __init__(
        self,
        context: Context,
        accepted: Callable[[Language], Html],
        told: Callable[[YoujuError, Language], Html],
    ) -> None:
        assert context.beginning is not None, "the chat is built first"
        self.context, self.accepted, self.told = context, accepted, told
        interface, text = context.interface, context.interface.text
        with context.beginning:
            self.words = html("beginning-words")
            self.files = interface.show(
                gr.File(
                    label=text("sources_drop"),
                    file_count="multiple",
                    elem_id="first-upload",
                    elem_classes="drop-zone",
                    height=96,
                ),
                label="sources_drop",
            )
            self.samples = interface.show(
                gr.Button(text("beginning_samples"), elem_id="samples", size="sm"), value="beginning_samples"
            )
            self.progress = html("beginning-progress")
        shown: list[Any] = [context.beginning, self.words]
        for event in (context.arrived.then, context.switched.then, context.documents.change):
            event(self.show, context.browser, shown, **FOR_THE_PAGE)
        self.samples.click(
            self.add_samples,
            [context.browser, context.documents],
            [self.progress, context.documents],
            trigger_mode="once",
            **FOR_THE_PAGE,
        )

    def show(self, browser: dict[str, str], request: gr.Request) -> tuple[Any, Html]:
        """Whether this is shown, and its words."""
        language = Visitor.of(browser, request).language
        words = [element("h3", _say("beginning", language)), self.accepted(language)]
        return gr.update(visible=not self.context.assistant.documents()), element("div", *words)

    def add_samples(self, browser: dict[str, str], changes: int, request: gr.Request) -> Iterator[dict[Any, Any]]:
        """Adds the sample documents, of which the examples ask."""
        language = Visitor.of(browser, request).language
        yield {self.progress: element("p", _say("beginning_adding", language), class_="state", role="status")}
        try:
            self.context.assistant.add_samples()
        except YoujuError as error:
            yield {self.progress: self.told(error, language)}
            return
        yield {self.progress: "", self.context.documents: changes + 1}


def _say(key: str, language: Language) -> str:
    return TEXTS[key][0 if language == "zh" else 1]
