"""The chat tab: conversations on the left, questions and answers in the middle, the evidence on the right."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from rag.assistant import Event, Finished
from rag.errors import LanguageModelError, UsageError, YoujuError
from rag.language_models import EXTRACTIVE, choose
from rag.questions.follow_ups import History
from rag.text.surrogates import without_surrogates
from ui import answer_view, chosen_sources, evidence_view, exporting
from ui.context import Context, Preferences, Visitor
from ui.conversations import Conversation, Feedback, Turn, new_id, title_of
from ui.evidence_view import reader, reader_of
from ui.examples import Examples
from ui.html import Html, element, join
from ui.logs import asked
from ui.page_view import pages, requested
from ui.remembering import keep, kept, remember
from ui.runs import Run
from ui.sent_parts import SentParts
from ui.service import BusyError
from ui.source_view import Highlight
from ui.texts import Language, say

SCRIPT = Path(__file__).with_name("page.js").read_text("utf-8")
LAYERS = Path(__file__).with_name("layers.js").read_text("utf-8")
DOWNLOAD = Path(__file__).with_name("download.js").read_text("utf-8")
SECONDS_BETWEEN_UPDATES = 0.08
SECONDS_TO_LEAVE = 30.0
"""How long the end of what was watched before is waited for; a moment, but on a busy machine."""
FILTERS = ("after", "before", "source", "speaker")
REASONS = ("wrong_figure", "wrong_source", "incomplete", "should_abstain", "should_answer", "other")
FOR_THE_PAGE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""Options of every event that serves the page only: no API endpoint, no progress bars over what is read."""

Shown = dict[Any, Any]

_TOGGLE_RAIL = "() => { document.getElementById('chat').toggleAttribute('data-rail'); }"
_TOGGLE_SHEET = "() => { document.getElementById('chat').toggleAttribute('data-sheet'); }"
DAYS = """() => setTimeout(() => document.querySelectorAll('.day').forEach((field, place) => {
  const input = field.querySelector('input'), label = field.querySelector('[data-testid=block-info]');
  if (!input || input.type === 'date') return;
  label.id = `day-${place}`;
  input.setAttribute('aria-labelledby', label.id);
  input.type = 'date';
  const isWhole = () => !input.value || input.value >= '1000';
  input.addEventListener('change', () => isWhole() && input.dispatchEvent(new FocusEvent('blur')));
}), 60)"""
"""Gives Gradio's fields for days the browser's own calendar: it speaks the reader's language, has a name, and needs no mouse."""
_CLOSE_RAIL = "(...values) => { document.getElementById('chat').removeAttribute('data-rail'); return values; }"


def html(elem_id: str, script: str = SCRIPT) -> gr.HTML:
    """An HTML component whose buttons act (:mod:`ui.page.js`) and which keeps Gradio's styles away."""
    return gr.HTML(elem_id=elem_id, js_on_load=script, apply_default_css=False)


def build(context: Context) -> None:
    """Builds the tab inside the page's ``gr.Tabs``."""
    interface = context.interface
    with interface.show(gr.Tab(interface.text("tab_chat"), id="chat"), label="tab_chat"):
        Chat(context)


def _active(*values: str | None) -> dict[str, str]:
    """The filters that have a value, of values in the order of ``FILTERS``."""
    return {name: value.strip() for name, value in zip(FILTERS, values, strict=True) if value and value.strip()}


def _chip(name: str, label: str, value: str, language: Language) -> Html:
    """A filter by name and value, with a button that takes it back."""
    clears = f"{say('clear_filter', language)}：{label}"
    button = element("button", "×", type="button", data_action="clear", data_filter=name, aria_label=clears)
    return element("li", element("span", label, class_="label"), value, button)


