"""A campaign's budget, of which every token issued takes its part."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import Struct


class Budget(Struct, frozen=True):
    """A campaign's limits and what of them is used; None: no limit. Sums in points and minor units of `currency`."""

    program_id: str
    campaign_id: str
    max_tokens: int | None
    max_points: int | None
    max_face_value_minor: int | None
    currency: str | None
    tokens: int = 0
    points: int = 0
    face_value_minor: int = 0


class OverBudget(NamedTuple):
    """The campaign has no room for it: what is short."""

    campaign_id: str
    short_of: Literal["tokens", "points", "face_value", "currency"]
