"""How answers, passages and documents look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from rag.errors import interface_language
from rag.messages import say, shown_day
from rag.text.display import one_line, plain
from rag.tracing.trace import STEPS

if TYPE_CHECKING:
    from rich.console import Console

    from rag.answering.series import Series
    from rag.answers import Answer, Citation, Claim
    from rag.index.rows import Entry
    from rag.models import PublishedModel
    from rag.records.recheck import Place, Recheck
    from rag.search.retrieval import Hit
    from rag.tracing.trace import Trace


def show_answer(console: Console, answer: Answer, *, text_is_shown: bool = False) -> None:
    """Prints an answer, its claims numbered with their citations; for an abstention the nearest passages.

    What is from the catalogue is printed as it is.

    Args:
        text_is_shown: the answer was streamed already, so only marks, citations and the last line follow.
    """
    if answer.understood and answer.understood != answer.question:
        console.print(Text(one_line(say("understood", question=answer.understood)), style="dim"))
    if answer.is_from_catalogue:
        if not text_is_shown:
            console.print(Text(plain(answer.text)))
        console.print(Text(say("from_catalogue", seconds=answer.timings.total), style="dim"))
        return
    if answer.abstained:
        console.print(Text(plain(answer.text), style="yellow"))
        for citation in answer.citations:
            show_citation(console, answer.number_of(citation), citation)
        if answer.hits and not answer.citations:
            console.print(Text(say("nearest"), style="bold"))
            show_hits(console, answer.hits[:3])
    else:
        is_noted = not answer.supported or any(claim.unsure_figures for claim in answer.claims)
        if not text_is_shown or len(answer.claims) > 1 or is_noted:
            _show_claims(console, answer)
        elif unclaimed := _besides_claims(answer):
            console.print(Text(plain(unclaimed), style="yellow"))
        for series in answer.series:
            _show_series(console, answer, series)
        console.print(Text(say("citations"), style="bold"))
        for citation in answer.citations:
            show_citation(console, answer.number_of(citation), citation)
    if answer.withheld:
        console.print(Text(say("withheld", n=len(answer.withheld)), style="yellow"))
    console.print(Text(say("answered_by", model=answer.language_model, seconds=answer.timings.total), style="dim"))


def _show_series(console: Console, answer: Answer, series: Series) -> None:
    """Prints a figure at its dates, with what changed."""
    table = Table(title=one_line(series.subject), title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("as_of", "value", "change", "document"):
        table.add_column(say(f"column_{column}"))
    for row in series.rows:
        fact, change = row.point.fact, row.change
        much = change.calculation.result.told("zh" if interface_language() == "zh" else "en") if change else ""
        key = {1: "changed_up", -1: "changed_down", 0: "changed_not"}
        told = say(key[change.sign], much=much) if change else ""
        cells = (fact.period.brief, f"{fact.qualifier}{fact.written}", told, f"[{answer.number_of(row.citation)}]")
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    console.print(table)


def show_citation(console: Console, number: int, citation: Citation) -> None:
    """Prints one citation: title, date, speaker, place, and the quote as it reads."""
    document = citation.document
    page = say("page", page=citation.page) if citation.page else ""
    day = shown_day(document.date, document.date_is_guessed)
    facts = [f"《{document.title}》", day, document.source, citation.speaker, page]
    facts.append(say("span", start=citation.start, end=citation.end))
    console.print(Text(f"[{number}] " + "  ".join(one_line(fact) for fact in facts if fact), style="cyan"))
    console.print(Text(f"    {plain(citation.quotation)}"))
    if citation.unsure:
        words = dict.fromkeys(document.text[start:end] for start, end in citation.unsure)
        console.print(Text(f"    {one_line(say('unsure_quote', words=' '.join(words)))}", style="yellow"))
    line = document.path
    if citation.reprints:
        line += "  " + say(
            "reprints", titles="、".join(f"《{other.title}》({other.path})" for other in citation.reprints)
        )
    console.print(Text(f"    {one_line(line)}", style="dim"))


def show_hits(console: Console, hits: Iterable[Hit]) -> None:
    """Prints retrieved passages with score and the ways they were found."""
    for number, hit in enumerate(hits, 1):
        document = hit.document
        day = shown_day(document.date, document.date_is_guessed)
        facts = [f"《{document.title}》", day, "、".join(hit.speakers)]
        facts += [say("span", start=hit.start, end=hit.end), f"{hit.score:.3f}", "+".join(hit.found_by)]
        console.print(Text(f"{number}. " + "  ".join(one_line(fact) for fact in facts if fact), style="cyan"))
        console.print(Text(f"   {plain(hit.text)}"))
        if hit.reprints:
            titles = "、".join(f"《{other.title}》({other.path})" for other in hit.reprints)
            console.print(Text(f"   {one_line(say('reprints', titles=titles))}", style="dim"))


def show_documents(console: Console, entries: list[Entry], short: Mapping[str, str] | None = None) -> None:
    """Prints the documents of an index as a table.

    Args:
        short: what each says in short, by its id.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("column_id", "column_date", "column_title", "column_source", "column_length", "column_near"):
        table.add_column(
            say(column),
            overflow="fold",
            justify="right" if column == "column_length" else "left",
            no_wrap=column in ("column_id", "column_length"),
            min_width=10 if column == "column_date" else None,
        )
    for entry in entries:
        day = shown_day(entry.date, entry.date_is_guessed)
        row = (entry.id, day, entry.title, entry.source, f"{entry.characters:,}")
        table.add_row(*(Text(one_line(value)) for value in row), Text(" ".join(entry.near_duplicates)))
        if said := (short or {}).get(entry.id):
            table.add_row("", "", Text(one_line(said), style="dim"))
    console.print(table)


