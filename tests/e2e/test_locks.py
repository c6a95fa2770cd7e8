"""A lock over HTTP and two web processes: what was told "locked" lets nothing out, and nothing is lost by it."""

from __future__ import annotations

from tests.e2e.events import event, fresh
from tests.e2e.tokens import issue, pays_once, redeem, storm

TURNS = 10


def stand(client, account_id: str, to: str):
    """Lock or unlock."""
    reply = client.ask("POST", f"/v1/accounts/{account_id}/{to}", {})
    assert reply.status == 200, reply
    return reply


def decide(client, account_id: str, kind: str = "redeem"):
    reply = client.ask("POST", "/v1/decisions", event(kind, account_id))
    assert reply.status == 200, reply
    return reply.json


def test_a_lock_stops_what_goes_out_at_every_worker_until_it_is_taken_away(crowd):
    """Of an account nobody had heard of; earning goes on."""
    member = fresh()
    one, other = crowd[:2]
    stand(one, member, "lock")
    assert other.get(f"/v1/accounts/{member}").json["state"] == "locked"
    for kind in ("redeem", "transfer", "purchase"):
        told = decide(other, member, kind)
        assert (told["decision"], told["source"]) == ("block", "list")
        assert told["reasons"][0]["code"] == "ACCOUNT_LOCKED"
    assert decide(other, member, "earn")["decision"] == "allow"
    assert stand(one, member, "lock").json == stand(other, member, "lock").json
    stand(other, member, "unlock")
    assert one.get(f"/v1/accounts/{member}").json["state"] == "active"
    assert decide(one, member)["decision"] != "block"


def test_of_30_redemptions_that_race_a_lock_none_begun_after_it_is_allowed(crowd):
    member = fresh()

    def first_then_again(client):
        before = decide(client, member)["decision"]
        stand(client, member, "lock")
        return before, decide(client, member)["decision"]

    told = storm(crowd, [first_then_again] * len(crowd))
    assert {after for _, after in told} == {"block"}
    assert {before for before, _ in told} - {"block"} != set()


def test_a_token_is_redeemed_before_the_lock_or_refused_and_whole(crowd):
    """Whoever is first; refused, nothing is used up, and unlocked it pays."""
    for _ in range(TURNS):
        link = issue(crowd[0])
        key = fresh("key")
        calls = [
            lambda client, link=link, key=key: redeem(client, link, key),
            lambda client, link=link: stand(client, link.account_id, "lock"),
        ]
        first = storm(crowd[:2], calls)[0]
        again = redeem(crowd[1], link, key)
        if first.status == 200:
            assert again.body == first.body
        else:
            assert (first.status, again.status) == (423, 423)
            stand(crowd[0], link.account_id, "unlock")
            pays_once(crowd[0], link)
