"""A decision's redemption token: spent at the till it completes, unspent it cancels; counted once, whatever is killed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from benchmarks.installation import PATIENT, Client, Installation, until
from benchmarks.kills import kill
from tests.e2e.events import event, fresh
from tests.e2e.tokens import Link, insisting, looking, redeem, schema_of_our_own, storm

POINTS = 300


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def house(request, tmp_path_factory):
    """A service of these tests' own, which kill its worker, over each database."""
    settings = dict(PATIENT)
    if request.param == "postgres":
        settings["EARNEST_DATABASE_URL"] = schema_of_our_own(request.getfixturevalue("postgres_server"))
    with Installation(tmp_path_factory.mktemp("house"), **settings) as running:
        yield running


@pytest.fixture
def backend(house):
    with house.client() as one:
        yield one


def checked(client: Client, member: str | None = None) -> dict[str, Any]:
    """An allowed redemption of a member who has the points."""
    member = member or fresh()
    client.decide(event("earn", member, points=10 * POINTS))
    decision: dict[str, Any] = client.decide(event("redeem", member, points=POINTS)).json
    if decision["source"] == "fallback":  # a hot store that a busy machine held up: nobody was judged
        return checked(client, member)
    assert decision["decision"] == "allow", decision
    return decision


def token(client: Client, decision: dict[str, Any], **rest: Any) -> Link:
    """Its redemption token."""
    path = f"/v1/decisions/{decision['decision_id']}/redemption-token"
    reply = client.ask("POST", path, rest)
    assert reply.status == 201, reply
    return Link(reply.json["token_id"], decision["account_id"], reply.json["token"], "")


def outcome(client: Client, decision: dict[str, Any]) -> str | None:
    told: str | None = client.get(f"/v1/decisions/{decision['decision_id']}").json["outcome"]
    return told


def redeemed_points(client: Client, decision: dict[str, Any]) -> int:
    points: int = client.get(f"/v1/accounts/{decision['account_id']}").json["totals"]["redeemed_points"]
    return points


def expire(house: Installation, link: Link) -> None:
    """Its time is over: in the ledger, since no test waits for five minutes."""
    with looking(house.record_url) as connection:
        connection.execute(
            text("UPDATE tokens SET expires_ms = issued_ms + 1 WHERE token_id = :one"), {"one": link.token_id}
        )
        connection.commit()


def told_by(house: Installation, decision: dict[str, Any]) -> list[tuple[str, str]]:
    with looking(house.record_url) as connection:
        rows = connection.execute(
            text("SELECT outcome, told_by FROM outcomes WHERE decision_id = :one ORDER BY seq"),
            {"one": decision["decision_id"]},
        ).all()
    return [tuple(row) for row in rows]


def test_spent_it_completes_and_the_points_are_burned_once(house, backend):
    decision = checked(backend)
    link = token(backend, decision)
    spent = redeem(backend, link, fresh("key"))
    assert spent.status == 200
    assert spent.json["reward"] == {"points": POINTS}
    until(lambda: outcome(backend, decision) == "completed")
    assert told_by(house, decision) == [("completed", f"token:{link.token_id}")]
    assert redeemed_points(backend, decision) == POINTS
    assert redeem(backend, link, fresh("key")).status == 409


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_unspent_it_cancels_and_the_points_are_the_members_again(house, backend, end):
    decision = checked(backend)
    link = token(backend, decision)
    assert redeemed_points(backend, decision) == POINTS
    if end == "revoke":
        assert backend.ask("POST", f"/v1/tokens/{link.token_id}/revoke").status == 200
    else:
        expire(house, link)
    until(lambda: outcome(backend, decision) == "cancelled")
    assert told_by(house, decision) == [("cancelled", f"token:{link.token_id}")]
    assert redeemed_points(backend, decision) == 0
    assert redeem(backend, link, fresh("key")).status == 404


def test_a_repeat_is_the_same_token_and_its_text_is_told_to_the_same_key_only(backend):
    decision = checked(backend)
    path, key = f"/v1/decisions/{decision['decision_id']}/redemption-token", {"Idempotency-Key": fresh("key")}
    first = backend.ask("POST", path, {}, **key)
    again = backend.ask("POST", path, {}, **key)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    other = backend.ask("POST", path, {})
    assert other.status == 201
    assert other.json == {name: value for name, value in first.json.items() if name != "token"}
    assert backend.ask("POST", path, {"expires_in_s": 600}, **key).status == 409
    by_hand = {
        "account_id": decision["account_id"], "purpose": "redemption", "reward": {"points": POINTS},
        "decision_id": decision["decision_id"],
    }  # fmt: skip
    assert backend.ask("POST", "/v1/tokens", by_hand).status == 409


