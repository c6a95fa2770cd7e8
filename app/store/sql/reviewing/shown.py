"""Single decisions and accounts, as far as a scope shows them; and what is opened of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, case, func, select

from app.ports.record import EventErased
from app.ports.rows import DecisionRow
from app.reviewing.account import Stretch
from app.store.sql.audit import Entry
from app.store.sql.events import WITH_KEY, opened
from app.store.sql.reach import reading, writing
from app.store.sql.reviewing.scoping import of_place
from app.store.sql.tables import account_keys, decisions

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.store.sql.account_keys import AccountKeys
    from app.store.sql.audit import Audit
    from app.users.rights import Scope
    from detectors.event import Event, Profile
    from tokens.who import Who

_FIELDS: Final = DecisionRow.__struct_fields__
_MINE: Final = (decisions.c.program_id == bindparam("program")) & (
    decisions.c.account_id == bindparam("account")
)
_SEALED: Final = [
    decisions.c[name]
    for name in ("seq", "decision_id", "program_id", "account_id", "event_id", "sealed_event", "occurred_ms")
]
_PROFILES: Final = (
    select(*_SEALED, account_keys.c.wrapped_key)
    .select_from(WITH_KEY)
    .where(_MINE, decisions.c.type.in_(("signup", "profile_change")))
    .order_by(decisions.c.occurred_ms.desc(), decisions.c.seq.desc())
    .limit(bindparam("most"))
)
_TOOK_PLACE: Final = case(
    (decisions.c.outcome == "completed", True),
    (decisions.c.outcome.in_(("cancelled", "reversed")), False),
    else_=(decisions.c.decision == "allow") | (decisions.c.origin == "event"),
)
"""As `app.settlement.took_place` has it."""


class SqlShown:
    """`app.reviewing.asking_why.Decisions`, `app.reviewing.revealing.Sealed`. Every method raises RecordAway."""

    def __init__(self, engine: Engine, keys: AccountKeys, audit: Audit) -> None:
        self._engine, self._keys, self._audit = engine, keys, audit

    def shown(
        self, program_id: str, decision_id: str, scope: Scope
    ) -> tuple[DecisionRow, bytes | None] | None:
        """A decision and its vector; None where there is none that the scope shows."""
        query = select(*(decisions.c[name] for name in _FIELDS), decisions.c.vector).where(
            decisions.c.program_id == program_id,
            decisions.c.decision_id == decision_id,
            of_place(decisions, scope),
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else (DecisionRow(*row[:-1]), row.vector)

    def is_shown(self, program_id: str, account_id: str, scope: Scope) -> bool:
        """Whether the account did anything the scope shows."""
        query = select(decisions.c.seq).where(_MINE, of_place(decisions, scope)).limit(1)
        with reading(self._engine) as connection:
            given = {"program": program_id, "account": account_id}
            return connection.execute(query, given).first() is not None

    def profiles(self, program_id: str, account_id: str, limit: int) -> Sequence[Profile]:
        """Profiles the account ever gave, newest first; erased ones are left out."""
        with reading(self._engine) as connection:
            given = {"program": program_id, "account": account_id, "most": limit}
            rows: Sequence[Any] = connection.execute(_PROFILES, given).all()
        found = []
        for row in rows:
            try:
                profile = opened(self._keys, row).profile
            except EventErased:
                continue
            if profile is not None:
                found.append(profile)
        return found

    def stretches(self, program_id: str, account_id: str, from_ms: int, each_ms: int) -> Sequence[Stretch]:
        """Points earned and burned in each stretch of time since then, oldest first; those without any left out."""
        number = (decisions.c.occurred_ms - from_ms) // each_ms
        earned = case(((decisions.c.type == "earn") & _TOOK_PLACE, decisions.c.points), else_=0)
        query = (
            select(number, func.sum(earned), func.sum(func.coalesce(decisions.c.burned, 0)))
            .where(_MINE, decisions.c.occurred_ms >= from_ms)
            .group_by(number)
            .order_by(number)
        )
        with reading(self._engine) as connection:
            given = {"program": program_id, "account": account_id}
            rows = connection.execute(query, given).all()
        return [Stretch(from_ms + each_ms * int(at), int(one), int(other)) for at, one, other in rows]

    def event(self, program_id: str, account_id: str, decision_id: str) -> Event | None:
        """The event of one of the account's decisions, opened; None where there is none, or it was erased."""
        query = (
            select(*_SEALED, account_keys.c.wrapped_key)
            .select_from(WITH_KEY)
            .where(_MINE, decisions.c.decision_id == decision_id)
        )
        with reading(self._engine) as connection:
            given = {"program": program_id, "account": account_id}
            row: Any = connection.execute(query, given).first()
        try:
            return None if row is None else opened(self._keys, row)
        except EventErased:
            return None

    def note_revealed(self, program_id: str, account_id: str, who: Who, detail: str, now_ms: int) -> None:
        """Write `personal.revealed` into the audit."""
        entry = Entry(now_ms, program_id, "personal.revealed", account_id, *who, detail)
        with writing(self._engine) as connection:
            self._audit.append(connection, [entry])
