"""The kinds of charts there are, as Vega-Lite. Few marks and few labels: each costs time to draw and to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import dropwhile
from typing import Any, Final

from app.charts.chart import Cell, Chart, Door
from app.charts.inks import INK

WIDTH: Final = 480
WIDE: Final = 680
"""Across a whole page; the others stand two in a row."""
HEIGHT: Final = 180
NARROW: Final = 400
"""Shrunk to a telephone's width, letters are still 10 pixels high."""
BAR: Final = 24
"""Pixels a row takes with its gap."""
NAMED_BAR: Final = 38
"""The same with its name above it: reason codes are half as long as the picture is wide."""
FIT: Final = {"type": "fit-x", "contains": "padding"}
"""The width is that of the whole picture, so that letters are as large in one as in the next."""
DAY_MS: Final = 86_400_000
ACTIONS: Final = ("allow", "challenge", "review", "block")


def _axis(title: str | None, ticks: int, **more: object) -> dict[str, object]:
    return {"title": title, "tickCount": ticks, "labelOverlap": True, **more}


def _time(field: str, **more: object) -> dict[str, object]:
    axis = _axis(None, 5, grid=False, format="%-d %b", tickMinStep=DAY_MS)
    return {"field": field, "type": "temporal", "scale": {"type": "utc"}, "axis": axis, **more}


def _stretches(field: str) -> dict[str, object]:
    """A band for each, named by the day it begins with: only bands hold bars side by side."""
    said = "utcFormat(datum.value, '%-d %b')"
    axis = {"title": None, "grid": False, "labelExpr": said, "labelAngle": 0, "labelOverlap": True}
    return {"field": field, "type": "ordinal", "axis": axis, "scale": {"paddingInner": 0.3}}


def over_time(
    title: str,
    days: Mapping[int, Mapping[str, int]],
    first_day: int,
    last_day: int,
    doors: Mapping[tuple[int, str], str],
    actions: Sequence[str] = ACTIONS,
) -> Chart:
    """
    Decisions a day, stacked by result.

    Args:
        title: Of the chart.
        days: Day since 1970-01-01 → result → count; days without any may be missing.
        first_day: Of the period.
        last_day: The same, included.
        doors: Where the bar of a day and result leads.
        actions: Results shown, from the bottom up.
    """
    values: list[dict[str, object]] = []
    opened: list[Door] = []
    for day, counts in sorted(days.items()):
        for order, action in enumerate(actions):
            if not counts.get(action):
                continue
            row: dict[str, object] = {"t": day * DAY_MS, "e": (day + 1) * DAY_MS, "a": action, "o": order}
            row["n"] = counts[action]
            if (day, action) in doors:
                row["u"] = f"#{len(opened)}"
                opened.append(Door(doors[day, action], f"{counts[action]} {action}"))
            values.append(row)
    colours = {"domain": list(actions), "range": [INK[action] for action in actions]}
    spec = {
        "width": WIDE,
        "autosize": FIT,
        "height": HEIGHT,
        "data": {"values": values},
        "mark": {"type": "bar", "orient": "vertical", "binSpacing": 1},
        "encoding": {
            "x": _time("t", scale={"type": "utc", "domain": [first_day * DAY_MS, (last_day + 1) * DAY_MS]}),
            "x2": {"field": "e"},
            "y": {"field": "n", "type": "quantitative", "stack": "zero", "axis": _axis(None, 3)},
            "color": {"field": "a", "type": "nominal", "scale": colours},
            "order": {"field": "o"},
            "href": {"field": "u"},
        },
    }
    rows = [
        (day, *(days.get(day, {}).get(action, 0) for action in ACTIONS))
        for day in range(first_day, last_day + 1)
    ]
    return Chart(title, "Bars by day, stacked by result", spec, opened, ("day", *actions), rows)


def bars(title: str, counts: Sequence[tuple[str, float, str]], unit: str) -> Chart:
    """Horizontal bars, in the order given: name, value, where it leads ("" nowhere)."""
    opened = [Door(href, f"{name}: {value:g} {unit}") for name, value, href in counts if href]
    numbers = iter(range(len(opened)))
    values = [
        {"k": name, "n": value, "i": i, **({"u": f"#{next(numbers)}"} if href else {})}
        for i, (name, value, href) in enumerate(counts)
    ]
    words = {"type": "text", "dy": -2, "baseline": "bottom"}
    spec = {
        "width": NARROW,
        "height": NAMED_BAR * max(1, len(values)),
        "data": {"values": values},
        "encoding": {
            "y": {"field": "i", "type": "ordinal", "axis": None},
            "x": {"field": "n", "type": "quantitative", "axis": None},
            "href": {"field": "u"},
        },
        "layer": [
            {"mark": {"type": "bar", "height": 10, "yOffset": 7, "color": INK["main"]}},
            {
                "mark": {**words, "align": "left"},
                "encoding": {"x": {"value": 0}, "text": {"field": "k"}},
            },
            {
                "mark": {**words, "align": "right"},
                "encoding": {"x": {"value": NARROW}, "text": {"field": "n", "format": ","}},
            },
        ],
    }
    rows: list[tuple[Cell, ...]] = [(name, value) for name, value, _ in counts]
    return Chart(title, f"Bars by {unit}", spec, opened, ("name", unit), rows)


