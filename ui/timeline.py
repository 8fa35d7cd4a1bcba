"""The timeline tab: how much something was at each date the documents give, as a table and a drawing, with sources."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import gradio as gr

from rag.answering.timeline import Point, Timeline
from rag.answers import Citation
from rag.errors import YoujuError
from rag.index.store import Filters, Store
from rag.text.documents import Document
from ui.chat import DOWNLOAD, FOR_THE_PAGE, SCRIPT
from ui.context import Context, Visitor
from ui.html import Html, element, join
from ui.logs import asked
from ui.series_view import bounded
from ui.source_view import Highlight, excerpt
from ui.texts import TEXTS as SHARED
from ui.texts import Language, shown_day

TEXTS: dict[str, tuple[str, str]] = {
    "tab_timeline": ("时间线", "Timeline"),
    "timeline_topic": ("指标或话题", "Figure or topic"),
    "timeline_placeholder": ("例如 5G基站", "Such as 5G基站"),
    "timeline_show": ("查看", "Show"),
    "timeline_suggested": ("资料中有多个日期的数字", "In the documents at several dates"),
    "timeline_intro": (
        "输入一个指标，列出资料中它在各个日期的数值，每个数都能点到原文。",
        "Name a figure: what the documents say it was at each date, every value a click away from its source.",
    ),
    "timeline_none": ("没有找到“{topic}”的数字。", "No figures for “{topic}” were found."),
    "timeline_count": ("“{topic}”：{n} 个数值，{documents} 份文档", "“{topic}”: {n} values in {documents} documents"),
    "timeline_more": ("只列出最近的 {n} 个；CSV 文件中有全部。", "The latest {n} are listed; the CSV file has all."),
    "timeline_csv": ("下载 CSV", "Download CSV"),
    "timeline_date": ("日期", "As of"),
    "timeline_value": ("数值", "Value"),
    "timeline_subject": ("指标", "Figure"),
    "timeline_status": ("性质", "Kind"),
    "timeline_speaker": ("说话人", "Speaker"),
    "timeline_source": ("出处", "Source"),
    "timeline_actual": ("实际", "actual"),
    "timeline_plan": ("计划", "plan"),
    "timeline_published": ("按发布日期", "date of publication"),
    "timeline_plot": ("变化图", "Plot"),
    "timeline_legend": ("实心为实际，空心为计划", "filled: actual; hollow: planned"),
    "timeline_pane": ("原文", "Sources"),
    "timeline_pane_empty": ("数值的原文会出现在这里。", "The sources of the values appear here."),
    "timeline_back": ("回到表格", "Back to the table"),
}

MOST_LISTED = 200
MOST_SUGGESTED = 8
_SUBJECTS_CONSIDERED = 500
_COLUMNS = ("date", "value", "subject", "status", "speaker", "source")


def build(context: Context) -> None:
    """Builds the tab inside the page's ``gr.Tabs``."""
    interface = context.interface
    with interface.show(gr.Tab(interface.text("tab_timeline"), id="timeline"), label="tab_timeline"):
        TimelineTab(context)


def say(key: str, language: Language, **values: object) -> str:
    """A text of this tab, its places filled in."""
    return (SHARED | TEXTS)[key][0 if language == "zh" else 1].format(**values)


