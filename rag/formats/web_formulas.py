"""Formulas of MathML as a line of text, where they are simple: ``a² + b/c``, ``√(x)``."""

from typing import Any

from rag.formats.raised_characters import lowered, raised

_TOKENS = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_GROUPS = frozenset({"math", "semantics", "mrow", "mstyle", "mpadded", "mphantom", "merror", "menclose", "mspace"})
_ANNOTATIONS = frozenset({"annotation", "annotation-xml"})
_SCRIPTS = {"msup": ("", "^"), "msub": ("_", ""), "msubsup": ("_", "^"), "munder": ("_", ""), "mover": ("", "^"),
            "munderover": ("_", "^")}  # fmt: skip
_INVISIBLE = str.maketrans("", "", "\u2061\u2062\u2063\u2064")
_DEEPEST = 60


def linear(formula: Any) -> str:
    """A ``<math>`` in one line; the TeX that it comes with where it is not simple, else empty."""
    try:
        return " ".join(_linear(formula, 0).split())
    except _NotSimpleError:
        tex = next((note.text or "" for note in formula.iter("annotation") if "tex" in note.get("encoding", "")), "")
        return " ".join(tex.split())


class _NotSimpleError(Exception):
    """The formula has parts that no line of text shows."""


def _linear(element: Any, depth: int) -> str:
    tag = element.tag
    if depth > _DEEPEST:
        raise _NotSimpleError
    if tag in _TOKENS:
        return "".join(element.itertext()).translate(_INVISIBLE)
    children = [child for child in element if isinstance(child.tag, str) and child.tag not in _ANNOTATIONS]
    parts = [_linear(child, depth + 1) for child in children]
    if tag in _GROUPS:
        return "".join(parts) if children else (element.text or "")
    if tag == "mfrac" and len(parts) == 2:
        return f"{_group(parts[0])}/{_group(parts[1])}"
    if tag == "msqrt":
        return f"√({''.join(parts)})"
    if tag == "mroot" and len(parts) == 2:
        return f"{raised(parts[1])}√({parts[0]})"
    if tag == "mfenced":
        return f"{element.get('open', '(')}{', '.join(parts)}{element.get('close', ')')}"
    if tag in _SCRIPTS and len(parts) == 1 + sum(map(bool, _SCRIPTS[tag])):
        signs = [sign for sign in _SCRIPTS[tag] if sign]
        return parts[0] + "".join(_script(sign, part) for sign, part in zip(signs, parts[1:], strict=True))
    raise _NotSimpleError


def _group(part: str) -> str:
    return part if len(part) == 1 or part.isalnum() else f"({part})"


def _script(sign: str, part: str) -> str:
    return (raised(part) if sign == "^" else lowered(part)) or sign + _group(part)
