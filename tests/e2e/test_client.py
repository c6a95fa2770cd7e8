"""The Python client against a real service, and its page's own examples, run as they stand."""

from __future__ import annotations

import asyncio
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

import app.policy
from earnest_client import (
    AsyncEarnest,
    BadRow,
    Conflict,
    Earnest,
    Event,
    Fallback,
    Invalid,
    NotFound,
    Refused,
    Reward,
    Unauthorized,
)
from tests.e2e.events import fresh

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
ASSERTION = {
    "id": "AQID",
    "rawId": "AQID",
    "type": "public-key",
    "response": {
        "clientDataJSON": "e30",
        "authenticatorData": "AQID",
        "signature": "AQID",
        "userHandle": None,
    },
    "clientExtensionResults": {},
}
PATIENT = {"timeout_s": 20.0, "patience_s": 20.0}


def event(kind: str, account_id: str, **rest) -> Event:
    return Event(type=kind, occurred_at=datetime.now(UTC), account_id=account_id, **({"points": 10} | rest))


@pytest.fixture(scope="module")
def key(service):
    return service.key()


@pytest.fixture
def earnest(service, key):
    with Earnest(service.address, key, **PATIENT) as client:
        yield client


def test_the_pages_examples_run_in_their_order(service, key, monkeypatch, capsys):
    monkeypatch.setenv("EARNEST_URL", service.address)
    monkeypatch.setenv("EARNEST_KEY", key)
    names: dict = {}
    try:
        for block in BLOCKS:
            exec(compile(block, "docs/client.md", "exec"), names)  # noqa: S102 - our own page
    finally:
        for client in {"earnest", "careful"} & names.keys():
            names[client].close()
    assert len(BLOCKS) == 4
    assert names["decision"].source != "fallback"
    asyncio.run(names["decide_all"]([names["event"], {"event_id": "odd"}]))
    printed = capsys.readouterr().out
    assert "odd 422" in printed
    assert names["redeem"](names["link"]) == "redeemed before"
    names["earnest"].close()


def test_the_pages_table_of_the_fallback_is_the_policys():
    shown = {
        kind: action
        for action, kinds in re.findall(r"^\| `(allow|challenge|review)` \| (.*) \|$", PAGE, re.MULTILINE)
        for kind in re.findall(r"`(\w+)`", kinds)
    }
    policy = tomllib.loads((Path(app.policy.__file__).parent / "default.toml").read_text(encoding="utf-8"))
    assert shown == policy["fallback"] == dict(Fallback().actions)


def test_the_same_event_has_the_same_decision_and_another_body_none(earnest):
    first = earnest.decide(event("redeem", fresh(), event_id=fresh("e"), device=None))
    again = event("redeem", first.account_id, event_id=first.event_id, points=11)
    with pytest.raises(Conflict):
        earnest.decide(again)
    assert first.allowed
    assert first.degraded == ()


def test_the_sixth_redemption_is_challenged_with_its_reason(earnest):
    member = fresh()
    decision = [earnest.decide(event("redeem", member)) for _ in range(6)][-1]
    assert (decision.decision, decision.source) == ("challenge", "limit")
    assert decision.reasons[0].evidence["count"] == 6
    assert not decision.allowed


def test_many_are_decided_in_order_a_bad_one_in_its_place(earnest):
    member = fresh()
    rows = earnest.decide_many(
        [event("earn", member), {"event_id": "odd", "type": "earn"}, event("earn", member)]
    )
    assert [type(row).__name__ for row in rows] == ["Decision", "BadRow", "Decision"]
    assert isinstance(rows[1], BadRow)
    assert {fault.pointer for fault in rows[1].error.errors} >= {"/account_id", "/occurred_at"}


def test_an_outcome_a_label_and_an_explanation(service, earnest):
    decision = earnest.decide(event("redeem", fresh()))
    assert earnest.outcome(decision.decision_id, "completed").outcome == "completed"
    assert earnest.outcome(decision.decision_id, "reversed").outcome == "reversed"
    with pytest.raises(Conflict):
        earnest.outcome(decision.decision_id, "completed")
    service.settle()
    told = earnest.explanation(decision.decision_id, audience="member", locale="de")
    assert (told.decision, told.locale) == (decision.decision, "de")
    label = earnest.label("fraud", source="desk", event_id=decision.event_id, typology="takeover")
    assert (label.event_id, label.label) == (decision.event_id, "fraud")
    with pytest.raises(Invalid):
        earnest.label("fraud", source="desk")
    with pytest.raises(NotFound):
        earnest.explanation("dec_none")


def test_what_is_told_twice_is_a_duplicate(earnest):
    rows = [event("earn", fresh(), event_id=fresh("e")) for _ in range(3)]
    assert earnest.tell(rows).accepted == 3
    told = earnest.tell([*rows, {"type": "earn"}])
    assert (told.accepted, told.duplicates, told.rejected[0].row) == (0, 3, 3)


