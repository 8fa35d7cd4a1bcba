"""The sources tab: the documents that are there, what is added, edited and removed, and each to read in full."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, cast

import gradio as gr

from rag.errors import UsageError, YoujuError
from rag.index.rows import Entry
from rag.index.synchronization import FileState
from rag.questions.inputs import parsed_day
from rag.text.documents import Document
from ui.beginning import TEXTS as BEGINNING
from ui.beginning import Beginning
from ui.chat import FOR_THE_PAGE, SCRIPT
from ui.context import Context, Visitor
from ui.file_states import FileStates, mark, summary
from ui.html import Html, element, join
from ui.page_view import opening, pages, requested
from ui.paths import shown_path
from ui.reading import find, holding, part_buttons, part_of, parts
from ui.texts import TEXTS as SHARED
from ui.texts import Language, shown_day
from ui.uploads import Limits, Upload, take_in

TEXTS: dict[str, tuple[str, str]] = BEGINNING | {
    "tab_sources": ("资料", "Sources"),
    "sources_drop": ("把文件或文件夹拖到这里，或点击选择文件", "Drop files or a folder here, or click to choose files"),
    "sources_folder": ("选择文件夹", "Choose a folder"),
    "sources_accepted": (
        "可加入文本、Markdown、网页、PDF、Word、Excel、CSV、PowerPoint、EPUB、邮件、图片和装有它们的 .zip，装有 LibreOffice 时还有"
        "旧式 Office、WPS、RTF 和 OpenDocument；每份不超过 {size} MB，一次不超过 {n} 份。",
        "Text, Markdown, web pages, PDF, Word, Excel, CSV, PowerPoint, EPUB, mail, images and .zip archives of these; with "
        "LibreOffice also old Office, WPS, RTF and OpenDocument; up to {size} MB each, {n} files at once.",
    ),
    "sources_search": ("按标题、来源、说话人查找", "Find by title, source or speaker"),
    "sources_list": ("文档列表", "List of documents"),
    "sources_count": ("{n} 份文档，{characters} 字", "{n} documents, {characters} characters"),
    "sources_count_found": ("{found} / {n} 份文档", "{found} of {n} documents"),
    "sources_more": ("另有 {n} 份，请缩小查找范围。", "{n} more; narrow the search."),
    "sources_none": ("还没有文档，先在上面加入几份。", "There are no documents yet; add some above."),
    "sources_none_found": ("没有符合的文档。", "No document fits."),
    "sources_title": ("标题", "Title"),
    "sources_date": ("日期", "Date"),
    "sources_source": ("来源", "Source"),
    "sources_length": ("字数", "Characters"),
    "sources_near": ("与此几乎相同：", "Nearly the same: "),
    "sources_shortened": (
        "数据太多：只有前面的能按日期和数值查询，全文仍可检索和引用",
        "very many figures: only the first ones are looked up by date and value; all of its text can be cited",
    ),
    "sources_guessed": ("日期 {day} 是据文件名推测的", "the date {day} is guessed from the file's name"),
    "sources_left_out": ("没有收入正文的：", "Not in its text: "),
    "sources_progress": ("加入文档的进度", "Progress of adding"),
    "sources_page": ("识别第 {page}/{pages} 页", "recognising page {page}/{pages}"),
    "sources_stop": ("停止", "Stop"),
    "sources_adding": ("正在加入第 {n} 份，共 {total} 份", "Adding {n} of {total}"),
    "sources_finished": (
        "加入 {added} 份，未变 {unchanged} 份，拒收 {refused} 份",
        "{added} added, {unchanged} unchanged, {refused} refused",
    ),
    "sources_not_added": ("；停止后未加入 {n} 份", "; {n} not added after the stop"),
    "sources_waiting": ("等待", "waiting"),
    "sources_reading": ("处理中", "being read"),
    "sources_added": ("已加入", "added"),
    "sources_unchanged": ("已在库中", "already there"),
    "sources_refused": ("拒收", "refused"),
    "sources_stopped": ("未加入", "not added"),
    "sources_close": ("回到列表", "Back to the list"),
    "sources_short": ("提要", "In short"),
    "sources_settle": ("日期无误", "The date is right"),
    "sources_edit": ("修改", "Edit"),
    "sources_remove": ("移除", "Remove"),
    "sources_asks": (
        "把《{title}》移出索引？原文也一并删除，以后的回答不再引用它。",
        "Remove “{title}” from the index? Its text goes too, and no later answer will cite it.",
    ),
    "sources_confirm": ("确认移除", "Remove it"),
    "sources_removed": ("已移除《{title}》。", "“{title}” was removed."),
    "sources_day": ("日期（不详可留空）", "Date (empty if unknown)"),
    "sources_speakers": ("说话人（用顿号分开）", "Speakers (separated by commas)"),
    "sources_needs_title": ("标题不能为空。", "The title must not be empty."),
    "sources_find": ("在这份文档里查找", "Find in this document"),
    "sources_previous": ("上一处", "Previous"),
    "sources_next": ("下一处", "Next"),
    "sources_finds": ("{n} 处", "{n} found"),
    "sources_nothing": ("没有找到", "Not found"),
    "sources_text": ("回到全文", "Back to the text"),
    "sources_part": ("第 {n} 部分", "Part {n}"),
    "sources_gone": ("这份文档已不在索引中。", "This document is no longer in the index."),
}

MOST_LISTED = 300
SECONDS_BETWEEN_SUMMARIES = 1.0
_DROP = Path(__file__).with_name("drop.js").read_text("utf-8")
_STEP = """() => setTimeout(() => {
  const marks = [...document.querySelectorAll('#document-text mark[id]')];
  if (!marks.length) return;
  const at = marks.findIndex((mark) => '#' + mark.id === location.hash);
  const to = marks[(at + STEP + marks.length) % marks.length];
  if ('#' + to.id === location.hash) to.scrollIntoView();
  else location.hash = to.id;
}, 60)"""
_NEXT, _PREVIOUS = _STEP.replace("STEP", "1"), _STEP.replace("at + STEP", "Math.max(at, 0) - 1")
_TO_TOP = """() => setTimeout(() => {
  if (!document.querySelector('#document-text .pages')) document.getElementById('document')?.scrollTo(0, 0);
}, 60)"""

Shown = dict[Any, Any]


def build(context: Context) -> None:
    """Builds the tab inside the page's ``gr.Tabs``."""
    interface = context.interface
    with interface.show(gr.Tab(interface.text("tab_sources"), id="sources"), label="tab_sources") as tab:
        Sources(context, tab)


