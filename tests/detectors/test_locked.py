"""A locked account: what goes out is stopped, everything else goes on, and nothing pardons it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from detectors.policy import DEFAULT, EVENT_TYPES, Rule
from detectors.snapshot import Lock
from detectors.texts import NOT_CARRIED_OUT, spoken_to_member
from detectors.verdict import ListHit, combine
from tests.detectors.snapshots import NOW_MS, account, seen

STOPPED = {"redeem", "transfer", "purchase"}
LOCK = Lock(1_772_366_400_000, "member")
ALLOWED = ListHit("allow", "account", "lst_1", "a friend of the house")


def verdict(event_type, lock=LOCK, policy=DEFAULT, list_hits=(), rule_hits=()):
    at = seen(event_type, msgspec.structs.replace(account(), lock=lock))
    return combine(at, (), (), list_hits, rule_hits, policy)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_only_what_goes_out_is_stopped(event_type):
    found = verdict(event_type)
    stopped = event_type in STOPPED
    assert found.enforced == ("block" if stopped else "allow")
    assert [reason.code for reason in found.reasons] == (["ACCOUNT_LOCKED"] if stopped else [])
    assert verdict(event_type, lock=None).enforced == "allow"


def test_it_says_by_whom_and_since_when_and_is_a_list_entry():
    found = verdict("redeem")
    (reason,) = found.shown
    assert (found.source, reason.detector, reason.contribution) == ("list", "list", 1.0)
    assert reason.evidence == {"locked_at": "2026-03-01T12:00:00Z", "by": "member"}
    assert reason.message == "redeeming is locked, by the member, since 2026-03-01 12:00 UTC"


def test_nothing_pardons_it():
    """Not an allow-list entry, not an analyst's rule, not a block list that only reviews, not shadow mode."""
    pardon = Rule("PARDON", "true", EVENT_TYPES, "allow", "as an analyst says", 0.0)
    policy = replace(DEFAULT, mode="shadow", block_list=DEFAULT.watch_list)
    found = verdict("redeem", policy=policy, list_hits=(ALLOWED,), rule_hits=(pardon,))
    assert (found.action, found.enforced, found.source) == ("block", "block", "list")
    assert verdict("redeem", lock=None, policy=policy).enforced == "allow"


@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_member_is_told_what_it_is_and_how_it_ends(locale):
    text = spoken_to_member("ACCOUNT_LOCKED", "block", locale)
    assert text not in {NOT_CARRIED_OUT.en, NOT_CARRIED_OUT.de}
    assert ("switched on again" if locale == "en" else "Wieder einschalten") in text


def test_the_instant_is_its_own_whatever_the_event_s():
    """An event that comes late is stopped by a lock set after it occurred: what counts is when it is asked for."""
    assert verdict("redeem", Lock(NOW_MS + 60_000, "backend")).enforced == "block"
