"""Turns of a conversation as HTML: question, evidence, the answer with its citations, and what was checked.

A finished turn is shown from ``Answer.to_dict()``, so one that was kept reads as it did when it was asked.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rag.answers import CATALOGUE, Answer, Citation
from rag.assistant import EvidenceFound, SectionRead
from ui import series_view, trace_view
from ui.conversations import Turn
from ui.exporting import KINDS, RECORD
from ui.html import Html, anchor, element, join, opened, text
from ui.texts import Language, say, shown_day

FACTS = ("date", "source", "speaker")


def thread(turns: Sequence[Turn], language: Language, traced: str = "") -> list[Html]:
    """Turns that are over, an element each, oldest first; the last one may be retried and edited (``style.css``).

    Args:
        turns: of one conversation.
        language: of the interface.
        traced: id of the turn whose trace is folded out.
    """
    return [_turn(turn, language, turn.id == traced) for turn in turns]


def underway(
    turn: Turn, found: EvidenceFound | None, written: str, language: Language, read: SectionRead | None = None
) -> Html:
    """A turn whose answer is being written: its evidence as soon as there is any, then the words as they come.

    Args:
        read: the section that was read last, for a summary.
    """
    parts: list[str] = [_question(turn, found.question if found else "", language)]
    if found is None:
        told = say("section_read", language, **asdict(read)) if read else say("searching", language)
        parts.append(element("p", told, class_="progress", role="status"))
    else:
        parts.append(_evidence_chips(turn, found, language))
        count = say("evidence_in", language, n=len(found.evidence), seconds=found.seconds)
        status = f"{count} · {say('writing', language)}"
        parts.append(element("p", status, class_="progress", role="status"))
    begun = opened("article", *parts, **_named(turn, "underway"))
    return join([begun, opened("div", class_="answer streamed"), opened("p", written)]) if written else begun


def why(checks: dict[str, Any], language: Language) -> str:
    """Why a claim is not borne out, in words; empty where it is."""
    if not checks["exists"]:
        return say("no_citation", language)
    if checks["missing_facts"]:
        return say("missing_facts", language, facts="、".join(checks["missing_facts"]))
    if words := checks.get("unsupported_words"):
        return say("unsupported_words", language, words="、".join(word["text"] for word in words))
    if not (checks["facts_agree"] and checks["supports"]):
        return say("weak_support", language)
    return ""


def citation_facts(citation: dict[str, Any], language: Language) -> str:
    """Date, source and speaker of a citation on one line."""
    facts = {**citation, "date": _day_of(citation, language)}
    return " · ".join(str(facts[name]) for name in FACTS if facts.get(name)) or say("undated", language)


def copied(turn: Turn, language: Language) -> str:
    """An answer as plain text with its citations below, for the clipboard."""
    answer = turn.answer
    if answer is None:
        return turn.text
    lines = [turn.question, "", _with_numbers(answer), ""]
    for citation in answer["citations"]:
        quote = " ".join(citation["quote"].split())
        lines.append(f"[{citation['number']}] {_cited_as(citation, language)}")
        lines.append(f"    “{quote}”")
        if doubt := _doubt(citation, language):
            lines.append(f"    {doubt}")
    return "\n".join(lines).strip()


def _cited_as(citation: dict[str, Any], language: Language) -> str:
    """What a citation is of: title, facts, and the place of its quote."""
    place = say("span", language, start=citation["start"], end=citation["end"])
    return f"《{citation['title']}》 {citation_facts(citation, language)} · {place}"


def from_answer(answer: Answer) -> dict[str, Any]:
    """An answer as it is kept: ``to_dict()``, how each quote reads, and its record without the server's own paths."""
    kept = answer.to_dict()
    if answer.provenance:
        kept["record"] = answer.to_record(full_paths=False)
    for shown, citation in zip(kept["citations"], answer.citations, strict=True):
        shown["text"] = _read(citation)
    return kept


def _read(citation: Citation) -> str:
    return citation.text or " ".join(citation.quote.split())


