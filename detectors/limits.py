"""Limits: how often, how much or how many different ones are allowed in a window, counted exactly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from detectors.actions import Action
from detectors.snapshot import (
    DAY_S,
    EMPTY,
    EXACT_INSTANTS,
    EXACT_INSTANTS_SHARED,
    Entity,
    Series,
    Snapshot,
)

Measure = Literal["count", "points", "distinct"]

ROLES: Final = ("account", "device", "ip", "payment", "counterparty")
PEERS_KEPT: Final = 32
"""Peers an entity remembers per role: a limit on distinct peers must lie below to be exceeded at all."""
PEER_ROLES: Final = ("account", "device", "payment", "counterparty", "store", "place")
"""Who an entity remembers; see `Entity.peers`."""
LONGEST_WINDOW_S: Final = 30 * DAY_S
"""What the stores keep of a series."""


@dataclass(frozen=True, slots=True)
class Limit:
    """
    At most `max` in any window that holds the event, the event itself included.

    code:       stable upper-case id; the reason code of a breach.
    role:       the entity it is held against: account, device, ip, payment, counterparty.
    measure:    `count` events, sum `points`, or count `distinct` peers.
    kinds:      the series summed. For `distinct` the peer role counted, then the series the peers must have
                made: peers are remembered whatever they did, so no more of them count than there were such
                events. With the peer role alone, everybody seen counts.
    window_s:   length of the sliding window, in seconds.
    max:        the last value that is still within the limit (events, points or peers).
    applies_to: the event types that are held against it.
    action:     the least the decision becomes when it is exceeded; `allow` only scores.
    weight:     strength of the evidence at one over, in [0.5, 1); it rises from there towards 1.
    exempt_channels: events of these channels are not held against it.
    exempt_contexts: nor is an entity registered as one of these shared contexts.
    reason:     why this number, and where it comes from.
    """

    code: str
    role: str
    measure: Measure
    kinds: tuple[str, ...]
    window_s: int
    max: int
    applies_to: tuple[str, ...]
    action: Action
    weight: float
    exempt_channels: tuple[str, ...] = ()
    exempt_contexts: tuple[str, ...] = ()
    reason: str = ""


class Breach(NamedTuple):
    """A limit and the value that exceeded it."""

    limit: Limit
    observed: int


def problems(limit: Limit) -> list[str]:
    """What would make this limit wrong or inexact, in words; empty for a sound one."""
    exact = EXACT_INSTANTS if limit.role == "account" else EXACT_INSTANTS_SHARED
    found = []
    if limit.role not in ROLES:
        found.append(f"role must be one of {', '.join(ROLES)}")
    if limit.measure == "count" and limit.max >= exact:
        found.append(f"max must be below {exact} for counts at role {limit.role}, or it could not be exact")
    if limit.measure == "distinct" and limit.max >= PEERS_KEPT:
        found.append(f"max must be below {PEERS_KEPT} for distinct peers, the number an entity remembers")
    if limit.measure == "distinct" and (limit.kinds[:1] or ("",))[0] not in PEER_ROLES:
        found.append(f"a distinct limit names first in kinds one of {', '.join(PEER_ROLES)}")
    if limit.measure == "distinct" and len(limit.kinds) > 1 and limit.max >= exact:
        found.append(f"max must be below {exact} for peers by what they did at role {limit.role}")
    if limit.measure == "points" and limit.role != "account":
        found.append("points are kept at accounts only")
    if limit.max < 0:
        found.append("max must not be negative")
    if not limit.kinds or not limit.applies_to:
        found.append("kinds and applies_to must name at least one each")
    if not 1 <= limit.window_s <= LONGEST_WINDOW_S:
        found.append(f"window_s must be from 1 to {LONGEST_WINDOW_S} seconds")
    if not 0.5 <= limit.weight < 1:  # noqa: PLR2004 - the scale of `weight`, said in its docstring
        found.append("weight must be at least 0.5 and below 1")
    return found


def is_exempt(limit: Limit, seen: Snapshot) -> bool:
    """Whether this event is not held against the limit: its channel, or a registered shared context."""
    if limit.exempt_channels and seen.event.channel in limit.exempt_channels:
        return True
    return bool(seen.contexts) and seen.contexts.get(limit.role) in limit.exempt_contexts


def observed(limit: Limit, seen: Snapshot) -> int:
    """Events, points or peers in the fullest window that holds this event: what the limit is held against."""
    entity = seen.entity(limit.role)
    if entity is None:
        return 0
    if limit.measure == "distinct":
        peer_role, *did = limit.kinds
        peers = seen.distinct(limit.role, peer_role, limit.window_s)
        if not did or peers <= 1:
            return peers
        return min(peers, _fullest(entity, did, seen.as_of_ms, limit.window_s)[0])
    return _fullest(entity, limit.kinds, seen.as_of_ms, limit.window_s)[limit.measure == "points"]


def breach(limit: Limit, seen: Snapshot) -> Breach | None:
    """The breach of this limit by this event, if there is one."""
    if _certainly_within(limit, seen) or is_exempt(limit, seen):
        return None
    value = observed(limit, seen)
    return Breach(limit, value) if value > limit.max else None


def breaches(limits: Iterable[Limit], seen: Snapshot) -> list[Breach]:
    """Every limit this event exceeds, in the order of the limits."""
    return [found for limit in limits if (found := breach(limit, seen)) is not None]


def _certainly_within(limit: Limit, seen: Snapshot) -> bool:
    """A cheap no: an entity that holds no more than the limit over all time cannot exceed it in a window."""
    entity = seen.entity(limit.role)
    if entity is None:
        return True
    if limit.measure == "distinct":
        return len(entity.peers.get(limit.kinds[0], ())) <= limit.max
    if limit.measure == "points":
        return False
    kept = 0
    for kind in limit.kinds:
        series = entity.series.get(kind, EMPTY)
        if series.cells:
            return False
        kept += len(series.instants_ms)
    return kept <= limit.max


def _fullest(entity: Entity, kinds: Sequence[str], as_of_ms: int, window_s: int) -> tuple[int, int]:
    """Count and points of these kinds, taken as one series, in the fullest window that holds the event."""
    if len(kinds) == 1:
        return entity.series.get(kinds[0], EMPTY).busiest(as_of_ms, window_s * 1_000)
    present = entity.series
    return _busiest_together([present[kind] for kind in present if kind in kinds], as_of_ms, window_s * 1_000)


def _busiest_together(found: Sequence[Series], as_of_ms: int, window_ms: int) -> tuple[int, int]:
    """`Series.busiest` of several series taken as one."""
    first_ms, last_ms = as_of_ms - window_ms, as_of_ms + window_ms - 1
    lively = [
        series
        for series in found
        if series.cells or (series.instants_ms and series.instants_ms[-1] > first_ms)
    ]
    if len(lively) == 1:
        return lively[0].busiest(as_of_ms, window_ms)
    ends = {
        instant
        for series in lively
        for instant in series.instants_ms[bisect_right(series.instants_ms, as_of_ms) :]
        if instant <= last_ms
    }
    counts, points = [], []
    for end in (as_of_ms, *ends):
        inside = [series.within(end, window_ms) for series in lively]
        counts.append(sum(count for count, _ in inside))
        points.append(sum(total for _, total in inside))
    return max(counts), max(points)
