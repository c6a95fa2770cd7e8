"""Many accounts arriving together at one device, card, telephone, mailbox or IP: one hand behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp2
from math import pow as power
from typing import Final, NamedTuple

from detectors.base import Evidence, Reason
from detectors.identity.pairs import kin
from detectors.identity.sharing import others, silent
from detectors.snapshot import DAY_S, Peer, Snapshot, Traits
from detectors.thresholds import Threshold

FREE_ACCOUNTS: Final = Threshold(
    2,
    "accounts",
    "a couple shares; the third account makes an even chance",
    "domain typology 6: >2 accounts a device",
)
STEEPNESS: Final = Threshold(
    3,
    "exponent",
    "one other account counts 0.11, two 0.50, three 0.77, seven 0.98",
    "chosen: a pair must stay clear",
)
HALF_LIFE: Final = Threshold(
    3 * DAY_S,
    "s",
    "accounts that arrived three days apart count half",
    "domain typology 7: referees within 72 h",
)
HOUSEHOLD: Final = Threshold(
    6, "accounts", "a family; beyond it is no longer one", "domain typology 19: <= 6 at an address"
)
KIN_SHARE: Final = Threshold(
    0.1, "ratio", "relatives are hardly evidence, even in one evening on one tablet", "domain section 1"
)
STANDING_SHARE: Final = Threshold(
    0.25,
    "ratio",
    "an old member on a new device is a new telephone, or taken over, rather than farmed",
    "domain typology 6",
)
IP_CAP: Final = Threshold(
    0.35, "weight", "below any action alone: offices, carriers, halls", "domain typology 6: review"
)
IP_FREE: Final = Threshold(
    2, "sign-ups", "the third in 24 h makes half of IP_CAP", "domain typology 6: >= 3 sign-ups/IP/24 h"
)
REPEATED_SHARE: Final = Threshold(
    0.25,
    "ratio",
    "the same accounts seen again at a second entity are mostly the same evidence",
    "chosen: dependence",
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A kind of entity at which a farm shows: its reason code, its name in a sentence, its top weight."""

    code: str
    noun: str
    cap: float


MEETINGS: Final[dict[str, Meeting]] = {
    "device": Meeting("SIGNUP_FARM_DEVICE", "device", 0.95),
    "payment": Meeting("SIGNUP_FARM_PAYMENT", "payment instrument", 0.95),
    "phone": Meeting("SIGNUP_FARM_PHONE", "telephone number", 0.95),
    "email": Meeting("SIGNUP_FARM_EMAIL", "mailbox", 0.95),
    "address": Meeting("SIGNUP_FARM_ADDRESS", "address", 0.35),
}
"""Caps: 0.95 leaves room for what else is found; an address is often a hall or a block of flats."""


class Farm(NamedTuple):
    """A finding, and how strongly it ties each other account to this one."""

    reason: Reason
    ties: tuple[tuple[str, float], ...]


def farms(seen: Snapshot, own: Traits) -> list[Farm]:
    """Every entity where accounts arrived together, strongest first; the second and later ones discounted."""
    found: list[Farm] = []
    for role in MEETINGS:
        entity = seen.entity(role)
        if entity is None or silent(seen, role):
            continue
        accounts = others(seen, entity)
        if accounts:
            mine = next(
                (peer.first_seen_ms for peer in entity.peers["account"] if peer.key == seen.self_key), None
            )
            found.append(_farm(seen, role, accounts, seen.as_of_ms if mine is None else mine, own))
    on_ip = _sign_ups_on_ip(seen, own)
    if on_ip is not None:
        found.append(Farm(on_ip, ()))
    if len(found) > 1:
        found.sort(key=lambda farm: -farm.reason.weight)
    return [
        farm
        if rank == 0
        else farm._replace(reason=_weighing(farm.reason, farm.reason.weight * REPEATED_SHARE.value))
        for rank, farm in enumerate(found)
    ]


def ties(seen: Snapshot, farm: Farm) -> list[tuple[str, float]]:
    """
    The ties of a farm, but to those there who were released from one another: whoever joins a family at its device
    is found, and says nothing of the family.
    """
    apart = seen.said.apart
    here = {key for key, _ in farm.ties}
    return [
        (key, tie)
        for key, tie in farm.ties
        if key not in apart
        or not any(other in here and seen.as_of_ms < until for other, until in apart[key].items())
    ]


