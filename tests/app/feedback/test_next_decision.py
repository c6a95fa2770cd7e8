"""Law: once an act is answered, the very next decision minds it, whichever worker decides; and a rebuild keeps it."""

from __future__ import annotations

from itertools import combinations

import pytest
from sqlalchemy import select

from app.feedback.desk import ContextWish
from app.linking import Linker
from app.ports.history import HotStoreAway
from app.rebuilding import rebuild
from app.store.sql.token_tables import audit
from app.store.telling import Telling
from tests.app.feedback.conftest import ANALYST, alike, codes

pytestmark = pytest.mark.anyio
FAMILY = ("m-1", "m-2", "m-3", "m-4")
HOME = {"device": "d-1", "ip": "192.0.2.7", "payment_instrument_id": "p-1"}
HOUR_MS = 3_600_000


async def test_a_released_household_stays_released_and_a_stranger_among_them_is_found(house):
    """New devices, cards and sign-ups of the four; the fifth, and the four after the word is taken back."""
    undo = (await house.desk.release_household("default", FAMILY, "a family of four", "Ana", ANALYST)).text
    for number in range(3):
        for member in FAMILY:
            kind = "signup" if number == 0 else "profile_change"
            home = {"device": f"d-{number}", "ip": "192.0.2.7", "payment_instrument_id": f"p-{number}"}
            assert not alike(await house.event(member, kind, **home))
    stranger = await house.event("m-5", device="d-0", payment_instrument_id="p-0")
    assert alike(stranger) >= {"SIGNUP_FARM_DEVICE", "SIGNUP_FARM_PAYMENT"}
    assert stranger["decision"] in {"review", "block"}
    assert not alike(await house.event("m-2", "profile_change", **HOME))
    assert await house.desk.withdraw("default", undo, ANALYST)
    assert "SIGNUP_FARM_PAYMENT" in alike(await house.event("m-4", "profile_change", **HOME))


async def test_without_a_word_the_same_four_are_asked_about(house):
    """What the law above would not show if nothing had been found in the first place."""
    found = [alike(await house.event(member, **HOME)) for member in FAMILY]
    assert found[-1] >= {"SIGNUP_FARM_DEVICE", "SIGNUP_FARM_PAYMENT"}


async def test_a_pair_that_was_released_is_listed_with_the_word_and_forms_no_cluster(house):
    clan = [f"m-{number}" for number in range(1, 8)]
    for member in clan:
        await house.event(member, **HOME)
    await house.record()
    linker = Linker(house.first.record, house.first.record, house.first.sighter, house.first.clock)
    before = await linker.links("default", "m-7")
    assert before.cluster_id is not None
    await house.judge("unrelated", *clan)
    after = await linker.links("default", "m-7")
    assert after.cluster_id is None
    assert {one.verdict for one in after.links} == {"unrelated"}
    known = house.first.record.links("default", "m-7")
    await house.event("m-7", "profile_change", **HOME)
    await house.record()
    assert house.first.record.links("default", "m-7") == known


async def test_a_confirmed_pair_is_certain_and_says_who_says_so(house):
    for member in ("m-1", "m-2"):
        assert not alike(await house.event(member, "profile_change", device=member))
    await house.judge("same_person", "m-2", "m-1")
    for member in ("m-1", "m-2"):
        answer = await house.event(member, "profile_change", device=member)
        (reason,) = [one for one in answer["reasons"] if one["code"] == "DUPLICATE_PERSON"]
        assert reason["evidence"]["probability"] == 1.0
        assert "confirmed by an analyst" in reason["message"]
    assert await house.desk.withdraw_pair("default", "m-1", "m-2", ANALYST)
    assert not await house.desk.withdraw_pair("default", "m-1", "m-2", ANALYST)


async def test_a_word_that_has_expired_counts_no_more(house):
    until = house.first.now_ms + HOUR_MS
    await house.judge("same_person", "m-1", "m-2", expires_ms=until)
    assert alike(await house.event("m-1", "profile_change"))
    for worker in house.workers:
        worker.now_ms = until
    assert not alike(await house.event("m-1", "profile_change"))


async def test_a_confirmed_fraud_weighs_on_who_shares_its_hand_and_not_on_a_released_household(house):
    await house.judge("same_person", "m-1", "m-9")
    await house.judge("household", "m-1", "m-2")
    await house.event("m-1", device="d-1")
    await house.label("fraud", "m-1", typology="signup_farm")
    assert "DUPLICATE_OF_FRAUD" in codes(await house.event("m-9", "profile_change"))
    assert not alike(await house.event("m-2", "profile_change", device="d-1"))
    own = await house.event("m-1", "login")
    assert own["decision"] == "review"
    assert "LIST_WATCH" in codes(own)
    await house.label("undetermined", "m-1")
    assert "DUPLICATE_OF_FRAUD" not in codes(await house.event("m-9", "profile_change"))
    assert (await house.event("m-1", "login"))["decision"] == "allow"


