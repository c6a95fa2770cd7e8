"""Sending over a real database to real receivers: at least once, in order for each account, never for ever."""

from __future__ import annotations

import asyncio
import json
import random
from threading import Event

import pytest
import structlog
from standardwebhooks import Webhook as Verifier

from app.clock import system_clock
from app.ports.record import RecordAway
from app.seal import Seal
from app.store.sql import SqlRecord, open_engine
from app.store.sql.webhooks import SqlDeliveries, SqlEndpoints, SqlProjection
from app.webhooks.guarding import Guard, networks
from app.webhooks.ports import Webhook
from app.webhooks.posting import Poster
from app.webhooks.sending import BACKOFF_S, FAILING_MS, HOLD_MS, JITTER, Sender
from app.webhooks.signing import fresh, shown
from tests.app.webhooks.receiver import Receiver, receiving

KEY = bytes(range(32))
DAY_MS = 86_400_000


class House:
    """A record with endpoints, and a sender whose clock the test moves."""

    def __init__(self, url, decided):
        self.engine, self.decided = open_engine(url), decided
        self.record = SqlRecord(self.engine, Seal(KEY))
        self.endpoints = SqlEndpoints(self.engine, Seal(KEY))
        self.deliveries = SqlDeliveries(self.engine, Seal(KEY))
        self.projection = SqlProjection(self.engine)
        self.poster = Poster(Guard(networks(["127.0.0.0/8"]), https_only=False))
        self.now_ms = self.begun_ms = system_clock()
        self.secrets = {}
        self.sender = self.new_sender()

    def new_sender(self, deliveries=None, **given):
        return Sender(
            deliveries or self.deliveries,
            self.poster.post,
            lambda: self.now_ms,
            random.Random(7).random,
            **given,
        )

    def add(self, webhook_id, url):
        self.secrets[webhook_id] = fresh()
        made = Webhook(webhook_id, "default", url, ("*",), "", (self.secrets[webhook_id],), self.now_ms)
        assert self.endpoints.add(made, 9)

    def happen(self, count, accounts):
        self.record.append([self.decided(n, account_id=f"m-{n % accounts}") for n in range(count)])
        while self.projection.step(self.now_ms, 500):
            pass

    async def turn(self, seconds=0.0):
        self.now_ms += int(seconds * 1_000)
        await self.sender.step()
        await self.sender.quiet()

    def rows(self, webhook_id="whk_1"):
        return self.endpoints.messages("default", webhook_id, state=None, limit=200, cursor=None).items

    def webhook(self, webhook_id="whk_1"):
        return self.endpoints.webhook("default", webhook_id)


@pytest.fixture
async def house(sqlite_url, decided):
    built = House(sqlite_url, decided)
    yield built
    await built.poster.close()
    built.engine.dispose()


@pytest.fixture
def receiver():
    with receiving(Receiver()) as one:
        yield one


def events_of(got):
    """Account → the events it was told of, in order."""
    found = {}
    for _, _, body in got:
        data = json.loads(body)["data"]
        found.setdefault(data["account_id"], []).append(data["event_id"])
    return found


async def test_what_is_sent_verifies_by_the_library(house, receiver):
    house.add("whk_1", receiver.url)
    house.happen(5, 2)
    await house.turn()
    verifier = Verifier(shown(house.secrets["whk_1"]))
    assert [verifier.verify(body, headers)["type"] for _, headers, body in receiver.got] == [
        "decision.created"
    ] * 5
    assert {row.state for row in house.rows()} == {"sent"}
    assert {headers["webhook-id"] for _, headers, _ in receiver.got} == {
        row.message_id for row in house.rows()
    }


@pytest.mark.parametrize("seed", range(3))
async def test_each_account_is_told_in_order_and_nothing_is_lost_whatever_fails(house, receiver, seed):
    """The receiver refuses half of what it is sent, at random."""
    chance, taken = random.Random(seed), []

    def answer(_headers, body):
        if chance.random() < 0.5:
            return 500
        taken.append((None, None, body))
        return 204

    receiver.answer = answer
    house.add("whk_1", receiver.url)
    house.sender = house.new_sender(backoff_s=(0.5,) * 60)
    house.happen(60, 7)
    for _ in range(200):
        await house.turn(1)
        if len(taken) == 60:
            break
    assert events_of(taken) == {f"m-{a}": [f"e-{n}" for n in range(a, 60, 7)] for a in range(7)}
    assert {row.state for row in house.rows()} == {"sent"}


async def test_every_try_has_the_same_id_and_body_and_a_signature_of_its_own_instant(house, receiver):
    receiver.answer = lambda *_: 503
    house.add("whk_1", receiver.url)
    house.happen(1, 1)
    await house.turn()
    await house.turn(5)
    (_, first, body), (_, second, again) = receiver.got
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 5
    assert first["webhook-signature"] != second["webhook-signature"]


