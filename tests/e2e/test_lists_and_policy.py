"""Lists act at once on every worker; a policy file's shadow mode and rules act as they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.installation import PATIENT, Installation, until
from tests.e2e.events import event, evidence, fresh

POLICY = """
name = "tried"

[programs.shadowed]
mode = "shadow"

[programs.ruled]
locale = "de"

[[programs.ruled.rules]]
code = "GIFT_CARD_BY_KIOSK"
when = "event.reward_liquidity == 'high' && event.channel == 'kiosk'"
applies_to = ["redeem"]
effect = "review"
message = "gift cards are not sold at kiosks"
weight = 0.4

[[programs.ruled.rules]]
code = "NEEDS_METADATA"
when = "event.metadata.basket_size > 100"
applies_to = ["redeem"]
effect = "block"
message = "no basket is that large"
"""


@pytest.fixture(scope="module")
def both(service):
    """One client of each web process."""
    clients = [mine[0] for mine in service.clients_of_each(1)]
    yield clients
    for one in clients:
        one.close()


def enter(client, name, **entry):
    reply = client.ask("POST", f"/v1/lists/{name}", {"reason": "test"} | entry)
    assert reply.status == 201
    return reply.json["entry_id"]


def verdict(client, sent):
    decision = client.decide(sent).json
    return decision["decision"], decision["source"]


@pytest.mark.parametrize("writer", [0, 1])
def test_a_blocked_account_is_blocked_at_the_very_next_decision_of_either_worker(both, writer):
    member = fresh()
    for one in both:
        assert verdict(one, event("earn", member))[0] == "allow"
    entry = enter(both[writer], "block", kind="account", value=member)
    for one in reversed(both):
        assert verdict(one, event("earn", member)) == ("block", "list")
    assert both[writer].ask("DELETE", f"/v1/lists/block?entry_id={entry}").status == 204
    for one in both:
        assert verdict(one, event("earn", member))[0] == "allow"
    assert both[0].ask("DELETE", f"/v1/lists/block?entry_id={entry}").status == 404


def test_a_blocked_mailbox_follows_the_account_that_signed_up_with_it(both):
    member, mailbox = fresh(), fresh("box")
    both[0].decide(event("signup", member, profile={"email": f"{mailbox}@gmail.com"}))
    entry = enter(both[0], "block", kind="email", value=f"{mailbox.upper()}+other@googlemail.com")
    assert verdict(both[1], event("redeem", member)) == ("block", "list")
    both[1].ask("DELETE", f"/v1/lists/block?entry_id={entry}")
    assert verdict(both[0], event("redeem", member))[1] != "list"


def test_a_blocked_device_and_network_hit_whoever_uses_them(both):
    device = fresh("d")
    enter(both[0], "block", kind="device", value=device)
    assert verdict(both[1], event("login", fresh(), device={"id": device})) == ("block", "list")
    enter(both[1], "block", kind="ip", value="2001:db8:7:7::1")
    assert verdict(both[0], event("login", fresh(), ip="2001:db8:7:7::2")) == ("block", "list")


def test_a_watched_account_is_reviewed_and_an_allowed_one_passes_its_limits(both):
    watched, trusted = fresh(), fresh()
    enter(both[0], "watch", kind="account", value=watched)
    assert both[1].decide(event("redeem", watched)).json["decision"] == "review"
    enter(both[0], "allow", kind="account", value=trusted)
    assert {verdict(both[n % 2], event("redeem", trusted)) for n in range(8)} == {("allow", "list")}


def test_an_entry_ends_when_it_expires(both):
    member = fresh()
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    enter(both[0], "block", kind="account", value=member, expires_at=soon)
    assert verdict(both[1], event("earn", member)) == ("block", "list")
    until(lambda: verdict(both[1], event("login", member))[1] != "list")
    assert verdict(both[0], event("login", member))[1] != "list"


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """An installation with the policy above."""
    home = tmp_path_factory.mktemp("policy")
    (home / "policy.toml").write_text(POLICY)
    settings = {"EARNEST_POLICY_FILE": str(home / "policy.toml")} | PATIENT
    with Installation(home, workers=1, **settings) as running:
        yield running


@pytest.fixture
def shadowed(tried):
    with tried.client(tried.key(program_id="shadowed")) as client:
        yield client


@pytest.fixture
def ruled(tried):
    with tried.client(tried.key(program_id="ruled")) as client:
        yield client


def test_shadow_mode_passes_everything_and_says_what_it_would_have_done(shadowed):
    member = fresh()
    decisions = [shadowed.decide(event("redeem", member)).json for _ in range(6)]
    assert {one["decision"] for one in decisions} == {"allow"}
    assert {one["mode"] for one in decisions} == {"shadow"}
    assert [one["would_have"] for one in decisions] == ["allow"] * 5 + ["challenge"]
    assert evidence(decisions[-1], "VELOCITY_REDEEM_ACCOUNT_1H")["count"] == 6
    assert shadowed.get(f"/v1/accounts/{member}").json["totals"]["redeemed_points"] == 60


def test_a_rule_acts_and_is_named(ruled):
    sent = event("redeem", fresh(), reward_liquidity="high", channel="kiosk", metadata={"basket_size": 3})
    decision = ruled.decide(sent).json
    assert (decision["decision"], decision["source"], decision["degraded"]) == ("review", "rule", [])
    assert "GIFT_CARD_BY_KIOSK" in {reason["code"] for reason in decision["reasons"]}
    assert decision["policy_version"].startswith("tried")
    sent = event("redeem", fresh(), reward_liquidity="low", channel="kiosk", metadata={"basket_size": 101})
    decision = ruled.decide(sent).json
    assert (decision["decision"], decision["source"]) == ("block", "rule")


def test_a_rule_that_fails_degrades_the_decision_and_nothing_else(ruled):
    reply = ruled.decide(event("redeem", fresh()))
    assert reply.status == 200
    assert reply.json["decision"] == "allow"
    assert any("NEEDS_METADATA" in words for words in reply.json["degraded"])


def test_a_programmes_members_are_its_own(ruled, shadowed):
    member = fresh()
    for _ in range(5):
        ruled.decide(event("redeem", member, metadata={"basket_size": 1}))
    assert shadowed.decide(event("redeem", member)).json["would_have"] == "allow"
    assert shadowed.decide(event("redeem", member, program_id="ruled")).status == 403
