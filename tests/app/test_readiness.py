"""Readiness is told to anybody, so it names what is missing; why is for the log."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from app.ports.history import HotStoreAway
from app.ports.record import RecordAway
from app.readiness import HOT_STORE_AWAY, MODEL_MISSING, REBUILDING, RECORD_AWAY, Readiness

DRIVERS_WORDS = 'connection to "10.0.0.7", user "earnest" refused'


def hot(state):
    async def complete():
        if state is None:
            raise HotStoreAway(DRIVERS_WORDS)
        return state

    return complete


def cold(*, there):
    def ping():
        if not there:
            raise RecordAway(DRIVERS_WORDS)

    return ping


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(("state", "told"), [(True, []), (False, [REBUILDING]), (None, [HOT_STORE_AWAY])])
def test_it_names_each_store_that_is_missing_and_logs_what_the_driver_said(state, told, there):
    with capture_logs() as logged:
        missing = asyncio.run(Readiness(hot(state), cold(there=there)).missing())
    assert missing == told + [RECORD_AWAY] * (not there)
    assert DRIVERS_WORDS not in "".join(missing)
    assert [line["why"] for line in logged] == [DRIVERS_WORDS] * ((state is None) + (not there))


def test_a_model_that_is_wanted_and_not_there_is_named():
    assert asyncio.run(
        Readiness(hot(state=True), cold(there=True), model_missing=lambda: True).missing()
    ) == [MODEL_MISSING]