def show_models(console: Console, models: list[PublishedModel]) -> None:
    """Prints the embedded models as a table: what they are, whether they are there, where, and how that is known."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("column_model", "column_licence", "column_size", "column_state", "column_verified", "column_path"):
        table.add_column(say(column), overflow="fold", no_wrap=column in ("column_licence", "column_size"))
    for model in models:
        verified = say(f"verified_{model.verified}") if model.verified else ""
        row = (
            model.name,
            model.licence,
            f"{model.bytes / 1e6:,.0f} MB",
            say(f"state_{model.state}"),
            verified,
            model.path,
        )
        table.add_row(*map(Text, row))
    console.print(table)


def why_unsupported(claim: Claim) -> str:
    """Why a claim is not supported, in a few words; empty where it is."""
    reasons = []
    if not claim.checks.exists:
        reasons.append(say("no_citation"))
    elif claim.checks.missing_facts:
        reasons.append(say("missing_facts", facts="、".join(claim.checks.missing_facts)))
    elif not claim.checks.supports and (words := claim.checks.unsupported_words):
        reasons.append(say("unsupported_words", words="、".join(word.text for word in words)))
    elif not claim.checks.supports:
        reasons.append(say("weak_support"))
    return "；".join(reasons)


def show_recheck(console: Console, found: Recheck) -> None:
    """Prints what became of the answer of a record: each citation with where it stands now, then the whole."""
    record = found.record
    said = say("recheck_of", asked=record["times"]["asked"], question=record["question"]["asked"])
    console.print(Text(one_line(said), style="bold"))
    for each in found.citations:
        style = "green" if each.state == "stands" else "bold red"
        facts = [say(f"state_{each.state}")]
        if each.same_text is not None:
            same = "same_file" if each.same_file else "same_text" if each.same_text else "other_text"
            facts += [] if each.same_text and each.same_file is None else [say(f"recheck_{same}")]
        line = Text(one_line(f"[{each.number}] 《{each.title}》  "), style="cyan")
        console.print(line.append("  ".join(facts), style=style))
        console.print(Text(f"    “{one_line(each.quote)}”"))
        if each.place and each.state == "moved":
            console.print(Text(f"    {one_line(_now_at(each.place))}"))
    for claim in found.claims:
        if claim.agreed and claim.agrees is False:
            told = say("recheck_facts_lost", facts="、".join(claim.missing_facts), claim=claim.text)
            console.print(Text(one_line(told), style="bold red"))
    if found.unreadable:
        console.print(Text(say("recheck_unreadable"), style="yellow"))
        for reason in found.unreadable:
            console.print(Text(f"    {one_line(reason)}"))
    states = [each.state for each in found.citations]
    if not states:
        console.print(say("recheck_nothing"))
    elif set(states) == {"stands"}:
        console.print(say("recheck_holds", n=len(states)))
    else:
        stands, moved = states.count("stands"), states.count("moved")
        gone = len(states) - stands - moved
        console.print(say("recheck_changed", n=len(states), stands=stands, moved=moved, gone=gone))


def _now_at(place: Place) -> str:
    document = place.document
    page = document.page(place.start)
    where = say("span", start=place.start, end=place.end)
    where += f"，{say('page', page=page)}" if page else ""
    told = say("recheck_now_at", title=document.title, place=where, path=document.path)
    return told + (say("recheck_times", n=place.times) if place.times > 1 else "")


def show_trace(console: Console, trace: Trace) -> None:
    """Prints the steps of an answer: name, when it began, how long it took, what it counted, and its texts below."""
    console.print(Text(say("trace"), style="bold"))
    for step in trace.steps:
        counted = "  ".join(f"{key}={value}" for key, value in step.attributes.items())
        name = STEPS[step.name][0 if interface_language() == "zh" else 1]
        head = f"{step.began:8.3f} s  +{step.seconds:.3f} s  {name}  {counted}  {step.failure}"
        console.print(Text(one_line(head), style="cyan"))
        for key, value in step.details.items():
            for line in _told(key, value):
                console.print(Text(f"              {plain(line)}", style="dim"))


def _told(key: str, value: Any) -> Iterator[str]:
    """Lines that show a detail of a step: a list item by item."""
    if isinstance(value, list):
        yield f"{key}: {len(value)}"
        for item in value:
            facts = item.items() if isinstance(item, dict) else [("", item)]
            yield "  - " + "  ".join(f"{name}={one_line(str(each))}" for name, each in facts if each not in ("", None))
    elif value not in ("", None):
        yield f"{key}: {one_line(str(value))}"


def _claim_line(answer: Answer, claim: Claim) -> Text:
    marks = "".join(f"[{answer.number_of(citation)}]" for citation in claim.citations)
    line = Text(plain(claim.text))
    line.append(marks, style="cyan")
    reason = why_unsupported(claim)
    if reason:
        line.append(say("unsupported", why=reason), style="bold red")
    if claim.unsure_figures:
        line.append(f"（{plain(say('unsure_figures', figures='、'.join(claim.unsure_figures)))}）", style="yellow")
    if claim.checks.resolved:
        line.append(f"（{plain('；'.join(claim.checks.resolved))}）", style="dim")
    return line


def _show_claims(console: Console, answer: Answer) -> None:
    """Prints claims line by line, with what stands between them and claims nothing."""
    place = 0
    for claim in answer.claims:
        if before := answer.text[place : claim.start].strip():
            console.print(Text(plain(before), style="yellow"))
        console.print(_claim_line(answer, claim))
        place = claim.end
    if after := answer.text[place:].strip():
        console.print(Text(plain(after), style="yellow"))


def _besides_claims(answer: Answer) -> str:
    """What an answer says that claims nothing: which part of the question has no answer."""
    text, place = "", 0
    for claim in answer.claims:
        text += answer.text[place : claim.start]
        place = claim.end
    return (text + answer.text[place:]).strip()
