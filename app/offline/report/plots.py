"""Pictures as inline SVG. They hold no text from outside, and take their inks from the page, light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import altair as alt
import polars as pl
import vl_convert
from markupsafe import Markup

from app.offline.ranking import FALSE_POSITIVE_RATE, FINEST_RATE, Ranking
from detectors.actions import ACTIONS

VEGA_LITE: Final = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
WIDTH: Final = 400
"""Pixels. Two stand side by side on a desk, and one still has readable text on a telephone 390 wide."""
HEIGHT: Final = 210
ROOM_FOR_CAPACITY: Final = 5
"""Where the busiest day is below a fifth of the capacity, its line would press the bars flat; it is told instead."""
ROOM_ABOVE: Final = 1.15
"""Of the highest bar: there the words about the capacity stand."""
BAR_SHARE: Final = 0.8
"""Of the room a bar has; the rest is gap."""
TEXT: Final = "#101010"
RULE: Final = "#c0c0c0"
"""Stand-ins that the style sheet replaces by the page's own inks."""
COLOURS: Final = {"allow": "#8c8c8c", "challenge": "#e69f00", "review": "#56b4e9", "block": "#d55e00"}
"""Of Okabe and Ito's palette, told apart by every kind of colour vision; neighbours differ in lightness too."""
LINES: Final = {
    "risk_score": "#d55e00", "velocity": "#0072b2", "earn_burn": "#e69f00", "duplicates": "#009e73",
    "takeover": "#cc79a7", "insider": "#8c8c8c", "anomaly": "#56b4e9",
}  # fmt: skip


