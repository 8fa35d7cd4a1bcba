"""Evaluations as HTML: the run under way, the list, a report, and two runs compared."""

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from eval.compare import Comparison
from eval.metrics import METRICS
from eval.reports.written import changed, interval_text, value_text
from eval.rows import Row
from eval.runs import Run
from eval.summary import CHIEF
from eval.verdicts import Verdict, verdict
from rag.language_models import EXTRACTIVE
from ui.evaluations import Listed, Progress
from ui.html import Html, element, join
from ui.texts import Language
from ui.texts import say as shared

TEXTS: dict[str, tuple[str, str]] = {
    "fact_accuracy": ("事实全对", "All facts right"),
    "rejection_rate": ("拒答不可答的", "Unanswerable declined"),
    "false_rejection_rate": ("误拒可答的", "Answerable declined"),
    "evidence_recall": ("证据召回", "Evidence recall"),
    "claim_citation_recall": ("句句有据", "Claims borne out"),
    "claim_citation_precision": ("引用有用", "Citations needed"),
    "exact_span_rate": ("引文逐字一致", "Exact quotations"),
    "seconds_median": ("用时中位", "Median time"),
    "right": ("答对", "right"),
    "wrong": ("答错", "wrong"),
    "silent": ("误拒", "declined, though the documents answer"),
    "answered": ("误答", "answered, though the documents do not"),
    "error": ("出错", "failed"),
    "unjudged": ("无标准", "nothing to judge by"),
    "number": ("数字", "number"),
    "date": ("同一指标各时点", "same figure, several dates"),
    "list": ("列举", "list"),
    "speaker": ("谁说的", "who said it"),
    "reason": ("原因目的", "reason"),
    "comparison": ("比较", "comparison"),
    "colloquial": ("口语错字", "colloquial"),
    "english": ("英文提问", "English question"),
    "followup": ("追问", "follow-up"),
    "premise": ("错误前提", "false premise"),
    "near": ("近似不可答", "near miss"),
    "outside": ("资料之外", "outside the documents"),
    "all": ("全部", "all"),
    "tune": ("调参半", "tuning half"),
    "test": ("测试半", "test half"),
    "running": ("正在评测", "Under way"),
    "stopping": ("答完这一题就停", "Stopping after this question"),
    "stopped": ("已停下，可以继续", "Stopped; it can go on"),
    "finished": ("已完成", "Finished"),
    "failed": ("没有跑成", "It failed"),
    "so_far": (
        "已答 {done}/{total} 题，答对 {right}/{judged}（{share}）",
        "{done} of {total} asked, {right} of {judged} right ({share})",
    ),
    "none_so_far": ("{total} 题，正在问第一题……", "{total} questions; asking the first…"),
    "asked_last": ("刚问过：{question}", "Asked last: {question}"),
    "no_runs": (
        "还没有评测。跑一次，就知道这些回答有几分可信。",
        "No runs yet. Run one to learn how far the answers can be trusted.",
    ),
    "runs": ("评测记录", "Runs"),
    "begun": ("开始", "Begun"),
    "model": ("作答", "Answered by"),
    "questions": ("题", "Questions"),
    "correct": ("答对", "Right"),
    "open": ("看报告", "Report"),
    "open_long": ("看 {name} 的报告", "Report of {name}"),
    "resume": ("继续", "Go on"),
    "resume_long": ("继续 {name}", "Go on with {name}"),
    "partial": ("未完成", "unfinished"),
    "unreadable": ("读不了", "cannot be read"),
    "report": ("{model} · {split} · {began}", "{model} · {split} · {began}"),
    "chief": ("主要指标，括号内是 95 % 区间", "Chief metrics with their 95 % intervals"),
    "by_kind": ("各题型", "By kind"),
    "kind": ("题型", "Kind"),
    "by_outcome": ("逐题", "Question by question"),
    "ask": ("去问答里问", "Ask in the chat"),
    "ask_long": ("在问答中打开：{question}", "Open in the chat: {question}"),
    "answered_with": ("答：{answer}", "Answer: {answer}"),
    "after": ("承接：{question}", "After: {question}"),
    "whole": ("完整报告（含图）", "The whole report, with charts"),
    "close": ("关闭", "Close"),
    "whole_title": ("评测报告", "Evaluation report"),
    "won": ("后一次新答对", "Won by the second"),
    "lost": ("后一次新答错", "Lost by the second"),
    "nothing_changed": ("没有一题的对错变了。", "No question changed."),
    "counts": (
        "{first} → {second}：赢 {won} 题，输 {lost} 题，同对 {both} 题，同错 {neither} 题（McNemar p = {p:.3f}）",
        "{first} → {second}: {won} won, {lost} lost, {both} right in both, {neither} in neither (McNemar p = {p:.3f})",
    ),
    "metric": ("指标", "Metric"),
    "first": ("前一次", "First"),
    "second": ("后一次", "Second"),
    "change": ("差", "Change"),
    "apart": ("另有 {n} 题只在一边有，没有比较。", "{n} more questions are not in both and were not compared."),
}

