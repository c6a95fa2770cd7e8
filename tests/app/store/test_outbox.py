"""The law of the outbox: one worker a message, no end undone, no content kept."""

import pytest
from sqlalchemy import select

from app.store.sql.token_tables import outbox
from tests.app.store.codes import DAY_MS, HOUR_MS, NOW_MS, Codes, race

HOLD_MS = 30_000


@pytest.fixture
def codes(engine):
    return Codes(engine)


def row(codes, message):
    with codes.engine.connect() as connection:
        return connection.execute(select(outbox).where(outbox.c.message_id == message.message_id)).one()


def cancel(codes, message):
    """As the ledger does when a token is revoked, redeemed or expired."""
    with codes.engine.begin() as connection:
        connection.execute(
            outbox.update()
            .where(outbox.c.message_id == message.message_id, outbox.c.state == "waiting")
            .values(state="cancelled", sealed=b"", ended_ms=NOW_MS)
        )


def take(codes, now_ms=NOW_MS, limit=100):
    return [waiting.message.message_id for waiting in codes.outbox.take(now_ms, limit, HOLD_MS)]


def test_due_messages_are_taken_whole_and_oldest_first(codes):
    late, early = codes.post(now_ms=NOW_MS), codes.post(now_ms=NOW_MS - 1)
    codes.post(now_ms=NOW_MS + 1)
    taken = codes.outbox.take(NOW_MS, 10, HOLD_MS)
    assert [(waiting.message, waiting.attempt) for waiting in taken] == [(early, 1), (late, 1)]


def test_a_worker_takes_no_more_than_it_asked_for(codes):
    posted = [codes.post(now_ms=NOW_MS - n).message_id for n in range(5)]
    assert take(codes, limit=2) == [posted[4], posted[3]]
    assert take(codes, limit=2) == [posted[2], posted[1]]


def test_a_message_is_held_against_others_for_a_while_and_then_tried_again(codes):
    message = codes.post()
    assert take(codes) == [message.message_id]
    assert take(codes, NOW_MS + HOLD_MS - 1) == []
    [again] = codes.outbox.take(NOW_MS + HOLD_MS, 1, HOLD_MS)
    assert (again.message, again.attempt) == (message, 2)


def test_two_workers_never_take_the_same_message(codes):
    posted = {codes.post(now_ms=NOW_MS - n).message_id for n in range(80)}

    def work(_):
        taken = []
        while some := take(codes, limit=7):
            taken += some
        return taken

    taken = [message_id for worker in race(6, work) for message_id in worker]
    assert len(taken) == len(set(taken))
    rest = []
    while some := take(codes, limit=7):  # whoever found others' rows locked may have gone home early
        rest += some
    assert set(taken) | set(rest) == posted
    assert len(taken) + len(rest) == 80


def test_what_was_sent_delivers_its_token_and_is_destroyed(codes):
    token = codes.token()
    message = codes.post(token)
    take(codes)
    codes.outbox.sent([message.message_id], NOW_MS + 5)
    held, kept = codes.row(token), row(codes, message)
    assert (held.state, held.delivery, held.delivered_ms) == ("delivered", "sent", NOW_MS + 5)
    assert (kept.state, kept.sealed, kept.ended_ms) == ("sent", b"", NOW_MS + 5)
    assert take(codes, NOW_MS + HOLD_MS) == []
    assert codes.events() == ["message.sent"]
    codes.outbox.sent([message.message_id], NOW_MS + 9)
    assert codes.row(token).delivered_ms == NOW_MS + 5
    assert codes.events() == ["message.sent"]


@pytest.mark.parametrize("kind", ["mail", "link"])
def test_a_link_that_arrives_late_does_not_take_a_step_back(codes, kind):
    token = codes.token(state="challenged")
    message = codes.post(token, kind=kind)
    codes.outbox.sent([message.message_id], NOW_MS)
    assert (codes.row(token).state, codes.row(token).delivery) == ("challenged", "sent")


def test_a_code_does_not_deliver_its_token_however_it_is_sent(codes):
    token = codes.token()
    codes.send(token)
    [code] = codes.outbox.take(NOW_MS, 10, HOLD_MS)
    codes.outbox.sent([code.message.message_id], NOW_MS)
    assert (codes.row(token).delivery, codes.row(token).delivered_ms) == ("waiting", None)
    assert codes.outbox.ended(code.message.message_id, "bounced", "unknown number", NOW_MS)
    assert codes.row(token).delivery == "waiting"


