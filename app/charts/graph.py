"""The graph of linked accounts as SVG: every node and edge a link to its evidence, with a table that says the same."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from markupsafe import Markup

from app.charts.chart import Drawn
from app.charts.finishing import finish
from app.charts.layout import places
from app.reviewing.graph import Edge, Graph, Node

WIDTH: Final = 760
HEIGHT: Final = 520
MARGIN: Final = 56
"""Pixels around, in which names stand."""
RADIUS: Final = 12
"""Pixels: 24 across, so that a finger finds it. WCAG 2.2, target size."""
SIGNS: Final = {
    "account": "●",
    "device": "D",
    "ip": "IP",
    "payment": "¤",
    "email": "@",
    "phone": "☎",
    "address": "⌂",
}
"""A kind is told by its sign as well as by its colour."""
NAME_SHOWN: Final = 18
"""Characters of a name in the picture; the whole stands in its title."""
_SVG: Final = "http://www.w3.org/2000/svg"


def draw(graph: Graph) -> Drawn:
    """The graph as SVG, without script or style; and its edges as a table."""
    index = {node.key: i for i, node in enumerate(graph.nodes)}
    pairs = [(index[edge.one], index[edge.other]) for edge in graph.edges]
    room = (WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN)
    at = [(MARGIN + x * room[0], MARGIN + y * room[1]) for x, y in places(len(graph.nodes), pairs).tolist()]
    root = ET.Element(f"{{{_SVG}}}svg", viewBox=f"0 0 {WIDTH} {HEIGHT}")
    for edge, (one, other) in zip(graph.edges, pairs, strict=True):
        _line(root, edge, at[one], at[other])
    for node, place in zip(graph.nodes, at, strict=True):
        _spot(root, node, place)
    about = f"{len(graph.nodes)} nodes, {len(graph.edges)} edges"
    more = f"; {graph.left_out} accounts more are not drawn" if graph.left_out else ""
    finish(root, "Linked accounts", about + more, has_links=True)
    root.set("class", "graph")
    named = {node.key: node.name for node in graph.nodes}
    rows = [(named[edge.one], named[edge.other], edge.kind, edge.title, edge.href) for edge in graph.edges]
    svg = Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - made by a writer that escapes
    return Drawn("Linked accounts", svg, ("account", "with", "how", "why", "evidence"), rows)


def said(node: Node) -> str:
    """A node in words."""
    words = [node.name]
    if node.kind != "account":
        words.append(f"{node.accounts} accounts")
    if node.folded:
        words.append(f"{node.folded} of them not drawn")
    if node.context is not None:
        words.append(f"shared context: {node.context.replace('_', ' ')}")
    return ", ".join(words)


def _link(root: ET.Element, href: str, title: str, name: str) -> ET.Element:
    link = ET.SubElement(root, f"{{{_SVG}}}a", {"href": href, "aria-label": title, "class": name})
    ET.SubElement(link, f"{{{_SVG}}}title").text = title
    return link


def _line(root: ET.Element, edge: Edge, one: tuple[float, float], other: tuple[float, float]) -> None:
    ends = {"x1": one[0], "y1": one[1], "x2": other[0], "y2": other[1]}
    told = {name: f"{value:.1f}" for name, value in ends.items()}
    link = _link(root, edge.href, edge.title, f"edge {edge.kind}")
    ET.SubElement(link, f"{{{_SVG}}}line", told | {"class": "reach"})  # wide and unseen, to be clicked
    ET.SubElement(link, f"{{{_SVG}}}line", told)


def _spot(root: ET.Element, node: Node, at: tuple[float, float]) -> None:
    x, y = at
    names = ["node", node.kind, *(["centre"] if node.hop == 0 else []), *(["hub"] if node.folded else [])]
    if node.context is not None:
        names.append("context")
    link = _link(root, node.href, said(node), " ".join(names))
    radius = RADIUS + (RADIUS // 2 if node.folded else 0)
    ET.SubElement(link, f"{{{_SVG}}}circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": str(radius)})
    sign = str(node.accounts) if node.folded else SIGNS[node.kind]
    _text(link, sign, (x, y + 4), "sign")
    short = node.name if len(node.name) <= NAME_SHOWN else f"{node.name[: NAME_SHOWN - 1]}…"
    _text(link, short, (x, y + radius + 13), "name")
    if node.context is not None:
        _text(link, node.context.replace("_", " "), (x, y - radius - 5), "badge")


def _text(link: ET.Element, words: str, at: tuple[float, float], name: str) -> None:
    where = {"x": f"{at[0]:.1f}", "y": f"{at[1]:.1f}", "text-anchor": "middle", "class": name}
    ET.SubElement(link, f"{{{_SVG}}}text", where).text = words
