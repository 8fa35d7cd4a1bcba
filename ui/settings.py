"""The settings tab: what answers in this session, and how. The browser keeps what was chosen, but no key.

A language model that cannot run says how to get it, and until then answers quote the sources.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import Any, get_args

import gradio as gr

from rag.assistant import PASSAGES, Assistant
from rag.errors import UsageError, YoujuError
from rag.language_models import EXTRACTIVE, choose
from rag.settings import Caution
from ui.chat import FOR_THE_PAGE
from ui.context import Context, Preferences, Visitor
from ui.html import Html, element
from ui.texts import Language

AUTO, LOCAL, ENDPOINT = "auto", "local", "endpoint"
LANGUAGE_MODELS = (AUTO, LOCAL, EXTRACTIVE, ENDPOINT)
STRICTNESS = {"marked": False, "strict": True}
CAUTIONS = get_args(Caution)
FEWEST_PASSAGES, MOST_PASSAGES = 3, 30
TRIAL = "只回答一个字：好"
LONGEST_TRIAL = 12
"""Characters of the model's word that are waited for and shown."""

TEXTS: dict[str, tuple[str, str]] = {
    "tab_settings": ("设置", "Settings"),
    "settings_model": ("由谁作答", "What answers"),
    "settings_auto": (
        "自动：服务启动时所选的，否则用本机能用的",
        "Automatic: as the server was started, or the best this machine has",
    ),
    "settings_local": (
        "本机模型：不出本机，每答约半分钟",
        "Local model: nothing leaves this machine; about half a minute an answer",
    ),
    "settings_extractive": (
        "原文摘录：不用模型，一秒内摘出原句",
        "Quotation: no model, the original sentences within a second",
    ),
    "settings_endpoint": ("模型服务：任何 OpenAI 兼容的网址", "Endpoint: any URL that speaks OpenAI's interface"),
    "settings_url": ("网址", "URL"),
    "settings_name": ("模型名（空则取列出的第一个）", "Model (empty: the first that is listed)"),
    "settings_key": ("密钥（只留在内存里；空则沿用）", "Key (kept in memory only; empty keeps the one given)"),
    "settings_try": ("试一下", "Try it"),
    "settings_strictness": ("未获证实的句子", "Claims that are not borne out"),
    "settings_marked": ("标出来", "Mark them"),
    "settings_strict": ("不写进回答", "Leave them out"),
    "settings_caution": ("证据不足时", "When the evidence is thin"),
    "settings_caution_lenient": ("尽量作答", "Answer if at all possible"),
    "settings_caution_balanced": ("适中", "Balanced"),
    "settings_caution_strict": ("宁可不答", "Rather be silent"),
    "settings_passages": ("每问查多少段", "Passages looked at for each question"),
}
_SAID: dict[str, tuple[str, str]] = {
    "answers": ("现在由 {model} 作答", "Answers now come from {model}"),
    "quotes": ("现在由原文摘录作答", "Answers now quote the sources"),
    "until_then": ("在此之前由原文摘录作答。", "Until then answers quote the sources."),
    "name_it": ("填好网址，点“试一下”启用。", "Give the URL, then try it; that puts it to use."),
    "no_model": ("原文摘录不用模型，随时可用。", "Quotation takes no model and is always there."),
    "tried": ("答了“{word}”，用时 {seconds:.1f} 秒。", "It said “{word}” in {seconds:.1f} s."),
    "said_nothing": ("连上了，但没有说话。", "It was reached, but said nothing."),
    "trying": (
        "正在试……首次要装入模型，可能半分钟。",
        "Trying… the first time loads the model, which may take half a minute.",
    ),
    "ends": (
        "这里的设置记在这个浏览器里；密钥不记，重新载入后须重填再试。",
        "This browser remembers these settings, but no key: after loading the page again, give it again and try it.",
    ),
}

