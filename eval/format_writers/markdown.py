"""Markdown as people write it: bar tables, which know no spans, so that cells that span others leave blanks."""

from collections.abc import Iterator

from eval.format_writers.content import Content, Table, readable

_MARK = "[^{}]"
_HEADINGS = {"title": "# ", "h1": "## ", "h2": "### "}


def write(content: Content) -> bytes:
    """The content as .md."""
    text, before = "", ""
    for block in content.blocks:
        apart = "\n" if block.kind == before == "item" else "\n\n"
        for part in _parts(block.kind, block.text, block.table):
            text += (apart if text else "") + part
        before = block.kind
    for number, note in enumerate(content.footnotes, 1):
        text += f"\n\n[^{number}]: {readable(note)}"
    return (text + "\n").encode()


def _parts(kind: str, text: str, table: Table | None) -> Iterator[str]:
    if table:
        yield from (readable(line) for line in (table.caption, table.unit) if line)
        yield "\n".join(_rows(table))
        yield from (readable(note) for note in table.notes)
    elif kind == "break":
        yield "---"
    else:
        yield _HEADINGS.get(kind, "") + readable(text, _MARK)


def _rows(table: Table) -> Iterator[str]:
    lines = [
        "| " + " | ".join(readable(cell.text, _MARK).replace("\n", "<br>") if cell else "" for cell in row) + " |"
        for row in table.rows
    ]
    width = len(table.rows[0])
    if not table.heads:  # Markdown's tables have a head: a blank one
        yield "| " + " | ".join([""] * width) + " |"
    for number, line in enumerate(lines, 1):
        if number == 1 and not table.heads:
            yield "|" + " --- |" * width
        yield line
        if number == 1 and table.heads:
            yield "|" + " --- |" * width
