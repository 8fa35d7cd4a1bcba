"""Charts of the HTML report, drawn by Vega-Lite into SVG: no script, no network, colours from the page's style sheet.

The library is ``vl-convert-python`` (BSD-3-Clause) of the extra ``eval``. A chart is described as data; marks carry
their values as descriptions, which screen readers read.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from eval.labels import label, pick
from rag.errors import YoujuError


class MissingPackageError(YoujuError):
    """A package of the extra ``eval`` is not installed; the text holds the command that installs it."""


Points = Sequence[Mapping[str, Any]]

WIDTH = 360
_INK, _FAINT, _RULE = "var(--ink)", "var(--faint)", "var(--rule)"
_ACCENT, _SILENCE, _WARM = "var(--accent)", "var(--silence)", "var(--warm)"
_CONFIG = {
    "font": "system-ui, 'Noto Sans CJK SC', sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK,
        "titleColor": _FAINT,
        "titleFontWeight": "normal",
        "gridColor": _RULE,
        "domainColor": _RULE,
        "tickColor": _RULE,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "labelLimit": 220,
    },
}


def draw(specification: Mapping[str, Any]) -> str:
    """A chart as SVG.

    Raises:
        MissingPackageError: the library is not installed.
    """
    try:
        library = import_module("vl_convert")
    except ModuleNotFoundError as error:
        if error.name != "vl_convert":
            raise
        raise MissingPackageError(
            zh="画图需要软件包 vl-convert-python。请运行：pip install 'youju[eval]'",
            en="Charts need the package vl-convert-python. Run: pip install 'youju[eval]'",
        ) from error
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": _CONFIG,
        "padding": 4,
        **specification,
    }
    return str(library.vegalite_to_svg(whole, allowed_base_urls=[]))


def by_kind(points: Points) -> dict[str, Any]:
    """Bars with 95 % intervals: the share of right answers of each kind.

    Args:
        points: ``{"kind", "questions", "answerable", "value", "low", "high"}``.
    """
    values = [
        {**point, "name": f"{label(point['kind'])} ({point['questions']})", "shown": _percent(point["value"])}
        for point in points
    ]
    described = {"field": "described", "type": "nominal"}
    for value in values:
        value["described"] = f"{value['name']}: {value['shown']} ({_percent(value['low'])}–{_percent(value['high'])})"
    name = {"field": "name", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False, "domain": False}}
    share = {**_share("value", pick("答对的份额，95 % 区间", "share answered right, 95 % interval")), "stack": None}
    colour = {"condition": {"test": "datum.answerable", "value": _ACCENT}, "value": _SILENCE}
    return {
        "width": WIDTH,
        "height": {"step": 26},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "height": 15, "cornerRadiusEnd": 3, "opacity": 0.6},
                "encoding": {"y": name, "x": share, "color": colour, "description": described},
            },
            {
                "mark": {"type": "rule", "color": _INK, "strokeWidth": 1.5, "aria": False},
                "encoding": {"y": name, "x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}},
            },
        ],
    }


def risk_coverage(points: Points, now: Mapping[str, float] | None) -> dict[str, Any]:
    """The share of wrong answers among those given, as the assistant answers more and more, surest first.

    Args:
        points: ``{"coverage", "risk"}``.
        now: where the assistant stands with its present threshold.
    """
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "line", "color": _ACCENT, "strokeWidth": 2, "interpolate": "step-after"},
            "data": {"values": list(points)},
            "encoding": {
                "x": _share("coverage", pick("覆盖：作答的份额", "coverage: share answered")),
                "y": _share("risk", pick("风险：其中答错的份额", "risk: share of those wrong")),
                "order": {"field": "coverage", "type": "quantitative"},
            },
        }
    ]
    if now:
        described = pick("现在的门槛", "present threshold")
        layers.append(
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": _WARM, "opacity": 1},
                "data": {"values": [{**now, "described": described}]},
                "encoding": {
                    "x": {"field": "coverage", "type": "quantitative"},
                    "y": {"field": "risk", "type": "quantitative"},
                    "description": {"field": "described", "type": "nominal"},
                },
            }
        )
    return {"width": WIDTH, "height": 220, "layer": layers}


def calibration(points: Points) -> dict[str, Any]:
    """How often answers of a confidence are right: on the diagonal where confidence means what it says.

    Args:
        points: ``{"confidence", "accuracy", "questions"}`` of each bin.
    """
    described = [
        {
            **point,
            "described": f"{point['confidence']:.2f} → {_percent(point['accuracy'])} (n={point['questions']})",
        }
        for point in points
    ]
    across = _share("confidence", pick("把握（均值）", "confidence (mean)"))
    up = _share("accuracy", pick("答对的份额", "share right"))
    return {
        "width": WIDTH,
        "height": 220,
        "layer": [
            {
                "mark": {"type": "line", "color": _FAINT, "strokeDash": [4, 4], "aria": False},
                "data": {"values": [{"confidence": 0, "accuracy": 0}, {"confidence": 1, "accuracy": 1}]},
                "encoding": {"x": across, "y": up},
            },
            {
                "mark": {"type": "line", "color": _ACCENT, "strokeWidth": 2, "opacity": 0.5, "aria": False},
                "data": {"values": described},
                "encoding": {"x": across, "y": up},
            },
            {
                "mark": {"type": "circle", "color": _ACCENT, "opacity": 1},
                "data": {"values": described},
                "encoding": {
                    "x": across,
                    "y": up,
                    "size": {
                        "field": "questions",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"range": [40, 360], "domainMin": 0},
                    },
                    "description": {"field": "described", "type": "nominal"},
                },
            },
        ],
    }


def latency(seconds: Sequence[float], marks: Points) -> dict[str, Any]:
    """How long the answers took.

    Args:
        marks: ``{"seconds", "name"}`` of the median and the 95th percentile, drawn as lines.
    """
    named = [{**mark, "shown": f"{mark['name']} {mark['seconds']:.2f}"} for mark in marks]
    across = {
        "field": "seconds",
        "type": "quantitative",
        "title": pick("秒", "seconds"),
        "axis": {"tickCount": 7, "labelOverlap": True},
    }
    count = {
        "aggregate": "count",
        "title": pick("题数", "questions"),
        "axis": {"format": "d", "tickMinStep": 1, "tickCount": 5},
    }
    return {
        "width": WIDTH,
        "height": 220,
        "layer": [
            {
                "mark": {"type": "bar", "color": _ACCENT, "opacity": 0.85, "binSpacing": 1, "cornerRadiusEnd": 2},
                "data": {"values": [{"seconds": value} for value in seconds]},
                "encoding": {"x": {**across, "bin": {"maxbins": 24}}, "y": count},
            },
            {
                "mark": {"type": "rule", "color": _WARM, "strokeWidth": 1.5, "strokeDash": [5, 3]},
                "data": {"values": named},
                "encoding": {"x": across, "description": {"field": "shown", "type": "nominal"}},
            },
            {
                "mark": {"type": "text", "color": _INK, "align": "left", "dx": 4, "baseline": "top", "fontSize": 12},
                "data": {"values": [{**mark, "line": place} for place, mark in enumerate(named)]},
                "encoding": {
                    "x": across,
                    "y": {"field": "line", "type": "ordinal", "axis": None, "scale": {"range": [2, 20]}},
                    "text": {"field": "shown"},
                },
            },
        ],
        "resolve": {"scale": {"y": "independent"}},
    }


def _share(field: str, title: str) -> dict[str, Any]:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0, 1]},
        "axis": {"format": "%", "tickCount": 5, "domain": False, "ticks": False, "labelPadding": 6},
    }


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
