"""An installation with cases, tokens, holds and the desk of acts, over each database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from app.acting.after import After
from app.acting.desk import ActingDesk
from app.acting.parts import KEPT, RELEASED
from app.acting.ports import Act, Consequence, Done, Effect, Refused
from app.acting.remaking import remade
from app.acting.seen import at, case_word, end_word, lock_word
from app.capping.ending import Ender
from app.cases.ports import Scope
from app.cases.terms import CaseTerms
from app.keys import derive
from app.locking.switch import Switch
from app.ports.journal import LinkFound
from app.redeeming.finding import Finder
from app.redeeming.issuing import Issuer
from app.redeeming.rings import Rings
from app.redeeming.secrets import Secrets
from app.redeeming.terms import DEFAULT_TERMS
from app.seal import Seal
from app.store.pipeline import Pipeline
from app.store.sql import open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.acting import SqlActs
from app.store.sql.cases import Kept, SqlCases, SqlCasing
from app.store.sql.feedback import SqlFeedback
from app.store.sql.feedback_tables import shared_contexts
from app.store.sql.holding import SqlHolds
from app.store.sql.locks import SqlLocks
from app.store.sql.otp import SqlChallenges, SqlPasskeys
from app.store.sql.tables import holds, list_entries
from app.store.sql.tokens import SqlKeyStore, SqlLedger
from app.store.telling import Telling
from app.users.rights import EVERYTHING, Role
from app.users.rights import Scope as Sees
from app.users.viewer import Viewer
from detectors.holds import SMALL_ONES
from tests.app.installation import MASTER, Installation
from tests.app.store.cased import NOW_MS, answer
from tests.app.store.ledger_samples import new_token
from tokens.token import Reward
from tokens.vault import shut
from tokens.who import Who

HOUR_MS = 3_600_000
PROGRAM = "default"
SHOP = Who("key:shop")


def person(name: str, role: Role = "analyst", scope: Sees = EVERYTHING) -> Viewer:
    """Somebody signed in."""
    return Viewer(f"usr_{name}", f"{name}@example.org", role, scope)


ANN, BEN = person("ann"), person("ben")
SUE, SAM = person("sue", "senior"), person("sam", "senior")


class House:
    """Everything acts touch."""

    def __init__(self, installation: Installation, decided: Callable[..., Any]) -> None:
        self.installation, self.engine, self._decided = installation, installation.engine, decided
        self.numbers, ids = count(1), count(1)
        self.terms = CaseTerms()
        self.seal = Seal(derive(MASTER, "record"))
        self.keys, self.audit, clock = AccountKeys(self.seal), installation.audit, installation.clock

        def new_id(prefix: str) -> str:
            return f"{prefix}_{next(ids)}"

        self.kept = Kept(self.keys, self.audit, lambda _: self.terms, lambda _: SMALL_ONES, new_id)
        self.cases, self.casing = SqlCases(self.engine, self.kept), SqlCasing(self.engine, self.kept)
        self.ledger = SqlLedger(self.engine, self.keys, self.audit)
        self.locks = SqlLocks(self.engine, self.keys, self.audit)
        self.feedback = SqlFeedback(self.engine, self.seal, self.keys, self.audit)
        self.switch = Switch(self.locks, installation.history, installation.sighter.digest, clock)
        self.ender = Ender(
            SqlHolds(self.engine), installation.history, installation.sighter, installation.journal, clock
        )
        self.renewed = False
        self.acts = SqlActs(
            self.engine, self.seal, self.kept, installation.sighter.digest, lambda *_: self.renewed
        )
        after = After(
            self.switch.tell, Telling(installation.pipeline, installation.record).tell, self.ender.step
        )
        self.desk = ActingDesk(
            self.acts,
            after,
            partial(remade, self._issuer()),
            installation.record.lock,
            lambda _: "EUR",
            clock,
            new_id,
        )

    def _issuer(self) -> Issuer:
        clock = self.installation.clock
        keys = SqlKeyStore(self.engine, Seal(derive(MASTER, "tokens/keys")), self.audit)
        rings = self.rings = Rings(keys, clock)
        return Issuer(
            self.ledger, Finder(rings, self.ledger.token, clock), rings, Secrets.of(MASTER),
            terms=lambda _: (DEFAULT_TERMS, "p1"), decision=self.installation.record.decision,
            authenticator=SqlChallenges(self.engine, self.keys, self.audit).authenticator,
            passkeys=SqlPasskeys(self.engine, self.keys, self.audit).passkeys,
            link=lambda text: f"https://redeem.example/r#{text}", host="redeem.example",
            reached=lambda _: True, clock=clock,
        )  # fmt: skip

    def open_case(
        self, *accounts: str, held: tuple[str, ...] = (), links: bool = True, at: str | None = None
    ) -> str:
        """A case of these accounts, linked; those of `held` have 500 points held for a day. `at`: the first's store."""
        until_ms = NOW_MS + 24 * HOUR_MS
        for name in accounts:
            others = [(one.encode().ljust(8), 0.9) for one in accounts if one != name] if links else []
            more: dict[str, Any] = {"hold": (until_ms, "released")} if name in held else {}
            more |= {"store_id": at} if at and name == accounts[0] else {}
            entry = self._decided(
                next(self.numbers), account_id=name, decision="review", type="earn", points=500,
                risk_score=60.0, account_key=name.encode().ljust(8),
                answer=answer("BURN_SHARE_HIGH", held_ms=until_ms if name in held else None),
                links=tuple([LinkFound(*one) for one in others]), **more,
            )  # fmt: skip
            self.installation.record.append([entry])
        while self.casing.step(NOW_MS, 500):
            pass
        found = self.cases.open_case(PROGRAM, accounts[0])
        assert found is not None
        return found

    def token(self, account_id: str, *, payload: bytes = b"", **more: Any) -> str:
        """A live token of this account."""
        number = next(self.numbers)
        made = new_token(
            number, account_id=account_id, campaign_id=None, issued_ms=NOW_MS, not_before_ms=NOW_MS,
            expires_ms=NOW_MS + 72 * HOUR_MS,
            shut=shut(payload, server_key=bytes(32), secret=bytes(32), place=(PROGRAM,), jti=b"j"),
            **({"reward": Reward(points=100)} | more),
        )  # fmt: skip
        assert self.ledger.issue([(made, None, None)], SHOP) == ["issued"]
        return made.token_id

    def hold_token(self, token_id: str) -> None:
        token = self.ledger.token_of(PROGRAM, token_id)
        assert token is not None
        assert self.ledger.hold(token.token_hash, f"dec_{token_id}", SHOP, NOW_MS)

    def version(self, case_id: str) -> int:
        return self.case(case_id).version

    def case(self, case_id: str) -> Any:
        file = self.cases.file(Scope(PROGRAM), case_id)
        assert file is not None
        return file.case

    async def ask(self, who: Viewer, case_id: str, act: Act) -> Consequence:
        told = await self.desk.consequence(who, PROGRAM, case_id, act)
        assert isinstance(told, Consequence), told
        return told

    async def tried(self, who: Viewer, case_id: str, name: str, **asked: Any) -> Done | Refused:
        act = Act(name=name, act_id=asked.pop("act_id", self.desk.new_id()), **asked)  # type: ignore[arg-type]
        return await self.desk.do(
            who, PROGRAM, case_id, act, self.version(case_id), "they called and said so"
        )

    async def do(self, who: Viewer, case_id: str, name: str, **asked: Any) -> Done:
        done = await self.tried(who, case_id, name, **asked)
        assert isinstance(done, Done), done
        return done

    def stands(self, case_id: str, effect: Effect) -> str:  # noqa: PLR0911 - a kind, a word
        """How the thing an effect is about stands now, in the effect's own words, read past the desk."""
        seen = self.acts.see(
            Scope(PROGRAM), case_id, Act(name="lock"), Who("user:x"), self.installation.now_ms
        )
        assert seen is not None
        match effect.kind:
            case "case":
                return case_word(seen.case)
            case "redeeming":
                return lock_word(self.locks.lock(PROGRAM, effect.what))
            case "account":
                return "closed" if self.acts.is_closed(PROGRAM, effect.what) else "open"
            case "label":
                return seen.words.get(effect.what, "")
            case "pair":
                one, other = effect.what.split("|")
                return seen.pairs.get((one, other), "")
            case "token":
                token = self.ledger.token_of(PROGRAM, effect.what)
                return "" if token is None else token.state
            case "held_reward":
                token = self.ledger.token_of(PROGRAM, effect.what)
                return "held" if token is not None and token.held_ms is not None else "let go"
            case "held_points":
                return self._held(effect.what)
            case "list":
                return self._listed(*effect.what.split(":", 2))
        return self._shared(*effect.what.split(":", 1))

    def _held(self, decision_id: str) -> str:
        row = self.installation.record.decision(PROGRAM, decision_id)
        assert row is not None
        if row.hold_end == "released":
            return RELEASED
        with self.engine.connect() as connection:
            held: Any = connection.execute(select(holds).where(holds.c.decision_id == decision_id)).one()
        return KEPT if held.planned == "escalated" else f"held until {at(held.due_ms)}"

    def _listed(self, name: str, kind: str, value: str) -> str:
        digest = self.installation.sighter.digest(PROGRAM, kind, value)
        of = list_entries.c
        query = select(of.expires_ms).where(of.list == name, of.kind == kind, of.digest == digest)
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
        return "" if row is None else end_word(row.expires_ms)

    def _shared(self, kind: str, value: str) -> str:
        of = shared_contexts.c
        digest = self.installation.sighter.digest(PROGRAM, kind, value)
        with self.engine.connect() as connection:
            row = connection.execute(select(of.context, of.expires_ms).where(of.digest == digest)).first()
        return "" if row is None else f"{row.context}, {end_word(row.expires_ms)}"


@pytest.fixture
async def house(
    pipeline: Pipeline, database_url: str, tmp_path: Path, decided: Callable[..., Any]
) -> AsyncIterator[House]:
    engine: Engine = open_engine(database_url)
    installation = Installation(pipeline, engine, tmp_path, now_ms=NOW_MS)
    await installation.begin()
    yield House(installation, decided)
    engine.dispose()
