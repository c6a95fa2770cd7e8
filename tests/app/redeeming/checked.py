"""The whole promise with the check before it: a real Valkey, a real record, members with a history."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
from anyio import to_thread
from sqlalchemy import Engine, select

from app.capping.ending import Ender
from app.cases.ports import ALL, Scope
from app.composition.cases import kept as cases_kept
from app.keys import derive
from app.outcomes import sighting_of
from app.policy.file import parse
from app.ports.journal import StepUpPassed
from app.redeeming.checking import RedemptionCheck
from app.redeeming.completing import Completer
from app.redeeming.deciding import Decider
from app.redeeming.visiting import Client
from app.settlement import passing
from app.store.pipeline import Pipeline
from app.store.sql.cases import CaseOpener, SqlCases, SqlCasing
from app.store.sql.holding import SqlHolds
from app.store.sql.token_tables import audit
from app.store.sql.tokens import SqlOpenings
from app.store.sql.tokens.completing import SqlCompletions
from tests.app.installation import MASTER, Installation
from tests.app.redeeming.promise import Promise
from tokens.token import Reward

GERMAN, FRENCH, LOCAL = "84.128.0.1", "90.0.0.1", "198.51.100.7"
POLICY: Final = """
name = "checked"
[[rules]]
code = "ASK"
when = "event.points == 777"
applies_to = ["redeem"]
effect = "challenge"
message = "always asked"
[[rules]]
code = "LOOK"
when = "event.points == 888 || event.points == 8888"
applies_to = ["redeem"]
effect = "review"
message = "always looked at"
[[rules]]
code = "STOP"
when = "event.points == 999"
applies_to = ["redeem"]
effect = "block"
message = "always stopped"
[caps.ONE_AN_HOUR]
applies_to = ["redeem"]
per = "member"
window = 3_600
max = 1
reward_ids = ["scarce"]
"""


class Checked(Promise):
    """Every use case, checked. `ways`: by what members can prove themselves."""

    def __init__(self, pipeline: Pipeline, engine: Engine, directory: Path) -> None:
        super().__init__(engine, record=derive(MASTER, "record"), audit=derive(MASTER, "audit"))
        self.there = Installation(pipeline, engine, directory, policy=parse(POLICY))
        self.kept = cases_kept(MASTER, self.there.policy)
        self.ledger._opener = CaseOpener(self.kept)
        self.there.now_ms = self.now_ms
        self.ways: tuple[Any, ...] = ("sms_otp",)
        here = self.there
        self.decider = Decider(
            here.scorer.decide, here.history, here.record, here.journal, here.sighter, self._caught_up,
            self.clock,
        )  # fmt: skip
        self.openings = SqlOpenings(engine)
        check = RedemptionCheck(self.decider, self.openings, self.ledger, lambda *_: self.ways, self.clock)
        self.check = check
        self.visits._check = self.desk._check = check
        self.visits._openings = self.openings
        self.completer = Completer(SqlCompletions(engine), here.outcomes.tell, self.clock)

    async def _caught_up(self) -> None:
        await self.there.drain()

    async def later(self, seconds: float) -> None:
        await super().later(seconds)
        self.there.now_ms = self.now_ms

    async def gift(self, points: int | None, **given: Any) -> tuple[str, str]:
        """A link and its token's id."""
        text, body = await self.issue(reward=Reward(reward_id="gift", points=points), **given)
        return text, body["token_id"]

    async def opened(self, text: str, client: Client) -> tuple[str, Any, Client]:
        """A session's cookie, the first page, and the browser with its new cookie."""
        told = await self.visits.enter(text, client)
        assert told.cookie is not None, told.view.step
        return told.cookie, told.view, client._replace(device=told.device)

    async def released(self, text: str, client: Client) -> Any:
        """Opened and released at once by one browser."""
        cookie, view, known = await self.opened(text, client)
        return await self.visits.release(cookie, view.echo, known)

    async def made(self) -> list[dict[str, Any]]:
        """What was decided on redemptions of links, oldest first."""
        await self.there.drain()
        items = self.there.record.timeline("default", "m-1", limit=100, cursor=None).items
        return [msgspec.json.decode(one.decision.answer) for one in reversed(items)]

    async def cases(self) -> list[Any]:
        """The cases there are once the worker has looked at what was decided, newest first."""
        await self.there.drain()
        casing = SqlCasing(self.engine, self.kept)
        while await to_thread.run_sync(casing.step, self.now_ms, 100):
            pass
        page = SqlCases(self.engine, self.kept).page(Scope("default"), ALL, "opened", limit=50, cursor=None)
        return list(page.items)

    async def hold_ends(self) -> None:
        """Three days later, nobody having decided."""
        await self.there.drain()
        await self.later(3 * 86_400)
        here = self.there
        ender = Ender(SqlHolds(self.engine), here.history, here.sighter, here.journal, self.clock)
        assert await ender.step() == 1
        await here.drain()

    async def outcomes(self) -> list[str | None]:
        """What became of them, told."""
        await self.there.drain()
        while await self.completer.step():
            pass
        await self.there.drain()
        items = self.there.record.timeline("default", "m-1", limit=100, cursor=None).items
        return [one.decision.outcome for one in reversed(items)]

    async def burned(self) -> int:
        """Points burned at the account, as the hot store has them."""
        account = self.there.sighter.digest("default", "account", "m-1")
        entities = await self.there.entities()
        found = [one for key, one in entities.items() if key.endswith(account) and key[:1] == b"a"]
        return int(found[0]["totals"].get("burn", 0)) if found else 0

    async def token_now(self, token_id: str) -> Any:
        return await to_thread.run_sync(self.ledger.token_of, "default", token_id)

    def audited(self) -> list[str]:
        with self.engine.connect() as connection:
            return [row[0] for row in connection.execute(select(audit.c.event).order_by(audit.c.seq))]


def browser(address: str = LOCAL, agent: str = "Phone/1") -> Client:
    """A browser that was never here."""
    return Client(address, "en", agent)


async def passed(checked: Checked, challenge_id: str) -> None:
    """The member passes the challenge, as its page would have it journalled."""
    await checked.there.drain()
    here, row = checked.there, checked.there.record.decision("default", "dec_" + challenge_id[4:])
    effect = passing(row.type, None, row.points, row.origin)
    entry = StepUpPassed(
        row.decision_id, row.program_id, row.account_id, row.event_id, "totp", checked.now_ms, "member",
        row.occurred_ms, row.points, effect,
    )  # fmt: skip
    await here.history.pass_step_up(
        sighting_of(here.sighter, row), None, here.journal.seal(entry, checked.now_ms), row.points, effect,
        checked.now_ms,
    )  # fmt: skip
