"""The figures as pictures: SVG and PNG beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import altair as alt
import polars as pl
import vl_convert

from app.offline.figures import Figures
from app.offline.ranking import Ranking
from app.offline.report.plots import LINES, VEGA_LITE
from benchmarks.quality_goals import INCIDENT_RECALL, UNSEEN
from benchmarks.quality_run import Run
from benchmarks.quality_told import figures_of

WIDTH: Final = 560
HEIGHT: Final = 320
BIN: Final = 2
"""Of the risk score, from 0 to 100."""
PNG_SCALE: Final = 2
"""Pixels a point: sharp on today's screens."""


def draw(told: Run, public: Figures | None, folder: Path) -> list[Path]:
    """Write every picture; answers their files."""
    folder.mkdir(parents=True, exist_ok=True)
    found = figures_of(told)
    pictures = {
        "precision-recall-invented": precision_recall(found.rankings, "An invented programme"),
        "incident-recall": incident_recall(found),
        "risk": risk(told),
    }
    if public is not None:
        pictures["precision-recall-loyaltygen"] = precision_recall(public.rankings, "loyaltygen")
    return [file for name, chart in pictures.items() for file in _written(chart, folder / name)]


def precision_recall(rankings: Sequence[Ranking], title: str) -> Any:
    """A step line for the verdict and each detector that spoke."""
    points = pl.DataFrame(
        [
            ("verdict" if one.score == "risk_score" else one.score, at.recall, at.precision)
            for one in rankings
            for at in one.curve
        ],
        schema={"score": pl.String, "recall": pl.Float64, "precision": pl.Float64},
        orient="row",
    )
    colours = {"verdict": LINES["risk_score"]} | LINES
    names = points.get_column("score").unique(maintain_order=True).to_list()
    unit = alt.Scale(domain=[0, 1])
    return (
        alt.Chart(points, title=f"{title}: precision against recall, each score")
        .mark_line(interpolate="step-before")
        .encode(
            x=alt.X("recall:Q", title="recall: share of abuse caught", axis=alt.Axis(format="%"), scale=unit),
            y=alt.Y("precision:Q", title="precision", axis=alt.Axis(format="%"), scale=unit),
            color=alt.Color(
                "score:N", title=None, scale=alt.Scale(domain=names, range=[colours[one] for one in names])
            ),
            strokeWidth=alt.condition("datum.score == 'verdict'", alt.value(3), alt.value(1.3)),
            order="recall:Q",
        )
        .properties(width=WIDTH, height=HEIGHT)
    )


def incident_recall(found: Figures) -> Any:
    """A bar for each typology with its count of incidents, and the goal."""
    unseen = "no detector of today sees it"
    frame = pl.DataFrame(
        [
            (
                one.typology,
                one.incident_recall,
                f"{round(one.incident_recall * one.incidents)} of {one.incidents}",
                unseen if one.typology in UNSEEN else "can be seen",
            )
            for one in found.typologies
        ],
        schema=["typology", "recall", "incidents", "kind"],
        orient="row",
    )
    rows = alt.Y(
        "typology:N",
        title=None,
        sort=frame.sort("kind", "recall", descending=[False, True])["typology"].to_list(),
    )
    kinds = alt.Scale(domain=["can be seen", unseen], range=["#0072b2", "#b0b0b0"])
    bars = (
        alt.Chart(frame, title="Incidents of which any event was not allowed, default policy")
        .mark_bar()
        .encode(
            x=alt.X(
                "recall:Q", title="incident recall", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])
            ),
            y=rows,
            color=alt.Color("kind:N", title=None, scale=kinds, legend=alt.Legend(orient="bottom")),
        )
    )
    counts = alt.Chart(frame).mark_text(align="left", dx=3).encode(x="recall:Q", y=rows, text="incidents:N")
    goal = (
        alt.Chart(pl.DataFrame({"goal": [INCIDENT_RECALL]})).mark_rule(strokeDash=[5, 3]).encode(x="goal:Q")
    )
    return (bars + counts + goal).properties(width=WIDTH)


def risk(told: Run) -> Any:
    """How the risk is spread over events of incidents and over all others, each with a scale of its own."""
    bad = told.labels.select("event_id", truth=pl.lit("events of incidents"))
    binned = (pl.col("risk_score") // BIN * BIN).clip(0, 100 - BIN)
    bins = (
        told.rows.join(bad, on="event_id", how="left")
        .with_columns(pl.col("truth").fill_null("all others"), binned.alias("from"))
        .group_by("truth", "from")
        .agg(events=pl.len())
        .with_columns(to=pl.col("from") + BIN)
    )
    truths = ["events of incidents", "all others"]
    ticks = alt.Axis(format=",d", values=[1, 10, 100, 1_000, 10_000, 100_000])
    colours = alt.Scale(domain=truths, range=[LINES["risk_score"], LINES["velocity"]])
    return (
        alt.Chart(bins, title="Risk score")
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("from:Q", title="risk score", bin="binned", scale=alt.Scale(domain=[0, 100])),
            x2="to:Q",
            y=alt.Y("events:Q", title="events (log)", scale=alt.Scale(type="symlog"), axis=ticks),
            color=alt.Color("truth:N", legend=None, scale=colours),
            row=alt.Row(
                "truth:N", title=None, sort=truths, header=alt.Header(labelOrient="top", labelAnchor="start")
            ),
        )
        .properties(width=WIDTH, height=HEIGHT // 2)
        .resolve_scale(y="independent")
    )


def _written(chart: Any, stem: Path) -> list[Path]:
    spec = chart.to_dict() | {"background": "white", "padding": 12}
    svg, png = stem.with_suffix(".svg"), stem.with_suffix(".png")
    svg.write_text(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE), encoding="utf-8")
    png.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=PNG_SCALE))
    return [svg, png]
