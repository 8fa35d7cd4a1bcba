"""Marks that stand in a line of text but are not read: Markdown's, and the few HTML elements that people put between.

What a reader sees is what is left: the words of a link, an item without its bullet, nothing of what is struck out.
"""

import re

_INLINE = "u|b|i|em|strong|span|p|div|center|font|ins|a|small|big|mark|sup|sub|code|kbd|q|abbr|cite"
_DROPPED = [
    re.compile(pattern)
    for pattern in (
        r"^#{1,6}\s",  # a heading
        r"^>[ \t]?",  # a quotation
        r"^[-*+•●■◆▪‣][ \t\u3000]+(?=\S)",  # an item of a list
        r"^\[\^[^\[\]\s]{1,30}\]:[ \t]*",  # a note
        r"\[\^[^\[\]\s]{1,30}\]",  # the mark of a note
        r"<!--.*?-->",
        r"!\[[^\[\]\n]{0,200}\]\([^()\s\u4e00-\u9fff]{0,500}\)",  # a picture
        r"~~(?=\S).{1,300}?(?<=\S)~~",
        r"<(del|s|strike)>.{0,300}?</\1>",
        rf"</?(?:{_INLINE})(?:\s[^<>]{{0,200}})?>",
        r"\\(?=[|*_~#<>`\[\]])",
    )
]
# What stands in the first group is read, the rest of the match is not.
_AROUND = [
    re.compile(pattern)
    for pattern in (
        r"(?<!\*)\*\*(?=[^\s*])([^*\n]{1,200})(?<=\S)\*\*(?!\*)",
        r"(?<!\w)__(?=[^\s_])([^_\n]{1,200})(?<=\S)__(?!\w)",
        r"(?<!`)`([^`\n]{1,200})`(?!`)",
        r"(?<!!)\[([^\[\]\n]{1,200})\]\((?:[^()\s\u4e00-\u9fff]{1,500})(?: \"[^\"\n]{0,100}\")?\)",
    )
]
_MARKS = re.compile(r"[#>\-*+•●■◆▪‣\[<!~\\_`]")
_RAISED = re.compile(r"<su([pb])>([\d+\-=()n]{1,8})</su[pb]>")
_BREAK = re.compile(r"<br ?/?>")
_TO_SUPERSCRIPT = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_TO_SUBSCRIPT = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_NOTE = re.compile(r"\[\^[^\[\]\s]{1,30}\]:")
_BULLET = re.compile(r"[-*+•●■◆▪‣][ \t\u3000]+\S")
_FENCE = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\r?\n")
_FRONT_LINE = re.compile(r"[\w.-]{1,40}[ \t]*[:=]|[ \t]|-[ \t]|#|\r?$")
MOST_FRONT_LINES = 80


def unread(line: str) -> list[tuple[int, int]]:
    """The spans of a line that are not read; they may overlap."""
    if not _MARKS.search(line):
        return []
    dropped = [match.span() for pattern in _DROPPED for match in pattern.finditer(line)]
    for pattern in _AROUND:
        for match in pattern.finditer(line):
            dropped += [(match.start(), match.start(1)), (match.end(1), match.end())]
    return dropped


def with_signs_shown(line: str) -> tuple[str, list[tuple[int, int]]]:
    """A line as long, with raised figures as such (``10<sup>4</sup>`` has ``⁴``) and a blank where ``<br>`` begins.

    Returns:
        The line, and the spans of the rest of each ``<br>``, which is not read.
    """
    if "<" not in line:
        return line, []
    for match in _RAISED.finditer(line):
        shown = match[2].translate(_TO_SUPERSCRIPT if match[1] == "p" else _TO_SUBSCRIPT)
        line = line[: match.start(2)] + shown + line[match.end(2) :]
    rests = []
    for match in _BREAK.finditer(line):
        line = f"{line[: match.start()]}\n{line[match.start() + 1 :]}"
        rests.append((match.start() + 1, match.end()))
    return line, rests


def may_stand_for(stored: str, shown: str) -> bool:
    """Whether a character of a text may be shown as another because of a mark: a raised figure, a blank for ``<br>``."""
    return (stored == "<" and shown == " ") or shown in (
        stored.translate(_TO_SUPERSCRIPT),
        stored.translate(_TO_SUBSCRIPT),
    )


def is_bulleted(line: str) -> bool:
    """Whether a line is an item of a list that a bullet marks."""
    return bool(_BULLET.match(line))


def is_note(line: str) -> bool:
    """Whether a line is the text of a note: ``[^1]: …``."""
    return bool(_NOTE.match(line))


def end_of_front_matter(text: str) -> int:
    """Where the front matter of Markdown ends (``title: …`` between lines of dashes), which tells about a text; 0 without."""
    fence = _FENCE.match(text)
    if not fence:
        return 0
    place = fence.end()
    for _ in range(MOST_FRONT_LINES):
        end = text.find("\n", place)
        line = text[place : end if end >= 0 else len(text)]
        if line.rstrip() == fence[1]:
            return place + len(line) + (end >= 0)
        if end < 0 or not _FRONT_LINE.match(line):
            return 0
        place = end + 1
    return 0
