"""Stand-in colours that are replaced by classes, whose colours the style sheet says for light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CLASSES: Final[Mapping[str, str]] = {
    "#000001": "ink", "#000002": "line", "#000003": "quiet", "#000010": "allow", "#000011": "challenge",
    "#000012": "review", "#000013": "block", "#000020": "main", "#000021": "other", "#000022": "faint",
}  # fmt: skip
"""Colours nobody would choose, so that none is replaced by mistake."""
INK: Final[Mapping[str, str]] = {name: colour for colour, name in CLASSES.items()}