def _turn(turn: Turn, language: Language, traced: bool) -> Html:
    answer = turn.answer
    if answer is None:
        parts: list[str] = [_question(turn, "", language)]
        if turn.status == "failed":
            notice = element("p", element("strong", say("failed", language)), class_="verdict")
            parts.append(element("div", notice, element("p", turn.text), class_="failure", role="alert"))
        else:
            key = "stopped" if turn.text else "stopped_empty"
            parts.append(element("p", say(key, language), class_="notice"))
            if turn.text:
                parts.append(element("div", element("p", turn.text), class_="answer streamed"))
        parts.append(_actions(turn, language))
        return _article(turn, parts, turn.status)
    parts = [_question(turn, str(answer["understood"]), language)]
    if answer["notice"]:
        parts.append(element("p", answer["notice"], class_="notice"))
    if answer["abstained"]:
        parts.append(_abstention(turn, answer, language))
    else:
        parts.append(_citation_chips(turn, answer, language))
        parts.append(element("div", _claims(turn, answer, language), class_="answer"))
        cited = {citation["number"]: citation for citation in answer["citations"]}
        parts += series_view.tables(answer, language, lambda number: _number(turn, cited[number], language))
    if answer["withheld"]:
        parts.append(_withheld(answer, language))
    parts.append(_colophon(turn, answer, language, traced))
    if traced and "trace" in answer:
        parts.append(trace_view.steps(answer["trace"], language, why, anchor("trace", turn.id)))
    return _article(turn, parts, "abstained" if answer["abstained"] else "finished")


def _article(turn: Turn, parts: Sequence[str], state: str) -> Html:
    return element("article", *parts, **_named(turn, state))


def _named(turn: Turn, state: str) -> dict[str, str]:
    return {"id": anchor("turn", turn.id), "class_": f"turn {state}", "aria_labelledby": anchor("question", turn.id)}


def _question(turn: Turn, understood: str, language: Language) -> Html:
    parts = [element("h2", turn.question, id=anchor("question", turn.id), class_="asked")]
    if understood and understood.strip() != turn.question.strip():
        parts.append(_labelled("understood", understood, language))
    if turn.filters:
        told = [
            (name, value) for name, value in turn.filters.items() if name != "document_ids"
        ]  # its documents are named
        shown = "；".join(f"{say(f'filter_{name}', language)} {value}" for name, value in told)
        parts.append(_labelled("limited_to", shown, language))
    return element("header", *parts)


def _labelled(key: str, value: str, language: Language) -> Html:
    return element("p", element("span", say(key, language), class_="label"), value, class_=key.replace("_", "-"))


def _evidence_chips(turn: Turn, found: EvidenceFound, language: Language) -> Html:
    """The documents that hold the evidence, each once, leading to its first sentence in the evidence pane."""
    first: dict[str, tuple[int, str, str]] = {}
    for number, evidence in enumerate(found.evidence, 1):
        document = evidence.document
        day = shown_day(document.date, document.date_is_guessed, language)
        first.setdefault(document.id, (number, document.title, day))
    chips = [
        element(
            "li",
            element("a", element("span", title, class_="title"), _day(day), href=f"#{anchor('e', turn.id, number)}"),
        )
        for number, title, day in first.values()
    ]
    return element("ul", *chips, class_="chips", aria_label=say("evidence", language)) if chips else Html()


def _citation_chips(turn: Turn, answer: dict[str, Any], language: Language) -> Html:
    """The documents cited, with the numbers of their citations, leading to the first of them in the evidence pane."""
    numbers: dict[str, list[dict[str, Any]]] = {}
    for citation in answer["citations"]:
        numbers.setdefault(citation["document_id"], []).append(citation)
    chips = []
    for cited in numbers.values():
        label = element("span", " ".join(str(citation["number"]) for citation in cited), class_="number")
        title = element("span", cited[0]["title"], class_="title")
        place = anchor("c", turn.id, cited[0]["number"])
        chips.append(element("li", element("a", label, title, _day(_day_of(cited[0], language)), href=f"#{place}")))
    return element("ul", *chips, class_="chips", aria_label=say("sources_list", language)) if chips else Html()


def _day(day: str) -> Html:
    return element("span", day, class_="day") if day else Html()


def _day_of(cited: dict[str, Any], language: Language) -> str:
    """The day of a citation or passage; of one that was kept before guesses were marked there is no mark."""
    return shown_day(cited.get("date"), cited.get("date_is_guessed", False), language)


def _doubt(cited: dict[str, Any], language: Language) -> str:
    """Which characters of a citation were recognised on an image and may be wrong; empty where none was."""
    words = dict.fromkeys(each["text"] for each in cited.get("unsure", ()))
    return say("unsure_figures", language, figures=" ".join(words)) if words else ""