def risk_by_decision(bins: pl.DataFrame) -> Markup:
    """How the risk is spread under each decision, each with a scale of its own: most events are allowed."""
    there = [action for action in ACTIONS if action in bins.get_column("decision").to_list()]
    chart = (
        alt.Chart(bins)
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("from:Q", title="risk score (0 to 100)", scale=alt.Scale(domain=[0, 100]), bin="binned"),
            x2="to:Q",
            y=alt.Y("events:Q", title=None, axis=alt.Axis(tickCount=2, tickMinStep=1, format=",d")),
            color=_colour(there).legend(None),
            row=alt.Row(
                "decision:N",
                sort=there,
                title="events",
                header=alt.Header(labelOrient="top", labelAnchor="start", labelPadding=2),
            ),
        )
        .properties(width=WIDTH, height=max(44, 176 // len(there)))
        .resolve_scale(y="independent")
    )
    return _svg(chart, "Number of events by risk score, for each decision")


def alerts_over_time(daily: pl.DataFrame, each: str, capacity: int) -> Markup:
    """Accounts with an alert a day, beside what analysts can look at."""
    bars = daily.group_by("day").agg(pl.col("accounts").sum()).get_column("accounts")
    highest = float(bars.to_numpy().max())
    near = highest * ROOM_FOR_CAPACITY >= capacity
    top = max(1.0, ROOM_ABOVE * (max(highest, capacity) if near else highest))
    several = {"day": "", "week": ", mean of the week"}.get(each, f", mean of {each}")
    title = f"accounts a day{several}"
    chart = (
        alt.Chart(daily)
        .mark_bar(width=max(1.0, BAR_SHARE * WIDTH / bars.len()))
        .encode(
            x=alt.X("day:T", title=f"{each} (UTC)", axis=alt.Axis(labelOverlap=True, tickCount=5)),
            y=alt.Y("sum(accounts):Q", title=title, scale=alt.Scale(domain=[0, top])),
            color=_colour(ACTIONS[1:]),
            order="rank:Q",
        )
    )
    line = pl.DataFrame({"k": [float(capacity) if near else top]})
    words = f"capacity: {capacity:,} accounts" + ("" if near else ", far above this scale")
    told = alt.Chart(line).mark_text(align="right", dy=-7 if near else 9, color=TEXT, text=words)
    layers = chart + told.encode(y="k:Q", x=alt.value(WIDTH))
    if near:
        layers += alt.Chart(line).mark_rule(strokeDash=[5, 3], color=TEXT).encode(y="k:Q")
    label = f"Accounts with an alert a day, by decision; {words}"
    return _svg(layers.properties(width=WIDTH, height=HEIGHT), label)


def precision_recall(rankings: Sequence[Ranking]) -> Markup:
    """Precision at every recall, for the risk score and each detector that spoke."""
    encoding = {
        "x": alt.X("recall:Q", title="recall: share of abuse caught", axis=alt.Axis(format="%"), scale=_UNIT),
        "y": alt.Y("precision:Q", title="precision: share of alerts that are abuse", axis=alt.Axis(format="%"),
                   scale=_UNIT),
    }  # fmt: skip
    return _svg(
        _curves(_points(rankings), encoding, "step-before"), "Precision against recall, for each score"
    )


def recall_by_false_positives(rankings: Sequence[Ranking]) -> Markup:
    """Recall at every false-positive rate, drawn so that the small rates one can live with have room."""
    scale = alt.Scale(type="log", domain=[FINEST_RATE, 1], nice=False, clamp=True)
    values = [FINEST_RATE, 0.001, 0.01, 0.1, 1]
    encoding = {
        "x": alt.X("rate:Q", title="honest transactions above the cut-off (log scale)", scale=scale,
                   axis=alt.Axis(format="~%", values=values)),
        "y": alt.Y("recall:Q", title="recall: share of abuse caught", axis=alt.Axis(format="%"), scale=_UNIT),
    }  # fmt: skip
    clamped = _points(rankings).with_columns(pl.col("rate").clip(lower_bound=FINEST_RATE))
    points = clamped.group_by("score", "verdict", "rate", maintain_order=True).agg(pl.col("recall").max())
    at = pl.DataFrame({"rate": [FALSE_POSITIVE_RATE]})
    rule = alt.Chart(at).mark_rule(strokeDash=[5, 3], color=TEXT).encode(x="rate:Q")
    return _svg(
        _curves(points, encoding, "step-after") + rule,
        "Recall against the false-positive rate, for each score, with a line at 1 %",
    )


_UNIT: Final = alt.Scale(domain=[0, 1])


def _points(rankings: Sequence[Ranking]) -> pl.DataFrame:
    """The curves as a table, in the order of the detectors."""
    return pl.DataFrame(
        [
            (one.score, at.false_positive_rate, at.recall, at.precision, one.score == "risk_score")
            for one in rankings
            for at in one.curve
        ],
        schema={
            "score": pl.String,
            "rate": pl.Float64,
            "recall": pl.Float64,
            "precision": pl.Float64,
            "verdict": pl.Boolean,
        },
        orient="row",
    )


def _curves(
    points: pl.DataFrame, encoding: dict[str, Any], steps: Literal["step-before", "step-after"]
) -> Any:
    """Steps, as the figures are reckoned: between two cut-offs there is nothing to choose."""
    names = points.get_column("score").unique(maintain_order=True).to_list()
    colours = alt.Scale(domain=names, range=[LINES[name] for name in names])
    return (
        alt.Chart(points)
        .mark_line(interpolate=steps)
        .encode(
            **encoding,
            color=alt.Color("score:N", title=None, scale=colours),
            strokeWidth=alt.StrokeWidth(
                "verdict:N", legend=None, scale=alt.Scale(domain=[False, True], range=[1.2, 3])
            ),
            order="recall:Q",
        )
        .properties(width=WIDTH, height=HEIGHT)
    )


def _colour(actions: Sequence[str]) -> alt.Color:
    scale = alt.Scale(domain=list(actions), range=[COLOURS[action] for action in actions])
    return alt.Color("decision:N", title=None, scale=scale)


def _svg(chart: Any, label: str) -> Markup:
    """The chart as an SVG element that scales with its column and says what it shows."""
    ink = {
        "labelColor": TEXT,
        "titleColor": TEXT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    spec = chart.to_dict() | {
        "background": "transparent",
        "padding": {"left": 2, "top": 2, "right": 24, "bottom": 2},  # the last label of an axis may hang over
        "config": {
            "aria": False,  # the picture has one label; a thousand marks with one each help nobody
            "font": "sans-serif",
            "view": {"stroke": None},
            "axis": ink | {"gridColor": RULE, "gridOpacity": 0.5, "domainColor": RULE, "tickColor": RULE},
            "legend": ink | {"orient": "top", "columns": 4, "symbolStrokeWidth": 3},
            "header": ink,
            "text": {"fontSize": 12},
        },
    }
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    opening, rest = drawn.split(">", 1)
    attributes = Markup(' role="img" aria-label="{}"').format(label)
    return Markup(opening) + attributes + Markup(">") + Markup(rest)  # noqa: S704 - made here, of our own words and numbers
