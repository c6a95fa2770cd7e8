"""What waits in the outbox is sent at least once, never lost to a relay or a store that is away, and never for ever."""

from __future__ import annotations

import asyncio
import email
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from app.mail.local import LocalBox
from app.mail.outcomes import Accepted, Later
from app.mail.smtp import SEND_S, SmtpRelay
from app.ports.record import RecordAway
from app.redeeming.letters import seal_letter
from app.seal import Seal, place
from app.store.sql import open_engine
from app.store.sql.audit import Audit
from app.store.sql.outbox import SqlOutbox
from app.store.sql.token_tables import outbox as table
from app.worker.delivering import AT_ONCE, BACKOFF_S, BATCH, HOLD_MS, Deliverer, wait_before_s
from tests.app.mail.letters import EXPIRES_MS, NOW_MS, SENDER, code, link, reward
from tests.app.mail.servers import Postbox, relay

SEAL = Seal(bytes(range(32)))


class House:
    """An outbox over a real database, a courier that writes files, and the clock in the test's hand."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.now_ms = engine, NOW_MS
        self.outbox = SqlOutbox(engine, Audit(bytes(32)))
        self.box = LocalBox(folder / "outbox", self.clock)

    def clock(self) -> int:
        return self.now_ms

    def deliverer(self, sender=None, store=None) -> Deliverer:
        return Deliverer(store or self.outbox, SEAL, sender or self.box, self.box, self.clock)

    def put(self, kind: str, letter, name: str = "1", *, sealed: bytes | None = None, **given) -> str:
        message_id = f"<tok_{name}@redeem.brand.example>"
        row = {
            "message_id": message_id,
            "kind": kind,
            "program_id": "default",
            "state": "waiting",
            "sealed": seal_letter(SEAL, message_id, kind, letter) if sealed is None else sealed,
            "created_ms": NOW_MS,
            "expires_ms": EXPIRES_MS,
            "next_ms": NOW_MS,
            "attempts": 0,
            "why": "",
        }
        with self.engine.begin() as connection:
            connection.execute(table.insert().values(row | given))
        return message_id

    def row(self, message_id: str):
        with self.engine.begin() as connection:
            return connection.execute(select(table).where(table.c.message_id == message_id)).one()


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    engine = open_engine(sqlite_url)
    yield House(engine, tmp_path)
    engine.dispose()


def at(port: int) -> SmtpRelay:
    return SmtpRelay(SecretStr(f"smtp://127.0.0.1:{port}"), str(SENDER), clear_on_loopback=True, rest_s=0)


def message_ids(postbox: Postbox) -> list[str]:
    return [
        email.message_from_bytes(envelope.content, EmailMessage, policy=SMTP)["Message-ID"]
        for envelope in postbox.envelopes
    ]


class Taker:
    """A relay in memory, which notes how many it was given at once."""

    sender = SENDER

    def __init__(self) -> None:
        self.under_way = self.most = self.rests = 0
        self.mails: list[str] = []

    async def mail(self, message: EmailMessage) -> Accepted:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        self.mails.append(message["Message-ID"])
        return Accepted()

    async def rest(self) -> None:
        self.rests += 1


async def test_each_kind_goes_where_it_belongs_and_its_content_is_gone_then(house):
    sent = [
        house.put("mail", reward(), "reward"),
        house.put("mail", code(), "code"),
        house.put("sms", code(to="+491701234567"), "sms"),
        house.put("link", link(), "link"),
    ]
    postbox = Postbox()
    async with relay(postbox) as port:
        assert await house.deliverer(at(port)).step() == 4
    assert sorted(message_ids(postbox)) == sorted(sent[:2])
    assert sorted(kept.kind for kept in house.box.listing()) == ["link", "sms"]
    assert {(house.row(each).state, house.row(each).sealed) for each in sent} == {("sent", b"")}


async def test_a_relay_that_is_away_delays_by_the_back_off_and_loses_nothing(house):
    """The same mail, with the same Message-ID, once the relay is back."""
    message_id = house.put("mail", reward())
    deliverer = house.deliverer(at(1))
    for attempt, wait_s in enumerate((*BACKOFF_S, BACKOFF_S[-1]), 1):
        assert await deliverer.step() == 1
        row = house.row(message_id)
        assert (row.state, row.attempts, row.next_ms) == ("waiting", attempt, house.now_ms + wait_s * 1_000)
        assert row.why == "the relay was not reached, or hung up"
        house.now_ms = row.next_ms - 1
        assert await deliverer.step() == 0
        house.now_ms = row.next_ms
    postbox = Postbox()
    async with relay(postbox) as port:
        assert await house.deliverer(at(port)).step() == 1
    assert message_ids(postbox) == [message_id]
    assert house.row(message_id).state == "sent"


async def test_a_try_that_would_come_too_late_is_the_end(house):
    message_id = house.put("sms", code(), expires_ms=NOW_MS + BACKOFF_S[0] * 1_000)

    class Busy:
        async def post(self, _notice):
            return Later("busy")

    assert await Deliverer(house.outbox, SEAL, house.box, Busy(), house.clock).step() == 1
    row = house.row(message_id)
    assert (row.state, row.why, row.sealed) == ("failed", "expires before another try; busy", b"")


async def test_what_expires_while_it_is_held_is_not_sent(house):
    message_id = house.put("mail", reward(), expires_ms=NOW_MS + 1)
    ticks = iter([NOW_MS, NOW_MS + 2, NOW_MS + 2])
    assert await Deliverer(house.outbox, SEAL, house.box, house.box, lambda: next(ticks)).step() == 1
    assert house.row(message_id).state == "failed"
    assert house.box.listing() == []


async def test_a_recipient_the_relay_refuses_is_bounced_in_words_without_the_address(house):
    message_id = house.put("mail", reward())
    postbox = Postbox(RCPT="550 5.1.1 <member@mail.example> unknown")
    async with relay(postbox) as port:
        await house.deliverer(at(port)).step()
    row = house.row(message_id)
    assert (row.state, row.why) == ("bounced", "the relay said 550 5.1.1 to the recipient")


@pytest.mark.parametrize(
    ("kind", "letter", "sealed", "why"),
    [
        ("mail", reward(), b"x" * 64, "its seal is broken"),
        ("mail", reward(), seal_letter(SEAL, "<another>", "mail", reward()), "its seal is broken"),
        (
            "mail",
            reward(),
            SEAL.seal(b"\xc1", place("outbox", "mail", "<tok_1@redeem.brand.example>")),
            "it is not a letter",
        ),
        (
            "mail",
            reward(to="a@b.example, c@d.example"),
            None,
            "cannot be composed: the recipient is not one mailbox",
        ),
        ("mail", reward(link="/r/x"), None, "cannot be composed: the link is none"),
        ("link", link(link="/r/x"), None, "cannot be composed: the link is none"),
        ("mail", link(), None, "its letter is of another kind"),
        ("sms", reward(), None, "its letter is of another kind"),
    ],
    ids=["junk", "of another", "no letter", "two recipients", "no link", "no link to tell", "link", "reward"],
)
async def test_what_can_never_be_sent_ends_with_a_reason_and_is_not_tried_again(
    house, kind, letter, sealed, why
):
    bad = house.put(kind, letter, sealed=sealed)
    good = house.put("mail", reward(), "good")
    deliverer = house.deliverer()
    assert await deliverer.step() == 2
    assert (house.row(bad).state, house.row(bad).why) == ("failed", why)
    assert house.row(good).state == "sent"
    house.now_ms = EXPIRES_MS - 1
    assert await deliverer.step() == 0


async def test_a_fault_of_ours_keeps_back_nothing_else(house):
    """It is tried again like anything else, and ends with its expiry."""

    class Faulty(Taker):
        async def mail(self, message):
            if message["To"].addresses[0].username == "odd":
                raise ZeroDivisionError
            return await super().mail(message)

    odd, good = house.put("mail", reward(to="odd@mail.example"), "odd"), house.put("mail", reward(), "good")
    assert await house.deliverer(Faulty()).step() == 2
    assert (house.row(odd).state, house.row(odd).why) == ("waiting", "unexpected: ZeroDivisionError")
    assert house.row(good).state == "sent"


async def test_dying_between_the_relays_yes_and_our_note_of_it_sends_once_more_with_the_same_id(house):
    """At least once: the mailbox can tell the second by its Message-ID."""

    class Dying(SqlOutbox):
        def sent(self, *_):
            raise RecordAway("gone")

    message_id = house.put("mail", reward())
    postbox = Postbox()
    async with relay(postbox) as port:
        with pytest.raises(RecordAway):
            await house.deliverer(at(port), Dying(house.engine, Audit(bytes(32)))).step()
        assert await house.deliverer(at(port)).step() == 0  # still held
        house.now_ms += HOLD_MS
        assert await house.deliverer(at(port)).step() == 1
        house.now_ms += HOLD_MS
        assert await house.deliverer(at(port)).step() == 0
    assert message_ids(postbox) == [message_id, message_id]


async def test_while_the_store_is_away_nothing_is_sent(house, tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'not-migrated.db'}")
    with pytest.raises(RecordAway):
        await house.deliverer(store=SqlOutbox(engine, Audit(bytes(32)))).step()
    engine.dispose()
    assert house.box.listing() == []


async def test_a_long_queue_goes_in_batches_few_at_once_and_in_order(house):
    expected = [house.put("mail", reward(), f"{n:03d}", next_ms=NOW_MS - 1_000 + n) for n in range(BATCH + 5)]
    taker = Taker()
    deliverer = house.deliverer(taker)
    assert [await deliverer.step() for _ in range(3)] == [BATCH, 5, 0]
    assert taker.mails == expected
    assert taker.most == AT_ONCE
    assert taker.rests == 2  # not after the full batch, which the next follows at once


async def test_two_workers_send_each_message_once(house):
    expected = {house.put("mail", reward(), str(n)) for n in range(2 * BATCH)}
    taker = Taker()
    done = await asyncio.gather(house.deliverer(taker).step(), house.deliverer(taker).step())
    assert done == [BATCH, BATCH]
    assert sorted(taker.mails) == sorted(expected)


def test_a_batch_is_done_before_another_worker_may_take_it():
    """Even where the relay uses up its patience with every wave."""
    assert BATCH / AT_ONCE * SEND_S * 1_000 < HOLD_MS


def test_the_back_off_grows_and_stays():
    assert [wait_before_s(attempt) for attempt in range(8)] == [5, 5, 30, 120, 600, 3_600, 3_600, 3_600]
