"""How an answer came about, as HTML: the steps of its trace, folded out below it."""

from collections.abc import Callable, Iterable
from typing import Any

from rag.tracing.trace import STEPS
from ui.html import Html, element, join
from ui.texts import TEXTS as SHARED
from ui.texts import Language

TEXTS: dict[str, tuple[str, str]] = {
    "trace_title": ("回答的经过", "How this answer came about"),
    "trace_time": ("{began:.2f} 秒起，用时 {seconds:.2f} 秒", "at {began:.2f} s, took {seconds:.2f} s"),
    "trace_stopped": ("中断：{failure}", "ended by {failure}"),
    "trace_understood_as": ("理解为：{understood}", "Understood as: {understood}"),
    "trace_searched": ("“{question}”：{hits} 段", "“{question}”: {hits} passages"),
    "trace_chosen": ("选出 {sentences} 句", "{sentences} sentences chosen"),
    "trace_answered": (
        "把握 {confidence:.2f}，门槛 {threshold:.2f}：作答",
        "confidence {confidence:.2f}, threshold {threshold:.2f}: answered",
    ),
    "trace_not_answered": (
        "把握 {confidence:.2f}，门槛 {threshold:.2f}：不作答",
        "confidence {confidence:.2f}, threshold {threshold:.2f}: not answered",
    ),
    "trace_missing": ("证据缺少：{what}", "The evidence lacks: {what}"),
    "trace_values": ("由资料中的数值作答：", "Answered by values of the documents:"),
    "trace_corrected": ("资料的说法与问题不同：", "The documents say otherwise:"),
    "trace_margin": ("模型更倾向于“能”的程度：{margin:.2f}", "How much likelier yes is than no: {margin:.2f}"),
    "trace_by": ("{model}", "{model}"),
    "trace_tokens": ("读入 {input_tokens}、写出 {output_tokens} 个词元", "{input_tokens} tokens read, {output_tokens} written"),
    "trace_prompt": ("提示词", "Prompt"),
    "trace_output": ("写出的原文", "Raw output"),
    "trace_verdicts": ("{claims} 句话，{supported} 句获证实，{replaced} 句换过", "{claims} claims, {supported} supported, {replaced} replaced"),
    "trace_passage": ("段落", "Passage"),
    "trace_found_by": ("怎样找到", "Found by"),
    "trace_score": ("得分", "Score"),
    "trace_similarity": ("相近", "Similarity"),
    "trace_sentence": ("句子", "Sentence"),
    "trace_lexical": ("字词第 {rank}", "words {rank}"),
    "trace_dense": ("语义第 {rank}", "meaning {rank}"),
    "trace_kept": ("保留", "kept"),
    "trace_replaced": ("换成：{replacement}", "replaced by: {replacement}"),
    "trace_left_out": ("重复，略去", "said already, left out"),
    "trace_sound": ("三项核对都通过（{support:.2f}）", "all three checks hold ({support:.2f})"),
}  # fmt: skip

Why = Callable[[dict[str, Any], Language], str]
"""Says why a claim is not borne out, from its checks; empty where it is."""


def say(key: str, language: Language, **values: object) -> str:
    """A text of the trace, its places filled in."""
    return (SHARED | TEXTS)[key][0 if language == "zh" else 1].format(**values)


def steps(trace: dict[str, Any], language: Language, why: Why, place: str) -> Html:
    """The steps of a trace (``Trace.to_dict()``), each with its time and what it was given, found and took.

    Args:
        why: why a claim is not borne out.
        place: id of the whole on the page.
    """
    shown = [_step(each, language, why) for each in trace["steps"] if each["step"] != "ask"]
    title = say("trace_title", language)
    return element("section", element("h3", title), element("ol", *shown), id=place, class_="trace", aria_label=title)


def _step(step: dict[str, Any], language: Language, why: Why) -> Html:
    name = element("strong", STEPS[step["step"]][0 if language == "zh" else 1])
    time = element("small", say("trace_time", language, began=step["began"], seconds=step["seconds"]))
    parts: list[str] = [element("p", name, " ", time)]
    if step.get("failure"):
        parts.append(element("p", say("trace_stopped", language, failure=step["failure"]), class_="warning"))
    parts += {
        "understand": _understood,
        "retrieve": _retrieved,
        "evidence": _chosen,
        "decide": _decided,
        "check": _checked,
    }.get(step["step"], _generated)(step, language, why)
    return element("li", *parts)


