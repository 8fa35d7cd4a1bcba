"""Superscripts and subscripts as Unicode has them: ``10⁴``, ``m²``, ``CO₂``."""

_PLAIN = "0123456789+-=()n"
_RAISED = str.maketrans(_PLAIN + "−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ⁻⁻")
_LOWERED = str.maketrans(_PLAIN + "−–", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ₋₋")
_CHARACTERS = frozenset(_PLAIN + "−–")


def raised(text: str) -> str:
    """A superscript with Unicode's characters, or empty where it has a character that Unicode has no form of."""
    return text.translate(_RAISED) if _CHARACTERS.issuperset(text) else ""


def lowered(text: str) -> str:
    """A subscript with Unicode's characters, or empty as for :func:`raised`."""
    return text.translate(_LOWERED) if _CHARACTERS.issuperset(text) else ""
