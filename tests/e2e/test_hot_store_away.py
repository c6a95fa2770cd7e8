"""Valkey stopped or gone: the policy's fallback in time, nothing forgotten, and 503 only where nothing can be kept."""

from __future__ import annotations

import signal
import time

import pytest

from benchmarks.installation import Installation, until
from tests.e2e.events import event, evidence, fresh

PROMISED_S = 1.0
"""Ten times the promised 100 ms: this machine has other work. `benchmarks.kills` prints the true figure."""
DAY = "VELOCITY_REDEEM_ACCOUNT_24H"


@pytest.fixture(scope="module")
def dark(tmp_path_factory):
    """An installation whose Valkey these tests stop."""
    with Installation(tmp_path_factory.mktemp("dark")) as running:
        yield running


@pytest.fixture
def stopped(dark):
    """Valkey hangs from here to the end of the test, or until the test wakes it."""
    with dark.client() as client:
        assert (
            client.decide(event("login", fresh())).status == 200
        )  # the key is known before the light goes out
        dark.signal("valkey", signal.SIGSTOP)
        yield client
    for role in ("valkey", "worker"):
        dark.signal(role, signal.SIGCONT)
    dark.settle()


@pytest.mark.parametrize(
    ("kind", "wanted"), [("earn", "allow"), ("redeem", "challenge"), ("signup", "review")]
)
def test_each_type_gets_its_fallback_in_time(stopped, kind, wanted):
    for _ in range(3):
        began = time.monotonic()
        reply = stopped.decide(event(kind, fresh()))
        assert time.monotonic() - began < PROMISED_S
        assert reply.status == 200
        decision = reply.json
        assert (decision["decision"], decision["source"]) == (wanted, "fallback")
        assert decision["degraded"]


def test_a_repeat_gets_the_same_bytes_and_another_body_is_refused(stopped):
    sent = event("redeem", fresh())
    first = stopped.decide(sent)
    assert stopped.decide(sent).body == first.body
    assert stopped.decide(sent | {"points": 11}).status == 409


def test_a_batch_is_answered_row_by_row(stopped):
    rows = [event("earn", fresh()) for _ in range(20)]
    decisions = stopped.ask("POST", "/v1/decisions/batch", rows).json["decisions"]
    assert [one["event_id"] for one in decisions] == [row["event_id"] for row in rows]
    assert {one["source"] for one in decisions} == {"fallback"}


def test_readiness_says_why(stopped):
    reply = stopped.get("/readyz")
    assert reply.status == 503
    assert "hot store" in reply.json["detail"]
    assert stopped.get("/healthz").status == 200


def test_the_metrics_count_what_was_decided_without_it(stopped):
    stopped.decide(event("transfer", fresh(), counterparty_account_id=fresh()))
    assert b'earnest_fallbacks_total{type="transfer"} 1.0' in stopped.get("/metrics").body


def test_afterwards_everything_is_recorded_as_told_and_counted_once(dark, stopped):
    member = fresh()
    events = [event("redeem", member) for _ in range(11)]
    told = [stopped.decide(one) for one in events]
    dark.signal("valkey", signal.SIGCONT)
    dark.settle()
    for reply in told:
        recorded = stopped.get(f"/v1/decisions/{reply.json['decision_id']}").json
        assert reply.json.items() <= recorded.items()
    for one, reply in zip(events, told, strict=True):
        assert stopped.decide(one).body == reply.body
    assert evidence(stopped.decide(event("redeem", member)).json, DAY)["count"] == 12
    assert stopped.get(f"/v1/accounts/{member}").json["totals"]["redeemed_points"] == 0


def test_a_repeat_that_comes_with_the_light_gets_the_bytes_told_in_the_dark(dark, stopped):
    """Before the worker has brought the decision to the hot store: the answer on the disk is the answer."""
    dark.signal("worker", signal.SIGSTOP)
    sent = event("redeem", fresh())
    told = stopped.decide(sent)
    dark.signal("valkey", signal.SIGCONT)
    until(lambda: stopped.get("/readyz").status == 200)
    assert stopped.decide(sent).body == told.body
    assert stopped.decide(sent | {"points": 11}).status == 409
    dark.signal("worker", signal.SIGCONT)
    dark.settle()
    assert stopped.decide(sent).body == told.body
    assert told.json.items() <= stopped.get(f"/v1/decisions/{told.json['decision_id']}").json.items()


def test_where_the_disk_refuses_too_nothing_is_promised(installed):
    """A file stands where the directory of waiting decisions should be: no user, root included, can write there."""

    def block(made):
        made.data_dir.mkdir()
        (made.data_dir / "spool").touch()

    service = installed(prepare=block, workers=1)
    with service.client() as client:
        sent = event("earn", fresh())
        assert client.decide(event("earn", fresh())).status == 200
        service.signal("valkey", signal.SIGSTOP)
        refused = client.decide(sent)
        assert refused.status == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        service.signal("valkey", signal.SIGCONT)
        until(lambda: client.decide(sent).status == 200)
        assert client.get(f"/v1/accounts/{sent['account_id']}").json["totals"]["events"] == 1
