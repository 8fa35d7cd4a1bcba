"""Cleaning as a view: text that reads well, each character of which knows its place in the stored text.

Hard-wrapped lines are joined, spaces inside Chinese text and zero-width characters left out, full-width letters and
digits shown half-width, half-width punctuation between Chinese characters shown full-width; captions that break a
sentence, Markdown's heading marks and its ``**`` are left out. The stored text is never changed: a view only leaves
characters out or shows one for one, so a span of the view maps to the exact characters it came from.
"""

import re
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.markup import end_of_front_matter, may_stand_for, unread, with_signs_shown
from rag.text.official_lines import BRACKETED_YEAR
from rag.text.tables import tables_among

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HAN_CHARACTER = re.compile(f"[{HAN}]")
TERMINAL = "。！？；…!?;｡"
CLOSING = "”’」』）)】》〉\"'"

HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()} | {
    0xFF05: ord("%")
}
"""The half-width form of each full-width letter, digit and ％."""
_PUNCTUATION = str.maketrans(",:;?!", "，：；？！")
INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\u061c\u180e\ufe00-\ufe0f\U000e0000-\U000e0fff\x00-\x08\x0e-\x1f"
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_BESIDE = f"[{HAN}，。、；：？！“”‘’（）《》]"
_BLANKS = "[ \t\u00a0\u3000]"
# A run of blanks is tried from its beginning only: from each of its blanks it would take quadratic time.
_SPACE_BESIDE_HAN = re.compile(f"(?<={_BESIDE}){_BLANKS}+(?=\\S)|(?<!{_BLANKS}){_BLANKS}++(?={_BESIDE})")
_PUNCTUATION_BESIDE_HAN = re.compile(f"(?<=[{HAN}”’）》%％])[,:;?!]|[,:;?!](?=[{HAN}“‘（《])")
_DECIMAL_POINT = re.compile(r"(?<=\d)．(?=\d)")
_THOUSANDS = re.compile(r"(?<=\d)，(?=\d{3}(?!\d))")  # of figures that were written full-width
_LINE = re.compile(r"[^\r\n\f\x0b\x85\u2028\u2029]+")
_LINE_END = re.compile(r"\r\n|[\r\n\f\x0b\x85\u2028\u2029]")
_VISIBLE = re.compile(f"[^\\s{INVISIBLE}](?:.*[^\\s{INVISIBLE}])?", re.DOTALL)
_ENDS = re.compile(f"[{TERMINAL}：:。.][{CLOSING}]*$")
_CAPTION = re.compile(
    r"^[^，。；？！,;?!]{0,20}(?:摄|供图|资料图|资料图片|制图|配图)[）)]?$|^[（(]?(?:图|上图|下图|左图|右图)[：:为].{0,60}$"
)
_LIST_ITEM = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十]{1,3}(?:是|、|）|\))|第[一二三四五六七八九十]{1,3}[，,、]|[（(]?\d{1,2}(?:[、．）)]|\.(?!\d))"
    r"|[•●■◆▪‣*+-]\s|(?:首先|其次|再次|最后)[，,])"
)
_MARKDOWN_HEADING = re.compile(r"^#{1,6}\s")
_NUMBERED_HEADING = re.compile(
    r"^(?:第[一二三四五六七八九十百\d]{1,4}[章节编部分条]|[（(]?[一二三四五六七八九十\d]{1,3}[、）)．])"
)
_LABELLED = re.compile(
    r"【[^【】]{1,30}】\s*\S|(?:[（(]?[一二三四五六七八九十\d]{1,3}[、）)．.]\s*)?[^：:。，]{1,20}[：:]\s*[^\s：:]"
)
_BRACKETED = re.compile(r"【[^【】]{1,30}】")
_BYLINE = re.compile(f"^(?:[{HAN}]{{2,12}}|本报)?记者[\\s　]*[{HAN}·]{{2,4}}(?:[\\s、　]+[{HAN}·]{{2,4}})*$")
_NOTE = re.compile(
    r"^(?:来源|责任编辑|责编|编辑|作者|版权声明|原标题|发布时间)[：:]"
    rf"|^[^\s，。：]{{0,12}}{BRACKETED_YEAR}[^\s，。：]{{1,20}}号$"
    r"|^[（(][^（()）。]{4,80}[）)]$"
    r"|^[一二][〇○零九０O0][〇○零一二三四五六七八九０O0]{2}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日$"
    r"|^(?:19|20)\d\d\s?[年./-]\s?\d{1,2}\s?[月./-]\s?\d{1,2}\s?日?[\s\d:：]*$"
    f"|^[（(](?:下转|上接)第?.{{1,12}}[）)]$|^(?:新华社|人民网|中新社|中新网)[{HAN}]{{2,8}}\\d{{1,2}}月\\d{{1,2}}日电$"
)
_LABEL = re.compile(
    r"^(?:[^\s，。、；：？！,;:?!“”‘’（）()《》]{1,20}(?:[（(][^（()）]{1,30}[）)])?\s?(?:\*\*)?[：:]|【[^【】]{1,20}】)"
)
_TURN_LABEL = re.compile(
    r"^(?:\*\*)?[【\[]?(?:[^\s，。、；：？！,;:?!]{0,16}(?:记者|问|答|主持人|网友)|[QA]\d{0,3})[】\]]?(?:\*\*)?(?:(?<=[】\]])|\s?[：:])"
)
_ENDS_WITH_TIME = re.compile(r"^[^，。：:]{1,40}\s\d{1,2}:\d{2}(?::\d{2})?$")  # who said what follows, and when
_BEFORE_BLANK = ",;:)\"'%"  # after these and letters, lines of Latin text are joined with a blank
_LONGEST_HEADING = 40
_LONGEST_HEADING_WITH_COMMA = 32
_LEAST_WIDTH = 24
"""Least width at which lines are broken, in columns: twelve Chinese characters."""
_OF_WIDTH = 0.6
"""Share of the width at which lines are broken from which on a line may go on in the next."""
_LONGEST_MARKED = 200


