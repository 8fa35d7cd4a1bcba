"""Series below an answer: its figure at each date, what changed, and the number of its source, with a drawing.

Shown from ``Answer.to_dict()``, as the answer is.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from rag.answering.plot import Mark, drawing
from rag.answering.timeline import formula_safe
from rag.text.periods import Period
from ui.html import Html, element
from ui.texts import Language

_TEXTS: dict[str, tuple[str, str]] = {
    "date": ("日期", "As of"),
    "value": ("数值", "Value"),
    "change": ("比上一个", "Since the one before"),
    "source": ("出处", "Source"),
    "plan": ("计划", "planned"),
    "published": ("按发布日期", "date of publication"),
    "unsure": ("识别自图片，可能有误", "recognised on an image, may be wrong"),
    "table": ("{subject}：各个日期的数值", "{subject}: its values by date"),
    "plot": ("变化图", "Plot"),
    "csv": ("下载 CSV", "Download CSV"),
    "note": (
        "变化由程序据引文算出；空着的，是原文的“超过”“约”等说法不足以算出，或两个时段长短不同。",
        "Changes are calculated from what is cited; one is left out where “more than” or “about” leaves it open, or where the "
        "two times are not as long.",
    ),
}
_SIGNS = {1: ("增加", "up "), -1: ("减少", "down "), 0: ("持平", "unchanged")}
_QUALIFIERS = {"超过": "over ", "近": "nearly ", "约": "about ", "不到": "under "}
_CSV_COLUMNS = (
    "last", "first", "subject", "value", "unit", "written", "qualifier", "status", "change", "calculation",
    "source", "title", "date", "quote", "value_start", "value_end",
)  # fmt: skip


def tables(answer: Mapping[str, Any], language: Language, link: Callable[[int], Html]) -> list[Html]:
    """A table with a drawing for each series of an answer.

    Args:
        answer: as ``Answer.to_dict()`` gives it; one that was kept before there were series has none.
        language: of the interface.
        link: gives what leads to a source, by its number.
    """
    cited = {each["number"]: each for each in answer["citations"]}
    return [_series(each, cited, language, link) for each in answer.get("series", ())]


def bounded(qualifier: str, written: str, language: Language) -> str:
    """A figure with the word that bounds it."""
    return f"{qualifier if language == 'zh' else _QUALIFIERS.get(qualifier, qualifier)}{written}"


def _say(key: str, language: Language, **values: str) -> str:
    return _TEXTS[key][language == "en"].format(**values)


def _series(
    series: Mapping[str, Any], cited: Mapping[int, dict[str, Any]], language: Language, link: Callable[[int], Html]
) -> Html:
    rows, subject = series["rows"], series["subject"]
    columns = ("date", "value", "change", "source")
    heads = [element("th", _say(column, language), scope="col", class_=column) for column in columns]
    lines = [_row(row, language, link) for row in rows]
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", *lines),
        class_="points",
        aria_label=_say("table", language, subject=subject),
    )
    marks = [
        Mark(
            date.fromisoformat(row["last"]),
            float(row["value"]),
            bounded(row["qualifier"], row["written"], language),
            cited[row["citation"]]["text"],
            row["status"] == "plan",
            row["is_unsure"],
        )
        for row in rows
    ]
    plot = element(
        "section",
        Html(drawing(subject, [(subject, marks)])),  # its text comes escaped
        class_="plot",
        aria_label=_say("plot", language),
        tabindex="0",
    )
    download = element(
        "button",
        _say("csv", language),
        type="button",
        data_file="youju-series.csv",
        data_type="text/csv",
        data_content=_csv(series, cited),
        class_="download",
    )
    note = element("p", _say("note", language), class_="notice")
    return element("section", table, plot, note, download, class_="series", aria_label=subject)


def _row(row: Mapping[str, Any], language: Language, link: Callable[[int], Html]) -> Html:
    period = Period(date.fromisoformat(row["first"]), date.fromisoformat(row["last"]))
    day = [element("span", period.brief)]
    if not row["dated"] and period.is_day:
        day.append(element("small", _say("published", language)))
    value = [element("strong", bounded(row["qualifier"], row["written"], language))]
    value += [element("small", _say(key, language)) for key in _remarks(row)]
    return element(
        "tr",
        element("td", *day, class_="date"),
        element("td", *value, class_="value"),
        element("td", *_changed(row["change"], language), class_="change"),
        element("td", link(row["citation"]), class_="source"),
    )


def _remarks(row: Mapping[str, Any]) -> list[str]:
    return ["plan"] * (row["status"] == "plan") + ["unsure"] * bool(row["is_unsure"])


def _changed(change: Mapping[str, Any] | None, language: Language) -> Sequence[Html]:
    """What changed, with the calculation; nothing where that is not known."""
    if not change:
        return ()
    sign = _SIGNS[change["sign"]][language == "en"]
    told = f"{sign}{change['result'][language]}" if change["sign"] else sign
    return (element("span", told), element("small", change["written_out"][language]))


def _csv(series: Mapping[str, Any], cited: Mapping[int, dict[str, Any]]) -> str:
    """A series as CSV, with the place of each figure."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(_CSV_COLUMNS)
    for row in series["rows"]:
        source, change = cited[row["citation"]], row["change"]
        told = {
            **row,
            "subject": series["subject"],
            "change": f"{'−' if change['sign'] < 0 else ''}{change['result']['zh']}" if change else "",
            "calculation": change["written_out"]["zh"] if change else "",
            "source": row["citation"],
            "title": source["title"],
            "date": source["date"] or "",
            "quote": source["quote"],
        }
        writer.writerow([formula_safe(told[column]) for column in _CSV_COLUMNS])
    return stream.getvalue()