def _claims(turn: Turn, answer: dict[str, Any], language: Language) -> Html:
    """The answer's text, line by line, its claims with their numbers and, where they fail a check, the reason."""
    written = str(answer["text"])
    lines: list[list[str]] = [[]]
    position = 0
    for number, claim in enumerate(answer["claims"], 1):
        _write(lines, written[position : claim["start"]])
        lines[-1].append(_claim(turn, number, claim, answer, language))
        position = claim["end"]
    _write(lines, written[position:])
    return join(element("p", *line) for line in lines if any(part.strip() for part in line))


def _write(lines: list[list[str]], between: str) -> None:
    """Puts text that is no claim behind what stands already; a line break begins a new line."""
    first, *others = between.split("\n")
    lines[-1].append(first)
    lines.extend([other] for other in others)


def _claim(turn: Turn, number: int, claim: dict[str, Any], answer: dict[str, Any], language: Language) -> Html:
    reason = why(claim["checks"], language)
    body = element("span", *_words(claim), class_="words")
    cited = {citation["number"]: citation for citation in answer["citations"]}
    marks = [_number(turn, cited[each], language) for each in claim["citations"]]
    parts: list[str] = [body]
    if marks:
        parts.append(element("sup", *marks, class_="numbers"))
    if reason:
        parts.append(element("span", f"{say('unsupported', language)}：{reason}", class_="reason"))
    elif claim["checks"].get("resolved"):
        parts.append(element("span", "；".join(claim["checks"]["resolved"]), class_="resolved"))
    if figures := claim.get("unsure_figures"):
        parts.append(element("span", say("unsure_figures", language, figures="、".join(figures)), class_="doubt"))
    state = "claim unsupported" if reason else "claim"
    return element("span", *parts, id=anchor("claim", turn.id, number), class_=state, tabindex="-1")


def _words(claim: dict[str, Any]) -> list[Html | str]:
    """A claim's words, those that lack support marked; what announces an item is on the line above it."""
    text, place = claim["text"], 0
    parts: list[Html | str] = []
    for word in claim["checks"].get("unsupported_words", ()):
        parts.append(_in_lines(text[place : word["start"]]))
        parts.append(element("mark", _in_lines(text[word["start"] : word["end"]]), class_="lacking"))
        place = word["end"]
    return [*parts, _in_lines(text[place:])]


def _in_lines(text: str) -> str:
    """A text with single blanks; its line breaks show (``pre-line``)."""
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", text))


def _number(turn: Turn, citation: dict[str, Any], language: Language) -> Html:
    """A citation's number: a link to its place in the evidence pane, with a card that shows on hover and focus."""
    number, place = citation["number"], anchor("c", turn.id, citation["number"])
    quote = citation.get("text") or " ".join(citation["quote"].split())
    label = say("cited_as", language, n=number, title=citation["title"])
    copies = element(
        "button",
        say("copy_quote", language),
        type="button",
        data_action="copy",
        data_text=f"“{quote}”\n——{_cited_as(citation, language)}",
        data_done=say("copied", language),
    )
    opens = element("a", say("open_source", language), href=f"#{place}", class_="open")
    shown = element(
        "span",
        element("span", quote, class_="quote"),
        element("span", citation["title"], class_="title"),
        element("span", citation_facts(citation, language), class_="facts"),
        element("span", doubt, class_="doubt") if (doubt := _doubt(citation, language)) else Html(),
        element("span", copies, opens, class_="card-actions"),
        class_="card",
        role="group",
        aria_label=label,
    )
    link = element("a", str(number), href=f"#{place}", class_="number", aria_label=label)
    return element("span", link, shown, class_="cite")


def _abstention(turn: Turn, answer: dict[str, Any], language: Language) -> Html:
    """What a turn without an answer shows: the nearest values where there are any, and the nearest passages."""
    # Of turns kept before: where nothing was looked up (``谢谢``) there is nothing that the documents do not say.
    is_verdict = bool(answer["hits"] or answer["claims"])
    parts: list[str] = [element("p", say("abstained", language), class_="verdict")] if is_verdict else []
    if answer["claims"]:
        parts.append(element("div", _claims(turn, answer, language), class_="answer"))
    else:
        parts.append(element("p", answer["text"], class_="said"))
    items = []
    for number, hit in enumerate(answer["hits"][:3], 1):
        facts = " · ".join(filter(None, [_day_of(hit, language), "、".join(hit["speakers"])]))
        body = " ".join(hit["text"].split())
        items.append(
            element(
                "li",
                element("a", element("span", hit["title"], class_="title"), href=f"#{anchor('h', turn.id, number)}"),
                element("span", facts, class_="facts"),
                element("span", body if len(body) <= 90 else body[:90] + "…", class_="quote"),
            )
        )
    if items:
        parts.append(element("h3", say("nearest", language)))
        parts.append(element("ol", *items, class_="nearest"))
    return element("div", *parts, class_="abstention")


