"""Keys, metrics, readiness and logs of a running service."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from app.clock import system_clock
from benchmarks.installation import PATIENT, Installation, until
from tests.e2e.events import event, fresh

CANARY = "Qanary"


def test_a_key_made_by_the_command_works_beside_the_running_service(service):
    made = subprocess.run(
        [sys.executable, "-m", "app.cli", "keys", "create", "till", "--scopes", "score", "--data", service.data_dir],
        capture_output=True, text=True, check=True, cwd=service.home,
    )  # fmt: skip
    with service.client(made.stdout.strip()) as till:
        assert till.decide(event("earn", fresh())).status == 200
        assert till.get("/v1/decisions").status == 403


def test_keys_speak_for_their_programme_their_stores_and_their_scopes_only(service):
    with service.client(service.key("score", stores=("s-1",))) as till:
        assert till.decide(event("earn", fresh(), store_id="s-1")).status == 200
        assert till.decide(event("earn", fresh(), store_id="s-2")).status == 403
        assert till.decide(event("earn", fresh())).status == 403
        rows = till.ask(
            "POST", "/v1/decisions/batch", [event("earn", fresh(), store_id=f"s-{n}") for n in (1, 2)]
        )
        assert [one.get("error", {}).get("status") for one in rows.json["decisions"]] == [None, 403]
    with service.client(service.key(program_id="bakery")) as bakery, service.client() as default:
        sent = event("earn", fresh())
        told = bakery.decide(sent).json
        assert bakery.get(f"/v1/decisions/{told['decision_id']}").status == 200
        assert default.get(f"/v1/decisions/{told['decision_id']}").status == 404
        assert default.get(f"/v1/accounts/{sent['account_id']}").status == 404
        assert default.decide(sent | {"points": 11}).status == 200, "event ids are a programme's own"


def test_an_expired_and_a_strange_key_are_refused_alike(service):
    expired = service.key(expires_ms=system_clock() - 1)
    strange = "ek_" + "0" * 16 + "_" + "A" * 43
    bodies = set()
    for key in (expired, strange, "nonsense"):
        with service.client(key) as nobody:
            reply = nobody.decide(event("earn", fresh()))
            assert reply.status == 401
            bodies.add(reply.body)
    assert len(bodies) == 1


def test_a_key_revoked_by_the_command_is_refused(service):
    """One in use is refused within ten seconds; `tests/app/api/test_access.py` has the clock for that."""
    key = service.key("score")
    subprocess.run(
        [sys.executable, "-m", "app.cli", "keys", "revoke", key.split("_")[1], "--data", service.data_dir],
        check=True, capture_output=True, cwd=service.home,
    )  # fmt: skip
    with service.client(key) as till:
        assert till.decide(event("earn", fresh())).status == 401


def test_metrics_are_those_an_operator_was_promised(client):
    client.decide(event("earn", fresh()))
    shown = client.get("/metrics").body.decode()
    for name in (
        'earnest_decision_seconds_bucket{le="0.001"}',
        'earnest_decisions_total{decision="allow",source="detectors",type="earn"}',
        "earnest_journal_lag_seconds",
        "earnest_journal_entries",
        "earnest_recorded_total",
    ):
        assert name in shown


def test_health_and_readiness(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ready"}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """The log of a service at debug level after events full of personal data, bad bodies, an outage and a kill."""
    personal = {
        "email": f"{CANARY}.mail@example.org", "phone": "+49 1511 234567", "given_name": f"{CANARY}-given",
        "family_name": f"{CANARY}-family", "date_of_birth": "1977-07-17", "street": f"{CANARY} street 7",
        "postcode": f"7-{CANARY}"[:20], "city": f"{CANARY}-city",
    }  # fmt: skip
    rest = {
        "ip": "203.0.113.177",
        "device": {"id": f"{CANARY}-device"},
        "payment_instrument_id": f"{CANARY}-card",
    }
    member = f"{CANARY}-account"
    with Installation(
        tmp_path_factory.mktemp("spoken"), workers=1, EARNEST_LOG_LEVEL="debug", **PATIENT
    ) as running:
        key = running.key()
        with running.client(key) as client:
            sent = event("signup", member, profile=personal, **rest)
            assert client.decide(sent).status == 200
            assert client.decide(sent | {"ip": "203.0.113.178"}).status == 409
            client.decide(json.dumps(sent).encode()[:-1])
            client.decide(sent | {"profile": personal | {"email": 7}})
            client.ask("POST", "/v1/events", [sent, {"event_id": f"{CANARY}-id"}])
            client.ask(
                "POST", "/v1/lists/block", {"kind": "email", "value": personal["email"], "reason": CANARY}
            )
            client.get(f"/v1/accounts/{CANARY}-account")
            client.get(f"/v1/accounts/{CANARY}-nobody?{CANARY}=1")
            running.signal("valkey", signal.SIGSTOP)
            client.decide(event("earn", member, **rest))
            client.get("/readyz")
            running.signal("valkey", signal.SIGKILL)
            until(lambda: client.get("/readyz").status == 200)
            client.decide(event("earn", member, **rest))
        running.settle()
        yield running.log.read_text(), key, [*personal.values(), *rest.values(), member]


def test_logs_hold_nothing_personal_and_no_key(spoken):
    log, key, personal = spoken
    assert '"child died"' in log
    assert CANARY not in log
    assert key not in log
    assert key.split("_", 2)[2] not in log
    for value in personal:
        assert str(value) not in log


def test_every_line_of_the_log_is_one_json_object(spoken):
    for line in spoken[0].splitlines():
        assert {"event", "level", "timestamp"} <= json.loads(line).keys()
