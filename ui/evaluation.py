"""The evaluation tab: start a run and watch it, read reports, compare two runs, take a question to the chat."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from eval.compare import compare
from rag.errors import UsageError, YoujuError
from rag.language_models import EXTRACTIVE
from ui import evaluation_view as view
from ui.chat import FOR_THE_PAGE, html
from ui.context import Context, Preferences, Visitor
from ui.evaluations import FOLDER, LOCAL, Evaluations, Listed, Progress
from ui.html import Html
from ui.texts import Language

SECONDS_BETWEEN_UPDATES = 0.5
AS_SET = "as_set"
LANGUAGE_MODELS = (AS_SET, EXTRACTIVE, LOCAL)
SPLITS = ("tune", "test", "all")
QUESTIONS_AT_FIRST = 20
TEXTS: dict[str, tuple[str, str]] = {
    "tab_evaluation": ("评测", "Evaluation"),
    "evaluation_model": ("由谁作答", "Answered by"),
    "evaluation_as_set": ("与设置相同", "As under Settings"),
    "evaluation_extractive": ("原文摘录（快）", "Quotation (fast)"),
    "evaluation_local": ("本机模型（慢）", "Local model (slow)"),
    "evaluation_split": ("问哪一半", "Which half"),
    "evaluation_tune": ("调参半", "Tuning half"),
    "evaluation_test": ("测试半", "Test half"),
    "evaluation_all": ("全部", "All"),
    "evaluation_limit": ("最多几题（空为不限）", "At most (empty: all)"),
    "evaluation_start": ("开始评测", "Start"),
    "evaluation_stop": ("停止", "Stop"),
    "evaluation_first": ("前一次", "First run"),
    "evaluation_second": ("后一次", "Second run"),
    "evaluation_compare": ("比较", "Compare"),
    "evaluation_comparing": ("比较两次评测", "Compare two runs"),
}
_TO_THE_REPORT = (
    "() => { const h = document.querySelector('#evaluation-report h2'); "
    "if (h) { h.focus({ preventScroll: true }); h.scrollIntoView(); } }"
)
_TO_THE_QUESTION = "() => { setTimeout(() => document.querySelector('#question textarea')?.focus(), 100); }"

Shown = dict[Any, Any]


def build(context: Context) -> None:
    """Builds the tab inside the page's ``gr.Tabs``."""
    interface = context.interface
    with interface.show(gr.Tab(interface.text("tab_evaluation"), id="evaluation"), label="tab_evaluation") as tab:
        EvaluationTab(context, Evaluations(context.assistant, FOLDER), tab)


