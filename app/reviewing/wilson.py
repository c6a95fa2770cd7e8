"""How sure a share is that was counted."""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

Z: Final = 1.959964
"""Standard deviations of 95 % confidence."""


class Share(NamedTuple):
    """
    A share of a count: `part` of `whole`, and the interval that holds the true share with 95 % confidence.

    share, low, high: None, 0 and 1 where nothing was counted.
    """

    part: int
    whole: int
    share: float | None
    low: float
    high: float


def share(part: int, whole: int) -> Share:
    """`part` of `whole` with its interval. Source: Wilson, Probable inference, JASA 1927."""
    if whole == 0:
        return Share(0, 0, None, 0.0, 1.0)
    found, square = part / whole, Z * Z
    middle = (found + square / (2 * whole)) / (1 + square / whole)
    reach = Z * sqrt(found * (1 - found) / whole + square / (4 * whole * whole)) / (1 + square / whole)
    return Share(
        part, whole, found, max(0.0, min(found, middle - reach)), min(1.0, max(found, middle + reach))
    )