def test_sending_many_at_once_tells_each_token(codes):
    each = [codes.token() for _ in range(30)]
    posted = [codes.post(token).message_id for token in each]
    codes.outbox.sent([*posted, "<unknown>"], NOW_MS)
    assert all(codes.row(token).state == "delivered" for token in each)
    assert codes.outbox.overview() == {"sent": 30}
    assert len(codes.events()) == 30


def test_a_message_that_failed_for_now_comes_again_when_it_was_told_to(codes):
    message = codes.post()
    take(codes)
    codes.outbox.later(message.message_id, NOW_MS + 60_000, "451 try later")
    assert take(codes, NOW_MS + 59_999) == []
    assert take(codes, NOW_MS + 60_000) == [message.message_id]
    assert row(codes, message).why == "451 try later"


def test_a_message_past_its_expiry_fails_unsent_and_says_so(codes):
    token = codes.token()
    message = codes.post(token, life_ms=HOUR_MS)
    codes.outbox.later(message.message_id, NOW_MS + DAY_MS, "relay away")
    assert take(codes, NOW_MS + HOUR_MS - 1) == []
    assert take(codes, NOW_MS + HOUR_MS) == []
    kept = row(codes, message)
    assert (kept.state, kept.why, kept.sealed) == ("failed", "expired", b"")
    assert (codes.row(token).delivery, codes.row(token).state) == ("failed", "issued")
    assert codes.events() == ["message.failed"]


def test_any_number_of_expired_messages_hides_no_good_one(codes):
    for n in range(7):
        codes.post(now_ms=NOW_MS - HOUR_MS - n)
    good = codes.post()
    assert take(codes, limit=2) == [good.message_id]
    assert codes.outbox.overview() == {"failed": 7, "waiting": 1}


@pytest.mark.parametrize("end", ["bounced", "failed"])
def test_a_message_that_will_never_arrive_is_told_to_its_token_and_destroyed(codes, end):
    token = codes.token()
    message = codes.post(token)
    codes.outbox.sent([message.message_id], NOW_MS)
    assert codes.outbox.ended(message.message_id, end, "550 no such mailbox", NOW_MS + 1)
    assert (row(codes, message).state, row(codes, message).sealed) == (end, b"")
    assert (codes.row(token).delivery, codes.row(token).state) == (end, "delivered")
    assert codes.outbox.ended(message.message_id, "failed", "told twice", NOW_MS + 2)
    assert row(codes, message).why == "550 no such mailbox"
    assert codes.events() == ["message.sent", f"message.{end}"]
    assert not codes.outbox.ended("<unknown>", end, "", NOW_MS)


def test_nothing_brings_a_cancelled_message_back(codes):
    token = codes.token()
    message = codes.post(token)
    take(codes)
    codes.change(token, state="revoked", delivery="cancelled")
    cancel(codes, message)
    codes.outbox.sent([message.message_id], NOW_MS)
    codes.outbox.later(message.message_id, NOW_MS, "")
    assert codes.outbox.ended(message.message_id, "bounced", "", NOW_MS)
    assert take(codes, NOW_MS + HOLD_MS) == []
    assert (row(codes, message).state, row(codes, message).sealed) == ("cancelled", b"")
    assert (codes.row(token).state, codes.row(token).delivery) == ("revoked", "cancelled")
    assert codes.events() == []


def test_sending_and_cancelling_at_once_end_each_message_in_one_way(codes):
    each = [codes.token() for _ in range(24)]
    posted = [codes.post(token) for token in each]

    def end(n):
        if n % 2:
            codes.outbox.sent([message.message_id for message in posted[:: 1 if n % 4 == 1 else -1]], NOW_MS)
        else:
            for message in posted:
                cancel(codes, message)

    race(4, end)
    assert set(codes.outbox.overview()) <= {"sent", "cancelled"}
    for token, message in zip(each, posted, strict=True):
        assert (codes.row(token).delivery == "sent") == (row(codes, message).state == "sent")
        assert not row(codes, message).sealed