class TimelineTab:
    """The components of the tab and what happens between them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        interface, text = context.interface, context.interface.text
        self.shown = gr.State("")
        with gr.Row(elem_id="timeline"):
            with gr.Column(elem_id="timeline-main", min_width=0):
                with gr.Row(elem_id="timeline-ask"):
                    self.topic = interface.show(
                        gr.Textbox(
                            label=text("timeline_topic"),
                            placeholder=text("timeline_placeholder"),
                            show_label=False,
                            container=False,
                            max_lines=1,
                            max_length=200,
                            elem_id="topic",
                            min_width=120,
                            scale=1,
                        ),
                        label="timeline_topic",
                        placeholder="timeline_placeholder",
                    )
                    self.show = interface.show(
                        gr.Button(text("timeline_show"), variant="primary", scale=0, min_width=72),
                        value="timeline_show",
                    )
                self.suggested = gr.HTML(elem_id="suggested", js_on_load=SCRIPT, apply_default_css=False)
                self.found = gr.HTML(elem_id="points", js_on_load=SCRIPT + DOWNLOAD, apply_default_css=False)
            with gr.Column(elem_id="timeline-evidence", min_width=0):
                self.pane = gr.HTML(elem_id="timeline-pane", js_on_load=SCRIPT, apply_default_css=False)
        view = [self.shown, self.found, self.pane]
        hidden: dict[str, Any] = dict(FOR_THE_PAGE)
        browser = context.browser
        for event in (context.arrived.then, context.documents.change):
            event(self.suggest, browser, self.suggested, **hidden)
        for event in (context.switched.then, context.documents.change):
            event(self.draw, [self.shown, browser], view, **hidden)
        context.arrived.then(self.draw, [self.shown, browser], view, **hidden)
        context.switched.then(self.suggest, browser, self.suggested, **hidden)
        gr.on([self.topic.submit, self.show.click], self.draw, [self.topic, browser], view, **hidden)
        self.suggested.click(self.choose, browser, [self.topic, *view], **hidden)

    def suggest(self, browser: dict[str, str], request: gr.Request) -> Html:
        """Buttons for what the documents give figures of at several dates."""
        language = Visitor.of(browser, request).language
        topics = suggestions(self.context.assistant.store)
        if not topics:
            return Html("")
        buttons = [
            element("li", element("button", topic, type="button", data_action="topic", data_topic=topic))
            for topic in topics
        ]
        label = say("timeline_suggested", language)
        return join([element("p", label), element("ul", *buttons, aria_label=label)])

    def choose(self, browser: dict[str, str], event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Shows a suggested topic."""
        topic = str((event._data or {}).get("topic", ""))
        return topic, *self.draw(topic, browser, request)

    def draw(self, topic: str, browser: dict[str, str], request: gr.Request) -> tuple[str, Html, Html]:
        """The table and drawing of a topic, and its sources."""
        language = Visitor.of(browser, request).language
        if not topic.strip():
            intro = element("p", say("timeline_intro", language), class_="intro")
            return "", intro, element("p", say("timeline_pane_empty", language), class_="empty")
        asked(Visitor.of(browser, request).client, topic.strip())
        try:
            timeline = self.context.assistant.timeline(topic.strip())
        except YoujuError as error:
            said = element("p", error.zh if language == "zh" else error.en, class_="problem", role="alert")
            return topic, said, Html("")
        return topic, found(timeline, language), sources(timeline, language)


def suggestions(store: Store) -> list[str]:
    """What the documents give figures of at more than one date, the most often dated first."""
    subjects = store.subjects(Filters())[:_SUBJECTS_CONSIDERED]
    dates: dict[str, set[date]] = {}
    for _, fact in store.facts(subjects, Filters()):
        dates.setdefault(fact.subject, set()).add(fact.period.last)
    several = sorted((subject for subject in dates if len(dates[subject]) > 1), key=lambda each: -len(dates[each]))
    return several[:MOST_SUGGESTED]


# -- views ------------------------------------------------------------------------------------------------------------


def found(timeline: Timeline, language: Language) -> Html:
    """The drawing of a timeline and its values as a table, the latest first, each with a link to its source."""
    points = timeline.points
    if not points:
        return element("p", say("timeline_none", language, topic=timeline.topic), class_="empty", role="status")
    documents = len({point.citation.document.id for point in points})
    said = say("timeline_count", language, topic=timeline.topic, n=len(points), documents=documents)
    download = element(
        "button",
        say("timeline_csv", language),
        type="button",
        data_file=f"{timeline.topic}.csv",
        data_type="text/csv",
        data_content=timeline.to_csv(),
        class_="download",
    )
    parts = [element("div", element("p", said, role="status"), download, class_="summary")]
    drawing = drawn(timeline)
    if drawing:
        legend = element("p", say("timeline_legend", language), class_="legend")
        label = say("timeline_plot", language)
        parts.append(element("section", drawing, legend, class_="plot", aria_label=label, tabindex="0"))
    numbers = numbered(points)
    heads = [element("th", say(f"timeline_{column}", language), scope="col", class_=column) for column in _COLUMNS]
    rows: list[Html] = []
    highest = 0
    for point in points[:MOST_LISTED]:
        number = numbers[_place(point.citation)]
        rows.append(_row(point, number, number > highest, language))
        highest = max(highest, number)
    caption = say("timeline_count", language, topic=timeline.topic, n=len(points), documents=documents)
    parts.append(
        element(
            "table",
            element("thead", element("tr", *heads)),
            element("tbody", *rows),
            class_="points",
            id="timeline-table",
            tabindex="-1",
            aria_label=caption,
        )
    )
    if len(points) > MOST_LISTED:
        parts.append(element("p", say("timeline_more", language, n=MOST_LISTED), class_="notice"))
    return join(parts)


