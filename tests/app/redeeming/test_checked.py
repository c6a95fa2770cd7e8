"""A redemption token is for an allowed redemption of the last quarter of an hour, and for nothing else."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import structs

from app.capping.reservations import Reservation, packed
from app.ports.rows import DecisionRow
from app.problems import Problem
from app.redeeming.checked import CHECK_GOOD_FOR_S, why_none
from app.redeeming.desk import Answer
from tests.app.redeeming.promise import BACKEND, START_MS, order

GOOD_FOR_MS = CHECK_GOOD_FOR_S * 1_000
ROW = DecisionRow(
    decision_id="dec_1", program_id="default", event_id="e-1", account_id="m-1", type="redeem",
    occurred_ms=START_MS, received_ms=START_MS, decision="allow", shadow_decision=None, risk_score=1.0,
    source="detectors", policy_version="p1", model_version="none", origin="decision", points=500, burned=500,
    outcome=None, outcome_ms=None, answer=b"{}",
)  # fmt: skip
OLD = {"received_ms": START_MS - GOOD_FOR_MS - 1}
REFUSED = [
    ({"type": "earn"}, "`earn`"),
    ({"origin": "event"}, "already happened"),
    ({"decision": "challenge"}, "`challenge`"),
    ({"decision": "review"}, "`review`"),
    ({"decision": "block"}, "`block`"),
    ({"outcome": "completed"}, "`completed`"),
    ({"outcome": "cancelled"}, "`cancelled`"),
    (OLD, "15 minutes"),
    (OLD | {"passed_ms": OLD["received_ms"] + 1}, None),
    ({"received_ms": START_MS - GOOD_FOR_MS}, None),
    ({"origin": "batch"}, None),
    ({"shadow_decision": "block"}, None),
]
CHECKED = order(purpose="redemption", decision_id="dec_1", campaign_id=None, payload=b"")


@pytest.mark.parametrize(("given", "why"), REFUSED)
def test_what_cannot_be_redeemed_is_refused_in_words(given, why):
    told = why_none(structs.replace(ROW, **given), START_MS, 300)
    assert told is None if why is None else why in told.replace("had already happened", "already happened")


@pytest.mark.parametrize(
    ("given", "left_s"),
    [
        ({}, 299),
        ({"until_ms": START_MS + 300_000}, None),
        ({"until_ms": START_MS - 1}, 0),
        ({"until_ms": 0, "wait_ms": 0}, None),
        ({"held": False}, None),
        ({"passed_ms": START_MS}, None),
        ({"passed_ms": START_MS - 1}, 299),
        ({"hold_ended_ms": START_MS}, None),
    ],
)
def test_a_token_does_not_outlive_its_room_under_a_cap(given, left_s):
    """Or a member could wait until the room is given back, take it again, and spend both tokens."""
    part = {
        "key": b"k",
        "amount": 1,
        "ttl_ms": 1,
        "until_ms": START_MS + 299_999,
        "wait_ms": 300_000,
        "held": True,
    }
    its = Reservation(**part | {name: value for name, value in given.items() if name in part})
    row = structs.replace(
        ROW, reserved=packed([its]), **{name: value for name, value in given.items() if name not in part}
    )
    told = why_none(row, START_MS, 300)
    assert told is None if left_s is None else f"for {left_s} s more" in told


def read(answer):
    assert isinstance(answer, Answer), answer
    return msgspec.json.decode(answer.body)


async def test_the_text_is_told_to_the_first_call_and_its_repeats_even_when_the_check_is_old(promise):
    promise.decisions["dec_1"] = ROW
    first = await promise.desk.issue_checked(CHECKED, BACKEND, "call-1")
    assert promise.finder.read(read(first)["token"]) is not None
    promise.decisions["dec_1"] = structs.replace(ROW, **OLD, outcome="completed")
    again = await promise.desk.issue_checked(CHECKED, BACKEND, "call-1")
    assert (again.body, again.replayed) == (first.body, True)
    for key in (None, "call-2"):
        other = read(await promise.desk.issue_checked(CHECKED, BACKEND, key))
        assert other == {name: value for name, value in read(first).items() if name != "token"}
    changed = await promise.desk.issue_checked(structs.replace(CHECKED, expires_in_s=600), BACKEND, "call-1")
    assert isinstance(changed, Problem)
    assert changed.status == 409


async def test_a_token_of_an_unsuitable_decision_is_refused_whichever_way_it_is_ordered(promise):
    promise.decisions["dec_1"] = structs.replace(ROW, decision="challenge")
    for refused in (
        await promise.desk.issue_checked(CHECKED, BACKEND, "call-1"),
        await promise.desk.issue(CHECKED, BACKEND, "call-2", b""),
        *(await promise.desk.issue_many([structs.replace(CHECKED, row_id="1")], "job", BACKEND, None)),
    ):
        assert isinstance(refused, Problem)
        assert (refused.status, "`challenge`" in refused.detail) == (409, True)
    promise.decisions["dec_1"] = ROW
    assert "token" in read(await promise.desk.issue_checked(CHECKED, BACKEND, "call-1"))


async def test_the_other_way_of_ordering_it_counts_as_the_one(promise):
    promise.decisions["dec_1"] = ROW
    first = read(await promise.desk.issue(CHECKED, BACKEND, "call-1", b""))
    assert read(await promise.desk.issue(CHECKED, BACKEND, "call-1", b"")) == first
    known = read(await promise.desk.issue_checked(CHECKED, BACKEND, "call-2"))
    assert (known["token_id"], "token" in known) == (first["token_id"], False)
    second = await promise.desk.issue(CHECKED, BACKEND, None, b"")
    assert isinstance(second, Problem)
    assert (second.status, first["token_id"] in second.detail) == (409, True)
