"""Caps are exact over HTTP: of thirty at once, with two web processes, as many pass as fit, and nothing stays stuck."""

from __future__ import annotations

import http.client
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.store.pipeline import FUNCTIONS, pack
from benchmarks.installation import PATIENT, Installation, at_once, until
from tests.e2e.between import Between, outside_valkey
from tests.e2e.events import event, evidence, fresh

BURST = 30
MOST = 7
RESERVE = pack((b"FCALL", FUNCTIONS["reserve"])).partition(b"\r\n")[2]
COMMIT = pack((b"FCALL", FUNCTIONS["commit"])).partition(b"\r\n")[2]
POLICY = f"""
name = "capped"
[caps.CAMPAIGN]
applies_to = ["earn"]
per = "campaign"
window = "ever"
max = {MOST}
[caps.CAMPAIGN_POINTS]
applies_to = ["earn"]
per = "campaign"
measure = "points"
max = 1000
"""


@pytest.fixture(scope="module")
def capped(tmp_path_factory):
    """Two web processes that wait long enough to be killed while they wait, and a Valkey outside."""
    home = tmp_path_factory.mktemp("capped")
    (home / "policy.toml").write_text(POLICY)
    with outside_valkey(tmp_path_factory.mktemp("valkey")) as port:
        between = Between(port)
        settings = {
            "EARNEST_REDIS_URL": f"redis://127.0.0.1:{between.port}",
            "EARNEST_POLICY_FILE": str(home / "policy.toml"),
        } | PATIENT
        with Installation(home, **settings) as running:
            yield running, between
        between.close()


def earning(campaign: str, **rest):
    return event("earn", fresh(), campaign_id=campaign, **rest)


def test_of_thirty_at_once_exactly_as_many_pass_as_fit(capped):
    service, _ = capped
    crowd = [one for pair in zip(*service.clients_of_each(BURST // 2), strict=True) for one in pair]
    campaign = fresh("c")
    replies = at_once(crowd, [earning(campaign) for _ in crowd])
    assert [reply.status for reply in replies] == [200] * BURST
    decisions = [reply.json["decision"] for reply in replies]
    assert sorted(decisions) == ["allow"] * MOST + ["block"] * (BURST - MOST)
    allowed = next(reply.json for reply in replies if reply.json["decision"] == "allow")
    service.settle()
    told = crowd[0].ask("POST", f"/v1/decisions/{allowed['decision_id']}/outcome", {"outcome": "cancelled"})
    assert told.status == 200
    again = at_once(crowd, [earning(campaign) for _ in crowd])
    assert [reply.json["decision"] for reply in again].count("allow") == 1
    for one in crowd:
        one.close()


@pytest.mark.parametrize("command", [RESERVE, COMMIT], ids=["reserve", "commit"])
@pytest.mark.parametrize("where", ["before", "after"])
def test_whoever_is_killed_between_the_round_trips_uses_one_part(capped, command, where):
    """And the retry of the same event finds it."""
    service, between = capped
    campaign = fresh("c")
    with service.client() as client, ThreadPoolExecutor(1) as pool:
        for _ in range(MOST - 1):
            assert client.decide(earning(campaign)).json["decision"] == "allow"
        sent = earning(campaign)
        between.cut(command, where)
        waiting = pool.submit(client.decide, sent)
        until(between.caught.is_set)
        old = service.signal("web", signal.SIGKILL)
        with pytest.raises((OSError, http.client.HTTPException)):
            waiting.result()
        until(lambda: len({one.pid for one in service.processes("web")} - set(old)) == 2)
        assert client.decide(sent).json["decision"] == "allow"
        stopped = client.decide(earning(campaign)).json
        assert stopped["decision"] == "block"
        assert evidence(stopped, "CAMPAIGN")["used"] == MOST
