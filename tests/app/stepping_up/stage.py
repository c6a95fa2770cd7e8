"""A challenged member, a whole installation behind them, and the clock in the test's hand."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Engine, select

from app.access import Principal
from app.answers import Decided200
from app.keys import derive
from app.policy.file import parse
from app.redeeming.desk import Caller
from app.redeeming.letters import CodeLetter, open_letter
from app.redeeming.passkeys import PasskeyProver
from app.redeeming.proving import Prover
from app.redeeming.secrets import Secrets
from app.seal import Seal
from app.stepping_up.channels import Channels
from app.stepping_up.failing import Failures
from app.stepping_up.proofs import Proofs
from app.stepping_up.stepping import Stepping
from app.store.pipeline import Pipeline
from app.store.sql.account_keys import AccountKeys
from app.store.sql.otp import SqlChallenges, SqlPasskeys
from app.store.sql.outbox import SqlOutbox
from app.store.sql.token_tables import audit
from detectors.event import Device, Event, Profile
from tests.app.installation import MASTER, Installation
from tokens.challenges import Authenticator
from tokens.passkeys import Site
from tokens.who import Who

DAY_MS: Final = 86_400_000
OLD, NEW = "+4917012345601", "+4917012345602"
SITE: Final = Site("rewards.example", "https://rewards.example")
BACKEND: Final = Caller(Principal("k1", "shop", frozenset({"score"}), "default", frozenset()), "192.0.2.1")
POLICY: Final = """
name = "asking"
[step_up]
return_urls = ["https://shop.example/points/"]
[cutoffs]
earn = { challenge = 0.5 }
[[rules]]
code = "ASK"
when = "event.points == 777"
applies_to = ["redeem", "earn", "transfer"]
effect = "challenge"
message = "always asked"
"""


class Stage:
    """Every use case of a challenge over real stores."""

    def __init__(self, pipeline: Pipeline, engine: Engine, directory: Path, policy: str = POLICY) -> None:
        self.engine, self.pipeline = engine, pipeline
        self.installation = Installation(pipeline, engine, directory, policy=parse(policy))
        self.secrets = Secrets.of(MASTER)
        self.challenges = SqlChallenges(
            engine, AccountKeys(Seal(derive(MASTER, "record"))), self.installation.audit
        )
        keys = AccountKeys(Seal(derive(MASTER, "record")))
        self.passkeys = SqlPasskeys(engine, keys, self.installation.audit)
        here = self.installation
        self.proofs = Proofs(
            Prover(self.challenges, self.secrets, "rewards.example", here.clock),
            PasskeyProver(self.passkeys, self.challenges, self.secrets, SITE, here.clock),
            self.challenges,
            Channels(here.record, self.challenges, self.passkeys, "DE"),
            here.clock,
        )
        self.outbox = SqlOutbox(engine, self.installation.audit)
        self.stepping = self.another()
        self._numbers = count()

    def another(self) -> Stepping:
        """What another process would have."""
        here = self.installation
        return Stepping(
            here.history, here.record, here.sighter, here.journal,
            proofs=self.proofs, secrets=self.secrets, file=here.policy,
            programme_of=here.record.programme_of,
            failed=Failures(here.record, here.scorer.decide, here.clock).tell, clock=here.clock,
        )  # fmt: skip

    @property
    def now_ms(self) -> int:
        """The instant that the test says it is."""
        return self.installation.now_ms

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.installation.now_ms += int(seconds * 1_000)

    async def event(
        self, kind: str, *, ago_ms: int = 0, origin: str = "decision", **given: Any
    ) -> dict[str, Any]:
        """Decide one, record it, and answer with the decision."""
        usual = {
            "event_id": f"e-{next(self._numbers)}",
            "type": kind,
            "occurred_at": datetime.fromtimestamp((self.now_ms - ago_ms) / 1_000, UTC),
            "account_id": "m-1",
        }
        answer = await self.installation.scorer.decide(Event(**(usual | given)), origin)
        assert isinstance(answer, Decided200)
        await self.installation.drain()
        return msgspec.json.decode(answer.body)

    async def member(self, phone: str = OLD, *, ago_days: float = 30) -> None:
        """The member joined so long ago, with that number."""
        await self.event(
            "signup", ago_ms=int(ago_days * DAY_MS), origin="event", profile=Profile(phone=phone)
        )

    async def challenged(self, kind: str = "redeem", **given: Any) -> dict[str, Any]:
        """A decision that asks."""
        given = {"points": 777, "device": Device(id="d-1"), "ip": "192.0.2.9"} | given
        decision = await self.event(kind, **given)
        assert decision["decision"] == "challenge"
        return decision

    def app(self, *, ago_days: float = 30, account_id: str = "m-1") -> bytes:
        """The member's authenticator app, confirmed so long ago: its seed."""
        at_ms, seed = self.now_ms - int(ago_days * DAY_MS), bytes(range(20))
        made = Authenticator(
            authenticator_id=f"aut_{next(self._numbers)}", program_id="default", account_id=account_id,
            seed=seed, made_ms=at_ms, confirmed_ms=None, replaced=False, last_step=0, fails=0, disabled_ms=None,
        )  # fmt: skip
        self.challenges.enrol(made, Who("test"))
        assert self.challenges.confirm(made.authenticator_id, at_ms // 30_000 - 5, Who("test"), at_ms)
        return seed

    def letter(self) -> CodeLetter:
        """The code sent last."""
        waiting = self.outbox.take(self.now_ms, 1_000, 60_000)
        self.outbox.sent([one.message.message_id for one in waiting], self.now_ms)
        message = waiting[-1].message
        letter = open_letter(self.secrets.outbox, message.message_id, message.kind, message.sealed)
        assert isinstance(letter, CodeLetter)
        return letter

    async def verify(self, decision: dict[str, Any], code: str, method: str | None = None):
        """As a backend does."""
        return await self.stepping.verify(named(decision), code, method, BACKEND)

    async def send(self, decision: dict[str, Any], method: str = "sms_otp"):
        """As a backend does."""
        return await self.stepping.send(named(decision), method, BACKEND)

    def row(self, decision: dict[str, Any]):
        """The decision as recorded."""
        return self.installation.record.decision("default", decision["decision_id"])

    async def burned(self) -> int:
        """Points burned at the account, as the hot store has them."""
        return (await self.totals()).get("burn", 0)

    async def totals(self) -> dict[str, int]:
        """What the hot store has added up at the account."""
        account = self.installation.sighter.digest("default", "account", "m-1")
        entities = await self.installation.entities()
        return next(
            one["totals"] for key, one in entities.items() if key.endswith(account) and key[:1] == b"a"
        )

    def audited(self) -> list[tuple[str, str]]:
        """Events and subjects of the audit, in order."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(audit.c.event, audit.c.subject).order_by(audit.c.seq))
            return [tuple(row) for row in rows]


def named(decision: dict[str, Any]) -> str:
    """The challenge of a decision."""
    return str(decision["actions"][0]["challenge_id"])