async def test_tries_end_within_a_day_and_then_the_next_message_has_its_turn(house, receiver):
    receiver.answer = lambda _, body: 204 if b'"e-1"' in body else 500
    house.add("whk_1", receiver.url)
    house.happen(2, 1)
    tried = []
    await house.turn()
    while len(receiver.got) < len(BACKOFF_S) + 1:
        before = len(receiver.got)
        await house.turn(60)
        if len(receiver.got) > before:
            tried.append((house.now_ms - house.begun_ms) / 1_000)
    waits = [after - before for before, after in zip([0, *tried], tried, strict=False)]
    for wait, stated in zip(waits, BACKOFF_S, strict=True):
        assert stated * (1 - JITTER) - 60 <= wait <= stated + 60
    assert tried[-1] <= 86_400
    await house.turn()
    dead, sent = sorted(
        house.rows(), key=lambda row: row.message_id in {g[1]["webhook-id"] for g in receiver.got[-1:]}
    )
    assert (dead.state, dead.attempts, dead.why) == ("dead", len(BACKOFF_S) + 1, "the receiver answered 500")
    assert sent.state == "sent"


async def test_an_account_that_must_wait_keeps_no_other_waiting(house, receiver):
    receiver.answer = lambda _, body: 500 if b'"m-0"' in body else 204
    house.add("whk_1", receiver.url)
    house.happen(9, 3)
    await house.turn()
    told = events_of(receiver.got)
    assert told == {"m-0": ["e-0"], "m-1": ["e-1", "e-4", "e-7"], "m-2": ["e-2", "e-5", "e-8"]}


async def test_a_receiver_that_is_gone_is_disabled_at_once(house, receiver):
    receiver.answer = lambda *_: 410
    house.add("whk_1", receiver.url)
    house.happen(40, 40)
    await house.turn()
    assert (house.webhook().state, house.webhook().why) == ("disabled", "the receiver answered 410")
    assert {row.state for row in house.rows()} == {"dead"}
    seen = len(receiver.got)
    await house.turn(DAY_MS / 1_000)
    assert len(receiver.got) == seen


async def test_an_endpoint_that_took_nothing_for_five_days_is_disabled_and_not_before(house, receiver):
    receiver.answer = lambda *_: 500
    house.add("whk_1", receiver.url)
    house.happen(20, 1)
    await house.turn()
    assert house.webhook().failing_since_ms == house.begun_ms
    while house.now_ms + 3_600_000 < house.begun_ms + FAILING_MS:
        await house.turn(3_600)
        assert house.webhook().state == "enabled"
    for _ in range(24):
        await house.turn(3_600)
    assert house.webhook().state == "disabled"
    assert house.webhook().why == "it took nothing for 5 days"


async def test_one_success_begins_the_five_days_anew(house, receiver):
    receiver.answer = lambda *_: 500
    house.add("whk_1", receiver.url)
    house.happen(1, 1)
    await house.turn()
    receiver.answer = lambda *_: 204
    await house.turn(5)
    assert house.webhook().failing_since_ms is None


async def test_a_receiver_that_does_not_answer_delays_no_other(house, receiver):
    until = Event()
    with receiving(Receiver(answer=lambda *_: 204 if until.wait(10) else 500)) as slow:
        house.add("whk_1", slow.url)
        house.add("whk_2", receiver.url)
        house.happen(20, 20)
        await house.sender.step()
        await asyncio.wait_for(house.sender._serving["whk_2"], 10)
        assert {row.state for row in house.rows("whk_2")} == {"sent"}
        assert {row.state for row in house.rows("whk_1")} == {"waiting"}
        until.set()
        await house.sender.quiet()
    assert {row.state for row in house.rows("whk_1")} == {"sent"}


async def test_a_process_that_dies_after_sending_sends_once_more_under_the_same_id(house, receiver):
    class Dying:
        def __getattr__(self, name):
            return getattr(house.deliveries, name)

        def settle(self, *_):
            raise RecordAway("the process was killed")

    house.add("whk_1", receiver.url)
    house.happen(3, 1)
    house.sender = house.new_sender(Dying())
    await house.turn()
    house.sender = house.new_sender()
    await house.turn(HOLD_MS / 1_000 - 1)
    assert len(receiver.got) == 3  # still held
    await house.turn(1)
    sent = [headers["webhook-id"] for _, headers, _ in receiver.got]
    assert sent[:3] == sent[3:]
    assert {row.state for row in house.rows()} == {"sent"}


async def test_at_the_end_nothing_more_is_begun_and_the_rest_goes_later(house, receiver):
    house.add("whk_1", receiver.url)
    house.happen(10, 10)
    ending = house.sender
    await ending.finish()
    await ending.step()
    await ending.quiet()
    assert receiver.got == []
    house.sender = house.new_sender()
    await house.turn()
    assert len(receiver.got) == 10


async def test_an_inner_address_is_refused_at_every_try_and_told_in_the_list(house, receiver):
    house.poster = Poster(Guard(https_only=False))
    house.sender = house.new_sender()
    house.add("whk_1", receiver.url)
    house.happen(1, 1)
    await house.turn()
    assert receiver.connections == 0
    (row,) = house.rows()
    assert (row.state, row.why) == ("waiting", "the url must resolve to public addresses only")


async def test_neither_secrets_nor_urls_nor_members_are_logged(house, receiver):
    receiver.answer = lambda *_: 410
    house.add("whk_1", f"{receiver.url}?key=hush")
    house.happen(3, 1)
    with structlog.testing.capture_logs() as logged:
        await house.turn()
    assert logged
    for secret in ("hush", "127.0.0.1", "m-0", shown(house.secrets["whk_1"])):
        assert secret not in repr(logged)
