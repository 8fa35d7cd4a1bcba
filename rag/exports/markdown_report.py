"""A report as Markdown (CommonMark), in which text from outside is text.

Every character that could be markup is escaped, also those of GitHub's extensions: tables, formulas, addresses that would
become links by themselves, names of emoji. (GitHub alone links an e-mail address whatever stands around it.)
"""

import re
from collections.abc import Iterator

from rag.exports.report import Exchange, Passage, Report, Source
from rag.exports.wording import say

_INLINE = re.compile(r"[\\`*_{}\[\]<>&|~$^@#]|=(?==)|(?<==)=|:(?=//|[\w+-]+:)|(?<=www)\.", re.ASCII | re.IGNORECASE)
_AT_THE_BEGINNING = re.compile(r"([ \t]*)(?:([-+:=])|(\d+)([.)]))?", re.ASCII)


def markdown(report: Report) -> str:
    """The report as the text of a .md file."""
    return "\n\n".join(_blocks(report)) + "\n"


def escaped(text: str) -> str:
    """One line of text, such that Markdown shows it and nothing else."""
    found = _AT_THE_BEGINNING.match(text)
    assert found is not None
    blanks, sign, digits, point = found.groups()
    opening = "".join("&#9;" if blank == "\t" else "&#32;" for blank in blanks)
    if sign:
        opening += f"\\{sign}"
    elif digits:
        opening += f"{digits}\\{point}"
    return opening + _INLINE.sub(r"\\\g<0>", text[found.end() :])


def _blocks(report: Report) -> Iterator[str]:
    language = report.language
    yield f"# {_inline(report.title)}"
    for place, exchange in enumerate(report.exchanges):
        yield f"## {_inline(report.heading(place))}"
        yield from _exchange(exchange, report)
    yield f"## {say('sources', language)}"
    if not report.sources:
        yield say("nothing_cited", language)
    for source in report.sources:
        yield _source(source)
    if report.sources:
        yield f"## {say('references', language)}"
        for original in report.originals:
            yield f"\\[{original.numbers}\\] {_inline(original.reference)}"
        for note in report.reference_notes:
            yield f"*{escaped(note)}*"
        yield f"## {say('verification', language)}"
        yield escaped(say("by_hand", language))
        for original in report.originals:
            lines = [f"**{escaped(original.name)}**", *map(escaped, original.details)]
            yield "\\\n".join(lines)
        yield escaped(say("by_program", language))
        yield "\n".join(f"- {escaped(record)}" for record in report.records)


def _exchange(exchange: Exchange, report: Report) -> Iterator[str]:
    for note in exchange.notes:
        yield f"*{escaped(note)}*"
    for line in exchange.lines:
        first, *others = line
        opening = _passage(first, escaped(first.text.lstrip()))
        yield (opening + "".join(_passage(each, _inline(each.text)) for each in others)).rstrip()
    if exchange.withheld:
        yield f"**{say('withheld', report.language)}**"
        yield "\n".join(f"- {escaped(each)}" for each in exchange.withheld)
    for note in filter(None, [exchange.outcome, exchange.made]):
        yield f"*{escaped(note)}*"


def _inline(text: str) -> str:
    return _INLINE.sub(r"\\\g<0>", text)


def _passage(passage: Passage, text: str) -> str:
    numbers = f"<sup>\\[{', '.join(map(str, passage.numbers))}\\]</sup>" if passage.numbers else ""
    # Blanks on both sides: without them the stars beside a bracket mark nothing.
    remarks = "".join(f" **{_inline(remark.strip())}** " for remark in passage.remarks)
    return f"{text}{numbers}{remarks}"


def _source(source: Source) -> str:
    opening = f"{source.number}. "
    within = " " * len(opening)
    parts = [f"**{_inline(source.title)}** · {_inline(source.facts)}"]
    lines = source.quote.split("\n")
    quoted = [escaped(line) for line in lines]
    # A line that another follows ends in a break; blank lines part paragraphs.
    for place, line in enumerate(lines[:-1]):
        if line.strip() and lines[place + 1].strip():
            quoted[place] += "\\"
    parts.append("\n".join(f"> {line}" if given.strip() else ">" for line, given in zip(quoted, lines, strict=True)))
    if source.remark:
        parts.append(f"*{_inline(source.remark)}*")
    return opening + "\n\n".join(parts).replace("\n", f"\n{within}").replace(f"\n{within}\n", "\n\n")