@dataclass(frozen=True, slots=True)
class View:
    """Readable text over a stored text.

    Attributes:
        text: the readable text; paragraphs are separated by one newline each.
        offsets: for each character of ``text`` the offset of the stored character that it shows, ascending.
    """

    text: str
    offsets: "array[int]"

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Stored span of the view's ``[start, end)``, without the blanks at its ends; (0, 0) when nothing is left."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        return (self.offsets[start], self.offsets[end - 1] + 1) if start < end else (0, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """One non-blank line of the stored text, without the blanks at its ends."""

    start: int
    end: int
    text: str
    after_blank: bool
    isolated: bool
    hard_break: bool


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that read as one. ``kind`` is ``"text"``, ``"heading"`` (a title or section heading), ``"note"`` or ``"table"``.

    A note is a line about the document: its byline, date line, source or editor. A table's lines are its rows.
    """

    lines: tuple[Line, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The paragraphs of a text, and whether its lines were broken at a fixed width."""

    paragraphs: tuple[Paragraph, ...]
    hard_wrapped: bool


def layout(text: str) -> Layout:
    """Finds the paragraphs of a text: which lines go on in the next, which are headings, which are captions."""
    lines = _lines(text)
    tables = dict(tables_among([line.text for line in lines], [line.after_blank for line in lines]))
    in_table = {place for first, end in tables.items() for place in range(first, end)}
    width = _wrapped_width([line for place, line in enumerate(lines) if place not in in_table])
    wrapped = width > 0
    kinds = _kinds(lines, wrapped, in_table)
    paragraphs: list[Paragraph] = []
    current: list[Line] = []
    current_kind = "text"
    for position, line in enumerate(lines):
        if position in in_table:
            if current:
                paragraphs.append(Paragraph(tuple(current), current_kind))
                current = []
            if position in tables:
                paragraphs.append(Paragraph(tuple(lines[position : tables[position]]), "table"))
            continue
        if (
            current
            and current_kind == "text"
            and _is_caption(line, wrapped)
            and _next_continues(lines, kinds, position)
        ):
            continue  # a caption in the middle of a sentence: not part of what is read
        if current and not _is_continuation(current[-1], current_kind, line, kinds[position], width):
            paragraphs.append(Paragraph(tuple(current), current_kind))
            current = []
        if not current:
            current_kind = kinds[position]
        current.append(line)
    if current:
        paragraphs.append(Paragraph(tuple(current), current_kind))
    return Layout(tuple(paragraphs), wrapped)


def view_of(text: str, paragraphs: "tuple[Paragraph, ...]") -> View:
    """The readable view of the given paragraphs of ``text``, in their order."""
    pieces: list[str] = []
    offsets: array[int] = array("q")
    for paragraph in paragraphs:
        before = "\n"
        for line in paragraph.lines:
            shown, places = _readable(text, line.start, line.end)
            if before.isascii() and line.text[0].isascii() and (before.isalnum() or before in _BEFORE_BLANK):
                pieces.append(" ")
                offsets.append(line.start - 1)
            pieces.append(shown)
            offsets.extend(places)
            before = shown[-1:] or before
        # A paragraph's end is shown as a newline that stands on the last character's place.
        pieces.append("\n")
        offsets.append(paragraph.lines[-1].end - 1)
    return View("".join(pieces), offsets)


