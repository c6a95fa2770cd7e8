"""The end of a decision's token tells the outcome: first told counts, once, whoever dies or forgets in between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count

import pytest
from msgspec import json
from sqlalchemy import select

from app.answers import Told, Unavailable503
from app.keys import derive
from app.ports.history import HotStoreAway
from app.redeeming.completing import Completer
from app.seal import Seal
from app.store.sql import open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.tables import outcomes
from app.store.sql.tokens import SqlLedger
from app.store.sql.tokens.completing import SqlCompletions
from detectors.event import Event
from tests.app.installation import MASTER, Installation
from tests.app.store.ledger_samples import WHO, new_token, redemption
from tokens.ledger import DecisionTaken
from tokens.redemption import Redeemed
from tokens.token import Reward

POINTS = 300


class Till:
    """An installation with tokens of decisions in its ledger, and the worker's chore over both."""

    def __init__(self, installation):
        self.installation = installation
        keys = AccountKeys(Seal(derive(MASTER, "record")))
        self.ledger = SqlLedger(installation.engine, keys, installation.audit)
        self.completions = SqlCompletions(installation.engine)
        self.completer = Completer(self.completions, installation.outcomes.tell, installation.clock)
        self._numbers = count(1)

    async def checked(self):
        """An allowed redemption, recorded, and its token."""
        number = next(self._numbers)
        await self._decide(f"earn-{number}", "earn", number, 10 * POINTS)
        decision = await self._decide(f"redeem-{number}", "redeem", number, POINTS)
        await self.installation.drain()
        token = new_token(
            number, purpose="redemption", decision_id=decision["decision_id"], campaign_id=None,
            reward=Reward(points=POINTS), account_id=f"m-{number}", channel="none",
            issued_ms=self.now_ms, not_before_ms=self.now_ms, expires_ms=self.now_ms + 300_000,
        )  # fmt: skip
        assert self.ledger.issue([(token, None, None)], WHO) == ["issued"]
        return token

    async def _decide(self, event_id, kind, number, points):
        at = datetime.fromtimestamp(self.now_ms / 1_000, UTC)
        event = Event(event_id=event_id, type=kind, occurred_at=at, account_id=f"m-{number}", points=points)
        decision = json.decode((await self.installation.scorer.decide(event, "decision")).body)
        assert decision["decision"] == "allow"
        return decision

    def end(self, token, how):
        """What can become of a token."""
        if how == "spent":
            redeemed = self.ledger.redeem(redemption(token, at_ms=self.now_ms), None, None, WHO)
            assert isinstance(redeemed, Redeemed)
        elif how == "revoked":
            assert self.ledger.revoke("default", token.token_id, WHO, self.now_ms) == "revoked"
        else:
            self.installation.now_ms = token.expires_ms
            self.ledger.sweep(self.now_ms, 100)

    async def told(self, token, outcome):
        """The backend's own word."""
        answer = await self.installation.outcomes.tell("default", token.decision_id, outcome, "shop")
        assert answer == Told(outcome)

    async def finish(self):
        """As long as there is something to tell."""
        while self.completions.ended(10):
            await self.completer.step()
            await self.installation.drain()

    def row(self, token):
        return self.installation.record.decision("default", token.decision_id)

    def all_told(self, token):
        wanted = select(outcomes.c.outcome, outcomes.c.told_by).where(
            outcomes.c.decision_id == token.decision_id
        )
        with self.installation.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(wanted.order_by(outcomes.c.seq))]

    def burned(self, token):
        """In the record: of the decision, and of the account."""
        account = self.installation.record.account("default", token.account_id)
        return self.row(token).burned, account.redeemed_points

    async def hot_burned(self):
        """In the hot store: of all accounts."""
        accounts = [e for key, e in (await self.installation.entities()).items() if key.startswith(b"a")]
        return sum(account["totals"].get("burn", 0) for account in accounts)

    @property
    def now_ms(self):
        return self.installation.now_ms


@pytest.fixture
async def till(pipeline, database_url, tmp_path):
    engine = open_engine(database_url)
    installation = Installation(pipeline, engine, tmp_path)
    await installation.begin()
    yield Till(installation)
    engine.dispose()