def test_a_token_pays_once_and_its_key_hears_of_it_again(earnest):
    reward = Reward(title="Gift", points=500, payload={"voucher": "K4YQ"})
    issued = earnest.issue_token("m-1", reward, idempotency_key=fresh("key"))
    again = earnest.issue_token("m-1", reward, idempotency_key=issued.idempotency_key)
    assert again == issued
    with pytest.raises(NotFound):
        earnest.redeem_token(issued.link, "m-2")
    redeemed = earnest.redeem_token(issued.link, "m-1")
    assert redeemed.reward == reward
    assert earnest.redeem_token(issued.link, "m-1", idempotency_key=redeemed.idempotency_key) == redeemed
    with pytest.raises(Conflict):
        earnest.redeem_token(issued.link, "m-1")
    assert earnest.token(issued.token_id).state == "redeemed"
    other = earnest.issue_token("m-1", reward)
    assert earnest.revoke_token(other.token_id).state == "revoked"
    with pytest.raises(NotFound):
        earnest.redeem_token(other.link, "m-1")


def test_a_key_is_refused_by_what_it_lacks(service, earnest):
    with Earnest(service.address, "ek_nobody", **PATIENT) as nobody, pytest.raises(Unauthorized):
        nobody.decide(event("earn", fresh()))
    with Earnest(service.address, service.key("score"), **PATIENT) as till:
        assert till.decide(event("earn", fresh())).allowed
        with pytest.raises(Refused) as refused:
            till.issue_token("m-1", Reward(points=5))
        assert refused.value.problem.status == 403


def test_both_clients_hear_the_same(service, key, earnest):
    asked = event("earn", fresh(), event_id=fresh("e"))

    async def ask():
        async with AsyncEarnest(service.address, key, **PATIENT) as client:
            return await asyncio.gather(*(client.decide(asked) for _ in range(10)))

    assert asyncio.run(ask()) == [earnest.decide(asked)] * 10


def test_what_was_decided_while_away_is_told_to_the_service_that_came_back(installed, tmp_path):
    """Stopped and started again on its data: what the client allowed is in the record, what was turned away is not."""
    running = installed(workers=1)
    key, member = running.key(), fresh()
    with Earnest(running.address, key, **PATIENT) as before:
        before.decide(event("earn", member))
    running.stop()
    client = Earnest(running.address, key, **PATIENT)
    earned, turned_away = (client.decide(event(kind, member)) for kind in ("earn", "redeem"))
    assert (earned.decision, turned_away.decision) == ("allow", "challenge")
    running.start()
    back = Earnest(running.address, key, **PATIENT)
    client._line.close()
    client._line = back._line  # it listens elsewhere now
    told = client.flush()
    assert (told.accepted, told.duplicates, told.dropped, client.waiting) == (1, 0, 0, 0)
    assert back.outcome(back.decide(event("redeem", member)).decision_id, "completed").outcome == "completed"
    running.settle()
    with running.client(key) as plain:
        items = plain.get(f"/v1/decisions?account_id={member}").json["items"]
    assert {item["event_id"] for item in items} >= {earned.event_id}
    assert turned_away.event_id not in {item["event_id"] for item in items}
    back.close()


def test_a_challenge_is_sent_and_verified_and_redeeming_switched(service, key, earnest):
    """By either client, the same; a passkey the member has not is refused by name."""
    account_id = fresh()
    challenge_id = f"chl_{'0' * 33}"

    async def switched():
        async with AsyncEarnest(service.address, key, **PATIENT) as client:
            with pytest.raises(NotFound):
                await client.send_challenge(challenge_id)
            with pytest.raises(NotFound):
                await client.verify_challenge(challenge_id, "123456")
            return (
                await client.lock(account_id),
                await client.unlock(account_id, by="member"),
                (await client.lock_link(account_id, locale="de")),
            )

    with pytest.raises(NotFound):
        earnest.send_challenge(challenge_id, "passkey")
    with pytest.raises(NotFound):
        earnest.verify_challenge(challenge_id, assertion=ASSERTION)
    with pytest.raises(Invalid):
        earnest.verify_challenge(challenge_id, "123456", assertion=ASSERTION)
    locked, unlocked, link = asyncio.run(switched())
    assert (locked.state, locked.by, unlocked.state, unlocked.by) == ("locked", "backend", "active", "member")
    assert "/l/" in link.link
    assert link.link not in repr(link)
    assert earnest.lock(account_id, reason="telephone").state == "locked"
    assert earnest.decide(event("redeem", account_id)).decision == "block"
    assert earnest.unlock(account_id).state == "active"


def test_a_redemption_token_is_a_decisions(earnest):
    account_id = fresh()
    decision = earnest.decide(event("redeem", account_id))
    assert decision.allowed
    earnest.explanation(decision.decision_id)
    issued = earnest.redemption_token(decision.decision_id, account_id, Reward(points=10))
    assert (issued.state, earnest.token(issued.token_id).decision_id) == ("issued", decision.decision_id)
