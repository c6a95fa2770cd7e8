"""What was decided can be read back at once: decisions, outcomes, labels, accounts, timelines, explanations."""

from __future__ import annotations

import pytest

from tests.e2e.events import event, evidence, fresh, instant

DAY = "VELOCITY_REDEEM_ACCOUNT_24H"


def totals(client, member):
    return client.get(f"/v1/accounts/{member}").json["totals"]


def tell(client, decision, outcome):
    return client.ask("POST", f"/v1/decisions/{decision['decision_id']}/outcome", {"outcome": outcome})


def test_a_decision_is_readable_right_after_it_was_made(client):
    for _ in range(20):
        told = client.decide(event("earn", fresh())).json
        read = client.get(f"/v1/decisions/{told['decision_id']}")
        assert told.items() <= read.json.items()


def test_an_account_is_readable_right_after_its_event(client):
    for _ in range(20):
        member = fresh()
        client.decide(event("earn", member))
        assert totals(client, member)["events"] == 1
        assert len(client.get(f"/v1/accounts/{member}/timeline").json["items"]) == 1


def test_a_redemption_that_was_cancelled_or_not_allowed_is_not_burned(client):
    member = fresh()
    decisions = [client.decide(event("redeem", member)).json for _ in range(7)]
    assert [one["decision"] for one in decisions].count("allow") == 5
    assert totals(client, member)["redeemed_points"] == 50
    assert tell(client, decisions[0], "cancelled").json["outcome"] == "cancelled"
    assert tell(client, decisions[1], "completed").status == 200
    assert totals(client, member)["redeemed_points"] == 40
    assert tell(client, decisions[6], "completed").status == 200
    assert totals(client, member)["redeemed_points"] == 50
    assert tell(client, decisions[0], "completed").status == 409
    assert tell(client, decisions[0], "cancelled").status == 200
    assert client.get(f"/v1/decisions/{decisions[0]['decision_id']}").json["outcome"] == "cancelled"


def test_an_outcome_told_right_after_the_decision_is_taken(client):
    """A till completes at once: the caller may be asked to try again, and then it counts."""
    for _ in range(20):
        told = client.decide(event("redeem", fresh())).json
        while (reply := tell(client, told, "completed")).status == 503:
            assert int(reply.headers["retry-after"]) >= 0
        assert reply.status == 200
    assert tell(client, {"decision_id": "dec_0" + "0" * 32}, "completed").status == 404


def test_labels_are_kept(client):
    member = fresh()
    body = {"account_id": member, "label": "fraud", "typology": "ATO_DRAIN", "source": "analyst"}
    made = client.ask("POST", "/v1/labels", body)
    assert made.status == 201
    assert client.get(f"/v1/labels?account_id={member}").json["items"] == [made.json]


def test_lists_of_decisions_page_without_gaps_or_repeats(client):
    member = fresh()
    sent = [event("earn", member)["event_id"] for _ in range(0)]
    for n in range(9):
        one = event("earn", member, points=n, occurred_at=instant(minutes=20 - n))
        client.decide(one)
        sent.append(one["event_id"])
    for path in (f"/v1/decisions?account_id={member}&limit=4", f"/v1/accounts/{member}/timeline?limit=4"):
        found, cursor = [], ""
        while cursor is not None:
            page = client.get(path + (f"&cursor={cursor}" if cursor else "")).json
            assert len(page["items"]) <= 4
            found += [one.get("event_id") or one["event"]["event_id"] for one in page["items"]]
            cursor = page["next_cursor"]
        assert found == sent[::-1]


def test_a_timeline_shows_no_profile(client):
    member = fresh()
    client.decide(event("signup", member, profile={"email": f"{member}@example.org"}))
    shown = client.get(f"/v1/accounts/{member}/timeline").body
    assert b"example.org" not in shown


@pytest.fixture
def sixth(client):
    """The sixth redemption within the hour."""
    member = fresh()
    return [client.decide(event("redeem", member)).json for _ in range(6)][-1]


def test_an_analyst_is_told_the_value_the_limit_and_what_would_have_changed_it(client, sixth):
    told = client.get(f"/v1/decisions/{sixth['decision_id']}/explanation?audience=analyst").json
    applied = next(one for one in told["applied"] if one["code"] == "VELOCITY_REDEEM_ACCOUNT_1H")
    assert (applied["observed"], applied["limit"], applied["unit"]) == (6, 5, "count")
    assert any(change["decision"] == "allow" for change in told["would_change"])


@pytest.mark.parametrize(("locale", "words"), [("en", "confirmation"), ("de", "Bestätigung")])
def test_a_member_is_told_in_their_language_and_no_limit(client, sixth, locale, words):
    path = f"/v1/decisions/{sixth['decision_id']}/explanation?audience=member&locale={locale}"
    told = client.get(path).json
    assert told["locale"] == locale
    texts = " ".join([told["summary"], *(one["text"] for one in told["applied"])])
    assert words in texts
    assert not {"5", "6", "VELOCITY"} & set(texts.split())
    assert told["would_change"] == []


def test_a_late_event_counts_in_its_own_hour(client):
    """Yesterday's redemptions, told today, do not make today's sixth."""
    member = fresh()
    late = [event("redeem", member, occurred_at=instant(hours=20, minutes=n)) for n in range(5)]
    for one in late:
        client.decide(one)
    now = client.decide(event("redeem", member)).json
    assert now["decision"] == "allow"
    more = client.decide(event("redeem", member, occurred_at=instant(hours=20))).json
    assert evidence(more, "VELOCITY_REDEEM_ACCOUNT_1H")["count"] == 6
