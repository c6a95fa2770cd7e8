"""The stories of a link in the wrong hands, and the honest members who open theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from msgspec.structs import replace

from detectors import links
from detectors.base import Abstained, Clear, Signal
from detectors.catalogue import CATALOGUE
from detectors.links import CODES, Links
from detectors.policy import DEFAULT, EVENT_TYPES
from detectors.snapshot import DAY_S, Entity, LinkSeen
from detectors.texts import TEXTS
from detectors.typologies import points_to
from detectors.verdict import combine
from tests.detectors.snapshots import DAY_MS, account, peers, seen, snapshots


def redeemed(link, *, device=None, **given_):
    """A redemption by this link, of no points."""
    return replace(seen("redeem", account(), points=0, device=device, **given_), link=link)


def asked(at):
    """What the default policy makes of the link alone."""
    return combine(at, [Links().judge(at)], (), (), (), DEFAULT)


STORIES = {
    "LINK_OPENED_AROUND": (redeemed(LinkSeen(devices_24h=3)), "challenge"),
    "LINK_OPENED_ABROAD": (redeemed(LinkSeen(countries_24h=2)), "allow"),
    "LINK_FORWARDED": (redeemed(LinkSeen(devices_24h=2, forwarded=True)), "challenge"),
    "LINK_CODES_FAILED": (redeemed(LinkSeen(failed_codes=5)), "challenge"),
    "LINK_DEVICE_COLLECTS": (
        redeemed(LinkSeen(), device=Entity(peers={"account": peers(3)})),
        "review",
    ),
}


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_its_story(code):
    at, action = STORIES[code]
    judged = Links().judge(at)
    assert isinstance(judged, Signal)
    assert [one.code for one in judged.reasons] == [code]
    assert (asked(at).action, code in TEXTS, points_to(code)[0]) == (action, True, "link_abuse")


@pytest.mark.parametrize(
    ("link", "device"),
    [
        (LinkSeen(), None),
        (LinkSeen(devices_24h=2), None),
        (LinkSeen(failed_codes=4), None),
        (LinkSeen(channel="email", age_s=14 * DAY_S), None),
        (LinkSeen(), Entity(peers={"account": peers(2)})),
        (LinkSeen(), Entity(peers={"account": peers(2, 40 * DAY_MS)})),
    ],
    ids=["opened once", "phone and computer", "typing errors", "late", "a couple's computer", "long ago"],
)
def test_an_honest_member_is_left_alone(link, device):
    judged = Links().judge(redeemed(link, device=device))
    assert isinstance(judged, Clear)
    assert judged.score <= links.NEAREST.value
    assert asked(redeemed(link, device=device)).action == "allow"


def test_a_household_over_a_month_supports_and_asks_nobody_alone():
    at = redeemed(LinkSeen(), device=Entity(peers={"account": peers(3, 3 * DAY_MS)}))
    assert [one.code for one in Links().judge(at).reasons] == ["LINK_DEVICE_COLLECTS"]
    assert asked(at).action == "allow"


def test_a_device_known_to_be_shared_collects_nothing():
    at = redeemed(LinkSeen(), device=Entity(peers={"account": peers(9)}))
    assert isinstance(Links().judge(replace(at, contexts={"device": "store_tablet"})), Clear)


def test_guesses_at_a_link_that_went_around_freeze_it():
    assert asked(redeemed(LinkSeen(devices_24h=3, failed_codes=5))).action == "block"


def test_what_leaves_a_person_to_look_does_so_whatever_the_cutoffs():
    """A review stands though redemptions have no cut-off for one; a weight of nothing takes it back."""
    at, _ = STORIES["LINK_DEVICE_COLLECTS"]
    assert asked(at).reasons[0].code == "LINK_DEVICE_COLLECTS"
    silent = combine(
        at, [Links().judge(at)], (), (), (), DEFAULT.__class__(weights=dict(DEFAULT.weights) | {"links": 0.0})
    )
    assert silent.action == "allow"


@given(at=snapshots)
def test_where_no_link_is_redeemed_nothing_changes(at):
    """It abstains, so that the verdict on every other event is the same bits as without it."""
    at = replace(at, link=None)
    judged = [one.judge(at) for one in CATALOGUE]
    said = next(one for one in judged if one.detector == "links")
    assert isinstance(said, Abstained)
    others = [one for one in judged if one is not said]
    with_, without = (combine(at, one, (), (), (), DEFAULT) for one in (judged, others))
    assert (with_.action, with_.risk, with_.reasons) == (without.action, without.risk, without.reasons)
    assert at.event.type in EVENT_TYPES
