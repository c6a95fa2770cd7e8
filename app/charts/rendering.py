"""A chart into SVG: drawn by Vega, then given classes for colours, names for screen readers and its links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

import vl_convert
from markupsafe import Markup

from app.charts.chart import Chart, Door
from app.charts.finishing import SVG, finish
from app.charts.inks import CLASSES, INK

VEGA_LITE: Final = "6.1"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_TEXT: Final = {
    "labelColor": INK["quiet"], "titleColor": INK["quiet"], "labelFontSize": 13, "titleFontSize": 13,
    "titleFontWeight": "normal",
}  # fmt: skip
_LINES: Final = {"gridColor": INK["line"], "domainColor": INK["line"], "tickColor": INK["line"]}
_TAKEN_OFF: Final = ("style", "class", "role", "aria-roledescription")
"""Roles of marks and groups hide the links inside them from screen readers."""
CONFIG: Final = {
    "aria": False,  # the picture has one name and its links have theirs; a thousand marks with one each help nobody
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": _TEXT | _LINES,
    "legend": _TEXT | {"orient": "top", "title": None},
    "text": {"fontSize": 13, "color": INK["ink"]},
}


def render(chart: Chart) -> Markup:
    """
    The chart as an SVG element without style attributes. It takes 10 to 30 ms in which Python does nothing else: see
    `app.charts.drawing` for where to do that.
    """
    spec = {**chart.spec, "background": "transparent", "config": CONFIG}
    root = ET.fromstring(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE))  # noqa: S314 - made here
    _colour(root)
    _lead(root, chart.doors)
    finish(root, chart.title, chart.description, has_links=bool(chart.doors))
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - made by a writer that escapes


def _colour(root: ET.Element) -> None:
    for element in root.iter():
        for attribute in _TAKEN_OFF:
            element.attrib.pop(attribute, None)
        names = []
        for kind in ("fill", "stroke"):
            name = CLASSES.get(element.get(kind, ""))
            if name is not None:
                del element.attrib[kind]
                names.append(f"{kind}-{name}")
        if names:
            element.set("class", " ".join(names))


def _lead(root: ET.Element, doors: Sequence[Door]) -> None:
    """Let each link lead where its number says; Vega puts an address of its own before it."""
    for element in list(root.iter(f"{{{SVG}}}a")):
        _, sign, number = element.attrib.pop(_LINK).rpartition("#")
        if not sign:
            element.tag = f"{{{SVG}}}g"
            continue
        door = doors[int(number)]
        element.set("href", door.href)
        element.set("aria-label", door.label)
