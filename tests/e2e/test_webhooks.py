"""Webhooks end to end: a real installation tells the receiver of the docs what happened, and survives being killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier

from benchmarks.installation import PATIENT, until
from tests.app.webhooks.receiver import Receiver, receiving
from tests.e2e.events import event, fresh

DOCS = Path(__file__).parent.parent.parent / "docs" / "webhooks.md"


@pytest.fixture
def receiver():
    with receiving(Receiver()) as one:
        yield one


@pytest.fixture
def allowing(installed):
    """An installation that may send to this machine."""
    return installed(EARNEST_WEBHOOK_NETWORKS="127.0.0.0/8", workers=1, **PATIENT)


def add(client, url, *events):
    made = client.ask("POST", "/v1/webhooks", {"url": url, "events": list(events)})
    assert made.status == 201, made.body
    return made.json


def told(receiver):
    return [json.loads(body) for _, _, body in list(receiver.got)]


def test_a_decision_and_a_label_reach_the_backend_signed(allowing, receiver):
    with allowing.client() as client:
        made = add(client, receiver.url, "*")
        decision = client.decide(event("earn", fresh())).json
        until(lambda: receiver.got)
        client.ask(
            "POST", "/v1/labels", {"account_id": decision["account_id"], "label": "fraud", "source": "test"}
        )
        until(lambda: len(receiver.got) == 2)
        verifier = Verifier(made["secret"])
        messages = [verifier.verify(body, headers) for _, headers, body in receiver.got]
        assert [one["type"] for one in messages] == ["decision.created", "label.recorded"]
        first = messages[0]["data"]
        assert (first["decision_id"], first["decision"]) == (decision["decision_id"], decision["decision"])
        secret = made["secret"].removeprefix("whsec_")
        assert secret not in allowing.log.read_text()
        assert made["secret"] not in client.get("/v1/webhooks").body.decode()


def test_a_worker_killed_again_and_again_loses_nothing(allowing, receiver):
    """Every decision is told at least once, and each account in its order, first tellings counted."""
    accounts, events = [fresh() for _ in range(4)], []
    with allowing.client() as client:
        add(client, receiver.url, "decision.created")
        for n in range(40):
            events.append(client.decide(event("earn", accounts[n % 4])).json["event_id"])
            if n % 10 == 5:
                allowing.signal("worker", signal.SIGKILL)
        until(lambda: {one["data"]["event_id"] for one in told(receiver)} == set(events), 60)
    for account in accounts:
        mine = [one["data"]["event_id"] for one in told(receiver) if one["data"]["account_id"] == account]
        assert list(dict.fromkeys(mine)) == [name for name in events if name in mine]


def test_without_leave_this_machine_is_no_receiver(service, client, receiver):
    """The usual installation refuses its own neighbours, in any spelling."""
    assert service.address
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"):
        url = f"http://{host}:{receiver.port}/"
        refused = client.ask("POST", "/v1/webhooks", {"url": url, "events": ["*"]})
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/url")
    assert receiver.connections == 0


def test_the_receiver_of_the_docs_verifies_what_it_is_sent(allowing, tmp_path):
    (source,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    script = tmp_path / "receiver.py"
    script.write_text(source, encoding="utf-8")
    with allowing.client() as client, receiving(Receiver()) as reserved:
        made = add(client, reserved.url, "token.issued")
    port = reserved.port
    process = subprocess.Popen(
        [sys.executable, script],
        env=os.environ | {"WEBHOOK_SECRET": made["secret"], "PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == f"listening on {port}\n"
        with allowing.client() as client:
            tried = client.ask("POST", f"/v1/webhooks/{made['webhook_id']}/test").json
            assert (tried["delivered"], tried["status"]) == (True, 204)
            assert process.stdout.readline().startswith("webhook.test ")
            client.ask("POST", f"/v1/webhooks/{made['webhook_id']}/rotate")
            again = client.ask("POST", f"/v1/webhooks/{made['webhook_id']}/test").json
            assert again["delivered"]  # the old secret still signs
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
