"""Workbooks (.xlsx, .xlsm) by lxml: each sheet's tables as a person sees them; nothing in the file is run or calculated.

Read from the parts themselves, since the usual libraries give numbers without their format, fail on styles that other
programs write, or lay out every cell of a merged range.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.formats.archives import Archive
from rag.formats.lines import counted, one_line
from rag.formats.number_formats import built_in
from rag.formats.regions import plane_text
from rag.formats.sheets import MAX_CELLS, Book, plane_of, rich_text
from rag.loading.base import MAX_XML_BYTES, Extracted, refusal
from rag.text.surrogates import without_surrogates

_REMEDY = (
    "请在 Excel 或 WPS 中打开，另存为 .xlsx 后再试。",
    "open it in a spreadsheet program, save it as .xlsx and try again.",
)
_MOST_STYLES = 100_000


def extract(raw: bytes, name: str) -> Extracted:
    """The tables of every visible sheet, numbers as their formats show them.

    Its title is the one that the workbook gives itself, if it says so in a cell, else the file's name: the first line of
    a sheet is a caption or the sheet's own name (``Sheet1``).

    Raises:
        LoadError: the file is damaged, encrypted, no workbook, or holds too much.
    """
    archive = Archive(raw, name, "XLSX", _REMEDY)
    main = archive.main_part()
    workbook = archive.tree(main)
    if not workbook.tag.endswith("}workbook"):
        raise archive.damaged()
    relations = archive.relations(main)
    book = Book(
        archive,
        _strings(archive, main),
        _formats(archive.related_tree(main, "styles")),
        from_1904=_is_set(workbook.find("{*}workbookPr"), "date1904"),
        is_uncalculated=_is_set(workbook.find("{*}calcPr"), "fullCalcOnLoad"),
    )
    texts: list[tuple[str, str]] = []
    hidden: list[str] = []
    for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
        relation = relations.get(next((v for k, v in sheet.items() if k.endswith("}id")), ""))
        title = one_line(sheet.get("name", ""))
        if sheet.get("state", "visible") != "visible":
            hidden.append(title)
        elif relation and relation.kind == "worksheet" and relation.target in archive:
            texts.append((title, without_surrogates(plane_text(plane_of(relation.target, book)))))
    texts = [(title, text) for title, text in texts if text]
    if not texts and book.unknown:
        raise refusal(
            name,
            "公式没有保存计算结果。请在 Excel 或 WPS 中打开，保存一次后再试。",
            "its formulas have no saved results; open it in a spreadsheet program, save it once and try again.",
        )
    text = "\n\n".join(f"## {title}\n{text}" if len(texts) > 1 else text for title, text in texts)
    title = archive.title()
    return Extracted(
        text=text,
        title=title if title and title in text else Path(name).stem,
        encoding="xlsx",
        left_out=tuple(_left_out(archive, book, hidden)),
    )


def _strings(archive: Archive, main: str) -> list[str]:
    """The shared texts."""
    strings: list[str] = []
    size = 0
    for path in archive.related(main, "sharedStrings"):
        for element in archive.elements(path, "si"):
            strings.append(rich_text(element))
            size += len(strings[-1])
            if len(strings) > 10 * MAX_CELLS or size > MAX_XML_BYTES:
                raise archive.damaged()
    return strings


def _formats(styles: Any) -> list[str]:
    """The number format of each style of cells."""
    if styles is None:
        return []
    own = {each.get("numFmtId", ""): each.get("formatCode", "") for each in styles.iterfind("{*}numFmts/{*}numFmt")}
    formats: list[str] = []
    for style in list(styles.iterfind("{*}cellXfs/{*}xf"))[:_MOST_STYLES]:
        number = style.get("numFmtId", "0")
        formats.append(own.get(number) or built_in(int(number) if number.isdecimal() else 0))
    return formats


def _is_set(element: Any, name: str) -> bool:
    return element is not None and element.get(name) in ("1", "true")


def _left_out(archive: Archive, book: Book, hidden: list[str]) -> Iterator[tuple[str, str]]:
    """What is not in the text, each with its number."""
    comments = charts = pictures = boxes = 0
    for path in archive.paths:
        if path.startswith("xl/comments") and path.endswith(".xml"):
            comments += sum(1 for _ in archive.elements(path, "comment"))
        elif path.startswith("xl/drawings/drawing") and path.endswith(".xml"):
            for element in archive.elements(path, "pic", "graphicFrame", "txBody"):
                kind = element.tag.rpartition("}")[2]
                pictures += kind == "pic"
                charts += kind == "graphicFrame"
                boxes += kind == "txBody" and any((text.text or "").strip() for text in element.iter("{*}t"))
    if hidden:
        listed = "、".join(hidden[:10])
        zh, en = counted(len(hidden), "隐藏的工作表 {} 个", "hidden sheet")[0]
        yield f"{zh}（{listed}）", f"{en} ({listed})"
    yield from counted(book.hidden_rows, "隐藏的行 {} 行", "hidden row")
    yield from counted(book.hidden_columns, "隐藏的列 {} 列", "hidden column")
    yield from counted(
        book.unshown,
        "被数字格式隐去的单元格 {} 个",
        "cell that its number format hides",
        "cells that their number format hides",
    )
    yield from counted(
        book.unknown,
        "没有保存计算结果的公式 {} 个",
        "formula without a saved result",
        "formulas without a saved result",
    )
    yield from counted(comments, "批注 {} 条", "comment")
    yield from counted(charts, "图表 {} 个", "chart")
    yield from counted(pictures, "图片 {} 张", "picture")
    yield from counted(boxes, "文本框 {} 个", "text box", "text boxes")
    if any(path.endswith("vbaproject.bin") for path in archive.paths):
        yield "宏（没有运行）", "macros (not run)"
