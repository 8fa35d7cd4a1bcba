"""Plain text as it comes out of a word processor: paragraphs indented by two blanks, cells parted by tabs."""

from collections.abc import Iterator

from eval.format_writers.content import Content, Table, readable

_MARK = "[{}]"
_BARE = ("title", "issuer", "number", "dateline", "h1", "h2", "item", "signature", "label")


def write(content: Content) -> bytes:
    """The content as .txt."""
    lines = [line for block in content.blocks for line in _lines(block.kind, block.text, block.table)]
    lines += [f"[{number}] {readable(text)}" for number, text in enumerate(content.footnotes, 1)]
    return ("\r\n".join(lines) + "\r\n").encode(content.encoding)


def _lines(kind: str, text: str, table: Table | None) -> Iterator[str]:
    if table:
        yield from (readable(line) for line in (table.caption, table.unit) if line)
        for row in table.rows:
            yield "\t".join(readable(cell.text, _MARK).replace("\n", " ") if cell else "" for cell in row).rstrip("\t")
        yield from (readable(note) for note in table.notes)
    elif kind == "break":
        yield ""
    else:
        yield ("" if kind in _BARE else "　　") + readable(text, _MARK)
        if kind == "title":
            yield ""
