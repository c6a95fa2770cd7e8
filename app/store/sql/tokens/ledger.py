"""The ledger of tokens in SQL. One transaction a move; each move's idea is in a file beside this one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Engine, select

from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit, Entry
from app.store.sql.cases.opener import CaseOpener
from app.store.sql.reach import in_one, reading, writing
from app.store.sql.token_tables import tokens
from app.store.sql.tokens import budgets, ending, holding, issuing, listing, redeeming, sweeping
from tokens.budget import Budget, OverBudget
from tokens.ledger import NO_DOUBT, Call, DecisionTaken, Doubt, Issued, Ledger, Page, Repeated, RowTaken
from tokens.outbox import Message
from tokens.redemption import Proof, Redeemed, Redemption, Refusal
from tokens.states import State
from tokens.token import NewToken, Token
from tokens.who import Who


class SqlLedger(Ledger):
    """
    `tokens.ledger.Ledger` over SQLite and PostgreSQL. Every method raises RecordAway.

    Args:
        engine: A database at this version's migration.
        keys: The accounts' data keys: under them lie recipients and metadata.
        audit: Where every move is noted, in its own transaction.
        opener: Opens a case of a reward that waits for a person, in its transaction; None: nobody looks at them here.
    """

    def __init__(
        self, engine: Engine, keys: AccountKeys, audit: Audit, opener: CaseOpener | None = None
    ) -> None:
        self._engine, self._opener = engine, opener
        self._keys = keys
        self._audit = audit

    def issue(
        self, wanted: Sequence[tuple[NewToken, Message | None, Call | None]], who: Who
    ) -> Sequence[Issued | OverBudget | RowTaken | DecisionTaken | Repeated]:
        return in_one(
            self._engine,
            partial(issuing.issue, keys=self._keys, audit=self._audit, wanted=wanted, who=who),
        )

    def token(self, token_hash: bytes) -> Token | None:
        return listing.find(self._engine, self._keys, tokens.c.token_hash == token_hash)

    def token_of(self, program_id: str, token_id: str) -> Token | None:
        return listing.find(
            self._engine, self._keys, tokens.c.program_id == program_id, tokens.c.token_id == token_id
        )

    def token_for(self, program_id: str, decision_id: str) -> Token | None:
        return listing.find(
            self._engine, self._keys, tokens.c.program_id == program_id, tokens.c.settles == decision_id
        )

    def tokens(
        self,
        program_id: str,
        *,
        account_id: str | None,
        campaign_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> Page:
        conditions = [tokens.c.program_id == program_id]
        if account_id is not None:
            conditions.append(tokens.c.account_id == account_id)
        if campaign_id is not None:
            conditions.append(tokens.c.campaign_id == campaign_id)
        return listing.read_tokens(self._engine, self._keys, conditions, limit, cursor)

    def redeem(
        self,
        redemption: Redemption,
        proof: Proof | None,
        call: Call | None,
        who: Who,
        notice: Message | None = None,
    ) -> Redeemed | Refusal:
        return redeeming.redeem(self._engine, self._audit, redemption, proof, call, who, notice)

    def redemption(self, token_hash: bytes) -> Redeemed | None:
        with reading(self._engine) as connection:
            return redeeming.read_redemption(connection, token_hash)

    def acknowledge(self, token_hash: bytes, call_hash: bytes) -> bool:
        with writing(self._engine) as connection:
            return redeeming.acknowledge(connection, token_hash, call_hash)

    def revoke(self, program_id: str, token_id: str, who: Who, now_ms: int) -> State | None:
        return in_one(
            self._engine,
            lambda connection: ending.revoke(connection, self._audit, program_id, token_id, who, now_ms),
        )

    def freeze(self, token_hash: bytes, why: str, who: Who, now_ms: int) -> bool:
        return in_one(
            self._engine,
            lambda connection: ending.freeze(connection, self._audit, token_hash, why, who, now_ms),
        )

    def hold(
        self, token_hash: bytes, decision_id: str, who: Who, now_ms: int, doubt: Doubt = NO_DOUBT
    ) -> bool:
        return in_one(
            self._engine,
            lambda connection: holding.hold(
                connection, self._audit, self._opener, token_hash, decision_id, who, now_ms, doubt
            ),
        )

    def release_hold(self, program_id: str, token_id: str, who: Who, now_ms: int) -> bool:
        return in_one(
            self._engine,
            lambda connection: holding.release(connection, self._audit, program_id, token_id, who, now_ms),
        )

    def sweep(self, now_ms: int, limit: int) -> int:
        return sweeping.sweep(self._engine, self._audit, now_ms, limit)

    def note(self, event: str, token_hash: bytes, who: Who, now_ms: int) -> None:
        """An audit entry without a move; of a token that is not here there is nothing to note."""
        wanted = select(tokens.c.program_id, tokens.c.token_id).where(tokens.c.token_hash == token_hash)
        with writing(self._engine) as connection:
            found = connection.execute(wanted).one_or_none()
            if found is not None:
                self._audit.append(connection, [Entry(now_ms, found[0], f"token.{event}", found[1], *who)])

    def set_budget(self, budget: Budget, who: Who, now_ms: int) -> Budget:
        return budgets.set_budget(self._engine, self._audit, budget, who, now_ms)

    def budget(self, program_id: str, campaign_id: str) -> Budget | None:
        return budgets.read_budget(self._engine, program_id, campaign_id)
