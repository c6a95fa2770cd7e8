"""Cases over an engine, and decisions to make them of, for tests of either side."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count

from sqlalchemy import select

from app.cases.ports import Scope
from app.cases.terms import CaseTerms
from app.ports.journal import LinkFound
from app.seal import Seal
from app.store.sql import SqlRecord
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.case_tables import case_accounts, cases
from app.store.sql.cases import CaseOpener, Kept, SqlCases, SqlCaseSweep, SqlCasing
from app.store.sql.token_tables import audit
from detectors.holds import Holds
from tokens.who import Who

NOW_MS = 1_772_366_500_000
HOUR_MS = 3_600_000
KEY = bytes(range(32))
ANN, BEN, CEM = Who("user:ann"), Who("user:ben"), Who("user:cem")
EVERYWHERE = Scope("default")


def answer(*codes, held_ms=None):
    actions = []
    if held_ms is not None:
        until = datetime.fromtimestamp(held_ms / 1_000, UTC).isoformat()
        actions.append({"type": "hold_points", "until": until})
    reasons = [{"code": code, "contribution": 0.5} for code in codes]
    return json.dumps({"reasons": reasons, "actions": actions}).encode()


class House:
    """Everything that keeps cases, over one database."""

    def __init__(self, engine, decided, **terms):
        self.engine, self._decided, self._numbers = engine, decided, count(1)
        self.record = SqlRecord(engine, Seal(KEY))
        self.audit = Audit(KEY)
        self.terms = CaseTerms(**terms)
        ids = count(1)
        self.kept = Kept(
            AccountKeys(Seal(KEY)),
            self.audit,
            lambda _: self.terms,
            lambda _: Holds(release_below_minor=1_000),
            lambda name: f"{name}_{next(ids)}",
        )
        self.casing = SqlCasing(engine, self.kept)
        self.cases = SqlCases(engine, self.kept)
        self.sweep = SqlCaseSweep(engine, self.kept)
        self.opener = CaseOpener(self.kept)

    def decide(
        self,
        account_id="m-1",
        decision="review",
        *,
        links=(),
        codes=("BURN_SHARE_HIGH",),
        held_ms=None,
        **more,
    ):
        """A decision, not yet recorded."""
        usual = {
            "type": "redeem",
            "points": 500,
            "risk_score": 60.0,
            "answer": answer(*codes, held_ms=held_ms),
        }
        found = tuple(LinkFound(other.encode().ljust(8), probability) for other, probability in links)
        return self._decided(
            next(self._numbers), account_id=account_id, decision=decision, links=found,
            account_key=account_id.encode().ljust(8), **(usual | more),
        )  # fmt: skip

    def record_all(self, *entries):
        self.record.append(entries)

    def drain(self, now_ms=NOW_MS, limit=500):
        steps = 0
        while self.casing.step(now_ms, limit):
            steps += 1
        return steps

    def open_one(self, account_id="m-1", now_ms=NOW_MS, **more):
        """A case of an account, freshly opened."""
        self.record_all(self.decide(account_id, **more))
        self.drain(now_ms)
        return self.case(self.cases.open_case("default", account_id))

    def case(self, case_id):
        return self.file(case_id).case

    def file(self, case_id):
        return self.cases.file(EVERYWHERE, case_id)

    def all(self):
        with self.engine.connect() as connection:
            return connection.execute(select(cases).order_by(cases.c.seq)).all()

    def seats(self):
        """Account → the open case it is in."""
        of = case_accounts.c
        with self.engine.connect() as connection:
            rows = connection.execute(select(of.account_id, of.case_id).where(of.is_open == 1)).all()
        assert len({row.account_id for row in rows}) == len(rows)
        return {row.account_id: row.case_id for row in rows}

    def audited(self):
        with self.engine.connect() as connection:
            rows = connection.execute(select(audit.c.event, audit.c.subject).order_by(audit.c.seq))
            return [tuple(row) for row in rows if row.event.startswith("case.")]