_ORDER = ("error", "wrong", "answered", "silent", "unjudged", "right")
_MARKS = {"right": "✓", "wrong": "✗", "answered": "✗", "silent": "○", "error": "!", "unjudged": "·"}
_SHOWN_CHARACTERS = 400


def say(key: str, language: Language, **values: object) -> str:
    """The text for ``key``, its places filled in; the key itself for a kind of which nothing is known."""
    texts = TEXTS.get(key)
    return (texts[0 if language == "zh" else 1] if texts else key).format(**values)


def progress(run: Progress, language: Language) -> Html:
    """The run under way: a square for every question, coloured once it is answered, and the accuracy so far."""
    judged = [outcome for outcome in run.outcomes if outcome != "unjudged"]
    right = judged.count("right")
    told = say("none_so_far", language, total=run.total)
    if run.outcomes:
        share = f"{right / len(judged):.0%}" if judged else "–"
        told = say(
            "so_far", language, done=len(run.outcomes), total=run.total, right=right, judged=len(judged), share=share
        )
    elif run.over:
        told = ""
    squares = [element("li", class_=outcome) for outcome in run.outcomes]
    squares += [element("li") for _ in range(run.total - len(run.outcomes))]
    parts: list[str] = [
        element("p", element("strong", say(run.state, language)), " ", named(run.model, language), class_="state"),
        element("ol", *squares, class_="squares", aria_hidden="true"),
        element(
            "p",
            told,
            class_="told",
            role="progressbar",
            aria_valuemin="0",
            aria_valuemax=str(run.total),
            aria_valuenow=str(len(run.outcomes)),
            aria_valuetext=told,
            aria_label=say(run.state, language),
        ),
    ]
    if run.state == "failed":
        parts.append(problem(run.error[0 if language == "zh" else 1]))
    elif run.asked and not run.over:
        parts.append(element("p", say("asked_last", language, question=_short(run.asked)), class_="asked-last"))
    return element("section", *parts, class_=f"evaluation-progress {run.state}")


def problem(said: str) -> Html:
    """What was wrong and what to do."""
    return element("p", said, class_="problem", role="alert")


def runs(listed: Sequence[Listed], under_way: Progress | None, language: Language) -> Html:
    """The runs of the folder; those that are not finished can go on."""
    if not listed:
        return element("p", say("no_runs", language), class_="empty")
    busy = under_way is not None and not under_way.over
    names = ("begun", "model", "questions", "correct")
    head = element("tr", *(element("th", say(name, language), scope="col") for name in names), element("td"))
    rows = [_listed(run, busy, under_way.name if busy and under_way else "", language) for run in listed]
    return _table(say("runs", language), head, rows, "runs")


