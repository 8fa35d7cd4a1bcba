"""How answers, passages and documents look on a terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rag.answers import Answer, Citation, Claim
from rag.messages import say
from rag.retrieval import Hit
from rag.store import Entry

_CONTROL = dict.fromkeys(
    [*range(0x00, 0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def plain(text: str) -> str:
    """Text from a document without the control characters that could take over a terminal."""
    return text.translate(_CONTROL)


def show_answer(console: Console, answer: Answer, *, text_is_shown: bool = False) -> None:
    """Prints an answer, its claims numbered with their citations; for an abstention the nearest passages.

    Args:
        text_is_shown: the answer was streamed already, so only marks, citations and the last line follow.
    """
    if answer.abstained:
        console.print(Text(answer.text, style="yellow"))
        if answer.hits:
            console.print(Text(say("nearest"), style="bold"))
            show_hits(console, answer.hits[:3])
    else:
        if not text_is_shown or len(answer.claims) > 1 or not answer.supported:
            for claim in answer.claims:
                console.print(_claim_line(answer, claim))
        console.print(Text(say("citations"), style="bold"))
        for citation in answer.citations:
            show_citation(console, answer.number_of(citation), citation)
    console.print(Text(say("answered_by", model=answer.language_model, seconds=answer.timings.total), style="dim"))


def show_citation(console: Console, number: int, citation: Citation) -> None:
    """Prints one citation: title, date, speaker, place, and the quote as it reads."""
    document = citation.document
    page = say("page", page=citation.page) if citation.page else ""
    facts = [f"《{document.title}》", str(document.date or ""), document.source, citation.speaker, page]
    facts.append(say("span", start=citation.start, end=citation.end))
    console.print(Text(f"[{number}] " + "  ".join(plain(fact) for fact in facts if fact), style="cyan"))
    console.print(Text(f"    “{plain(citation.text)}”"))
    line = document.path
    if citation.reprints:
        line += "  " + say(
            "reprints", titles="、".join(f"《{other.title}》({other.path})" for other in citation.reprints)
        )
    console.print(Text(f"    {plain(line)}", style="dim"))


def show_hits(console: Console, hits: Iterable[Hit]) -> None:
    """Prints retrieved passages with score and the ways they were found."""
    for number, hit in enumerate(hits, 1):
        document = hit.document
        facts = [f"《{document.title}》", str(document.date or ""), "、".join(hit.speakers)]
        facts += [say("span", start=hit.start, end=hit.end), f"{hit.score:.3f}", "+".join(hit.found_by)]
        console.print(Text(f"{number}. " + "  ".join(plain(fact) for fact in facts if fact), style="cyan"))
        console.print(Text(f"   {plain(hit.text)}"))
        if hit.reprints:
            titles = "、".join(f"《{other.title}》({other.path})" for other in hit.reprints)
            console.print(Text(f"   {plain(say('reprints', titles=titles))}", style="dim"))


def show_documents(console: Console, entries: list[Entry]) -> None:
    """Prints the documents of an index as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("column_id", "column_date", "column_title", "column_source", "column_length", "column_near"):
        table.add_column(say(column), overflow="fold", justify="right" if column == "column_length" else "left")
    for entry in entries:
        row = (entry.id, str(entry.date or ""), entry.title, entry.source, f"{entry.characters:,}")
        table.add_row(*(Text(plain(value)) for value in row), Text(" ".join(entry.near_duplicates)))
    console.print(table)


def why_unsupported(claim: Claim) -> str:
    """Why a claim is not supported, in a few words; empty where it is."""
    reasons = []
    if not claim.checks.exists:
        reasons.append(say("no_citation"))
    elif claim.checks.missing_facts:
        reasons.append(say("missing_facts", facts="、".join(claim.checks.missing_facts)))
    elif not claim.checks.supports:
        reasons.append(say("weak_support"))
    return "；".join(reasons)


def _claim_line(answer: Answer, claim: Claim) -> Text:
    marks = "".join(f"[{answer.number_of(citation)}]" for citation in claim.citations)
    line = Text(plain(claim.text))
    line.append(marks, style="cyan")
    reason = why_unsupported(claim)
    if reason:
        line.append(say("unsupported", why=reason), style="bold red")
    return line