def shares(title: str, found: Sequence[tuple[str, float, float, float, str]]) -> Chart:
    """Shares with their confidence intervals: name, share, low, high (each 0 to 1), where it leads ("" nowhere)."""
    opened = [
        Door(href, f"{name}: {share:.0%} ({low:.0%} to {high:.0%})")
        for name, share, low, high, href in found
        if href
    ]
    numbers = iter(range(len(opened)))
    values = [
        {"k": name, "n": share, "l": low, "h": high, "i": i, **({"u": f"#{next(numbers)}"} if href else {})}
        for i, (name, share, low, high, href) in enumerate(found)
    ]
    y = {
        "field": "k",
        "type": "nominal",
        "sort": {"field": "i"},
        "axis": {"title": None, "ticks": False, "labelLimit": 0},
    }
    scale = {"domain": [0, 1]}
    axis = {"title": None, "format": "%", "values": [0, 0.5, 1]}
    spec = {
        "width": NARROW,
        "autosize": FIT,
        "height": BAR * max(1, len(values)),
        "data": {"values": values},
        "encoding": {"y": y, "href": {"field": "u"}},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "color": INK["other"]},
                "encoding": {
                    "x": {"field": "l", "type": "quantitative", "scale": scale, "axis": axis},
                    "x2": {"field": "h"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "opacity": 1, "size": 90, "color": INK["main"]},
                "encoding": {"x": {"field": "n", "type": "quantitative", "scale": scale}},
            },
        ],
    }
    rows: list[tuple[Cell, ...]] = [one[:4] for one in found]
    return Chart(
        title, "Points with confidence intervals", spec, opened, ("name", "share", "low", "high"), rows
    )


def course(title: str, points: Sequence[tuple[int, int, bool, str]]) -> Chart:
    """A balance over time: instant, points, whether it is estimated, where it leads. Estimated ones are hollow."""
    opened = [
        Door(href, f"{value:,} points{' (estimated)' if guess else ''}") for _, value, guess, href in points
    ]
    values = [
        {"t": at_ms, "n": value, "g": guess, "u": f"#{i}"}
        for i, (at_ms, value, guess, _) in enumerate(points)
    ]
    dots = {
        "mark": {"type": "point", "size": 40, "color": INK["main"], "filled": True},
        "encoding": {
            "href": {"field": "u"},
            "color": {"condition": {"test": "datum.g", "value": INK["faint"]}, "value": INK["main"]},
        },
    }
    line: dict[str, Any] = {
        "mark": {"type": "line", "interpolate": "step-after", "color": INK["main"], "strokeWidth": 2}
    }
    spec = {
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": values},
        "encoding": {"x": _time("t"), "y": {"field": "n", "type": "quantitative", "axis": _axis(None, 3)}},
        "layer": [line, dots],
    }
    rows: list[tuple[Cell, ...]] = [
        (at, value, "estimated" if guess else "told") for at, value, guess, _ in points
    ]
    return Chart(
        title,
        "A line that steps; hollow points are estimated",
        spec,
        opened,
        ("at_ms", "points", "how"),
        rows,
    )


def beside_usual(
    title: str, months: Sequence[tuple[int, int, int]], usual_earned: float, usual_burned: float
) -> Chart:
    """Points earned and burned in each stretch of time (its first instant), with lines at what is usual."""
    lived = list(dropwhile(lambda month: not (month[1] or month[2]), months))
    values = [
        {"t": at, "k": kind, "n": value}
        for at, earned, burned in lived
        for kind, value in (("earned", earned), ("burned", burned))
    ]
    colour = {
        "field": "k",
        "type": "nominal",
        "scale": {"domain": ["earned", "burned"], "range": [INK["main"], INK["other"]]},
    }
    usual = [{"k": "earned", "n": usual_earned}, {"k": "burned", "n": usual_burned}]
    spec = {
        "width": WIDTH,
        "height": HEIGHT,
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "bar"},
                "encoding": {
                    "x": _stretches("t"),
                    "xOffset": {"field": "k", "sort": ["earned", "burned"]},
                    "y": {"field": "n", "type": "quantitative", "stack": None, "axis": _axis(None, 3)},
                    "color": colour,
                },
            },
            {
                "data": {"values": usual},
                "mark": {"type": "rule", "strokeDash": [5, 4]},
                "encoding": {"y": {"field": "n", "type": "quantitative"}, "color": colour},
            },
        ],
    }
    return Chart(
        title,
        "Bars side by side; dashed lines are what is usual",
        spec,
        (),
        ("from_ms", "earned", "burned"),
        lived,
    )
