"""Presentations (.pptx) by lxml: each slide a section, its text in the order that the file keeps for reading aloud.

Read from the parts themselves: the usual library brings an image library along and gives no bullets.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rag.formats.archives import Archive
from rag.formats.grids import GridCell, table_text
from rag.formats.lines import counted, one_line
from rag.formats.raised_characters import lowered, raised
from rag.formats.slide_lists import ListStyles, item_mark
from rag.loading.base import MAX_PAGES, Extracted, refusal

_REMEDY = (
    "请在 PowerPoint 或 WPS 中打开，另存为 .pptx 后再试。",
    "open it in a presentation program, save it as .pptx and try again.",
)
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr"})
_LEFT_OUT = (
    ("picture", "图片 {} 张", "picture", ""),
    ("chart", "图表 {} 个", "chart", ""),
    ("diagram", "SmartArt 图示 {} 个", "SmartArt diagram", ""),
    ("object", "嵌入对象 {} 个", "embedded object", ""),
    ("media", "音频或视频 {} 个", "recording", ""),
    ("comment", "批注 {} 条", "comment", ""),
    ("furniture", "页脚、日期和页码 {} 处", "footer, date or slide number", "footers, dates and slide numbers"),
)


@dataclass(slots=True)
class _Slide:
    """What a slide holds while it is read: its title, its lines, and what is not among them."""

    styles: ListStyles
    title: str = ""
    lines: list[str] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)


def extract(raw: bytes, name: str) -> Extracted:
    """The text of every slide that is shown, tables and speaker's notes included.

    Raises:
        LoadError: the file is damaged, encrypted, no presentation, or has too many slides.
    """
    archive = Archive(raw, name, "PPTX", _REMEDY)
    main = archive.main_part()
    presentation = archive.tree(main)
    if not presentation.tag.endswith("}presentation"):
        raise archive.damaged()
    relations = archive.relations(main)
    shown = presentation.findall("{*}sldIdLst/{*}sldId")
    if len(shown) > MAX_PAGES:
        raise refusal(
            name,
            f"共 {len(shown)} 张幻灯片，超过上限 {MAX_PAGES}。请拆分后再试。",
            f"it has {len(shown)} slides, more than {MAX_PAGES}; split it and try again.",
        )
    texts: list[str] = []
    missing: Counter[str] = Counter()
    trees: dict[str, Any] = {}
    for number, reference in enumerate(shown, 1):
        relation = relations.get(_attribute(reference, "}id"))
        if relation is None or relation.target not in archive:
            raise archive.damaged()
        tree = archive.tree(relation.target)
        if tree.get("show") in ("0", "false"):
            missing["hidden"] += 1
            continue
        lines, left = _slide_lines(archive, relation.target, tree, number, trees)
        missing += left
        if lines:
            texts.append("\n".join(lines))
    text = "\n\n".join(texts)
    title = archive.title()
    left_out = counted(missing["hidden"], "隐藏的幻灯片 {} 张", "hidden slide")
    for kind, zh, one, many in _LEFT_OUT:
        left_out += counted(missing[kind], zh, one, many)
    return Extracted(text=text, title=title if title in text else "", encoding="pptx", left_out=tuple(left_out))


def _slide_lines(
    archive: Archive, path: str, tree: Any, number: int, trees: dict[str, Any]
) -> tuple[list[str], Counter[str]]:
    """The lines of a slide below its heading; none where it holds no text."""
    slide = _Slide(ListStyles(archive, path, trees))
    for shape in tree.iterfind("{*}cSld/{*}spTree/*"):
        _read_shape(shape, slide)
    for part in archive.related(path, "comments"):
        slide.missing["comment"] += sum(1 for _ in archive.tree(part).iterchildren("{*}cm"))
    slide.lines += _notes(archive, path)
    if not slide.title and not slide.lines:
        return [], slide.missing
    return [f"## {slide.title or f'幻灯片 {number}'}", *slide.lines], slide.missing


def _read_shape(top: Any, slide: _Slide) -> None:
    """Take up the text of a shape and of those grouped in it, in order, without recursion: groups nest at will."""
    stack = [top]
    while stack:
        shape = stack.pop()
        kind = _local(shape)
        if kind == "grpSp":
            stack.extend(reversed(list(shape)))
        elif kind == "AlternateContent":
            choice = shape.find("{*}Choice")
            stack.extend(reversed(list(choice if choice is not None else shape)))
        elif kind == "Fallback":
            stack.extend(reversed(list(shape)))
        elif _is_hidden(shape):
            continue
        elif kind == "pic":
            is_media = any(_local(each).endswith(("audioFile", "videoFile")) for each in shape.iter("{*}*"))
            slide.missing["media" if is_media else "picture"] += 1
        elif kind == "graphicFrame":
            _read_frame(shape, slide)
        elif kind == "sp":
            _read_text(shape, slide)


def _read_text(shape: Any, slide: _Slide) -> None:
    body = shape.find("{*}txBody")
    placeholder = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
    role = "" if placeholder is None else placeholder.get("type", "obj")
    if body is None:
        return
    if role in _FURNITURE:
        slide.missing["furniture"] += bool("".join(body.itertext()).strip())
        return
    if role in _TITLES and not slide.title:
        slide.title = " ".join(line for each in body.iterfind("{*}p") for line in _text(each).split())
        return
    numbers: dict[int, int] = {}
    for paragraph in body.iterfind("{*}p"):
        if not (text := _text(paragraph).strip()):
            continue
        mark = item_mark(paragraph, slide.styles.of(shape, placeholder, paragraph), numbers)
        first, *rest = [one_line(line) for line in text.split("\n") if line.strip()]
        slide.lines += [mark + first, *rest]


def _read_frame(frame: Any, slide: _Slide) -> None:
    """A table becomes one of ours; what else stands in a frame is counted."""
    table = frame.find("{*}graphic/{*}graphicData/{*}tbl")
    if table is not None:
        if text := _table(table):
            slide.lines.append(text if not slide.lines or not slide.lines[-1].startswith("|") else "\n" + text)
        return
    data = frame.find("{*}graphic/{*}graphicData")
    used = "" if data is None else data.get("uri", "").rpartition("/")[2]
    slide.missing[used if used in ("chart", "diagram") else "object"] += 1


def _table(table: Any) -> str:
    rows = table.findall("{*}tr")
    properties = table.find("{*}tblPr")
    has_head = properties is not None and properties.get("firstRow") in ("1", "true")
    cells: list[list[GridCell]] = []
    for number, row in enumerate(rows):
        line: list[GridCell] = []
        for cell in row.iterfind("{*}tc"):
            if cell.get("hMerge") in ("1", "true") or cell.get("vMerge") in ("1", "true"):
                continue
            text = "\n".join(_text(each) for each in cell.iterfind("{*}txBody/{*}p"))
            high, wide = _count(cell.get("rowSpan")), _count(cell.get("gridSpan"))
            line.append(GridCell(text, min(high, len(rows) - number), wide, is_head=has_head and number == 0))
        cells.append(line)
    if has_head and cells:
        # Beside a cell of the first row that reaches down, the rows that it reaches are head too.
        return table_text(cells, header_rows=min(max((cell.rows for cell in cells[0]), default=1), len(cells) - 1))
    return table_text(cells)


def _notes(archive: Archive, path: str) -> Iterator[str]:
    """What the speaker's notes of a slide say, each paragraph marked as one."""
    for part in archive.related(path, "notesSlide"):
        for shape in archive.tree(part).iterfind("{*}cSld/{*}spTree/{*}sp"):
            placeholder = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
            if placeholder is not None and placeholder.get("type") == "body":
                for paragraph in shape.iterfind("{*}txBody/{*}p"):
                    if line := one_line(_text(paragraph)):
                        yield f"备注：{line}"


def _text(paragraph: Any) -> str:
    """A paragraph's text; its line ends as newlines, raised and lowered digits in their own characters."""
    pieces: list[str] = []
    for child in paragraph:
        kind = _local(child)
        if kind == "br":
            pieces.append("\n")
        elif kind in ("r", "fld"):
            text = child.findtext("{*}t") or ""
            properties = child.find("{*}rPr")
            shift = properties.get("baseline", "0") if properties is not None else "0"
            shifted = "" if shift == "0" else lowered(text) if shift.startswith("-") else raised(text)
            pieces.append(shifted or text)
        elif kind == "m" or kind.endswith("AlternateContent"):
            pieces.append("".join(each.text or "" for each in child.iter("{*}t")))
    return "".join(pieces)


def _is_hidden(shape: Any) -> bool:
    return any(each.get("hidden") in ("1", "true") for each in shape.iterfind("*/{*}cNvPr"))


def _count(value: str | None) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 4 else 1


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _attribute(element: Any, ending: str) -> str:
    return next((value for name, value in element.items() if name.endswith(ending)), "")