def _understood(step: dict[str, Any], language: Language, _: Why) -> list[Html]:
    understood = step.get("understood") or step.get("question", "")
    return [element("p", say("trace_understood_as", language, understood=understood))]


def _retrieved(step: dict[str, Any], language: Language, _: Why) -> list[Html]:
    found = step.get("found", [])
    said = say("trace_searched", language, question=step.get("question", ""), hits=len(found))
    rows = [
        (
            f"《{hit['title']}》 {say('span', language, start=hit['start'], end=hit['end'])}",
            " · ".join(
                say(f"trace_{way}", language, rank=hit[f"{way}_rank"]) for way in ("lexical", "dense") if way in hit["found_by"]
            ),
            f"{hit['score']:.3f}",
            _number(hit["similarity"]),
        )
        for hit in found
    ]  # fmt: skip
    return [element("p", said), _table(("passage", "found_by", "score", "similarity"), rows, language)]


def _chosen(step: dict[str, Any], language: Language, _: Why) -> list[Html]:
    chosen = step.get("chosen", [])
    rows = [(each["text"], f"{each['score']:.3f}", _number(each["similarity"])) for each in chosen]
    said = say("trace_chosen", language, sentences=len(chosen))
    return [element("p", said), _table(("sentence", "score", "similarity"), rows, language)]


def _decided(step: dict[str, Any], language: Language, _: Why) -> list[Html]:
    key = "trace_answered" if step.get("answered") else "trace_not_answered"
    confidence, threshold = step.get("confidence", 0.0), step.get("threshold", 0.0)
    parts = [element("p", say(key, language, confidence=confidence, threshold=threshold))]
    if missing := step.get("missing"):
        parts.append(element("p", say("trace_missing", language, what="、".join(missing)), class_="warning"))
    if values := step.get("values_found"):
        parts += [element("p", say("trace_values", language)), _list(values)]
    if correction := step.get("correction"):
        parts += [element("p", say("trace_corrected", language)), _list([correction])]
    return parts


def _checked(step: dict[str, Any], language: Language, why: Why) -> list[Html]:
    verdicts = step.get("verdicts", [])
    counted = {name: step.get(name, 0) for name in ("claims", "supported", "replaced")}
    items = []
    for each in verdicts:
        reason = why(each, language) or say("trace_sound", language, support=each["support"])
        became = say(f"trace_{each['became']}", language, replacement=each.get("replacement", ""))
        kind = "sound" if each["supported"] else "warning"
        items.append(join([element("span", each["text"]), " ", element("small", f"{reason} · {became}", class_=kind)]))
    return [element("p", say("trace_verdicts", language, **counted)), _list(items)]


def _generated(step: dict[str, Any], language: Language, _: Why) -> list[Html]:
    """What a model was given and gave back."""
    parts: list[Html] = []
    if model := step.get("model"):
        said = say("extractive", language) if model == "extractive" else model
        if "output_tokens" in step:
            tokens = {name: step.get(name, 0) for name in ("input_tokens", "output_tokens")}
            said += f" · {say('trace_tokens', language, **tokens)}"
        parts.append(element("p", said))
    if "margin" in step:
        parts.append(element("p", say("trace_margin", language, margin=step["margin"])))
    if prompt := step.get("prompt"):
        told = [element("p", f"{each['role']}: {each['text']}", class_="raw") for each in prompt]
        parts.append(element("details", element("summary", say("trace_prompt", language)), *told))
    if output := step.get("output"):
        parts += [element("p", say("trace_output", language)), element("p", output, class_="raw")]
    return parts


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _list(items: Iterable[str]) -> Html:
    return element("ul", *(element("li", item) for item in items))


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], language: Language) -> Html:
    heads = [element("th", say(f"trace_{column}", language), scope="col") for column in columns]
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("table", element("thead", element("tr", *heads)), element("tbody", *body)) if body else Html("")
