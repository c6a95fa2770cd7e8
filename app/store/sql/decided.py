"""Decisions, answers, timelines and accounts, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, or_, select

from app.ports.record import Page
from app.ports.rows import AccountRow, DecisionRow, StoredAnswer, TimelineItem
from app.store.sql.appending import append
from app.store.sql.event_ids import event_ids
from app.store.sql.events import WITH_KEY, opened, opened_or_bare
from app.store.sql.pages import read_page
from app.store.sql.reach import reading, writing
from app.store.sql.replaying import replay
from app.store.sql.tables import account_keys, accounts, decisions, head
from app.store.sql.totals import COUNTED_AS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine, Row

    from app.ports.journal import JournalEntry
    from app.store.sql.account_keys import AccountKeys
    from app.store.sql.audit import Audit
    from detectors.event import Event, Profile

_FIELDS: Final = DecisionRow.__struct_fields__
_ROW: Final = [decisions.c[name] for name in _FIELDS]
_SEALED: Final = [*_ROW, decisions.c.seq, decisions.c.sealed_event, account_keys.c.wrapped_key]

_ANSWER: Final = select(decisions.c.body_hash, decisions.c.answer).where(
    decisions.c.program_id == bindparam("program"), decisions.c.event_id == bindparam("event")
)
_DECISION: Final = select(*_ROW).where(
    decisions.c.decision_id == bindparam("decision"), decisions.c.program_id == bindparam("program")
)
_PROGRAMME: Final = select(decisions.c.program_id).where(decisions.c.decision_id == bindparam("decision"))
_EVENT: Final = (
    select(*_SEALED)
    .select_from(WITH_KEY)
    .where(decisions.c.program_id == bindparam("program"), decisions.c.event_id == bindparam("event"))
)
_CONTACTS: Final = (
    select(*_SEALED)
    .select_from(WITH_KEY)
    .where(
        decisions.c.program_id == bindparam("program"),
        decisions.c.account_id == bindparam("account"),
        decisions.c.occurred_ms <= bindparam("upto_ms"),
        decisions.c.type.in_(("signup", "profile_change")),
        func.coalesce(decisions.c.outcome, "").not_in(("cancelled", "reversed")),
        or_(
            decisions.c.type == "signup",
            decisions.c.decision == "allow",
            decisions.c.origin == "event",
            decisions.c.outcome == "completed",
        ),
    )
    .order_by(decisions.c.occurred_ms.desc(), decisions.c.seq.desc())
    .limit(bindparam("most"))
)
_ACCOUNT: Final = select(accounts).where(
    accounts.c.program_id == bindparam("program"), accounts.c.account_id == bindparam("account")
)
_NEWEST_FIRST: Final = (decisions.c.occurred_ms, decisions.c.seq)


class DecidedRecord:
    """What was decided, part of `SqlRecord`."""

    def __init__(self, engine: Engine, keys: AccountKeys, audit: Audit | None = None) -> None:
        self._engine = engine
        self._keys = keys
        self._audit = audit

    def append(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal entries in order, in one transaction. An entry written before is passed over."""
        append(self._engine, self._keys, entries, self._audit)

    def answer(self, program_id: str, event_id: str) -> StoredAnswer | None:
        """The answer given to an event, byte for byte."""
        with reading(self._engine) as connection:
            row = connection.execute(_ANSWER, {"program": program_id, "event": event_id}).first()
        return None if row is None else StoredAnswer(row.body_hash, row.answer)

    def decision(self, program_id: str, decision_id: str) -> DecisionRow | None:
        """One decision as it stands after the outcomes told so far."""
        with reading(self._engine) as connection:
            row = connection.execute(_DECISION, {"program": program_id, "decision": decision_id}).first()
        return None if row is None else DecisionRow(*row)

    def programme_of(self, decision_id: str) -> str | None:
        """Whose decision it is, by its id alone, which is unique over all programmes."""
        with reading(self._engine) as connection:
            return connection.scalar(_PROGRAMME, {"decision": decision_id})

    def decisions(
        self, program_id: str, *, account_id: str | None, limit: int, cursor: str | None
    ) -> Page[DecisionRow]:
        """Decisions by when their events happened, newest first. Raises BadCursor."""
        query = select(*_ROW, decisions.c.seq).where(decisions.c.program_id == program_id)
        if account_id is not None:
            query = query.where(decisions.c.account_id == account_id)
        return read_page(
            self._engine, query, sorted_by=_NEWEST_FIRST, tag=b"d", limit=limit, cursor=cursor, read=_decision
        )

    def timeline(
        self, program_id: str, account_id: str, *, limit: int, cursor: str | None
    ) -> Page[TimelineItem]:
        """
        An account's decisions with their events, newest first.

        Of events sealed before the account was erased only ids, type, instant and points are left.

        Raises:
            BadCursor: The cursor is none of a timeline.
            SealBroken: A row was tampered with, or the service's key is another one.
        """
        query = (
            select(*_SEALED)
            .select_from(WITH_KEY)
            .where(decisions.c.program_id == program_id, decisions.c.account_id == account_id)
        )
        return read_page(
            self._engine,
            query,
            sorted_by=_NEWEST_FIRST,
            tag=b"t",
            limit=limit,
            cursor=cursor,
            read=lambda row: TimelineItem(_decision(row), opened_or_bare(self._keys, row)),
        )

    def event(self, program_id: str, event_id: str) -> Event | None:
        """
        One event as received.

        Raises:
            EventErased: The account's key was erased since.
            SealBroken: The row was tampered with, or the service's key is another one.
        """
        with reading(self._engine) as connection:
            row = connection.execute(_EVENT, {"program": program_id, "event": event_id}).first()
        return None if row is None else opened(self._keys, row)

    def contacts(self, program_id: str, account_id: str, upto_ms: int, limit: int) -> Sequence[Profile]:
        """
        Profiles the account was given up to then by events that took place, newest first; erased ones are left out.

        A sign-up counts unless it was taken back: who acts has joined, whatever was thought of it. A change counts
        where it was allowed, passed its challenge, or is told to have been made.
        """
        with reading(self._engine) as connection:
            given = {"program": program_id, "account": account_id, "upto_ms": upto_ms, "most": limit}
            rows = connection.execute(_CONTACTS, given).all()
        events = (opened_or_bare(self._keys, row) for row in rows)
        return [event.profile for event in events if event.profile is not None]

    def account(self, program_id: str, account_id: str) -> AccountRow | None:
        """An account's totals over everything recorded."""
        with reading(self._engine) as connection:
            row = connection.execute(_ACCOUNT, {"program": program_id, "account": account_id}).first()
        if row is None:
            return None
        values = row._asdict()
        del values["account_key"]
        counts: dict[str, int] = {action: values.pop(column) for action, column in COUNTED_AS.items()}
        return AccountRow(**values, decisions=counts)

    def erase_key(self, program_id: str, account_id: str) -> bool:
        """Make every event of the account recorded so far unreadable for good. False: there was no key."""
        with writing(self._engine) as connection:
            erased = connection.execute(
                delete(account_keys).where(
                    account_keys.c.program_id == program_id, account_keys.c.account_id == account_id
                )
            ).rowcount
        self._keys.forget_unwrapped()
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:  # the log still holds the page as it was
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased > 0

    def replay(self) -> Iterator[tuple[JournalEntry, int]]:
        """Everything ever journalled with its sequence number, in the order written."""
        return replay(self._engine, self._keys)

    def event_ids(self) -> Iterator[tuple[str, str]]:
        """Programme and id of every event recorded, in any order, streaming."""
        return event_ids(self._engine)

    def count_events(self) -> int:
        """Decisions held, of all programmes."""
        with reading(self._engine) as connection:
            count: int = connection.execute(select(head.c.events)).scalar_one()
        return count

    def last_seq(self) -> int:
        """The sequence number of the entry written last; 0 where there is none."""
        with reading(self._engine) as connection:
            last: int = connection.execute(select(head.c.seq)).scalar_one()
        return last


def _decision(row: Row[Any]) -> DecisionRow:
    return DecisionRow(*row[: len(_FIELDS)])
