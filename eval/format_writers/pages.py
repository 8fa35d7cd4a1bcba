"""PDF with or without lines around the cells of its tables, in a Chinese font that every reader has."""

import io
from collections.abc import Iterator
from html import escape
from typing import Any

from eval.format_writers.content import Block, Content, Table, runs_of

FONT = "STSong-Light"
_RUNS = {"plain": "{}", "raised": "<super>{}</super>", "lowered": "<sub>{}</sub>", "deleted": "", "inserted": "{}"} | {
    "note": "<super>[{}]</super>"
}
_WIDTH = 440
"""Of the text on a page, in points."""


def write_ruled(content: Content) -> bytes:
    """The content as .pdf whose tables have ruling lines."""
    return _written(content, ruled=True)


def write_plain(content: Content) -> bytes:
    """The content as .pdf whose tables have no lines but what lies above, below and between their heads."""
    return _written(content, ruled=False)


def _written(content: Content, *, ruled: bool) -> bytes:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    styles = _styles()
    story = [part for block in content.blocks for part in _parts(block, styles, ruled)]
    story += [Paragraph(f"[{n}] {_inline(text)}", styles["small"]) for n, text in enumerate(content.footnotes, 1)]
    file = io.BytesIO()
    template = SimpleDocTemplate(file, invariant=1, title=content.title, author="", leftMargin=77, rightMargin=77)

    def furniture(canvas: Any, document: Any) -> None:
        canvas.setFont(FONT, 9)
        canvas.drawCentredString(297, 30, f"— {document.page} —")
        if document.page > 1:
            canvas.drawString(77, 800, content.name)
        day = content.date
        canvas._doc._timeStamp.YMDhms = (day.year, day.month, day.day, 0, 0, 0)  # otherwise 2000-01-01

    template.build(story, onFirstPage=furniture, onLaterPages=furniture)
    return file.getvalue()


def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    body = ParagraphStyle("body", fontName=FONT, fontSize=10.5, leading=17, wordWrap="CJK", spaceAfter=4)
    made = {
        "body": body,
        "p": ParagraphStyle("p", parent=body, firstLineIndent=21),
        "title": ParagraphStyle("title", parent=body, fontSize=16, leading=24, alignment=1, spaceAfter=10),
        "issuer": ParagraphStyle("issuer", parent=body, alignment=1),
        "h1": ParagraphStyle("h1", parent=body, fontSize=13, leading=20, spaceBefore=6),
        "h2": ParagraphStyle("h2", parent=body, fontSize=11.5, leading=18),
        "signature": ParagraphStyle("signature", parent=body, alignment=2),
        "small": ParagraphStyle("small", parent=body, fontSize=8.5, leading=12),
        "cell": ParagraphStyle("cell", parent=body, fontSize=9, leading=12, spaceAfter=0),
    }
    made["box"], made["unit"] = made["p"], made["signature"]
    made["number"] = made["dateline"] = made["caption"] = made["issuer"]
    return made


def _parts(block: Block, styles: dict[str, Any], ruled: bool) -> Iterator[Any]:
    from reportlab.platypus import PageBreak, Paragraph, Spacer

    if block.kind == "break":
        yield PageBreak()
    elif block.table:
        above = (("caption", block.table.caption), ("unit", block.table.unit))
        yield from (Paragraph(_inline(text), styles[style]) for style, text in above if text)
        yield _table(block.table, styles["cell"], ruled)
        yield Spacer(1, 4)
        yield from (Paragraph(_inline(note), styles["small"]) for note in block.table.notes)
        yield Spacer(1, 6)
    else:
        yield Paragraph(_inline(block.text), styles.get(block.kind, styles["body"]))


def _table(table: Table, style: Any, ruled: bool) -> Any:
    from reportlab.lib.colors import black
    from reportlab.platypus import Table as Drawn

    spans = [
        ("SPAN", (column, row), (column + cell.columns - 1, row + cell.rows - 1))
        for row, cells in enumerate(table.rows)
        for column, cell in enumerate(cells)
        if cell and (cell.rows > 1 or cell.columns > 1)
    ]
    if ruled:
        lines: list[tuple[Any, ...]] = [("GRID", (0, 0), (-1, -1), 0.5, black)]
    else:
        lines = [("LINEABOVE", (0, 0), (-1, 0), 1, black), ("LINEBELOW", (0, -1), (-1, -1), 1, black)]
        if table.heads:
            lines.append(("LINEBELOW", (0, table.heads - 1), (-1, table.heads - 1), 0.5, black))
    rows = [[_cell(cell.text, style) if cell else "" for cell in row] for row in table.rows]
    widths = _widths(table)
    everywhere = [("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("FONT", (0, 0), (-1, -1), FONT, 9)]
    return Drawn(rows, colWidths=widths, repeatRows=table.heads, style=[*lines, *spans, *everywhere])


def _cell(text: str, style: Any) -> Any:
    """A cell's text; a lone character gets a blank, for PDFium overlooks what has no width where no font draws it."""
    from reportlab.platypus import Paragraph

    return text + " " if len(text) == 1 else Paragraph(_inline(text), style)


def _widths(table: Table) -> list[float]:
    """Widths of the columns by the longest text that stands in one of them alone, the whole page at most."""
    longest = [3] * len(table.rows[0])
    for row in table.rows:
        for column, cell in enumerate(row):
            if cell and cell.columns == 1:
                longest[column] = max(longest[column], *(min(len(line), 24) for line in cell.text.split("//")))
    wanted = [9.0 * length + 14 for length in longest]
    share = min(1.0, _WIDTH / sum(wanted))
    return [width * share for width in wanted]


def _inline(text: str) -> str:
    return "".join(_RUNS[run.kind].format(escape(run.text)) for run in runs_of(text)).replace("//", "<br/>")
