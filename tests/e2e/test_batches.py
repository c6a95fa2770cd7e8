"""Many at once: decided in order as if posted one by one, a bad row in its place, history taken with its rejects."""

from __future__ import annotations

import json

import pytest

from tests.e2e.events import event, evidence, fresh, instant

ROWS = 1_000
BAD = 617
VOLATILE = {"decision_id", "event_id", "account_id", "evaluated_at", "latency_ms"}
NAMED = {"challenge_id", "expires_at", "url"}
"""Of an action: named after its decision, and good from then on."""


def lasting(decision):
    """What two decisions on the same event share."""
    kept = {name: value for name, value in decision.items() if name not in VOLATILE}
    actions = [{k: v for k, v in one.items() if k not in NAMED} for one in decision.get("actions", ())]
    return kept | {"actions": actions}


def batch(client, rows):
    reply = client.ask("POST", "/v1/decisions/batch", rows)
    assert reply.status == 200
    return reply.json["decisions"]


def test_a_thousand_are_answered_in_order_with_the_bad_one_in_its_place(client):
    members = [fresh() for _ in range(40)]
    rows = [event("redeem", members[n % 40]) for n in range(ROWS)]
    rows[BAD] = rows[BAD] | {"points": -1}
    answers = batch(client, rows)
    assert [one["event_id"] for one in answers] == [row["event_id"] for row in rows]
    assert answers[BAD]["error"]["status"] == 422
    assert answers[BAD]["error"]["errors"][0]["pointer"] == "/points"
    assert [n for n, one in enumerate(answers) if "error" in one] == [BAD]
    for member in members:
        mine = [one["decision"] for one in answers if one.get("account_id") == member]
        assert mine[:5] == ["allow"] * 5
        assert "allow" not in mine[5:]
    again = batch(client, rows)
    assert again[:BAD] == answers[:BAD]
    assert again[BAD + 1 :] == answers[BAD + 1 :]
    assert client.get(f"/v1/decisions/{answers[-1]['decision_id']}").json["event_id"] == rows[-1]["event_id"]


def test_an_accounts_events_in_a_batch_are_decided_as_if_posted_one_by_one(client):
    """Earning, spending what was earned, transfers between the two, a late event: same decisions either way."""
    story = [
        ("earn", 0, {"points": 900, "balance_before": 0}),
        ("redeem", 0, {"points": 800, "balance_before": 900, "reward_liquidity": "high"}),
        ("earn", 1, {"points": 700}),
        ("transfer", 0, {"points": 50, "to": 1}),
        ("transfer", 1, {"points": 20, "to": 0}),
        ("redeem", 1, {"points": 700, "balance_before": 700}),
        ("return", 0, {"points": 800, "balance_before": 100}),
        *[("redeem", n % 2, {"points": 10}) for n in range(12)],
    ]
    now = [instant(minutes=30 - n) for n in range(len(story))]

    def told(members):
        rows = []
        for at, (kind, who, rest) in zip(now, story, strict=True):
            given = dict(rest)
            if "to" in given:
                given["counterparty_account_id"] = members[given.pop("to")]
            rows.append(event(kind, members[who], occurred_at=at, **given))
        return rows

    together = batch(client, told([fresh(), fresh()]))
    singly = [client.decide(row).json for row in told([fresh(), fresh()])]
    assert [lasting(one) for one in together] == [lasting(one) for one in singly]
    assert {one["decision"] for one in singly} > {"allow"}


def test_repeats_within_a_batch_are_one_decision(client):
    sent = event("redeem", fresh())
    one, two, other = batch(client, [sent, sent, sent | {"points": 11}])
    assert one == two
    assert other["error"]["status"] == 409


def test_two_thousand_rows_of_history_with_repeats_and_rejects(client):
    member, others = fresh(), [fresh() for _ in range(150)]
    rows = [event("earn", others[n % 150], occurred_at=instant(days=1 + n % 20)) for n in range(1_880)]
    rows += [event("redeem", member, occurred_at=instant(minutes=5 + n)) for n in range(20)]
    sent = [json.dumps(row) for row in rows + rows[:70]]
    sent += [json.dumps(rows[0] | {"points": 99}), "not json", json.dumps({"type": "earn"}), "", "  "]
    sent += [json.dumps(event("earn", fresh(), occurred_at="2026-01-01T00:00:00"))]
    sent += [json.dumps(event("earn", fresh(), unknown=1)) for _ in range(26)]
    reply = client.ask(
        "POST", "/v1/events", "\n".join(sent).encode(), **{"Content-Type": "application/x-ndjson"}
    )
    assert reply.status == 202
    told = reply.json
    assert (told["accepted"], told["duplicates"]) == (1_900, 70)
    assert [row["row"] for row in told["rejected"]] == list(range(1_970, 2_000))
    assert told["rejected"][0]["event_id"] == rows[0]["event_id"]
    totals = client.get(f"/v1/accounts/{member}").json["totals"]
    assert (totals["events"], totals["redeemed_points"]) == (20, 200), (
        "what happened has happened: all burned"
    )
    assert evidence(client.decide(event("redeem", member)).json, "VELOCITY_REDEEM_ACCOUNT_1H")["count"] == 21


@pytest.mark.parametrize(("path", "rows"), [("/v1/decisions/batch", 1_001), ("/v1/events", 10_001)])
def test_too_many_rows_are_refused_whole(client, path, rows):
    refused = client.ask("POST", path, [event("earn", "m-many")] * rows)
    assert refused.status in {413, 422}
    assert client.get("/v1/accounts/m-many").status == 404
