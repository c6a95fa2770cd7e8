"""The whole loop in Chromium: earned, suspected, proven, allowed, spent and told; also while processes are killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from benchmarks.installation import until
from tests.e2e.authenticators import chromium, let_passkeys_age
from tests.e2e.browser import PHONE
from tests.e2e.events import fresh
from tests.e2e.loop import STEPS, TOLD_S, Loop, Way
from tests.e2e.loop_house import House, audit_is_whole, house
from tests.e2e.test_passkeys import enrol, member

__all__ = ["member"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("loop")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(home: House) -> Iterator[Browser]:
    with chromium(home.running) as launched:
        yield launched


def begun(home: House, one, way: Way = "sms_otp", locale: str = "en") -> Loop:
    """A member who can prove it this way."""
    account_id = fresh()
    if way == "passkey":
        enrol(home, one, account_id)
        let_passkeys_age(home.running)
    return Loop(home, one, way, account_id, locale)


@pytest.mark.parametrize(("way", "locale"), [("sms_otp", "en"), ("passkey", "de")])
def test_a_suspicious_redemption_is_proven_and_spent_at_the_till(home, member, way, locale):
    one = member(viewport=PHONE, locale={"en": "en-GB", "de": "de-DE"}[locale])
    loop = begun(home, one, way, locale)
    loop.run()
    loop.is_closed()
    assert one.complaints == []
    until(lambda: not home.waiting(), TOLD_S)
    audit_is_whole(home)


KILLED = {"web": ("web",), "worker": ("worker",), "both": ("web", "worker")}


@pytest.mark.parametrize("killed", KILLED)
def test_killed_between_any_two_steps_it_ends_as_if_nothing_had_been(home, member, killed):
    """A member before each of the steps when it happens, two with a passkey where the web dies; all go on at once."""
    loops = [(begun(home, member()), n) for n in range(1, len(STEPS))]
    if killed == "web":  # what a browser's key proves, it proves to the web process
        loops += [(begun(home, member(), "passkey"), STEPS.index(step)) for step in ("choose", "prove")]
    for loop, done in loops:
        loop.run(STEPS[:done])
    for role in KILLED[killed]:
        assert home.running.signal(role, signal.SIGKILL)
    for loop, done in loops:
        loop.run(STEPS[done:])
    for loop, _ in loops:
        loop.is_closed()
    until(lambda: not home.waiting(), TOLD_S)
    audit_is_whole(home)