Shown = dict[Any, Any]
_KEPT = ("model", "url", "name", "strictness", "caution", "passages")
_KEEP = f"(...values) => Object.fromEntries({list(_KEPT)}.map((name, place) => [name, values[place]]))"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of choosing a language model.

    Attributes:
        setting: as ``Assistant.ask`` takes it; extractive where the one that was chosen cannot answer.
        name: of what answers, for people.
        problem: (Chinese, English): what is wrong with the one that was chosen, and how to get it.
    """

    setting: Any
    name: str
    problem: tuple[str, str] = ("", "")


def chosen(
    assistant: Assistant,
    model: str,
    url: str = "",
    name: str = "",
    key: str = "",
    before: Any = None,
    *,
    names_endpoints: bool = True,
) -> Outcome:
    """The language model for what was chosen.

    Args:
        assistant: whose own model ``auto`` means.
        model: one of :data:`LANGUAGE_MODELS`; anything else is taken for ``auto``.
        url, name, key: of an endpoint. Without a key that of ``before`` is used, if that is the same endpoint.
        before: the setting that holds now.
        names_endpoints: whether an endpoint may be named: this server sends requests there.
    """
    try:
        if model == ENDPOINT:
            if not names_endpoints:
                raise UsageError(
                    zh="这台服务器不让来访者填写网址；管理者可以用 --allow-endpoints 放开。",
                    en="Visitors of this server may not name endpoints; its operator can allow it with --allow-endpoints.",
                )
            if not url.strip():
                raise UsageError(zh="还没有填网址。", en="There is no URL yet.")
            from ui.endpoint import VisitorsEndpoint, connect

            if not key.strip() and isinstance(before, VisitorsEndpoint) and before.is_at(url):
                key = before.key
            made = connect(url, name, key)
            return Outcome(made, choose(made).name)
        setting = model if model in (LOCAL, EXTRACTIVE) else None
        choice = choose(assistant.language_model if setting is None else setting)
    except YoujuError as error:
        return _broken(error)
    return Outcome(setting, choice.name, choice.notice or ("", ""))


def tried(assistant: Assistant, setting: Any) -> tuple[str, float]:
    """Asks a language model for one word: what it said, and after how many seconds. Both empty for extractive.

    Raises:
        LanguageModelError: the model cannot be loaded or fails.
    """
    model = choose(assistant.language_model if setting is None else setting).chat_model
    if model is None:
        return "", 0.0
    began, word = perf_counter(), ""
    with closing(model.stream(TRIAL)) as pieces:  # type: ignore[type-var]  # a generator, though typed as an iterator
        for piece in pieces:
            word += piece.text
            if len(word) >= LONGEST_TRIAL:
                break
    return word.strip()[:LONGEST_TRIAL], perf_counter() - began


def options(strictness: str, caution: str, passages: float) -> dict[str, Any]:
    """Keywords for ``Assistant.stream``, each with a value that is possible."""
    return {
        "strict": STRICTNESS.get(strictness),
        "caution": caution if caution in CAUTIONS else None,
        "passages": max(FEWEST_PASSAGES, min(MOST_PASSAGES, int(passages or PASSAGES))),
    }


def status(outcome: Outcome, language: Language, said: str = "") -> Html:
    """What answers now, what is wrong with what was chosen, and what a trial brought."""
    zh = language == "zh"
    now = _say("quotes", language) if outcome.name == EXTRACTIVE else _say("answers", language, model=outcome.name)
    parts: list[str] = [element("p", element("strong", now), class_="now")]
    if problem := outcome.problem[0 if zh else 1]:
        parts.append(element("p", problem, class_="problem", role="alert"))
    if said:
        parts.append(element("p", said, class_="tried"))
    return element("section", *parts, class_="answers-now", aria_live="polite")


def build(context: Context) -> None:
    """Builds the tab inside the page's ``gr.Tabs``."""
    interface = context.interface
    with interface.show(gr.Tab(interface.text("tab_settings"), id="settings"), label="tab_settings"):
        SettingsTab(context)


