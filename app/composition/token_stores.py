"""The stores of one-time tokens, of what is proven for them, and of locks, all over the record's database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from app.composition.cases import kept
from app.composition.ground import Ground
from app.keys import derive
from app.seal import Seal
from app.store.sql.cases import CaseOpener
from app.store.sql.locks import SqlLocks
from app.store.sql.otp import SqlChallenges, SqlPasskeys
from app.store.sql.tokens import SqlKeyStore, SqlLedger, SqlOpenings
from app.store.throttle import ValkeyThrottle


@dataclass(frozen=True, slots=True)
class TokenStores:
    """`keys` holds those that sign and seal tokens; `throttle` alone lives in the hot store."""

    ledger: SqlLedger
    openings: SqlOpenings
    keys: SqlKeyStore
    challenges: SqlChallenges
    passkeys: SqlPasskeys
    locks: SqlLocks
    throttle: ValkeyThrottle

    @classmethod
    def of(cls, ground: Ground) -> Self:
        """Over these databases."""
        engine, needed = ground.engine, kept(ground.master, ground.file)
        accounts, audit, opener = needed.keys, needed.audit, CaseOpener(needed)
        return cls(
            SqlLedger(engine, accounts, audit, opener),
            SqlOpenings(engine),
            SqlKeyStore(engine, Seal(derive(ground.master, "tokens/keys")), audit),
            SqlChallenges(engine, accounts, audit),
            SqlPasskeys(engine, accounts, audit),
            SqlLocks(engine, accounts, audit, opener),
            ValkeyThrottle(ground.pipeline),
        )
