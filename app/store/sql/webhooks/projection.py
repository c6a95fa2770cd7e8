"""
From the record, the audit and the labels to messages, each once.

A source is read where its rows become visible in the order of their numbers, and how far it is read is kept in the
transaction that makes the messages: nothing is told that is not durable, and nothing durable is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from app.store.sql.dialect import insert_new
from app.store.sql.reach import in_one, reading
from app.store.sql.webhook_tables import webhook_messages
from app.store.sql.webhooks.endpoints import open_lanes
from app.store.sql.webhooks.rows import MOVES
from app.webhooks.events import AUDITED, Happened, is_told, of_audit, of_decision
from app.webhooks.projecting import Subscription, messages, wanted

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Row

_TYPES: Final = {
    "decisions": ("decision.created",),
    "audit": tuple(AUDITED.values()),
    "labels": ("label.recorded",),
}
"""What each source tells of. Where nobody wants any of it, the source is passed over."""


class SqlProjection:
    """Makes messages. Any number of workers may: the lock of the messages is held by one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def step(self, now_ms: int, limit: int) -> int:
        """
        Read on by at most `limit` numbers of each source; how many there were. While no endpoint is enabled nothing is
        read, and nothing written.

        Raises:
            RecordAway: Nothing was read, and nothing made.
        """
        with reading(self._engine) as connection:
            if not any(row.last > row.seq for row in MOVES(connection, "behind")):
                return 0
        return in_one(self._engine, lambda writer: _project(writer, now_ms, limit))


def _project(connection: Connection, now_ms: int, limit: int) -> int:
    number: int = MOVES(connection, "lock_messages").scalar_one()
    if connection.dialect.name == "postgresql":  # numbers of labels are given before they are committed:
        connection.execute(text("LOCK TABLE labels IN SHARE MODE"))  # wait for those under way
    subscriptions = [
        Subscription(row.webhook_id, row.program_id, tuple(json.loads(row.events)))
        for row in MOVES(connection, "subscriptions")
    ]
    done = 0
    happened: list[Happened] = []
    for row in MOVES(connection, "behind").all():
        source, seq, last = row.source, row.seq, row.last
        programs = wanted(subscriptions, _TYPES[source])
        upto = min(last, seq + limit) if programs else last
        if upto > seq:
            if programs:
                happened += _READ[source](connection, seq, upto, programs)
            MOVES(connection, "advance", source=source, seq=upto)
            done += min(upto - seq, limit)
    made = messages(happened, subscriptions)
    insert_new(
        connection,
        webhook_messages,
        [
            {
                **message._asdict(),
                "number": at,
                "state": "waiting",
                "attempts": 0,
                "why": "",
                "created_ms": now_ms,
                "ended_ms": None,
            }
            for at, message in enumerate(made, number + 1)
        ],
    )
    if made:
        open_lanes(connection, {(one.webhook_id, one.account_id) for one in made}, now_ms)
        MOVES(connection, "advance", source="messages", seq=number + len(made))
    return done


def _decided(connection: Connection, after: int, upto: int, programs: list[str]) -> Iterable[Happened]:
    def read(row: Row[Any]) -> Happened:
        data = of_decision(
            row.answer,
            decision_id=row.decision_id,
            event_id=row.event_id,
            account_id=row.account_id,
            event_type=row.type,
            decision=row.decision,
            risk_score=row.risk_score,
            source=row.source,
        )
        return Happened(
            "decisions", row.seq, row.program_id, "decision.created", row.account_id, row.received_ms, data
        )

    return map(read, MOVES(connection, "decided", after=after, upto=upto, programs=programs))


def _audited(connection: Connection, after: int, upto: int, programs: list[str]) -> Iterable[Happened]:
    def read(row: Row[Any]) -> Happened:
        event_type = AUDITED[row.event]
        account_id = row.account_id or (row.subject if event_type.startswith("account.") else "")
        data = of_audit(event_type, row.subject, account_id)
        return Happened("audit", row.seq, row.program_id, event_type, account_id, row.at_ms, data)

    rows = MOVES(connection, "audited", after=after, upto=upto, programs=programs, events=sorted(AUDITED))
    return [read(row) for row in rows if is_told(row.event, row.subject)]


def _labelled(connection: Connection, after: int, upto: int, programs: list[str]) -> Iterable[Happened]:
    def read(row: Row[Any]) -> Happened:
        names = ("label_id", "account_id", "event_id", "label", "typology", "source")
        data = {name: getattr(row, name) for name in names}
        return Happened(
            "labels", row.seq, row.program_id, "label.recorded", row.whose or "", row.labelled_ms, data
        )

    return map(read, MOVES(connection, "labelled", after=after, upto=upto, programs=programs))


_READ: Final[dict[str, Callable[[Connection, int, int, list[str]], Iterable[Happened]]]] = {
    "decisions": _decided,
    "audit": _audited,
    "labels": _labelled,
}
