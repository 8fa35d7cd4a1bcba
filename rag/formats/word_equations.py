"""Equations of Word (OMML) as a line of text: ``(a+b)/2``, ``x²``, ``√(x)``, ``∑_(i=1)^n a_i``."""

from typing import Any

from rag.formats.raised_characters import lowered, raised
from rag.formats.word_elements import GONE, WORD

MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

_PROPERTIES_END = "Pr"


def linear(element: Any) -> str:
    """What stands in an equation, or a part of one, from left to right; parts of kinds not known are their text."""
    return "".join(_part(child) for child in element if isinstance(child.tag, str))


def _part(element: Any) -> str:
    tag = element.tag
    if tag in GONE or (tag.startswith((MATHS, WORD)) and tag.endswith(_PROPERTIES_END)):
        return ""
    if tag in (MATHS + "t", WORD + "t"):
        return element.text or ""
    write = _WRITERS.get(tag.removeprefix(MATHS)) if tag.startswith(MATHS) else None
    return write(element) if write else linear(element)


def _of(element: Any, name: str) -> str:
    found = element.find(MATHS + name)
    return linear(found) if found is not None else ""


def _setting(element: Any, path: str, otherwise: str) -> str:
    found = element.find("/".join(MATHS + name for name in path.split("/")))
    return otherwise if found is None else found.get(MATHS + "val", "")


def _grouped(part: str) -> str:
    """A part as one operand: in brackets unless it is a single word or number."""
    return part if len(part) == 1 or part.isalnum() else f"({part})"


def _above(part: str) -> str:
    return (raised(part) or f"^{_grouped(part)}") if part else ""


def _below(part: str) -> str:
    return (lowered(part) or f"_{_grouped(part)}") if part else ""


def _fraction(element: Any) -> str:
    numerator, denominator = _of(element, "num"), _of(element, "den")
    if _setting(element, "fPr/type", "bar") == "noBar":
        return f"({numerator} {denominator})"
    return f"{_grouped(numerator)}/{_grouped(denominator)}"


def _scripts(element: Any) -> str:
    return _of(element, "e") + _below(_of(element, "sub")) + _above(_of(element, "sup"))


def _scripts_before(element: Any) -> str:
    return _below(_of(element, "sub")) + _above(_of(element, "sup")) + _of(element, "e")


def _radical(element: Any) -> str:
    return f"{raised(degree) or degree if (degree := _of(element, 'deg')) else ''}√({_of(element, 'e')})"


def _n_ary(element: Any) -> str:
    below, above = _of(element, "sub"), _of(element, "sup")
    limits = (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")
    return f"{_setting(element, 'naryPr/chr', '∫')}{limits}{' ' if limits else ''}{_of(element, 'e')}"


def _in_brackets(element: Any) -> str:
    opening, closing = _setting(element, "dPr/begChr", "("), _setting(element, "dPr/endChr", ")")
    between = _setting(element, "dPr/sepChr", "|")
    return opening + between.join(linear(part) for part in element.iterfind(MATHS + "e")) + closing


def _function(element: Any) -> str:
    name, of = _of(element, "fName"), _of(element, "e")
    return f"{name}{of}" if of.startswith("(") else f"{name} {of}"


def _limit_below(element: Any) -> str:
    return f"{_of(element, 'e')}_{_grouped(_of(element, 'lim'))}"


def _limit_above(element: Any) -> str:
    return f"{_of(element, 'e')}^{_grouped(_of(element, 'lim'))}"


def _accented(element: Any) -> str:
    part = _of(element, "e")
    mark = _setting(element, "accPr/chr", "\u0302")
    return part + mark if len(part) == 1 else part


def _lines(element: Any) -> str:
    return "; ".join(linear(part) for part in element.iterfind(MATHS + "e"))


def _matrix(element: Any) -> str:
    rows = ([linear(part) for part in row.iterfind(MATHS + "e")] for row in element.iterfind(MATHS + "mr"))
    return "; ".join(", ".join(row) for row in rows)


_WRITERS = {
    "f": _fraction,
    "sSup": _scripts,
    "sSub": _scripts,
    "sSubSup": _scripts,
    "sPre": _scripts_before,
    "rad": _radical,
    "nary": _n_ary,
    "d": _in_brackets,
    "func": _function,
    "limLow": _limit_below,
    "limUpp": _limit_above,
    "acc": _accented,
    "eqArr": _lines,
    "m": _matrix,
}