class EvaluationTab:
    """The components of the tab and what happens between them."""

    def __init__(self, context: Context, evaluations: Evaluations, tab: gr.Tab) -> None:
        self.context = context
        self.evaluations = evaluations
        with gr.Column(elem_id="evaluation", min_width=0):
            self._build_start()
            self.message = html("evaluation-message")
            self.progress = html("evaluation-progress")
            self.runs = html("evaluation-runs")
            self._build_comparing()
            self.report = html("evaluation-report")
            self.page = html("evaluation-page")
        self._connect(tab)

    def _build_start(self) -> None:
        interface, text = self.context.interface, self.context.interface.text
        with gr.Row(elem_id="evaluation-start"):
            self.model = interface.show(
                gr.Radio(
                    interface.choices("evaluation_", LANGUAGE_MODELS),
                    value=EXTRACTIVE,
                    label=text("evaluation_model"),
                    min_width=0,
                ),
                label="evaluation_model",
                choices="evaluation_",
            )
            self.split = interface.show(
                gr.Radio(
                    interface.choices("evaluation_", SPLITS),
                    value=SPLITS[0],
                    label=text("evaluation_split"),
                    min_width=0,
                ),
                label="evaluation_split",
                choices="evaluation_",
            )
            self.limit = interface.show(
                gr.Number(QUESTIONS_AT_FIRST, precision=0, minimum=1, label=text("evaluation_limit"), min_width=120),
                label="evaluation_limit",
            )
            self.begin = interface.show(
                gr.Button(text("evaluation_start"), variant="primary", elem_id="evaluation-begin", min_width=90),
                value="evaluation_start",
            )
            self.stop = interface.show(
                gr.Button(
                    text("evaluation_stop"), variant="stop", visible=False, elem_id="evaluation-stop", min_width=90
                ),
                value="evaluation_stop",
            )

    def _build_comparing(self) -> None:
        interface, text = self.context.interface, self.context.interface.text
        folded = interface.show(
            gr.Accordion(text("evaluation_comparing"), open=False, visible=False, elem_id="evaluation-comparing"),
            label="evaluation_comparing",
        )
        self.comparing = folded
        with folded, gr.Row(elem_id="evaluation-compare"):
            self.sides = [
                interface.show(
                    gr.Dropdown([], value=None, label=text(f"evaluation_{side}"), min_width=200),
                    label=f"evaluation_{side}",
                )
                for side in ("first", "second")
            ]
            self.compare = interface.show(
                gr.Button(text("evaluation_compare"), min_width=90), value="evaluation_compare"
            )

    def _connect(self, tab: gr.Tab) -> None:
        context = self.context
        browser, preferences = context.browser, context.preferences
        following: dict[str, Any] = {**FOR_THE_PAGE, "concurrency_limit": None}
        shown = [self.progress, self.runs, self.begin, self.stop, self.comparing, *self.sides]
        for event in (tab.select, context.arrived.then, context.switched.then):
            event(self.follow, browser, shown, **following)
        started = self.begin.click(
            self.start, [self.model, self.split, self.limit, preferences, browser], self.message, **FOR_THE_PAGE
        )
        started.then(self.follow, browser, shown, **following)
        self.stop.click(self.stop_run, browser, self.message, queue=False, **FOR_THE_PAGE)
        resumed = self.runs.click(
            self.act_on_run, [preferences, browser], [self.message, self.report, self.page], **FOR_THE_PAGE
        )
        resumed.then(None, None, None, js=_TO_THE_REPORT)
        resumed.then(self.follow, browser, shown, **following)
        compared = self.compare.click(
            self.compare_runs, [*self.sides, browser], [self.message, self.report, self.page], **FOR_THE_PAGE
        )
        compared.then(None, None, None, js=_TO_THE_REPORT)
        assert context.question is not None, "the chat tab is built first"
        outputs = [self.message, self.report, self.page, context.question, context.tabs]
        acted = self.report.click(self.act_on_report, browser, outputs, **FOR_THE_PAGE)
        acted.then(None, None, None, js=_TO_THE_QUESTION)

    # -- the run under way --------------------------------------------------------------------------------------------

    def start(
        self,
        model: str,
        split: str,
        limit: float | None,
        preferences: Preferences,
        browser: dict[str, str],
        request: gr.Request,
    ) -> Html | str:
        """Starts a run; says why where it cannot."""
        visitor = Visitor.of(browser, request)
        chosen = preferences.language_model if model == AS_SET else model
        try:
            if model not in LANGUAGE_MODELS:
                raise UsageError(zh="没有这个选项。", en="There is no such choice.")
            self.evaluations.start(chosen, split, int(limit) if limit else None, visitor.owner)
        except YoujuError as error:
            return _problem(error, visitor.language)
        return ""

    def stop_run(self, browser: dict[str, str], request: gr.Request) -> Html | str:
        """Stops the run under way; where people log in, only who started it may."""
        visitor, run = Visitor.of(browser, request), self.evaluations.progress
        if run and run.owner.startswith("user:") and run.owner != visitor.owner:
            other = UsageError(
                zh="这次评测是别人开始的，只有他能停。", en="Somebody else started this run; only they can stop it."
            )
            return _problem(other, visitor.language)
        self.evaluations.stop()
        return ""

    async def follow(self, browser: dict[str, str], request: gr.Request) -> AsyncIterator[Shown]:
        """Shows the list of runs, and the run under way until it is over."""
        language = Visitor.of(browser, request).language
        listed = await asyncio.to_thread(self.evaluations.listed)
        run = self.evaluations.progress
        yield self._shown(listed, run, language)
        while run and not run.over:
            await asyncio.sleep(SECONDS_BETWEEN_UPDATES)
            now = self.evaluations.progress
            if now is not run and now is not None:
                run = now
                yield {self.progress: view.progress(run, language)}
        if run:
            listed = await asyncio.to_thread(self.evaluations.listed)
            yield self._shown(listed, run, language)

    def _shown(self, listed: list[Listed], run: Progress | None, language: Language) -> Shown:
        busy = run is not None and not run.over
        readable = [each for each in listed if each.answered and not each.problem[0]]
        choices = [(view.title_of(each, language), each.name) for each in readable]
        return {
            self.progress: view.progress(run, language) if run else "",
            self.runs: view.runs(listed, run, language),
            self.begin: gr.update(visible=not busy),
            self.stop: gr.update(visible=busy),
            self.comparing: gr.update(visible=len(choices) > 1),
            **{side: gr.update(choices=choices) for side in self.sides},
        }

    # -- reports ------------------------------------------------------------------------------------------------------

    def act_on_run(
        self, preferences: Preferences, browser: dict[str, str], event: gr.EventData, request: gr.Request
    ) -> Shown:
        """What a button in the list does: opens the report of a run, or goes on with it."""
        visitor = Visitor.of(browser, request)
        data: dict[str, str] = event._data or {}
        action, name = data.get("action", ""), str(data.get("run", ""))
        try:
            if action == "resume":
                self.evaluations.resume(name, preferences.language_model, visitor.owner)
                return {self.message: ""}
            if action == "open":
                made, run = self.evaluations.report(name), self.evaluations.run(name)
                shown = view.report(name, made, run.rows, visitor.language)
                return {self.message: "", self.report: shown, self.page: ""}
        except YoujuError as error:
            return {self.message: _problem(error, visitor.language)}
        return {self.message: ""}

    def compare_runs(
        self, first: str | None, second: str | None, browser: dict[str, str], request: gr.Request
    ) -> Shown:
        """Compares the runs chosen."""
        language = Visitor.of(browser, request).language
        try:
            if not first or not second or first == second:
                raise UsageError(zh="请选两次不同的评测。", en="Choose two different runs.")
            one, other = self.evaluations.run(first), self.evaluations.run(second)
            shown = view.comparison(compare(one.rows, other.rows), one, other, language)
        except YoujuError as error:
            return {self.message: _problem(error, language)}
        return {self.message: "", self.report: shown, self.page: ""}

    def act_on_report(self, browser: dict[str, str], event: gr.EventData, request: gr.Request) -> Shown:
        """What a button in a report does: takes a question to the chat, shows the whole report, or closes it."""
        language = Visitor.of(browser, request).language
        data: dict[str, str] = event._data or {}
        action = data.get("action", "")
        if action == "ask":
            question = str(data.get("question", ""))
            return {self.context.question: question, self.context.tabs: gr.Tabs(selected="chat")}
        if action == "close":
            return {self.message: "", self.report: "", self.page: ""}
        if action == "whole":
            try:
                page = self.evaluations.page(str(data.get("run", "")))
            except YoujuError as error:
                return {self.message: _problem(error, language)}
            return {self.page: view.whole_page(page, language)}
        return {self.message: ""}


def _problem(error: YoujuError, language: Language) -> Html:
    return view.problem(error.zh if language == "zh" else error.en)
