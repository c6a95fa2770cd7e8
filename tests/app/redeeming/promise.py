"""The whole promise over a real database, at a time of the test's choosing."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import structs
from sqlalchemy import Engine

from app.access import Principal
from app.ports.rows import DecisionRow
from app.problems import Problem
from app.redeeming.counter import TokenDesk
from app.redeeming.desk import Answer, Caller, Order
from app.redeeming.enrolling import Enroller
from app.redeeming.finding import Finder
from app.redeeming.issuing import Issuer
from app.redeeming.letters import CodeLetter, Letter, open_letter
from app.redeeming.passkeys import PasskeyProver
from app.redeeming.proving import Prover
from app.redeeming.releasing import Releaser
from app.redeeming.rings import Rings
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from app.redeeming.visiting import Client
from app.redeeming.visits import MemberVisits
from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.otp import SqlChallenges, SqlPasskeys
from app.store.sql.outbox import SqlOutbox
from app.store.sql.tokens import SqlKeyStore, SqlLedger
from tokens.passkeys import Site
from tokens.token import Reward

START_MS: Final = 1_772_366_400_000
BACKEND: Final = Caller(Principal("k1", "shop", frozenset({"tokens"}), "default", frozenset()), "192.0.2.1")
SITE: Final = Site("rewards.example", "https://rewards.example")
AUDIT: Final = bytes(range(1, 33))
PAYLOAD: Final = {"voucher_code": "CANARY-VOUCHER-7"}


class OpenThrottle:
    """Lets everybody in: what it counts is tested with Valkey."""

    async def admit(self, _what: str, _client: bytes) -> int:
        return 0

    async def count(self, _what: str, _client: bytes) -> None:
        return None


class Promise:
    """Every use case, the clock in the test's hand."""

    def __init__(
        self, engine: Engine, terms: Terms | None = None, record: bytes = bytes(32), audit: bytes = AUDIT
    ) -> None:
        self.now_ms = START_MS
        self.terms = terms or Terms(brand="Kaffeehaus")
        self.secrets = Secrets.of(bytes(range(32)))
        keys, self.audit = AccountKeys(Seal(record)), Audit(audit)
        self.engine = engine
        self.ledger = SqlLedger(engine, keys, self.audit)
        self.challenges = SqlChallenges(engine, keys, self.audit)
        self.passkeys = SqlPasskeys(engine, keys, self.audit)
        self.passkey_prover = PasskeyProver(self.passkeys, self.challenges, self.secrets, SITE, self.clock)
        self.outbox = SqlOutbox(engine, self.audit)
        self.keys = SqlKeyStore(engine, Seal(b"k" * 32), self.audit)
        self.rings = Rings(self.keys, self.clock)
        self.finder = Finder(self.rings, self.ledger.token, self.clock)
        self.prover = Prover(self.challenges, self.secrets, "rewards.example", self.clock)
        self.reached = {"mail", "sms", "link"}
        self.decisions: dict[str, DecisionRow] = {}
        self._ids = 0
        self.releaser = Releaser(self.ledger, self.finder, self.rings, self.clock, self.new_id)
        self.issuer = Issuer(
            self.ledger,
            self.finder,
            self.rings,
            self.secrets,
            terms=lambda _: (self.terms, "tried-1"),
            decision=lambda _program, decision_id: self.decisions.get(decision_id),
            authenticator=self.challenges.authenticator,
            passkeys=self.passkeys.passkeys,
            link=lambda text: f"https://rewards.example/r/{text}",
            host="rewards.example",
            reached=lambda kind: kind in self.reached,
            clock=self.clock,
        )
        self.desk = TokenDesk(
            self.finder,
            self.issuer,
            self.prover,
            self.releaser,
            self.ledger,
            self.challenges,
            self.secrets,
            terms=lambda _: self.terms,
            clock=self.clock,
            new_id=self.new_id,
        )
        self.visits = MemberVisits(
            self.finder,
            self.prover,
            self.releaser,
            self.ledger,
            OpenThrottle(),
            self.secrets,
            lambda _: self.terms,
            self.clock,
            passkeys=self.passkey_prover,
        )
        self.contact_changed = False
        self.enroller = Enroller(
            self.passkeys,
            self.challenges,
            OpenThrottle(),
            self.secrets,
            contact_changed=lambda _program, _account, _now: self.contact_changed,
            terms=lambda _: self.terms,
            base="https://rewards.example",
            site=SITE,
            clock=self.clock,
            new_id=self.new_id,
        )

    def clock(self) -> int:
        return self.now_ms

    def new_id(self, prefix: str) -> str:
        self._ids += 1
        return f"{prefix}_{self._ids:04}"

    async def later(self, seconds: float) -> None:
        """Time passes, and the keys are read again as they are every few seconds."""
        self.now_ms += int(seconds * 1_000)
        await self.rings.refresh()

    async def issue(self, **given: Any) -> tuple[str, dict[str, Any]]:
        """Issue one, delivered by the caller: its text, and the answer."""
        answer = await self.desk.issue(order(**given), BACKEND, None, b"{}")
        assert isinstance(answer, Answer), answer
        body = msgspec.json.decode(answer.body)
        return str(body["link"]).rpartition("/")[2] if "link" in body else "", body

    async def redeem(
        self,
        text: str,
        otp: str | None = None,
        key: str = "key-1",
        account_id: str = "m-1",
        body: bytes = b"{}",
    ) -> Answer | Problem:
        """As a backend does."""
        return await self.desk.redeem(text, otp, account_id, BACKEND, key, body)

    def letters(self) -> list[Letter]:
        """Everything that waits to be sent, taken out and noted as sent."""
        waiting = self.outbox.take(self.now_ms, 1_000, 60_000)
        self.outbox.sent([one.message.message_id for one in waiting], self.now_ms)
        messages = [one.message for one in waiting]
        return [open_letter(self.secrets.outbox, one.message_id, one.kind, one.sealed) for one in messages]

    def code(self) -> str:
        """The code sent last."""
        return [one for one in self.letters() if isinstance(one, CodeLetter)][-1].code


def order(**given: Any) -> Order:
    """An order; what matters to a test is given by name."""
    usual = Order(
        account_id="m-1",
        purpose="reward_link",
        reward=Reward(reward_id="coffee", points=500, face_value_minor=1_000, currency="EUR"),
        payload=msgspec.json.encode(PAYLOAD),
        campaign_id="spring",
        expires_in_s=3_600,
        not_before_ms=None,
        channel="none",
        to=None,
        locale="en",
        otp_method="none",
        otp_to=None,
        decision_id=None,
        metadata=b"",
    )
    return structs.replace(usual, **given)


def client(address: str = "198.51.100.7") -> Client:
    """A member's browser."""
    return Client(address, "en")


def other_code(code: str) -> str:
    """A code that is not this one."""
    return re.sub(r"\d$", lambda last: str((int(last[0]) + 1) % 10), code)