def report(name: str, made: Mapping[str, Any], rows: Sequence[Row], language: Language) -> Html:
    """A report: chief metrics, kinds, and every question with what became of it."""
    settings, whole = made["settings"], made["summary"]["all"]
    title = say(
        "report",
        language,
        model=named(str(settings.get("language_model", "")), language),
        split=say(str(settings.get("split", "")), language),
        began=moment(str(made["environment"].get("began", ""))),
    )
    parts: list[str] = [
        element("h2", title, tabindex="-1"),
        _tiles(whole["metrics"], language),
        _kinds(made["summary"]["kind"], language),
        element("h3", say("by_outcome", language)),
        *_outcomes(rows, language),
        _button("whole", say("whole", language), data_run=name),
        _button("close", say("close", language)),
    ]
    return element("article", *parts, class_="evaluation-report")


def whole_page(page: str, language: Language) -> Html:
    """The page of a report in a frame that runs no script, sends no form and belongs to no origin."""
    title = html.escape(say("whole_title", language), quote=True)
    return Html(
        f'<iframe sandbox="" referrerpolicy="no-referrer" title="{title}" srcdoc="{html.escape(page, quote=True)}">'
        "</iframe>"
    )


def comparison(compared: Comparison, first: Run, second: Run, language: Language) -> Html:
    """What changed from a first run to a second: questions won and lost, and the chief metrics."""
    names = [named(str(run.settings.get("language_model", "")), language) for run in (first, second)]
    counts = say(
        "counts",
        language,
        first=names[0],
        second=names[1],
        won=len(compared.won),
        lost=len(compared.lost),
        both=len(compared.both_right),
        neither=len(compared.both_wrong),
        p=compared.p_value,
    )
    rows = {row.question.id: row for row in second.rows}
    parts: list[str] = [element("h2", counts, tabindex="-1")]
    for name, ids in (("lost", compared.lost), ("won", compared.won)):
        if ids:
            items = [_question(rows[each], verdict(rows[each]), language) for each in ids]
            parts += [
                element("h3", f"{say(name, language)} · {len(ids)}"),
                element("ul", *items, class_=f"questions {name}"),
            ]
    if not compared.won and not compared.lost:
        parts.append(element("p", say("nothing_changed", language), class_="empty"))
    parts.append(_differences(compared, language))
    if apart := len(compared.only_first) + len(compared.only_second):
        parts.append(element("p", say("apart", language, n=apart), class_="empty"))
    parts.append(_button("close", say("close", language)))
    return element("article", *parts, class_="evaluation-report")


def named(model: str, language: Language) -> str:
    """A language model as readers know it."""
    return shared("extractive", language) if model == EXTRACTIVE else model


def moment(began: str) -> str:
    """A moment in ISO form as the clock here shows it; as it is where it is none."""
    try:
        return datetime.fromisoformat(began).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return began


def title_of(run: Listed, language: Language) -> str:
    """A run on one line, for a choice."""
    share = f" · {_share(run)}" if run.judged else ""
    return f"{moment(run.began)} · {named(run.model, language)} · {say(run.split, language)} {run.answered}{share}"


# -- inside -----------------------------------------------------------------------------------------------------------


def _listed(run: Listed, busy: bool, running: str, language: Language) -> Html:
    said = run.problem[0 if language == "zh" else 1]
    if said:
        return element("tr", element("th", run.name, scope="row"), element("td", said, colspan="4", class_="problem"))
    asked = f"{say(run.split, language)} {run.answered}/{run.questions}"
    count: list[str] = [asked]
    if run.partial:
        count += [" ", element("span", say("running" if run.name == running else "partial", language), class_="label")]
    actions = []
    if run.right is not None:
        long = say("open_long", language, name=moment(run.began))
        actions.append(_button("open", say("open", language), data_run=run.name, aria_label=long))
    if run.partial and not busy:
        long = say("resume_long", language, name=moment(run.began))
        actions.append(_button("resume", say("resume", language), data_run=run.name, aria_label=long))
    return element(
        "tr",
        element("th", moment(run.began), scope="row"),
        element("td", named(run.model, language), class_="model"),
        element("td", *count),
        element("td", _share(run), class_="figure"),
        element("td", *actions, class_="act"),
    )


