"""How a hold ends that nobody decided on: by itself where little is at stake, otherwise by asking a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

HoldEnd = Literal["released", "escalated"]


@dataclass(frozen=True, slots=True)
class Holds:
    """
    What happens at the end of a hold.

    release_below_points: released only where fewer points are at stake; None: points are not looked at.
    release_below_minor:  the same for money, in minor units.
    """

    release_below_points: int | None = None
    release_below_minor: int | None = None

    def end(self, points: int | None, value_minor: int | None) -> HoldEnd:
        """
        Released where something is known to be at stake and nothing known is too much; otherwise escalated, and so
        where the policy says nothing.
        """
        held = ((points, self.release_below_points), (value_minor, self.release_below_minor))
        known = [(stake, below) for stake, below in held if stake is not None and below is not None]
        return "released" if known and all(abs(stake) < below for stake, below in known) else "escalated"


SMALL_ONES: Final = Holds(release_below_points=1_000)
"""What holds for a programme that has said nothing: 10 EUR at a cent a point, which a member would ask after. Source:
docs/decisions/0011."""