def say(key: str, language: Language, **values: object) -> str:
    """A text of this tab, its places filled in."""
    return (SHARED | TEXTS)[key][0 if language == "zh" else 1].format(**values)


class Sources:
    """The components of the tab and what happens between them."""

    def __init__(self, context: Context, tab: gr.Tab) -> None:
        self.context = context
        self.limits = Limits.from_environment()
        self.files_seen = FileStates(context.assistant)
        self.summarised = 0
        self.adding: dict[str, set[threading.Event]] = {}  # what stops the uploads under way, by whose they are
        self.opened, self.found, self.marks, self.shorts = gr.State(""), gr.State(""), gr.State(""), gr.State(0)
        with gr.Row(elem_id="sources"):
            with gr.Column(elem_id="library", min_width=0):
                self._build_library()
            with gr.Column(elem_id="document", min_width=0, visible=False) as self.panel:
                self._build_document()
        self.beginning = Beginning(context, self._accepted, problem)
        self._connect(tab)

    # -- components ---------------------------------------------------------------------------------------------------

    def _build_library(self) -> None:
        interface, text = self.context.interface, self.context.interface.text
        with gr.Column(elem_id="adding", min_width=0):
            self.files = interface.show(
                gr.File(
                    label=text("sources_drop"),
                    file_count="multiple",
                    elem_id="upload",
                    elem_classes="drop-zone",
                    height=96,
                ),
                label="sources_drop",
            )
            with gr.Row(elem_id="adding-more"):
                self.accepted = gr.HTML(elem_id="accepted", apply_default_css=False, js_on_load=_DROP)
                self.folder = interface.show(
                    gr.UploadButton(
                        cast("str", text("sources_folder")),
                        file_count="directory",
                        size="sm",
                        elem_id="upload-folder",
                        scale=0,
                    ),
                    label="sources_folder",
                )
            self.progress = _html("upload-progress")
        self.search = interface.show(
            gr.Textbox(
                label=text("sources_search"),
                placeholder=text("sources_search"),
                show_label=False,
                container=False,
                max_lines=1,
                max_length=200,
                elem_id="search-documents",
            ),
            label="sources_search",
            placeholder="sources_search",
        )
        self.list = _html("documents")

    def _build_document(self) -> None:
        interface, text = self.context.interface, self.context.interface.text
        self.header = _html("document-header")
        with gr.Column(visible=False, elem_id="editing", min_width=0) as self.editing:
            self.title = interface.show(
                gr.Textbox(label=text("sources_title"), max_length=200, max_lines=1), label="sources_title"
            )
            with gr.Row():
                self.date = interface.show(
                    gr.Textbox(label=text("sources_day"), placeholder="2023-04-21", max_length=10, max_lines=1),
                    label="sources_day",
                )
                self.source = interface.show(
                    gr.Textbox(label=text("sources_source"), max_length=200, max_lines=1), label="sources_source"
                )
            self.speakers = interface.show(
                gr.Textbox(label=text("sources_speakers"), max_length=500, max_lines=1), label="sources_speakers"
            )
            self.problem = _html("editing-problem")
            with gr.Row():
                self.save = interface.show(gr.Button(text("save"), size="sm", variant="primary"), value="save")
                self.keep = interface.show(gr.Button(text("cancel"), size="sm"), value="cancel")
        with gr.Column(visible=False, elem_id="removing", min_width=0) as self.removing:
            self.asks = _html("removing-asks")
            with gr.Row():
                self.confirm = interface.show(
                    gr.Button(text("sources_confirm"), size="sm", variant="stop"), value="sources_confirm"
                )
                self.keep_it = interface.show(gr.Button(text("cancel"), size="sm"), value="cancel")
        with gr.Row(elem_id="finder"):
            self.query = interface.show(
                gr.Textbox(
                    label=text("sources_find"),
                    placeholder=text("sources_find"),
                    show_label=False,
                    container=False,
                    max_lines=1,
                    max_length=100,
                    elem_id="find-in-document",
                    min_width=120,
                ),
                label="sources_find",
                placeholder="sources_find",
            )
            self.counted = _html("found-in-document")
            self.previous = interface.show(
                gr.Button(text("sources_previous"), size="sm", scale=0, min_width=64), value="sources_previous"
            )
            self.next = interface.show(
                gr.Button(text("sources_next"), size="sm", scale=0, min_width=64), value="sources_next"
            )
        self.text = _html("document-text")

    # -- events -------------------------------------------------------------------------------------------------------

    def _connect(self, tab: gr.Tab) -> None:
        context, browser = self.context, self.context.browser
        listed = [browser, self.search, self.opened]
        document = [self.opened, self.found, self.panel, self.header, self.editing, self.removing, self.query]
        document += [self.counted, self.text, self.list, self.asks, self.title, self.date, self.source]
        document += [self.speakers, self.problem, context.documents]
        known = [browser, self.search, self.opened, context.documents]
        hidden: dict[str, Any] = dict(FOR_THE_PAGE)
        events = (context.arrived.then, context.switched.then, tab.select, context.documents.change)
        for event in (*events, self.marks.change, self.shorts.change):
            event(self.show_list, listed, [self.list, self.accepted], **hidden)
        tab.select(self.files_seen.look, None, self.marks, concurrency_limit=1, concurrency_id="files", **hidden)
        for event in (tab.select, context.documents.change):
            event(self.summarise, None, self.shorts, concurrency_limit=1, concurrency_id="summaries", **hidden)
        context.switched.then(self.show_again, known, document, **hidden)
        self.search.change(self.show_list, listed, [self.list, self.accepted], trigger_mode="always_last", **hidden)
        first = self.beginning
        for taken, shown in ((self.files, self.progress), (self.folder, self.progress), (first.files, first.progress)):
            taken.upload(
                self._uploader(shown),
                [taken, browser, context.documents],
                [self.progress, self.files, first.progress, first.files, context.documents],
                concurrency_limit=2,
                concurrency_id="uploads",
                **hidden,
            )
        for component in (self.list, self.header, self.progress, first.progress):
            component.click(self.act, known, document, **hidden).then(None, None, None, js=_TO_TOP)
        changes = [self.title, self.date, self.source, self.speakers]
        self.save.click(self.edit, [*known, *changes], document, **hidden)
        self.keep.click(lambda: gr.update(visible=False), None, self.editing, **hidden)
        self.keep_it.click(lambda: gr.update(visible=False), None, self.removing, **hidden)
        self.confirm.click(self.remove, known, document, **hidden)
        searched = [self.found, self.counted, self.text]
        for event, step in ((self.query.submit, _NEXT), (self.next.click, _NEXT), (self.previous.click, _PREVIOUS)):
            event(self.find, [browser, self.opened, self.query, self.found], searched, **hidden).then(
                None, None, None, js=step
            )
        self.text.click(self.turn, [browser, self.opened, self.found], self.text, **hidden).then(
            None, None, None, js=_TO_TOP
        )

    # -- the list -----------------------------------------------------------------------------------------------------

    def show_list(self, browser: dict[str, str], query: str, opened: str, request: gr.Request) -> tuple[Html, Html]:
        """The documents that fit the search, and what may be added."""
        language = Visitor.of(browser, request).language
        return self._list(query, opened, language), self._accepted(language)

    def _list(self, query: str, opened: str, language: Language) -> Html:
        assistant = self.context.assistant
        folders = assistant.store.folders()
        short = {key: made.short or "" for key, made in assistant.introductions().items()}
        return listing(assistant.documents(), language, query or "", opened, folders, self.files_seen.amiss, short)

    def summarise(self) -> Iterator[int]:
        """Makes the summaries that the list lacks; gives how many were made so far whenever it is time to show them."""
        assistant = self.context.assistant
        known, shown = assistant.introductions(), time.monotonic()
        for entry in _in_order(assistant.documents())[:MOST_LISTED]:
            if entry.id in known and known[entry.id].short is not None:
                continue
            with suppress(YoujuError):  # one that is gone by now, or cannot be read, which opening it tells
                assistant.in_short(entry.id)
                self.summarised += 1
            if time.monotonic() - shown > SECONDS_BETWEEN_SUMMARIES:
                shown = time.monotonic()
                yield self.summarised
        yield self.summarised

    def _accepted(self, language: Language) -> Html:
        said = say("sources_accepted", language, size=self._limits().file_bytes // 1_000_000, n=self.limits.files)
        return element("p", said)

    def _limits(self) -> Limits:
        """The limits; the server's own on the size of a request may be lower."""
        served = getattr(self.context.page, "max_file_size", None)
        return Limits(self.limits.files, min(self.limits.file_bytes, served or self.limits.file_bytes))

    # -- adding -------------------------------------------------------------------------------------------------------

    def _uploader(self, shown: gr.HTML) -> Callable[..., Iterator[Shown]]:
        """What takes files in and tells there how far each is."""

        def upload(
            paths: Sequence[str] | None, browser: dict[str, str], changes: int, request: gr.Request
        ) -> Iterator[Shown]:
            visitor = Visitor.of(browser, request)
            language, stopped = visitor.language, threading.Event()
            uploads: tuple[Upload, ...] = ()
            given = [str(path) for path in paths or ()]
            self.adding.setdefault(visitor.owner, set()).add(stopped)
            taken: Shown = {self.files: None, self.beginning.files: None}
            try:
                with closing(take_in(self.context.assistant, given, self._limits(), stopped)) as states:
                    for uploads in states:
                        yield {shown: progress(uploads, language)}
            except UsageError as error:
                yield {**taken, shown: problem(error, language)}
                return
            finally:
                self.adding[visitor.owner].discard(stopped)
            added = any(upload.state == "added" for upload in uploads)
            yield {**taken, self.context.documents: changes + 1 if added else gr.skip()}

        return upload

    # -- one document -------------------------------------------------------------------------------------------------

    def act(
        self, browser: dict[str, str], search: str, opened: str, changes: int, event: gr.EventData, request: gr.Request
    ) -> Shown:
        """What a button of the list or of the open document does."""
        visitor = Visitor.of(browser, request)
        language = visitor.language
        data: dict[str, str] = event._data or {}
        action = data.get("action", "")
        if action == "open":
            return self._opened(str(data.get("document", "")), search, language)
        if action == "close":
            return self._closed(search, language)
        if action == "stop":
            for stopped in tuple(self.adding.get(visitor.owner, ())):
                stopped.set()
            return {}
        document = self._document(opened)
        if document is None:
            return self._closed(search, language)
        if action == "page":
            return {self.text: self._page(document, data, visitor)}
        if action == "settle":
            try:
                self.context.assistant.edit(opened, date=document.date)
            except YoujuError as error:
                return {self.editing: gr.update(visible=True), self.problem: problem(error, language)}
            return {**self._opened(opened, search, language), self.context.documents: changes + 1}
        if action == "edit":
            return {
                self.editing: gr.update(visible=True),
                self.removing: gr.update(visible=False),
                self.title: document.title,
                self.date: str(document.date or ""),
                self.source: document.source,
                self.speakers: "、".join(document.speakers),
                self.problem: "",
            }
        if action == "remove":
            asks = element("p", say("sources_asks", language, title=document.title))
            return {
                self.removing: gr.update(visible=True),
                self.editing: gr.update(visible=False),
                self.asks: asks,
            }
        return {self.opened: gr.skip()}

    def show_again(self, browser: dict[str, str], search: str, opened: str, changes: int, request: gr.Request) -> Shown:
        """The open document in another language."""
        if not opened:
            return {self.opened: gr.skip()}
        return self._opened(opened, search, Visitor.of(browser, request).language)

    def edit(
        self,
        browser: dict[str, str],
        search: str,
        opened: str,
        changes: int,
        title: str,
        date: str,
        source: str,
        speakers: str,
        request: gr.Request,
    ) -> Shown:
        """Changes what is known about the open document."""
        language = Visitor.of(browser, request).language
        try:
            if not title.strip():
                raise UsageError(*TEXTS["sources_needs_title"])
            day, document = parsed_day(date.strip() or None, "date"), self._document(opened)
            is_still_guessed = document is not None and document.date_is_guessed and document.date == day
            self.context.assistant.edit(
                opened,
                **({} if is_still_guessed else {"date": day}),
                title=title.strip(),
                source=source.strip(),
                speakers=[
                    name.strip() for name in speakers.replace("，", "、").replace(",", "、").split("、") if name.strip()
                ],
            )
        except YoujuError as error:
            return {self.problem: problem(error, language)}
        return {**self._opened(opened, search, language), self.context.documents: changes + 1}

    def remove(self, browser: dict[str, str], search: str, opened: str, changes: int, request: gr.Request) -> Shown:
        """Removes the open document, which the reader has confirmed."""
        language = Visitor.of(browser, request).language
        document = self._document(opened)
        try:
            self.context.assistant.remove(opened)
        except YoujuError as error:
            if document is not None:
                return {self.asks: problem(error, language)}
        if document is not None:
            gr.Info(join([say("sources_removed", language, title=document.title)]), duration=3)
        return {**self._closed(search, language), self.context.documents: changes + 1}

    def find(
        self, browser: dict[str, str], opened: str, query: str, found: str, request: gr.Request
    ) -> tuple[Any, Any, Any]:
        """Marks where the open document reads like the query; nothing changes while the query stays the same."""
        language = Visitor.of(browser, request).language
        document = self._document(opened)
        if document is None or query.strip() == found:
            return gr.skip(), gr.skip(), gr.skip()
        finds = find(document, query)
        said = say("sources_finds" if finds else "sources_nothing", language, n=len(finds)) if query.strip() else ""
        part = holding(parts(document), finds[0][0]) if finds else 0
        counted = element("p", said, role="status")
        return query.strip(), counted, reading(document, part, query.strip(), language)

    def turn(self, browser: dict[str, str], opened: str, found: str, event: gr.EventData, request: gr.Request) -> Any:
        """Turns to another part of a long document, or to a page of one that has pages and back."""
        data: dict[str, str] = event._data or {}
        visitor = Visitor.of(browser, request)
        document, action, part = self._document(opened), data.get("action"), str(data.get("part", ""))
        if document is not None and action == "page":
            return self._page(document, data, visitor)
        if document is None or action != "part" or not part.isdecimal():
            return gr.skip()
        return reading(document, int(part), found, visitor.language)

    def _page(self, document: Document, data: dict[str, str], visitor: Visitor) -> Any:
        """A page of the open document beside its text."""
        if not document.page_starts:
            return gr.skip()
        number, spans = requested(data, document)
        drawn = self.context.pictures.page_or_reason(document, number, spans, visitor.client)
        part = holding(parts(document), document.page_starts[number - 1])
        label = f"← {say('sources_text', visitor.language)}"
        back = element("button", label, type="button", data_action="part", data_part=str(part))
        return pages(document, number, spans, drawn, visitor.language, back)

    def _document(self, document_id: str) -> Document | None:
        try:
            return self.context.assistant.document(document_id)
        except UsageError:
            return None

    def _opened(self, document_id: str, search: str, language: Language) -> Shown:
        document = self._document(document_id)
        if document is None:
            return self._closed(search, language)
        entries = {entry.id: entry for entry in self.context.assistant.documents()}
        near = [entries[other] for other in self.context.assistant.store.links(document_id) if other in entries]
        return {
            self.opened: document_id,
            self.found: "",
            self.panel: gr.update(visible=True),
            self.header: header(
                document,
                near,
                language,
                self.files_seen.amiss.get(document_id),
                self.context.assistant.in_short(document_id),
            ),
            self.editing: gr.update(visible=False),
            self.removing: gr.update(visible=False),
            self.query: "",
            self.counted: "",
            self.text: reading(document, 0, "", language),
            self.list: self._list(search, document_id, language),
        }

    def _closed(self, search: str, language: Language) -> Shown:
        return {
            self.opened: "",
            self.panel: gr.update(visible=False),
            self.text: "",
            self.list: self._list(search, "", language),
        }


# -- views ------------------------------------------------------------------------------------------------------------


def listing(
    entries: Sequence[Entry],
    language: Language,
    query: str = "",
    opened: str = "",
    folders: Sequence[str] = (),
    amiss: Mapping[str, FileState] | None = None,
    short: Mapping[str, str] | None = None,
) -> Html:
    """The documents that fit a search, the latest first.

    Args:
        query: words, each of which is in the title, the source, the occasion, the file's path or a speaker's name.
        opened: id of the document that is being read.
        folders: those that were added, to which the path is relative.
        amiss: what became of files that are no longer as they were added, by the documents' ids.
        short: what documents say, in two sentences, by their ids.
    """
    known = {entry.id for entry in entries}
    amiss = {key: state for key, state in (amiss or {}).items() if key in known}
    if not entries:
        return element("p", say("sources_none", language), class_="empty")
    titles = {entry.id: entry.title for entry in entries}
    words = query.casefold().split()
    fitting = _in_order(entry for entry in entries if all(word in _searched(entry, folders) for word in words))
    if query.strip():
        said = say("sources_count_found", language, found=len(fitting), n=len(entries))
    else:
        characters = f"{sum(entry.characters for entry in entries):,}"
        said = say("sources_count", language, n=len(entries), characters=characters)
    parts = [element("p", said, class_="count", role="status"), summary(amiss, language)]
    if not fitting:
        return join([*parts, element("p", say("sources_none_found", language), class_="empty")])
    columns = ("title", "date", "source", "length")
    heads = [
        element(
            "th",
            say(f"sources_{column}", language),
            scope="col",
            aria_sort="descending" if column == "date" else None,
            class_=column,
        )
        for column in columns
    ]
    short = short or {}
    rows = [
        _row(entry, titles, language, opened, amiss.get(entry.id), short.get(entry.id, ""))
        for entry in fitting[:MOST_LISTED]
    ]
    parts.append(
        element(
            "table",
            element("thead", element("tr", *heads)),
            element("tbody", *rows),
            class_="documents",
            aria_label=say("sources_list", language),
        )
    )
    if len(fitting) > MOST_LISTED:
        parts.append(element("p", say("sources_more", language, n=len(fitting) - MOST_LISTED), class_="notice"))
    return join(parts)


def header(
    document: Document,
    near: Sequence[Entry],
    language: Language,
    state: FileState | None = None,
    short: str = "",
) -> Html:
    """What is known about a document, what it says in ``short``, and what can be done with it."""
    facts = [
        shown_day(document.date, document.date_is_guessed, language) or say("undated", language),
        document.source,
        "、".join(document.speakers),
        document.event,
        say("characters", language, n=f"{len(document.text):,}"),
        document.path.replace("\\", "/").rpartition("/")[2],
    ]
    parts = [
        element("button", f"← {say('sources_close', language)}", type="button", data_action="close", class_="close"),
        element("h2", document.title),
        element("p", *(element("span", fact) for fact in facts if fact), class_="facts"),
        mark(state, language, explained=True),
    ]
    if short:
        parts.append(
            element("p", element("span", say("sources_short", language), class_="label"), short, class_="short")
        )
    if document.unsure:
        parts.append(element("p", say("unsure_quote", language), class_="doubt"))
    if near:
        parts.append(_near([(entry.id, entry.title) for entry in near], language))
    buttons = [
        element("button", say(f"sources_{action}", language), type="button", data_action=action)
        for action in (*(["settle"] if document.date_is_guessed else []), "edit", "remove")
    ]
    if document.page_starts:
        buttons.insert(0, opening(document, 1, say("original_page", language)))
    return element("header", *parts, element("div", *buttons, class_="actions"), class_="about")


def reading(document: Document, part: int, query: str, language: Language) -> Html:
    """A part of a document, with what a search in all of it found marked."""
    spans, finds = parts(document), find(document, query)
    part = min(part, len(spans) - 1)
    buttons = part_buttons(spans, part, finds, say("sources_part", language, n="{n}"))
    numbers = _page_numbers(document, *spans[part], language)
    return join([buttons, part_of(document, spans[part], finds, query, language, numbers), buttons])


def _page_numbers(document: Document, start: int, end: int, language: Language) -> Iterator[tuple[int, Html]]:
    """The numbers of the pages in a part of a document, each a button that opens the page, and where it begins."""
    for number in range(document.page(start) or 1, (document.page(end - 1) or 0) + 1):
        button = opening(document, number, say("page", language, page=number), title=say("original_page", language))
        yield document.page_starts[number - 1], element("p", button, class_="page-break")


def progress(uploads: Sequence[Upload], language: Language) -> Html:
    """How far an upload is: a segment and a line for each file, with the reason where one was refused."""
    if not uploads:
        return Html("")
    states = ("added", "unchanged", "refused", "stopped")
    counts = {state: sum(upload.state == state for upload in uploads) for state in states}
    done, total = sum(counts.values()), len(uploads)
    if done < total:
        stop = element("button", say("sources_stop", language), type="button", data_action="stop")
        said = join([say("sources_adding", language, n=done + 1, total=total), stop], " ")
    else:
        not_added = say("sources_not_added", language, n=counts["stopped"]) if counts["stopped"] else ""
        said = join([say("sources_finished", language, **counts), not_added])
    bar = element(
        "div",
        *(element("span", class_=upload.state) for upload in uploads),
        class_="segments",
        role="progressbar",
        aria_label=say("sources_progress", language),
        aria_valuemin="0",
        aria_valuemax=str(total),
        aria_valuenow=str(done),
    )
    first_refused = sorted(uploads, key=lambda upload: upload.state != "refused") if done == total else uploads
    lines = [_line(upload, language) for upload in first_refused]
    return join([element("p", said, class_="state", role="status"), bar, element("ul", *lines, class_="uploads")])


def problem(error: YoujuError, language: Language) -> Html:
    """An error in the reader's language."""
    return element("p", error.zh if language == "zh" else error.en, class_="problem", role="alert")


def _line(upload: Upload, language: Language) -> Html:
    state = say(f"sources_{upload.state}", language)
    parts: list[Html] = [element("span", state, class_="what"), element("span", upload.name, class_="name")]
    if upload.pages:
        said = say("sources_page", language, page=upload.page, pages=upload.pages)
        parts.append(element("span", said, class_="why"))
    if upload.document_id:
        opens = element("button", upload.title, type="button", data_action="open", data_document=upload.document_id)
        parts.append(element("span", opens, class_="why"))
    if upload.near:
        said = say("sources_near", language) + "、".join(f"《{title}》" for title in upload.near)
        parts.append(element("span", said, class_="why"))
    if upload.shortened:
        parts.append(element("span", say("sources_shortened", language), class_="why"))
    if upload.guessed_date:
        parts.append(element("span", say("sources_guessed", language, day=upload.guessed_date), class_="why"))
    if upload.left_out:
        lines = (
            "；".join(zh for zh, _ in upload.left_out)
            if language == "zh"
            else "; ".join(en for _, en in upload.left_out)
        )
        parts.append(element("span", say("sources_left_out", language) + lines, class_="why"))
    if upload.error:
        reason = upload.error.zh if language == "zh" else upload.error.en
        parts.append(element("span", _without_name(reason, upload.name), class_="why"))
    return element("li", *parts, class_=upload.state)


def _without_name(reason: str, name: str) -> str:
    """A reason that begins by naming the file, which stands before it already."""
    before, named, rest = reason.partition(name)
    rest = rest.lstrip("：: ")
    return rest if named and rest and len(before) < 16 else reason


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    """The latest first."""
    return sorted(entries, key=lambda entry: (entry.date is not None, entry.date, entry.added), reverse=True)


def _row(
    entry: Entry, titles: dict[str, str], language: Language, opened: str, state: FileState | None, short: str
) -> Html:
    current = "true" if entry.id == opened else None
    title = element(
        "button", entry.title, type="button", data_action="open", data_document=entry.id, aria_current=current
    )
    near = [(other, titles[other]) for other in entry.near_duplicates if other in titles]
    cells = [
        element(
            "td",
            title,
            mark(state, language),
            *_short(short, language),
            _near(near, language) if near else Html(""),
            class_="title",
        ),
        element("td", *_day(entry, language), class_="date" if entry.date else "date unknown"),
        element("td", entry.source, class_="source-name"),
        element("td", f"{entry.characters:,}", class_="length"),
    ]
    return element("tr", *cells, class_="opened" if current else None)


def _short(short: str, language: Language) -> list[Html]:
    """What a document says, in two sentences: open where there is room, and folded where there is little."""
    if not short:
        return []
    folded = element("details", element("summary", say("sources_short", language)), short, class_="short")
    return [element("p", short, class_="short"), folded]


def _day(entry: Entry, language: Language) -> list[Html]:
    """The day of a document, on a line of its own that it is a guess."""
    parts = [element("span", str(entry.date or say("undated", language)))]
    if entry.date_is_guessed:
        parts.append(element("small", say("guessed", language), class_="guessed"))
    return parts


def _near(others: Sequence[tuple[str, str]], language: Language) -> Html:
    buttons = [
        element("button", title, type="button", data_action="open", data_document=identifier)
        for identifier, title in others
    ]
    return element("p", say("sources_near", language), join(buttons, "、"), class_="near-duplicates")


def _searched(entry: Entry, folders: Sequence[str]) -> str:
    path = shown_path(entry.path, folders)
    return "\n".join([entry.title, entry.source, entry.event, path, *entry.speakers, str(entry.date or "")]).casefold()


def _html(elem_id: str) -> gr.HTML:
    return gr.HTML(elem_id=elem_id, js_on_load=SCRIPT, apply_default_css=False)