def line_view(text: str, start: int, end: int) -> View:
    """The readable view of a part of one line, such as a table's cell."""
    return View(*_readable(text, start, end))


def view(text: str) -> View:
    """The readable view of a whole text."""
    return view_of(text, layout(text).paragraphs)


def readable(text: str) -> str:
    """A sentence of stored text as a person reads it: lines joined, stray spaces and captions left out."""
    lines = _lines(text)
    body = tuple(line for line in lines if not _is_caption(line, wrapped=False)) or tuple(lines)
    return view_of(text, (Paragraph(body, "text"),)).text.strip() if body else ""


def places_of(shown: str, text: str, start: int, end: int) -> Sequence[int]:
    """Where each character of a sentence as it reads stands in ``text[start:end]``; empty where they cannot be matched.

    A view only leaves characters out or shows one for one, so each character is the next that it may show.
    """
    if text[start:end] == shown:
        return range(start, end)
    places: list[int] = []
    place = start
    for character in shown:
        while place < end and not _may_show(text[place], character):
            place += 1
        if place == end:
            return []
        places.append(place)
        place += 1
    return places


def without_invisible(text: str) -> str:
    """A text without the characters that show nothing: zero-width, direction marks, tags, control characters."""
    return _INVISIBLE.sub("", text)


def is_list_item(text: str) -> bool:
    """Whether a line opens an item of a list (``一是…``, ``第二，…``, ``3．…``)."""
    return bool(_LIST_ITEM.match(text))


