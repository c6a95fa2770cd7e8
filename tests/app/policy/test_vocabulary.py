"""What may be counted is what is there: the words of policies and the traces of events are the same."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from app.policy.names import PLURALS, every_name, reader
from app.policy.vocabulary import CHANNELS, KINDS, PEERS, PLACES, misnamed
from app.sighting import Sighter
from app.store.packing import ROLES
from detectors.default_limits import DEFAULT_LIMITS
from detectors.event import Device, Event, Location
from detectors.policy import EVENT_TYPES

SETTLED = {"burn"}
"""Counted when a redemption is decided, not when it is seen."""


def left_behind() -> tuple[dict[bytes, set[str]], dict[bytes, set[str]]]:
    """Kinds and peers that events of every type leave at each kind of entity; an account is one in any role."""
    kinds, peers = defaultdict(set), defaultdict(set)
    for event_type in EVENT_TYPES:
        event = Event(
            event_id="e-1", type=event_type, occurred_at=datetime(2026, 1, 1, tzinfo=UTC), account_id="m-1",
            points=1, device=Device(id="d-1"), ip="192.0.2.1", payment_instrument_id="p-1",
            counterparty_account_id="m-2", store_id="s-1", location=Location(lat=52.5, lon=13.4, country="DE"),
        )  # fmt: skip
        for touch in Sighter(bytes(32)).sight(event).sighting.touches:
            kinds[ROLES[touch.role]].add(touch.kind)
            peers[ROLES[touch.role]].update(peer.role for peer in touch.peers)
    return kinds, peers


def test_what_can_be_counted_is_what_events_leave():
    """No word for what nobody leaves, and none missing."""
    kinds, peers = left_behind()
    for role, letter in ROLES.items():
        if role in KINDS:
            assert set(KINDS[role]) - SETTLED == kinds[letter] - {""}
            assert set(PEERS[role]) == peers[letter]


def test_the_default_limits_name_only_what_is_there():
    assert [list(misnamed(limit)) for limit in DEFAULT_LIMITS] == [[]] * len(DEFAULT_LIMITS)
    assert {channel for limit in DEFAULT_LIMITS for channel in limit.exempt_channels} <= set(CHANNELS)


def test_every_name_is_read_and_stands_once():
    names = list(every_name())
    assert len(names) == len(set(names))
    assert all(reader(name) is not None for name in names)
    assert reader("account.counterparties_7d") is not None


def test_the_page_tells_these_names_and_no_others():
    """Each word before a window in `docs/policy.md` makes a name, and each plural there is stands on the page."""
    page = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
    rules = page.partition("## Rules")[2].partition("## The detectors")[0]
    assert set(re.findall(r"`(?:[a-z<>]+\.)?([a-z]+)_(?:<window>)?`", rules)) == set(PLURALS)
    assert set(re.findall(r"`([a-z]+)\.context`", rules)) == set(PLACES)
