"""kill -9 of anything, in mid-load: what was acknowledged is recorded, and everything is counted once."""

from __future__ import annotations

import pytest

from benchmarks.installation import Installation
from benchmarks.kills import KILLS, STRETCH, Load, examine


@pytest.fixture(scope="module")
def survived(tmp_path_factory):
    """One installation and one load through all kills, and what was found afterwards."""
    with Installation(tmp_path_factory.mktemp("kills")) as installation:
        load = Load(installation)
        with load.running():
            for do in KILLS.values():
                load.more()
                do(installation)
                load.more()
        yield load, examine(installation, load)


def test_every_acknowledged_decision_is_in_the_record_as_it_was_told(survived):
    load, found = survived
    assert found.acknowledged == len(load.events) >= 2 * STRETCH * len(KILLS)
    assert not found.lost
    assert not found.altered


def test_nothing_is_recorded_that_nobody_sent(survived):
    load, found = survived
    assert found.recorded == len(load.events)


def test_every_repeat_gets_the_acknowledged_bytes(survived):
    assert not survived[1].repeated_otherwise


def test_every_event_is_counted_once(survived):
    """Also those that were sent again because a process died before it could answer."""
    load, found = survived
    assert load.retried
    assert not found.miscounted
