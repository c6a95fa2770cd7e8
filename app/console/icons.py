"""The few pictures of the console, drawn with one pen on 20 by 20; each stands beside a word, so none is read out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

PATHS: Final[Mapping[str, str]] = {
    "queue": "M3 5h14M3 10h14M3 15h8",
    "accounts": (
        "M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 17c.6-3 3.2-4.7 6.5-4.7s5.900 1.700 6.500 4.700"
    ),
    "dashboard": "M3 17V9M8 17V3M13 17v-6M18 17V6",
    "playbook": (
        "M10 5c-2-1.400-4.500-1.600-7-1.200v12c2.500-.4 5-.2 7 1.200 2-1.400 4.500-1.600"
        " 7-1.200v-12C14.500 3.400 12 3.600 10 5zM10 5v12"
    ),
    "practice": "M2 8l8-4 8 4-8 4zM6 10v4c2.500 2 5.500 2 8 0v-4M18 8v5",
    "lists": "M7 5h10M7 10h10M7 15h10M3 5h.5M3 10h.5M3 15h.5",
    "audit": (
        "M10 2.500l6 2.200v4.600c0 4-2.600 6.900-6 8.200-3.400-1.300-6-4.200-6-8.200V4.700zM7"
        " 10l2.200 2.200L13 8.300"
    ),
    "people": (
        "M7 9.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM1.800 16.500c.5-2.600 2.500-4 5.200-4s4.700 1.400"
        " 5.200 4M13 3.700a3 3 0 0 1 0 5.600M15 12.800c1.700.6 2.900 1.900 3.200 3.700"
    ),
    "policy": (
        "M4 6h7M15 6h1M4 14h1M9 14h7M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
    ),
    "menu": "M3 5h14M3 10h14M3 15h14",
    "search": "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.500 13.500L17 17",
    "done": "M4 10.500l4 4L16 6",
    "note": "M10 9v5M10 6v.5M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
    "warn": "M10 7.500v4M10 14v.5M10 2.500l8 14.500H2z",
    "bad": "M7 7l6 6M13 7l-6 6M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
    "key": (
        "M12.500 11a4 4 0 1 0-3.800-2.700L3 14v3h3v-2h2v-2l1.300-1.300c.9.9 2 1.300 3.200 1.300zM13 6.500v.5"
    ),
    "clock": "M10 5.500V10l3 2M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16z",
    "out": "M8 3H4v14h4M12 6l4 4-4 4M16 10H8",
    "lock": "M5 9h10v8H5zM7 9V6.500a3 3 0 0 1 6 0V9",
    "link": (
        "M8.500 11.500a3 3 0 0 0 4.200 0l3-3a3 3 0 0 0-4.200-4.200l-1 1M11.500 8.500a3 3 0 0"
        " 0-4.200 0l-3 3a3 3 0 0 0 4.200 4.200l1-1"
    ),
}


def icon(name: str) -> Markup:
    """The picture as SVG; a plain dot where there is none of that name."""
    path = PATHS.get(name, "M10 11a1 1 0 1 0 0-2 1 1 0 0 0 0 2z")
    return Markup('<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d="{}"/></svg>').format(
        path
    )