def _share(run: Listed) -> str:
    return f"{(run.right or 0) / run.judged:.0%}" if run.judged else "–"


def _tiles(metrics: Mapping[str, Any], language: Language) -> Html:
    tiles = []
    for name in CHIEF:
        if found := metrics.get(name):
            tiles.append(
                element(
                    "li",
                    element("span", say(name, language), class_="name"),
                    element("strong", value_text(METRICS[name], found["value"])),
                    element("small", interval_text(METRICS[name], found)),
                )
            )
    return element("ul", *tiles, class_="tiles", aria_label=say("chief", language))


def _kinds(parts: Mapping[str, Any], language: Language) -> Html:
    names = ("kind", "questions", "correct")
    head = element("tr", *(element("th", say(name, language), scope="col") for name in names))
    rows = []
    for kind, part in parts.items():
        outcomes = part["outcomes"]
        judged = part["questions"] - outcomes.get("unjudged", 0)
        share = f"{outcomes.get('right', 0)}/{judged}" if judged else "–"
        rows.append(
            element(
                "tr",
                element("th", say(kind, language), scope="row"),
                element("td", str(part["questions"]), class_="figure"),
                element("td", share, class_="figure"),
            )
        )
    return _table(say("by_kind", language), head, rows, "kinds")


def _outcomes(rows: Sequence[Row], language: Language) -> Iterable[Html]:
    judged = [(row, verdict(row)) for row in rows]
    for outcome in _ORDER:
        found = [(row, told) for row, told in judged if told.outcome == outcome]
        if found:
            title = element("summary", f"{_MARKS[outcome]} {say(outcome, language)} · {len(found)}")
            items = (_question(row, told, language) for row, told in found)
            listed = element("ul", *items, class_=f"questions {outcome}")
            yield element("details", title, listed, open=outcome != "right")


def _question(row: Row, told: Verdict, language: Language) -> Html:
    question = row.question
    parts: list[str] = [element("p", question.question, class_="asked")]
    if question.history:
        parts.append(element("p", say("after", language, question=question.history[-1][0]), class_="note"))
    if reason := (told.zh if language == "zh" else told.en):
        parts.append(element("p", reason, class_="reason"))
    if row.answer:
        parts.append(element("p", say("answered_with", language, answer=_short(row.answer)), class_="note"))
    long = say("ask_long", language, question=_short(question.question))
    parts.append(
        element(
            "p",
            element("small", f"{question.id} · {say(question.kind, language)}"),
            _button("ask", say("ask", language), data_question=question.question, aria_label=long),
            class_="act",
        )
    )
    return element("li", *parts)


def _differences(compared: Comparison, language: Language) -> Html:
    names = ("metric", "first", "second", "change")
    head = element("tr", *(element("th", say(name, language), scope="col") for name in names), element("th", "p"))
    rows = []
    for name in CHIEF:
        if found := compared.differences.get(name):
            metric = METRICS[name]
            written, trend = changed(metric, found.first, found.second)
            p_value = compared.adjusted.get(name, found.p_value)
            figures = (value_text(metric, found.first), value_text(metric, found.second))
            rows.append(
                element(
                    "tr",
                    element("th", say(name, language), scope="row"),
                    *(element("td", figure, class_="figure") for figure in figures),
                    element("td", written, class_=f"figure {trend}"),
                    element("td", f"{p_value:.3f}", class_="figure"),
                )
            )
    return _table(say("chief", language), head, rows, "differences")


def _table(title: str, head: Html, rows: Iterable[Html], name: str) -> Html:
    """A table that scrolls sideways by itself where it is too wide."""
    table = element("table", element("thead", head), element("tbody", join(rows)), class_=name, aria_label=title)
    return element("div", table, class_="wide", role="region", tabindex="0", aria_label=title)


def _button(action: str, said: str, **attributes: str) -> Html:
    return element("button", said, type="button", data_action=action, **attributes)


def _short(said: str) -> str:
    return said if len(said) <= _SHOWN_CHARACTERS else f"{said[:_SHOWN_CHARACTERS]}…"
