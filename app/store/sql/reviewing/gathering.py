"""
Gathers who used which device, network address, payment instrument, mailbox, number and postal address.

Only keyed hashes are kept, and the decision on whose event the value lies sealed. Each event counts once: how far the
record is read is kept in the transaction that writes.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from iptocc import country_code
from sqlalchemy import case, select, update

from app.ports.record import EventErased
from app.seal import SealBroken
from app.sighting import network
from app.store.sql.dialect import insert_rows
from app.store.sql.events import WITH_KEY, opened
from app.store.sql.figure_tables import identifier_uses, identifiers, review_cursors
from app.store.sql.reach import in_one, reading
from app.store.sql.tables import account_keys, decisions, head

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from sqlalchemy import Connection, Engine

    from app.sighting import Sighter
    from app.store.sql.account_keys import AccountKeys
    from app.store.sql.dialect import Insert
    from detectors.event import Event

KINDS: Final = ("device", "ip", "payment", "email", "phone", "address")
"""What accounts can share, as `app.sighting` names it."""
ASKED_AT_ONCE: Final = 500
"""Accounts in one question: SQLite before 3.32 takes 999 parameters."""
_ROWS: Final = (
    select(
        decisions.c.seq, decisions.c.decision_id, decisions.c.program_id, decisions.c.account_id,
        decisions.c.event_id, decisions.c.occurred_ms, decisions.c.sealed_event, account_keys.c.wrapped_key,
    )
    .select_from(WITH_KEY)
    .order_by(decisions.c.seq)
)  # fmt: skip

Use = tuple[str, str, bytes, str]
"""Programme, kind, keyed hash, account."""


class SqlGathering:
    """
    Reads the record on. Any number of workers may: the cursor's lock is held by one at a time.

    Args:
        engine: A database at this version's migration.
        keys: The accounts' data keys, to open events. Those of erased members stay shut, and are passed over.
        sighter: Makes the keyed hashes.
    """

    def __init__(self, engine: Engine, keys: AccountKeys, sighter: Sighter) -> None:
        self._engine, self._keys, self._sighter = engine, keys, sighter

    def step(self, limit: int) -> int:
        """Gather from at most `limit` numbers of the record; how many there were. Raises RecordAway."""
        its = review_cursors.c.source == "uses"
        after: int
        last: int
        with reading(self._engine) as connection:
            ends = select(review_cursors.c.seq, select(head.c.seq).scalar_subquery()).where(its)
            after, last = connection.execute(ends).one()
            if last <= after:
                return 0
            upto = min(last, after + limit)
            some = _ROWS.where(decisions.c.seq > after, decisions.c.seq <= upto)
            found = self._used(connection.execute(some).all())  # opened before anybody is kept waiting
            known = _known(connection, found)  # others write only where they move the cursor

        def move(connection: Connection) -> int:
            mine = its & (review_cursors.c.seq == after)
            if connection.execute(update(review_cursors).where(mine).values(seq=upto)).rowcount:
                _write(connection, found, known)
            return upto - after

        return in_one(self._engine, move)

    def _used(self, rows: Iterable[Any]) -> dict[Use, dict[str, Any]]:
        found: dict[Use, dict[str, Any]] = {}
        for row in rows:
            try:
                event = opened(self._keys, row)
            except (EventErased, SealBroken):  # who tampered with a row is not to stop the others
                continue
            for kind, digest in self._touched(event):
                at_ms = row.occurred_ms
                now = {
                    "first_ms": at_ms, "last_ms": at_ms, "events": 1, "decision_id": row.decision_id,
                    "country": _country(event) if kind == "ip" else "",
                }  # fmt: skip
                use = (row.program_id, kind, digest, row.account_id)
                found[use] = _later(found[use], now) if use in found else now
        return found

    def _touched(self, event: Event) -> Iterator[tuple[str, bytes]]:
        for touch in self._sighter.sight(event).sighting.touches:
            if touch.role in KINDS:
                yield touch.role, touch.key


def _country(event: Event) -> str:
    return (country_code(network(event.ip)) or "") if event.ip is not None else ""


def _later(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    latest = two if two["last_ms"] >= one["last_ms"] else one
    return {
        **latest,
        "first_ms": min(one["first_ms"], two["first_ms"]),
        "events": one["events"] + two["events"],
    }


def _write(connection: Connection, found: Mapping[Use, Mapping[str, Any]], known: Collection[Use]) -> None:
    new = Counter(use[:3] for use in found if use not in known)
    insert_rows(
        connection,
        identifiers,
        [
            {"program_id": program_id, "kind": kind, "digest": digest, "accounts": more}
            for (program_id, kind, digest), more in sorted(new.items())
        ],
        _more_accounts,
    )
    insert_rows(
        connection,
        identifier_uses,
        [
            {"program_id": use[0], "kind": use[1], "digest": use[2], "account_id": use[3], **now}
            for use, now in sorted(found.items(), key=lambda one: (one[0][0], one[0][3], one[0][1:3]))
        ],
        _used_again,
    )


def _more_accounts(insert: Insert) -> Insert:
    return insert.on_conflict_do_update(
        index_elements=["program_id", "kind", "digest"],
        set_={"accounts": identifiers.c.accounts + insert.excluded.accounts},
    )


def _used_again(insert: Insert) -> Insert:
    fresh, held = insert.excluded, identifier_uses.c
    later = fresh.last_ms >= held.last_ms
    return insert.on_conflict_do_update(
        index_elements=["program_id", "account_id", "kind", "digest"],
        set_={
            "first_ms": case((fresh.first_ms < held.first_ms, fresh.first_ms), else_=held.first_ms),
            "last_ms": case((later, fresh.last_ms), else_=held.last_ms),
            "decision_id": case((later, fresh.decision_id), else_=held.decision_id),
            "country": case((later, fresh.country), else_=held.country),
            "events": held.events + fresh.events,
        },
    )


def _known(connection: Connection, found: Iterable[Use]) -> set[Use]:
    """Those that an account was seen with before."""
    accounts: dict[str, set[str]] = {}
    for program_id, _, _, account_id in found:
        accounts.setdefault(program_id, set()).add(account_id)
    known: set[Use] = set()
    its = identifier_uses.c
    for program_id, names in accounts.items():
        some = sorted(names)
        for start in range(0, len(some), ASKED_AT_ONCE):
            query = select(its.program_id, its.kind, its.digest, its.account_id).where(
                its.program_id == program_id, its.account_id.in_(some[start : start + ASKED_AT_ONCE])
            )
            known |= {(row[0], row[1], row[2], row[3]) for row in connection.execute(query)}
    return known
