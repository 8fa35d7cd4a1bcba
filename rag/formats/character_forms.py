"""Characters as readers write them: forms that only fonts and old encodings have, folded to the usual ones.

A PDF's font may call 一 a radical (U+2F00), write fi as one sign, or number its signs as it likes.
"""

import functools
import unicodedata

# Radicals of the supplement that stand for a whole character (Unicode, EquivalentUnifiedIdeograph.txt); those of the
# Kangxi block have a decomposition of their own.
_RADICALS = str.maketrans(
    "⺟⺠⺩⺬⺮⺶⺼⻁⻄⻅⻆⻉⻋⻑⻓⻔⻗⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
    "母民王示竹羊月虎西见角贝车長长门雨青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
)
# What the fonts Symbol and Wingdings have in the place of bullets, as word processors write them.
_BULLETS = frozenset("\uf0b7\uf0a7\uf06c\uf06e\uf0d8\uf076\uf075\uf0fc")

_RAISED = dict(zip("0123456789+-−=()（）n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾⁽⁾ⁿ", strict=True))
_LOWERED = dict(zip("0123456789+-−=()（）n", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎₍₎ₙ", strict=True))


@functools.lru_cache(maxsize=1 << 16)
def usual_form(character: str) -> str:
    """The usual character or characters for one of a PDF; empty for what has no meaning outside its font."""
    code = ord(character)
    if code < 0x2E80:
        return character if code >= 0x20 and not 0x7F <= code < 0xA0 else ""
    if code <= 0x2FD5 or 0xF900 <= code <= 0xFB06 or 0x2F800 <= code <= 0x2FA1F:
        return unicodedata.normalize("NFKC", character.translate(_RADICALS))
    if character in _BULLETS:
        return "•"
    if code in (0xFFFD, 0xFEFF, 0xFFFF) or unicodedata.category(character) in ("Co", "Cs"):
        return ""
    return character


def raised(text: str) -> str:
    """The text in superscript characters, if there is one for each of its own; else as it is."""
    return "".join(_RAISED[character] for character in text) if set(text) <= _RAISED.keys() else text


def lowered(text: str) -> str:
    """The text in subscript characters, if there is one for each of its own; else as it is."""
    return "".join(_LOWERED[character] for character in text) if set(text) <= _LOWERED.keys() else text
