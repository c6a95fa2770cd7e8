"""A limit and what was seen, as an analyst reads it: "6 redemptions in 60 min (limit 5)"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from detectors.limits import Limit
from detectors.snapshot import DAY_S, HOUR_S, MINUTE_S

NOUNS: Final = {
    "adjust": ("adjustment", "adjustments"),
    "earn": ("earning", "earnings"),
    "login": ("login", "logins"),
    "login_failed": ("failed login", "failed logins"),
    "profile_change": ("profile change", "profile changes"),
    "purchase": ("points purchase", "points purchases"),
    "received": ("transfer received", "transfers received"),
    "redeem": ("redemption", "redemptions"),
    "referral": ("referral", "referrals"),
    "return": ("return", "returns"),
    "signup": ("sign-up", "sign-ups"),
    "transfer": ("transfer", "transfers"),
}
PLURALS: Final = {"counterparty": "counterparties"}
"""Of peers, where it takes more than an s."""
PLACES: Final = {
    "account": "",
    "device": " on one device",
    "ip": " from one address",
    "payment": " with one payment instrument",
    "counterparty": " at the other account",
}
SPOKEN_IN_MINUTES_S: Final = 2 * HOUR_S
"""Below it a span reads better in minutes (60 min), from it in hours."""


def span(seconds: int) -> str:
    """A length of time in the unit people use for it: 10 min, 24 h, 7 d."""
    if seconds < MINUTE_S or seconds % MINUTE_S:
        return f"{seconds} s"
    if seconds < SPOKEN_IN_MINUTES_S or seconds % HOUR_S:
        return f"{seconds // MINUTE_S} min"
    if seconds <= DAY_S or seconds % DAY_S:
        return f"{seconds // HOUR_S} h"
    return f"{seconds // DAY_S} d"


def amount(limit: Limit, value: int) -> str:
    """So many of what the limit counts, in its window: `6 redemptions in 60 min`."""
    return f"{value} {_noun(limit, value)}{PLACES[limit.role]} in {span(limit.window_s)}"


def breach_message(limit: Limit, value: int) -> str:
    """What exceeded the limit, with both numbers."""
    return f"{amount(limit, value)} (limit {limit.max})"


def _noun(limit: Limit, value: int) -> str:
    plural = value != 1
    if limit.measure == "distinct":
        peer_role, *did = limit.kinds
        noun = f"different {PLURALS.get(peer_role, f'{peer_role}s') if plural else peer_role}"
        return f"{noun} and as many {_listed(did)}" if did else noun
    if len(limit.kinds) > 1:
        noun = "events" if plural else "event"
    else:
        known = NOUNS.get(limit.kinds[0])
        noun = known[plural] if known else f"{limit.kinds[0]} events"
    return f"points by {noun}" if limit.measure == "points" else noun


def _listed(kinds: Sequence[str]) -> str:
    """Events of any of these kinds: `logins or failed logins`."""
    *others, last = [NOUNS[kind][1] if kind in NOUNS else f"{kind} events" for kind in kinds]
    return f"{', '.join(others)} or {last}" if others else last
