"""A chart before it is drawn: what it shows, for the eye, for a screen reader and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

Cell = str | int | float | None


class Door(NamedTuple):
    """Where a mark leads, and what it says to whoever cannot see it."""

    href: str
    label: str


class Chart(NamedTuple):
    """
    A chart to be drawn.

    title, description: what it shows; what is to be seen in it.
    spec:    Vega-Lite, with stand-in colours of `app.charts.inks`. A mark's `href` is `#` and its number in `doors`.
    doors:   where marks lead.
    columns, rows: the same numbers as a table, to stand beside it.
    """

    title: str
    description: str
    spec: Mapping[str, Any]
    doors: Sequence[Door]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class Drawn(NamedTuple):
    """A chart as SVG, and the table beside it. `svg` is empty where the picture was not ready in time."""

    title: str
    svg: Markup
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
