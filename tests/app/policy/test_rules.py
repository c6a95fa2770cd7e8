"""Analysts' rules: tried when they are read, true or false of a snapshot, and never a reason to fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from app.policy.names import every_name, reader
from app.policy.rules import RuleRefused, compile_rule, compiled
from detectors.policy import DEFAULT, EVENT_TYPES, Rule
from detectors.snapshot import Entity
from tests.detectors.snapshots import account, burst, peers, seen, snapshots


def rule(when, code="OWN_RULE", applies_to=EVENT_TYPES):
    return Rule(code, when, applies_to, "review", "as the analyst says")


def policy(*rules):
    return replace(DEFAULT, rules=rules)


@pytest.mark.parametrize(
    ("when", "hit"),
    [
        ("event.type == 'redeem' && event.points >= 10", True),
        ("account.redeem_count_1h > 3", True),
        ("account.redeem_count_1h > 4", False),
        ("account.redeem_points_24h == 40", True),
        ("account.age_days >= 200 && account.earned_points == 2400", True),
        ("device.present", False),
        ("device.age_days > 0 || ip.accounts_24h > 0", False),
        ("event.has_balance", False),
        ("event.channel in ['web', 'event.nonsense']", False),
        ("has(event.metadata.till) && event.metadata.till == 'x'", False),
        ("event.hour_utc >= 0 && event.hour_utc < 24", True),
    ],
)
def test_a_rule_reads_the_snapshot(when, hit):
    hits, degraded = compiled(policy(rule(when)))(burst(4))
    assert [one.code for one in hits] == ["OWN_RULE"] * hit
    assert degraded == ()


def test_peers_and_contexts_can_be_read():
    device = Entity(peers={"account": peers(3)})
    at = seen("login", account(), device=device, contexts={"device": "kiosk"})
    hits, _ = compiled(policy(rule("device.accounts_24h == 3 && device.context == 'kiosk'")))(at)
    assert len(hits) == 1


def test_a_rule_is_only_asked_about_its_event_types():
    hits = compiled(policy(rule("true", applies_to=("earn",))))
    assert hits(burst(1)) == ((), ())
    assert len(hits(seen("earn", account()))[0]) == 1


def test_a_rule_that_fails_is_degraded_and_the_others_stand():
    failing = rule("event.metadata.till == 'x'", "NEEDS_TILL")
    hits, degraded = compiled(policy(failing, rule("true")))(burst(1))
    assert [one.code for one in hits] == ["OWN_RULE"]
    assert degraded == ("rule NEEDS_TILL: KeyError",)


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("event.points >", "not a CEL expression"),
        ("event.pionts > 3", "unknown name event.pionts"),
        ("account.redeem_count_2h > 3", "unknown name account.redeem_count_2h"),
        ("device.redeem_points_1h > 3", "unknown name"),
        ("account.ips_24h > 2", "unknown name account.ips_24h; did you mean"),
        ("device.stores_24h > 2", "unknown name device.stores_24h; did you mean"),
        ("account.reedem_count_1h > 2", r"did you mean account.redeem_count_1h\?"),
        ("device.burn_count_1h > 2", "unknown name device.burn_count_1h"),
        ("ip.received_count_1h > 2", "unknown name ip.received_count_1h"),
        ("account.login_points_1h > 2", "unknown name account.login_points_1h"),
        ("account.context == 'kiosk'", "unknown name account.context"),
        ("payment.context == 'kiosk'", "unknown name payment.context"),
        ("velocity > 3", "unknown name velocity"),
        ("size(event) > 3", "unknown name event"),
        ("event.points", "must be true or false"),
        ("event.points > 'three'", "overload"),
        ("event.type.frobnicate('x')", "frobnicate"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_when_it_is_read(when, words):
    with pytest.raises(RuleRefused, match=words):
        compile_rule(rule(when))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots)
def test_every_name_can_be_read_of_any_snapshot(at):
    for name in every_name():
        assert isinstance(reader(name)(at), int | str | dict)