def test_of_many_calls_at_once_one_issues(house, backend):
    decision = checked(backend)
    path = f"/v1/decisions/{decision['decision_id']}/redemption-token"
    clients = [house.client() for _ in range(8)]
    replies = storm(clients, [lambda one: one.ask("POST", path, {})] * 24)
    for one in clients:
        one.close()
    assert {reply.status for reply in replies} == {201}
    assert len({reply.json["token_id"] for reply in replies}) == 1
    assert sum("token" in reply.json for reply in replies) == 1


def test_what_was_not_allowed_or_is_over_has_none_and_it_says_why(backend):
    def ask(decision_id: str) -> Any:
        return backend.ask("POST", f"/v1/decisions/{decision_id}/redemption-token", {})

    assert ask("dec_" + "0" * 33).status == 404
    earned = backend.decide(event("earn", fresh(), points=POINTS)).json
    assert (ask(earned["decision_id"]).status, ask(earned["decision_id"]).json["detail"]) == (
        409, "The decision is on an event of type `earn`; only a `redeem` is redeemed.",
    )  # fmt: skip
    done = checked(backend)
    backend.ask("POST", f"/v1/decisions/{done['decision_id']}/outcome", {"outcome": "completed"})
    assert "`completed`" in ask(done["decision_id"]).json["detail"]
    path = f"/v1/decisions/{checked(backend)['decision_id']}/redemption-token"
    assert {backend.ask("POST", path, {"expires_in_s": s}).status for s in (299, 901, 60)} == {422}


def test_what_a_backend_tells_first_counts_and_ends_the_token(house, backend):
    decision = checked(backend)
    link = token(backend, decision)
    path = f"/v1/decisions/{decision['decision_id']}/outcome"
    assert backend.ask("POST", path, {"outcome": "cancelled"}).status == 200
    until(lambda: outcome(backend, decision) == "cancelled")
    assert redeem(backend, link, fresh("key")).status == 404
    kept = checked(backend)
    expiring = token(backend, kept)
    backend.ask("POST", f"/v1/decisions/{kept['decision_id']}/outcome", {"outcome": "completed"})
    until(lambda: outcome(backend, kept) == "completed")
    expire(house, expiring)
    until(lambda: backend.get(f"/v1/tokens/{expiring.token_id}").json["state"] == "expired")
    until(lambda: settled(house, expiring))
    assert outcome(backend, kept) == "completed"
    assert redeemed_points(backend, kept) == POINTS


def settled(house: Installation, link: Link) -> bool:
    with looking(house.record_url) as connection:
        found = connection.scalar(
            text("SELECT settled_ms FROM tokens WHERE token_id = :one"), {"one": link.token_id}
        )
    return found is not None


def test_spends_expiries_and_backends_at_once_leave_one_outcome_each_and_points_that_agree(house, backend):
    decisions = [checked(backend) for _ in range(12)]
    links = [token(backend, decision) for decision in decisions]
    calls: list[Any] = []
    for number, (decision, link) in enumerate(zip(decisions, links, strict=True)):
        path = f"/v1/decisions/{decision['decision_id']}/outcome"
        moves = [
            lambda one, link=link: redeem(one, link, fresh("key")),
            lambda one, link=link: one.ask("POST", f"/v1/tokens/{link.token_id}/revoke"),
            lambda one, path=path: one.ask("POST", path, {"outcome": "cancelled"}),
            lambda one, path=path: one.ask("POST", path, {"outcome": "completed"}),
        ]
        calls += [moves[(number + turn) % 4] for turn in range(4)]
    clients = [house.client() for _ in range(8)]
    storm(clients, calls)
    for one in clients:
        one.close()
    until(lambda: all(settled(house, link) for link in links))
    house.settle()
    for decision in decisions:
        last = outcome(backend, decision)
        assert last in {"completed", "cancelled"}
        assert redeemed_points(backend, decision) == (POINTS if last == "completed" else 0)
        assert told_by(house, decision)[-1][0] == last


@pytest.mark.parametrize("role", ["worker", "valkey"])
def test_whoever_is_killed_while_it_is_told_it_is_told_once(house, backend, role):
    decisions = [checked(backend) for _ in range(6)]
    links = [token(backend, decision) for decision in decisions]
    house.settle()
    for number, link in enumerate(links):
        if number % 2:
            assert insisting(backend, lambda one, link=link: redeem(one, link, link.token_id)).status == 200
        else:
            expire(house, link)
        if number == 3:
            kill(house, role)
    until(lambda: all(settled(house, link) for link in links))
    for number, decision in enumerate(decisions):
        found = insisting(backend, lambda one, d=decision: one.get(f"/v1/decisions/{d['decision_id']}")).json
        assert found["outcome"] == ("completed" if number % 2 else "cancelled")
        assert len(told_by(house, decision)) == 1
        assert redeemed_points(backend, decision) == (POINTS if number % 2 else 0)