class SettingsTab:
    """The components of the tab and what happens between them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        with gr.Column(elem_id="settings", min_width=0):
            self._build_model()
            self._build_options()
            self.ends = gr.HTML(elem_id="settings-ends", apply_default_css=False, js_on_load=None)
        self.kept = gr.BrowserState({}, storage_key="youju-settings", secret="youju")
        self._connect()

    def _build_model(self) -> None:
        interface, text = self.context.interface, self.context.interface.text
        self.model = interface.show(
            gr.Radio(
                interface.choices("settings_", self._language_models()),
                value=AUTO,
                label=text("settings_model"),
                elem_id="settings-model",
            ),
            label="settings_model",
            choices="settings_",
        )
        with gr.Column(visible=False, elem_id="settings-endpoint", min_width=0) as self.endpoint:
            self.url = interface.show(
                gr.Textbox(
                    label=text("settings_url"),
                    placeholder="http://127.0.0.1:8000/v1",
                    type="text",
                    max_lines=1,
                    max_length=500,
                    elem_id="settings-url",
                ),
                label="settings_url",
            )
            self.name = interface.show(
                gr.Textbox(label=text("settings_name"), max_lines=1, max_length=200), label="settings_name"
            )
            self.key = interface.show(
                gr.Textbox(
                    label=text("settings_key"),
                    type="password",
                    max_lines=1,
                    max_length=500,
                    elem_id="settings-key",
                ),
                label="settings_key",
            )
        self.status = gr.HTML(elem_id="settings-status", apply_default_css=False, js_on_load=None)
        self.trial = interface.show(
            gr.Button(text("settings_try"), elem_id="settings-try", size="sm", min_width=0), value="settings_try"
        )

    def _build_options(self) -> None:
        interface, text, assistant = self.context.interface, self.context.interface.text, self.context.assistant
        self.strictness = interface.show(
            gr.Radio(
                interface.choices("settings_", STRICTNESS),
                value="strict" if assistant.strict else "marked",
                label=text("settings_strictness"),
            ),
            label="settings_strictness",
            choices="settings_",
        )
        self.caution = interface.show(
            gr.Radio(
                interface.choices("settings_caution_", CAUTIONS),
                value=assistant.caution,
                label=text("settings_caution"),
            ),
            label="settings_caution",
            choices="settings_caution_",
        )
        self.passages = interface.show(
            gr.Slider(
                FEWEST_PASSAGES,
                MOST_PASSAGES,
                value=PASSAGES,
                step=1,
                label=text("settings_passages"),
                elem_id="settings-passages",
            ),
            label="settings_passages",
        )

    def _connect(self) -> None:
        context = self.context
        browser, preferences = context.browser, context.preferences
        own = [self.model, self.url, self.name, self.key, preferences, browser]
        shown = [self.endpoint, self.status, self.key, preferences]
        drawn = [self.status, self.ends]
        kept = [self.model, self.url, self.name, self.strictness, self.caution, self.passages]
        restored = context.arrived.then(self.restore, self.kept, [*kept, self.endpoint, preferences], **FOR_THE_PAGE)
        for event in (restored.then, context.switched.then):
            event(self.show, [self.model, preferences, browser], drawn, **FOR_THE_PAGE)
        choosing = [self.model.input, self.url.change, self.name.change]
        choosing += [self.strictness.input, self.caution.input, self.passages.release]
        gr.on(choosing, None, kept, self.kept, js=_KEEP)
        self.model.input(self.choose, own, shown, **FOR_THE_PAGE)
        gr.on(
            [self.trial.click, self.url.submit, self.name.submit, self.key.submit],
            self.try_it,
            own,
            shown,
            trigger_mode="once",
            **FOR_THE_PAGE,
        )
        answering = [self.strictness, self.caution, self.passages]
        for each in (self.strictness.input, self.caution.input, self.passages.release):
            each(self.set_options, [*answering, preferences], preferences, **FOR_THE_PAGE)

    def restore(self, kept: Any) -> tuple[Any, ...]:
        """What this browser kept, as far as it is possible here. No endpoint is asked for anything: its key was not kept."""
        given: dict[str, Any] = kept if isinstance(kept, dict) else {}
        model, strictness, caution = (str(given.get(name)) for name in ("model", "strictness", "caution"))
        model = model if model in self._language_models() else AUTO
        strictness = strictness if strictness in STRICTNESS else self.strictness.value
        caution = caution if caution in CAUTIONS else self.caution.value
        passages = given.get("passages")
        answering = options(strictness, caution, passages if isinstance(passages, int) else PASSAGES)
        setting = chosen(self.context.assistant, AUTO if model == ENDPOINT else model).setting
        fields = (
            model,
            str(given.get("url", "")),
            str(given.get("name", "")),
            strictness,
            caution,
            answering["passages"],
        )
        return (*fields, gr.update(visible=model == ENDPOINT), Preferences(setting, answering) if given else gr.skip())

    def show(
        self, model: str, preferences: Preferences, browser: dict[str, str], request: gr.Request
    ) -> tuple[Html, Html]:
        """What answers now, for a page that was loaded or switched its language."""
        language = Visitor.of(browser, request).language
        return status(self._standing(model, preferences), language), element("p", _say("ends", language))

    def choose(
        self,
        model: str,
        url: str,
        name: str,
        key: str,
        preferences: Preferences,
        browser: dict[str, str],
        request: gr.Request,
    ) -> Shown:
        """Takes another language model; an endpoint is taken once it was tried."""
        language = Visitor.of(browser, request).language
        shown: Shown = {self.endpoint: gr.update(visible=model == ENDPOINT)}
        if model == ENDPOINT:
            outcome = self._standing(AUTO, preferences)
            return {**shown, self.status: status(outcome, language, _say("name_it", language))}
        outcome = chosen(self.context.assistant, model)
        return {
            **shown,
            self.status: status(outcome, language),
            self.key: "",
            self.context.preferences: Preferences(outcome.setting, dict(preferences.options)),
        }

    def try_it(
        self,
        model: str,
        url: str,
        name: str,
        key: str,
        preferences: Preferences,
        browser: dict[str, str],
        request: gr.Request,
    ) -> Iterator[Shown]:
        """Takes the language model and asks it for one word; one that fails leaves the answers to quotation."""
        language = Visitor.of(browser, request).language
        yield {self.key: "", self.status: element("p", _say("trying", language), class_="progress", role="status")}
        outcome = chosen(
            self.context.assistant,
            model,
            url,
            name,
            key,
            preferences.language_model,
            names_endpoints=self.context.names_endpoints,
        )
        said = _say("no_model", language) if not outcome.problem[0] else ""
        try:
            word, seconds = tried(self.context.assistant, outcome.setting)
        except YoujuError as error:
            outcome = _broken(error)
            said = ""
        else:
            if outcome.name != EXTRACTIVE:
                said = _say("tried", language, word=word, seconds=seconds) if word else _say("said_nothing", language)
        yield {
            self.status: status(outcome, language, said),
            self.context.preferences: Preferences(outcome.setting, dict(preferences.options)),
        }

    def set_options(self, strictness: str, caution: str, passages: float, preferences: Preferences) -> Preferences:
        """Takes how answers are given."""
        return Preferences(preferences.language_model, options(strictness, caution, passages))

    def _language_models(self) -> tuple[str, ...]:
        return tuple(name for name in LANGUAGE_MODELS if name != ENDPOINT or self.context.names_endpoints)

    def _standing(self, model: str, preferences: Preferences) -> Outcome:
        """What holds now, without choosing anew."""
        setting = preferences.language_model
        if setting is None or isinstance(setting, str):
            return chosen(self.context.assistant, setting or AUTO)
        return Outcome(setting, choose(setting).name)


def _broken(error: YoujuError) -> Outcome:
    until_then = _SAID["until_then"]
    return Outcome(EXTRACTIVE, EXTRACTIVE, (f"{error.zh}{until_then[0]}", f"{error.en} {until_then[1]}"))


def _say(key: str, language: Language, **values: object) -> str:
    return _SAID[key][0 if language == "zh" else 1].format(**values)