class Chat:
    """The components of the tab and what happens between them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.examples = Examples(context.assistant)
        self.sent = SentParts()
        self._watching: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        with gr.Row(elem_id="chat"):
            with gr.Column(elem_id="rail", min_width=0):
                self._build_rail()
            with gr.Column(elem_id="conversation", min_width=0):
                self._build_narrow_bar()
                with gr.Column(elem_id="scroll", min_width=0):
                    self.thread = html("thread", SCRIPT + DOWNLOAD)
                    with gr.Column(visible=False, elem_id="beginning", min_width=0) as self.context.beginning:
                        pass  # what adds documents (:mod:`ui.beginning`) builds it
                    self.current = html("current")
                    self.offered = html("offered")
                    self._build_feedback()
                self._build_composer()
            with gr.Column(elem_id="evidence", min_width=0):
                self.close_sources = self.context.interface.show(
                    gr.Button(self.context.interface.text("close_sources"), size="sm", elem_id="close-sources"),
                    value="close_sources",
                )
                self.pane = html("pane", SCRIPT + LAYERS)
                self.reading = html("reading")
            self.given = html("given", exporting.SCRIPT)
        self.editing = gr.State("")
        context.question = self.question
        context.filters = self.filters
        self._connect()

    # -- components ---------------------------------------------------------------------------------------------------

    def _build_rail(self) -> None:
        interface, text = self.context.interface, self.context.interface.text
        self.new = interface.show(
            gr.Button(text("new_conversation"), size="sm", elem_id="new-conversation"), value="new_conversation"
        )
        self.search = interface.show(
            gr.Textbox(
                show_label=False,
                label=text("search_conversations"),
                placeholder=text("search_conversations"),
                elem_id="search-conversations",
                max_lines=1,
                container=False,
            ),
            label="search_conversations",
            placeholder="search_conversations",
        )
        self.list = interface.show(
            gr.Radio([], label=text("conversations"), elem_id="conversations", container=False),
            label="conversations",
        )
        with gr.Row(elem_id="rail-actions"):
            self.rename = interface.show(gr.Button(text("rename"), size="sm"), value="rename")
            self.export = interface.show(gr.Button(text("export"), size="sm"), value="export")
            self.delete = interface.show(gr.Button(text("delete"), size="sm"), value="delete")
        with gr.Row(visible=False, elem_id="exporting") as self.exporting:
            self.formats = {
                kind: interface.show(gr.Button(text(f"export_{kind}"), size="sm"), value=f"export_{kind}")
                for kind in exporting.KINDS
            }
            self.close_export = interface.show(gr.Button(text("cancel"), size="sm"), value="cancel")
        with gr.Column(visible=False, elem_id="renaming", min_width=0) as self.renaming:
            self.title = interface.show(
                gr.Textbox(label=text("new_title"), max_length=60, max_lines=1), label="new_title"
            )
            with gr.Row():
                self.save_title = interface.show(gr.Button(text("save"), size="sm", variant="primary"), value="save")
                self.keep_title = interface.show(gr.Button(text("cancel"), size="sm"), value="cancel")
        with gr.Row(visible=False, elem_id="deleting") as self.deleting:
            self.confirm_delete = interface.show(
                gr.Button(text("confirm_delete"), size="sm", variant="stop"), value="confirm_delete"
            )
            self.keep = interface.show(gr.Button(text("cancel"), size="sm"), value="cancel")
        with gr.Column(elem_id="scope", min_width=0):
            self.find_source = interface.show(
                gr.Textbox(
                    show_label=False,
                    label=text("scope_search"),
                    placeholder=text("scope_search"),
                    elem_id="find-source",
                    max_lines=1,
                    max_length=200,
                    container=False,
                ),
                label="scope_search",
                placeholder="scope_search",
            )
            self.chosen = interface.show(
                gr.CheckboxGroup([], label=text("scope"), elem_id="chosen", min_width=0),
                label="scope",
            )
            self.kept = gr.JSON([], visible=False)

    def _build_narrow_bar(self) -> None:
        """What stands for the list of conversations where there is no room for it."""
        interface, text = self.context.interface, self.context.interface.text
        with gr.Row(elem_id="narrow-bar"):
            self.open_rail = interface.show(
                gr.Button(text("open_rail"), size="sm", elem_id="open-rail", scale=0), value="open_rail"
            )
            self.new_here = interface.show(
                gr.Button(text("new_conversation"), size="sm", scale=0), value="new_conversation"
            )
            self.open_sources = interface.show(
                gr.Button(text("open_sources"), size="sm", elem_id="open-sources", scale=0), value="open_sources"
            )

    def _build_feedback(self) -> None:
        interface, text = self.context.interface, self.context.interface.text
        self.rated = gr.State("")
        with gr.Column(visible=False, elem_id="feedback", min_width=0) as self.feedback:
            self.reason = interface.show(
                gr.Radio(interface.choices("reason_", REASONS), label=text("what_is_wrong"), elem_id="reasons"),
                label="what_is_wrong",
                choices="reason_",
            )
            self.comment = interface.show(
                gr.Textbox(label=text("comment"), max_length=1000, lines=1, max_lines=4), label="comment"
            )
            with gr.Row():
                self.send_feedback = interface.show(
                    gr.Button(text("send_feedback"), size="sm", variant="primary"), value="send_feedback"
                )
                self.close_feedback = interface.show(gr.Button(text("cancel"), size="sm"), value="cancel")

    def _build_composer(self) -> None:
        interface, text = self.context.interface, self.context.interface.text
        with gr.Column(elem_id="composer", min_width=0):
            self.limits = html("limits")
            with gr.Row(elem_id="ask-row"):
                self.question = interface.show(
                    gr.Textbox(
                        label=text("question"),
                        placeholder=text("ask_placeholder"),
                        show_label=False,
                        container=False,
                        lines=1,
                        max_lines=6,
                        max_length=2000,
                        autofocus=True,
                        elem_id="question",
                        scale=1,
                    ),
                    label="question",
                    placeholder="ask_placeholder",
                )
                self.send = interface.show(
                    gr.Button(text("ask"), variant="primary", elem_id="ask", scale=0, min_width=72), value="ask"
                )
                self.stop = interface.show(
                    gr.Button(text("stop"), variant="stop", elem_id="stop", visible=False, scale=0, min_width=72),
                    value="stop",
                )
            self.answering = html("answering")
            self.folded = folded = interface.show(
                gr.Accordion(text("filters"), open=False, elem_id="filters"), label="filters"
            )
            with folded, gr.Row():
                self.filters: dict[str, Any] = {}
                for name in ("after", "before"):
                    label = f"filter_{name}"
                    self.filters[name] = interface.show(
                        gr.DateTime(
                            include_time=False, type="string", label=text(label), min_width=120, elem_classes="day"
                        ),
                        label=label,
                    )
                for name in ("source", "speaker"):
                    label = f"filter_{name}"
                    self.filters[name] = interface.show(
                        gr.Dropdown([], value=None, label=text(label), min_width=120, allow_custom_value=True),
                        label=label,
                    )

    # -- events -------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        context = self.context
        browser, named = context.browser, [self.filters[name] for name in FILTERS]
        fields = [*named, self.chosen]
        view = [
            self.thread,
            self.current,
            self.pane,
            self.reading,
            self.question,
            self.send,
            self.stop,
            self.list,
            self.editing,
            self.feedback,
            self.renaming,
            self.deleting,
            self.exporting,
            browser,
        ]
        following: dict[str, Any] = {**FOR_THE_PAGE, "concurrency_limit": None, "trigger_mode": "multiple"}
        chosen = context.arrived.then(self._choices, browser, [*named, self.limits], **FOR_THE_PAGE)
        for name, field in self.filters.items():
            remember(field, name, chosen)
        remember(self.question, "draft", context.arrived)
        found = [browser, self.find_source]
        context.arrived.then(self._offer_sources, [*found, self.kept], self.chosen, js=kept("chosen"), **FOR_THE_PAGE)
        for event in (context.switched.then, context.documents.change, self.find_source.change):
            event(self._offer_sources, [*found, self.chosen], self.chosen, trigger_mode="always_last", **FOR_THE_PAGE)
        keep(self.chosen, "chosen")
        context.arrived.then(self._show, browser, view, **following)
        context.switched.then(self._show, browser, view, **following)
        limited = [browser, self.editing, *fields]
        context.switched.then(self._limits, limited, self.limits, **FOR_THE_PAGE)
        for event in (context.arrived.then, context.switched.then, context.preferences.change):
            event(self._answers, [browser, context.preferences], self.answering, **FOR_THE_PAGE)
        self.answering.click(lambda: gr.Tabs(selected="settings"), None, context.tabs, **FOR_THE_PAGE)
        context.documents.change(self._choices, browser, [*named, self.limits], **FOR_THE_PAGE)
        asked = [self.question, self.editing, browser, context.preferences, *fields]
        gr.on([self.question.submit, self.send.click], self._ask, asked, view, **following)
        self.stop.click(self._stop, browser, self.question, queue=False, **FOR_THE_PAGE)
        acted = [*view, self.given, self.rated, self.reason, self.comment]
        for component in (self.thread, self.offered):
            component.click(self._act, [browser, context.preferences, *fields], acted, **following)
        for event in (context.arrived.then, context.switched.then, context.documents.change):
            event(self._offer, browser, self.offered, **following)
        for component in (self.pane, self.reading):
            component.click(self._read, browser, [self.pane, self.reading], **FOR_THE_PAGE)
        self.limits.click(self._clear, None, [*fields, self.editing, self.question], **FOR_THE_PAGE)
        for each in (self.editing, *fields):
            each.change(self._limits, limited, self.limits, **FOR_THE_PAGE)
        self.send_feedback.click(
            self._rate, [browser, self.rated, self.reason, self.comment], [self.thread, self.feedback], **FOR_THE_PAGE
        )
        self.close_feedback.click(lambda: gr.update(visible=False), None, self.feedback, **FOR_THE_PAGE)
        self.folded.expand(None, None, None, js=DAYS)
        self.open_rail.click(None, None, None, js=_TOGGLE_RAIL)
        for button in (self.open_sources, self.close_sources):
            button.click(None, None, None, js=_TOGGLE_SHEET)
        self.list.input(self._select, [self.list, self.editing, browser], view, js=_CLOSE_RAIL, **following)
        gr.on(
            [self.new.click, self.new_here.click], self._new, [self.editing, browser], view, js=_CLOSE_RAIL, **following
        )
        self.search.change(self._listed, [browser, self.search], self.list, trigger_mode="always_last", **FOR_THE_PAGE)
        self.rename.click(self._start_renaming, browser, [self.title, self.renaming], **FOR_THE_PAGE)
        gr.on(
            [self.title.submit, self.save_title.click],
            self._rename,
            [browser, self.title],
            [self.list, self.renaming],
            **FOR_THE_PAGE,
        )
        self.keep_title.click(lambda: gr.update(visible=False), None, self.renaming, **FOR_THE_PAGE)
        self.export.click(lambda: gr.update(visible=True), None, self.exporting, **FOR_THE_PAGE)
        self.close_export.click(lambda: gr.update(visible=False), None, self.exporting, **FOR_THE_PAGE)
        for kind, button in self.formats.items():
            button.click(self._exporter(kind), browser, [self.given, self.exporting], **FOR_THE_PAGE)
        self.delete.click(lambda: gr.update(visible=True), None, self.deleting, **FOR_THE_PAGE)
        self.keep.click(lambda: gr.update(visible=False), None, self.deleting, **FOR_THE_PAGE)
        self.confirm_delete.click(self._delete, browser, view, **following)

    # -- asking -------------------------------------------------------------------------------------------------------

    def _ask(
        self,
        question: str,
        editing: str,
        browser: dict[str, str],
        preferences: Preferences,
        after: str | None,
        before: str | None,
        source: str | None,
        speaker: str | None,
        chosen: list[str],
        request: gr.Request,
    ) -> Iterator[Shown]:
        visitor = Visitor.of(browser, request)
        if not question.strip():
            yield {self.context.browser: visitor.browser}
            return
        filters = self._limited(visitor, _active(after, before, source, speaker), chosen)
        question = without_surrogates(question.strip())
        if filters is not None and self._begin(visitor, question, filters, preferences, editing):
            yield from self._view(visitor, {self.question: "", self.editing: ""})
        else:
            yield {self.context.browser: visitor.browser}

    def _begin(
        self,
        visitor: Visitor,
        question: str,
        filters: dict[str, str],
        preferences: Preferences,
        instead_of: str = "",
    ) -> bool:
        """Starts to answer, after the answer that is on its way in this conversation.

        Args:
            instead_of: the turn that this question takes the place of; what is on its way is stopped for it.

        Returns:
            False where too many questions wait already; the reader is told so, and nothing changes.
        """
        conversations, place = self.context.conversations, (visitor.owner, visitor.conversation)

        def prepare() -> None:
            if instead_of:
                conversations.cut(*place, instead_of)

        def ask(stopped: threading.Event) -> Generator[Event, None, None]:
            history = self._conversation(visitor).history
            return self._stream(question, history, filters, preferences, visitor.language, stopped)

        def keep(turn: Turn) -> None:
            conversations.save(*place, turn)

        turn = Turn(new_id(), question, filters=filters)
        asked(visitor.client, question)
        try:
            self.context.runs.start(
                visitor.conversation,
                turn,
                ask,
                keep,
                visitor.language,
                visitor.owner,
                visitor.client,
                prepare,
                queues=not instead_of,
            )
        except BusyError as error:
            gr.Warning(error.zh if visitor.language == "zh" else error.en, duration=6)
            return False
        return True

    def _stream(
        self,
        question: str,
        history: History,
        filters: dict[str, str],
        preferences: Preferences,
        language: Language,
        stopped: threading.Event,
    ) -> Generator[Event, None, None]:
        """Answers a question; where the language model cannot, by quotation, with a line on what was wrong."""
        stream = self.context.assistant.stream
        options: dict[str, Any] = {**preferences.options, **filters, "trace": True, "cancelled": stopped}
        if options.pop("documents", ""):
            options["document_ids"] = filters["document_ids"].split()
        try:
            yield from stream(question, history=history, language_model=preferences.language_model, **options)
        except LanguageModelError as error:
            for event in stream(question, history=history, language_model=EXTRACTIVE, **options):
                if isinstance(event, Finished):
                    notice = error.zh if language == "zh" else error.en
                    event = Finished(replace(event.answer, notice=f"{notice} {say('quoted_instead', language)}"))
                yield event

    def _stop(self, browser: dict[str, str], request: gr.Request) -> Any:
        """Stops the answer; the questions that waited for it go back to where they were written."""
        waited = self.context.runs.stop(Visitor.of(browser, request).conversation)
        return "\n".join(turn.question for turn in waited) or gr.skip()

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show(self, browser: dict[str, str], request: gr.Request) -> Iterator[Shown]:
        """Shows the open conversation, and follows its answer where one is on its way."""
        yield from self._view(Visitor.of(browser, request))

    def _view(self, visitor: Visitor, more: Shown | None = None) -> Iterator[Shown]:
        """What to show of a visitor's conversation, again and again until its answer is there.

        A session watches one conversation at a time: once it turns to another, this ends.
        """
        page, ended = visitor.page, threading.Event()
        with self._lock:
            before = self._watching.get(page)
            self._watching[page] = ended
        try:
            yield from self._follow(visitor, ended, before, more or {})
            # When this ends Gradio sends what was shown last once more, however late: let that be nothing, for by then the
            # page may show another conversation.
            yield {self.context.browser: gr.skip()}
        finally:
            with self._lock:
                if self._watching.get(page) is ended:
                    del self._watching[page]
            ended.set()

    def _follow(
        self, visitor: Visitor, ended: threading.Event, before: threading.Event | None, more: Shown
    ) -> Iterator[Shown]:
        """Shows a conversation and follows its run.

        What was watched ``before`` may still send something after our beginning, so once it has ended, all is shown again.
        """
        run = self.context.runs.of(visitor.conversation)
        yield {**self._settled(visitor, run), **more}
        if before and not run and before.wait(SECONDS_TO_LEAVE) and self._watching.get(visitor.page) is ended:
            self._forget(visitor)
            yield self._settled(visitor, None)  # unless the page has turned to another meanwhile
        seen, evidence_shown = -1, False
        while run:
            seen = run.wait(seen, 1.0)
            if self._watching.get(visitor.page) is not ended:
                return
            if run.over:
                run = self.context.runs.of(visitor.conversation)  # what waited for it
                seen, evidence_shown = -1, False
                yield self._settled(visitor, run)
                continue
            shown: Shown = {}
            is_found = run.found is not None
            if before and before.is_set():
                self._forget(visitor)
                shown, before, evidence_shown = self._settled(visitor, run), None, is_found
            elif is_found and not evidence_shown:
                shown[self.pane], evidence_shown = self._sources(visitor, run), True
            shown[self.current] = self._current(visitor, run)
            yield shown
            time.sleep(SECONDS_BETWEEN_UPDATES)

    def _forget(self, visitor: Visitor) -> None:
        """Everything is sent once more: another stream may have shown something else in between."""
        for component in ("thread", "pane"):
            self.sent.forget(visitor.page, component)

    def _current(self, visitor: Visitor, run: Run) -> Html:
        """The turn that is being answered, and the questions that wait for it."""
        language, waiting = visitor.language, self.context.runs.queued(visitor.conversation)
        label = element("span", say("queued", language), class_="label")
        shown = answer_view.underway(run.turn, run.found, run.text, language, run.read)
        return join([shown, *(element("p", label, turn.question, class_="queued") for turn in waiting)])

    def _settled(self, visitor: Visitor, run: Run | None) -> Shown:
        """The whole tab for a conversation, with the beginning of a run where there is one."""
        current: str = self._current(visitor, run) if run else ""
        return {
            self.thread: self._thread(visitor, run),
            self.current: current,
            self.pane: self._sources(visitor, run),
            self.reading: "",
            self.send: gr.update(visible=run is None),
            self.stop: gr.update(visible=run is not None),
            self.list: self._summaries(visitor),
            self.feedback: gr.update(visible=False),
            self.renaming: gr.update(visible=False),
            self.deleting: gr.update(visible=False),
            self.exporting: gr.update(visible=False),
            self.context.browser: visitor.browser,
        }

    def _thread(self, visitor: Visitor, run: Run | None, traced: str = "") -> Any:
        """The turns that are over; before there is one, and none is on its way, the welcome."""
        turns = answer_view.thread(self._conversation(visitor).turns, visitor.language, traced)
        return self._new_of(visitor, "thread", turns if turns or run else [self._welcome(visitor.language)])

    def _sources(self, visitor: Visitor, run: Run | None) -> Any:
        """The sources of the turns that are over, and what was found for the one on its way."""
        found = evidence_view.found(run.turn, run.found, visitor.language) if run and run.found else None
        turns, open_document = self._conversation(visitor).turns, self.context.assistant.document
        return self._new_of(visitor, "pane", evidence_view.pane(turns, open_document, visitor.language, found))

    def _new_of(self, visitor: Visitor, component: str, parts: Sequence[Html]) -> Any:
        """What of a component's parts the page does not hold yet."""
        new = self.sent.new_of(visitor.page, component, parts)
        return gr.skip() if new is None else new

    def _conversation(self, visitor: Visitor) -> Conversation:
        """The open conversation; one without a turn is not kept anywhere yet."""
        try:
            return self.context.conversations.open(visitor.owner, visitor.conversation)
        except UsageError:
            return Conversation(visitor.conversation, "")

    def _welcome(self, language: Language) -> Html:
        parts = [element("h2", say("welcome", language)), element("p", say("welcome_more", language), class_="more")]
        if notice := self.context.conversations.notice:
            parts.append(element("p", notice[0 if language == "zh" else 1], class_="facts"))
        return element("section", *parts, class_="welcome")

    def _offer(self, browser: dict[str, str], request: gr.Request) -> Iterator[Html]:
        """The example questions, shown while a conversation is empty: what there is at once, then what is made."""
        language = Visitor.of(browser, request).language
        shown = self._offered(language)
        yield shown
        for _ in self.examples.make():
            before, shown = shown, self._offered(language)
            if shown != before:
                yield shown

    def _offered(self, language: Language) -> Html:
        count = len(self.context.assistant.documents())
        if not count:
            return Html("")
        state = element("p", say("documents_ready", language, n=count), class_="facts")
        buttons = [
            element("li", element("button", question, type="button", data_action="example", data_question=question))
            for question in self.examples.offered(language)
        ]
        if not buttons:
            return state
        return join([state, element("h3", say("examples", language)), element("ul", *buttons, class_="examples")])

    # -- acting on a turn ---------------------------------------------------------------------------------------------

    def _act(
        self,
        browser: dict[str, str],
        preferences: Preferences,
        after: str | None,
        before: str | None,
        source: str | None,
        speaker: str | None,
        chosen: list[str],
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[Shown]:
        """What a button in the conversation does: its action and turn come with the event."""
        visitor = Visitor.of(browser, request)
        data: dict[str, str] = event._data or {}
        action, turn_id = data.get("action", ""), data.get("turn", "")
        if action == "example":
            filters = self._limited(visitor, _active(after, before, source, speaker), chosen)
            question = without_surrogates(str(data.get("question", "")))
            if filters is not None and self._begin(visitor, question, filters, preferences):
                yield from self._view(visitor)
            return
        if action == "again":
            self.sent.forget(visitor.page, "thread")
            yield {self.thread: self._thread(visitor, self.context.runs.of(visitor.conversation))}
            return
        turn = next((each for each in self._conversation(visitor).turns if each.id == turn_id), None)
        if turn is None:
            yield {self.context.browser: visitor.browser}
        elif action == "retry":
            if self._begin(visitor, turn.question, turn.filters, preferences, turn.id):
                yield from self._view(visitor)
        elif action == "edit":
            yield {self.question: turn.question, self.editing: turn.id}
        elif action == "export":
            yield {self.given: exporting.given([turn], data.get("format", ""), visitor.language)}
        elif action == "trace":
            opened = "" if data.get("open") else turn.id
            yield {self.thread: self._thread(visitor, None, opened)}
        elif action in ("good", "bad"):
            yield self._rated(visitor, turn, action == "good")

    def _rated(self, visitor: Visitor, turn: Turn, good: bool) -> Shown:
        """Sets the thumb, or takes it back when it was pressed already; a thumb down asks for the reason."""
        again = turn.feedback is not None and turn.feedback.good == good
        feedback = None if again else Feedback(good)
        self.context.conversations.rate(visitor.owner, visitor.conversation, turn.id, feedback)
        asks = feedback is not None and not good
        return {
            self.thread: self._thread(visitor, None),
            self.feedback: gr.update(visible=asks),
            self.rated: turn.id,
            self.reason: None,
            self.comment: "",
        }

    def _rate(
        self, browser: dict[str, str], turn_id: str, reason: str | None, comment: str, request: gr.Request
    ) -> tuple[str, Any]:
        visitor = Visitor.of(browser, request)
        feedback = Feedback(False, reason if reason in REASONS else "other", without_surrogates(comment.strip()))
        self.context.conversations.rate(visitor.owner, visitor.conversation, turn_id, feedback)
        gr.Info(say("thanks", visitor.language), duration=3)
        return self._thread(visitor, None), gr.update(visible=False)

    # -- the evidence pane --------------------------------------------------------------------------------------------

    def _read(self, browser: dict[str, str], event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        """Shows a document in full, or a page of it, in place of the sources, or these again."""
        data: dict[str, str] = event._data or {}
        action = data.get("action")
        if action == "sources":
            return gr.skip(), ""
        if action == "again":
            visitor = Visitor.of(browser, request)
            self.sent.forget(visitor.page, "pane")
            return self._sources(visitor, self.context.runs.of(visitor.conversation)), gr.skip()
        if action not in ("read", "page"):
            return gr.skip(), gr.skip()
        visitor = Visitor.of(browser, request)
        document = self.context.assistant.document(str(data["document"]))
        if action == "page" and document.page_starts:
            number, spans = requested(data, document)
            drawn = self.context.pictures.page_or_reason(document, number, spans, visitor.client)
            shown = reader_of(document, pages(document, number, spans, drawn, visitor.language), visitor.language)
        else:
            mark = Highlight(int(data["start"]), int(data["end"]), "reading-mark")
            shown = reader(document, [mark], visitor.language)
        return gr.skip(), shown  # in place of the sources (style.css)

    # -- filters ------------------------------------------------------------------------------------------------------

    def _choices(self, browser: dict[str, str], request: gr.Request) -> list[Any]:
        """The sources and speakers of the documents that are there; the dates stay as they are."""
        documents = self.context.assistant.documents()
        sources = sorted({entry.source for entry in documents if entry.source})
        speakers = sorted({speaker for entry in documents for speaker in entry.speakers})
        return [gr.skip(), gr.skip(), gr.update(choices=sources), gr.update(choices=speakers), gr.skip()]

    def _offer_sources(self, browser: dict[str, str], query: str, chosen: Any, request: gr.Request) -> Any:
        """The documents and folders that can be chosen, those that fit the search, and what is chosen of them."""
        assistant, language = self.context.assistant, Visitor.of(browser, request).language
        wanted = [str(each) for each in chosen] if isinstance(chosen, list) else []
        choices, still = chosen_sources.offered(
            assistant.documents(), assistant.store.folders(), query or "", wanted, language
        )
        return gr.update(choices=choices, value=still)

    def _limited(self, visitor: Visitor, filters: dict[str, str], chosen: list[str]) -> dict[str, str] | None:
        """The filters with those that the chosen sources make; None where none of these is there, which is told."""
        assistant = self.context.assistant
        try:
            return filters | chosen_sources.limits(
                assistant.documents(), assistant.store.folders(), chosen, visitor.language
            )
        except UsageError as error:
            gr.Warning(error.zh if visitor.language == "zh" else error.en, duration=6)
            return None

    def _limits(
        self,
        browser: dict[str, str],
        editing: str,
        after: str | None,
        before: str | None,
        source: str | None,
        speaker: str | None,
        chosen: list[str],
        request: gr.Request,
    ) -> str:
        """The active filters, and that a question is being edited, each with a button that takes it back."""
        language = Visitor.of(browser, request).language
        chips = [_chip("editing", say("editing", language), "", language)] if editing else []
        for name, value in _active(after, before, source, speaker).items():
            chips.append(_chip(name, say(f"filter_{name}", language), value, language))
        if chosen:
            named = chosen_sources.told(self.context.assistant.documents(), chosen, language)
            chips.insert(0, _chip("documents", say("filter_documents", language), named, language))
        return element("ul", *chips, class_="limits", aria_label=say("limited_to", language)) if chips else ""

    def _clear(self, event: gr.EventData) -> list[Any]:
        """Takes back a filter, or the editing of a question."""
        name = (event._data or {}).get("filter")
        empty = {"after": "", "before": "", "source": None, "speaker": None}
        filters = [gr.update(value=empty[each]) if each == name else gr.skip() for each in FILTERS]
        filters.append(gr.update(value=[]) if name == "documents" else gr.skip())
        return [*filters, *(["", ""] if name == "editing" else [gr.skip(), gr.skip()])]

    def _answers(self, browser: dict[str, str], preferences: Preferences, request: gr.Request) -> Html:
        """What answers the next question, leading to the settings."""
        language, setting = Visitor.of(browser, request).language, preferences.language_model
        try:
            name = choose(self.context.assistant.language_model if setting is None else setting).name
        except YoujuError:  # told with the answer, which is then quoted
            name = EXTRACTIVE
        said = say("extractive", language) if name == EXTRACTIVE else name
        label = say("answers_now", language, model=said)
        return element("button", label, type="button", data_action="settings", title=say("change_model", language))

    # -- conversations ------------------------------------------------------------------------------------------------

    def _summaries(self, visitor: Visitor, query: str = "") -> Any:
        found = self.context.conversations.list(visitor.owner, without_surrogates(query))
        choices = [(summary.title, summary.id) for summary in found]
        kept = {summary.id for summary in found}
        if not query.strip():  # a new conversation is kept once its first answer is there; its question shows already
            running = self.context.runs.of_owner(visitor.owner)
            choices = [(title_of(run.turn.question), key) for key, run in running.items() if key not in kept] + choices
        value = visitor.conversation if any(key == visitor.conversation for _, key in choices) else None
        return gr.update(choices=choices, value=value)

    def _listed(self, browser: dict[str, str], query: str, request: gr.Request) -> Any:
        return self._summaries(Visitor.of(browser, request), query)

    def _new(self, editing: str, browser: dict[str, str], request: gr.Request) -> Iterator[Shown]:
        visitor = Visitor.of(browser, request).in_conversation()
        yield from self._view(visitor, self._without_edited(editing))

    def _select(
        self, conversation_id: str, editing: str, browser: dict[str, str], request: gr.Request
    ) -> Iterator[Shown]:
        visitor = Visitor.of(browser, request).in_conversation(conversation_id)
        yield from self._view(visitor, self._without_edited(editing))

    def _without_edited(self, editing: str) -> Shown:
        """What another conversation leaves out: a question of this one that is being edited. What was just typed stays."""
        return {self.question: "", self.editing: ""} if editing else {}

    def _start_renaming(self, browser: dict[str, str], request: gr.Request) -> tuple[Any, Any]:
        conversation = self._conversation(Visitor.of(browser, request))
        if not conversation.turns:
            return gr.skip(), gr.skip()
        return conversation.title, gr.update(visible=True)

    def _rename(self, browser: dict[str, str], title: str, request: gr.Request) -> tuple[Any, Any]:
        visitor = Visitor.of(browser, request)
        if title.strip():
            self.context.conversations.rename(visitor.owner, visitor.conversation, without_surrogates(title))
        return self._summaries(visitor), gr.update(visible=False)

    def _exporter(self, kind: str) -> Callable[[dict[str, str], gr.Request], tuple[Any, Any]]:
        """What gives the open conversation as a file; of one that is being answered, what is finished."""

        def export(browser: dict[str, str], request: gr.Request) -> tuple[Any, Any]:
            visitor = Visitor.of(browser, request)
            conversation = self._conversation(visitor)
            left_out = sum(not exporting.has_record(turn) for turn in conversation.turns)
            if left_out == len(conversation.turns):
                gr.Info(say("nothing_to_export", visitor.language), duration=3)
                return gr.skip(), gr.update(visible=False)
            if left_out:
                gr.Info(say("some_not_exported", visitor.language, n=left_out), duration=5)
            made = exporting.given(conversation.turns, kind, visitor.language, conversation.title)
            return made, gr.update(visible=False)

        return export

    def _delete(self, browser: dict[str, str], request: gr.Request) -> Iterator[Shown]:
        visitor = Visitor.of(browser, request)
        self.context.runs.stop(visitor.conversation)
        if self._conversation(visitor).turns:
            self.context.conversations.delete(visitor.owner, visitor.conversation)
        yield from self._view(visitor.in_conversation(), {self.question: "", self.editing: ""})
