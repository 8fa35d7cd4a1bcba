"""HTML as an office's site has it: the text amid navigation, links and a script."""

from collections.abc import Iterator
from html import escape

from eval.format_writers.content import Block, Cell, Content, Table, runs_of

_TAGS = {"title": "h1", "h1": "h2", "h2": "h3"}
_RUNS = {"plain": "{}", "raised": "<sup>{}</sup>", "lowered": "<sub>{}</sub>", "deleted": "<del>{}</del>"} | {
    "inserted": "<ins>{}</ins>",
    "note": '<sup><a href="#fn{0}" id="ref{0}">[{0}]</a></sup>',
}
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="PubDate" content="{date}">
<style>table {{ border-collapse: collapse }} td, th {{ border: 1px solid #999 }}</style>
<script>var channel = "公开目录"; console.log(channel);</script>
</head>
<body>
<nav><a href="/">首页</a> <a href="/open">公开目录</a> <a href="/contact">网站地图</a></nav>
<main>
<article>
{body}
</article>
</main>
<footer>网站标识码 0000000000 · 建议使用新版浏览器访问</footer>
</body>
</html>
"""


def write(content: Content) -> bytes:
    """The content as .html."""
    lines: list[str] = []
    listing = ""
    for block in content.blocks:
        wanted = _listing(block)
        if listing and wanted != listing:
            lines.append(f"</{listing}>")
        if wanted and (wanted != listing or block.text.startswith("1. ")):
            if wanted == listing:
                lines.append(f"</{listing}>")
            lines.append(f"<{wanted}>")
        listing = wanted
        lines.extend(_lines(block, wanted))
    if listing:
        lines.append(f"</{listing}>")
    if content.footnotes:
        lines.append('<section class="footnotes"><hr>')
        lines += [
            f'<p id="fn{n}"><a href="#ref{n}">[{n}]</a> {_inline(text)}</p>'
            for n, text in enumerate(content.footnotes, 1)
        ]
        lines.append("</section>")
    page = _PAGE.format(title=escape(content.title), date=content.date.isoformat(), body="\n".join(lines))
    return page.encode()


def _listing(block: Block) -> str:
    if block.kind != "item":
        return ""
    return "ul" if block.text.startswith("- ") else "ol" if block.text.split(". ")[0].isdigit() else ""


def _lines(block: Block, listing: str) -> Iterator[str]:
    if block.table:
        yield from _table(block.table)
    elif block.kind == "break":
        yield "<hr>"
    elif listing:
        yield f"<li>{_inline(block.text.partition(' ')[2])}</li>"
    else:
        tag = _TAGS.get(block.kind, "p")
        yield f'<{tag} class="{block.kind}">{_inline(block.text)}</{tag}>'


def _table(table: Table) -> Iterator[str]:
    if table.unit:  # a caption belongs to the table; a unit alone stands above it, to the right
        yield f'<p class="unit">{_inline(table.unit)}</p>'
    yield "<table>"
    if table.caption:
        yield f"<caption>{_inline(table.caption)}</caption>"
    for number, row in enumerate(table.rows):
        if number == 0 and table.heads:
            yield "<thead>"
        if number == table.heads:
            yield ("</thead>" if table.heads else "") + "<tbody>"
        tag = "th" if number < table.heads else "td"
        yield "<tr>" + "".join(_cell(cell, tag) for cell in row if cell) + "</tr>"
    yield "</tbody></table>"
    yield from (f'<p class="note">{_inline(note)}</p>' for note in table.notes)


def _cell(cell: Cell, tag: str) -> str:
    spans = (f' rowspan="{cell.rows}"' if cell.rows > 1 else "") + (
        f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    )
    return f"<{tag}{spans}>{_inline(cell.text)}</{tag}>"


def _inline(text: str) -> str:
    return "".join(_RUNS[run.kind].format(escape(run.text)) for run in runs_of(text)).replace("//", "<br>")
