"""What every picture is given at the end, however it was drawn: a name, a role, and no size of its own."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

SVG: Final = "http://www.w3.org/2000/svg"
WIDE: Final = 600
"""Pixels from which on a picture asks for the whole page."""
ET.register_namespace("", SVG)


def finish(root: ET.Element, title: str, description: str, *, has_links: bool) -> None:
    """
    Give a picture its name, and let it scale with its column.

    A picture with links is a group: what is inside an `img` is hidden from screen readers.
    """
    root.set("class", "chart wide" if float(root.get("width", "0")) > WIDE else "chart")
    for name in ("version", "width", "height"):
        root.attrib.pop(name, None)
    root.set("role", "group" if has_links else "img")
    root.set("aria-label", f"{title}. {description}" if description else title)
    head = ET.Element(f"{{{SVG}}}title")
    head.text = title
    root.insert(0, head)