def _lines(text: str) -> list[Line]:
    """The lines of a text that show anything; a line is isolated when blank lines stand on both sides of it."""
    places: list[tuple[int, int, bool]] = []
    gaps: list[bool] = []
    previous_end = 0
    for match in _LINE.finditer(text, end_of_front_matter(text)):
        visible = _VISIBLE.search(match.group())
        if not visible:
            continue
        start, end = match.start() + visible.start(), match.start() + visible.end()
        gaps.append(not places or len(_LINE_END.findall(text, previous_end, start)) > 1)
        places.append((start, end, match.group().endswith("  ")))
        previous_end = end
    gaps.append(True)
    return [
        Line(start, end, text[start:end], gaps[number], gaps[number] and gaps[number + 1], hard_break)
        for number, (start, end, hard_break) in enumerate(places)
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _wrapped_width(lines: list[Line]) -> int:
    """The width at which most lines stop without a sentence's end; 0 where they are not broken at one."""
    if len(lines) < 8 or sum(len(line.text) for line in lines) > 60 * len(lines):
        return 0
    open_lines = [line for line in lines if not _ENDS.search(line.text) and not _LABELLED.match(line.text)]
    if len(open_lines) < 0.4 * len(lines):
        return 0
    widths = sorted(_width(line.text) for line in open_lines)
    middle = widths[len(widths) // 2]
    is_even = middle >= 0.7 * widths[int(len(widths) * 0.95)]
    return middle if is_even and middle >= _LEAST_WIDTH else 0


def _kinds(lines: list[Line], wrapped: bool, in_table: set[int]) -> list[str]:
    """The kind of each line; from the last to the first, because a heading shows by what follows it."""
    kinds: list[str] = ["text"] * len(lines)
    for position in reversed(range(len(lines))):
        line = lines[position]
        if position in in_table:
            kinds[position] = "table"
        elif len(line.text) <= _LONGEST_MARKED and (_NOTE.match(line.text) or _BYLINE.match(line.text)):
            kinds[position] = "note"
        elif _is_caption(line, wrapped) or not _looks_like_heading(line):
            continue
        elif wrapped:
            last = position + 1 == len(lines)
            before_unit = last or kinds[position + 1] != "text" or _opens_unit(lines[position + 1])
            stands_alone = line.isolated or position < 3 or line.text.startswith("——")
            if before_unit and stands_alone:
                kinds[position] = "heading"
        elif _MARKDOWN_HEADING.match(line.text) or _heads_what_follows(lines, kinds, position):
            kinds[position] = "heading"
    return kinds


def _heads_what_follows(lines: list[Line], kinds: list[str], position: int) -> bool:
    """Whether a short line is a heading by its number or by where it stands.

    A line that gives something a name (``联系电话：…``), several short lines in a row and the last line are no headings.
    """
    line = lines[position]
    if _LABELLED.match(line.text) or position + 1 == len(lines):
        return False
    following = lines[position + 1]
    if numbered := _NUMBERED_HEADING.match(line.text):
        after = _NUMBERED_HEADING.match(following.text)
        in_list = after is not None and _looks_like_heading(following) and _style(after) == _style(numbered)
        return not in_list
    if _BRACKETED.fullmatch(line.text):
        return True
    if line.hard_break and kinds[position + 1] == "heading":
        return True  # it is set over two lines
    first = position - 1 if position and lines[position - 1].hard_break else position
    before = lines[first - 1].text if first and not lines[first].after_blank else ""
    begins = not before or bool(_ENDS.search(before) or _LABELLED.match(before)) or kinds[first - 1] == "table"
    is_prose = len(following.text) > _LONGEST_HEADING or bool(_ENDS.search(following.text))
    opens = kinds[position + 1] != "text" or is_prose or _opens_unit(following)
    return position == 0 or (begins and opens and kinds[position + 1] != "note")


def _style(numbered: re.Match[str]) -> str:
    """The way of a heading's number, without the number: ``一、`` and ``二、`` are of one."""
    return re.sub(r"[一二三四五六七八九十百\d]+", "1", numbered.group())


def _is_caption(line: Line, wrapped: bool) -> bool:
    return bool(_CAPTION.match(line.text)) and (line.isolated or not wrapped)


def _opens_unit(line: Line) -> bool:
    """Whether a line surely begins something new: a heading mark, a list item, a label such as ``记者：``."""
    text = line.text
    return text.startswith(("——", "[^", "> ")) or bool(
        _MARKDOWN_HEADING.match(text) or is_list_item(text) or _LABEL.match(text) or _ENDS_WITH_TIME.match(text)
    )


def _looks_like_heading(line: Line) -> bool:
    text = line.text
    if _MARKDOWN_HEADING.match(text):
        return len(text) <= _LONGEST_MARKED
    if _TURN_LABEL.match(text):
        return False
    if _ENDS.search(text) or "。" in text or text[-1] in "，、,":
        return False
    if is_list_item(text) and (not _NUMBERED_HEADING.match(text) or re.search("[，,；;]", text)):
        return False
    if re.search("[，,]", text):
        return len(text) <= _LONGEST_HEADING_WITH_COMMA
    return len(text) <= (2 * _LONGEST_HEADING if line.isolated else _LONGEST_HEADING)


def _is_continuation(line: Line, kind: str, successor: Line, successor_kind: str, width: int) -> bool:
    """Whether ``line`` breaks off and is continued by ``successor``; of lines broken at a width only one about as wide."""
    if kind == "heading":  # a heading may be set over two lines
        return successor_kind == "heading" and line.hard_break
    if kind == "note" or successor_kind != "text" or _ENDS.search(line.text) or _opens_unit(successor):
        return False
    if width:
        return _width(line.text) >= _OF_WIDTH * width
    return len(line.text) > _LONGEST_HEADING_WITH_COMMA and bool(re.search("[，。,；;]", line.text))


def _next_continues(lines: list[Line], kinds: list[str], position: int) -> bool:
    """Whether the line after the caption at ``position`` may continue the sentence before it."""
    if position == 0 or position + 1 >= len(lines) or _ENDS.search(lines[position - 1].text):
        return False
    return kinds[position + 1] == "text" and not _opens_unit(lines[position + 1])


def _may_show(stored: str, shown: str) -> bool:
    """Whether a view may show a stored character as another: itself, half-width, full-width, or a line's end as a blank."""
    if shown == " " and stored.isspace():
        return True
    if may_stand_for(stored, shown):
        return True
    given = (stored, stored.translate(HALF_WIDTH), stored.translate(_PUNCTUATION))
    return shown in given or (stored, shown) in (("．", "."), ("，", ","))


def _readable(text: str, start: int, end: int) -> tuple[str, "array[int]"]:
    """Readable form of ``text[start:end]`` (one line) with the offset of each character that is kept."""
    raw, dropped = with_signs_shown(text[start:end])
    shown = _DECIMAL_POINT.sub(".", raw.translate(HALF_WIDTH))
    if shown != raw:
        shown = _THOUSANDS.sub(",", shown)
    shown = _PUNCTUATION_BESIDE_HAN.sub(lambda match: match.group().translate(_PUNCTUATION), shown)
    dropped += [match.span() for match in _INVISIBLE.finditer(shown)]
    dropped += [match.span() for match in _SPACE_BESIDE_HAN.finditer(shown)]
    dropped += unread(shown)
    shown = shown.replace("\n", " ")
    if not dropped:
        return shown, array("q", range(start, end))
    keep = bytearray(b"\1") * len(shown)
    for first, last in dropped:
        keep[first:last] = bytes(last - first)
    kept = [position for position in range(len(shown)) if keep[position]]
    return "".join(shown[position] for position in kept), array("q", (start + position for position in kept))
