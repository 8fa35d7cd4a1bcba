"""Symbols of Word's symbol fonts as the characters that they show; such fonts lay them over a private area of Unicode."""

import re

_PRIVATE_BASE = 0xF000
_PRIVATE = re.compile("[\uf020-\uf0ff]")

# Adobe's and Microsoft's font Symbol, from its code 0x21 and 0xa0 on; a blank stands for what Unicode has no character of.
_SYMBOL_LOW = "!∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
_SYMBOL_HIGH = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"


def _table(*runs: tuple[int, str]) -> dict[int, str]:
    return {first + place: shown for first, run in runs for place, shown in enumerate(run) if shown != " "}


_FONTS: dict[str, dict[int, str]] = {
    "symbol": _table((0x21, _SYMBOL_LOW), (0xA0, _SYMBOL_HIGH)),
    "wingdings": _table(
        (0x22, "✂"), (0x28, "☎"), (0x2A, "✉"), (0x46, "☞"), (0x4A, "☺"), (0x6C, "●"), (0x6E, "■□"), (0x71, "❑❒"),
        (0x74, "⧫◆❖⬥"), (0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿"), (0x9F, "•"), (0xA1, "○"), (0xA7, "▪□"), (0xAB, "★"),
        (0xD8, "➢"), (0xDF, "←→↑↓"), (0xE8, "➔"), (0xEF, "⇦⇨"), (0xFB, "✗✓☒☑"),
    ),
    "wingdings 2": _table((0x4F, "✗✓☒☑☒☒"), (0xA3, "□")),
}  # fmt: skip


def symbol(font: str, code: int) -> str:
    """The character that a font shows for a code; empty where it is not known.

    Args:
        font: the font's name.
        code: the code as ``w:sym`` has it, in the private area or not.
    """
    table = _FONTS.get(font.strip().lower())
    if table is not None and (shown := table.get(code - _PRIVATE_BASE if code > _PRIVATE_BASE else code)):
        return shown
    if code < 0x20 or 0xD800 <= code <= 0xF8FF or code > 0xFFFD:
        return ""
    return chr(code)


def with_symbols(text: str, font: str) -> tuple[str, int]:
    """A text whose private characters are those that the font shows, and how many of them are not known and left out."""
    unknown = 0

    def shown(found: re.Match[str]) -> str:
        nonlocal unknown
        character = symbol(font, ord(found[0]))
        unknown += not character
        return character

    return _PRIVATE.sub(shown, text), unknown