async def test_a_robbed_account_is_no_fraud(house):
    await house.judge("same_person", "m-1", "m-9")
    await house.label("fraud", "m-1", typology="ato_drain")
    assert "DUPLICATE_OF_FRAUD" not in codes(await house.event("m-9", "profile_change"))
    assert "LIST_WATCH" not in codes(await house.event("m-1", "login"))


@pytest.mark.parametrize("by", ["account", "event"])
async def test_what_was_judged_legitimate_is_told_again_and_holds_nobody_up(house, by):
    """Until it was said of somebody to be fraud; and never a limit."""
    for member in FAMILY[:3]:
        await house.event(member, device="d-1")
    flagged = await house.event("m-4", device="d-1")
    assert flagged["decision"] == "review"
    await house.record()
    named = {"account_id": "m-4"} if by == "account" else {"event_id": flagged["event_id"]}
    undo = await house.label("legitimate", **named)
    again = await house.event("m-4", "profile_change", device="d-1")
    assert again["decision"] in {"allow", "challenge"}
    released = [one for one in again["reasons"] if one["evidence"].get("released")]
    assert {one["code"] for one in released} == {"SIGNUP_FARM_DEVICE"}
    assert (await house.event("m-4", "referral", device="d-1"))["decision"] == "allow"
    assert await house.desk.withdraw("default", undo, ANALYST)
    assert (await house.event("m-4", "referral", device="d-1"))["decision"] == "review"


@pytest.mark.parametrize(
    ("kind", "value", "at"),
    [
        ("device", "d-1", {}),
        ("terminal", "t-1", {"terminal_id": "t-1"}),
        ("payment", "p-1", {"payment_instrument_id": "p-1"}),
    ],
)
async def test_a_shared_context_silences_what_it_names_until_it_is_removed(house, kind, value, at):
    where = ({} if kind == "payment" else {"device": "d-1"}) | at
    for member in FAMILY:
        await house.event(member, **where)
    assert alike(await house.event("m-5", **where))
    wish = ContextWish("default", kind, value, "kiosk", "by the door", "Ana")
    _, undo = await house.desk.mark_context(wish, ANALYST)
    assert not alike(await house.event("m-6", **where))
    assert await house.desk.withdraw("default", undo.text, ANALYST)
    assert alike(await house.event("m-7", **where))


async def test_a_network_is_a_shared_context_while_it_lasts(house):
    until = house.first.now_ms + HOUR_MS
    wish = ContextWish("default", "ip", "192.0.2.99/24", "office_nat", "their office", "Ana", until)
    row, _ = await house.desk.mark_context(wish, ANALYST)
    assert row.value == "192.0.2.0/24"
    signs = [await house.event(f"m-{n}", ip="192.0.2.7") for n in range(6)]
    assert not any(alike(one) for one in signs)
    for worker in house.workers:
        worker.now_ms = until
    assert "SIGNUP_FARM_IP" in alike(await house.event("m-7", ip="192.0.2.7"))


async def test_a_hot_store_that_lost_everything_minds_it_all_the_same(house):
    await house.desk.release_household("default", FAMILY, "a family", "Ana", ANALYST)
    await house.judge("same_person", "m-8", "m-9")
    for member in FAMILY:
        await house.event(member, **HOME)
    await house.record()
    one = house.first
    await one.pipeline.execute("FLUSHALL")
    await rebuild(one.pipeline, one.record, one.sighter, lambda _done, _total: None)
    await one.begin()
    assert not alike(await house.event("m-1", "profile_change", **HOME))
    assert alike(await house.event("m-8", "profile_change"))


async def test_an_act_that_nobody_could_be_told_of_is_told_by_the_worker(house):
    async def away() -> None:
        raise HotStoreAway("no answer")

    house.desk._tell = away  # the hot store goes away between the commit and the word
    with pytest.raises(HotStoreAway):
        await house.judge("same_person", "m-1", "m-2")
    telling = Telling(house.first.pipeline, house.first.record)
    assert await telling.tell_if_due()
    assert alike(await house.event("m-1", "profile_change"))
    assert not await telling.tell_if_due()


async def test_every_act_is_audited(house):
    await house.desk.release_household("default", FAMILY, "CANARY family", "Ana", ANALYST)
    await house.label("fraud", "m-9")
    await house.desk.withdraw_pair("default", "m-2", "m-1", ANALYST)
    with house.first.engine.connect() as connection:
        rows = connection.execute(select(audit.c.event, audit.c.subject, audit.c.actor, audit.c.detail)).all()
    assert [(row.event, row.subject) for row in rows] == [
        *[("pair.judged", member) for member in FAMILY],
        ("label.recorded", "lbl_1"),
        ("pair.withdrawn", "m-1"),
    ]
    assert {row.actor for row in rows} == {"user:ana"}
    assert not any("CANARY" in row.detail for row in rows)


async def test_pairs_of_a_household_are_every_two_of_it(house):
    await house.desk.release_household("default", FAMILY, "a family", "Ana", ANALYST)
    rows = [row for member in FAMILY for row in house.first.record.pair_verdicts("default", member)]
    assert {(row.account_id, row.other_id) for row in rows} == set(combinations(FAMILY, 2))
    assert {row.reason for row in rows} == {"a family"}