def _withheld(answer: dict[str, Any], language: Language) -> Html:
    claims = [
        element("li", element("s", claim["text"]), element("span", why(claim["checks"], language), class_="reason"))
        for claim in answer["withheld"]
    ]
    summary = element("summary", say("withheld", language, n=len(claims)))
    return element("details", summary, element("ul", *claims), class_="withheld")


def _colophon(turn: Turn, answer: dict[str, Any], language: Language, traced: bool) -> Html:
    """Who wrote the answer, how its checks went, and what can be done with it."""
    parts: list[str] = []
    claims = answer["claims"]
    bad = sum(not claim["supported"] for claim in claims)
    if bad:
        parts.append(element("span", say("some_unsupported", language, bad=bad, n=len(claims)), class_="warning"))
    elif claims and not answer["abstained"]:
        key = "one_supported" if len(claims) == 1 else "all_supported"
        parts.append(element("span", say(key, language, n=len(claims)), class_="sound"))
    model, seconds = str(answer["language_model"]), answer["timings"]["total"]
    if model == CATALOGUE:
        said = say("from_catalogue", language, seconds=seconds)
    else:
        named = say("extractive", language) if model == "extractive" else model
        said = say("answered_by", language, model=named, seconds=seconds)
    parts.append(element("span", said))
    if turn.feedback and turn.feedback.reason:
        parts.append(element("span", say("you_said", language, reason=say(f"reason_{turn.feedback.reason}", language))))
    return join([element("p", *parts, class_="colophon"), _actions(turn, language, traced)])


def _actions(turn: Turn, language: Language, traced: bool = False) -> Html:
    good = turn.feedback is not None and turn.feedback.good
    bad = turn.feedback is not None and not turn.feedback.good
    buttons = []
    if turn.answer:
        done = say("copied", language)
        buttons.append(_button("copy", turn, language, data_text=copied(turn, language), data_done=done))
        buttons.append(_button("good", turn, language, aria_pressed="true" if good else "false"))
        buttons.append(_button("bad", turn, language, aria_pressed="true" if bad else "false"))
        if "record" in turn.answer:
            buttons.append(_export(turn, language))
            buttons.append(_taking(turn, RECORD, say("record", language), say("record_long", language)))
        if "trace" in turn.answer:
            place = anchor("trace", turn.id) if traced else None
            expanded = "true" if traced else "false"
            buttons.append(
                _button(
                    "trace",
                    turn,
                    language,
                    data_open="yes" if traced else None,
                    aria_expanded=expanded,
                    aria_controls=place,
                )
            )
    buttons += [_button("retry", turn, language), _button("edit", turn, language)]
    return element("div", *buttons, class_="actions", role="group", aria_label=say("actions", language))


def _export(turn: Turn, language: Language) -> Html:
    """Folds out the formats that the answer can be taken away in."""
    told = say("export_long", language)
    formats = [_taking(turn, kind, say(f"export_{kind}", language), f"{told} (.{kind})") for kind in KINDS]
    summary = element("summary", say("export", language), title=told)
    return element("details", summary, element("span", *formats, class_="formats"), class_="export")


def _taking(turn: Turn, kind: str, label: str, title: str) -> Html:
    """A button that asks for a turn as a file (:mod:`ui.exporting`)."""
    return element(
        "button", label, type="button", data_action="export", data_turn=turn.id, data_format=kind, title=title
    )


def _button(action: str, turn: Turn, language: Language, **more: str | bool | None) -> Html:
    return element(
        "button",
        text(say(action, language)),
        type="button",
        data_action=action,
        data_turn=turn.id,
        title=say(f"{action}_long", language),
        **more,
    )


def _with_numbers(answer: dict[str, Any]) -> str:
    """The answer's text with ``[1]`` behind each claim."""
    written, position, parts = str(answer["text"]), 0, []
    for claim in answer["claims"]:
        parts.append(written[position : claim["end"]] + "".join(f"[{number}]" for number in claim["citations"]))
        position = claim["end"]
    return "".join([*parts, written[position:]])
