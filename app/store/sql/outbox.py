"""The outbox in SQL: messages taken by one worker each, and their content destroyed when they end, however they do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import func, select

from app.store.sql.audit import Entry
from app.store.sql.moves import Moves
from app.store.sql.reach import in_one, reading
from app.store.sql.token_tables import outbox
from tokens.claims import token_id
from tokens.outbox import Message, Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from app.store.sql.audit import Audit

End = Literal["sent", "bounced", "failed"]

MOST_AT_ONCE: Final = 500
"""Messages in one transaction: SQLite before 3.32 takes 999 parameters, and no lock is held for long."""
_FROM: Final[dict[End, list[str]]] = {
    "sent": ["waiting"],
    "bounced": ["waiting", "sent"],
    "failed": ["waiting", "sent"],
}
"""The states an end can come from: a relay that took a message may still send it back; no end is ever undone."""
_MOVES: Final = Moves("app.store.sql", "outbox_moves")


class SqlOutbox:
    """
    What is to be sent. Every method raises RecordAway: nothing was done then.

    Locks are taken in the ledger's order: tokens, their messages, the end of the audit.
    """

    def __init__(self, engine: Engine, audit: Audit) -> None:
        self._engine, self._audit = engine, audit

    def take(self, now_ms: int, limit: int, hold_ms: int) -> Sequence[Waiting]:
        """Due messages, oldest first. Those past their expiry are not among them: they fail here."""
        while True:
            taken = in_one(
                self._engine, lambda connection: _take(connection, now_ms, limit, now_ms + hold_ms)
            )
            late = [one.message.message_id for one in taken if one.message.expires_ms <= now_ms]
            self._end_all(late, "failed", "expired", now_ms)
            if not late or len(late) < len(taken):
                good = [one for one in taken if one.message.expires_ms > now_ms]
                return sorted(good, key=lambda one: (one.message.created_ms, one.message.message_id))

    def sent(self, message_ids: Sequence[str], now_ms: int) -> None:
        """Messages that were cancelled or ended meanwhile stay so."""
        self._end_all(message_ids, "sent", "", now_ms)

    def later(self, message_id: str, next_ms: int, why: str) -> None:
        in_one(
            self._engine,
            lambda connection: _MOVES(connection, "later", message_id=message_id, next_ms=next_ms, why=why),
        )

    def ended(self, message_id: str, state: Literal["bounced", "failed"], why: str, now_ms: int) -> bool:
        """True also where it had ended before, which stays as it was."""

        def move(connection: Connection) -> bool:
            self._end(connection, [message_id], state, why, now_ms)
            return _MOVES(connection, "known", message_id=message_id).first() is not None

        return in_one(self._engine, move)

    def overview(self) -> dict[str, int]:
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(outbox.c.state, func.count().label("messages")).group_by(outbox.c.state)
            )
            return {row.state: row.messages for row in rows}

    def _end_all(self, message_ids: Sequence[str], state: End, why: str, now_ms: int) -> None:
        for start in range(0, len(message_ids), MOST_AT_ONCE):
            some = list(message_ids[start : start + MOST_AT_ONCE])
            in_one(self._engine, partial(self._end, message_ids=some, state=state, why=why, now_ms=now_ms))

    def _end(self, connection: Connection, message_ids: list[str], state: End, why: str, now_ms: int) -> None:
        """End those that can be ended so, tell the tokens they deliver, and the audit, which hears no words of others."""
        _MOVES(connection, "hold_tokens", message_ids=message_ids).all()
        ended = _MOVES(
            connection,
            "end",
            message_ids=message_ids,
            state=state,
            before=_FROM[state],
            why=why,
            now_ms=now_ms,
            nothing=b"",
        ).all()
        delivers = sorted({row.token_hash for row in ended if row.challenge_id is None and row.token_hash})
        if delivers and state == "sent":
            _MOVES(connection, "delivered", token_hashes=delivers, now_ms=now_ms)
        elif delivers:
            _MOVES(connection, "undelivered", token_hashes=delivers, state=state)
        self._audit.append(
            connection,
            [
                Entry(
                    now_ms,
                    row.program_id,
                    f"message.{state}",
                    token_id(row.token_hash) if row.token_hash else row.message_id,
                    "worker",
                    detail=f"{row.kind} {row.message_id}",
                )
                for row in sorted(ended)
            ],
        )


def _take(connection: Connection, now_ms: int, limit: int, until_ms: int) -> list[Waiting]:
    rows = _MOVES(connection, "take", now_ms=now_ms, limit=limit, until_ms=until_ms).mappings()
    return [
        Waiting(Message(**{name: row[name] for name in Message.__struct_fields__}), row["attempts"])
        for row in rows
    ]
