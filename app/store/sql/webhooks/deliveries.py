"""What waits to be sent, in SQL: lanes held by one sender at a time, and what became of their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.store.sql.reach import in_one, reading
from app.store.sql.webhook_tables import webhook_endpoints
from app.store.sql.webhooks.rows import COLUMNS, MOVES, webhook_of
from app.webhooks.ports import HowMuch, Lane, Message, Taken, Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine

    from app.seal import Seal

MOST_IDS: int = 500
"""Ids in one statement: SQLite before 3.32 takes 999 parameters."""
NO_LIMIT: int = 2**63 - 1


class SqlDeliveries:
    """`app.webhooks.ports.Deliveries`. Locks are taken in this order: lanes, messages, the endpoint."""

    def __init__(self, engine: Engine, seal: Seal) -> None:
        self._engine, self._seal = engine, seal

    def due(self, now_ms: int) -> Sequence[str]:
        """Enabled endpoints with a lane that is due, by id."""
        with reading(self._engine) as connection:
            return list(MOVES(connection, "due", now_ms=now_ms).scalars())

    def take(self, webhook_id: str, now_ms: int, much: HowMuch) -> Taken | None:
        """Hold due lanes, longest due first, with the first messages of each. None: nothing to do."""
        until_ms = now_ms + much.hold_ms

        def move(connection: Connection) -> Taken | None:
            row = (
                connection.execute(
                    select(webhook_endpoints).where(
                        COLUMNS.webhook_id == webhook_id, COLUMNS.state == "enabled"
                    )
                )
                .mappings()
                .first()
            )
            if row is None:
                return None
            webhook = webhook_of(self._seal, row)
            lanes = much.lanes if webhook.failing_since_ms is None else much.failing
            held = list(
                MOVES(
                    connection,
                    "take_lanes",
                    webhook_id=webhook_id,
                    now_ms=now_ms,
                    until_ms=until_ms,
                    limit=lanes,
                ).scalars()
            )
            if not held:
                return None
            waiting: dict[str, list[Message]] = {account_id: [] for account_id in held}
            for message in MOVES(
                connection,
                "lane_messages",
                webhook_id=webhook_id,
                accounts=held,
                others=much.each - 1,
                last=NO_LIMIT,
            ):
                waiting[message.account_id].append(
                    Message(message.message_id, message.body, message.attempts)
                )
            return Taken(webhook, until_ms, tuple(Lane(whose, tuple(its)) for whose, its in waiting.items()))

        return in_one(self._engine, move)

    def settle(self, taken: Taken, told: Sequence[Told], now_ms: int) -> int | None:
        """Note what became of them and let the lanes go. Since when nothing was delivered; None if it works."""
        webhook_id, accounts = taken.webhook.webhook_id, sorted(one.account_id for one in told)
        sent = [message_id for one in told for message_id in one.sent]
        failures = sorted((one.account_id, one.failed) for one in told if one.failed is not None)

        def move(connection: Connection) -> None:
            MOVES(connection, "lock_lanes", webhook_id=webhook_id, accounts=accounts).all()
            for start in range(0, len(sent), MOST_IDS):
                MOVES(connection, "sent", message_ids=sent[start : start + MOST_IDS], now_ms=now_ms)
            for _, (message_id, why, next_ms) in failures:
                MOVES(
                    connection,
                    "failed",
                    message_id=message_id,
                    why=why,
                    state="waiting" if next_ms is not None else "dead",
                    ended_ms=None if next_ms is not None else now_ms,
                )
            for account_id, failure in failures:
                if failure.next_ms is not None:
                    MOVES(
                        connection,
                        "put_off",
                        webhook_id=webhook_id,
                        account_id=account_id,
                        until_ms=taken.until_ms,
                        next_ms=failure.next_ms,
                    )
            MOVES(
                connection,
                "let_go",
                webhook_id=webhook_id,
                accounts=accounts,
                until_ms=taken.until_ms,
                now_ms=now_ms,
            )
            MOVES(connection, "end_lanes", webhook_id=webhook_id, accounts=accounts)
            if sent:
                MOVES(connection, "works", webhook_id=webhook_id)
            elif failures:
                MOVES(connection, "fails", webhook_id=webhook_id, now_ms=now_ms)

        in_one(self._engine, move)
        if sent:
            return None
        return taken.webhook.failing_since_ms or (now_ms if failures else None)

    def disable(self, webhook_id: str, why: str, now_ms: int) -> None:
        """Send nothing more there: what waits becomes dead letters."""

        def move(connection: Connection) -> None:
            MOVES(connection, "lock_messages").all()
            MOVES(connection, "drop_lanes", webhook_id=webhook_id)
            MOVES(connection, "end_waiting", webhook_id=webhook_id, why=why, now_ms=now_ms)
            MOVES(connection, "disable", webhook_id=webhook_id, why=why, now_ms=now_ms)

        in_one(self._engine, move)

    def sweep(self, sent_before_ms: int, dead_before_ms: int, limit: int) -> int:
        """Delete messages that ended before then; how many, at most `limit` of each."""
        done = 0
        for state, before_ms in (("sent", sent_before_ms), ("dead", dead_before_ms)):
            done += in_one(
                self._engine,
                lambda connection, state=state, before_ms=before_ms: len(  # type: ignore[misc]
                    MOVES(connection, "sweep", state=state, before_ms=before_ms, limit=limit).all()
                ),
            )
        return done
