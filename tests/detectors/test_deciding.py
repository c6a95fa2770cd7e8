"""Every finding of every detector names the number that decided and the limit it was held against."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from detectors.anomaly import Anomaly
from detectors.base import Reason, Signal
from detectors.catalogue import CATALOGUE
from detectors.deciding import MEASURES, PAIRS, deciding
from detectors.event import Device, Money
from detectors.forest.explain import Attribution
from detectors.policy import DEFAULT
from detectors.said import Said
from detectors.snapshot import DAY_S, Entity, LinkSeen, Peer, Snapshot, Traits
from detectors.texts import TEXTS
from tests.detectors.circumstances import TAKEN_OVER
from tests.detectors.snapshots import DAY_MS, NOW_MS, OWN_KEY, account, burst, seen, series, snapshots

LIMITS = {limit.code: limit for limit in DEFAULT.limits}
WITHOUT_A_NUMBER = {"LIST_BLOCK", "LIST_WATCH", "ACCOUNT_LOCKED", "FALLBACK"}
GRADED = {"DUPLICATE_PERSON"}
"""Told below its limit too: that is the line of review, not the first that is worth a word."""
TOO_NEW = {"NEW_DEVICE_SPENDS", "CONTACT_CHANGED_THEN_SPENT", "STRANGE_STORE_SPENDS"}
"""Told below the limit: what is younger than that is new."""


@dataclass(frozen=True)
class Rare:
    """A model to which everything is unusual."""

    version: str = "rare-1"

    percentile: float = 0.995

    def place(self, _segment, _row):
        return self

    def attributions(self):
        return [Attribution(3, 2.5, 0.92, 0.08)]


DETECTORS = (*CATALOGUE, Anomaly(Rare()))


def newcomers(number: int) -> Entity:
    """This account and so many strangers, all within the hour."""
    own = Peer(OWN_KEY, NOW_MS, NOW_MS)
    strangers = [Peer(f"{n:016x}", NOW_MS - n, NOW_MS - n, Traits(n, n, n, n)) for n in range(1, number)]
    return Entity(series={"signup": series(*range(number))}, peers={"account": [own, *strangers]})


def telling() -> list[Snapshot]:
    """Events that between them make every detector say everything it can say."""
    drained = {"earn": series(60_000, points=5_000), "redeem": series(0, points=6_000)}
    newcomer = account({"signup": series(0)}, age_ms=0)
    person = Peer(f"{7:016x}", NOW_MS - 90 * DAY_MS, NOW_MS - 90 * DAY_MS, Traits(1, 2, 3, 4))
    known = Entity(peers={"account": [Peer(OWN_KEY, NOW_MS, NOW_MS, Traits(1, 2, 3, 4)), person]})
    crowds = {role: newcomers(9) for role in ("device", "ip", "payment")}
    named = {role: newcomers(9) for role in ("phone", "email", "address")}
    return [
        burst(6),
        seen("redeem", account(drained, totals={"earn": 9_000}), points=6_000, balance_before=6_500),
        seen("redeem", account({"redeem": series(0, points=6_000)}), points=6_000, balance_before=6_000),
        seen("earn", account({"earn": series(0, points=30_000)}), points=30_000),
        seen("return", account(), points=400, balance_before=0),
        seen("signup", newcomer, points=None, **crowds, identifiers=named, disposable_email=True),
        seen(
            "signup", newcomer, points=None,
            identifiers={"email": known, "phone": known}, traits=Traits(1, 2, 3, 4),
            said=Said(frauds={person.key: NOW_MS}),
        ),
    ]  # fmt: skip


def stories_of_points() -> list[Snapshot]:
    """Points got or brought back as no shopper would, and a referral of oneself."""
    shared = {"device": [Peer(f"{1:016x}", NOW_MS, NOW_MS)]}
    one, other = (Entity(first_seen_ms=NOW_MS, peers=shared) for _ in range(2))
    paid = seen("earn", account({"earn": series(0, 60_000, points=300)}), points=300, money=Money(100, "EUR"))
    played = seen("earn", account({"earn": series(*(n * DAY_MS for n in range(10)))}), channel="app")
    return [
        seen("return", account({"return": series(*range(4), points=900)}), points=900),
        replace(paid, segment=replace(paid.segment, points_per_minor=0.1)),
        seen("purchase", account({"purchase": series(0, points=2_000)}, age_ms=DAY_MS), points=2_000),
        replace(played, event=replace(played.event, device=Device(id="d-1", is_emulator=True))),
        seen("referral", one, points=None, counterparty=other),
    ]


def handed_around() -> Snapshot:
    """A one-time link with everything wrong that can be."""
    link = LinkSeen(devices_24h=4, countries_24h=3, failed_codes=6, forwarded=True)
    return replace(seen("redeem", account(), points=0, device=newcomers(9)), link=link)


def reasons_at(at: Snapshot) -> list[Reason]:
    judged = (detector.judge(at) for detector in DETECTORS)
    return list(chain.from_iterable(one.reasons for one in judged if isinstance(one, Signal)))


def holds(reason: Reason) -> bool:
    """Whether both numbers are there, in the reason's own terms, and the first is on the wrong side of the second."""
    pair = deciding(reason.code, reason.evidence)
    assert pair is not None, reason
    if reason.code in LIMITS:
        limit = LIMITS[reason.code]
        assert (pair.name, pair.limit) == (limit.measure, limit.max)
    if reason.code in TOO_NEW:
        return pair.observed <= pair.limit
    return reason.code in GRADED or pair.observed >= pair.limit


def test_the_pairs_are_of_the_codes_there_are():
    assert set(PAIRS) == set(TEXTS) - set(LIMITS) - WITHOUT_A_NUMBER
    assert {limit.measure for limit in DEFAULT.limits} <= set(MEASURES)


def test_every_finding_there_is_shows_the_right_pair():
    """One event or another makes each detector say each of its codes; none is left untried."""
    stories = [*telling(), *stories_of_points(), *TAKEN_OVER.values(), handed_around()]
    found = [reason for at in stories for reason in reasons_at(at)]
    assert {reason.code for reason in found} >= set(PAIRS)
    assert all(holds(reason) for reason in found)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=snapshots)
def test_so_does_any_finding_on_any_snapshot(at):
    assert all(holds(reason) for reason in reasons_at(at))


@pytest.mark.parametrize(
    ("code", "evidence", "pair"),
    [
        ("BURN_SHARE_HIGH", {"points": 4_000, "balance_points": 4_100, "share_percent": 98, "limit": 70},
         ("share_percent", 98, 70)),
        ("SIGNUP_FARM_IP", {"sign_ups_24h": 4, "accounts": 9, "limit_sign_ups": 2, "window_s": DAY_S},
         ("sign_ups_24h", 4, 2)),
        ("OUR_OWN_LIMIT", {"distinct": 3, "limit": 2, "window_s": 60}, ("distinct", 3, 2)),
        ("LIST_BLOCK", {"kind": "account", "entry_id": "lst_1"}, None),
        ("OUR_OWN_RULE", {"rule": "OUR_OWN_RULE", "when": "event.points > 3"}, None),
        ("BURN_SHARE_HIGH", {"of_an_older_record": 1}, None),
    ],
)  # fmt: skip
def test_the_pair_is_like_with_like(code, evidence, pair):
    """4,000 points are not held against 70 %; where nothing was measured nothing is shown."""
    assert deciding(code, evidence) == pair