def strength(count: float, free: float) -> float:
    """A weight in [0, 1) for so many others, 0.5 at `free`. Continuous and rising."""
    rising = power(count, STEEPNESS.value)
    return rising / (rising + power(free, STEEPNESS.value))


def together(gap_ms: int) -> float:
    """How much two arrivals so far apart count as one, in (0, 1]."""
    return exp2(-gap_ms / (HALF_LIFE.value * 1_000))


def _farm(seen: Snapshot, role: str, accounts: Sequence[Peer], mine: int, own: Traits) -> Farm:
    """The farm at one entity, to which this account came at `mine` (ms since 1970-01-01 UTC)."""
    meeting = MEETINGS[role]
    arrivals = [(peer, together(abs(peer.first_seen_ms - mine))) for peer in accounts]
    weighed = _counted(arrivals, own)
    count = sum(nearness for _, nearness in weighed)
    weight = meeting.cap * _standing_share(seen, mine) if role == "device" else meeting.cap
    weight *= strength(count, FREE_ACCOUNTS.value)
    near = sum(1 for _, nearness in arrivals if nearness >= _NEAR)
    evidence: Evidence = {
        "accounts": len(accounts) + 1,
        "accounts_within_72h": near + 1,
        "limit_accounts": int(FREE_ACCOUNTS.value),
        "others_counted": round(count, 2),
    }
    message = (
        f"{len(accounts) + 1} accounts on this {meeting.noun}, {near + 1} of them first seen within 72 h "
        f"of this one (limit {int(FREE_ACCOUNTS.value)})"
    )
    return Farm(
        Reason(meeting.code, weight, message, evidence),
        tuple((key, weight * nearness) for key, nearness in weighed),
    )


def _counted(arrivals: list[tuple[Peer, float]], own: Traits) -> list[tuple[str, float]]:
    """What each other account counts: its nearness, of which a household's relatives keep KIN_SHARE."""
    spared = HOUSEHOLD.value - 1
    counted = []
    for peer, nearness in sorted(arrivals, key=_nearest_first):
        relative = spared > 0 and kin(own, peer.traits)
        spared -= relative
        counted.append((peer.key, nearness * KIN_SHARE.value if relative else nearness))
    return counted


def _standing_share(seen: Snapshot, mine: int) -> float:
    """What arrivals at a device count for: little where a standing member came."""
    joined = seen.account.first_seen_ms or mine
    return max(STANDING_SHARE.value, together(abs(mine - joined)))


def _sign_ups_on_ip(seen: Snapshot, own: Traits) -> Reason | None:
    """Sign-ups from one IP within a day, in proportion to the accounts that merely use it."""
    if seen.event.type != "signup" or seen.ip is None or silent(seen, "ip"):
        return None
    count = seen.count("ip", "signup", DAY_S)
    if count <= 1:
        return None
    accounts = others(seen, seen.ip)
    today = _today(seen, accounts)
    if seen.said.released:
        known = _today(seen, seen.ip.peers.get("account", ()))
        count -= sum(1 for peer in known if peer.key in seen.said.released)
    relatives = min(HOUSEHOLD.value - 1, sum(1 for peer in today if kin(own, peer.traits)))
    counted = max(0.0, count - 1 - relatives * (1.0 - KIN_SHARE.value))
    weight = IP_CAP.value * strength(counted, IP_FREE.value) * min(1.0, count / (len(accounts) + 1))
    return Reason(
        "SIGNUP_FARM_IP",
        weight,
        f"{count} sign-ups from this IP in 24 h, {len(accounts) + 1} accounts known there "
        f"(limit {int(IP_FREE.value)})",
        {
            "sign_ups_24h": count,
            "accounts": len(accounts) + 1,
            "limit_sign_ups": int(IP_FREE.value),
            "others_counted": round(counted, 2),
            "window_s": DAY_S,
        },
    )


def _today(seen: Snapshot, accounts: Sequence[Peer]) -> list[Peer]:
    return [peer for peer in accounts if abs(seen.as_of_ms - peer.first_seen_ms) < DAY_S * 1_000]


def _nearest_first(arrival: tuple[Peer, float]) -> tuple[float, str]:
    return -arrival[1], arrival[0].key


def _weighing(reason: Reason, weight: float) -> Reason:
    return Reason(reason.code, weight, reason.message, reason.evidence)


_NEAR: Final = 0.5
"""`together` of two arrivals one half-life, 72 h, apart."""