@pytest.mark.parametrize("how", ["spent", "revoked", "expired"])
async def test_the_end_tells_the_outcome_once_and_the_points_follow(till, how):
    token = await till.checked()
    till.end(token, how)
    await till.finish()
    outcome, points = ("completed", POINTS) if how == "spent" else ("cancelled", 0)
    assert till.all_told(token) == [(outcome, f"token:{token.token_id}")]
    assert till.burned(token) == (points or None, points)
    assert await till.hot_burned() == points
    await till.completer.step()
    assert await till.installation.drain() == 0


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("told", ["completed", "cancelled", "disputed"])
@pytest.mark.parametrize("how", ["spent", "revoked", "expired"])
async def test_what_was_told_meanwhile_counts_whether_the_record_knows_it_yet_or_not(
    till, how, told, recorded
):
    token = await till.checked()
    till.end(token, how)
    await till.told(token, told)
    if recorded:
        await till.installation.drain()
    await till.finish()
    assert till.all_told(token) == [(told, "shop")]
    points = 0 if told == "cancelled" else POINTS
    assert till.burned(token)[1] == points
    assert await till.hot_burned() == points


async def test_a_token_whose_decision_has_an_outcome_is_not_spent_any_more(till):
    token = await till.checked()
    await till.told(token, "cancelled")
    await till.installation.drain()
    refused = till.ledger.redeem(redemption(token, at_ms=till.now_ms), None, None, WHO)
    assert refused == "not_live"
    assert till.ledger.redemption(token.token_hash) is None


async def test_a_worker_that_dies_after_telling_tells_nothing_twice(till):
    token = await till.checked()
    till.end(token, "spent")

    async def tell_and_die(*told, only_first):
        await till.installation.outcomes.tell(*told, only_first=only_first)
        raise HotStoreAway

    dying = Completer(till.completions, tell_and_die, till.installation.clock)
    for _ in range(2):
        with pytest.raises(HotStoreAway):
            await dying.step()
    await till.finish()
    assert till.all_told(token) == [("completed", f"token:{token.token_id}")]


async def test_a_hot_store_that_forgets_what_it_was_told_is_told_again(till):
    token = await till.checked()
    till.end(token, "revoked")
    await till.completer.step()
    await till.installation.pipeline.execute("FLUSHALL")
    await till.installation.begin()
    await till.finish()
    assert till.all_told(token) == [("cancelled", f"token:{token.token_id}")]
    assert till.burned(token) == (None, 0)


async def test_while_a_store_is_away_the_first_stays_the_first(till):
    tokens = [await till.checked() for _ in range(3)]
    for token in reversed(tokens):
        till.installation.now_ms += 1
        till.end(token, "spent")
    asked = []

    async def away(_program, decision_id, outcome, told_by, *, only_first):
        asked.append((decision_id, outcome, told_by, only_first))
        return Unavailable503()

    for _ in range(2):
        with pytest.raises(HotStoreAway):
            await Completer(till.completions, away, till.installation.clock).step()
    first = tokens[-1]
    assert asked == [(first.decision_id, "completed", f"token:{first.token_id}", True)] * 2
    await till.finish()
    assert [till.row(token).outcome for token in tokens] == ["completed"] * 3


async def test_two_workers_at_once_tell_once(till):
    tokens = [await till.checked() for _ in range(4)]
    for token in tokens:
        till.end(token, "spent")
    await asyncio.gather(*[till.completer.step() for _ in range(4)])
    await till.finish()
    assert [len(till.all_told(token)) for token in tokens] == [1] * 4
    assert await till.hot_burned() == 4 * POINTS


async def test_a_decision_has_one_token_ever(till):
    token = await till.checked()
    another = new_token(99, purpose="redemption", decision_id=token.decision_id, campaign_id=None)
    taken = [DecisionTaken(token.token_id)]
    assert till.ledger.issue([(another, None, None)], WHO) == taken
    till.end(token, "revoked")
    assert till.ledger.issue([(another, None, None)], WHO) == taken
    assert till.ledger.token_for("default", token.decision_id).token_id == token.token_id
    assert till.ledger.token_for("other", token.decision_id) is None
    gift = new_token(98, decision_id=token.decision_id, campaign_id=None)
    assert till.ledger.issue([(gift, None, None)], WHO) == ["issued"]
