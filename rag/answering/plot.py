"""Figures at their dates as an SVG drawing: one panel for each series, what has happened filled, plans hollow.

A figure that rests on unsure characters has a question mark, which a line below explains.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING

from rag.messages import both
from rag.text.display import one_line

if TYPE_CHECKING:
    from rag.answering.timeline import Timeline

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 720, 220, 40, 40, 48, 36
PANELS = 6
NOTE = 28
"""Height of the line that explains the mark of unsure figures."""
LABEL_CHARACTER, LABEL_LINE = 10, 14
"""About how wide a character of a label is, and how high its line."""
LABEL_STEPS = (-8, 20, -24, 36)
"""Where a label may stand, from its mark, the best first."""

_UNSURE = "(?)"


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure in a drawing.

    Attributes:
        day: what it is of, the last of several.
        value: how high it stands.
        label: how it is written.
        said: the sentence that says it.
        is_plan: whether it has not happened yet.
        is_unsure: whether it rests on unsure characters.
    """

    day: date
    value: float
    label: str
    said: str
    is_plan: bool = False
    is_unsure: bool = False


def timeline_svg(timeline: "Timeline") -> str:
    """The drawing of a timeline, the largest ``PANELS`` series one below the other."""
    panels = []
    for points in list(timeline.series().values())[:PANELS]:
        fact = points[0].fact
        name = " ".join(filter(None, (fact.subject, fact.change, fact.scope)))
        marks = [
            Mark(each.as_of.last, float(each.value), each.fact.written, each.text, each.is_plan, each.is_unsure)
            for each in points
        ]
        panels.append((name, marks))
    return drawing(timeline.topic, panels)


def drawing(title: str, panels: Sequence[tuple[str, Sequence[Mark]]]) -> str:
    """Series with their names, one below the other."""
    is_unsure = any(mark.is_unsure for _, marks in panels for mark in marks)
    height = (PANEL * len(panels) or PANEL) + NOTE * is_unsure
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' font-family="system-ui, \'Noto Sans CJK SC\', sans-serif" font-size="12">',
        f"<title>{_text(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (name, marks) in enumerate(panels):
        parts += _panel(name, marks, PANEL * number)
    if is_unsure:
        note = f"{_UNSURE} {' / '.join(both('unsure_value'))}"
        parts.append(f'<text x="{LEFT}" y="{height - NOTE / 2:.0f}" fill="#666666">{_text(note)}</text>')
    return "\n".join([*parts, "</svg>"])


def _panel(name: str, points: Sequence[Mark], top: int) -> list[str]:
    """One series: its name, an axis of days, a mark for each point, and a line through what has happened."""
    days = [point.day for point in points]
    first, last = min(days), max(days)
    highest = max(point.value for point in points)
    lowest = min(0.0, *(point.value for point in points))

    def place(point: Mark) -> tuple[float, float]:
        share = (point.day - first).days / ((last - first).days or 1) if last > first else 0.5
        level = (point.value - lowest) / ((highest - lowest) or 1.0)
        return (
            LEFT + 40 + share * (WIDTH - LEFT - RIGHT - 80),
            top + PANEL - BOTTOM - level * (PANEL - TOP - BOTTOM - 16),
        )

    base = top + PANEL - BOTTOM
    actual = sorted((point for point in points if not point.is_plan), key=lambda point: point.day)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, actual))
    parts = [
        f'<text x="{LEFT}" y="{top + 20}" font-weight="bold" fill="#222222">{_text(name)}</text>',
        f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH - RIGHT}" y2="{base}" stroke="#bbbbbb"/>',
        f'<polyline points="{line}" fill="none" stroke="#1f5f99" stroke-width="1.5"/>',
    ]
    labels = [point.label + f" {_UNSURE}" * point.is_unsure for point in points]
    heights = _label_heights([(*place(point), label) for point, label in zip(points, labels, strict=True)])
    for point, label, height in zip(points, labels, heights, strict=True):
        x, y = place(point)
        look = 'fill="#ffffff" stroke="#b35900" stroke-dasharray="2 2"' if point.is_plan else 'fill="#1f5f99"'
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {look}><title>{_text(point.said)}</title></circle>')
        parts.append(f'<text x="{x:.1f}" y="{height:.1f}" text-anchor="middle" fill="#222222">{_text(label)}</text>')
    for day in sorted({first, last}):
        parts.append(_tick(day, first, last, base))
    return parts


def _label_heights(marks: list[tuple[float, float, str]]) -> list[float]:
    """The height of the label of each mark (x, y, label): above it, or where another label is near, below it."""
    taken: list[tuple[float, float, float]] = []
    heights = []
    for x, y, label in marks:
        half = LABEL_CHARACTER * len(label) / 2

        def is_free(height: float, x: float = x, half: float = half) -> bool:
            return all(abs(height - other) >= LABEL_LINE or abs(x - at) >= half + reach for at, other, reach in taken)

        height = next((y + step for step in LABEL_STEPS if is_free(y + step)), y + LABEL_STEPS[0])
        taken.append((x, height, half))
        heights.append(height)
    return heights


def _tick(day: date, first: date, last: date, base: int) -> str:
    x = WIDTH / 2 if first == last else LEFT + 40 if day == first else WIDTH - RIGHT - 40
    return f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle" fill="#666666">{day.isoformat()}</text>'


def _text(text: str) -> str:
    return escape(one_line(text))
