"""A programme's endpoints in SQL, and what became of their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from app.ports.record import Page
from app.store.sql.dialect import insert_rows
from app.store.sql.pages import read_page
from app.store.sql.reach import in_one, reading
from app.store.sql.webhook_tables import webhook_endpoints, webhook_lanes, webhook_messages
from app.store.sql.webhooks.rows import COLUMNS, MOVES, row_of, sealed, webhook_of
from app.webhooks.ports import MessageRow, MessageState, Secret, Webhook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from app.seal import Seal
    from app.store.sql.dialect import Insert

_SHOWN: Final = tuple(webhook_messages.c[name] for name in MessageRow._fields)


class SqlEndpoints:
    """`app.webhooks.ports.Endpoints`. Whoever changes which endpoints there are holds the lock of the messages."""

    def __init__(self, engine: Engine, seal: Seal) -> None:
        self._engine, self._seal = engine, seal

    def add(self, webhook: Webhook, most: int) -> bool:
        """False where the programme has so many already."""

        def move(connection: Connection) -> bool:
            MOVES(connection, "lock_messages").all()
            known = connection.execute(
                select(COLUMNS.webhook_id).where(COLUMNS.program_id == webhook.program_id).limit(most)
            ).all()
            if len(known) >= most:
                return False
            MOVES(connection, "skip")
            connection.execute(insert(webhook_endpoints).values(row_of(self._seal, webhook)))
            return True

        return in_one(self._engine, move)

    def webhook(self, program_id: str, webhook_id: str) -> Webhook | None:
        with reading(self._engine) as connection:
            return self._one(connection, program_id, webhook_id)

    def webhooks(self, program_id: str) -> Sequence[Webhook]:
        """All of a programme, oldest first."""
        query = (
            select(webhook_endpoints)
            .where(COLUMNS.program_id == program_id)
            .order_by(COLUMNS.created_ms, COLUMNS.webhook_id)
        )
        with reading(self._engine) as connection:
            return [webhook_of(self._seal, row) for row in connection.execute(query).mappings()]

    def remove(self, program_id: str, webhook_id: str) -> bool:
        """With all its messages. False: there was none."""

        def move(connection: Connection) -> bool:
            MOVES(connection, "lock_messages").all()
            if self._one(connection, program_id, webhook_id) is None:
                return False
            for name in ("drop_lanes", "drop_messages", "drop_endpoint"):
                MOVES(connection, name, webhook_id=webhook_id)
            return True

        return in_one(self._engine, move)

    def keep_secrets(self, program_id: str, webhook_id: str, secrets: Sequence[Secret]) -> bool:
        """Replace the secrets, if the newest known to the caller, now second, is still the newest."""

        def move(connection: Connection) -> bool:
            MOVES(connection, "lock_messages").all()
            known = self._one(connection, program_id, webhook_id)
            if known is None or known.secrets[0].key != secrets[1].key:
                return False
            MOVES(
                connection, "keep_secrets", webhook_id=webhook_id, sealed=sealed(self._seal, known, secrets)
            )
            return True

        return in_one(self._engine, move)

    def enable(self, program_id: str, webhook_id: str) -> bool:
        """False: there is none."""

        def move(connection: Connection) -> bool:
            MOVES(connection, "lock_messages").all()
            return (
                MOVES(connection, "enable", program_id=program_id, webhook_id=webhook_id).first() is not None
            )

        return in_one(self._engine, move)

    def messages(
        self, program_id: str, webhook_id: str, *, state: MessageState | None, limit: int, cursor: str | None
    ) -> Page[MessageRow]:
        """Newest first. Raises BadCursor."""
        of = webhook_messages.c
        mine = select(COLUMNS.webhook_id).where(
            COLUMNS.program_id == program_id, COLUMNS.webhook_id == webhook_id
        )
        query = select(*_SHOWN, of.number).where(of.webhook_id.in_(mine))
        if state is not None:
            query = query.where(of.state == state)
        return read_page(
            self._engine,
            query,
            sorted_by=(of.created_ms, of.number),
            tag=b"w",
            limit=limit,
            cursor=cursor,
            read=lambda row: MessageRow(*row[: len(_SHOWN)]),
        )

    def replay(self, program_id: str, webhook_id: str, since_ms: int, now_ms: int, limit: int) -> int:
        """Let dead letters made since then go again, oldest first; how many those were."""

        def move(connection: Connection) -> int:
            MOVES(connection, "lock_messages").all()
            if self._one(connection, program_id, webhook_id) is None:
                return 0
            rows = MOVES(connection, "revive", webhook_id=webhook_id, since_ms=since_ms, limit=limit).all()
            open_lanes(connection, {(webhook_id, row.account_id) for row in rows}, now_ms)
            return len(rows)

        return in_one(self._engine, move)

    def _one(self, connection: Connection, program_id: str, webhook_id: str) -> Webhook | None:
        row = (
            connection.execute(
                select(webhook_endpoints).where(
                    COLUMNS.program_id == program_id, COLUMNS.webhook_id == webhook_id
                )
            )
            .mappings()
            .first()
        )
        return None if row is None else webhook_of(self._seal, row)


def open_lanes(connection: Connection, lanes: set[tuple[str, str]], now_ms: int) -> None:
    """
    See that these lanes, of webhook and account, are there; one that is keeps its instant.

    The update that changes nothing takes the row's lock: whoever is about to end the lane has done so before, and it
    is opened anew, or sees the new messages afterwards.
    """
    if not lanes:
        return
    rows = [
        {"webhook_id": webhook_id, "account_id": account_id, "next_ms": now_ms}
        for webhook_id, account_id in sorted(lanes)
    ]
    insert_rows(connection, webhook_lanes, rows, _the_same)


def _the_same(insert: Insert) -> Insert:
    return insert.on_conflict_do_update(
        index_elements=["webhook_id", "account_id"], set_={"webhook_id": insert.excluded.webhook_id}
    )
