"""A decision that a lock stopped can be weighed again when somebody asks why."""

from __future__ import annotations

import msgspec

from app.traces import pack_found, unpack_found
from detectors.counterfactuals import counterfactuals
from detectors.policy import DEFAULT
from detectors.snapshot import Lock
from detectors.verdict import Found, weigh


def test_the_lock_is_the_one_change_that_would_have_led_elsewhere():
    found = weigh("redeem", Found((), lock=Lock(1_772_366_400_000, "member")), DEFAULT)
    again = weigh("redeem", unpack_found(pack_found(found), DEFAULT), DEFAULT)
    assert again.reasons == found.reasons
    assert counterfactuals(again, DEFAULT) == ("Without the lock on redeeming: allow",)


def test_findings_recorded_before_there_were_locks_are_still_read():
    assert unpack_found(msgspec.msgpack.encode([[], [], [], []]), DEFAULT).lock is None
