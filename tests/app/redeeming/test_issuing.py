"""Issuing: bound, within the budget, the same for the same call, and a bulk job that goes on where it stopped."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import select

from app.ports.record import RecordAway
from app.problems import Problem
from app.redeeming.desk import Answer, Issued
from app.redeeming.letters import LinkNotice, RewardLetter
from app.redeeming.terms import Terms
from app.store.sql.token_tables import tokens
from tests.app.redeeming.promise import BACKEND, order
from tokens.budget import Budget
from tokens.token import Reward
from tokens.who import Who

MAIL = {"channel": "email", "to": "mira@example.com", "otp_method": "sms", "otp_to": "+4915112345678"}


def count(promise):
    """Tokens there are."""
    with promise.engine.connect() as connection:
        return len(connection.execute(select(tokens.c.token_id)).all())


async def test_the_same_call_issues_one_token_and_hears_the_same_bytes(promise):
    first = await promise.desk.issue(order(), BACKEND, "call-1", b"body")
    again = await promise.desk.issue(order(), BACKEND, "call-1", b"body")
    assert (again.body, first.replayed, again.replayed) == (first.body, False, True)
    other = await promise.desk.issue(order(), BACKEND, "call-1", b"another body")
    assert isinstance(other, Problem)
    assert other.status == 409
    assert count(promise) == 1


async def test_a_link_is_told_only_where_the_caller_delivers_it(promise):
    _, told = await promise.issue()
    assert told["link"].startswith("https://rewards.example/r/")
    _, told = await promise.issue(**MAIL)
    assert "link" not in told
    (letter,) = promise.letters()
    assert isinstance(letter, RewardLetter)
    assert (letter.to, letter.needs_code) == ("mira@example.com", True)
    _, told = await promise.issue(**MAIL | {"channel": "webhook", "to": "messenger-7"})
    (notice,) = promise.letters()
    assert isinstance(notice, LinkNotice)
    assert "link" not in told
    text = letter.link.rpartition("/")[2]
    assert promise.finder.read(text) is not None


@pytest.mark.parametrize("to", ["mira@example.com", "MIRA@example.com", "Mira@EXAMPLE.com"])
async def test_a_code_never_goes_to_the_links_own_mailbox_unless_the_policy_allows_it(promise, to):
    wanted = order(**MAIL | {"otp_method": "email", "otp_to": to})
    refused = await promise.desk.issue(wanted, BACKEND, None, b"")
    assert isinstance(refused, Problem)
    assert (refused.status, refused.errors[0].pointer) == (422, "/otp/method")
    another = structs.replace(wanted, otp_to="work@example.org")
    assert isinstance(await promise.desk.issue(another, BACKEND, None, b""), Answer)
    promise.terms = Terms(email_otp=True)
    assert isinstance(await promise.desk.issue(wanted, BACKEND, None, b""), Answer)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [({"otp_method": "totp"}, "/otp/method"), ({"decision_id": "dec_unknown"}, "/decision_id"),
     ({"not_before_ms": 1_772_366_400_000 + 3_600_000}, "/not_before")],
)  # fmt: skip
async def test_what_cannot_be_kept_is_not_promised(promise, given, pointer):
    refused = await promise.desk.issue(order(**given), BACKEND, None, b"")
    assert isinstance(refused, Problem)
    assert (refused.status, refused.errors[0].pointer) == (422, pointer)
    assert count(promise) == 0


async def test_a_campaign_gives_what_it_has_and_gets_back_what_was_not_taken(promise):
    promise.ledger.set_budget(
        Budget("default", "spring", 2, 1_000, None, None), promise_who(promise), promise.now_ms
    )
    _, first = await promise.issue()
    await promise.issue()
    third = await promise.desk.issue(order(), BACKEND, None, b"")
    assert isinstance(third, Problem)
    assert third.status == 409
    await promise.desk.revoke(first["token_id"], BACKEND)
    await promise.issue()
    assert (await promise.desk.budget("default", "spring")).tokens == 2


def promise_who(promise):
    """Somebody to set a budget."""
    return promise.desk._who(BACKEND)


async def test_a_bulk_job_repeated_goes_on_and_tells_the_same_links_to_the_same_call(promise):
    rows = [order(row_id=str(number), account_id=f"m-{number}") for number in range(300)]
    begun = await promise.desk.issue_many(rows[:120], "job", BACKEND, "call-1")
    whole = await promise.desk.issue_many(rows, "job", BACKEND, "call-1")
    assert whole[:120] == begun
    assert all(isinstance(row, Issued) and row.link for row in whole)
    assert len({row.token_id for row in whole}) == count(promise) == 300
    others = await promise.desk.issue_many(rows, "job", BACKEND, None)
    assert [row.token_id for row in others] == [row.token_id for row in whole]
    assert {row.link for row in others} == {None}


async def test_a_bad_row_of_a_bulk_job_leaves_the_others(promise):
    rows = [order(row_id="a"), order(row_id="b", otp_method="totp"), order(row_id="c")]
    told = await promise.desk.issue_many(rows, "job", BACKEND, None)
    assert [isinstance(one, Issued) for one in told] == [True, False, True]
    changed = [
        structs.replace(rows[0], reward=Reward(points=9_999)),
        structs.replace(rows[0], payload=b'{"voucher_code":"next month\'s"}'),
        rows[2],
    ]
    told = await promise.desk.issue_many(changed, "job", BACKEND, None)
    assert [one.status for one in told if isinstance(one, Problem)] == [409, 409]
    assert isinstance(told[2], Issued)
    assert count(promise) == 2


async def test_what_a_member_reads_of_a_token_is_in_no_column_of_the_ledger(promise):
    """Payload, link, recipient and metadata are sealed; the columns hold none of their bytes."""
    text, _ = await promise.issue(
        **MAIL | {"channel": "none", "to": None, "metadata": b'{"note":"CANARY-NOTE"}'}
    )
    await promise.issue(**MAIL)
    with promise.engine.connect() as connection:
        held = b"".join(msgspec.msgpack.encode(list(row)) for row in connection.execute(select(tokens)).all())
    for canary in ("CANARY", "mira@example.com", "15112345678", text, text.partition(".")[0][20:60]):
        assert canary.encode() not in held


@pytest.mark.parametrize(("lost", "pointer"), [("mail", "/delivery/channel"), ("sms", "/otp/method")])
async def test_nothing_is_promised_that_nobody_can_send(promise, lost, pointer):
    promise.reached.remove(lost)
    refused = await promise.desk.issue(order(**MAIL), BACKEND, None, b"")
    assert isinstance(refused, Problem)
    assert (refused.status, refused.errors[0].pointer) == (422, pointer)
    assert isinstance(await promise.desk.issue(order(), BACKEND, None, b""), Answer)


async def test_a_code_overtakes_a_campaign_on_its_way_out(promise):
    text, _ = await promise.issue(otp_method="sms", otp_to="+4915112345678")
    for _ in range(3):
        await promise.issue(**MAIL)
    await promise.later(10)
    assert isinstance(await promise.desk.send_code(text, "m-1", BACKEND), Answer)
    taken = promise.outbox.take(promise.now_ms, 2, 60_000)
    assert [one.message.kind for one in taken].count("sms") == 1


async def test_a_token_is_good_at_once_where_the_clock_is_five_seconds_behind(promise):
    """Issued by one machine, it may be redeemed at another in the same second."""
    text, _ = await promise.issue()
    await promise.later(-5)
    assert isinstance(await promise.redeem(text), Answer)


async def test_without_a_key_to_sign_with_nothing_is_issued_and_the_caller_comes_again(promise):
    """A key made by a machine whose clock is ahead is not active here yet; that is no fault of the caller's."""
    promise.now_ms -= 1_000
    with pytest.raises(RecordAway):
        await promise.desk.issue(order(), BACKEND, None, b"")


async def test_a_key_removed_while_a_token_is_made_issues_nothing(promise):
    claims = promise.finder.read((await promise.issue())[0])
    promise.keys.remove(claims.kid, Who("operator"), promise.now_ms)
    await promise.later(1)
    with pytest.raises(RecordAway):
        promise.finder.sign(claims)
