"""What an account has: points before the event, and what lately came in and went out, as far as it can be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from detectors.limits import PEERS_KEPT
from detectors.snapshot import DAY_S, Snapshot

INCOME: Final = ("earn", "purchase", "adjust")
"""What came in and is totalled. What another account transferred is settled at that account: see `received`."""
OUTGO: Final = ("burn", "transfer", "return", "expire")
NEVER_NEGATIVE: Final = frozenset({"earn", "purchase", "transfer"})
"""Kinds whose points only ever add up, so that their total bounds what any window can hold."""

MONTH_S: Final = 30 * DAY_S


def moved(seen: Snapshot, kinds: Sequence[str], window_s: int) -> int:
    """Points of these kinds in the window that ends with this event, at most: tried there, and settled ever."""
    return sum(_moved_of(seen, kind, window_s) for kind in kinds)


def _moved_of(seen: Snapshot, kind: str, window_s: int) -> int:
    series = seen.account.series.get(kind)
    if series is None:
        return 0
    tried = series.within(seen.as_of_ms, window_s * 1_000)[1]
    if kind not in NEVER_NEGATIVE:
        return tried
    own = seen.event.points or 0 if seen.event.type == kind else 0
    return min(tried, max(0, seen.account.totals_points.get(kind, 0)) + own)


def earned(seen: Snapshot) -> int:
    """Points earned since the first event."""
    return seen.account.totals_points.get("earn", 0)


def received(seen: Snapshot) -> int | None:
    """
    Points that ever came by transfers, at most. None where some may be older than the series: the account has
    dealt with another one for longer than that, or with more of them than it remembers.
    """
    known = seen.account.peers.get("counterparty", ())
    since_ms = seen.as_of_ms - MONTH_S * 1_000
    if len(known) >= PEERS_KEPT or any(peer.first_seen_ms <= since_ms for peer in known):
        return None
    return max(0, moved(seen, ("received",), MONTH_S))


def net(seen: Snapshot) -> int:
    """Everything totalled that came in less everything that went out, this event not yet settled."""
    totals = seen.account.totals_points
    return sum(totals.get(kind, 0) for kind in INCOME) - sum(totals.get(kind, 0) for kind in OUTGO)


def balance_before(seen: Snapshot) -> int | None:
    """Points before the event: as the caller says, else from the totals of an account with some history, at most."""
    if seen.event.balance_before is not None:
        return seen.event.balance_before
    gifts = received(seen)
    if gifts is None or earned(seen) < seen.segment.month_points:
        return None
    return net(seen) + gifts