def drawn(timeline: Timeline) -> Html:
    """A drawing of what has values at several dates; nothing where there is none. Its text comes escaped."""
    several = [point for points in timeline.series().values() if _dates(points) > 1 for point in points]
    return Html(Timeline(timeline.topic, tuple(several)).to_svg()) if several else Html("")


def sources(timeline: Timeline, language: Language) -> Html:
    """The documents that the values stand in, with the sentences marked: the places that the table's links lead to."""
    points = timeline.points[:MOST_LISTED]
    numbers = numbered(points)
    marks: dict[str, tuple[Document, dict[int, Highlight]]] = {}
    for point in points:
        citation = point.citation
        number = numbers[_place(citation)]
        mark = Highlight(
            citation.start,
            citation.end,
            f"point-{number}",
            str(number),
            f"value-{number}",
            say("timeline_back", language),
        )
        marks.setdefault(citation.document.id, (citation.document, {}))[1].setdefault(number, mark)
    cards = [_card(document, list(numbered.values()), language) for document, numbered in marks.values()]
    if not cards:
        return element("p", say("timeline_pane_empty", language), class_="empty")
    return element("section", element("h2", say("timeline_pane", language)), *cards, class_="values")


def numbered(points: Iterable[Point]) -> Mapping[tuple[str, int, int], int]:
    """The number, from 1, of each sentence that values stand in."""
    numbers: dict[tuple[str, int, int], int] = {}
    for point in points:
        numbers.setdefault(_place(point.citation), len(numbers) + 1)
    return numbers


def _place(citation: Citation) -> tuple[str, int, int]:
    return citation.document.id, citation.start, citation.end


def _row(point: Point, number: int, first: bool, language: Language) -> Html:
    """A value; the first one of a sentence is where the sentence leads back to."""
    fact, document = point.fact, point.citation.document
    period = fact.period
    shown = [element("span", period.brief)]
    if not fact.dated and period.is_day:
        shown.append(element("small", say("timeline_published", language)))
    kind = " ".join(filter(None, (fact.scope, fact.change)))
    chip = element("span", str(number), class_="number")
    place = f"value-{number}" if first else None
    link = element("a", chip, document.title, href=f"#point-{number}", title=point.text, id=place)
    others = [f"《{other.title}》" for other in point.citation.reprints]
    also = element("small", say("reprints", language, titles="、".join(others))) if others else Html("")
    doubt = element("small", say("unsure", language), class_="doubt") if point.is_unsure else Html("")
    published = element("small", _published(document, language))
    cells = {
        "date": join(shown),
        "value": join([element("strong", bounded(fact.qualifier, fact.written, language)), doubt]),
        "subject": join([fact.subject, element("small", kind) if kind else Html("")]),
        "status": element("span", say(f"timeline_{fact.status}", language), class_=fact.status),
        "speaker": fact.speaker,
        "source": join([link, published, also]),
    }
    return element("tr", *(element("td", cells[column], class_=column) for column in _COLUMNS))


def _card(document: Document, marks: Sequence[Highlight], language: Language) -> Html:
    facts = [_published(document, language), document.source, "、".join(document.speakers)]
    about = element("p", *(element("span", fact) for fact in facts if fact), class_="facts")
    back = element("a", say("timeline_back", language), href="#timeline-table", class_="back")
    top = element("header", element("h3", document.title), about)
    return element(
        "article", top, excerpt(document, marks, language=language), element("footer", back), class_="source"
    )


def _published(document: Document, language: Language) -> str:
    return shown_day(document.date, document.date_is_guessed, language) or say("undated", language)


def _dates(points: Iterable[Point]) -> int:
    return len({point.as_of.last for point in points})
